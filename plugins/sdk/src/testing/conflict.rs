//! Facts of the conflict role as nested structs.

use birth_bindings_conflict::exports::birth::policy::conflict as wire;
use serde::Deserialize;

use super::{Answer, Heap, bits, read, truth};
use crate::conflict::{Batch, Policy, judge};
use crate::text::Texts;
use crate::{Refusal, Setting};

/// A batch of facts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Facts {
    /// The relations that subjects name by position; where none is given there
    /// is one, the table `public.registry`.
    pub relations: Vec<Relation>,
    /// Proposed columns.
    pub columns: Vec<Column>,
    /// Proposed checks.
    pub checks: Vec<Check>,
    /// Proposed triggers.
    pub triggers: Vec<Trigger>,
}

/// A relation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relation {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// The number of its kind; see `types.wit`.
    pub kind: u8,
}

/// A proposed column.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Position in [`Facts::relations`].
    #[serde(default)]
    pub relation: u32,
    /// The proposed name.
    pub name: String,
    /// The proposed type.
    pub wanted: WantedType,
    /// Characters of the longest value; 0 where there is no closed list.
    #[serde(default)]
    pub longest_value: u32,
    /// The live column that holds the name.
    #[serde(default)]
    pub live: Option<LiveColumn>,
    /// A system column holds the name.
    #[serde(default)]
    pub system_column: bool,
}

/// The type a proposed column is to have.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum WantedType {
    Text,
    Timestamptz,
}

/// The type of a live column.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum LiveType {
    Text,
    Varchar,
    Timestamptz,
    Other,
}

/// A live column that holds a proposed name.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are those of `conflict::LiveColumn`")]
pub struct LiveColumn {
    #[serde(rename = "type")]
    pub live_type: LiveType,
    pub type_name: String,
    #[serde(default)]
    pub max_length: Option<u32>,
    #[serde(default)]
    pub not_null: bool,
    #[serde(default)]
    pub default: bool,
    #[serde(default)]
    pub generated: bool,
    #[serde(default)]
    pub identity: bool,
    #[serde(default)]
    pub inherited: bool,
    #[serde(default)]
    pub nondeterministic_collation: bool,
}

/// A proposed check.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Position in [`Facts::relations`].
    #[serde(default)]
    pub relation: u32,
    /// The proposed name.
    pub name: String,
    /// The column it constrains.
    pub column: String,
    /// The values to allow.
    pub values: Vec<String>,
    /// Rows outside of the values; -1 is unknown.
    #[serde(default)]
    pub rows_outside: i64,
    /// The value of one such row.
    #[serde(default)]
    pub value_outside: Option<String>,
    /// Live constraints that hold the name or constrain the column.
    #[serde(default)]
    pub live: Vec<LiveConstraint>,
}

/// What a live constraint was proved to be.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are those of `conflict::Form`")]
pub enum Form {
    Values,
    Unproved,
    RejectsNothing,
    NotACheck,
}

/// A live constraint.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "the names are those of `conflict::LiveConstraint`"
)]
pub struct LiveConstraint {
    pub name: String,
    pub form: Form,
    #[serde(default)]
    pub values: Vec<String>,
    pub definition: String,
    #[serde(default)]
    pub holds_name: bool,
    #[serde(default = "truth")]
    pub on_column_alone: bool,
    #[serde(default = "truth")]
    pub validated: bool,
    #[serde(default = "truth")]
    pub enforced: bool,
    #[serde(default)]
    pub no_inherit: bool,
    #[serde(default)]
    pub rejects_null: bool,
}

/// A proposed trigger.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// Position in [`Facts::relations`].
    #[serde(default)]
    pub relation: u32,
    /// The proposed name.
    pub name: String,
    /// The function to call.
    pub function: String,
    /// `pg_trigger.tgtype`.
    pub wanted_type: u8,
    /// Live triggers that hold the name or are bound to the function.
    #[serde(default)]
    pub live: Vec<LiveTrigger>,
}

/// A live trigger.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiveTrigger {
    /// Its name.
    pub name: String,
    /// Its function.
    pub function: String,
    /// `pg_trigger.tgtype`.
    #[serde(rename = "type")]
    pub trigger_type: u8,
    /// The bits of `conflict.wit`.
    #[serde(default)]
    pub bits: u16,
    /// The number of `conflict.wit`.
    #[serde(default)]
    pub enabled: u8,
}

/// Judges facts natively.
///
/// # Errors
/// As [`crate::conflict::judge`].
pub fn answers<P: Policy>(settings: &[Setting], facts: &Facts) -> Result<Vec<Answer>, Refusal> {
    let batch = facts.batch();
    let verdicts = judge::<P>(settings, &batch)?;
    let texts = Texts {
        heap: &batch.text.heap,
        ends: &batch.text.ends,
    };
    Ok(read::<P::Reason>(&verdicts, texts))
}

