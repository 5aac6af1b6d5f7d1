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
//! - `collection`: as `birth_sdk::testing::classification` reads it;
//! - `expect`: `status`, `scope`, and where the case is about them `score`, the
//!   codes of the `reasons` in their order, and their `messages`.

#![expect(clippy::panic, reason = "a failed case says which one it is")]

use std::collections::BTreeSet;

use birth_classification::rules::{Classes, EVIDENCE, Reason};
use birth_sdk::Reason as _;
use birth_sdk::testing::classification::{Collection, Facts, answers};
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
    collection: Collection,
    expect: Expected,
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

const STATUSES: [&str; 5] = ["REQUIRED", "JUNCTION", "LOG", "CACHE", "DEFERRED"];
const SCOPES: [&str; 5] = [
    "IN_SCOPE",
    "USER_EXCLUDED",
    "FUTURE_SCOPE",
    "ORPHAN_REGISTRY",
    "SYSTEM_MANAGED",
];

fn cases() -> Vec<Case> {
    serde_json::from_str(CASES).unwrap_or_else(|error| panic!("cases.json: {error}"))
}

fn judge(case: &Case) -> Answer {
    let facts = Facts {
        collections: vec![case.collection.clone()],
    };
    let judged = answers::<Classes>(&case.settings.list(), &facts);
    let mut judged = judged.unwrap_or_else(|refusal| panic!("{}: {refusal:?}", case.name));
    judged
        .pop()
        .unwrap_or_else(|| panic!("{}: no answer", case.name))
}

fn is_expected(expect: &Expected, answer: &Answer) -> bool {
    let texts = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect::<Vec<_>>();
    STATUSES[usize::from(answer.status)] == expect.status
        && SCOPES[usize::from(answer.scope)] == expect.scope
        && expect.score.is_none_or(|score| score == answer.score)
        && (expect.reasons.as_ref()).is_none_or(|codes| *codes == texts(answer.codes()))
        && (expect.messages.as_ref()).is_none_or(|messages| *messages == answer.messages())
}

#[test]
fn every_case_gets_the_expected_verdict() {
    let mut wrong = Vec::new();
    for case in cases() {
        let answer = judge(&case);
        if !is_expected(&case.expect, &answer) {
            let (status, scope) = (answer.status, answer.scope);
            wrong.push(format!(
                "{} ({})\n  expected {:?}\n  found    {} {} {} {:?} {:?}",
                case.name,
                case.why,
                case.expect,
                STATUSES[usize::from(status)],
                SCOPES[usize::from(scope)],
                answer.score,
                answer.codes(),
                answer.messages()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_reason_beside_the_evidence_has_a_case() {
    let judged: Vec<Answer> = cases().iter().map(judge).collect();
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
    let product = &template[0].collection;
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
    let mut wide = template[0].collection.clone();
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
