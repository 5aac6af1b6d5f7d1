//! An application that goes on writing while birth triggers are installed: none
//! of its statements fails, none waits longer than was promised.
#![expect(clippy::print_stdout, reason = "figures for whoever looks")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use birth_tests::cli::Ran;
use birth_tests::database::Database;
use birth_tests::estate::large;
use birth_tests::server;

use crate::triggers_scene::{
    MAPPED, Scene, expect, expect_all, expect_none, expect_reason, names, runs_of,
};

/// What one writer did.
#[derive(Debug, Default)]
struct Written {
    transactions: u32,
    longest: Duration,
    failed: Vec<String>,
}

/// Connections that write small transactions until they are stopped.
struct Writers {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Written>>,
}

impl Writers {
    /// `transaction` gives the script of a writer's next transaction.
    fn start(
        db: &Database,
        number: u32,
        transaction: impl Fn(u32, u32) -> Vec<String> + Send + Clone + 'static,
    ) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let threads = (0..number).map(|writer| {
            let (session, stop, transaction) =
                (db.session(), Arc::clone(&stop), transaction.clone());
            std::thread::spawn(move || {
                let mut written = Written::default();
                while !stop.load(Ordering::Relaxed) {
                    for statement in transaction(writer, written.transactions) {
                        let started = Instant::now();
                        if let Err(error) = session.rows(&statement) {
                            written.failed.push(error);
                        }
                        written.longest = written.longest.max(started.elapsed());
                    }
                    written.transactions += 1;
                }
                written
            })
        });
        let threads = threads.collect();
        Self { stop, threads }
    }

    /// Stops them: transactions, and the longest statement of all.
    #[track_caller]
    fn stop(self) -> (u32, Duration) {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = (0, Duration::ZERO);
        for thread in self.threads {
            let written = thread.join().unwrap();
            assert_eq!(written.failed, [""; 0]);
            assert!(written.transactions > 0, "a writer that never wrote");
            all = (all.0 + written.transactions, all.1.max(written.longest));
        }
        all
    }
}

/// An estate of about two hundred tables that get a trigger, each with a row.
fn two_hundred_tables() -> (Scene, Vec<String>) {
    let scene = Scene::of(large(370).create(server::one()));
    let query = "SELECT collection_key FROM inventory.species_collection_map ORDER BY 1";
    let targets: Vec<String> = scene.db.rows(query).into_iter().flatten().collect();
    assert!(targets.len() >= 200, "{}", targets.len());
    let insert = |table| format!("INSERT INTO app.{table} (title) VALUES ('before');");
    scene
        .db
        .execute(&targets.iter().map(insert).collect::<String>());
    (scene, targets)
}

/// Installs while eight connections write: none fails, none waits for as long as
/// one lock may be waited for, and after the commit every row is born, once.
fn install_among(
    scene: &Scene,
    targets: &[String],
    options: &[&str],
    transaction: impl Fn(u32, u32) -> Vec<String> + Send + Clone + 'static,
) {
    let timeout = Duration::from_secs(2);
    let options = [&["--lock-timeout", "2s", "--lock-retries", "20"], options].concat();
    let writers = Writers::start(&scene.db, 8, transaction);
    std::thread::sleep(Duration::from_millis(300));
    let ran = scene.apply(&options).run();
    std::thread::sleep(Duration::from_millis(300));
    let (transactions, longest) = writers.stop();
    let ran = ran.expect_code(0);
    println!(
        "{transactions} transactions of writers, longest statement {longest:?}, of {timeout:?}"
    );
    assert!(longest < timeout, "a writer waited {longest:?}");
    let number = targets.len().to_string();
    expect(
        &ran,
        &[
            ("b3a_status", "PASS"),
            ("triggers_installed", &number),
            ("total_birth_triggers_after", &number),
        ],
    );
    scene.db.execute("TRUNCATE inventory.birth_registry");
    let insert = |table| format!("INSERT INTO app.{table} (title) VALUES ('after');");
    scene
        .db
        .execute(&targets.iter().map(insert).collect::<String>());
    let born = "SELECT table_name FROM inventory.birth_registry ORDER BY 1";
    let born: Vec<String> = scene.db.rows(born).into_iter().flatten().collect();
    assert_eq!(born, targets);
}

