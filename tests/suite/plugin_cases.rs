//! The approved plugins against the conformance kit and against their own cases,
//! through the components in the real runtime; `plugins/ROLE/tests/cases.rs` describes each
//! file and runs the same cases natively. And the frozen WIT files.

use birth_core::digest::Digest;
use birth_core::facts::Question;
use birth_core::facts::classification::ClassificationFacts;
use birth_core::facts::conflict::ConflictFacts;
use birth_core::facts::coverage::CoverageFacts;
use birth_core::kit::cases;
use birth_core::kit::property::Property;
use birth_core::policy::Role;
use birth_core::policy::settings::Settings;
use birth_host::plugin::engine::PluginEngine;
use birth_host::plugin::error::PluginId;
use birth_host::plugin::limits::Limits;
use birth_host::plugin::load::Plugin;
use birth_sdk::testing::{classification, conflict, coverage};
use birth_tests::cli::{Home, workspace};
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

/// As [`conflict_facts`].
fn classification_facts(case: &Value) -> ClassificationFacts {
    let facts: classification::Facts = serde_json::from_value(case["facts"].clone()).unwrap();
    let b = facts.batch();
    let (collections, columns, indexes) = (b.collections, b.columns, b.indexes);
    let (keys, checks, triggers) = (b.foreign_keys, b.checks, b.triggers);
    serde_json::from_value(json!({
        "text": {"heap": b.text.heap, "ends": b.text.ends},
        "collections": {
            "key": collections.key, "role": collections.role, "schema": collections.schema,
            "name": collections.name, "kind": collections.kind, "bits": collections.bits,
            "comment": collections.comment, "rows": collections.rows,
            "inserts": collections.inserts, "updates": collections.updates,
            "deletes": collections.deletes, "referenced_by": collections.referenced_by,
        },
        "columns": {
            "start": columns.start, "name": columns.name, "type": columns.type_,
            "length": columns.length, "bits": columns.bits,
        },
        "indexes": {
            "start": indexes.start, "name": indexes.name, "bits": indexes.bits,
            "column_start": indexes.column_start, "column": indexes.column,
        },
        "foreign_keys": {
            "start": keys.start, "name": keys.name,
            "referenced_schema": keys.referenced_schema, "referenced_name": keys.referenced_name,
            "on_delete": keys.on_delete, "column_start": keys.column_start, "column": keys.column,
        },
        "checks": {"start": checks.start, "name": checks.name, "definition": checks.definition},
        "triggers": {
            "start": triggers.start, "name": triggers.name, "function": triggers.function,
            "type": triggers.type_, "enabled": triggers.enabled,
        },
    }))
    .unwrap()
}

/// Whether a plugin answers the batch of the kit as it answers the SDK's. Their
/// lists are not compared: the two number the texts in another order.
fn is_same(role: Role, case: &Value, batch: &Question, plugin: &Plugin, settings: &Settings) {
    let sdks = match role {
        Role::Classification => Question::Classification(classification_facts(case)),
        Role::Conflict => Question::Conflict(conflict_facts(case)),
        Role::Coverage => Question::Coverage(coverage_facts(case)),
    };
    let [ours, sdks] = [batch, &sdks].map(|batch| plugin.judge_batch(settings, batch).unwrap());
    assert_eq!(ours.answers, sdks.answers, "{}", case["name"]);
}

/// The kit reads facts of its own form, the SDK those of its own: the same file
/// must be the same question to both.
#[test]
fn the_sdk_and_the_kit_read_the_same_cases() {
    for role in Role::ALL {
        let plugin = approved(role);
        let path = workspace().join(format!("plugins/{role}/tests/cases.json"));
        let text = std::fs::read_to_string(path).unwrap();
        let written: Vec<Value> = serde_json::from_str(&text).unwrap();
        let read = cases::parse(role, &text).unwrap();
        assert!(read.len() > 30, "{} cases", read.len());
        for (case, read) in written.iter().zip(&read) {
            is_same(role, case, &read.facts.batch(), &plugin, &read.settings);
        }
    }
}

#[test]
fn the_approved_plugins_pass_the_kit_and_their_cases() {
    for role in Role::ALL {
        let home = Home::new();
        let (component, cases) = (
            workspace().join(format!("plugins/approved/{role}.wasm")),
            workspace().join(format!("plugins/{role}/tests/cases.json")),
        );
        let ran = home
            .birth(&["plugin", "test", "--format", "json"])
            .arg(component.to_str().unwrap())
            .arg("--cases")
            .arg(cases.to_str().unwrap())
            .run()
            .expect_code(0);
        let report = ran.json();
        assert_eq!(report["ok"], true);
        assert_eq!(report["kit"].as_array().unwrap().len(), Property::ALL.len());
        for checked in report["kit"].as_array().unwrap() {
            assert_eq!(checked["outcome"], "passed", "{role}: {checked}");
        }
        assert_eq!(report["cases"]["passed"], report["cases"]["cases"]);
        assert!(report["cases"]["cases"].as_u64() > Some(30));
    }
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
