//! What a sweep finds: every condition on real tables, what is known of it
//! afterwards, and ten thousand collections against one query by hand.

use std::collections::BTreeSet;

use birth_tests::cli::Home;
use birth_tests::estate::large;
use birth_tests::server;
use serde_json::Value;

use crate::coverage_scene::{Running, Scene};

/// Decides collections of the large estate; the benchmark does so too.
const PREPARE: &str = include_str!("../benches/coverage/prepare.sql");
/// The five conditions by hand, for the large estate alone.
const BY_HAND: &str = include_str!("../benches/coverage/by-hand.sql");

/// Gaps of a JSON report, as `standing CODE collection`.
fn gaps(report: &Value) -> BTreeSet<String> {
    let gaps = report["targets"][0]["gaps"].as_array().expect("gaps");
    gaps.iter()
        .map(|gap| {
            let text = |key: &str| gap[key].as_str().unwrap_or_default().to_owned();
            format!(
                "{} {} {}",
                text("standing"),
                text("code"),
                text("collection")
            )
        })
        .collect()
}

fn sweep(scene: &Scene, options: &[&str]) -> BTreeSet<String> {
    let options = [options, &["--format", "json"]].concat();
    gaps(&scene.sweep(&options).json())
}

fn expect(found: &BTreeSet<String>, expected: &[&str]) {
    let expected: BTreeSet<String> = expected.iter().map(|text| (*text).to_owned()).collect();
    assert_eq!(*found, expected);
}

#[test]
fn every_condition_on_what_a_key_can_stand_for() {
    let scene = Scene::bare();
    scene.apply("storage");
    scene.db.execute(
        "SELECT inventory.covered(name) FROM unnest(ARRAY['fine', 'unmapped', 'disabled', 'double', 'dropped', 'renamed']) name;
         DELETE FROM inventory.species_collection_map WHERE collection_key = 'unmapped';
         ALTER TABLE app.disabled DISABLE TRIGGER births;
         CREATE TRIGGER again AFTER INSERT ON app.double FOR EACH ROW EXECUTE FUNCTION inventory.fn_birth_registry_auto();
         DROP TABLE app.dropped;
         ALTER TABLE app.renamed RENAME COLUMN title TO subject;
         CREATE VIEW app.a_view AS SELECT 1 AS id;
         CREATE TABLE app.parted (id bigint, title text) PARTITION BY HASH (id);
         CREATE TABLE app.part_0 PARTITION OF app.parted FOR VALUES WITH (MODULUS 2, REMAINDER 0);
         CREATE TABLE app.part_1 PARTITION OF app.parted FOR VALUES WITH (MODULUS 2, REMAINDER 1);
         CREATE TRIGGER births AFTER INSERT ON app.parted FOR EACH ROW EXECUTE FUNCTION inventory.fn_birth_registry_auto();
         ALTER TABLE app.part_1 DISABLE TRIGGER births;
         CREATE TABLE app.excused (id bigint);
         CREATE SCHEMA other; CREATE TABLE other.fine_too (id bigint); CREATE TABLE app.fine_too (id bigint);
         INSERT INTO inventory.collection_registry (collection_key, governance_role, coverage_status, coverage_exemption_reason) VALUES
           ('a_view', 'governed', 'BIRTH_DEFERRED', NULL),
           ('parted', 'locked', 'BIRTH_REQUIRED', NULL),
           ('excused', 'observed', 'BIRTH_EXEMPT_LOG', ' '),
           ('fine_too', 'law_artifact', 'BIRTH_DEFERRED', NULL),
           ('nobody asks', 'retired', NULL, NULL), ('no role', NULL, NULL, NULL), ('undecided', 'governed', NULL, NULL);
         INSERT INTO inventory.species_collection_map VALUES ('thing', 'parted');",
    );
    let first = [
        "new EXEMPTION_UNEXPLAINED excused",
        "new POLICY_UNDECIDED undecided",
        "new SPECIES_UNMAPPED unmapped",
        "new TABLE_MISSING a_view",
        "new TABLE_MISSING dropped",
        "new TABLE_MISSING fine_too",
        "new TABLE_MISSING undecided",
        "new TRIGGER_MISSING disabled",
        "new TRIGGER_MISSING parted",
    ];
    expect(&sweep(&scene, &["--record", "nothing"]), &first);
    assert_eq!(scene.issues(), [""; 0]);
    expect(&sweep(&scene, &[]), &first);
    let known = first.map(|gap| gap.replace("new ", "persisting "));
    expect(&sweep(&scene, &[]), &known.each_ref().map(String::as_str));
    let warnings = scene.sweep(&["--format", "json"]).json();
    let warnings = &warnings["targets"][0]["warnings"];
    assert_eq!(warnings["WARN_REGISTERED_TWICE"], 1, "{warnings}");
    assert_eq!(warnings["WARN_TRIGGER_ON_PARTITIONED"], 1, "{warnings}");
}

