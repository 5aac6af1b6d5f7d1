//! Decide → look → decide again → rollback, through files, hostile texts and
//! registries of another shape.

use birth_tests::cli::Home;
use birth_tests::database::Database;
use birth_tests::server;

use super::{Scene, entry};
use crate::triggers_scene::expect;

const EXEMPT: [&str; 5] = [
    "articles",
    "--status",
    "BIRTH_EXEMPT_LOG",
    "--reason",
    "written by machines",
];

#[test]
fn a_decision_is_written_whole_and_taken_back_to_the_byte() {
    let scene = Scene::new();
    scene.db.execute(
        "UPDATE inventory.collection_registry SET coverage_status = 'BIRTH_DEFERRED', coverage_scope_status = 'FUTURE_SCOPE',
           coverage_review_owner = 'Eve', coverage_decided_at = '2026-01-02 03:04:05.678901+05', coverage_decided_by = 'Eve'
         WHERE collection_key = 'articles'",
    );
    let before = scene.bytes();
    let ran = scene.decide(&EXEMPT).run().expect_code(0);
    expect(
        &ran,
        &[
            ("b3_decide_status", "PASS"),
            ("decisions_written", "1"),
            ("decisions_already_made", "0"),
            ("decisions_blocked", "0"),
            ("compiled_sql_logged", "true"),
            ("post_commit_verified", "true"),
            ("no_other_data_mutation", "true"),
        ],
    );
    // The scope stays; the owner belongs to what was deferred.
    let stored = "BIRTH_EXEMPT_LOG|FUTURE_SCOPE|written by machines|∅|Ann";
    assert_eq!(scene.stored("articles"), stored);
    // The server's time of the transaction, and nobody else's row.
    let times = "SELECT count(*) FILTER (WHERE coverage_decided_at BETWEEN now() - interval '1 hour' AND now())::text
                   || ' of ' || count(coverage_decided_at) FROM inventory.collection_registry";
    assert_eq!(scene.db.value(times), "1 of 1");
    let after = scene.bytes();

    let again = scene.decide(&EXEMPT).run().expect_code(0);
    expect(
        &again,
        &[("decisions_written", "0"), ("decisions_already_made", "1")],
    );
    assert_eq!(scene.bytes(), after);

    let undone = scene.rollback(&ran.run_id()).run().expect_code(0);
    expect(
        &undone,
        &[
            ("rollback_status", "PASS"),
            ("decisions_restored", "1"),
            ("left_changed", ""),
            ("already_gone", ""),
            ("post_rollback_verified", "true"),
        ],
    );
    assert_eq!(scene.bytes(), before);
    scene
        .home
        .birth(&["runs", "replay", &ran.run_id()])
        .run()
        .expect_code(0);
}

#[test]
fn infinite_and_ancient_times_come_back() {
    for time in [
        "infinity",
        "-infinity",
        "0044-03-15 12:00:00.5+00 BC",
        "294276-12-31 23:59:59+00",
    ] {
        let scene = Scene::new();
        scene.db.execute(&format!(
            "UPDATE inventory.collection_registry SET coverage_decided_at = '{time}' WHERE collection_key = 'articles'"
        ));
        let before = scene.bytes();
        let ran = scene.decide(&EXEMPT).run().expect_code(0);
        assert_ne!(scene.bytes(), before, "{time}");
        scene.rollback(&ran.run_id()).run().expect_code(0);
        assert_eq!(scene.bytes(), before, "{time}");
    }
}

