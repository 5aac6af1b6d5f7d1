//! Rows of the registry and of the species map that stand for nothing, for
//! something else, or for something twice.

use birth_tests::server;

use crate::triggers_estates::{
    self as estates, APPLY, AROUND, PLAN, Place, VERIFY, content, map, partitioned, register, shop,
    text,
};

const FUNCTION: &str = "inventory.fn_birth_registry_auto()";

/// Tables that have a birth trigger.
fn installed(place: &Place) -> Vec<String> {
    let triggers = place.birth_triggers(FUNCTION);
    triggers.into_iter().map(|(table, _)| table).collect()
}

/// Status and why of a collection in the approved report.
#[track_caller]
fn classified(place: &Place, key: &str) -> String {
    let show = ["classify", "show", "--format", "json", "--quiet"];
    let all = place.run(&show).expect_code(0).json();
    let entry = all.as_array().unwrap().iter().find(|e| e["key"] == key);
    let entry = entry.unwrap_or_else(|| panic!("no {key:?} in {all}"));
    let reasons = entry["reasons"].as_array().unwrap().iter();
    let codes: Vec<&str> = reasons.map(|r| r["code"].as_str().unwrap()).collect();
    format!("{} {}", entry["status"].as_str().unwrap(), codes.join(" "))
}

/// What is no table of its own is deferred with its reason, gets no trigger and
/// no issue, and keeps nobody else from theirs.
#[test]
fn rows_that_stand_for_no_table() {
    let rows = [
        ("missing", "NO_TABLE"),
        ("shop.missing", "NO_TABLE"),
        ("both", "AMBIGUOUS"),
        ("seen", "NOT_A_PHYSICAL_TABLE"),
        ("kept", "NOT_A_PHYSICAL_TABLE"),
        ("far", "NOT_A_PHYSICAL_TABLE"),
        ("parted_1", "IS_A_PARTITION"),
        ("scratch", "NOT_A_PHYSICAL_TABLE"),
        ("pg_catalog.pg_class", "NO_TABLE"),
        ("drop\"table;--; DROP TABLE shop.good", "NO_TABLE"),
    ];
    for server in server::all() {
        let keys: Vec<&str> = rows.iter().map(|(key, _)| *key).collect();
        let script = format!(
            "{} {} CREATE SCHEMA other; {} {} {}
             CREATE VIEW shop.seen AS SELECT * FROM shop.good;
             CREATE MATERIALIZED VIEW shop.kept AS SELECT * FROM shop.good;
             CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER nothing FOREIGN DATA WRAPPER nothing;
             CREATE FOREIGN TABLE shop.far (id int, title text) SERVER nothing;
             {} {}",
            shop(&["good"]),
            partitioned("shop.parted"),
            content("shop.both"),
            content("other.both"),
            register(&["parted"]) + &map(&["parted"]),
            register(&keys),
            map(&keys),
        );
        let place = Place::new(server, &script);
        let session = place.db.session();
        session.execute("CREATE TEMPORARY TABLE scratch (id bigint PRIMARY KEY, title text)");
        for (key, code) in rows {
            let found = classified(&place, key);
            let wanted = format!("BIRTH_DEFERRED {code}");
            assert!(found.starts_with(&wanted), "{key:?}: {found}, not {wanted}");
        }
        place.approve();
        let applied = place.run(&APPLY).expect_code(0);
        assert_eq!(applied.get("trigger_target_count"), "2");
        assert_eq!(applied.get("triggers_skipped_no_mapping"), "0");
        assert_eq!(installed(&place), ["shop.good", "shop.parted"]);
        place.run(&VERIFY).expect_code(0);
    }
}

