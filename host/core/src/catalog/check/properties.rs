//! Random checks: closed lists of hostile values in every spelling, and random
//! conditions against an independent evaluator of SQL's three-valued logic.

use proptest::prelude::*;

use super::*;

/// How PostgreSQL spells a closed list, by the column's type and by what was written.
#[derive(Debug, Clone, Copy)]
enum Spelling {
    Text,
    Varchar,
    VarcharReloaded,
    ArrayLiteral,
    OrChain,
}

fn quoted(value: &str, quote: char) -> String {
    let doubled = value.replace(quote, &format!("{quote}{quote}"));
    format!("{quote}{doubled}{quote}")
}

fn listed(values: &[String], each: impl Fn(String) -> String, separator: &str) -> String {
    let literals = values.iter().map(|value| each(quoted(value, '\'')));
    literals.collect::<Vec<_>>().join(separator)
}

fn array_literal(values: &[String]) -> String {
    let escaped = |value: &String| {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"");
        format!("\"{value}\"")
    };
    let elements: Vec<_> = values.iter().map(escaped).collect();
    quoted(&format!("{{{}}}", elements.join(",")), '\'')
}

fn render(values: &[String], column: &str, spelling: Spelling) -> String {
    let text = |literal| format!("{literal}::text");
    match spelling {
        Spelling::Text => format!("({column} = ANY (ARRAY[{}]))", listed(values, text, ", ")),
        Spelling::Varchar => {
            let list = listed(values, |it| format!("{it}::character varying"), ", ");
            format!("(({column})::text = ANY ((ARRAY[{list}])::text[]))")
        }
        Spelling::VarcharReloaded => {
            let list = listed(
                values,
                |it| format!("({it}::character varying)::text"),
                ", ",
            );
            format!("(({column})::text = ANY (ARRAY[{list}]))")
        }
        Spelling::ArrayLiteral => {
            format!("({column} = ANY ({}::text[]))", array_literal(values))
        }
        Spelling::OrChain => {
            let terms = listed(values, |it| format!("({column} = {it}::text)"), " OR ");
            format!("({terms})")
        }
    }
}

/// Text made to break quoting as often as possible.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        proptest::sample::select(vec![
            "'", "''", "\"", "\\", "\\'", "{", "}", ",", "NULL", "]", ")", "::text", " OR ", "\n",
            "$$", "--", "/*", "E'", "U&'",
        ])
        .prop_map(str::to_owned),
        "[^\u{0}]{0,3}",
    ];
    proptest::collection::vec(pieces, 0..5).prop_map(|pieces| pieces.concat())
}

fn spelling() -> impl Strategy<Value = Spelling> {
    proptest::sample::select(vec![
        Spelling::Text,
        Spelling::Varchar,
        Spelling::VarcharReloaded,
        Spelling::ArrayLiteral,
        Spelling::OrChain,
    ])
}

