//! Evidence that rows record what happened and are never changed.

use birth_sdk::{Text, TriggerEnabled};

use super::super::part::Part;
use super::super::reason::Reason;
use super::super::shape::Key;
use super::super::table::Hint;
use super::super::tally::Tally;
use super::Subject;

/// Inserts this many powers of two above changes: thirty-two times as many.
const FAR: u32 = 5;

/// Whether what the row holds is told of an event, so that texts and numbers
/// are no content of its own.
pub(super) fn is_record(subject: Subject<'_, '_>) -> bool {
    let shape = subject.shape;
    // Mappers copy the row beside the number of a revision that has the time.
    let is_copied_at_save = subject.words.is_certain_log && shape.has(Part::Action);
    if subject.event_time().is_none() && !is_copied_at_save || subject.is_planned() {
        return false;
    }
    // Frameworks add the pair of created and updated to every table.
    let is_changed = shape.has(Part::Updated) && !shape.has(Part::Created);
    let lasts = is_changed || shape.has(Part::Status) || shape.has(Part::Retired);
    let may_be_planned = subject.words.may_be_planned && subject.prose().is_some();
    let may_last = (lasts || may_be_planned) && !shape.has(Part::Occurred);
    let is_thing = subject.thing().is_some() && subject.signs() == 0 && may_last;
    if subject.is_named(Hint::Log) && (subject.words.is_certain_log || !is_thing) {
        return true;
    }
    if subject.has(Part::Expiry) {
        return false;
    }
    let is_kept = forbidding_trigger(subject).is_some()
        || shape.has_brin
        || is_appended(subject) && subject.thing().is_none();
    let says_kind = kind(subject).is_some() && subject.prose().is_none();
    let signs = subject.signs()
        + usize::from(shape.has(Part::Occurred))
        + usize::from(says_kind && shape.has(Part::Occurred));
    let is_moved_on = is_changed || shape.has(Part::Updated) && shape.has(Part::Status);
    let is_told = signs >= 2 && !is_moved_on && !shape.has(Part::Amount);
    is_kept || is_told
}

pub(super) fn weigh<'a>(subject: Subject<'a, '_>, tally: &mut Tally<'a, '_>) {
    let shape = subject.shape;
    tally.name(Reason::ForbidsUpdate, forbidding_trigger(subject));
    let time = subject.event_time();
    if time.is_none() && !shape.has_brin && !shape.has(Part::Change) && !is_record(subject) {
        return;
    }
    weigh_statistics(subject, tally);
    weigh_times(subject, time, tally);
    weigh_record(subject, tally);
    if shape.has_brin {
        tally.plain(Reason::InOrderOfTime);
    }
    let referring = subject.table.referenced_by();
    if referring > 0 {
        tally.number(Reason::LogIsReferredTo, referring as usize);
    } else if shape.business_key.is_none() && shape.unique_references == 0 {
        tally.plain(Reason::NothingToFindBy);
    }
    if let Some(name) = subject.name.filter(|_| subject.is_named(Hint::Log)) {
        let is_certain = subject.words.is_certain_log && is_record(subject);
        tally.name_each(Reason::NamedLog, name, if is_certain { 2 } else { 1 });
    } else if subject.words.hints_weakly_at(Hint::Log) {
        tally.name(Reason::NamedLogInPart, subject.name);
    }
}

fn weigh_times<'a>(subject: Subject<'a, '_>, time: Option<Text<'a>>, tally: &mut Tally<'a, '_>) {
    let shape = subject.shape;
    let dated = [
        Part::Created,
        Part::Occurred,
        Part::Ran,
        Part::Time,
        Part::Done,
    ];
    let is_event = subject.words.is_certain_log && shape.first_of(&dated).is_none();
    let updated = shape.example(Part::Updated).filter(|_| !is_event);
    let retired = shape.example(Part::Retired);
    let lasts = subject.is_planned() || subject.has(Part::Expiry) || shape.unique_by_day;
    if updated.or(retired).is_none() && !lasts {
        tally.name(Reason::SaysWhenOnly, time);
    }
    if !shape.unique_by_day {
        tally.name(Reason::TimeOfEvent, shape.example(Part::Occurred));
    }
    if shape.is_indexed_by_time {
        tally.plain(Reason::IndexedByTime);
    }
    if is_fact(subject) && !subject.is_copy {
        tally.plain(Reason::WrittenOnce);
    }
    if subject.is_copy {
        tally.name(Reason::LogIsCopy, subject.name);
    }
    if subject.is_partitioned() {
        tally.name(Reason::PartitionedByTime, time);
    }
    if shape.has(Part::Created) {
        tally.name(Reason::ChangesLikeAll, updated);
        tally.name(Reason::LogChanges, retired);
    } else {
        tally.name(Reason::LogChanges, updated.or(retired));
    }
}

