//! kill -9 at every boundary of a run, then `birth recover`: what it reports is
//! what is in the database, every time.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;

use birth_tests::cli::{Birth, Home, Ran};
use birth_tests::database::Database;
use birth_tests::proxy::{Cut, Later, Point, Proxy};
use birth_tests::server;

use crate::estates::PLAIN;

/// Every event after which a run is not closed yet, in order. COMMIT is sent
/// after `committing`.
pub(crate) const BOUNDARIES: [&str; 10] = [
    "started",
    "discovered",
    "planned",
    "previewed",
    "locked",
    "verified",
    "committing",
    "committed",
    "confirmed",
    "published",
];

pub(crate) fn position(event: &str) -> usize {
    BOUNDARIES.iter().position(|b| *b == event).unwrap()
}

/// A run that was killed right after an event was on the disk.
struct Killed {
    home: Home,
    db: Database,
    before: String,
    /// Where a rollback was killed: the run it was to undo.
    applied: Option<String>,
    run: String,
}

impl Killed {
    fn apply_at(event: &str) -> Self {
        let (home, db) = (Home::new(), Database::new(server::one(), PLAIN.script));
        let before = db.shape(PLAIN.registry);
        let apply = home.on(&db, &["apply", "storage", "--yes"]);
        apply.pause_at(event).kill();
        let run = only(home.run_ids());
        Self {
            home,
            db,
            before,
            applied: None,
            run,
        }
    }

    fn rollback_at(event: &str) -> Self {
        let (home, db) = (Home::new(), Database::new(server::one(), PLAIN.script));
        let apply = home.on(&db, &["apply", "storage", "--yes"]);
        let applied = apply.run().expect_code(0).run_id();
        let before = db.shape(PLAIN.registry);
        let undo = home.on(&db, &["rollback", &applied, "--yes"]);
        undo.pause_at(event).kill();
        let run = only(home.run_ids().into_iter().filter(|id| *id != applied));
        Self {
            home,
            db,
            before,
            applied: Some(applied),
            run,
        }
    }

    fn on(&self, arguments: &[&str]) -> Birth {
        self.home.on(&self.db, arguments)
    }

    fn recover(&self) -> Ran {
        self.on(&["recover"]).run()
    }

    fn changed(&self) -> bool {
        self.db.shape(PLAIN.registry) != self.before
    }

    /// The run's row of `birth runs list`.
    fn listed(&self) -> serde_json::Value {
        let list = self.home.birth(&["runs", "list", "--format", "json"]);
        let list = list.run().expect_code(0).json();
        let row = list
            .as_array()
            .unwrap()
            .iter()
            .find(|r| r["run"] == *self.run);
        row.unwrap().clone()
    }

    fn events(&self) -> PathBuf {
        self.home.run(&self.run).join("events.jsonl")
    }

    /// Cuts bytes off the end of the events, as a crash of the machine does.
    fn cut(&self, bytes: u64) {
        let events = OpenOptions::new().write(true).open(self.events()).unwrap();
        let length = events.metadata().unwrap().len();
        events.set_len(length - bytes).unwrap();
    }

    fn last_line(&self) -> u64 {
        let text = fs::read_to_string(self.events()).unwrap();
        text.lines().last().unwrap().len() as u64 + 1
    }

    /// The recovered run is closed for good, and its traces are whole.
    fn expect_closed(&self, recovered: &Ran, status: &str) {
        assert_eq!(self.listed()["status"], status);
        let again = self.recover().expect_code(0);
        assert_eq!(again.stdout, "");
        assert!(again.stderr.contains("no run needs recovery"));
        let named = self.on(&["recover", &self.run]).run().expect_code(20);
        assert!(named.stderr.contains("[NOTHING_TO_RECOVER]"));

        let folder = self.home.run(&self.run);
        let log_path = folder.join(format!("{}.log", self.run));
        assert_eq!(
            recovered.get("execution_log_path"),
            log_path.to_str().unwrap()
        );
        // What was said on stdout is what the record and the report say.
        let (_, response) = recovered.stdout.split_once('\n').unwrap();
        for file in [
            folder.join("report.md"),
            self.home
                .path()
                .join(format!("knowledge-base/reports/{}.md", self.run)),
        ] {
            let report = fs::read_to_string(&file).unwrap();
            assert!(report.contains(response), "{}:\n{report}", file.display());
        }
        assert!(log_path.exists());
        let keys = self
            .home
            .path()
            .join(format!("knowledge-base/rollback-keys/{}.json", self.run));
        assert_eq!(keys.exists(), status == "PASS");
        let show = self.home.birth(&["runs", "show", &self.run]).run();
        assert!(show.expect_code(0).stdout.contains(response));
    }

