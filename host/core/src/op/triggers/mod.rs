//! Birth triggers (B3-A): on every collection that is approved ∩ live-required
//! ∩ species-mapped; one queued issue for each that has no species mapping.

pub mod assess;
pub mod facts;
pub mod plan;
pub mod report;
pub mod sets;
pub mod statement;
pub mod undo;
pub mod verify;

use crate::issue::IssueDraft;
use crate::profile::IssueValues;

/// The families that have to be there (B3-A, phase 1A), by id.
pub mod family {
    /// Names the collections.
    pub const REGISTRY: &str = "collection_registry";
    /// Says which collections have a species.
    pub const SPECIES_MAP: &str = "species_collection_map";
    /// Where births are registered; the function writes it.
    pub const BIRTH_REGISTRY: &str = "birth_registry";
    /// Takes the species queue.
    pub const ISSUES: &str = "system_issues";
}

/// The concepts the operation needs besides those of the issues, by id (B3-A,
/// phase 1B).
pub mod concept {
    /// The collection's identifier.
    pub const KEY: &str = "collection_key";
    /// The collection's governance role.
    pub const ROLE: &str = "collection_governance_role";
    /// The schema of its table; optional.
    pub const SCHEMA: &str = "collection_schema";
    /// The name of its table; optional.
    pub const TABLE: &str = "collection_table";
    /// The collection in the species map.
    pub const SPECIES_KEY: &str = "species_map_collection_key";
}

/// The issue that asks for a collection's species mapping (B3-A, phase 5).
#[must_use]
pub fn species_issue(values: &IssueValues, collection: &str) -> IssueDraft {
    IssueDraft {
        category: values.species_category.clone(),
        collection: Some(collection.to_owned()),
        condition: None,
        title: format!("Species mapping missing: {collection}"),
        description: format!(
            "The collection {collection:?} needs births and is not mapped to a species, so it has no birth trigger. Map it to a species and run `birth apply triggers` again."
        ),
    }
}

/// The spec's advisory lock key, letter for letter (B3-A, phase 5).
pub const LOCK_KEY: &str = "p3d_birth_b3a_trigger_installation";

/// The stem of a run's id.
pub const RUN_STEM: &str = "p3d-birth-b3a-trigger-installation";

/// The spec's word for a decision on a trigger (B3-A, phase 3).
#[must_use]
pub fn decision_word(decision: super::Decision) -> &'static str {
    match decision {
        super::Decision::Absent => "INSTALL",
        other => other.word(),
    }
}
