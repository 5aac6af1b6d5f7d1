//! The classification role: what coverage a collection needs.
//!
//! Views over `birth:policy/classification`; the meaning of every number is
//! defined there. The rules live in plugins.

use std::ops::Range;

use birth_bindings_classification::exports::birth::policy::classification as wire;

use crate::layout::{self, Malformed};
use crate::plugin::{Plugin, RelationKind, TriggerEnabled, TriggerType, export_role};
use crate::text::{Memo, Text, Texts};
use crate::verdicts::{Answers, Reasons};

mod layout_check;
mod words;

pub use words::{Scope, Status};

export_role!(birth_bindings_classification, classification);

/// A batch of facts as it crosses the boundary.
pub type Batch = wire::Facts;

/// A plugin of the classification role.
pub trait Policy: Plugin {
    /// Judges a batch; [`answer`] makes the answers.
    fn judge(settings: &Self::Settings, facts: Facts<'_>) -> Answers<Self::Reason>;
}

/// The verdict on a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The coverage it needs.
    pub status: Status,
    /// Whether it is in scope.
    pub scope: Scope,
    /// The winning weight.
    pub score: i32,
}

/// Answers every collection of the batch, in their order.
pub fn answer<R: crate::Reason>(
    facts: Facts<'_>,
    mut collection: impl FnMut(Collection<'_>, &mut Reasons<'_, R>) -> Verdict,
) -> Answers<R> {
    let mut answers = Answers::with_capacity(facts.collections().len());
    for subject in facts.collections() {
        answers.next(|reasons| {
            let verdict = collection(subject, reasons);
            (verdict.status as u8, verdict.scope as u8, verdict.score)
        });
    }
    answers
}

/// A batch whose layout holds.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    batch: &'a Batch,
}

impl<'a> Facts<'a> {
    /// Checks the whole layout of a batch.
    ///
    /// # Errors
    /// The first list that breaks it.
    pub fn new(batch: &'a Batch) -> Result<Self, Malformed> {
        layout_check::check(batch)?;
        Ok(Self { batch })
    }

    /// The collections to judge.
    pub fn collections(self) -> impl ExactSizeIterator<Item = Collection<'a>> {
        let batch = self.batch;
        (0..batch.collections.key.len()).map(move |index| Collection { batch, index })
    }

    /// Remembers `compute` of every text of the batch.
    pub fn memo<T: Copy, F: FnMut(&str) -> T>(self, compute: F) -> Memo<T, F> {
        Memo::new(texts(self.batch), compute)
    }
}

/// The binary order of magnitude of a number of rows. Magnitudes, because an
/// exact estimate would change the facts between two reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Magnitude(u8);

impl Magnitude {
    /// The magnitude of `number`: 0 for 0, `n` for `2^(n-1) ..= 2^n - 1`.
    pub fn of(number: u64) -> Self {
        Self((u64::BITS - number.leading_zeros()) as u8)
    }

    fn from_number(number: u8) -> Option<Self> {
        (number != u8::MAX).then_some(Self(number))
    }
}

/// A collection, its table and the table's shape.
#[derive(Clone, Copy, Debug)]
pub struct Collection<'a> {
    batch: &'a Batch,
    index: usize,
}

