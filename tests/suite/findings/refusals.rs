//! Tables that take no finding, and findings that a table does not take.

use birth_core::outcome::FailureClass;
use birth_tests::server;

use super::{Place, SHAPES, finding, findings};

const ISSUES: &str =
    "CREATE TABLE system_issues (id serial PRIMARY KEY, category text, title text, status text);";
const CHECKS: &str =
    "CREATE TABLE system_health_checks (id serial PRIMARY KEY, type text, detail jsonb);";

#[test]
fn tables_that_take_no_finding() {
    let rows = [
        (
            "ALTER TABLE system_issues ADD owner text NOT NULL",
            "public.system_issues.owner (text) is NOT NULL",
        ),
        (
            "ALTER TABLE system_issues ALTER category TYPE varchar(5)",
            "too short for \"BIRTH_ONBOARDING\"",
        ),
        (
            "ALTER TABLE system_issues ADD CHECK (category IN ('A', 'B'))",
            "refuses \"BIRTH_ONBOARDING\"",
        ),
        (
            "ALTER TABLE system_health_checks ADD tenant int NOT NULL",
            "public.system_health_checks.tenant (integer)",
        ),
        (
            "ALTER TABLE system_health_checks ADD CHECK (type IN ('A', 'B'))",
            "refuses \"BIRTH_COVERAGE_GAP\"",
        ),
        (
            "CREATE TYPE s AS ENUM ('ok', 'bad'); ALTER TABLE system_health_checks ADD status s",
            "no label \"failed\"",
        ),
        (
            "CREATE RULE away AS ON INSERT TO system_health_checks DO INSTEAD NOTHING",
            "the rule away",
        ),
    ];
    for server in server::all() {
        for (change, says) in rows {
            let place = Place::new(server, &format!("{ISSUES}{CHECKS}{change}"), "");
            let failure = place.try_write(&findings(), true).unwrap_err();
            assert_eq!(failure.code, "FINDINGS_WOULD_BE_REFUSED", "{change}");
            assert_eq!(failure.class, FailureClass::Schema, "{change}");
            assert!(failure.message.contains(says), "{change}: {failure}");
            assert!(failure.hint.is_some(), "{change}");
            assert_eq!(place.count("system_issues"), "0", "{change}");
            assert_eq!(place.count("system_health_checks"), "0", "{change}");
        }
    }
}

#[test]
fn names_that_are_not_there() {
    for (script, code, says) in [
        (CHECKS.to_owned(), "FAMILY_MISSING", "system_issues"),
        (ISSUES.to_owned(), "FAMILY_MISSING", "system_health_checks"),
        (
            format!("{ISSUES} CREATE TABLE health_checks (id int, note text)"),
            "CONCEPT_MISSING",
            "health_type",
        ),
        (
            format!(
                "{ISSUES}{CHECKS} CREATE SCHEMA b; CREATE TABLE b.system_health_checks (type text)"
            ),
            "SCHEMA_AMBIGUOUS",
            "b.system_health_checks",
        ),
    ] {
        let place = Place::new(server::one(), &script, "");
        let failure = place.try_write(&[], true).unwrap_err();
        assert_eq!(failure.code, code, "{failure}");
        assert!(failure.message.contains(says), "{failure}");
    }
}

