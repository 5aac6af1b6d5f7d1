//! The evidence of a table's shape and name, class by class.
//!
//! Each room asks the shape and never another room; what a class needs at all
//! is asked first, so that a name alone makes no log and no junction.

use birth_sdk::classification::{Collection, Magnitude};
use birth_sdk::{RelationKind, Text};

use super::part::Part;
use super::shape::{Key, Shape, Side};
use super::table::{Hint, TableName};
use super::tally::Tally;

mod cache;
mod junction;
mod log;
mod queue;
mod required;

pub(super) use queue::queue_sign;

/// Fewer rows ever inserted than this say nothing.
const ENOUGH: u64 = 1000;

/// What is known of one table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a, 'b> {
    pub(super) table: Collection<'a>,
    pub(super) name: Option<Text<'a>>,
    pub(super) words: TableName,
    pub(super) shape: &'b Shape<'a>,
    /// What the server counted of its rows is evidence.
    pub(super) has_statistics: bool,
    /// See [`cache::is_copy`], which [`weigh`] asks once for all classes.
    pub(super) is_copy: bool,
}

/// Collects the evidence for and against every class.
pub(super) fn weigh<'a>(subject: Subject<'a, '_>, tally: &mut Tally<'a, '_>) {
    let subject = Subject {
        is_copy: cache::is_copy(subject),
        ..subject
    };
    required::weigh(subject, tally);
    junction::weigh(subject, tally);
    log::weigh(subject, tally);
    cache::weigh(subject, tally);
}

impl<'a> Subject<'a, '_> {
    fn has(&self, part: Part) -> bool {
        self.shape.has(part)
    }

    /// When the row came to be, or what it tells of happened.
    fn event_time(&self) -> Option<Text<'a>> {
        let times = [
            Part::Occurred,
            Part::Created,
            Part::Ran,
            Part::Time,
            Part::Done,
        ];
        let ran = self
            .shape
            .example(Part::Planned)
            .filter(|_| !self.is_planned());
        // What a log calls a change is the event.
        let recent = self
            .shape
            .example(Part::Recent)
            .filter(|_| self.is_named(Hint::Log));
        let updated = self
            .shape
            .example(Part::Updated)
            .filter(|_| self.words.is_certain_log);
        self.shape.first_of(&times).or(ran).or(recent).or(updated)
    }

    /// A column that only a thing has: a name, prose, an amount.
    fn thing(&self) -> Option<Text<'a>> {
        let name = self
            .shape
            .example(Part::Name)
            .filter(|_| !self.names_a_copy());
        name.or_else(|| self.prose())
            .or_else(|| self.shape.example(Part::Amount))
    }

    /// Text that people wrote. A message beside what was done or how it went
    /// is a program's.
    fn prose(&self) -> Option<Text<'a>> {
        let of_a_program = self.signs() > 0 || self.is_named(Hint::Log);
        let message = self.shape.example(Part::Message).filter(|_| !of_a_program);
        // Where both sides are in the table's name, it is a word on the link.
        let is_of_a_link = self.named_sides() >= 2 || self.is_named(Hint::Junction);
        let note = self.shape.example(Part::Note).filter(|_| !is_of_a_link);
        self.shape.example(Part::Prose).or(note).or(message)
    }

    /// The name of a lock or of what is cached names no thing.
    fn names_a_copy(&self) -> bool {
        let passes = [Part::Expiry, Part::Lock, Part::Token, Part::Computed];
        self.shape.natural_key == Some(Part::Name) && passes.iter().any(|&part| self.has(part))
    }

    /// A period that people plan. Beside what was done or how it went, a start
    /// and an end are those of a run.
    fn is_planned(&self) -> bool {
        let is_told = self.is_named(Hint::Log)
            && !self.words.may_be_planned
            && self.thing().is_none()
            && !self.has(Part::Status);
        self.has(Part::Planned) && self.signs() == 0 && !is_told
    }

    /// How many columns tell of an event and hardly of a thing.
    fn signs(&self) -> usize {
        let signs = [
            Part::Action,
            Part::Trace,
            Part::Change,
            Part::Outcome,
            Part::Actor,
        ];
        self.shape.sum(&signs)
    }

    /// A value under a key, both columns of their own.
    fn key_value(&self) -> Option<Text<'a>> {
        let value = self.shape.example(Part::Value)?;
        let is_keyed = self.has(Part::Key) || self.has(Part::Name);
        // What lapses is no setting.
        let lapses = self.has(Part::Expiry) && !self.is_named(Hint::Required);
        let is_told = self.has(Part::Occurred) || self.has(Part::Change);
        (is_keyed && !lapses && !is_told).then_some(value)
    }

    /// Text in one of several languages.
    fn translated(&self) -> Option<Text<'a>> {
        if !self.shape.has_language || self.shape.references == 0 {
            return None;
        }
        let texts = [
            Part::Prose,
            Part::Message,
            Part::Name,
            Part::Content,
            Part::Value,
        ];
        self.shape.first_of(&texts)
    }

    /// How many columns hold content that has no more special meaning.
    fn contents(&self) -> usize {
        let contents = self.shape.sum(&[Part::Content, Part::Number, Part::Value]);
        contents + self.shape.number(Part::Payload)
    }

    /// How many columns hold what would fit beside a link too.
    fn details(&self) -> usize {
        self.shape.sum(&[Part::Detail, Part::Remark])
            + match self.prose() {
                Some(_) => 0,
                None => self.shape.number(Part::Note),
            }
    }

    /// How many of the references are named in the table's name.
    fn named_sides(&self) -> usize {
        let compared = self.shape.references.min(self.shape.sides.len());
        let named = |side: &&Side| {
            [side.last, side.first, side.table]
                .into_iter()
                .any(|stem| self.words.has(stem))
        };
        self.shape.sides[..compared].iter().filter(named).count()
    }

    /// Whether two references or more tell rows apart.
    fn is_told_apart_by_references(&self) -> bool {
        self.shape.key == Key::References || self.shape.unique_references >= 2
    }

    fn is_partitioned(&self) -> bool {
        self.table.kind() == RelationKind::PartitionedTable
    }

    fn is_named(&self, hint: Hint) -> bool {
        self.words.hints_at(hint)
    }

    /// Rows ever inserted, updated and deleted, as powers of two, where enough
    /// is known to say something.
    fn statistics(&self) -> Option<[u32; 3]> {
        if !self.has_statistics {
            return None;
        }
        let inserts = self
            .table
            .inserts()
            .filter(|&inserts| inserts >= Magnitude::of(ENOUGH))?;
        Some([
            order(inserts),
            order(self.table.updates()?),
            order(self.table.deletes()?),
        ])
    }
}

/// The power of two that a magnitude stands for.
fn order(magnitude: Magnitude) -> u32 {
    let reached = |power: &u32| Magnitude::of(1 << power) >= magnitude;
    (0..u64::BITS).find(reached).unwrap_or(u64::BITS)
}