    fn expect_interrupted(&self) {
        assert_eq!(self.listed()["state"], "interrupted");
        let refused = self.on(&["rollback", &self.run, "--yes"]).run();
        let refused = refused.expect_code(20);
        assert!(refused.stderr.contains("[RUN_NOT_CLOSED]"));
        let publish = self.home.birth(&["runs", "publish", &self.run]).run();
        let publish = publish.expect_code(20);
        assert!(publish.stderr.contains("[RUN_NOT_CLOSED]"));
    }
}

pub(crate) fn only(ids: impl IntoIterator<Item = String>) -> String {
    let ids: Vec<String> = ids.into_iter().collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    ids.into_iter().next().unwrap()
}

fn expect_applied(ran: &Ran) {
    assert_eq!(ran.get("b3p_ddl_status"), "PASS");
    assert_eq!(ran.get("columns_added"), "6");
    assert_eq!(ran.get("columns_already_existed"), "0");
    assert_eq!(ran.get("constraints_added"), "2");
    assert_eq!(ran.get("compiled_sql_logged"), "true");
    assert_eq!(ran.get("post_ddl_verified"), "true");
}

fn expect_not_applied(ran: &Ran, previewed: bool) {
    assert_eq!(ran.get("b3p_ddl_status"), "FAILED");
    let reason = ran.get("reason");
    assert!(reason.starts_with("INTERRUPTED: "), "{reason}");
    assert_eq!(ran.get("columns_added"), "0");
    assert_eq!(ran.get("constraints_added"), "0");
    assert_eq!(ran.get("compiled_sql_logged"), previewed.to_string());
    assert_eq!(ran.get("post_ddl_verified"), "false");
}

#[test]
fn apply_killed_before_it_committed() {
    for event in BOUNDARIES.iter().take(position("committed")) {
        let killed = Killed::apply_at(event);
        assert!(!killed.changed(), "{event}");
        killed.expect_interrupted();
        let recovered = killed.recover().expect_code(0);
        assert!(
            recovered
                .stdout
                .starts_with(&format!("# run {}\n", killed.run))
        );
        expect_not_applied(&recovered, position(event) >= position("previewed"));
        killed.expect_closed(&recovered, "FAILED");
        assert!(!killed.changed(), "{event}");

        let undo = killed.on(&["rollback", &killed.run, "--yes"]).run();
        let undo = undo.expect_code(20);
        assert!(undo.stderr.contains("[NOTHING_TO_UNDO]"), "{}", undo.stderr);
        let again = killed.on(&["apply", "storage", "--yes"]).run();
        expect_applied(&again.expect_code(0));
    }
}

#[test]
fn apply_killed_after_it_committed() {
    for event in BOUNDARIES.iter().skip(position("committed")) {
        let killed = Killed::apply_at(event);
        let after = killed.db.shape(PLAIN.registry);
        assert!(killed.changed(), "{event}");
        killed.expect_interrupted();
        let recovered = killed.recover().expect_code(0);
        expect_applied(&recovered);
        killed.expect_closed(&recovered, "PASS");
        assert_eq!(killed.db.shape(PLAIN.registry), after);

        let again = killed.on(&["apply", "storage", "--yes"]).run();
        let again = again.expect_code(0);
        assert_eq!(again.get("columns_added"), "0");
        assert_eq!(again.get("columns_already_existed"), "6");
        let undo = killed.on(&["rollback", &killed.run, "--yes"]).run();
        assert_eq!(undo.expect_code(0).get("columns_dropped"), "6");
        assert!(!killed.changed(), "{event}");
    }
}

#[test]
fn closed_run_needs_no_recovery() {
    let killed = Killed::apply_at("closed");
    assert!(killed.changed());
    assert_eq!(killed.listed()["status"], "PASS");
    assert_eq!(killed.recover().expect_code(0).stdout, "");
    let undo = killed.on(&["rollback", &killed.run, "--yes"]).run();
    undo.expect_code(0);
    assert!(!killed.changed());
}

