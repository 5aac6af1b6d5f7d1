//! What may be there of birth triggers already, on live tables: what is decided
//! about each, and that nothing of it keeps the others from their trigger.

use std::collections::BTreeMap;

use birth_tests::database::Database;
use birth_tests::server::{self, Server};

use crate::policies::PolicyDir;
use crate::triggers_estates::{self as estates, APPLY, AROUND, PLAN_JSON, Place, VERIFY, said};

const FUNCTION: &str = "inventory.fn_birth_registry_auto()";

/// A table and what is there. In the SQL, `@` is the table, `{t}` its name,
/// `{name}` the name of its birth trigger, `{f}` the function and `{other}`
/// another one.
struct State {
    table: &'static str,
    sql: &'static str,
    /// The decision and the codes of its reasons.
    decided: &'static str,
}

const fn state(table: &'static str, sql: &'static str, decided: &'static str) -> State {
    State {
        table,
        sql,
        decided,
    }
}

const STATES: &[State] = &[
    state("absent", "", "ABSENT"),
    state("unrelated", "
        CREATE TRIGGER a AFTER INSERT ON @ FOR EACH ROW EXECUTE FUNCTION {other}();
        CREATE TRIGGER trg_birth BEFORE INSERT ON @ FOR EACH ROW EXECUTE FUNCTION {other}();
        CREATE TRIGGER \"TRG_BIRTH_unrelated\" AFTER UPDATE ON @ FOR EACH ROW EXECUTE FUNCTION {other}();
        ALTER TABLE @ DISABLE TRIGGER a", "ABSENT"),
    state("right", "CREATE TRIGGER {name} AFTER INSERT ON @ FOR EACH ROW EXECUTE FUNCTION {f}()",
        "ALREADY_EXISTS_OK"),
    state("other_name", "CREATE TRIGGER z AFTER INSERT ON @ FOR EACH ROW EXECUTE FUNCTION {f}()",
        "ALREADY_EXISTS_OK TRIGGER_UNDER_OTHER_NAME"),
    state("always", "CREATE TRIGGER {name} AFTER INSERT ON @ FOR EACH ROW EXECUTE FUNCTION {f}();
        ALTER TABLE @ ENABLE ALWAYS TRIGGER {name}",
        "ALREADY_EXISTS_OK TRIGGER_ALWAYS"),
    state("other_function", "CREATE TRIGGER {name} AFTER INSERT ON @ FOR EACH ROW EXECUTE FUNCTION {other}()",
        "BLOCKED_EXISTING_CONFLICT TRIGGER_NAME_HELD"),
    state("name_held_and_bound", "
        CREATE TRIGGER {name} AFTER INSERT ON @ FOR EACH ROW EXECUTE FUNCTION {other}();
        CREATE TRIGGER z AFTER INSERT ON @ FOR EACH ROW EXECUTE FUNCTION {f}()",
        "BLOCKED_EXISTING_CONFLICT TRIGGER_NAME_HELD TRIGGER_UNDER_OTHER_NAME"),
    state("before", "CREATE TRIGGER {name} BEFORE INSERT ON @ FOR EACH ROW EXECUTE FUNCTION {f}()",
        "BLOCKED_EXISTING_CONFLICT TRIGGER_BEFORE"),
    state("per_statement", "CREATE TRIGGER {name} AFTER INSERT ON @ EXECUTE FUNCTION {f}()",
        "BLOCKED_EXISTING_CONFLICT TRIGGER_PER_STATEMENT"),
    state("on_update_too", "CREATE TRIGGER {name} AFTER INSERT OR UPDATE ON @ FOR EACH ROW EXECUTE FUNCTION {f}()",
        "BLOCKED_EXISTING_CONFLICT TRIGGER_ON_UPDATE"),
    state("on_update_of", "CREATE TRIGGER {name} AFTER INSERT OR UPDATE OF title ON @ FOR EACH ROW EXECUTE FUNCTION {f}()",
        "BLOCKED_EXISTING_CONFLICT TRIGGER_ON_UPDATE TRIGGER_HAS_COLUMN_LIST"),
    state("on_update_alone", "CREATE TRIGGER {name} AFTER UPDATE ON @ FOR EACH ROW EXECUTE FUNCTION {f}()",
        "BLOCKED_EXISTING_CONFLICT TRIGGER_NOT_ON_INSERT TRIGGER_ON_UPDATE"),
    state("on_delete", "CREATE TRIGGER {name} AFTER INSERT OR DELETE ON @ FOR EACH ROW EXECUTE FUNCTION {f}()",
        "BLOCKED_EXISTING_CONFLICT TRIGGER_ON_DELETE"),
    state("on_truncate", "CREATE TRIGGER {name} AFTER INSERT OR TRUNCATE ON @ EXECUTE FUNCTION {f}()",
        "BLOCKED_EXISTING_CONFLICT TRIGGER_PER_STATEMENT TRIGGER_ON_TRUNCATE"),
    state("when_condition", "CREATE TRIGGER {name} AFTER INSERT ON @ FOR EACH ROW WHEN (NEW.id > 0) EXECUTE FUNCTION {f}()",
        "BLOCKED_EXISTING_CONFLICT TRIGGER_HAS_WHEN"),
    state("arguments", "CREATE TRIGGER {name} AFTER INSERT ON @ FOR EACH ROW EXECUTE FUNCTION {f}('x')",
        "BLOCKED_EXISTING_CONFLICT TRIGGER_HAS_ARGUMENTS"),
    state("transition_tables", "CREATE TRIGGER {name} AFTER INSERT ON @ REFERENCING NEW TABLE AS fresh
        FOR EACH ROW EXECUTE FUNCTION {f}()",
        "BLOCKED_EXISTING_CONFLICT TRIGGER_HAS_TRANSITION_TABLES"),
    state("is_constraint", "CREATE CONSTRAINT TRIGGER {name} AFTER INSERT ON @ FOR EACH ROW EXECUTE FUNCTION {f}()",
        "BLOCKED_EXISTING_CONFLICT TRIGGER_IS_CONSTRAINT NOT_ACCEPTED_BY_SETTINGS"),
    state("is_deferred", "CREATE CONSTRAINT TRIGGER {name} AFTER INSERT ON @ DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION {f}()",
        "BLOCKED_EXISTING_CONFLICT TRIGGER_IS_CONSTRAINT NOT_ACCEPTED_BY_SETTINGS"),
    state("disabled", "CREATE TRIGGER {name} AFTER INSERT ON @ FOR EACH ROW EXECUTE FUNCTION {f}();
        ALTER TABLE @ DISABLE TRIGGER {name}",
        "BLOCKED_EXISTING_CONFLICT TRIGGER_DISABLED"),
    state("replica_only", "CREATE TRIGGER {name} AFTER INSERT ON @ FOR EACH ROW EXECUTE FUNCTION {f}();
        ALTER TABLE @ ENABLE REPLICA TRIGGER {name}",
        "BLOCKED_EXISTING_CONFLICT TRIGGER_REPLICA_ONLY"),
    state("twice", "CREATE TRIGGER {name} AFTER INSERT ON @ FOR EACH ROW EXECUTE FUNCTION {f}();
        CREATE TRIGGER z AFTER INSERT ON @ FOR EACH ROW EXECUTE FUNCTION {f}()",
        "BLOCKED_EXISTING_CONFLICT BOUND_TWICE BOUND_TWICE_TRIGGER BOUND_TWICE_TRIGGER"),
    state("twice_one_disabled", "CREATE TRIGGER a AFTER INSERT ON @ FOR EACH ROW EXECUTE FUNCTION {f}();
        CREATE TRIGGER z AFTER INSERT ON @ FOR EACH ROW EXECUTE FUNCTION {f}(); ALTER TABLE @ DISABLE TRIGGER z",
        "BLOCKED_EXISTING_CONFLICT BOUND_TWICE BOUND_TWICE_TRIGGER BOUND_TWICE_TRIGGER TRIGGER_DISABLED"),
    // PostgreSQL makes it for the foreign key, and anybody may rename it.
    state("internal_renamed", "CREATE TABLE shop.refers (of bigint REFERENCES @);
        DO $$ BEGIN EXECUTE format('ALTER TRIGGER %I ON @ RENAME TO {name}',
          (SELECT min(tgname::text) FROM pg_trigger WHERE tgrelid = '@'::regclass AND tgisinternal)); END $$",
        "BLOCKED_EXISTING_CONFLICT TRIGGER_NAME_HELD"),
];

/// The same on partitioned tables: what is there on the partitions.
const PARTITIONED: &[State] = &[
    state(
        "parts_absent",
        "
        CREATE TRIGGER a AFTER INSERT ON @_1 FOR EACH ROW EXECUTE FUNCTION {other}()",
        "ABSENT ROW_MOVES_FIRE_INSERT",
    ),
    state(
        "parts_right",
        "CREATE TRIGGER {name} AFTER INSERT ON @ FOR EACH ROW EXECUTE FUNCTION {f}()",
        "ALREADY_EXISTS_OK ROW_MOVES_FIRE_INSERT",
    ),
    state(
        "part_holds_name",
        "CREATE TRIGGER {name} AFTER UPDATE ON @_2 FOR EACH ROW EXECUTE FUNCTION {other}()",
        "BLOCKED_EXISTING_CONFLICT ROW_MOVES_FIRE_INSERT PARTITION_HOLDS_NAME",
    ),
    state(
        "part_is_bound",
        "CREATE TRIGGER z AFTER INSERT ON @_1 FOR EACH ROW EXECUTE FUNCTION {f}()",
        "BLOCKED_EXISTING_CONFLICT ROW_MOVES_FIRE_INSERT PARTITION_CALLS_FUNCTION",
    ),
    state(
        "part_bound_as_well",
        "CREATE TRIGGER {name} AFTER INSERT ON @ FOR EACH ROW EXECUTE FUNCTION {f}();
        CREATE TRIGGER z AFTER INSERT ON @_1 FOR EACH ROW EXECUTE FUNCTION {f}()",
        "BLOCKED_EXISTING_CONFLICT ROW_MOVES_FIRE_INSERT PARTITION_CALLS_FUNCTION",
    ),
    state(
        "part_disabled",
        "CREATE TRIGGER {name} AFTER INSERT ON @ FOR EACH ROW EXECUTE FUNCTION {f}();
        ALTER TABLE @_2 DISABLE TRIGGER {name}",
        "BLOCKED_EXISTING_CONFLICT ROW_MOVES_FIRE_INSERT PARTITION_DOES_NOT_FIRE",
    ),
    state(
        "part_replica_only",
        "CREATE TRIGGER z AFTER INSERT ON @ FOR EACH ROW EXECUTE FUNCTION {f}();
        ALTER TABLE @_1 ENABLE REPLICA TRIGGER z",
        "BLOCKED_EXISTING_CONFLICT TRIGGER_UNDER_OTHER_NAME ROW_MOVES_FIRE_INSERT PARTITION_DOES_NOT_FIRE",
    ),
];

impl State {
    fn is(&self, decision: &str) -> bool {
        self.decided.split(' ').next() == Some(decision)
    }

    fn script(&self, table: &str) -> String {
        let name = format!("trg_birth_{}", self.table);
        let sql = self
            .sql
            .replace('@', &format!("shop.{}", self.table))
            .replace("{name}", &name)
            .replace("{f}", "inventory.fn_birth_registry_auto")
            .replace("{other}", "shop.other");
        format!("{table}{sql};\n")
    }
}

fn all() -> impl Iterator<Item = &'static State> {
    STATES.iter().chain(PARTITIONED)
}

