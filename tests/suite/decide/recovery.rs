//! Killed at a boundary, and brought to its end.

use super::Scene;
use crate::triggers_scene::expect;

const DEFER: [&str; 5] = ["articles", "--status", "BIRTH_DEFERRED", "--owner", "Eve"];

#[test]
fn a_decision_that_was_killed_is_brought_to_its_end() {
    for (event, status, stored) in [
        ("locked", "FAILED", "∅|∅|∅|∅|∅"),
        ("committing", "FAILED", "∅|∅|∅|∅|∅"),
        ("committed", "PASS", "BIRTH_DEFERRED|IN_SCOPE|∅|Eve|Ann"),
    ] {
        let scene = Scene::new();
        scene.decide(&DEFER).pause_at(event).kill();
        let run = last(&scene, "p3d-birth-b3-decide-2");
        let recover = scene
            .home
            .on(&scene.db, &["recover", &run])
            .run()
            .expect_code(0);
        assert_eq!(recover.get("b3_decide_status"), status, "{event}");
        assert_eq!(scene.stored("articles"), stored, "{event}");
        let listed = scene.home.birth(&["runs", "list"]).run().expect_code(0);
        assert!(listed.stdout.contains("decide"), "{}", listed.stdout);
        if status == "PASS" {
            scene
                .home
                .birth(&["runs", "publish", &run])
                .run()
                .expect_code(0);
            scene.rollback(&run).pause_at("committed").kill();
            let undo = last(&scene, "p3d-birth-b3-decide-rollback");
            let recover = scene
                .home
                .on(&scene.db, &["recover", &undo])
                .run()
                .expect_code(0);
            expect(
                &recover,
                &[("rollback_status", "PASS"), ("decisions_restored", "1")],
            );
            assert_eq!(scene.stored("articles"), "∅|∅|∅|∅|∅");
        }
    }
}

/// The last run whose id begins so.
fn last(scene: &Scene, stem: &str) -> String {
    let mut runs = scene.home.run_ids();
    runs.retain(|id| id.starts_with(stem));
    runs.pop().unwrap()
}
