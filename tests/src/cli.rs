//! A driver for the real binary.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::SystemTime;

use tempfile::TempDir;

use crate::database::Database;

/// The binary under test: the one that `cargo test --workspace` built beside
/// this test binary. Building it from here would build its dependencies a
/// second time, with other features.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let this = std::env::current_exe().expect("the path of this test binary");
        // …/target/<profile>/deps/<test binary>
        let binary = this
            .ancestors()
            .nth(2)
            .expect("a profile directory")
            .join("birth");
        let built = modified(&binary).unwrap_or_else(|| {
            panic!(
                "{} is not there: run `cargo test --workspace`",
                binary.display()
            )
        });
        for folder in ["host", "plugins/approved"] {
            let newest = newest_source(&workspace().join(folder));
            assert!(
                newest <= built,
                "{} is stale: run `cargo test --workspace`",
                binary.display()
            );
        }
        binary
    })
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|m| m.modified()).ok()
}

/// When the newest file below a folder was written that the binary is made of.
fn newest_source(folder: &Path) -> SystemTime {
    let entries = std::fs::read_dir(folder).expect("a source folder");
    entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| !path.ends_with("tests"))
        .filter_map(|path| {
            if path.is_dir() {
                Some(newest_source(&path))
            } else {
                source_time(&path)
            }
        })
        .max()
        .unwrap_or(SystemTime::UNIX_EPOCH)
}

fn source_time(path: &Path) -> Option<SystemTime> {
    let source = path
        .extension()
        .is_some_and(|e| ["rs", "wasm", "toml", "sql", "sh"].iter().any(|s| e == *s));
    source.then(|| modified(path)).flatten()
}

/// The root of the workspace.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace is the parent")
}

/// A home for runs: its own log directory, knowledge base and log sink. The
/// cache of compiled plugins is shared by all tests of the process.
#[derive(Debug)]
pub struct Home {
    dir: TempDir,
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

impl Home {
    /// A fresh one.
    pub fn new() -> Self {
        Self {
            dir: tempfile::tempdir().expect("a temporary directory"),
        }
    }

    /// Its directory.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Where run directories are.
    pub fn runs(&self) -> PathBuf {
        self.path().join("runs")
    }

    /// The directory of a run.
    pub fn run(&self, id: &str) -> PathBuf {
        self.runs().join(id)
    }

    /// The ids of all runs, in order.
    pub fn run_ids(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.runs()) else {
            return vec![];
        };
        let mut ids: Vec<String> = entries
            .map(|e| {
                e.expect("an entry")
                    .file_name()
                    .into_string()
                    .expect("a run id")
            })
            .collect();
        ids.sort();
        ids
    }

    /// `birth` with arguments and no database.
    pub fn birth(&self, arguments: &[&str]) -> Birth {
        let mut command = Command::new(binary());
        command
            .args(arguments)
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("HOME", self.path())
            .env("BIRTH_LOG_DIR", self.runs())
            .env("BIRTH_KNOWLEDGE_BASE", self.path().join("knowledge-base"))
            .env("BIRTH_LOG_SINK", self.path().join("log-sink"))
            .env("BIRTH_CACHE_DIR", shared_cache())
            .current_dir(self.path())
            .stdin(Stdio::null());
        Birth { command }
    }

    /// `birth` with arguments on a database.
    pub fn on(&self, database: &Database, arguments: &[&str]) -> Birth {
        self.birth(arguments).arg("--database").arg(&database.url())
    }
}

fn shared_cache() -> &'static Path {
    static CACHE: OnceLock<TempDir> = OnceLock::new();
    CACHE
        .get_or_init(|| tempfile::tempdir().expect("a temporary directory"))
        .path()
}

/// A command to run.
#[derive(Debug)]
pub struct Birth {
    command: Command,
}

impl Birth {
    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: &str) -> Self {
        self.command.arg(argument);
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Has another program run it, which gets the whole command as further
    /// arguments.
    #[must_use]
    pub fn under(self, wrapper: &[&str]) -> Self {
        let inner = self.command;
        let mut command = Command::new(wrapper.first().expect("a program"));
        command
            .args(wrapper.iter().skip(1))
            .arg(inner.get_program())
            .args(inner.get_args())
            .env_clear()
            .envs(
                inner
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .stdin(Stdio::null());
        if let Some(directory) = inner.get_current_dir() {
            command.current_dir(directory);
        }
        Self { command }
    }

    /// Runs it to its end.
    pub fn run(mut self) -> Ran {
        Ran::from(self.command.output().expect("the binary runs"))
    }

    /// Starts it with a stdout of the caller's.
    pub fn start_to(mut self, stdout: Stdio) -> Child {
        self.command
            .stdout(stdout)
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs")
    }

    /// Starts it and returns at once.
    pub fn start(mut self) -> Child {
        self.command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs")
    }
}

/// What a command did.
#[derive(Debug, Clone)]
pub struct Ran {
    /// Its exit code; none where a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}

impl Ran {
    /// Demands an exit code, and shows everything where it is another.
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "\nstdout:\n{}\nstderr:\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// A value of the final response.
    #[track_caller]
    pub fn get(&self, key: &str) -> &str {
        self.stdout
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
            .unwrap_or_else(|| panic!("no {key}= in:\n{}\n{}", self.stdout, self.stderr))
    }

    /// stdout as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}:\n{}\n{}", self.stdout, self.stderr))
    }

    /// The id of the run, from the path of its log.
    #[track_caller]
    pub fn run_id(&self) -> String {
        let path = Path::new(self.get("execution_log_path"));
        path.file_stem()
            .and_then(|s| s.to_str())
            .expect("a log path")
            .to_owned()
    }
}
