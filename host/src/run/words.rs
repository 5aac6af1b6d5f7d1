//! What the operations say alike: decisions for the log, the stop at a
//! conflict, lists that are cut.

use birth_core::op::{Decision, Described, Item};
use birth_core::outcome::{FailureClass, Status};
use birth_core::policy::verdict::Severity;

use super::failure::Failure;
use super::operation::Stop;

/// Every object with its decision and why, a line each.
pub(super) fn decisions<O: Described>(items: &[Item<O>]) -> String {
    let lines = items.iter().map(|i| {
        let why: Vec<String> = i
            .reasons
            .iter()
            .map(|r| format!("; {}: {}", r.code, r.message))
            .collect();
        format!(
            "{} {}: {}{}\n",
            i.object.kind(),
            i.object.title(),
            i.decision.word(),
            why.concat()
        )
    });
    lines.collect()
}

/// The stop of an operation that any conflict stops; none where there is none.
pub(super) fn conflict<O: Described>(operation: &str, items: &[Item<O>]) -> Option<Stop> {
    let blocked: Vec<String> = items
        .iter()
        .filter(|i| i.decision == Decision::Blocked)
        .map(|i| {
            format!(
                "{} {} ({})",
                i.object.kind(),
                i.object.title(),
                findings(i).join(", ")
            )
        })
        .collect();
    (!blocked.is_empty()).then(|| Stop {
        status: Status::Blocked,
        failure: Failure::new(
            FailureClass::Database,
            "EXISTING_CONFLICT",
            blocked.join("; "),
        )
        .with_hint(format!(
            "`birth plan {operation}` shows each conflict with its reasons"
        )),
    })
}

/// The codes that block an object, each once where they follow each other.
pub(super) fn findings<O>(item: &Item<O>) -> Vec<&str> {
    let findings = item
        .reasons
        .iter()
        .filter(|r| r.severity == Severity::Finding);
    let mut codes: Vec<&str> = findings.map(|r| r.code.as_str()).collect();
    codes.dedup();
    codes
}

/// The role could not carry it out, or could not take it back.
pub(super) fn missing_rights(missing: &[String]) -> Failure {
    Failure::new(
        FailureClass::Privilege,
        "MISSING_RIGHTS",
        format!("the role {}", some(missing)),
    )
    .with_hint("connect as a role that owns the tables, or grant what is missing")
}

/// A list for people: its first items.
pub(super) fn some(items: &[String]) -> String {
    const SHOWN: usize = 20;
    let shown = items
        .iter()
        .take(SHOWN)
        .cloned()
        .collect::<Vec<_>>()
        .join("; ");
    match items.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}
