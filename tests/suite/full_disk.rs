//! Disks that are full, at every write of a run: it ends honestly, and with
//! room again the journal accounts for what was done to the database. Linux
//! alone lets a test limit another process.

use std::collections::BTreeSet;
use std::fs;

use birth_tests::cli::Ran;
use birth_tests::paused::Paused;
use birth_tests::proxy::{Cut, Later, Point, Proxy};

use crate::files::{Scene, expect_added, expect_failed};

fn expect_no_panic(ran: &Ran) {
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    assert!(ran.code.is_some(), "a signal ended it: {}", ran.stderr);
}

/// A run that stops itself after an event. Ignoring the signal makes a
/// write beyond the limit fail instead of ending the process.
fn paused_at(scene: &Scene, event: &str) -> Paused {
    let ignoring = ["sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"];
    scene.apply().under(&ignoring).pause_at(event)
}

/// Size of a file of the only run.
fn size(scene: &Scene, file: &str) -> u64 {
    let run = scene.home.run_ids().remove(0);
    let name = file.replace("{run}", &run);
    fs::metadata(scene.home.run(&run).join(name)).unwrap().len()
}

/// Judges how a run ended, and what is left of it; returns a word for it.
fn judge(scene: &Scene, what: &str, ran: &Ran) -> String {
    expect_no_panic(ran);
    let status = ran.get("b3p_ddl_status");
    match (status, ran.code) {
        ("FAILED", Some(28)) => {
            expect_failed(ran, "FILE_NOT_USABLE");
            assert!(!scene.changed(), "{what}\n{}", ran.stdout);
        }
        ("PARTIAL", Some(10)) => {
            assert_eq!(ran.get("columns_added"), "6");
            assert!(scene.changed(), "{what}\n{}", ran.stdout);
        }
        ("PASS", Some(0)) => {
            expect_added(ran);
            assert!(scene.changed(), "{what}\n{}", ran.stdout);
        }
        _ => panic!("{what}: {:?}\n{}\n{}", ran.code, ran.stdout, ran.stderr),
    }
    after_room_was_made(scene, what, ran);
    if status == "PASS" {
        return status.to_owned();
    }
    let code = ran.get("reason").split(':').next().unwrap();
    format!("{status} {code}")
}

#[test]
fn from_the_start() {
    let scene = Scene::new();
    let none = ["sh", "-c", "trap '' XFSZ; ulimit -f 0; exec \"$@\"", "sh"];
    let ran = scene.apply().under(&none).run();
    assert_eq!(
        judge(&scene, "from the start", &ran),
        "FAILED FILE_NOT_USABLE"
    );
}

/// At every boundary: nothing can be written any more, or the next line of
/// the events or of the log is cut short.
#[test]
fn from_every_boundary() {
    for (event, expected) in [
        ("started", "FAILED FILE_NOT_USABLE"),
        ("planned", "FAILED FILE_NOT_USABLE"),
        ("previewed", "FAILED FILE_NOT_USABLE"),
        ("locked", "FAILED FILE_NOT_USABLE"),
        ("verified", "FAILED FILE_NOT_USABLE"),
        ("committing", "PARTIAL JOURNAL_FAILED"),
        ("committed", "PARTIAL CONFIRMATION_FAILED"),
        ("confirmed", "PARTIAL UPLOAD_FAILED"),
    ] {
        for file in [None, Some("events.jsonl"), Some("{run}.log")] {
            let scene = Scene::new();
            let host = paused_at(&scene, event);
            let limit = file.map_or(0, |file| size(&scene, file) + 10);
            host.limit_files(limit);
            let ran = host.resume();
            let what = format!("after {event}, {limit} bytes for {file:?}");
            let found = judge(&scene, &what, &ran);
            // Where a line is cut the other files may still have room, so
            // the run can come further.
            if file.is_none() {
                assert_eq!(found, expected, "{what}\n{}", ran.stdout);
            }
        }
    }
}

/// The disk is full and the answer to COMMIT is lost: that the log cannot
/// say so is no reason to claim that nothing was committed.
#[test]
fn while_the_answer_to_commit_is_lost() {
    for (cut, expected) in [
        (Cut::AnswerLost, "PARTIAL JOURNAL_FAILED"),
        (Cut::Unsent, "FAILED CONNECTION_LOST"),
    ] {
        let scene = Scene::new();
        let socket = scene.db.server().socket();
        let proxy = Proxy::new(&socket, Point::Commit, cut, Later::Pass);
        let apply = scene.home.birth(&["apply", "storage", "--yes"]);
        let apply = apply.arg("--database").arg(&proxy.url(scene.db.name()));
        let ignoring = ["sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"];
        let host = apply.under(&ignoring).pause_at("committing");
        host.limit_files(0);
        let ran = host.resume();
        assert!(proxy.was_cut());
        let code = ran.get("reason").split(':').next().unwrap();
        let found = format!("{} {code}", ran.get("b3p_ddl_status"));
        assert_eq!(found, expected, "{}", ran.stdout);
        assert_eq!(scene.changed(), cut == Cut::AnswerLost);
        after_room_was_made(&scene, expected, &ran);
    }
}

/// With room for more and more.
#[test]
fn at_every_size() {
    let mut found = BTreeSet::new();
    // Starts after the first verdict: the engine needs a file in memory
    // once, for which the limit would hold as well.
    for bytes in (500..200_000).step_by(500) {
        let scene = Scene::new();
        let host = paused_at(&scene, "planned");
        host.limit_files(bytes);
        let ran = host.resume();
        let how = judge(&scene, &format!("{bytes} bytes"), &ran);
        let over = how == "PASS";
        found.insert(how);
        if over {
            break;
        }
    }
    assert!(found.contains("FAILED FILE_NOT_USABLE"), "{found:?}");
    assert!(found.contains("PASS"), "{found:?}");
}

/// With room again, everything that is not closed is recovered, and what the
/// journal then says is what is in the database.
fn after_room_was_made(scene: &Scene, what: &str, ran: &Ran) {
    let changed = scene.changed();
    let recovered = scene.on(&["recover"]).run().expect_code(0);
    expect_no_panic(&recovered);
    assert_eq!(scene.changed(), changed);
    if !recovered.stdout.is_empty() {
        let added = if changed { "6" } else { "0" };
        assert_eq!(
            recovered.get("columns_added"),
            added,
            "{what}\n{}",
            ran.stdout
        );
    }
    for run in scene.home.run_ids() {
        let list = scene
            .home
            .birth(&["runs", "list", "--format", "json"])
            .run();
        assert_eq!(
            list.json()[0]["error"],
            serde_json::Value::Null,
            "{}",
            list.stdout
        );
        let undo = scene.on(&["rollback", &run, "--yes"]).run();
        if changed {
            undo.expect_code(0);
        } else {
            let undo = undo.expect_code(20);
            assert!(undo.stderr.contains("[NOTHING_TO_UNDO]"), "{}", undo.stderr);
        }
    }
    assert!(
        !scene.changed(),
        "{what}: no run answers for the change\n{}",
        ran.stdout
    );
    let again = scene.apply().run().expect_code(0);
    expect_added(&again);
}
