//! Facts as people read them: what a subject is called, and everything that a
//! plugin is told about it.
//!
//! Works on any facts: what a symbol or a range does not lead to is left out.

mod conflict;

use serde_json::{Value, json};

use super::classification::{
    self, ClassificationFacts, UNKNOWN_MAGNITUDE, collection_bits, column_bits, index_bits,
};
use super::conflict::trigger_bits;
use super::coverage::{CoverageFacts, NO_TIME};
use super::{NO_TEXT, TextHeap};
use crate::catalog::relation::RelationKind;

/// What a verdict is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject<'a> {
    /// What kind of thing: `collection`, `column`, `check` or `trigger`.
    pub kind: &'static str,
    /// Its key, or its name.
    pub key: &'a str,
    /// Governance role as stored.
    pub role: Option<&'a str>,
}

const COLLECTION_BITS: [(u16, &str); 6] = [
    (collection_bits::UNLOGGED as u16, "unlogged"),
    (collection_bits::ROW_SECURITY as u16, "row-security"),
    (collection_bits::RULES as u16, "rules"),
    (collection_bits::INHERITS as u16, "inherits"),
    (collection_bits::INHERITED as u16, "inherited"),
    (collection_bits::EXTENSION as u16, "extension"),
];

const COLUMN_BITS: [(u16, &str); 8] = [
    (column_bits::NOT_NULL as u16, "not-null"),
    (column_bits::DEFAULT as u16, "default"),
    (column_bits::GENERATED as u16, "generated"),
    (column_bits::IDENTITY as u16, "identity"),
    (column_bits::PRIMARY_KEY as u16, "primary-key"),
    (column_bits::SEQUENCE as u16, "makes-identifiers"),
    (column_bits::NOW as u16, "default-now"),
    (column_bits::ARRAY as u16, "array"),
];

const INDEX_BITS: [(u16, &str); 6] = [
    (index_bits::PRIMARY as u16, "primary"),
    (index_bits::UNIQUE as u16, "unique"),
    (index_bits::PARTIAL as u16, "partial"),
    (index_bits::EXPRESSION as u16, "expression"),
    (index_bits::VALID as u16, "valid"),
    (index_bits::NOT_BTREE as u16, "not-btree"),
];

const TRIGGER_BITS: [(u16, &str); 9] = [
    (trigger_bits::HOLDS_NAME, "holds-name"),
    (trigger_bits::BOUND, "bound"),
    (trigger_bits::INTERNAL, "internal"),
    (trigger_bits::CLONE, "clone"),
    (trigger_bits::CONSTRAINT, "constraint"),
    (trigger_bits::WHEN, "when"),
    (trigger_bits::ARGUMENTS, "arguments"),
    (trigger_bits::COLUMNS, "columns"),
    (trigger_bits::TRANSITION_TABLES, "transition-tables"),
];

fn words(bits: u16, known: &[(u16, &'static str)]) -> Vec<&'static str> {
    let set = known.iter().filter(|(bit, _)| bits & bit != 0);
    set.map(|(_, word)| *word).collect()
}

/// A kind of relation, by its number in the WIT package.
#[must_use]
pub fn kind(number: u8) -> &'static str {
    let known = RelationKind::from_number(number);
    known.map_or("unknown", |kind| kind.describe())
}

fn enabled(number: u8) -> &'static str {
    match number {
        0 => "origin",
        1 => "disabled",
        2 => "replica",
        3 => "always",
        _ => "unknown",
    }
}

fn at<T: Copy>(list: &[T], index: usize) -> Option<T> {
    list.get(index).copied()
}

fn range(starts: &[u32], owner: usize) -> std::ops::Range<usize> {
    let place = |at: usize| starts.get(at).map_or(0, |start| *start as usize);
    place(owner)..place(owner + 1)
}

fn text<'a>(heap: &'a TextHeap, symbols: &[u32], index: usize) -> Option<&'a str> {
    heap.get(at(symbols, index).unwrap_or(NO_TEXT))
}

fn magnitude(list: &[u8], index: usize) -> Option<u8> {
    at(list, index).filter(|known| *known != UNKNOWN_MAGNITUDE)
}

