//! The settings of the conflict policy: defaults, and what is refused.

use birth_conflict::rules::Conflicts;
use birth_sdk::SettingValue;
use birth_sdk::testing;
use birth_sdk::testing::conflict::{Facts, answers};

fn problems(given: &[(&str, SettingValue)]) -> Vec<String> {
    testing::problems(given, |settings| {
        answers::<Conflicts>(settings, &Facts::default())
    })
}

#[test]
fn no_settings_are_a_complete_policy() {
    assert_eq!(problems(&[]), [""; 0]);
}

#[test]
fn every_known_setting_is_accepted() {
    let given = [
        ("accept-always-enabled", SettingValue::Truth(false)),
        ("accept-constraint-trigger", SettingValue::Truth(true)),
        ("accept-not-validated", SettingValue::Truth(false)),
        ("accept-other-trigger-name", SettingValue::Truth(false)),
        ("accept-row-moves", SettingValue::Truth(false)),
        ("accept-unproved-neighbours", SettingValue::Truth(false)),
        ("accept-varchar", SettingValue::Truth(false)),
        ("shortest-free-text", SettingValue::Integer(10_485_760)),
    ];
    assert_eq!(problems(&given), [""; 0]);
}

#[test]
fn every_problem_is_named() {
    let given = [
        ("accept-varchar", SettingValue::Text("no".to_owned())),
        ("accept-varchars", SettingValue::Truth(false)),
        ("shortest-free-text", SettingValue::Integer(0)),
    ];
    let expected = [
        "shortest-free-text: 0 is not within 1 to 10485760",
        "accept-varchar: must be true or false, not a text",
        "accept-varchars: is not known; known are accept-always-enabled, \
         accept-constraint-trigger, accept-not-validated, accept-other-trigger-name, \
         accept-row-moves, accept-unproved-neighbours, accept-varchar, shortest-free-text",
    ];
    assert_eq!(problems(&given), expected);
    let above = [("shortest-free-text", SettingValue::Integer(10_485_761))];
    assert_eq!(problems(&above).len(), 1);
}
