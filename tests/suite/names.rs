//! Names come from the live schema: what is missing, ambiguous, of the wrong
//! kind or too long is said, with the candidates, and never guessed.

use birth_tests::cli::{Home, Ran};
use birth_tests::database::Database;
use birth_tests::server;

const PLAN: [&str; 2] = ["plan", "storage"];
const APPLY: [&str; 3] = ["apply", "storage", "--yes"];

/// Neither planning nor applying goes on, for the same reason, and doctor
/// finds it as well.
#[track_caller]
fn refused(db: &Database, home: &Home, exit: i32, code: &str, says: &[&str]) {
    let tables =
        "SELECT c.oid::text, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace::regnamespace::text !~ '^(pg_|information_schema)' ORDER BY 1, 2";
    let before = db.rows(tables);
    let applied = home.on(db, &APPLY).run();
    for ran in [home.on(db, &PLAN).run(), applied.clone()] {
        let ran = ran.expect_code(exit);
        assert!(ran.stderr.contains(&format!("[{code}]")), "{}", ran.stderr);
        for text in says {
            assert!(ran.stderr.contains(text), "no {text:?} in: {}", ran.stderr);
        }
    }
    // A profile that cannot be read stops before there is a run.
    if exit == 23 {
        assert_eq!(applied.get("b3p_ddl_status"), "FAILED");
        assert!(applied.get("reason").starts_with(&format!("{code}: ")));
        assert_eq!(applied.get("columns_added"), "0");
        let next = ["next:", "in birth.toml"].map(|n| applied.stderr.contains(n));
        assert!(next.contains(&true), "{}", applied.stderr);
    }
    assert_eq!(db.rows(tables), before);
}

fn place(script: &str) -> (Database, Home) {
    (Database::new(server::one(), script), Home::new())
}

fn with_profile(script: &str, profile: &str) -> (Database, Home) {
    let (db, home) = place(script);
    std::fs::write(home.path().join("birth.toml"), profile).unwrap();
    (db, home)
}

/// apply → verify → rollback → reapply, each as it should be.
fn walk(db: &Database, home: &Home, tables: &[&str]) {
    let shapes = || -> Vec<String> { tables.iter().map(|t| db.shape(t)).collect() };
    let before = shapes();
    let applied = home.on(db, &APPLY).run().expect_code(0);
    assert_eq!(applied.get("b3p_ddl_status"), "PASS");
    assert_eq!(applied.get("columns_added"), "6");
    assert_eq!(applied.get("constraints_added"), "2");
    let with_storage = shapes();
    home.on(db, &["verify", "storage"]).run().expect_code(0);
    let rollback = ["rollback", &applied.run_id(), "--yes"];
    let undone = home.on(db, &rollback).run().expect_code(0);
    assert_eq!(undone.get("columns_dropped"), "6");
    assert_eq!(undone.get("constraints_dropped"), "2");
    assert_eq!(shapes(), before);
    home.on(db, &APPLY).run().expect_code(0);
    assert_eq!(shapes(), with_storage);
}

#[test]
fn a_registry_that_is_missing() {
    let (db, home) = place("CREATE TABLE unrelated (collection_key text)");
    let says = ["collection_registry", "[family.collection_registry]"];
    refused(&db, &home, 23, "FAMILY_MISSING", &says);
    home.on(&db, &["doctor"]).run().expect_code(23);
}

