//! Sweeps of many databases, and by many processes.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;

use birth_tests::cli::{Home, Ran};
use birth_tests::database::Database;
use birth_tests::server;
use serde_json::Value;

use crate::coverage_scene::Scene;

/// A list of targets in a home.
fn list(home: &Home, targets: &[(&str, String)]) -> String {
    let entry = |(name, connection): &(&str, String)| {
        format!("[[target]]\nname = \"{name}\"\nconnection = \"{connection}\"\n")
    };
    let text: String = targets.iter().map(entry).collect();
    write(home, &format!("format = 1\n{text}"))
}

fn write(home: &Home, text: &str) -> String {
    let path: PathBuf = home.path().join("targets.toml");
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn sweep(home: &Home, targets: &str, options: &[&str]) -> Ran {
    let arguments = [&["sweep", "--targets", targets], options].concat();
    home.birth(&arguments).run()
}

/// One collection is covered, and so many are nothing but a key.
fn estate(ghosts: usize) -> Scene {
    let scene = Scene::new();
    scene.db.execute("SELECT inventory.covered('orders')");
    scene.db.execute(&format!(
        "INSERT INTO inventory.collection_registry (collection_key, governance_role)
         SELECT 'ghost_' || n, 'governed' FROM generate_series(1, {ghosts}) n"
    ));
    scene
}

const UNREACHABLE: &str = "host=/nowhere/at/all dbname=x user=x";

fn names(document: &Value) -> Vec<&str> {
    let targets = document["targets"].as_array().unwrap();
    let names = targets.iter().map(|t| t["name"].as_str().unwrap());
    names.collect()
}

#[test]
fn one_failure_hides_nothing_of_the_others() {
    let (home, scene) = (Home::new(), estate(2));
    let empty = Database::new(server::one(), "");
    let targets = list(
        &home,
        &[
            ("far-away", UNREACHABLE.to_owned()),
            ("estate", scene.db.url()),
            ("empty", empty.url()),
        ],
    );
    let ran = sweep(&home, &targets, &["--format", "json"]).expect_code(10);
    let document = ran.json();
    assert_eq!(names(&document), ["far-away", "estate", "empty"]);
    let code = |n: usize| document["targets"][n]["error"]["code"].clone();
    assert_eq!(code(0), "CONNECTION_FAILED");
    assert_eq!(code(1), Value::Null);
    assert_eq!(document["targets"][2]["error"]["exit_code"], 23);
    assert_eq!(document["response"]["sweep_status"], "PARTIAL");
    assert_eq!(document["response"]["targets_failed"], 2);
    assert_eq!(document["response"]["collections_governed"], 3);
    assert!(
        !scene.issues().is_empty(),
        "what could be swept is recorded"
    );
    for (name, code) in [("far-away", "CONNECTION_FAILED"), ("empty", "FAMILY")] {
        let says = |line: &str| line.contains(&format!("{name}: ")) && line.contains(code);
        assert!(ran.stderr.lines().any(says), "{name}: {}", ran.stderr);
    }
    for format in ["text", "junit", "sarif", "markdown"] {
        let ran = sweep(&home, &targets, &["--format", format]).expect_code(10);
        for name in ["far-away", "estate", "empty"] {
            assert!(ran.stdout.contains(name), "{format}: {}", ran.stdout);
        }
    }
    // One cause for all that failed gives its own exit code.
    let targets = list(
        &home,
        &[
            ("estate", scene.db.url()),
            ("far-away", UNREACHABLE.to_owned()),
        ],
    );
    let ran = sweep(&home, &targets, &[]).expect_code(21);
    assert_eq!(ran.get("sweep_status"), "PARTIAL");
    let targets = list(&home, &[("far-away", UNREACHABLE.to_owned())]);
    let ran = sweep(&home, &targets, &[]).expect_code(21);
    assert_eq!(ran.get("sweep_status"), "FAILED");
    assert!(ran.get("reason").starts_with("CONNECTION_FAILED: "));
}

#[test]
fn a_server_that_never_answers_costs_one_place() {
    let (home, scene) = (Home::new(), estate(1));
    // Connections are taken by the system and wait in its queue for ever.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let connection = format!("host=127.0.0.1 port={port} dbname=x user=x sslmode=disable");
    let targets = list(
        &home,
        &[
            ("silent", connection.clone()),
            ("patient", format!("{connection} connect_timeout=1")),
            ("estate", scene.db.url()),
        ],
    );
    let options = ["--jobs", "2", "--target-timeout", "3s", "--format", "json"];
    let ran = sweep(&home, &targets, &options).expect_code(21);
    let document = ran.json();
    assert_eq!(document["targets"][0]["error"]["code"], "TARGET_TIMEOUT");
    assert_eq!(document["targets"][1]["error"]["code"], "CONNECTION_FAILED");
    assert_eq!(document["targets"][2]["error"], Value::Null);
}

#[test]
fn a_list_that_cannot_be_meant_is_refused_before_anything_is_done() {
    let (home, scene) = (Home::new(), estate(1));
    let good = format!(
        "[[target]]\nname = \"a\"\nconnection = \"{}\"\n",
        scene.db.url()
    );
    for (text, says) in [
        (String::new(), "format"),
        ("format = 1\n".to_owned(), "[[target]]"),
        ("format = 2\n".to_owned(), "upgrade"),
        (format!("format = 1\n{good}{good}"), "named twice"),
        (
            format!(
                "format = 1\n{good}[[target]]\nname = \"b\"\nconnection = \"host=b password=hunter2\"\n"
            ),
            "passfile",
        ),
        (
            format!(
                "format = 1\n{good}[[target]]\nname = \"b\"\nconnection = \"postgresql://u:hunter2@b/x\"\n"
            ),
            "the connection of b holds a password",
        ),
        (
            format!(
                "format = 1\n{good}[[target]]\nname = \"b\"\nconnection = \"host=b password=hunter2\n"
            ),
            "line 7",
        ),
    ] {
        let targets = write(&home, &text);
        let ran = sweep(&home, &targets, &[]).expect_code(20);
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains("[TARGETS_NOT_USABLE]"), "{said}");
        assert!(said.contains(says), "{says}: {said}");
        assert!(!said.contains("hunter2"), "{said}");
        assert_eq!(ran.get("sweep_status"), "FAILED");
        assert!(scene.issues().is_empty(), "{says}");
    }
    sweep(&home, "/nowhere/targets.toml", &[]).expect_code(28);
    let both = ["--database", "x"];
    let targets = write(&home, &format!("format = 1\n{good}"));
    sweep(&home, &targets, &both).expect_code(2);
}

