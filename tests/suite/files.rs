//! Directories that cannot be written, disks that are full, pipes that close:
//! the run ends honestly, and what it did to the database is in its log.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use birth_tests::cli::{Birth, Home, Ran};
use birth_tests::database::Database;
use birth_tests::paused::Paused;
use birth_tests::proxy::{Cut, Later, Point, Proxy};
use birth_tests::server;

use crate::estates::PLAIN;

struct Scene {
    home: Home,
    db: Database,
    before: String,
}

impl Scene {
    fn new() -> Self {
        let db = Database::new(server::one(), PLAIN.script);
        let before = db.shape(PLAIN.registry);
        Self {
            home: Home::new(),
            db,
            before,
        }
    }

    fn on(&self, arguments: &[&str]) -> Birth {
        self.home.on(&self.db, arguments)
    }

    fn apply(&self) -> Birth {
        self.on(&["apply", "storage", "--yes"])
    }

    fn changed(&self) -> bool {
        self.db.shape(PLAIN.registry) != self.before
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }
}

fn expect_failed(ran: &Ran, code: &str) {
    assert_eq!(ran.get("b3p_ddl_status"), "FAILED");
    let reason = ran.get("reason");
    assert!(reason.starts_with(&format!("{code}: ")), "{reason}");
    assert_eq!(ran.get("columns_added"), "0");
    assert_eq!(ran.get("constraints_added"), "0");
    assert_eq!(ran.get("post_ddl_verified"), "false");
}

fn expect_added(ran: &Ran) {
    assert_eq!(ran.get("columns_added"), "6");
    assert_eq!(ran.get("constraints_added"), "2");
    assert_eq!(ran.get("compiled_sql_logged"), "true");
    assert_eq!(ran.get("post_ddl_verified"), "true");
}

fn expect_no_panic(ran: &Ran) {
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    assert!(ran.code.is_some(), "a signal ended it: {}", ran.stderr);
}

/// The tests may run as root, whom modes do not stop; these stop everybody.
#[test]
fn log_directory_that_cannot_be_made() {
    let scene = Scene::new();
    let file = scene.path("a file");
    fs::write(&file, "").unwrap();
    let nowhere = [file.clone(), file.join("runs"), PathBuf::from("/proc/runs")];
    for directory in nowhere
        .iter()
        .filter(|d| cfg!(target_os = "linux") || !d.starts_with("/proc"))
    {
        let apply = scene
            .apply()
            .env("BIRTH_LOG_DIR", directory.to_str().unwrap());
        let ran = apply.run().expect_code(28);
        expect_failed(&ran, "FILE_NOT_USABLE");
        assert!(ran.get("reason").contains(directory.to_str().unwrap()));
        assert_eq!(ran.get("compiled_sql_logged"), "false");
        // There is no log, and none is named.
        assert_eq!(ran.get("execution_log_path"), "");
        assert!(!scene.changed());
    }
}

#[test]
fn store_that_cannot_be_written_is_partial_until_published() {
    for (variable, store, document) in [
        ("BIRTH_KNOWLEDGE_BASE", "knowledge-base", "reports"),
        ("BIRTH_LOG_SINK", "log-sink", "logs"),
    ] {
        let scene = Scene::new();
        fs::write(scene.path(store), "in the way").unwrap();
        let ran = scene.apply().run().expect_code(10);
        assert_eq!(ran.get("b3p_ddl_status"), "PARTIAL");
        let reason = ran.get("reason");
        assert!(reason.starts_with("UPLOAD_FAILED: "), "{reason}");
        assert!(reason.contains(store), "{reason}");
        expect_added(&ran);
        assert!(scene.changed());
        let after = scene.db.shape(PLAIN.registry);
        let run = ran.run_id();

        // Still in the way.
        let still = scene.home.birth(&["runs", "publish", &run]).run();
        let still = still.expect_code(28);
        assert!(still.stderr.contains("[UPLOAD_FAILED]"), "{}", still.stderr);

        fs::remove_file(scene.path(store)).unwrap();
        let elsewhere = scene.path("elsewhere");
        for (target, name) in [(scene.path(store), None), (elsewhere, Some(variable))] {
            let publish = scene.home.birth(&["runs", "publish", &run]);
            let publish = match name {
                Some(name) => publish.env(name, target.to_str().unwrap()),
                None => publish,
            };
            let published = publish.run().expect_code(0);
            assert!(published.stdout.contains("PASS"), "{}", published.stdout);
            let folder = target.join(document);
            assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "{folder:?}");
        }
        let reports = scene.path("knowledge-base").join("reports");
        let report = fs::read_to_string(reports.join(format!("{run}.md"))).unwrap();
        assert!(report.contains("b3p_ddl_status=PASS"), "{report}");
        let keys = scene.path("knowledge-base").join("rollback-keys");
        assert_eq!(
            fs::read_to_string(keys.join(format!("{run}.json"))).unwrap(),
            fs::read_to_string(scene.home.run(&run).join("rollback-keys.json")).unwrap()
        );
        let list = scene
            .home
            .birth(&["runs", "list", "--format", "json"])
            .run();
        assert_eq!(list.json()[0]["status"], "PASS");
        assert_eq!(scene.db.shape(PLAIN.registry), after);
        scene.on(&["rollback", &run, "--yes"]).run().expect_code(0);
        assert!(!scene.changed());
    }
}

