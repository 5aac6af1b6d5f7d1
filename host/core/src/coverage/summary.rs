//! What a sweep comes to: numbers, without the gaps themselves, so that it is
//! small whatever the size of the estate.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::finding::{Gap, Standing};
use crate::digest::Digest;
use crate::op::{DatabaseIdentity, Revision};

/// The part of the collections that a sweep looked at, where several processes
/// share the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Which part, from 0.
    pub index: u32,
    /// Of how many.
    pub count: u32,
}

/// How many gaps there are, by how they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ConditionCounts {
    /// No open issue told of them.
    pub new: u64,
    /// An open issue told of them.
    pub persisting: u64,
    /// They are not there any more.
    pub resolved: u64,
}

/// How many collections of a role there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RoleCounts {
    /// Governed.
    pub governed: u64,
    /// Governed and without a gap.
    pub covered: u64,
    /// Governed and with a gap.
    pub with_gaps: u64,
    /// Their gaps.
    pub gaps: ConditionCounts,
}

/// What a sweep of one database comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepSummary {
    /// Which database.
    pub database: DatabaseIdentity,
    /// The server's version.
    pub server: String,
    /// The registry.
    pub registry: String,
    /// The policy revision it was decided under.
    pub revision: Revision,
    /// By whose leave, and whether that is signed.
    pub approval: String,
    /// When the facts were read (RFC 3339, UTC): the database's time.
    pub read_at: String,
    /// The part that was looked at; none for all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// Whether the registry has the policy columns. Without them only the first
    /// condition can be judged: `POLICY_STORAGE_NOT_READY`.
    pub storage_ready: bool,
    /// Registered collections that were looked at.
    pub registered: u64,
    /// Governed collections, by role as stored (an absent role is `""`).
    pub roles: BTreeMap<String, RoleCounts>,
    /// Gaps by condition code. Every condition that the plugin can find is
    /// here, with zeros where there is none.
    pub conditions: BTreeMap<String, ConditionCounts>,
    /// Warnings by code: what is worth a look and is no gap.
    pub warnings: BTreeMap<String, u64>,
    /// What each code means, in the plugin's words.
    pub meanings: BTreeMap<String, String>,
    /// Health checks that were written.
    pub health_checks_written: u64,
    /// Issues that were opened.
    pub issues_opened: u64,
    /// Issues of resolved gaps that were closed.
    pub issues_closed: u64,
    /// What people should know besides: keys that are registered twice, a
    /// missing function, gaps that could not be recorded.
    pub notices: Vec<String>,
}

impl Shard {
    /// Whether a collection is of this part: by the first two bytes of its key's
    /// SHA-256, as the query has it (`sql::query::coverage`).
    #[must_use]
    pub fn holds(&self, key: &str) -> bool {
        let [first, second, ..] = Digest::of(key.as_bytes()).bytes();
        (u32::from(first) * 256 + u32::from(second)).checked_rem(self.count) == Some(self.index)
    }
}

impl ConditionCounts {
    /// Counts one gap.
    pub fn count(&mut self, standing: Standing) {
        match standing {
            Standing::New => self.new += 1,
            Standing::Persisting => self.persisting += 1,
            Standing::Resolved => self.resolved += 1,
        }
    }

    /// The gaps that are there: new and persisting.
    #[must_use]
    pub fn open(&self) -> u64 {
        self.new + self.persisting
    }
}

impl SweepSummary {
    /// Counts a gap under its condition and its role.
    pub fn count(&mut self, gap: &Gap) {
        let finding = &gap.finding;
        self.conditions
            .entry(finding.code.clone())
            .or_default()
            .count(gap.standing);
        // The role of a resolved gap's collection is not known where the
        // collection itself is gone.
        if let Some(role) = self
            .roles
            .get_mut(finding.role.as_deref().unwrap_or_default())
        {
            role.gaps.count(gap.standing);
        }
    }

    /// All gaps, by how they stand.
    #[must_use]
    pub fn gaps(&self) -> ConditionCounts {
        let mut all = ConditionCounts::default();
        for counts in self.conditions.values() {
            all.new += counts.new;
            all.persisting += counts.persisting;
            all.resolved += counts.resolved;
        }
        all
    }

    /// Governed collections.
    #[must_use]
    pub fn governed(&self) -> u64 {
        self.roles.values().map(|r| r.governed).sum()
    }

    /// Governed collections without a gap.
    #[must_use]
    pub fn covered(&self) -> u64 {
        self.roles.values().map(|r| r.covered).sum()
    }

    /// Governed collections with a gap.
    #[must_use]
    pub fn with_gaps(&self) -> u64 {
        self.roles.values().map(|r| r.with_gaps).sum()
    }
}
