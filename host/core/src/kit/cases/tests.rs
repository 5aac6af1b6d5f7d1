#![expect(clippy::unwrap_used, reason = "tests state what they expect")]
use super::*;
use crate::policy::verdict::{Reason, Severity};

const FILE: &str = r#"[
  {
    "name": "expect", "why": "a text that reads \"expect\": [1]",
    "facts": {"storage_ready": true, "collections": [{"key": "expect"}, {"key": "b"}]},
    "expect" :  [{"status": "COVERED", "reasons": []}, {"status": "GAPS"}]
  },
  {
    "expect": [],
    "name": "two", "why": "nothing expected yet",   "settings": {"a": 1, "b": ["x"]},
    "facts": {"collections": [{"key": "c"}]}
  }
]
"#;

fn answer(status: u8, codes: &[&str]) -> Answer {
    let reason = |code: &&str| Reason {
        code: (*code).to_owned(),
        severity: Severity::Note,
        message: format!("says {code}"),
        weight: 0,
    };
    Answer {
        status,
        scope: 0,
        score: 7,
        reasons: codes.iter().map(reason).collect(),
    }
}

fn shown(differences: &[Difference]) -> Vec<String> {
    let lines = |d: &Difference| {
        let mark = |line: &Line| match line.mark {
            Mark::Same => format!("  {}", line.text),
            Mark::Expected => format!("- {}", line.text),
            Mark::Found => format!("+ {}", line.text),
        };
        let lines: Vec<String> = d.lines.iter().map(mark).collect();
        format!("{}\n{}", d.subject, lines.join("\n"))
    };
    differences.iter().map(lines).collect()
}

#[test]
fn what_is_not_expected_is_not_compared() {
    let cases = parse(Role::Coverage, FILE).unwrap();
    let answers = [answer(1, &[]), answer(2, &["A"])];
    assert_eq!(differences(&cases[0], &answers), []);
    let answers = [answer(1, &["A", "B"]), answer(1, &[])];
    assert_eq!(
        shown(&differences(&cases[0], &answers)),
        [
            "expect\n  status  COVERED\n+ reason  A\n+ reason  B",
            "b\n- status  GAPS\n+ status  COVERED"
        ]
    );
}

#[test]
fn a_subject_too_few_or_too_many_is_a_difference() {
    let cases = parse(Role::Coverage, FILE).unwrap();
    let found = differences(&cases[0], &[answer(1, &[])]);
    assert_eq!(shown(&found), ["b\n- status  GAPS"]);
    let found = differences(&cases[1], &[answer(0, &["A"])]);
    assert_eq!(shown(&found), ["c\n+ status  NOT_GOVERNED\n+ reason  A"]);
}

#[test]
fn reasons_are_compared_in_their_order() {
    let mut case = parse(Role::Coverage, FILE).unwrap().remove(0);
    let codes = ["A", "B", "C"].map(str::to_owned).to_vec();
    case.expect[0].reasons = Some(codes);
    let answers = [answer(1, &["B", "X", "C"]), answer(2, &[])];
    assert_eq!(
        shown(&differences(&case, &answers)),
        ["expect\n  status  COVERED\n- reason  A\n  reason  B\n+ reason  X\n  reason  C"]
    );
}

#[test]
fn accepting_changes_nothing_else() {
    let cases = parse(Role::Coverage, FILE).unwrap();
    let expect = |case: &Case, answers: &[Answer]| -> Vec<Expected> {
        let entry = |(i, a): (usize, &Answer)| Expected::of(Role::Coverage, a, case.expect.get(i));
        answers.iter().enumerate().map(entry).collect()
    };
    let first = expect(&cases[0], &[answer(0, &["A"]), answer(1, &["\"]"])]);
    let second = expect(&cases[1], &[answer(1, &["B", "C"])]);
    let text = accept(FILE, 2, &[(0, first), (1, second)]).unwrap();
    let expected = FILE
        .replace(
            r#"[{"status": "COVERED", "reasons": []}, {"status": "GAPS"}]"#,
            "[\n      {\"status\": \"NOT_GOVERNED\", \"reasons\": [\"A\"]},\n      {\"status\": \"COVERED\"}\n    ]",
        )
        .replace(
            "\"expect\": [],",
            "\"expect\": [{\"status\": \"COVERED\", \"reasons\": [\"B\", \"C\"]}],",
        );
    assert_eq!(text, expected);
    assert_eq!(parse(Role::Coverage, &text).unwrap().len(), 2);
    assert_eq!(accept(FILE, 2, &[]).as_deref(), Ok(FILE));
}

#[test]
fn a_key_that_is_not_written_plainly_is_not_changed() {
    let text = FILE.replace("\"expect\": []", "\"e\\u0078pect\": []");
    assert_eq!(parse(Role::Coverage, &text).unwrap().len(), 2);
    let refused = accept(&text, 2, &[]);
    assert_eq!(refused, Err(SpliceError { cases: 2, found: 1 }));
}

#[test]
fn what_is_wrong_is_named() {
    let rows = [
        ("{}", "it is not a list of cases of the role `coverage`"),
        ("[", "EOF while parsing"),
        (
            &FILE.replace("\"two\"", "\"expect\""),
            "two cases are called \"expect\"",
        ),
        (
            &FILE.replace("\"GAPS\"", "\"GAP\""),
            "case \"expect\" expects the status \"GAP\", which the role `coverage` does not know; \
             it knows NOT_GOVERNED, COVERED, GAPS",
        ),
        (
            &FILE.replace("\"GAPS\"", "\"GAPS\", \"scope\": \"IN_SCOPE\""),
            "it has no scope",
        ),
        (
            &FILE.replace("\"key\": \"c\"", "\"kee\": \"c\""),
            "unknown field `kee`",
        ),
        (
            &FILE.replace("\"a\": 1", "\"a\": 1.5"),
            "a setting is true or false",
        ),
        (
            &FILE.replace("\"key\": \"c\"", "\"kind\": 10"),
            "10 is no kind of relation",
        ),
    ];
    for (text, says) in rows {
        let error = parse(Role::Coverage, text).unwrap_err().to_string();
        assert!(error.contains(says), "{says:?} is not in: {error}");
    }
    // Facts of another role.
    assert!(parse(Role::Conflict, FILE).is_err());
}
