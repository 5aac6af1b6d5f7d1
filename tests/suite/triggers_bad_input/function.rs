//! The function that birth triggers call: missing, several, another, changed,
//! not to be executed.

use birth_tests::server;

use crate::triggers_estates::{APPLY, PLAN, PLAN_JSON, Place, VERIFY, said, shop};

/// Moves the function aside, then runs a script.
fn place(script: &str) -> Place {
    let place = Place::approved(server::one(), &shop(&["good"]));
    place.db.execute(&format!(
        "ALTER FUNCTION inventory.fn_birth_registry_auto() RENAME TO aside; {script}"
    ));
    place
}

const RIGHT: &str = "RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';";

#[test]
fn a_function_that_is_missing() {
    let rows = [
        ("", "no function has that name"),
        (
            "CREATE FUNCTION inventory.fn_birth_registry_auto(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "inventory.fn_birth_registry_auto(integer), which takes arguments",
        ),
        (
            "CREATE FUNCTION inventory.fn_birth_registry_auto() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "inventory.fn_birth_registry_auto(), which returns integer",
        ),
        (
            "CREATE FUNCTION inventory.fn_birth_registry_auto() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
            "inventory.fn_birth_registry_auto(), which returns event_trigger",
        ),
        (
            "CREATE PROCEDURE inventory.fn_birth_registry_auto() LANGUAGE sql AS ''",
            "inventory.fn_birth_registry_auto()",
        ),
        (
            "CREATE AGGREGATE inventory.fn_birth_registry_auto(int) (SFUNC = int4pl, STYPE = int)",
            "inventory.fn_birth_registry_auto(integer), which takes arguments",
        ),
        (
            "CREATE FUNCTION inventory.\"FN_birth_registry_auto\"() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
            "no function has that name",
        ),
    ];
    for (script, found) in rows {
        let place = place(script);
        place.refuses_all(
            23,
            "FUNCTION_MISSING",
            &["no trigger function `fn_birth_registry_auto`", found],
        );
    }
}

#[test]
fn a_function_that_is_overloaded() {
    // Another signature is another function, and none of ours.
    let place = place(&format!(
        "CREATE FUNCTION inventory.fn_birth_registry_auto() {RIGHT}
         CREATE FUNCTION inventory.fn_birth_registry_auto(text) RETURNS int LANGUAGE sql AS 'SELECT 1';
         CREATE FUNCTION shop.fn_birth_registry_auto(int) RETURNS int LANGUAGE sql AS 'SELECT 1'"
    ));
    let applied = place.run(&APPLY).expect_code(0);
    assert_eq!(applied.get("triggers_installed"), "1");
    let triggers = place.birth_triggers("inventory.fn_birth_registry_auto()");
    assert_eq!(triggers.len(), 1);
}

#[test]
fn a_function_in_two_schemas() {
    let place = place(&format!(
        "CREATE FUNCTION inventory.fn_birth_registry_auto() {RIGHT}
         CREATE FUNCTION shop.fn_birth_registry_auto() {RIGHT}
         CREATE TRIGGER trg_birth_good AFTER INSERT ON shop.good FOR EACH ROW EXECUTE FUNCTION shop.fn_birth_registry_auto()"
    ));
    let both = "inventory.fn_birth_registry_auto(), shop.fn_birth_registry_auto()";
    place.refuses_all(23, "FUNCTION_AMBIGUOUS", &[both]);
    let ran = place.run(&PLAN).expect_code(23);
    let line = "`trigger-function-schema = \"…\"`";
    assert!(ran.stderr.contains(line), "no {line} in {}", ran.stderr);

    // The profile decides; a trigger of the other one's has our name, though.
    place.profile("format = 1\n[naming]\ntrigger-function-schema = \"inventory\"\n");
    let says = ["shop.good (TRIGGER_NAME_HELD)"];
    place.refuses(&APPLY, 11, "EXISTING_CONFLICT", &says);
    place.profile("format = 1\n[naming]\ntrigger-function-schema = \"shop\"\n");
    let applied = place.run(&APPLY).expect_code(0);
    assert_eq!(applied.get("triggers_already_existed"), "1");
    place.profile("format = 1\n[naming]\ntrigger-function-schema = \"nowhere\"\n");
    let nowhere = ["in the schema `nowhere`", "which is in another schema"];
    place.refuses_all(23, "FUNCTION_MISSING", &nowhere);
}

const REPLACE: &str =
    "CREATE OR REPLACE FUNCTION inventory.fn_birth_registry_auto() RETURNS trigger
    LANGUAGE plpgsql AS 'BEGIN RAISE ''not today''; END'";

