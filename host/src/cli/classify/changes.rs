//! `birth classify diff`: a fresh classification against the approved one.

use serde::Serialize;

use birth_core::outcome::{Exit, FailureClass, Status};
use birth_core::policy::artifact::{APPROVED_NAME, Change, ChangeKind, Entry, FOLDER, diff};

use super::Source;
use super::words::{self, ReportDocument};
use crate::cli::Output;
use crate::cli::options::KnowledgeBase;
use crate::cli::output::{BAD, GOOD, plain, styled};
use crate::run::classify::{approved_report, unusable};
use crate::run::failure::Failure;

#[derive(Serialize)]
struct Document<'a> {
    command: &'static str,
    same: bool,
    /// Why the approved report is not of this policy revision, where it is not.
    other_revision: Option<String>,
    approved: ReportDocument<'a>,
    live: ReportDocument<'a>,
    changes: &'a [Change<'a>],
}

pub(super) async fn run(
    source: &Source,
    knowledge_base: &KnowledgeBase,
    output: &Output,
) -> Result<Exit, Failure> {
    let store = knowledge_base.store()?;
    let approved = approved_report(&store)?.file;
    let classifier = source.classifier(output)?;
    let classified = source.classify(&classifier, output).await?;
    let path = store.path(FOLDER, APPROVED_NAME);
    let live = &classified.artifact;
    approved
        .check_database(live.database())
        .map_err(|error| unusable(&path, &error))?;
    let other_revision = approved.check_revision(live.revision()).err();
    let other_revision = other_revision.map(|error| error.fault.to_string());
    let report = &approved.artifact;
    let changes = diff(report.entries(), live.entries());
    let same = changes.is_empty() && other_revision.is_none();
    let exit = if same {
        Exit::Status(Status::Pass)
    } else {
        Exit::Failure(FailureClass::Verification)
    };
    if output.is_json() {
        output.json(&Document {
            command: "classify diff",
            same,
            other_revision,
            approved: report.into(),
            live: live.into(),
            changes: &changes,
        })?;
        return Ok(exit);
    }
    let total = words::collections(live.entries().len());
    let by = match report.approval() {
        Some(approval) => format!("{} at {}", plain(&approval.by), plain(&approval.at)),
        None => String::new(),
    };
    if same {
        output.text(format!(
            "{} {total}, as approved by {by}",
            styled(GOOD, "the same:")
        ));
        return Ok(exit);
    }
    output.text(format!(
        "{} {} of {total} {} not as approved by {by}",
        styled(BAD, "different:"),
        changes.len(),
        if changes.len() == 1 { "is" } else { "are" },
    ));
    show(output, &changes, "approved", "live");
    if let Some(why) = &other_revision {
        output.text(format!("\n{}", plain(why)));
    }
    output.text("\nTo accept what is live, make a new draft and approve it:");
    output.text("  birth classify");
    output.text("  birth classify approve --by WHO");
    Ok(exit)
}

/// Shows changes with the reasons of both sides.
pub(super) fn show(output: &Output, changes: &[Change<'_>], old: &str, new: &str) {
    let width = old.len().max(new.len());
    words::first(output, changes, |change| {
        let what = match change.change {
            ChangeKind::Added => "new",
            ChangeKind::Removed => "gone",
            ChangeKind::StatusChanged => "other status",
            ChangeKind::ScopeChanged => "other scope",
        };
        output.text(format!("  {}  {what}", words::key(change.key)));
        for (name, entry) in [(old, change.old), (new, change.new)] {
            if let Some(entry) = entry {
                side(output, &format!("{name:<width$}"), entry);
            }
        }
    });
}

fn side(output: &Output, name: &str, entry: &Entry) {
    let by_hand = if entry.is_edited() {
        "  (decided by a person)"
    } else {
        ""
    };
    output.text(format!(
        "     {name}  {}{by_hand}",
        words::decision((entry.status, entry.scope))
    ));
    words::reasons(output, "       ", &entry.reasons);
}
