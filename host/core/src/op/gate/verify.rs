//! Whether the live database is what a plan says it must be.

use super::assess::decide;
use super::facts::GateFacts;
use super::plan::GatePlan;
use crate::op::{Decision, Described as _};

/// Compares what is there after execution with the plan and with the facts it
/// was made from. Every difference is one sentence; none means verified.
#[must_use]
pub fn verify(plan: &GatePlan, before: &GateFacts, after: &GateFacts) -> Vec<String> {
    let mut faults = Vec::new();
    if before.registry != after.registry {
        faults.push(format!(
            "the registry {} is now {}",
            before.registry.name, after.registry.name
        ));
    }
    for item in decide(after) {
        let (kind, name) = (item.object.kind(), item.object.title());
        match item.decision {
            Decision::Exists => {}
            Decision::Absent => faults.push(format!("the {kind} {name} is not there")),
            Decision::Blocked => {
                let why: Vec<&str> = item.reasons.iter().map(|r| r.message.as_str()).collect();
                faults.push(format!(
                    "the {kind} {name} is not as planned: {}",
                    why.join("; ")
                ));
            }
        }
    }
    // What was there is the very same.
    let (was, is) = (&before.live, &after.live);
    let replaced = [
        (
            "the schema",
            was.schema.is_some()
                && was.schema.as_ref().map(|s| s.oid) != is.schema.as_ref().map(|s| s.oid),
        ),
        ("the queue", was.queue.is_some() && was.queue != is.queue),
        (
            "the function",
            was.function.is_some() && was.function != is.function,
        ),
        (
            "a trigger of the registry",
            was.triggers.iter().any(|t| !is.triggers.contains(t)),
        ),
    ];
    let replaced = replaced.iter().filter(|(_, replaced)| *replaced);
    faults.extend(replaced.map(|(what, _)| format!("{what} that was there changed")));
    if after.live.triggers.len() != 2 && plan.registry.kind.is_physical() {
        faults.push(format!(
            "{} triggers of the registry belong to the gate, and not two",
            after.live.triggers.len()
        ));
    }
    faults
}

/// Whether the whole gate is there, whoever put it there.
#[must_use]
pub fn is_ready(plan: &GatePlan) -> bool {
    plan.items.iter().all(|i| i.decision == Decision::Exists)
}
