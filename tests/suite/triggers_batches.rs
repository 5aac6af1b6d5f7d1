//! `--batch-size`: several transactions, each with its own keys, and one honest
//! result for all of them.

use birth_cluster::ClusterOptions;
use birth_tests::server::Server;

use crate::triggers_scene::{
    MAPPED, STATEMENTS, Scene, UNMAPPED, expect, expect_all, expect_reason, expect_undone, names,
    runs_of,
};

#[test]
fn batches_of_every_size() {
    for (size, batches) in [(1, STATEMENTS), (7, 2), (STATEMENTS, 1), (500, 1)] {
        let scene = Scene::new();
        let ran = scene.apply(&["--batch-size", &size.to_string()]).run();
        let ran = ran.expect_code(0);
        expect_all(&ran);
        expect(&ran, &[("species_queue_captured_pks", "1,2")]);
        scene.expect_everything();
        let runs = runs_of(&ran);
        assert_eq!(runs.len(), batches, "{size}");
        assert_eq!(runs, scene.home.run_ids());
        // Each is one transaction of its own.
        let created = scene.db.value(
            "SELECT count(DISTINCT xmin::text) FROM (
               SELECT t.xmin FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE p.proname = 'fn_birth_registry_auto'
               UNION ALL SELECT xmin FROM inventory.system_issues) x",
        );
        assert_eq!(created, batches.to_string());
        let again = scene.apply(&["--batch-size", "1"]).run().expect_code(0);
        expect(
            &again,
            &[
                ("triggers_installed", "0"),
                ("triggers_already_existed", "6"),
                ("species_queue_issues_created", "0"),
                ("total_birth_triggers_after", "6"),
            ],
        );
        for run in runs.iter().rev() {
            let undone = scene.rollback(run).run().expect_code(0);
            expect(
                &undone,
                &[("rollback_status", "PASS"), ("left_changed", "")],
            );
        }
        scene.expect_nothing();
    }
}

/// What was there before the first batch is what "already existed" says, and
/// what is excluded leaves the whole `PARTIAL`.
#[test]
fn batches_beside_what_is_there() {
    let scene = Scene::new();
    scene.db.execute(
        "CREATE TRIGGER trg_birth_invoices AFTER INSERT ON app.invoices FOR EACH ROW EXECUTE FUNCTION inventory.fn_birth_registry_auto();
         CREATE TRIGGER trg_birth_customers BEFORE INSERT ON app.customers FOR EACH ROW EXECUTE FUNCTION inventory.fn_birth_registry_auto();",
    );
    let ran = scene.apply(&["--batch-size", "2"]).run().expect_code(10);
    expect_reason(&ran, "EXISTING_CONFLICT", &["app.customers"]);
    expect(
        &ran,
        &[
            ("b3a_status", "PARTIAL"),
            ("trigger_target_count", "6"),
            ("triggers_installed", "4"),
            ("triggers_already_existed", "1"),
            ("triggers_blocked_conflict", "1"),
            ("triggers_skipped_no_mapping", "2"),
            ("total_birth_triggers_after", "6"),
            ("species_queue_issues_created", "2"),
            ("species_queue_captured_pks", "1,2"),
        ],
    );
    assert_eq!(runs_of(&ran).len(), 3);
    assert_eq!(scene.triggers(), names(&MAPPED));
    for run in runs_of(&ran) {
        scene.rollback(&run).run().expect_code(0);
    }
    assert_eq!(scene.triggers(), names(&["customers", "invoices"]));
}

#[test]
fn later_batch_that_meets_a_lock() {
    let scene = Scene::new();
    let (_writer, pid) = scene.holder("BEGIN; INSERT INTO app.projects (title) VALUES ('x')");
    let quick = [
        "--batch-size",
        "3",
        "--lock-timeout",
        "100ms",
        "--lock-retries",
        "1",
    ];
    let ran = scene.apply(&quick).run().expect_code(10);
    let held = format!("pid {pid} ");
    expect_reason(
        &ran,
        "LOCK_TIMEOUT",
        &[
            "batch 2 ended LOCK_BUSY, the 1 before it are committed",
            &held,
            "night report",
            "app.projects",
        ],
    );
    expect(
        &ran,
        &[
            ("b3a_status", "PARTIAL"),
            ("triggers_installed", "3"),
            ("triggers_already_existed", "0"),
            ("total_birth_triggers_after", "3"),
            ("species_queue_issues_created", "0"),
            ("compiled_sql_logged", "true"),
        ],
    );
    assert_eq!(scene.triggers(), names(&MAPPED[..3]));
    assert_eq!(scene.issues(), [""; 0]);
    // The runs themselves say what each of them did.
    let list = scene
        .home
        .birth(&["runs", "list", "--format", "json"])
        .run();
    let mut statuses: Vec<String> = list
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|run| run["status"].as_str().unwrap().to_owned())
        .collect();
    statuses.sort();
    assert_eq!(statuses, ["LOCK_BUSY", "PARTIAL"]);
}

