//! What `birth policy approve` says when it is done.

use std::path::Path;

use serde::Serialize;

use birth_core::digest::Digest;
use birth_core::policy::approved::RollbackDecision;
use birth_core::policy::ledger::{Backing, Entry, Ledger};
use birth_core::policy::refusal::Refusal;
use birth_core::policy::statement::NAMESPACE;

use super::statement::Statement;
use crate::cli::Output;
use crate::cli::output::{BOLD, GOOD, WARN, plain, styled};
use crate::run::failure::Failure;

/// What was done.
pub(super) struct Done<'a> {
    pub(super) path: &'a Path,
    pub(super) statement: &'a Statement,
    pub(super) is_new: bool,
    pub(super) signed: bool,
    /// The list as it is now, judged.
    pub(super) ledger: &'a Ledger,
}

#[derive(Serialize)]
struct Document<'a> {
    kind: &'static str,
    name: &'a str,
    revision: u32,
    digest: String,
    path: &'a Path,
    /// Whether the statement is a new one.
    is_new: bool,
    /// Whether a signature was added.
    signature_added: bool,
    /// What stands behind it now; none where it does not count yet.
    backing: Option<&'a Backing>,
    /// Why it does not count yet.
    missing: Option<String>,
    namespace: &'static str,
    statement: &'a str,
}

pub(super) fn show(done: &Done<'_>, output: &Output) -> Result<(), Failure> {
    let text = done.statement.text();
    let (kind, name, revision, digest, backing) = match done.statement {
        Statement::Approval { entry, .. } => {
            let found = done
                .ledger
                .approved
                .iter()
                .find(|e| e.said.digest == entry.digest);
            let backing = found.map(|e| &e.backing);
            (
                "approval",
                &entry.name,
                entry.revision,
                entry.digest,
                backing,
            )
        }
        Statement::Rollback { entry, .. } => {
            let same = |d: &&_| decided(d, entry.digest, entry.from);
            let found = done.ledger.rollbacks.iter().find(same);
            let backing = found.map(|e| &e.backing);
            (
                "rollback",
                &entry.name,
                entry.revision,
                entry.digest,
                backing,
            )
        }
    };
    if output.is_json() {
        return output.json(&Document {
            kind,
            name,
            revision,
            digest: digest.to_string(),
            path: done.path,
            is_new: done.is_new,
            signature_added: done.signed,
            backing: backing.and_then(|b| b.as_ref().ok()),
            missing: backing
                .and_then(|b| b.as_ref().err())
                .map(Refusal::to_string),
            namespace: NAMESPACE,
            statement: &text,
        });
    }
    let state = match backing {
        Some(Ok(backing @ Backing::Signed { met, .. })) => {
            styled(GOOD, plain(&format!("{backing} ({met})")))
        }
        Some(Ok(Backing::Unsigned)) | None => styled(WARN, "unsigned"),
        Some(Err(refusal)) => styled(WARN, plain(&refusal.to_string())),
    };
    let verb = match (done.is_new, done.signed) {
        (true, true) => "written and signed",
        (true, false) => "written",
        (false, true) => "signed",
        (false, false) => "stands",
    };
    let head = format!("{kind} of {} revision {revision} {verb}", plain(name));
    let path = plain(&done.path.display().to_string());
    if done.signed {
        output.text(styled(BOLD, head));
        output.text(format!("  digest    {digest}"));
        output.text(format!("  list      {path}"));
        output.text(format!("  approval  {state}"));
        return Ok(());
    }
    // Stdout is the statement and nothing else: it is what gets signed.
    output.progress(&format!("{head} in {path}, unsigned"));
    output.progress(&format!(
        "sign what follows with `ssh-keygen -Y sign -n {NAMESPACE} -f KEY FILE`, and add it with `birth policy approve --signature FILE.sig`"
    ));
    output.raw(&text);
    Ok(())
}

fn decided(entry: &Entry<RollbackDecision>, digest: Digest, from: Digest) -> bool {
    entry.said.digest == digest && entry.said.from == from
}