/// The tables of some states, each registered and mapped.
fn script(wanted: impl Fn(&State) -> bool) -> String {
    let mut script = format!(
        "{AROUND} CREATE FUNCTION shop.other() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';\n"
    );
    let content = STATES.iter().filter(|s| wanted(s));
    script.extend(content.map(|s| s.script(&estates::content(&format!("shop.{}", s.table)))));
    let parts = PARTITIONED.iter().filter(|s| wanted(s));
    script.extend(parts.map(|s| s.script(&estates::partitioned(&format!("shop.{}", s.table)))));
    let keys: Vec<&str> = all().filter(|s| wanted(s)).map(|s| s.table).collect();
    script + &estates::register(&keys) + &estates::map(&keys)
}

/// The triggers of a table and its partitions, PostgreSQL's own among them.
fn triggers(db: &Database, table: &str) -> Vec<Vec<String>> {
    db.rows(&format!(
        "SELECT t.oid, t.tgrelid::regclass, t.tgname, t.tgenabled, t.tgfoid::regprocedure, pg_get_triggerdef(t.oid)
         FROM pg_trigger t WHERE t.tgrelid IN (SELECT relid FROM pg_partition_tree('shop.{table}')
           UNION SELECT 'shop.{table}'::regclass) ORDER BY t.oid"
    ))
}

