//! Names of triggers that do not fit or meet others.

use birth_tests::server;

use crate::triggers_estates::{
    APPLY, PLAN, Place, VERIFY, content, map, register, said, shop, text,
};

const FUNCTION: &str = "inventory.fn_birth_registry_auto()";

/// The longest name of a table: PostgreSQL would cut the trigger's.
fn long(end: &str) -> String {
    "n".repeat(63 - end.len()) + end
}

/// Two that would be cut to one name, and one whose name is cut in the middle
/// of a character.
fn long_names() -> [String; 3] {
    [long("1"), long("2"), "ü".repeat(31)]
}

fn names(place: &Place) -> Vec<String> {
    let triggers = place.birth_triggers(FUNCTION);
    triggers.into_iter().map(|(_, name)| name).collect()
}

#[test]
fn a_name_that_does_not_fit_is_refused_and_the_rest_installed() {
    for server in server::all() {
        let [one, two, three] = long_names();
        // 53 bytes are just right, 54 are one too many.
        let (fits, over) = ("f".repeat(53), "o".repeat(54));
        let keys = [&one, &two, &three, &fits, &over, "good"];
        let place = Place::approved(server, &shop(&keys));
        let decisions = place.decisions();
        for (key, decision) in &decisions {
            let wanted = if [&fits, "good"].contains(&key.as_str()) {
                "ABSENT"
            } else {
                "BLOCKED_EXISTING_CONFLICT TRIGGER_NAME_TOO_LONG"
            };
            assert_eq!(decision, wanted, "{key}");
        }
        let plan = place.run(&PLAN).expect_code(0);
        for says in [&format!("trg_birth_{over}"), "64 bytes", "hash-suffix"] {
            assert!(plan.stdout.contains(says), "no {says:?} in {}", plan.stdout);
        }
        let applied = place.run(&APPLY).expect_code(10);
        let excluded = format!("shop.{over} (TRIGGER_NAME_TOO_LONG)");
        said(
            &applied,
            &APPLY,
            "EXISTING_CONFLICT",
            &["4 tables", &excluded],
        );
        assert_eq!(applied.get("trigger_target_count"), "6");
        assert_eq!(applied.get("triggers_installed"), "2");
        assert_eq!(applied.get("triggers_blocked_conflict"), "4");
        let installed = names(&place);
        assert_eq!(installed, [&format!("trg_birth_{fits}"), "trg_birth_good"]);
        place.refuses(&APPLY, 11, "EXISTING_CONFLICT", &["4 tables"]);
        place.run(&VERIFY).expect_code(30);

        // Shortened, they are installed under names of their own.
        place.profile("format = 1\n[naming]\nlong-names = \"hash-suffix\"\n");
        let applied = place.run(&APPLY).expect_code(0);
        assert_eq!(applied.get("triggers_installed"), "4");
        assert_eq!(applied.get("triggers_already_existed"), "2");
        let mut installed = names(&place);
        assert!(installed.iter().all(|n| n.len() <= 65), "{installed:?}");
        installed.sort();
        installed.dedup();
        assert_eq!(installed.len(), 6, "{installed:?}");
        place.run(&VERIFY).expect_code(0);
        for table in [one, two, three, over] {
            place
                .db
                .execute(&format!("INSERT INTO shop.{table:?} (title) VALUES ('a')"));
            let births = place.db.value(&format!(
                "SELECT count(*) FROM inventory.birth_registry WHERE born_in = {}",
                text(&format!("shop.{table}"))
            ));
            assert_eq!(births, "1", "{table}");
        }
    }
}

/// A trigger that holds the name to which PostgreSQL would cut ours is not in
/// the way, and one that holds the shortened one is.
#[test]
fn a_name_that_is_taken() {
    let table = long("3");
    let cut = format!("trg_birth_{table}")[..63].to_owned();
    let other = format!(
        "CREATE FUNCTION shop.other() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
         CREATE TRIGGER {cut} AFTER INSERT ON shop.{table} FOR EACH ROW EXECUTE FUNCTION shop.other();"
    );
    let place = Place::approved(server::one(), &(shop(&[&table]) + &other));
    place.profile("format = 1\n[naming]\nlong-names = \"hash-suffix\"\n");
    let applied = place.run(&APPLY).expect_code(0);
    assert_eq!(applied.get("triggers_installed"), "1");
    let [name] = names(&place).try_into().unwrap();
    assert_ne!(name, cut);
    place.db.execute(&format!(
        "DROP TRIGGER {name} ON shop.{table};
         CREATE TRIGGER {name} AFTER DELETE ON shop.{table} FOR EACH ROW EXECUTE FUNCTION shop.other()"
    ));
    let says = [&format!("shop.{table} (TRIGGER_NAME_HELD)")[..]];
    place.refuses(&APPLY, 11, "EXISTING_CONFLICT", &says);
}

/// A table has its trigger names to itself: the same table in two schemas has
/// the same trigger name twice.
#[test]
fn tables_of_one_name() {
    for server in server::all() {
        let keys = ["shop.orders", "stock.orders"];
        let script = shop(&["good"])
            + "CREATE SCHEMA stock;"
            + &content("shop.orders")
            + &content("stock.orders")
            + &register(&keys)
            + &map(&keys);
        let place = Place::approved(server, &script);
        let applied = place.run(&APPLY).expect_code(0);
        assert_eq!(applied.get("triggers_installed"), "3");
        let triggers = place.birth_triggers(FUNCTION);
        let both = triggers
            .iter()
            .filter(|(_, name)| name == "trg_birth_orders");
        assert_eq!(both.count(), 2, "{triggers:?}");
    }
}
