//! The conflict role: what a proposed object meets in the live schema.
//!
//! Views over `birth:policy/conflict`; the meaning of every number is defined
//! there. The rules live in plugins.

use std::ops::Range;

use birth_bindings_conflict::exports::birth::policy::conflict as wire;

use crate::layout::{self, Malformed};
use crate::plugin::{
    Plugin, RelationKind, TriggerEnabled, TriggerTraits, TriggerType, export_role,
};
use crate::text::{Memo, Text, Texts};
use crate::verdicts::{Answers, Reasons};

export_role!(birth_bindings_conflict, conflict);

/// A batch of facts as it crosses the boundary.
pub type Batch = wire::Facts;

/// A plugin of the conflict role.
pub trait Policy: Plugin {
    /// Judges a batch; [`answer`] makes the answers.
    fn judge(settings: &Self::Settings, facts: Facts<'_>) -> Answers<Self::Reason>;
}

/// What a proposed object meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// `ABSENT`: nothing is in the way, the operation creates it.
    Absent,
    /// `ALREADY_EXISTS_OK`.
    AlreadyExistsOk,
    /// `BLOCKED_EXISTING_CONFLICT`.
    Blocked,
}

impl Status {
    fn number(self) -> u8 {
        match self {
            Self::Absent => 0,
            Self::AlreadyExistsOk => 1,
            Self::Blocked => 2,
        }
    }
}

/// Answers every subject of the batch, in the order of the subjects: columns,
/// checks, triggers.
pub fn answer<R: crate::Reason>(
    facts: Facts<'_>,
    mut column: impl FnMut(Column<'_>, &mut Reasons<'_, R>) -> Status,
    mut check: impl FnMut(Check<'_>, &mut Reasons<'_, R>) -> Status,
    mut trigger: impl FnMut(Trigger<'_>, &mut Reasons<'_, R>) -> Status,
) -> Answers<R> {
    let subjects = facts.columns().len() + facts.checks().len() + facts.triggers().len();
    let mut answers = Answers::with_capacity(subjects);
    for subject in facts.columns() {
        answers.next(|reasons| (column(subject, reasons).number(), 0, 0));
    }
    for subject in facts.checks() {
        answers.next(|reasons| (check(subject, reasons).number(), 0, 0));
    }
    for subject in facts.triggers() {
        answers.next(|reasons| (trigger(subject, reasons).number(), 0, 0));
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
        let texts = texts(batch);
        layout::texts(texts)?;
        let relations = check_relations(&batch.relations, texts)?;
        check_columns(&batch.columns, relations, texts)?;
        check_checks(&batch.checks, relations, texts)?;
        check_triggers(&batch.triggers, relations, texts)?;
        Ok(Self { batch })
    }

    /// The proposed columns.
    pub fn columns(self) -> impl ExactSizeIterator<Item = Column<'a>> {
        let batch = self.batch;
        (0..batch.columns.name.len()).map(move |index| Column { batch, index })
    }

    /// The proposed checks.
    pub fn checks(self) -> impl ExactSizeIterator<Item = Check<'a>> {
        let batch = self.batch;
        (0..batch.checks.name.len()).map(move |index| Check { batch, index })
    }

    /// The proposed triggers.
    pub fn triggers(self) -> impl ExactSizeIterator<Item = Trigger<'a>> {
        let batch = self.batch;
        (0..batch.triggers.name.len()).map(move |index| Trigger { batch, index })
    }

    /// Remembers `compute` of every text of the batch.
    pub fn memo<T: Copy, F: FnMut(&str) -> T>(self, compute: F) -> Memo<T, F> {
        Memo::new(texts(self.batch), compute)
    }
}

/// The relation that a proposed object belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Relation<'a> {
    batch: &'a Batch,
    index: usize,
}

impl<'a> Relation<'a> {
    /// Its schema.
    pub fn schema(self) -> Text<'a> {
        texts(self.batch).get(self.batch.relations.schema[self.index])
    }

    /// Its name.
    pub fn name(self) -> Text<'a> {
        texts(self.batch).get(self.batch.relations.name[self.index])
    }

    /// What it is.
    pub fn kind(self) -> RelationKind {
        RelationKind::from_number(self.batch.relations.kind[self.index])
    }
}

/// The type a proposed column is to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WantedType {
    /// `text`.
    Text,
    /// `timestamp with time zone`.
    TimestampWithTimeZone,
}

/// The type of a live column, as far as the role tells types apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveType {
    /// `text`.
    Text,
    /// `character varying`, with or without a limit.
    Varchar,
    /// `timestamp with time zone`.
    TimestampWithTimeZone,
    /// Any other type.
    Other,
}