fn count(decision: &str) -> usize {
    all().filter(|s| s.is(decision)).count()
}

/// Each state by its table.
fn decided() -> BTreeMap<String, String> {
    all()
        .map(|s| (s.table.to_owned(), s.decided.to_owned()))
        .collect()
}

#[test]
fn every_state_is_decided_and_the_others_are_installed() {
    for server in server::all() {
        every_state(server);
    }
}

fn every_state(server: &'static Server) {
    let place = Place::approved(server, &script(|_| true));
    let major = server.major();
    let found = place.decisions();
    for (table, wanted) in decided() {
        assert_eq!(found[&table], wanted, "{table} on PostgreSQL {major}");
    }
    assert_eq!(found, decided());
    let before: Vec<_> = all().map(|s| triggers(&place.db, s.table)).collect();
    let bound = place.birth_triggers(FUNCTION).len();
    let (absent, blocked) = (count("ABSENT"), count("BLOCKED_EXISTING_CONFLICT"));

    let applied = place.run(&APPLY).expect_code(10);
    assert_eq!(applied.get("b3a_status"), "PARTIAL");
    let excluded = format!("{blocked} tables excluded");
    said(&applied, &APPLY, "EXISTING_CONFLICT", &[&excluded]);
    for (key, value) in [
        ("trigger_target_count", found.len()),
        ("triggers_installed", absent),
        ("triggers_already_existed", count("ALREADY_EXISTS_OK")),
        ("triggers_blocked_conflict", blocked),
        ("triggers_skipped_no_mapping", 0),
        ("total_birth_triggers_after", bound + absent),
        ("species_queue_issues_created", 0),
    ] {
        assert_eq!(
            applied.get(key),
            value.to_string(),
            "{key}, PostgreSQL {major}"
        );
    }
    assert_eq!(place.birth_triggers(FUNCTION).len(), bound + absent);
    for (state, before) in all().zip(before) {
        expect_after(&place, state, &before);
    }

    // Nothing is left that could be done: the rest is for people.
    place.refuses(&APPLY, 11, "EXISTING_CONFLICT", &[&excluded]);
    let verify = place.run(&VERIFY).expect_code(30);
    assert!(verify.stdout.contains("not complete"), "{}", verify.stdout);
}

