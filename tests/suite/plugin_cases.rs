//! The conflict plugin's own cases, through the approved component in the real
//! runtime; `plugins/conflict/tests/cases.rs` describes the file and runs the
//! same cases natively. And the frozen WIT files.

use birth_core::digest::Digest;
use birth_core::facts::conflict::ConflictFacts;
use birth_core::policy::Role;
use birth_core::policy::settings::Settings;
use birth_host::plugin::engine::PluginEngine;
use birth_host::plugin::error::PluginId;
use birth_host::plugin::limits::Limits;
use birth_host::plugin::load::Plugin;
use birth_sdk::testing::conflict::Facts;
use birth_tests::cli::workspace;
use serde_json::{Value, json};

fn approved() -> Plugin {
    let file = "plugins/approved/conflict.wasm";
    let bytes = std::fs::read(workspace().join(file)).unwrap();
    let id = PluginId {
        role: Role::Conflict,
        file: file.to_owned(),
        sha256: Digest::of(&bytes),
    };
    let engine = PluginEngine::new().unwrap();
    Plugin::load(&engine, &Limits::default(), None, id, &bytes).unwrap()
}

/// The SDK's batch as the host's: the same lists, which both sides hold in
/// types of their own.
fn facts(case: &Value) -> ConflictFacts {
    let facts: Facts = serde_json::from_value(case["facts"].clone()).unwrap();
    let b = facts.batch();
    let (relations, columns, checks, triggers) = (b.relations, b.columns, b.checks, b.triggers);
    serde_json::from_value(json!({
        "text": {"heap": b.text.heap, "ends": b.text.ends},
        "relations": {
            "schema": relations.schema, "name": relations.name, "kind": relations.kind,
        },
        "columns": {
            "relation": columns.relation, "name": columns.name, "wanted": columns.wanted,
            "longest_value": columns.longest_value, "live": columns.live,
            "live_type": columns.live_type, "live_max_length": columns.live_max_length,
            "live_bits": columns.live_bits,
        },
        "checks": {
            "relation": checks.relation, "name": checks.name, "column": checks.column,
            "value_start": checks.value_start, "value": checks.value,
            "rows_outside": checks.rows_outside, "value_outside": checks.value_outside,
            "live_start": checks.live_start,
            "live": {
                "name": checks.live.name, "form": checks.live.form, "bits": checks.live.bits,
                "value_start": checks.live.value_start, "value": checks.live.value,
                "definition": checks.live.definition,
            },
        },
        "triggers": {
            "relation": triggers.relation, "name": triggers.name,
            "function": triggers.function, "wanted_type": triggers.wanted_type,
            "live_start": triggers.live_start,
            "live": {
                "name": triggers.live.name, "function": triggers.live.function,
                "type": triggers.live.type_, "bits": triggers.live.bits,
                "enabled": triggers.live.enabled,
            },
        },
    }))
    .unwrap()
}

#[test]
fn the_approved_component_judges_every_case_as_the_rules_do() {
    let plugin = approved();
    let text = std::fs::read_to_string(workspace().join("plugins/conflict/tests/cases.json"));
    let cases: Vec<Value> = serde_json::from_str(&text.unwrap()).unwrap();
    assert!(cases.len() > 50, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        let settings: Settings = case
            .get("settings")
            .map(|settings| serde_json::from_value(settings.clone()).unwrap())
            .unwrap_or_default();
        let found: Vec<Value> = match plugin.judge_conflict(&settings, &facts(case)) {
            Err(error) => vec![json!(error.to_string())],
            Ok(judged) => judged
                .answers
                .iter()
                .map(|answer| {
                    let status = match answer.status {
                        0 => "ABSENT",
                        1 => "ALREADY_EXISTS_OK",
                        2 => "BLOCKED_EXISTING_CONFLICT",
                        _ => "outside the vocabulary",
                    };
                    let codes: Vec<&str> = answer.reasons.iter().map(|r| r.code.as_str()).collect();
                    json!({"status": status, "reasons": codes})
                })
                .collect(),
        };
        if Some(&found) != case["expect"].as_array() {
            let (name, expected) = (&case["name"], &case["expect"]);
            wrong.push(format!("{name}\n  expected {expected}\n  found {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A released WIT package never changes: plugins out there were built for it.
#[test]
fn released_wit_files_are_frozen() {
    let wit = workspace().join("wit");
    let mut frozen: Vec<String> = std::fs::read_to_string(wit.join("frozen.sha256"))
        .unwrap()
        .lines()
        .map(|line| {
            let (digest, file) = line.split_once("  ").unwrap();
            let found = Digest::of(&std::fs::read(wit.join(file)).unwrap());
            assert_eq!(found.to_string(), digest, "{file} was changed");
            file.to_owned()
        })
        .collect();
    let mut there = Vec::new();
    for version in std::fs::read_dir(wit.join("birth-policy")).unwrap() {
        for file in std::fs::read_dir(version.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let name = path.strip_prefix(&wit).unwrap().to_str().unwrap();
            there.push(name.to_owned());
        }
    }
    frozen.sort();
    there.sort();
    assert_eq!(frozen, there, "every released file is in frozen.sha256");
}
