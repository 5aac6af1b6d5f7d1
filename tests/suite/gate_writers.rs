//! Whatever is wrong with the gate, who writes to the registry is not concerned:
//! the statement succeeds, a warning says what is lost, and nothing is recorded.

use birth_tests::database::Session;
use birth_tests::server;

use crate::gate_scene::{PARTITIONED, PLAIN, Place, RENAMED, loses_one};

/// What is done to a gate, and what the warning says of it. `@role` is a role
/// that may do nothing.
const FAILURES: [(&str, &str); 13] = [
    ("DROP TABLE birth_gate.event", "42P01"),
    ("ALTER TABLE birth_gate.event RENAME TO gone", "42P01"),
    ("ALTER SCHEMA birth_gate RENAME TO gone", "3F000"),
    ("ALTER TABLE birth_gate.event DROP COLUMN cause", "42703"),
    (
        "ALTER TABLE birth_gate.event ALTER collection TYPE int USING 1",
        "42804",
    ),
    // Full.
    (
        "ALTER SEQUENCE birth_gate.event_event_id_seq MAXVALUE 2; SELECT nextval('birth_gate.event_event_id_seq')",
        "2200H",
    ),
    (
        "ALTER TABLE birth_gate.event ADD CHECK (false) NOT VALID",
        "23514",
    ),
    (
        "CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'no % for you', 'event'; END$$;
         CREATE TRIGGER refuse BEFORE INSERT ON birth_gate.event FOR EACH ROW EXECUTE FUNCTION public.refuse()",
        "no event for you",
    ),
    // Its owner may not use the schema, may not write, or is refused the row.
    ("ALTER FUNCTION birth_gate.record_event() OWNER TO @role", "42501"),
    (
        "ALTER FUNCTION birth_gate.record_event() OWNER TO @role; GRANT USAGE ON SCHEMA birth_gate TO @role",
        "42501",
    ),
    (
        "ALTER FUNCTION birth_gate.record_event() OWNER TO @role; GRANT USAGE ON SCHEMA birth_gate TO @role;
         GRANT INSERT ON birth_gate.event TO @role; ALTER TABLE birth_gate.event ENABLE ROW LEVEL SECURITY",
        "row-level security",
    ),
    // The key has another name, or no text of it can be made.
    (
        "ALTER TABLE inventory.collection_registry RENAME collection_key TO key",
        "42703",
    ),
    (
        "ALTER FUNCTION birth_gate.record_event() SET search_path = nowhere, pg_temp; DROP TABLE birth_gate.event",
        "42P01",
    ),
];

#[test]
fn the_write_succeeds_under_each_failure() {
    for (at, (failure, says)) in FAILURES.iter().enumerate() {
        let place = Place::with_gate(server::one(), &PLAIN);
        place.db.execute(&place.insert(&["old"], "governed"));
        let role = format!("{}_nobody", place.db.name());
        place.db.execute(&format!("CREATE ROLE {role}"));
        let session = place.db.session();
        place.db.execute(&failure.replace("@role", &role));
        let table = place.of.table;
        let insert = |key| format!("INSERT INTO {table} VALUES ('{key}', 'governed')");
        loses_one(&session, &insert("a"), says);
        loses_one(
            &session,
            &format!("INSERT INTO {table} VALUES ('b', 'governed'), ('c', 'governed')"),
            says,
        );
        loses_one(
            &session,
            &format!("COPY {table} FROM PROGRAM $$printf 'd\\tgoverned\\tx\\n'$$"),
            says,
        );
        // The row that was there first.
        let change =
            format!("UPDATE {table} SET governance_role = 'observed' WHERE ctid = '(0,1)'");
        loses_one(&session, &change, says);
        // In one transaction with other work, which is not lost either.
        session.execute("BEGIN; CREATE TABLE public.other (id int)");
        loses_one(&session, &insert("e"), says);
        session.execute("INSERT INTO public.other VALUES (1); COMMIT");
        let count = format!("SELECT count(*) FROM {table}, public.other");
        assert_eq!(place.db.value(&count), "6", "failure {at}: {failure}");
        let observed = format!("SELECT count(*) FROM {table} WHERE governance_role = 'observed'");
        assert_eq!(place.db.value(&observed), "1", "failure {at}: {failure}");
        // Nothing is in the queue but what was there before.
        let queue = place.db.rows(
            "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname IN ('birth_gate', 'gone') AND c.relkind = 'r'",
        );
        for queue in queue.iter().flatten() {
            let count = format!("SELECT count(*) FROM {queue}");
            assert_eq!(place.db.value(&count), "1", "failure {at}: {failure}");
        }
    }
}

/// Nobody waits for it, whatever the writer's own timeouts are, and what is not
/// recorded is said for each time that the trigger fires.
#[test]
fn a_locked_queue() {
    for registry in [&PLAIN, &RENAMED, &PARTITIONED] {
        let place = Place::with_gate(server::one(), registry);
        place
            .db
            .execute(&place.insert(&["a", "b", "c"], "governed"));
        place.events();
        let holder = place.db.session();
        holder.execute(&format!(
            "BEGIN; LOCK TABLE {} IN ACCESS EXCLUSIVE MODE",
            registry.queue
        ));
        let session = place.db.session();
        session.execute("SET lock_timeout = '7s'");
        let says = "could not obtain lock on relation";
        let loses = |sql: &str, rows: usize| {
            session.execute(sql);
            let warnings = session.warnings();
            // A partitioned registry is watched row by row.
            let is_by_row = registry.partition.is_some() || sql.starts_with("UPDATE");
            assert_eq!(warnings.len(), if is_by_row { rows } else { 1 }, "{sql}");
            assert!(
                warnings.iter().all(|warning| warning.contains(says)),
                "{warnings:?}"
            );
        };
        loses(&place.insert(&["d", "e", "f"], "governed"), 3);
        loses(&place.sql("UPDATE @table SET @role = 'observed'"), 6);
        assert_eq!(session.rows("SHOW lock_timeout").unwrap(), [["7s"]]);
        session.execute("BEGIN");
        loses(&place.insert(&["g"], "governed"), 1);
        holder.execute("ROLLBACK");
        session.execute(&place.insert(&["h"], "governed"));
        session.execute("COMMIT");
        assert_eq!(session.warnings(), [""; 0]);
        assert_eq!(place.events(), ["h INSERT"], "{}", registry.name);
        let count = place.sql("SELECT count(*) FROM @table");
        assert_eq!(place.db.value(&count), "8", "{}", registry.name);
    }
}