/// What is there after the installation, and that a row has one birth where it
/// is right.
#[track_caller]
fn expect_after(place: &Place, state: &State, before: &[Vec<String>]) {
    let (db, table) = (&place.db, state.table);
    let after = triggers(db, table);
    if !state.is("ABSENT") {
        assert_eq!(after, before, "{table}");
    } else {
        assert!(
            before.iter().all(|t| after.contains(t)),
            "{table}: {after:?}"
        );
        let partitions = db.value(&format!(
            "SELECT greatest(count(*), 1) FROM pg_partition_tree('shop.{table}')"
        ));
        let made = after.len() - before.len();
        assert_eq!(made.to_string(), partitions, "{table}: {after:?}");
    }
    if state.is("BLOCKED_EXISTING_CONFLICT") {
        return;
    }
    db.execute(&format!(
        "TRUNCATE inventory.birth_registry;
         INSERT INTO shop.{table} (id, title) OVERRIDING SYSTEM VALUE VALUES (1, 'a'), (150, 'b')"
    ));
    let births = db.value("SELECT count(*) FROM inventory.birth_registry");
    assert_eq!(births, "2", "{table}");
}

#[test]
fn where_everything_is_blocked_nothing_is_done() {
    for server in server::all() {
        let blocked = |s: &State| s.is("BLOCKED_EXISTING_CONFLICT");
        let place = Place::approved(server, &script(blocked));
        let count = count("BLOCKED_EXISTING_CONFLICT");
        let excluded = format!("{count} tables excluded");
        let first = ["shop.arguments (TRIGGER_HAS_ARGUMENTS)", &excluded];
        let ran = place.refuses(&APPLY, 11, "EXISTING_CONFLICT", &first);
        assert_eq!(ran.get("b3a_status"), "BLOCKED");
        for (key, value) in [
            ("trigger_target_count", count),
            ("triggers_installed", 0),
            ("triggers_already_existed", 0),
            ("triggers_blocked_conflict", count),
        ] {
            assert_eq!(ran.get(key), value.to_string(), "{key}");
        }
        let total = place.birth_triggers(FUNCTION).len().to_string();
        assert_eq!(ran.get("total_birth_triggers_after"), total);
        assert_eq!(ran.get("no_business_data_mutation"), "true");
    }
}

