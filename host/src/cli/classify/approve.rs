//! `birth classify approve`.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use birth_core::op::triggers::sets::{Difference, ThreeSets};
use birth_core::outcome::{Exit, FailureClass, Status};
use birth_core::policy::artifact::{
    APPROVED_NAME, Approval, Artifact, ArtifactFile, Change, DRAFT_NAME, Entry, FOLDER, diff,
    required,
};
use birth_core::policy::coverage::{CoverageStatus, ScopeStatus};

use super::words::{self, ReportDocument};
use super::{Source, changes};
use crate::cli::Output;
use crate::cli::apply::{ask, ensure_can_ask};
use crate::cli::options::KnowledgeBase;
use crate::cli::output::{BOLD, DIM, GOOD, plain, styled};
use crate::kb::Store;
use crate::run::classify::{Classification, put_approved, replaceable_report, report, unusable};
use crate::run::failure::Failure;

#[derive(Debug, Args)]
pub(super) struct Approve {
    /// Who approves.
    #[arg(long, value_name = "WHO", value_parser = said)]
    by: String,
    /// Why, for those who read the report later.
    #[arg(long, value_name = "TEXT", value_parser = said)]
    why: Option<String>,
    /// The draft; without it, the one in the knowledge base.
    #[arg(long, value_name = "FILE")]
    draft: Option<PathBuf>,
    /// Approve without asking.
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    knowledge_base: KnowledgeBase,
}

fn said(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("it says nothing".to_owned()),
        text => Ok(text.to_owned()),
    }
}

/// What there is to know before approving.
struct Review<'a> {
    /// The approved report, if there is one that can be read.
    approved: Option<&'a Artifact>,
    /// What changes against it.
    against_approved: Vec<Change<'a>>,
    /// What a person decided otherwise than the policy.
    by_hand: Vec<&'a Entry>,
    /// What the policy says otherwise now than when the draft was made.
    since_draft: Vec<Change<'a>>,
    /// What would stop an installation of triggers at once.
    mismatches: Vec<Difference>,
}

#[derive(Serialize)]
struct Document<'a> {
    command: &'static str,
    /// Whether the report is in place now; also where it was before.
    approved: bool,
    /// Whether this command put it there.
    written: bool,
    path: &'a Path,
    #[serde(flatten)]
    report: ReportDocument<'a>,
    against_approved: &'a [Change<'a>],
    decided_by_a_person: Vec<&'a str>,
    changed_since_the_draft: &'a [Change<'a>],
    mismatches: &'a [Difference],
}

impl Approve {
    pub(super) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        let store = self.knowledge_base.store()?;
        let classifier = self.source.classifier(output)?;
        classifier.policy.ensure_approved()?;
        let (path, file) = self.draft(&store)?;
        let refuse = |error| unusable(&path, &error);
        file.check_draft().map_err(refuse)?;
        file.check_revision(&classifier.policy.revision())
            .map_err(refuse)?;
        let classified = self.source.classify(&classifier, output).await?;
        file.check_database(classified.artifact.database())
            .map_err(refuse)?;
        file.check_known(|key| is_registered(&classified, key))
            .map_err(refuse)?;

