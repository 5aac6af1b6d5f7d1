//! `birth runs replay`, of one run and of all.

use birth_tests::cli::{Home, Ran};
use birth_tests::database::Database;
use birth_tests::server;

use super::{compress, refused, revision, uncompressed};
use crate::coverage_scene::Scene;
use crate::estates::PLAIN;
use crate::guests;
use crate::policies::PolicyDir;

fn all(home: &Home, options: &[&str]) -> Ran {
    home.birth(&[&["runs", "replay", "--all"], options].concat())
        .run()
}

fn applied(home: &Home, db: &Database) -> String {
    let ran = home.on(db, &["apply", "storage", "--yes"]).run();
    ran.expect_code(0).run_id()
}

fn verdicts(home: &Home, run: &str) -> std::path::PathBuf {
    home.run(run).join("verdicts.json.gz")
}

#[test]
fn every_run_of_every_revision_is_replayed() {
    let (db, home) = (Database::new(server::one(), PLAIN.script), Home::new());
    std::fs::create_dir(home.runs()).unwrap();
    let nothing = all(&home, &[]).expect_code(0);
    assert!(nothing.stdout.contains("0 runs"), "{}", nothing.stdout);
    // Decided by revision 1, which is not the set that decides today.
    let old = revision(&home, 1);
    let mut apply = home.on(&db, &["apply", "storage", "--yes"]);
    for option in &old {
        apply = apply.arg(option);
    }
    let first = apply.run().expect_code(0).run_id();
    let undo = home.on(&db, &["rollback", &first, "--yes"]).run();
    let undo = undo.expect_code(0).run_id();
    let second = applied(&home, &db);
    let found = all(&home, &["--format", "json"]).expect_code(0).json();
    assert_eq!(found["same"], true);
    assert_eq!(
        (&found["counts"]["same"], &found["counts"]["nothing"]),
        (&2.into(), &1.into())
    );
    assert_eq!(found["subjects"], 16);
    let row = |found: &serde_json::Value, run: &str| {
        let mut runs = found["runs"].as_array().unwrap().iter();
        runs.find(|row| row["run"] == run).unwrap().clone()
    };
    assert_eq!(row(&found, &undo)["found"], "nothing");
    home.birth(&["runs", "replay", &first]).run().expect_code(0);
    let text = all(&home, &[]).expect_code(0).stdout;
    assert!(
        text.contains("3 runs: 2 the same, 1 without a question; 16 verdicts"),
        "{text}"
    );

    // Decided by a plugin that is in no known set.
    let set = PolicyDir::of(&guests::well_behaved("conflict"));
    set.approve(&home);
    let other = Database::new(server::one(), PLAIN.script);
    let ran = set.on(&home, &other, &["apply", "storage", "--yes"]).run();
    let third = home
        .run_ids()
        .into_iter()
        .find(|id| ![&first, &undo, &second].contains(&id))
        .unwrap();
    let path = verdicts(&home, &third);
    assert!(path.exists(), "{ran:?}");
    let found = all(&home, &["--format", "json"]).expect_code(24).json();
    assert_eq!(row(&found, &third)["found"], "missing-plugin");
    let hash = birth_core::digest::Digest::of(&guests::well_behaved("conflict")).to_string();
    assert!(row(&found, &third)["why"].as_str().unwrap().contains(&hash));
    assert!(all(&home, &[]).expect_code(24).stdout.contains(&hash));
    refused(
        home.birth(&["runs", "replay", &third]).run(),
        24,
        "OTHER_PLUGIN",
        &hash,
    );
    let named = ["--policy", &set.file(), "--format", "json"];
    assert_eq!(
        all(&home, &named).expect_code(0).json()["counts"]["same"],
        3
    );
}