impl ClassificationFacts {
    /// What a verdict about a subject is about.
    #[must_use]
    pub fn subject(&self, index: usize) -> Option<Subject<'_>> {
        let c = &self.collections;
        Some(Subject {
            kind: "collection",
            key: text(&self.text, &c.key, index)?,
            role: text(&self.text, &c.role, index),
        })
    }

    /// Everything that is said of a collection.
    #[must_use]
    pub fn describe(&self, index: usize) -> Value {
        let (heap, c) = (&self.text, &self.collections);
        let columns = range(&self.columns.start, index);
        let indexes = range(&self.indexes.start, index).map(|i| self.index(i, &columns));
        let keys = range(&self.foreign_keys.start, index).map(|f| self.foreign_key(f, &columns));
        let h = &self.checks;
        let checks = range(&h.start, index).map(|h_at| {
            json!({
                "name": text(heap, &h.name, h_at),
                "definition": text(heap, &h.definition, h_at),
            })
        });
        let t = &self.triggers;
        let triggers = range(&t.start, index).map(|t_at| {
            json!({
                "name": text(heap, &t.name, t_at),
                "function": text(heap, &t.function, t_at),
                "type": at(&t.r#type, t_at),
                "enabled": at(&t.enabled, t_at).map(enabled),
            })
        });
        json!({
            "key": text(heap, &c.key, index),
            "role": text(heap, &c.role, index),
            "schema": text(heap, &c.schema, index),
            "name": text(heap, &c.name, index),
            "kind": at(&c.kind, index).map(kind),
            "marks": words(at(&c.bits, index).unwrap_or(0).into(), &COLLECTION_BITS),
            "comment": text(heap, &c.comment, index),
            "magnitude_of_rows": magnitude(&c.rows, index),
            "magnitude_of_inserts": magnitude(&c.inserts, index),
            "magnitude_of_updates": magnitude(&c.updates, index),
            "magnitude_of_deletes": magnitude(&c.deletes, index),
            "referenced_by": at(&c.referenced_by, index),
            "columns": columns.clone().map(|k| self.column(k)).collect::<Vec<_>>(),
            "indexes": indexes.collect::<Vec<_>>(),
            "foreign_keys": keys.collect::<Vec<_>>(),
            "checks": checks.collect::<Vec<_>>(),
            "triggers": triggers.collect::<Vec<_>>(),
        })
    }

    fn column(&self, index: usize) -> Value {
        let k: &classification::Columns = &self.columns;
        json!({
            "name": text(&self.text, &k.name, index),
            "type": text(&self.text, &k.r#type, index),
            "length": at(&k.length, index).filter(|length| *length != u32::MAX),
            "marks": words(at(&k.bits, index).unwrap_or(0).into(), &COLUMN_BITS),
        })
    }

    fn index(&self, index: usize, columns: &std::ops::Range<usize>) -> Value {
        let i = &self.indexes;
        let keys = range(&i.column_start, index).map(|at| self.column_name(&i.column, at, columns));
        json!({
            "name": text(&self.text, &i.name, index),
            "columns": keys.collect::<Vec<_>>(),
            "marks": words(at(&i.bits, index).unwrap_or(0).into(), &INDEX_BITS),
        })
    }

    fn foreign_key(&self, index: usize, columns: &std::ops::Range<usize>) -> Value {
        let f = &self.foreign_keys;
        let from = range(&f.column_start, index).map(|at| self.column_name(&f.column, at, columns));
        let on_delete = match at(&f.on_delete, index) {
            Some(1) => "restrict",
            Some(2) => "cascade",
            Some(3) => "set null",
            Some(4) => "set default",
            _ => "no action",
        };
        json!({
            "name": text(&self.text, &f.name, index),
            "columns": from.collect::<Vec<_>>(),
            "references_schema": text(&self.text, &f.referenced_schema, index),
            "references": text(&self.text, &f.referenced_name, index),
            "on_delete": on_delete,
        })
    }

    /// None for an expression.
    fn column_name(
        &self,
        places: &[u32],
        index: usize,
        columns: &std::ops::Range<usize>,
    ) -> Option<&str> {
        let place = at(places, index).filter(|place| *place != u32::MAX)? as usize;
        text(&self.text, &self.columns.name, columns.start + place)
    }
}

impl CoverageFacts {
    /// What a verdict about a subject is about.
    #[must_use]
    pub fn subject(&self, index: usize) -> Option<Subject<'_>> {
        let c = &self.collections;
        Some(Subject {
            kind: "collection",
            key: text(&self.text, &c.key, index)?,
            role: text(&self.text, &c.role, index),
        })
    }

    /// Everything that is said of a collection.
    #[must_use]
    pub fn describe(&self, index: usize) -> Value {
        let (heap, c, t) = (&self.text, &self.collections, &self.triggers);
        let triggers = range(&t.start, index).map(|t_at| {
            json!({
                "name": text(heap, &t.name, t_at),
                "function": text(heap, &t.function, t_at),
                "type": at(&t.r#type, t_at),
                "marks": words(at(&t.bits, t_at).unwrap_or(0), &TRIGGER_BITS),
                "enabled": at(&t.enabled, t_at).map(enabled),
            })
        });
        json!({
            "key": text(heap, &c.key, index),
            "role": text(heap, &c.role, index),
            "schema": text(heap, &c.schema, index),
            "name": text(heap, &c.name, index),
            "kind": at(&c.kind, index).map(kind),
            "storage_ready": self.storage_ready,
            "coverage_status": text(heap, &c.coverage_status, index),
            "scope_status": text(heap, &c.scope_status, index),
            "exemption_reason": text(heap, &c.exemption_reason, index),
            "review_owner": text(heap, &c.review_owner, index),
            "decided_at": at(&c.decided_at, index).filter(|time| *time != NO_TIME),
            "decided_by": text(heap, &c.decided_by, index),
            "species_mappings": at(&c.species_mappings, index),
            "triggers": triggers.collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::classification::CollectionFact;

    #[test]
    fn a_collection_is_told_with_all_it_has() {
        let mut facts = ClassificationFacts::default();
        for key in ["a", "b"] {
            facts.add_collection(&CollectionFact {
                key,
                role: Some("governed"),
                table: Some(("s", key)),
                kind: RelationKind::Table,
                bits: collection_bits::RULES,
                comment: None,
                statistics: [UNKNOWN_MAGNITUDE; 4],
                referenced_by: 2,
            });
        }
        facts.add_column(1, "id", "bigint", None, column_bits::IDENTITY);
        facts.add_column(1, "at", "date", Some(3), 0);
        facts.add_index(1, "pk", index_bits::PRIMARY, [Some(1), None].into_iter());
        facts.finish();
        let told = facts.describe(1);
        assert_eq!(told["name"], "b");
        assert_eq!(told["marks"], json!(["rules"]));
        assert_eq!(told["columns"][0]["marks"], json!(["identity"]));
        assert_eq!(told["columns"][1]["length"], 3);
        assert_eq!(told["indexes"][0]["columns"], json!(["at", null]));
        assert_eq!(told["magnitude_of_rows"], Value::Null);
        assert_eq!(facts.describe(0)["columns"], json!([]));
        assert_eq!(
            facts.subject(0).map(|s| (s.key, s.role)),
            Some(("a", Some("governed")))
        );
        assert_eq!(facts.subject(2), None);
    }
}
