//! Reports of real sweeps: every format, what they agree on, where they go.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use birth_tests::cli::{Ran, workspace};
use birth_tests::measure::peak_of;
use serde_json::Value;

use crate::coverage_scene::Scene;
use crate::guests;
use crate::policies::PolicyDir;

/// Two covered collections and three that are nothing but a key.
fn scene() -> Scene {
    let scene = Scene::new();
    scene
        .db
        .execute("SELECT inventory.covered(name) FROM unnest(ARRAY['orders', 'parts']) name");
    scene.register(&["ghosts", "spirits", "spooks"]);
    scene
}

fn number(ran: &Ran, key: &str) -> u64 {
    ran.get(key).parse().unwrap()
}

/// Demands that a text is a JUnit report, by the schema of Jenkins.
#[track_caller]
pub(crate) fn expect_junit(path: &Path) {
    let schema = workspace().join("tests/fixtures/junit.xsd");
    let found = Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema"])
        .args([&schema, path])
        .output()
        .expect("xmllint is needed to check JUnit reports: install libxml2-utils");
    let said = String::from_utf8_lossy(&found.stderr);
    assert!(found.status.success(), "{said}");
}

/// Demands that a document is SARIF, by the schema of OASIS.
#[track_caller]
pub(crate) fn expect_sarif(document: &Value) {
    let schema = fs::read_to_string(workspace().join("tests/fixtures/sarif-2.1.0.json")).unwrap();
    // One of its patterns has a bracket that JavaScript takes for itself, and
    // that regular expressions elsewhere want escaped.
    let schema = schema.replace("{2}]?$", "{2}\\\\]?$");
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let options = jsonschema::options().should_validate_formats(true);
    let validator = options.build(&schema).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn a_second_sweep_finds_nothing_new_and_fails_as_it_is_asked_to() {
    let scene = scene();
    let first = scene.on(&["sweep"]).run().expect_code(15);
    assert_eq!(first.get("sweep_status"), "GAPS");
    assert_eq!(first.get("collections_governed"), "5");
    let gaps = number(&first, "gaps_total");
    assert!(gaps >= 3, "{}", first.stdout);
    assert_eq!(number(&first, "gaps_new"), gaps);
    assert_eq!(number(&first, "issues_opened"), gaps);
    for (fail_on, code) in [("any", 15), ("new", 0), ("never", 0)] {
        let again = scene.on(&["sweep", "--fail-on", fail_on]).run();
        let again = again.expect_code(code);
        assert_eq!(again.get("gaps_new"), "0", "{fail_on}");
        assert_eq!(number(&again, "gaps_persisting"), gaps, "{fail_on}");
        assert_eq!(again.get("issues_opened"), "0", "{fail_on}");
        let passed = again.get("sweep_status") == "PASS";
        assert_eq!(passed, code == 0, "{fail_on}");
    }
    // What is not registered any more is no gap any more.
    let unregister = "DELETE FROM inventory.collection_registry WHERE collection_key LIKE 's%'";
    scene.db.execute(unregister);
    let resolved = scene.on(&["sweep", "--close-resolved"]).run();
    let resolved = resolved.expect_code(15);
    let gone = number(&resolved, "gaps_resolved");
    assert_eq!(gone + number(&resolved, "gaps_persisting"), gaps);
    assert_eq!(number(&resolved, "issues_closed"), gone);
    assert!(gone > 0);
    let after = scene.on(&["sweep"]).run().expect_code(15);
    assert_eq!(after.get("gaps_resolved"), "0");
}

#[test]
fn nothing_is_recorded_where_nothing_is_to_be() {
    let scene = scene();
    let looked = scene.sweep(&["--record", "nothing"]);
    assert!(number(&looked, "gaps_new") >= 3);
    for key in ["issues_opened", "health_checks_created", "issues_closed"] {
        assert_eq!(looked.get(key), "0", "{key}");
    }
    assert!(scene.issues().is_empty() && scene.checks().is_empty());
}

#[test]
fn every_format_of_a_real_sweep() {
    let scene = scene();
    // One that is known, and one that is gone.
    scene.sweep(&[]);
    scene.db.execute(
        "DELETE FROM inventory.collection_registry WHERE collection_key = 'spooks';
         INSERT INTO inventory.collection_registry (collection_key, governance_role)
         VALUES (E'a|b]]>\\u202e\\t\"<x>', 'governed')",
    );
    let report = |format: &str| {
        let path = scene.home.path().join(format);
        let out = path.to_str().unwrap();
        // Writing nothing, so that the same is found each time.
        let arguments = ["--record", "nothing", "--format", format, "--out", out];
        (scene.sweep(&arguments), path)
    };
    let (ran, path) = report("text");
    let text = fs::read_to_string(path).unwrap();
    assert!(text.ends_with(&ran.stdout), "{text}");
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'));
    let counts = [
        number(&ran, "gaps_new"),
        number(&ran, "gaps_persisting"),
        number(&ran, "gaps_resolved"),
    ];
    assert!(counts.iter().all(|n| *n > 0), "{counts:?}");
    let all: u64 = counts.iter().sum();

    let (ran, path) = report("json");
    assert_eq!(ran.json()["gaps_new"], counts[0]);
    let json: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(json["format"], 1);
    assert_eq!(json["response"], ran.json());
    let gaps = json["targets"][0]["gaps"].as_array().unwrap();
    assert_eq!(gaps.len() as u64, all);
    let standing = |word: &str| gaps.iter().filter(|gap| gap["standing"] == word).count() as u64;
    assert_eq!(["new", "persisting", "resolved"].map(standing), counts);

    let (_, path) = report("junit");
    expect_junit(&path);
    let xml = fs::read_to_string(path).unwrap();
    let failures = format!("failures=\"{}\"", counts[0] + counts[1]);
    assert!(xml.contains(&failures), "{xml}");
    assert_eq!(
        xml.matches("<failure ").count() as u64,
        counts[0] + counts[1]
    );
    assert_eq!(xml.matches("<testcase ").count(), tests_of(&xml));

    let (_, path) = report("sarif");
    let sarif: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    expect_sarif(&sarif);
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let fingerprint = |result: &Value| result["partialFingerprints"]["birth/v1"].clone();
    let ours: Vec<Value> = results.iter().map(fingerprint).collect();
    let theirs: Vec<Value> = gaps.iter().map(|gap| gap["fingerprint"].clone()).collect();
    assert_eq!(ours, theirs);

    let (_, path) = report("markdown");
    let markdown = fs::read_to_string(path).unwrap();
    assert!(markdown.contains("| ghosts |"), "{markdown}");
    assert!(!markdown.contains("<x>"), "{markdown}");
}

/// What a JUnit report says of the number of its cases.
fn tests_of(xml: &str) -> usize {
    let (_, rest) = xml.split_once("tests=\"").unwrap();
    rest.split_once('"').unwrap().0.parse().unwrap()
}

#[test]
fn stdout_has_the_report_where_no_file_is_named() {
    let scene = scene();
    for (format, begins) in [
        ("json", "{\"format\":1,"),
        ("junit", "<?xml "),
        ("sarif", "{\"$schema\":"),
        ("markdown", "# Coverage sweep\n"),
    ] {
        let ran = scene.sweep(&["--record", "nothing", "--format", format]);
        assert!(ran.stdout.starts_with(begins), "{format}: {}", ran.stdout);
    }
    // A reader that wants no more of it is no failure.
    let sweep = scene.on(&["sweep", "--fail-on", "never", "--format", "json"]);
    let mut child = sweep.start();
    drop(child.stdout.take());
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(0), ""),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_report_that_cannot_be_written_is_a_failure() {
    let scene = scene();
    let sweep = ["sweep", "--fail-on", "never", "--out", "/nowhere/report"];
    let ran = scene.on(&sweep).run().expect_code(28);
    assert!(
        ran.stderr.contains("[REPORT_NOT_WRITTEN]"),
        "{}",
        ran.stderr
    );
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let arguments = ["sweep", "--fail-on", "never", "--format", "json"];
    let child = scene.on(&arguments).start_to(Stdio::from(full));
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(28));
    let ran = scene
        .on(&["sweep"])
        .env("TMPDIR", "/nowhere/at/all")
        .run()
        .expect_code(28);
    assert!(ran.get("reason").starts_with("SPOOL_NOT_USABLE: "));
    assert!(ran.get("reason").contains("/nowhere/at/all"));
}

