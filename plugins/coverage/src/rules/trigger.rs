//! Condition 4: a birth trigger with the right binding, shape and state; and
//! triggers that register births where or when they should not.
//!
//! The host lists triggers that hold the birth trigger's name or are bound to
//! the birth function, by OID. Other triggers of a table are nobody's concern
//! here. One that is right is enough, whatever else is there.
//!
//! The trigger of a partitioned table does nothing by itself: PostgreSQL clones
//! it to the partitions, and the clones fire. For a partition, the clone is its
//! trigger. For a partitioned table the host lists clones that do not fire
//! although the table's own trigger does: births of that partition are lost.

use birth_sdk::coverage::{Collection, Trigger};
use birth_sdk::{Reasons, RelationKind, TriggerEnabled};

use super::{Reason, Settings, warning_unless};

/// Whether every new row is registered.
pub(super) fn check(
    settings: &Settings,
    collection: Collection<'_>,
    reasons: &mut Reasons<'_, Reason>,
) {
    let is_right = |trigger| {
        is_own(collection, trigger)
            && is_bound(trigger)
            && faults(settings, trigger).next().is_none()
    };
    let is_lost = |trigger| !is_own(collection, trigger) && is_bound(trigger) && !fires(trigger);
    if collection.triggers().any(is_right) && !collection.triggers().any(is_lost) {
        return;
    }
    let missing = reasons.give(Reason::TriggerMissing);
    missing.text(collection.key());
    for trigger in collection.triggers() {
        if is_lost(trigger) {
            let name = trigger.name();
            reasons.give(Reason::TriggerCloneSilent).text(name);
        } else if is_own(collection, trigger) {
            give_faults(settings, trigger, reasons);
        }
    }
}

/// What calls the birth function for rows of ordinary sessions, whatever was
/// decided about the collection.
pub(super) fn check_calls(
    settings: &Settings,
    is_exempt: bool,
    collection: Collection<'_>,
    reasons: &mut Reasons<'_, Reason>,
) {
    let calls = || {
        let calls = |&trigger: &Trigger<'_>| {
            is_own(collection, trigger) && is_bound(trigger) && fires(trigger)
        };
        collection.triggers().filter(calls)
    };
    let Some(first) = calls().next() else {
        return;
    };
    if is_exempt {
        let reason = warning_unless(
            settings.refuse_trigger_on_exempt,
            Reason::WarnTriggerOnExempt,
            Reason::TriggerOnExempt,
        );
        reasons.give(reason).text(first.name());
    }
    let count = calls().count();
    if count > 1 {
        let reason = warning_unless(
            settings.refuse_double_registration,
            Reason::WarnRegisteredTwice,
            Reason::RegisteredTwice,
        );
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        reasons.give(reason).text(first.function()).number(count);
        for trigger in calls() {
            let one = reasons.give(Reason::RegisteredTwiceTrigger);
            one.text(trigger.name());
        }
    }
    let is_partitioned = collection.kind() == RelationKind::PartitionedTable;
    // An UPDATE that moves a row to another partition deletes it here and
    // inserts it there.
    if is_partitioned && calls().any(|trigger| trigger.trigger_type().on_insert()) {
        let reason = warning_unless(
            settings.refuse_row_moves,
            Reason::WarnTriggerOnPartitioned,
            Reason::TriggerOnPartitioned,
        );
        let name = collection.name().unwrap_or(collection.key());
        reasons.give(reason).text(name);
    }
}

/// Not a clone on a partition below.
fn is_own(collection: Collection<'_>, trigger: Trigger<'_>) -> bool {
    collection.kind() != RelationKind::PartitionedTable || !trigger.traits().is_clone()
}

/// Someone made it to call the birth function. Internal triggers are made by
/// PostgreSQL for its constraints and call functions of its own, but up to
/// PostgreSQL 14 clones are marked as internal too.
fn is_bound(trigger: Trigger<'_>) -> bool {
    let traits = trigger.traits();
    traits.is_bound_to_function() && (!traits.is_internal() || traits.is_clone())
}

/// For rows of ordinary sessions: `ALTER TABLE … ENABLE | DISABLE TRIGGER`.
fn fires(trigger: Trigger<'_>) -> bool {
    match trigger.enabled() {
        TriggerEnabled::Origin | TriggerEnabled::Always => true,
        TriggerEnabled::Disabled | TriggerEnabled::Replica => false,
    }
}

/// What keeps a trigger from being the birth trigger: nothing, if it is
/// `AFTER INSERT … FOR EACH ROW EXECUTE FUNCTION f()` and fires. PostgreSQL
/// does not make every combination of bits; each is judged by itself all the
/// same.
fn faults(settings: &Settings, trigger: Trigger<'_>) -> impl Iterator<Item = Reason> {
    let shape = trigger.trigger_type();
    let traits = trigger.traits();
    let enabled = trigger.enabled();
    let faults = [
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
        (
            traits.is_constraint_trigger() && !settings.accept_constraint_trigger,
            Reason::TriggerIsConstraint,
        ),
        (enabled == TriggerEnabled::Disabled, Reason::TriggerDisabled),
        (
            enabled == TriggerEnabled::Replica,
            Reason::TriggerReplicaOnly,
        ),
        (
            enabled == TriggerEnabled::Always && !settings.accept_always_enabled,
            Reason::TriggerAlways,
        ),
        (
            !traits.holds_name() && !settings.accept_other_trigger_name,
            Reason::TriggerUnderOtherName,
        ),
    ];
    let wrong = |(is_wrong, reason): (bool, Reason)| is_wrong.then_some(reason);
    faults.into_iter().filter_map(wrong)
}

fn give_faults(settings: &Settings, trigger: Trigger<'_>, reasons: &mut Reasons<'_, Reason>) {
    if is_bound(trigger) {
        for reason in faults(settings, trigger) {
            reasons.give(reason).text(trigger.name());
        }
    } else if trigger.traits().is_bound_to_function() {
        let name = trigger.name();
        reasons.give(Reason::TriggerIsInternal).text(name);
    } else if trigger.traits().holds_name() {
        let function = trigger.function();
        reasons.give(Reason::TriggerOtherFunction).text(function);
    }
}
