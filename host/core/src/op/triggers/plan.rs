//! The plan: the value that is previewed, hashed, saved and executed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::sets::Difference;
use super::statement::TriggersStatement;
use crate::catalog::function::TriggerFunction;
use crate::digest::Digest;
use crate::ident::Identifier;
use crate::op::plan_file::{SavedPlan, changed, revision_drift};
use crate::op::{DatabaseIdentity, Decision, Item, Revision};
use crate::policy::coverage::CoverageStatus;
use crate::resolve::Relation;

/// Locks of a transaction besides those on the tables that get or lose triggers:
/// the two advisory ones, and the catalogs and tables that are read or written
/// with all their indexes. About seventy were counted where each of the tables
/// has one index.
pub const OTHER_LOCKS: i64 = 96;

/// A birth trigger that the operation proposes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BirthTrigger {
    /// The collection.
    pub collection: String,
    /// Its table.
    pub table: Relation,
    /// The trigger's name; none where the derived name does not fit.
    pub name: Option<Identifier>,
    /// The live trigger that does it already, by `pg_trigger.oid`.
    pub existing: Option<u32>,
    /// Locks that creating it takes: on the table and on each partition.
    pub locks: i64,
}

/// A collection of the species queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queued {
    /// The collection.
    pub collection: String,
    /// The primary key of its open issue, where there is one: no second one is
    /// made.
    pub open: Option<Vec<String>>,
}

/// Which approved artifact a plan goes by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactIdentity {
    /// Its content hash.
    pub content: Digest,
    /// Who approved it.
    pub by: String,
    /// When.
    pub at: String,
}

/// A plan for birth triggers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriggersPlan {
    /// The database it was made on.
    pub database: DatabaseIdentity,
    /// The registry.
    pub registry: Relation,
    /// The function that the triggers call.
    pub function: TriggerFunction,
    /// The revision it was decided under.
    pub revision: Revision,
    /// The approved list.
    pub artifact: ArtifactIdentity,
    /// Digest of each part of the facts by name (`TriggersFacts::parts`).
    pub facts: BTreeMap<String, Digest>,
    /// The live status of every collection.
    pub statuses: BTreeMap<String, CoverageStatus>,
    /// Approved and live list differ in these: not empty is a mismatch, and
    /// nothing will run.
    pub differences: Vec<Difference>,
    /// How many collections the target set has.
    pub targets: usize,
    /// Every collection of the target set with its decision; none while the
    /// lists differ.
    pub items: Vec<Item<BirthTrigger>>,
    /// The species queue.
    pub queue: Vec<Queued>,
    /// The table it is written to.
    pub issues: Relation,
    /// Where births are registered.
    pub birth_registry: Relation,
    /// What a person should know and what stops nothing.
    pub warnings: Vec<String>,
    /// Triggers that call the function now, clones not counted.
    pub birth_triggers: u64,
    /// What will run, in order: triggers by table, then issues by collection.
    pub statements: Vec<TriggersStatement>,
    /// Statements of later batches.
    pub remaining: usize,
    /// Locks that this transaction needs, estimated.
    pub locks: i64,
    /// Why the role could not carry it out, or could not take it back.
    pub missing_rights: Vec<String>,
}

impl SavedPlan for TriggersPlan {
    const OPERATION: &'static str = "triggers";
    const FORMAT: u32 = 1;
    type Statement = TriggersStatement;

    fn statements(&self) -> &[TriggersStatement] {
        &self.statements
    }

    fn database_mut(&mut self) -> &mut DatabaseIdentity {
        &mut self.database
    }
}

impl TriggersPlan {
    /// Collections of the target set with a decision.
    pub fn decided(&self, decision: Decision) -> impl Iterator<Item = &Item<BirthTrigger>> {
        self.items.iter().filter(move |i| i.decision == decision)
    }

    /// How many collections of the target set have a decision.
    #[must_use]
    pub fn count(&self, decision: Decision) -> usize {
        self.decided(decision).count()
    }

    /// Triggers that this transaction creates.
    pub fn created(&self) -> impl Iterator<Item = &Item<BirthTrigger>> {
        let here = self
            .statements
            .iter()
            .filter(|s| matches!(s, TriggersStatement::CreateTrigger { .. }))
            .count();
        // Statements stand in the order of the items.
        self.decided(Decision::Absent).take(here)
    }

