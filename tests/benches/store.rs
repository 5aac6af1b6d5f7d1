//! What it costs that a plugin comes from the plugin store: `birth plugin pull`
//! of a set that was fetched, and `birth policy verify` of the same set from the
//! store and from files, each over the start of the process. Prints a table;
//! asserts nothing about time.
//!
//! Run with `cargo bench -p birth-tests --bench store`. It measures the release
//! binary, which it builds first, or the one that `BIRTH_BENCH_BINARY` names.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops where it cannot be set up"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use birth_core::digest::Digest;
use birth_tests::cli::{Home, workspace};
use birth_tests::measure::{
    Figure, median, milliseconds, release_binary, run, silent_without_database, table,
};

/// How often a process is run for one figure; the median counts.
const RUNS: usize = 51;

const ROLES: [&str; 3] = ["classification", "conflict", "coverage"];

fn main() {
    let named = std::env::var_os("BIRTH_BENCH_BINARY").map(PathBuf::from);
    let binary = named.unwrap_or_else(release_binary);
    let home = Home::new();
    let files = workspace().join("plugins/approved/policy.toml");
    let stored = fill(&home);
    let start = time(&binary, &home, &["--version"]);
    let mut figures = Vec::new();
    let text = |path: &Path| path.to_str().expect("a path in UTF-8").to_owned();
    let (files, stored) = (text(&files), text(&stored));
    for (what, arguments, aim) in [
        (
            "pull of three plugins that are in the store",
            &["plugin", "pull", "--policy", &stored][..],
            "< 20 ms over the start",
        ),
        (
            "policy verify from the store",
            &["policy", "verify", "--policy", &stored],
            "as from files",
        ),
        (
            "policy verify from files",
            &["policy", "verify", "--policy", &files],
            "",
        ),
    ] {
        let took = time(&binary, &home, arguments);
        let over = took.saturating_sub(start);
        figures.push(Figure {
            what: what.to_owned(),
            figure: milliseconds(took),
            baseline: format!("{} to start", milliseconds(start)),
            ratio: format!("+{}", milliseconds(over)),
            aim: aim.to_owned(),
        });
    }
    print!("{}", table(&figures));
}

/// Puts the shipped plugins into the store as `birth plugin pull` would, and
/// writes a policy set that names them there.
fn fill(home: &Home) -> PathBuf {
    let store = home.path().join("store");
    fs::create_dir_all(&store).expect("a directory");
    let keep = |bytes: &[u8]| {
        let digest = Digest::of(bytes).to_string();
        fs::write(store.join(&digest), bytes).expect("a file");
        digest
    };
    let approved = workspace().join("plugins/approved");
    let read = |name: &str| fs::read(approved.join(name)).expect("a file of the shipped set");
    let mut set = String::from_utf8(read("policy.toml")).expect("UTF-8");
    for role in ROLES {
        let component = read(&format!("{role}.wasm"));
        let digest = keep(&component);
        let manifest = serde_json::json!({
            "schemaVersion": 2,
            "config": {
                "mediaType": "application/vnd.wasm.config.v0+json",
                "digest": format!("sha256:{}", Digest::of(b"{}")),
                "size": 2,
            },
            "layers": [{
                "mediaType": "application/wasm",
                "digest": format!("sha256:{digest}"),
                "size": component.len(),
            }],
        });
        let manifest = keep(manifest.to_string().as_bytes());
        let place = format!("oci://localhost:1/{role}@sha256:{manifest}");
        set = set.replace(&format!("{role}.wasm"), &place);
    }
    let path = home.path().join("policy.toml");
    fs::write(&path, set).expect("a file");
    fs::write(home.path().join("approved.toml"), read("approved.toml")).expect("a file");
    path
}

/// The median time of a command that succeeds, after one run that fills caches.
fn time(binary: &Path, home: &Home, arguments: &[&str]) -> Duration {
    let mut command = silent_without_database(binary, home, arguments);
    command.env("BIRTH_PLUGIN_STORE", home.path().join("store"));
    run(&mut command);
    let mut times: Vec<Duration> = (0..RUNS).map(|_| run(&mut command)).collect();
    median(&mut times).expect("some runs")
}