#[test]
fn what_is_wrong_with_one_target_is_its_own_failure() {
    let (home, scene) = (Home::new(), estate(1));
    let url = scene.db.url();
    let targets = write(
        &home,
        &format!(
            "format = 1
             [[target]]\nname = \"no-profile\"\nconnection = \"{url}\"\nprofile = \"none.toml\"
             [[target]]\nname = \"no-service\"\nconnection = \"service=none\"
             [[target]]\nname = \"other-schema\"\nconnection = \"{url}\"\nschema = \"app\"
             [[target]]\nname = \"profile\"\nconnection = \"{url}\"\nprofile = \"own.toml\"\nschema = \"inventory\"\n"
        ),
    );
    fs::write(home.path().join("own.toml"), "format = 1\n").unwrap();
    let ran = sweep(&home, &targets, &["--format", "json"]).expect_code(10);
    let document = ran.json();
    let exit = |n: usize| document["targets"][n]["error"]["exit_code"].clone();
    assert_eq!([exit(0), exit(1), exit(2)], [28, 20, 23]);
    assert_eq!(exit(3), Value::Null);
}

/// Fingerprints of the gaps of a report, with the number of governed collections.
fn found(document: &Value) -> (Vec<String>, u64) {
    let targets = document["targets"].as_array().unwrap();
    let gaps = targets.iter().flat_map(|t| t["gaps"].as_array().unwrap());
    let gaps = gaps.map(|gap| gap["fingerprint"].as_str().unwrap().to_owned());
    let governed = document["response"]["collections_governed"].as_u64();
    (gaps.collect(), governed.unwrap())
}

