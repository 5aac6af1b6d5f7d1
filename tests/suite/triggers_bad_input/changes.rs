//! The database changes between the plan and the installation: the run stops
//! with what changed, and only what matters stops it.

use birth_tests::server;

use crate::triggers_estates::{APPLY, PLAN, Place, VERIFY, content, map, register, said, shop};

const FUNCTION: &str = "inventory.fn_birth_registry_auto()";
const WITH_PLAN: [&str; 4] = ["apply", "triggers", "--plan", "plan.json"];

/// Three targets and one collection without a species.
fn script() -> String {
    shop(&["good", "other", "third"])
        + &content("shop.queued")
        + &register(&["queued"])
        + "CREATE FUNCTION shop.other() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
}

/// What somebody else does, and what is said of it.
const CHANGES: &[(&str, &[&str])] = &[
    (
        "CREATE TRIGGER trg_birth_good AFTER INSERT ON shop.good FOR EACH ROW
           EXECUTE FUNCTION inventory.fn_birth_registry_auto()",
        &[
            "the trigger of shop.good: ABSENT is now ALREADY_EXISTS_OK",
            "the live triggers changed",
        ],
    ),
    (
        "CREATE TRIGGER trg_birth_good AFTER INSERT ON shop.good FOR EACH ROW EXECUTE FUNCTION shop.other()",
        &["the trigger of shop.good: ABSENT is now BLOCKED_EXISTING_CONFLICT"],
    ),
    // On a table that is no collection.
    (
        "CREATE TRIGGER x AFTER INSERT ON inventory.species_collection_map FOR EACH ROW
           EXECUTE FUNCTION inventory.fn_birth_registry_auto()",
        &["the live triggers changed"],
    ),
    (
        "DROP TABLE shop.good",
        &[
            "collection \"good\": BIRTH_REQUIRED is now BIRTH_DEFERRED",
            "collection \"good\": no longer a target",
            "the registry changed",
        ],
    ),
    (
        "ALTER TABLE shop.good RENAME TO better",
        &[
            "collection \"good\": BIRTH_REQUIRED is now BIRTH_DEFERRED",
            "collection \"good\": no longer a target",
        ],
    ),
    (
        "CREATE SCHEMA elsewhere; ALTER TABLE shop.good SET SCHEMA elsewhere",
        &[
            "collection \"good\": shop.good (oid ",
            " is now elsewhere.good (oid ",
        ],
    ),
    (
        "DROP TABLE shop.good; CREATE TABLE shop.good (LIKE shop.other INCLUDING ALL)",
        &[
            "collection \"good\": shop.good (oid ",
            " is now shop.good (oid ",
        ],
    ),
    (
        "INSERT INTO inventory.collection_registry VALUES ('fresh', 'governed')",
        &["collection \"fresh\": not registered is now BIRTH_DEFERRED"],
    ),
    (
        "DELETE FROM inventory.collection_registry WHERE collection_key = 'queued'",
        &[
            "collection \"queued\": BIRTH_REQUIRED is now not registered",
            "the species queue changed",
        ],
    ),
    (
        "INSERT INTO inventory.species_collection_map VALUES ('queued', 'thing')",
        &[
            "collection \"queued\": newly a target",
            "the species queue changed",
            "the species map changed",
        ],
    ),
    (
        "DELETE FROM inventory.species_collection_map WHERE collection_key = 'good'",
        &[
            "collection \"good\": no longer a target",
            "the species queue changed",
        ],
    ),
    (
        "INSERT INTO inventory.system_issues (category, collection_key, title)
           VALUES ('BIRTH_SPECIES_MAPPING', 'queued', 'Species mapping missing: queued')",
        &["the species queue changed", "the table of issues changed"],
    ),
];

#[test]
fn what_changes_after_the_plan_is_said_and_nothing_is_done() {
    for server in server::all() {
        for (change, says) in CHANGES {
            let place = Place::approved(server, &script());
            let plan = [&PLAN[..], &["--out", "plan.json"]].concat();
            place.run(&plan).expect_code(0);
            place.db.execute(change);
            let says = [&["since the plan was made"], *says].concat();
            let ran = place.refuses(&WITH_PLAN, 26, "DRIFT", &says);
            assert_eq!(ran.get("b3a_status"), "FAILED", "{change}");
            assert_eq!(ran.get("triggers_installed"), "0");
            assert_eq!(ran.get("species_queue_issues_created"), "0");
        }
    }
}

#[test]
fn what_changes_between_plan_and_lock_is_said_and_nothing_is_done() {
    for (change, says) in CHANGES {
        let place = Place::approved(server::one(), &script());
        let apply = place.home.on(&place.db, &APPLY).pause_at("previewed");
        place.db.execute(change);
        let before = place.state();
        let ran = apply.resume().expect_code(26);
        let says = [&["between the plan and the lock"], *says].concat();
        said(&ran, &APPLY, "DRIFT", &says);
        assert_eq!(ran.get("b3a_status"), "FAILED", "{change}");
        assert_eq!(ran.get("triggers_installed"), "0");
        assert_eq!(ran.get("compiled_sql_logged"), "true");
        assert_eq!(place.state(), before, "{change}");
    }
}