#[test]
fn formats_of_the_sweep_are_refused_elsewhere() {
    let scene = Scene::bare();
    for format in ["junit", "sarif", "markdown"] {
        for command in [&["plan", "storage"][..], &["doctor"]] {
            let ran = scene.on(&[command, &["--format", format]].concat()).run();
            let ran = ran.expect_code(20);
            assert!(ran.stderr.contains("[NO_SUCH_FORMAT]"), "{}", ran.stderr);
            assert!(ran.stderr.contains("text and json"), "{}", ran.stderr);
            assert_eq!(ran.stdout, "");
        }
    }
}

#[test]
fn only_an_approved_policy_sweeps() {
    let scene = scene();
    let set = PolicyDir::of(&guests::well_behaved("conflict"));
    let ran = set.on(&scene.home, &scene.db, &["sweep"]).run();
    let ran = ran.expect_code(24);
    assert_eq!(ran.get("sweep_status"), "FAILED");
    assert!(ran.get("reason").contains("approved"), "{}", ran.stdout);
    assert_eq!(ran.get("targets"), "0");
    assert!(scene.issues().is_empty());
}

#[test]
fn a_hundred_thousand_gaps_take_no_more_memory_than_ten_thousand() {
    const MORE: u64 = 64 * 1024;
    let scene = Scene::new();
    let mut peaks = vec![];
    for rows in [10_000, 100_000] {
        scene.db.execute(&format!(
            "TRUNCATE inventory.collection_registry;
             INSERT INTO inventory.collection_registry (collection_key, governance_role)
             SELECT 'ghost_' || n, 'governed' FROM generate_series(1, {rows}) n"
        ));
        for format in ["json", "junit", "sarif", "markdown"] {
            let out = scene.home.path().join(format);
            let out = out.to_str().unwrap();
            let options = ["--record", "nothing", "--format", format, "--out", out];
            let arguments = [&["sweep", "--fail-on", "never"], &options[..]].concat();
            let mut child = scene.on(&arguments).start_to(Stdio::null());
            peaks.push((rows, format, peak_of(&mut child)));
            assert!(child.wait().unwrap().success());
        }
        let json = fs::read_to_string(scene.home.path().join("json")).unwrap();
        assert!(json.matches("\"fingerprint\"").count() >= rows);
    }
    let most = |rows: usize| peaks.iter().filter(|p| p.0 == rows).map(|p| p.2).max();
    let (few, many) = (most(10_000).unwrap(), most(100_000).unwrap());
    assert!(many < few + MORE, "KiB: {peaks:?}");
}