/// A role that may write to the registry and do nothing else.
#[test]
fn writers_without_rights_on_the_gate() {
    let place = Place::with_gate(server::one(), &PLAIN);
    let role = format!("{}_writer", place.db.name());
    place.db.execute(&format!(
        "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA inventory TO {role};
         GRANT SELECT, INSERT, UPDATE ON inventory.collection_registry TO {role};
         ALTER TABLE inventory.collection_registry ENABLE ROW LEVEL SECURITY;
         CREATE POLICY own ON inventory.collection_registry TO {role} USING (note = '{role}');
         ALTER ROLE {role} SET search_path = nowhere"
    ));
    let session = place.db.session_as(&role);
    let insert = |key: &str| {
        format!("INSERT INTO inventory.collection_registry VALUES ('{key}', 'governed', '{role}')")
    };
    session.execute(&insert("a"));
    session.execute("UPDATE inventory.collection_registry SET governance_role = 'free'");
    assert_eq!(session.warnings(), [""; 0]);
    assert_eq!(place.events(), ["a INSERT", "a ROLE"]);
    // It can neither read nor write the queue, nor use the function.
    for denied in [
        "SELECT * FROM birth_gate.event",
        "INSERT INTO birth_gate.event (cause) VALUES ('INSERT')",
        "CREATE TEMP TABLE t (collection_key text);
         CREATE TRIGGER t AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION birth_gate.record_event()",
    ] {
        let refused = session.rows(denied).unwrap_err();
        assert!(refused.contains("permission denied"), "{refused}");
    }
    // What a policy refuses is refused, and is no event.
    let refused =
        session.rows("INSERT INTO inventory.collection_registry VALUES ('b', 'governed', 'x')");
    assert!(refused.unwrap_err().contains("row-level security"));
    assert_eq!(place.events(), [""; 0]);
    // And under a failure it writes on.
    place.db.execute("DROP TABLE birth_gate.event");
    loses_one(&session, &insert("c"), "42P01");
}

/// A replica's session fires no triggers: only the sweep sees what it writes.
#[test]
fn replica_sessions() {
    let place = Place::with_gate(server::one(), &PLAIN);
    let session = place.db.session();
    session.execute("SET session_replication_role = replica");
    session.execute(&place.insert(&["a"], "governed"));
    session.execute("UPDATE inventory.collection_registry SET governance_role = 'free'");
    assert_eq!(session.warnings(), [""; 0]);
    assert_eq!(place.events(), [""; 0]);
    session.execute("SET session_replication_role = origin");
    session.execute(&place.insert(&["b"], "governed"));
    assert_eq!(place.events(), ["b INSERT"]);
}

/// A warning that the client's encoding has no characters for cannot be sent; it
/// fails nobody, and the server's log has it.
#[test]
fn clients_that_cannot_read_the_warning() {
    let place = Place::with_gate(server::one(), &PLAIN);
    place.db.execute(
        "CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'nicht für 日本'; END$$;
         CREATE TRIGGER refuse BEFORE INSERT ON birth_gate.event FOR EACH ROW EXECUTE FUNCTION public.refuse()",
    );
    let latin: Session = place.db.session();
    latin.execute("SET client_encoding = 'LATIN1'");
    latin.execute(&place.insert(&["a"], "governed"));
    latin.execute("UPDATE inventory.collection_registry SET governance_role = 'free'");
    let rows = place.sql("SELECT @key, @role FROM @table");
    assert_eq!(place.db.rows(&rows), [["a", "free"]]);
    assert!(place.db.server().log().contains(
        "birth gate: a change of inventory.collection_registry is not recorded: nicht für 日本"
    ));
}

#[test]
fn concurrent_writers_lose_nothing() {
    let place = Place::with_gate(server::one(), &PLAIN);
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let place = &place;
            scope.spawn(move || {
                let session = place.db.session();
                for row in 0..25 {
                    let key = format!("{writer}-{row}");
                    session.execute(&place.insert(&[&key], "governed"));
                }
                assert_eq!(session.warnings(), [""; 0]);
            });
        }
    });
    let events = place.events();
    let mut distinct = events.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!((events.len(), distinct.len()), (200, 200));
}

/// VACUUM gives the space at the end of a table back under a lock that it takes
/// for a moment, and the function never waits: the queue is not given back.
#[test]
fn a_vacuum_of_the_queue_does_not_lock_it() {
    let place = Place::with_gate(server::one(), &PLAIN);
    let session = place.db.session();
    let size = "SELECT pg_relation_size('birth_gate.event')";
    session.execute(
        "INSERT INTO birth_gate.event (collection, cause) SELECT repeat('x', 1000), 'bulk' FROM generate_series(1, 10000)",
    );
    let full = session.rows(size).unwrap();
    session.execute("DELETE FROM birth_gate.event");
    session.execute("VACUUM birth_gate.event");
    assert_eq!(session.rows(size).unwrap(), full);
}
