//! Which columns are what, by name and by profile; what issues are recognised by;
//! how they are closed.
#![expect(clippy::unwrap_used, reason = "tests state what they expect")]

use std::collections::BTreeSet;

use super::concepts::resolve;
use super::*;
use crate::ident::Identifier;
use crate::profile::{IssueValues, Profile};
use crate::record::table::{RecordCheck, RecordForeignKey, Referenced};
use crate::record::tests::{
    column, concepts, draft, id, labels, needed, plain, table, text, values, varchar, without_verb,
};
use crate::record::{Purpose, RecordProblem, RecordTable, compile};
use crate::resolve::Column;
use crate::sql::Statement;

#[test]
fn concepts_by_name_and_by_profile() {
    let columns = |names: &[&str]| -> Vec<Column> {
        let text = |name: &&str| Column {
            name: (*name).to_owned(),
            r#type: "text".to_owned(),
            category: 'S',
            unique: false,
        };
        names.iter().map(text).collect()
    };
    let with = |toml: &str, names: &[&str]| {
        let profile = Profile::with_overrides(&format!("format = 1\n{toml}")).unwrap();
        resolve(&profile, &plain().relation.name, &columns(names))
    };
    let found = with("", &["Issue Type", "Summary", "State", "Fingerprint"]).unwrap();
    assert_eq!(found.category.as_str(), "Issue Type");
    assert_eq!(found.title, Some(id("Summary")));
    let recognition = |found: &IssueConcepts| found.recognition(&draft("cats"));
    assert_eq!(recognition(&found), Recognition::Fingerprint);
    let by = found.recognised_by(Recognition::Fingerprint);
    assert_eq!(by, (Some(&id("Fingerprint")), None));
    for (names, expected) in [
        (["type", "collection", "title"], Recognition::Collection),
        (["type", "body", "title"], Recognition::Title),
        (["type", "body", "x"], Recognition::Description),
    ] {
        assert_eq!(recognition(&with("", &names).unwrap()), expected);
    }
    let code = |toml: &str, names: &[&str]| with(toml, names).unwrap_err().code();
    assert_eq!(code("", &["title"]), "CONCEPT_MISSING");
    let nothing = with("", &["type", "x"]).unwrap_err();
    assert!(
        nothing.to_string().contains("tell which collection"),
        "{nothing}"
    );
    assert!(nothing.hint().contains("[concept.issue_fingerprint]"));
    // What the profile names is not guessed to be another, and has to be there.
    let names = ["type", "title", "x"];
    let named = with("[concept.issue_collection]\ncolumn = 'title'", &names).unwrap();
    assert_eq!((named.collection, named.title), (Some(id("title")), None));
    let absent = "[concept.issue_collection]\ncolumn = 'y'";
    assert_eq!(code(absent, &names), "CONCEPT_MISSING");
    let twice = "[concept.issue_collection]\ncolumn = 'x'\n[concept.issue_title]\ncolumn = 'x'";
    assert_eq!(code(twice, &names), "CONCEPTS_SHARE_COLUMN");
    let none = with(
        "[concept.issue_fingerprint]\nhints = []",
        &["type", "title", "fingerprint"],
    );
    assert_eq!(recognition(&none.unwrap()), Recognition::Title);
}

#[test]
fn fingerprints() {
    let one = draft("cats");
    let other = IssueDraft {
        title: "another".to_owned(),
        ..draft("cats")
    };
    assert_eq!(one.fingerprint(), other.fingerprint());
    let kind = IssueDraft {
        category: "BIRTH_ONBOARDING".to_owned(),
        ..draft("cats")
    };
    let all = [one, kind, draft("Cats")].map(|d| d.fingerprint());
    assert_eq!(BTreeSet::from(all.clone()).len(), 3);
    // It is stored: it must not change from one version to the next.
    insta::assert_snapshot!(all[0], @"83ab90b9a3e3602095418ff4ca886457dd9c872f5c9dbd6bd8645690972a256a");
}

fn condition(collection: Option<&str>, code: &str) -> IssueDraft {
    IssueDraft {
        category: "BIRTH_ONBOARDING".to_owned(),
        collection: collection.map(str::to_owned),
        condition: Some(code.to_owned()),
        title: format!("Birth coverage gap {code}: {collection:?}"),
        description: "It changes.".to_owned(),
    }
}

