//! The rules against `cases.json`, natively: roles, kinds of relations,
//! settings, margins and queues. Evidence has its cases in
//! `corpus/own/evidence.shapes`.
//!
//! # The file
//!
//! A list of cases. Each has
//!
//! - `name`, unique, and `why`: the rule that the case shows;
//! - `settings` (optional): an object of texts, whole numbers or lists of texts;
//! - `facts`: `collections` as `birth_sdk::testing::classification` reads them;
//! - `expect`: for each collection its `status`, `scope`, and where the case is
//!   about them `score`, the codes of the `reasons` in their order, and their
//!   `messages`.
//!
//! `birth plugin test` puts the same file to the component.

#![expect(clippy::panic, reason = "a failed case says which one it is")]

use std::collections::BTreeSet;

use birth_classification::rules::{Classes, EVIDENCE, Reason};
use birth_sdk::Reason as _;
use birth_sdk::classification::{Scope, Status};
use birth_sdk::testing::classification::{Facts, answers};
use birth_sdk::testing::{Answer, Settings};
use serde::Deserialize;

const CASES: &str = include_str!("cases.json");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    why: String,
    #[serde(default)]
    settings: Settings,
    facts: Facts,
    expect: Vec<Expected>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    status: String,
    scope: String,
    score: Option<i32>,
    reasons: Option<Vec<String>>,
    messages: Option<Vec<String>>,
}

fn cases() -> Vec<Case> {
    serde_json::from_str(CASES).unwrap_or_else(|error| panic!("cases.json: {error}"))
}

fn judge(case: &Case) -> Vec<Answer> {
    let judged = answers::<Classes>(&case.settings.list(), &case.facts);
    judged.unwrap_or_else(|refusal| panic!("{}: {refusal:?}", case.name))
}

fn is_expected(expect: &Expected, answer: &Answer) -> bool {
    let texts = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect::<Vec<_>>();
    Status::WORDS[usize::from(answer.status)].0 == expect.status
        && Scope::WORDS[usize::from(answer.scope)].0 == expect.scope
        && expect.score.is_none_or(|score| score == answer.score)
        && (expect.reasons.as_ref()).is_none_or(|codes| *codes == texts(answer.codes()))
        && (expect.messages.as_ref()).is_none_or(|messages| *messages == answer.messages())
}

#[test]
fn every_case_gets_the_expected_verdict() {
    let mut wrong = Vec::new();
    for case in cases() {
        let found = judge(&case);
        let is_right = found.len() == case.expect.len()
            && (case.expect.iter().zip(&found))
                .all(|(expected, found)| is_expected(expected, found));
        if !is_right {
            let (name, why, expect) = (&case.name, &case.why, &case.expect);
            wrong.push(format!(
                "{name} ({why})\n  expected {expect:?}\n  found    {found:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_reason_beside_the_evidence_has_a_case() {
    let judged: Vec<Answer> = cases().iter().flat_map(judge).collect();
    let given: BTreeSet<&str> = judged.iter().flat_map(Answer::codes).collect();
    let others = Reason::KINDS[EVIDENCE.len()..].iter().map(|kind| kind.code);
    // The points of the other contenders have their shapes in the corpus.
    let lacking: Vec<&str> = others.filter(|code| !given.contains(code)).collect();
    assert_eq!(lacking, ["JUNCTION_HAS", "LOG_HAS"]);
}

#[test]
fn names_of_cases_are_unique() {
    let mut names = BTreeSet::new();
    for case in cases() {
        assert!(names.insert(case.name.clone()), "{}", case.name);
    }
}

#[test]
fn hostile_names_are_names() {
    let long = "n".repeat(63);
    let names = [
        "",
        "'",
        "\"; DROP TABLE x; --",
        "\n\t",
        "{text}",
        "日本語",
        "_id",
        "ID",
        "__",
        "é_id",
        "\u{0}",
        &long,
    ];
    let template = cases();
    let product = &template[0].facts.collections[0];
    for name in names {
        let mut collection = product.clone();
        collection.name = Some(name.to_owned());
        collection.key = name.to_owned();
        for (at, column) in collection.columns.iter_mut().enumerate() {
            column.name = format!("{name}{at}");
            column.type_name = name.to_owned();
        }
        let facts = Facts {
            collections: vec![collection],
        };
        let judged = answers::<Classes>(&[], &facts);
        assert_eq!(judged.map(|answers| answers.len()), Ok(1), "{name:?}");
    }
}

#[test]
fn columns_beyond_those_looked_at_do_no_harm() {
    let template = cases();
    let mut wide = template[0].facts.collections[0].clone();
    let spare = wide.columns[1].clone();
    for at in 0..1600 {
        let mut column = spare.clone();
        column.name = format!("note_{at}");
        wide.columns.push(column);
    }
    wide.indexes[0].columns = vec![Some(1500), Some(0), Some(1400)];
    let facts = Facts {
        collections: vec![wide],
    };
    let judged = answers::<Classes>(&[], &facts);
    let statuses = judged.map(|answers| answers.iter().map(|answer| answer.status).collect());
    assert_eq!(statuses, Ok(vec![0]));
}