#[test]
fn a_difference_names_its_subject_and_hides_no_other_run() {
    let scene = Scene::bare();
    let run = scene.apply("storage");
    let undo = scene
        .on(&["rollback", &run, "--yes"])
        .run()
        .expect_code(0)
        .run_id();
    let (one, two) = (scene.apply("storage"), scene.apply("gate"));
    let path = verdicts(&scene.home, &run);
    let text = uncompressed(&path);
    // What the plugin said of the third column, and the fuel of the call.
    let status = "\"status\":[0,0,0,";
    let rows = [
        (
            text.replacen(status, "\"status\":[0,0,2,", 1),
            "was BLOCKED_EXISTING_CONFLICT and is ABSENT",
        ),
        (text.replacen("\"fuel\":", "\"fuel\":1", 1), "fuel was 1"),
    ];
    for (changed, says) in &rows {
        assert_ne!(*changed, text);
        compress(&path, changed);
        let ran = scene.home.birth(&["runs", "replay", &run]).run();
        refused(ran, 30, "REPLAY_DIFFERS", says);
        let found = all(&scene.home, &["--format", "json"])
            .expect_code(30)
            .json();
        let kinds: Vec<&str> = found["runs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| r["found"].as_str().unwrap())
            .collect();
        assert_eq!(kinds.len(), 4, "{found}");
        assert_eq!(
            (&found["counts"]["differs"], &found["counts"]["same"]),
            (&1.into(), &1.into())
        );
    }
    compress(&path, &rows[0].0);
    let ran = scene.home.birth(&["runs", "replay", &run]).run();
    // The third of the six columns, by its name.
    assert!(
        ran.stderr.contains("column \"coverage_exemption_reason\""),
        "{}",
        ran.stderr
    );
    let lines = all(&scene.home, &[]).expect_code(30).stdout;
    for id in [&run, &undo, &one, &two] {
        assert!(lines.contains(id.as_str()), "{lines}");
    }

    // Records that cannot be read are no difference, and hide nothing either.
    for (changed, code) in [
        (
            text.replacen("\"format\":2", "\"format\":3", 1),
            "FILE_FROM_NEWER_HOST",
        ),
        (text[..text.len() / 2].to_owned(), "FILE_DAMAGED"),
        (
            text.replacen("\"relation\":[0,", "\"relation\":[7,", 1),
            "FILE_DAMAGED",
        ),
    ] {
        assert_ne!(changed, text);
        compress(&path, &changed);
        refused(
            scene.home.birth(&["runs", "replay", &run]).run(),
            27,
            code,
            &run,
        );
        let found = all(&scene.home, &["--format", "json"])
            .expect_code(27)
            .json();
        assert_eq!(
            (&found["counts"]["failed"], &found["counts"]["same"]),
            (&1.into(), &1.into())
        );
        assert!(found.to_string().contains(code), "{found}");
    }
    // So are journals of a newer version.
    let events = scene.home.run(&run).join("events.jsonl");
    let journal = std::fs::read_to_string(&events).unwrap();
    std::fs::write(&events, journal.replacen("\"format\":1", "\"format\":9", 1)).unwrap();
    let found = all(&scene.home, &["--format", "json"])
        .expect_code(27)
        .json();
    assert_eq!(found["counts"]["failed"], 1);
    assert!(
        found.to_string().contains("FILE_FROM_NEWER_HOST"),
        "{found}"
    );
}

#[test]
fn a_record_that_would_be_too_large_is_left_out_and_that_is_said() {
    let (db, home) = (Database::new(server::one(), PLAIN.script), Home::new());
    let first = applied(&home, &db);
    home.on(&db, &["rollback", &first, "--yes"])
        .run()
        .expect_code(0);
    let facts = uncompressed(&home.run(&first).join("facts.json.gz")).len();
    let asked = uncompressed(&verdicts(&home, &first)).len();
    assert!(facts < asked, "{facts} {asked}");
    let limit = asked - 1;
    let apply = home.on(&db, &["apply", "storage", "--yes"]);
    let ran = apply
        .env("BIRTH_TEST_RECORD_LIMIT", &limit.to_string())
        .run();
    let run = ran.expect_code(0).run_id();
    assert!(!verdicts(&home, &run).exists());
    let note = std::fs::read_to_string(home.run(&run).join("not-kept.json")).unwrap();
    assert!(
        note.contains("too-large") && note.contains(&limit.to_string()),
        "{note}"
    );
    let log = std::fs::read_to_string(home.run(&run).join(format!("{run}.log"))).unwrap();
    assert!(log.contains("verdicts.json.gz is not kept"), "{log}");
    let ran = home.birth(&["runs", "replay", &run]).run();
    refused(ran, 20, "NOTHING_TO_REPLAY", "larger than");
    let found = all(&home, &["--format", "json"]).expect_code(0).json();
    assert_eq!(found["counts"]["not-kept"], 1);
    // The run is as good as any other otherwise.
    home.on(&db, &["rollback", &run, "--yes"])
        .run()
        .expect_code(0);
    // Facts cannot be left out: a recovery goes by them. So nothing is begun.
    let apply = home.on(&db, &["apply", "storage", "--yes"]);
    let ran = apply
        .env("BIRTH_TEST_RECORD_LIMIT", "10")
        .run()
        .expect_code(28);
    assert!(
        ran.stdout.contains("reason=RECORD_TOO_LARGE: "),
        "{}",
        ran.stdout
    );
    assert_eq!(ran.get("b3p_ddl_status"), "FAILED");
}

/// A record that was changed and whose plugins still answer as it says: nothing
/// differs, and yet it is not what the run wrote.
#[test]
fn a_record_that_is_not_the_runs_own_is_no_proof() {
    let (db, home) = (Database::new(server::one(), PLAIN.script), Home::new());
    let run = applied(&home, &db);
    let path = verdicts(&home, &run);
    let whole = std::fs::read(&path).unwrap();
    let record: serde_json::Value = serde_json::from_str(&uncompressed(&path)).unwrap();
    let mut emptied = record.clone();
    emptied["calls"] = serde_json::json!([]);
    let mut relabelled = record.clone();
    relabelled["revision"]["revision"] = 2.into();
    let mut without = record.clone();
    without["calls"] = serde_json::json!([]);
    without["plugins"] = serde_json::json!({});
    let mut settings = record.clone();
    settings["plugins"]["conflict"]["sha256"] = "0".repeat(64).into();
    for changed in [emptied, relabelled, without, settings] {
        assert_ne!(changed, record);
        compress(&path, &changed.to_string());
        let ran = home.birth(&["runs", "replay", &run]).run();
        refused(ran, 27, "FILE_DAMAGED", "it was changed");
        let found = all(&home, &["--format", "json"]).expect_code(27).json();
        assert_eq!(found["counts"]["failed"], 1);
    }
    std::fs::remove_file(&path).unwrap();
    let ran = home.birth(&["runs", "replay", &run]).run();
    refused(ran, 27, "FILE_DAMAGED", "it is missing");
    // Waiting for a pipe would never end.
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    let ran = home.birth(&["runs", "replay", &run]).run();
    refused(ran, 28, "FILE_NOT_USABLE", "it is no file");
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, &whole).unwrap();
    home.birth(&["runs", "replay", &run]).run().expect_code(0);

    // A run of a host that did not write the hash down.
    let events = home.run(&run).join("events.jsonl");
    let journal = std::fs::read_to_string(&events).unwrap();
    let hash = birth_core::digest::Digest::of(&whole).to_string();
    let old = journal.replace(&format!(",\"verdicts\":\"{hash}\""), "");
    assert_ne!(old, journal);
    std::fs::write(&events, old).unwrap();
    home.birth(&["runs", "replay", &run]).run().expect_code(0);
    let mut relabelled = record;
    relabelled["revision"]["revision"] = 2.into();
    compress(&path, &relabelled.to_string());
    let ran = home.birth(&["runs", "replay", &run]).run();
    refused(ran, 27, "FILE_DAMAGED", "another revision");
}