/// References at a time, beside something, and nothing that has a name, a
/// state, an end or a change.
fn is_fact(subject: Subject<'_, '_>) -> bool {
    let shape = subject.shape;
    let lasting = [
        Part::Updated,
        Part::Status,
        Part::Planned,
        Part::Expiry,
        Part::Retired,
        Part::Key,
        Part::Token,
        Part::Locale,
        Part::SearchVector,
        Part::Recent,
        Part::Computed,
    ];
    shape.references >= 1
        && subject.contents() + subject.details() + subject.signs() >= 1
        && subject.thing().is_none()
        && subject.table.referenced_by() == 0
        && shape.business_key.is_none()
        && !subject.is_told_apart_by_references()
        && !shape.unique_by_day
        && !lasting.iter().any(|&part| shape.has(part))
}

/// What a record tells of what happened.
fn weigh_record<'a>(subject: Subject<'a, '_>, tally: &mut Tally<'a, '_>) {
    let shape = subject.shape;
    let action = shape.example(Part::Action);
    tally.name(Reason::RecordsAction, action);
    tally.name(Reason::RecordsKind, kind(subject));
    if action.is_some() {
        let actors = [Part::Actor, Part::Author, Part::Reference];
        tally.name(Reason::RecordsActor, shape.first_of(&actors));
    }
    tally.name(Reason::RecordsTrace, shape.example(Part::Trace));
    if let Some(change) = shape.example(Part::Change) {
        let is_both = shape.number(Part::Change) >= 2;
        tally.name_each(Reason::RecordsChange, change, if is_both { 2 } else { 1 });
    }
    if shape.is_move {
        tally.plain(Reason::RecordsMove);
    }
    tally.name(Reason::RecordsOutcome, shape.example(Part::Outcome));
    if shape.number(Part::Ran) >= 2 {
        tally.name(Reason::RecordsRun, shape.example(Part::Ran));
    }
    let payload = shape.first_of(&[Part::Payload, Part::Message]);
    let is_told_of = subject.signs() > 0 || shape.references > 0 || subject.is_named(Hint::Log);
    tally.name(Reason::RecordsPayload, payload.filter(|_| is_told_of));
    let measured = shape.sum(&[Part::Number, Part::Value, Part::Counter]);
    let is_plain = shape
        .natural_key
        .is_none_or(|part| part == Part::Identifier)
        && !shape.has(Part::Name)
        && !shape.has(Part::Prose)
        && !shape.has(Part::SearchVector)
        && !shape.unique_by_day;
    let is_dated = shape.key != Key::Own
        && shape.has(Part::Time)
        && !shape.has(Part::Created)
        && !shape.has(Part::Updated);
    if measured > 0 && is_plain && !subject.is_copy && (shape.has(Part::Occurred) || is_dated) {
        tally.number(Reason::IsSeries, measured);
    }
}

/// Of which kind an event was, where the row is no thing of some kind.
fn kind<'a>(subject: Subject<'a, '_>) -> Option<Text<'a>> {
    let things = [Part::Name, Part::Updated, Part::Status, Part::Action];
    let is_thing = things.iter().any(|&part| subject.has(part));
    subject.shape.example(Part::Level).filter(|_| !is_thing)
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
            && (forbids(&trigger.name()) || forbids(&trigger.function()))
    });
    found.map(|trigger| trigger.name())
}

const FORBIDDING: [&str; 15] = [
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
    "refuse",
];

fn weigh_statistics<'a>(subject: Subject<'a, '_>, tally: &mut Tally<'a, '_>) {
    // People seldom change what they wrote either.
    let is_thing =
        subject.thing().is_some() && subject.signs() == 0 && !subject.is_named(Hint::Log);
    if is_appended(subject) && !is_thing {
        tally.plain(Reason::IsAppendedTo);
    } else if subject
        .statistics()
        .is_some_and(|[inserts, updates, _]| updates >= inserts)
    {
        tally.plain(Reason::LogIsRewritten);
    }
}

/// Hardly any row was ever changed. Deletes do not count: old records are
/// purged.
fn is_appended(subject: Subject<'_, '_>) -> bool {
    subject
        .statistics()
        .is_some_and(|[inserts, updates, _]| updates + FAR <= inserts)
}
