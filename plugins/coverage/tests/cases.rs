//! The rules against `cases.json`, natively. The whole program's tests run the
//! same file through the component.
//!
//! # The file
//!
//! A list of cases. Each has
//!
//! - `name`, unique, and `why`: the rule that the case shows;
//! - `settings` (optional): an object of texts, whole numbers, truths or lists
//!   of texts;
//! - `facts`: `storage_ready`, `now` and `collections` as
//!   `birth_sdk::testing::coverage` reads them; what is not named is absent, 0
//!   or empty;
//! - `expect`: for each collection its `status`, the codes of its `reasons` in
//!   their order and, where the case is about them, their `messages`.

#![expect(clippy::panic, reason = "a failed case says which one it is")]

use std::collections::{BTreeMap, BTreeSet};

use birth_coverage::rules::{Coverage, Reason};
use birth_sdk::testing::coverage::{Facts, answers};
use birth_sdk::testing::{Answer, Settings};
use birth_sdk::{Reason as _, Severity};
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
    reasons: Vec<String>,
    messages: Option<Vec<String>>,
}

fn cases() -> Vec<Case> {
    serde_json::from_str(CASES).unwrap_or_else(|error| panic!("cases.json: {error}"))
}

fn judge(case: &Case) -> Vec<Answer> {
    let judged = answers::<Coverage>(&case.settings.list(), &case.facts);
    judged.unwrap_or_else(|refusal| panic!("{}: {refusal:?}", case.name))
}

const STATUSES: [&str; 3] = ["NOT_GOVERNED", "COVERED", "GAPS"];

fn is_expected(expected: &Expected, answer: &Answer) -> bool {
    STATUSES[usize::from(answer.status)] == expected.status
        && answer.codes() == expected.reasons
        && (expected.messages.as_ref()).is_none_or(|messages| *messages == answer.messages())
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
fn a_collection_has_gaps_exactly_when_it_has_a_finding() {
    for case in cases() {
        for answer in judge(&case) {
            let mut given = answer.reasons.iter();
            let has_finding = given.any(|given| given.kind.severity == Severity::Finding);
            assert_eq!(answer.status == 2, has_finding, "{}", case.name);
            assert_eq!((answer.scope, answer.score), (0, 0), "{}", case.name);
        }
    }
}

/// A finding's fingerprint is made from the key and the code: twice the same
/// code would be twice the same finding.
#[test]
fn no_finding_is_given_twice() {
    for case in cases() {
        for answer in judge(&case) {
            let mut seen = BTreeSet::new();
            for given in &answer.reasons {
                let is_new = seen.insert(given.kind.code);
                assert!(
                    is_new || given.kind.severity == Severity::Note,
                    "{}: {given:?}",
                    case.name
                );
            }
        }
    }
}

#[test]
fn every_reason_has_a_case_and_its_evidence() {
    let mut given = BTreeSet::new();
    for case in cases() {
        for reason in judge(&case).iter().flat_map(|answer| &answer.reasons) {
            given.insert(reason.kind.code);
            let message = reason.kind.message;
            let has = (reason.text.is_some(), reason.number != 0);
            let wants = (message.contains("{text}"), message.contains("{number}"));
            assert_eq!(has, wants, "{}: {reason:?}", case.name);
        }
    }
    let known: BTreeSet<&str> = Reason::KINDS.iter().map(|kind| kind.code).collect();
    assert_eq!(given, known);
}

/// The severity belongs to the code, so a switch of a setting changes the code,
/// and people must recognise the one in the other.
#[test]
fn every_warning_has_a_finding_that_says_the_same() {
    let by_code: BTreeMap<&str, _> = Reason::KINDS.iter().map(|kind| (kind.code, kind)).collect();
    for kind in Reason::KINDS {
        let finding = kind.code.strip_prefix("WARN_");
        assert_eq!(finding.is_some(), kind.severity == Severity::Warning);
        if let Some(code) = finding {
            let found = by_code.get(code).map(|kind| (kind.severity, kind.message));
            assert_eq!(found, Some((Severity::Finding, kind.message)), "{code}");
        }
    }
}

#[test]
fn names_are_unique() {
    let mut names = BTreeSet::new();
    for case in cases() {
        assert!(
            names.insert(case.name.clone()),
            "{} is used twice",
            case.name
        );
    }
}