/// What is mended is resolved, its issue is closed when that is asked for, and
/// what breaks again is new again. A person's own issue is left alone.
#[test]
fn gaps_come_and_go() {
    let scene = Scene::bare();
    scene.apply("storage");
    scene.db.execute(
        "SELECT inventory.covered(name) FROM unnest(ARRAY['a', 'b']) name;
         ALTER TABLE app.a DISABLE TRIGGER births; ALTER TABLE app.b DISABLE TRIGGER births;
         INSERT INTO inventory.system_issues (category, title) VALUES ('BIRTH_ONBOARDING', 'Ask Ann about the onboarding of a')",
    );
    expect(
        &sweep(&scene, &[]),
        &["new TRIGGER_MISSING a", "new TRIGGER_MISSING b"],
    );
    scene.db.execute("ALTER TABLE app.a ENABLE TRIGGER births");
    let resolved = ["resolved TRIGGER_MISSING a", "persisting TRIGGER_MISSING b"];
    expect(&sweep(&scene, &[]), &resolved);
    let report = scene.sweep(&["--format", "json"]).json();
    let of_role = &report["targets"][0]["roles"]["governed"]["gaps"];
    assert_eq!(of_role["resolved"], 1, "{of_role}");
    // It stays so until somebody closes the issue.
    expect(&sweep(&scene, &["--close-resolved"]), &resolved);
    expect(
        &sweep(&scene, &["--close-resolved"]),
        &["persisting TRIGGER_MISSING b"],
    );
    assert_eq!(
        scene.issues(),
        ["Ask Ann about the onboarding of a", "TRIGGER_MISSING b"]
    );
    // A trigger that is made again, and made wrong, is the same gap; one that
    // was resolved in between is a new one.
    scene.db.execute(
        "DROP TRIGGER births ON app.b; ALTER TABLE app.a DISABLE TRIGGER births;
         CREATE TRIGGER births AFTER UPDATE ON app.b FOR EACH ROW EXECUTE FUNCTION inventory.fn_birth_registry_auto()",
    );
    expect(
        &sweep(&scene, &[]),
        &["new TRIGGER_MISSING a", "persisting TRIGGER_MISSING b"],
    );
    // Closed by hand although it is there: told of again.
    scene
        .db
        .execute("UPDATE inventory.system_issues SET status = 'Done' WHERE title LIKE '% b'");
    expect(
        &sweep(&scene, &[]),
        &["persisting TRIGGER_MISSING a", "new TRIGGER_MISSING b"],
    );
    // What left the registry, and what needs no coverage any more.
    scene.db.execute(
        "DELETE FROM inventory.collection_registry WHERE collection_key = 'a';
         UPDATE inventory.collection_registry SET governance_role = 'retired'",
    );
    expect(
        &sweep(&scene, &[]),
        &["resolved TRIGGER_MISSING a", "resolved TRIGGER_MISSING b"],
    );
}

