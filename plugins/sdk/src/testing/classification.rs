//! Facts of the classification role as nested structs.

use birth_bindings_classification::exports::birth::policy::classification as wire;
use serde::Deserialize;

use super::{Answer, Heap, read};
use crate::classification::{Batch, Policy, judge};
use crate::text::Texts;
use crate::{Refusal, Setting};

/// A batch of facts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Facts {
    /// The collections to judge.
    pub collections: Vec<Collection>,
}

/// A collection; numbers and bits are those of `classification.wit`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are those of the view")]
pub struct Collection {
    pub key: String,
    pub role: Option<String>,
    pub schema: Option<String>,
    pub name: Option<String>,
    pub kind: u8,
    pub bits: u8,
    pub comment: Option<String>,
    pub rows: u8,
    pub inserts: u8,
    pub updates: u8,
    pub deletes: u8,
    pub referenced_by: u32,
    pub columns: Vec<Column>,
    pub indexes: Vec<Index>,
    pub foreign_keys: Vec<ForeignKey>,
    pub checks: Vec<Check>,
    pub triggers: Vec<Trigger>,
}

/// A column.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are those of the view")]
pub struct Column {
    pub name: String,
    #[serde(rename = "type")]
    pub type_name: String,
    pub length: Option<u32>,
    pub bits: u8,
}

/// A primary key, unique constraint or index.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are those of the view")]
pub struct Index {
    pub name: String,
    pub bits: u8,
    /// Positions of its columns; `None` is an expression.
    pub columns: Vec<Option<u32>>,
}

/// A foreign key.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are those of the view")]
pub struct ForeignKey {
    pub name: String,
    pub referenced_schema: String,
    pub referenced_name: String,
    pub on_delete: u8,
    /// Positions of its columns.
    pub columns: Vec<u32>,
}

/// A check.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are those of the view")]
pub struct Check {
    pub name: String,
    pub definition: String,
}

/// A trigger.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are those of the view")]
pub struct Trigger {
    pub name: String,
    pub function: String,
    #[serde(rename = "type")]
    pub trigger_type: u8,
    pub enabled: u8,
}

/// Judges facts natively.
///
/// # Errors
/// As [`crate::classification::judge`].
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
        let collections = put_collections(&self.collections, &mut heap);
        let columns = put_columns(&self.collections, &mut heap);
        let indexes = put_indexes(&self.collections, &mut heap);
        let foreign_keys = put_foreign_keys(&self.collections, &mut heap);
        let checks = put_checks(&self.collections, &mut heap);
        let triggers = put_triggers(&self.collections, &mut heap);
        Batch {
            text: wire::TextHeap {
                heap: heap.heap,
                ends: heap.ends,
            },
            collections,
            columns,
            indexes,
            foreign_keys,
            checks,
            triggers,
        }
    }
}

/// The start list of items grouped by collection.
fn starts(collections: &[Collection], items: fn(&Collection) -> usize) -> Vec<u32> {
    let mut end = 0;
    let mut starts = vec![0];
    for collection in collections {
        end += items(collection) as u32;
        starts.push(end);
    }
    starts
}

fn put_collections(collections: &[Collection], heap: &mut Heap) -> wire::Collections {
    let mut optional = |field: fn(&Collection) -> &Option<String>| -> Vec<u32> {
        let put = |collection| heap.put_optional(field(collection).as_deref());
        collections.iter().map(put).collect()
    };
    wire::Collections {
        role: optional(|c| &c.role),
        schema: optional(|c| &c.schema),
        name: optional(|c| &c.name),
        comment: optional(|c| &c.comment),
        key: collections.iter().map(|c| heap.put(&c.key)).collect(),
        kind: collections.iter().map(|c| c.kind).collect(),
        bits: collections.iter().map(|c| c.bits).collect(),
        rows: collections.iter().map(|c| c.rows).collect(),
        inserts: collections.iter().map(|c| c.inserts).collect(),
        updates: collections.iter().map(|c| c.updates).collect(),
        deletes: collections.iter().map(|c| c.deletes).collect(),
        referenced_by: collections.iter().map(|c| c.referenced_by).collect(),
    }
}

fn put_columns(collections: &[Collection], heap: &mut Heap) -> wire::Columns {
    let columns: Vec<&Column> = collections.iter().flat_map(|c| &c.columns).collect();
    wire::Columns {
        start: starts(collections, |c| c.columns.len()),
        name: columns.iter().map(|c| heap.put(&c.name)).collect(),
        type_: columns.iter().map(|c| heap.put(&c.type_name)).collect(),
        length: columns
            .iter()
            .map(|c| c.length.unwrap_or(u32::MAX))
            .collect(),
        bits: columns.iter().map(|c| c.bits).collect(),
    }
}

fn put_indexes(collections: &[Collection], heap: &mut Heap) -> wire::Indexes {
    let indexes: Vec<&Index> = collections.iter().flat_map(|c| &c.indexes).collect();
    let mut column_start = vec![0];
    let mut column = Vec::new();
    for index in &indexes {
        let positions = index.columns.iter().map(|p| p.unwrap_or(u32::MAX));
        column.extend(positions);
        column_start.push(column.len() as u32);
    }
    wire::Indexes {
        start: starts(collections, |c| c.indexes.len()),
        name: indexes.iter().map(|i| heap.put(&i.name)).collect(),
        bits: indexes.iter().map(|i| i.bits).collect(),
        column_start,
        column,
    }
}

fn put_foreign_keys(collections: &[Collection], heap: &mut Heap) -> wire::ForeignKeys {
    let keys: Vec<&ForeignKey> = collections.iter().flat_map(|c| &c.foreign_keys).collect();
    let mut column_start = vec![0];
    let mut column = Vec::new();
    for key in &keys {
        column.extend(&key.columns);
        column_start.push(column.len() as u32);
    }
    wire::ForeignKeys {
        start: starts(collections, |c| c.foreign_keys.len()),
        name: keys.iter().map(|k| heap.put(&k.name)).collect(),
        referenced_schema: keys
            .iter()
            .map(|k| heap.put(&k.referenced_schema))
            .collect(),
        referenced_name: keys.iter().map(|k| heap.put(&k.referenced_name)).collect(),
        on_delete: keys.iter().map(|k| k.on_delete).collect(),
        column_start,
        column,
    }
}

fn put_checks(collections: &[Collection], heap: &mut Heap) -> wire::Checks {
    let checks: Vec<&Check> = collections.iter().flat_map(|c| &c.checks).collect();
    wire::Checks {
        start: starts(collections, |c| c.checks.len()),
        name: checks.iter().map(|c| heap.put(&c.name)).collect(),
        definition: checks.iter().map(|c| heap.put(&c.definition)).collect(),
    }
}

fn put_triggers(collections: &[Collection], heap: &mut Heap) -> wire::Triggers {
    let triggers: Vec<&Trigger> = collections.iter().flat_map(|c| &c.triggers).collect();
    wire::Triggers {
        start: starts(collections, |c| c.triggers.len()),
        name: triggers.iter().map(|t| heap.put(&t.name)).collect(),
        function: triggers.iter().map(|t| heap.put(&t.function)).collect(),
        type_: triggers.iter().map(|t| t.trigger_type).collect(),
        enabled: triggers.iter().map(|t| t.enabled).collect(),
    }
}
