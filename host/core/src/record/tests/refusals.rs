//! Every reason for which a table would refuse an issue.

use super::*;

#[test]
fn columns_that_nothing_fills() {
    let mut owned = plain();
    owned
        .columns
        .push(needed(column("owner", "integer", 'N', 23)));
    assert_eq!(codes(&owned), ["RECORD_COLUMN_NOT_FILLED"]);
    insta::assert_snapshot!(told(&owned), @"s.issues.owner (integer) is NOT NULL without a default, and no concept fills it [give owner a default, or name it for a concept in birth.toml]");
    // A trigger may do it; that is told and left to it.
    owned.before_insert = vec!["set_owner".to_owned()];
    assert_eq!(codes(&owned), ["RECORD_COLUMN_LEFT_TO_TRIGGER"]);
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
    assert_eq!(codes(&generated), ["RECORD_COLUMN_COMPUTED"]);
    assert!(told(&generated).contains("s.issues.collection_key is issue_collection"));
}

#[test]
fn primary_keys() {
    let mut none = plain();
    none.key.clear();
    assert_eq!(codes(&none), ["RECORD_NO_PRIMARY_KEY"]);
    let mut empty = plain();
    empty.columns[0].has_default = false;
    assert_eq!(codes(&empty), ["RECORD_COLUMN_NOT_FILLED"]);
    let mut odd = plain();
    odd.columns[0].comparable = false;
    assert_eq!(codes(&odd), ["RECORD_KEY_TYPE"]);
    // A key of what is filled anyway is one.
    let mut filled = plain();
    filled.key = vec![id("category"), id("collection_key")];
    assert_eq!(codes(&filled), [""; 0]);
}

