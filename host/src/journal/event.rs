//! The events of a run, in the order in which they can come.

use serde::{Deserialize, Serialize};

use birth_core::digest::Digest;
use birth_core::op::{DatabaseIdentity, Revision};
use birth_core::outcome::Status;

/// One step of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The run directory was made.
    Started {
        /// Which operation: `storage` or `rollback-storage`.
        operation: String,
        /// The run that a rollback undoes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<String>,
        /// The host's version.
        host: String,
        /// The connection, without secrets.
        connection: String,
    },
    /// The database was reached and names were resolved.
    Discovered {
        /// Which database.
        database: DatabaseIdentity,
        /// The server's version.
        server: String,
        /// The table the operation is about.
        table: String,
    },
    /// The plan was made.
    Planned {
        /// Its digest.
        digest: Digest,
        /// The revision it was decided under; none for a rollback, which asks
        /// no plugin.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        revision: Option<Revision>,
        /// By whose leave, and whether that is signed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approval: Option<String>,
        /// How many statements it has.
        statements: usize,
    },
    /// Every compiled statement is on the disk.
    Previewed {
        /// SHA-256 of the record of what the plugins were asked; none where they
        /// were not, or where it is not kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        verdicts: Option<Digest>,
    },
    /// The locks are held and the facts are unchanged.
    Locked,
    /// The statements ran and the result was verified in the transaction.
    Verified,
    /// Rollback keys and transaction id are on the disk; COMMIT comes next.
    Committing {
        /// `pg_current_xact_id()`.
        transaction: String,
    },
    /// The server confirmed the commit, or it was established afterwards.
    Committed {
        /// How it is known.
        how: String,
    },
    /// A new read found the expected state.
    Confirmed,
    /// Report and log were handed to the stores.
    Published,
    /// The run is over.
    Closed {
        /// With this status.
        status: Status,
        /// Why, where it is not `PASS`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// The final response.
        response: String,
    },
}

impl Event {
    /// The event's name, as it is written.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Started { .. } => "started",
            Self::Discovered { .. } => "discovered",
            Self::Planned { .. } => "planned",
            Self::Previewed { .. } => "previewed",
            Self::Locked => "locked",
            Self::Verified => "verified",
            Self::Committing { .. } => "committing",
            Self::Committed { .. } => "committed",
            Self::Confirmed => "confirmed",
            Self::Published => "published",
            Self::Closed { .. } => "closed",
        }
    }
}

/// An event as a line of `events.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamped {
    /// Format of the line.
    pub format: u32,
    /// When (RFC 3339, UTC).
    pub at: String,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}
