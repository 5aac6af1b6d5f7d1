//! What policy storage costs, as ratios: a whole `birth plan storage` against
//! `psql` running the same catalog queries over the same socket, loading the
//! plugin cold and from the cache, one verdict call, peak memory. Prints a
//! table; asserts nothing about time.
//!
//! Run with `cargo bench -p birth-tests --bench storage`. It measures the
//! release binary, which it builds first.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops where it cannot be set up"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use birth_cluster::{Cluster, ClusterOptions, ServerBinaries};
use birth_core::facts::conflict::ConflictFacts;
use birth_core::op::storage::{COLUMNS, FAMILY};
use birth_core::policy::approved::Approvals;
use birth_core::policy::set::PolicySet;
use birth_core::profile::Profile;
use birth_core::resolve::names_to_look_for;
use birth_core::sql::frame::{self, Timeouts};
use birth_core::sql::query;
use birth_host::plugin::limits::Limits;
use birth_host::plugin::set::{PluginFiles, PolicyRuntime};
use birth_tests::cli::{Home, Ran, workspace};
use birth_tests::database;
use birth_tests::measure::{
    Figure, median, milliseconds, peak_memory, psql, ratio, release_binary, run, table,
};
use cap_std::ambient_authority;
use cap_std::fs::Dir;

/// How often a process is run for one figure; the median counts.
const RUNS: usize = 31;

/// A registry with ten rows, and nothing else.
const SMALL: &str = "
    CREATE SCHEMA inventory;
    CREATE TABLE inventory.collection_registry (collection_key text PRIMARY KEY, governance_role varchar(40));
    INSERT INTO inventory.collection_registry SELECT 'collection_' || i FROM generate_series(1, 10) i";

/// The same beside ten thousand tables of twelve columns, a few hundred a
/// statement: one that made all would need a lock for each.
const MANY_TABLES: &str = "
    CREATE SCHEMA crowd;
    CREATE PROCEDURE crowd.fill() LANGUAGE plpgsql AS $$
    BEGIN
      FOR batch IN 0..49 LOOP
        EXECUTE (SELECT string_agg(format('CREATE TABLE crowd.t_%s (%s)', batch * 200 + i,
                   (SELECT string_agg(format('c_%s int', c), ', ') FROM generate_series(1, 12) c)), ';')
                 FROM generate_series(1, 200) i);
        COMMIT;
      END LOOP;
    END $$";

struct Bench {
    cluster: Cluster,
    home: Home,
    binary: PathBuf,
    psql: Option<PathBuf>,
}

fn main() {
    let bench = Bench::new();
    let mut figures = Vec::new();
    for (database, what) in [("small", "1 table"), ("large", "10,001 tables")] {
        bench.plan(database, what, &mut figures);
    }
    bench.plugin(&mut figures);
    print!("{}", table(&figures));
}

impl Bench {
    fn new() -> Self {
        let binaries = ServerBinaries::find().expect("PostgreSQL server binaries");
        let options = ClusterOptions::default()
            .setting("log_line_prefix", "%a|")
            .setting("autovacuum", "off");
        let cluster = Cluster::start(&binaries, &options).expect("a server");
        let bench = Self {
            psql: psql(binaries.folder()),
            binary: release_binary(),
            home: Home::new(),
            cluster,
        };
        for name in ["small", "large"] {
            bench.sql("postgres", &format!("CREATE DATABASE {name}"));
            bench.sql(name, SMALL);
        }
        bench.sql("large", MANY_TABLES);
        bench.sql("large", "CALL crowd.fill()");
        for name in ["small", "large"] {
            bench.sql(name, "VACUUM ANALYZE");
        }
        bench
    }

    fn sql(&self, name: &str, script: &str) -> Vec<Vec<String>> {
        database::run(&self.cluster.url(name), script)
    }