/// Every table at once, among statements that are their own transactions.
#[test]
fn writers_on_every_table() {
    let (scene, targets) = two_hundred_tables();
    let tables = targets.clone();
    install_among(&scene, &targets, &[], move |writer, turn| {
        let table = &tables[(writer * 29 + turn * 7) as usize % tables.len()];
        vec![if turn % 3 == 0 {
            format!("UPDATE app.{table} SET body = 'x' WHERE id = 1")
        } else {
            format!("INSERT INTO app.{table} (title) VALUES ('during')")
        }]
    });
}

/// In batches, among transactions over several tables, in any order: with those
/// no one could hold all tables and wait for the last.
#[test]
fn transactions_over_several_tables() {
    let (scene, targets) = two_hundred_tables();
    let tables = targets.clone();
    install_among(
        &scene,
        &targets,
        &["--batch-size", "20"],
        move |writer, turn| {
            let table = |step: u32| {
                let at = writer * 29 + turn * 7 + step * (writer * 2 + 1) * 13;
                &tables[at as usize % tables.len()]
            };
            vec![
                "BEGIN".to_owned(),
                format!("INSERT INTO app.{} (title) VALUES ('during')", table(0)),
                format!("UPDATE app.{} SET body = 'x' WHERE id = 1", table(1)),
                format!("INSERT INTO app.{} (title) VALUES ('during')", table(2)),
                "COMMIT".to_owned(),
            ]
        },
    );
}

/// An application that would run into a deadlock with the host: it holds a table
/// and wants another, the host holds that one and wants the first. It is the host
/// that gives way, always, even with patience beyond the server's own.
#[test]
fn deadlock_is_never_the_applications() {
    let scene = Scene::new();
    let apply = ["--lock-timeout", "10s", "--lock-retries", "0"];
    let (holder, pid) = scene.holder("BEGIN; INSERT INTO app.projects (title) VALUES ('x')");
    let host = scene.apply(&apply).start();
    scene.wait_until("SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'app.projects'::regclass AND NOT granted)");
    // The host holds the five before it, and waits for this one.
    holder.execute("INSERT INTO app.articles (title) VALUES ('x'); COMMIT");
    let ran = Ran::from(host.wait_with_output().unwrap());
    // It gave way in time, or the transaction above was quick enough.
    match ran.code {
        Some(12) => {
            expect_none(&ran, "LOCK_BUSY", "LOCK_TIMEOUT");
            scene.expect_nothing();
        }
        _ => panic!("{pid}: {ran:?}"),
    }
    assert!(!scene.db.server().log().contains("deadlock detected"));
    expect_all(&scene.apply(&[]).run().expect_code(0));
}

#[test]
fn table_that_somebody_holds() {
    let scene = Scene::new();
    let (_holder, pid) = scene.holder("BEGIN; LOCK TABLE app.orders IN ROW EXCLUSIVE MODE");
    let others = Writers::start(&scene.db, 2, |writer, turn| {
        let table = MAPPED[((writer + turn) % 6) as usize];
        vec![format!("INSERT INTO app.{table} (title) VALUES ('x')")]
    });
    let host = scene.apply(&["--lock-timeout", "400ms", "--lock-retries", "2"]);
    let ran = host.run().expect_code(12);
    let (_, longest) = others.stop();
    assert!(longest < Duration::from_millis(400) * 2, "{longest:?}");
    expect_none(&ran, "LOCK_BUSY", "LOCK_TIMEOUT");
    let held = format!("pid {pid} ");
    expect_reason(
        &ran,
        "LOCK_TIMEOUT",
        &[&held, "night report", "app.orders", "tried 3 times"],
    );
    let run = &runs_of(&ran)[0];
    let log = std::fs::read_to_string(scene.home.run(run).join(format!("{run}.log"))).unwrap();
    assert!(
        log.contains("attempt 1 of 2") && log.contains("attempt 2 of 2"),
        "{log}"
    );
    scene.expect_nothing();
}

