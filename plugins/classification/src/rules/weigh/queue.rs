//! Work that waits: neither a record of what happened nor a copy.

use birth_sdk::Text;

use super::super::part::Part;
use super::super::table::Hint;
use super::Subject;

/// The column that shows best that rows wait to be worked on, where enough
/// shows it. The shape has to: a name is one sign among several.
pub(in super::super) fn queue_sign<'a>(subject: Subject<'a, '_>) -> Option<Text<'a>> {
    let shape = subject.shape;
    let signs = [Part::Attempts, Part::Due, Part::Lock, Part::Queue];
    let strong = signs.iter().filter(|&&part| shape.has(part)).count();
    let is_load = [Part::Payload, Part::Action, Part::Value]
        .iter()
        .any(|&part| shape.has(part));
    let is_tracked = shape.has(Part::Status) || shape.has(Part::Done) || shape.has(Part::Ran);
    let is_named = subject.words.hints_at(Hint::Queue);
    let is_almost_named = is_named || subject.words.hints_weakly_at(Hint::Queue);
    if subject.words.hints_at(Hint::Log) && shape.has(Part::Outcome) {
        return None;
    }
    // What failed does not wait.
    if shape.has(Part::Outcome) && !signs[..3].iter().any(|&part| shape.has(part)) {
        return None;
    }
    // A code that may be tried three times, a session with a heartbeat.
    let lapses = shape.has(Part::Token) || shape.has(Part::Expiry);
    if subject.is_named(Hint::Cache) && lapses && !shape.has(Part::Due) {
        return None;
    }
    // Accounts that lock after failed attempts are no work.
    if shape.has(Part::Name) && !is_almost_named && strong < signs.len() {
        return None;
    }
    let waits = match strong {
        0 => {
            is_named && (is_load || is_tracked || shape.has(Part::Level)) && !shape.has(Part::Prose)
        }
        // Mail that waits to be sent.
        1 if shape.has(Part::Attempts) && (is_tracked || shape.has(Part::Due)) => {
            is_almost_named || is_load || shape.has(Part::Message) || shape.has(Part::Prose)
        }
        1 if shape.has(Part::Payload) && !subject.is_named(Hint::Log) => subject.thing().is_none(),
        1 => is_almost_named && (is_load || is_tracked || shape.references > 0),
        2 => is_almost_named || is_load || is_tracked,
        _ => true,
    };
    if !waits {
        return None;
    }
    shape.first_of(&[
        Part::Attempts,
        Part::Due,
        Part::Lock,
        Part::Queue,
        Part::Done,
        Part::Status,
        Part::Payload,
        Part::Action,
        Part::Level,
    ])
}
