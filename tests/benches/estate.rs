//! What reading a large estate costs: every step that triggers need, against
//! the time that the server itself says it took, and the memory of this
//! process. Prints a table; asserts nothing about time.
//!
//! Run with `cargo bench -p birth-tests --bench estate`, or, without a release
//! build of everything, `cargo test -p birth-tests --bench estate`.
//! `BIRTH_BENCH_COLLECTIONS` says how many collections (10,000), and
//! `BIRTH_BENCH_POLICY` the folder of a policy set whose classification plugin
//! judges them (the approved one, if it has such a plugin).
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops where it cannot be set up"
)]

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use birth_cluster::ClusterOptions;
use birth_core::estate::EstateColumns;
use birth_core::facts::classification::Batches;
use birth_core::ident::Identifier;
use birth_core::policy::Role;
use birth_core::policy::approved::Approvals;
use birth_core::policy::set::PolicySet;
use birth_core::profile::CollectionRules;
use birth_core::resolve::Relation;
use birth_core::sql::frame::Timeouts;
use birth_host::pg::connect::resolve;
use birth_host::pg::{PgError, ReadTransaction, Reader, Session};
use birth_host::plugin::limits::Limits;
use birth_host::plugin::set::{PluginFiles, PolicyRuntime};
use birth_tests::cli::workspace;
use birth_tests::database::Database;
use birth_tests::estate::large;
use birth_tests::server::Server;
use cap_std::ambient_authority;
use cap_std::fs::Dir;

/// How often all is read; the median of each step counts.
const RUNS: usize = 5;

/// The steps, in their order.
const STEPS: [&str; 5] = [
    "the estate",
    "facts of the classification role",
    "mapped keys",
    "trigger functions",
    "birth triggers",
];

fn main() {
    let collections = std::env::var("BIRTH_BENCH_COLLECTIONS");
    let collections = collections.map_or(10_000, |n| n.parse().expect("a number"));
    let options = ClusterOptions::default()
        .setting("autovacuum", "off")
        .setting("log_line_prefix", "%a|");
    let server = Server::own(&options);
    let started = Instant::now();
    let db = large(collections).create(server);
    println!(
        "{collections} collections on PostgreSQL {}, made in {:.1} s",
        server.major(),
        started.elapsed().as_secs_f64()
    );
    let name = db.name();
    // Logging the parameters, ten thousand names, would take longer than much
    // of what is measured.
    db.execute(&format!(
        "ALTER DATABASE {name} SET log_parameter_max_length = 0;
         ALTER DATABASE {name} SET log_min_duration_statement = 0"
    ));
    let before = peak_memory();
    let mut runs: Vec<Laps> = (0..RUNS).map(|_| read(&db).0).collect();
    println!("{:<34}{:>10}{:>10}", "", "wall", "server");
    let mut sums = (Duration::ZERO, Duration::ZERO);
    for (i, step) in STEPS.iter().enumerate() {
        runs.sort_by_key(|run| run[i].0);
        let (wall, on_server) = runs[RUNS / 2][i];
        println!("{step:<34}{:>10}{:>10}", text(wall), text(on_server));
        sums = (sums.0 + wall, sums.1 + on_server);
    }
    println!("{:<34}{:>10}{:>10}", "all", text(sums.0), text(sums.1));
    println!(
        "peak memory {} MiB, of which {} before anything was read",
        peak_memory() / 1024,
        before / 1024
    );
    let policy = policy();
    if !policy.set().plugins.contains_key(&Role::Classification) {
        println!("the policy set judges no collections");
        return;
    }
    policy.plugin(Role::Classification).expect("a plugin");
    let facts = read(&db).1;
    let started = Instant::now();
    let classified = policy.judge_classification(&facts).expect("answers");
    let took = started.elapsed();
    println!("{:<34}{:>10}", "judging, loaded", text(took));
    let mut of_status = [0; 5];
    for answer in &classified.answers {
        of_status[usize::from(answer.status)] += 1;
    }
    println!("  collections of each status: {of_status:?}");
    println!(
        "peak memory {} MiB, of which {} before anything was read",
        peak_memory() / 1024,
        before / 1024
    );
}