/// A proposed column.
#[derive(Clone, Copy, Debug)]
pub struct Column<'a> {
    batch: &'a Batch,
    index: usize,
}

impl<'a> Column<'a> {
    /// The relation it belongs to.
    pub fn relation(self) -> Relation<'a> {
        let batch = self.batch;
        let index = batch.columns.relation[self.index] as usize;
        Relation { batch, index }
    }

    /// The proposed name.
    pub fn name(self) -> Text<'a> {
        texts(self.batch).get(self.batch.columns.name[self.index])
    }

    /// The proposed type.
    pub fn wanted(self) -> WantedType {
        match self.batch.columns.wanted[self.index] {
            0 => WantedType::Text,
            _ => WantedType::TimestampWithTimeZone,
        }
    }

    /// Characters of the longest value that must fit; `None` where the column
    /// has no closed list of values.
    pub fn longest_value(self) -> Option<u32> {
        match self.batch.columns.longest_value[self.index] {
            0 => None,
            longest => Some(longest),
        }
    }

    /// The user's column that holds the name.
    pub fn live(self) -> Option<LiveColumn<'a>> {
        let live = self.batch.columns.live[self.index] != 0;
        live.then_some(LiveColumn(self))
    }

    /// Whether a system column (`ctid`, `xmin`, …) holds the name.
    pub fn is_held_by_system_column(self) -> bool {
        self.has(32)
    }

    fn has(self, bit: u8) -> bool {
        self.batch.columns.live_bits[self.index] & bit != 0
    }
}

/// A live column that holds a proposed name.
#[derive(Clone, Copy, Debug)]
pub struct LiveColumn<'a>(Column<'a>);

impl<'a> LiveColumn<'a> {
    /// Its type, as far as the role tells types apart.
    pub fn live_type(self) -> LiveType {
        match self.0.batch.columns.live[self.0.index] {
            1 => LiveType::Text,
            2 => LiveType::Varchar,
            3 => LiveType::TimestampWithTimeZone,
            _ => LiveType::Other,
        }
    }

    /// Its type as PostgreSQL prints it.
    pub fn type_name(self) -> Option<Text<'a>> {
        texts(self.0.batch).optional(self.0.batch.columns.live_type[self.0.index])
    }

    /// Declared maximum in characters; `None` is without limit.
    pub fn max_length(self) -> Option<u32> {
        let length = self.0.batch.columns.live_max_length[self.0.index];
        (length != u32::MAX).then_some(length)
    }

    /// `NOT NULL`.
    pub fn is_not_null(self) -> bool {
        self.0.has(1)
    }

    /// Has a default.
    pub fn has_default(self) -> bool {
        self.0.has(2)
    }

    /// `GENERATED ALWAYS AS (…)`.
    pub fn is_generated(self) -> bool {
        self.0.has(4)
    }

    /// `GENERATED … AS IDENTITY`.
    pub fn is_identity(self) -> bool {
        self.0.has(8)
    }

    /// Comes from a parent table.
    pub fn is_inherited(self) -> bool {
        self.0.has(16)
    }

    /// Compares by a collation that is not deterministic.
    pub fn has_nondeterministic_collation(self) -> bool {
        self.0.has(64)
    }
}

/// A proposed check: "this column is one of these values".
#[derive(Clone, Copy, Debug)]
pub struct Check<'a> {
    batch: &'a Batch,
    index: usize,
}

impl<'a> Check<'a> {
    /// The relation it belongs to.
    pub fn relation(self) -> Relation<'a> {
        let batch = self.batch;
        let index = batch.checks.relation[self.index] as usize;
        Relation { batch, index }
    }

    /// The proposed name.
    pub fn name(self) -> Text<'a> {
        texts(self.batch).get(self.batch.checks.name[self.index])
    }

    /// The column it constrains.
    pub fn column(self) -> Text<'a> {
        texts(self.batch).get(self.batch.checks.column[self.index])
    }

    /// The values to allow.
    pub fn values(self) -> impl ExactSizeIterator<Item = Text<'a>> {
        let checks = &self.batch.checks;
        let range = layout::range(&checks.value_start, self.index);
        listed(self.batch, &checks.value, range)
    }

    /// Rows whose value is not among them; `None` where that is not known.
    pub fn rows_outside(self) -> Option<u64> {
        u64::try_from(self.batch.checks.rows_outside[self.index]).ok()
    }

    /// The value of one such row.
    pub fn value_outside(self) -> Option<Text<'a>> {
        texts(self.batch).optional(self.batch.checks.value_outside[self.index])
    }

    /// Live constraints that hold the name or constrain the column.
    pub fn live(self) -> impl ExactSizeIterator<Item = LiveConstraint<'a>> {
        let batch = self.batch;
        layout::range(&batch.checks.live_start, self.index)
            .map(move |index| LiveConstraint { batch, index })
    }
}