    /// `birth` as a process of its own, with a cache folder.
    fn birth(&self, arguments: &[&str], cache: &Path) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.home.path())
            .env("BIRTH_CACHE_DIR", cache)
            .env("BIRTH_LOG_DIR", self.home.runs())
            .env("BIRTH_KNOWLEDGE_BASE", self.home.path().join("kb"))
            .env("BIRTH_LOG_SINK", self.home.path().join("sink"))
            .current_dir(self.home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    fn cache(&self) -> PathBuf {
        self.home.path().join("cache")
    }

    fn plan_command(&self, name: &str) -> Command {
        let url = self.cluster.url(name);
        self.birth(&["plan", "storage", "--database", &url], &self.cache())
    }

    /// Plan against psql, interleaved, so that whatever else the machine does
    /// touches both.
    fn plan(&self, name: &str, what: &str, figures: &mut Vec<Figure>) {
        run(&mut self.plan_command(name)); // fills the cache
        let (queries, on_server) = self.server_time(name);
        let script = self.home.path().join(format!("{name}.sql"));
        fs::write(&script, self.same_queries(name)).expect("a file");
        let psql = |program: &PathBuf| {
            let mut command = Command::new(program);
            command
                .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f"])
                .arg(&script)
                .arg(self.cluster.url(name))
                .stdin(Stdio::null())
                .stdout(Stdio::null());
            command
        };
        let (mut ours, mut theirs, mut memory) = (vec![], vec![], 0);
        for _ in 0..RUNS {
            ours.push(run(&mut self.plan_command(name)));
            if let Some(program) = &self.psql {
                theirs.push(run(&mut psql(program)));
            }
        }
        for _ in 0..5 {
            memory = memory.max(peak_memory(&mut self.plan_command(name)));
        }
        let ours = median(&mut ours).unwrap_or_default();
        let theirs = median(&mut theirs);
        figures.push(Figure {
            what: format!("plan storage, {what}, {queries} statements"),
            figure: milliseconds(ours),
            baseline: format!("psql {}", theirs.map_or("-".into(), milliseconds)),
            ratio: theirs.map_or("-".into(), |t| ratio(ours, t)),
            aim: "1.5 times".into(),
        });
        figures.push(Figure {
            what: "  over the server's own time".into(),
            figure: milliseconds(ours.saturating_sub(on_server)),
            baseline: format!("server {}", milliseconds(on_server)),
            ratio: ratio(ours, on_server),
            aim: "40 ms".into(),
        });
        figures.push(Figure {
            what: "  peak memory".into(),
            figure: format!("{:.1} MiB", kib_to_mib(memory)),
            baseline: "-".into(),
            ratio: "-".into(),
            aim: "80 MiB".into(),
        });
    }

    /// How many statements one plan sends and how long the server works on
    /// them, by its own log: the median of some runs.
    fn server_time(&self, name: &str) -> (usize, Duration) {
        self.sql(
            "postgres",
            &format!("ALTER DATABASE {name} SET log_min_duration_statement = 0"),
        );
        let (mut times, mut queries) = (vec![], 0);
        for _ in 0..7 {
            let before = fs::metadata(self.cluster.log_file()).map_or(0, |m| m.len());
            run(&mut self.plan_command(name));
            let log = fs::read(self.cluster.log_file()).expect("the server's log");
            let log =
                String::from_utf8_lossy(&log[usize::try_from(before).unwrap_or(0)..]).into_owned();
            let (mut sum, mut executed) = (0.0, 0);
            for line in log.lines().filter(|line| line.starts_with("birth")) {
                let Some((_, rest)) = line.split_once("duration: ") else {
                    continue;
                };
                let number = rest.split(' ').next().and_then(|n| n.parse::<f64>().ok());
                sum += number.unwrap_or(0.0);
                // Parsing and binding have durations of their own.
                executed += usize::from(rest.contains(" execute ") || rest.contains(" statement:"));
            }
            assert!(executed > 0, "the server's log tells no durations:\n{log}");
            times.push(Duration::from_secs_f64(sum / 1000.0));
            queries = executed;
        }
        self.sql(
            "postgres",
            &format!("ALTER DATABASE {name} RESET log_min_duration_statement"),
        );
        (queries, median(&mut times).unwrap_or_default())
    }

    /// What a plan sends, with its parameters written out.
    fn same_queries(&self, name: &str) -> String {
        let oid = &self.sql(
            name,
            "SELECT 'inventory.collection_registry'::regclass::oid",
        )[0][0];
        let profile = Profile::built_in().expect("the built-in profile");
        let array = |names: Vec<String>| format!("'{{{}}}'::text[]", names.join(","));
        let families = array(names_to_look_for(&profile.families[FAMILY]));
        let columns = array(COLUMNS.iter().map(|c| c.name.to_owned()).collect());
        let timeouts = Timeouts {
            lock: Duration::from_secs(2),
            statement: Duration::from_secs(60),
        };
        let mut statements = vec![frame::BEGIN_READ.to_owned()];
        statements.extend(frame::local_settings(timeouts));
        statements.extend([
            query::SERVER.to_owned(),
            query::RELATIONS.replace("$1", &families),
            query::CONCEPT_COLUMNS.replace("$1", &format!("'{{{oid}}}'::oid[]")),
            query::locks::TABLE_RIGHTS.replace("$1", oid),
            query::RELATIONS_BY_OID.replace("$1", &format!("'{{{oid}}}'::oid[]")),
            query::storage::TABLE_COLUMNS
                .replace("$1", oid)
                .replace("$2", &columns),
            query::storage::TABLE_CONSTRAINTS.replace("$1", oid),
            frame::COMMIT.to_owned(),
        ]);
        statements.iter().map(|s| format!("{s};\n")).collect()
    }

    /// The plugin alone: whole processes that load it, and calls in this one.
    fn plugin(&self, figures: &mut Vec<Figure>) {
        let runtime = |cache: &Path| policy(cache.to_owned());
        let load = |cache: &Path| {
            let started = Instant::now();
            let policy = runtime(cache);
            policy
                .plugin(birth_core::policy::Role::Conflict)
                .expect("the approved plugin");
            (started.elapsed(), policy)
        };
        let mut cold: Vec<Duration> = (0..5)
            .map(|i| load(&self.home.path().join(format!("cold-{i}"))).0)
            .collect();
        let cache = self.home.path().join("warm");
        load(&cache);
        let mut warm: Vec<Duration> = (0..RUNS).map(|_| load(&cache).0).collect();
        let (cold, warm) = (median(&mut cold), median(&mut warm));
        let (cold, warm) = (cold.unwrap_or_default(), warm.unwrap_or_default());
        figures.push(Figure {
            what: "load the component from the cache".into(),
            figure: milliseconds(warm),
            baseline: format!("cold {}", milliseconds(cold)),
            ratio: ratio(warm, cold),
            aim: "-".into(),
        });

        let url = self.cluster.url("small");
        let plan = ["plan", "storage", "--database", &url];
        let fresh = |i: usize| self.home.path().join(format!("fresh-{i}"));
        let mut times: Vec<Duration> = (0..5)
            .map(|i| run(&mut self.birth(&plan, &fresh(i))))
            .collect();
        let peak = peak_memory(&mut self.birth(&plan, &fresh(5)));
        figures.push(Figure {
            what: "plan storage, empty cache".into(),
            figure: milliseconds(median(&mut times).unwrap_or_default()),
            baseline: "-".into(),
            ratio: "-".into(),
            aim: "-".into(),
        });
        figures.push(Figure {
            what: "  peak memory".into(),
            figure: format!("{:.1} MiB", kib_to_mib(peak)),
            baseline: "-".into(),
            ratio: "-".into(),
            aim: "80 MiB".into(),
        });

        let facts = self.recorded_facts();
        let (_, policy) = load(&cache);
        let judge = || {
            let started = Instant::now();
            policy.judge_conflict(&facts).expect("verdicts");
            started.elapsed()
        };
        let first = judge();
        let mut calls: Vec<Duration> = (0..201).map(|_| judge()).collect();
        let call = median(&mut calls).unwrap_or_default();
        figures.push(Figure {
            what: "one verdict call, 8 subjects".into(),
            figure: milliseconds(call),
            baseline: format!("first {}", milliseconds(first)),
            ratio: ratio(call, first),
            aim: "-".into(),
        });
    }

    /// The batch of a real run: those verdicts are recorded with it.
    fn recorded_facts(&self) -> ConflictFacts {
        let url = self.cluster.url("small");
        let apply = ["apply", "storage", "--yes", "--database", &url];
        let output = self
            .birth(&apply, &self.cache())
            .stdout(Stdio::piped())
            .output()
            .expect("the binary runs");
        let run = Ran::from(output).expect_code(0).run_id();
        let recorded = self.home.run(&run).join("verdicts.json");
        let text = fs::read_to_string(recorded).expect("the recorded verdicts");
        let recorded: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        serde_json::from_value(recorded["facts"].clone()).expect("facts")
    }
}

/// The approved set of the source tree: the bytes that the binary embeds.
fn policy(cache: PathBuf) -> PolicyRuntime {
    let folder = workspace().join("plugins/approved");
    let read = |name: &str| fs::read_to_string(folder.join(name)).expect("an approved file");
    PolicyRuntime::open(
        PluginFiles::Directory(
            Dir::open_ambient_dir(&folder, ambient_authority()).expect("the folder"),
        ),
        PolicySet::parse(&read("policy.toml")).expect("a policy set"),
        &Approvals::parse(&read("approved.toml")).expect("approvals"),
        Some(cache),
        Limits::default(),
    )
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn kib_to_mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}