/// What triggers would call must be what was planned: the body, the settings,
/// and whose rights it has.
#[test]
fn a_function_that_changes() {
    let changes = [
        REPLACE,
        "ALTER FUNCTION inventory.fn_birth_registry_auto() SECURITY DEFINER",
        "ALTER FUNCTION inventory.fn_birth_registry_auto() SET search_path = shop",
    ];
    for change in changes {
        for server in server::all() {
            let place = Place::approved(server, &shop(&["good"]));
            place
                .run(&["plan", "triggers", "--out", "plan.json"])
                .expect_code(0);
            place.db.execute(change);
            let apply = ["apply", "triggers", "--plan", "plan.json"];
            let says = [
                "since the plan was made",
                "the function: inventory.fn_birth_registry_auto()",
            ];
            place.refuses(&apply, 26, "DRIFT", &says);
        }
        for event in ["planned", "previewed"] {
            let place = Place::approved(server::one(), &shop(&["good"]));
            let apply = place.home.on(&place.db, &APPLY).pause_at(event);
            place.db.execute(change);
            let before = place.state();
            let ran = apply.resume().expect_code(26);
            let says = [
                "between the plan and the lock",
                "the function: inventory.fn_birth_registry_auto()",
            ];
            said(&ran, &APPLY, "DRIFT", &says);
            assert_eq!(ran.get("b3a_status"), "FAILED");
            assert_eq!(ran.get("triggers_installed"), "0");
            assert_eq!(place.state(), before);
        }
    }
}

/// Nothing locks a function: one that is replaced while triggers are made is
/// noticed before COMMIT, or by the new read after it.
#[test]
fn a_function_that_changes_during_the_run() {
    let place = Place::approved(server::one(), &shop(&["good"]));
    let before = place.state();
    let apply = place.home.on(&place.db, &APPLY).pause_at("locked");
    place.db.execute(REPLACE);
    let ran = apply.resume().expect_code(30);
    let says = [
        "rolled back",
        "the function inventory.fn_birth_registry_auto()",
        "has the definition",
    ];
    said(&ran, &APPLY, "VERIFICATION_FAILED", &says);
    assert_eq!(ran.get("b3a_status"), "FAILED");
    assert_eq!(ran.get("triggers_installed"), "0");
    let triggers = |state: Vec<Vec<String>>| -> Vec<Vec<String>> {
        state.into_iter().filter(|row| row.len() == 7).collect()
    };
    assert_eq!(triggers(place.state()), triggers(before));

    let apply = place.home.on(&place.db, &APPLY).pause_at("verified");
    place
        .db
        .execute("ALTER FUNCTION inventory.fn_birth_registry_auto() STRICT");
    let ran = apply.resume().expect_code(10);
    let says = ["committed, but not confirmed", "has the definition"];
    said(&ran, &APPLY, "CONFIRMATION_FAILED", &says);
    assert_eq!(ran.get("triggers_installed"), "1");
}

/// The tables' owner may not put it into a trigger.
#[test]
fn a_function_that_may_not_be_executed() {
    for server in server::all() {
        let place = Place::new(server, &shop(&["good"]));
        let role = format!("{}_owner", place.db.name());
        place.db.execute(&format!(
            "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA inventory, shop TO {role};
             GRANT ALL ON ALL TABLES IN SCHEMA inventory TO {role};
             GRANT USAGE ON ALL SEQUENCES IN SCHEMA inventory TO {role};
             ALTER TABLE shop.good OWNER TO {role}; ALTER TABLE inventory.system_issues OWNER TO {role};
             REVOKE EXECUTE ON FUNCTION inventory.fn_birth_registry_auto() FROM PUBLIC"
        ));
        place.approve();
        let url = place.db.url_as(&role);
        let run = |arguments: &[&str]| {
            place
                .home
                .birth(arguments)
                .arg("--database")
                .arg(&url)
                .run()
        };
        let before = place.state();
        let planned = run(&PLAN_JSON).expect_code(0).json();
        assert_eq!(planned["refusal"]["code"], "MISSING_RIGHTS");
        let refused = run(&APPLY).expect_code(22);
        let says = ["may not execute inventory.fn_birth_registry_auto()"];
        said(&refused, &APPLY, "MISSING_RIGHTS", &says);
        assert_eq!(refused.get("b3a_status"), "FAILED");
        assert_eq!(refused.get("compiled_sql_logged"), "false");
        assert_eq!(place.state(), before);
        run(&VERIFY).expect_code(30);

        place.db.execute(&format!(
            "GRANT EXECUTE ON FUNCTION inventory.fn_birth_registry_auto() TO {role}"
        ));
        run(&APPLY).expect_code(0);
        // Where it is there already, nobody needs to execute it.
        place.db.execute(&format!(
            "REVOKE EXECUTE ON FUNCTION inventory.fn_birth_registry_auto() FROM {role}"
        ));
        place.run(&APPLY).expect_code(0);
    }
}