/// The lock is met while the second batch reads: it has no plan, and the numbers
/// are still those of what is there.
#[test]
fn later_batch_that_cannot_read() {
    let scene = Scene::new();
    let apply = scene.apply(&[
        "--batch-size",
        "3",
        "--lock-timeout",
        "100ms",
        "--lock-retries",
        "0",
    ]);
    let paused = apply.pause_at("closed");
    let (holder, _) =
        scene.holder("BEGIN; LOCK TABLE inventory.collection_registry IN ACCESS EXCLUSIVE MODE");
    // It stops itself again when the second run is closed.
    let ran = paused.again().resume().expect_code(10);
    expect_reason(&ran, "LOCK_TIMEOUT", &["batch 2 ended LOCK_BUSY"]);
    expect(
        &ran,
        &[
            ("trigger_target_count", "6"),
            ("triggers_installed", "3"),
            ("triggers_skipped_no_mapping", "2"),
            ("total_birth_triggers_after", "3"),
            ("compiled_sql_logged", "true"),
        ],
    );
    holder.execute("ROLLBACK");
    let rest = scene.apply(&[]).run().expect_code(0);
    expect(
        &rest,
        &[
            ("triggers_installed", "3"),
            ("total_birth_triggers_after", "6"),
        ],
    );
}

/// The policy and the registry part between two batches.
#[test]
fn later_batch_that_meets_a_mismatch() {
    let scene = Scene::new();
    let paused = scene.apply(&["--batch-size", "3"]).pause_at("closed");
    scene
        .db
        .execute("SELECT inventory.collection('letters', 'thing')");
    let ran = paused.again().resume().expect_code(10);
    expect_reason(
        &ran,
        "POLICY_MISMATCH",
        &["batch 2 ended POLICY_MISMATCH", "\"letters\""],
    );
    expect(
        &ran,
        &[
            ("b3a_status", "PARTIAL"),
            ("triggers_installed", "3"),
            ("total_birth_triggers_after", "3"),
            ("policy_mismatch_detected", "true"),
        ],
    );
    assert_eq!(scene.triggers(), names(&MAPPED[..3]));
}

/// A small server refuses before it fails half-way, and the number that it
/// names works. One collection is partitioned, so that not all need the same.
#[test]
fn server_with_few_locks() {
    let options = ClusterOptions::default()
        .setting("max_locks_per_transaction", "20")
        .setting("max_connections", "10")
        .setting("max_prepared_transactions", "0");
    let server = Server::own(&options);
    let scene = Scene::on_server(server, "");
    // In pieces: making tables takes locks as well.
    for i in 1..=40 {
        scene.db.execute(&format!(
            "SELECT inventory.collection('catalogue_' || lpad({i}::text, 2, '0'), 'thing')"
        ));
    }
    scene.db.execute(
        "CREATE TABLE app.shipments (id bigint GENERATED BY DEFAULT AS IDENTITY, title varchar(200) NOT NULL, body text,
           status text NOT NULL DEFAULT 'draft', created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz, PRIMARY KEY (id))
           PARTITION BY HASH (id);
         INSERT INTO inventory.collection_registry VALUES ('shipments', 'governed');
         INSERT INTO inventory.species_collection_map VALUES ('thing', 'shipments')",
    );
    for i in 0..20 {
        scene.db.execute(&format!(
            "CREATE TABLE app.shipments_{i} PARTITION OF app.shipments FOR VALUES WITH (MODULUS 20, REMAINDER {i})"
        ));
    }
    scene.classify();
    // Somebody else holds most of what the server has.
    let (holder, _) = scene.holder("BEGIN");
    holder.execute("SELECT pg_advisory_xact_lock(i) FROM generate_series(1, 40) i");

    let refused = scene.apply(&[]).run().expect_code(29);
    expect_reason(&refused, "LOCK_BUDGET", &["needs 163 locks"]);
    expect(
        &refused,
        &[("b3a_status", "FAILED"), ("triggers_installed", "0")],
    );
    scene.expect_nothing();
    let planned = scene.on(&["plan", "triggers"]).run().expect_code(0);
    assert!(
        planned.stderr.contains("`apply` would refuse"),
        "{}",
        planned.stderr
    );

    let (_, hint) = refused.stderr.split_once("--batch-size ").unwrap();
    let size = hint.split(',').next().unwrap();
    let ran = scene.apply(&["--batch-size", size]).run().expect_code(0);
    expect(
        &ran,
        &[
            ("b3a_status", "PASS"),
            ("triggers_installed", "47"),
            ("species_queue_issues_created", "2"),
            ("total_birth_triggers_after", "47"),
        ],
    );
    assert!(runs_of(&ran).len() > 1, "{}", ran.stderr);
    for run in runs_of(&ran) {
        scene.rollback(&run).run().expect_code(0);
    }
    scene.expect_nothing();
}

