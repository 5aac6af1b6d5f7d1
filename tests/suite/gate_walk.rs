//! The gate: plan → apply → verify → events → apply again → rollback → verify →
//! reapply, on every server and registry; and what is an event and what is none.

use birth_tests::server::{self, Server};

use crate::gate_scene::{ALL, APPLY, PARTITIONED, PLAIN, Place, Registry, VERIFY};
use crate::triggers_scene::expect;

/// The keys of the final response, in their order.
const KEYS: [&str; 9] = [
    "b3f_gate_status",
    "objects_created",
    "objects_already_existed",
    "objects_blocked_conflict",
    "gate_triggers_installed",
    "compiled_sql_logged",
    "execution_log_path",
    "no_business_data_mutation",
    "post_ddl_verified",
];

#[test]
fn apply_verify_rollback_verify_reapply() {
    for server in server::all() {
        for registry in ALL {
            walk(server, registry);
        }
    }
}

fn walk(server: &'static Server, registry: &'static Registry) {
    let place = Place::new(server, registry);
    let what = format!("{} on PostgreSQL {}", registry.name, server.major());
    place.db.execute(&place.insert(&["old"], "governed"));
    let before = place.objects();

    place.on(&VERIFY).run().expect_code(30);
    assert_eq!(place.decisions(), ["ABSENT"; 5], "{what}");
    place
        .on(&["plan", "gate", "--out", "plan.json"])
        .run()
        .expect_code(0);
    assert_eq!(
        place.objects(),
        before,
        "{what}: planning changed something"
    );

    let applied = place.on(&["apply", "gate", "--plan", "plan.json"]);
    let applied = applied.run().expect_code(0);
    let keys: Vec<&str> = applied
        .stdout
        .lines()
        .filter_map(|line| Some(line.split_once('=')?.0))
        .collect();
    assert_eq!(keys, KEYS, "{what}");
    expect(
        &applied,
        &[
            ("b3f_gate_status", "PASS"),
            ("objects_created", "5"),
            ("objects_already_existed", "0"),
            ("objects_blocked_conflict", "0"),
            ("gate_triggers_installed", "2"),
            ("compiled_sql_logged", "true"),
            ("no_business_data_mutation", "true"),
            ("post_ddl_verified", "true"),
        ],
    );
    place.on(&VERIFY).run().expect_code(0);
    // What was there before is not an event.
    assert_eq!(place.events(), [""; 0], "{what}");
    place.db.execute(&place.insert(&["new"], "governed"));
    assert_eq!(place.events(), ["new INSERT"], "{what}");

    let with_gate = place.objects();
    let again = place.on(&APPLY).run().expect_code(0);
    expect(
        &again,
        &[
            ("b3f_gate_status", "PASS"),
            ("objects_created", "0"),
            ("objects_already_existed", "5"),
            ("gate_triggers_installed", "0"),
        ],
    );
    // What the second apply created is nothing, so undoing it undoes nothing.
    let nothing = place.on(&["rollback", &again.run_id(), "--yes"]);
    expect(&nothing.run().expect_code(0), &[("objects_dropped", "0")]);
    assert_eq!(place.objects(), with_gate, "{what}");

    let undone = place.on(&["rollback", &applied.run_id(), "--yes"]);
    expect(
        &undone.run().expect_code(0),
        &[
            ("rollback_status", "PASS"),
            ("rolled_back_run", &applied.run_id()),
            ("objects_dropped", "5"),
            ("gate_triggers_dropped", "2"),
            ("left_in_use", ""),
            ("already_gone", ""),
            ("post_rollback_verified", "true"),
        ],
    );
    assert_eq!(place.objects(), before, "{what}");
    place.on(&VERIFY).run().expect_code(30);
    place.db.execute(&place.insert(&["later"], "governed"));

    place.applied();
    place.on(&VERIFY).run().expect_code(0);
    // The first run's objects are gone; those of its name belong to another.
    let stale = place.on(&["rollback", &applied.run_id(), "--yes"]);
    let stale = stale.run().expect_code(11);
    assert!(
        stale.get("reason").contains("was replaced since"),
        "{}",
        stale.stdout
    );
    place.on(&VERIFY).run().expect_code(0);
}

#[test]
fn what_is_an_event_and_what_is_none() {
    for server in server::all() {
        for registry in ALL {
            events(&Place::with_gate(server, registry));
        }
    }
}

