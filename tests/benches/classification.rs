//! What judging 100,000 collections costs: through the component, the host's
//! encoding included, against the same rules natively, and against the same
//! rules in Rego. Prints a table; asserts nothing about time.
//!
//! Run with `cargo bench -p birth-tests --bench classification`. The collections
//! are those of the labelled corpus of the classification plugin that have eight
//! to twelve columns, over and over with other names. `BIRTH_BENCH_COLLECTIONS`
//! says how many, `BIRTH_BENCH_POLICY` names the folder of another policy set
//! than the approved one, and `BIRTH_BENCH_PEERS` the folder where
//! `bench/README.md` has the Rego peer installed.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops where it cannot be set up"
)]

#[path = "../../plugins/classification/tests/corpus/mod.rs"]
#[expect(dead_code, reason = "a part of the corpus reader of another package")]
mod corpus;
#[path = "../generated/mod.rs"]
mod generated;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use birth_classification::rules::Classes;
use birth_core::facts::classification::Batches;
use birth_core::policy::Role;
use birth_core::policy::approved::Approvals;
use birth_core::policy::set::PolicySet;
use birth_host::plugin::limits::Limits;
use birth_host::plugin::set::{PluginFiles, PolicyRuntime};
use birth_sdk::classification::judge;
use birth_sdk::testing::classification::{Collection, Facts};
use birth_tests::cli::workspace;
use birth_tests::measure::{Figure, median, milliseconds, ratio, table};
use cap_std::ambient_authority;
use cap_std::fs::Dir;

use generated::{encode, generate, shapes};

/// How often each way is gone; the median counts.
const RUNS: usize = 7;

/// Collections that the Rego peer judges: it needs long.
const OF_PEER: usize = 10_000;

const STATUSES: [&str; 5] = ["required", "junction", "log", "cache", "deferred"];

fn main() {
    let number = std::env::var("BIRTH_BENCH_COLLECTIONS");
    let number = number.map_or(100_000, |n| n.parse().expect("a number"));
    let collections = generate(number);
    let columns: usize = collections.iter().map(|c| c.columns.len()).sum();
    let (tenths, shapes) = (columns * 10 / number, shapes().len());
    println!(
        "{number} collections of {}.{} columns on average, from {shapes} shapes",
        tenths / 10,
        tenths % 10
    );
    let policy = policy();
    policy.plugin(Role::Classification).expect("a plugin");
    let before = peak_memory();
    let (mut encoding, mut component, mut statuses) = (vec![], vec![], vec![]);
    for _ in 0..RUNS {
        let started = Instant::now();
        let batches = encode(&collections);
        encoding.push(started.elapsed());
        let started = Instant::now();
        let classified = policy.judge_classification(&batches).expect("answers");
        component.push(started.elapsed());
        statuses = classified.answers.iter().map(|a| a.status).collect();
    }
    let memory = (peak_memory(), before);
    let mut native = vec![];
    let batches: Vec<_> = collections
        .chunks(Batches::SIZE)
        .map(|chunk| {
            let collections = chunk.to_vec();
            Facts { collections }.batch()
        })
        .collect();
    for _ in 0..RUNS {
        let started = Instant::now();
        let mut found = Vec::with_capacity(number);
        for batch in &batches {
            let verdicts = judge::<Classes>(&[], batch).expect("verdicts");
            found.extend(verdicts.status);
        }
        native.push(started.elapsed());
        assert_eq!(found, statuses, "the component says something else");
    }
    let [encoding, component, native] =
        [encoding, component, native].map(|mut times| median(&mut times).unwrap_or_default());
    let mut figures = vec![
        figure(
            "encoding and the component",
            encoding + component,
            native,
            "native",
            "1.5",
        ),
        figure("  the component alone", component, native, "native", "-"),
        figure("  encoding alone", encoding, native, "native", "-"),
        figure(
            "  both with encoding",
            encoding + component,
            encoding + native,
            "native",
            "-",
        ),
    ];
    peer(&collections, &statuses, encoding + component, &mut figures);
    print!("{}", table(&figures));
    println!(
        "peak memory {} MiB, of which {} before anything was encoded (most of that are the collections to encode)",
        memory.0 / 1024,
        memory.1 / 1024
    );
}

fn figure(what: &str, one: Duration, other: Duration, name: &str, aim: &str) -> Figure {
    Figure {
        what: what.to_owned(),
        figure: milliseconds(one),
        baseline: format!("{name} {}", milliseconds(other)),
        ratio: ratio(one, other),
        aim: aim.to_owned(),
    }
}