        let approved = match replaceable_report(&store)? {
            None => None,
            Some(Ok(report)) => Some(report),
            Some(Err(failure)) => {
                output.warning(&format!(
                    "the approved report cannot be read, so there is nothing to compare with: {failure}"
                ));
                None
            }
        };
        let draft = &file.artifact;
        let verdicts = as_judged(draft.entries());
        let old = approved.as_ref().map_or(&[][..], Artifact::entries);
        let review = Review {
            approved: approved.as_ref(),
            against_approved: diff(old, draft.entries()),
            by_hand: draft.entries().iter().filter(|e| e.is_edited()).collect(),
            since_draft: diff(&verdicts, classified.artifact.entries()),
            mismatches: mismatches(draft.entries(), &classified),
        };
        if !output.is_json() {
            review.show(output, draft, &path, &file);
        }
        review.warn(output, draft);
        let same = review
            .approved
            .filter(|a| a.approval().is_some() && a.content() == draft.content());
        let (nothing, otherwise) = ("nothing was approved", "add --yes");
        let nobody = match same {
            None if !self.yes => ensure_can_ask(output, nothing, otherwise).err(),
            _ => None,
        };
        let written = match same {
            None if nobody.is_none()
                && (self.yes || ask(output, "Approve this?", nothing, otherwise)?) =>
            {
                let (by, why) = (self.by.clone(), self.why.clone());
                Some(put_approved(&store, draft.clone(), by, why)?)
            }
            _ => None,
        };
        let in_place = written.as_ref().map(|(report, _)| report).or(same);
        let place = store.path(FOLDER, APPROVED_NAME);
        if output.is_json() {
            output.json(&Document {
                command: "classify approve",
                approved: in_place.is_some(),
                written: written.is_some(),
                path: &place,
                report: in_place.unwrap_or(draft).into(),
                against_approved: &review.against_approved,
                decided_by_a_person: review.by_hand.iter().map(|e| e.key.as_str()).collect(),
                changed_since_the_draft: &review.since_draft,
                mismatches: &review.mismatches,
            })?;
        } else if let Some(report) = in_place {
            closing(output, report, &place, written.is_some());
        }
        match nobody {
            None => Ok(Exit::Status(Status::Pass)),
            Some(failure) => {
                output.failure(&failure);
                Ok(Exit::Failure(failure.class))
            }
        }
    }

    /// The draft and where it is.
    fn draft(&self, store: &Store) -> Result<(PathBuf, ArtifactFile), Failure> {
        if let Some(path) = &self.draft {
            let bytes = std::fs::read(path).map_err(|error| {
                Failure::new(
                    FailureClass::Filesystem,
                    "FILE_NOT_READABLE",
                    format!("the draft {} cannot be read: {error}", path.display()),
                )
            })?;
            let file = ArtifactFile::read(&bytes).map_err(|error| unusable(path, &error))?;
            return Ok((path.clone(), file));
        }
        let path = store.path(FOLDER, DRAFT_NAME);
        match report(store, DRAFT_NAME)? {
            Some(file) => Ok((path, file)),
            None => Err(Failure::new(
                FailureClass::Configuration,
                "NO_DRAFT",
                format!(
                    "there is no draft to approve: {} is not there",
                    path.display()
                ),
            )
            .with_hint("make one with `birth classify`, or name one with --draft")),
        }
    }
}

/// Whether the registry has a key, be it once or more often.
fn is_registered(classified: &Classification, key: &str) -> bool {
    let estate = &classified.estate;
    estate.find(key).is_some() || estate.duplicate_keys.iter().any(|k| k == key)
}

/// The entries as the policy had judged them when the draft was made.
fn as_judged(entries: &[Entry]) -> Vec<Entry> {
    let judged = |entry: &Entry| {
        let verdict = entry.verdict?;
        Some(Entry {
            status: verdict.status,
            scope: verdict.scope,
            ..entry.clone()
        })
    };
    entries.iter().filter_map(judged).collect()
}

/// What would be a policy mismatch, were the draft approved now. The species
/// map has no part in it.
fn mismatches(draft: &[Entry], classified: &Classification) -> Vec<Difference> {
    let live = classified.artifact.entries();
    let sets = ThreeSets::compute(&required(draft), &required(live), &Default::default());
    sets.differences(draft, live, |key| is_registered(classified, key))
}

