//! Evidence that rows are things or content.

use super::super::part::Part;
use super::super::reason::Reason;
use super::super::shape::{Key, Side};
use super::super::table::Hint;
use super::super::tally::Tally;
use super::{Subject, junction, log};

pub(super) fn weigh<'a>(subject: Subject<'a, '_>, tally: &mut Tally<'a, '_>) {
    let shape = subject.shape;
    let is_record = log::is_record(subject);
    let is_link = junction::is_called_a_link(subject) && subject.is_told_apart_by_references();
    let is_event = is_record && shape.has(Part::Occurred);
    let names_something_else = is_event || is_link || subject.names_a_copy();
    if !names_something_else {
        tally.name(Reason::RowIsNamed, shape.example(Part::Name));
    }
    tally.name(Reason::HoldsProse, subject.prose());
    tally.name(Reason::HoldsAmount, shape.example(Part::Amount));
    tally.each(Reason::HoldsContent, contents(subject), 4);
    tally.name(Reason::HoldsKeyAndValue, subject.key_value());
    tally.name(Reason::HoldsTranslation, subject.translated());
    if !subject.is_told_apart_by_references() {
        match shape.key {
            Key::Own if is_more_than_a_link(subject) => tally.plain(Reason::HasOwnIdentity),
            Key::Mixed => tally.plain(Reason::HasOwnIdentity),
            Key::Reference => tally.plain(Reason::Extends),
            Key::Own | Key::None | Key::References => {}
        }
        if is_more_than_a_link(subject) {
            tally.name(Reason::RowChanges, shape.example(Part::Updated));
        }
    }
    if !names_something_else && (subject.has(Part::Name) || subject.prose().is_some()) {
        tally.name(Reason::HasBusinessKey, shape.business_key);
    }
    let referring = subject.table.referenced_by();
    if referring > 0 {
        tally.number(Reason::IsReferredTo, referring as usize);
    }
    let life = shape.first_of(&[Part::Planned, Part::Status, Part::Retired]);
    tally.name(Reason::HasLife, life);
    if subject.is_named(Hint::Required) && !is_named_after_a_side(subject) {
        tally.name(Reason::NamedRequired, subject.name);
    }
    if is_record {
        let is_changed = shape.has(Part::Updated) && !shape.has(Part::Created);
        let is_written_once = subject.words.is_certain_log && !is_changed;
        tally.each(Reason::TellsOfEvent, if is_written_once { 2 } else { 1 }, 2);
    }
    if subject.is_copy {
        tally.name(Reason::CanBeMadeAgain, subject.name);
    }
}

/// An identifier beside two references and nothing else tells nothing apart.
fn is_more_than_a_link(subject: Subject<'_, '_>) -> bool {
    let is_bare = subject.shape.references >= 2 && junction::is_bare(subject);
    !is_bare && !junction::is_called_a_link(subject)
}

/// A document says nothing where it is all there is.
fn contents(subject: Subject<'_, '_>) -> usize {
    let shape = subject.shape;
    let all = subject.contents() + subject.details();
    let is_a_lump = shape.has(Part::Payload) && all <= shape.number(Part::Payload) + 1;
    match is_a_lump && shape.references == 0 {
        true => 0,
        false => all,
    }
}

/// `ai_tags` of an image and a tag are no tags.
fn is_named_after_a_side(subject: Subject<'_, '_>) -> bool {
    let shape = subject.shape;
    let compared = shape.references.min(shape.sides.len());
    let head = subject.words.head;
    let is_head = |side: &Side| [side.first, side.last, side.table].contains(&head);
    subject.named_sides() >= 2 || compared >= 2 && shape.sides[..compared].iter().any(is_head)
}
