//! An approval is called signed or unsigned wherever it is mentioned.

use birth_tests::database::Database;
use birth_tests::server;

use super::scene::Scene;
use crate::coverage_scene::ESTATE;

fn on_runs(scene: &Scene, run: &str) -> String {
    let shown = scene.home.birth(&["runs", "show", run]).run();
    shown.expect_code(0).stdout
}

#[test]
fn signed_and_unsigned_are_told_apart_everywhere() {
    let scene = Scene::approved();
    let signed = "signed by ada@example.org and bob@example.org";
    let cases = [(true, signed), (false, "unsigned")];
    for (is_signed, words) in cases {
        let db = Database::new(server::one(), ESTATE);
        let on = |command: &[&str]| {
            let birth = if is_signed {
                scene.on(&db, command)
            } else {
                scene.set.on(&scene.home, &db, command)
            };
            birth.run().expect_code(0)
        };
        let policy = |command: &[&str]| {
            let birth = if is_signed {
                scene.policy(command)
            } else {
                scene.set.policy(&scene.home, command)
            };
            birth.run().expect_code(0)
        };
        let other = if is_signed { "unsigned" } else { "signed by" };
        let expect = |what: &str, text: &str| {
            assert!(text.contains(words), "{what}: {text}");
            assert!(!text.contains(other), "{what}: {text}");
        };
        expect("show", &policy(&["show"]).stdout);
        let shown = policy(&["show", "--format", "json"]).json();
        let kind = if is_signed { "signed" } else { "unsigned" };
        assert_eq!(shown["backing"]["kind"], kind);
        let verified = policy(&["verify", "--format", "json"]).json();
        assert_eq!(verified["signed"], is_signed);
        expect("plan", &on(&["plan", "storage"]).stdout);
        let plan = on(&["plan", "storage", "--format", "json"]).json();
        expect("plan", plan["approval"].as_str().unwrap());
        expect("doctor", &on(&["doctor"]).stdout);
        let ran = on(&["apply", "storage", "--yes"]);
        let run = scene.home.run(&ran.run_id());
        expect(
            "report",
            &std::fs::read_to_string(run.join("report.md")).unwrap(),
        );
        let events = std::fs::read_to_string(run.join("events.jsonl")).unwrap();
        let planned = events.lines().find(|l| l.contains("\"planned\"")).unwrap();
        expect("event", planned);
        expect("runs show", &on_runs(&scene, &ran.run_id()));
        for format in ["text", "json", "junit", "sarif", "markdown"] {
            let sweep = [
                "sweep",
                "--record",
                "nothing",
                "--fail-on",
                "never",
                "--format",
                format,
            ];
            // Markdown writes what a forge would take for a mention as a reference.
            expect(format, &on(&sweep).stdout.replace("&#64;", "@"));
        }
        // Undoing asks no policy, so nothing is said of one.
        let undo = ["rollback", &ran.run_id(), "--yes"];
        let undone = scene.home.on(&db, &undo).run().expect_code(0);
        let run = scene.home.run(&undone.run_id());
        let report = std::fs::read_to_string(run.join("report.md")).unwrap();
        assert!(!report.contains("- approval:"), "{report}");
    }
    let log = scene
        .set
        .policy(&scene.home, &["log"])
        .run()
        .expect_code(0)
        .stdout;
    assert!(
        log.contains("no trust file is named") && log.contains("not checked"),
        "{log}"
    );
}
