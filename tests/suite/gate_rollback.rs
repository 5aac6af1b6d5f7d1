//! Undoing the gate: exactly what a run made, or nothing; recorded events are not
//! lost; interrupted runs are brought to their end.

use birth_tests::server;

use crate::gate_scene::{APPLY, PARTITIONED, PLAIN, Place, RENAMED, VERIFY};
use crate::recovery::position;
use crate::triggers_scene::expect;

/// Refused, with the reason, and nothing is dropped.
#[track_caller]
fn refused(place: &Place, run: &str, says: &[&str]) {
    let before = place.objects();
    let ran = place.on(&["rollback", run, "--yes"]).run().expect_code(11);
    expect(
        &ran,
        &[("rollback_status", "BLOCKED"), ("objects_dropped", "0")],
    );
    let reason = ran.get("reason");
    assert!(reason.starts_with("ROLLBACK_REFUSED: "), "{reason}");
    for part in says {
        assert!(reason.contains(part), "no {part:?} in {reason}");
    }
    assert_eq!(place.objects(), before);
}

#[track_caller]
fn undone(place: &Place, run: &str, objects: &str) {
    let ran = place.on(&["rollback", run, "--yes"]).run().expect_code(0);
    expect(
        &ran,
        &[
            ("rollback_status", "PASS"),
            ("objects_dropped", objects),
            ("post_rollback_verified", "true"),
        ],
    );
}

/// What was changed since, how it is mended, and the reason.
const CHANGES: [(&str, &str, &str); 14] = [
    (
        "ALTER TABLE birth_gate.event ADD extra int",
        "ALTER TABLE birth_gate.event DROP extra",
        "table birth_gate.event (oid ",
    ),
    (
        "ALTER TABLE birth_gate.event ADD CONSTRAINT c CHECK (attempts < 9)",
        "ALTER TABLE birth_gate.event DROP CONSTRAINT c",
        "was changed since",
    ),
    (
        "ALTER TABLE birth_gate.event RENAME TO other",
        "ALTER TABLE birth_gate.other RENAME TO event",
        "is called birth_gate.other now",
    ),
    (
        "ALTER TABLE birth_gate.event SET SCHEMA inventory",
        "ALTER TABLE inventory.event SET SCHEMA birth_gate",
        "is called inventory.event now",
    ),
    (
        "ALTER SCHEMA birth_gate RENAME TO other",
        "ALTER SCHEMA other RENAME TO birth_gate",
        "is called other now",
    ),
    (
        "ALTER FUNCTION birth_gate.record_event() RENAME TO other",
        "ALTER FUNCTION birth_gate.other() RENAME TO record_event",
        "function birth_gate.record_event() (oid ",
    ),
    (
        "ALTER FUNCTION birth_gate.record_event() SET work_mem = '1MB'",
        "ALTER FUNCTION birth_gate.record_event() RESET work_mem",
        "was changed since",
    ),
    (
        "ALTER TRIGGER trg_birth_gate_role_collection_registry ON inventory.collection_registry RENAME TO other",
        "ALTER TRIGGER other ON inventory.collection_registry RENAME TO trg_birth_gate_role_collection_registry",
        "is called other now",
    ),
    (
        "ALTER TABLE inventory.collection_registry DISABLE TRIGGER trg_birth_gate_role_collection_registry",
        "ALTER TABLE inventory.collection_registry ENABLE TRIGGER trg_birth_gate_role_collection_registry",
        "was changed since",
    ),
    (
        "COMMENT ON TRIGGER trg_birth_gate_role_collection_registry ON inventory.collection_registry IS 'keep'",
        "COMMENT ON TRIGGER trg_birth_gate_role_collection_registry ON inventory.collection_registry IS NULL",
        "was changed since",
    ),
    (
        "CREATE VIEW public.seen AS SELECT * FROM birth_gate.event",
        "DROP VIEW public.seen",
        "rule _RETURN on view public.seen needs what would be dropped",
    ),
    (
        "CREATE TABLE public.t (e birth_gate.event)",
        "DROP TABLE public.t",
        "column e of table public.t needs",
    ),
    (
        "CREATE TABLE public.t (e bigint REFERENCES birth_gate.event)",
        "DROP TABLE public.t",
        "needs what would be dropped",
    ),
    (
        "CREATE TABLE public.t (collection_key text); CREATE TRIGGER t AFTER INSERT ON public.t FOR EACH ROW
         EXECUTE FUNCTION birth_gate.record_event()",
        "DROP TABLE public.t",
        "trigger t on table public.t needs",
    ),
];

#[test]
fn what_was_changed_since_is_refused() {
    let place = Place::new(server::one(), &PLAIN);
    let before = place.objects();
    let run = place.applied();
    for (change, mend, says) in CHANGES {
        place.db.execute(change);
        refused(&place, &run, &[says]);
        place.db.execute(mend);
    }
    undone(&place, &run, "5");
    assert_eq!(place.objects(), before);
}

