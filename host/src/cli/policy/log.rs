//! `birth policy log`.

use clap::Args;
use serde::Serialize;

use birth_core::digest::Digest;
use birth_core::outcome::{Exit, Status};
use birth_core::policy::approved::{Approval, RollbackDecision};
use birth_core::policy::ledger::{Backing, Checked, Finding, Ledger};
use birth_core::policy::refusal::Refusal;

use crate::cli::output::{BAD, BOLD, DIM, GOOD, WARN, plain, styled};
use crate::cli::{Output, PolicyOptions};
use crate::run::failure::Failure;

/// Show the chain of approvals: what was approved and why, who signed, which
/// signatures do not count, and what is broken.
///
/// Without --trust nobody's signature is checked, and every approval is unsigned.
/// The command only tells; `birth policy verify` fails where something is wrong
/// with the set that it names. Needs no database.
#[derive(Debug, Args)]
pub(super) struct Log {
    #[command(flatten)]
    policy: PolicyOptions,
}

#[derive(Serialize)]
struct Document<'a> {
    /// Digest over the trust file and its allowed signers.
    trust: Option<Digest>,
    approved: Vec<Shown<'a, Approval>>,
    rollbacks: Vec<Shown<'a, RollbackDecision>>,
}

#[derive(Serialize)]
struct Shown<'a, T> {
    entry: &'a T,
    statement: Option<String>,
    /// What stands behind it; none where it does not count.
    backing: Option<&'a Backing>,
    /// What is wrong, in the order in which it is asked.
    problems: Vec<Problem>,
    signatures: &'a [Checked],
}

#[derive(Serialize)]
struct Problem {
    code: &'static str,
    message: String,
}

impl From<&Refusal> for Problem {
    fn from(refusal: &Refusal) -> Self {
        Self {
            code: refusal.code(),
            message: refusal.to_string(),
        }
    }
}

impl Log {
    pub(super) fn run(self, output: &Output) -> Result<Exit, Failure> {
        let read = self.policy.read()?;
        let ledger = read.ledger();
        let document = Document {
            trust: read.trust.as_ref().map(crate::trust::Trusted::digest),
            approved: approved(&ledger),
            rollbacks: rollbacks(&ledger),
        };
        if output.is_json() {
            output.json(&document)?;
        } else {
            show(&document, output);
        }
        Ok(Exit::Status(Status::Pass))
    }
}

fn approved(ledger: &Ledger) -> Vec<Shown<'_, Approval>> {
    let shown = ledger.approved.iter().enumerate().map(|(at, e)| {
        let link = ledger.link(at);
        let problems = e.backing.as_ref().err().into_iter().chain(link.as_ref());
        Shown {
            entry: &e.said,
            statement: e.said.statement(),
            backing: e.backing.as_ref().ok(),
            problems: problems.map(Problem::from).collect(),
            signatures: &e.signatures,
        }
    });
    shown.collect()
}

fn rollbacks(ledger: &Ledger) -> Vec<Shown<'_, RollbackDecision>> {
    let shown = ledger.rollbacks.iter().map(|e| Shown {
        entry: &e.said,
        statement: Some(e.said.statement()),
        backing: e.backing.as_ref().ok(),
        problems: e
            .backing
            .as_ref()
            .err()
            .map(Problem::from)
            .into_iter()
            .collect(),
        signatures: &e.signatures,
    });
    shown.collect()
}

fn show(document: &Document<'_>, output: &Output) {
    match document.trust {
        Some(digest) => output.text(format!("trust file with digest {digest}")),
        None => output.text(styled(
            WARN,
            "no trust file is named: signatures are not checked, every approval is unsigned",
        )),
    }
    if document.approved.is_empty() {
        output.text("\nnothing is approved");
    }
    for shown in &document.approved {
        let a = shown.entry;
        output.text(format!(
            "\n{}  {}",
            styled(BOLD, format!("{} revision {}", plain(&a.name), a.revision)),
            a.digest.short()
        ));
        said(output, [&a.by, &a.at, &a.why]);
        match (&a.wit, a.previous) {
            (None, _) => fact(output, "follows", "does not say: an entry of format 1"),
            (Some(_), None) => fact(output, "follows", "nothing: the first"),
            (Some(_), Some(previous)) => fact(output, "follows", &previous.short()),
        }
        if let Some(diff) = a.diff {
            fact(output, "diff", &diff.to_string());
        }
        if let Some(builder) = &a.builder {
            fact(output, "builder", &plain(builder));
        }
        judged(output, shown.backing, &shown.problems, shown.signatures);
    }
    for shown in &document.rollbacks {
        let r = shown.entry;
        let head = format!("back to {} revision {}", plain(&r.name), r.revision);
        output.text(format!("\n{}  {}", styled(BOLD, head), r.digest.short()));
        said(output, [&r.by, &r.at, &r.why]);
        fact(output, "from", &r.from.short());
        judged(output, shown.backing, &shown.problems, shown.signatures);
    }
}

fn fact(output: &Output, what: &str, text: &str) {
    output.text(format!("  {what:<9} {text}"));
}

fn said(output: &Output, [by, at, why]: [&str; 3]) {
    fact(output, "by", &format!("{} at {}", plain(by), plain(at)));
    fact(output, "why", &plain(why));
}

fn judged(output: &Output, backing: Option<&Backing>, problems: &[Problem], all: &[Checked]) {
    match backing {
        Some(Backing::Unsigned) => fact(output, "approval", &styled(WARN, "unsigned")),
        Some(backing @ Backing::Signed { met, .. }) => {
            let words = plain(&format!("{backing} ({met})"));
            fact(output, "approval", &styled(GOOD, words));
        }
        None => fact(output, "approval", &styled(BAD, "does not count")),
    }
    for problem in problems {
        let words = format!("{} [{}]", plain(&problem.message), problem.code);
        fact(output, "problem", &styled(BAD, words));
    }
    for signature in all {
        let words = match &signature.finding {
            Finding::Good { key } => styled(GOOD, plain(key)),
            Finding::Repeated { key } => {
                let words = format!("{key}, counted already: a person and a key count once");
                styled(WARN, plain(&words))
            }
            Finding::Bad { why } => styled(BAD, format!("does not count: {}", plain(why))),
            Finding::NotChecked => styled(DIM, "not checked"),
        };
        fact(
            output,
            "signature",
            &format!("{}: {words}", plain(&signature.by)),
        );
    }
}