/// Between two attempts nothing is held: neither tables nor advisory locks.
#[test]
fn nothing_is_held_between_attempts() {
    let scene = Scene::new();
    let (holder, _) = scene.holder("BEGIN; LOCK TABLE app.orders IN ROW EXCLUSIVE MODE");
    let host = scene
        .apply(&["--lock-timeout", "100ms", "--lock-retries", "50"])
        .start();
    let of_host = "FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE a.application_name LIKE 'birth/%' AND a.datname = current_database()";
    // Waits for the table, and then holds nothing at all but its connection.
    scene.wait_until(&format!(
        "SELECT EXISTS (SELECT {of_host} AND NOT l.granted)"
    ));
    scene.wait_until(&format!(
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name LIKE 'birth/%' AND datname = current_database() AND state = 'idle')
         AND NOT EXISTS (SELECT {of_host})"
    ));
    holder.execute("COMMIT");
    expect_all(&Ran::from(host.wait_with_output().unwrap()).expect_code(0));
}

#[test]
fn two_hosts_at_once() {
    let scene = Scene::new();
    let first = scene.apply(&[]).pause_at("locked");
    let second = scene.apply(&["--lock-retries", "0"]).run().expect_code(12);
    expect_none(&second, "LOCK_BUSY", "OPERATION_RUNNING");
    expect_reason(
        &second,
        "OPERATION_RUNNING",
        &["p3d_birth_b3a_trigger_installation", "birth/"],
    );
    expect_all(&first.resume().expect_code(0));
    scene.expect_everything();

    // And a rollback while another command installs.
    let run = scene.home.run_ids().remove(0);
    let undo = scene.rollback(&run).pause_at("locked");
    let busy = scene.apply(&[]).run().expect_code(12);
    expect_none(&busy, "LOCK_BUSY", "OPERATION_RUNNING");
    expect(&undo.resume().expect_code(0), &[("triggers_dropped", "6")]);
    scene.expect_nothing();
}

/// Many at once: what is installed is installed once.
#[test]
fn many_hosts_at_once() {
    let scene = Scene::new();
    let hosts: Vec<_> = (0..6)
        .map(|_| scene.apply(&["--batch-size", "3"]).start())
        .collect();
    for host in hosts {
        let ran = Ran::from(host.wait_with_output().unwrap());
        match (ran.get("b3a_status"), ran.code) {
            ("PASS", Some(0)) | ("LOCK_BUSY", Some(12)) | ("PARTIAL", Some(10)) => {}
            ("FAILED", Some(26)) => expect_reason(&ran, "DRIFT", &[]),
            _ => panic!("{ran:?}"),
        }
    }
    scene.apply(&[]).run().expect_code(0);
    scene.expect_everything();
    assert_eq!(scene.on(&["recover"]).run().expect_code(0).stdout, "");
}

/// A report that reads every table for an hour is not in the way, nor disturbed.
#[test]
fn long_reader_is_not_in_the_way() {
    let scene = Scene::new();
    let (reader, _) = scene.holder("BEGIN ISOLATION LEVEL REPEATABLE READ");
    for table in MAPPED {
        reader.execute(&format!("SELECT count(*) FROM app.{table}"));
    }
    let quick = ["--lock-timeout", "100ms", "--lock-retries", "0"];
    let ran = scene.apply(&quick).run().expect_code(0);
    expect_all(&ran);
    reader.execute("SELECT count(*) FROM app.orders");
    // To take them back it has to wait for the reader.
    let run = runs_of(&ran).remove(0);
    let undo = scene.rollback(&run).arg("--lock-timeout").arg("100ms");
    let busy = undo.arg("--lock-retries").arg("0").run().expect_code(12);
    expect(
        &busy,
        &[("rollback_status", "LOCK_BUSY"), ("triggers_dropped", "0")],
    );
    expect_reason(&busy, "LOCK_TIMEOUT", &["night report", "app.articles"]);
    assert_eq!(scene.triggers(), names(&MAPPED));
    reader.execute("COMMIT");
    scene.rollback(&run).run().expect_code(0);
    scene.expect_nothing();
}
