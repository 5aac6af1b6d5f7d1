//! SQL text about issues: which are open.

use super::record::{column_text, key_text, wanted};
use crate::ident::{Identifier, QualifiedName};
use crate::issue::{IssueConcepts, Recognition};
use crate::record::statement::KeyColumn;

/// Conditions under which a row is an open issue: no time of closing, and a
/// status that is not among the closed ones, which `closed` names as an array of
/// texts in lower case.
#[must_use]
pub fn still_open(
    row: &str,
    status: Option<&Identifier>,
    closed_at: Option<&Identifier>,
    closed: &str,
) -> Vec<String> {
    let status = status.map(|status| {
        let status = column_text(row, status);
        format!("({status} IS NULL OR lower({status} COLLATE \"C\") <> ALL ({closed}))")
    });
    let closed_at = closed_at.map(|column| format!("{row}.{} IS NULL", column.quoted()));
    status.into_iter().chain(closed_at).collect()
}

/// Open issues by what they are recognised by (`$1 text[]`), of their category
/// (`$2 text[]`) and with a status that is not closed (`$3 text[]`, lower case):
/// the place of what was asked, from 1, and the primary key.
#[must_use]
pub fn open_issues(
    table: &QualifiedName,
    key: &[KeyColumn],
    concepts: &IssueConcepts,
    recognition: Recognition,
) -> String {
    let (by, category) = concepts.recognised_by(recognition);
    let mut conditions = Vec::new();
    match (by, &concepts.collection) {
        (Some(column), _) => conditions.push(format!("{} = w.v1", column_text("t", column))),
        (None, Some(collection)) => conditions.push(format!("t.{} IS NULL", collection.quoted())),
        (None, None) => {}
    }
    // A parameter that no condition names would have no type.
    conditions.push(category.map_or_else(
        || "w.v2 IS NOT NULL".to_owned(),
        |column| format!("{} = w.v2", column_text("t", column)),
    ));
    conditions.push("$3::text[] IS NOT NULL".to_owned());
    conditions.extend(is_open("t", concepts, "$3::text[]"));
    format!(
        "SELECT w.place, {} FROM {} JOIN {} t ON {} ORDER BY w.place{}",
        key_texts(key),
        wanted(2),
        table.quoted(),
        conditions.join(" AND "),
        order(key)
    )
}

/// All open issues of a category (`$1 text`), with a status that is not closed
/// (`$2 text[]`, lower case): what each is recognised by as long as that is a
/// column, its collection, what it says of itself, and its primary key.
#[must_use]
pub fn all_open_issues(
    table: &QualifiedName,
    key: &[KeyColumn],
    concepts: &IssueConcepts,
    recognition: Recognition,
) -> String {
    let text = |column: Option<&Identifier>| {
        column.map_or_else(|| "NULL::text".to_owned(), |c| column_text("t", c))
    };
    let (by, _) = concepts.recognised_by(recognition);
    let says = concepts.title.as_ref().or(concepts.description.as_ref());
    let mut conditions = vec![
        format!("{} = $1", column_text("t", &concepts.category)),
        "$2::text[] IS NOT NULL".to_owned(),
    ];
    conditions.extend(is_open("t", concepts, "$2::text[]"));
    format!(
        "SELECT {}, {}, {}, {} FROM {} t WHERE {}",
        text(by),
        text(concepts.collection.as_ref()),
        text(says),
        key_texts(key),
        table.quoted(),
        conditions.join(" AND ")
    )
}

fn is_open(row: &str, concepts: &IssueConcepts, closed: &str) -> Vec<String> {
    let (status, closed_at) = (concepts.status.as_ref(), concepts.closed_at.as_ref());
    still_open(row, status, closed_at, closed)
}

fn key_texts(key: &[KeyColumn]) -> String {
    let keys: Vec<String> = key.iter().map(|k| key_text("t", k)).collect();
    format!("ARRAY[{}]::text[]", keys.join(", "))
}

fn order(key: &[KeyColumn]) -> String {
    key.iter()
        .map(|k| format!(", t.{}", k.name.quoted()))
        .collect()
}
