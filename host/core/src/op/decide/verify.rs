//! Whether the registry says what was planned, and nothing else changed.

use serde::{Deserialize, Serialize};

use super::facts::{DecideFacts, DecidedRows};
use super::plan::DecidePlan;
use super::stored::{DecisionColumns, StoredDecision};
use crate::resolve::Relation;

/// Rows of the registry that the present transaction has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RowsChanged {
    /// Inserted.
    pub inserted: i64,
    /// Updated.
    pub updated: i64,
    /// Deleted.
    pub deleted: i64,
}

/// What verification looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecideState {
    /// The registry as it is called now; none where it is gone.
    pub registry: Option<Relation>,
    /// Its columns; none where one of them is gone.
    pub columns: Option<DecisionColumns>,
    /// The rows that are decided.
    pub rows: DecidedRows,
    /// What the transaction changed.
    pub changed: RowsChanged,
}

impl RowsChanged {
    /// What is wrong where exactly so many rows had to be updated, each once.
    #[must_use]
    pub fn faults(self, updates: usize) -> Vec<String> {
        let expected = Self {
            updated: i64::try_from(updates).unwrap_or(i64::MAX),
            ..Self::default()
        };
        (self != expected)
            .then(|| {
                format!(
                    "{updates} rows of the registry had to be updated, and {} were updated, {} inserted and {} deleted",
                    self.updated, self.inserted, self.deleted
                )
            })
            .into_iter()
            .collect()
    }
}

/// What moved between the facts and the table's lock.
#[must_use]
pub fn moved(before: &DecideFacts, locked: &DecideState) -> Vec<String> {
    let mut out = Vec::new();
    if locked.registry.as_ref() != Some(&before.registry) {
        out.push(format!("the registry {} changed", before.registry.name));
    }
    if locked.columns.as_ref() != Some(&before.columns) {
        out.push("the registry's columns changed".to_owned());
    }
    out.extend(
        before
            .rows
            .keys()
            .chain(locked.rows.keys().filter(|k| !before.rows.contains_key(*k)))
            .filter(|key| before.rows.get(*key) != locked.rows.get(*key))
            .map(|key| format!("what is stored about the collection {key:?} changed")),
    );
    out
}

/// Compares the rows after execution with the plan; empty means verified.
#[must_use]
pub fn verify(plan: &DecidePlan, after: &DecideState) -> Vec<String> {
    let mut faults = confirm(plan, after);
    faults.extend(after.changed.faults(plan.statements.len()));
    faults
}

/// As [`verify`], without what only the transaction itself can tell.
#[must_use]
pub fn confirm(plan: &DecidePlan, after: &DecideState) -> Vec<String> {
    let differs = |rows: Option<&Vec<StoredDecision>>, wanted: &_| match rows.map(Vec::as_slice) {
        Some([row]) => !row.says(wanted),
        _ => true,
    };
    plan.written()
        .filter(|on| differs(after.rows.get(&on.collection), &on.after))
        .map(|on| {
            let key = &on.collection;
            format!("what is stored about the collection {key:?} is not what was decided")
        })
        .collect()
}
