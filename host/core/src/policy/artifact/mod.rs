//! The classification report: which coverage every collection needs, as a
//! document that people read, edit and approve, and that machines read back.
//!
//! B3-A takes its `approved_target_set` from an approved report, and verifies
//! policy revision and content before use (B3-A, phase 2A; B3 design, section
//! 5; design, section 5).
//!
//! # What an approval binds
//!
//! The content hash covers the meaning: name, revision and digest of the
//! policy set; system identifier and oid of the database; and of each
//! collection its key, status and scope. It does not cover
//!
//! - the database's name and timeline: a rename or a failover makes it no
//!   other database;
//! - role and table: they are facts of the live registry, which every run reads
//!   again. A change that matters changes the live verdict, and that is a
//!   mismatch;
//! - verdicts, scores and reasons: they explain a decision and are none;
//! - who approved, when and why, and when the report was made: a draft and the
//!   approved report of the same content have the same hash, so people can
//!   agree on a hash before anybody approves it;
//! - headings, prose, order, spacing: text may be reflowed and notes added.
//!
//! It finds accidents and careless edits. It is no signature: whoever may write
//! to the knowledge base may approve.
//!
//! # Decision and verdict
//!
//! An entry has a *decision* (the words after the key, which count) and the
//! policy's *verdict* (kept below it, which explains). They differ where a
//! person decided otherwise, so an edit is seen for what it is, in the draft and
//! for ever after in the approved report.

mod diff;
mod error;
mod front;
mod reader;
#[cfg(test)]
mod tests;
mod text;
mod writer;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::coverage::{CoverageStatus, ScopeStatus};
use super::verdict::{Answer, Reason};
use crate::digest::{Digest, DigestBuilder};
use crate::estate::Collection;
use crate::op::{DatabaseIdentity, Revision};

pub use diff::{Change, ChangeKind, diff};
pub use error::{ArtifactError, Fault};
pub use reader::ArtifactFile;

/// The format version this host writes and reads.
pub const FORMAT: u32 = 1;

/// The `kind` of the front matter: what tells the report from other documents.
pub const KIND: &str = "birth-coverage-classification";

/// The folder of the knowledge base that holds the reports.
pub const FOLDER: &str = "reports";

/// The spec's name of the approved report (B3-A, scope constants).
pub const APPROVED_NAME: &str = "p3d-birth-coverage-classification-report.md";

/// The name of the draft.
pub const DRAFT_NAME: &str = "p3d-birth-coverage-classification-report.draft.md";

/// A person's approval of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who; not empty.
    pub by: String,
    /// When (RFC 3339); not empty.
    pub at: String,
    /// Why, where it was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// Whether a report was approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Not yet; people may edit it.
    Draft,
    /// By a person; not to be edited any more.
    Approved(Approval),
}

impl State {
    /// `draft` or `approved`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Approved(_) => "approved",
        }
    }
}

/// What the policy said of a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Coverage.
    pub status: CoverageStatus,
    /// Scope.
    pub scope: ScopeStatus,
    /// The winning weight.
    pub score: i32,
}

/// One collection of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The registry's key.
    pub key: String,
    /// Governance role as stored, when the report was made.
    pub role: Option<String>,
    /// The table its key stood for, for people.
    pub table: Option<String>,
    /// The decision: coverage.
    pub status: CoverageStatus,
    /// The decision: scope.
    pub scope: ScopeStatus,
    /// What the policy said; none where a person added the entry.
    pub verdict: Option<Verdict>,
    /// Why the policy said so.
    pub reasons: Vec<Reason>,
}

impl Entry {
    /// The entry of a collection as the policy judged it. `None` where the
    /// answer's numbers are outside the vocabulary, which a checked answer's
    /// are not.
    #[must_use]
    pub fn judged(collection: &Collection, answer: Answer) -> Option<Self> {
        let status = CoverageStatus::from_number(answer.status)?;
        let scope = ScopeStatus::from_number(answer.scope)?;
        Some(Self {
            key: collection.key.clone(),
            role: collection.role.clone(),
            table: collection.table.as_ref().map(|t| t.name.to_string()),
            status,
            scope,
            verdict: Some(Verdict {
                status,
                scope,
                score: answer.score,
            }),
            reasons: answer.reasons,
        })
    }

    /// The verdict's score; 0 without a verdict.
    #[must_use]
    pub fn score(&self) -> i32 {
        self.verdict.map_or(0, |verdict| verdict.score)
    }

    /// Whether a person decided otherwise than the policy.
    #[must_use]
    pub fn is_edited(&self) -> bool {
        self.verdict
            .is_none_or(|verdict| (verdict.status, verdict.scope) != (self.status, self.scope))
    }
}

