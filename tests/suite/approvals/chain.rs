//! Approvals follow each other, and are about the set that has their digest.

use birth_tests::database::Database;
use birth_tests::server;

use super::scene::Scene;
use crate::estates::PLAIN;

/// The text without the entry whose line of text this is.
fn without(list: &str, line: &str) -> String {
    let entries: Vec<&str> = list.split("\n[[approved]]\n").collect();
    let kept: Vec<&str> = entries
        .iter()
        .copied()
        .filter(|e| !e.contains(line))
        .collect();
    assert_eq!(kept.len() + 1, entries.len(), "{line}");
    kept.join("\n[[approved]]\n")
}

fn two_approved() -> Scene {
    let scene = Scene::approved();
    scene.revision(5, 6);
    scene.approve("ada", &["--why", "the fifth"]).expect_code(0);
    scene.approve("cyd", &[]).expect_code(0);
    scene
}

#[test]
fn a_chain_that_is_broken() {
    let db = Database::new(server::one(), PLAIN.script);
    let scene = two_approved();
    scene.policy(&["verify"]).run().expect_code(0);
    let list = scene.list();
    let broken = "POLICY_CHAIN_BROKEN";
    for (line, says) in [
        // Revision 6 follows 5, which is gone; 5 follows 4, which is.
        ("revision = 5", "broken at revision 6"),
        ("revision = 4", "broken at revision 5"),
    ] {
        scene.set.write("approved.toml", without(&list, line));
        scene.expect_refused(&db, broken, &[says, "not in the list before it"]);
        let log = scene.policy(&["log"]).run().expect_code(0).stdout;
        assert!(log.contains(broken) && log.contains(says), "{log}");
        // Without a trust file as well: the chain needs no keys.
        let ran = scene
            .set
            .policy(&scene.home, &["verify"])
            .run()
            .expect_code(24);
        assert!(ran.stdout.contains(says), "{}", ran.stdout);
    }
    // Nor does anything fit in between, or in another order.
    let entries: Vec<&str> = list.split("\n[[approved]]\n").collect();
    let swapped = [&entries[..5], &[entries[6], entries[5]]].concat();
    scene
        .set
        .write("approved.toml", swapped.join("\n[[approved]]\n"));
    scene.expect_refused(&db, broken, &["broken at revision 6"]);
}

/// Sets of other names in the same file are none of its business.
#[test]
fn a_list_of_several_sets() {
    let scene = Scene::approved();
    scene
        .set
        .edit("policy.toml", "name = \"birth\"", "name = \"other\"");
    scene
        .approve("ada", &["--why", "another set"])
        .expect_code(0);
    scene.approve("bob", &[]).expect_code(0);
    assert_eq!(
        scene.last("approved")["entry"]["previous"],
        serde_json::Value::Null
    );
    scene.policy(&["verify"]).run().expect_code(0);
    scene
        .set
        .edit("policy.toml", "name = \"other\"", "name = \"birth\"");
    scene.policy(&["verify"]).run().expect_code(0);
}

/// An approval of one set, put in for another, or signatures of one on another.
#[test]
fn an_approval_of_another_set() {
    let db = Database::new(server::one(), PLAIN.script);
    let scene = Scene::approved();
    let list = scene.list();
    // The set as it is with another setting, under the approval of this one.
    scene.set.edit(
        "policy.toml",
        "accept-varchar = true",
        "accept-varchar = false",
    );
    scene.expect_refused(&db, "POLICY_NOT_APPROVED", &["birth policy approve"]);
    let shown = scene
        .policy(&["show", "--format", "json"])
        .run()
        .expect_code(0)
        .json();
    let (digest, last) = (shown["digest"].as_str().unwrap(), scene.last("approved"));
    let approved = last["entry"]["digest"].as_str().unwrap();
    scene
        .set
        .write("approved.toml", list.replace(approved, digest));
    scene.expect_refused(
        &db,
        "POLICY_TOO_FEW_SIGNATURES",
        &["0 of 2", "does not fit the statement"],
    );

    // An entry that says another name or revision than its digest stands for is
    // noticed without keys.
    scene.set.edit(
        "policy.toml",
        "accept-varchar = false",
        "accept-varchar = true",
    );
    for (from, to) in [
        ("revision = 5\nwit", "revision = 8\nwit"),
        ("wit = \"0.1.0\"", "wit = \"0.1.1\""),
    ] {
        scene.set.write("approved.toml", list.replace(from, to));
        let ran = scene
            .set
            .policy(&scene.home, &["verify", "--format", "json"])
            .run();
        let text = ran.expect_code(24).stdout;
        assert!(text.contains("POLICY_APPROVAL_OF_ANOTHER_SET"), "{text}");
        scene.expect_refused(
            &db,
            "POLICY_APPROVAL_OF_ANOTHER_SET",
            &["somebody changed the entry"],
        );
    }
}

/// A change of settings needs an approval, and a revision, of its own.
#[test]
fn a_change_of_settings_without_a_new_approval() {
    let db = Database::new(server::one(), PLAIN.script);
    let scene = Scene::approved();
    scene.set.edit(
        "policy.toml",
        "shortest-free-text = 64",
        "shortest-free-text = 32",
    );
    scene.expect_refused(&db, "POLICY_NOT_APPROVED", &["revision 5"]);
    let ran = scene.approve("ada", &["--why", "shorter"]).expect_code(24);
    assert!(
        ran.stderr.contains("[REVISION_NOT_HIGHER]"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("raise `revision`"), "{}", ran.stderr);
    scene.revision(5, 6);
    scene.approve("ada", &["--why", "shorter"]).expect_code(0);
    scene.approve("cyd", &[]).expect_code(0);
    scene
        .on(&db, &["apply", "storage", "--yes"])
        .run()
        .expect_code(0);
}
