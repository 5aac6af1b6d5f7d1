//! Evidence that rows record what happened and are never changed.

use birth_sdk::Text;
use birth_sdk::TriggerEnabled;
use birth_sdk::classification::Magnitude;

use super::super::part::Part;
use super::super::reason::Reason;
use super::super::table::Hint;
use super::super::tally::Tally;
use super::Subject;

/// Inserts this many powers of two above changes: sixteen times as many.
const FAR: u32 = 4;
/// Fewer inserts say nothing.
const ENOUGH: u64 = 1000;

pub(super) fn weigh<'a>(subject: Subject<'a, '_>, tally: &mut Tally<'a, '_>) {
    let shape = subject.shape;
    tally.name(Reason::ForbidsUpdate, forbidding_trigger(subject));
    let Some(time) = subject.event_time() else {
        return;
    };
    weigh_statistics(subject, tally);
    let changes = shape.first_of(&[Part::Updated, Part::Retired]);
    let is_planned = subject.has(Part::Planned);
    if changes.is_none() && !is_planned {
        tally.name(Reason::SaysWhenOnly, Some(time));
    }
    tally.name(Reason::TimeOfEvent, shape.example(Part::Occurred));
    weigh_record(subject, tally);
    if shape.has_brin {
        tally.plain(Reason::InOrderOfTime);
    }
    if subject.is_partitioned() {
        tally.name(Reason::PartitionedByTime, Some(time));
    }
    let referring = subject.table.referenced_by();
    if referring > 0 {
        tally.number(Reason::LogIsReferredTo, referring as usize);
    } else if shape.business_key.is_none() && shape.unique_references == 0 {
        tally.plain(Reason::NothingToFindBy);
    }
    if subject.words.hints_at(Hint::Log) {
        tally.name(Reason::NamedLog, subject.name);
    }
    tally.name(Reason::LogChanges, changes);
}

/// What a record tells of what happened.
fn weigh_record<'a>(subject: Subject<'a, '_>, tally: &mut Tally<'a, '_>) {
    let shape = subject.shape;
    let action = shape.example(Part::Action);
    tally.name(Reason::RecordsAction, action);
    if action.is_some() {
        tally.name(
            Reason::RecordsActor,
            shape.first_of(&[Part::Actor, Part::Author, Part::Reference]),
        );
    }
    tally.name(Reason::RecordsTrace, shape.example(Part::Trace));
    tally.name(Reason::RecordsChange, shape.example(Part::Change));
    tally.name(Reason::RecordsOutcome, shape.example(Part::Outcome));
    if shape.number(Part::Ran) >= 2 {
        tally.name(Reason::RecordsRun, shape.example(Part::Ran));
    }
    tally.name(Reason::RecordsPayload, shape.example(Part::Payload));
    let measured = shape.sum(&[Part::Number, Part::Value, Part::Counter]);
    let is_plain = !shape.has(Part::Name) && !shape.has(Part::Prose) && !shape.unique_by_day;
    if measured > 0 && is_plain && shape.has(Part::Occurred) {
        tally.number(Reason::IsSeries, measured);
    }
}

/// A trigger before or after change whose name or function says that there
/// shall be none.
fn forbidding_trigger<'a>(subject: Subject<'a, '_>) -> Option<Text<'a>> {
    let forbids = |text: &str| FORBIDDING.iter().any(|word| text.contains(word));
    let mut triggers = subject.table.triggers();
    let found = triggers.find(|trigger| {
        let on = trigger.trigger_type();
        trigger.enabled() != TriggerEnabled::Disabled
            && (on.on_update() || on.on_delete())
            && !on.on_insert()
            && (forbids(trigger.name().as_str()) || forbids(trigger.function().as_str()))
    });
    found.map(|trigger| trigger.name())
}

const FORBIDDING: [&str; 14] = [
    "forbid",
    "prevent",
    "immutable",
    "append_only",
    "appendonly",
    "no_update",
    "no_delete",
    "readonly",
    "read_only",
    "reject",
    "deny",
    "block_",
    "disallow",
    "worm",
];

fn weigh_statistics<'a>(subject: Subject<'a, '_>, tally: &mut Tally<'a, '_>) {
    let table = subject.table;
    let (Some(inserts), Some(updates), Some(deletes)) =
        (table.inserts(), table.updates(), table.deletes())
    else {
        return;
    };
    if inserts < Magnitude::of(ENOUGH) {
        return;
    }
    if order(updates.max(deletes)) + FAR <= order(inserts) {
        tally.plain(Reason::IsAppendedTo);
    } else if updates >= inserts {
        tally.plain(Reason::LogIsRewritten);
    }
}

/// The power of two that a magnitude stands for.
fn order(magnitude: Magnitude) -> u32 {
    let reached = |power: &u32| Magnitude::of(1 << power) >= magnitude;
    (0..u64::BITS).find(reached).unwrap_or(u64::BITS)
}