#[test]
fn rollback_killed_anywhere() {
    for event in BOUNDARIES {
        let killed = Killed::rollback_at(event);
        let committed = position(event) >= position("committed");
        assert_eq!(killed.changed(), committed, "{event}");
        killed.expect_interrupted();
        assert_eq!(killed.listed()["of"], killed.applied.clone().unwrap());
        let recovered = killed.recover().expect_code(0);
        let (status, dropped, checks) = if committed {
            ("PASS", "6", "2")
        } else {
            ("FAILED", "0", "0")
        };
        assert_eq!(recovered.get("rollback_status"), status, "{event}");
        assert_eq!(recovered.get("columns_dropped"), dropped, "{event}");
        assert_eq!(recovered.get("constraints_dropped"), checks, "{event}");
        assert_eq!(
            recovered.get("post_rollback_verified"),
            committed.to_string()
        );
        killed.expect_closed(&recovered, status);
        assert_eq!(killed.changed(), committed, "{event}");

        let applied = killed.applied.clone().unwrap();
        let undo = killed.on(&["rollback", &applied, "--yes"]).run();
        let undo = undo.expect_code(0);
        let left = if committed { "0" } else { "6" };
        assert_eq!(undo.get("columns_dropped"), left, "{event}");
        let again = killed.on(&["apply", "storage", "--yes"]).run();
        expect_applied(&again.expect_code(0));
    }
}

/// A crash of the machine can cut the last line anywhere: what it would have
/// said did not happen, and the file stays one that reads back.
#[test]
fn last_line_cut_short() {
    for event in BOUNDARIES {
        let lengths = {
            let killed = Killed::apply_at(event);
            let whole = killed.last_line();
            killed.cut(1);
            cut_recovers(&killed, event);
            whole
        };
        let killed = Killed::apply_at(event);
        killed.cut(lengths / 2);
        cut_recovers(&killed, event);
    }
}

/// The cut can go through a letter, and a file system can fill it with zeros.
#[test]
fn last_line_cut_through_a_letter() {
    for rest in [&b"{\"format\":1,\"at\":\"\xC3"[..], &[0; 64][..]] {
        let killed = Killed::apply_at("committed");
        let mut events = OpenOptions::new()
            .append(true)
            .open(killed.events())
            .unwrap();
        events.write_all(rest).unwrap();
        cut_recovers(&killed, "committed");
    }
}

fn cut_recovers(killed: &Killed, event: &str) {
    killed.expect_interrupted();
    let recovered = killed.recover().expect_code(0);
    // Before `committing` is on the disk COMMIT is not sent, so a run that was
    // past it cannot have lost that line; a later one the server can replace.
    if position(event) > position("committing") {
        expect_applied(&recovered);
        killed.expect_closed(&recovered, "PASS");
        assert!(killed.changed());
    } else {
        expect_not_applied(&recovered, position(event) > position("previewed"));
        killed.expect_closed(&recovered, "FAILED");
        assert!(!killed.changed());
    }
}

#[test]
fn run_killed_before_its_first_event() {
    let (home, db) = (Home::new(), Database::new(server::one(), PLAIN.script));
    let before = db.shape(PLAIN.registry);
    let run = "p3d-birth-b3p-ddl-20260101T000000Z".to_owned();
    fs::create_dir_all(home.run(&run)).unwrap();
    let killed = Killed {
        home,
        db,
        before,
        applied: None,
        run,
    };
    killed.expect_interrupted();
    let recovered = killed.recover().expect_code(0);
    expect_not_applied(&recovered, false);
    killed.expect_closed(&recovered, "FAILED");
    let again = killed.on(&["apply", "storage", "--yes"]).run();
    expect_applied(&again.expect_code(0));
}

/// The host is dead, its transaction is not: a proxy keeps the server from
/// noticing.
#[test]
fn transaction_that_outlives_its_host() {
    let (home, db) = (Home::new(), Database::new(server::one(), PLAIN.script));
    let before = db.shape(PLAIN.registry);
    let (point, cut) = (Point::Commit, Cut::Lingering);
    let proxy = Proxy::new(&db.server().socket(), point, cut, Later::Pass);
    let apply = home.birth(&["apply", "storage", "--yes"]).arg("--database");
    let mut host = apply.arg(&proxy.url(db.name())).start();
    proxy.wait_until_cut();
    host.kill().unwrap();
    host.wait().unwrap();

    let recover = |wait: &str| home.on(&db, &["recover", "--lock-timeout", wait]).run();
    let unknown = recover("100ms").expect_code(13);
    assert_eq!(unknown.get("b3p_ddl_status"), "UNKNOWN");
    let reason = unknown.get("reason");
    assert!(reason.starts_with("COMMIT_OUTCOME_UNKNOWN: "), "{reason}");
    assert!(reason.contains("has not ended"), "{reason}");
    assert_eq!(unknown.get("columns_added"), "0");
    let refused = home.on(&db, &["rollback", &unknown.run_id(), "--yes"]);
    let refused = refused.run().expect_code(20);
    assert!(refused.stderr.contains("[RUN_NOT_CLOSED]"));

    proxy.release();
    let gone = recover("30s").expect_code(0);
    expect_not_applied(&gone, true);
    assert_eq!(db.shape(PLAIN.registry), before);
}