/// What a live constraint was proved to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A check that is exactly "column is one of these values".
    Values,
    /// A check whose meaning could not be proved.
    Unproved,
    /// A check that rejects nothing.
    RejectsNothing,
    /// A constraint that is not a check.
    NotACheck,
}

/// A live constraint that holds a proposed name or constrains its column.
#[derive(Clone, Copy, Debug)]
pub struct LiveConstraint<'a> {
    batch: &'a Batch,
    index: usize,
}

impl<'a> LiveConstraint<'a> {
    /// Its name.
    pub fn name(self) -> Text<'a> {
        texts(self.batch).get(self.batch.checks.live.name[self.index])
    }

    /// What it was proved to be.
    pub fn form(self) -> Form {
        match self.batch.checks.live.form[self.index] {
            0 => Form::Values,
            1 => Form::Unproved,
            2 => Form::RejectsNothing,
            _ => Form::NotACheck,
        }
    }

    /// Holds the proposed name.
    pub fn holds_name(self) -> bool {
        self.has(1)
    }

    /// Constrains the proposed column and no other.
    pub fn is_on_column_alone(self) -> bool {
        self.has(2)
    }

    /// `VALID`: the rows that existed were checked.
    pub fn is_validated(self) -> bool {
        self.has(4)
    }

    /// `ENFORCED`; before PostgreSQL 18 every constraint is.
    pub fn is_enforced(self) -> bool {
        self.has(8)
    }

    /// `NO INHERIT`.
    pub fn is_not_inherited_by_children(self) -> bool {
        self.has(16)
    }

    /// Rejects NULL.
    pub fn rejects_null(self) -> bool {
        self.has(32)
    }

    /// The values it allows, where its form is [`Form::Values`].
    pub fn values(self) -> impl ExactSizeIterator<Item = Text<'a>> {
        let live = &self.batch.checks.live;
        let range = layout::range(&live.value_start, self.index);
        listed(self.batch, &live.value, range)
    }

    /// As PostgreSQL prints it.
    pub fn definition(self) -> Option<Text<'a>> {
        texts(self.batch).optional(self.batch.checks.live.definition[self.index])
    }

    fn has(self, bit: u8) -> bool {
        self.batch.checks.live.bits[self.index] & bit != 0
    }
}

/// A proposed row trigger.
#[derive(Clone, Copy, Debug)]
pub struct Trigger<'a> {
    batch: &'a Batch,
    index: usize,
}

impl<'a> Trigger<'a> {
    /// The relation it belongs to.
    pub fn relation(self) -> Relation<'a> {
        let batch = self.batch;
        let index = batch.triggers.relation[self.index] as usize;
        Relation { batch, index }
    }

    /// The proposed name.
    pub fn name(self) -> Text<'a> {
        texts(self.batch).get(self.batch.triggers.name[self.index])
    }

    /// `schema.name(argument types)` of the function to call.
    pub fn function(self) -> Text<'a> {
        texts(self.batch).get(self.batch.triggers.function[self.index])
    }

    /// Timing, level and events it is to have.
    pub fn wanted_type(self) -> TriggerType {
        TriggerType(self.batch.triggers.wanted_type[self.index])
    }

    /// Live triggers that hold the name or are bound to the function.
    pub fn live(self) -> impl ExactSizeIterator<Item = LiveTrigger<'a>> {
        let batch = self.batch;
        layout::range(&batch.triggers.live_start, self.index)
            .map(move |index| LiveTrigger { batch, index })
    }
}

/// A live trigger that holds a proposed name or is bound to its function.
#[derive(Clone, Copy, Debug)]
pub struct LiveTrigger<'a> {
    batch: &'a Batch,
    index: usize,
}

impl<'a> LiveTrigger<'a> {
    /// Its name.
    pub fn name(self) -> Text<'a> {
        texts(self.batch).get(self.batch.triggers.live.name[self.index])
    }

    /// `schema.name(argument types)` of its function.
    pub fn function(self) -> Text<'a> {
        texts(self.batch).get(self.batch.triggers.live.function[self.index])
    }

    /// Timing, level and events.
    pub fn trigger_type(self) -> TriggerType {
        TriggerType(self.batch.triggers.live.type_[self.index])
    }

    /// When it fires.
    pub fn enabled(self) -> TriggerEnabled {
        TriggerEnabled::from_number(self.batch.triggers.live.enabled[self.index])
    }

    /// What the trigger's bits say.
    pub fn traits(self) -> TriggerTraits {
        TriggerTraits(self.batch.triggers.live.bits[self.index])
    }
}

