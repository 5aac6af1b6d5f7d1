//! Conventions that are tests: which crate depends on which, and who may name
//! what. See `ARCHITECTURE.md`.
#![expect(clippy::unwrap_used, reason = "tests state what they expect")]

use std::path::{Path, PathBuf};

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut out = Vec::new();
    let mut open = vec![workspace().join(folder)];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(&dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                // Comments and doc examples name things without depending on them.
                let code: Vec<&str> = text
                    .lines()
                    .filter(|l| !l.trim_start().starts_with("//"))
                    .collect();
                out.push((
                    path.strip_prefix(workspace()).unwrap().to_owned(),
                    code.join("\n"),
                ));
            }
        }
    }
    assert!(
        !out.is_empty(),
        "{folder} has no sources: the test would hold nothing"
    );
    out.sort();
    out
}

fn nobody_names(folder: &str, words: &[&str], except: &[&str]) {
    for (path, code) in sources(folder) {
        if except.iter().any(|allowed| path.starts_with(allowed)) {
            continue;
        }
        for word in words {
            assert!(!code.contains(word), "{} names {word}", path.display());
        }
    }
}

#[test]
fn the_core_is_pure() {
    let forbidden = [
        "std::fs",
        "std::net",
        "std::process",
        "std::env",
        "std::thread",
        "std::io",
        "async ",
        "tokio",
        "wasmtime",
        "SystemTime",
        "UNIX_EPOCH",
        "Instant",
    ];
    nobody_names("host/core/src", &forbidden, &[]);
    let manifest = std::fs::read_to_string(workspace().join("host/core/Cargo.toml")).unwrap();
    let dependencies = manifest.split("[dependencies]").nth(1).unwrap();
    let dependencies = dependencies.split("[dev-dependencies]").next().unwrap();
    let mut names: Vec<&str> = dependencies
        .lines()
        .filter_map(|l| Some(l.split_once('=')?.0.trim()))
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["serde", "serde_json", "sha2", "thiserror", "toml"]);
}

#[test]
fn one_module_names_the_driver_and_one_the_engine() {
    nobody_names("host/src", &["tokio_postgres"], &["host/src/pg"]);
    nobody_names("host/src", &["wasmtime"], &["host/src/plugin"]);
    let signatures = ["ssh_key", "use ring"];
    nobody_names("host/src", &signatures, &["host/src/trust"]);
}

/// A run waits for no registry: only `birth plugin` asks one.
#[test]
fn one_module_speaks_http_and_one_command_asks_it_to() {
    let client = ["hyper::client", "tokio_rustls", "TlsConnector"];
    nobody_names("host/src", &client, &["host/src/registry"]);
    let names = ["crate::registry"];
    nobody_names("host/src", &names, &["host/src/cli/plugin"]);
}

/// cli → run → {pg, plugin, journal, kb, registry, trust} → core; siblings never meet.
#[test]
fn arrows_go_one_way() {
    let siblings = ["pg", "plugin", "journal", "kb", "registry", "trust"];
    for module in siblings {
        let others: Vec<String> = siblings
            .iter()
            .chain(&["run", "cli"])
            .filter(|other| **other != module)
            .map(|other| format!("crate::{other}"))
            .collect();
        let others: Vec<&str> = others.iter().map(String::as_str).collect();
        let path = format!("host/src/{module}");
        nobody_names(&path, &others, &[]);
    }
    nobody_names("host/src/run", &["crate::cli"], &[]);
}

#[test]
fn sql_text_is_made_in_one_place() {
    // Words that stand in a statement; prose has them in lower case.
    let words = [
        "\"SELECT ",
        "\"ALTER TABLE",
        "\"BEGIN",
        "\"LOCK TABLE",
        "\"INSERT ",
        "\"UPDATE ",
        "\"DELETE ",
        "\"DROP ",
        "\"CREATE ",
        "\"UPDATE ",
    ];
    let allowed = [
        "host/core/src/sql",
        "host/core/src/op/decide/statement.rs",
        "host/core/src/op/storage/statement.rs",
        "host/core/src/op/storage/undo.rs",
        "host/core/src/op/gate/statement.rs",
        // Compares what the statements render to.
        "host/core/src/op/gate/tests.rs",
        "host/core/src/op/gate/undo.rs",
        "host/core/src/op/triggers/statement.rs",
        "host/core/src/op/triggers/undo.rs",
        "host/core/src/coverage/queue.rs",
        "host/core/src/issue/close.rs",
        "host/core/src/record/statement.rs",
        "host/core/src/record/undo.rs",
    ];
    nobody_names("host/core/src", &words, &allowed);
    // The connection asks the server what it is before there is a session, and
    // the demo makes its throw-away databases.
    nobody_names(
        "host/src",
        &words,
        &[
            "host/src/pg/connect",
            "host/src/cli/demo.rs",
            "host/src/cli/demo",
        ],
    );
}

#[test]
fn plugins_depend_on_the_sdk_alone() {
    let plugins: Vec<PathBuf> = std::fs::read_dir(workspace().join("plugins"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| !path.ends_with("sdk") && path.join("Cargo.toml").exists())
        .collect();
    assert!(!plugins.is_empty());
    for plugin in plugins {
        let path = plugin.join("Cargo.toml");
        let manifest = std::fs::read_to_string(path).unwrap();
        let dependencies = manifest.split("\n[dependencies]").nth(1).unwrap();
        let dependencies = dependencies.split("\n[").next().unwrap();
        let names: Vec<&str> = dependencies
            .lines()
            .filter_map(|l| Some(l.split_once('=')?.0.trim()))
            .filter(|n| !n.starts_with('#'))
            .collect();
        assert_eq!(names, ["birth-sdk"], "{}", plugin.display());
    }
}

#[test]
fn only_command_line_and_build_print() {
    nobody_names("host/src", &["println!", "eprintln!", "print!("], &[]);
    nobody_names("host/core/src", &["println!", "eprintln!", "dbg!"], &[]);
}
