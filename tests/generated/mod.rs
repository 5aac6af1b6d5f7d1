//! Collections made from the labelled corpus of the classification plugin, for
//! benchmarks and for tests that need many of them.

use birth_core::catalog::relation::RelationKind;
use birth_core::facts::classification::{Batches, CollectionFact};
use birth_sdk::testing::classification::Collection;
use birth_tests::cli::workspace;

// Whoever takes this module in has the corpus reader beside it.
use super::corpus;

/// The tables of the corpus that are of about ten columns.
pub(crate) fn shapes() -> Vec<Collection> {
    let folder = workspace().join("plugins/classification/tests/corpus");
    let folders = ["tuned", "validation"].map(|part| corpus::read_folder(&folder.join(part)));
    let applications = folders.map(|read| read.unwrap_or_else(|fault| panic!("{fault}")));
    applications
        .iter()
        .flatten()
        .flat_map(|application| corpus::facts(application).collections)
        .filter(|collection| (8..=12).contains(&collection.columns.len()))
        .collect()
}

/// So many collections. No two have the same names of table, index and key.
pub(crate) fn generate(number: usize) -> Vec<Collection> {
    let shapes = shapes();
    let mut collections: Vec<Collection> = shapes.into_iter().cycle().take(number).collect();
    for (at, collection) in collections.iter_mut().enumerate() {
        let number = |name: &mut String| *name = format!("{name}_{at}");
        number(&mut collection.key);
        collection.name.iter_mut().for_each(number);
        collection
            .indexes
            .iter_mut()
            .for_each(|i| number(&mut i.name));
        collection
            .foreign_keys
            .iter_mut()
            .for_each(|k| number(&mut k.name));
        collection
            .checks
            .iter_mut()
            .for_each(|c| number(&mut c.name));
    }
    collections
}

/// As the host does it with the rows of the catalog queries.
pub(crate) fn encode(collections: &[Collection]) -> Batches {
    let mut batches = Batches::default();
    for c in collections {
        batches.add_collection(&CollectionFact {
            key: &c.key,
            role: c.role.as_deref(),
            table: c.schema.as_deref().zip(c.name.as_deref()),
            kind: match c.kind {
                2 => RelationKind::PartitionedTable,
                _ => RelationKind::Table,
            },
            bits: c.bits,
            comment: c.comment.as_deref(),
            statistics: [c.rows, c.inserts, c.updates, c.deletes],
            referenced_by: c.referenced_by,
        });
    }
    for (at, c) in collections.iter().enumerate() {
        let Some((facts, owner)) = batches.of(at) else {
            continue;
        };
        for x in &c.columns {
            facts.add_column(owner, &x.name, &x.type_name, x.length, x.bits);
        }
        for x in &c.indexes {
            facts.add_index(owner, &x.name, x.bits, x.columns.iter().copied());
        }
        for x in &c.foreign_keys {
            let referenced = (&*x.referenced_schema, &*x.referenced_name);
            let columns = x.columns.iter().copied();
            facts.add_foreign_key(owner, &x.name, referenced, x.on_delete, columns);
        }
        for x in &c.checks {
            facts.add_check(owner, &x.name, &x.definition);
        }
        for x in &c.triggers {
            facts.add_trigger(owner, &x.name, &x.function, x.trigger_type, x.enabled);
        }
    }
    batches.finish();
    batches
}
