//! Every reason for which a table would refuse an issue, on facts alone.
#![expect(clippy::unwrap_used, reason = "tests state what they expect")]

use std::collections::BTreeSet;

use super::concepts::resolve;
use super::table::{
    IssueCheck, IssueColumn, IssueForeignKey, IssueRights, NAME, TEXT, UUID, UniqueIndex, VARCHAR,
};
use super::*;
use crate::catalog::relation::RelationKind;
use crate::ident::{Identifier, QualifiedName};
use crate::profile::{IssueValues, Profile};
use crate::resolve::{Column, Relation};
use crate::sql::Statement;

fn id(name: &str) -> Identifier {
    Identifier::new(name).unwrap()
}

fn column(name: &str, r#type: &str, category: char, base_type: u32) -> IssueColumn {
    IssueColumn {
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
        readable: true,
        forbidden_sequence: None,
    }
}

fn text(name: &str) -> IssueColumn {
    column(name, "text", 'S', TEXT)
}

fn varchar(name: &str, limit: u32) -> IssueColumn {
    IssueColumn {
        declared: format!("character varying({limit})"),
        max_length: Some(limit),
        ..column(name, "character varying", 'S', VARCHAR)
    }
}

fn labels(name: &str, labels: &[&str]) -> IssueColumn {
    IssueColumn {
        labels: labels.iter().map(|&l| l.to_owned()).collect(),
        ..column(name, "public.\"Kind\"", 'E', 99_999)
    }
}

fn needed(column: IssueColumn) -> IssueColumn {
    IssueColumn {
        not_null: true,
        ..column
    }
}

fn table(columns: Vec<IssueColumn>) -> IssueTable {
    let mut all = vec![IssueColumn {
        has_default: true,
        ..needed(column("id", "bigint", 'N', 20))
    }];
    all.extend(columns);
    IssueTable {
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
        rights: IssueRights {
            schema: true,
            delete: true,
            row_security: false,
        },
    }
}

/// The plain one that takes everything.
fn plain() -> IssueTable {
    table(vec![
        needed(text("category")),
        text("collection_key"),
        needed(text("title")),
        text("status"),
    ])
}

fn concepts(table: &IssueTable) -> IssueConcepts {
    let columns: Vec<Column> = table
        .columns
        .iter()
        .map(|c| Column {
            name: c.name.to_string(),
            r#type: c.declared.clone(),
            category: c.category,
            unique: false,
        })
        .collect();
    resolve(
        &Profile::built_in().unwrap(),
        &table.relation.name,
        &columns,
    )
    .unwrap()
}

fn values() -> IssueValues {
    Profile::built_in().unwrap().issue
}

fn draft(collection: &str) -> IssueDraft {
    IssueDraft {
        category: "BIRTH_SPECIES_MAPPING".to_owned(),
        collection: collection.to_owned(),
        title: format!("{collection} has no species mapping"),
        description: "It is governed.".to_owned(),
    }
}

fn compiled(table: &IssueTable) -> Result<Compiled, Vec<IssueProblem>> {
    compile(table, &concepts(table), &values(), &[draft("cats")])
}

/// The codes of problems, or of warnings where there is none.
fn codes(table: &IssueTable) -> Vec<&'static str> {
    let found = compiled(table).map_or_else(|problems| problems, |c| c.warnings);
    found.iter().map(IssueProblem::code).collect()
}

