//! What replaying 1,000 recorded runs costs, against decompressing their records
//! with gzip. Prints a table; asserts nothing about time.
//!
//! Run with `cargo bench -p birth-tests --bench replay`. It measures the release
//! binary, which it builds first. The runs are real ones: policy storage and birth
//! triggers in turn, on an estate of 100 tables, the first of each with something to
//! do. `BIRTH_BENCH_RECORDS` says how many there are (1000) and `BIRTH_BENCH_RUNS` how
//! often they are replayed (5).
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops where it cannot be set up"
)]

use std::path::PathBuf;
use std::process::{Command, Stdio};

use birth_tests::cli::Home;
use birth_tests::estate::large;
use birth_tests::measure::{
    Figure, median, milliseconds, peak_memory, ratio, release_binary, run, setting, silent,
    silent_without_database, table,
};
use birth_tests::server;

fn main() {
    let binary = release_binary();
    let number = |name, default| -> usize { setting(name, default).parse().expect("a number") };
    let records = number("BIRTH_BENCH_RECORDS", "1000");
    let runs = number("BIRTH_BENCH_RUNS", "5");
    let (db, home) = (large(100).create(server::one()), Home::new());
    let birth = |arguments: &[&str]| silent(&binary, &home, &db, arguments);
    run(&mut birth(&["classify"]));
    run(&mut birth(&[
        "classify", "approve", "--by", "bench", "--yes",
    ]));
    for number in 0..records {
        let operation = ["storage", "triggers"][number % 2];
        run(&mut birth(&["apply", operation, "--yes"]));
    }
    let files: Vec<PathBuf> = home
        .run_ids()
        .iter()
        .map(|id| home.run(id).join("verdicts.json.gz"))
        .collect();
    assert_eq!(files.len(), records, "a run for each record");
    let replay = || silent_without_database(&binary, &home, &["runs", "replay", "--all"]);
    let counted = replay()
        .args(["--format", "json"])
        .stdout(Stdio::piped())
        .output()
        .expect("the binary runs");
    let counted: serde_json::Value = serde_json::from_slice(&counted.stdout).expect("JSON");
    assert_eq!(counted["counts"]["same"], records, "every run is replayed");
    let (mut ours, mut theirs) = (vec![], vec![]);
    for _ in 0..runs {
        ours.push(run(&mut replay()));
        let mut gzip = Command::new("gzip");
        gzip.arg("-dc").args(&files).stdout(Stdio::null());
        theirs.push(run(&mut gzip));
    }
    let memory = peak_memory(&mut replay());
    let [ours, theirs] = [ours, theirs].map(|mut times| median(&mut times).unwrap_or_default());
    print!(
        "{}",
        table(&[Figure {
            what: format!("replay of {records} runs, {} verdicts", counted["subjects"]),
            figure: milliseconds(ours),
            baseline: format!("gzip -dc {}", milliseconds(theirs)),
            ratio: ratio(ours, theirs),
            aim: String::new(),
        }])
    );
    println!("peak memory {} MiB", memory / 1024);
}
