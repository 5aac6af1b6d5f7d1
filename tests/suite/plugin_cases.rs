//! The conflict and the coverage plugin's own cases, through the approved
//! components in the real runtime; `plugins/ROLE/tests/cases.rs` describes each
//! file and runs the same cases natively. And the frozen WIT files.

use birth_core::digest::Digest;
use birth_core::facts::conflict::ConflictFacts;
use birth_core::facts::coverage::CoverageFacts;
use birth_core::policy::Role;
use birth_core::policy::settings::Settings;
use birth_core::policy::verdict::Answer;
use birth_host::plugin::call::Judged;
use birth_host::plugin::engine::PluginEngine;
use birth_host::plugin::error::{PluginError, PluginId};
use birth_host::plugin::limits::Limits;
use birth_host::plugin::load::Plugin;
use birth_sdk::testing::{conflict, coverage};
use birth_tests::cli::workspace;
use serde_json::{Value, json};

fn approved(role: Role) -> Plugin {
    let file = format!("plugins/approved/{role}.wasm");
    let bytes = std::fs::read(workspace().join(&file)).unwrap();
    let id = PluginId {
        role,
        file,
        sha256: Digest::of(&bytes),
    };
    let engine = PluginEngine::new().unwrap();
    Plugin::load(&engine, &Limits::default(), None, id, &bytes).unwrap()
}

/// The SDK's batch as the host's: the same lists, which both sides hold in
/// types of their own.
fn conflict_facts(case: &Value) -> ConflictFacts {
    let facts: conflict::Facts = serde_json::from_value(case["facts"].clone()).unwrap();
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

/// As [`conflict_facts`].
fn coverage_facts(case: &Value) -> CoverageFacts {
    let facts: coverage::Facts = serde_json::from_value(case["facts"].clone()).unwrap();
    let b = facts.batch();
    let (collections, triggers) = (b.collections, b.triggers);
    serde_json::from_value(json!({
        "text": {"heap": b.text.heap, "ends": b.text.ends},
        "storage_ready": b.storage_ready,
        "now": b.now,
        "collections": {
            "key": collections.key, "role": collections.role, "schema": collections.schema,
            "name": collections.name, "kind": collections.kind,
            "coverage_status": collections.coverage_status,
            "scope_status": collections.scope_status,
            "exemption_reason": collections.exemption_reason,
            "review_owner": collections.review_owner, "decided_at": collections.decided_at,
            "decided_by": collections.decided_by,
            "species_mappings": collections.species_mappings,
        },
        "triggers": {
            "start": triggers.start, "name": triggers.name, "function": triggers.function,
            "type": triggers.type_, "bits": triggers.bits, "enabled": triggers.enabled,
        },
    }))
    .unwrap()
}

/// Whether an answer is as a case expects it: status, codes in their order, and
/// messages where the case is about them.
fn is_expected(expected: &Value, statuses: &[&str], answer: &Answer) -> bool {
    let codes: Vec<&str> = answer.reasons.iter().map(|r| r.code.as_str()).collect();
    let messages: Vec<&str> = answer.reasons.iter().map(|r| r.message.as_str()).collect();
    statuses.get(usize::from(answer.status)).copied() == expected["status"].as_str()
        && json!(codes) == expected["reasons"]
        && (expected.get("messages")).is_none_or(|wanted| json!(messages) == *wanted)
}

/// Runs the case file of a role.
fn run_cases(
    role: Role,
    statuses: &[&str],
    judge: impl Fn(&Plugin, &Settings, &Value) -> Result<Judged, PluginError>,
) {
    let plugin = approved(role);
    let file = format!("plugins/{role}/tests/cases.json");
    let text = std::fs::read_to_string(workspace().join(file));
    let cases: Vec<Value> = serde_json::from_str(&text.unwrap()).unwrap();
    assert!(cases.len() > 50, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        let settings: Settings = case
            .get("settings")
            .map(|settings| serde_json::from_value(settings.clone()).unwrap())
            .unwrap_or_default();
        let expected = case["expect"].as_array().unwrap();
        let judged = judge(&plugin, &settings, case).map(|judged| judged.answers);
        let is_right = judged.as_ref().is_ok_and(|answers| {
            let mut pairs = expected.iter().zip(answers);
            answers.len() == expected.len()
                && pairs.all(|(expected, answer)| is_expected(expected, statuses, answer))
        });
        if !is_right {
            let name = &case["name"];
            wrong.push(format!(
                "{name}\n  expected {expected:?}\n  found {judged:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_approved_conflict_component_judges_every_case_as_the_rules_do() {
    let statuses = ["ABSENT", "ALREADY_EXISTS_OK", "BLOCKED_EXISTING_CONFLICT"];
    run_cases(Role::Conflict, &statuses, |plugin, settings, case| {
        plugin.judge_conflict(settings, &conflict_facts(case))
    });
}

#[test]
fn the_approved_coverage_component_judges_every_case_as_the_rules_do() {
    let statuses = ["NOT_GOVERNED", "COVERED", "GAPS"];
    run_cases(Role::Coverage, &statuses, |plugin, settings, case| {
        plugin.judge_coverage(settings, &coverage_facts(case))
    });
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
