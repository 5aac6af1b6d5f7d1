//! Evidence that rows can be thrown away: they expire or are made again.

use super::super::part::Part;
use super::super::reason::Reason;
use super::super::shape::Key;
use super::super::table::Hint;
use super::super::tally::Tally;
use super::Subject;

pub(super) fn weigh<'a>(subject: Subject<'a, '_>, tally: &mut Tally<'a, '_>) {
    let shape = subject.shape;
    tally.name(Reason::Expires, shape.example(Part::Expiry));
    let is_timed = shape.times > 0 || shape.has(Part::Expiry) || shape.has(Part::Created);
    if is_timed {
        tally.name(Reason::HoldsToken, shape.example(Part::Token));
    }
    if subject.table.is_unlogged() {
        tally.plain(Reason::IsUnlogged);
    }
    weigh_copies(subject, tally);
    weigh_overwritten(subject, tally);
    if subject.words.hints_at(Hint::Cache) {
        tally.name(Reason::NamedCache, subject.name);
    }
    if shape.natural_key != Some(Part::Name) {
        tally.name(Reason::CacheHoldsThing, subject.thing());
    }
    let referring = subject.table.referenced_by();
    if referring > 0 {
        tally.number(Reason::CacheIsReferredTo, referring as usize);
    }
}

/// Copies of what is somewhere else.
fn weigh_copies<'a>(subject: Subject<'a, '_>, tally: &mut Tally<'a, '_>) {
    let shape = subject.shape;
    let is_keyed = matches!(
        shape.natural_key,
        Some(Part::Key | Part::Name | Part::Token | Part::Detail | Part::Content)
    );
    let is_timed = shape.times > 0 || shape.has(Part::Expiry);
    let blobs = shape.sum(&[Part::Payload, Part::Value]);
    if is_keyed && is_timed && blobs > 0 && shape.columns <= 6 && !shape.has(Part::Prose) {
        tally.name(
            Reason::KeyAndBlob,
            shape.first_of(&[Part::Payload, Part::Value]),
        );
    }
    if shape.columns <= 6 && subject.contents() <= 1 {
        tally.name(Reason::IsSearchIndex, shape.example(Part::SearchVector));
    }
}

/// Counters, leases and the last time of something.
fn weigh_overwritten<'a>(subject: Subject<'a, '_>, tally: &mut Tally<'a, '_>) {
    let shape = subject.shape;
    let counters = shape.number(Part::Counter);
    let is_bare =
        subject.thing().is_none() && subject.contents() <= counters / 4 && !shape.has(Part::Action);
    let is_keyed = matches!(shape.key, Key::Reference | Key::References | Key::Mixed)
        || shape.references > 0
        || shape.unique_by_time;
    if counters > 0 && is_bare && is_keyed {
        tally.number(Reason::IsAggregate, counters);
    }
    if is_bare && counters == 0 && shape.references <= 1 {
        if shape.has(Part::Lock) {
            tally.name(Reason::IsLease, shape.example(Part::Lock));
        } else if shape.columns <= 4 {
            tally.name(Reason::IsPresence, shape.example(Part::Recent));
        }
    }
}