/// The estimate of the preview holds what the transaction really takes.
#[test]
fn estimate_of_locks_is_enough() {
    let scene = Scene::after(
        "CREATE TABLE app.shipments (id bigint GENERATED BY DEFAULT AS IDENTITY, title varchar(200) NOT NULL, body text,
           status text NOT NULL DEFAULT 'draft', created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz, PRIMARY KEY (id))
           PARTITION BY HASH (id);
         CREATE TABLE app.shipments_0 PARTITION OF app.shipments FOR VALUES WITH (MODULUS 3, REMAINDER 0);
         CREATE TABLE app.shipments_1 PARTITION OF app.shipments FOR VALUES WITH (MODULUS 3, REMAINDER 1);
         CREATE TABLE app.shipments_2 PARTITION OF app.shipments FOR VALUES WITH (MODULUS 3, REMAINDER 2);
         INSERT INTO inventory.collection_registry VALUES ('shipments', 'governed');
         INSERT INTO inventory.species_collection_map VALUES ('thing', 'shipments')",
    );
    let plan = scene.on(&["plan", "triggers", "--format", "json"]);
    let plan = plan.run().expect_code(0).json();
    let estimated = plan["plan"]["locks"].as_i64().unwrap();
    let paused = scene.apply(&[]).pause_at("committing");
    let held = scene.db.value(
        "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE a.application_name LIKE 'birth/%' AND a.datname = current_database()",
    );
    let held: i64 = held.parse().unwrap();
    assert!(
        held <= estimated,
        "{held} locks are held, {estimated} were estimated"
    );
    assert!(held > 7 + 3, "{held}");
    expect(
        &paused.resume().expect_code(0),
        &[("triggers_installed", "7")],
    );
}

/// A saved plan of one batch executes that batch and no other.
#[test]
fn saved_plan_of_one_batch() {
    let scene = Scene::new();
    let file = scene.home.path().join("batch.json");
    let file = file.to_str().unwrap();
    let plan = || {
        let plan = ["plan", "triggers", "--batch-size", "5", "--out", file];
        scene.on(&plan).run().expect_code(0)
    };
    let apply = || scene.on(&["apply", "triggers", "--plan", file]).run();
    plan();
    let first = apply().expect_code(10);
    expect_reason(&first, "BATCHES_REMAIN", &["3 statements are left"]);
    expect(
        &first,
        &[
            ("b3a_status", "PARTIAL"),
            ("trigger_target_count", "6"),
            ("triggers_installed", "5"),
            ("triggers_already_existed", "0"),
            ("total_birth_triggers_after", "5"),
            ("species_queue_issues_created", "0"),
        ],
    );
    assert_eq!(runs_of(&first).len(), 1);
    assert_eq!(scene.triggers(), names(&MAPPED[..5]));
    // The same plan again is overtaken by itself.
    let again = apply().expect_code(26);
    expect_reason(&again, "DRIFT", &[]);
    assert_eq!(scene.triggers(), names(&MAPPED[..5]));

    plan();
    let second = apply().expect_code(0);
    expect(
        &second,
        &[
            ("b3a_status", "PASS"),
            ("triggers_installed", "1"),
            ("triggers_already_existed", "5"),
            ("species_queue_issues_created", "2"),
        ],
    );
    scene.expect_everything();
    assert_eq!(scene.issues(), UNMAPPED);
    expect_undone(
        &scene.rollback(&runs_of(&first)[0]).run().expect_code(0),
        5,
        0,
    );
    expect_undone(
        &scene.rollback(&runs_of(&second)[0]).run().expect_code(0),
        1,
        2,
    );
    scene.expect_nothing();
}
