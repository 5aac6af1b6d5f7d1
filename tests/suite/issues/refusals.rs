//! What a table would refuse is read from its catalog, before anything is
//! tried.

use birth_core::record::RecordProblem;
use birth_tests::server;

use super::{COLLECTIONS, Place};

fn codes(place: &Place) -> Vec<&'static str> {
    let found = place.compile().map_or_else(|p| p, |c| c.warnings);
    found.iter().map(RecordProblem::code).collect()
}

/// What comes after `CREATE TABLE system_issues (`, and what is found.
const TABLES: [(&str, &[&str]); 17] = [
    (
        "id serial PRIMARY KEY, category text, title text, owner_id int NOT NULL)",
        &["RECORD_COLUMN_NOT_FILLED"],
    ),
    (
        "id bigint PRIMARY KEY, category text, title text)",
        &["RECORD_COLUMN_NOT_FILLED"],
    ),
    ("category text, title text)", &["RECORD_NO_PRIMARY_KEY"]),
    (
        "id public.span PRIMARY KEY DEFAULT '[1,2)', category text, title text)",
        &["RECORD_KEY_TYPE"],
    ),
    (
        "id serial PRIMARY KEY, a text, category text GENERATED ALWAYS AS (a) STORED, title text)",
        &["RECORD_COLUMN_COMPUTED"],
    ),
    (
        "id serial PRIMARY KEY, category public.kind, title text)",
        &["RECORD_ENUM_LABEL"],
    ),
    (
        "id serial PRIMARY KEY, category text, collection_id uuid)",
        &["RECORD_TYPE", "RECORD_TYPE", "RECORD_TYPE"],
    ),
    (
        "id serial PRIMARY KEY, category varchar(20), title text)",
        &["RECORD_TOO_LONG"],
    ),
    (
        "id serial PRIMARY KEY, category public.short, title text)",
        &["RECORD_TOO_LONG"],
    ),
    (
        "id serial PRIMARY KEY, category text CHECK (category IN ('A', 'B')), title text)",
        &["RECORD_CHECK"],
    ),
    (
        "id serial PRIMARY KEY, category public.listed, title text)",
        &["RECORD_CHECK"],
    ),
    (
        "id serial PRIMARY KEY, category text, title text CHECK (title ~ '^[A-Z]'))",
        &["RECORD_CHECK_UNPROVED"],
    ),
    (
        "id serial PRIMARY KEY, category text REFERENCES public.kinds, title text)",
        &["RECORD_FOREIGN_KEY"],
    ),
    (
        "id serial PRIMARY KEY, category text, collection text REFERENCES public.kinds)",
        &["RECORD_FOREIGN_KEY", "RECORD_FOREIGN_KEY"],
    ),
    (
        "id serial PRIMARY KEY, category text UNIQUE, title text)",
        &["RECORD_UNIQUE"],
    ),
    (
        "id serial PRIMARY KEY, category text, title text); CREATE UNIQUE INDEX u ON system_issues (lower(title))",
        &["RECORD_UNIQUE_UNPROVED"],
    ),
    (
        "id serial PRIMARY KEY, category text, title text); CREATE TABLE elsewhere (LIKE system_issues);
         CREATE RULE away AS ON INSERT TO system_issues DO INSTEAD INSERT INTO elsewhere VALUES (NEW.*)",
        &["RECORD_RULE"],
    ),
];

