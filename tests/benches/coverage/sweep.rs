//! The sweep against one query.

use std::fs::File;
use std::process::{Command, Stdio};
use std::time::Duration;

use birth_tests::measure::{Figure, median, milliseconds, peak_memory, psql, ratio, run};

use super::{Bench, TABLES};

/// Decides most collections, and registers more of them than there are tables:
/// a locator names the table that they share.
const PREPARE: &str = include_str!("prepare.sql");

/// The five conditions, as one would write them by hand for this very schema.
const BY_HAND: &str = include_str!("by-hand.sql");

pub(super) fn measure(bench: &Bench, size: u32, figures: &mut Vec<Figure>) {
    bench.db.execute(
        &PREPARE
            .replace(":collections", &size.to_string())
            .replace(":tables", &size.min(TABLES).to_string()),
    );
    bench.db.execute("VACUUM ANALYZE");
    // What is new is recorded once; afterwards every sweep finds the same.
    let mut first = bench.birth(&["sweep", "--fail-on", "never"]);
    let recording = run(&mut first);
    bench.db.execute("VACUUM ANALYZE");
    let query = bench.home.path().join("by-hand.sql");
    std::fs::write(&query, BY_HAND).expect("a file");
    let mut ours = Vec::new();
    let mut looking = Vec::new();
    let mut theirs = Vec::new();
    for _ in 0..bench.runs {
        ours.push(run(&mut sweep(bench, "new")));
        looking.push(run(&mut sweep(bench, "nothing")));
        theirs.push(by_hand(bench, &query));
    }
    let median = |times: &mut Vec<Duration>| median(times).expect("a run");
    let theirs = median(&mut theirs);
    let what = |what: &str| format!("{what}, {size} collections");
    for (name, mut times) in [("sweep", ours), ("sweep --record nothing", looking)] {
        let time = median(&mut times);
        figures.push(Figure {
            what: what(name),
            figure: milliseconds(time),
            baseline: format!("{} one query", milliseconds(theirs)),
            ratio: ratio(time, theirs),
            aim: "2".to_owned(),
        });
    }
    figures.push(Figure {
        what: what("first sweep: every gap is recorded"),
        figure: milliseconds(recording),
        baseline: String::new(),
        ratio: String::new(),
        aim: String::new(),
    });
    let peak = peak_memory(&mut sweep(bench, "new"));
    figures.push(Figure {
        what: what("peak memory of a sweep"),
        figure: format!("{} MiB", peak / 1024),
        baseline: String::new(),
        ratio: String::new(),
        aim: "200 MiB".to_owned(),
    });
}

/// All of it is written out as JSON, as the query's rows are.
fn sweep(bench: &Bench, record: &str) -> Command {
    let mut sweep = bench.birth(&["sweep", "--fail-on", "never", "--record", record]);
    let out = File::create(bench.home.path().join("sweep.json")).expect("a file");
    sweep.args(["--format", "json"]).stdout(out);
    sweep
}

fn by_hand(bench: &Bench, query: &std::path::Path) -> Duration {
    let psql = psql(bench.db.server().binaries()).expect("psql");
    let out = File::create(bench.home.path().join("by-hand.txt")).expect("a file");
    let mut by_hand = Command::new(psql);
    by_hand
        .args(["-X", "-q", "-A", "-t", "-d", &bench.db.url(), "-f"])
        .arg(query)
        .stdin(Stdio::null())
        .stdout(out);
    run(&mut by_hand)
}
