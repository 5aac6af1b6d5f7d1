//! A batch of the classification role.

use birth_core::facts::classification::ClassificationFacts;

use super::super::classification::exports::birth::policy::classification as wit;
use super::size;

/// Lends it.
pub(in super::super) fn facts(facts: &ClassificationFacts) -> wit::Facts<'_> {
    let ClassificationFacts {
        text,
        collections,
        columns,
        indexes,
        foreign_keys,
        checks,
        triggers,
    } = facts;
    wit::Facts {
        text: wit::TextHeap {
            heap: text.heap(),
            ends: text.ends(),
        },
        collections: wit::Collections {
            key: &collections.key,
            role: &collections.role,
            schema: &collections.schema,
            name: &collections.name,
            kind: &collections.kind,
            bits: &collections.bits,
            comment: &collections.comment,
            rows: &collections.rows,
            inserts: &collections.inserts,
            updates: &collections.updates,
            deletes: &collections.deletes,
            referenced_by: &collections.referenced_by,
        },
        columns: wit::Columns {
            start: &columns.start,
            name: &columns.name,
            type_: &columns.r#type,
            length: &columns.length,
            bits: &columns.bits,
        },
        indexes: wit::Indexes {
            start: &indexes.start,
            name: &indexes.name,
            bits: &indexes.bits,
            column_start: &indexes.column_start,
            column: &indexes.column,
        },
        foreign_keys: wit::ForeignKeys {
            start: &foreign_keys.start,
            name: &foreign_keys.name,
            referenced_schema: &foreign_keys.referenced_schema,
            referenced_name: &foreign_keys.referenced_name,
            on_delete: &foreign_keys.on_delete,
            column_start: &foreign_keys.column_start,
            column: &foreign_keys.column,
        },
        checks: wit::Checks {
            start: &checks.start,
            name: &checks.name,
            definition: &checks.definition,
        },
        triggers: wit::Triggers {
            start: &triggers.start,
            name: &triggers.name,
            function: &triggers.function,
            type_: &triggers.r#type,
            enabled: &triggers.enabled,
        },
    }
}

/// Bytes that it takes in the guest's memory.
pub(in crate::plugin) fn bytes(facts: &ClassificationFacts) -> usize {
    let ClassificationFacts {
        text,
        collections,
        columns,
        indexes,
        foreign_keys,
        checks,
        triggers,
    } = facts;
    text.heap().len()
        + size_of_val(text.ends())
        + size! {
            collections => key, role, schema, name, kind, bits, comment, rows, inserts, updates, deletes, referenced_by;
            columns => start, name, r#type, length, bits;
            indexes => start, name, bits, column_start, column;
            foreign_keys => start, name, referenced_schema, referenced_name, on_delete, column_start, column;
            checks => start, name, definition;
            triggers => start, name, function, r#type, enabled;
        }
}
