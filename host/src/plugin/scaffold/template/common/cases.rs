//! The rules against `cases.json`, natively. `birth plugin test .` puts the same
//! cases to the component.
//!
//! A case has a unique `name`, `why`, `settings` (optional), `facts` as
//! `birth_sdk::testing::PLUGIN_ROLE` reads them, and `expect`: for each subject its
//! `status` and, where the case is about them, its `scope`, its `score`, the codes
//! of its `reasons` in their order, and their `messages`.

use std::collections::BTreeSet;

use birth_sdk::Reason as _;
use birth_sdk::testing::PLUGIN_ROLE::{Facts, answers};
use birth_sdk::testing::{Answer, Settings};
use serde::Deserialize;

use PLUGIN_CRATE::rules::{Reason, Rules};

PLUGIN_WORDS

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
    scope: Option<String>,
    score: Option<i32>,
    reasons: Option<Vec<String>>,
    messages: Option<Vec<String>>,
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("cases.json")).expect("cases.json is a list of cases")
}

fn judge(case: &Case) -> Vec<Answer> {
    answers::<Rules>(&case.settings.list(), &case.facts)
        .unwrap_or_else(|refusal| panic!("{}: {refusal:?}", case.name))
}

fn is_expected(expected: &Expected, answer: &Answer) -> bool {
    let word = |words: &[&'static str], number: u8| words.get(usize::from(number)).copied();
    let has_scope = |scope: &String| word(SCOPES, answer.scope) == Some(scope);
    let has_codes = |codes: &Vec<String>| answer.codes().iter().eq(codes.iter());
    word(STATUSES, answer.status) == Some(&expected.status)
        && expected.scope.as_ref().is_none_or(has_scope)
        && expected.score.is_none_or(|score| score == answer.score)
        && expected.reasons.as_ref().is_none_or(has_codes)
        && (expected.messages.as_ref()).is_none_or(|said| *said == answer.messages())
}

#[test]
fn every_case_gets_the_expected_verdict() {
    for case in cases() {
        let found = judge(&case);
        assert_eq!(found.len(), case.expect.len(), "{}", case.name);
        for (expected, found) in case.expect.iter().zip(&found) {
            let (name, why) = (&case.name, &case.why);
            assert!(
                is_expected(expected, found),
                "{name} ({why})\n  expected {expected:?}\n  found    {found:?}"
            );
        }
    }
}

#[test]
fn every_reason_has_a_case() {
    let judged: Vec<Answer> = cases().iter().flat_map(judge).collect();
    let given: BTreeSet<&str> = judged.iter().flat_map(Answer::codes).collect();
    let known: BTreeSet<&str> = Reason::KINDS.iter().map(|kind| kind.code).collect();
    assert_eq!(given, known);
}