fn text(time: Duration) -> String {
    format!("{:.0} ms", time.as_secs_f64() * 1000.0)
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

/// Each step's own time and the server's.
type Laps = [(Duration, Duration); 5];

/// Reads everything once.
fn read(db: &Database) -> (Laps, Batches) {
    let oid = |name: &str| -> u32 {
        let oid = db.value(&format!("SELECT 'inventory.{name}'::regclass::oid"));
        oid.parse().expect("an oid")
    };
    let oids = ["collection_registry", "species_collection_map"].map(oid);
    let timeouts = Timeouts {
        lock: Duration::from_secs(2),
        statement: Duration::from_secs(60),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let settings = resolve(Some(&db.url()), &|_| None).expect("settings");
        let session = Session::open(&settings, "measured", timeouts);
        let session = session.await.expect("a session");
        let transaction = ReadTransaction::begin(session, timeouts).await;
        let transaction = transaction.expect("a transaction");
        let times = steps(db, oids, transaction.reader()).await;
        transaction.end().await.expect("an end").close().await;
        times.expect("facts")
    })
}

async fn steps(
    db: &Database,
    [registry, map]: [u32; 2],
    reader: Reader<'_>,
) -> Result<(Laps, Batches), PgError> {
    let registry = relation(reader, registry).await?;
    let map = relation(reader, map).await?;
    let identifier = |name| Identifier::new(name).expect("a name");
    let columns = EstateColumns {
        key: identifier("collection_key"),
        role: identifier("governance_role"),
        schema: None,
        table: None,
    };
    let rules = CollectionRules::default();
    let clock = Clock::new(db);
    let estate = reader.estate(&registry, &columns, &rules).await?;
    let first = clock.lap();
    let facts: Batches = reader.classification_facts(&estate).await?;
    let second = clock.lap();
    let key = identifier("collection_key");
    reader.mapped_keys(&map, &key).await?;
    let third = clock.lap();
    let functions = reader.trigger_functions("fn_birth_registry_auto").await?;
    let fourth = clock.lap();
    let names: Vec<(u32, String)> = estate
        .collections
        .iter()
        .filter_map(|c| c.table.as_ref())
        .map(|t| (t.oid, format!("trg_birth_{}", t.name.name)))
        .collect();
    let tables: Vec<(u32, &str)> = names.iter().map(|(oid, name)| (*oid, &**name)).collect();
    reader.birth_triggers(&tables, functions[0].oid).await?;
    let fifth = clock.lap();
    let laps = [first, second, third, fourth, fifth];
    let laps = laps.map(|(from, to)| (to.0 - from.0, clock.on_server(from.1..to.1)));
    Ok((laps, facts))
}

async fn relation(reader: Reader<'_>, oid: u32) -> Result<Relation, PgError> {
    Ok(reader.relation_by_oid(oid).await?.expect("a relation"))
}

/// A moment: on the clock and in the server's log.
type Moment = (Instant, usize);

/// Laps on two clocks.
struct Clock<'d> {
    db: &'d Database,
    last: std::cell::Cell<Moment>,
}

impl<'d> Clock<'d> {
    fn new(db: &'d Database) -> Self {
        let now = (Instant::now(), db.server().log().len());
        let last = std::cell::Cell::new(now);
        Self { db, last }
    }

    /// The lap from the last one to now. What comes after reading the log
    /// belongs to the next.
    fn lap(&self) -> (Moment, Moment) {
        let end = (Instant::now(), self.db.server().log().len());
        let begin = self.last.replace((Instant::now(), end.1));
        (begin, end)
    }

    /// What the server says of a part of its log.
    fn on_server(&self, part: std::ops::Range<usize>) -> Duration {
        let log = self.db.server().log();
        let durations = log[part].lines().filter_map(|line| {
            let (_, rest) = line.strip_prefix("measured|")?.split_once("duration: ")?;
            rest.split(' ').next()?.parse::<f64>().ok()
        });
        Duration::from_secs_f64(durations.sum::<f64>() / 1000.0)
    }
}

/// The highest resident size of this process so far, in KiB.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mark = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    mark.and_then(|m| m.trim().trim_end_matches(" kB").trim().parse().ok())
        .unwrap_or(0)
}
