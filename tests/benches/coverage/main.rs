//! What gate and sweep cost, as ratios: a whole `birth sweep` against one
//! hand-written query that computes the same five conditions; an insert into the
//! registry with the gate against without; and how fast a worker is. Prints a
//! table; asserts nothing about time.
//!
//! Run with `cargo bench -p birth-tests --bench coverage`. It measures the
//! release binary, which it builds first. `BIRTH_BENCH_SIZES` says how many
//! collections are swept (`10000,100000`; what is above 10,000 shares the tables
//! of the first 10,000) and `BIRTH_BENCH_RUNS` how often (5).
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops where it cannot be set up"
)]

mod gate;
mod sweep;

use std::path::PathBuf;
use std::process::Command;

use birth_cluster::ClusterOptions;
use birth_tests::cli::Home;
use birth_tests::database::Database;
use birth_tests::estate::large;
use birth_tests::measure::{release_binary, run, setting, silent, table};
use birth_tests::server::Server;

/// Tables that are made; a larger registry shares them.
const TABLES: u32 = 10_000;

fn main() {
    let options = ClusterOptions::default()
        .setting("autovacuum", "off")
        .setting("max_locks_per_transaction", "2048")
        .setting("max_connections", "60")
        .setting("shared_buffers", "512MB");
    let server = Server::own(&options);
    let binary = release_binary();
    let sizes = setting("BIRTH_BENCH_SIZES", "10000,100000");
    let runs: usize = setting("BIRTH_BENCH_RUNS", "5").parse().expect("a number");
    let mut figures = Vec::new();
    for size in sizes.split(',') {
        let size: u32 = size.parse().expect("a number");
        let bench = Bench::new(server, &binary, size.min(TABLES), runs);
        sweep::measure(&bench, size, &mut figures);
    }
    let bench = Bench::new(server, &binary, 100, runs);
    gate::measure(&bench, &mut figures);
    print!("{}", table(&figures));
}

/// An estate with policy storage and birth triggers.
struct Bench {
    db: Database,
    home: Home,
    binary: PathBuf,
    runs: usize,
}

impl Bench {
    fn new(server: &'static Server, binary: &std::path::Path, tables: u32, runs: usize) -> Self {
        let bench = Self {
            db: large(tables).create(server),
            home: Home::new(),
            binary: binary.to_owned(),
            runs,
        };
        for arguments in [
            &["apply", "storage", "--yes"][..],
            &["classify"],
            &["classify", "approve", "--by", "bench", "--yes"],
            &["apply", "triggers", "--yes"],
        ] {
            run(&mut bench.birth(arguments));
        }
        bench
    }

    fn birth(&self, arguments: &[&str]) -> Command {
        silent(&self.binary, &self.home, &self.db, arguments)
    }
}
