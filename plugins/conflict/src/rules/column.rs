//! Proposed columns.

use birth_sdk::Reasons;
use birth_sdk::conflict::{Column, LiveColumn, LiveType, Status, WantedType};

use super::{Reason, Settings, check_relation, unless_blocked};

/// B3-P, phase 1: absent, or there with a compatible type, or blocked.
pub(super) fn judge(
    settings: &Settings,
    column: Column<'_>,
    reasons: &mut Reasons<'_, Reason>,
) -> Status {
    check_relation(column.relation(), reasons);
    if column.is_held_by_system_column() {
        reasons.give(Reason::SystemColumn);
    }
    let Some(live) = column.live() else {
        return unless_blocked(reasons, Status::Absent);
    };
    check_type(settings, column, live, reasons);
    check_writable(live, reasons);
    check_collation(column, live, reasons);
    warn_of_surprises(live, reasons);
    unless_blocked(reasons, Status::AlreadyExistsOk)
}

fn check_type(
    settings: &Settings,
    column: Column<'_>,
    live: LiveColumn<'_>,
    reasons: &mut Reasons<'_, Reason>,
) {
    match (column.wanted(), live.live_type()) {
        (WantedType::Text, LiveType::Text)
        | (WantedType::TimestampWithTimeZone, LiveType::TimestampWithTimeZone) => {}
        (WantedType::Text, LiveType::Varchar) => check_varchar(settings, column, live, reasons),
        _ => {
            let type_name = live.type_name();
            reasons.give(Reason::TypeDiffers).optional_text(type_name);
        }
    }
}

fn check_varchar(
    settings: &Settings,
    column: Column<'_>,
    live: LiveColumn<'_>,
    reasons: &mut Reasons<'_, Reason>,
) {
    reasons
        .give(Reason::Varchar)
        .optional_text(live.type_name());
    if !settings.accept_varchar {
        reasons.give(Reason::NotAcceptedBySettings);
    }
    let needed = column
        .longest_value()
        .unwrap_or(settings.shortest_free_text);
    if let Some(limit) = live.max_length().filter(|&limit| limit < needed) {
        reasons.give(Reason::TooShort).number(limit.into());
    }
}

/// The decisions of people are written into these columns.
fn check_writable(live: LiveColumn<'_>, reasons: &mut Reasons<'_, Reason>) {
    if live.is_generated() {
        reasons.give(Reason::Generated);
    }
    if live.is_identity() {
        reasons.give(Reason::Identity);
    }
}

/// A check compares by the column's collation: under one that takes different
/// texts for equal, `IN ('A')` lets `'a'` pass.
fn check_collation(column: Column<'_>, live: LiveColumn<'_>, reasons: &mut Reasons<'_, Reason>) {
    if live.has_nondeterministic_collation() && column.longest_value().is_some() {
        reasons.give(Reason::Collation);
    }
}

/// What does not change the verdict, but may surprise. An inherited column is
/// no conflict: it does what the proposed one would do, and nothing is created
/// that a rollback would have to drop.
fn warn_of_surprises(live: LiveColumn<'_>, reasons: &mut Reasons<'_, Reason>) {
    if live.is_not_null() && !live.has_default() {
        reasons.give(Reason::NotNull);
    }
    if live.is_inherited() {
        reasons.give(Reason::Inherited);
    }
}