    /// The largest number of statements for `--batch-size` with which no batch
    /// of the whole installation needs more than so many locks; none where not
    /// even single statements fit.
    #[must_use]
    pub fn largest_batch(&self, locks: i64) -> Option<usize> {
        let each: Vec<i64> = self
            .decided(Decision::Absent)
            .map(|i| i.object.locks)
            .collect();
        let fits = |size: &usize| {
            let mut batches = each.windows(*size).map(|batch| batch.iter().sum::<i64>());
            batches.all(|needed| OTHER_LOCKS + needed <= locks)
        };
        // A larger batch never needs less, so the last that fits is found by
        // halving.
        let sizes: Vec<usize> = (1..=each.len()).collect();
        let largest = sizes.partition_point(fits);
        (largest > 0).then_some(largest)
    }

    /// The tables whose rows the transaction changes, by `pg_class.oid`: that of
    /// the issues, and where that one is a collection whose births are
    /// registered, the birth registry.
    #[must_use]
    pub fn changes_rows_of(&self) -> Vec<u32> {
        if self.queued().next().is_none() {
            return vec![];
        }
        let mut tables = vec![self.issues.oid];
        tables.extend(self.issues_are_born().then_some(self.birth_registry.oid));
        tables
    }

    /// Whether each queued issue is registered as a birth itself.
    #[must_use]
    pub fn issues_are_born(&self) -> bool {
        let installed = self
            .items
            .iter()
            .filter(|i| i.decision != Decision::Blocked);
        installed
            .map(|i| i.object.table.oid)
            .any(|oid| oid == self.issues.oid)
    }

    /// Issues that this transaction queues.
    pub fn queued(&self) -> impl Iterator<Item = &str> {
        self.statements.iter().filter_map(|s| match s {
            TriggersStatement::QueueIssue { insert } => Some(insert.about.as_str()),
            TriggersStatement::CreateTrigger { .. } => None,
        })
    }

    /// What differs between this plan and one made now, for people. Empty means
    /// that they are the same plan.
    #[must_use]
    pub fn drift(&self, now: &Self) -> Vec<String> {
        let mut out = Vec::new();
        out.extend(revision_drift(&self.revision, &now.revision));
        if self.function != now.function {
            out.push(format!(
                "the function: {} (oid {}, definition {}) is now {} (oid {}, definition {})",
                self.function.signature(),
                self.function.oid,
                self.function.definition.short(),
                now.function.signature(),
                now.function.oid,
                now.function.definition.short()
            ));
        }
        let word = |s: Option<&CoverageStatus>| s.map_or("not registered", |s| s.word());
        out.extend(changed(&self.statuses, &now.statuses).map(|key| {
            let (was, is) = (self.statuses.get(key), now.statuses.get(key));
            format!("collection {key:?}: {} is now {}", word(was), word(is))
        }));
        let (was, is) = (by_collection(self), by_collection(now));
        out.extend(
            changed(&was, &is).map(|key| match (was.get(key), is.get(key)) {
                (Some(_), None) => format!("collection {key:?}: no longer a target"),
                (None, _) => format!("collection {key:?}: newly a target"),
                (Some(was), Some(is)) if was.decision != is.decision => format!(
                    "the trigger of {}: {} is now {}",
                    is.object.table.name,
                    was.decision.word(),
                    is.decision.word()
                ),
                (Some(was), Some(is)) if was.object.table != is.object.table => format!(
                    "collection {key:?}: {} (oid {}) is now {} (oid {})",
                    was.object.table.name,
                    was.object.table.oid,
                    is.object.table.name,
                    is.object.table.oid
                ),
                _ => format!("collection {key:?}: the reasons or the live trigger changed"),
            }),
        );
        if self.queue != now.queue {
            out.push("the species queue changed".to_owned());
        }
        out.extend(changed(&self.facts, &now.facts).map(|part| format!("{part} changed")));
        if out.is_empty() && self != now {
            out.push("what would run changed".to_owned());
        }
        out
    }
}

fn by_collection(plan: &TriggersPlan) -> BTreeMap<String, &Item<BirthTrigger>> {
    plan.items
        .iter()
        .map(|i| (i.object.collection.clone(), i))
        .collect()
}
