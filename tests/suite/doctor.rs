//! `birth doctor`: every check is there, each failure has its own code, and no
//! output holds a password.

use birth_cluster::ClusterOptions;
use birth_tests::cli::{Home, Ran, workspace};
use birth_tests::database::Database;
use birth_tests::server::{self, Server};
use serde_json::Value;

use crate::estates;

/// The findings of a check, as (level, detail).
fn findings(ran: &Ran, check: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    ran.json()
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["check"] == check)
        .map(|finding| (text(&finding["level"]), text(&finding["detail"])))
        .collect()
}

/// The findings that failed, as (check, detail, next).
fn failed(ran: &Ran) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    ran.json()
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["level"] == "failed")
        .map(|f| (text(&f["check"]), text(&f["detail"]), text(&f["next"])))
        .collect()
}

#[test]
fn every_check_is_there_in_text_and_json() {
    let (db, home) = (
        Database::new(server::one(), estates::PLAIN.script),
        Home::new(),
    );
    let before = db.shape(estates::PLAIN.registry);
    let ran = home
        .on(&db, &["doctor", "--format", "json"])
        .run()
        .expect_code(0);
    assert!(failed(&ran).is_empty(), "{}", ran.stdout);
    let one = |check: &str, level: &str, beginning: &str, end: &str| {
        let found = findings(&ran, check);
        assert!(
            found
                .iter()
                .any(|(l, d)| l == level && d.starts_with(beginning) && d.ends_with(end)),
            "no {check} {beginning} … {end} in {found:?}"
        );
    };
    one(
        "policy",
        "ok",
        "birth revision 4, digest ",
        ", approved by the birth project, unsigned",
    );
    one("connection", "ok", "socket .s.PGSQL.", "(no TLS)");
    let server = format!(", database {}", db.name());
    one("server", "ok", "PostgreSQL ", &server);
    one(
        "family",
        "ok",
        "collection_registry is inventory.collection_registry (name fits hint 1 of ",
        ")",
    );
    one(
        "concept",
        "ok",
        "collection_key is collection_key (name fits hint 1 of ",
        ", type text, unique)",
    );
    one(
        "rights",
        "ok",
        "postgres may add and drop columns of inventory.collection_registry",
        "storage and its rollback",
    );
    one(
        "rights",
        "ok",
        "postgres may read",
        "inventory.collection_registry",
    );
    one("locks", "ok", "storage needs 3 locks; ", "");
    // What only some operations need is said, and is no failure.
    let of_some = "(what records coverage gaps needs it)";
    one("family", "info", "", of_some);
    one(
        "concept",
        "info",
        "no column of inventory.collection_registry is the concept `collection_schema`",
        " (optional)",
    );
    let as_text = home.on(&db, &["doctor"]).run().expect_code(0);
    for (check, _, detail) in all(&ran) {
        // How many locks are held changes from one moment to the next.
        let detail = detail.split(" and holds ").next().unwrap();
        let detail = detail.split("; the server has room for ").next().unwrap();
        let detail = detail.to_owned();
        let line = as_text
            .stdout
            .lines()
            .find(|line| line.contains(&detail) && line.contains(&check));
        assert!(line.is_some(), "{check} {detail}: {}", as_text.stdout);
    }
    assert!(home.run_ids().is_empty(), "a diagnosis is no run");
    assert_eq!(db.shape(estates::PLAIN.registry), before);
}

fn all(ran: &Ran) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let document = ran.json();
    let findings = document.as_array().unwrap().iter();
    findings
        .map(|f| (text(&f["check"]), text(&f["level"]), text(&f["detail"])))
        .collect()
}

