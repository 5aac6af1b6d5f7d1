//! Proposed checks: "this column is one of these values".

use birth_sdk::conflict::{Check, Form, LiveConstraint, Status};
use birth_sdk::{Reasons, Text};

use super::{Reason, Settings, check_relation, unless_blocked};

/// B3-P, phase 1: absent, or there with the same values, or blocked.
pub(super) fn judge(
    settings: &Settings,
    check: Check<'_>,
    reasons: &mut Reasons<'_, Reason>,
) -> Status {
    check_relation(check.relation(), reasons);
    let mut status = Status::Absent;
    for holder in check.live().filter(|live| live.holds_name()) {
        status = Status::AlreadyExistsOk;
        check_holder(settings, check, holder, reasons);
    }
    if status == Status::Absent {
        check_rows(check, reasons);
    }
    for neighbour in check.live().filter(|live| !live.holds_name()) {
        check_neighbour(settings, check, neighbour, status, reasons);
    }
    unless_blocked(reasons, status)
}

/// The live constraint that holds the proposed name must do what the proposed
/// check would do.
fn check_holder(
    settings: &Settings,
    check: Check<'_>,
    live: LiveConstraint<'_>,
    reasons: &mut Reasons<'_, Reason>,
) {
    let definition = live.definition();
    if live.form() == Form::NotACheck {
        reasons
            .give(Reason::NameHeldByOther)
            .optional_text(definition);
        return;
    }
    if !live.is_on_column_alone() {
        reasons
            .give(Reason::NameHeldElsewhere)
            .optional_text(definition);
        return;
    }
    match live.form() {
        Form::Values => compare_values(check, live, reasons),
        Form::RejectsNothing => {
            reasons
                .give(Reason::RejectsNothing)
                .optional_text(definition);
        }
        Form::Unproved | Form::NotACheck => {
            reasons.give(Reason::Unproved).optional_text(definition);
        }
    }
    if live.rejects_null() {
        reasons.give(Reason::RejectsNull);
    }
    if live.is_not_inherited_by_children() {
        reasons.give(Reason::NoInherit);
    }
    if !live.is_enforced() {
        // PostgreSQL keeps such a check as not validated too; one reason is
        // enough.
        reasons.give(Reason::NotEnforced);
    } else if !live.is_validated() {
        report_not_validated(settings, check, reasons);
    }
}

/// Order and repetition do not matter: what is compared are sets.
fn compare_values(check: Check<'_>, live: LiveConstraint<'_>, reasons: &mut Reasons<'_, Reason>) {
    let missing = Values::of(live.values()).lacks(check.values());
    let extra = Values::of(check.values()).lacks(live.values());
    if missing.is_empty() && extra.is_empty() {
        return;
    }
    let definition = live.definition();
    reasons.give(Reason::ValuesDiffer).optional_text(definition);
    for value in missing {
        reasons.give(Reason::ValueMissing).text(value);
    }
    for value in extra {
        reasons.give(Reason::ValueExtra).text(value);
    }
}

/// New rows are checked, those from before were not. B3-P asks for the same
/// allowed values only, so this is reported and not refused by default.
fn report_not_validated(settings: &Settings, check: Check<'_>, reasons: &mut Reasons<'_, Reason>) {
    reasons.give(Reason::NotValidated);
    if !settings.accept_not_validated {
        reasons.give(Reason::NotAcceptedBySettings);
    }
    match check.rows_outside() {
        Some(0) => {}
        Some(rows) => give_rows(Reason::RowsOutsideRemain, rows, check, reasons),
        None => {
            reasons.give(Reason::RowsUnknown);
        }
    }
}

/// `ADD CONSTRAINT … CHECK` scans the table and fails on the first such row.
fn check_rows(check: Check<'_>, reasons: &mut Reasons<'_, Reason>) {
    match check.rows_outside() {
        Some(0) => {}
        Some(rows) => give_rows(Reason::RowsOutside, rows, check, reasons),
        None => {
            reasons.give(Reason::RowsUnknown);
        }
    }
}

fn give_rows(reason: Reason, rows: u64, check: Check<'_>, reasons: &mut Reasons<'_, Reason>) {
    let rows = i64::try_from(rows).unwrap_or(i64::MAX);
    let example = check.value_outside();
    reasons.give(reason).number(rows).optional_text(example);
}

/// Another constraint that has a say on the column. `status` is what the check
/// is if nothing blocks it.
fn check_neighbour(
    settings: &Settings,
    check: Check<'_>,
    live: LiveConstraint<'_>,
    status: Status,
    reasons: &mut Reasons<'_, Reason>,
) {
    if !live.is_enforced() || live.form() == Form::RejectsNothing {
        return;
    }
    if live.rejects_null() {
        reasons.give(Reason::NeighbourRejectsNull).text(live.name());
    }
    if live.form() == Form::Values && live.is_on_column_alone() {
        compare_neighbour(check, live, status, reasons);
    } else if !is_not_null_constraint(live) {
        reasons.give(Reason::NeighbourUnproved).text(live.name());
        if !settings.accept_unproved_neighbours {
            reasons.give(Reason::NotAcceptedBySettings);
        }
    }
}

/// Since PostgreSQL 18 `NOT NULL` is a constraint with a name. It refuses NULL
/// and nothing else, which has been reported.
fn is_not_null_constraint(live: LiveConstraint<'_>) -> bool {
    live.form() == Form::NotACheck && live.rejects_null()
}

/// A proposed check that would allow what a neighbour refuses is not created.
/// Where it exists, B3-P says that it is all right: the neighbour is reported.
fn compare_neighbour(
    check: Check<'_>,
    live: LiveConstraint<'_>,
    status: Status,
    reasons: &mut Reasons<'_, Reason>,
) {
    let refused = Values::of(live.values()).lacks(check.values());
    if refused.is_empty() {
        let allows_more = !Values::of(check.values()).lacks(live.values()).is_empty();
        if !allows_more && !live.rejects_null() {
            reasons.give(Reason::EqualUnderOtherName).text(live.name());
        }
        return;
    }
    if status == Status::AlreadyExistsOk {
        let count = i64::try_from(refused.len()).unwrap_or(i64::MAX);
        let narrowed = reasons.give(Reason::ExistingIsNarrowed);
        narrowed.text(live.name()).number(count);
        return;
    }
    reasons.give(Reason::NeighbourRefuses).text(live.name());
    for value in refused {
        reasons.give(Reason::NeighbourRefusesValue).text(value);
    }
}

/// A set of values. Lists of allowed values are short, so looking through one
/// costs less than building an index of it.
struct Values<'a>(Vec<Text<'a>>);

impl<'a> Values<'a> {
    fn of(values: impl Iterator<Item = Text<'a>>) -> Self {
        Self(values.collect())
    }

    /// Those of `wanted` that are not in the set, each once, in their order.
    fn lacks<'b>(&self, wanted: impl Iterator<Item = Text<'b>>) -> Vec<Text<'b>> {
        let mut lacking: Vec<Text<'b>> = Vec::new();
        for value in wanted {
            let known = self.0.iter().any(|held| held.as_str() == value.as_str());
            if !known && !lacking.contains(&value) {
                lacking.push(value);
            }
        }
        lacking
    }
}