#[test]
fn recorded_events_are_saved_first() {
    for registry in [&PLAIN, &RENAMED] {
        let place = Place::new(server::one(), registry);
        let before = place.objects();
        let run = place.applied();
        place.db.execute(&place.insert(&["a", "it's"], "governed"));
        refused(&place, &run, &["holds 2 events"]);
        let asks = place.on(&["rollback", &run]).run();
        assert!(
            asks.get("reason").contains("holds 2 events"),
            "{}",
            asks.stdout
        );
        let export = ["rollback", &run, "--yes", "--export", "events.jsonl"];
        // Never over another file.
        let saved = place.home.path().join("events.jsonl");
        std::fs::write(&saved, "mine").unwrap();
        let failed = place.on(&export).run().expect_code(28);
        assert!(
            failed.get("reason").starts_with("EXPORT_FAILED: "),
            "{}",
            failed.stdout
        );
        std::fs::remove_file(&saved).unwrap();
        let ran = place.on(&export).run().expect_code(0);
        expect(&ran, &[("objects_dropped", "5")]);
        let text = std::fs::read_to_string(&saved).unwrap();
        let events: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(events.len(), 2, "{text}");
        assert_eq!(events[0]["collection"], "a");
        assert_eq!(events[1]["collection"], "it's");
        assert_eq!(events[1]["cause"], "INSERT");
        assert_eq!(events[1]["event_id"], 2);
        assert!(events[1]["recorded_at"].is_string(), "{text}");
        assert_eq!(place.objects(), before, "{}", registry.name);
    }
}

/// What is not the run's own is left: the schema with it.
#[test]
fn what_others_put_into_the_schema_is_left() {
    let place = Place::new(server::one(), &PLAIN);
    let run = place.applied();
    place
        .db
        .execute("CREATE TABLE birth_gate.mine (id int); INSERT INTO birth_gate.mine VALUES (1)");
    let ran = place.on(&["rollback", &run, "--yes"]).run().expect_code(10);
    expect(
        &ran,
        &[
            ("rollback_status", "PARTIAL"),
            ("objects_dropped", "4"),
            (
                "left_in_use",
                "schema birth_gate, which holds table birth_gate.mine",
            ),
            ("post_rollback_verified", "true"),
        ],
    );
    let reason = ran.get("reason");
    assert!(reason.starts_with("OTHERS_INSIDE: "), "{reason}");
    assert_eq!(place.db.value("SELECT count(*) FROM birth_gate.mine"), "1");
    // And the gate can come back to it.
    let again = place.on(&APPLY).run().expect_code(0);
    expect(
        &again,
        &[("objects_created", "4"), ("objects_already_existed", "1")],
    );
}

/// The registry may be called otherwise since, and its columns too.
#[test]
fn a_registry_that_was_renamed() {
    for registry in [&PLAIN, &PARTITIONED] {
        let place = Place::new(server::one(), registry);
        let run = place.applied();
        place.db.execute(
            "ALTER TABLE inventory.collection_registry RENAME TO \"Other\";
             ALTER TABLE inventory.\"Other\" RENAME governance_role TO \"The role\";
             ALTER TABLE inventory.\"Other\" RENAME collection_key TO key",
        );
        undone(&place, &run, "5");
    }
}

#[test]
fn what_is_gone_already() {
    let place = Place::new(server::one(), &PLAIN);
    let run = place.applied();
    place.db.execute("DROP TABLE inventory.collection_registry");
    let ran = place.on(&["rollback", &run, "--yes"]).run().expect_code(0);
    expect(
        &ran,
        &[
            ("rollback_status", "PASS"),
            ("objects_dropped", "3"),
            ("gate_triggers_dropped", "0"),
        ],
    );
    assert!(
        ran.get("already_gone").contains("with its table"),
        "{}",
        ran.stdout
    );
    let again = place.on(&["rollback", &run, "--yes"]).run().expect_code(0);
    expect(&again, &[("objects_dropped", "0")]);
    assert!(
        again.get("already_gone").contains("schema birth_gate"),
        "{}",
        again.stdout
    );
}

/// Somebody who reads the queue holds it: the rollback waits shortly, and says
/// who it is.
#[test]
fn a_queue_that_is_read() {
    let place = Place::new(server::one(), &PLAIN);
    let run = place.applied();
    let reader = place.db.session();
    reader.execute("BEGIN; SELECT * FROM birth_gate.event");
    let undo = [
        "rollback",
        &run,
        "--yes",
        "--lock-timeout",
        "100ms",
        "--lock-retries",
        "0",
    ];
    let ran = place.on(&undo).run().expect_code(12);
    assert!(
        ran.get("reason").contains("birth_gate.event"),
        "{}",
        ran.stdout
    );
    reader.execute("COMMIT");
    undone(&place, &run, "5");
}

#[test]
fn killed_at_a_boundary() {
    for event in [
        "previewed",
        "verified",
        "committing",
        "committed",
        "confirmed",
    ] {
        let committed = position(event) >= position("committed");
        let place = Place::new(server::one(), &PLAIN);
        let before = place.objects();
        place.on(&APPLY).pause_at(event).kill();
        let ran = place.on(&["recover"]).run();
        let status = if committed { "PASS" } else { "FAILED" };
        expect(&ran, &[("b3f_gate_status", status)]);
        assert_eq!(place.objects() != before, committed, "{event}");
        let run = match committed {
            true => place.home.run_ids().remove(0),
            false => place.applied(),
        };
        place.on(&VERIFY).run().expect_code(0);
        let with_gate = place.objects();
        place
            .on(&["rollback", &run, "--yes"])
            .pause_at(event)
            .kill();
        let ran = place.on(&["recover"]).run();
        expect(&ran, &[("rollback_status", status)]);
        let left = if committed { &before } else { &with_gate };
        assert_eq!(place.objects(), *left, "{event}");
        for id in place.home.run_ids() {
            place
                .home
                .birth(&["runs", "show", &id])
                .run()
                .expect_code(0);
            place
                .home
                .birth(&["runs", "publish", &id])
                .run()
                .expect_code(0);
        }
    }
}
