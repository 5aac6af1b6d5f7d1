//! The settings of the coverage policy: defaults, and what is refused.

use birth_coverage::rules::Coverage;
use birth_sdk::SettingValue;
use birth_sdk::testing;
use birth_sdk::testing::coverage::{Facts, answers};

fn problems(given: &[(&str, SettingValue)]) -> Vec<String> {
    testing::problems(given, |settings| {
        answers::<Coverage>(settings, &Facts::default())
    })
}

fn texts(words: &[&str]) -> SettingValue {
    SettingValue::Texts(words.iter().map(|word| (*word).to_owned()).collect())
}

#[test]
fn no_settings_are_a_complete_policy() {
    assert_eq!(problems(&[]), [""; 0]);
}

#[test]
fn every_known_setting_is_accepted() {
    let every_scope = [
        "IN_SCOPE",
        "USER_EXCLUDED",
        "FUTURE_SCOPE",
        "ORPHAN_REGISTRY",
        "SYSTEM_MANAGED",
    ];
    let given = [
        ("accept-always-enabled", SettingValue::Truth(false)),
        ("accept-constraint-trigger", SettingValue::Truth(true)),
        ("accept-other-trigger-name", SettingValue::Truth(false)),
        ("empty-words", texts(&["todo", "n/a"])),
        ("governed-roles", texts(&["golden"])),
        ("longest-deferral-days", SettingValue::Integer(180)),
        ("refuse-double-registration", SettingValue::Truth(true)),
        ("refuse-future-decisions", SettingValue::Truth(true)),
        ("refuse-long-deferrals", SettingValue::Truth(true)),
        ("refuse-row-moves", SettingValue::Truth(true)),
        ("refuse-trigger-on-exempt", SettingValue::Truth(true)),
        ("require-decided-at", SettingValue::Truth(true)),
        ("require-decided-by", SettingValue::Truth(true)),
        ("require-review-owner", SettingValue::Truth(true)),
        ("scopes-without-check", texts(&every_scope)),
    ];
    assert_eq!(problems(&given), [""; 0]);
    let none = [("scopes-without-check", texts(&[]))];
    assert_eq!(problems(&none), [""; 0]);
}

#[test]
fn every_problem_is_named() {
    let given = [
        ("empty-words", texts(&["TODO"])),
        ("governed-roles", texts(&["Governed", " ", ""])),
        ("longest-deferral-days", SettingValue::Integer(-1)),
        ("refuse-row-move", SettingValue::Truth(true)),
        ("require-decided-by", SettingValue::Text("yes".to_owned())),
        (
            "scopes-without-check",
            texts(&["in_scope", "USER_EXCLUDED", "NOWHERE"]),
        ),
    ];
    let role = "must be in lower case, without space around it, and not empty";
    let scopes = "is none of IN_SCOPE, USER_EXCLUDED, FUTURE_SCOPE, ORPHAN_REGISTRY, \
                  SYSTEM_MANAGED";
    let expected = [
        format!("governed-roles: \"Governed\" {role}"),
        format!("governed-roles: \" \" {role}"),
        format!("governed-roles: \"\" {role}"),
        format!("scopes-without-check: \"in_scope\" {scopes}"),
        format!("scopes-without-check: \"NOWHERE\" {scopes}"),
        format!("empty-words: \"TODO\" {role}"),
        "longest-deferral-days: -1 is not within 0 to 36525".to_owned(),
        "require-decided-by: must be true or false, not a text".to_owned(),
        "refuse-row-move: is not known; known are accept-always-enabled, \
         accept-constraint-trigger, accept-other-trigger-name, empty-words, governed-roles, \
         longest-deferral-days, refuse-double-registration, refuse-future-decisions, \
         refuse-long-deferrals, refuse-row-moves, \
         refuse-trigger-on-exempt, require-decided-at, require-decided-by, \
         require-review-owner, scopes-without-check"
            .to_owned(),
    ];
    assert_eq!(problems(&given), expected);
}
