//! What comparing two policy sets over 100,000 collections costs, against
//! evaluating both sets' rules natively. Prints a table; asserts nothing about
//! time.
//!
//! Run with `cargo bench -p birth-tests --bench policy_diff`. The collections are
//! those of the classification bench; `BIRTH_BENCH_COLLECTIONS` says how many. The
//! new set is the approved one with another margin, so both are really asked; the
//! facts are in memory on both sides, so reading them is in neither figure.
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
use std::time::{Duration, Instant};

use birth_classification::rules::Classes;
use birth_core::facts::classification::Batches;
use birth_core::policy::Role;
use birth_core::policy::approved::Approvals;
use birth_core::policy::diff::PolicyDiff;
use birth_core::policy::set::PolicySet;
use birth_host::plugin::limits::Limits;
use birth_host::plugin::set::{PluginFiles, PolicyRuntime};
use birth_host::run::policy_diff::Comparison;
use birth_host::run::replay::Question;
use birth_sdk::classification::judge;
use birth_sdk::testing::classification::Facts;
use birth_sdk::{Setting, SettingValue};
use birth_tests::cli::workspace;
use birth_tests::measure::{Figure, median, milliseconds, ratio, table};
use cap_std::ambient_authority;
use cap_std::fs::Dir;

use generated::{encode, generate};

/// How often each way is gone; the median counts.
const RUNS: usize = 7;

/// The margin of the new set; the default is 10.
const MARGIN: i64 = 20;

fn main() {
    let number = std::env::var("BIRTH_BENCH_COLLECTIONS");
    let number = number.map_or(100_000, |n| n.parse().expect("a number"));
    let collections = generate(number);
    let questions: Vec<Question> = encode(&collections)
        .into_batches()
        .into_iter()
        .map(Question::Classification)
        .collect();
    let (old, new) = (policy(""), policy(&format!("margin = {MARGIN}\n")));
    for set in [&old, &new] {
        set.plugin(Role::Classification).expect("a plugin");
    }
    let mut compared = vec![];
    let mut changed = 0;
    for _ in 0..RUNS {
        let started = Instant::now();
        let diff = compare(&old, &new, &questions);
        compared.push(started.elapsed());
        changed = diff.changes.len();
    }
    let batches: Vec<_> = collections
        .chunks(Batches::SIZE)
        .map(|chunk| {
            let collections = chunk.to_vec();
            Facts { collections }.batch()
        })
        .collect();
    let margin = [Setting {
        key: "margin".to_owned(),
        value: SettingValue::Integer(MARGIN),
    }];
    let mut native = vec![];
    for _ in 0..RUNS {
        let started = Instant::now();
        let mut differing = 0;
        for batch in &batches {
            let was = judge::<Classes>(&[], batch).expect("verdicts");
            let is = judge::<Classes>(&margin, batch).expect("verdicts");
            let pairs = was.status.iter().zip(&is.status);
            differing += pairs.filter(|(was, is)| was != is).count();
        }
        native.push(started.elapsed());
        assert!(
            differing > 0 && differing <= changed,
            "{differing} statuses differ natively, {changed} verdicts in the diff"
        );
    }
    let [compared, native] = [compared, native].map(|mut t| median(&mut t).unwrap_or_default());
    println!("{number} collections, of which {changed} get another answer");
    print!("{}", table(&[figure(compared, native)]));
}

fn compare(old: &PolicyRuntime, new: &PolicyRuntime, questions: &[Question]) -> PolicyDiff {
    let roles = |role| role == Role::Classification;
    let mut comparison = Comparison::new(old, new, roles).expect("a common role");
    for question in questions {
        comparison.judge(question).expect("answers");
    }
    comparison.so_far().clone()
}

fn figure(one: Duration, other: Duration) -> Figure {
    Figure {
        what: "both sets compared".to_owned(),
        figure: milliseconds(one),
        baseline: format!("both natively {}", milliseconds(other)),
        ratio: ratio(one, other),
        aim: "2.5".to_owned(),
    }
}

/// The approved set with further settings of the classification.
fn policy(settings: &str) -> PolicyRuntime {
    let folder = workspace().join("plugins/approved");
    let text = fs::read_to_string(folder.join("policy.toml")).expect("a policy set");
    let heading = "[plugin.classification.settings]\n";
    assert!(text.contains(heading), "the approved set has no {heading}");
    let text = text.replace(heading, &format!("{heading}{settings}"));
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
