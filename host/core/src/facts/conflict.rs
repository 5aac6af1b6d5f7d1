//! Facts of the conflict role: proposed objects beside what holds their place.

use serde::{Deserialize, Serialize};

use super::text::TextHeap;
use crate::catalog::relation::RelationKind;
use crate::catalog::trigger::{LiveTrigger, TriggerEnabled};

/// Bits of [`Columns::live_bits`]; frozen by the WIT package.
pub mod column_bits {
    /// NOT NULL.
    pub const NOT_NULL: u8 = 1;
    /// Has a default.
    pub const DEFAULT: u8 = 2;
    /// GENERATED ALWAYS AS.
    pub const GENERATED: u8 = 4;
    /// Identity column.
    pub const IDENTITY: u8 = 8;
    /// Inherited from a parent table.
    pub const INHERITED: u8 = 16;
    /// A system column holds the name.
    pub const SYSTEM: u8 = 32;
    /// Its collation is not deterministic: equality is not equality of bytes.
    pub const NONDETERMINISTIC: u8 = 64;
}

/// Bits of [`LiveConstraints::bits`]; frozen by the WIT package.
pub mod constraint_bits {
    /// Holds the proposed name.
    pub const HOLDS_NAME: u8 = 1;
    /// Is on the proposed column alone.
    pub const ON_COLUMN: u8 = 2;
    /// Validated.
    pub const VALIDATED: u8 = 4;
    /// Enforced (always so before PostgreSQL 18).
    pub const ENFORCED: u8 = 8;
    /// NO INHERIT.
    pub const NO_INHERIT: u8 = 16;
    /// Rejects NULL.
    pub const REJECTS_NULL: u8 = 32;
}

/// Bits of [`LiveTriggers::bits`]; frozen by the WIT package.
pub mod trigger_bits {
    /// Holds the proposed name.
    pub const HOLDS_NAME: u16 = 1;
    /// Bound to the wanted function: the same OID.
    pub const BOUND: u16 = 2;
    /// Made by PostgreSQL for a constraint of its own.
    pub const INTERNAL: u16 = 4;
    /// Clone of a trigger of the partitioned parent.
    pub const CLONE: u16 = 8;
    /// Constraint trigger.
    pub const CONSTRAINT: u16 = 16;
    /// Has a WHEN condition.
    pub const WHEN: u16 = 32;
    /// Passes arguments.
    pub const ARGUMENTS: u16 = 64;
    /// Has a column list.
    pub const COLUMNS: u16 = 128;
    /// Has transition tables.
    pub const TRANSITION_TABLES: u16 = 256;
}

/// Values of [`Columns::wanted`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WantedType {
    /// `text`.
    Text = 0,
    /// `timestamp with time zone`.
    Timestamptz = 1,
}

/// Values of [`Columns::live`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveType {
    /// No column holds the name.
    None = 0,
    /// `text`.
    Text = 1,
    /// `character varying`, with or without a limit.
    Varchar = 2,
    /// `timestamp with time zone`.
    Timestamptz = 3,
    /// Anything else, domains included.
    Other = 4,
}

/// Values of [`LiveConstraints::form`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConstraintForm {
    /// A check that is exactly "column is one of these values".
    OneOf = 0,
    /// A check whose meaning could not be proved.
    Unproved = 1,
    /// A check that rejects nothing.
    RejectsNothing = 2,
    /// Not a check.
    NotACheck = 3,
}

/// The batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConflictFacts {
    /// Every text of the batch.
    pub text: TextHeap,
    /// Relations that proposed objects belong to.
    pub relations: Relations,
    /// Proposed columns.
    pub columns: Columns,
    /// Proposed checks.
    pub checks: Checks,
    /// Proposed triggers.
    pub triggers: Triggers,
}

/// Relations, one element per relation in each list.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the WIT package documents each list")]
pub struct Relations {
    pub schema: Vec<u32>,
    pub name: Vec<u32>,
    pub kind: Vec<u8>,
}

/// Proposed columns, one element per column in each list.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the WIT package documents each list")]
pub struct Columns {
    pub relation: Vec<u32>,
    pub name: Vec<u32>,
    pub wanted: Vec<u8>,
    pub longest_value: Vec<u32>,
    pub live: Vec<u8>,
    pub live_type: Vec<u32>,
    pub live_max_length: Vec<u32>,
    pub live_bits: Vec<u8>,
}

