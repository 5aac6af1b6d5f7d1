//! Whether the live registry is what a plan says it must be.

use std::collections::BTreeSet;

use super::facts::{LiveColumn, LiveConstraint, StorageFacts};
use super::plan::{Proposed, StoragePlan};
use super::{COLUMNS, PolicyColumn};
use crate::catalog::check::CheckMeaning;
use crate::facts::conflict::{LiveType, WantedType};
use crate::op::{Decision, Described as _};

/// Whether a live column can hold what the policy stores in it.
#[must_use]
pub fn column_fits(live: &LiveColumn, wanted: &PolicyColumn) -> bool {
    let type_fits = match (wanted.wanted, live.live_type()) {
        (WantedType::Text, LiveType::Text) => true,
        (WantedType::Text, LiveType::Varchar) => live
            .max_length
            .is_none_or(|max| max >= wanted.longest_value()),
        (WantedType::Timestamptz, LiveType::Timestamptz) => true,
        _ => false,
    };
    type_fits && !live.generated && !live.identity && live.attnum > 0
}

/// Whether a live constraint allows exactly the policy's values on its column.
#[must_use]
pub fn check_allows(live: &LiveConstraint, wanted: &PolicyColumn) -> bool {
    let allowed: BTreeSet<String> = wanted.values.iter().map(|v| (*v).to_owned()).collect();
    match live.meaning(wanted.name) {
        Some(CheckMeaning::OneOf {
            values,
            rejects_null,
        }) => values == allowed && !rejects_null && live.enforced,
        _ => false,
    }
}

/// Compares the registry after execution with the plan and with the facts the
/// plan was made from. Every difference is one sentence; none means verified.
#[must_use]
pub fn verify(plan: &StoragePlan, before: &StorageFacts, after: &StorageFacts) -> Vec<String> {
    let mut faults = Vec::new();
    if before.registry != after.registry {
        faults.push(format!(
            "the registry {} is now {}",
            before.registry.name, after.registry.name
        ));
    }
    for item in &plan.items {
        faults.extend(verify_item(&item.object, item.decision, after));
    }
    for column in &before.columns {
        if after.column(&column.name) != Some(column) {
            faults.push(format!("column {} changed or is gone", column.name));
        }
    }
    for constraint in &before.constraints {
        if after.constraint(&constraint.name) != Some(constraint) {
            faults.push(format!("constraint {} changed or is gone", constraint.name));
        }
    }
    let added = |kind| plan.count(kind, Decision::Absent);
    let expected = [
        (
            "columns",
            before.columns.len() + added("column"),
            after.columns.len(),
        ),
        (
            "constraints",
            before.constraints.len() + added("check"),
            after.constraints.len(),
        ),
    ];
    for (what, expected, found) in expected {
        if expected != found {
            faults.push(format!(
                "the registry should have {expected} {what} and has {found}"
            ));
        }
    }
    faults
}

/// Whether the registry has the whole of policy storage, whoever put it there.
#[must_use]
pub fn is_ready(plan: &StoragePlan) -> bool {
    plan.items.iter().all(|i| i.decision == Decision::Exists)
}

fn verify_item(object: &Proposed, decision: Decision, after: &StorageFacts) -> Option<String> {
    let (kind, name) = (object.kind(), object.name());
    let column_name = match object {
        Proposed::Column { name } => name,
        Proposed::Check { column, .. } => column,
    };
    let wanted = COLUMNS.iter().find(|c| c.name == column_name.as_str())?;
    let (there, right) = match object {
        Proposed::Column { .. } => {
            let live = after.column(name.as_str());
            let exact = live.is_some_and(|l| match decision {
                // What we added has the very type we asked for.
                Decision::Absent => matches!(
                    (wanted.wanted, l.live_type()),
                    (WantedType::Text, LiveType::Text)
                        | (WantedType::Timestamptz, LiveType::Timestamptz)
                ),
                Decision::Exists | Decision::Blocked => true,
            });
            (
                live.is_some(),
                exact && live.is_some_and(|l| column_fits(l, wanted)),
            )
        }
        Proposed::Check { .. } => {
            let live = after.constraint(name.as_str());
            let validated = live.is_some_and(|l| l.validated || decision != Decision::Absent);
            (
                live.is_some(),
                validated && live.is_some_and(|l| check_allows(l, wanted) && !l.leaves_out_rows),
            )
        }
    };
    match (there, right) {
        (_, true) => None,
        (true, false) => Some(format!("{kind} {name} is not as planned")),
        (false, _) => Some(format!("{kind} {name} is not there")),
    }
}
