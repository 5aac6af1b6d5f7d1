//! Every hostile guest through the real binary: pinned and approved as it
//! should be, so that nothing but the boundary itself stands in its way.

use birth_tests::cli::Home;
use birth_tests::database::Database;
use birth_tests::server;

use crate::policies::PolicyDir;
use crate::{estates, guests};

/// Codes of what is refused before it runs; everything else is misbehaviour.
const REFUSED: [&str; 8] = [
    "PLUGIN_OVER_LIMIT",
    "PLUGIN_COMPILE",
    "PLUGIN_HAS_IMPORTS",
    "PLUGIN_WRONG_WIT_VERSION",
    "PLUGIN_WRONG_ROLE",
    "PLUGIN_WRONG_INTERFACE",
    "PLUGIN_NOT_A_COMPONENT",
    "PLUGIN_SETTINGS_REJECTED",
];

fn exit_code(code: &str) -> i32 {
    if REFUSED.contains(&code) { 24 } else { 25 }
}

/// Whether it shows itself before it is asked to judge, which is as far as
/// `policy verify` goes: it has no facts to ask about.
fn shows_without_judging(name: &str, code: &str) -> bool {
    REFUSED.contains(&code) || name.starts_with("describes-") || name.ends_with("-at-start")
}

#[track_caller]
fn is_clean(name: &str, stderr: &str) {
    assert!(!stderr.contains("panicked"), "{name}: {stderr}");
    assert!(!stderr.contains("RUST_BACKTRACE"), "{name}: {stderr}");
    assert!(
        !stderr.contains("fault of birth itself"),
        "{name}: {stderr}"
    );
}

#[test]
fn no_hostile_plugin_changes_anything() {
    let (db, home) = (
        Database::new(server::one(), estates::PLAIN.script),
        Home::new(),
    );
    let before = db.shape(estates::PLAIN.registry);
    for (name, bytes, code) in guests::all() {
        let set = PolicyDir::of(&bytes);
        set.approve(&home);
        for command in [
            &["apply", "storage", "--yes"][..],
            &["plan", "storage", "--format", "json"],
        ] {
            let ran = set.on(&home, &db, command).run();
            assert_eq!(ran.code, Some(exit_code(code)), "{name}: {ran:?}");
            assert!(
                ran.stderr.contains(&format!("[{code}]")),
                "{name}: {}",
                ran.stderr
            );
            is_clean(name, &ran.stderr);
            if command[0] == "apply" {
                assert_eq!(ran.get("b3p_ddl_status"), "FAILED", "{name}");
                assert!(ran.get("reason").starts_with(&format!("{code}: ")));
                assert_eq!(ran.get("columns_added"), "0", "{name}");
                assert_eq!(ran.get("constraints_added"), "0", "{name}");
                assert_eq!(ran.get("compiled_sql_logged"), "false", "{name}");
                assert_eq!(ran.get("post_ddl_verified"), "false", "{name}");
            } else {
                // The error is the document that was asked for; no plan is in it.
                assert_eq!(ran.json()["error"]["code"], code, "{name}");
                assert!(ran.json().get("plan").is_none(), "{name}: a plan was shown");
            }
        }
        assert_eq!(db.shape(estates::PLAIN.registry), before, "{name}");
    }
    // Each of the runs is closed: none waits for `recover`.
    let listed = home.birth(&["runs", "list", "--format", "json"]).run();
    for run in listed.expect_code(0).json().as_array().unwrap() {
        assert_eq!(run["state"], "closed", "{run}");
        assert_eq!(run["status"], "FAILED", "{run}");
    }
}

#[test]
fn verify_stops_what_can_be_seen_without_facts() {
    let home = Home::new();
    for (name, bytes, code) in guests::all() {
        let set = PolicyDir::of(&bytes);
        set.approve(&home);
        let ran = set.policy(&home, &["verify", "--format", "json"]).run();
        is_clean(name, &ran.stderr);
        let found = ran.json();
        let failed: Vec<_> = found["checks"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|check| check["outcome"] == "failed")
            .map(|check| check["error"]["code"].as_str().unwrap())
            .collect();
        if shows_without_judging(name, code) {
            assert_eq!(ran.code, Some(exit_code(code)), "{name}: {ran:?}");
            assert_eq!(failed, [code], "{name}");
        } else {
            assert_eq!(ran.code, Some(0), "{name}: {ran:?}");
            assert!(failed.is_empty(), "{name}: {failed:?}");
        }
        assert_eq!(found["ok"], failed.is_empty(), "{name}");
    }
}

/// The frame itself is sound: what the guests above are refused for is what
/// they do, and not how they are built.
#[test]
fn a_plugin_that_behaves_is_executed() {
    let (db, home) = (
        Database::new(server::one(), estates::PLAIN.script),
        Home::new(),
    );
    let set = PolicyDir::of(&guests::well_behaved("conflict"));
    set.approve(&home);
    set.policy(&home, &["verify"]).run().expect_code(0);
    let apply = ["apply", "storage", "--yes"];
    let applied = set.on(&home, &db, &apply).run().expect_code(0);
    assert_eq!(applied.get("columns_added"), "6");
    let with_storage = db.shape(estates::PLAIN.registry);

    // It goes on saying ABSENT for what exists now: the host is the last guard.
    let again = set.on(&home, &db, &apply).run().expect_code(25);
    assert!(
        again
            .get("reason")
            .starts_with("VERDICT_CONTRADICTS_CATALOG: "),
        "{}",
        again.stdout
    );
    assert_eq!(db.shape(estates::PLAIN.registry), with_storage);
}