/// What cannot be judged is neither a gap nor resolved.
#[test]
fn what_was_not_looked_at_is_not_resolved() {
    let scene = Scene::bare();
    scene.apply("storage");
    scene
        .db
        .execute("SELECT inventory.covered('twice'); ALTER TABLE app.twice DISABLE TRIGGER births");
    expect(&sweep(&scene, &[]), &["new TRIGGER_MISSING twice"]);
    scene.db.execute(
        "INSERT INTO inventory.collection_registry SELECT * FROM inventory.collection_registry",
    );
    expect(
        &sweep(&scene, &["--close-resolved"]),
        &["new KEY_NOT_UNIQUE twice"],
    );
    assert_eq!(
        scene.issues(),
        ["KEY_NOT_UNIQUE twice", "TRIGGER_MISSING twice"]
    );
    // Without policy columns the same holds, and that is a gap of the estate.
    scene.db.execute(
        "DELETE FROM inventory.collection_registry r USING inventory.collection_registry s WHERE r.ctid < s.ctid;
         ALTER TABLE inventory.collection_registry DROP COLUMN coverage_scope_status",
    );
    let ran = scene
        .on(&["sweep", "--close-resolved", "--format", "json"])
        .run();
    let report = ran.expect_code(15).json();
    expect(&gaps(&report), &["new POLICY_STORAGE_NOT_READY "]);
    assert_eq!(
        scene.issues(),
        [
            "KEY_NOT_UNIQUE twice",
            "POLICY_STORAGE_NOT_READY",
            "TRIGGER_MISSING twice"
        ]
    );
}

/// The same gaps as one query by hand, found in pages; and their parts are the
/// whole.
#[test]
fn ten_thousand_collections() {
    let db = large(10_000).create(server::one());
    let home = Home::new();
    home.on(&db, &["apply", "storage", "--yes"])
        .run()
        .expect_code(0);
    db.execute(
        &PREPARE
            .replace(":collections", "10000")
            .replace(":tables", "10000"),
    );
    db.execute(
        "DO $$ BEGIN FOR i IN 1..2000 LOOP
           CONTINUE WHEN inventory.kind_of(i) <> 'content';
           EXECUTE format('CREATE TRIGGER births AFTER INSERT ON app.%I FOR EACH ROW EXECUTE FUNCTION inventory.fn_birth_registry_auto()', inventory.key_of(i));
         END LOOP; END $$",
    );
    let by_hand: BTreeSet<String> = db
        .rows(BY_HAND)
        .iter()
        .map(|row| format!("new {} {}", row[1], row[0]))
        .collect();
    assert!(by_hand.len() > 5000, "{}", by_hand.len());
    let options = ["sweep", "--format", "json", "--record"];
    let look = |more: &[&str]| {
        let ran = home.on(&db, &[&options[..], more].concat()).run();
        gaps(&ran.expect_code(15).json())
    };
    assert_eq!(look(&["nothing"]), by_hand);
    let parts = ["0/3", "1/3", "2/3"].map(|part| look(&["nothing", "--shard", part]));
    assert_eq!(
        parts.iter().map(BTreeSet::len).sum::<usize>(),
        by_hand.len()
    );
    assert_eq!(
        parts.into_iter().flatten().collect::<BTreeSet<_>>(),
        by_hand
    );
    assert_eq!(look(&["new"]), by_hand);
    let issues = db.value("SELECT count(*) FROM inventory.system_issues");
    assert_eq!(issues, by_hand.len().to_string());
    let known: BTreeSet<String> = by_hand
        .iter()
        .map(|gap| gap.replace("new ", "persisting "))
        .collect();
    assert_eq!(look(&["new"]), known);
}

/// One row that a table refuses keeps no other out, and is told.
#[test]
fn a_row_that_is_refused_keeps_no_other_out() {
    let scene = Scene::bare();
    scene.apply("storage");
    scene.db.execute(
        "ALTER TABLE inventory.system_issues ADD CHECK (length(collection_key) < 6 OR collection_key LIKE 'c%')",
    );
    scene.register(&["c1", "c2", "not these", "c3"]);
    let report = scene.sweep(&["--format", "json"]).json();
    assert_eq!(gaps(&report).len(), 8);
    let notices = report["targets"][0]["notices"].to_string();
    assert!(notices.contains("not these"), "{notices}");
    assert_eq!(scene.issues().len(), 6);
    assert_eq!(scene.checks().len(), 6);
}

