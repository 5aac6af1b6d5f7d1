//! What the benchmarks share: the binary as users have it, times, and the table
//! that they print.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::cli::{Home, workspace};
use crate::database::Database;

/// One line of the result.
#[derive(Debug)]
pub struct Figure {
    /// What was measured.
    pub what: String,
    /// The figure.
    pub figure: String,
    /// What it is compared with.
    pub baseline: String,
    /// The figure over the baseline.
    pub ratio: String,
    /// What the ratio or the figure should be.
    pub aim: String,
}

/// Builds the binary as users have it and says where it is.
#[must_use]
pub fn release_binary() -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["build", "--release", "--package", "birth-host"])
        .args(["--bin", "birth"])
        .current_dir(workspace());
    // What the outer cargo says of this package would make build scripts run
    // again that ask for such variables.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    let built = cargo.status().expect("cargo runs");
    assert!(built.success(), "the release binary does not build");
    // …/target/release/deps/<this benchmark>
    let this = std::env::current_exe().expect("the path of this benchmark");
    let target = this.ancestors().nth(3).expect("a target directory");
    target.join("release/birth")
}

/// A variable that the benchmark reads.
#[must_use]
pub fn setting(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}

/// The binary on a database, silent.
#[must_use]
pub fn silent(binary: &Path, home: &Home, database: &Database, arguments: &[&str]) -> Command {
    let mut command = silent_without_database(binary, home, arguments);
    command.args(["--database", &database.url()]);
    command
}

/// The binary for a command that needs no database, silent.
#[must_use]
pub fn silent_without_database(binary: &Path, home: &Home, arguments: &[&str]) -> Command {
    let folder = home.path();
    let mut command = Command::new(binary);
    command
        .args(arguments)
        .env_clear()
        .env("HOME", folder)
        .env("BIRTH_CACHE_DIR", folder.join("cache"))
        .env("BIRTH_LOG_DIR", home.runs())
        .env("BIRTH_KNOWLEDGE_BASE", folder.join("kb"))
        .env("BIRTH_LOG_SINK", folder.join("sink"))
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// A program of the operating system, where it is installed.
#[must_use]
pub fn on_path(name: &str) -> Option<PathBuf> {
    std::env::var_os("PATH").and_then(|path| {
        std::env::split_paths(&path)
            .map(|folder| folder.join(name))
            .find(|program| program.is_file())
    })
}

/// psql: the one beside a server's programs, else the system's.
#[must_use]
pub fn psql(beside: &Path) -> Option<PathBuf> {
    let psql = beside.join("psql");
    Some(psql)
        .filter(|p| p.is_file())
        .or_else(|| on_path("psql"))
}

/// How long a program takes, which has to succeed.
pub fn run(command: &mut Command) -> Duration {
    let started = Instant::now();
    let status = command.status().expect("the program runs");
    let took = started.elapsed();
    assert!(status.success(), "{command:?}: {status}");
    took
}

/// The highest resident size that the kernel reports while a program runs, in
/// KiB.
pub fn peak_memory(command: &mut Command) -> u64 {
    peak_of(&mut command.spawn().expect("the program runs"))
}

/// The highest resident size that the kernel reports until a process ends, in
/// KiB. The mark only rises, so the last look before the end is all but exact.
pub fn peak_of(child: &mut Child) -> u64 {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().expect("a child").is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let mark = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let mark = mark.and_then(|m| m.trim().trim_end_matches(" kB").trim().parse().ok());
        peak = peak.max(mark.unwrap_or(0));
    }
    peak
}

/// The median; none of nothing.
pub fn median(times: &mut [Duration]) -> Option<Duration> {
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}

/// A time for people.
#[must_use]
pub fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}

/// One time over another.
#[must_use]
pub fn ratio(one: Duration, other: Duration) -> String {
    format!("{:.3}", one.as_secs_f64() / other.as_secs_f64())
}

/// The result as a table of text.
#[must_use]
pub fn table(figures: &[Figure]) -> String {
    let head = ["", "figure", "baseline", "ratio", "aim"];
    let rows: Vec<[&str; 5]> = std::iter::once(head)
        .chain(figures.iter().map(|f| {
            [
                f.what.as_str(),
                f.figure.as_str(),
                f.baseline.as_str(),
                f.ratio.as_str(),
                f.aim.as_str(),
            ]
        }))
        .collect();
    let width = |i: usize| rows.iter().map(|r| r[i].chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for row in &rows {
        let mut line = format!("{:<1$}", row[0], width(0));
        for (i, cell) in row.iter().enumerate().skip(1) {
            // Writing to a String cannot fail.
            let _ = write!(line, "  {cell:>0$}", width(i));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}