fn texts(batch: &Batch) -> Texts<'_> {
    Texts {
        heap: &batch.text.heap,
        ends: &batch.text.ends,
    }
}

fn listed<'a>(
    batch: &'a Batch,
    symbols: &'a [u32],
    range: Range<usize>,
) -> impl ExactSizeIterator<Item = Text<'a>> {
    let texts = texts(batch);
    symbols[range].iter().map(move |&symbol| texts.get(symbol))
}

fn check_relations(relations: &wire::Relations, texts: Texts<'_>) -> Result<usize, Malformed> {
    let items = relations.name.len();
    layout::required("relations.name", &relations.name, items, texts)?;
    layout::required("relations.schema", &relations.schema, items, texts)?;
    layout::numbers("relations.kind", &relations.kind, items, RelationKind::LAST)?;
    Ok(items)
}

fn check_columns(
    columns: &wire::Columns,
    relations: usize,
    texts: Texts<'_>,
) -> Result<(), Malformed> {
    let items = columns.name.len();
    layout::required("columns.name", &columns.name, items, texts)?;
    layout::indices("columns.relation", &columns.relation, items, relations)?;
    layout::numbers("columns.wanted", &columns.wanted, items, 1)?;
    layout::length("columns.longest-value", &columns.longest_value, items)?;
    layout::numbers("columns.live", &columns.live, items, 4)?;
    layout::optional("columns.live-type", &columns.live_type, items, texts)?;
    layout::length("columns.live-max-length", &columns.live_max_length, items)?;
    layout::bits("columns.live-bits", &columns.live_bits, items, 127)
}

fn check_checks(
    checks: &wire::Checks,
    relations: usize,
    texts: Texts<'_>,
) -> Result<(), Malformed> {
    let items = checks.name.len();
    layout::required("checks.name", &checks.name, items, texts)?;
    layout::indices("checks.relation", &checks.relation, items, relations)?;
    layout::required("checks.column", &checks.column, items, texts)?;
    let values = checks.value.len();
    layout::required("checks.value", &checks.value, values, texts)?;
    layout::starts("checks.value-start", &checks.value_start, items, values)?;
    layout::length("checks.rows-outside", &checks.rows_outside, items)?;
    layout::optional("checks.value-outside", &checks.value_outside, items, texts)?;
    let live = checks.live.name.len();
    layout::starts("checks.live-start", &checks.live_start, items, live)?;
    check_live_constraints(&checks.live, texts)
}

fn check_live_constraints(live: &wire::LiveConstraints, texts: Texts<'_>) -> Result<(), Malformed> {
    let items = live.name.len();
    layout::required("checks.live.name", &live.name, items, texts)?;
    layout::numbers("checks.live.form", &live.form, items, 3)?;
    layout::bits("checks.live.bits", &live.bits, items, 63)?;
    let values = live.value.len();
    layout::required("checks.live.value", &live.value, values, texts)?;
    layout::starts("checks.live.value-start", &live.value_start, items, values)?;
    layout::optional("checks.live.definition", &live.definition, items, texts)
}

fn check_triggers(
    triggers: &wire::Triggers,
    relations: usize,
    texts: Texts<'_>,
) -> Result<(), Malformed> {
    let items = triggers.name.len();
    layout::required("triggers.name", &triggers.name, items, texts)?;
    layout::indices("triggers.relation", &triggers.relation, items, relations)?;
    layout::required("triggers.function", &triggers.function, items, texts)?;
    let types = &triggers.wanted_type;
    layout::bits("triggers.wanted-type", types, items, TriggerType::KNOWN)?;
    let live = triggers.live.name.len();
    layout::starts("triggers.live-start", &triggers.live_start, items, live)?;
    check_live_triggers(&triggers.live, texts)
}

fn check_live_triggers(live: &wire::LiveTriggers, texts: Texts<'_>) -> Result<(), Malformed> {
    let items = live.name.len();
    layout::required("triggers.live.name", &live.name, items, texts)?;
    layout::required("triggers.live.function", &live.function, items, texts)?;
    layout::bits("triggers.live.type", &live.type_, items, TriggerType::KNOWN)?;
    layout::bits(
        "triggers.live.bits",
        &live.bits,
        items,
        TriggerTraits::KNOWN,
    )?;
    let enabled = &live.enabled;
    layout::numbers(
        "triggers.live.enabled",
        enabled,
        items,
        TriggerEnabled::LAST,
    )
}
