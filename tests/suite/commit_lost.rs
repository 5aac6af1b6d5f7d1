//! A connection that breaks around COMMIT: what the server did is established,
//! never guessed, and what the final response says is what is in the database.

use birth_cluster::{Cluster, ClusterOptions, ServerBinaries};
use birth_tests::cli::{Birth, Home, Ran};
use birth_tests::database::{Database, rows_at, shape_at};
use birth_tests::proxy::{Cut, Later, Point, Proxy};
use birth_tests::server;

use crate::estates::PLAIN;

/// A database behind a proxy.
struct Scene {
    home: Home,
    db: Database,
    proxy: Proxy,
    before: String,
}

impl Scene {
    fn new(point: Point, cut: Cut, later: Later) -> Self {
        let db = Database::new(server::one(), PLAIN.script);
        let proxy = Proxy::new(&db.server().socket(), point, cut, later);
        let before = db.shape(PLAIN.registry);
        Self {
            home: Home::new(),
            db,
            proxy,
            before,
        }
    }

    fn birth(&self, arguments: &[&str]) -> Birth {
        let url = self.proxy.url(self.db.name());
        self.home.birth(arguments).arg("--database").arg(&url)
    }

    fn apply(&self) -> Birth {
        self.birth(&["apply", "storage", "--yes"])
    }

    fn changed(&self) -> bool {
        self.db.shape(PLAIN.registry) != self.before
    }
}

/// Everything a final response says of a run that changed nothing.
fn expect_nothing_done(ran: &Ran, status: &str, code: &str) {
    assert_eq!(ran.get("b3p_ddl_status"), status, "{}", ran.stdout);
    let reason = ran.get("reason");
    assert!(reason.starts_with(&format!("{code}: ")), "{reason}");
    assert_eq!(ran.get("columns_added"), "0");
    assert_eq!(ran.get("constraints_added"), "0");
    assert_eq!(ran.get("post_ddl_verified"), "false");
}

/// Everything a final response says of a run that did all and knows it.
fn expect_all_done(ran: &Ran) {
    assert_eq!(ran.get("b3p_ddl_status"), "PASS");
    assert_eq!(ran.get("columns_added"), "6");
    assert_eq!(ran.get("constraints_added"), "2");
    assert_eq!(ran.get("compiled_sql_logged"), "true");
    assert_eq!(ran.get("post_ddl_verified"), "true");
}

/// The first run of a home.
fn first_run(home: &Home) -> String {
    home.run_ids().into_iter().next().expect("a run")
}

fn log(home: &Home, run: &str) -> String {
    std::fs::read_to_string(home.run(run).join(format!("{run}.log"))).unwrap()
}

#[test]
fn commit_that_never_arrived_is_failed() {
    let scene = Scene::new(Point::Commit, Cut::Unsent, Later::Pass);
    let ran = scene.apply().run().expect_code(21);
    assert!(scene.proxy.was_cut());
    expect_nothing_done(&ran, "FAILED", "CONNECTION_LOST");
    assert!(ran.get("reason").contains("is aborted"), "{}", ran.stdout);
    assert_eq!(ran.get("compiled_sql_logged"), "true");
    assert!(!scene.changed());
    // Nothing is left over from it.
    expect_all_done(&scene.apply().run().expect_code(0));
}

#[test]
fn commit_whose_answer_is_lost_is_established() {
    let scene = Scene::new(Point::Commit, Cut::AnswerLost, Later::Pass);
    let ran = scene.apply().run().expect_code(0);
    assert!(scene.proxy.was_cut());
    expect_all_done(&ran);
    assert!(scene.changed());
    let log = log(&scene.home, &ran.run_id());
    assert!(log.contains("lost: committing"), "{log}");
    // The run is a whole one: it can be undone.
    let undo = ["rollback", &ran.run_id(), "--yes"];
    scene.birth(&undo).run().expect_code(0);
    assert!(!scene.changed());
}

#[test]
fn rollback_whose_commit_is_lost_is_established() {
    for (cut, code, status, dropped) in [
        (Cut::Unsent, 21, "FAILED", "0"),
        (Cut::AnswerLost, 0, "PASS", "6"),
    ] {
        let scene = Scene::new(Point::Commit, cut, Later::Pass);
        let applied = scene.home.on(&scene.db, &["apply", "storage", "--yes"]);
        let applied = applied.run().expect_code(0);
        let undo = ["rollback", &applied.run_id(), "--yes"];
        let undone = scene.birth(&undo).run().expect_code(code);
        assert!(scene.proxy.was_cut());
        assert_eq!(undone.get("rollback_status"), status);
        assert_eq!(undone.get("columns_dropped"), dropped);
        assert_eq!(scene.changed(), dropped == "0");
    }
}