#[test]
fn a_directory_without_runs_is_not_one_whose_runs_are_the_same() {
    let home = Home::new();
    let nowhere = home.path().join("nowhere").display().to_string();
    for command in [
        &["runs", "replay", "--all"][..],
        &["runs", "replay", "x"],
        &["runs", "prune", "--keep", "1"],
    ] {
        let ran = home.birth(command).arg("--log-dir").arg(&nowhere).run();
        refused(ran, 28, "NO_LOG_DIRECTORY", "nowhere");
    }
    // Before the first run there is nothing to list, and no fault.
    let list = home.birth(&["runs", "list", "--log-dir", &nowhere]).run();
    assert!(list.expect_code(0).stdout.contains("no runs yet"));
    // What is no run is not counted as one.
    let other = home.path().join("other");
    std::fs::create_dir_all(other.join("a-folder")).unwrap();
    let ran = all(&home, &["--log-dir", other.to_str().unwrap()]);
    assert!(ran.expect_code(0).stdout.contains("0 runs: none"));
}

/// A process has so many handles, and a log directory more runs.
#[test]
fn more_runs_than_handles() {
    let (db, home) = (Database::new(server::one(), PLAIN.script), Home::new());
    let run = applied(&home, &db);
    // A second one, which had nothing left to do and goes; the others are its copies.
    let again = applied(&home, &db);
    let from = home.run(&again);
    for number in 0..100 {
        let to = home
            .runs()
            .join(format!("storage-20260101T000000Z-{number}"));
        std::fs::create_dir(&to).unwrap();
        for file in std::fs::read_dir(&from).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }
    let few = ["sh", "-c", "ulimit -n 64 && exec \"$0\" \"$@\""];
    let replay = ["runs", "replay", "--all", "--format", "json"];
    let found = home.birth(&replay).under(&few).run();
    assert_eq!(found.expect_code(0).json()["counts"]["same"], 102);
    let prune = ["runs", "prune", "--keep", "1", "--yes", "--format", "json"];
    let pruned = home.birth(&prune).under(&few).run().expect_code(0).json();
    assert_eq!(pruned["failed"], serde_json::json!([]));
    // Of all that only the keys are left that a rollback would need, and the newest.
    let mut left = home.run_ids();
    left.sort();
    let mut expected = vec![run, again];
    expected.sort();
    assert_eq!(left, expected);
}

