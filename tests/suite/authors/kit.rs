//! The conformance kit finds what it is there to find.

use birth_tests::cli::{Home, Ran};

use super::put;
use crate::guests::{self, Guest};

fn test(bytes: &[u8]) -> Ran {
    let home = Home::new();
    let file = put(&home, "guest.wasm", bytes);
    let command = home.birth(&["plugin", "test", "--format", "json"]);
    let ran = command.arg(file.to_str().unwrap()).run();
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("fault of birth"), "{}", ran.stderr);
    ran
}

/// The properties that failed, with what is said of each.
#[track_caller]
fn failed(ran: &Ran) -> Vec<(String, String)> {
    let report = ran.json();
    assert_eq!(report["ok"], false);
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let kit = report["kit"].as_array().unwrap().clone();
    let failed = kit.iter().filter(|c| c["outcome"] == "failed");
    failed
        .map(|c| (text(&c["property"]), text(&c["detail"])))
        .collect()
}

#[track_caller]
fn fails(bytes: &[u8], property: &str, says: &str) {
    let ran = test(bytes).expect_code(25);
    let failed = failed(&ran);
    let found = failed.iter().find(|(name, _)| name == property);
    let detail = found.map_or("", |(_, detail)| detail.as_str());
    assert!(detail.contains(says), "{property} {says:?}: {failed:?}");
}

#[test]
fn no_hostile_plugin_passes() {
    for (name, bytes, code) in guests::all() {
        let ran = test(&bytes);
        let refused = ran.code == Some(24);
        assert!(refused || ran.code == Some(25), "{name}: {ran:?}");
        if refused {
            let said = &ran.json()["error"]["code"];
            assert_eq!(said, code, "{name}");
        } else {
            assert!(!failed(&ran).is_empty(), "{name}");
        }
    }
}

/// What it does with the settings of a case alone is found as well.
#[test]
fn the_settings_of_the_cases_are_tried() {
    let guest = Guest {
        judge: "(if (i32.load offset=4 (local.get $batch)) (then (unreachable))) (call $answer (local.get $n))"
            .to_owned(),
        ..Guest::default()
    };
    let home = Home::new();
    let file = put(&home, "guest.wasm", guest.build());
    let cases =
        r#"[{"name": "n", "why": "w", "settings": {"mine": 1}, "facts": {}, "expect": []}]"#;
    let cases = put(&home, "cases.json", cases);
    let command = home.birth(&["plugin", "test", "--format", "json"]);
    let command = command.arg(file.to_str().unwrap());
    let ran = command.arg("--cases").arg(cases.to_str().unwrap()).run();
    let failed = failed(&ran.expect_code(25));
    let found = failed.iter().find(|(name, _)| name == "each-once");
    let (_, detail) = found.unwrap();
    assert!(detail.starts_with("with mine = 1: "), "{detail}");
    assert!(detail.contains("trap"), "{detail}");
}

#[test]
fn a_plugin_that_takes_any_setting_fails() {
    let bytes = guests::well_behaved("conflict");
    fails(&bytes, "unknown-setting", "check-settings accepts");
}

/// Which settings there are is known from the cases too.
#[test]
fn a_setting_that_may_be_of_any_type_fails() {
    let home = Home::new();
    let guest = put(&home, "guest.wasm", guests::well_behaved("conflict"));
    let cases =
        r#"[{"name": "n", "why": "w", "settings": {"depth": 1}, "facts": {}, "expect": []}]"#;
    let cases = put(&home, "cases.json", cases);
    let ran = home
        .birth(&["plugin", "test", "--format", "json", "--cases"])
        .arg(cases.to_str().unwrap())
        .arg(guest.to_str().unwrap())
        .run();
    let failed = failed(&ran.expect_code(25));
    let found = failed.iter().find(|(name, _)| name == "setting-type");
    let says = "the setting depth is accepted as truth and as integer and as text and as texts";
    assert_eq!(found.map(|(_, detail)| detail.as_str()), Some(says));
}

#[test]
fn a_plugin_that_refuses_settings_without_naming_them_fails() {
    fails(
        &guests::rejects_settings(),
        "defaults",
        "without any settings it says",
    );
    fails(
        &guests::rejects_settings(),
        "unknown-setting",
        "without naming it",
    );
}

/// It says `ABSENT` of everything, also of what is there.
#[test]
fn a_verdict_that_the_facts_contradict_fails() {
    let bytes = guests::well_behaved("conflict");
    fails(&bytes, "meaning", "ABSENT, but something holds the name");
}

#[test]
fn a_plugin_that_goes_by_the_place_in_the_batch_fails() {
    let bytes = Guest {
        judge: "(local.set $result (call $answer (local.get $n)))
             (if (local.get $n) (then
               (local.set $batch (call $take (local.get $n)))
               (i32.store8 (local.get $batch) (i32.const 2))
               (call $list (i32.add (local.get $result) (i32.const 12)) (local.get $batch) (local.get $n))))
             (local.get $result)"
            .to_owned(),
        ..Guest::default()
    }
    .build();
    fails(&bytes, "order", "status 2");
    fails(&bytes, "batches", "status 2");
}

/// The length of the texts is the fourth word of the batch; only the hostile
/// scenes have texts as long as that.
#[test]
fn a_plugin_that_breaks_on_a_long_text_fails() {
    let bytes = Guest {
        judge: "(if (i32.gt_u (i32.load offset=12 (local.get $batch)) (i32.const 19000))
               (then (unreachable)))
             (call $answer (local.get $n))"
            .to_owned(),
        ..Guest::default()
    }
    .build();
    fails(&bytes, "hostile", "PLUGIN_TRAPPED");
}

#[test]
fn what_builds_on_answers_is_not_run_without_them() {
    let ran = test(&guests::traps()).expect_code(25);
    let report = ran.json();
    let kit = report["kit"].as_array().unwrap();
    let outcome = |name: &str| {
        let checked = kit.iter().find(|c| c["property"] == name).unwrap();
        checked["outcome"].as_str().unwrap().to_owned()
    };
    assert_eq!(outcome("description"), "passed");
    assert_eq!(outcome("each-once"), "failed");
    for later in ["order", "batches", "repeatable", "hostile", "meaning"] {
        assert_eq!(outcome(later), "not-run");
    }
}
