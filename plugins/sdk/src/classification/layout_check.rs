//! The layout of a classification batch, list by list.

use super::{Batch, wire};
use crate::layout::{self, Fault, Malformed};
use crate::plugin::{RelationKind, TriggerEnabled, TriggerType};
use crate::text::Texts;

/// Checks every list of a batch.
///
/// # Errors
/// The first list that breaks the layout.
pub(super) fn check(batch: &Batch) -> Result<(), Malformed> {
    let texts = super::texts(batch);
    layout::texts(texts)?;
    let collections = check_collections(&batch.collections, texts)?;
    check_columns(&batch.columns, collections, texts)?;
    check_indexes(&batch.indexes, &batch.columns.start, texts)?;
    check_foreign_keys(&batch.foreign_keys, &batch.columns.start, texts)?;
    check_checks(&batch.checks, collections, texts)?;
    check_triggers(&batch.triggers, collections, texts)
}

fn check_collections(
    collections: &wire::Collections,
    texts: Texts<'_>,
) -> Result<usize, Malformed> {
    let items = collections.key.len();
    layout::required("collections.key", &collections.key, items, texts)?;
    for (list, symbols) in [
        ("collections.role", &collections.role),
        ("collections.schema", &collections.schema),
        ("collections.name", &collections.name),
        ("collections.comment", &collections.comment),
    ] {
        layout::optional(list, symbols, items, texts)?;
    }
    let kinds = &collections.kind;
    layout::numbers("collections.kind", kinds, items, RelationKind::LAST)?;
    layout::bits("collections.bits", &collections.bits, items, 127)?;
    for (list, magnitudes) in [
        ("collections.rows", &collections.rows),
        ("collections.inserts", &collections.inserts),
        ("collections.updates", &collections.updates),
        ("collections.deletes", &collections.deletes),
    ] {
        layout::length(list, magnitudes, items)?;
    }
    let referenced = &collections.referenced_by;
    layout::length("collections.referenced-by", referenced, items)?;
    Ok(items)
}

fn check_columns(
    columns: &wire::Columns,
    collections: usize,
    texts: Texts<'_>,
) -> Result<(), Malformed> {
    let items = columns.name.len();
    layout::required("columns.name", &columns.name, items, texts)?;
    layout::starts("columns.start", &columns.start, collections, items)?;
    layout::required("columns.type", &columns.type_, items, texts)?;
    layout::length("columns.length", &columns.length, items)?;
    layout::length("columns.bits", &columns.bits, items)
}

fn check_indexes(
    indexes: &wire::Indexes,
    columns: &[u32],
    texts: Texts<'_>,
) -> Result<(), Malformed> {
    let items = indexes.name.len();
    layout::required("indexes.name", &indexes.name, items, texts)?;
    layout::starts("indexes.start", &indexes.start, columns.len() - 1, items)?;
    layout::bits("indexes.bits", &indexes.bits, items, 63)?;
    let keys = indexes.column.len();
    layout::starts("indexes.column-start", &indexes.column_start, items, keys)?;
    check_positions(
        "indexes.column",
        Positions {
            owner: &indexes.start,
            item: &indexes.column_start,
            position: &indexes.column,
        },
        columns,
        Some(u32::MAX),
    )
}

fn check_foreign_keys(
    keys: &wire::ForeignKeys,
    columns: &[u32],
    texts: Texts<'_>,
) -> Result<(), Malformed> {
    let items = keys.name.len();
    layout::required("foreign-keys.name", &keys.name, items, texts)?;
    layout::starts("foreign-keys.start", &keys.start, columns.len() - 1, items)?;
    let schemas = &keys.referenced_schema;
    layout::required("foreign-keys.referenced-schema", schemas, items, texts)?;
    let names = &keys.referenced_name;
    layout::required("foreign-keys.referenced-name", names, items, texts)?;
    layout::numbers("foreign-keys.on-delete", &keys.on_delete, items, 4)?;
    let starts = &keys.column_start;
    layout::starts(
        "foreign-keys.column-start",
        starts,
        items,
        keys.column.len(),
    )?;
    check_positions(
        "foreign-keys.column",
        Positions {
            owner: &keys.start,
            item: &keys.column_start,
            position: &keys.column,
        },
        columns,
        None,
    )
}

/// Column positions grouped by item, items grouped by collection; the start
/// lists have been checked.
struct Positions<'a> {
    owner: &'a [u32],
    item: &'a [u32],
    position: &'a [u32],
}

/// Every position lies within the columns of its own collection, or is the
/// number that stands for an expression.
fn check_positions(
    list: &'static str,
    positions: Positions<'_>,
    columns: &[u32],
    expression: Option<u32>,
) -> Result<(), Malformed> {
    for collection in 0..columns.len() - 1 {
        let known = layout::range(columns, collection).len();
        for item in layout::range(positions.owner, collection) {
            for at in layout::range(positions.item, item) {
                let position = positions.position[at];
                if Some(position) != expression && position as usize >= known {
                    return layout::refuse(list, Fault::OutOfRange { item: at });
                }
            }
        }
    }
    Ok(())
}

fn check_checks(
    checks: &wire::Checks,
    collections: usize,
    texts: Texts<'_>,
) -> Result<(), Malformed> {
    let items = checks.name.len();
    layout::required("checks.name", &checks.name, items, texts)?;
    layout::starts("checks.start", &checks.start, collections, items)?;
    layout::required("checks.definition", &checks.definition, items, texts)
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
    let enabled = &triggers.enabled;
    layout::numbers("triggers.enabled", enabled, items, TriggerEnabled::LAST)
}