#[test]
fn tables_that_would_refuse_an_issue() {
    for server in server::all() {
        for (table, expected) in TABLES {
            let script = format!(
                "CREATE TYPE kind AS ENUM ('A'); CREATE TYPE span AS RANGE (subtype = int4);
                 CREATE DOMAIN short AS varchar(5); CREATE DOMAIN listed AS text CHECK (VALUE IN ('A', 'B'));
                 CREATE TABLE kinds (code text PRIMARY KEY); INSERT INTO kinds VALUES ('cats');
                 CREATE TABLE system_issues ({table}"
            );
            let place = Place::new(server, &script, "");
            assert_eq!(codes(&place), expected, "{table}");
        }
    }
}

/// A closed issue is not open, and still stands in a unique index.
#[test]
fn a_row_in_a_unique_index() {
    for server in server::all() {
        let place = Place::new(
            server,
            "CREATE TABLE system_issues (id serial PRIMARY KEY, category text, collection text, status text,
               UNIQUE (collection, category))",
            "",
        );
        let keys = place.write();
        assert_eq!(keys.rows.len(), COLLECTIONS.len());
        assert_eq!(place.open().len(), 3);
        place
            .db
            .execute("UPDATE system_issues SET status = 'Done' WHERE collection <> 'cats'");
        assert_eq!(place.open().len(), 1);
        let found = place.collisions();
        let [RecordProblem::Unique { about, index, .. }] = found.as_slice() else {
            panic!("{found:?}");
        };
        assert_eq!(index, "system_issues_collection_category_key");
        assert_eq!(*about, COLLECTIONS.join(", "));
        let error = place.try_write().unwrap_err();
        assert!(error.contains("23505"), "{error}");
        assert!(error.contains("$2 = 'cats'"), "{error}");
    }
}

#[test]
fn rights() {
    for server in server::all() {
        let mut place = Place::new(
            server,
            "CREATE TABLE system_issues (id serial PRIMARY KEY, category text, title text, status text)",
            "",
        );
        let role = format!("clerk_{}", place.db.name());
        place.db.execute(&format!("CREATE ROLE {role} LOGIN"));
        place.url = place.db.url_as(&role);
        let told = |place: &Place| -> Vec<String> {
            let found = place.compile().map_or_else(|p| p, |c| c.warnings);
            found.iter().map(ToString::to_string).collect()
        };
        let needs = |right: &str, on: &str| {
            let what = match right {
                "DELETE" => "taking rows back",
                _ => "writing rows",
            };
            format!("the role lacks {right} on {on}, which {what} needs")
        };
        let table = "public.system_issues";
        assert_eq!(
            told(&place),
            [
                needs("DELETE", table),
                needs("INSERT", &format!("{table} (category, title)")),
                needs("SELECT", table),
                needs("USAGE", "the sequence public.system_issues_id_seq"),
            ]
        );
        // Rights on columns are rights.
        place.db.execute(&format!(
            "GRANT INSERT (category, title), SELECT (id, category, title) ON system_issues TO {role};
             GRANT DELETE ON system_issues TO {role}; GRANT USAGE ON system_issues_id_seq TO {role}"
        ));
        assert_eq!(
            told(&place),
            [needs("SELECT", &format!("{table} (status)"))]
        );
        place
            .db
            .execute(&format!("GRANT SELECT ON system_issues TO {role}"));
        let keys = place.write();
        assert_eq!(place.rows(&keys).len(), 3);
        place.delete(&keys, &[0, 1, 2]).unwrap();
        place
            .db
            .execute("ALTER TABLE system_issues ENABLE ROW LEVEL SECURITY");
        assert_eq!(codes(&place), ["RECORD_ROW_SECURITY"]);
    }
}

/// What cannot be read is not claimed to be safe.
#[test]
fn tables_that_the_role_may_not_read() {
    for server in server::all() {
        let mut place = Place::new(
            server,
            "CREATE TABLE kinds (code text PRIMARY KEY); INSERT INTO kinds VALUES ('BIRTH_SPECIES_MAPPING');
             CREATE TABLE system_issues (id serial PRIMARY KEY, category text REFERENCES kinds, title text);
             CREATE TABLE comments (issue int REFERENCES system_issues ON DELETE CASCADE);
             CREATE TABLE votes (issue int REFERENCES system_issues)",
            "",
        );
        let role = format!("clerk_{}", place.db.name());
        place.db.execute(&format!(
            "CREATE ROLE {role} LOGIN; GRANT ALL ON system_issues, system_issues_id_seq TO {role}"
        ));
        place.url = place.db.url_as(&role);
        assert_eq!(codes(&place), ["RECORD_FOREIGN_KEY_UNPROVED"]);
        let keys = place.write();
        let told = format!("{:?}", place.rows(&keys));
        assert_eq!(
            told.matches("comments, which the role may not read")
                .count(),
            3
        );
        assert!(!told.contains("votes"), "{told}");
    }
}