/// What has nothing to do with births stops nobody.
#[test]
fn what_does_not_matter_stops_nothing() {
    const CHANGES: [&str; 5] = [
        "INSERT INTO shop.good (title) VALUES ('a')",
        "ALTER TABLE shop.good ADD remark text",
        "CREATE TRIGGER unrelated AFTER INSERT ON shop.good FOR EACH ROW EXECUTE FUNCTION shop.other()",
        "CREATE TABLE shop.unregistered (id int)",
        "CREATE INDEX ON shop.good (title); ANALYZE shop.good",
    ];
    for server in server::all() {
        let place = Place::approved(server, &script());
        let plan = [&PLAN[..], &["--out", "plan.json"]].concat();
        place.run(&plan).expect_code(0);
        for change in CHANGES {
            place.db.execute(change);
        }
        let ran = place.run(&WITH_PLAN).expect_code(0);
        assert_eq!(ran.get("triggers_installed"), "3");
    }
}

/// Under the locks nobody can put anything in the way; what is registered
/// meanwhile is for the next run.
#[test]
fn what_is_tried_under_the_locks() {
    let place = Place::approved(server::one(), &script());
    let apply = place.home.on(&place.db, &APPLY).pause_at("locked");
    for change in [
        "CREATE TRIGGER trg_birth_good AFTER INSERT ON shop.good FOR EACH ROW EXECUTE FUNCTION shop.other()",
        "DROP TABLE shop.good",
        "ALTER TABLE shop.third RENAME TO better",
        "INSERT INTO shop.good (title) VALUES ('a')",
    ] {
        let refused = place
            .db
            .try_execute(&format!("SET lock_timeout = '100ms'; {change}"));
        let refused = refused.unwrap_err();
        assert!(refused.contains("lock timeout"), "{change}: {refused}");
    }
    assert_eq!(place.db.value("SELECT count(*) FROM shop.good"), "0");
    place
        .db
        .execute(&(content("shop.fresh") + &register(&["fresh"]) + &map(&["fresh"])));
    let ran = apply.resume().expect_code(0);
    assert_eq!(ran.get("triggers_installed"), "3");
    place.run(&VERIFY).expect_code(30);
    place.refuses(&APPLY, 14, "POLICY_MISMATCH", &["\"fresh\""]);
}

/// A trigger that calls the function on some other table, made under the locks,
/// makes the count another than planned.
#[test]
fn a_birth_trigger_elsewhere_under_the_locks() {
    let place = Place::approved(server::one(), &script());
    let apply = place.home.on(&place.db, &APPLY).pause_at("locked");
    place.db.execute(
        "CREATE TRIGGER x AFTER INSERT ON inventory.species_collection_map FOR EACH ROW
           EXECUTE FUNCTION inventory.fn_birth_registry_auto()",
    );
    let before = place.state();
    let ran = apply.resume().expect_code(30);
    let says = ["3 triggers should call the function, and 4 do"];
    said(&ran, &APPLY, "VERIFICATION_FAILED", &says);
    assert_eq!(place.state(), before);
    assert_eq!(place.birth_triggers(FUNCTION).len(), 1);
}

/// What the operations need is gone.
#[test]
fn families_that_go() {
    for (family, what) in [
        ("inventory.species_collection_map", "the species map"),
        ("inventory.birth_registry", "the birth registry"),
        ("inventory.system_issues", "the table of issues"),
        ("inventory.collection_registry", "the registry"),
    ] {
        let place = Place::approved(server::one(), &shop(&["good"]));
        place
            .db
            .execute(&format!("ALTER TABLE {family} RENAME TO aside"));
        for arguments in [&PLAN[..], &APPLY, &VERIFY] {
            let ran = place.run(arguments).expect_code(23);
            let id = family.trim_start_matches("inventory.");
            said(&ran, arguments, "FAMILY_MISSING", &[id]);
        }
        assert!(place.birth_triggers(FUNCTION).is_empty());

        let gone = format!("DROP TABLE {family} CASCADE");
        let aside = format!("ALTER TABLE {family} RENAME TO aside");
        for change in [gone, aside] {
            // The species map is read by its identity, whatever it is called.
            if what == "the species map" && change.contains("RENAME") {
                continue;
            }
            let place = Place::approved(server::one(), &shop(&["good"]));
            let apply = place.home.on(&place.db, &APPLY).pause_at("previewed");
            place.db.execute(&change);
            let ran = apply.resume().expect_code(26);
            let reason = ran.get("reason");
            let named = [family, what].iter().any(|name| reason.contains(name));
            assert!(named, "{change}: {}", ran.stdout);
            assert!(place.birth_triggers(FUNCTION).is_empty(), "{change}");
        }
    }
}
