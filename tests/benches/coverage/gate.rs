//! The gate: what it costs the writer, and how fast its worker is.

use std::process::Child;
use std::time::{Duration, Instant};

use birth_tests::database::Session;
use birth_tests::measure::{Figure, median, milliseconds, ratio, run};
use rustix::process::{Pid, Signal, kill_process};

use super::Bench;

/// Statements of one measurement of the writer.
const STATEMENTS: u32 = 2000;

/// Rows of one large insert.
const ROWS: u32 = 10_000;

/// Events of one measurement of the worker.
const EVENTS: u32 = 20_000;

/// Events whose way to an issue is timed.
const SAMPLES: u32 = 300;

pub(super) fn measure(bench: &Bench, figures: &mut Vec<Figure>) {
    writer(bench, figures);
    workers(bench, figures);
    delay(bench, figures);
}

fn writer(bench: &Bench, figures: &mut Vec<Figure>) {
    let session = bench.db.session();
    // In turn, so that whatever else the machine does touches both.
    let (mut without, mut with) = (Vec::new(), Vec::new());
    let (mut large_without, mut large_with) = (Vec::new(), Vec::new());
    for _ in 0..bench.runs {
        without.push(one_by_one(&session));
        large_without.push(at_once(&session));
        run(&mut bench.birth(&["apply", "gate", "--yes"]));
        with.push(one_by_one(&session));
        large_with.push(at_once(&session));
        session.execute("TRUNCATE birth_gate.event");
        let gate = |id: &String| id.starts_with("p3d-birth-b3f-gate");
        let id = bench.home.run_ids().into_iter().rfind(gate);
        let id = id.expect("a run");
        run(&mut bench.birth(&["rollback", &id, "--yes"]));
    }
    run(&mut bench.birth(&["apply", "gate", "--yes"]));
    let mut compare =
        |what: String, mut with: Vec<Duration>, mut without: Vec<Duration>, each: u32| {
            let with = median(&mut with).expect("a run") / each;
            let without = median(&mut without).expect("a run") / each;
            figures.push(Figure {
                what,
                figure: format!("{:.1} µs a row", micros(with)),
                baseline: format!("{:.1} µs without the gate", micros(without)),
                ratio: ratio(with, without),
                aim: "1.5".to_owned(),
            });
        };
    compare(
        format!("{STATEMENTS} inserts of one row"),
        with,
        without,
        STATEMENTS,
    );
    compare(
        format!("one insert of {ROWS} rows"),
        large_with,
        large_without,
        ROWS,
    );
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn one_by_one(session: &Session) -> Duration {
    let started = Instant::now();
    for i in 0..STATEMENTS {
        session.execute(&format!(
            "INSERT INTO inventory.collection_registry (collection_key, governance_role) VALUES ('bench {i}', 'retired')"
        ));
    }
    let took = started.elapsed();
    forget(session);
    took
}

fn at_once(session: &Session) -> Duration {
    let started = Instant::now();
    register(session, ROWS, "retired");
    let took = started.elapsed();
    forget(session);
    took
}

fn register(session: &Session, rows: u32, role: &str) {
    session.execute(&format!(
        "INSERT INTO inventory.collection_registry (collection_key, governance_role)
         SELECT 'bench ' || i, '{role}' FROM generate_series(1, {rows}) i"
    ));
}

fn forget(session: &Session) {
    session
        .execute("DELETE FROM inventory.collection_registry WHERE collection_key LIKE 'bench %'");
    session.execute("VACUUM ANALYZE inventory.collection_registry");
}

/// Every event has two failed conditions: no table, no decision.
fn workers(bench: &Bench, figures: &mut Vec<Figure>) {
    let session = bench.db.session();
    let mut one = Duration::ZERO;
    for workers in [1, 4] {
        session.execute("TRUNCATE birth_gate.event; TRUNCATE inventory.system_issues; TRUNCATE inventory.system_health_checks");
        register(&session, EVENTS, "governed");
        session.execute("VACUUM ANALYZE");
        let started = Instant::now();
        let drains: Vec<Child> = (0..workers)
            .map(|_| bench.birth(&["gate", "drain"]).spawn().expect("a worker"))
            .collect();
        for mut drain in drains {
            assert!(drain.wait().expect("a worker").success());
        }
        let took = started.elapsed();
        let issues = bench
            .db
            .value("SELECT count(*) FROM inventory.system_issues");
        assert_eq!(issues, (2 * EVENTS).to_string());
        if workers == 1 {
            one = took;
        }
        figures.push(Figure {
            what: format!("{EVENTS} events, {workers} worker(s)"),
            figure: format!("{:.0} events/s", f64::from(EVENTS) / took.as_secs_f64()),
            baseline: format!(
                "{:.0} events/s of one",
                f64::from(EVENTS) / one.as_secs_f64()
            ),
            ratio: ratio(one, took),
            aim: String::new(),
        });
        forget(&session);
    }
    session.execute("TRUNCATE inventory.system_issues; TRUNCATE inventory.system_health_checks");
}

fn delay(bench: &Bench, figures: &mut Vec<Figure>) {
    let mut watch = bench.birth(&["gate", "watch"]).spawn().expect("a worker");
    let session = bench.db.session();
    let mut delays: Vec<Duration> = (0..SAMPLES)
        .map(|i| {
            session.execute(&format!(
                "INSERT INTO inventory.collection_registry (collection_key, governance_role) VALUES ('bench {i}', 'governed')"
            ));
            let started = Instant::now();
            let found = format!("SELECT FROM inventory.system_issues WHERE collection_key = 'bench {i}'");
            while session.rows(&found).expect("issues").is_empty() {
                assert!(started.elapsed() < Duration::from_secs(60), "no issue");
                std::thread::sleep(Duration::from_millis(1));
            }
            started.elapsed()
        })
        .collect();
    let pid = Pid::from_child(&watch);
    kill_process(pid, Signal::TERM).expect("a signal");
    watch.wait().expect("a worker");
    let middle = median(&mut delays).expect("a sample");
    let p99 = delays.get(delays.len() * 99 / 100).expect("a sample");
    figures.push(Figure {
        what: format!("from insert to issue, {SAMPLES} samples, median"),
        figure: milliseconds(middle),
        baseline: format!("{} at p99", milliseconds(*p99)),
        ratio: String::new(),
        aim: "1 s".to_owned(),
    });
    forget(&session);
}
