//! Tables of literal prints of real servers, and every print recorded in
//! `tests/fixtures/check-prints.json`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::*;

fn one_of(values: &[&str], rejects_null: bool) -> CheckMeaning {
    CheckMeaning::OneOf {
        values: values.iter().map(|&value| value.to_owned()).collect(),
        rejects_null,
    }
}

fn reason(expression: &str) -> String {
    match meaning(expression, "t") {
        CheckMeaning::Unproved { reason } => reason,
        proved => format!("proved: {proved:?}"),
    }
}

/// Printed alike by PostgreSQL 13.23, 15.18 and 18.4.
#[test]
fn closed_lists() {
    let ab = one_of(&["A", "B"], false);
    for printed in [
        "(t = ANY (ARRAY['B'::text, 'A'::text, 'B'::text]))",
        "(t = ANY ('{A,B}'::text[]))",
        "((t)::text = ANY ((ARRAY['A'::character varying, 'B'::character varying])::text[]))",
        "((t)::text = ANY (ARRAY[('A'::character varying)::text, ('B'::character varying)::text]))",
        "((t)::text = ANY ((ARRAY['A'::character varying(30), 'B'::character varying(30)])::text[]))",
        "((t = 'A'::text) OR ('B'::text = t))",
        "((t IS NULL) OR (t = ANY (ARRAY['A'::text, 'B'::text])))",
        "(NOT (t <> ALL (ARRAY['A'::text, 'B'::text])))",
        "((t = ANY (ARRAY['A'::text, 'B'::text, 'C'::text])) AND (t <> 'C'::text))",
        "((t = ANY (ARRAY['A'::text, NULL::text])) AND (t = ANY (ARRAY['A'::text, 'B'::text])))",
        "((t = ANY (ARRAY['A'::text, 'B'::text])) AND NULL::boolean)",
        // Pretty-printed, and with `quote_all_identifiers`.
        "t::text = ANY (ARRAY['A'::character varying, 'B'::character varying]::text[])",
        "t IS NULL OR t = 'A'::text OR t = 'B'::text",
        "(\"t\" = ANY (ARRAY['A'::\"text\", 'B'::\"text\"]))",
    ] {
        assert_eq!(meaning(printed, "t"), ab, "{printed}");
    }
    for (printed, expected) in [
        ("(t = 'A'::text)", one_of(&["A"], false)),
        (
            "((t IS NOT NULL) AND (t = 'A'::text))",
            one_of(&["A"], true),
        ),
        ("((t = 'A'::text) IS TRUE)", one_of(&["A"], true)),
        ("((t = 'A'::text) AND (t = 'B'::text))", one_of(&[], false)),
        // NULL = ANY of an empty array is false, not unknown.
        ("(t = ANY (ARRAY[]::text[]))", one_of(&[], true)),
        ("(t = ANY ('{}'::text[]))", one_of(&[], true)),
        (
            "(t = ANY (ARRAY['a\\b'::text, 'it''s'::text, 'a\nb'::text]))",
            one_of(&["a\\b", "it's", "a\nb"], false),
        ),
        (
            "(t = ANY ('{\"a\\\\b\",\"\",\"null\",\"x,y\"}'::text[]))",
            one_of(&["a\\b", "", "null", "x,y"], false),
        ),
    ] {
        assert_eq!(meaning(printed, "t"), expected, "{printed}");
    }
}

#[test]
fn checks_that_reject_nothing() {
    for printed in [
        "(t = ANY (ARRAY['A'::text, NULL::text]))",
        "((t)::text = ANY ((ARRAY['A'::character varying, NULL::character varying])::text[]))",
        "(t = ANY ('{A,NULL}'::text[]))",
        "(t = ANY (NULL::text[]))",
        "(t = NULL::text)",
        "((t = 'A'::text) OR NULL::boolean)",
        "((t = 'A'::text) OR true)",
        "((t IS NULL) OR (t IS NOT NULL))",
        "(t <> ALL (ARRAY[]::text[]))",
        "true",
    ] {
        assert_eq!(
            meaning(printed, "t"),
            CheckMeaning::RejectsNothing,
            "{printed}"
        );
    }
}