#[test]
fn unreachable_server_is_unknown_until_recovered() {
    for (cut, found) in [(Cut::AnswerLost, "PASS"), (Cut::Unsent, "FAILED")] {
        let scene = Scene::new(Point::Commit, cut, Later::Refuse);
        let ran = scene.apply().run().expect_code(13);
        expect_nothing_done(&ran, "UNKNOWN", "COMMIT_OUTCOME_UNKNOWN");
        assert!(ran.stderr.contains("birth recover"), "{}", ran.stderr);
        let run = ran.run_id();

        // What it did is not known, so it can be neither undone nor taken for
        // closed.
        let undo = ["rollback", &run, "--yes"];
        let refused = scene.home.on(&scene.db, &undo).run().expect_code(20);
        assert!(refused.stderr.contains("[RUN_NOT_CLOSED]"));

        let recovered = scene.home.on(&scene.db, &["recover"]).run().expect_code(0);
        assert_eq!(recovered.run_id(), run);
        assert_eq!(scene.changed(), found == "PASS");
        if found == "PASS" {
            expect_all_done(&recovered);
        } else {
            expect_nothing_done(&recovered, "FAILED", "INTERRUPTED");
        }
        let again = scene.home.on(&scene.db, &["recover"]).run().expect_code(0);
        assert_eq!(again.stdout, "");
    }
}

/// The host dies while the server's answer is on its way: the one moment at
/// which the journal alone says too little.
#[test]
fn killed_between_commit_and_its_answer() {
    let scene = Scene::new(Point::Commit, Cut::AnswerHeld, Later::Pass);
    let mut host = scene.apply().start();
    scene.proxy.wait_until_cut();
    host.kill().unwrap();
    host.wait().unwrap();
    assert!(scene.changed(), "the server committed");
    let recovered = scene.home.on(&scene.db, &["recover"]).run().expect_code(0);
    expect_all_done(&recovered);
    let undo = ["rollback", &recovered.run_id(), "--yes"];
    scene.home.on(&scene.db, &undo).run().expect_code(0);
    assert!(!scene.changed());
}

/// The server has not noticed that its client is gone, so the transaction
/// still runs: nobody can say yet what becomes of it.
#[test]
fn lingering_transaction_is_unknown_until_it_ends() {
    let scene = Scene::new(Point::Commit, Cut::Lingering, Later::Pass);
    let quick = ["--lock-timeout", "100ms"];
    let with = |birth: Birth| quick.iter().fold(birth, |birth, option| birth.arg(option));
    let ran = with(scene.apply()).run().expect_code(13);
    expect_nothing_done(&ran, "UNKNOWN", "COMMIT_OUTCOME_UNKNOWN");
    let recover = || with(scene.home.on(&scene.db, &["recover"])).run();
    let still = recover().expect_code(13);
    expect_nothing_done(&still, "UNKNOWN", "COMMIT_OUTCOME_UNKNOWN");
    assert!(still.get("reason").contains("has not ended"));
    assert_eq!(still.run_id(), ran.run_id());

    scene.proxy.release();
    // Patient enough for the server to notice.
    let gone = scene
        .home
        .on(&scene.db, &["recover", "--lock-timeout", "30s"]);
    expect_nothing_done(&gone.run().expect_code(0), "FAILED", "INTERRUPTED");
    assert!(!scene.changed());
}

#[test]
fn broken_before_commit_is_failed() {
    for (point, cut, code) in [
        (Point::Connect, Cut::Unsent, "CONNECTION_FAILED"),
        (
            Point::Statement("READ ONLY"),
            Cut::Unsent,
            "CONNECTION_LOST",
        ),
        (
            Point::Statement("READ COMMITTED"),
            Cut::Unsent,
            "CONNECTION_LOST",
        ),
        (
            Point::Statement("LOCK TABLE"),
            Cut::AnswerLost,
            "CONNECTION_LOST",
        ),
        (
            Point::Statement("ALTER TABLE"),
            Cut::Unsent,
            "CONNECTION_LOST",
        ),
        (
            Point::Statement("ALTER TABLE"),
            Cut::AnswerLost,
            "CONNECTION_LOST",
        ),
        (
            Point::Statement("ADD CONSTRAINT"),
            Cut::Answered,
            "CONNECTION_LOST",
        ),
    ] {
        let scene = Scene::new(point, cut, Later::Pass);
        let ran = scene.apply().run().expect_code(21);
        assert!(scene.proxy.was_cut(), "{point:?}");
        expect_nothing_done(&ran, "FAILED", code);
        assert!(!scene.changed(), "{point:?} {cut:?}");
        let list = scene
            .home
            .birth(&["runs", "list", "--format", "json"])
            .run();
        assert_eq!(list.json()[0]["status"], "FAILED", "{point:?} {cut:?}");
        expect_all_done(&scene.apply().run().expect_code(0));
    }
}

