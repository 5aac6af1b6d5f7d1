//! Reading takes the same number of statements, however many tables there are.

use birth_core::profile::CollectionRules;
use birth_host::pg::Reader;
use birth_tests::database::Database;
use birth_tests::estate::large;
use birth_tests::server;

use super::{identifier, plain_columns, reading, relation};

/// Reads all there is and gives the statements that took: texts of the log.
fn statements(db: &Database, collections: usize) -> Vec<String> {
    let registry = relation(db, "inventory.collection_registry");
    let map = relation(db, "inventory.species_collection_map");
    db.execute(&format!(
        "ALTER DATABASE {} SET log_statement = 'all'",
        db.name()
    ));
    let before = db.server().log().len();
    reading(&db.url(), async |reader: Reader<'_>| {
        let rules = CollectionRules::default();
        let estate = reader
            .estate(&registry, &plain_columns(), &rules)
            .await
            .unwrap();
        assert_eq!(estate.collections.len(), collections);
        assert!(estate.collections.iter().all(|c| c.table.is_some()));
        let facts = reader.classification_facts(&estate).await.unwrap();
        let subjects: usize = facts.batches().iter().map(|b| b.subjects()).sum();
        assert_eq!(subjects, collections);
        let mapped = reader
            .mapped_keys(&map, &identifier("collection_key"))
            .await
            .unwrap();
        assert!(mapped.keys.len() > collections / 2);
        let functions = reader
            .trigger_functions("fn_birth_registry_auto")
            .await
            .unwrap();
        let tables = estate.collections.iter().filter_map(|c| c.table.as_ref());
        let oids: Vec<u32> = tables.map(|t| t.oid).collect();
        let tables: Vec<(u32, &str)> = oids.iter().map(|&oid| (oid, "trg_birth")).collect();
        let triggers = reader
            .birth_triggers(&tables, functions[0].oid)
            .await
            .unwrap();
        assert!(triggers.live.is_empty());
        let relations = reader.relations_by_oid(&oids).await.unwrap();
        assert_eq!(relations.len(), collections);
    });
    let log = db.server().log();
    // Nothing else logs statements on these servers.
    log[before..]
        .lines()
        .filter_map(|line| {
            let at = line
                .find("LOG:  execute ")
                .or(line.find("LOG:  statement: "))?;
            Some(line[at..].to_owned())
        })
        .collect()
}

#[test]
fn reading_takes_the_same_number_of_statements_for_any_number_of_tables() {
    for server in server::all() {
        let (few, many) = (large(10).create(server), large(2_000).create(server));
        let (few, many) = (statements(&few, 10), statements(&many, 2_000));
        // Opening, timeouts and the like, and the twelve queries themselves.
        let queries = |log: &[String]| log.iter().filter(|l| l.contains("execute ")).count();
        assert_eq!(queries(&few), 12, "{few:#?}");
        assert_eq!(few.len(), many.len(), "{few:#?}\n{many:#?}");
    }
}