/// The server committed, the journal does not say so yet, and a file that it
/// takes to find out is damaged: then nothing is claimed and nothing closed.
#[test]
fn damaged_record_of_a_commit_claims_nothing() {
    let (home, db) = (Home::new(), Database::new(server::one(), PLAIN.script));
    let (point, cut) = (Point::Commit, Cut::AnswerHeld);
    let proxy = Proxy::new(&db.server().socket(), point, cut, Later::Pass);
    let apply = home.birth(&["apply", "storage", "--yes"]).arg("--database");
    let mut host = apply.arg(&proxy.url(db.name())).start();
    proxy.wait_until_cut();
    host.kill().unwrap();
    host.wait().unwrap();
    let run = only(home.run_ids());
    let files = [
        "rollback-keys.json",
        "target.json",
        "plan.json",
        "facts.json.gz",
    ];
    for file in files {
        let path = home.run(&run).join(file);
        let whole = fs::read(&path).unwrap();
        for damaged in [Some(&whole[..whole.len() / 2]), None] {
            match damaged {
                Some(half) => fs::write(&path, half).unwrap(),
                None => fs::remove_file(&path).unwrap(),
            }
            for arguments in [vec!["recover"], vec!["recover", &run]] {
                let refused = home.on(&db, &arguments).run().expect_code(27);
                assert_eq!(refused.stdout, "", "{file}");
            }
            let list = home.birth(&["runs", "list", "--format", "json"]).run();
            assert_eq!(list.json()[0]["state"], "interrupted", "{file}");
        }
        fs::write(&path, whole).unwrap();
    }
    expect_applied(&home.on(&db, &["recover"]).run().expect_code(0));
}

/// A run is only ever judged by its own database.
#[test]
fn other_database_says_nothing_about_a_run() {
    for event in ["committing", "committed"] {
        let killed = Killed::apply_at(event);
        // A copy: the same names, and the same oids.
        let copy = Database::new(server::one(), "");
        copy.execute(PLAIN.script);
        // Left alone and named; a refusal only where this very run was asked for.
        let elsewhere = killed.home.on(&copy, &["recover"]).run().expect_code(0);
        assert!(
            elsewhere.stderr.contains("is left alone"),
            "{}",
            elsewhere.stderr
        );
        let asked = killed.home.on(&copy, &["recover", &killed.run]);
        let refused = asked.run().expect_code(27);
        assert!(
            refused.stderr.contains("[OTHER_DATABASE]"),
            "{}",
            refused.stderr
        );
        killed.expect_interrupted();
        let recovered = killed.recover().expect_code(0);
        let status = if event == "committed" {
            "PASS"
        } else {
            "FAILED"
        };
        assert_eq!(recovered.get("b3p_ddl_status"), status);
        killed.expect_closed(&recovered, status);
    }
}

/// Several dead runs at once: each gets its own true report.
#[test]
fn every_open_run_is_recovered() {
    let killed = Killed::apply_at("locked");
    let second = killed.on(&["apply", "storage", "--yes"]);
    second.pause_at("committed").kill();
    let recovered = killed.recover().expect_code(0);
    let reports: Vec<&str> = recovered.stdout.split("# run ").skip(1).collect();
    assert_eq!(reports.len(), 2, "{}", recovered.stdout);
    assert!(reports[0].contains("b3p_ddl_status=FAILED"));
    assert!(reports[1].contains("b3p_ddl_status=PASS"));
    assert_eq!(killed.recover().expect_code(0).stdout, "");
}

/// The host that is stopped is alive: nobody takes its run from it.
#[test]
fn living_run_is_left_alone() {
    let (home, db) = (Home::new(), Database::new(server::one(), PLAIN.script));
    let alive = home
        .on(&db, &["apply", "storage", "--yes"])
        .pause_at("committing");
    let run = only(home.run_ids());
    let list = home.birth(&["runs", "list", "--format", "json"]).run();
    assert_eq!(list.json()[0]["state"], "running");
    let all = home.on(&db, &["recover"]).run().expect_code(0);
    assert_eq!(all.stdout, "");
    for command in ["recover", "rollback"] {
        let refused = home.on(&db, &[command, &run]).run();
        assert!(
            refused.stderr.contains("[RUN_IN_PROGRESS]"),
            "{}",
            refused.stderr
        );
        assert_ne!(refused.code, Some(0));
    }
    expect_applied(&alive.resume().expect_code(0));
}