#[test]
fn a_server_that_is_not_there_is_21_and_the_policy_is_still_checked() {
    let home = Home::new();
    let nowhere = home.path().join("nowhere");
    let url = format!("host={} dbname=x user=x", nowhere.display());
    let ran = home
        .birth(&["doctor", "--format", "json", "--database", &url])
        .run()
        .expect_code(21);
    let failed = failed(&ran);
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert_eq!(failed[0].0, "connection");
    assert!(failed[0].1.contains("cannot be reached"), "{failed:?}");
    assert!(
        failed[0].2.starts_with("check that the server runs"),
        "{failed:?}"
    );
    assert_eq!(findings(&ran, "policy")[0].0, "ok");
    let text = home
        .birth(&["doctor", "--database", &url])
        .run()
        .expect_code(21);
    assert!(
        text.stdout.contains("FAILED  connection  "),
        "{}",
        text.stdout
    );
    assert!(
        text.stdout.contains("next: check that the server runs"),
        "{}",
        text.stdout
    );
}

#[test]
fn a_missing_and_an_ambiguous_registry_are_23() {
    let home = Home::new();
    let empty = Database::new(server::one(), "");
    let ran = home
        .on(&empty, &["doctor", "--format", "json"])
        .run()
        .expect_code(23);
    let missing = failed(&ran);
    assert_eq!(missing.len(), 1, "{missing:?}");
    assert_eq!(missing[0].0, "family");
    assert!(missing[0].1.contains("collection_registry"), "{missing:?}");
    assert_ne!(missing[0].2, "", "no next step");
    // Without a registry nothing can be said of rights and locks.
    assert!(findings(&ran, "rights").is_empty());

    let two = Database::new(
        server::one(),
        "CREATE SCHEMA a; CREATE TABLE a.collection_registry (collection_key text PRIMARY KEY);
         CREATE SCHEMA b; CREATE TABLE b.collection_registry (collection_key text PRIMARY KEY);",
    );
    let ran = home
        .on(&two, &["doctor", "--format", "json"])
        .run()
        .expect_code(23);
    let ambiguous = failed(&ran);
    assert!(
        ambiguous[0].1.contains("a.collection_registry")
            && ambiguous[0].1.contains("b.collection_registry"),
        "{ambiguous:?}"
    );
    home.on(&two, &["doctor", "--schema", "b"])
        .run()
        .expect_code(0);
}

#[test]
fn a_role_that_is_not_the_owner_is_22() {
    let (db, home) = (
        Database::new(server::one(), estates::PLAIN.script),
        Home::new(),
    );
    let role = format!("stranger_{}", db.name());
    db.execute(&format!(
        "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA inventory TO {role}"
    ));
    let doctor = || {
        home.birth(&["doctor", "--format", "json", "--database"])
            .arg(&db.url_as(&role))
            .run()
    };
    let ran = doctor().expect_code(22);
    let refused = failed(&ran);
    // Each missing right in the words with which a run would be refused.
    let expected = [
        (
            "the role does not own inventory.collection_registry (its owner is postgres), so ",
            "connect as the owner or as a member of the owning role",
        ),
        (
            "the role may not read inventory.collection_registry, so the rollback ",
            "grant it SELECT on the table and USAGE on its schema",
        ),
    ];
    assert_eq!(refused.len(), expected.len(), "{refused:?}");
    for ((check, detail, next), (says, hint)) in refused.iter().zip(expected) {
        assert_eq!((check.as_str(), next.as_str()), ("rights", hint));
        assert!(detail.starts_with(says), "{detail}");
    }

    // Membership in the owning role is as good as ownership.
    let owner = format!("owner_{}", db.name());
    db.execute(&format!(
        "CREATE ROLE {owner}; GRANT {owner} TO {role};
         ALTER TABLE inventory.collection_registry OWNER TO {owner};
         GRANT CREATE ON DATABASE {} TO {role}",
        db.name()
    ));
    let member = doctor().expect_code(0);
    assert!(
        findings(&member, "rights")
            .iter()
            .all(|(level, _)| level == "ok"),
        "{}",
        member.stdout
    );
}