/// A run whose events are gone is damage, and no place without a run.
#[test]
fn a_run_without_its_events_is_damaged() {
    let (db, home) = (Database::new(server::one(), PLAIN.script), Home::new());
    let run = applied(&home, &db);
    std::fs::write(home.run(&run).join("events.jsonl"), "").unwrap();
    let found = all(&home, &["--format", "json"]).expect_code(27).json();
    assert_eq!(found["counts"]["failed"], 1);
    assert_eq!(found["runs"][0]["code"], "FILE_DAMAGED");
    // Nobody says that nothing was committed, and nobody removes its keys.
    for command in [
        &["runs", "replay", &run][..],
        &["runs", "publish", &run],
        &["runs", "show", &run],
    ] {
        refused(
            home.birth(command).run(),
            27,
            "FILE_DAMAGED",
            "events.jsonl",
        );
    }
    for command in [&["recover", &run][..], &["rollback", &run, "--yes"]] {
        refused(
            home.on(&db, command).run(),
            27,
            "FILE_DAMAGED",
            "events.jsonl",
        );
    }
    let ran = home.on(&db, &["recover"]).run().expect_code(27);
    assert!(!ran.stdout.contains("rolled everything back"), "{ran:?}");
    assert!(!ran.stderr.contains("no run needs recovery"), "{ran:?}");
    let prune = ["runs", "prune", "--keep", "0", "--yes"];
    let ran = home.birth(&prune).run().expect_code(0);
    assert!(ran.stdout.contains("it cannot be read"), "{}", ran.stdout);
    assert!(home.run(&run).join("rollback-keys.json").exists());
}

/// Cut after a line, the events look like those of a run that died before COMMIT.
/// Where its keys are there, the server is asked.
#[test]
fn a_run_whose_events_are_cut_is_asked_about() {
    for kept in [1, 3, 5, 6] {
        let (db, home) = (Database::new(server::one(), PLAIN.script), Home::new());
        let run = applied(&home, &db);
        let events = home.run(&run).join("events.jsonl");
        let text = std::fs::read_to_string(&events).unwrap();
        let cut: Vec<&str> = text.split_inclusive('\n').take(kept).collect();
        std::fs::write(&events, cut.concat()).unwrap();
        let ran = home.on(&db, &["recover", &run]).run().expect_code(0);
        assert_eq!(ran.get("b3p_ddl_status"), "PASS", "{kept}: {ran:?}");
        let prune = ["runs", "prune", "--keep", "0", "--yes"];
        home.birth(&prune).run().expect_code(0);
        assert!(home.run(&run).join("rollback-keys.json").exists());
        home.on(&db, &["rollback", &run, "--yes"])
            .run()
            .expect_code(0);
    }
}
