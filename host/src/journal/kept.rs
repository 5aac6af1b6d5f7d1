//! What of a run is not kept, and why: a file that says so beside the others, so
//! that nothing is missing in silence.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{FORMAT, JournalError, RunView, file};

/// `not-kept.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotKept {
    /// Format of the file.
    pub format: u32,
    /// The files that are not there, with why.
    pub files: BTreeMap<String, WhyNotKept>,
}

/// Why a file of a run is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum WhyNotKept {
    /// It would have been larger than what this host reads back.
    TooLarge {
        /// Bytes that it may come to, before compression.
        limit: u64,
    },
    /// `birth runs prune` removed it.
    Pruned {
        /// When (RFC 3339, UTC).
        at: String,
        /// Bytes that it had.
        bytes: u64,
    },
}

impl WhyNotKept {
    /// For people.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::TooLarge { limit } => format!(
                "the record of what its plugins were asked was not written, because it would be larger than {limit} bytes"
            ),
            Self::Pruned { at, .. } => {
                format!("the record of what its plugins were asked was pruned at {at}")
            }
        }
    }
}

impl NotKept {
    /// Of some files.
    #[must_use]
    pub fn new(files: BTreeMap<String, WhyNotKept>) -> Self {
        Self {
            format: FORMAT,
            files,
        }
    }
}

impl RunView {
    /// What of the run is not kept; empty where everything is.
    ///
    /// # Errors
    /// Where the file that says so cannot be read, or is of a newer host.
    pub fn all_not_kept(&self) -> Result<BTreeMap<String, WhyNotKept>, JournalError> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let Some(text) = self.read(file::NOT_KEPT)? else {
            return Ok(BTreeMap::new());
        };
        let path = self.path.join(file::NOT_KEPT);
        let damaged = |error: serde_json::Error| JournalError::Damaged {
            path: path.clone(),
            detail: error.to_string(),
        };
        let head: Head = serde_json::from_str(&text).map_err(damaged)?;
        if head.format > FORMAT {
            let found = head.format;
            let reads = FORMAT;
            return Err(JournalError::Newer { path, found, reads });
        }
        let file: NotKept = serde_json::from_str(&text).map_err(damaged)?;
        Ok(file.files)
    }

    /// Why one file of the run is not there; none where nothing says so.
    ///
    /// # Errors
    /// As [`all_not_kept`](Self::all_not_kept).
    pub fn not_kept(&self, name: &str) -> Result<Option<WhyNotKept>, JournalError> {
        Ok(self.all_not_kept()?.remove(name))
    }
}