fn events(place: &Place) {
    let session = place.db.session();
    let mut rows: Vec<(String, Vec<&str>)> = [
        (
            "INSERT INTO @table (@key, @role) VALUES ('a', 'governed'), ('b', NULL), (NULL, 'governed')",
            vec!["a INSERT", "b INSERT", "∅ INSERT"],
        ),
        (
            "COPY @table (@key, @role) FROM PROGRAM $$printf 'c\\tgoverned\\nd\\tgoverned\\n'$$",
            vec!["c INSERT", "d INSERT"],
        ),
        ("INSERT INTO @table (@key) SELECT 'x' WHERE false", vec![]),
        // Only what is really inserted, and the role that really changes.
        (
            "INSERT INTO @table (@key, @role) VALUES ('a', 'governed'), ('e', 'governed')
             ON CONFLICT (@key) DO NOTHING",
            vec!["e INSERT"],
        ),
        (
            "INSERT INTO @table (@key, @role) VALUES ('a', 'governed'), ('f', 'governed')
             ON CONFLICT (@key) DO UPDATE SET @role = excluded.@role",
            vec!["f INSERT"],
        ),
        (
            "INSERT INTO @table (@key, @role) VALUES ('a', 'observed')
             ON CONFLICT (@key) DO UPDATE SET @role = excluded.@role",
            vec!["a ROLE"],
        ),
        ("UPDATE @table SET @role = @role", vec![]),
        ("UPDATE @table SET @role = 'observed' WHERE @key = 'a'", vec![]),
        ("UPDATE @table SET @other = 'y'", vec![]),
        ("UPDATE @table SET @key = 'g' WHERE @key = 'f'", vec![]),
        // From and to NULL are changes; the key is the new one.
        ("UPDATE @table SET @role = 'free' WHERE @key = 'b'", vec!["b ROLE"]),
        ("UPDATE @table SET @role = NULL, @key = 'h' WHERE @key = 'b'", vec!["h ROLE"]),
        (
            "UPDATE @table SET @role = 'free' WHERE @key IN ('c', 'd')",
            vec!["c ROLE", "d ROLE"],
        ),
        ("DELETE FROM @table WHERE @key = 'c'", vec![]),
        // What is rolled back did not happen.
        ("BEGIN; INSERT INTO @table (@key) VALUES ('n'); ROLLBACK", vec![]),
        (
            "BEGIN; INSERT INTO @table (@key) VALUES ('o'); SAVEPOINT s;
             INSERT INTO @table (@key) VALUES ('p'); ROLLBACK TO s; COMMIT",
            vec!["o INSERT"],
        ),
        // A table of the session's is not taken for the inserted rows.
        (
            "CREATE TEMP TABLE birth_new AS SELECT 'evil' AS wrong; INSERT INTO @table (@key) VALUES ('q')",
            vec!["q INSERT"],
        ),
        ("SET quote_all_identifiers = on; INSERT INTO @table (@key) VALUES ('r')", vec!["r INSERT"]),
    ]
    .into_iter()
    .map(|(sql, events)| (place.sql(sql), events))
    .collect();
    if let Some(partition) = place.of.partition {
        let direct = place.sql("INSERT INTO @part (@key) VALUES ('s'), ('t')");
        rows.push((
            direct.replace("@part", partition),
            vec!["s INSERT", "t INSERT"],
        ));
    }
    for (sql, expected) in rows {
        session.execute(&sql);
        assert_eq!(place.events(), expected, "{}: {sql}", place.of.name);
    }
    let hostile = [
        "it's",
        "\"; DROP TABLE x; --",
        "$birth$",
        "%s %",
        "a\nb",
        "",
        "ключ",
    ];
    session.execute(&place.insert(&hostile, "governed"));
    let expected: Vec<String> = hostile.iter().map(|key| format!("{key} INSERT")).collect();
    assert_eq!(place.events(), expected, "{}", place.of.name);
    assert_eq!(session.warnings(), [""; 0], "{}", place.of.name);
}

/// A role that a trigger of the user's changes, in a statement that does not name
/// it, has changed all the same.
#[test]
fn a_role_that_a_trigger_changes() {
    let place = Place::with_gate(server::one(), &PLAIN);
    place.db.execute(&place.sql(
        "CREATE FUNCTION public.raise() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN NEW.governance_role := NEW.note; RETURN NEW; END $$;
         CREATE TRIGGER raise BEFORE UPDATE ON @table FOR EACH ROW EXECUTE FUNCTION public.raise();
         INSERT INTO @table (@key, @role) VALUES ('a', 'free')",
    ));
    assert_eq!(place.events(), ["a INSERT"]);
    place
        .db
        .execute(&place.sql("UPDATE @table SET @other = 'governed'"));
    assert_eq!(place.events(), ["a ROLE"]);
}

/// A partition that comes later has the triggers too.
#[test]
fn partitions_that_come_later() {
    let place = Place::with_gate(server::one(), &PARTITIONED);
    place.db.execute(
        "ALTER TABLE inventory.part_0 DETACH PARTITION inventory.part_0_0;
         CREATE TABLE inventory.later PARTITION OF inventory.part_0 FOR VALUES WITH (MODULUS 1, REMAINDER 0);
         INSERT INTO inventory.later (collection_key) VALUES ('a')",
    );
    assert_eq!(place.events(), ["a INSERT"]);
    place.on(&VERIFY).run().expect_code(0);
}

/// Birth triggers and the gate are separate executions (B3 design, section 1).
#[test]
fn one_operation_per_run() {
    let place = Place::new(server::one(), &PLAIN);
    let before = place.objects();
    for operations in [["gate", "triggers"], ["storage", "gate"], ["gate", "gate"]] {
        let apply = [&["apply"], &operations[..], &["--yes"]].concat();
        let ran = place.on(&apply).run().expect_code(20);
        let reason = ran.get("reason");
        assert!(reason.starts_with("ONE_OPERATION_PER_RUN: "), "{reason}");
        assert!(
            reason.contains("B3-A") && reason.contains("B3-F"),
            "{reason}"
        );
        for command in ["plan", "verify"] {
            let ran = place.on(&[&[command], &operations[..]].concat());
            let said = ran.run().expect_code(20).stderr;
            assert!(said.contains("[ONE_OPERATION_PER_RUN]"), "{said}");
        }
    }
    assert_eq!(place.objects(), before);
    place.on(&["plan"]).run().expect_code(2);
}

/// The gate's own queue makes no collection ambiguous.
#[test]
fn a_collection_that_is_called_like_the_queue() {
    let place = Place::with_gate(server::one(), &PLAIN);
    place.db.execute(
        "CREATE SCHEMA app; CREATE TABLE app.event (id int PRIMARY KEY, title text);
         INSERT INTO inventory.collection_registry VALUES ('event', 'governed')",
    );
    place.on(&["classify"]).run().expect_code(0);
    let show = ["classify", "show", "event"];
    let shown = place.on(&show).run();
    assert!(
        shown.stdout.contains("app.event"),
        "{}{}",
        shown.stdout,
        shown.stderr
    );
}
