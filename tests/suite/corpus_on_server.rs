//! The corpus of the classification plugin in a real database: what the host
//! reads of the catalogs and the approved component makes of it is what the
//! rules make of the corpus natively.

#[path = "../../plugins/classification/tests/corpus/mod.rs"]
pub(crate) mod corpus;

use std::collections::BTreeMap;

use birth_classification::rules::Classes;
use birth_sdk::testing::classification::answers;
use birth_tests::cli::{Home, workspace};
use birth_tests::database::Database;
use birth_tests::server;

use corpus::{Application, Statistic, read_folder};

const STATUSES: [&str; 5] = [
    "BIRTH_REQUIRED",
    "BIRTH_EXEMPT_JUNCTION",
    "BIRTH_EXEMPT_LOG",
    "BIRTH_EXEMPT_CACHE",
    "BIRTH_DEFERRED",
];

fn applications() -> Vec<Application> {
    let corpus = workspace().join("plugins/classification/tests/corpus");
    let folders = std::fs::read_dir(corpus).unwrap();
    let mut folders: Vec<_> = folders.map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    folders
        .iter()
        .flat_map(|folder| read_folder(folder).unwrap())
        .collect()
}

/// What a server knows of tables that nobody has used.
fn without_statistics(mut application: Application) -> Application {
    for table in &mut application.tables {
        let unused = [Statistic::Inserts, Statistic::Updates, Statistic::Deletes];
        table.statistics = unused.into_iter().map(|which| (which, 0)).collect();
        table.referenced_by = None;
    }
    application
}

fn natively(application: &Application) -> BTreeMap<String, &'static str> {
    let judged = answers::<Classes>(&[], &corpus::facts(application)).unwrap();
    let keys = application.tables.iter().map(|table| table.name.clone());
    keys.zip(
        judged
            .iter()
            .map(|answer| STATUSES[usize::from(answer.status)]),
    )
    .collect()
}

fn registry(application: &Application) -> String {
    let rows = application.tables.iter().map(|table| {
        let role = table.role.as_deref().unwrap_or("governed");
        format!("('{}', '{role}')", table.name.replace('\'', "''"))
    });
    format!(
        "CREATE SCHEMA inventory;
         CREATE TABLE inventory.collection_registry (collection_key text PRIMARY KEY, governance_role text);
         INSERT INTO inventory.collection_registry VALUES {};",
        rows.collect::<Vec<_>>().join(", ")
    )
}

#[test]
fn the_host_reads_the_shapes_as_they_are() {
    let mut differences = Vec::new();
    for application in applications().into_iter().map(without_statistics) {
        let script = corpus::sql::script(&application) + &registry(&application);
        let (db, home) = (Database::new(server::one(), &script), Home::new());
        std::fs::write(
            home.path().join("birth.toml"),
            "format = 1\n[collections]\nschemas = [\"public\"]\n",
        )
        .unwrap();
        let ran = home.on(&db, &["classify", "--format", "json"]).run();
        let document = ran.expect_code(0).json();
        let live: BTreeMap<String, String> = document["entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| {
                let text = |field: &str| entry[field].as_str().unwrap().to_owned();
                (text("key"), text("status"))
            })
            .collect();
        let native = natively(&application);
        assert_eq!(live.len(), native.len(), "{}", application.name);
        for (key, status) in native {
            if live[&key] != status {
                let name = &application.name;
                differences.push(format!(
                    "{name}.{key}: {status} natively, {} live",
                    live[&key]
                ));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
