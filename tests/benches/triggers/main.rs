//! What installing birth triggers costs, as ratios: a whole `birth apply
//! triggers` against `psql`, sqitch, dbmate and liquibase that run the same
//! statements in one transaction; and what reading the catalogs costs, against
//! one query that fetches the same. Prints a table; asserts nothing about time.
//!
//! Run with `cargo bench -p birth-tests --bench triggers`. It measures the
//! release binary, which it builds first. `peers.sh` installs the peers into a
//! folder that `BIRTH_BENCH_PEERS` names; those that are not there are named as
//! such. `BIRTH_BENCH_SIZES` says how large the estates are (`1000,10000`
//! tables, of which 54 in a hundred get a trigger and 16 an issue) and
//! `BIRTH_BENCH_RUNS` how often each program runs (5).
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops where it cannot be set up"
)]

mod catalog;
mod peers;

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use birth_cluster::ClusterOptions;
use birth_tests::cli::Home;
use birth_tests::database::{Database, Session};
use birth_tests::estate::large;
use birth_tests::measure::{
    Figure, median, milliseconds, peak_memory, psql, ratio, release_binary, run, setting, silent,
    table,
};
use birth_tests::server::Server;

use peers::Peer;

/// Takes back what a run did, whichever program it was.
const UNDO: &str = "
    DO $$
    DECLARE
      made record;
    BEGIN
      FOR made IN SELECT t.tgname, t.tgrelid FROM pg_trigger t
        WHERE t.tgfoid = 'inventory.fn_birth_registry_auto'::regproc LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', made.tgname, made.tgrelid::regclass);
      END LOOP;
    END $$;
    TRUNCATE inventory.system_issues RESTART IDENTITY";

/// Between two runs, so that each finds the same catalogs: without the rows that
/// those before it left dead, and with nothing that has yet to be written.
const TIDY: [&str; 6] = [
    "VACUUM pg_trigger",
    "VACUUM pg_class",
    "VACUUM pg_depend",
    "VACUUM pg_shdepend",
    "VACUUM inventory.system_issues",
    "CHECKPOINT",
];

fn main() {
    let options = ClusterOptions {
        password: Some(peers::PASSWORD.to_owned()),
        ..ClusterOptions::default()
    };
    let options = options
        .tcp()
        .setting("autovacuum", "off")
        .setting("log_line_prefix", "%a|")
        .setting("max_locks_per_transaction", "2048")
        .setting("shared_buffers", "512MB");
    let server = Server::own(&options);
    let binary = release_binary();
    let sizes = setting("BIRTH_BENCH_SIZES", "1000,10000");
    let runs: usize = setting("BIRTH_BENCH_RUNS", "5").parse().expect("a number");
    let mut figures = Vec::new();
    for size in sizes.split(',') {
        let bench = Bench {
            db: large(size.parse().expect("a number")).create(server),
            home: Home::new(),
            binary: binary.clone(),
            runs,
        };
        bench.db.execute("VACUUM ANALYZE");
        catalog::measure(&bench.db, size, runs, &mut figures);
        bench.install(size, &mut figures);
    }
    print!("{}", table(&figures));
}

struct Bench {
    db: Database,
    home: Home,
    binary: PathBuf,
    runs: usize,
}

impl Bench {
    fn birth(&self, arguments: &[&str]) -> Command {
        silent(&self.binary, &self.home, &self.db, arguments)
    }

    fn apply(&self) -> Command {
        self.birth(&["apply", "triggers", "--yes"])
    }

    /// Takes everything back.
    fn reset(&self, session: &Session) {
        session.execute(UNDO);
        session.execute(peers::FORGET);
        for statement in TIDY {
            session.execute(statement);
        }
    }

    /// What a run sends besides its frame, from the text of its transaction.
    fn statements(&self) -> String {
        run(&mut self.apply());
        let id = self.home.run_ids().pop().expect("a run");
        let compiled = fs::read_to_string(self.home.run(&id).join("compiled.sql"));
        let compiled = compiled.expect("the compiled statements");
        let is_work =
            |line: &&str| line.starts_with("CREATE TRIGGER") || line.starts_with("INSERT");
        compiled.lines().filter(is_work).map(by_itself).collect()
    }

