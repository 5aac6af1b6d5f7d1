//! The author's cases: differences, accepting, and files that are no cases.

use birth_tests::cli::{Home, Ran};
use serde_json::json;

use super::{approved, put};
use crate::guests;

const CASES: &str = r#"[
  {"name": "a gap",   "why": "no trigger \u001b[31m", "facts": {"storage_ready": true, "collections": [
    {"key": "orders", "role": "governed", "name": "orders", "kind": 1, "coverage_status": "BIRTH_REQUIRED", "decided_at": 0, "decided_by": "ada", "species_mappings": 1}]},
   "expect": [{"status": "COVERED", "reasons": ["POLICY_UNDECIDED"]}] },
  {"name": "nobody's", "why": "no role", "facts": {"storage_ready": true, "collections": [{"key": "x"}]},
   "expect": [{"status": "NOT_GOVERNED"}]}
]
"#;

fn test(home: &Home, arguments: &[&str]) -> Ran {
    let command = ["plugin", "test", &approved("coverage")];
    let command = [&command[..], arguments].concat();
    home.birth(&command).run()
}

#[test]
fn a_case_that_is_answered_otherwise_is_shown_line_by_line() {
    let home = Home::new();
    let file = put(&home, "cases.json", CASES);
    let file = file.to_str().unwrap();
    let ran = test(&home, &["--cases", file]).expect_code(30);
    for line in [
        "1 of 2 as expected",
        "FAILED   a gap",
        "no trigger \\u{1b}[31m",
        "           - status  COVERED",
        "           - reason  POLICY_UNDECIDED",
        "           + status  GAPS",
        "           + reason  TRIGGER_MISSING",
        "`--accept` writes it",
    ] {
        assert!(ran.stdout.contains(line), "no {line:?} in:\n{}", ran.stdout);
    }
    let coloured = test(&home, &["--cases", file, "--color", "always"]);
    let red = "\u{1b}[31m- status  COVERED\u{1b}[0m";
    assert!(coloured.stdout.contains(red), "{:?}", coloured.stdout);

    let report = test(&home, &["--cases", file, "--format", "json"]);
    let report = report.expect_code(30).json();
    assert_eq!(report["ok"], false);
    let failed = &report["cases"]["failed"];
    assert_eq!(failed.as_array().unwrap().len(), 1);
    assert_eq!(failed[0]["outcome"], "differs");
    let lines = &failed[0]["differences"][0]["lines"];
    assert_eq!(
        lines[0],
        json!({"mark": "expected", "text": "status  COVERED"})
    );
}

#[test]
fn accepting_writes_what_came_and_nothing_else() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::new();
    let file = put(&home, "cases.json", CASES);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    let name = file.to_str().unwrap();
    let ran = test(&home, &["--cases", name, "--accept"]).expect_code(0);
    assert!(ran.stdout.contains("1 cases accepted"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("FAILED"), "{}", ran.stdout);
    let text = std::fs::read_to_string(&file).unwrap();
    let (from, to) = (
        r#"[{"status": "COVERED", "reasons": ["POLICY_UNDECIDED"]}]"#,
        r#"[{"status": "GAPS", "reasons": ["TRIGGER_MISSING"]}]"#,
    );
    assert_eq!(text, CASES.replace(from, to));
    let rights = std::fs::metadata(&file).unwrap().permissions();
    assert_eq!(rights.mode() & 0o777, 0o640);
    test(&home, &["--cases", name]).expect_code(0);
    // Nothing is left beside it.
    let entries = std::fs::read_dir(home.path()).unwrap();
    let names = entries.map(|e| e.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|n| n.contains("cases")).count(), 1);
}

#[test]
fn a_case_that_stops_the_plugin_is_not_accepted() {
    let home = Home::new();
    let text = CASES.replace(
        "\"why\": \"no role\"",
        "\"why\": \"x\", \"settings\": {\"no-such\": 1}",
    );
    let file = put(&home, "cases.json", &text);
    let arguments = [
        "--cases",
        file.to_str().unwrap(),
        "--accept",
        "--format",
        "json",
    ];
    let report = test(&home, &arguments).expect_code(30).json();
    let failed = report["cases"]["failed"].as_array().unwrap();
    let stopped = failed.iter().find(|f| f["outcome"] == "stopped").unwrap();
    assert_eq!(stopped["code"], "PLUGIN_SETTINGS_REJECTED");
    assert_eq!(report["cases"]["accepted"], 1);
}

#[test]
fn files_that_are_no_cases_are_refused_by_name() {
    let home = Home::new();
    let conflict = r#"[{"name": "n", "why": "w", "facts": {"columns": []}, "expect": []}]"#;
    let rows = [
        ("not json", "expected ident at line 1"),
        ("{}", "is not a list of cases of the role `coverage`"),
        (conflict, "unknown field `columns`"),
        (
            &CASES.replace("nobody's", "a gap"),
            "two cases are called \"a gap\"",
        ),
        (
            &CASES.replace("NOT_GOVERNED", "NOTHING"),
            "expects the status \"NOTHING\"",
        ),
        (
            &CASES.replace("\"kind\": 1", "\"kind\": 99"),
            "99 is no kind of relation",
        ),
        (
            &CASES.replace(
                "\"why\": \"no role\"",
                "\"why\": \"x\", \"settings\": {\"a\": 1.5}",
            ),
            "a setting is true or false, an integer, a text or a list of texts",
        ),
    ];
    for (text, says) in rows {
        let file = put(&home, "cases.json", text);
        for flag in [&["--cases"][..], &["--accept", "--cases"]] {
            let ran = test(&home, &[flag, &[file.to_str().unwrap()]].concat()).expect_code(20);
            assert!(ran.stderr.contains(says), "no {says:?} in {}", ran.stderr);
            assert!(ran.stderr.contains("[CASES_NOT_USABLE]"), "{}", ran.stderr);
        }
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    }
    test(&home, &["--cases", "nowhere.json"]).expect_code(28);
    let ran = test(&home, &["--accept"]).expect_code(20);
    assert!(ran.stderr.contains("[NO_CASES]"), "{}", ran.stderr);
    // A list of none tries nothing, and that is no success.
    let none = put(&home, "none.json", "[]");
    let ran = test(&home, &["--cases", none.to_str().unwrap()]).expect_code(20);
    assert!(ran.stderr.contains("[NO_CASES]"), "{}", ran.stderr);
}

/// What a plugin that fails the kit says now, it may not say again.
#[test]
fn nothing_is_accepted_from_a_plugin_that_fails_the_kit() {
    let home = Home::new();
    let plugin = put(&home, "guest.wasm", guests::well_behaved("coverage"));
    let file = put(&home, "cases.json", CASES);
    let command = ["plugin", "test", plugin.to_str().unwrap(), "--accept"];
    let command = home.birth(&command).arg("--cases");
    let ran = command.arg(file.to_str().unwrap()).run().expect_code(25);
    assert!(ran.stdout.contains("Nothing is accepted"), "{}", ran.stdout);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), CASES);
}
