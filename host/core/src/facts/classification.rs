//! Facts of the classification role: collections with the shape of their tables.
//!
//! The columns are filled straight from the rows of the catalog queries, which
//! come in the order of the collections: [`Batches`] hands out the place.

use serde::{Deserialize, Serialize};

use super::text::TextHeap;
use crate::catalog::relation::RelationKind;

/// Bits of [`Collections::bits`]; frozen by the WIT package.
pub mod collection_bits {
    /// `UNLOGGED`.
    pub const UNLOGGED: u8 = 1;
    /// Row security is on.
    pub const ROW_SECURITY: u8 = 2;
    /// Has rewrite rules.
    pub const RULES: u8 = 4;
    /// Inherits from a table.
    pub const INHERITS: u8 = 8;
    /// Is inherited from.
    pub const INHERITED: u8 = 16;
    /// Belongs to an extension.
    pub const EXTENSION: u8 = 32;
    /// Has a comment.
    pub const COMMENT: u8 = 64;
}

/// Bits of [`Columns::bits`]; frozen by the WIT package.
pub mod column_bits {
    /// NOT NULL.
    pub const NOT_NULL: u8 = 1;
    /// Has a default.
    pub const DEFAULT: u8 = 2;
    /// GENERATED ALWAYS AS.
    pub const GENERATED: u8 = 4;
    /// Identity column.
    pub const IDENTITY: u8 = 8;
    /// In the primary key.
    pub const PRIMARY_KEY: u8 = 16;
    /// The default is a sequence or a random identifier.
    pub const SEQUENCE: u8 = 32;
    /// The default is the present time.
    pub const NOW: u8 = 64;
    /// An array.
    pub const ARRAY: u8 = 128;
}

/// Bits of [`Indexes::bits`]; frozen by the WIT package.
pub mod index_bits {
    /// The primary key's.
    pub const PRIMARY: u8 = 1;
    /// Unique.
    pub const UNIQUE: u8 = 2;
    /// Partial.
    pub const PARTIAL: u8 = 4;
    /// Has an expression among its keys.
    pub const EXPRESSION: u8 = 8;
    /// Valid.
    pub const VALID: u8 = 16;
    /// Not a b-tree.
    pub const NOT_BTREE: u8 = 32;
}

/// A number of rows that is not known.
pub const UNKNOWN_MAGNITUDE: u8 = u8::MAX;

/// The binary order of magnitude of a number of rows: 0 for none, `n` for
/// `2^(n-1) ..= 2^n - 1`.
#[must_use]
pub fn magnitude(rows: u64) -> u8 {
    // At most 64.
    (u64::BITS - rows.leading_zeros()) as u8
}

/// One batch: what a plugin is asked in one call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassificationFacts {
    /// Every text of the batch.
    pub text: TextHeap,
    /// The collections to judge.
    pub collections: Collections,
    /// Their tables' columns.
    pub columns: Columns,
    /// Their tables' keys and indexes.
    pub indexes: Indexes,
    /// Their tables' foreign keys.
    pub foreign_keys: ForeignKeys,
    /// Their tables' checks.
    pub checks: Checks,
    /// Their tables' triggers.
    pub triggers: Triggers,
}

/// Collections, one element per collection in each list.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the WIT package documents each list")]
pub struct Collections {
    pub key: Vec<u32>,
    pub role: Vec<u32>,
    pub schema: Vec<u32>,
    pub name: Vec<u32>,
    pub kind: Vec<u8>,
    pub bits: Vec<u8>,
    pub comment: Vec<u32>,
    pub rows: Vec<u8>,
    pub inserts: Vec<u8>,
    pub updates: Vec<u8>,
    pub deletes: Vec<u8>,
    pub referenced_by: Vec<u32>,
}

/// Columns, one element per column in each list but `start`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the WIT package documents each list")]
pub struct Columns {
    pub start: Vec<u32>,
    pub name: Vec<u32>,
    pub r#type: Vec<u32>,
    pub length: Vec<u32>,
    pub bits: Vec<u8>,
}

/// Indexes, one element per index in each list but the starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the WIT package documents each list")]
pub struct Indexes {
    pub start: Vec<u32>,
    pub name: Vec<u32>,
    pub bits: Vec<u8>,
    pub column_start: Vec<u32>,
    pub column: Vec<u32>,
}

/// Foreign keys, one element per key in each list but the starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the WIT package documents each list")]
pub struct ForeignKeys {
    pub start: Vec<u32>,
    pub name: Vec<u32>,
    pub referenced_schema: Vec<u32>,
    pub referenced_name: Vec<u32>,
    pub on_delete: Vec<u8>,
    pub column_start: Vec<u32>,
    pub column: Vec<u32>,
}

/// Checks, one element per check in each list but `start`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the WIT package documents each list")]
pub struct Checks {
    pub start: Vec<u32>,
    pub name: Vec<u32>,
    pub definition: Vec<u32>,
}

