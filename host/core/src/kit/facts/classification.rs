//! Facts of the classification role, nested.

use serde::Deserialize;

use super::{Enabled, Kind};
use crate::facts::classification::{ClassificationFacts, CollectionFact};

/// Facts of one call.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Facts {
    /// The collections to judge.
    pub collections: Vec<Collection>,
}

/// A collection; numbers and bits are those of `classification.wit`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the WIT package documents each field")]
pub struct Collection {
    pub key: String,
    pub role: Option<String>,
    pub schema: Option<String>,
    pub name: Option<String>,
    pub kind: Kind,
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
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the WIT package documents each field")]
pub struct Column {
    pub name: String,
    #[serde(rename = "type")]
    pub type_name: String,
    pub length: Option<u32>,
    pub bits: u8,
}

/// A primary key, unique constraint or index.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// The bits of `classification.wit`.
    pub bits: u8,
    /// Positions of its columns; none is an expression.
    pub columns: Vec<Option<u32>>,
}

/// A foreign key.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the WIT package documents each field")]
pub struct ForeignKey {
    pub name: String,
    pub referenced_schema: String,
    pub referenced_name: String,
    pub on_delete: u8,
    /// Positions of its columns.
    pub columns: Vec<u32>,
}

/// A check.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the WIT package documents each field")]
pub struct Check {
    pub name: String,
    pub definition: String,
}

/// A trigger.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the WIT package documents each field")]
pub struct Trigger {
    pub name: String,
    pub function: String,
    #[serde(rename = "type")]
    pub trigger_type: u8,
    pub enabled: Enabled,
}

impl Facts {
    /// The batch that crosses the boundary.
    #[must_use]
    pub fn batch(&self) -> ClassificationFacts {
        let mut batch = ClassificationFacts::default();
        for (owner, collection) in self.collections.iter().enumerate() {
            batch.add_collection(&collection.fact());
            // A case may have the one without the other.
            let (text, lists) = (&mut batch.text, &mut batch.collections);
            for (list, given) in [
                (&mut lists.schema, &collection.schema),
                (&mut lists.name, &collection.name),
            ] {
                list.pop();
                list.push(text.intern_optional(given.as_deref()));
            }
            for c in &collection.columns {
                batch.add_column(owner, &c.name, &c.type_name, c.length, c.bits);
            }
            for index in &collection.indexes {
                let columns = index.columns.iter().copied();
                batch.add_index(owner, &index.name, index.bits, columns);
            }
            for key in &collection.foreign_keys {
                let referenced = (key.referenced_schema.as_str(), key.referenced_name.as_str());
                let columns = key.columns.iter().copied();
                batch.add_foreign_key(owner, &key.name, referenced, key.on_delete, columns);
            }
            for check in &collection.checks {
                batch.add_check(owner, &check.name, &check.definition);
            }
            for t in &collection.triggers {
                let enabled = t.enabled.0 as u8;
                batch.add_trigger(owner, &t.name, &t.function, t.trigger_type, enabled);
            }
        }
        batch.finish();
        batch
    }

    pub(super) fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        self.collections
            .iter_mut()
            .for_each(|collection| collection.each_text(change));
    }
}

impl Collection {
    fn fact(&self) -> CollectionFact<'_> {
        CollectionFact {
            key: &self.key,
            role: self.role.as_deref(),
            table: None,
            kind: self.kind.0,
            bits: self.bits,
            comment: self.comment.as_deref(),
            statistics: [self.rows, self.inserts, self.updates, self.deletes],
            referenced_by: self.referenced_by,
        }
    }

    fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        change(&mut self.key);
        for text in [
            &mut self.role,
            &mut self.schema,
            &mut self.name,
            &mut self.comment,
        ] {
            text.iter_mut().for_each(&mut *change);
        }
        for column in &mut self.columns {
            change(&mut column.name);
            change(&mut column.type_name);
        }
        for index in &mut self.indexes {
            change(&mut index.name);
        }
        for key in &mut self.foreign_keys {
            change(&mut key.name);
            change(&mut key.referenced_schema);
            change(&mut key.referenced_name);
        }
        for check in &mut self.checks {
            change(&mut check.name);
            change(&mut check.definition);
        }
        for trigger in &mut self.triggers {
            change(&mut trigger.name);
            change(&mut trigger.function);
        }
    }
}