    /// All programs in turn, so that whatever else the machine does touches
    /// each of them.
    fn install(&self, size: &str, figures: &mut Vec<Figure>) {
        run(&mut self.birth(&["classify"]));
        run(&mut self.birth(&["classify", "approve", "--by", "bench", "--yes"]));
        let session = self.db.session();
        let statements = self.statements();
        let psql = psql(self.db.server().binaries());
        let installed: Vec<(Peer, Option<PathBuf>)> = Peer::ALL
            .map(|peer| (peer, peer.program(psql.as_deref())))
            .to_vec();
        let folder = |peer: Peer| -> PathBuf { self.home.path().join(format!("{peer:?}")) };
        for (peer, _) in &installed {
            peer.prepare(&folder(*peer), &statements);
        }
        let made = |what: &str| -> String {
            let lines = statements.lines().filter(|line| line.starts_with(what));
            lines.count().to_string()
        };
        let (triggers, issues) = (made("CREATE TRIGGER"), made("INSERT"));
        let mut ours = Vec::new();
        let mut theirs: Vec<Vec<Duration>> = installed.iter().map(|_| vec![]).collect();
        for _ in 0..self.runs {
            self.reset(&session);
            ours.push(run(&mut self.apply()));
            self.expect(&triggers, &issues);
            for ((peer, program), times) in installed.iter().zip(&mut theirs) {
                let Some(program) = program else { continue };
                self.reset(&session);
                times.push(run(&mut peer.command(program, &folder(*peer), &self.db)));
                self.expect(&triggers, &issues);
            }
        }
        self.reset(&session);
        let memory = peak_memory(&mut self.apply());
        let ours = median(&mut ours).unwrap_or_default();
        let what = format!("apply triggers, {size} tables: {triggers} triggers, {issues} issues");
        for ((peer, _), mut times) in installed.into_iter().zip(theirs) {
            let theirs = median(&mut times);
            figures.push(Figure {
                what: what.clone(),
                figure: milliseconds(ours),
                baseline: match theirs {
                    Some(theirs) => format!("{} {}", peer.name(), milliseconds(theirs)),
                    None => format!("{} not installed", peer.name()),
                },
                ratio: theirs.map_or("-".into(), |theirs| ratio(ours, theirs)),
                aim: match peer {
                    Peer::Psql => "1.3".into(),
                    _ => "1.0".into(),
                },
            });
        }
        figures.push(Figure {
            what: "  peak memory".into(),
            figure: format!("{} MiB", memory / 1024),
            baseline: "-".into(),
            ratio: "-".into(),
            aim: "-".into(),
        });
    }

    /// Every program has done the same.
    fn expect(&self, triggers: &str, issues: &str) {
        let found = self.db.rows(
            "SELECT (SELECT count(*) FROM pg_trigger
                     WHERE tgfoid = 'inventory.fn_birth_registry_auto'::regproc),
                    (SELECT count(*) FROM inventory.system_issues)",
        );
        assert_eq!(found, [[triggers, issues]]);
    }
}

/// A statement without parameters: `… $1 …; -- $1 = 'text', $2 = …` with each
/// text in its place. The texts of this estate hold nothing that looks like the
/// next one's beginning.
fn by_itself(line: &str) -> String {
    let Some((statement, values)) = line.split_once("; -- $1 = ") else {
        return format!("{line}\n");
    };
    let mut statement = statement.to_owned();
    let mut rest = values;
    for number in 1.. {
        let next = format!(", ${} = ", number + 1);
        let (value, more) = rest.split_once(&next).unwrap_or((rest, ""));
        statement = statement.replace(&format!("${number}::"), &format!("{value}::"));
        if more.is_empty() {
            break;
        }
        rest = more;
    }
    statement + ";\n"
}
