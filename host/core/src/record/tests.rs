//! Rows of tables of many shapes, on facts alone; the rows are issues.
#![expect(clippy::unwrap_used, reason = "tests state what they expect")]

mod refusals;

use std::collections::BTreeSet;

use super::table::{
    NAME, RecordCheck, RecordColumn, RecordForeignKey, RecordRights, Referenced, TEXT, UUID,
    UniqueIndex, VARCHAR,
};
use super::*;
use crate::catalog::relation::RelationKind;
use crate::digest::Digest;
use crate::ident::{Identifier, QualifiedName};
use crate::issue::concepts::resolve;
use crate::issue::{self, IssueConcepts, IssueDraft, recognised_text};
use crate::profile::{IssueValues, Profile};
use crate::resolve::{Column, Relation};
use crate::sql::Statement;

pub(crate) fn id(name: &str) -> Identifier {
    Identifier::new(name).unwrap()
}

pub(crate) fn column(name: &str, r#type: &str, category: char, base_type: u32) -> RecordColumn {
    RecordColumn {
        name: id(name),
        r#type: r#type.to_owned(),
        declared: r#type.to_owned(),
        category,
        base_type,
        comparable: true,
        max_length: None,
        labels: vec![],
        not_null: false,
        has_default: false,
        identity: false,
        computed: false,
        deterministic: true,
        binary: true,
        insertable: true,
        updatable: true,
        readable: true,
        forbidden_sequence: None,
    }
}

pub(crate) fn text(name: &str) -> RecordColumn {
    column(name, "text", 'S', TEXT)
}

pub(crate) fn varchar(name: &str, limit: u32) -> RecordColumn {
    RecordColumn {
        declared: format!("character varying({limit})"),
        max_length: Some(limit),
        ..column(name, "character varying", 'S', VARCHAR)
    }
}

pub(crate) fn labels(name: &str, labels: &[&str]) -> RecordColumn {
    RecordColumn {
        labels: labels.iter().map(|&l| l.to_owned()).collect(),
        ..column(name, "public.\"Kind\"", 'E', 99_999)
    }
}

pub(crate) fn needed(column: RecordColumn) -> RecordColumn {
    RecordColumn {
        not_null: true,
        ..column
    }
}

pub(crate) fn table(columns: Vec<RecordColumn>) -> RecordTable {
    let mut all = vec![RecordColumn {
        has_default: true,
        ..needed(column("id", "bigint", 'N', 20))
    }];
    all.extend(columns);
    RecordTable {
        relation: Relation {
            oid: 1,
            name: QualifiedName::new(id("s"), id("issues")),
            kind: RelationKind::Table,
        },
        columns: all,
        key: vec![id("id")],
        checks: vec![],
        foreign_keys: vec![],
        unique: vec![],
        before_insert: vec![],
        rules: vec![],
        rights: RecordRights {
            schema: true,
            delete: true,
            row_security: false,
        },
    }
}

/// The plain one that takes everything.
pub(crate) fn plain() -> RecordTable {
    table(vec![
        needed(text("category")),
        text("collection_key"),
        needed(text("title")),
        text("status"),
    ])
}

pub(crate) fn concept_columns(table: &RecordTable) -> Vec<Column> {
    let columns = table.columns.iter().map(|c| Column {
        name: c.name.to_string(),
        r#type: c.declared.clone(),
        category: c.category,
        unique: false,
    });
    columns.collect()
}

pub(crate) fn concepts(table: &RecordTable) -> IssueConcepts {
    let columns = concept_columns(table);
    let profile = Profile::built_in().unwrap();
    resolve(&profile, &table.relation.name, &columns).unwrap()
}

pub(crate) fn values() -> IssueValues {
    Profile::built_in().unwrap().issue
}

pub(crate) fn draft(collection: &str) -> IssueDraft {
    IssueDraft {
        category: "BIRTH_SPECIES_MAPPING".to_owned(),
        collection: Some(collection.to_owned()),
        condition: None,
        title: format!("{collection} has no species mapping"),
        description: "It is governed.".to_owned(),
    }
}

fn compile_all(
    table: &RecordTable,
    concepts: &IssueConcepts,
    drafts: &[IssueDraft],
) -> Result<Inserts, Vec<RecordProblem>> {
    let rows = issue::rows(concepts, &values(), drafts);
    compile(table, &rows, Purpose::Undone).whole()
}

fn compiled(table: &RecordTable) -> Result<Inserts, Vec<RecordProblem>> {
    compile_all(table, &concepts(table), &[draft("cats")])
}

