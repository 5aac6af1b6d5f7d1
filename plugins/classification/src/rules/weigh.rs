//! The evidence of a table's shape and name, class by class.
//!
//! Each room asks the shape and never another room; what a class needs at all
//! is asked first, so that a name alone makes no log and no junction.

use birth_sdk::RelationKind;
use birth_sdk::Text;
use birth_sdk::classification::Collection;

use super::part::Part;
use super::shape::{Key, Shape};
use super::table::TableName;

mod cache;
mod junction;
mod log;
mod queue;
mod required;

pub(super) use queue::queue_sign;

/// What is known of one table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a, 'b> {
    pub(super) table: Collection<'a>,
    pub(super) name: Option<Text<'a>>,
    pub(super) words: TableName,
    pub(super) shape: &'b Shape<'a>,
}

impl<'a> Subject<'a, '_> {
    fn has(&self, part: Part) -> bool {
        self.shape.has(part)
    }

    /// When the row came to be, or what it tells of happened.
    fn event_time(&self) -> Option<Text<'a>> {
        self.shape.first_of(&[
            Part::Occurred,
            Part::Created,
            Part::Ran,
            Part::Time,
            Part::Done,
        ])
    }

    /// A column that only a thing has: a name, prose, an amount.
    fn thing(&self) -> Option<Text<'a>> {
        self.shape
            .first_of(&[Part::Name, Part::Prose, Part::Amount])
    }

    /// A value under a key, both columns of their own.
    fn key_value(&self) -> Option<Text<'a>> {
        let value = self.shape.example(Part::Value)?;
        let is_keyed = self.has(Part::Key) || self.has(Part::Name);
        (is_keyed && !self.has(Part::Occurred)).then_some(value)
    }

    /// Text in one of several languages.
    fn translated(&self) -> Option<Text<'a>> {
        if !self.shape.has_language || self.shape.references == 0 {
            return None;
        }
        self.shape
            .first_of(&[Part::Prose, Part::Name, Part::Content, Part::Value])
    }

    /// How many of the words of its name are sides that it refers to.
    fn named_sides(&self) -> usize {
        let compared = self.shape.references.min(self.shape.sides.len());
        let sides = &self.shape.sides[..compared];
        let named = |side: &&super::shape::Side| {
            self.words.has(side.last) || self.words.has(side.first) || self.words.has(side.table)
        };
        sides.iter().filter(named).count()
    }

    /// How many columns hold something of their own, beyond what has a
    /// meaning of its own.
    fn contents(&self) -> usize {
        self.shape.sum(&[
            Part::Content,
            Part::Detail,
            Part::Number,
            Part::Payload,
            Part::Value,
        ])
    }

    fn is_partitioned(&self) -> bool {
        self.table.kind() == RelationKind::PartitionedTable
    }

    fn extends(&self) -> bool {
        self.shape.key == Key::Reference
    }
}

/// Collects the evidence for and against every class.
pub(super) fn weigh<'a>(subject: Subject<'a, '_>, tally: &mut super::tally::Tally<'a, '_>) {
    required::weigh(subject, tally);
    junction::weigh(subject, tally);
    log::weigh(subject, tally);
    cache::weigh(subject, tally);
}