#[test]
fn the_parts_of_a_sweep_are_one_sweep() {
    let scene = estate(200);
    let look = |options: &[&str]| {
        let arguments = [
            &["sweep", "--fail-on", "never", "--format", "json"],
            options,
        ];
        scene.on(&arguments.concat())
    };
    let (whole, governed) = found(&look(&["--record", "nothing"]).run().expect_code(0).json());
    let mut parts = BTreeSet::new();
    let (mut count, mut parts_governed) = (0, 0);
    // At the same time, and recording: no issue is opened twice.
    let running: Vec<_> = ["0", "1", "2"]
        .iter()
        .map(|index| {
            let part = look(&["--shards", "3"]);
            part.env("JOB_COMPLETION_INDEX", index).start()
        })
        .collect();
    for child in running {
        let ran = Ran::from(child.wait_with_output().unwrap()).expect_code(0);
        let (gaps, governed) = found(&ran.json());
        assert!(!gaps.is_empty(), "an empty part");
        count += gaps.len();
        parts.extend(gaps);
        parts_governed += governed;
    }
    assert_eq!(count, parts.len(), "parts overlap");
    let whole: BTreeSet<String> = whole.into_iter().collect();
    assert_eq!(parts, whole);
    assert_eq!(parts_governed, governed);
    assert_eq!(scene.issues().len(), count);
    let first = found(&look(&["--shard", "0/3"]).run().expect_code(0).json());
    assert!(first.1 < governed);
}

#[test]
fn the_parts_of_a_fleet_have_each_database_once() {
    let (home, scene) = (Home::new(), estate(1));
    let letters = ["a", "b", "c", "d", "e"];
    let targets: Vec<_> = letters.iter().map(|n| (*n, scene.db.url())).collect();
    let targets = list(&home, &targets);
    let part = |shard: &str| {
        let options = ["--shard", shard, "--format", "json", "--fail-on", "never"];
        let document = sweep(&home, &targets, &options).expect_code(0).json();
        // Each is swept whole.
        for target in document["targets"].as_array().unwrap() {
            assert_eq!(target["shard"], Value::Null);
        }
        let names: Vec<String> = names(&document).iter().map(|n| (*n).to_owned()).collect();
        names
    };
    assert_eq!(part("0/2"), ["a", "c", "e"]);
    assert_eq!(part("1/2"), ["b", "d"]);
    // A process without a share has nothing to do.
    assert_eq!(part("6/7"), [""; 0]);
}

#[test]
fn a_part_that_is_none_is_refused() {
    let scene = estate(1);
    for index in [None, Some(""), Some("3"), Some("-1"), Some("two")] {
        let sweep = scene.on(&["sweep", "--shards", "3"]);
        let sweep = match index {
            Some(index) => sweep.env("JOB_COMPLETION_INDEX", index),
            None => sweep,
        };
        let ran = sweep.run().expect_code(20);
        let reason = ran.get("reason");
        assert!(
            reason.starts_with("NO_SHARD_INDEX: "),
            "{index:?}: {reason}"
        );
    }
    for shard in ["3/3", "1", "a/b", "0/0", "-1/3", "1/3/5"] {
        scene.on(&["sweep", "--shard", shard]).run().expect_code(2);
    }
    scene
        .on(&["sweep", "--shard", "0/2", "--shards", "2"])
        .run()
        .expect_code(2);
    scene.on(&["sweep", "--shards", "0"]).run().expect_code(2);
    assert!(scene.issues().is_empty());
}
