//! The operations. Each is a folder with the same few rooms: `facts` (what is
//! read), `assess` (facts and verdicts to a plan), `statement` (the closed
//! vocabulary of what may run), `plan`, `verify`, `undo`, `report`.

pub mod decide;
pub mod gate;
pub mod plan_file;
pub mod report;
pub mod storage;
pub mod triggers;
pub mod verdict;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::policy::verdict::Reason;

/// Which database a plan, a journal or a report belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseIdentity {
    /// `pg_control_system().system_identifier`: one per initialised cluster,
    /// kept by its physical copies.
    pub system_identifier: u64,
    /// `pg_control_checkpoint().timeline_id` when it was read.
    pub timeline: u32,
    /// `pg_database.oid`.
    pub database_oid: u32,
    /// `pg_database.datname`.
    pub database: String,
}

impl DatabaseIdentity {
    /// Whether two identities are the same database. A timeline changes with a
    /// failover and a name with a rename; neither makes it another database.
    #[must_use]
    pub fn is_same_database(&self, other: &Self) -> bool {
        (self.system_identifier, self.database_oid) == (other.system_identifier, other.database_oid)
    }
}

/// The policy revision something was decided under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// Name of the policy set.
    pub name: String,
    /// Revision of the policy set.
    pub revision: u32,
    /// Revision digest.
    pub digest: Digest,
}

/// What a plugin decided about one proposed object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Decision {
    /// The operation will create it.
    #[serde(rename = "ABSENT")]
    Absent,
    /// It is there and right.
    #[serde(rename = "ALREADY_EXISTS_OK")]
    Exists,
    /// Something else is in its place.
    #[serde(rename = "BLOCKED_EXISTING_CONFLICT")]
    Blocked,
}

impl Decision {
    /// Reads a status number of the conflict role.
    #[must_use]
    pub fn from_status(status: u8) -> Option<Self> {
        match status {
            0 => Some(Self::Absent),
            1 => Some(Self::Exists),
            2 => Some(Self::Blocked),
            _ => None,
        }
    }

    /// The spec's word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Absent => "ABSENT",
            Self::Exists => "ALREADY_EXISTS_OK",
            Self::Blocked => "BLOCKED_EXISTING_CONFLICT",
        }
    }
}

/// One proposed object with its decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item<O> {
    /// The object.
    pub object: O,
    /// What was decided.
    pub decision: Decision,
    /// Why.
    pub reasons: Vec<Reason>,
}

/// An object of an operation that stops at any conflict, as people are told of
/// it.
pub trait Described {
    /// What it is: `column`, `trigger`, …
    fn kind(&self) -> &'static str;
    /// What it is called.
    fn title(&self) -> String;
}
