//! Whether the live database is what a plan says it must be.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::plan::TriggersPlan;
use crate::catalog::function::TriggerFunction;
use crate::catalog::trigger::LiveTrigger;
use crate::op::Decision;
use crate::resolve::Relation;

/// What verification looks at: the tables of the plan, the function, and how
/// many triggers call it. Small, because it is read while locks are held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriggersState {
    /// The function; none where it is gone.
    pub function: Option<TriggerFunction>,
    /// The tables of the plan that are there, by `pg_class.oid`.
    pub tables: BTreeMap<u32, Relation>,
    /// Their triggers that hold the planned name or call the function.
    pub triggers: BTreeMap<u32, Vec<LiveTrigger>>,
    /// Triggers of the whole database that call the function, without clones.
    pub birth_triggers: u64,
}

/// What moved between the plan and the table locks; empty means nothing.
#[must_use]
pub fn moved(plan: &TriggersPlan, state: &TriggersState) -> Vec<String> {
    let mut out = identity_faults(plan, state);
    for item in plan.decided(Decision::Absent) {
        let table = &item.object.table;
        out.extend(
            state
                .triggers
                .get(&table.oid)
                .into_iter()
                .flatten()
                .map(|t| {
                    format!(
                        "{} has a trigger {} now ({})",
                        table.name, t.name, t.function
                    )
                }),
        );
    }
    if state.birth_triggers != plan.birth_triggers {
        out.push(format!(
            "{} triggers call the function now, {} did when the plan was made",
            state.birth_triggers, plan.birth_triggers
        ));
    }
    out
}

/// Compares the state after execution with the plan. Every difference is one
/// sentence; none means verified (B3-A, phase 5: table, event, timing, level
/// and the function's OID).
#[must_use]
pub fn verify(plan: &TriggersPlan, state: &TriggersState) -> Vec<String> {
    let mut faults = confirm(plan, state);
    let expected = plan.birth_triggers + plan.created().count() as u64;
    if state.birth_triggers != expected {
        faults.push(format!(
            "{expected} triggers should call the function, and {} do",
            state.birth_triggers
        ));
    }
    faults
}

/// As [`verify`], but without the number of triggers in the whole database:
/// after the commit a later batch or somebody else may have made more.
#[must_use]
pub fn confirm(plan: &TriggersPlan, state: &TriggersState) -> Vec<String> {
    let mut faults = identity_faults(plan, state);
    for item in plan.created() {
        let (table, name) = (&item.object.table, &item.object.name);
        let live = state
            .triggers
            .get(&table.oid)
            .map_or(&[][..], Vec::as_slice);
        let right = |t: &LiveTrigger| {
            Some(t.name.as_str()) == name.as_ref().map(|n| n.as_str())
                && t.registers_births(plan.function.oid)
        };
        match live {
            [only] if right(only) => {}
            [] => faults.push(format!("{} has no birth trigger", table.name)),
            [only] => faults.push(format!(
                "the trigger {} on {} is not as planned",
                only.name, table.name
            )),
            several => faults.push(format!(
                "{} has {} birth triggers",
                table.name,
                several.len()
            )),
        }
    }
    for item in plan.decided(Decision::Exists) {
        let table = &item.object.table;
        let still = state
            .triggers
            .get(&table.oid)
            .into_iter()
            .flatten()
            .any(|t| Some(t.oid) == item.object.existing && t.registers_births(plan.function.oid));
        if !still {
            faults.push(format!(
                "the birth trigger that {} had changed or is gone",
                table.name
            ));
        }
    }
    faults
}

/// Whether the function and the tables are those of the plan: the function's
/// definition must be the same before and after.
fn identity_faults(plan: &TriggersPlan, state: &TriggersState) -> Vec<String> {
    let mut out = Vec::new();
    match &state.function {
        Some(f) if *f == plan.function => {}
        Some(f) => out.push(format!(
            "the function {} (oid {}) has the definition {} instead of {}",
            f.signature(),
            f.oid,
            f.definition.short(),
            plan.function.definition.short()
        )),
        None => out.push(format!(
            "the function {} is gone",
            plan.function.signature()
        )),
    }
    for item in &plan.items {
        let table = &item.object.table;
        match state.tables.get(&table.oid) {
            Some(live) if live == table => {}
            Some(live) => out.push(format!("the table {} is now {}", table.name, live.name)),
            None => out.push(format!(
                "the table {} (oid {}) is gone",
                table.name, table.oid
            )),
        }
    }
    out
}

/// Whether everything that the sets ask for is there, whoever put it there.
#[must_use]
pub fn is_ready(plan: &TriggersPlan) -> bool {
    plan.differences.is_empty()
        && plan.items.iter().all(|i| i.decision == Decision::Exists)
        && plan.queue.iter().all(|q| q.open.is_some())
}
