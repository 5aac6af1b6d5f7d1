//! What the settings refuse.

use birth_sdk::SettingValue;
use birth_sdk::testing;
use birth_sdk::testing::conflict::{Facts, answers};

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
        ("accept-varchar", SettingValue::Text("no".to_owned())),
        ("accept-varchars", SettingValue::Truth(true)),
    ];
    let expected = [
        "accept-varchar: must be true or false, not a text",
        "accept-varchars: is not known; known are accept-varchar",
    ];
    assert_eq!(problems(&given), expected);
}
