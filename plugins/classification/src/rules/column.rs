//! The part of a column: what its name suggests, set against its type.

use birth_sdk::classification::Column;

use super::kind::Kind;
use super::part::Part;

/// Texts up to this length are words beside a link rather than content.
const SHORT_TEXT: u32 = 32;

/// The part that `column` plays where its name suggests `suggested`. Whether a
/// foreign key says more is for the caller.
pub(super) fn part(suggested: Part, kind: Kind, column: Column<'_>) -> Part {
    let otherwise = by_type(kind, column);
    if kind == Kind::SearchVector {
        return Part::SearchVector;
    }
    if column.is_array() {
        return array(suggested);
    }
    let fits = match suggested {
        Part::Plain => false,
        Part::Identifier => kind.can_refer() || kind == Kind::Other,
        Part::Reference | Part::Parent => kind.can_refer(),
        Part::Author => return author(kind),
        Part::Created | Part::Occurred | Part::Updated | Part::Expiry | Part::Due => {
            kind.can_tell_time()
        }
        Part::Recent => {
            return if kind == Kind::Text {
                Part::Detail
            } else {
                Part::Recent
            };
        }
        Part::Retired if kind == Kind::Boolean => true,
        Part::Retired | Part::Planned | Part::Ran | Part::Done | Part::Time => {
            kind == Kind::Time || kind.is_number()
        }
        Part::Position | Part::Counter => kind.is_number(),
        Part::Attempts => kind == Kind::Integer,
        Part::Name | Part::Locale | Part::Key => kind == Kind::Text || kind == Kind::Other,
        Part::Prose => matches!(kind, Kind::Text | Kind::Document),
        Part::Amount => kind.is_number(),
        Part::Payload => !matches!(
            kind,
            Kind::Integer | Kind::Boolean | Kind::Time | Kind::Uuid
        ),
        Part::Token => matches!(kind, Kind::Text | Kind::Bytes | Kind::Uuid),
        Part::Flag => matches!(kind, Kind::Boolean | Kind::Integer),
        Part::Status | Part::Level | Part::Action => !matches!(
            kind,
            Kind::Boolean | Kind::Time | Kind::Document | Kind::Bytes
        ),
        Part::Change => kind != Kind::Boolean || suggested == otherwise,
        Part::Outcome => true,
        Part::Actor | Part::Trace | Part::Queue => {
            !matches!(kind, Kind::Boolean | Kind::Time | Kind::Number)
        }
        Part::Lock => kind != Kind::Boolean,
        Part::Content
        | Part::Detail
        | Part::Remark
        | Part::Value
        | Part::Number
        | Part::SearchVector => !matches!(kind, Kind::Boolean | Kind::Time),
    };
    if fits { suggested } else { otherwise }
}

/// The part by the type alone.
fn by_type(kind: Kind, column: Column<'_>) -> Part {
    match kind {
        Kind::Boolean => Part::Flag,
        Kind::Time => Part::Time,
        Kind::Document | Kind::Bytes => Part::Payload,
        Kind::Network => Part::Trace,
        Kind::SearchVector => Part::SearchVector,
        Kind::Number => Part::Number,
        Kind::Text if column.length().is_some_and(|length| length <= SHORT_TEXT) => Part::Detail,
        Kind::Text => Part::Content,
        Kind::Integer | Kind::Uuid | Kind::Other => Part::Detail,
    }
}

/// A list is content, unless a log keeps it.
fn array(suggested: Part) -> Part {
    match suggested {
        Part::Change | Part::Payload | Part::Outcome => suggested,
        _ => Part::Detail,
    }
}

fn author(kind: Kind) -> Part {
    match kind {
        Kind::Boolean => Part::Flag,
        Kind::Time => Part::Time,
        _ => Part::Author,
    }
}