/// The policy set that is asked for, or the approved one.
fn policy() -> PolicyRuntime {
    let folder = std::env::var_os("BIRTH_BENCH_POLICY")
        .map_or_else(|| workspace().join("plugins/approved"), PathBuf::from);
    let text = fs::read_to_string(folder.join("policy.toml")).expect("a policy set");
    PolicyRuntime::open(
        PluginFiles::Directory(
            Dir::open_ambient_dir(&folder, ambient_authority()).expect("the folder"),
        ),
        PolicySet::parse(&text).expect("a policy set"),
        &Approvals::parse("format = 1\n").expect("approvals"),
        None,
        Limits::default(),
    )
}

/// The same collections to the Rego peer, which says how long it took and what
/// it decided.
fn peer(collections: &[Collection], statuses: &[u8], ours: Duration, figures: &mut Vec<Figure>) {
    let what = "Rego on regorus' VM over this";
    let program = std::env::var_os("BIRTH_BENCH_PEERS")
        .map(|folder| Path::new(&folder).join("bin/birth-bench-rego"))
        .filter(|program| program.is_file());
    let Some(program) = program else {
        println!("{what}: not installed");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let facts = folder.path().join("facts.json");
    let number = collections.len().min(OF_PEER);
    let collections = &collections[..number];
    let batches: Vec<Vec<serde_json::Value>> = collections
        .chunks(Batches::SIZE)
        .map(|chunk| chunk.iter().map(document).collect())
        .collect();
    let text = serde_json::to_string(&batches).expect("JSON");
    fs::write(&facts, text).expect("a file");
    let output = Command::new(program)
        .arg(workspace().join("bench/rego/policy"))
        .arg(&facts)
        .stderr(Stdio::inherit())
        .output()
        .expect("the peer runs");
    assert!(output.status.success(), "the Rego peer failed");
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let took = Duration::from_secs_f64(answer["seconds"].as_f64().expect("a time"));
    let said = answer["statuses"].as_array().expect("statuses");
    assert_eq!(said.len(), number);
    let same = said
        .iter()
        .zip(statuses)
        .filter(|(said, status)| said.as_str() == Some(STATUSES[usize::from(**status)]));
    let agreed = same.count();
    // Both in proportion to what they judged.
    let scaled = |time: Duration, of: usize| time / u32::try_from(of).expect("a number");
    println!(
        "Rego judged {number} collections and agrees on {agreed}: {}.{} %",
        agreed * 100 / number,
        agreed * 1000 / number % 10
    );
    figures.push(Figure {
        what: what.to_owned(),
        figure: format!("{} each 1,000", milliseconds(scaled(took * 1000, number))),
        baseline: format!(
            "component {}",
            milliseconds(scaled(ours * 1000, statuses.len()))
        ),
        ratio: ratio(
            scaled(took * 1000, number),
            scaled(ours * 1000, statuses.len()),
        ),
        aim: "30".to_owned(),
    });
}

/// A collection as a person would hand it to a Rego policy.
fn document(c: &Collection) -> serde_json::Value {
    let columns: Vec<_> = c.columns.iter().map(|x| {
        serde_json::json!({
            "name": x.name, "type": x.type_name, "length": x.length, "not_null": x.bits & 1 != 0,
            "identity": x.bits & 8 != 0, "identifier_default": x.bits & 32 != 0, "array": x.bits & 128 != 0,
        })
    }).collect();
    let indexes: Vec<_> = c.indexes.iter().map(|x| {
        serde_json::json!({
            "columns": x.columns, "primary": x.bits & 1 != 0, "unique": x.bits & 2 != 0, "partial": x.bits & 4 != 0,
            "expressions": x.bits & 8 != 0, "other_method": x.bits & 32 != 0,
        })
    }).collect();
    let keys: Vec<_> = c
        .foreign_keys
        .iter()
        .map(|x| serde_json::json!({ "table": x.referenced_name, "columns": x.columns }))
        .collect();
    let triggers: Vec<_> = c.triggers.iter().map(|x| {
        serde_json::json!({
            "name": x.name, "function": x.function, "disabled": x.enabled == 1, "on_insert": x.trigger_type & 4 != 0,
            "on_change": x.trigger_type & 24 != 0,
        })
    }).collect();
    let magnitude = |number: u8| (number != u8::MAX).then_some(number);
    serde_json::json!({
        "name": c.name, "role": c.role, "kind": if c.kind == 2 { "partitioned-table" } else { "table" },
        "unlogged": c.bits & 1 != 0, "extension": c.bits & 32 != 0, "referenced_by": c.referenced_by,
        "rows": magnitude(c.rows), "inserts": magnitude(c.inserts), "updates": magnitude(c.updates),
        "deletes": magnitude(c.deletes),
        "columns": columns, "indexes": indexes, "foreign_keys": keys, "triggers": triggers,
    })
}

/// The highest resident size of this process so far, in KiB.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mark = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    mark.and_then(|m| m.trim().trim_end_matches(" kB").trim().parse().ok())
        .unwrap_or(0)
}
