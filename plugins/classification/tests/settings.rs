//! The settings of the classification policy: defaults, and what is refused.

use std::collections::BTreeSet;

use birth_classification::rules::{Class, Classes, EVIDENCE, Reason};
use birth_sdk::testing;
use birth_sdk::testing::classification::{Facts, answers};
use birth_sdk::{Reason as _, SettingValue};

fn problems(given: &[(&str, SettingValue)]) -> Vec<String> {
    testing::problems(given, |settings| {
        answers::<Classes>(settings, &Facts::default())
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
    let mut given = vec![
        ("governed-roles", texts(&["golden"])),
        ("excluded-roles", texts(&[])),
        ("bookkeeping-tables", texts(&["steps"])),
        ("minimum", SettingValue::Integer(1)),
        ("margin", SettingValue::Integer(1000)),
        ("queue-status", SettingValue::Text("cache".to_owned())),
        ("use-statistics", SettingValue::Truth(true)),
        ("names.required", texts(&["thing"])),
        ("names.junction", texts(&["verknüpfung"])),
        ("names.log", texts(&[])),
        ("names.cache", texts(&["copy"])),
        ("names.queue", texts(&["line"])),
    ];
    given.extend(
        EVIDENCE
            .iter()
            .map(|evidence| (evidence.setting, SettingValue::Integer(0))),
    );
    assert_eq!(problems(&given), [""; 0]);
}

#[test]
fn every_problem_is_named() {
    let given = [
        ("governed-roles", texts(&["Governed", "observed"])),
        ("excluded-roles", texts(&["observed", ""])),
        ("margin", SettingValue::Integer(0)),
        ("minimum", SettingValue::Text("30".to_owned())),
        ("names.cache", texts(&["page_cache", "log"])),
        ("queue-status", SettingValue::Text("junction".to_owned())),
        ("weights.key-is-references", SettingValue::Integer(201)),
        ("weights.link-repeats", SettingValue::Integer(1)),
    ];
    let expected = [
        "governed-roles: \"Governed\" must be in lower case, without space around it, and not empty",
        "excluded-roles: \"\" must be in lower case, without space around it, and not empty",
        "excluded-roles: \"observed\" is in governed-roles too",
        "minimum: must be an integer, not a text",
        "margin: 0 is not within 1 to 1000",
        "queue-status: \"junction\" is none of deferred, required, log, cache",
        "names.cache: \"page_cache\" must be one word in lower case",
        "names.cache: \"log\" hints at log too",
        "weights.key-is-references: 201 is not within 0 to 200",
        "weights.link-repeats: 1 is not within -200 to 0",
    ];
    assert_eq!(problems(&given), expected);
}

#[test]
fn a_misspelt_setting_is_not_ignored() {
    let given = [("weight.row-is-named", SettingValue::Integer(1))];
    let found = problems(&given);
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with("weight.row-is-named: is not known; known are bookkeeping-tables, ")
    );
}

#[test]
fn evidence_stands_where_its_reason_does() {
    for (at, evidence) in EVIDENCE.iter().enumerate() {
        let kind = evidence.reason.kind();
        assert_eq!(usize::from(evidence.reason.id()), at, "{}", kind.code);
        let setting = format!("weights.{}", kind.code.to_lowercase().replace('_', "-"));
        assert_eq!(evidence.setting, setting);
        assert_ne!(evidence.weight, 0, "{setting}");
        let class = match evidence.class {
            Class::Required => "required",
            Class::Junction => "a junction",
            Class::Log => "a log",
            Class::Cache => "a cache",
        };
        let verb = if evidence.weight > 0 {
            "for"
        } else {
            "against"
        };
        let said = format!("speaks {verb} {class}");
        assert!(
            kind.message.ends_with(&said),
            "{}: {}",
            kind.code,
            kind.message
        );
    }
    let settings: BTreeSet<&str> = EVIDENCE.iter().map(|evidence| evidence.setting).collect();
    assert_eq!(settings.len(), EVIDENCE.len());
    assert!(EVIDENCE.len() < Reason::KINDS.len());
}
