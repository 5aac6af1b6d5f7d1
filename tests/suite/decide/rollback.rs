//! Taking decisions back: what nobody touched since, and nothing else.

use super::{REGISTRY, Scene, entry};
use crate::triggers_scene::{expect, expect_reason};

fn three() -> String {
    ["articles", "customers", "orders"]
        .iter()
        .map(|key| entry(key, "BIRTH_DEFERRED", "owner = 'Eve'"))
        .collect()
}

#[test]
fn rows_that_were_decided_again_are_left_and_named() {
    let scene = Scene::new();
    let ran = scene.decide_all(&three()).run().expect_code(0);
    let owner = |key: &str, owner: &str| {
        let sql = format!(
            "UPDATE {REGISTRY} SET coverage_review_owner = '{owner}' WHERE collection_key = '{key}'"
        );
        scene.db.execute(&sql);
    };
    owner("customers", "Zoe");
    // Another column of the row is not the decision.
    scene.db.execute(&format!(
        "UPDATE {REGISTRY} SET governance_role = 'observed' WHERE collection_key = 'orders'"
    ));
    let undone = scene.rollback(&ran.run_id()).run().expect_code(10);
    expect(
        &undone,
        &[("rollback_status", "PARTIAL"), ("decisions_restored", "2")],
    );
    expect_reason(&undone, "CHANGED_SINCE", &["\"customers\""]);
    assert_eq!(scene.stored("articles"), "∅|∅|∅|∅|∅");
    assert_eq!(scene.stored("orders"), "∅|∅|∅|∅|∅");
    assert_eq!(
        scene.stored("customers"),
        "BIRTH_DEFERRED|IN_SCOPE|∅|Zoe|Ann"
    );
    // What is left alone is nothing to do; put right, it goes as well.
    let again = scene.rollback(&ran.run_id()).run().expect_code(11);
    expect(
        &again,
        &[("rollback_status", "BLOCKED"), ("decisions_restored", "0")],
    );
    owner("customers", "Eve");
    let last = scene.rollback(&ran.run_id()).run().expect_code(0);
    expect(
        &last,
        &[("rollback_status", "PASS"), ("decisions_restored", "1")],
    );
    assert_eq!(scene.stored("customers"), "∅|∅|∅|∅|∅");
}

#[test]
fn what_is_gone_is_named_and_stops_nothing() {
    let scene = Scene::new();
    let ran = scene.decide_all(&three()).run().expect_code(0);
    scene.db.execute(&format!(
        "DELETE FROM inventory.species_collection_map WHERE collection_key = 'orders';
         DELETE FROM {REGISTRY} WHERE collection_key = 'orders'"
    ));
    let undone = scene.rollback(&ran.run_id()).run().expect_code(0);
    expect(
        &undone,
        &[
            ("decisions_restored", "2"),
            ("already_gone", "the collection \"orders\""),
        ],
    );
    // Columns that were dropped and made again are others.
    let ran = scene
        .decide(&["articles", "--status", "BIRTH_DEFERRED"])
        .run()
        .expect_code(0);
    scene.db.execute(&format!(
        "ALTER TABLE {REGISTRY} DROP COLUMN coverage_review_owner; ALTER TABLE {REGISTRY} ADD COLUMN coverage_review_owner text"
    ));
    let before = scene.bytes();
    let undone = scene.rollback(&ran.run_id()).run().expect_code(0);
    expect(&undone, &[("decisions_restored", "0")]);
    assert!(
        undone.get("already_gone").contains("policy columns"),
        "{}",
        undone.stdout
    );
    assert_eq!(scene.bytes(), before);
}

#[test]
fn a_rollback_is_refused_where_it_means_nothing() {
    let scene = Scene::new();
    let ran = scene.decide_all(&three()).run().expect_code(0).run_id();
    let export = ["rollback", &ran, "--yes", "--export", "x"];
    let refused = scene.home.on(&scene.db, &export).run().expect_code(20);
    expect_reason(&refused, "OPTION_NOT_OF_OPERATION", &[]);
    let undone = scene.rollback(&ran).run().expect_code(0).run_id();
    let twice = scene.rollback(&undone).run().expect_code(20);
    expect_reason(&twice, "NOT_UNDOABLE", &[]);
}
