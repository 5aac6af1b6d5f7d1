//! Why a report cannot be used, with the line it shows on.

use thiserror::Error;

use super::FORMAT;
use crate::digest::Digest;
use crate::policy::coverage::{CoverageStatus, ScopeStatus};

/// Why a report cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: {fault}")]
pub struct ArtifactError {
    /// The line of the file, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a line of a report.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Fault {
    /// Not UTF-8.
    #[error("the file is not UTF-8 text")]
    NotText,
    /// No front matter.
    #[error("this is no classification report: it does not begin with a line `---`")]
    NotAReport,
    /// The front matter does not end.
    #[error("the front matter is not closed by a line `---`")]
    Unclosed,
    /// Another document.
    #[error("this is no classification report: its kind is {found:?}")]
    OtherKind {
        /// The kind that was found.
        found: String,
    },
    /// Written by a newer host.
    #[error("the report has format {found}; this host reads up to {FORMAT}: upgrade the host")]
    Newer {
        /// The format that was found.
        found: u32,
    },
    /// A line of the front matter that is no `key: value`.
    #[error("a line of the front matter is not of the form `key: value`")]
    NotKeyValue,
    /// A key that the format does not have.
    #[error("the front matter has the unknown key {key:?}")]
    UnknownKey {
        /// The key.
        key: String,
    },
    /// A key twice.
    #[error("the front matter has the key `{key}` twice, first on line {first}")]
    DuplicateKey {
        /// The key.
        key: &'static str,
        /// The line of the first.
        first: usize,
    },
    /// A key that is not there.
    #[error("the front matter has no key `{key}`")]
    MissingKey {
        /// The key.
        key: &'static str,
    },
    /// A value that its key cannot have.
    #[error("`{key}` is {found:?}, but {expected} is expected")]
    Invalid {
        /// The key.
        key: &'static str,
        /// The value that was found.
        found: String,
        /// What it should be.
        expected: &'static str,
    },
    /// An entry that does not parse.
    #[error("this is not of the form {expected}")]
    Malformed {
        /// The form.
        expected: &'static str,
    },
    /// A status outside the vocabulary.
    #[error("the status {word:?} is unknown; there are {}", CoverageStatus::WORDS.join(", "))]
    UnknownStatus {
        /// The word.
        word: String,
    },
    /// A scope outside the vocabulary.
    #[error("the scope {word:?} is unknown; there are {}", ScopeStatus::WORDS.join(", "))]
    UnknownScope {
        /// The word.
        word: String,
    },
    /// A collection twice.
    #[error("the collection {key:?} is listed twice, first on line {first}")]
    Duplicate {
        /// The key.
        key: String,
        /// The line of the first.
        first: usize,
    },
    /// An entry that was moved, but whose words were not changed.
    #[error("the collection {key:?} stands below {heading}, but its status is {status}")]
    OtherHeading {
        /// The key.
        key: String,
        /// The status of the heading.
        heading: CoverageStatus,
        /// The status of the entry.
        status: CoverageStatus,
    },
    /// More or fewer entries than declared.
    #[error("the front matter says {declared} collections, but {found} are listed")]
    Count {
        /// What the front matter says.
        declared: usize,
        /// How many there are.
        found: usize,
    },
    /// No entry.
    #[error("the report lists no collection")]
    Empty,
    /// An approved report was changed.
    #[error("the content hash is {declared}, but the content hashes to {found}")]
    Hash {
        /// What the front matter says.
        declared: Digest,
        /// What the content hashes to.
        found: Digest,
    },
    /// A draft where an approved report is needed.
    #[error("the report is a draft")]
    NotApproved,
    /// An approved report where a draft is needed.
    #[error("the report is approved already")]
    NotADraft,
    /// Decided under another policy or revision.
    #[error(
        "the report is of policy {found_name:?} revision {found}, not of {name:?} revision {wanted}"
    )]
    OtherRevision {
        /// The policy set's name in the report.
        found_name: String,
        /// The revision in the report.
        found: u32,
        /// The policy set's name.
        name: String,
        /// Its revision.
        wanted: u32,
    },
    /// Decided under other plugins or settings of the same revision.
    #[error("the report's revision digest is {found}, the policy set's is {wanted}")]
    OtherDigest {
        /// The digest in the report.
        found: Digest,
        /// The policy set's.
        wanted: Digest,
    },
    /// Of another database.
    #[error(
        "the report is of the database {found_name:?} (oid {found_oid}, system {found_system}), not of {name:?} (oid {oid}, system {system})"
    )]
    OtherDatabase {
        /// The database's name in the report.
        found_name: String,
        /// Its oid in the report.
        found_oid: u32,
        /// Its system identifier in the report.
        found_system: u64,
        /// The live database's name.
        name: String,
        /// Its oid.
        oid: u32,
        /// Its system identifier.
        system: u64,
    },
    /// A collection that the registry does not have.
    #[error("the registry has no collection {key:?}")]
    UnknownCollection {
        /// The key.
        key: String,
    },
}

impl Fault {
    /// The fault on a line.
    pub(super) fn on(self, line: usize) -> ArtifactError {
        ArtifactError { line, fault: self }
    }

    /// The next step for the person.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotText | Self::NotAReport | Self::OtherKind { .. } | Self::Unclosed => {
                "name a report that `birth classify` wrote"
            }
            Self::Newer { .. } => "upgrade the host, or make the report again with this one",
            Self::NotKeyValue | Self::UnknownKey { .. } => {
                "restore the front matter; notes go below it"
            }
            Self::DuplicateKey { .. } | Self::MissingKey { .. } | Self::Invalid { .. } => {
                "restore the front matter, or make the report again with `birth classify`"
            }
            Self::Malformed { .. } => {
                "mend the line; keys and messages are JSON strings in backticks"
            }
            Self::UnknownStatus { .. } | Self::UnknownScope { .. } => "correct the word",
            Self::Duplicate { .. } => "keep one of the two",
            Self::OtherHeading { .. } => {
                "change the status after the collection's key; headings only group"
            }
            Self::Count { .. } => {
                "find the lines that were lost or added; where they are meant, correct `collections`"
            }
            Self::Empty => "make the report again with `birth classify`",
            Self::Hash { .. } => {
                "restore the approved report, or make a new draft with `birth classify` and approve that"
            }
            Self::NotApproved => "approve it with `birth classify approve`",
            Self::NotADraft => "make a new draft with `birth classify`",
            Self::OtherRevision { .. } | Self::OtherDigest { .. } => {
                "name the policy set it was made with, or make a new draft with `birth classify` and approve that"
            }
            Self::OtherDatabase { .. } => "connect to the database that it was made of",
            Self::UnknownCollection { .. } => {
                "take the entry out and correct `collections`, or make a new draft with `birth classify`"
            }
        }
    }
}