impl Review<'_> {
    fn show(&self, output: &Output, draft: &Artifact, path: &Path, file: &ArtifactFile) {
        let revision = draft.revision();
        output.text(styled(
            BOLD,
            format!(
                "Draft of {}: {}",
                plain(draft.made_at()),
                words::collections(draft.entries().len())
            ),
        ));
        output.text(format!(
            "  file      {}",
            plain(&path.display().to_string())
        ));
        output.text(format!("  database  {}", plain(&draft.database().database)));
        output.text(format!(
            "  policy    {} revision {}, digest {}\n",
            plain(&revision.name),
            revision.revision,
            revision.digest.short()
        ));
        words::counts(output, draft.entries());
        self.show_against_approved(output, draft);
        self.show_by_hand(output, file);
        if !self.since_draft.is_empty() {
            output.text(format!(
                "\n{}",
                styled(BOLD, "What changed since the draft was made")
            ));
            changes::show(output, &self.since_draft, "then", "now");
        }
    }

    fn show_against_approved(&self, output: &Output, draft: &Artifact) {
        let Some(approved) = self.approved else {
            output.text("\nNothing was approved before.");
            return;
        };
        let by = approval_words(approved.approval());
        if approved.content() == draft.content() {
            output.text(format!("\nThe same content {by} already."));
        } else if self.against_approved.is_empty() {
            output.text(format!(
                "\nThe same decisions {by}, under policy {} revision {}.",
                plain(&approved.revision().name),
                approved.revision().revision
            ));
        } else {
            let title = format!("What changes against the report that {by}");
            output.text(format!("\n{}", styled(BOLD, title)));
            changes::show(output, &self.against_approved, "approved", "draft");
        }
    }

    fn show_by_hand(&self, output: &Output, file: &ArtifactFile) {
        if self.by_hand.is_empty() {
            return;
        }
        let title = "Decided by a person, not by the policy";
        output.text(format!("\n{}", styled(BOLD, title)));
        words::first(output, &self.by_hand, |entry| {
            let says = match entry.verdict {
                Some(v) => format!("the policy said {}", words::decision((v.status, v.scope))),
                None => "added by hand".to_owned(),
            };
            let line = file.line_of(&entry.key).unwrap_or_default();
            output.text(format!(
                "  {}  {}; {says} {}",
                words::key(&entry.key),
                words::decision((entry.status, entry.scope)),
                styled(DIM, format!("[line {line}]"))
            ));
        });
    }

    /// What a person should not overlook, on stderr.
    fn warn(&self, output: &Output, draft: &Artifact) {
        if let Some(approved) = self.approved
            && !approved.database().is_same_database(draft.database())
        {
            output.warning(&format!(
                "the approved report is of another database, {}",
                approved.database().database
            ));
        }
        let required = |e: &&Entry| e.status == CoverageStatus::Required;
        let entries = draft.entries().iter();
        for entry in entries
            .filter(required)
            .filter(|e| e.scope != ScopeStatus::InScope)
            .take(words::SHOWN)
        {
            output.warning(&format!(
                "{:?} is {} although it is {}: it gets a trigger all the same",
                entry.key, entry.status, entry.scope
            ));
        }
        if self.mismatches.is_empty() {
            return;
        }
        output.warning(&format!(
            "{} not as the policy says now: installing triggers stops with POLICY_MISMATCH until they agree",
            match self.mismatches.len() {
                1 => "1 collection is".to_owned(),
                n => format!("{n} collections are"),
            }
        ));
        for difference in self.mismatches.iter().take(words::SHOWN) {
            output.warning(&difference.to_string());
        }
    }
}

/// `was approved by … at …`.
fn approval_words(approval: Option<&Approval>) -> String {
    match approval {
        Some(a) => format!("was approved by {} at {}", plain(&a.by), plain(&a.at)),
        None => "is in the approved report's place, itself a draft,".to_owned(),
    }
}

fn closing(output: &Output, report: &Artifact, place: &Path, written: bool) {
    let count = words::collections(report.entries().len());
    let mark = if written {
        "approved:"
    } else {
        "approved already:"
    };
    output.text(format!("\n{} {count}", styled(GOOD, mark)));
    output.text(format!("  content hash {}", report.content()));
    output.text(format!("  {}", plain(&place.display().to_string())));
}
