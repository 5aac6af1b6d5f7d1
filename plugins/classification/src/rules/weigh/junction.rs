//! Evidence that rows only say what belongs together.

use super::super::part::Part;
use super::super::reason::Reason;
use super::super::shape::Key;
use super::super::table::Hint;
use super::super::tally::Tally;
use super::Subject;

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
    if thing.is_none() && contents == 0 && shape.references <= 4 {
        tally.number(Reason::OnlyReferences, shape.references);
    }
    tally.name(Reason::LinkIsThing, thing);
    tally.each(Reason::LinkHoldsContent, contents, 4);
    if subject.named_sides() >= 2 {
        tally.name(Reason::NamesItsSides, subject.name);
    }
    if subject.words.hints_at(Hint::Junction) {
        tally.name(Reason::NamedJunction, subject.name);
    }
    let is_unique = shape.key == Key::References || shape.unique_references >= 2;
    let is_event =
        subject.words.hints_at(Hint::Log) || shape.has(Part::Action) || shape.has(Part::Occurred);
    if !is_unique && is_event {
        tally.name(Reason::LinkRepeats, subject.event_time());
    }
}
