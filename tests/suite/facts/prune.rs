//! `birth runs prune`.

use birth_tests::cli::Ran;

use super::refused;
use crate::coverage_scene::Scene;

fn prune(scene: &Scene, options: &[&str]) -> Ran {
    scene
        .home
        .birth(&[&["runs", "prune"], options].concat())
        .run()
}

#[test]
fn what_a_rollback_needs_outlives_every_pruning() {
    let scene = Scene::bare();
    let undone = scene.apply("storage");
    let undo = scene
        .on(&["rollback", &undone, "--yes"])
        .run()
        .expect_code(0)
        .run_id();
    let kept = scene.apply("storage");
    let gate = scene.apply("gate");
    // A run that was never begun.
    let failed = scene.on(&["apply", "triggers", "--yes"]).run();
    assert_ne!(failed.code, Some(0));
    let runs = scene.home.run_ids();

    // It shows and asks first; a job that nobody watches removes nothing.
    let ran = prune(&scene, &["--keep", "0"]);
    assert!(
        ran.stdout.contains("goes") && ran.stdout.contains("keeps keys"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout
            .contains("it is not rolled back, so its keys are needed"),
        "{}",
        ran.stdout
    );
    refused(ran, 20, "NOBODY_TO_ASK", "nothing was removed");
    refused(
        prune(&scene, &["--keep", "0", "--format", "json"]),
        20,
        "NOBODY_TO_ASK",
        "",
    );
    assert_eq!(scene.home.run_ids(), runs);
    // Everything is recent, and everything is among the newest.
    for options in [["--keep-days", "1"], ["--keep", "100"]] {
        let ran = prune(&scene, &options).expect_code(0);
        assert!(ran.stdout.contains("0 bytes"), "{}", ran.stdout);
    }
    for options in [
        &[][..],
        &["--keep", "1", "--keep-days", "1"],
        &["--keep", "-1"],
    ] {
        assert_eq!(prune(&scene, options).code, Some(2));
    }
    assert_eq!(scene.home.run_ids(), runs);

    let pruned = prune(&scene, &["--keep-days", "0", "--yes", "--format", "json"]).expect_code(0);
    let pruned = pruned.json();
    assert_eq!(pruned["executed"], true);
    assert!(pruned["bytes"].as_u64().unwrap() > 0);
    assert_eq!(pruned["failed"], serde_json::json!([]));
    let mut left = [kept.clone(), gate.clone()];
    left.sort();
    assert_eq!(scene.home.run_ids(), left);
    for gone in [&undone, &undo] {
        let show = scene.home.birth(&["runs", "show", gone]).run();
        refused(show, 20, "NO_SUCH_RUN", gone);
    }
    for name in ["facts.json.gz", "verdicts.json.gz"] {
        assert!(!scene.home.run(&kept).join(name).exists(), "{name}");
    }
    for name in [
        "rollback-keys.json",
        "events.jsonl",
        "compiled.sql",
        "report.md",
        "not-kept.json",
    ] {
        assert!(scene.home.run(&kept).join(name).exists(), "{name}");
    }
    let shown = scene
        .home
        .birth(&["runs", "show", &kept])
        .run()
        .expect_code(0);
    assert!(
        shown.stdout.contains("b3p_ddl_status=PASS"),
        "{}",
        shown.stdout
    );
    let ran = scene.home.birth(&["runs", "replay", &kept]).run();
    refused(ran, 20, "NOTHING_TO_REPLAY", "pruned at");
    let all = scene
        .home
        .birth(&["runs", "replay", "--all", "--format", "json"])
        .run();
    assert_eq!(all.expect_code(0).json()["counts"]["not-kept"], 1);
    // Once more there is nothing left to remove.
    let ran = prune(&scene, &["--keep", "0"]).expect_code(0);
    assert!(ran.stdout.contains("gone already"), "{}", ran.stdout);

    // And both can be rolled back.
    scene.on(&["rollback", &gate, "--yes"]).run().expect_code(0);
    scene.on(&["rollback", &kept, "--yes"]).run().expect_code(0);
    prune(&scene, &["--keep", "0", "--yes"]).expect_code(0);
    assert!(scene.home.run_ids().is_empty());
}

#[test]
fn an_unfinished_run_is_never_pruned() {
    let scene = Scene::bare();
    let run = scene.apply("storage");
    let path = scene.home.run(&run).join("events.jsonl");
    let journal = std::fs::read_to_string(&path).unwrap();
    let until = |event: &str| {
        let mut lines: Vec<&str> = Vec::new();
        for line in journal.lines() {
            lines.push(line);
            if line.contains(&format!("\"event\":\"{event}\"")) {
                break;
            }
        }
        lines.join("\n") + "\n"
    };
    for event in ["started", "planned", "committing", "committed"] {
        std::fs::write(&path, until(event)).unwrap();
        let ran = prune(&scene, &["--keep", "0", "--yes"]).expect_code(0);
        assert!(ran.stdout.contains("birth recover"), "{}", ran.stdout);
        for name in ["facts.json.gz", "verdicts.json.gz", "rollback-keys.json"] {
            assert!(scene.home.run(&run).join(name).exists(), "{event}: {name}");
        }
    }
    // Nor is one that cannot be read, or is of a newer host.
    for text in [
        "what\n".to_owned(),
        journal.replacen("\"format\":1", "\"format\":2", 1),
    ] {
        std::fs::write(&path, text).unwrap();
        let ran = prune(&scene, &["--keep", "0", "--yes"]).expect_code(0);
        assert!(ran.stdout.contains("cannot be read"), "{}", ran.stdout);
        assert!(scene.home.run(&run).join("facts.json.gz").exists());
    }
}