/// A statement without its first word: statements are spelt out in one place.
pub(crate) fn without_verb(preview: &str) -> &str {
    preview.split_once(' ').unwrap().1
}

/// The codes of problems, or of warnings where there is none.
fn codes(table: &RecordTable) -> Vec<&'static str> {
    let found = compiled(table).map_or_else(|problems| problems, |c| c.warnings);
    found.iter().map(RecordProblem::code).collect()
}

/// What is told, each with its hint.
fn told(table: &RecordTable) -> String {
    let found = compiled(table).map_or_else(|problems| problems, |c| c.warnings);
    let lines = found.iter().map(|p| {
        let hint = p.hint().map_or_else(String::new, |h| format!(" [{h}]"));
        format!("{p}{hint}")
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_plain_table() {
    let compiled = compiled(&plain()).unwrap();
    assert_eq!(compiled.warnings, []);
    let preview = compiled.inserts[0].preview();
    assert!(preview.starts_with('I'));
    insta::assert_snapshot!(without_verb(&preview), @r#"INTO "s"."issues" AS birth_new ("category", "collection_key", "title") VALUES ($1::text, $2::text, $3::text) RETURNING birth_new."id"::text, encode(sha256(record_send(ROW(birth_new."id", birth_new."category", birth_new."collection_key", birth_new."title", birth_new."status"))), 'hex'), birth_new."collection_key"::text, birth_new."category"::text; -- $1 = 'BIRTH_SPECIES_MAPPING', $2 = 'cats', $3 = 'cats has no species mapping'"#);
    assert!(compiled.inserts[0].returns());
}

#[test]
fn what_is_filled_only_where_it_has_to_be() {
    let all = |needed: fn(RecordColumn) -> RecordColumn| {
        table(vec![
            text("category"),
            text("fingerprint"),
            text("description"),
            needed(text("status")),
            needed(text("severity")),
            needed(text("source")),
            needed(column("created_at", "timestamp with time zone", 'D', 1184)),
            needed(column("updated_at", "date", 'D', 1082)),
            column("closed_at", "date", 'D', 1082),
        ])
    };
    let filled = |table: &RecordTable| -> Vec<String> {
        let insert = compiled(table).unwrap().inserts.remove(0);
        let columns = insert.assignments.iter();
        columns.map(|a| a.column.to_string()).collect()
    };
    let always = ["category", "fingerprint", "description"];
    assert_eq!(filled(&all(|column| column)), always);
    let with_default = |column| RecordColumn {
        has_default: true,
        ..needed(column)
    };
    assert_eq!(filled(&all(with_default)), always);
    let asked = ["status", "severity", "source", "created_at", "updated_at"];
    assert_eq!(filled(&all(needed)), [&always[..], &asked].concat());
    let insert = compiled(&all(needed)).unwrap().inserts.remove(0);
    assert!(
        insert.sql().contains("$6::text, now(), now())"),
        "{}",
        insert.sql()
    );
    let sent: Vec<Option<String>> = insert.parameters();
    assert_eq!(sent[1].as_deref().unwrap().len(), 64);
    assert_eq!(
        sent[3..],
        ["open", "warning", "birth"].map(|v| Some(v.to_owned()))
    );
}

#[test]
fn what_is_cut_and_what_never_is() {
    let with = |collection: RecordColumn, title| {
        table(vec![text("category"), collection, varchar("title", title)])
    };
    let title = |limit| {
        let found = compiled(&with(text("collection_key"), limit)).unwrap();
        found.inserts[0].text(&id("title")).unwrap().clone()
    };
    assert_eq!(title(27), "cats has no species mapping");
    assert_eq!(title(26), "cats has no species map...");
    assert_eq!(title(8), "cats...");
    assert_eq!(title(2), "ca");
    assert_eq!(fill::shortened("ééééé", 4), "é...");
    // What an issue is recognised by is the issue.
    assert_eq!(
        codes(&with(varchar("collection_key", 3), 99)),
        ["RECORD_TOO_LONG"]
    );
    let by_title = table(vec![text("category"), varchar("title", 26)]);
    assert_eq!(codes(&by_title), ["RECORD_TOO_LONG"]);
    let by_digest = table(vec![text("category"), varchar("fingerprint", 63)]);
    assert_eq!(codes(&by_digest), ["RECORD_TOO_LONG"]);
    let by_digest = table(vec![text("category"), varchar("fingerprint", 64)]);
    assert_eq!(codes(&by_digest), [""; 0]);
}

#[test]
fn captures() {
    let insert = compiled(&plain()).unwrap().inserts.remove(0);
    let digest = "0".repeat(64);
    let row = |collection: &str| -> Vec<Option<String>> {
        let row = ["7", &digest, collection, "BIRTH_SPECIES_MAPPING"];
        row.iter().map(|v| Some((*v).to_owned())).collect()
    };
    let issue = insert.capture(&[row("cats")]).unwrap();
    assert_eq!(
        (issue.shown(), issue.row.to_string()),
        ("7".to_owned(), digest.clone())
    );
    let keys = RecordKeys::of(1, Some(&insert), vec![issue.clone()]).unwrap();
    let durable = serde_json::to_string(&keys).unwrap();
    assert_eq!(serde_json::from_str::<RecordKeys>(&durable).unwrap(), keys);
    let newer = durable.replacen('{', "{\"x\":1,", 1);
    assert!(serde_json::from_str::<RecordKeys>(&newer).is_err());
    // As they were written when there were only issues.
    insta::assert_snapshot!(durable, @r#"{"table_oid":1,"table":{"schema":"s","name":"issues"},"columns":[{"name":"id","as_text":false},{"name":"category","as_text":false},{"name":"collection_key","as_text":false},{"name":"title","as_text":false},{"name":"status","as_text":false}],"issues":[{"collection":"cats","key":[{"column":"id","type":"bigint","value":"7"}],"row":"0000000000000000000000000000000000000000000000000000000000000000"}]}"#);
    assert_eq!(RecordKeys::of(1, None, vec![]), None);
    let now = Digest::of(b"later");
    let settled = |row: RecordRow| Some(keys.clone().settled(&[row])?.rows[0].row);
    assert_eq!(settled(RecordRow::Unchanged), Some(issue.row));
    assert_eq!(
        settled(RecordRow::ReferredTo { by: vec![] }),
        Some(issue.row)
    );
    assert_eq!(settled(RecordRow::Changed { now: Some(now) }), Some(now));
    assert_eq!(settled(RecordRow::Changed { now: None }), None);
    assert_eq!(settled(RecordRow::Gone), None);
    assert_eq!(keys.clone().settled(&[]), None);

    let error = |rows: &[Vec<Option<String>>]| insert.capture(rows).unwrap_err().to_string();
    assert!(error(&[]).ends_with("stored 0 rows: a trigger may have dropped it"));
    assert!(error(&[row("cats"), row("cats")]).ends_with("stored 2 rows"));
    assert!(
        error(&[row("Cats")]).contains("with Some(\"Cats\") in collection_key instead of \"cats\"")
    );
    assert!(error(&[vec![]]).contains("another form"));
    let mut no_digest = row("cats");
    no_digest[1] = Some("x".to_owned());
    assert!(error(&[no_digest]).contains("another form"));
    let mut no_key = row("cats");
    no_key[0] = None;
    assert!(error(&[no_key]).contains("another form"));

    let delete = keys.delete(&issue, &QualifiedName::new(id("s"), id("it's")));
    let preview = delete.preview();
    assert!(preview.starts_with('D'));
    insta::assert_snapshot!(without_verb(&preview), @r#"FROM "s"."it's" AS birth_old WHERE birth_old."id" = $1::text::bigint RETURNING encode(sha256(record_send(ROW(birth_old."id", birth_old."category", birth_old."collection_key", birth_old."title", birth_old."status"))), 'hex'); -- $1 = '7'"#);
    assert!(delete.returns());
    let confirm = |rows: &[Vec<Option<String>>]| delete.confirm(rows).map_err(|e| e.to_string());
    assert_eq!(confirm(&[vec![Some(digest)]]), Ok(()));
    assert!(confirm(&[]).unwrap_err().contains("met 0 rows"));
    assert!(
        confirm(&[vec![Some("1".repeat(64))]])
            .unwrap_err()
            .contains("was changed")
    );
}

/// Thousands of drafts are a matter of course.
#[test]
fn every_draft_has_its_insert() {
    let drafts: Vec<IssueDraft> = (0..2000).map(|i| draft(&format!("c{i}"))).collect();
    let table = plain();
    let found = compile_all(&table, &concepts(&table), &drafts).unwrap();
    assert!(
        found
            .inserts
            .iter()
            .zip(&drafts)
            .all(
                |(insert, draft)| Some(&insert.about) == draft.collection.as_ref()
                    && insert.text(&id("collection_key")) == draft.collection.as_ref()
            )
    );
    let concepts = concepts(&table);
    let rows = issue::rows(&concepts, &values(), &drafts);
    let texts = texts_for(&rows, &id("collection_key"));
    assert_eq!(texts.len(), 2000);
}