/// Triggers, one element per trigger in each list but `start`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the WIT package documents each list")]
pub struct Triggers {
    pub start: Vec<u32>,
    pub name: Vec<u32>,
    pub function: Vec<u32>,
    pub r#type: Vec<u8>,
    pub enabled: Vec<u8>,
}

/// One collection, apart from what its table is made of.
#[derive(Debug, Clone)]
pub struct CollectionFact<'a> {
    /// The registry's key.
    pub key: &'a str,
    /// Governance role as stored.
    pub role: Option<&'a str>,
    /// Schema and name of its table.
    pub table: Option<(&'a str, &'a str)>,
    /// What its key stands for.
    pub kind: RelationKind,
    /// See [`collection_bits`].
    pub bits: u8,
    /// Its table's comment.
    pub comment: Option<&'a str>,
    /// Magnitudes of its rows and of the rows ever inserted, updated and
    /// deleted (see [`magnitude`]).
    pub statistics: [u8; 4],
    /// Foreign keys of other tables that point to it.
    pub referenced_by: u32,
}

impl Default for ClassificationFacts {
    fn default() -> Self {
        // Every list of starts begins with 0, also where there is no item.
        Self {
            text: TextHeap::default(),
            collections: Collections::default(),
            columns: Columns {
                start: vec![0],
                name: vec![],
                r#type: vec![],
                length: vec![],
                bits: vec![],
            },
            indexes: Indexes {
                start: vec![0],
                name: vec![],
                bits: vec![],
                column_start: vec![0],
                column: vec![],
            },
            foreign_keys: ForeignKeys {
                start: vec![0],
                name: vec![],
                referenced_schema: vec![],
                referenced_name: vec![],
                on_delete: vec![],
                column_start: vec![0],
                column: vec![],
            },
            checks: Checks {
                start: vec![0],
                name: vec![],
                definition: vec![],
            },
            triggers: Triggers {
                start: vec![0],
                name: vec![],
                function: vec![],
                r#type: vec![],
                enabled: vec![],
            },
        }
    }
}

/// Closes the ranges of every owner before `owner`, so that an item pushed now
/// is `owner`'s. Items come grouped by owner in ascending order.
fn open(start: &mut Vec<u32>, owner: usize, items: usize) {
    debug_assert!(
        start.len() <= owner + 1,
        "items come in the order of their owners"
    );
    start.resize(owner + 1, items as u32);
}

impl ClassificationFacts {
    /// How many collections a plugin has to answer.
    #[must_use]
    pub fn subjects(&self) -> usize {
        self.collections.key.len()
    }

    /// Adds a collection.
    pub fn add_collection(&mut self, fact: &CollectionFact<'_>) {
        let (text, c) = (&mut self.text, &mut self.collections);
        c.key.push(text.intern(fact.key));
        c.role.push(text.intern_optional(fact.role));
        c.schema.push(text.intern_optional(fact.table.map(|t| t.0)));
        c.name.push(text.intern_optional(fact.table.map(|t| t.1)));
        c.kind.push(fact.kind as u8);
        c.bits.push(fact.bits);
        c.comment.push(text.intern_optional(fact.comment));
        let [rows, inserts, updates, deletes] = fact.statistics;
        c.rows.push(rows);
        c.inserts.push(inserts);
        c.updates.push(updates);
        c.deletes.push(deletes);
        c.referenced_by.push(fact.referenced_by);
    }

    /// Adds a column to the collection at `owner`.
    pub fn add_column(
        &mut self,
        owner: usize,
        name: &str,
        r#type: &str,
        length: Option<u32>,
        bits: u8,
    ) {
        let c = &mut self.columns;
        open(&mut c.start, owner, c.name.len());
        c.name.push(self.text.intern(name));
        c.r#type.push(self.text.intern(r#type));
        c.length.push(length.unwrap_or(u32::MAX));
        c.bits.push(bits);
    }

    /// Adds an index to the collection at `owner`; `columns` are positions
    /// among the collection's columns, none for an expression.
    pub fn add_index(
        &mut self,
        owner: usize,
        name: &str,
        bits: u8,
        columns: impl Iterator<Item = Option<u32>>,
    ) {
        let i = &mut self.indexes;
        open(&mut i.start, owner, i.name.len());
        i.name.push(self.text.intern(name));
        i.bits.push(bits);
        i.column.extend(columns.map(|c| c.unwrap_or(u32::MAX)));
        i.column_start.push(i.column.len() as u32);
    }

    /// Adds a foreign key to the collection at `owner`.
    pub fn add_foreign_key(
        &mut self,
        owner: usize,
        name: &str,
        referenced: (&str, &str),
        on_delete: u8,
        columns: impl Iterator<Item = u32>,
    ) {
        let (text, f) = (&mut self.text, &mut self.foreign_keys);
        open(&mut f.start, owner, f.name.len());
        f.name.push(text.intern(name));
        f.referenced_schema.push(text.intern(referenced.0));
        f.referenced_name.push(text.intern(referenced.1));
        f.on_delete.push(on_delete);
        f.column.extend(columns);
        f.column_start.push(f.column.len() as u32);
    }

