//! Evidence that rows are things or content.

use super::super::part::Part;
use super::super::reason::Reason;
use super::super::shape::Key;
use super::super::table::Hint;
use super::super::tally::Tally;
use super::Subject;

pub(super) fn weigh<'a>(subject: Subject<'a, '_>, tally: &mut Tally<'a, '_>) {
    let shape = subject.shape;
    if !names_a_copy(subject) {
        tally.name(Reason::RowIsNamed, shape.example(Part::Name));
    }
    tally.name(Reason::HoldsProse, shape.example(Part::Prose));
    tally.name(Reason::HoldsAmount, shape.example(Part::Amount));
    tally.each(Reason::HoldsContent, subject.contents(), 4);
    tally.name(Reason::HoldsKeyAndValue, subject.key_value());
    tally.name(Reason::HoldsTranslation, subject.translated());
    match shape.key {
        Key::Own => tally.plain(Reason::HasOwnIdentity),
        Key::Reference => tally.plain(Reason::Extends),
        Key::None | Key::References | Key::Mixed => {}
    }
    if subject.has(Part::Name) || subject.has(Part::Prose) {
        tally.name(Reason::HasBusinessKey, shape.business_key);
    }
    let referring = subject.table.referenced_by();
    if referring > 0 {
        tally.number(Reason::IsReferredTo, referring as usize);
    }
    tally.name(
        Reason::HasLife,
        shape.first_of(&[Part::Planned, Part::Status, Part::Retired]),
    );
    tally.name(Reason::RowChanges, shape.example(Part::Updated));
    if subject.words.hints_at(Hint::Required) && subject.named_sides() < 2 {
        tally.name(Reason::NamedRequired, subject.name);
    }
}

/// The name of a lock or of what is cached names no thing.
fn names_a_copy(subject: Subject<'_, '_>) -> bool {
    subject.shape.natural_key == Some(Part::Name)
        && (subject.has(Part::Expiry) || subject.has(Part::Lock) || subject.has(Part::Token))
}
