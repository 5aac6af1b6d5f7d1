//! Directories that cannot be written, pipes that close, files in the way:
//! the run ends honestly, and what it did to the database is in its log.

use std::fs;
use std::path::{Path, PathBuf};

use birth_tests::cli::{Birth, Home, Ran};
use birth_tests::database::Database;
use birth_tests::server;

use crate::estates::PLAIN;

pub(crate) struct Scene {
    pub(crate) home: Home,
    pub(crate) db: Database,
    before: String,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let db = Database::new(server::one(), PLAIN.script);
        let before = db.shape(PLAIN.registry);
        Self {
            home: Home::new(),
            db,
            before,
        }
    }

    pub(crate) fn on(&self, arguments: &[&str]) -> Birth {
        self.home.on(&self.db, arguments)
    }

    pub(crate) fn apply(&self) -> Birth {
        self.on(&["apply", "storage", "--yes"])
    }

    pub(crate) fn changed(&self) -> bool {
        self.db.shape(PLAIN.registry) != self.before
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }
}

pub(crate) fn expect_failed(ran: &Ran, code: &str) {
    assert_eq!(ran.get("b3p_ddl_status"), "FAILED");
    let reason = ran.get("reason");
    assert!(reason.starts_with(&format!("{code}: ")), "{reason}");
    assert_eq!(ran.get("columns_added"), "0");
    assert_eq!(ran.get("constraints_added"), "0");
    assert_eq!(ran.get("post_ddl_verified"), "false");
}

pub(crate) fn expect_added(ran: &Ran) {
    assert_eq!(ran.get("columns_added"), "6");
    assert_eq!(ran.get("constraints_added"), "2");
    assert_eq!(ran.get("compiled_sql_logged"), "true");
    assert_eq!(ran.get("post_ddl_verified"), "true");
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

/// Two pipes that nobody reads any more.
#[test]
fn closed_pipes_are_no_panic() {
    for redirect in ["1>&-", "2>&-", "1>&- 2>&-", "| true", "2>&1 | true"] {
        let scene = Scene::new();
        let script = format!("\"$@\" {redirect}");
        let ran = scene.apply().under(&["sh", "-c", &script, "sh"]).run();
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
        // The exit code is the pipe's where there is one.
        if !redirect.contains('|') {
            assert_eq!(ran.code, Some(0), "{redirect}\n{}", ran.stderr);
        }
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
