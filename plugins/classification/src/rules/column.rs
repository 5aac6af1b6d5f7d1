//! The part of a column: what its name suggests, set against its type.

use birth_sdk::classification::Column;

use super::kind::Kind;
use super::part::Part;
use super::sense::Sense;

/// Texts up to this length are words beside a link rather than content.
const SHORT_TEXT: u32 = 32;

/// The part that `column` plays by its name and type. Whether a foreign key or
/// an index says more is for the caller.
pub(super) fn part(sense: Sense, kind: Kind, column: Column<'_>) -> Part {
    let suggested = sense.part;
    if kind == Kind::SearchVector {
        return Part::SearchVector;
    }
    if column.is_array() {
        return array(suggested);
    }
    match suggested {
        Part::Author if kind.can_refer() || kind == Kind::Other => Part::Author,
        Part::Recent if kind == Kind::Text => Part::Detail,
        Part::Value if matches!(kind, Kind::Small | Kind::Boolean) => Part::Flag,
        // A document has no longest length.
        Part::Payload if kind == Kind::Text && column.length().is_some() => Part::Detail,
        Part::Value if kind == Kind::Bytes => Part::Payload,
        // `total` counts where it is whole, and is money where it is not.
        Part::Amount if sense.is_total && matches!(kind, Kind::Small | Kind::Integer) => {
            Part::Counter
        }
        // `from` and `to` are days only where the type says so.
        Part::Planned if sense.is_side && kind != Kind::Time => by_type(sense, kind, column),
        _ if fits(suggested, kind) => suggested,
        _ => by_type(sense, kind, column),
    }
}

/// Whether a column of this type can play the part.
fn fits(part: Part, kind: Kind) -> bool {
    match part {
        Part::Plain | Part::Author => false,
        Part::Meaningless => !matches!(kind, Kind::Boolean | Kind::Time),
        Part::Identifier => kind.can_refer() || kind == Kind::Other,
        Part::Reference | Part::Parent => kind.can_refer(),
        Part::Created | Part::Occurred | Part::Updated | Part::Expiry | Part::Due => {
            kind.can_tell_time()
        }
        // `counted_cash` is an amount.
        Part::Computed => kind.can_tell_time() && kind != Kind::Number,
        Part::Retired => matches!(kind, Kind::Boolean | Kind::Time) || kind.is_number(),
        Part::Planned | Part::Ran | Part::Done | Part::Time => {
            kind == Kind::Time || kind.is_number()
        }
        Part::Recent => true,
        Part::Position | Part::Counter | Part::Amount => kind.is_number(),
        Part::Attempts => matches!(kind, Kind::Small | Kind::Integer),
        Part::Name | Part::Locale | Part::Key => matches!(kind, Kind::Text | Kind::Other),
        Part::Prose | Part::Note => matches!(kind, Kind::Text | Kind::Document),
        Part::Message => kind == Kind::Text,
        Part::Payload => matches!(
            kind,
            Kind::Text | Kind::Document | Kind::Bytes | Kind::Other
        ),
        Part::Token => matches!(kind, Kind::Text | Kind::Bytes | Kind::Uuid),
        Part::Flag => matches!(kind, Kind::Boolean | Kind::Small | Kind::Integer),
        Part::Status | Part::Level | Part::Action => {
            kind.is_number() || matches!(kind, Kind::Text | Kind::Other | Kind::Uuid)
        }
        Part::Change => !kind.is_number() && kind != Kind::Boolean,
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
    }
}

/// The part by the type, where the name does not say.
fn by_type(sense: Sense, kind: Kind, column: Column<'_>) -> Part {
    match kind {
        Kind::Boolean => Part::Flag,
        Kind::Time => Part::Time,
        Kind::Document | Kind::Bytes => Part::Payload,
        Kind::Network => Part::Content,
        Kind::SearchVector => Part::SearchVector,
        Kind::Number => Part::Number,
        // Y or N.
        Kind::Text if column.length() == Some(1) => Part::Flag,
        Kind::Text if column.length().is_some_and(|length| length <= SHORT_TEXT) => Part::Detail,
        Kind::Text => Part::Content,
        Kind::Integer if sense.is_plural => Part::Counter,
        Kind::Integer | Kind::Uuid if sense.is_side => Part::Reference,
        Kind::Small | Kind::Integer | Kind::Uuid | Kind::Other => Part::Detail,
    }
}

/// A list is a detail, unless a log keeps it.
fn array(suggested: Part) -> Part {
    match suggested {
        Part::Change | Part::Payload | Part::Outcome => suggested,
        Part::Name | Part::Prose | Part::Content | Part::Amount => Part::Content,
        _ => Part::Detail,
    }
}
