//! Health checks in tables of many shapes, on facts alone.
#![expect(clippy::unwrap_used, reason = "tests state what they expect")]

use super::*;
use crate::record::tests::{
    column, concept_columns, id, labels, needed, table, text, varchar, without_verb,
};
use crate::record::{Purpose, RecordInsert, RecordProblem, RecordTable, compile};
use crate::sql::Statement;

fn profile() -> Profile {
    Profile::built_in().unwrap()
}

fn concepts(table: &RecordTable) -> HealthConcepts {
    resolve(&profile(), &table.relation.name, &concept_columns(table)).unwrap()
}

fn draft(collection: Option<&str>) -> HealthDraft {
    HealthDraft {
        collection: collection.map(str::to_owned),
        fingerprint: "f".repeat(64),
        title: "Birth coverage gap X: cats".to_owned(),
        description: "Collection \"cats\": x.".to_owned(),
        detail: "{\"collection\":\"cats\"}".to_owned(),
    }
}

fn compiled(table: &RecordTable, of: Option<&str>) -> Result<RecordInsert, Vec<RecordProblem>> {
    let (concepts, values) = (concepts(table), profile().health);
    let drafts = [draft(of)];
    let mut compiled = compile(table, &rows(&concepts, &values, &drafts), Purpose::Kept);
    assert_eq!(compiled.problems, []);
    compiled.rows.remove(0)
}

fn problems(table: &RecordTable) -> Vec<&'static str> {
    let (concepts, values) = (concepts(table), profile().health);
    let drafts = [draft(Some("cats"))];
    let compiled = compile(table, &rows(&concepts, &values, &drafts), Purpose::Kept);
    compiled.problems.iter().map(RecordProblem::code).collect()
}

/// As in the demo's estate; without a primary key it is as good.
#[test]
fn a_document() {
    let mut checks = table(vec![
        needed(text("type")),
        column("detail", "jsonb", 'U', 3802),
        column("checked_at", "timestamp with time zone", 'D', 1184),
    ]);
    checks.key.clear();
    checks.columns[3].has_default = true;
    let insert = compiled(&checks, Some("cats")).unwrap();
    let preview = insert.preview();
    insta::assert_snapshot!(without_verb(&preview), @r#"INTO "s"."issues" AS birth_new ("type", "detail") VALUES ($1::text, $2::text::jsonb) RETURNING ''::text; -- $1 = 'BIRTH_COVERAGE_GAP', $2 = '{"collection":"cats"}'"#);
    let row = vec![Some(String::new())];
    assert_eq!(
        insert.stored(std::slice::from_ref(&row)),
        Ok((vec![], None))
    );
    assert!(insert.stored(&[]).is_err());
    assert!(insert.stored(&[row.clone(), row]).is_err());
    // Text takes the sentences, as many as fit.
    checks.columns[2] = varchar("detail", 10);
    let insert = compiled(&checks, Some("cats")).unwrap();
    assert_eq!(insert.text(&id("detail")).unwrap(), "Collect...");
}

/// What a failed check is is said also where the table would say otherwise.
#[test]
fn what_is_filled() {
    let defaulted = |mut column: crate::record::table::RecordColumn| {
        column.has_default = true;
        column
    };
    let of = |severity, time| {
        let checks = table(vec![
            text("check_type"),
            text("collection"),
            varchar("fingerprint", 64),
            varchar("title", 12),
            text("message"),
            defaulted(text("status")),
            severity,
            text("source"),
            time,
        ]);
        let insert = compiled(&checks, Some("cats")).unwrap();
        let columns = insert.assignments.iter();
        columns.map(|a| a.column.to_string()).collect::<Vec<_>>()
    };
    let time = || column("checked_at", "date", 'D', 1082);
    let always = [
        "check_type",
        "collection",
        "fingerprint",
        "title",
        "message",
        "status",
    ];
    assert_eq!(of(text("severity"), defaulted(time())), always);
    let more = [&always[..], &["severity", "checked_at"]].concat();
    assert_eq!(of(needed(text("severity")), time()), more);
}

/// What every check has in common is a matter of the table, and a collection one
/// of its check.
#[test]
fn what_a_table_refuses() {
    let with = |columns| {
        let mut all = vec![text("type")];
        all.extend::<Vec<_>>(columns);
        table(all)
    };
    assert_eq!(
        problems(&with(vec![labels("status", &["ok", "bad"])])),
        ["RECORD_ENUM_LABEL"]
    );
    assert_eq!(
        problems(&with(vec![needed(text("tenant"))])),
        ["RECORD_COLUMN_NOT_FILLED"]
    );
    assert_eq!(
        problems(&with(vec![varchar("fingerprint", 9)])),
        ["RECORD_TOO_LONG"]
    );
    let narrow = with(vec![varchar("collection", 3)]);
    assert_eq!(problems(&narrow), [""; 0]);
    let refused = compiled(&narrow, Some("cats")).unwrap_err();
    assert_eq!(refused[0].code(), "RECORD_TOO_LONG");
    assert!(compiled(&narrow, Some("cat")).is_ok());
    // The estate has no key: only a check of it needs one.
    let strict = with(vec![needed(text("collection"))]);
    let refused = compiled(&strict, None).unwrap_err();
    assert_eq!(refused[0].code(), "RECORD_COLUMN_NOT_FILLED");
    assert!(compiled(&strict, Some("cats")).is_ok());
    let free = compiled(&with(vec![text("collection")]), None).unwrap();
    assert_eq!(free.text(&id("collection")), None);
    // Nobody takes a check away again: what only that needs is not asked for.
    let mut rights = with(vec![text("title")]);
    rights.rights.delete = false;
    for column in &mut rights.columns {
        column.readable = column.name.as_str() == "id";
    }
    assert_eq!(problems(&rights), [""; 0]);
    rights.columns[2].insertable = false;
    assert_eq!(problems(&rights), ["RECORD_RIGHT"]);
}
