//! `birth policy approve`.

mod list;
mod signature;
mod statement;
mod words;

use std::io::IsTerminal as _;
use std::path::PathBuf;

use clap::Args;
use jiff::{Timestamp, Unit};

use birth_core::digest::Digest;
use birth_core::outcome::{Exit, FailureClass, Status};
use birth_core::policy::approved::{Approval, RollbackDecision, Signature};
use birth_core::policy::ledger::{Entry, Ledger};
use birth_core::policy::set::PolicySet;
use birth_core::policy::statement::is_plain;

use crate::cli::apply::ask;
use crate::cli::options::read_named;
use crate::cli::policies::PolicyFiles;
use crate::cli::{Output, PolicyOptions};
use crate::run::failure::Failure;
use crate::trust::{SignError, Trusted, fits, sign};
use signature::{already_signed, ensure_counts, not_usable};
use statement::Statement;
use words::Done;

/// Approve a policy set: write the statement to the list of approved revisions,
/// and sign it.
///
/// The statement names the set, its revision and digest, the WIT version, the
/// digest that was approved before, and if given the digest of the difference that
/// was looked at. With --key, `ssh-keygen` signs it. Without, the entry is
/// written unsigned and the statement goes to stdout, to be signed elsewhere:
///
///   birth policy approve --policy P --by ada --why "…" > statement
///   ssh-keygen -Y sign -n birth-policy-approval -f KEY statement
///   birth policy approve --policy P --by ada --signature statement.sig
///
/// Where the set has its statement already, the next signature is added to it. All
/// else in the file stays byte for byte as it is (a file of format 1 becomes one
/// of format 2). Needs no database.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Approve {
    /// Who approves, or signs: with --trust, a principal of the allowed signers.
    #[arg(long, value_name = "WHO", value_parser = said)]
    by: String,
    /// Why; needed for a new statement.
    #[arg(long, value_name = "TEXT", value_parser = said)]
    why: Option<String>,
    /// Digest of the difference to the last approved revision that was looked at,
    /// as `birth policy diff` prints it. Your word: the facts it was over are not at
    /// hand to check it.
    #[arg(long, value_name = "SHA256", conflicts_with = "rollback")]
    diff: Option<Digest>,
    /// The compiler that built the plugins, for `birth plugin verify --rebuild`.
    #[arg(long, value_name = "TEXT", value_parser = said, conflicts_with = "rollback")]
    builder: Option<String>,
    /// Decide to go back to this set, though a newer revision is approved. The
    /// decision lapses when yet another one is.
    #[arg(long)]
    rollback: bool,
    /// Sign with this key, as `ssh-keygen -Y sign -f` takes it: a private key, or a
    /// public one whose private key an agent has.
    #[arg(long, value_name = "FILE", help_heading = "Signature")]
    key: Option<PathBuf>,
    /// Add a signature that was made elsewhere.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "key",
        help_heading = "Signature"
    )]
    signature: Option<PathBuf>,
    /// Sign without being asked. Where there is no terminal, nobody is.
    #[arg(long, short, help_heading = "Signature")]
    yes: bool,
    #[command(flatten)]
    policy: PolicyOptions,
}

fn said(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("it says nothing".to_owned()),
        text if !is_plain(text) => {
            Err("it has line breaks, control or hidden characters: signers see one line".to_owned())
        }
        text => Ok(text.to_owned()),
    }
}

fn refused(code: &'static str, message: impl Into<String>) -> Failure {
    Failure::new(FailureClass::Policy, code, message)
}

fn misused(code: &'static str, message: impl Into<String>) -> Failure {
    Failure::new(FailureClass::Configuration, code, message)
}