#[test]
fn hostile_keys_reasons_and_actors_are_only_text() {
    let keys = [
        "a'; DROP TABLE x; --",
        "",
        "Ünï \"quoted\" $1 \\",
        " articles ",
        "tab\tline\nend",
        "50%_",
    ];
    let scene = Scene::after(
        "INSERT INTO inventory.collection_registry (collection_key, governance_role)
         VALUES (E'a\\'; DROP TABLE x; --', 'governed'), (E'Ünï \"quoted\" $1 \\\\', 'governed'), (' articles ', 'governed'),
           (E'tab\\tline\\nend', 'governed'), ('50%_', 'governed'), ('ARTICLES', 'governed')",
    );
    let before = scene.bytes();
    let reason = "it's \\ \"it\" $1\n\u{202e}-- ; %";
    let toml = |text: &str| serde_json::Value::from(text).to_string();
    let decisions: Vec<String> = keys
        .iter()
        .filter(|key| !key.is_empty())
        .map(|key| {
            entry(
                key,
                "BIRTH_EXEMPT_CACHE",
                &format!("reason = {}", toml(reason)),
            )
        })
        .collect();
    let ran = scene.decide_all(&decisions.concat()).run().expect_code(0);
    expect(&ran, &[("decisions_written", "5")]);
    for key in keys.iter().filter(|key| !key.is_empty()) {
        let stored = format!("BIRTH_EXEMPT_CACHE|IN_SCOPE|{reason}|∅|Ann");
        assert_eq!(scene.stored(key), stored, "{key}");
    }
    // Letter for letter: neither the other case nor the trimmed key.
    assert_eq!(scene.stored("articles"), "∅|∅|∅|∅|∅");
    assert_eq!(scene.stored("ARTICLES"), "∅|∅|∅|∅|∅");
    let log = std::fs::read_to_string(ran.get("execution_log_path")).unwrap();
    assert!(!log.contains('\u{1b}') && log.contains("a''; DROP TABLE x"));
    scene.rollback(&ran.run_id()).run().expect_code(0);
    assert_eq!(scene.bytes(), before);
}

#[test]
fn the_preview_shows_each_column_before_and_after_and_what_is_left() {
    let scene = Scene::new();
    let before = scene.bytes();
    let shown = scene
        .home
        .on(
            &scene.db,
            &[
                "decide",
                "recipes",
                "--status",
                "BIRTH_REQUIRED",
                "--by",
                "Ann",
            ],
        )
        .run()
        .expect_code(20);
    for part in [
        "coverage_status: NULL → BIRTH_REQUIRED",
        "coverage_scope_status: NULL → IN_SCOPE",
        "coverage_decided_at: NULL → now()",
        "coverage_decided_by: NULL → Ann",
        "what is left:",
        "SPECIES_UNMAPPED",
        "TRIGGER_MISSING",
        "UPDATE \"inventory\".\"collection_registry\"",
    ] {
        assert!(
            shown.stdout.contains(part),
            "no {part:?} in {}",
            shown.stdout
        );
    }
    assert!(
        shown.stderr.contains("nothing was executed"),
        "{}",
        shown.stderr
    );
    assert_eq!(scene.bytes(), before);
    assert_eq!(scene.home.run_ids().len(), 1, "only the storage run");
}

#[test]
fn a_saved_plan_is_executed_exactly_or_not_at_all() {
    let scene = Scene::new();
    let path = scene.home.path().join("plan.json");
    let path = path.to_str().unwrap();
    let save = [
        "decide",
        "articles",
        "--status",
        "BIRTH_DEFERRED",
        "--owner",
        "Eve",
        "--by",
        "Bob",
        "--out",
        path,
    ];
    scene.home.on(&scene.db, &save).run().expect_code(0);
    // What is left is an aside: it may change.
    scene.db.execute("DROP TABLE app.articles");
    let planned = ["decide", "--plan", path];
    let ran = scene.home.on(&scene.db, &planned).run().expect_code(0);
    expect(
        &ran,
        &[("b3_decide_status", "PASS"), ("decisions_written", "1")],
    );
    assert_eq!(
        scene.stored("articles"),
        "BIRTH_DEFERRED|IN_SCOPE|∅|Eve|Bob"
    );
    // The same plan once more: the row is not what it was made for.
    let again = scene.home.on(&scene.db, &planned).run().expect_code(26);
    super::expect_refused(&again, "FAILED", "DRIFT", &["\"articles\""]);
    let edited = std::fs::read_to_string(path).unwrap().replace("Eve", "Mal");
    std::fs::write(path, edited).unwrap();
    let damaged = scene.home.on(&scene.db, &planned).run().expect_code(27);
    super::expect_refused(&damaged, "FAILED", "PLAN_FILE_NOT_USABLE", &[]);
}

/// Other names, varchar columns, a key of another type, several registries.
#[test]
fn registries_of_another_shape() {
    let script = "
      CREATE SCHEMA \"Größe\"; CREATE SCHEMA other;
      CREATE TYPE \"Größe\".\"Rang\" AS ENUM ('governed', 'free');
      CREATE TABLE \"Größe\".\"CollectionRegistry\" (n int, \"Code\" uuid PRIMARY KEY, \"Governance Role\" \"Größe\".\"Rang\",
        coverage_status varchar(40), coverage_scope_status varchar(20), coverage_exemption_reason varchar(80),
        coverage_review_owner varchar(64), coverage_decided_at timestamptz, coverage_decided_by varchar(64), touched int DEFAULT 0);
      CREATE TABLE other.collection_registry (collection_key text, governance_role text);
      CREATE TABLE \"Größe\".species_map (code uuid, collection uuid);
      INSERT INTO \"Größe\".\"CollectionRegistry\" (n, \"Code\", \"Governance Role\")
        SELECT i, ('00000000-0000-0000-0000-00000000000' || i)::uuid, 'governed' FROM generate_series(1, 3) i;";
    for server in server::all() {
        let (db, home) = (Database::new(server, script), Home::new());
        let rows = "SELECT encode(record_send(r), 'hex') FROM \"Größe\".\"CollectionRegistry\" r ORDER BY n";
        home.on(&db, &["apply", "storage", "--yes", "--schema", "Größe"])
            .run()
            .expect_code(0);
        let before = db.rows(rows);
        let key = "00000000-0000-0000-0000-000000000002";
        let decide = [
            "decide",
            key,
            "--status",
            "BIRTH_EXEMPT_JUNCTION",
            "--reason",
            "joins",
            "--yes",
            "--by",
            "Ann",
            "--schema",
            "Größe",
        ];
        let ran = home.on(&db, &decide).run().expect_code(0);
        expect(&ran, &[("decisions_written", "1")]);
        let said = "SELECT n || coverage_status || coverage_decided_by FROM \"Größe\".\"CollectionRegistry\" WHERE coverage_status IS NOT NULL";
        assert_eq!(db.value(said), "2BIRTH_EXEMPT_JUNCTIONAnn");
        // Renamed since: the run's rows are found by the columns themselves.
        db.execute("ALTER TABLE \"Größe\".\"CollectionRegistry\" RENAME \"Code\" TO \"collection key\"; ALTER TABLE \"Größe\".\"CollectionRegistry\" RENAME TO gone");
        home.on(&db, &["rollback", &ran.run_id(), "--yes"])
            .run()
            .expect_code(0);
        let restored = rows.replace("\"CollectionRegistry\"", "gone");
        assert_eq!(db.rows(&restored), before);
        let long = "x".repeat(81);
        db.execute("ALTER TABLE \"Größe\".gone RENAME TO \"CollectionRegistry\"");
        let mut too_long = decide;
        too_long[5] = &long;
        let ran = home.on(&db, &too_long).run().expect_code(11);
        super::expect_refused(&ran, "BLOCKED", "DECISION_REFUSED", &["VALUE_TOO_LONG"]);
        assert_eq!(db.rows(rows), before);
    }
}