/// Somebody edits one issue and does not commit: the others are closed.
#[test]
fn an_issue_that_somebody_edits_holds_up_no_sweep() {
    let scene = Scene::new();
    scene.db.execute(
        "SELECT inventory.covered(name) FROM unnest(ARRAY['a', 'b', 'c']) name;
         ALTER TABLE app.a DISABLE TRIGGER births; ALTER TABLE app.b DISABLE TRIGGER births",
    );
    scene.drain().expect_code(0);
    scene.db.execute(
        "ALTER TABLE app.a ENABLE TRIGGER births; ALTER TABLE app.b ENABLE TRIGGER births",
    );
    let holder = scene.db.session();
    holder.execute(
        "BEGIN; UPDATE inventory.system_issues SET description = 'mine' WHERE collection_key = 'a'",
    );
    let ran = scene.sweep(&["--close-resolved"]);
    assert_eq!(ran.get("sweep_status"), "PASS");
    assert_eq!(ran.get("issues_closed"), "1");
    assert!(
        ran.stdout
            .contains("1 issues of resolved gaps were not closed"),
        "{}",
        ran.stdout
    );
    holder.execute("COMMIT");
    let ran = scene.sweep(&["--close-resolved"]);
    assert_eq!(ran.get("issues_closed"), "1");
}

/// A gap that comes back while its issue is being closed is told of again.
#[test]
fn a_gap_that_comes_back_while_its_issue_is_closed() {
    let scene = Scene::new();
    scene
        .db
        .execute("SELECT inventory.covered('a'); ALTER TABLE app.a DISABLE TRIGGER births");
    scene.drain().expect_code(0);
    assert_eq!(scene.issues(), ["TRIGGER_MISSING a"]);
    scene.db.execute("ALTER TABLE app.a ENABLE TRIGGER births");
    // The sweep has looked once more and found it gone; then it has to wait.
    let holder = scene.db.session();
    holder.execute("BEGIN; LOCK TABLE inventory.system_issues IN SHARE MODE");
    let close = ["sweep", "--close-resolved", "--lock-timeout", "30s"];
    let sweep = Running(scene.on(&close).start());
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    scene.until("the sweep waits", |scene| scene.db.value(waits) == "1");
    scene.db.execute(
        "ALTER TABLE app.a DISABLE TRIGGER births;
         UPDATE inventory.collection_registry SET governance_role = 'locked'",
    );
    let drain = Running(scene.on(&["gate", "drain"]).start());
    scene.until("the worker waits too", |scene| scene.db.value(waits) == "2");
    holder.execute("ROLLBACK");
    sweep.ended().expect_code(0);
    assert_eq!(drain.ended().expect_code(0).get("issues_opened"), "1");
    assert_eq!(scene.issues(), ["TRIGGER_MISSING a"]);
}

/// Titles that are cut and no column for the collection: what an issue is about
/// is told by its fingerprint, and no shard closes what is another's.
#[test]
fn shards_close_no_issue_of_another() {
    let scene = Scene::bare();
    scene.apply("storage");
    scene.db.execute(
        "ALTER TABLE inventory.system_issues DROP COLUMN collection_key, DROP COLUMN description, ADD COLUMN fingerprint text,
           ALTER COLUMN title TYPE varchar(24)",
    );
    let names: Vec<String> = (0..12).map(|i| format!("'c{i}'")).collect();
    scene.db.execute(&format!(
        "SELECT inventory.covered(name) FROM unnest(ARRAY[{}]) name;
         DELETE FROM inventory.species_collection_map",
        names.join(", ")
    ));
    let open = "SELECT count(*) FROM inventory.system_issues WHERE status = 'open'";
    assert_eq!(sweep(&scene, &[]).len(), 12);
    assert_eq!(scene.db.value(open), "12");
    for shard in ["0/2", "1/2"] {
        sweep(&scene, &["--shard", shard, "--close-resolved"]);
    }
    assert_eq!(scene.db.value(open), "12");
    scene
        .db
        .execute("INSERT INTO inventory.species_collection_map VALUES ('thing', 'c3')");
    let resolved: Vec<String> = ["0/2", "1/2"]
        .iter()
        .flat_map(|shard| sweep(&scene, &["--shard", shard, "--close-resolved"]))
        .filter(|gap| gap.starts_with("resolved"))
        .collect();
    assert_eq!(resolved, ["resolved SPECIES_UNMAPPED c3"]);
    assert_eq!(scene.db.value(open), "11");
}
