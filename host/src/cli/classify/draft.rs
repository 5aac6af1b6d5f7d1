//! `birth classify`: a fresh classification, as a draft.

use std::path::{Path, PathBuf};

use serde::Serialize;

use birth_core::outcome::{Exit, FailureClass, Status};
use birth_core::policy::artifact::{Artifact, Entry, diff};
use birth_core::policy::coverage::CoverageStatus;

use super::Source;
use super::words::{self, ReportDocument};
use crate::cli::Output;
use crate::cli::options::KnowledgeBase;
use crate::cli::output::{BOLD, plain, styled};
use crate::run::classify::{Drafted, approved_report, put_draft};
use crate::run::failure::Failure;

#[derive(Serialize)]
struct Document<'a> {
    command: &'static str,
    registry: String,
    policy_approved: bool,
    #[serde(flatten)]
    report: ReportDocument<'a>,
    rows_without_key: u64,
    duplicate_keys: &'a [String],
    draft: &'a Path,
    /// The copy of an earlier draft that people had edited.
    kept: Option<&'a Path>,
    /// How many collections the approved report decides otherwise; none where
    /// there is no such report that can be used here.
    differs_from_approved: Option<usize>,
    entries: &'a [Entry],
}

pub(super) async fn run(
    source: &Source,
    knowledge_base: &KnowledgeBase,
    out: Option<PathBuf>,
    output: &Output,
) -> Result<Exit, Failure> {
    let store = knowledge_base.store()?;
    let classifier = source.classifier(output)?;
    let classified = source.classify(&classifier, output).await?;
    let artifact = &classified.artifact;
    let drafted = match out {
        None => put_draft(&store, artifact)?,
        Some(path) => {
            save(&path, artifact)?;
            Drafted { path, kept: None }
        }
    };
    // For the person's orientation: what is wrong with it is for `diff` to say.
    let approved = approved_report(&store).ok().map(|report| report.file);
    let approved = approved.filter(|f| f.check_database(artifact.database()).is_ok());
    let differs = approved.map(|f| diff(f.artifact.entries(), artifact.entries()).len());
    if output.is_json() {
        output.json(&Document {
            command: "classify",
            registry: classified.names.registry.relation.name.to_string(),
            policy_approved: classifier.policy.approval().is_some(),
            report: artifact.into(),
            rows_without_key: classified.estate.rows_without_key,
            duplicate_keys: &classified.estate.duplicate_keys,
            draft: &drafted.path,
            kept: drafted.kept.as_deref(),
            differs_from_approved: differs,
            entries: artifact.entries(),
        })?;
        return Ok(Exit::Status(Status::Pass));
    }
    words::header(output, &classifier, &classified);
    words::counts(output, artifact.entries());
    deferred(output, artifact);
    match differs {
        None => {}
        Some(0) => output.text("\nThe approved report decides the same."),
        Some(n) => output.text(format!(
            "\nThe approved report decides otherwise on {}: see `birth classify diff`.",
            words::collections(n)
        )),
    }
    output.text(format!("\ncontent hash {}", artifact.content()));
    output.text(format!(
        "Draft written to {}",
        plain(&drafted.path.display().to_string())
    ));
    if let Some(kept) = &drafted.kept {
        output.warning(&format!(
            "the draft that was there had been edited; it is kept as {}",
            kept.display()
        ));
    }
    output.text("Read it, change what you decide otherwise, then approve it with:");
    output.text("  birth classify approve --by WHO");
    Ok(Exit::Status(Status::Pass))
}

/// The collections that wait for a person, with what stood in the way.
fn deferred(output: &Output, artifact: &Artifact) {
    let entries = artifact.entries().iter();
    let deferred: Vec<&Entry> = entries
        .filter(|e| e.status == CoverageStatus::Deferred)
        .collect();
    if deferred.is_empty() {
        return;
    }
    output.text(format!("\n{}", styled(BOLD, "For a person to decide")));
    words::first(output, &deferred, |entry| {
        output.text(format!("  {}  {}", words::key(&entry.key), entry.scope));
        words::reasons(output, "       ", &entry.reasons);
    });
}

fn save(path: &Path, artifact: &Artifact) -> Result<(), Failure> {
    let fail = |error: std::io::Error| {
        Failure::new(
            FailureClass::Filesystem,
            "REPORT_NOT_WRITTEN",
            format!("the draft cannot be written to {}: {error}", path.display()),
        )
    };
    let (dir, name) = crate::files::open_parent(path).map_err(fail)?;
    let text = artifact.to_markdown();
    crate::files::ensure_replaceable(&dir, name).map_err(fail)?;
    crate::files::write_atomically(&dir, name, text.as_bytes()).map_err(fail)
}