#[test]
fn a_registry_in_two_schemas() {
    let (db, home) = place(
        "CREATE SCHEMA one; CREATE SCHEMA \"Two\";
         CREATE TABLE one.collection_registry (collection_key text);
         CREATE TABLE \"Two\".\"CollectionRegistry\" (collection_key text)",
    );
    let says = [
        "one.collection_registry",
        "Two.CollectionRegistry",
        "--schema NAME",
    ];
    refused(&db, &home, 23, "SCHEMA_AMBIGUOUS", &says);
    home.on(&db, &["doctor"]).run().expect_code(23);

    let nowhere = [&PLAN[..], &["--schema", "two"]].concat();
    let ran = home.on(&db, &nowhere).run().expect_code(23);
    assert!(ran.stderr.contains("[FAMILY_MISSING]"), "{}", ran.stderr);

    let untouched = db.shape("one.collection_registry");
    let there = [&APPLY[..], &["--schema", "Two"]].concat();
    let ran = home.on(&db, &there).run().expect_code(0);
    assert_eq!(ran.get("columns_added"), "6");
    assert_eq!(db.shape("one.collection_registry"), untouched);
    assert!(
        db.shape("\"Two\".\"CollectionRegistry\"")
            .contains("coverage_status")
    );

    // The profile can say it too, and the option wins over it.
    let profile = "format = 1\n[family.collection_registry]\nschema = 'Two'\n";
    std::fs::write(home.path().join("birth.toml"), profile).unwrap();
    home.on(&db, &["verify", "storage"]).run().expect_code(0);
    let option = ["verify", "storage", "--schema", "one"];
    home.on(&db, &option).run().expect_code(30);
}

#[test]
fn two_spellings_in_one_schema() {
    let (db, home) = place(
        "CREATE TABLE collection_registry (collection_key text);
         CREATE TABLE \"CollectionRegistry\" (collection_key text)",
    );
    let says = ["public.collection_registry", "public.CollectionRegistry"];
    refused(&db, &home, 23, "FAMILY_AMBIGUOUS", &says);
    // A better hint is no tie.
    let (db, home) = place(
        "CREATE TABLE collection_registry (collection_key text);
         CREATE TABLE collection_register (collection_key text)",
    );
    home.on(&db, &PLAN).run().expect_code(0);
}

#[test]
fn what_has_the_name_and_is_no_table() {
    let rows = [
        (
            "CREATE VIEW collection_registry AS SELECT 'x'::text AS collection_key",
            "a view",
        ),
        (
            "CREATE MATERIALIZED VIEW collection_registry AS SELECT 'x'::text AS collection_key",
            "a materialized view",
        ),
        (
            "CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER s FOREIGN DATA WRAPPER nothing;
             CREATE FOREIGN TABLE collection_registry (collection_key text) SERVER s",
            "a foreign table",
        ),
        (
            "CREATE TABLE whole (collection_key text) PARTITION BY LIST (collection_key);
             CREATE TABLE collection_registry PARTITION OF whole DEFAULT",
            "a partition",
        ),
        (
            "CREATE TABLE whole (collection_key text) PARTITION BY LIST (collection_key);
             CREATE TABLE collection_registry PARTITION OF whole DEFAULT
               PARTITION BY LIST (collection_key)",
            "a partition",
        ),
    ];
    for (script, kind) in rows {
        let (db, home) = place(script);
        refused(
            &db,
            &home,
            23,
            "FAMILY_NOT_A_TABLE",
            &["collection_registry", kind],
        );
    }

    // A view of the same name elsewhere does not hide the table.
    let (db, home) = place(
        "CREATE SCHEMA api; CREATE TABLE collection_registry (collection_key text);
         CREATE VIEW api.collection_registry AS SELECT * FROM collection_registry",
    );
    home.on(&db, &PLAN).run().expect_code(0);

    // A temporary table is another session's own.
    let (db, home) = place("");
    let session = db.session();
    session.execute("CREATE TEMPORARY TABLE collection_registry (collection_key text)");
    refused(&db, &home, 23, "FAMILY_MISSING", &[]);
}

#[test]
fn the_key_has_to_be_found() {
    let rows = [
        (
            "title text, since date",
            "CONCEPT_MISSING",
            &["title text", "since date"][..],
        ),
        (
            "collection_key integer",
            "CONCEPT_MISSING",
            &["collection_key integer"],
        ),
        (
            "collection_key jsonb",
            "CONCEPT_MISSING",
            &["collection_key jsonb"],
        ),
        (
            "collection_key text, \"CollectionKey\" text",
            "CONCEPT_AMBIGUOUS",
            &["CollectionKey, collection_key"],
        ),
        (
            "collection_key text UNIQUE, \"CollectionKey\" text UNIQUE",
            "CONCEPT_AMBIGUOUS",
            &["CollectionKey, collection_key"],
        ),
    ];
    for (columns, code, says) in rows {
        let (db, home) = place(&format!("CREATE TABLE collection_registry ({columns})"));
        let line = ["[concept.collection_key]"];
        refused(&db, &home, 23, code, &[says, &line].concat());
        home.on(&db, &["doctor"]).run().expect_code(23);
    }
    // Being unique on its own breaks the tie; half of a key does not.
    for (columns, exit) in [
        ("collection_key text, \"CollectionKey\" text UNIQUE", 0),
        (
            "collection_key text, \"CollectionKey\" text, UNIQUE (collection_key, \"CollectionKey\")",
            23,
        ),
    ] {
        let (db, home) = place(&format!("CREATE TABLE collection_registry ({columns})"));
        home.on(&db, &PLAN).run().expect_code(exit);
    }
}