/// Proposed checks, one element per check in each list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the WIT package documents each list")]
pub struct Checks {
    pub relation: Vec<u32>,
    pub name: Vec<u32>,
    pub column: Vec<u32>,
    pub value_start: Vec<u32>,
    pub value: Vec<u32>,
    pub rows_outside: Vec<i64>,
    pub value_outside: Vec<u32>,
    pub live_start: Vec<u32>,
    pub live: LiveConstraints,
}

/// Live constraints, one element per constraint in each list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the WIT package documents each list")]
pub struct LiveConstraints {
    pub name: Vec<u32>,
    pub form: Vec<u8>,
    pub bits: Vec<u8>,
    pub value_start: Vec<u32>,
    pub value: Vec<u32>,
    pub definition: Vec<u32>,
}

/// Proposed triggers, one element per trigger in each list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the WIT package documents each list")]
pub struct Triggers {
    pub relation: Vec<u32>,
    pub name: Vec<u32>,
    pub function: Vec<u32>,
    pub wanted_type: Vec<u8>,
    pub live_start: Vec<u32>,
    pub live: LiveTriggers,
}

/// Live triggers, one element per trigger in each list.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the WIT package documents each list")]
pub struct LiveTriggers {
    pub name: Vec<u32>,
    pub function: Vec<u32>,
    pub r#type: Vec<u8>,
    pub bits: Vec<u16>,
    pub enabled: Vec<u8>,
}

/// One proposed column with what holds its name.
#[derive(Debug, Clone)]
pub struct ColumnFact<'a> {
    /// Index of its relation.
    pub relation: u32,
    /// Proposed name.
    pub name: &'a str,
    /// Proposed type.
    pub wanted: WantedType,
    /// Characters of the longest value it must hold; 0 without a closed list.
    pub longest_value: u32,
    /// What holds the name now.
    pub live: LiveType,
    /// The live type as PostgreSQL prints it.
    pub live_type: Option<&'a str>,
    /// Declared limit in characters.
    pub live_max_length: Option<u32>,
    /// See [`column_bits`].
    pub live_bits: u8,
}

/// One proposed check with the constraints that matter to it.
#[derive(Debug, Clone)]
pub struct CheckFact<'a> {
    /// Index of its relation.
    pub relation: u32,
    /// Proposed name.
    pub name: &'a str,
    /// Column it constrains.
    pub column: &'a str,
    /// Allowed values.
    pub values: &'a [&'a str],
    /// Rows whose value is outside; `None` is unknown.
    pub rows_outside: Option<i64>,
    /// One such value.
    pub value_outside: Option<&'a str>,
}

/// One live constraint.
#[derive(Debug, Clone)]
pub struct ConstraintFact<'a> {
    /// Its name.
    pub name: &'a str,
    /// What its meaning could be proved to be.
    pub form: ConstraintForm,
    /// See [`constraint_bits`].
    pub bits: u8,
    /// Allowed values, where the form has them, in ascending order.
    pub values: Vec<&'a str>,
    /// As PostgreSQL prints it.
    pub definition: &'a str,
}

/// One proposed trigger.
#[derive(Debug, Clone)]
pub struct TriggerFact<'a> {
    /// Index of its relation.
    pub relation: u32,
    /// Proposed name.
    pub name: &'a str,
    /// `schema.name(argument types)` of the function to call.
    pub function: &'a str,
    /// `pg_trigger.tgtype` of the wanted trigger.
    pub wanted_type: u8,
}

/// One live trigger that holds the name or is bound to the function.
#[derive(Debug, Clone)]
pub struct LiveTriggerFact<'a> {
    /// Its name.
    pub name: &'a str,
    /// `schema.name(argument types)` of its function.
    pub function: &'a str,
    /// `pg_trigger.tgtype`.
    pub r#type: u8,
    /// See [`trigger_bits`].
    pub bits: u16,
    /// When it fires.
    pub enabled: TriggerEnabled,
}

impl<'a> LiveTriggerFact<'a> {
    /// A trigger as a policy sees it: whether it holds the proposed name, and
    /// whether it is bound to the function, by oid.
    #[must_use]
    pub fn of(live: &'a LiveTrigger, name: &str, function_oid: u32) -> Self {
        let flags = [
            (live.name == name, trigger_bits::HOLDS_NAME),
            (live.function_oid == function_oid, trigger_bits::BOUND),
            (live.internal, trigger_bits::INTERNAL),
            (live.clone, trigger_bits::CLONE),
            (live.constraint, trigger_bits::CONSTRAINT),
            (live.when, trigger_bits::WHEN),
            (live.arguments, trigger_bits::ARGUMENTS),
            (live.columns, trigger_bits::COLUMNS),
            (live.transition_tables, trigger_bits::TRANSITION_TABLES),
        ];
        Self {
            name: &live.name,
            function: &live.function,
            r#type: live.r#type,
            bits: flags
                .iter()
                .filter(|(holds, _)| *holds)
                .map(|(_, bit)| bit)
                .sum(),
            enabled: live.enabled,
        }
    }
}