#[test]
fn what_is_not_proved_says_why() {
    for (printed, expected) in [
        (
            "(t <> 'A'::text)",
            "it accepts values outside any list that it names",
        ),
        (
            "(t ~~ 'A%'::text)",
            "it uses `~~`, which has no place in a plain list of values",
        ),
        (
            "(lower(t) = 'a'::text)",
            "it refers to `lower`, which is not the column",
        ),
        (
            "(other = 'A'::text)",
            "it refers to `other`, which is not the column",
        ),
        (
            "(t OPERATOR(public.=) 'A'::public.citext)",
            "it uses `OPERATOR`, which has no place in a plain list of values",
        ),
        (
            "(t = ANY (ARRAY['A'::bpchar, 'B'::bpchar]))",
            "it casts to `bpchar`, which is not one of the types text and character varying",
        ),
        (
            "(t = 'A'::public.citext)",
            "it casts to `public.citext`, which is not one of the types text and character varying",
        ),
        (
            "((t)::character(3) = 'A'::bpchar)",
            "it casts to `character`, which is not one of the types text and character varying",
        ),
        (
            "(t = ('LONG'::character varying(3))::text)",
            "it casts to 3 characters, which may cut the value",
        ),
        (
            "(((t)::character varying(3))::text = 'ABC'::text)",
            "it casts to 3 characters, which may cut the value",
        ),
        (
            "((t COLLATE \"C\") = 'A'::text)",
            "it uses `COLLATE`, which has no place in a plain list of values",
        ),
        (
            "(t = ANY (ARRAY[ARRAY['A'::text]]))",
            "it holds the array ARRAY[ARRAY[…]], which is not a flat list",
        ),
        (
            "(t = ANY ('{{A}}'::text[]))",
            "it holds the array {{A}}, which is not a flat list",
        ),
        (
            "(t = t)",
            "it compares something other than the column with literals",
        ),
        (
            "(t = ANY (ARRAY['A'::text, t]))",
            "it compares something other than the column with literals",
        ),
        (
            "(t = ('{A}'::text)::text[])",
            "it casts something other than the column or a list of literals",
        ),
        (
            "t",
            "it uses a value where a condition stands, or a condition where a value stands",
        ),
        ("(t = 'A'::text", "its text ends too early"),
        ("", "its text ends too early"),
    ] {
        assert_eq!(reason(printed), expected, "{printed}");
    }
}

/// No server prints these under the conditions that [`meaning`] states, so none of
/// them may be proved.
#[test]
fn text_that_no_server_prints() {
    for text in [
        "(t = 'A')",
        "(t = E'A'::text)",
        "(t = U&'A'::text)",
        "(t = 'A''::text)",
        "(t = 'A'::text) --",
        "(t = 'A'::text) NOT VALID",
        "CHECK ((t = 'A'::text))",
        "(t = 'A'::text))",
        "(T = 'A'::text)",
        "(t = 'A'::TEXT)",
        "(t = 'A'::public.text)",
        "(t = 'A'::text[])",
        "(t = ANY ('A'::text))",
        "(t = ANY ('{A, B}'::text[]))",
        "(t = ANY ('{A,}'::text[]))",
        "(t = ANY ('{A'::text[]))",
        "(t = ANY ('{\"A}'::text[]))",
        "(t = ANY ('{A\\,B}'::text[]))",
        "(t = ANY ('[0:0]={A}'::text[]))",
        "(t = ANY (ARRAY['A'::text,]))",
        "(t = ('A'::character varying(99999999999999999999))::text)",
    ] {
        assert!(
            matches!(meaning(text, "t"), CheckMeaning::Unproved { .. }),
            "{text}"
        );
    }
}

