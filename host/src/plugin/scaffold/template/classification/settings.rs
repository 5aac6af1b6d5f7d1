//! What the settings refuse.

use birth_sdk::SettingValue;
use birth_sdk::testing;
use birth_sdk::testing::classification::{Facts, answers};

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
        ("log-ending", SettingValue::Texts(vec![])),
        ("log-endings", SettingValue::Truth(true)),
    ];
    let expected = [
        "log-endings: must be a list of texts, not true or false",
        "log-ending: is not known; known are governed-roles, log-endings",
    ];
    assert_eq!(problems(&given), expected);
}
