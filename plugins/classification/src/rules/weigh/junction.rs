//! Evidence that rows only say what belongs together.

use birth_sdk::Text;

use super::super::part::Part;
use super::super::reason::Reason;
use super::super::shape::Key;
use super::super::table::Hint;
use super::super::tally::Tally;
use super::Subject;

/// References beyond this many make a fact rather than a link.
const MOST_SIDES: usize = 4;
/// Columns of unknown meaning that a link may have.
const MOST_DETAILS: usize = 2;

pub(super) fn weigh<'a>(subject: Subject<'a, '_>, tally: &mut Tally<'a, '_>) {
    let shape = subject.shape;
    if shape.references < 2 {
        return;
    }
    let is_primary = subject.table.primary_key().is_some();
    if shape.key == Key::References && is_primary {
        tally.number(Reason::KeyIsReferences, shape.unique_references);
    } else if shape.unique_references >= 2 {
        tally.number(Reason::ReferencesAreUnique, shape.unique_references);
    }
    let thing = thing(subject)
        .or_else(|| subject.key_value())
        .or_else(|| subject.translated());
    let contents = subject.contents();
    if is_bare(subject) && shape.references <= MOST_SIDES {
        tally.number(Reason::OnlyReferences, shape.references);
    }
    if thing.is_none() && shape.optional_references == 0 && shape.references <= MOST_SIDES {
        tally.number(Reason::HasTwoSides, shape.references);
    }
    tally.name(Reason::LinkIsThing, thing);
    tally.each(
        Reason::LinkHoldsContent,
        contents + shape.number(Part::Remark),
        4,
    );
    if subject.named_sides() >= 2 {
        tally.name(Reason::NamesItsSides, subject.name);
    }
    if subject.is_named(Hint::Junction) {
        tally.name(Reason::NamedJunction, subject.name);
    }
    let is_overwritten = shape.has(Part::Recent) && shape.has(Part::Updated);
    let is_event = subject.is_named(Hint::Log) && !is_overwritten
        || shape.has(Part::Action)
        || shape.has(Part::Occurred);
    if is_event && !subject.is_told_apart_by_references() {
        tally.name(Reason::LinkRepeats, subject.event_time());
    }
    tally.name(Reason::LinkIsComputed, shape.example(Part::Computed));
    let is_count = shape.has(Part::Counter) && subject.is_named(Hint::Log);
    if subject.is_copy || is_count {
        tally.name(Reason::LinkIsCopy, subject.name);
    }
}

/// A member's nickname is no thing where the table is one of members.
fn thing<'a>(subject: Subject<'a, '_>) -> Option<Text<'a>> {
    let is_of_a_link = subject.is_named(Hint::Junction) && subject.is_told_apart_by_references();
    let name = subject.shape.example(Part::Name).filter(|_| !is_of_a_link);
    name.or_else(|| subject.prose())
        .or_else(|| subject.shape.example(Part::Amount))
}

/// Whether the name says that rows are links and nothing contradicts it.
pub(super) fn is_called_a_link(subject: Subject<'_, '_>) -> bool {
    let is_named = subject.is_named(Hint::Junction) && subject.shape.references >= 2;
    let is_empty = subject.contents() == 0 && !subject.has(Part::Token);
    is_named && thing(subject).is_none() && (is_empty || subject.is_told_apart_by_references())
}

/// Whether nothing is here that a link would not have.
pub(super) fn is_bare(subject: Subject<'_, '_>) -> bool {
    let shape = subject.shape;
    let more = [
        Part::Token,
        Part::SearchVector,
        Part::Change,
        Part::Trace,
        Part::Outcome,
        Part::Lock,
        Part::Attempts,
        Part::Queue,
        Part::Computed,
        Part::Remark,
        Part::Key,
    ];
    let loose = [Part::Counter, Part::Value];
    // A place in a list may have a start and an end, a link between two rows a
    // last day.
    let is_loose = loose.iter().any(|&part| shape.has(part))
        || shape.has(Part::Planned) && !shape.has(Part::Position)
        || shape.has(Part::Expiry) && shape.optional_references > 0;
    thing(subject).is_none()
        && subject.contents() == 0
        && (subject.is_told_apart_by_references() || !is_loose)
        && shape.number(Part::Detail) <= MOST_DETAILS
        && !more.iter().any(|&part| shape.has(part))
}
