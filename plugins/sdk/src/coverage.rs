//! The coverage role: which of the coverage conditions a collection fails.
//!
//! Views over `birth:policy/coverage`; the meaning of every number is defined
//! there. The rules live in plugins.

use birth_bindings_coverage::exports::birth::policy::coverage as wire;

use crate::layout::{self, Malformed};
use crate::plugin::{
    Plugin, RelationKind, TriggerEnabled, TriggerTraits, TriggerType, export_role,
};
use crate::text::{Memo, Text, Texts};
use crate::verdicts::{Answers, Reasons};

export_role!(birth_bindings_coverage, coverage);

/// A batch of facts as it crosses the boundary.
pub type Batch = wire::Facts;

/// A plugin of the coverage role.
pub trait Policy: Plugin {
    /// Judges a batch; [`answer`] makes the answers.
    fn judge(settings: &Self::Settings, facts: Facts<'_>) -> Answers<Self::Reason>;
}

/// Whether a collection is covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nothing to check.
    NotGoverned,
    /// Every condition holds.
    Covered,
    /// A condition fails; each gap is a reason of severity finding.
    Gaps,
}

impl Status {
    fn number(self) -> u8 {
        match self {
            Self::NotGoverned => 0,
            Self::Covered => 1,
            Self::Gaps => 2,
        }
    }
}

/// Answers every collection of the batch, in their order.
pub fn answer<R: crate::Reason>(
    facts: Facts<'_>,
    mut collection: impl FnMut(Collection<'_>, &mut Reasons<'_, R>) -> Status,
) -> Answers<R> {
    let mut answers = Answers::with_capacity(facts.collections().len());
    for subject in facts.collections() {
        answers.next(|reasons| (collection(subject, reasons).number(), 0, 0));
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
        let collections = check_collections(&batch.collections, texts)?;
        check_triggers(&batch.triggers, collections, texts)?;
        Ok(Self { batch })
    }

    /// Whether the policy columns exist.
    pub fn is_storage_ready(self) -> bool {
        self.batch.storage_ready
    }

    /// Seconds since 1970-01-01 UTC at which the facts were read.
    pub fn now(self) -> i64 {
        self.batch.now
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

/// A collection and what the registry says of it.
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
        self.optional(&self.batch.collections.role)
    }

    /// Schema of its table.
    pub fn schema(self) -> Option<Text<'a>> {
        self.optional(&self.batch.collections.schema)
    }

    /// Name of its table.
    pub fn name(self) -> Option<Text<'a>> {
        self.optional(&self.batch.collections.name)
    }

    /// What its key stands for in the live schema.
    pub fn kind(self) -> RelationKind {
        RelationKind::from_number(self.batch.collections.kind[self.index])
    }

    /// `coverage_status` as stored.
    pub fn coverage_status(self) -> Option<Text<'a>> {
        self.optional(&self.batch.collections.coverage_status)
    }

    /// `coverage_scope_status` as stored.
    pub fn scope_status(self) -> Option<Text<'a>> {
        self.optional(&self.batch.collections.scope_status)
    }

    /// `coverage_exemption_reason` as stored.
    pub fn exemption_reason(self) -> Option<Text<'a>> {
        self.optional(&self.batch.collections.exemption_reason)
    }

    /// `coverage_review_owner` as stored.
    pub fn review_owner(self) -> Option<Text<'a>> {
        self.optional(&self.batch.collections.review_owner)
    }

    /// `coverage_decided_at`, in seconds since 1970-01-01 UTC.
    pub fn decided_at(self) -> Option<i64> {
        let seconds = self.batch.collections.decided_at[self.index];
        (seconds != i64::MIN).then_some(seconds)
    }

    /// `coverage_decided_by` as stored.
    pub fn decided_by(self) -> Option<Text<'a>> {
        self.optional(&self.batch.collections.decided_by)
    }

    /// How many rows of the species map name it.
    pub fn species_mappings(self) -> u32 {
        self.batch.collections.species_mappings[self.index]
    }

    /// Triggers of its table that hold the birth name or are bound to the
    /// birth function.
    pub fn triggers(self) -> impl ExactSizeIterator<Item = Trigger<'a>> {
        let batch = self.batch;
        layout::range(&batch.triggers.start, self.index).map(move |index| Trigger { batch, index })
    }

    fn optional(self, symbols: &[u32]) -> Option<Text<'a>> {
        texts(self.batch).optional(symbols[self.index])
    }
}

/// A trigger that holds the birth name or is bound to the birth function.
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

    /// What is particular to it.
    pub fn traits(self) -> TriggerTraits {
        TriggerTraits(self.batch.triggers.bits[self.index])
    }
}

fn texts(batch: &Batch) -> Texts<'_> {
    Texts {
        heap: &batch.text.heap,
        ends: &batch.text.ends,
    }
}

fn check_collections(
    collections: &wire::Collections,
    texts: Texts<'_>,
) -> Result<usize, Malformed> {
    let items = collections.key.len();
    layout::required("collections.key", &collections.key, items, texts)?;
    let kinds = &collections.kind;
    layout::numbers("collections.kind", kinds, items, RelationKind::LAST)?;
    for (list, symbols) in [
        ("collections.role", &collections.role),
        ("collections.schema", &collections.schema),
        ("collections.name", &collections.name),
        ("collections.coverage-status", &collections.coverage_status),
        ("collections.scope-status", &collections.scope_status),
        (
            "collections.exemption-reason",
            &collections.exemption_reason,
        ),
        ("collections.review-owner", &collections.review_owner),
        ("collections.decided-by", &collections.decided_by),
    ] {
        layout::optional(list, symbols, items, texts)?;
    }
    layout::length("collections.decided-at", &collections.decided_at, items)?;
    let mappings = &collections.species_mappings;
    layout::length("collections.species-mappings", mappings, items)?;
    Ok(items)
}

fn check_triggers(
    triggers: &wire::Triggers,
    collections: usize,
    texts: Texts<'_>,
) -> Result<(), Malformed> {
    let items = triggers.name.len();
    layout::required("triggers.name", &triggers.name, items, texts)?;
    layout::starts("triggers.start", &triggers.start, collections, items)?;
    layout::required("triggers.function", &triggers.function, items, texts)?;
    layout::bits("triggers.type", &triggers.type_, items, TriggerType::KNOWN)?;
    layout::bits("triggers.bits", &triggers.bits, items, TriggerTraits::KNOWN)?;
    let enabled = &triggers.enabled;
    layout::numbers("triggers.enabled", enabled, items, TriggerEnabled::LAST)
}