/// The states that settings decide about, the other way round.
#[test]
fn settings_decide_what_is_accepted() {
    let wanted = |s: &State| {
        [
            "absent",
            "other_name",
            "always",
            "is_constraint",
            "is_deferred",
            "parts_right",
        ]
        .contains(&s.table)
    };
    for server in server::all() {
        let place = Place::new(server, &script(wanted));
        let policy = PolicyDir::shipped();
        for (from, to) in [
            (
                "accept-other-trigger-name = true",
                "accept-other-trigger-name = false",
            ),
            (
                "accept-constraint-trigger = false",
                "accept-constraint-trigger = true",
            ),
            (
                "accept-always-enabled = true",
                "accept-always-enabled = false",
            ),
            ("accept-row-moves = true", "accept-row-moves = false"),
        ] {
            policy.edit("policy.toml", from, to);
        }
        policy.edit(
            "policy.toml",
            "name = \"birth\"\nrevision = 4",
            "name = \"test\"\nrevision = 1",
        );
        policy.approve(&place.home);
        let run = |arguments: &[&str]| policy.on(&place.home, &place.db, arguments).run();
        run(&["classify"]).expect_code(0);
        run(&["classify", "approve", "--by", "Ann", "--yes"]).expect_code(0);
        let plan = run(&PLAN_JSON).expect_code(0).json();
        assert_eq!(
            estates::decided(&plan).into_iter().collect::<Vec<_>>(),
            [
                ("absent", "ABSENT"),
                (
                    "always",
                    "BLOCKED_EXISTING_CONFLICT TRIGGER_ALWAYS NOT_ACCEPTED_BY_SETTINGS"
                ),
                ("is_constraint", "ALREADY_EXISTS_OK TRIGGER_IS_CONSTRAINT"),
                ("is_deferred", "ALREADY_EXISTS_OK TRIGGER_IS_CONSTRAINT"),
                (
                    "other_name",
                    "BLOCKED_EXISTING_CONFLICT TRIGGER_UNDER_OTHER_NAME NOT_ACCEPTED_BY_SETTINGS"
                ),
                (
                    "parts_right",
                    "BLOCKED_EXISTING_CONFLICT ROW_MOVES_FIRE_INSERT NOT_ACCEPTED_BY_SETTINGS"
                ),
            ]
            .map(|(table, decided)| (table.to_owned(), decided.to_owned()))
        );
        let applied = run(&APPLY).expect_code(10);
        for (key, value) in [
            ("triggers_installed", "1"),
            ("triggers_already_existed", "2"),
            ("triggers_blocked_conflict", "3"),
            ("total_birth_triggers_after", "6"),
        ] {
            assert_eq!(applied.get(key), value, "{key}");
        }
    }
}