/// A run that failed stays what it is, whatever the stores do.
#[test]
fn failed_run_with_a_broken_store_is_still_failed() {
    let scene = Scene::new();
    scene
        .db
        .execute("ALTER TABLE inventory.collection_registry ADD coverage_status int");
    let before = scene.db.shape(PLAIN.registry);
    fs::write(scene.path("knowledge-base"), "in the way").unwrap();
    let ran = scene.apply().run().expect_code(11);
    assert_eq!(ran.get("b3p_ddl_status"), "BLOCKED");
    assert!(ran.get("reason").starts_with("EXISTING_CONFLICT: "));
    assert!(ran.get("reason").contains("UPLOAD_FAILED"));
    assert_eq!(scene.db.shape(PLAIN.registry), before);
    fs::remove_file(scene.path("knowledge-base")).unwrap();
    let publish = ["runs", "publish", &ran.run_id()];
    let published = scene.home.birth(&publish).run().expect_code(0);
    assert!(published.stdout.contains("BLOCKED"), "{}", published.stdout);
    let report = format!("knowledge-base/reports/{}.md", ran.run_id());
    assert!(scene.path(&report).exists());
}

#[test]
fn run_that_is_not_closed_is_not_published() {
    let scene = Scene::new();
    scene.apply().pause_at("confirmed").kill();
    let run = scene.home.run_ids().remove(0);
    let refused = scene.home.birth(&["runs", "publish", &run]).run();
    let refused = refused.expect_code(20);
    assert!(refused.stderr.contains("[RUN_NOT_CLOSED]"));
    assert!(!scene.path("knowledge-base").exists());
    assert!(!scene.path("log-sink").exists());
    let unknown = scene.home.birth(&["runs", "publish", "no-such-run"]).run();
    let unknown = unknown.expect_code(20);
    assert!(unknown.stderr.contains("[NO_SUCH_RUN]"));
}

/// Full disks, where the operating system lets a test make them.
#[cfg(target_os = "linux")]
mod full_disk {
    use super::*;

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
}

/// With room again, everything that is not closed is recovered, and what the
/// journal then says is what is in the database.
#[cfg(target_os = "linux")]
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

/// Two pipes that nobody reads any more.
#[test]
fn closed_pipes_are_no_panic() {
    for redirect in ["1>&-", "2>&-", "1>&- 2>&-", "| true", "2>&1 | true"] {
        let scene = Scene::new();
        let script = format!("\"$@\" {redirect}");
        let ran = scene.apply().under(&["sh", "-c", &script, "sh"]).run();
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
        // The run went to its end, and its record says so.
        assert!(scene.changed(), "{redirect}");
        let list = scene
            .home
            .birth(&["runs", "list", "--format", "json"])
            .run();
        assert_eq!(list.json()[0]["status"], "PASS", "{redirect}");
        assert!(log_is_clean(&scene, redirect));
    }
}

/// With stdout closed the next file to be opened gets its number: nothing of
/// the output may end up in a file of the run.
fn log_is_clean(scene: &Scene, what: &str) -> bool {
    let run = scene.home.run_ids().remove(0);
    let events = fs::read_to_string(scene.home.run(&run).join("events.jsonl")).unwrap();
    events
        .lines()
        .all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok_and(|v| v["format"] == 1))
        || panic!("{what}: {events}")
}

#[test]
fn export_never_overwrites() {
    let scene = Scene::new();
    let run = scene.apply().run().expect_code(0).run_id();
    scene
        .db
        .execute(&PLAIN.insert.replace("{}", "BIRTH_REQUIRED"));
    let after = scene.db.shape(PLAIN.registry);
    let export = scene.path("rows.jsonl");
    let refused = |export: &Path| {
        let undo = [
            "rollback",
            &run,
            "--yes",
            "--export",
            export.to_str().unwrap(),
        ];
        let undo = scene.on(&undo).run().expect_code(28);
        assert_eq!(undo.get("rollback_status"), "FAILED");
        assert!(undo.get("reason").starts_with("EXPORT_FAILED: "));
        assert_eq!(undo.get("columns_dropped"), "0");
        assert_eq!(scene.db.shape(PLAIN.registry), after);
        assert_eq!(
            scene
                .db
                .value("SELECT coverage_status FROM inventory.collection_registry"),
            "BIRTH_REQUIRED"
        );
    };
    fs::write(&export, "precious").unwrap();
    refused(&export);
    assert_eq!(fs::read_to_string(&export).unwrap(), "precious");
    // A link to nowhere is not followed, and a folder that is not there is
    // not made.
    fs::remove_file(&export).unwrap();
    std::os::unix::fs::symlink(scene.path("elsewhere"), &export).unwrap();
    refused(&export);
    assert!(!scene.path("elsewhere").exists());
    refused(&scene.path("missing/rows.jsonl"));
    refused(Path::new("/"));

    fs::remove_file(&export).unwrap();
    let undo = [
        "rollback",
        &run,
        "--yes",
        "--export",
        export.to_str().unwrap(),
    ];
    scene.on(&undo).run().expect_code(0);
    assert!(!scene.changed());
    assert!(
        fs::read_to_string(&export)
            .unwrap()
            .contains("BIRTH_REQUIRED")
    );
}
