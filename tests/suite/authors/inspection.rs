//! `birth plugin inspect`, of files that nobody should trust too.

use birth_core::digest::Digest;
use birth_tests::cli::{Home, Ran};

use super::{approved, put, with_custom_section};
use crate::guests;

fn inspect(bytes: &[u8]) -> Ran {
    let home = Home::new();
    let file = put(&home, "guest.wasm", bytes);
    let command = home.birth(&["plugin", "inspect", "--format", "json"]);
    command.arg(file.to_str().unwrap()).run()
}

#[test]
fn an_approved_component_is_described_whole() {
    let home = Home::new();
    let file = approved("coverage");
    let ran = home
        .birth(&["plugin", "inspect", &file, "--format", "json"])
        .run();
    let found = ran.expect_code(0).json();
    let bytes = std::fs::read(&file).unwrap();
    assert_eq!(found["sha256"], Digest::of(&bytes).to_string());
    assert_eq!(found["bytes"], bytes.len());
    assert_eq!(found["world"], "coverage-plugin");
    assert_eq!(found["wit"], "0.1.0");
    assert_eq!(found["anatomy"]["form"], "component");
    assert_eq!(found["anatomy"]["imports"].as_array().unwrap().len(), 0);
    assert_eq!(found["anatomy"]["memories"], 1);
    assert_eq!(found["pin"]["role"], "coverage");
    assert!(
        found["pin"]["builder"]
            .as_str()
            .unwrap()
            .starts_with("rustc")
    );
    assert_eq!(found["description"]["name"], "birth-coverage");
    let settings = found["settings"]["settings"].as_array().unwrap();
    let known = settings
        .iter()
        .find(|s| s["key"] == "require-decided-at")
        .unwrap();
    assert_eq!(known["accepts"], serde_json::json!(["truth"]));
    assert_eq!(found["problems"].as_array().unwrap().len(), 0);

    let ran = home
        .birth(&["plugin", "inspect", &file])
        .run()
        .expect_code(0);
    for says in [
        "imports    none",
        "start functions: 0",
        "It names 15 settings",
        "nothing is wrong",
    ] {
        assert!(ran.stdout.contains(says), "no {says:?} in {}", ran.stdout);
    }
}

/// What can be seen without asking it to judge is said, whatever the file is.
#[test]
fn a_hostile_file_is_called_what_it_is() {
    for (name, bytes, code) in guests::all() {
        let ran = inspect(&bytes);
        assert!(!ran.stderr.contains("panicked"), "{name}: {}", ran.stderr);
        let found = ran.json();
        let problems = found["problems"].as_array().unwrap();
        assert_eq!(found["sha256"], Digest::of(&bytes).to_string(), "{name}");
        let seen = name.starts_with("describes-")
            || name.ends_with("-at-start")
            || name == "rejects-settings"
            || (code != "PLUGIN_WRONG_ROLE" && is_refused(code));
        if seen {
            let codes: Vec<&str> = problems
                .iter()
                .map(|p| p["code"].as_str().unwrap())
                .collect();
            assert!(codes.contains(&code), "{name}: {codes:?}");
            let exit = if is_refused(code) { 24 } else { 25 };
            assert_eq!(ran.code, Some(exit), "{name}: {ran:?}");
        }
    }
}

fn is_refused(code: &str) -> bool {
    [
        "PLUGIN_OVER_LIMIT",
        "PLUGIN_COMPILE",
        "PLUGIN_HAS_IMPORTS",
        "PLUGIN_WRONG_WIT_VERSION",
        "PLUGIN_WRONG_INTERFACE",
        "PLUGIN_NOT_A_COMPONENT",
        "PLUGIN_SETTINGS_REJECTED",
    ]
    .contains(&code)
}

#[test]
fn a_lie_about_role_or_version_shows() {
    let other = inspect(&guests::speaks_another_version())
        .expect_code(24)
        .json();
    assert_eq!(other["wit"], "0.2.0");
    assert_eq!(other["problems"][0]["code"], "PLUGIN_WRONG_WIT_VERSION");
    // A role is what is exported, whatever the file is called.
    let coverage = inspect(&guests::well_behaved("coverage")).json();
    assert_eq!(coverage["world"], "coverage-plugin");
}

#[test]
fn imports_memories_and_start_functions_are_counted() {
    let clock = inspect(&guests::imports_a_clock()).expect_code(24).json();
    let imports = &clock["anatomy"]["imports"];
    assert_eq!(*imports, serde_json::json!(["birth:policy/clock@0.1.0"]));
    let two = inspect(&guests::has_two_memories()).expect_code(24).json();
    assert_eq!(two["anatomy"]["memories"], 2);
    let start = inspect(&guests::loops_at_start()).expect_code(25).json();
    assert_eq!(start["anatomy"]["start_functions"], 1);
    assert_eq!(start["problems"][0]["code"], "PLUGIN_OUT_OF_FUEL");
}

#[test]
fn custom_sections_are_listed_and_bounded() {
    let plugin = std::fs::read(approved("coverage")).unwrap();
    let some = inspect(&with_custom_section(&plugin, 1000))
        .expect_code(0)
        .json();
    let sections = some["anatomy"]["custom_sections"].as_array().unwrap();
    let note = sections.iter().find(|s| s["name"] == "note").unwrap();
    assert_eq!(note["bytes"], 1000);
    assert_eq!(some["pin"], serde_json::Value::Null);

    let many = inspect(&with_custom_section(&plugin, 2 << 20)).expect_code(24);
    let problem = &many.json()["problems"][0];
    assert_eq!(problem["code"], "PLUGIN_OVER_LIMIT");
    let message = problem["message"].as_str().unwrap();
    assert!(message.contains("bytes in custom sections"), "{message}");

    // Larger than any file may be: not even read to its end.
    let huge = inspect(&with_custom_section(&plugin, 17 << 20)).expect_code(24);
    assert_eq!(huge.json()["error"]["code"], "PLUGIN_OVER_LIMIT");
}

#[test]
fn names_in_a_file_cannot_write_to_the_terminal() {
    let home = Home::new();
    let mut bytes = std::fs::read(approved("coverage")).unwrap();
    bytes.extend_from_slice(&[0, 7, 6]);
    bytes.extend_from_slice(b"\x1b[31m\n");
    let file = put(&home, "guest.wasm", &bytes);
    let ran = home
        .birth(&["plugin", "inspect", file.to_str().unwrap()])
        .run();
    assert!(!ran.stdout.contains('\u{1b}'), "{:?}", ran.stdout);
    assert!(ran.stdout.contains("u{1b}"), "{:?}", ran.stdout);
}
