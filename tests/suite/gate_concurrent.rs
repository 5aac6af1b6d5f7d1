//! The gate under load: sixteen writers, four workers that are killed at random,
//! and sweeps in between. Nothing may be lost and nothing done twice, which is
//! checked by counting.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::coverage_scene::{Running, Scene};

const WRITERS: usize = 16;
const WORKERS: usize = 4;

/// Rows that each writer commits; it takes back as many.
const ROWS: usize = 40;

/// Longest time for everything that was written to be worked off.
const PATIENCE: Duration = Duration::from_secs(120);

/// A generator of its own, so that a failure can be seen again.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        // Knuth's constants for a 64-bit linear congruential generator.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

fn key(writer: usize, row: usize) -> String {
    format!("writer {writer:02} row {row:03}")
}

/// Commits rows one by one and in pairs, and rolls others back.
fn write(scene: &Scene, writer: usize) {
    let session = scene.db.session();
    let insert = |keys: &[String]| {
        let values: Vec<String> = keys
            .iter()
            .map(|k| format!("('{k}', 'governed')"))
            .collect();
        format!(
            "INSERT INTO inventory.collection_registry (collection_key, governance_role) VALUES {}",
            values.join(", ")
        )
    };
    for row in (0..ROWS).step_by(2) {
        let pair = [key(writer, row), key(writer, row + 1)];
        if row % 4 == 0 {
            session.execute(&insert(&pair));
        } else {
            pair.iter()
                .for_each(|one| session.execute(&insert(std::slice::from_ref(one))));
        }
        let gone = [
            format!("gone {writer} {row}"),
            format!("gone {writer} {row} too"),
        ];
        session.execute(&format!("BEGIN; {}; ROLLBACK", insert(&gone)));
    }
}

/// Keeps four workers running and kills them at random, until told to stop.
fn kill_workers(scene: &Scene, stop: &AtomicBool) -> usize {
    let mut random = Random(20_261_122);
    let start = || {
        let watch = ["gate", "watch", "--poll", "5ms", "--batch", "7"];
        // Nobody reads what they log.
        let quiet = scene.on(&watch).env("BIRTH_LOG", "error");
        Running(quiet.start_to(std::process::Stdio::null()))
    };
    let mut workers: Vec<Running> = (0..WORKERS).map(|_| start()).collect();
    let mut killed = 0;
    while !stop.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(60 + random.below(120)));
        let victim = random.below(WORKERS as u64) as usize;
        // With kill -9 and from one instant to the next.
        workers[victim].signal(Signal::KILL);
        workers[victim] = start();
        killed += 1;
    }
    killed
}

#[test]
fn every_event_has_exactly_its_effects() {
    let scene = Scene::new();
    let stop = AtomicBool::new(false);
    let killed = std::thread::scope(|scope| {
        let killer = scope.spawn(|| kill_workers(&scene, &stop));
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                scope.spawn({
                    let scene = &scene;
                    move || write(scene, writer)
                })
            })
            .collect();
        for writer in writers {
            writer.join().expect("a writer");
        }
        let started = Instant::now();
        while scene.events() > 0 {
            assert!(
                started.elapsed() < PATIENCE,
                "{} events are left",
                scene.events()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        stop.store(true, Ordering::Relaxed);
        killer.join().expect("the killer")
    });
    assert!(killed > 5, "only {killed} workers were killed");
    let keys: BTreeSet<String> = (0..WRITERS)
        .flat_map(|writer| (0..ROWS).map(move |row| key(writer, row)))
        .collect();
    let expected: Vec<String> = ["POLICY_UNDECIDED", "TABLE_MISSING"]
        .iter()
        .flat_map(|code| keys.iter().map(move |key| format!("{code} {key}")))
        .collect();
    // One issue and one health check for each condition of each row, none for
    // what was rolled back.
    assert_eq!(scene.issues(), expected);
    assert_eq!(scene.checks(), expected);
    // And a sweep has nothing to add.
    let swept = scene.sweep(&[]);
    assert_eq!(swept.get("gaps_new"), "0");
    assert_eq!(swept.get("gaps_persisting"), expected.len().to_string());
    assert_eq!(scene.issues(), expected);
    assert_eq!(scene.checks(), expected);
}

/// Sweeps and workers that find the same gaps at the same time: one issue each.
#[test]
fn sweeps_and_workers_at_once_open_no_issue_twice() {
    let scene = Scene::new();
    let keys: Vec<String> = (0..400)
        .map(|i| format!("('c {i:03}', 'governed')"))
        .collect();
    scene.db.execute(&format!(
        "INSERT INTO inventory.collection_registry (collection_key, governance_role) VALUES {}",
        keys.join(", ")
    ));
    let started: Vec<Running> = (0..8)
        .map(|i| {
            let sweep = scene.on(&["sweep", "--fail-on", "never"]);
            let drain = scene.on(&["gate", "drain", "--batch", "50"]);
            Running(if i % 2 == 0 { sweep } else { drain }.start())
        })
        .collect();
    let mut opened = 0;
    for process in started {
        let ran = process.ended().expect_code(0);
        let count: usize = ran.get("issues_opened").parse().expect("a number");
        opened += count;
    }
    assert_eq!(opened, 800);
    let issues = scene.issues();
    let distinct: BTreeSet<&String> = issues.iter().collect();
    assert_eq!((issues.len(), distinct.len()), (800, 800));
    assert_eq!(scene.events(), 0);
}