/// Two conditions of one collection are two issues wherever something can tell
/// them apart.
#[test]
fn what_tells_conditions_apart() {
    let rows = [
        (vec!["fingerprint", "title"], Recognition::Fingerprint),
        (
            vec!["collection", "title", "description"],
            Recognition::Title,
        ),
        (vec!["collection", "description"], Recognition::Description),
        (vec!["collection"], Recognition::Collection),
    ];
    for (names, expected) in rows {
        let mut columns = vec![text("category")];
        columns.extend(names.iter().map(|name| text(name)));
        let issues = table(columns);
        let concepts = concepts(&issues);
        let of = |code| condition(Some("cats"), code);
        assert_eq!(concepts.recognition(&of("A")), expected);
        let texts = [of("A"), of("B")].map(|d| recognised_text(&issues, &concepts, &d));
        let is_by_collection = expected == Recognition::Collection;
        assert_eq!(texts[0] == texts[1], is_by_collection, "{names:?}");
        assert_eq!(concepts.is_by_collection_alone(), is_by_collection);
        // What they are recognised by is what is written.
        let drafts = [of("A")];
        let rows = rows_of(&issues, &drafts);
        let found = compile(&issues, &rows, Purpose::Kept);
        let insert = found.rows[0].as_ref().unwrap();
        let by = concepts.recognised_by(expected).0.unwrap();
        assert_eq!(insert.text(by), Some(&texts[0]), "{names:?}");
    }
    let by_collection = table(vec![text("category"), text("collection")]);
    let by_collection = concepts(&by_collection);
    let of_estate = by_collection.recognition(&condition(None, "A"));
    assert_eq!(of_estate, Recognition::Category);
    assert_eq!(
        by_collection.recognised_by(of_estate),
        (None, Some(&id("category")))
    );
    let all = [
        condition(Some("cats"), "A"),
        condition(Some("cats"), "B"),
        condition(None, "A"),
        condition(Some(""), "A"),
        draft("cats"),
    ];
    let prints: BTreeSet<String> = all.iter().map(IssueDraft::fingerprint).collect();
    assert_eq!(prints.len(), 5);
}

fn rows_of<'a>(issues: &'a RecordTable, drafts: &[IssueDraft]) -> Vec<crate::record::RowDraft<'a>> {
    let concepts: &'static IssueConcepts = Box::leak(Box::new(concepts(issues)));
    rows(concepts, &values(), drafts)
}

/// A text that does not fit is the matter of its own issue.
#[test]
fn one_draft_that_does_not_fit() {
    let issues = table(vec![text("category"), varchar("title", 40), text("owner")]);
    let drafts = [
        condition(Some("cats"), "A"),
        condition(Some("a long name"), "A"),
    ];
    let found = compile(&issues, &rows_of(&issues, &drafts), Purpose::Kept);
    assert_eq!(found.problems, []);
    assert!(found.rows[0].is_ok());
    let refused = found.rows[1].as_ref().unwrap_err();
    assert_eq!(refused[0].code(), "RECORD_TOO_LONG");
    // A category is the same for all.
    let issues = table(vec![varchar("category", 4), text("title")]);
    let found = compile(&issues, &rows_of(&issues, &drafts), Purpose::Kept);
    assert_eq!(found.problems[0].code(), "RECORD_TOO_LONG");
    // Nobody asks for a primary key of what stays.
    let mut issues = table(vec![text("category"), text("title")]);
    issues.key.clear();
    let found = compile(&issues, &rows_of(&issues, &drafts), Purpose::Kept);
    assert_eq!(found.problems, []);
    assert!(!found.rows[0].as_ref().unwrap().sql().contains("sha256"));
}

fn closing(issues: &RecordTable, values: &IssueValues) -> Result<String, Vec<&'static str>> {
    let closing = Closing::of(issues, &concepts(issues), values);
    let closing = closing.map_err(|p| p.iter().map(RecordProblem::code).collect::<Vec<_>>())?;
    Ok(closing.close(&["7".to_owned()]).preview())
}

/// What an issue is closed with; the words before it are the statement's.
fn closed_with(issues: &RecordTable, values: &IssueValues) -> Result<String, Vec<&'static str>> {
    let preview = closing(issues, values)?;
    let (_, parameters) = preview.split_once("-- $1 = ").unwrap();
    Ok(parameters.split(',').next().unwrap().to_owned())
}

