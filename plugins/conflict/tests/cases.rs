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
//! - `facts`: `relations`, `columns`, `checks` and `triggers` as
//!   `birth_sdk::testing::conflict` reads them. What is not named is absent,
//!   false, 0 or empty, except that a live constraint is `validated`,
//!   `enforced` and `on_column_alone` unless the case says otherwise, and that
//!   subjects belong to the table `public.registry` where no relation is named;
//! - `expect`: for each subject in the order columns, checks, triggers its
//!   `status` and the codes of its `reasons` in their order.

#![expect(clippy::panic, reason = "a failed case says which one it is")]

use std::collections::BTreeSet;

use birth_conflict::rules::{Conflicts, Reason};
use birth_sdk::testing::{Answer, Settings, conflict::Facts, conflict::answers};
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

#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct Expected {
    status: String,
    reasons: Vec<String>,
}

fn cases() -> Vec<Case> {
    serde_json::from_str(CASES).unwrap_or_else(|error| panic!("cases.json: {error}"))
}

fn judge(case: &Case) -> Vec<Answer> {
    let name = &case.name;
    let judged = answers::<Conflicts>(&case.settings.list(), &case.facts);
    judged.unwrap_or_else(|refusal| panic!("{name}: {refusal:?}"))
}

fn found(answer: &Answer) -> Expected {
    let status = match answer.status {
        0 => "ABSENT",
        1 => "ALREADY_EXISTS_OK",
        2 => "BLOCKED_EXISTING_CONFLICT",
        other => panic!("no status is {other}"),
    };
    Expected {
        status: status.to_owned(),
        reasons: answer.codes().into_iter().map(str::to_owned).collect(),
    }
}

#[test]
fn every_case_gets_the_expected_verdict() {
    let mut wrong = Vec::new();
    for case in cases() {
        let found: Vec<Expected> = judge(&case).iter().map(found).collect();
        if found != case.expect {
            let (name, why, expect) = (&case.name, &case.why, &case.expect);
            wrong.push(format!(
                "{name} ({why})\n  expected {expect:?}\n  found    {found:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_subject_is_blocked_exactly_when_it_has_a_finding() {
    for case in cases() {
        for answer in judge(&case) {
            let is_finding = |severity| severity == Severity::Finding;
            let mut severities = answer.reasons.iter().map(|given| given.kind.severity);
            let blocked = found(&answer).status == "BLOCKED_EXISTING_CONFLICT";
            assert_eq!(severities.any(is_finding), blocked, "{}", case.name);
        }
    }
}

#[test]
fn every_reason_has_a_case_and_its_evidence() {
    let mut given = BTreeSet::new();
    for case in cases() {
        for reason in judge(&case).iter().flat_map(|answer| &answer.reasons) {
            given.insert(reason.kind.code);
            let wants_text = reason.kind.message.contains("{text}");
            assert_eq!(
                reason.text.is_some(),
                wants_text,
                "{}: {reason:?}",
                case.name
            );
            let wants_number = reason.kind.message.contains("{number}");
            assert_eq!(
                reason.number != 0,
                wants_number,
                "{}: {reason:?}",
                case.name
            );
        }
    }
    let known: BTreeSet<&str> = Reason::KINDS.iter().map(|kind| kind.code).collect();
    assert_eq!(given, known);
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

#[test]
fn messages_carry_the_evidence() {
    let all = cases();
    let said = |name: &str| -> Vec<String> {
        let mut named = all.iter().filter(|case| case.name == name);
        let case = named.next().unwrap_or_else(|| panic!("no case {name}"));
        judge(case).iter().flat_map(Answer::messages).collect()
    };
    assert_eq!(
        said("check absent, one row outside"),
        ["rows with a value outside the list: 1, for example 'MAYBE'"]
    );
    assert_eq!(
        said("values differ by case")[1..],
        [
            "the live check does not allow 'IN_SCOPE'",
            "the live check allows 'in_scope' too"
        ]
    );
    assert_eq!(
        said("varchar one too short")[1],
        "the live column holds at most 20 characters"
    );
    assert_eq!(
        said("trigger name held by another function"),
        ["a trigger that calls audit.log_insert() holds the name"]
    );
    assert_eq!(
        said("two triggers call the function"),
        [
            "2 triggers call public.fn_birth_registry_auto(), so one birth may be registered more than once",
            "the trigger trg_birth_orders calls the function",
            "the trigger orders_birth calls the function"
        ]
    );
    assert_eq!(
        said("trigger fires in replica mode only"),
        [
            "the trigger trg_birth_orders fires in replica mode only, not for ordinary sessions: a gap"
        ]
    );
    assert_eq!(
        said("BEFORE INSERT wanted"),
        ["only AFTER INSERT FOR EACH ROW is judged, and the wanted trigger's tgtype is 7"]
    );
}