/// What is told, each with its hint.
fn told(table: &IssueTable) -> String {
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
    insta::assert_snapshot!(compiled.inserts[0].preview(), @r#"INSERT INTO "s"."issues" AS birth_new ("category", "collection_key", "title") VALUES ($1::text, $2::text, $3::text) RETURNING birth_new."id"::text, encode(sha256(record_send(ROW(birth_new."id", birth_new."category", birth_new."collection_key", birth_new."title", birth_new."status"))), 'hex'), birth_new."collection_key"::text, birth_new."category"::text; -- $1 = 'BIRTH_SPECIES_MAPPING', $2 = 'cats', $3 = 'cats has no species mapping'"#);
    assert!(compiled.inserts[0].returns());
}

#[test]
fn what_is_filled_only_where_it_has_to_be() {
    let all = |needed: fn(IssueColumn) -> IssueColumn| {
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
    let filled = |table: &IssueTable| -> Vec<String> {
        let insert = compiled(table).unwrap().inserts.remove(0);
        let columns = insert.assignments.iter();
        columns.map(|a| a.column.to_string()).collect()
    };
    let always = ["category", "fingerprint", "description"];
    assert_eq!(filled(&all(|column| column)), always);
    let with_default = |column| IssueColumn {
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
fn columns_that_nothing_fills() {
    let mut owned = plain();
    owned
        .columns
        .push(needed(column("owner", "integer", 'N', 23)));
    assert_eq!(codes(&owned), ["ISSUE_COLUMN_NOT_FILLED"]);
    insta::assert_snapshot!(told(&owned), @"s.issues.owner (integer) is NOT NULL without a default, and no concept of an issue fills it [give owner a default, or name it for a concept of an issue in birth.toml]");
    // A trigger may do it; that is told and left to it.
    owned.before_insert = vec!["set_owner".to_owned()];
    assert_eq!(codes(&owned), ["ISSUE_COLUMN_LEFT_TO_TRIGGER"]);
    // Identity and generated columns fill themselves.
    for (identity, computed) in [(true, false), (false, true)] {
        owned.before_insert.clear();
        let owner = owned.columns.last_mut().unwrap();
        (owner.identity, owner.computed) = (identity, computed);
        assert_eq!(codes(&owned), [""; 0]);
    }
}

#[test]
fn columns_that_take_no_value() {
    let mut generated = plain();
    generated.columns[2].computed = true;
    assert_eq!(codes(&generated), ["ISSUE_COLUMN_COMPUTED"]);
    assert!(told(&generated).contains("s.issues.collection_key is issue_collection"));
}

#[test]
fn primary_keys() {
    let mut none = plain();
    none.key.clear();
    assert_eq!(codes(&none), ["ISSUE_NO_PRIMARY_KEY"]);
    let mut empty = plain();
    empty.columns[0].has_default = false;
    assert_eq!(codes(&empty), ["ISSUE_COLUMN_NOT_FILLED"]);
    let mut odd = plain();
    odd.columns[0].comparable = false;
    assert_eq!(codes(&odd), ["ISSUE_KEY_TYPE"]);
    // A key of what is filled anyway is one.
    let mut filled = plain();
    filled.key = vec![id("category"), id("collection_key")];
    assert_eq!(codes(&filled), [""; 0]);
}

#[test]
fn types() {
    let with = |column: IssueColumn| {
        let mut table = plain();
        table.columns[1] = column;
        table
    };
    let good = with(labels("category", &["A", "BIRTH_SPECIES_MAPPING"]));
    let insert = compiled(&good).unwrap().inserts.remove(0);
    assert!(
        insert.sql().contains("$1::text::public.\"Kind\""),
        "{}",
        insert.sql()
    );
    let bad = with(labels("category", &["A", "B"]));
    assert_eq!(codes(&bad), ["ISSUE_ENUM_LABEL"]);
    insta::assert_snapshot!(told(&bad), @r#"s.issues.category is issue_category, but its type public."Kind" has no label "BIRTH_SPECIES_MAPPING": it has A, B [in birth.toml `[issue]` `species-category = "…"`, or another column: `[concept.issue_category]` `column = "…"`; `hints = []` for none]"#);
    assert_eq!(codes(&with(varchar("category", 20))), ["ISSUE_TOO_LONG"]);
    assert_eq!(codes(&with(varchar("category", 21))), [""; 0]);
    assert_eq!(
        codes(&with(column("category", "uuid", 'U', UUID))),
        ["ISSUE_TYPE"]
    );
    let mut number = plain();
    let concepts = concepts(&number);
    number.columns[1] = column("category", "integer", 'N', 23);
    let problems = compile(&number, &concepts, &values(), &[draft("cats")]).unwrap_err();
    assert_eq!(problems[0].code(), "ISSUE_TYPE");
    // 63 bytes of a name, not characters.
    let mut name = plain();
    name.columns[2] = column("collection_key", "name", 'S', NAME);
    let compile_for = |key: &str| compile(&name, &concepts, &values(), &[draft(key)]);
    assert!(compile_for(&"é".repeat(31)).is_ok());
    assert_eq!(
        compile_for(&"é".repeat(32)).unwrap_err()[0].code(),
        "ISSUE_TOO_LONG"
    );
    // A uuid is what it looks like, in lower case.
    let mut uuid = plain();
    uuid.columns[2] = column("collection_key", "uuid", 'U', UUID);
    let key = "0E37DF36-F698-11E6-8DD4-CB9CED3DF976";
    let found = compile(&uuid, &concepts, &values(), &[draft(key)]).unwrap();
    assert_eq!(
        found.inserts[0].parameters()[1],
        Some(key.to_ascii_lowercase())
    );
    assert_eq!(
        recognised_text(&uuid, &concepts, &draft(key)),
        key.to_ascii_lowercase()
    );
}

#[test]
fn what_is_cut_and_what_never_is() {
    let with = |collection: IssueColumn, title| {
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
        ["ISSUE_TOO_LONG"]
    );
    let by_title = table(vec![text("category"), varchar("title", 26)]);
    assert_eq!(codes(&by_title), ["ISSUE_TOO_LONG"]);
    let by_digest = table(vec![text("category"), varchar("fingerprint", 63)]);
    assert_eq!(codes(&by_digest), ["ISSUE_TOO_LONG"]);
    let by_digest = table(vec![text("category"), varchar("fingerprint", 64)]);
    assert_eq!(codes(&by_digest), [""; 0]);
}

fn check(name: &str, expression: &str, columns: &[&str]) -> IssueCheck {
    IssueCheck {
        name: name.to_owned(),
        expression: expression.to_owned(),
        columns: columns.iter().map(|c| id(c)).collect(),
        of_domain: false,
    }
}

#[test]
fn checks() {
    let with = |expression: &str, columns: &[&str]| {
        let mut table = plain();
        table.checks = vec![check("c", expression, columns)];
        table
    };
    let refuses = with(
        "(category = ANY (ARRAY['A'::text, 'B'::text]))",
        &["category"],
    );
    assert_eq!(codes(&refuses), ["ISSUE_CHECK"]);
    insta::assert_snapshot!(told(&refuses), @r#"the check c refuses "BIRTH_SPECIES_MAPPING" in s.issues.category: it allows A, B [name a value that the table allows in birth.toml: `[issue]`]"#);
    let takes = "(category = ANY (ARRAY['A'::text, 'BIRTH_SPECIES_MAPPING'::text]))";
    assert_eq!(codes(&with(takes, &["category"])), [""; 0]);
    let nothing = "(category = ANY (ARRAY['A'::text, NULL::text]))";
    assert_eq!(codes(&with(nothing, &["category"])), [""; 0]);
    let unproved = "(length(category) < 9)";
    assert_eq!(
        codes(&with(unproved, &["category"])),
        ["ISSUE_CHECK_UNPROVED"]
    );
    let both = "(category <> title)";
    assert_eq!(
        codes(&with(both, &["category", "title"])),
        ["ISSUE_CHECK_UNPROVED"]
    );
    // Nobody fills the status: NULL passes a plain list, and not this one.
    assert_eq!(codes(&with("(length(status) < 9)", &["status"])), [""; 0]);
    assert_eq!(
        codes(&with("(status = 'open'::text)", &["status"])),
        [""; 0]
    );
    let not_null = "((status IS NOT NULL) AND (status = 'open'::text))";
    let refuses_null = with(not_null, &["status"]);
    assert_eq!(codes(&refuses_null), ["ISSUE_CHECK"]);
    assert!(told(&refuses_null).contains("refuses NULL in s.issues.status"));
    // Equality in such a collation is not equality of bytes.
    let mut loose = with("(category = 'A'::text)", &["category"]);
    loose.columns[1].deterministic = false;
    assert_eq!(codes(&loose), ["ISSUE_CHECK_UNPROVED"]);
    // A domain calls the column VALUE.
    let mut domain = with("(VALUE = ANY (ARRAY['A'::text, 'B'::text]))", &["category"]);
    domain.checks[0].of_domain = true;
    assert_eq!(codes(&domain), ["ISSUE_CHECK"]);
}

#[test]
fn foreign_keys() {
    let with = |columns: &[&str], registry_key, holds: Option<&[&str]>| {
        let mut table = plain();
        table.foreign_keys = vec![IssueForeignKey {
            name: "f".to_owned(),
            columns: columns.iter().map(|c| id(c)).collect(),
            target: "s.kinds".to_owned(),
            registry_key,
            holds: holds.map(|held| held.iter().map(|&h| h.to_owned()).collect::<BTreeSet<_>>()),
        }];
        table
    };
    let category: &[&str] = &["category"];
    let missing = with(category, false, Some(&["A"]));
    assert_eq!(codes(&missing), ["ISSUE_FOREIGN_KEY"]);
    insta::assert_snapshot!(told(&missing), @r#"the foreign key f refuses "BIRTH_SPECIES_MAPPING" in s.issues.category: s.kinds does not hold it [name a value that the table allows in birth.toml: `[issue]`]"#);
    let held = with(category, false, Some(&["BIRTH_SPECIES_MAPPING"]));
    assert_eq!(codes(&held), [""; 0]);
    assert_eq!(
        codes(&with(category, false, None)),
        ["ISSUE_FOREIGN_KEY_UNPROVED"]
    );
    let two: &[&str] = &["category", "title"];
    assert_eq!(
        codes(&with(two, false, Some(&[]))),
        ["ISSUE_FOREIGN_KEY_UNPROVED"]
    );
    // The registry holds every collection, and no category.
    assert_eq!(codes(&with(&["collection_key"], true, Some(&[]))), [""; 0]);
    assert_eq!(
        codes(&with(category, true, Some(&[]))),
        ["ISSUE_FOREIGN_KEY"]
    );
    assert_eq!(codes(&with(&["status"], false, Some(&[]))), [""; 0]);
}

#[test]
fn unique_indexes() {
    let with = |columns: &[Option<&str>], partial| {
        let mut table = plain();
        table.unique = vec![UniqueIndex {
            name: "u".to_owned(),
            columns: columns.iter().map(|c| c.map(id)).collect(),
            partial,
        }];
        table
    };
    let two = [draft("cats"), draft("dogs")];
    let of = |table: &IssueTable| compile(table, &concepts(table), &values(), &two);
    let by_category = with(&[Some("category")], false);
    let problems = of(&by_category).unwrap_err();
    assert_eq!(problems[0].code(), "ISSUE_UNIQUE");
    assert!(
        problems[0]
            .to_string()
            .contains("a second issue for cats, dogs")
    );

    let by_collection = with(&[Some("category"), Some("collection_key")], false);
    let inserts = of(&by_collection).unwrap().inserts;
    let probe = probes(&by_collection, &inserts).remove(0);
    assert_eq!(probe.values[1], ["cats", "dogs"]);
    let taken = probe.taken(&by_collection, &[2]).unwrap();
    assert!(
        taken.to_string().contains("a second issue for dogs"),
        "{taken}"
    );
    assert_eq!(probe.taken(&by_collection, &[]), None);

    // Some column has a value of its own.
    let with_id = with(&[Some("category"), Some("id")], false);
    assert_eq!(probes(&with_id, &of(&with_id).unwrap().inserts), []);
    assert_eq!(
        codes(&with(&[Some("category")], true)),
        ["ISSUE_UNIQUE_UNPROVED"]
    );
    assert_eq!(
        codes(&with(&[Some("title"), None], false)),
        ["ISSUE_UNIQUE_UNPROVED"]
    );
    assert_eq!(codes(&with(&[Some("id"), None], true)), [""; 0]);
}

#[test]
fn rights() {
    let mut denied = plain();
    denied.rights = IssueRights {
        schema: false,
        delete: false,
        row_security: true,
    };
    denied.columns[0].forbidden_sequence = Some("s.issues_id_seq".to_owned());
    for column in &mut denied.columns {
        column.readable = false;
        column.insertable = column.name.as_str() != "title";
    }
    denied.rules = vec!["elsewhere".to_owned()];
    let expected = [
        "ISSUE_RIGHT",
        "ISSUE_RIGHT",
        "ISSUE_RIGHT",
        "ISSUE_RIGHT",
        "ISSUE_RIGHT",
        "ISSUE_ROW_SECURITY",
        "ISSUE_RULE",
    ];
    assert_eq!(codes(&denied), expected);
    insta::assert_snapshot!(told(&denied), @r"
    the role lacks DELETE on s.issues, which writing and taking back an issue needs
    the role lacks INSERT on s.issues (title), which writing and taking back an issue needs
    the role lacks SELECT on s.issues, which writing and taking back an issue needs
    the role lacks USAGE on the schema s, which writing and taking back an issue needs
    the role lacks USAGE on the sequence s.issues_id_seq, which writing and taking back an issue needs
    row security of s.issues applies to the role: issues could be hidden or refused
    the rule elsewhere of s.issues does something else INSTEAD of an insert
    ");
    // A column that is not filled needs no right.
    let mut status = plain();
    status.columns[4].insertable = false;
    assert_eq!(codes(&status), [""; 0]);
}

#[test]
fn a_column_that_is_gone() {
    let whole = plain();
    let mut cut = plain();
    cut.columns.remove(3);
    let problems = compile(&cut, &concepts(&whole), &values(), &[draft("cats")]).unwrap_err();
    assert_eq!(problems[0].code(), "ISSUE_COLUMN_GONE");
    let none = compile(&cut, &concepts(&whole), &values(), &[]).unwrap();
    assert_eq!(none.inserts, []);
}

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
    assert_eq!(found.recognition, Recognition::Fingerprint);
    assert_eq!(found.recognised_by(), (Some(&id("Fingerprint")), None));
    for (names, recognition) in [
        (["type", "collection", "title"], Recognition::Collection),
        (["type", "body", "title"], Recognition::Title),
        (["type", "body", "x"], Recognition::Description),
    ] {
        assert_eq!(with("", &names).unwrap().recognition, recognition);
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
    assert_eq!(none.unwrap().recognition, Recognition::Title);
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
    let keys = IssueKeys {
        issues: vec![issue.clone()],
        ..IssueKeys::of(1, std::slice::from_ref(&insert)).unwrap()
    };
    let durable = serde_json::to_string(&keys).unwrap();
    assert_eq!(serde_json::from_str::<IssueKeys>(&durable).unwrap(), keys);
    let newer = durable.replacen('{', "{\"x\":1,", 1);
    assert!(serde_json::from_str::<IssueKeys>(&newer).is_err());
    assert_eq!(IssueKeys::of(1, &[]), None);

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
    insta::assert_snapshot!(delete.preview(), @r#"DELETE FROM "s"."it's" AS birth_old WHERE birth_old."id" = $1::text::bigint RETURNING encode(sha256(record_send(ROW(birth_old."id", birth_old."category", birth_old."collection_key", birth_old."title", birth_old."status"))), 'hex'); -- $1 = '7'"#);
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

/// Thousands of drafts are a matter of course.
#[test]
fn every_draft_has_its_insert() {
    let drafts: Vec<IssueDraft> = (0..2000).map(|i| draft(&format!("c{i}"))).collect();
    let table = plain();
    let found = compile(&table, &concepts(&table), &values(), &drafts).unwrap();
    assert!(
        found
            .inserts
            .iter()
            .zip(&drafts)
            .all(|(insert, draft)| insert.collection == draft.collection
                && insert.text(&id("collection_key")) == Some(&draft.collection))
    );
    let texts = wanted_texts(&concepts(&table), &values(), &drafts, &id("collection_key"));
    assert_eq!(texts.len(), 2000);
}