#[test]
fn an_unapproved_and_a_damaged_policy_are_24() {
    let (db, home) = (
        Database::new(server::one(), estates::PLAIN.script),
        Home::new(),
    );
    let folder = home.path().join("policy");
    std::fs::create_dir(&folder).unwrap();
    for name in [
        "policy.toml",
        "classification.wasm",
        "conflict.wasm",
        "coverage.wasm",
    ] {
        let approved = workspace().join("plugins/approved").join(name);
        std::fs::copy(approved, folder.join(name)).unwrap();
    }
    let set = folder.join("policy.toml");
    let doctor = || {
        let set = set.to_str().unwrap();
        home.on(&db, &["doctor", "--format", "json", "--policy", set])
            .run()
            .expect_code(24)
    };
    let unapproved = failed(&doctor());
    assert_eq!(unapproved.len(), 1, "{unapproved:?}");
    assert_eq!(unapproved[0].0, "policy");
    assert!(
        unapproved[0].1.contains("not approved"),
        "{:?}",
        unapproved[0]
    );

    std::fs::write(folder.join("conflict.wasm"), b"\0asm").unwrap();
    let damaged = doctor();
    assert!(
        failed(&damaged)
            .iter()
            .any(|f| f.1.contains("conflict.wasm")),
        "{}",
        damaged.stdout
    );
    // And the rest is told all the same.
    assert_eq!(findings(&damaged, "connection")[0].0, "ok");
}

#[test]
fn a_server_with_too_few_locks_is_29() {
    // 10 locks for each of 4 connections, and a registry with 60 tables below.
    let options = ClusterOptions::default()
        .setting("max_locks_per_transaction", "10")
        .setting("max_connections", "4")
        .setting("superuser_reserved_connections", "0")
        .setting("max_wal_senders", "0")
        .setting("max_prepared_transactions", "0");
    let db = Database::new(Server::own(&options), estates::PLAIN.script);
    // A transaction for each: one that made all would need the locks itself.
    db.execute(
        "CREATE PROCEDURE grow() LANGUAGE plpgsql AS $$
         BEGIN
           FOR i IN 1..60 LOOP
             EXECUTE format('CREATE TABLE inventory.below_%s () INHERITS (inventory.collection_registry)', i);
             COMMIT;
           END LOOP;
         END $$",
    );
    db.execute("CALL grow()");
    let home = Home::new();
    let ran = home
        .on(&db, &["doctor", "--format", "json"])
        .run()
        .expect_code(29);
    let failed = failed(&ran);
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert_eq!(failed[0].0, "locks");
    assert!(
        failed[0]
            .1
            .starts_with("altering inventory.collection_registry needs 63 locks; the server has room for 40 and holds "),
        "{failed:?}"
    );
    assert_eq!(failed[0].2, "raise max_locks_per_transaction on the server");
}

#[test]
fn a_password_is_never_printed() {
    const PASSWORD: &str = "hush-hush/1";
    let home = Home::new();
    let nowhere = home.path().join("nowhere").display().to_string();
    let encoded = nowhere.replace('/', "%2F");
    let cases = [
        (format!("postgresql://me:hush-hush%2F1@{encoded}/x"), 21),
        (format!("host={nowhere} user=me password={PASSWORD}"), 21),
        (format!("host={nowhere} user=me"), 21),
        // Mistyped in ways that leave the password somewhere else.
        (format!("postgresql://me:{PASSWORD}@localhost/x"), 20),
        (format!("postgres:/me:{PASSWORD}@localhost/x"), 20),
        (format!("host={nowhere} password={PASSWORD} too"), 20),
        (format!("host={nowhere} password='{PASSWORD}"), 20),
        (format!("host={nowhere} pasword={PASSWORD}"), 20),
    ];
    for (database, code) in cases {
        for format in ["text", "json"] {
            let ran = home
                .birth(&["doctor", "--format", format, "--database", &database])
                .env("PGPASSWORD", PASSWORD)
                .env("BIRTH_LOG", "trace")
                .run()
                .expect_code(code);
            for text in [&ran.stdout, &ran.stderr] {
                assert!(!text.contains("hush"), "{database}: {text}");
            }
            let said = format!("{}{}", ran.stdout, ran.stderr);
            assert!(!said.is_empty(), "{database}");
        }
    }
}