impl Facts {
    /// The batch that crosses the boundary.
    pub fn batch(&self) -> Batch {
        let mut heap = Heap::default();
        let registry = [Relation {
            schema: "public".to_owned(),
            name: "registry".to_owned(),
            kind: 1,
        }];
        let relations = match self.relations.as_slice() {
            [] => registry.as_slice(),
            given => given,
        };
        let relations = put_relations(relations, &mut heap);
        let columns = put_columns(&self.columns, &mut heap);
        let checks = put_checks(&self.checks, &mut heap);
        let triggers = put_triggers(&self.triggers, &mut heap);
        Batch {
            text: wire::TextHeap {
                heap: heap.heap,
                ends: heap.ends,
            },
            relations,
            columns,
            checks,
            triggers,
        }
    }
}

fn put_relations(relations: &[Relation], heap: &mut Heap) -> wire::Relations {
    wire::Relations {
        schema: relations.iter().map(|r| heap.put(&r.schema)).collect(),
        name: relations.iter().map(|r| heap.put(&r.name)).collect(),
        kind: relations.iter().map(|r| r.kind).collect(),
    }
}

fn put_columns(columns: &[Column], heap: &mut Heap) -> wire::Columns {
    let mut out = wire::Columns {
        relation: Vec::new(),
        name: Vec::new(),
        wanted: Vec::new(),
        longest_value: Vec::new(),
        live: Vec::new(),
        live_type: Vec::new(),
        live_max_length: Vec::new(),
        live_bits: Vec::new(),
    };
    for column in columns {
        let live = column.live.as_ref();
        out.relation.push(column.relation);
        out.name.push(heap.put(&column.name));
        out.wanted.push(column.wanted as u8);
        out.longest_value.push(column.longest_value);
        out.live
            .push(live.map_or(0, |live| live.live_type as u8 + 1));
        let type_name = live.map(|live| live.type_name.as_str());
        out.live_type.push(heap.put_optional(type_name));
        let length = live.and_then(|live| live.max_length);
        out.live_max_length.push(length.unwrap_or(u32::MAX));
        let has = |is: fn(&LiveColumn) -> bool| live.is_some_and(is);
        out.live_bits.push(bits([
            (1, has(|live| live.not_null)),
            (2, has(|live| live.default)),
            (4, has(|live| live.generated)),
            (8, has(|live| live.identity)),
            (16, has(|live| live.inherited)),
            (32, column.system_column),
            (64, has(|live| live.nondeterministic_collation)),
        ]) as u8);
    }
    out
}

fn put_checks(checks: &[Check], heap: &mut Heap) -> wire::Checks {
    let mut out = wire::Checks {
        relation: Vec::new(),
        name: Vec::new(),
        column: Vec::new(),
        value_start: vec![0],
        value: Vec::new(),
        rows_outside: Vec::new(),
        value_outside: Vec::new(),
        live_start: vec![0],
        live: wire::LiveConstraints {
            name: Vec::new(),
            form: Vec::new(),
            bits: Vec::new(),
            value_start: vec![0],
            value: Vec::new(),
            definition: Vec::new(),
        },
    };
    for check in checks {
        out.relation.push(check.relation);
        out.name.push(heap.put(&check.name));
        out.column.push(heap.put(&check.column));
        out.value.extend(check.values.iter().map(|v| heap.put(v)));
        out.value_start.push(out.value.len() as u32);
        out.rows_outside.push(check.rows_outside);
        let outside = check.value_outside.as_deref();
        out.value_outside.push(heap.put_optional(outside));
        for live in &check.live {
            put_live_constraint(&mut out.live, live, heap);
        }
        out.live_start.push(out.live.name.len() as u32);
    }
    out
}

fn put_live_constraint(out: &mut wire::LiveConstraints, live: &LiveConstraint, heap: &mut Heap) {
    out.name.push(heap.put(&live.name));
    out.form.push(live.form as u8);
    out.bits.push(bits([
        (1, live.holds_name),
        (2, live.on_column_alone),
        (4, live.validated),
        (8, live.enforced),
        (16, live.no_inherit),
        (32, live.rejects_null),
    ]) as u8);
    out.value.extend(live.values.iter().map(|v| heap.put(v)));
    out.value_start.push(out.value.len() as u32);
    out.definition.push(heap.put(&live.definition));
}

fn put_triggers(triggers: &[Trigger], heap: &mut Heap) -> wire::Triggers {
    let mut out = wire::Triggers {
        relation: Vec::new(),
        name: Vec::new(),
        function: Vec::new(),
        wanted_type: Vec::new(),
        live_start: vec![0],
        live: wire::LiveTriggers {
            name: Vec::new(),
            function: Vec::new(),
            type_: Vec::new(),
            bits: Vec::new(),
            enabled: Vec::new(),
        },
    };
    for trigger in triggers {
        out.relation.push(trigger.relation);
        out.name.push(heap.put(&trigger.name));
        out.function.push(heap.put(&trigger.function));
        out.wanted_type.push(trigger.wanted_type);
        for live in &trigger.live {
            out.live.name.push(heap.put(&live.name));
            out.live.function.push(heap.put(&live.function));
            out.live.type_.push(live.trigger_type);
            out.live.bits.push(live.bits);
            out.live.enabled.push(live.enabled);
        }
        out.live_start.push(out.live.name.len() as u32);
    }
    out
}