impl Approve {
    pub(super) fn run(self, output: &Output) -> Result<Exit, Failure> {
        let path = self.policy.approved_path().ok_or_else(|| {
            misused(
                "NO_LIST",
                "the list of the built-in policy set is part of this binary",
            )
            .with_hint("name a list of your own with --approved FILE")
        })?;
        let mut read = self.policy.read_to_approve()?;
        let (set, approvals) = (read.set.clone(), read.approvals.clone());
        let ledger = read.ledger();
        ensure_useful(&set, &ledger)?;
        // Whether the plugins could run is nobody's signature.
        let trust = read.trust.take();
        self.check_plugins(read)?;
        let statement = if self.rollback {
            self.rollback(&set, &ledger)?
        } else {
            self.approval(&set, &ledger)?
        };
        if self.key.is_some() {
            // Nobody signs what they were not shown.
            output.aside(&format!("signing:\n{}", statement.text()));
            let nothing = "nothing was signed";
            let can_ask = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
            if can_ask && !self.yes && !ask(output, "Sign this?", nothing, "add --yes")? {
                return Ok(Exit::Status(Status::Pass));
            }
        }
        let signature = self.signed(&statement, trust.as_ref())?;
        list::add(&path, &approvals, |old| {
            statement.written(old, signature.as_ref())
        })?;
        let after = self.policy.read()?;
        let done = Done {
            path: &path,
            statement: &statement,
            is_new: statement.is_new(),
            signed: signature.is_some(),
            ledger: &after.ledger(),
        };
        words::show(&done, output)?;
        Ok(Exit::Status(Status::Pass))
    }

    /// Nobody should approve what could not run.
    fn check_plugins(&self, read: PolicyFiles) -> Result<(), Failure> {
        let found = self.policy.runtime(read).verify_all();
        let failed = found.role_errors().next();
        failed.map_or(Ok(()), |error| Err(Failure::from_plugin(error)))
    }

    /// The statement of the set: the one that stands, or a new one. It follows what
    /// was approved: a statement that not enough people have signed yet is nothing to
    /// follow.
    fn approval(&self, set: &PolicySet, ledger: &Ledger) -> Result<Statement, Failure> {
        let digest = set.digest();
        let mut entries = ledger.approved.iter().enumerate();
        if let Some((at, found)) = entries.find(|(_, e)| e.said.digest == digest) {
            let entry = &found.said;
            if entry.wit.is_none() {
                return Err(refused(
                    "ALREADY_APPROVED",
                    format!(
                        "revision {} of `{}` is approved by {}, in an entry of format 1 that is no statement and cannot be signed",
                        set.revision, set.name, entry.by
                    ),
                )
                .with_hint("raise `revision` in the policy set, and approve that"));
            }
            self.nothing_new(self.why.as_ref().is_some_and(|why| *why != entry.why))?;
            self.nothing_new(self.diff.is_some() && self.diff != entry.diff)?;
            self.nothing_new(self.builder.is_some() && self.builder != entry.builder)?;
            let (place, entry) = (Some(at), entry.clone());
            return Ok(Statement::Approval { place, entry });
        }
        // A number stands for one set, also where its approval was only begun.
        let highest = ledger.of(&set.name).max_by_key(|e| e.said.revision);
        if let Some(highest) = highest.filter(|e| e.said.revision >= set.revision) {
            return Err(not_higher(set, highest));
        }
        let newest = ledger.newest(&set.name).map(|newest| &newest.said);
        let entry = Approval {
            digest,
            name: set.name.clone(),
            revision: set.revision,
            wit: Some(set.wit.clone()),
            previous: newest.map(|a| a.digest),
            diff: self.diff,
            by: self.by.clone(),
            at: now(),
            why: self.reason()?,
            builder: self.builder.clone(),
            signatures: vec![],
        };
        Ok(Statement::Approval { place: None, entry })
    }

    /// The decision to go back to the set, from the newest that was approved: the one
    /// that stands, or a new one.
    fn rollback(&self, set: &PolicySet, ledger: &Ledger) -> Result<Statement, Failure> {
        let digest = set.digest();
        let found = ledger.approved.iter().find(|e| e.said.digest == digest);
        let Some(found) = found else {
            return Err(refused(
                "POLICY_NOT_APPROVED",
                format!(
                    "revision {} of `{}` (digest {digest}) was never approved, so there is no going back to it",
                    set.revision, set.name
                ),
            )
            .with_hint("raise its `revision` above all others, and approve it as a new one"));
        };
        if let Err(refusal) = &found.backing {
            return Err(refused(
                refusal.code(),
                format!("there is no going back to what is not approved itself: {refusal}"),
            )
            .with_hint("have its approval signed first; or raise its `revision` above all others, and approve it as a new one"));
        }
        let newest = ledger.newest(&set.name).map(|newest| &newest.said);
        let Some(last) = newest.filter(|last| last.revision > set.revision) else {
            return Err(misused(
                "NOTHING_NEWER",
                format!(
                    "no revision of `{}` above {} is approved",
                    set.name, set.revision
                ),
            )
            .with_hint("it needs no decision to go back: leave --rollback out"));
        };
        let stands = |d: &RollbackDecision| d.digest == digest && d.from == last.digest;
        let mut decisions = ledger.rollbacks.iter().map(|d| &d.said).enumerate();
        if let Some((at, entry)) = decisions.find(|(_, d)| stands(d)) {
            self.nothing_new(self.why.as_ref().is_some_and(|why| *why != entry.why))?;
            let (place, entry) = (Some(at), entry.clone());
            return Ok(Statement::Rollback { place, entry });
        }
        let entry = RollbackDecision {
            digest,
            name: set.name.clone(),
            revision: set.revision,
            from: last.digest,
            by: self.by.clone(),
            at: now(),
            why: self.reason()?,
            signatures: vec![],
        };
        Ok(Statement::Rollback { place: None, entry })
    }

