//! An estate of ten thousand tables, from the first look to the rollback. The
//! times and the memory are printed and nothing is asserted about them.
#![expect(clippy::print_stdout, reason = "figures for whoever looks")]

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use birth_cluster::ClusterOptions;
use birth_tests::cli::{Birth, Home, Ran};
use birth_tests::estate::large;
use birth_tests::server::Server;

use crate::triggers_scene::{expect, expect_undone, runs_of, triggers_at};

/// The highest resident size of a process so far, in KiB; none where it is gone,
/// or where the system does not say.
fn peak_memory(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let mark = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    mark.trim().trim_end_matches(" kB").trim().parse().ok()
}

/// Runs a command to its end, and prints how long it took and what it held.
fn step(name: &str, birth: Birth) -> Ran {
    let started = Instant::now();
    let child = birth.start();
    let pid = child.id();
    let over = Arc::new(AtomicBool::new(false));
    let watched = Arc::clone(&over);
    let watch = std::thread::spawn(move || {
        let mut peak = 0;
        while !watched.load(Ordering::Relaxed) {
            peak = peak.max(peak_memory(pid).unwrap_or(0));
            std::thread::sleep(Duration::from_millis(10));
        }
        peak
    });
    let ran = Ran::from(child.wait_with_output().unwrap());
    over.store(true, Ordering::Relaxed);
    let took = started.elapsed();
    let peak = watch.join().unwrap() / 1024;
    println!("{name:<28}{:>8.1} s {peak:>6} MiB", took.as_secs_f64());
    ran
}

#[test]
fn ten_thousand_tables() {
    let options = ClusterOptions::default()
        .setting("max_connections", "40")
        .setting("max_locks_per_transaction", "256")
        .setting("autovacuum", "off");
    let server = Server::own(&options);
    let started = Instant::now();
    let db = large(10_000).create(server);
    println!("made in {:.1} s", started.elapsed().as_secs_f64());
    let home = Home::new();
    let on = |arguments: &[&str]| home.on(&db, arguments);

    let classified = step("classify", on(&["classify", "--format", "json"]));
    let counts = classified.expect_code(0).json();
    assert_eq!(counts["collections"], 10_000);
    assert_eq!(
        counts["counts"]["BIRTH_REQUIRED"], 7000,
        "{}",
        counts["counts"]
    );
    let approve = ["classify", "approve", "--by", "Ann", "--yes"];
    step("classify approve", on(&approve)).expect_code(0);

    let ran = step("apply", on(&["apply", "triggers", "--yes"])).expect_code(0);
    expect(
        &ran,
        &[
            ("b3a_status", "PASS"),
            ("trigger_target_count", "5400"),
            ("triggers_installed", "5400"),
            ("triggers_already_existed", "0"),
            ("triggers_blocked_conflict", "0"),
            ("triggers_skipped_no_mapping", "1600"),
            ("total_birth_triggers_after", "5400"),
            ("species_queue_issues_created", "1600"),
        ],
    );
    let runs = runs_of(&ran);
    assert_eq!(runs.len(), 1, "one transaction");
    assert_eq!(
        ran.get("species_queue_captured_pks").split(',').count(),
        1600
    );
    assert_eq!(triggers_at(&db.url()).len(), 5400);
    assert_eq!(
        db.value("SELECT count(*) FROM inventory.system_issues"),
        "1600"
    );
    db.execute("INSERT INTO app.content_0000001 (title) VALUES ('x')");
    assert_eq!(
        db.value("SELECT count(*) FROM inventory.birth_registry"),
        "1"
    );

    step("verify", on(&["verify", "triggers"])).expect_code(0);
    let again = step("apply again", on(&["apply", "triggers", "--yes"])).expect_code(0);
    expect(
        &again,
        &[
            ("triggers_installed", "0"),
            ("triggers_already_existed", "5400"),
            ("species_queue_issues_created", "0"),
        ],
    );
    let undone = step("rollback", on(&["rollback", &runs[0], "--yes"])).expect_code(0);
    expect_undone(&undone, 5400, 1600);
    assert_eq!(triggers_at(&db.url()), [""; 0]);
    assert_eq!(
        db.value("SELECT count(*) FROM inventory.system_issues"),
        "0"
    );
    step("verify, nothing there", on(&["verify", "triggers"])).expect_code(30);
}
