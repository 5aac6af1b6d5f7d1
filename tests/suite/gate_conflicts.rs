//! What is in the gate's place and is not exactly what the host makes: each is
//! named, stops everything, and is no conflict any more once it is mended.

use birth_tests::server;

use crate::gate_scene::{APPLY, PARTITIONED, PLAIN, Place, VERIFY};
use crate::triggers_scene::expect;

const THERE: &str = "ALREADY_EXISTS_OK";
const ABSENT: &str = "ABSENT";

/// A decision, as [`Place::decisions`] gives it.
fn blocked(codes: &str) -> String {
    format!("BLOCKED_EXISTING_CONFLICT {codes}")
}

/// Does something, looks at what is blocked by it (the object's place: schema,
/// queue, function, insert trigger, role trigger), and mends it.
#[track_caller]
fn each(place: &Place, otherwise: &str, cases: &[(&str, &str, usize, &str)]) {
    for (spoil, mend, at, codes) in cases {
        place.db.execute(spoil);
        let decisions = place.decisions();
        assert_eq!(decisions[*at], blocked(codes), "{spoil}");
        let others = decisions.iter().filter(|d| d.starts_with("BLOCKED"));
        assert_eq!(others.count(), 1, "{spoil}: {decisions:?}");
        let before = place.objects();
        let ran = place.on(&APPLY).run().expect_code(11);
        expect(
            &ran,
            &[
                ("b3f_gate_status", "BLOCKED"),
                ("objects_created", "0"),
                ("objects_blocked_conflict", "1"),
            ],
        );
        let reason = ran.get("reason");
        assert!(reason.starts_with("EXISTING_CONFLICT: "), "{reason}");
        let first = codes.split(' ').next().unwrap();
        assert!(reason.contains(first), "{reason}");
        assert_eq!(place.objects(), before, "{spoil}: nothing partial");
        place.db.execute(mend);
        assert_eq!(place.decisions(), [otherwise; 5], "{mend}");
    }
}

#[test]
fn something_else_is_there() {
    let place = Place::new(server::one(), &PLAIN);
    let role = format!("{}_other", place.db.name());
    place.db.execute(&format!(
        "CREATE ROLE {role};
         CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
    ));
    let others_schema = format!("CREATE SCHEMA birth_gate AUTHORIZATION {role}");
    let others_queue = format!(
        "CREATE SCHEMA birth_gate; CREATE TABLE birth_gate.event (event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
           collection text, cause text NOT NULL, recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
           attempts integer NOT NULL DEFAULT 0, retry_at timestamptz, set_aside_at timestamptz, error text)
           WITH (vacuum_truncate = false);
         ALTER TABLE birth_gate.event OWNER TO {role}"
    );
    let gone = "DROP SCHEMA birth_gate CASCADE";
    each(
        &place,
        ABSENT,
        &[
            (&others_schema, gone, 0, "SCHEMA_OF_ANOTHER"),
            (
                "CREATE SCHEMA birth_gate; GRANT CREATE ON SCHEMA birth_gate TO PUBLIC",
                gone,
                0,
                "SCHEMA_OPEN",
            ),
            (&others_queue, gone, 1, "QUEUE_OF_ANOTHER"),
            (
                "CREATE SCHEMA birth_gate; CREATE TABLE birth_gate.event (id int)",
                gone,
                1,
                "QUEUE_COLUMNS_DIFFER QUEUE_COLUMNS_UNKNOWN QUEUE_KEY_DIFFERS QUEUE_TRUNCATED_BY_VACUUM",
            ),
            (
                "CREATE SCHEMA birth_gate; CREATE VIEW birth_gate.event AS SELECT 1 AS event_id",
                gone,
                1,
                "QUEUE_NOT_A_TABLE",
            ),
            (
                "CREATE SCHEMA birth_gate; CREATE DOMAIN birth_gate.event AS text",
                gone,
                1,
                "QUEUE_NOT_A_TABLE",
            ),
            (
                "CREATE SCHEMA birth_gate; CREATE SEQUENCE birth_gate.event",
                gone,
                1,
                "QUEUE_NOT_A_TABLE",
            ),
            (
                "CREATE SCHEMA birth_gate; CREATE TABLE birth_gate.event (id int) PARTITION BY HASH (id)",
                gone,
                1,
                "QUEUE_NOT_A_TABLE",
            ),
            (
                "CREATE SCHEMA birth_gate;
                 CREATE FUNCTION birth_gate.record_event() RETURNS void LANGUAGE sql AS ''",
                gone,
                2,
                "FUNCTION_DIFFERS PUBLIC_MAY_EXECUTE",
            ),
            (
                "CREATE TRIGGER trg_birth_gate_insert_collection_registry AFTER INSERT ON inventory.collection_registry
                 FOR EACH STATEMENT EXECUTE FUNCTION public.f()",
                "DROP TRIGGER trg_birth_gate_insert_collection_registry ON inventory.collection_registry",
                3,
                "TRIGGER_CALLS_ANOTHER",
            ),
            (
                "CREATE TRIGGER trg_birth_gate_role_collection_registry AFTER UPDATE ON inventory.collection_registry
                 FOR EACH ROW EXECUTE FUNCTION public.f()",
                "DROP TRIGGER trg_birth_gate_role_collection_registry ON inventory.collection_registry",
                4,
                "TRIGGER_CALLS_ANOTHER",
            ),
        ],
    );
}