#[test]
fn profiles_that_cannot_be_used() {
    const REGISTRY: &str = "CREATE TABLE collection_registry (collection_key text, since date)";
    let family = "[family.collection_registry]";
    let key = "[concept.collection_key]";
    let rows = [
        (
            format!("{family}\ntable = 'none'"),
            23,
            "FAMILY_MISSING",
            "looked for none",
        ),
        (
            format!("{family}\nschema = 'none'"),
            23,
            "FAMILY_MISSING",
            "in schema \"none\"",
        ),
        // Exact means exact.
        (
            format!("{family}\ntable = 'CollectionRegistry'"),
            23,
            "FAMILY_MISSING",
            "CollectionRegistry",
        ),
        (
            format!("{key}\ncolumn = 'none'"),
            23,
            "CONCEPT_MISSING",
            "does not exist",
        ),
        (
            format!("{key}\ncolumn = 'since'"),
            23,
            "CONCEPT_MISSING",
            "whose type date does not fit",
        ),
        (
            "[family.cats]\ntable = 'x'".into(),
            20,
            "PROFILE_NOT_USABLE",
            "`cats`, which no operation",
        ),
        (
            "[concept.cats]\ncolumn = 'x'".into(),
            20,
            "PROFILE_NOT_USABLE",
            "known: ",
        ),
        (
            format!("{family}\ntables = 'x'"),
            20,
            "PROFILE_NOT_USABLE",
            "unknown field `tables`",
        ),
        (
            "[naming]\ncheck = 'chk_<column>'".into(),
            20,
            "PROFILE_NOT_USABLE",
            "<table> and <column>",
        ),
        (
            "[naming]\nlong-names = 'cut'".into(),
            20,
            "PROFILE_NOT_USABLE",
            "unknown variant `cut`",
        ),
        (
            "= nonsense".into(),
            20,
            "PROFILE_NOT_USABLE",
            "not readable",
        ),
    ];
    for (profile, exit, code, says) in rows {
        let (db, home) = with_profile(REGISTRY, &format!("format = 1\n{profile}\n"));
        refused(&db, &home, exit, code, &[says]);
    }
    for (text, says) in [
        (
            "format = 2\nnew = true\n",
            "has format 2; this host reads up to 1",
        ),
        ("", "missing field `format`"),
    ] {
        let (db, home) = with_profile(REGISTRY, text);
        refused(&db, &home, 20, "PROFILE_NOT_USABLE", &[says, "birth.toml"]);
    }
    let (db, home) = place(REGISTRY);
    let named = [&PLAN[..], &["--profile", "none.toml"]].concat();
    let ran = home.on(&db, &named).run().expect_code(28);
    assert!(ran.stderr.contains("none.toml"), "{}", ran.stderr);
}

/// PostgreSQL would cut such a name silently, and two could become one.
#[test]
fn derived_names_that_are_too_long() {
    for name in [
        "a_registry_whose_name_is_long_but_still_a_good_name".to_owned(),
        // Cutting bytes would cut a character in half.
        "ü".repeat(31),
        "\u{1F600}".repeat(15) + "abc",
    ] {
        let script = format!("CREATE TABLE {name:?} (collection_key text, n text)");
        let named = format!("format = 1\n[family.collection_registry]\ntable = {name:?}\n");
        let (db, home) = with_profile(&script, &named);
        let says = ["_coverage_", "63", "hash-suffix"];
        refused(&db, &home, 23, "NAME_TOO_LONG", &says);

        let shortened = format!("{named}[naming]\nlong-names = \"hash-suffix\"\n");
        std::fs::write(home.path().join("birth.toml"), shortened).unwrap();
        walk(&db, &home, &[&format!("{name:?}")]);
        let names = db.rows(&format!(
            "SELECT conname FROM pg_constraint WHERE conrelid = '{name:?}'::regclass AND contype = 'c'"
        ));
        assert_eq!(names.len(), 2, "{names:?}");
        assert!(names.iter().all(|n| n[0].len() <= 63), "{names:?}");
    }
}