#[test]
fn closing_by_status_and_time() {
    let few = IssueValues {
        closed: vec!["closed".to_owned(), "Done".to_owned()],
        ..values()
    };
    let issues = table(vec![
        text("category"),
        text("title"),
        text("status"),
        column("updated_at", "date", 'D', 1082),
        column("closed_at", "timestamp with time zone", 'D', 1184),
    ]);
    let preview = closing(&issues, &few).unwrap();
    insta::assert_snapshot!(without_verb(&preview), @r#""s"."issues" AS birth_open SET "status" = $1::text, "closed_at" = now(), "updated_at" = now() WHERE (birth_open."id") = (SELECT birth_free."id" FROM "s"."issues" AS birth_free WHERE birth_free."id" = $2::text::bigint FOR NO KEY UPDATE SKIP LOCKED) AND (birth_open."status"::text IS NULL OR lower(birth_open."status"::text COLLATE "C") <> ALL (ARRAY[$3::text, $4::text]::text[])) AND birth_open."closed_at" IS NULL RETURNING ''::text; -- $1 = 'closed', $2 = '7', $3 = 'closed', $4 = 'done'"#);
    let by_time = table(vec![
        text("category"),
        text("title"),
        column("closed_at", "date", 'D', 1082),
    ]);
    let preview = closing(&by_time, &few).unwrap();
    insta::assert_snapshot!(without_verb(&preview), @r#""s"."issues" AS birth_open SET "closed_at" = now() WHERE (birth_open."id") = (SELECT birth_free."id" FROM "s"."issues" AS birth_free WHERE birth_free."id" = $1::text::bigint FOR NO KEY UPDATE SKIP LOCKED) AND birth_open."closed_at" IS NULL RETURNING ''::text; -- $1 = '7'"#);
}

#[test]
fn a_closed_status_that_the_table_takes() {
    let with = |status| table(vec![text("category"), text("title"), status]);
    let of = |table: &RecordTable| closed_with(table, &values());
    assert_eq!(of(&with(text("status"))), Ok("'closed'".to_owned()));
    assert_eq!(
        of(&with(labels("status", &["open", "done"]))),
        Ok("'done'".to_owned())
    );
    // An enum writes it in its own way.
    assert_eq!(
        of(&with(labels("status", &["Open", "CLOSED"]))),
        Ok("'CLOSED'".to_owned())
    );
    assert_eq!(
        of(&with(labels("status", &["a", "b"]))),
        Err(vec!["RECORD_NOT_CLOSABLE"])
    );
    assert_eq!(of(&with(varchar("status", 4))), Ok("'done'".to_owned()));
    let mut checked = with(needed(text("status")));
    checked.checks = vec![RecordCheck {
        name: "c".to_owned(),
        expression: "(status = ANY (ARRAY['open'::text, 'solved'::text]))".to_owned(),
        columns: vec![id("status")],
        of_domain: false,
    }];
    assert_eq!(of(&checked), Ok("'solved'".to_owned()));
    checked.checks[0].expression = "(length(status) < 99)".to_owned();
    assert_eq!(of(&checked), Ok("'closed'".to_owned()));
    let mut referring = with(text("status"));
    referring.foreign_keys = vec![RecordForeignKey {
        name: "f".to_owned(),
        columns: vec![id("status")],
        target: "s.states".to_owned(),
        referenced: Some(Referenced {
            table: referring.relation.name.clone(),
            column: Identifier::new("code").unwrap(),
        }),
        holds: ["fixed".to_owned()].into(),
    }];
    assert_eq!(of(&referring), Ok("'fixed'".to_owned()));
}

#[test]
fn issues_that_cannot_be_closed() {
    let of = |table: &RecordTable| closing(table, &values()).unwrap_err();
    let nothing = table(vec![text("category"), text("title")]);
    assert_eq!(of(&nothing), ["RECORD_NOT_CLOSABLE"]);
    let mut no_key = plain();
    no_key.key.clear();
    assert_eq!(of(&no_key), ["RECORD_NO_PRIMARY_KEY"]);
    let mut denied = plain();
    denied.columns[4].updatable = false;
    assert_eq!(of(&denied), ["RECORD_RIGHT"]);
    let mut computed = plain();
    computed.columns[4].computed = true;
    assert_eq!(of(&computed), ["RECORD_NOT_CLOSABLE"]);
}