#[test]
fn key_words_are_not_columns_of_the_same_letters() {
    for column in ["current_user", "CURRENT_USER"] {
        let key_word = meaning("(CURRENT_USER = 'A'::text)", column);
        assert!(
            matches!(key_word, CheckMeaning::Unproved { .. }),
            "{column}"
        );
        let quoted = meaning(&format!("(\"{column}\" = 'A'::text)"), column);
        assert_eq!(quoted, one_of(&["A"], false), "{column}");
    }
    assert_eq!(meaning("true", "true"), CheckMeaning::RejectsNothing);
    assert_eq!(
        meaning("(\"true\" = 'A'::text)", "true"),
        one_of(&["A"], false)
    );
}

#[test]
fn reasons_are_one_short_line() {
    assert_eq!(
        reason("('\n\u{1b}' ~~ t)"),
        "it uses `~~`, which has no place in a plain list of values"
    );
    assert_eq!(
        reason("(t = 'A'::text) '\n\u{1b}[0m'"),
        "it uses `'\\n\\u{1b}[0m'`, which has no place in a plain list of values"
    );
    let long = reason(&format!(
        "(t = ANY ('{{{{{}}}}}'::text[]))",
        "A".repeat(100_000)
    ));
    assert_eq!(long.chars().count(), MAX_REASON + 1);
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth| format!("{}t = 'A'::text{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(meaning(&nested(60), "t"), one_of(&["A"], false));
    assert_eq!(
        reason(&nested(100_000)),
        "it is nested more than 64 levels deep"
    );
    let negated = format!("{}(t = 'A'::text)", "NOT ".repeat(100_000));
    assert_eq!(meaning(&negated, "t"), one_of(&["A"], false));
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Expected {
    OneOf {
        values: BTreeSet<String>,
        rejects_null: bool,
    },
    RejectsNothing,
    Unproved,
}

#[derive(Debug, Deserialize)]
struct Case {
    column: String,
    ddl: String,
    expected: Expected,
    prints: BTreeMap<String, String>,
}

#[test]
fn every_recorded_print() -> serde_json::Result<()> {
    let fixture = include_str!("../../../../../tests/fixtures/check-prints.json");
    let cases: Vec<Case> = serde_json::from_str(fixture)?;
    assert!(cases.len() > 100, "{} cases", cases.len());
    for case in cases {
        assert!(case.prints.keys().eq(["13", "15", "18"]), "{}", case.ddl);
        for (major, print) in case.prints {
            let found = meaning(&print, &case.column);
            let agrees = match (&case.expected, &found) {
                (Expected::Unproved, CheckMeaning::Unproved { .. }) => true,
                (Expected::RejectsNothing, CheckMeaning::RejectsNothing) => true,
                (
                    Expected::OneOf {
                        values,
                        rejects_null,
                    },
                    CheckMeaning::OneOf {
                        values: found_values,
                        rejects_null: found_null,
                    },
                ) => values == found_values && rejects_null == found_null,
                _ => false,
            };
            assert!(
                agrees,
                "{} on {major}, printed {print}: {found:?}",
                case.ddl
            );
        }
    }
    Ok(())
}

/// As PostgreSQL prints the checks of domains; a column called VALUE is
/// something else.
#[test]
fn domains() {
    let list =
        "((VALUE)::text = ANY ((ARRAY['A'::character varying, 'B'::character varying])::text[]))";
    let expected = CheckMeaning::OneOf {
        values: BTreeSet::from(["A".to_owned(), "B".to_owned()]),
        rejects_null: false,
    };
    assert_eq!(domain_meaning(list), expected);
    let unproved = |meaning| matches!(meaning, CheckMeaning::Unproved { .. });
    assert!(unproved(meaning(list, "VALUE")));
    assert!(unproved(domain_meaning("(\"VALUE\" = 'A'::text)")));
    assert!(unproved(domain_meaning("(value = 'A'::text)")));
}