#[test]
fn rights() {
    for server in server::all() {
        let mut place = Place::new(server, &format!("{ISSUES}{CHECKS}"), "");
        let role = format!("clerk_{}", place.db.name());
        place.db.execute(&format!(
            "CREATE ROLE {role} LOGIN; GRANT SELECT ON system_issues TO {role}"
        ));
        place.url = place.db.url_as(&role);
        let failure = place.try_write(&findings(), true).unwrap_err();
        assert_eq!(failure.code, "FINDINGS_WOULD_BE_REFUSED");
        assert_eq!(failure.class, FailureClass::Privilege);
        for says in [
            "INSERT on public.system_issues (category, title)",
            "USAGE on the sequence public.system_issues_id_seq",
            "INSERT on public.system_health_checks (type, detail)",
        ] {
            assert!(failure.message.contains(says), "{failure}");
        }
        // No more than what is written and found again; nothing is deleted.
        place.db.execute(&format!(
            "GRANT INSERT (category, title) ON system_issues TO {role};
             GRANT INSERT (type, detail), SELECT (id) ON system_health_checks TO {role};
             GRANT USAGE ON system_issues_id_seq, system_health_checks_id_seq TO {role}"
        ));
        assert_eq!(place.write(&findings(), true).opened, 5);
        let failure = place.close_all_but(&[]).unwrap_err();
        assert_eq!(failure.code, "ISSUES_CANNOT_BE_CLOSED");
        assert_eq!(failure.class, FailureClass::Privilege);
        let says = "lacks UPDATE on public.system_issues (status), which closing issues needs";
        assert!(failure.message.contains(says), "{failure}");
        place
            .db
            .execute(&format!("GRANT UPDATE (status) ON system_issues TO {role}"));
        assert_eq!(place.close_all_but(&[]), Ok(5));
    }
}

/// One that does not fit is told, and the others are written.
#[test]
fn one_finding_that_does_not_fit() {
    let long = "a key that is longer than the title has room for";
    for server in server::all() {
        // Recognised by its title, which is never cut.
        let place = SHAPES[3].place(server);
        let mut all = findings();
        all.insert(1, finding(long, "TRIGGER_MISSING"));
        let written = place.write(&all, true);
        assert_eq!((written.opened, written.checks), (5, 6));
        let [(1, why)] = written.unrecorded.as_slice() else {
            panic!("{written:?}");
        };
        assert!(why.contains("character varying(50) is too short"), "{why}");

        // The registry does not hold it any more.
        let place = SHAPES[1].place(server);
        let mut all = findings();
        all.push(finding("gone", "TRIGGER_MISSING"));
        let written = place.write(&all, true);
        assert_eq!((written.opened, written.checks), (5, 5));
        let [(5, why)] = written.unrecorded.as_slice() else {
            panic!("{written:?}");
        };
        assert_eq!(why.matches("does not hold it").count(), 2, "{why}");
    }
}

/// A closed issue still stands in a unique index, and only one of two conditions
/// has room in one on the collection.
#[test]
fn unique_indexes() {
    for server in server::all() {
        let place = Place::new(
            server,
            &format!("CREATE TABLE system_issues (id serial PRIMARY KEY, category text, collection text, title text, status text,
               UNIQUE (category, collection)); {CHECKS}"),
            "",
        );
        let written = place.write(&findings(), true);
        assert_eq!((written.opened, written.checks), (4, 5));
        assert_eq!(written.unrecorded[0].0, 1);
        let says = "refuses a second row about cats, cats: they would have the same values";
        assert!(written.unrecorded[0].1.contains(says), "{written:?}");
        place
            .db
            .execute("UPDATE system_issues SET status = 'done' WHERE collection = ''");
        let again = place.write(&findings(), false);
        assert_eq!(again.opened, 0);
        let places: Vec<usize> = again.unrecorded.iter().map(|(place, _)| *place).collect();
        assert_eq!(places, [1, 4]);
        assert!(
            again.unrecorded[1].1.contains("a row has the same values"),
            "{again:?}"
        );
    }
}

/// What only the insert shows fails the whole.
#[test]
fn triggers_that_meddle() {
    let rows = [
        ("system_issues", "RETURN NULL;", "stored 0 rows"),
        ("system_health_checks", "RETURN NULL;", "stored 0 rows"),
        (
            "system_issues",
            "NEW.title := 'x'; RETURN NEW;",
            "would not be recognised again",
        ),
    ];
    for (table, body, says) in rows {
        let place = Place::new(
            server::one(),
            &format!(
                "{ISSUES}{CHECKS} CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$;
                 CREATE TRIGGER meddle BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION meddle()"
            ),
            "",
        );
        let failure = place.try_write(&findings(), true).unwrap_err();
        assert_eq!(failure.code, "FINDING_NOT_STORED", "{failure}");
        assert!(failure.message.contains(says), "{failure}");
        assert_eq!(place.count("system_issues"), "0");
        assert_eq!(place.count("system_health_checks"), "0");
    }
}