#[test]
fn broken_after_commit_is_confirmed_on_another_connection() {
    let scene = Scene::new(Point::Commit, Cut::Answered, Later::Pass);
    let ran = scene.apply().run().expect_code(0);
    assert!(scene.proxy.was_cut());
    expect_all_done(&ran);
    assert!(scene.changed());
}

#[test]
fn unconfirmed_commit_is_partial() {
    let scene = Scene::new(Point::Commit, Cut::Answered, Later::Refuse);
    let ran = scene.apply().run().expect_code(10);
    assert_eq!(ran.get("b3p_ddl_status"), "PARTIAL");
    let reason = ran.get("reason");
    assert!(reason.starts_with("CONFIRMATION_FAILED: "), "{reason}");
    // Committed is committed, and says so; that it was not looked at again too.
    assert_eq!(ran.get("columns_added"), "6");
    assert_eq!(ran.get("constraints_added"), "2");
    assert_eq!(ran.get("post_ddl_verified"), "false");
    assert!(scene.changed());
    let verify = scene.home.on(&scene.db, &["verify", "storage"]);
    verify.run().expect_code(0);
    // It stays open until somebody could look.
    let confirmed = scene.home.on(&scene.db, &["recover", &ran.run_id()]);
    expect_all_done(&confirmed.run().expect_code(0));
    let undo = ["rollback", &ran.run_id(), "--yes"];
    scene.home.on(&scene.db, &undo).run().expect_code(0);
    assert!(!scene.changed());
}

/// A cluster of the test's own, to crash.
struct Crashing {
    cluster: Cluster,
    url: String,
    before: String,
}

impl Crashing {
    fn new(options: &ClusterOptions) -> Self {
        let binaries = ServerBinaries::under_test().unwrap();
        let cluster = Cluster::start(binaries.last().unwrap(), options).unwrap();
        let url = cluster.url("postgres");
        rows_at(&url, PLAIN.script);
        let before = shape_at(&url, PLAIN.registry);
        Self {
            cluster,
            url,
            before,
        }
    }

    fn socket(&self) -> std::path::PathBuf {
        let name = format!(".s.PGSQL.{}", self.cluster.port());
        std::path::Path::new(self.cluster.host()).join(name)
    }

    fn crash_and_restart(&mut self) {
        self.cluster.stop_immediate().unwrap();
        self.cluster.restart().unwrap();
    }

    fn changed(&self) -> bool {
        shape_at(&self.url, PLAIN.registry) != self.before
    }
}

#[test]
fn server_that_crashes_after_the_commit_still_knows_it() {
    let mut server = Crashing::new(&ClusterOptions::default());
    let (point, cut) = (Point::Commit, Cut::AnswerHeld);
    let proxy = Proxy::new(&server.socket(), point, cut, Later::Pass);
    let home = Home::new();
    let apply = home.birth(&["apply", "storage", "--yes"]).arg("--database");
    let host = apply.arg(&proxy.url("postgres")).start();
    proxy.wait_until_cut();
    server.crash_and_restart();
    proxy.release();
    let ran = Ran::from(host.wait_with_output().unwrap()).expect_code(0);
    expect_all_done(&ran);
    assert!(server.changed());
}

/// A crash loses what was not yet on the server's disk, the number of an open
/// transaction included: it is given out again, and "committed" is then said
/// of another transaction.
#[test]
fn number_that_a_crash_gave_to_another_transaction_is_not_believed() {
    // Nothing but a commit writes the WAL out.
    let options = ClusterOptions::default()
        .setting("wal_writer_delay", "10s")
        .setting("wal_buffers", "16MB")
        .setting("autovacuum", "off")
        .setting("checkpoint_timeout", "1h");
    let mut server = Crashing::new(&options);
    let home = Home::new();
    let on = |arguments: &[&str]| home.birth(arguments).arg("--database").arg(&server.url);
    let host = on(&["apply", "storage", "--yes"]).pause_at("committing");
    let run = first_run(&home);
    let recover = on(&["recover"]);
    let again = on(&["apply", "storage", "--yes"]);
    server.crash_and_restart();
    host.kill();
    let keys = std::fs::read_to_string(home.run(&run).join("rollback-keys.json")).unwrap();
    let keys: serde_json::Value = serde_json::from_str(&keys).unwrap();
    let number = keys["transaction"].as_str().unwrap();
    // Others work on until the number is used up.
    let next = || rows_at(&server.url, "SELECT pg_current_xact_id()")[0][0].clone();
    let count = |text: &str| text.parse::<u64>().unwrap();
    assert!(
        count(&next()) <= count(number),
        "the crash did not lose the number, so this shows nothing"
    );
    while count(&next()) < count(number) {}

    let recovered = recover.run().expect_code(0);
    expect_nothing_done(&recovered, "FAILED", "INTERRUPTED");
    assert!(!server.changed());
    expect_all_done(&again.run().expect_code(0));
}
