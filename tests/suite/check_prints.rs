//! What PostgreSQL really prints for a CHECK, and what the host makes of it:
//! `tests/fixtures/check-prints.json` on every server.

use std::collections::BTreeSet;

use birth_core::catalog::check::{CheckMeaning, meaning};
use birth_tests::database::{Database, Session};
use birth_tests::server;
use serde_json::Value;

fn cases() -> Vec<Value> {
    serde_json::from_str(include_str!("../fixtures/check-prints.json")).unwrap()
}

fn text<'a>(case: &'a Value, key: &str) -> &'a str {
    case[key].as_str().unwrap()
}

/// Makes the check and reads it back as the host does, in a transaction that
/// is rolled back. The server parses a script as a whole, so a setting that
/// changes how literals are read needs a script of its own.
fn print(session: &Session, case: &Value) -> Result<String, String> {
    let setup: String = case["setup"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|statement| format!(";\n{}", statement.as_str().unwrap()))
        .collect();
    let make = format!(
        "CREATE TABLE public.subject (\"{}\" {}, other pg_catalog.text, CONSTRAINT k {})",
        text(case, "column").replace('"', "\"\""),
        text(case, "column_type"),
        text(case, "ddl")
    );
    let read = "SET LOCAL search_path = pg_catalog;
        SET LOCAL standard_conforming_strings = on;
        SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint
        WHERE conrelid = 'public.subject'::regclass AND conname = 'k'";
    let printed = session
        .rows(&format!("BEGIN{setup}"))
        .and_then(|_| session.rows(&make))
        .and_then(|_| session.rows(read));
    session.execute("ROLLBACK");
    match printed?.as_slice() {
        [row] if row.len() == 1 => Ok(row[0].clone()),
        other => Err(format!("{other:?}")),
    }
}

fn as_expected(expected: &Value, found: &CheckMeaning) -> bool {
    match found {
        CheckMeaning::RejectsNothing => expected == "rejects_nothing",
        CheckMeaning::Unproved { .. } => expected == "unproved",
        CheckMeaning::OneOf {
            values,
            rejects_null,
        } => {
            let listed: Option<BTreeSet<String>> =
                expected["one_of"]["values"].as_array().map(|list| {
                    list.iter()
                        .map(|v| v.as_str().unwrap().to_owned())
                        .collect()
                });
            listed.as_ref() == Some(values) && expected["one_of"]["rejects_null"] == *rejects_null
        }
    }
}

#[test]
fn every_recorded_check_means_what_the_fixture_says() {
    let cases = cases();
    assert!(cases.len() > 100, "{} cases", cases.len());
    for server in server::all() {
        let db = Database::new(server, "");
        let session = db.session();
        let major = server.major().to_string();
        let mut wrong = Vec::new();
        for case in &cases {
            let name = format!("{} of {}", text(case, "name"), text(case, "column_type"));
            let print = match print(&session, case) {
                Ok(print) => print,
                Err(error) => {
                    wrong.push(format!("{name}: {error}"));
                    continue;
                }
            };
            let found = meaning(&print, text(case, "column"));
            if !as_expected(&case["expected"], &found) {
                let expected = &case["expected"];
                wrong.push(format!(
                    "{name}: {print}\n  expected {expected}, found {found:?}"
                ));
            }
            match case["prints"][&major].as_str() {
                Some(recorded) if recorded != print => {
                    wrong.push(format!("{name}: recorded {recorded}\n  printed {print}"));
                }
                _ => {}
            }
        }
        assert!(
            wrong.is_empty(),
            "on PostgreSQL {major}:\n{}",
            wrong.join("\n")
        );
    }
}