#[test]
fn keys_that_bite() {
    let long = "x".repeat(53);
    let keys = [
        "drop\"table;--",
        "'; DROP TABLE shop.good; --",
        "two\nlines",
        "tab\tand\\n",
        "$1",
        "%s %I",
        "Grüße 🎉",
        " padded ",
        "select",
        &long,
    ];
    for server in server::all() {
        let place = Place::approved(server, &shop(&keys));
        let applied = place.run(&APPLY).expect_code(0);
        assert_eq!(applied.get("triggers_installed"), keys.len().to_string());
        for key in keys {
            let table = format!("shop.{}", quoted(key));
            place
                .db
                .execute(&format!("INSERT INTO {table} (title) VALUES ('a')"));
            let births = place.db.value(&format!(
                "SELECT count(*) FROM inventory.birth_registry WHERE born_in = {}",
                text(&format!("shop.{key}"))
            ));
            assert_eq!(births, "1", "{key:?} on PostgreSQL {}", server.major());
        }
        for ran in [place.run(&PLAN), place.run(&VERIFY)] {
            let ran = ran.expect_code(0);
            assert!(!ran.stdout.contains('\t'), "{}", ran.stdout);
        }
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The role decides whether a collection is governed at all. Padding and case
/// are read over, with a word; what is no role defers.
#[test]
fn roles_that_are_none() {
    let roles = [
        ("good", "'governed'", "BIRTH_REQUIRED", ""),
        (
            "padded",
            "' governed '",
            "BIRTH_REQUIRED",
            "ROLE_NORMALISED",
        ),
        ("shouted", "'GOVERNED'", "BIRTH_REQUIRED", "ROLE_NORMALISED"),
        ("null", "NULL", "BIRTH_DEFERRED", "ROLE_MISSING"),
        ("empty", "''", "BIRTH_DEFERRED", "ROLE_MISSING"),
        ("blank", "E' \\t\\n'", "BIRTH_DEFERRED", "ROLE_MISSING"),
        ("unknown", "'steward'", "BIRTH_DEFERRED", "ROLE_UNKNOWN"),
        (
            "hostile",
            "'governed''; --'",
            "BIRTH_DEFERRED",
            "ROLE_UNKNOWN",
        ),
    ];
    for server in server::all() {
        let mut script = shop(&roles.map(|(key, ..)| key));
        for (key, role, ..) in roles {
            script += &format!(
                "UPDATE inventory.collection_registry SET governance_role = {role} WHERE collection_key = '{key}';"
            );
        }
        let place = Place::approved(server, &script);
        for (key, _, status, code) in roles {
            let found = classified(&place, key);
            assert!(found.starts_with(status), "{key}: {found}");
            assert!(found.contains(code), "{key}: no {code} in {found}");
        }
        let applied = place.run(&APPLY).expect_code(0);
        assert_eq!(applied.get("trigger_target_count"), "3");
        assert_eq!(applied.get("species_queue_issues_created"), "0");
        assert_eq!(
            installed(&place),
            ["shop.good", "shop.padded", "shop.shouted"]
        );
    }
}

/// Whose trigger would it be? Neither's, and the rest goes on.
#[test]
fn two_keys_for_one_table() {
    for server in server::all() {
        let twice = ["shop.orders"];
        let script = shop(&["good", "orders"]) + &register(&twice) + &map(&twice);
        let place = Place::approved(server, &script);
        let decisions = place.decisions();
        for key in ["orders", "shop.orders"] {
            assert_eq!(decisions[key], "BLOCKED_EXISTING_CONFLICT SHARED_TABLE");
        }
        let applied = place.run(&APPLY).expect_code(10);
        let reason = applied.get("reason");
        assert!(reason.starts_with("EXISTING_CONFLICT: "), "{reason}");
        assert!(reason.contains("shop.orders (SHARED_TABLE)"), "{reason}");
        assert_eq!(applied.get("trigger_target_count"), "3");
        assert_eq!(applied.get("triggers_installed"), "1");
        assert_eq!(applied.get("triggers_blocked_conflict"), "2");
        assert_eq!(installed(&place), ["shop.good"]);
        let plan = place.run(&PLAN).expect_code(11);
        let says = "more than one collection stands for the table: orders, shop.orders";
        assert!(plan.stdout.contains(says), "{}", plan.stdout);
        place.refuses(&APPLY, 11, "EXISTING_CONFLICT", &["shop.orders"]);

        // The one of them that has no species changes nothing about that.
        place.db.execute(
            "DELETE FROM inventory.species_collection_map WHERE collection_key = 'shop.orders'",
        );
        assert_eq!(
            place.decisions()["orders"],
            "BLOCKED_EXISTING_CONFLICT SHARED_TABLE"
        );
    }
}

/// A key of several rows is none, and a row without a key is none; both are
/// said, and stop nobody.
#[test]
fn rows_without_a_key_of_their_own() {
    let place = Place::approved(
        server::one(),
        &(shop(&["good", "twice"])
            + &register(&["twice"])
            + "INSERT INTO inventory.collection_registry VALUES (NULL, 'governed'), ('', 'governed')"),
    );
    let plan = place.run(&PLAN).expect_code(0);
    for says in [
        "more than one row of the registry has the key, so none counts: \"twice\"",
        "2 rows of the registry have no key and are no collection",
    ] {
        assert!(plan.stderr.contains(says), "no {says:?} in {}", plan.stderr);
    }
    let applied = place.run(&APPLY).expect_code(0);
    assert_eq!(applied.get("trigger_target_count"), "1");
    assert_eq!(installed(&place), ["shop.good"]);
}

#[test]
fn a_species_map_that_is_no_better() {
    let script = shop(&["good", "mapped_twice"])
        + &content("shop.unmapped")
        + &content("shop.blank")
        + &register(&["unmapped", "blank"])
        + "INSERT INTO inventory.species_collection_map VALUES
             ('mapped_twice', 'thing'), ('mapped_twice', 'another'), ('nobody', 'thing'), ('GOOD', 'thing'),
             (NULL, 'thing'), (NULL, NULL), ('', 'thing'), (' unmapped', 'thing'), ('blank ', 'thing')";
    for server in server::all() {
        let place = Place::approved(server, &script);
        let plan = place.run(&PLAN).expect_code(0);
        let says = "4 keys of the species map are not in the registry: \" unmapped\", \"GOOD\", \"blank \", \"nobody\"";
        assert!(plan.stderr.contains(says), "no {says:?} in {}", plan.stderr);
        let applied = place.run(&APPLY).expect_code(0);
        assert_eq!(installed(&place), ["shop.good", "shop.mapped_twice"]);
        assert_eq!(applied.get("triggers_skipped_no_mapping"), "2");
        assert_eq!(applied.get("species_queue_captured_pks"), "1,2");
        let about = place
            .db
            .rows("SELECT collection_key FROM inventory.system_issues ORDER BY 1");
        assert_eq!(about, [["blank"], ["unmapped"]]);

        // A mapping that came since makes a target of it.
        place
            .db
            .execute("INSERT INTO inventory.species_collection_map VALUES ('unmapped', 'thing')");
        let applied = place.run(&APPLY).expect_code(0);
        assert_eq!(applied.get("triggers_installed"), "1");
        assert_eq!(applied.get("triggers_already_existed"), "2");
        assert_eq!(applied.get("species_queue_issues_created"), "0");
    }
}

/// Nobody is in the target set: that is no failure, and changes nothing.
#[test]
fn nothing_to_install() {
    let place = Place::approved(
        server::one(),
        &[AROUND, &register(&["missing"]), &map(&["missing"])].concat(),
    );
    let before = place.state();
    let plan = place.run(&PLAN).expect_code(0);
    let says = "No collection is approved, required and mapped.";
    assert!(plan.stdout.contains(says), "{}", plan.stdout);
    let applied = place.run(&APPLY).expect_code(0);
    for key in &estates::KEYS[1..8] {
        assert_eq!(applied.get(key), "0", "{key}");
    }
    assert_eq!(place.state(), before);
}