impl<'a> Collection<'a> {
    /// The registry's key.
    pub fn key(self) -> Text<'a> {
        texts(self.batch).get(self.batch.collections.key[self.index])
    }

    /// Governance role as stored; may be empty or padded.
    pub fn role(self) -> Option<Text<'a>> {
        texts(self.batch).optional(self.batch.collections.role[self.index])
    }

    /// Schema of its table.
    pub fn schema(self) -> Option<Text<'a>> {
        texts(self.batch).optional(self.batch.collections.schema[self.index])
    }

    /// Name of its table.
    pub fn name(self) -> Option<Text<'a>> {
        texts(self.batch).optional(self.batch.collections.name[self.index])
    }

    /// What its key stands for in the live schema.
    pub fn kind(self) -> RelationKind {
        RelationKind::from_number(self.batch.collections.kind[self.index])
    }

    /// `UNLOGGED`.
    pub fn is_unlogged(self) -> bool {
        self.has(1)
    }

    /// Row-level security is on.
    pub fn has_row_security(self) -> bool {
        self.has(2)
    }

    /// Has rewrite rules.
    pub fn has_rules(self) -> bool {
        self.has(4)
    }

    /// Inherits from a table.
    pub fn inherits(self) -> bool {
        self.has(8)
    }

    /// Is inherited from.
    pub fn is_inherited(self) -> bool {
        self.has(16)
    }

    /// Belongs to an extension.
    pub fn is_owned_by_extension(self) -> bool {
        self.has(32)
    }

    /// Its comment.
    pub fn comment(self) -> Option<Text<'a>> {
        texts(self.batch).optional(self.batch.collections.comment[self.index])
    }

    /// Estimated rows.
    pub fn rows(self) -> Option<Magnitude> {
        Magnitude::from_number(self.batch.collections.rows[self.index])
    }

    /// Rows ever inserted.
    pub fn inserts(self) -> Option<Magnitude> {
        Magnitude::from_number(self.batch.collections.inserts[self.index])
    }

    /// Rows ever updated.
    pub fn updates(self) -> Option<Magnitude> {
        Magnitude::from_number(self.batch.collections.updates[self.index])
    }

    /// Rows ever deleted.
    pub fn deletes(self) -> Option<Magnitude> {
        Magnitude::from_number(self.batch.collections.deletes[self.index])
    }

    /// How many foreign keys of other tables point here.
    pub fn referenced_by(self) -> u32 {
        self.batch.collections.referenced_by[self.index]
    }

    /// Its columns, in their order.
    pub fn columns(self) -> impl ExactSizeIterator<Item = Column<'a>> {
        let batch = self.batch;
        self.range(&batch.columns.start)
            .map(move |index| Column { batch, index })
    }

    /// Its primary key, unique constraints and indexes.
    pub fn indexes(self) -> impl ExactSizeIterator<Item = Index<'a>> {
        let batch = self.batch;
        let first_column = self.range(&batch.columns.start).start;
        self.range(&batch.indexes.start).map(move |index| Index {
            batch,
            index,
            first_column,
        })
    }

    /// Its primary key.
    pub fn primary_key(self) -> Option<Index<'a>> {
        self.indexes().find(|index| index.is_primary())
    }

    /// Its foreign keys.
    pub fn foreign_keys(self) -> impl ExactSizeIterator<Item = ForeignKey<'a>> {
        let batch = self.batch;
        let first_column = self.range(&batch.columns.start).start;
        self.range(&batch.foreign_keys.start)
            .map(move |index| ForeignKey {
                batch,
                index,
                first_column,
            })
    }

    /// Its checks.
    pub fn checks(self) -> impl ExactSizeIterator<Item = Check<'a>> {
        let batch = self.batch;
        self.range(&batch.checks.start)
            .map(move |index| Check { batch, index })
    }

    /// Its triggers.
    pub fn triggers(self) -> impl ExactSizeIterator<Item = Trigger<'a>> {
        let batch = self.batch;
        self.range(&batch.triggers.start)
            .map(move |index| Trigger { batch, index })
    }

    fn range(self, starts: &[u32]) -> Range<usize> {
        layout::range(starts, self.index)
    }

    fn has(self, bit: u8) -> bool {
        self.batch.collections.bits[self.index] & bit != 0
    }
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct Column<'a> {
    batch: &'a Batch,
    index: usize,
}

impl<'a> Column<'a> {
    /// Its name.
    pub fn name(self) -> Text<'a> {
        texts(self.batch).get(self.batch.columns.name[self.index])
    }

    /// Its type as PostgreSQL prints it, without its modifier.
    pub fn type_name(self) -> Text<'a> {
        texts(self.batch).get(self.batch.columns.type_[self.index])
    }

    /// Declared length.
    pub fn length(self) -> Option<u32> {
        let length = self.batch.columns.length[self.index];
        (length != u32::MAX).then_some(length)
    }

    /// `NOT NULL`.
    pub fn is_not_null(self) -> bool {
        self.has(1)
    }

    /// Has a default.
    pub fn has_default(self) -> bool {
        self.has(2)
    }

    /// `GENERATED ALWAYS AS (…)`.
    pub fn is_generated(self) -> bool {
        self.has(4)
    }

    /// `GENERATED … AS IDENTITY`.
    pub fn is_identity(self) -> bool {
        self.has(8)
    }

    /// Part of the primary key.
    pub fn is_in_primary_key(self) -> bool {
        self.has(16)
    }

    /// The default is a sequence or a random identifier.
    pub fn has_identifier_default(self) -> bool {
        self.has(32)
    }

    /// The default is the present time.
    pub fn has_time_default(self) -> bool {
        self.has(64)
    }

    /// An array.
    pub fn is_array(self) -> bool {
        self.has(128)
    }

    fn has(self, bit: u8) -> bool {
        self.batch.columns.bits[self.index] & bit != 0
    }
}

/// A primary key, unique constraint or index.
#[derive(Clone, Copy, Debug)]
pub struct Index<'a> {
    batch: &'a Batch,
    index: usize,
    first_column: usize,
}