/// A classification report. Its entries are in ascending byte order of their
/// keys, each key once, at least one; its content hash is theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    state: State,
    revision: Revision,
    database: DatabaseIdentity,
    made_at: String,
    entries: Vec<Entry>,
    content: Digest,
}

/// Why entries make no report.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DraftError {
    /// An approval of nothing would let a later run take everything away.
    #[error("there is no collection to report")]
    Empty,
    /// Which decision counts would be a guess.
    #[error("the collection {0:?} is listed twice")]
    Duplicate(String),
}

impl Artifact {
    /// A draft. `made_at` is RFC 3339.
    ///
    /// # Errors
    /// No entries, or two of one key.
    pub fn draft(
        revision: Revision,
        database: DatabaseIdentity,
        made_at: String,
        mut entries: Vec<Entry>,
    ) -> Result<Self, DraftError> {
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        if entries.is_empty() {
            return Err(DraftError::Empty);
        }
        if let Some(pair) = entries.windows(2).find(|pair| pair[0].key == pair[1].key) {
            return Err(DraftError::Duplicate(pair[0].key.clone()));
        }
        Ok(Self {
            content: content(&revision, &database, &entries),
            state: State::Draft,
            revision,
            database,
            made_at,
            entries,
        })
    }

    /// The same report, approved.
    #[must_use]
    pub fn approve(self, approval: Approval) -> Self {
        Self {
            state: State::Approved(approval),
            ..self
        }
    }

    /// Draft or approved.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The approval, if there is one.
    #[must_use]
    pub fn approval(&self) -> Option<&Approval> {
        match &self.state {
            State::Draft => None,
            State::Approved(approval) => Some(approval),
        }
    }

    /// The policy revision it was decided under.
    #[must_use]
    pub fn revision(&self) -> &Revision {
        &self.revision
    }

    /// The database it is about.
    #[must_use]
    pub fn database(&self) -> &DatabaseIdentity {
        &self.database
    }

    /// When the draft was made (RFC 3339).
    #[must_use]
    pub fn made_at(&self) -> &str {
        &self.made_at
    }

    /// The collections, in ascending byte order of their keys.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The content hash: see the module's head.
    #[must_use]
    pub fn content(&self) -> Digest {
        self.content
    }

    /// The entry of a collection.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<&Entry> {
        find(&self.entries, key)
    }

    /// The keys decided as `BIRTH_REQUIRED`: B3-A's `approved_target_set`,
    /// whatever their scope, as the spec has it.
    #[must_use]
    pub fn required(&self) -> BTreeSet<&str> {
        required(&self.entries)
    }

    /// How many collections have a status.
    #[must_use]
    pub fn count(&self, status: CoverageStatus) -> usize {
        self.entries.iter().filter(|e| e.status == status).count()
    }

    /// The name under which an approved report is kept beside
    /// [`APPROVED_NAME`], so that a later approval does not lose it. Revision
    /// and content name it, and the time tells approvals of the same content
    /// apart; what of the time is not a digit or letter is left out.
    #[must_use]
    pub fn archive_name(&self) -> Option<String> {
        let approval = self.approval()?;
        let at: String = approval
            .at
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(20)
            .collect();
        Some(format!(
            "p3d-birth-coverage-classification-report.r{}-{}-{at}.md",
            self.revision.revision,
            self.content.short()
        ))
    }
}

/// The keys decided as `BIRTH_REQUIRED`.
#[must_use]
pub fn required(entries: &[Entry]) -> BTreeSet<&str> {
    let required = |e: &&Entry| e.status == CoverageStatus::Required;
    let keys = entries.iter().filter(required);
    keys.map(|e| e.key.as_str()).collect()
}

/// The entry of a key among entries in the order of their keys.
pub(crate) fn find<'a>(entries: &'a [Entry], key: &str) -> Option<&'a Entry> {
    let at = entries.binary_search_by(|e| e.key.as_str().cmp(key)).ok()?;
    entries.get(at)
}

/// Hashes the meaning; see the module's head.
fn content(revision: &Revision, database: &DatabaseIdentity, entries: &[Entry]) -> Digest {
    let head = DigestBuilder::new("birth classification report 1")
        .text(&revision.name)
        .text(&revision.revision.to_string())
        .text(&revision.digest.to_string())
        .text(&database.system_identifier.to_string())
        .text(&database.database_oid.to_string())
        .text(&entries.len().to_string());
    let all = entries.iter().fold(head, |d, e| {
        d.text(&e.key).text(e.status.word()).text(e.scope.word())
    });
    all.finish()
}
