//! Evidence that rows only say what belongs together.

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
    if shape.key == Key::References {
        tally.number(Reason::KeyIsReferences, shape.references);
    } else if shape.unique_references >= 2 {
        tally.number(Reason::ReferencesAreUnique, shape.unique_references);
    }
    let thing = subject
        .thing()
        .or_else(|| subject.key_value())
        .or_else(|| subject.translated());
    let contents = subject.contents();
    let is_bare = thing.is_none() && contents == 0 && subject.details() <= MOST_DETAILS;
    if is_bare && shape.references <= MOST_SIDES {
        tally.number(Reason::OnlyReferences, shape.references);
    }
    tally.name(Reason::LinkIsThing, thing);
    tally.each(Reason::LinkHoldsContent, contents, 4);
    if subject.named_sides() >= 2 {
        tally.name(Reason::NamesItsSides, subject.name);
    }
    if subject.is_named(Hint::Junction) {
        tally.name(Reason::NamedJunction, subject.name);
    }
    let is_event =
        subject.is_named(Hint::Log) || shape.has(Part::Action) || shape.has(Part::Occurred);
    if is_event && !subject.is_told_apart_by_references() {
        tally.name(Reason::LinkRepeats, subject.event_time());
    }
    tally.name(Reason::LinkIsComputed, shape.example(Part::Computed));
}