    fn reason(&self) -> Result<String, Failure> {
        self.why.clone().ok_or_else(|| {
            misused(
                "NO_REASON",
                "there is no statement yet, and a new one says why",
            )
            .with_hint("add --why \"…\"")
        })
    }

    /// Signatures are over the statement as it stands.
    fn nothing_new(&self, differs: bool) -> Result<(), Failure> {
        if !differs {
            return Ok(());
        }
        Err(misused(
            "STATEMENT_STANDS",
            "there is a statement for this set already, and it says something else",
        )
        .with_hint("leave --why, --diff and --builder out to sign it as it stands; `birth policy log` shows it"))
    }

    /// The new signature, if there is to be one; only one that will count.
    fn signed(
        &self,
        statement: &Statement,
        trust: Option<&Trusted>,
    ) -> Result<Option<Signature>, Failure> {
        let text = statement.text();
        let armored = match (&self.key, &self.signature) {
            (Some(key), _) => sign(key, &text).map_err(|error| not_signed(&error))?,
            (None, Some(path)) => read_named(path, "the signature")?,
            (None, None) => return Ok(None),
        };
        let signature = Signature {
            by: self.by.clone(),
            armored: format!("{}\n", armored.trim()),
        };
        let may = trust.map(|trust| trust.who_may(self.rollback));
        if let Some(may) = may.filter(|may| !may.contains(&self.by.as_str())) {
            let kind = match self.rollback {
                true => "rollback",
                false => "approve",
            };
            return Err(refused(
                "NO_ROLE",
                format!(
                    "{} has no role that `{kind}` of the trust file asks for, so the signature would count for nothing",
                    self.by
                ),
            )
            .with_hint(match may.is_empty() {
                true => format!("nobody may: [require] has no `{kind}`"),
                false => format!("somebody of these has to sign: {}", may.join(", ")),
            }));
        }
        match trust {
            Some(trust) => ensure_counts(&signature, statement, trust)?,
            None => {
                fits(&signature.armored, &text).map_err(|why| not_usable(&signature, &why))?;
                let mut signed = statement.signatures().iter();
                if signed.any(|s| s.by == self.by) {
                    return Err(already_signed(&self.by).with_hint(
                        "where that signature does not count, --trust tells, and takes one that does",
                    ));
                }
            }
        }
        Ok(Some(signature))
    }
}

/// Nothing is signed that would be refused all the same.
fn ensure_useful(set: &PolicySet, ledger: &Ledger) -> Result<(), Failure> {
    let refusal = ledger.broken(&set.name).or_else(|| ledger.too_low(set));
    refusal.map_or(Ok(()), |refusal| {
        Err(refused(refusal.code(), refusal.to_string())
            .with_hint("nothing was written: see to that first"))
    })
}

fn not_higher(set: &PolicySet, highest: &Entry<Approval>) -> Failure {
    let revision = highest.said.revision;
    let state = match &highest.backing {
        Ok(_) => "is approved",
        Err(_) => "stands in the list, and is not approved",
    };
    let hint = match highest.backing {
        Ok(_) => {
            "raise `revision` in the policy set; to go back to an approved one, use --rollback"
        }
        Err(_) => "raise `revision` in the policy set",
    };
    refused(
        "REVISION_NOT_HIGHER",
        format!(
            "revision {} of `{}` is not above revision {revision}, which {state}",
            set.revision, set.name
        ),
    )
    .with_hint(hint)
}

fn not_signed(error: &SignError) -> Failure {
    misused("NOT_SIGNED", error.to_string()).with_hint(
        "leave --key out to get the statement, sign it elsewhere, and add it with --signature",
    )
}

fn now() -> String {
    let now = Timestamp::now();
    now.round(Unit::Second).unwrap_or(now).to_string()
}
