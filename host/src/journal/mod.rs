//! What a run leaves behind: one directory with its log, events, compiled
//! statements, plan, facts, verdicts, rollback keys and report.
//!
//! This module writes and reads files and knows nothing of databases. Every
//! write that a later step relies on is on the disk before the call returns.
//! All files go through a directory handle, so no name in a file can lead
//! outside.

mod event;
mod kept;
pub mod prune;
mod reader;
mod record;
mod writer;

pub use event::{Event, Stamped};
pub use kept::{NotKept, WhyNotKept};
pub use reader::{Listed, RunState, RunView, list, open, validate_run_id};
pub use record::{KEYS_FORMAT, Keys, KeysError, Versioned};
pub use writer::RunDir;

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// The version of the run directory's format.
pub const FORMAT: u32 = 1;

/// Names of the files in a run directory.
pub mod file {
    /// One JSON object per line, in order.
    pub const EVENTS: &str = "events.jsonl";
    /// The compiled statements, written before execution.
    pub const COMPILED: &str = "compiled.sql";
    /// The plan.
    pub const PLAN: &str = "plan.json";
    /// What names resolved to.
    pub const TARGET: &str = "target.json";
    /// The facts the plan was made from, compressed.
    pub const FACTS: &str = "facts.json.gz";
    /// What the plugins were asked and what they answered, for a replay,
    /// compressed.
    pub const VERDICTS: &str = "verdicts.json.gz";
    /// The rollback keys, written before COMMIT.
    pub const KEYS: &str = "rollback-keys.json";
    /// What of all this is not there, and why; only where something is not.
    pub const NOT_KEPT: &str = "not-kept.json";
    /// The report, as it goes to the knowledge base.
    pub const REPORT: &str = "report.md";
    /// What is never there before the first event is.
    pub(super) const AFTER_EVENTS: [&str; 7] =
        [TARGET, FACTS, VERDICTS, PLAN, COMPILED, KEYS, REPORT];
}

/// A file or directory of a run could not be used.
#[derive(Debug, Error)]
pub enum JournalError {
    /// Reading or writing failed.
    #[error("{action} {path}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// No such run.
    #[error("there is no run {run:?} in {root}")]
    NoSuchRun {
        /// The id.
        run: String,
        /// Where it was looked for.
        root: PathBuf,
    },
    /// A text that cannot be a run id.
    #[error("{0:?} is not a run id; `birth runs list` shows them")]
    NotARunId(String),
    /// A line or file does not read back.
    #[error("{path} is damaged: {detail}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// Written by a newer host.
    #[error("{path} has format {found}; this host reads up to {reads}: upgrade the host")]
    Newer {
        /// The file.
        path: PathBuf,
        /// The format that was found.
        found: u32,
        /// The newest one that this host reads.
        reads: u32,
    },
    /// A file would be larger than what this host reads back.
    #[error("{path} would be larger than {limit} bytes before compression")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most it may come to.
        limit: u64,
    },
    /// The run is being carried out at this moment.
    #[error("run {run} is still being carried out by another process")]
    InUse {
        /// The run.
        run: String,
    },
}

impl JournalError {
    /// Whether the content is at fault, not the file system.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged { .. } | Self::Newer { .. })
    }

    /// Stable code for `reason=`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "FILE_NOT_USABLE",
            Self::NoSuchRun { .. } => "NO_SUCH_RUN",
            Self::NotARunId(_) => "NOT_A_RUN_ID",
            Self::Damaged { .. } => "FILE_DAMAGED",
            Self::Newer { .. } => "FILE_FROM_NEWER_HOST",
            Self::TooLarge { .. } => "RECORD_TOO_LARGE",
            Self::InUse { .. } => "RUN_IN_PROGRESS",
        }
    }

    /// What the person can do.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Io { .. } => Some("check that the directory exists, is writable and has room"),
            Self::NoSuchRun { .. } | Self::NotARunId(_) => Some(
                "`birth runs list` shows the runs of this log directory; --log-dir names another",
            ),
            Self::TooLarge { .. } => Some(
                "nothing was executed, because what the run leaves behind could not be read back; split the registry",
            ),
            Self::InUse { .. } => Some("wait for it to end"),
            Self::Damaged { .. } => Some("restore the file from the log sink or a backup"),
            Self::Newer { .. } => None,
        }
    }
}