/// A schema of that name is shared; so is the function's name, with arguments.
#[test]
fn what_is_in_nobodys_way() {
    let place = Place::new(server::one(), &PLAIN);
    place.db.execute(
        "CREATE SCHEMA birth_gate; CREATE TABLE birth_gate.mine (id int); CREATE TABLE birth_gate._event (id int);
         CREATE FUNCTION birth_gate.record_event(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
         CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
         CREATE TRIGGER mine AFTER INSERT ON inventory.collection_registry EXECUTE FUNCTION public.f();
         CREATE VIEW public.event AS SELECT 1; CREATE TABLE inventory.child () INHERITS (inventory.collection_registry)",
    );
    let before = place.objects();
    assert_eq!(place.decisions(), [THERE, ABSENT, ABSENT, ABSENT, ABSENT]);
    let plan = place.on(&["plan", "gate"]).run().expect_code(0);
    assert!(
        plan.stderr.contains("tables inherit from"),
        "{}",
        plan.stderr
    );
    let applied = place.on(&APPLY).run().expect_code(0);
    expect(
        &applied,
        &[("objects_created", "4"), ("objects_already_existed", "1")],
    );
    place.on(&VERIFY).run().expect_code(0);
    // The schema was there before the run, and stays.
    let undone = place.on(&["rollback", &applied.run_id(), "--yes"]);
    expect(
        &undone.run().expect_code(0),
        &[("rollback_status", "PASS"), ("objects_dropped", "4")],
    );
    assert_eq!(place.objects(), before);
}

#[test]
fn the_gate_was_changed() {
    let place = Place::with_gate(server::one(), &PLAIN);
    let insert = "trg_birth_gate_insert_collection_registry";
    let role = "trg_birth_gate_role_collection_registry";
    let wanted_role = place.db.value(&format!(
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = '{role}'"
    ));
    let wanted_insert = place.db.value(&format!(
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = '{insert}'"
    ));
    let body = place
        .db
        .value("SELECT pg_get_functiondef('birth_gate.record_event()'::regprocedure)");
    let on = "ON inventory.collection_registry";
    let drop = |name: &str| format!("DROP TRIGGER {name} {on};");
    let call = "EXECUTE FUNCTION birth_gate.record_event()";
    let (again_insert, again_role) = (drop(insert) + &wanted_insert, drop(role) + &wanted_role);
    let insert_as = |shape: &str| format!("{}CREATE TRIGGER {insert} {shape} {call}", drop(insert));
    let role_as = |shape: &str| format!("{}CREATE TRIGGER {role} {shape} {call}", drop(role));
    let spoilt_inserts = [
        format!("AFTER INSERT {on} FOR EACH ROW"),
        format!("AFTER INSERT {on} REFERENCING NEW TABLE AS other FOR EACH STATEMENT"),
        format!("AFTER INSERT OR DELETE {on} FOR EACH STATEMENT"),
        format!("BEFORE INSERT {on} FOR EACH STATEMENT"),
        format!(
            "AFTER INSERT {on} REFERENCING NEW TABLE AS birth_new FOR EACH STATEMENT WHEN (true)"
        ),
    ]
    .map(|shape| insert_as(&shape));
    let condition = "OLD.governance_role::text COLLATE \"C\" IS DISTINCT FROM NEW.governance_role::text COLLATE \"C\"";
    let spoilt_roles = [
        format!("AFTER UPDATE {on} FOR EACH ROW"),
        format!("AFTER UPDATE OF governance_role {on} FOR EACH ROW WHEN ({condition})"),
        format!("AFTER UPDATE OF note {on} FOR EACH ROW WHEN ({condition})"),
        format!("AFTER UPDATE {on} FOR EACH ROW WHEN ({})", condition.replace("governance_role", "note")),
        format!("AFTER UPDATE {on} FOR EACH ROW WHEN ({condition} AND NEW.note IS NULL)"),
        format!("AFTER UPDATE {on} FOR EACH ROW WHEN (OLD.governance_role IS DISTINCT FROM NEW.governance_role)"),
        format!("BEFORE UPDATE {on} FOR EACH ROW WHEN ({condition})"),
    ]
    .map(|shape| role_as(&shape));
    let mut cases: Vec<(&str, &str, usize, &str)> = Vec::new();
    for spoilt in &spoilt_inserts {
        cases.push((spoilt, &again_insert, 3, "TRIGGER_DIFFERS"));
    }
    for spoilt in &spoilt_roles {
        cases.push((spoilt, &again_role, 4, "TRIGGER_DIFFERS"));
    }
    let constraint = format!(
        "{}CREATE CONSTRAINT TRIGGER {role} AFTER UPDATE {on} FOR EACH ROW WHEN ({condition}) {call}",
        drop(role)
    );
    cases.push((&constraint, &again_role, 4, "TRIGGER_DIFFERS"));
    let other_version = body.replace("next sweep", "old sweep");
    let table = |what: &str| format!("ALTER TABLE birth_gate.event {what}");
    let renamed = format!("ALTER TRIGGER {insert} {on} RENAME TO mine");
    let renamed_back = format!("ALTER TRIGGER mine {on} RENAME TO {insert}");
    let second = format!("CREATE TRIGGER mine AFTER UPDATE {on} FOR EACH ROW {call}");
    let no_second = drop("mine");
    let [disable, replica, enable] = ["DISABLE", "ENABLE REPLICA", "ENABLE"]
        .map(|how| format!("ALTER TABLE inventory.collection_registry {how} TRIGGER {role}"));
    let elsewhere = format!(
        "CREATE TABLE public.t (collection_key text); CREATE TRIGGER t AFTER INSERT ON public.t FOR EACH ROW {call}"
    );
    let tables = [
        ("ADD extra int", "DROP extra", "QUEUE_COLUMNS_UNKNOWN"),
        (
            "ALTER cause DROP NOT NULL",
            "ALTER cause SET NOT NULL",
            "QUEUE_COLUMNS_DIFFER",
        ),
        (
            "ALTER attempts DROP DEFAULT",
            "ALTER attempts SET DEFAULT 0",
            "QUEUE_COLUMNS_DIFFER",
        ),
        (
            "ALTER attempts TYPE bigint",
            "ALTER attempts TYPE int",
            "QUEUE_COLUMNS_DIFFER",
        ),
        (
            "ALTER event_id SET GENERATED BY DEFAULT",
            "ALTER event_id SET GENERATED ALWAYS",
            "QUEUE_COLUMNS_DIFFER",
        ),
        (
            "RENAME error TO fault",
            "RENAME fault TO error",
            "QUEUE_COLUMNS_DIFFER QUEUE_COLUMNS_UNKNOWN",
        ),
        (
            "DROP CONSTRAINT event_pkey",
            "ADD PRIMARY KEY (event_id)",
            "QUEUE_KEY_DIFFERS",
        ),
        ("SET UNLOGGED", "SET LOGGED", "QUEUE_UNLOGGED"),
        (
            "RESET (vacuum_truncate)",
            "SET (vacuum_truncate = false)",
            "QUEUE_TRUNCATED_BY_VACUUM",
        ),
        (
            "ADD CONSTRAINT c CHECK (attempts < 9)",
            "DROP CONSTRAINT c",
            "QUEUE_GUARDED",
        ),
        (
            "ADD CONSTRAINT u UNIQUE (collection)",
            "DROP CONSTRAINT u",
            "QUEUE_GUARDED",
        ),
        (
            "ENABLE ROW LEVEL SECURITY",
            "DISABLE ROW LEVEL SECURITY",
            "QUEUE_GUARDED",
        ),
    ]
    .map(|(spoil, mend, code)| (table(spoil), table(mend), code));
    for (spoil, mend, code) in &tables {
        cases.push((spoil, mend, 1, code));
    }
    cases.extend([
        (
            "GRANT DELETE ON birth_gate.event TO PUBLIC",
            "REVOKE DELETE ON birth_gate.event FROM PUBLIC",
            1,
            "QUEUE_OPEN",
        ),
        (
            "CREATE RULE r AS ON INSERT TO birth_gate.event DO INSTEAD NOTHING",
            "DROP RULE r ON birth_gate.event",
            1,
            "QUEUE_GUARDED",
        ),
        (
            "ALTER FUNCTION birth_gate.record_event() SECURITY INVOKER",
            "ALTER FUNCTION birth_gate.record_event() SECURITY DEFINER",
            2,
            "FUNCTION_DIFFERS",
        ),
        (
            "ALTER FUNCTION birth_gate.record_event() SET lock_timeout = '1h'",
            "ALTER FUNCTION birth_gate.record_event() SET lock_timeout = '100ms'",
            2,
            "FUNCTION_DIFFERS",
        ),
        (
            "GRANT EXECUTE ON FUNCTION birth_gate.record_event() TO PUBLIC",
            "REVOKE EXECUTE ON FUNCTION birth_gate.record_event() FROM PUBLIC",
            2,
            "PUBLIC_MAY_EXECUTE",
        ),
        (&other_version, &body, 2, "FUNCTION_OTHER_VERSION"),
        (
            &elsewhere,
            "DROP TABLE public.t",
            2,
            "FUNCTION_CALLED_ELSEWHERE",
        ),
        // What has another name is ours all the same.
        (&renamed, &renamed_back, 3, "EVENT_RECORDED_TWICE"),
        (&second, &no_second, 4, "EVENT_RECORDED_TWICE"),
        (&disable, &enable, 4, "TRIGGER_DISABLED"),
        (&replica, &enable, 4, "TRIGGER_DISABLED"),
        // Compiled from the key as it was called.
        (
            "ALTER TABLE inventory.collection_registry RENAME collection_key TO collection_code",
            "ALTER TABLE inventory.collection_registry RENAME collection_code TO collection_key",
            2,
            "FUNCTION_OTHER_VERSION",
        ),
    ]);
    each(&place, THERE, &cases);
    // These are no conflict: the trigger goes with its column, and fires always.
    place.db.execute(&format!(
        "ALTER TABLE inventory.collection_registry RENAME governance_role TO \"Role\";
         ALTER TABLE inventory.collection_registry ENABLE ALWAYS TRIGGER {insert};
         CREATE INDEX ON birth_gate.event (collection)"
    ));
    assert_eq!(place.decisions(), [THERE; 5]);
}

#[test]
fn partitions_are_in_the_way() {
    let place = Place::new(server::one(), &PARTITIONED);
    let role = "trg_birth_gate_role_collection_registry";
    let taken = format!(
        "CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
         CREATE TRIGGER {role} AFTER UPDATE ON inventory.part_0_0 FOR EACH ROW EXECUTE FUNCTION public.f()"
    );
    each(
        &place,
        ABSENT,
        &[(
            &taken,
            "DROP FUNCTION public.f() CASCADE",
            4,
            "PARTITION_TRIGGER",
        )],
    );
    place.applied();
    let [disable, enable] = ["DISABLE", "ENABLE"]
        .map(|how| format!("ALTER TABLE inventory.part_0_0 {how} TRIGGER {role}"));
    each(
        &place,
        THERE,
        &[(&disable, &enable, 4, "PARTITION_TRIGGER")],
    );
}

/// Only a table has rows and triggers of its own.
#[test]
fn a_registry_that_is_no_table() {
    let place = Place::new(server::one(), &PLAIN);
    place.db.execute(
        "ALTER TABLE inventory.collection_registry RENAME TO rows;
         CREATE VIEW inventory.collection_registry AS SELECT * FROM inventory.rows",
    );
    let ran = place.on(&APPLY).run().expect_code(23);
    let reason = ran.get("reason");
    assert!(reason.starts_with("FAMILY_NOT_A_TABLE: "), "{reason}");
}

/// A name that PostgreSQL would cut is refused, or shortened where the profile
/// says so.
#[test]
fn names_that_do_not_fit() {
    let place = Place::new(server::one(), &PLAIN);
    let long = "collection_registry_of_everything_that_we_have";
    place.db.execute(&format!(
        "ALTER TABLE inventory.collection_registry RENAME TO {long}"
    ));
    let profile = |more: &str| {
        let text = format!(
            "format = 1\n[naming]\n{more}\n[family.collection_registry]\ntable = '{long}'\n"
        );
        std::fs::write(place.home.path().join("birth.toml"), text).unwrap();
    };
    profile("");
    let refused = place.on(&APPLY).run().expect_code(23);
    assert!(
        refused.get("reason").starts_with("NAME_TOO_LONG: "),
        "{}",
        refused.stdout
    );
    profile("long-names = 'hash-suffix'");
    place.applied();
    place.on(&VERIFY).run().expect_code(0);
    let renamed = place
        .db
        .value("SELECT count(*) FROM pg_trigger WHERE tgname ~ '^trg_birth_gate_.*_[0-9a-f]{8}$'");
    assert_eq!(renamed, "2");
}
