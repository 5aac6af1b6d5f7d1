//! Locks that somebody else holds: the host says whose, changes nothing, and
//! makes nobody wait longer than it promised.

use std::process::Child;
use std::time::{Duration, Instant};

use birth_cluster::ClusterOptions;
use birth_tests::cli::{Birth, Home, Ran};
use birth_tests::database::{Database, Session};
use birth_tests::server::{self, Server};

use crate::estates::PLAIN;

/// B3-P, "Advisory lock", letter by letter.
const SPEC_LOCK: &str = "hashtext('p3d_birth_b3p_ddl_policy_storage')";
/// The lock that all operations share.
const SHARED_LOCK: &str = "hashtext('birth_governed_operation')";

/// Longest wait for another process to come to a point.
const PATIENCE: Duration = Duration::from_secs(60);

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

    fn apply(&self) -> Birth {
        self.home.on(&self.db, &["apply", "storage", "--yes"])
    }

    /// With so little patience that a test does not wait.
    fn apply_once(&self) -> Birth {
        let once = ["--lock-timeout", "100ms", "--lock-retries", "0"];
        once.iter().fold(self.apply(), |birth, o| birth.arg(o))
    }

    fn changed(&self) -> bool {
        self.db.shape(PLAIN.registry) != self.before
    }

    /// A session with a name, and its process id.
    fn holder(&self, script: &str) -> (Session, String) {
        let session = self.db.session();
        session.execute("SET application_name = 'night report'");
        session.execute(script);
        let pid = self.db.value(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'night report' AND datname = current_database()",
        );
        (session, pid)
    }

    /// Waits until a query gives true.
    fn wait_until(&self, query: &str) {
        let deadline = Instant::now() + PATIENCE;
        while self.db.value(query) != "t" {
            assert!(Instant::now() < deadline, "never true: {query}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn log(&self, ran: &Ran) -> String {
        std::fs::read_to_string(ran.get("execution_log_path")).unwrap()
    }
}

fn expect_busy(ran: &Ran, code: &str) {
    assert_eq!(ran.get("b3p_ddl_status"), "LOCK_BUSY", "{}", ran.stdout);
    let reason = ran.get("reason");
    assert!(reason.starts_with(&format!("{code}: ")), "{reason}");
    assert_eq!(ran.get("columns_added"), "0");
    assert_eq!(ran.get("constraints_added"), "0");
    assert_eq!(ran.get("compiled_sql_logged"), "true");
    assert_eq!(ran.get("post_ddl_verified"), "false");
}

fn expect_added(ran: &Ran) {
    assert_eq!(ran.get("b3p_ddl_status"), "PASS");
    assert_eq!(ran.get("columns_added"), "6");
    assert_eq!(ran.get("constraints_added"), "2");
    assert_eq!(ran.get("post_ddl_verified"), "true");
}

fn finish(child: Child) -> Ran {
    Ran::from(child.wait_with_output().unwrap())
}

#[test]
fn advisory_lock_of_another_session() {
    for key in [SPEC_LOCK, SHARED_LOCK] {
        // A lock of a session blocks as one of a transaction does.
        for take in ["pg_advisory_lock", "BEGIN; SELECT pg_advisory_xact_lock"] {
            let scene = Scene::new();
            let script = if take.starts_with("BEGIN") {
                format!("{take}({key})")
            } else {
                format!("SELECT {take}({key})")
            };
            let (holder, pid) = scene.holder(&script);
            let ran = scene.apply().run().expect_code(12);
            expect_busy(&ran, "OPERATION_RUNNING");
            let reason = ran.get("reason");
            assert!(reason.contains(&pid), "{pid} in {reason}");
            assert!(reason.contains("night report"), "{reason}");
            assert!(!scene.changed());
            let undo = ["rollback", &ran.run_id(), "--yes"];
            let undo = scene.home.on(&scene.db, &undo).run().expect_code(20);
            assert!(undo.stderr.contains("[NOTHING_TO_UNDO]"));

            drop(holder);
            scene.wait_until(&format!(
                "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = {pid})"
            ));
            expect_added(&scene.apply().run().expect_code(0));
        }
    }
}

/// An advisory lock in another database, or the same number in the two-key
/// form, is another lock.
#[test]
fn other_advisory_locks_do_not_block() {
    let scene = Scene::new();
    let elsewhere = Scene::new();
    let _one = elsewhere.holder(&format!("SELECT pg_advisory_lock({SPEC_LOCK})"));
    let _two = scene.holder(&format!("SELECT pg_advisory_lock(0, {SPEC_LOCK})"));
    expect_added(&scene.apply().run().expect_code(0));
}

#[test]
fn table_lock_of_a_reader() {
    let scene = Scene::new();
    let read = format!("BEGIN; SELECT count(*) FROM {}", PLAIN.registry);
    let (reader, pid) = scene.holder(&read);
    let patience = ["--lock-timeout", "100ms", "--lock-retries", "1"];
    let apply = patience.iter().fold(scene.apply(), |b, o| b.arg(o));
    let ran = apply.run().expect_code(12);
    expect_busy(&ran, "LOCK_TIMEOUT");
    let reason = ran.get("reason");
    assert!(reason.contains(&pid), "{pid} in {reason}");
    assert!(reason.contains("night report"), "{reason}");
    assert!(reason.contains("tried 2 times"), "{reason}");
    let log = scene.log(&ran);
    assert_eq!(log.matches("; attempt ").count(), 1, "{log}");
    assert!(log.contains("attempt 1 of 1"), "{log}");
    assert!(!scene.changed());

    // The reader was never disturbed, and everything is free afterwards.
    reader.execute(&format!("SELECT count(*) FROM {}; COMMIT", PLAIN.registry));
    expect_added(&scene.apply().run().expect_code(0));
}

#[test]
fn table_lock_stops_a_rollback_too() {
    let scene = Scene::new();
    let applied = scene.apply().run().expect_code(0);
    let after = scene.db.shape(PLAIN.registry);
    let (_reader, pid) = scene.holder(&format!("BEGIN; SELECT * FROM {}", PLAIN.registry));
    let undo = ["rollback", &applied.run_id(), "--yes"];
    let undo = scene.home.on(&scene.db, &undo);
    let undo = undo.arg("--lock-timeout").arg("100ms");
    let undo = undo.arg("--lock-retries").arg("0").run().expect_code(12);
    assert_eq!(undo.get("rollback_status"), "LOCK_BUSY");
    assert!(undo.get("reason").starts_with("LOCK_TIMEOUT: "));
    assert!(undo.get("reason").contains(&pid));
    assert_eq!(undo.get("columns_dropped"), "0");
    assert_eq!(scene.db.shape(PLAIN.registry), after);
}

/// The lock becomes free between two attempts.
#[test]
fn lock_that_becomes_free_while_it_is_tried_again() {
    let scene = Scene::new();
    let (reader, _) = scene.holder(&format!("BEGIN; SELECT * FROM {}", PLAIN.registry));
    let apply = scene.apply().arg("--lock-timeout").arg("100ms");
    let host = apply.arg("--lock-retries").arg("50").start();
    wait_for_log(&scene, "attempt 1 of 50");
    reader.execute("COMMIT");
    let ran = finish(host).expect_code(0);
    expect_added(&ran);
    assert!(scene.log(&ran).contains("attempt 1 of 50"));
}

fn wait_for_log(scene: &Scene, text: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found = scene.home.run_ids().iter().any(|id| {
            let log = scene.home.run(id).join(format!("{id}.log"));
            std::fs::read_to_string(log).is_ok_and(|log| log.contains(text))
        });
        if found {
            return;
        }
        assert!(Instant::now() < deadline, "never logged: {text}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A reader that comes while the host waits for its lock stands behind it in
/// the queue. The host gives up, so the reader goes on although the lock that
/// the host waited for never became free.
#[test]
fn reader_behind_the_host_goes_on() {
    let scene = Scene::new();
    let (_first, _) = scene.holder(&format!("BEGIN; SELECT * FROM {}", PLAIN.registry));
    let apply = scene.apply().arg("--lock-timeout").arg("3s");
    let host = apply.arg("--lock-retries").arg("0").start();
    let waiting = "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'inventory.collection_registry'::regclass AND mode = 'AccessExclusiveLock' AND NOT granted)";
    scene.wait_until(waiting);
    // Returns only once it has read; the first reader still holds its lock.
    scene
        .db
        .execute(&format!("SELECT count(*) FROM {}", PLAIN.registry));
    expect_busy(&finish(host).expect_code(12), "LOCK_TIMEOUT");
    assert!(!scene.changed());
}

#[test]
fn two_hosts_at_once() {
    let scene = Scene::new();
    let first = scene.apply().pause_at("locked");
    let holder = scene.db.value(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'birth/%'",
    );
    let second = scene.apply_once().run().expect_code(12);
    expect_busy(&second, "OPERATION_RUNNING");
    let reason = second.get("reason");
    assert!(reason.contains(&holder), "{holder} in {reason}");
    assert!(reason.contains("birth/"), "{reason}");
    assert!(!scene.changed());
    // Nor can one undo what the other is about to do.
    let runs = scene.home.run_ids();
    let undo = ["rollback", &runs[0], "--yes"];
    let undo = scene.home.on(&scene.db, &undo).run();
    assert!(undo.stderr.contains("[RUN_IN_PROGRESS]"), "{}", undo.stderr);

    let passed = first.resume().expect_code(0);
    expect_added(&passed);
    let third = scene.apply().run().expect_code(0);
    assert_eq!(third.get("columns_added"), "0");
}

/// Both planned before either had the lock: the second sees under the lock
/// that its plan is overtaken.
#[test]
fn plan_that_another_host_overtook() {
    let scene = Scene::new();
    let slow = scene.apply().pause_at("previewed");
    let quick = scene.apply().run().expect_code(0);
    expect_added(&quick);
    let after = scene.db.shape(PLAIN.registry);
    let slow = slow.resume().expect_code(26);
    assert_eq!(slow.get("b3p_ddl_status"), "FAILED");
    assert!(slow.get("reason").starts_with("DRIFT: "));
    assert_eq!(slow.get("columns_added"), "0");
    assert_eq!(scene.db.shape(PLAIN.registry), after);
}

/// Eight at once: one adds, and no other adds, fails half-way, or says that
/// it did.
#[test]
fn many_hosts_at_once() {
    let scene = Scene::new();
    let hosts: Vec<Child> = (0..8).map(|_| scene.apply().start()).collect();
    let ran: Vec<Ran> = hosts.into_iter().map(finish).collect();
    let mut added = 0;
    for ran in &ran {
        match (
            ran.get("b3p_ddl_status"),
            ran.get("columns_added"),
            ran.code,
        ) {
            ("PASS", "6", Some(0)) => added += 1,
            ("PASS", "0", Some(0)) => {
                assert_eq!(ran.get("columns_already_existed"), "6");
            }
            ("LOCK_BUSY", "0", Some(12)) => {}
            // Planned before the one had committed, locked after.
            ("FAILED", "0", Some(26)) => {
                assert!(ran.get("reason").starts_with("DRIFT: "), "{}", ran.stdout);
            }
            _ => panic!("{}\n{}", ran.stdout, ran.stderr),
        }
    }
    assert_eq!(added, 1);
    // Each has a directory of its own, though all began in the same second.
    let mut ids: Vec<String> = ran.iter().map(Ran::run_id).collect();
    ids.sort();
    assert_eq!(ids, scene.home.run_ids());
    ids.dedup();
    assert_eq!(ids.len(), 8);
    assert_eq!(scene.home.on(&scene.db, &["recover"]).run().stdout, "");
    let verify = scene.home.on(&scene.db, &["verify", "storage"]);
    verify.run().expect_code(0);
}

/// ALTER TABLE waits for what is below the registry as well, and a prepared
/// transaction waits for nobody and has no process.
#[test]
fn holders_below_the_registry_and_without_a_process_are_named() {
    let options = ClusterOptions::default().setting("max_prepared_transactions", "2");
    let db = Database::new(Server::own(&options), PLAIN.script);
    db.execute(&format!(
        "CREATE TABLE below () INHERITS ({})",
        PLAIN.registry
    ));
    let before = db.shape(PLAIN.registry);
    let scene = Scene {
        home: Home::new(),
        db,
        before,
    };
    let (holder, pid) = scene.holder("BEGIN; LOCK TABLE below IN ACCESS SHARE MODE");
    let ran = scene.apply_once().run().expect_code(12);
    expect_busy(&ran, "LOCK_TIMEOUT");
    let reason = ran.get("reason");
    for part in [
        &format!("pid {pid} ("),
        "holds AccessShareLock on public.below",
    ] {
        assert!(reason.contains(part), "{part} is not in {reason}");
    }
    assert!(!scene.changed());

    holder.execute("PREPARE TRANSACTION 'month end'");
    let ran = scene.apply_once().run().expect_code(12);
    expect_busy(&ran, "LOCK_TIMEOUT");
    let reason = ran.get("reason");
    for part in [
        "the prepared transaction \"month end\" (postgres, prepared for ",
        "holds AccessShareLock on public.below",
    ] {
        assert!(reason.contains(part), "{part} is not in {reason}");
    }
    assert!(!scene.changed());
    holder.execute("ROLLBACK PREPARED 'month end'");
    expect_added(&scene.apply_once().run().expect_code(0));
}
