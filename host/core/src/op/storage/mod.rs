//! Policy storage (B3-P): six columns and their checks on the registry.

pub mod assess;
pub mod facts;
pub mod plan;
pub mod report;
pub mod statement;
pub mod undo;
pub mod verify;

use crate::facts::conflict::WantedType;
use crate::policy::coverage::{CoverageStatus, ScopeStatus};

/// The family whose table gets the columns.
pub const FAMILY: &str = "collection_registry";

/// The concept that shows the table to be the registry, and that names a row
/// in an export.
pub const KEY_CONCEPT: &str = "collection_key";

/// The spec's advisory lock key, letter for letter (B3-P, phase 4).
pub const LOCK_KEY: &str = "p3d_birth_b3p_ddl_policy_storage";

/// The stem of the spec's log name (B3-P, phase 2).
pub const RUN_STEM: &str = "p3d-birth-b3p-ddl";

/// One column of the policy storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PolicyColumn {
    /// Its name: a design constant of the spec.
    pub name: &'static str,
    /// Its type.
    pub wanted: WantedType,
    /// Its closed value list, where it has one.
    pub values: &'static [&'static str],
}

impl PolicyColumn {
    /// Characters of the longest allowed value; 0 without a closed list.
    #[must_use]
    pub fn longest_value(&self) -> u32 {
        self.values
            .iter()
            .map(|v| v.chars().count() as u32)
            .max()
            .unwrap_or(0)
    }
}

/// The six columns (B3 design, section 2).
pub const COLUMNS: [PolicyColumn; 6] = [
    PolicyColumn {
        name: "coverage_status",
        wanted: WantedType::Text,
        values: &CoverageStatus::WORDS,
    },
    PolicyColumn {
        name: "coverage_scope_status",
        wanted: WantedType::Text,
        values: &ScopeStatus::WORDS,
    },
    PolicyColumn {
        name: "coverage_exemption_reason",
        wanted: WantedType::Text,
        values: &[],
    },
    PolicyColumn {
        name: "coverage_review_owner",
        wanted: WantedType::Text,
        values: &[],
    },
    PolicyColumn {
        name: "coverage_decided_at",
        wanted: WantedType::Timestamptz,
        values: &[],
    },
    PolicyColumn {
        name: "coverage_decided_by",
        wanted: WantedType::Text,
        values: &[],
    },
];

/// The columns that have a closed value list, hence a check.
pub fn checked_columns() -> impl Iterator<Item = &'static PolicyColumn> {
    COLUMNS.iter().filter(|c| !c.values.is_empty())
}