#[test]
fn a_partitioned_registry() {
    for server in server::all() {
        let script = "CREATE TABLE collection_registry (collection_key text, since date NOT NULL)
               PARTITION BY RANGE (since);
             CREATE TABLE early PARTITION OF collection_registry
               FOR VALUES FROM (MINVALUE) TO ('2020-01-01');
             CREATE TABLE late PARTITION OF collection_registry DEFAULT;
             INSERT INTO collection_registry VALUES ('a', '2019-01-01'), ('b', '2021-01-01')";
        let (db, home) = (Database::new(server, script), Home::new());
        walk(&db, &home, &["collection_registry", "early", "late"]);
        let error = db.try_execute("UPDATE early SET coverage_status = 'NONSENSE'");
        assert!(error.unwrap_err().contains("check constraint"));
    }
}

#[test]
fn a_registry_with_a_child() {
    for server in server::all() {
        let script = "CREATE TABLE collection_registry (collection_key text);
             CREATE TABLE child (extra text) INHERITS (collection_registry);
             INSERT INTO child VALUES ('a', 'x')";
        let (db, home) = (Database::new(server, script), Home::new());
        walk(&db, &home, &["collection_registry", "child"]);
        let error = db.try_execute("UPDATE child SET coverage_status = 'NONSENSE'");
        assert!(error.unwrap_err().contains("check constraint"));
    }
}

/// Whatever stands in the registry is data: in SQL, on a terminal, in a file.
#[test]
fn hostile_values() {
    let key = "'; DROP TABLE collection_registry; --\n\u{1b}[2J\\ \"$$";
    let quoted = key.replace('\'', "''");
    let (db, home) = place(&format!(
        "CREATE TABLE collection_registry (\"collection\"\"key\" text, collection_key text PRIMARY KEY);
         INSERT INTO collection_registry (collection_key) VALUES ('{quoted}')"
    ));
    let run = home.on(&db, &APPLY).run().expect_code(0).run_id();
    db.execute("UPDATE collection_registry SET coverage_decided_by = collection_key");
    let rollback = ["rollback", &run, "--yes", "--export", "saved.jsonl"];
    home.on(&db, &rollback).run().expect_code(0);
    let saved = std::fs::read_to_string(home.path().join("saved.jsonl")).unwrap();
    assert_eq!(saved.lines().count(), 1, "{saved}");
    let row: serde_json::Value = serde_json::from_str(saved.trim()).unwrap();
    assert_eq!(
        (&row["collection_key"], &row["coverage_decided_by"]),
        (&key.into(), &key.into())
    );

    // The example of a value outside the list is shown, escaped.
    db.execute(
        "ALTER TABLE collection_registry ADD coverage_status text;
         UPDATE collection_registry SET coverage_status = collection_key",
    );
    let before = db.shape("collection_registry");
    let all: [Ran; 3] = [
        home.on(&db, &PLAN).run().expect_code(11),
        home.on(&db, &APPLY).run().expect_code(11),
        home.on(&db, &["plan", "storage", "--format", "json"])
            .run()
            .expect_code(11),
    ];
    for ran in &all {
        let shown = format!("{}{}", ran.stdout, ran.stderr);
        assert!(!shown.contains('\u{1b}'), "{shown:?}");
        assert!(shown.contains("ROWS_OUTSIDE"), "{shown}");
    }
    assert!(
        all[0].stdout.contains("DROP TABLE collection_registry"),
        "{}",
        all[0].stdout
    );
    assert_eq!(db.shape("collection_registry"), before);
}
