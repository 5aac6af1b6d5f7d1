//! Proposed birth triggers: `AFTER INSERT … FOR EACH ROW`, bound to one
//! function.
//!
//! The source is B3-A, phase 3, and the B3 design, revision 3, section 5. A
//! *birth trigger* is one that holds the proposed name or is bound to the
//! wanted function, by OID and not by name: other triggers of the relation are
//! nobody's concern here. B3-A's masks for timing and level are not those of
//! PostgreSQL; [`TriggerType`] follows `catalog/pg_trigger.h` (ROW 1, BEFORE 2,
//! INSERT 4, DELETE 8, UPDATE 16, TRUNCATE 32, INSTEAD OF 64).
//!
//! Nothing that is there is ever changed: a trigger that is not right is for a
//! person to look at.

use birth_sdk::conflict::{LiveTrigger, Status, Trigger};
use birth_sdk::{Reasons, RelationKind, TriggerEnabled, TriggerType};

use super::{Reason, Settings, check_relation, give_accepted, unless_blocked};

/// B3-A, phase 3: absent, or there and doing the same, or blocked.
pub(super) fn judge(
    settings: &Settings,
    trigger: Trigger<'_>,
    reasons: &mut Reasons<'_, Reason>,
) -> Status {
    check_relation(trigger.relation(), reasons);
    check_wanted_type(trigger, reasons);
    if reasons.has_finding() {
        // On a partition all that is there may be clones of the parent's
        // trigger, and a live trigger cannot be held against a wanted one that
        // these rules do not know.
        return Status::Blocked;
    }
    check_name(trigger, reasons);
    let bound: Vec<LiveTrigger<'_>> = trigger.live().filter(|&live| is_bound(live)).collect();
    check_bound(settings, trigger, &bound, reasons);
    for &live in &bound {
        check_shape(settings, live, reasons);
        check_enabled(settings, live, reasons);
    }
    if !reasons.has_finding() {
        check_row_moves(settings, trigger, reasons);
    }
    if bound.is_empty() {
        return unless_blocked(reasons, Status::Absent);
    }
    unless_blocked(reasons, Status::AlreadyExistsOk)
}

/// Someone made it to call the wanted function. Internal triggers are made by
/// PostgreSQL for its constraints and call functions of its own.
fn is_bound(live: LiveTrigger<'_>) -> bool {
    live.traits().is_bound_to_function() && !live.traits().is_internal()
}

/// A policy must never approve what it does not understand.
fn check_wanted_type(trigger: Trigger<'_>, reasons: &mut Reasons<'_, Reason>) {
    let wanted = trigger.wanted_type();
    if wanted != TriggerType::AFTER_INSERT_ROW {
        let number = i64::from(wanted.0);
        reasons.give(Reason::WantedTypeNotSupported).number(number);
    }
}

/// A relation has each trigger name once, whoever made the trigger: an internal
/// one that was renamed makes `CREATE TRIGGER` fail as well.
fn check_name(trigger: Trigger<'_>, reasons: &mut Reasons<'_, Reason>) {
    for live in trigger.live() {
        if live.traits().holds_name() && !is_bound(live) {
            reasons.give(Reason::TriggerNameHeld).text(live.function());
        }
    }
}

/// One trigger serves under any name. Two would call the function twice for one
/// row, whatever holds for each of them today: a disabled one can be enabled.
fn check_bound(
    settings: &Settings,
    trigger: Trigger<'_>,
    bound: &[LiveTrigger<'_>],
    reasons: &mut Reasons<'_, Reason>,
) {
    match bound {
        [] => {}
        [only] if only.traits().holds_name() => {}
        [only] => {
            let accepted = settings.accept_other_trigger_name;
            give_accepted(
                accepted,
                Reason::TriggerUnderOtherName,
                only.name(),
                reasons,
            );
        }
        _ => {
            let count = i64::try_from(bound.len()).unwrap_or(i64::MAX);
            let twice = reasons.give(Reason::BoundTwice);
            twice.text(trigger.function()).number(count);
            for live in bound {
                reasons.give(Reason::BoundTwiceTrigger).text(live.name());
            }
        }
    }
}

/// `AFTER INSERT … FOR EACH ROW EXECUTE FUNCTION f()` and nothing more: every
/// deviation is a reason of its own. PostgreSQL does not make every combination
/// of bits; each is judged by itself all the same.
fn check_shape(settings: &Settings, live: LiveTrigger<'_>, reasons: &mut Reasons<'_, Reason>) {
    let shape = live.trigger_type();
    let traits = live.traits();
    let deviations = [
        (shape.is_before(), Reason::TriggerBefore),
        (shape.is_instead_of(), Reason::TriggerInsteadOf),
        (!shape.is_row(), Reason::TriggerPerStatement),
        (!shape.on_insert(), Reason::TriggerNotOnInsert),
        (shape.on_update(), Reason::TriggerOnUpdate),
        (shape.on_delete(), Reason::TriggerOnDelete),
        (shape.on_truncate(), Reason::TriggerOnTruncate),
        (traits.has_when(), Reason::TriggerHasWhen),
        (traits.has_arguments(), Reason::TriggerHasArguments),
        (traits.has_column_list(), Reason::TriggerHasColumnList),
        (
            traits.has_transition_tables(),
            Reason::TriggerHasTransitionTables,
        ),
        (traits.is_clone(), Reason::TriggerIsClone),
    ];
    for (_, reason) in deviations.into_iter().filter(|(deviates, _)| *deviates) {
        reasons.give(reason).text(live.name());
    }
    if traits.is_constraint_trigger() {
        let accepted = settings.accept_constraint_trigger;
        give_accepted(accepted, Reason::TriggerIsConstraint, live.name(), reasons);
    }
}

/// `ALTER TABLE … ENABLE | DISABLE TRIGGER`; `session_replication_role` says
/// which of them a session fires.
fn check_enabled(settings: &Settings, live: LiveTrigger<'_>, reasons: &mut Reasons<'_, Reason>) {
    match live.enabled() {
        TriggerEnabled::Origin => {}
        TriggerEnabled::Disabled => {
            reasons.give(Reason::TriggerDisabled).text(live.name());
        }
        TriggerEnabled::Replica => {
            reasons.give(Reason::TriggerReplicaOnly).text(live.name());
        }
        TriggerEnabled::Always => {
            let accepted = settings.accept_always_enabled;
            give_accepted(accepted, Reason::TriggerAlways, live.name(), reasons);
        }
    }
}

/// The trigger of a partitioned table is cloned to its partitions. An `UPDATE`
/// that moves a row to another partition deletes it here and inserts it there.
fn check_row_moves(settings: &Settings, trigger: Trigger<'_>, reasons: &mut Reasons<'_, Reason>) {
    let relation = trigger.relation();
    if relation.kind() == RelationKind::PartitionedTable {
        let accepted = settings.accept_row_moves;
        give_accepted(accepted, Reason::RowMoves, relation.name(), reasons);
    }
}