impl<'a> Index<'a> {
    /// Its name.
    pub fn name(self) -> Text<'a> {
        texts(self.batch).get(self.batch.indexes.name[self.index])
    }

    /// The primary key.
    pub fn is_primary(self) -> bool {
        self.has(1)
    }

    /// Allows no value twice.
    pub fn is_unique(self) -> bool {
        self.has(2)
    }

    /// Covers a part of the rows.
    pub fn is_partial(self) -> bool {
        self.has(4)
    }

    /// Has expressions among its keys.
    pub fn has_expressions(self) -> bool {
        self.has(8)
    }

    /// Ready for use.
    pub fn is_valid(self) -> bool {
        self.has(16)
    }

    /// Of another method than `btree`.
    pub fn is_not_btree(self) -> bool {
        self.has(32)
    }

    /// Its keys in their order; `None` stands for an expression.
    pub fn columns(self) -> impl ExactSizeIterator<Item = Option<Column<'a>>> {
        let Self {
            batch,
            first_column,
            ..
        } = self;
        let range = layout::range(&batch.indexes.column_start, self.index);
        batch.indexes.column[range].iter().map(move |&position| {
            (position != u32::MAX).then(|| Column {
                batch,
                index: first_column + position as usize,
            })
        })
    }

    fn has(self, bit: u8) -> bool {
        self.batch.indexes.bits[self.index] & bit != 0
    }
}

/// What a foreign key does when the row it points to is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDelete {
    /// `NO ACTION`.
    NoAction,
    /// `RESTRICT`.
    Restrict,
    /// `CASCADE`.
    Cascade,
    /// `SET NULL`.
    SetNull,
    /// `SET DEFAULT`.
    SetDefault,
}

/// A foreign key.
#[derive(Clone, Copy, Debug)]
pub struct ForeignKey<'a> {
    batch: &'a Batch,
    index: usize,
    first_column: usize,
}

impl<'a> ForeignKey<'a> {
    /// Its name.
    pub fn name(self) -> Text<'a> {
        texts(self.batch).get(self.batch.foreign_keys.name[self.index])
    }

    /// Schema of the table it points to.
    pub fn referenced_schema(self) -> Text<'a> {
        texts(self.batch).get(self.batch.foreign_keys.referenced_schema[self.index])
    }

    /// Name of the table it points to.
    pub fn referenced_name(self) -> Text<'a> {
        texts(self.batch).get(self.batch.foreign_keys.referenced_name[self.index])
    }

    /// What it does when the row it points to is deleted.
    pub fn on_delete(self) -> OnDelete {
        match self.batch.foreign_keys.on_delete[self.index] {
            0 => OnDelete::NoAction,
            1 => OnDelete::Restrict,
            2 => OnDelete::Cascade,
            3 => OnDelete::SetNull,
            _ => OnDelete::SetDefault,
        }
    }

    /// Its columns in their order.
    pub fn columns(self) -> impl ExactSizeIterator<Item = Column<'a>> {
        let Self {
            batch,
            first_column,
            ..
        } = self;
        let range = layout::range(&batch.foreign_keys.column_start, self.index);
        batch.foreign_keys.column[range]
            .iter()
            .map(move |&position| Column {
                batch,
                index: first_column + position as usize,
            })
    }
}

/// A check.
#[derive(Clone, Copy, Debug)]
pub struct Check<'a> {
    batch: &'a Batch,
    index: usize,
}

impl<'a> Check<'a> {
    /// Its name.
    pub fn name(self) -> Text<'a> {
        texts(self.batch).get(self.batch.checks.name[self.index])
    }

    /// As PostgreSQL prints it.
    pub fn definition(self) -> Text<'a> {
        texts(self.batch).get(self.batch.checks.definition[self.index])
    }
}

/// A trigger.
#[derive(Clone, Copy, Debug)]
pub struct Trigger<'a> {
    batch: &'a Batch,
    index: usize,
}

impl<'a> Trigger<'a> {
    /// Its name.
    pub fn name(self) -> Text<'a> {
        texts(self.batch).get(self.batch.triggers.name[self.index])
    }

    /// `schema.name(argument types)` of its function.
    pub fn function(self) -> Text<'a> {
        texts(self.batch).get(self.batch.triggers.function[self.index])
    }

    /// Timing, level and events.
    pub fn trigger_type(self) -> TriggerType {
        TriggerType(self.batch.triggers.type_[self.index])
    }

    /// When it fires.
    pub fn enabled(self) -> TriggerEnabled {
        TriggerEnabled::from_number(self.batch.triggers.enabled[self.index])
    }
}

fn texts(batch: &Batch) -> Texts<'_> {
    Texts {
        heap: &batch.text.heap,
        ends: &batch.text.ends,
    }
}
