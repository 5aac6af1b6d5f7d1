//! apply → verify → rollback → verify → reapply, on every server and estate.

use birth_tests::cli::Home;
use birth_tests::database::Database;
use birth_tests::server;

use crate::estates::{self, Estate};

/// A home whose `birth.toml` is the estate's profile: found without an option.
fn home(estate: &Estate) -> Home {
    let home = Home::new();
    if let Some(profile) = estate.profile {
        std::fs::write(home.path().join("birth.toml"), profile).unwrap();
    }
    home
}

#[test]
fn apply_verify_rollback_verify_reapply() {
    for server in server::all() {
        for estate in estates::ALL {
            walk(server, estate);
        }
    }
}

fn walk(server: &'static server::Server, estate: &Estate) {
    let (db, home) = (Database::new(server, estate.script), home(estate));
    let before = db.shape(estate.registry);
    let what = format!("{} on PostgreSQL {}", estate.name, server.major());

    home.on(&db, &["verify", "storage"]).run().expect_code(30);
    let applied = home
        .on(&db, &["apply", "storage", "--yes"])
        .run()
        .expect_code(0);
    assert_eq!(applied.get("b3p_ddl_status"), "PASS", "{what}");
    assert_eq!(applied.get("columns_added"), "6");
    assert_eq!(applied.get("constraints_added"), "2");
    assert_eq!(applied.get("compiled_sql_logged"), "true");
    assert_eq!(applied.get("post_ddl_verified"), "true");
    let with_storage = db.shape(estate.registry);
    assert_ne!(before, with_storage);
    home.on(&db, &["verify", "storage"]).run().expect_code(0);

    // The checks hold what they promise.
    let insert = |status: &str| db.try_execute(&estate.insert.replace("{}", status));
    let refused = insert("NONSENSE").unwrap_err();
    assert!(refused.contains("check constraint"), "{refused}");

    let again = home
        .on(&db, &["apply", "storage", "--yes"])
        .run()
        .expect_code(0);
    assert_eq!(again.get("columns_added"), "0");
    assert_eq!(again.get("columns_already_existed"), "6");
    assert_eq!(again.get("constraints_already_existed"), "2");
    assert_eq!(db.shape(estate.registry), with_storage);

    // What the second apply created is nothing, so undoing it undoes nothing.
    let nothing = home
        .on(&db, &["rollback", &again.run_id(), "--yes"])
        .run()
        .expect_code(0);
    assert_eq!(nothing.get("columns_dropped"), "0");
    assert_eq!(db.shape(estate.registry), with_storage);

    let undone = home
        .on(&db, &["rollback", &applied.run_id(), "--yes"])
        .run()
        .expect_code(0);
    assert_eq!(undone.get("rollback_status"), "PASS", "{what}");
    assert_eq!(undone.get("columns_dropped"), "6");
    assert_eq!(undone.get("constraints_dropped"), "2");
    assert_eq!(db.shape(estate.registry), before, "{what}");
    home.on(&db, &["verify", "storage"]).run().expect_code(30);

    let reapplied = home
        .on(&db, &["apply", "storage", "--yes"])
        .run()
        .expect_code(0);
    assert_eq!(reapplied.get("columns_added"), "6");
    assert_eq!(db.shape(estate.registry), with_storage, "{what}");
    insert("BIRTH_REQUIRED").unwrap();

    // The first run's objects are gone; those of its name belong to another.
    let stale = home
        .on(&db, &["rollback", &applied.run_id(), "--yes"])
        .run()
        .expect_code(11);
    assert!(
        stale.get("reason").contains("was replaced since"),
        "{}",
        stale.stdout
    );

    // Data written since is not destroyed without being saved.
    let refused = home
        .on(&db, &["rollback", &reapplied.run_id(), "--yes"])
        .run()
        .expect_code(11);
    assert!(
        refused.get("reason").contains("holds data in 1 row"),
        "{}",
        refused.stdout
    );
    let saved = home.path().join("saved.jsonl");
    let saved_name = saved.to_str().unwrap();
    let rollback = [
        "rollback",
        &reapplied.run_id(),
        "--yes",
        "--export",
        saved_name,
    ];
    home.on(&db, &rollback).run().expect_code(0);
    let row: serde_json::Value =
        serde_json::from_str(std::fs::read_to_string(&saved).unwrap().trim()).unwrap();
    assert_eq!(row["coverage_status"], "BIRTH_REQUIRED");
    assert_eq!(db.shape(estate.registry), before, "{what}");

    for id in [applied.run_id(), reapplied.run_id()] {
        home.birth(&["runs", "replay", &id]).run().expect_code(0);
    }
}
