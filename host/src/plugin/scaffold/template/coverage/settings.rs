//! What the settings refuse.

use birth_sdk::SettingValue;
use birth_sdk::testing;
use birth_sdk::testing::coverage::{Facts, answers};

use PLUGIN_CRATE::rules::Rules;

fn problems(given: &[(&str, SettingValue)]) -> Vec<String> {
    testing::problems(given, |settings| {
        answers::<Rules>(settings, &Facts::default())
    })
}

#[test]
fn no_settings_are_a_complete_policy() {
    assert_eq!(problems(&[]), [""; 0]);
}

#[test]
fn what_is_wrong_is_named() {
    let given = [
        (
            "exemptions-need-reason",
            SettingValue::Text("no".to_owned()),
        ),
        ("governed-role", SettingValue::Truth(true)),
    ];
    let expected = [
        "exemptions-need-reason: must be true or false, not a text",
        "governed-role: is not known; known are exemptions-need-reason, governed-roles",
    ];
    assert_eq!(problems(&given), expected);
}