#[test]
fn types() {
    let with = |column: RecordColumn| {
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
    assert_eq!(codes(&bad), ["RECORD_ENUM_LABEL"]);
    insta::assert_snapshot!(told(&bad), @r#"s.issues.category is issue_category, but its enum has no label "BIRTH_SPECIES_MAPPING": it has A, B [in birth.toml `[issue]` `species-category = "…"` or `onboarding-category = "…"`, or another column: `[concept.issue_category]` `column = "…"`; `hints = []` for none]"#);
    assert_eq!(codes(&with(varchar("category", 20))), ["RECORD_TOO_LONG"]);
    assert_eq!(codes(&with(varchar("category", 21))), [""; 0]);
    assert_eq!(
        codes(&with(column("category", "uuid", 'U', UUID))),
        ["RECORD_TYPE"]
    );
    let mut number = plain();
    let concepts = concepts(&number);
    number.columns[1] = column("category", "integer", 'N', 23);
    let problems = compile_all(&number, &concepts, &[draft("cats")]).unwrap_err();
    assert_eq!(problems[0].code(), "RECORD_TYPE");
    // 63 bytes of a name, not characters.
    let mut name = plain();
    name.columns[2] = column("collection_key", "name", 'S', NAME);
    let compile_for = |key: &str| compile_all(&name, &concepts, &[draft(key)]);
    assert!(compile_for(&"é".repeat(31)).is_ok());
    assert_eq!(
        compile_for(&"é".repeat(32)).unwrap_err()[0].code(),
        "RECORD_TOO_LONG"
    );
    // A uuid is what it looks like, in lower case.
    let mut uuid = plain();
    uuid.columns[2] = column("collection_key", "uuid", 'U', UUID);
    let key = "0E37DF36-F698-11E6-8DD4-CB9CED3DF976";
    let found = compile_all(&uuid, &concepts, &[draft(key)]).unwrap();
    assert_eq!(
        found.inserts[0].parameters()[1],
        Some(key.to_ascii_lowercase())
    );
    assert_eq!(
        recognised_text(&uuid, &concepts, &draft(key)),
        key.to_ascii_lowercase()
    );
}

fn check(name: &str, expression: &str, columns: &[&str]) -> RecordCheck {
    RecordCheck {
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
    assert_eq!(codes(&refuses), ["RECORD_CHECK"]);
    insta::assert_snapshot!(told(&refuses), @r#"the check c refuses "BIRTH_SPECIES_MAPPING" in s.issues.category: it allows A, B [name a value that the table allows in birth.toml: `[issue]`, `[health]`]"#);
    let takes = "(category = ANY (ARRAY['A'::text, 'BIRTH_SPECIES_MAPPING'::text]))";
    assert_eq!(codes(&with(takes, &["category"])), [""; 0]);
    let nothing = "(category = ANY (ARRAY['A'::text, NULL::text]))";
    assert_eq!(codes(&with(nothing, &["category"])), [""; 0]);
    let unproved = "(length(category) < 9)";
    assert_eq!(
        codes(&with(unproved, &["category"])),
        ["RECORD_CHECK_UNPROVED"]
    );
    let both = "(category <> title)";
    assert_eq!(
        codes(&with(both, &["category", "title"])),
        ["RECORD_CHECK_UNPROVED"]
    );
    // Nobody fills the status: NULL passes a plain list, and not this one.
    assert_eq!(codes(&with("(length(status) < 9)", &["status"])), [""; 0]);
    assert_eq!(
        codes(&with("(status = 'open'::text)", &["status"])),
        [""; 0]
    );
    let not_null = "((status IS NOT NULL) AND (status = 'open'::text))";
    let refuses_null = with(not_null, &["status"]);
    assert_eq!(codes(&refuses_null), ["RECORD_CHECK"]);
    assert!(told(&refuses_null).contains("refuses NULL in s.issues.status"));
    // Equality in such a collation is not equality of bytes.
    let mut loose = with("(category = 'A'::text)", &["category"]);
    loose.columns[1].deterministic = false;
    assert_eq!(codes(&loose), ["RECORD_CHECK_UNPROVED"]);
    // A domain calls the column VALUE.
    let mut domain = with("(VALUE = ANY (ARRAY['A'::text, 'B'::text]))", &["category"]);
    domain.checks[0].of_domain = true;
    assert_eq!(codes(&domain), ["RECORD_CHECK"]);
}

#[test]
fn foreign_keys() {
    let with = |columns: &[&str], holds: Option<&[&str]>| {
        let mut table = plain();
        table.foreign_keys = vec![RecordForeignKey {
            name: "f".to_owned(),
            columns: columns.iter().map(|c| id(c)).collect(),
            target: "s.kinds".to_owned(),
            referenced: holds.map(|_| Referenced {
                table: QualifiedName::new(id("s"), id("kinds")),
                column: id("code"),
            }),
            holds: holds
                .unwrap_or_default()
                .iter()
                .map(|&h| h.to_owned())
                .collect::<BTreeSet<_>>(),
        }];
        table
    };
    let category: &[&str] = &["category"];
    let missing = with(category, Some(&["A"]));
    assert_eq!(codes(&missing), ["RECORD_FOREIGN_KEY"]);
    insta::assert_snapshot!(told(&missing), @r#"the foreign key f refuses "BIRTH_SPECIES_MAPPING" in s.issues.category: s.kinds does not hold it [name a value that the table allows in birth.toml: `[issue]`, `[health]`]"#);
    let held = with(category, Some(&["BIRTH_SPECIES_MAPPING"]));
    assert_eq!(codes(&held), [""; 0]);
    assert_eq!(
        codes(&with(category, None)),
        ["RECORD_FOREIGN_KEY_UNPROVED"]
    );
    let two: &[&str] = &["category", "title"];
    assert_eq!(
        codes(&with(two, Some(&[]))),
        ["RECORD_FOREIGN_KEY_UNPROVED"]
    );
    assert_eq!(codes(&with(&["status"], Some(&[]))), [""; 0]);
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
    let of = |table: &RecordTable| compile_all(table, &concepts(table), &two);
    let by_category = with(&[Some("category")], false);
    let problems = of(&by_category).unwrap_err();
    assert_eq!(problems[0].code(), "RECORD_UNIQUE");
    assert!(
        problems[0]
            .to_string()
            .contains("a second row about cats, dogs")
    );

    let by_collection = with(&[Some("category"), Some("collection_key")], false);
    let inserts = of(&by_collection).unwrap().inserts;
    let probe = probes(&by_collection, &inserts.iter().collect::<Vec<_>>()).remove(0);
    assert_eq!(probe.values[1], ["cats", "dogs"]);
    let taken = probe.taken(&by_collection, &[2]).unwrap();
    assert!(
        taken.to_string().contains("a second row about dogs"),
        "{taken}"
    );
    assert_eq!(probe.taken(&by_collection, &[]), None);

    // Some column has a value of its own.
    let with_id = with(&[Some("category"), Some("id")], false);
    let inserts = of(&with_id).unwrap().inserts;
    assert_eq!(probes(&with_id, &inserts.iter().collect::<Vec<_>>()), []);
    assert_eq!(
        codes(&with(&[Some("category")], true)),
        ["RECORD_UNIQUE_UNPROVED"]
    );
    assert_eq!(
        codes(&with(&[Some("title"), None], false)),
        ["RECORD_UNIQUE_UNPROVED"]
    );
    assert_eq!(codes(&with(&[Some("id"), None], true)), [""; 0]);
}

#[test]
fn rights() {
    let mut denied = plain();
    denied.rights = RecordRights {
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
        "RECORD_RIGHT",
        "RECORD_RIGHT",
        "RECORD_RIGHT",
        "RECORD_RIGHT",
        "RECORD_RIGHT",
        "RECORD_ROW_SECURITY",
        "RECORD_RULE",
    ];
    assert_eq!(codes(&denied), expected);
    insta::assert_snapshot!(told(&denied), @r"
    the role lacks DELETE on s.issues, which taking rows back needs
    the role lacks INSERT on s.issues (title), which writing rows needs
    the role lacks SELECT on s.issues, which writing rows needs
    the role lacks USAGE on the schema s, which writing rows needs
    the role lacks USAGE on the sequence s.issues_id_seq, which writing rows needs
    row security of s.issues applies to the role: rows could be hidden or refused
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
    let problems = compile_all(&cut, &concepts(&whole), &[draft("cats")]).unwrap_err();
    assert_eq!(problems[0].code(), "RECORD_COLUMN_GONE");
    let none = compile_all(&cut, &concepts(&whole), &[]).unwrap();
    assert_eq!(none.inserts, []);
}
