//! A table of issues that would refuse the species queue, found when the plan
//! is made; and what only the insert can show.

use birth_tests::server;

use crate::triggers_estates::{APPLY, PLAN, Place, VERIFY, content, register, said, shop};

const FUNCTION: &str = "inventory.fn_birth_registry_auto()";

/// One target and one collection without a species.
fn script(change: &str) -> String {
    shop(&["good"]) + &content("shop.queued") + &register(&["queued"]) + change
}

#[test]
fn what_the_table_would_refuse_is_found_when_the_plan_is_made() {
    let rows = [
        (
            "ALTER TABLE inventory.system_issues ADD owner text NOT NULL",
            "inventory.system_issues.owner (text) is NOT NULL without a default",
        ),
        (
            "ALTER TABLE inventory.system_issues DROP CONSTRAINT system_issues_pkey",
            "inventory.system_issues has no primary key",
        ),
        (
            "ALTER TABLE inventory.system_issues ALTER category TYPE varchar(20)",
            "inventory.system_issues.category is issue_category, but its type character varying(20) is too short for \"BIRTH_SPECIES_MAPPING\"",
        ),
        (
            "ALTER TABLE inventory.system_issues ADD CONSTRAINT kinds CHECK (category IN ('BUG', 'TASK'))",
            "the check kinds refuses \"BIRTH_SPECIES_MAPPING\" in inventory.system_issues.category",
        ),
        (
            "CREATE TYPE inventory.kind AS ENUM ('bug'); ALTER TABLE inventory.system_issues
               ALTER category TYPE inventory.kind USING 'bug'",
            "inventory.system_issues.category is issue_category, but its enum has no label \"BIRTH_SPECIES_MAPPING\"",
        ),
        (
            "CREATE TABLE inventory.kinds (kind text PRIMARY KEY); ALTER TABLE inventory.system_issues
               ADD CONSTRAINT kinds FOREIGN KEY (category) REFERENCES inventory.kinds",
            "the foreign key kinds refuses \"BIRTH_SPECIES_MAPPING\" in inventory.system_issues.category: inventory.kinds does not hold it",
        ),
        (
            "CREATE UNIQUE INDEX one_each ON inventory.system_issues (category);
             INSERT INTO inventory.system_issues (category, title, status) VALUES ('BIRTH_SPECIES_MAPPING', 'x', 'closed')",
            "the unique index one_each of inventory.system_issues refuses",
        ),
        (
            "CREATE RULE nothing AS ON INSERT TO inventory.system_issues DO INSTEAD NOTHING",
            "the rule nothing of inventory.system_issues",
        ),
    ];
    for server in server::all() {
        for (change, says) in rows {
            let place = Place::approved(server, &script(change));
            place.refuses_all(23, "ISSUE_WOULD_BE_REFUSED", &[says]);
            assert!(place.birth_triggers(FUNCTION).is_empty(), "{change}");
            // Nobody asks the table where there is nothing to queue.
            place
                .db
                .execute("INSERT INTO inventory.species_collection_map VALUES ('queued', 'thing')");
            let applied = place.run(&APPLY).expect_code(0);
            assert_eq!(applied.get("triggers_installed"), "2", "{change}");
        }
    }
}

/// Whatever a trigger on the table of issues does, the installation goes with
/// the issue.
#[test]
fn what_only_the_insert_shows_rolls_everything_back() {
    let rows = [
        ("BEFORE", "RAISE 'no issue today';", 29, "no issue today"),
        ("BEFORE", "RETURN NULL;", 30, "rolled back"),
        (
            "BEFORE",
            "NEW.collection_key := 'another'; RETURN NEW;",
            30,
            "rolled back",
        ),
        (
            "AFTER",
            "UPDATE shop.good SET title = 'b'; RETURN NULL;",
            30,
            "1 rows were changed in shop.good",
        ),
        (
            "AFTER",
            "DROP TRIGGER trg_birth_good ON shop.good; RETURN NULL;",
            30,
            "shop.good has no birth trigger",
        ),
        (
            "AFTER",
            "ALTER TABLE shop.good DISABLE TRIGGER trg_birth_good; RETURN NULL;",
            30,
            "the trigger trg_birth_good on shop.good is not as planned",
        ),
    ];
    for server in server::all() {
        for (when, body, exit, says) in rows {
            let place = Place::approved(
                server,
                &script(&format!(
                    "INSERT INTO shop.good (title) VALUES ('a');
                     CREATE FUNCTION inventory.meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$;
                     CREATE TRIGGER meddle {when} INSERT ON inventory.system_issues FOR EACH ROW EXECUTE FUNCTION inventory.meddle()"
                )),
            );
            place.run(&PLAN).expect_code(0);
            let before = place.state();
            let ran = place.run(&APPLY).expect_code(exit);
            assert_eq!(ran.get("b3a_status"), "FAILED");
            assert!(ran.get("reason").contains(says), "{body}: {}", ran.stdout);
            assert_eq!(ran.get("triggers_installed"), "0");
            assert_eq!(ran.get("species_queue_issues_created"), "0");
            assert_eq!(place.state(), before, "{body}");
            assert_eq!(place.db.value("SELECT title FROM shop.good"), "a");
        }
    }
}

/// An issue that is open is not made twice; one that is closed asks again.
#[test]
fn one_open_issue_for_each_collection() {
    for server in server::all() {
        let place = Place::approved(server, &script(""));
        let applied = place.run(&APPLY).expect_code(0);
        assert_eq!(applied.get("species_queue_captured_pks"), "1");
        for status in ["open", "In Progress", "blocked"] {
            place.db.execute(&format!(
                "UPDATE inventory.system_issues SET status = '{status}'"
            ));
            let again = place.run(&APPLY).expect_code(0);
            assert_eq!(again.get("species_queue_issues_created"), "0", "{status}");
            place.run(&VERIFY).expect_code(0);
        }
        for (status, key) in [("closed", "2"), ("Resolved", "3"), ("WONTFIX", "4")] {
            place.db.execute(&format!(
                "UPDATE inventory.system_issues SET status = '{status}'"
            ));
            place.run(&VERIFY).expect_code(30);
            let again = place.run(&APPLY).expect_code(0);
            assert_eq!(again.get("species_queue_captured_pks"), key, "{status}");
        }
    }
}

/// The role that installs may not write issues: found before anything is done.
#[test]
fn a_role_that_may_not_write_issues() {
    let place = Place::new(server::one(), &script(""));
    let role = format!("{}_owner", place.db.name());
    place.db.execute(&format!(
        "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA inventory, shop TO {role};
         GRANT SELECT ON ALL TABLES IN SCHEMA inventory TO {role};
         ALTER TABLE shop.good OWNER TO {role}; ALTER TABLE shop.queued OWNER TO {role}"
    ));
    place.approve();
    let url = place.db.url_as(&role);
    let before = place.state();
    let run = |arguments: &[&str]| {
        place
            .home
            .birth(arguments)
            .arg("--database")
            .arg(&url)
            .run()
    };
    let refused = run(&APPLY).expect_code(23);
    let says = ["the role lacks", "inventory.system_issues"];
    said(&refused, &APPLY, "ISSUE_WOULD_BE_REFUSED", &says);
    assert_eq!(place.state(), before);
}
