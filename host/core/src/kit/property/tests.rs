use super::*;
use crate::kit::facts::{conflict as nested, coverage as covered};

fn answer(status: u8, findings: &[&str]) -> Answer {
    let reason = |code: &&str| Reason {
        code: (*code).to_owned(),
        severity: Severity::Finding,
        message: String::new(),
        weight: 0,
    };
    Answer {
        status,
        scope: 0,
        score: 0,
        reasons: findings.iter().map(reason).collect(),
    }
}

#[test]
fn names_are_unique() {
    let mut names: Vec<&str> = Property::ALL.iter().map(|p| p.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Property::ALL.len());
}

#[test]
fn gaps_are_findings() {
    let facts = Facts::Coverage(covered::Facts {
        collections: vec![covered::Collection::default()],
        ..covered::Facts::default()
    });
    let rows = [
        (answer(2, &["A", "B"]), None),
        (answer(1, &[]), None),
        (
            answer(2, &[]),
            Some("\"\": GAPS without a reason of severity finding"),
        ),
        (answer(1, &["A"]), Some("\"\": the finding A without GAPS")),
        (answer(2, &["A", "A"]), Some("\"\": the same finding twice")),
    ];
    for (answer, expected) in rows {
        let found = contradiction(&facts, &[answer]);
        assert_eq!(found.as_deref(), expected);
    }
}

#[test]
fn a_verdict_on_a_place_fits_the_place() {
    let facts: Result<nested::Facts, _> = serde_json::from_str(
        r#"{"columns": [
            {"name": "a", "wanted": "text"},
            {"name": "b", "wanted": "text", "live": {"type": "text", "type_name": "text"}}
        ], "checks": [{"name": "c", "column": "a", "values": []}],
        "triggers": [{"name": "t", "function": "f", "wanted_type": 5,
            "live": [{"name": "t", "function": "f", "type": 5, "bits": 3}]}]}"#,
    );
    let Ok(facts) = facts else {
        unreachable!("the facts are well-formed");
    };
    let facts = Facts::Conflict(facts);
    let judge = |statuses: [u8; 4]| contradiction(&facts, &statuses.map(|s| answer(s, &[])));
    assert_eq!(judge([0, 1, 0, 1]), None);
    for (statuses, says) in [
        (
            [0, 0, 0, 1],
            "\"column b\": ABSENT, but something holds the name",
        ),
        (
            [1, 1, 0, 1],
            "\"column a\": ALREADY_EXISTS_OK, but nothing is there",
        ),
        (
            [0, 1, 1, 1],
            "\"check c\": ALREADY_EXISTS_OK, but nothing is there",
        ),
        (
            [0, 1, 0, 0],
            "\"trigger t\": ABSENT, but something holds the name",
        ),
        (
            [0, 2, 0, 1],
            "\"column b\": BLOCKED_EXISTING_CONFLICT without a reason of severity finding",
        ),
    ] {
        assert_eq!(judge(statuses).as_deref(), Some(says));
    }
}