impl Default for ConflictFacts {
    fn default() -> Self {
        // Every list of starts begins with 0, also where there is no item.
        Self {
            text: TextHeap::default(),
            relations: Relations::default(),
            columns: Columns::default(),
            checks: Checks {
                relation: vec![],
                name: vec![],
                column: vec![],
                value_start: vec![0],
                value: vec![],
                rows_outside: vec![],
                value_outside: vec![],
                live_start: vec![0],
                live: LiveConstraints {
                    name: vec![],
                    form: vec![],
                    bits: vec![],
                    value_start: vec![0],
                    value: vec![],
                    definition: vec![],
                },
            },
            triggers: Triggers {
                relation: vec![],
                name: vec![],
                function: vec![],
                wanted_type: vec![],
                live_start: vec![0],
                live: LiveTriggers::default(),
            },
        }
    }
}

impl ConflictFacts {
    /// How many subjects a plugin has to answer: columns, checks, triggers.
    #[must_use]
    pub fn subjects(&self) -> usize {
        self.columns.name.len() + self.checks.name.len() + self.triggers.name.len()
    }

    /// Adds a relation and gives its index.
    pub fn add_relation(&mut self, schema: &str, name: &str, kind: RelationKind) -> u32 {
        self.relations.schema.push(self.text.intern(schema));
        self.relations.name.push(self.text.intern(name));
        self.relations.kind.push(kind as u8);
        self.relations.name.len() as u32 - 1
    }

    /// Adds a proposed column.
    pub fn add_column(&mut self, fact: &ColumnFact<'_>) {
        let c = &mut self.columns;
        c.relation.push(fact.relation);
        c.name.push(self.text.intern(fact.name));
        c.wanted.push(fact.wanted as u8);
        c.longest_value.push(fact.longest_value);
        c.live.push(fact.live as u8);
        c.live_type.push(self.text.intern_optional(fact.live_type));
        c.live_max_length
            .push(fact.live_max_length.unwrap_or(u32::MAX));
        c.live_bits.push(fact.live_bits);
    }

    /// Adds a proposed check with its live constraints.
    pub fn add_check(&mut self, fact: &CheckFact<'_>, live: &[ConstraintFact<'_>]) {
        let text = &mut self.text;
        let c = &mut self.checks;
        c.relation.push(fact.relation);
        c.name.push(text.intern(fact.name));
        c.column.push(text.intern(fact.column));
        c.value.extend(fact.values.iter().map(|v| text.intern(v)));
        c.value_start.push(c.value.len() as u32);
        c.rows_outside.push(fact.rows_outside.unwrap_or(-1));
        c.value_outside
            .push(text.intern_optional(fact.value_outside));
        for constraint in live {
            c.live.name.push(text.intern(constraint.name));
            c.live.form.push(constraint.form as u8);
            c.live.bits.push(constraint.bits);
            c.live
                .value
                .extend(constraint.values.iter().map(|v| text.intern(v)));
            c.live.value_start.push(c.live.value.len() as u32);
            c.live.definition.push(text.intern(constraint.definition));
        }
        c.live_start.push(c.live.name.len() as u32);
    }

    /// Adds a proposed trigger with the live triggers that matter to it.
    pub fn add_trigger(&mut self, fact: &TriggerFact<'_>, live: &[LiveTriggerFact<'_>]) {
        let (text, t) = (&mut self.text, &mut self.triggers);
        t.relation.push(fact.relation);
        t.name.push(text.intern(fact.name));
        t.function.push(text.intern(fact.function));
        t.wanted_type.push(fact.wanted_type);
        for trigger in live {
            t.live.name.push(text.intern(trigger.name));
            t.live.function.push(text.intern(trigger.function));
            t.live.r#type.push(trigger.r#type);
            t.live.bits.push(trigger.bits);
            t.live.enabled.push(trigger.enabled as u8);
        }
        t.live_start.push(t.live.name.len() as u32);
    }
}