    /// Adds a check to the collection at `owner`.
    pub fn add_check(&mut self, owner: usize, name: &str, definition: &str) {
        let c = &mut self.checks;
        open(&mut c.start, owner, c.name.len());
        c.name.push(self.text.intern(name));
        c.definition.push(self.text.intern(definition));
    }

    /// Adds a trigger to the collection at `owner`.
    pub fn add_trigger(
        &mut self,
        owner: usize,
        name: &str,
        function: &str,
        r#type: u8,
        enabled: u8,
    ) {
        let t = &mut self.triggers;
        open(&mut t.start, owner, t.name.len());
        t.name.push(self.text.intern(name));
        t.function.push(self.text.intern(function));
        t.r#type.push(r#type);
        t.enabled.push(enabled);
    }

    /// Closes the ranges of the last collections. Nothing is added afterwards.
    pub fn finish(&mut self) {
        let owners = self.subjects();
        open(&mut self.columns.start, owners, self.columns.name.len());
        open(&mut self.indexes.start, owners, self.indexes.name.len());
        open(
            &mut self.foreign_keys.start,
            owners,
            self.foreign_keys.name.len(),
        );
        open(&mut self.checks.start, owners, self.checks.name.len());
        open(&mut self.triggers.start, owners, self.triggers.name.len());
        self.text.forget_index();
    }
}

/// Facts of any number of collections, cut into batches of [`Batches::SIZE`].
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Batches(Vec<ClassificationFacts>);

impl Batches {
    /// Collections in one call of a plugin: enough to make the call's own cost
    /// disappear, few enough for the guest's memory.
    pub const SIZE: usize = 512;

    /// Adds the next collection.
    pub fn add_collection(&mut self, fact: &CollectionFact<'_>) {
        match self.0.last_mut() {
            Some(batch) if batch.subjects() < Self::SIZE => batch.add_collection(fact),
            _ => {
                let mut batch = ClassificationFacts::default();
                batch.add_collection(fact);
                self.0.push(batch);
            }
        }
    }

    /// The batch of the collection at `index` and its place in it; none where
    /// there is no such collection.
    pub fn of(&mut self, index: usize) -> Option<(&mut ClassificationFacts, usize)> {
        let batch = self.0.get_mut(index / Self::SIZE)?;
        Some((batch, index % Self::SIZE))
    }

    /// Closes every batch. Nothing is added afterwards.
    pub fn finish(&mut self) {
        self.0.iter_mut().for_each(ClassificationFacts::finish);
    }

    /// The batches themselves, in the order of the collections.
    #[must_use]
    pub fn into_batches(self) -> Vec<ClassificationFacts> {
        self.0
    }

    /// The batches, in the order of the collections.
    #[must_use]
    pub fn batches(&self) -> &[ClassificationFacts] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collection(key: &str) -> CollectionFact<'_> {
        CollectionFact {
            key,
            role: None,
            table: Some(("s", key)),
            kind: RelationKind::Table,
            bits: 0,
            comment: None,
            statistics: [UNKNOWN_MAGNITUDE; 4],
            referenced_by: 0,
        }
    }

    #[test]
    fn items_belong_to_their_owners_also_where_some_have_none() {
        let mut facts = ClassificationFacts::default();
        for key in ["a", "b", "c", "d"] {
            facts.add_collection(&collection(key));
        }
        facts.add_column(1, "x", "text", None, 0);
        facts.add_column(1, "y", "text", Some(3), 0);
        facts.add_column(3, "x", "text", None, 0);
        facts.finish();
        assert_eq!(facts.columns.start, [0, 0, 2, 2, 3]);
        assert_eq!(facts.columns.length, [u32::MAX, 3, u32::MAX]);
        assert_eq!(facts.checks.start, [0; 5]);
    }

    #[test]
    fn batches_are_cut_at_their_size() {
        let mut batches = Batches::default();
        let keys: Vec<String> = (0..=Batches::SIZE).map(|i| i.to_string()).collect();
        for key in &keys {
            batches.add_collection(&collection(key));
        }
        assert!(matches!(batches.of(Batches::SIZE), Some((b, 0)) if b.subjects() == 1));
        assert!(batches.of(2 * Batches::SIZE).is_none());
        batches.finish();
        assert_eq!(batches.batches().len(), 2);
    }

    #[test]
    fn magnitudes() {
        let of: Vec<u8> = [0, 1, 2, 3, 4, 1 << 40]
            .into_iter()
            .map(magnitude)
            .collect();
        assert_eq!(of, [0, 1, 2, 2, 3, 41]);
    }
}