/// A random condition, kept as a tree so that it can be evaluated on its own.
#[derive(Debug, Clone)]
enum Tree {
    Equals(Option<&'static str>),
    In(Vec<Option<&'static str>>),
    NotIn(Vec<Option<&'static str>>),
    IsNull,
    Null,
    Not(Box<Tree>),
    IsTrue(Box<Tree>),
    And(Vec<Tree>),
    Or(Vec<Tree>),
}

/// SQL's logic by its definition: `None` is unknown.
fn evaluate(tree: &Tree, row: Option<&str>) -> Option<bool> {
    let equals = |value: &Option<&str>| Some(row? == (*value)?);
    let any = |results: Vec<Option<bool>>| {
        if results.contains(&Some(true)) {
            Some(true)
        } else if results.contains(&None) {
            None
        } else {
            Some(false)
        }
    };
    let not = |result: Option<bool>| result.map(|it| !it);
    match tree {
        Tree::Equals(value) => equals(value),
        Tree::In(values) => any(values.iter().map(equals).collect()),
        Tree::NotIn(values) => not(any(values.iter().map(equals).collect())),
        Tree::IsNull => Some(row.is_none()),
        Tree::Null => None,
        Tree::Not(inner) => not(evaluate(inner, row)),
        Tree::IsTrue(inner) => Some(evaluate(inner, row) == Some(true)),
        Tree::And(terms) => not(any(terms.iter().map(|it| not(evaluate(it, row))).collect())),
        Tree::Or(terms) => any(terms.iter().map(|it| evaluate(it, row)).collect()),
    }
}

fn print(tree: &Tree) -> String {
    let literal = |value: &Option<&str>| match value {
        Some(value) => format!("'{value}'::text"),
        None => "NULL::text".to_owned(),
    };
    let list = |values: &[Option<&str>]| match values {
        [] => "ARRAY[]::text[]".to_owned(),
        values => {
            let literals: Vec<_> = values.iter().map(literal).collect();
            format!("ARRAY[{}]", literals.join(", "))
        }
    };
    let chain = |terms: &[Tree], word: &str| {
        let terms: Vec<_> = terms.iter().map(print).collect();
        format!("({})", terms.join(word))
    };
    match tree {
        Tree::Equals(value) => format!("(t = {})", literal(value)),
        Tree::In(values) => format!("(t = ANY ({}))", list(values)),
        Tree::NotIn(values) => format!("(t <> ALL ({}))", list(values)),
        Tree::IsNull => "(t IS NULL)".to_owned(),
        Tree::Null => "NULL::boolean".to_owned(),
        Tree::Not(inner) => format!("(NOT {})", print(inner)),
        Tree::IsTrue(inner) => format!("({} IS TRUE)", print(inner)),
        Tree::And(terms) => chain(terms, " AND "),
        Tree::Or(terms) => chain(terms, " OR "),
    }
}

fn tree() -> impl Strategy<Value = Tree> {
    let value = proptest::sample::select(vec![Some("A"), Some("B"), Some("C"), None]);
    let values = proptest::collection::vec(value.clone(), 0..4);
    let leaf = prop_oneof![
        3 => value.prop_map(Tree::Equals),
        3 => values.clone().prop_map(Tree::In),
        2 => values.prop_map(Tree::NotIn),
        1 => Just(Tree::IsNull),
        1 => Just(Tree::Null),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let terms = proptest::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            inner.clone().prop_map(|it| Tree::Not(Box::new(it))),
            inner.prop_map(|it| Tree::IsTrue(Box::new(it))),
            terms.clone().prop_map(Tree::And),
            terms.prop_map(Tree::Or),
        ]
    })
}

proptest! {
    #[test]
    fn a_printed_list_reads_back_as_itself(
        values in proptest::collection::vec(hostile(), 1..6),
        column in "[^\u{0}]{1,6}",
        spelling in spelling(),
    ) {
        let printed = render(&values, &quoted(&column, '"'), spelling);
        let expected = CheckMeaning::OneOf {
            values: values.into_iter().collect(),
            rejects_null: false,
        };
        prop_assert_eq!(meaning(&printed, &column), expected, "{}", printed);
    }

    #[test]
    fn a_meaning_agrees_with_evaluation_row_by_row(tree in tree()) {
        let rows = [Some("A"), Some("B"), Some("C"), Some("elsewhere"), None];
        let accepted = rows.map(|row| evaluate(&tree, row) != Some(false));
        let printed = print(&tree);
        match meaning(&printed, "t") {
            CheckMeaning::RejectsNothing => prop_assert!(accepted.iter().all(|&it| it), "{}", printed),
            CheckMeaning::OneOf { values, rejects_null } => {
                let claimed = rows.map(|row| row.map_or(!rejects_null, |value| values.contains(value)));
                prop_assert_eq!(claimed, accepted, "{}", printed);
            }
            CheckMeaning::Unproved { .. } => {
                prop_assert!(accepted[3] && accepted.contains(&false), "{}", printed);
            }
        }
    }

    #[test]
    fn no_text_is_too_strange(text in "\\PC{0,40}", column in "\\PC{0,5}") {
        let _ = meaning(&text, &column);
    }
}
