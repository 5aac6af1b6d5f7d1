//! Options that several commands share, and what they open.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use birth_core::ident::QualifiedName;
use birth_core::op::gate::queue;
use birth_core::outcome::FailureClass;
use birth_core::profile::Profile;
use birth_core::sql::frame::Timeouts;

use super::output::Output;
use crate::files::read_text;
use crate::kb::Store;
use crate::pg::connect::{ConnectionSettings, resolve};
use crate::run::failure::Failure;
use crate::run::{Access, Environment, Stores};

/// Which database.
#[derive(Debug, Args)]
#[command(next_help_heading = "Database")]
pub(super) struct ConnectionOptions {
    /// Database to connect to: a URL, key=value pairs, or a database name.
    /// Without it, the PG* variables count as with psql; the service file and
    /// ~/.pgpass are read.
    #[arg(long, short, value_name = "URL")]
    database: Option<String>,
    /// Deployment profile: how tables and columns are recognised here.
    /// Without it, ./birth.toml where there is one, else the built-in profile.
    #[arg(long, value_name = "FILE", env = "BIRTH_PROFILE")]
    profile: Option<PathBuf>,
}

/// Which database, and which registry in it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Database")]
pub(super) struct DatabaseOptions {
    #[command(flatten)]
    connection: ConnectionOptions,
    /// Schema of the registry, where more than one has one.
    #[arg(long, value_name = "NAME")]
    pub(super) schema: Option<String>,
}

/// Where a run leaves its traces, and how long it waits.
#[derive(Debug, Args)]
pub(super) struct RunOptions {
    #[command(flatten)]
    stores: StoreOptions,
    #[command(flatten)]
    waiting: WaitingOptions,
    /// How often a transaction that could not get its lock is tried again.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(0..=100), help_heading = "Waiting")]
    lock_retries: u32,
}

/// Where runs leave their traces.
#[derive(Debug, Args)]
#[command(next_help_heading = "Runs")]
pub(super) struct StoreOptions {
    #[command(flatten)]
    directory: LogDirectory,
    #[command(flatten)]
    knowledge_base: KnowledgeBase,
    /// Directory that takes the logs of runs [default: birth/log-sink in the
    /// state directory].
    #[arg(
        long,
        value_name = "DIR",
        env = "BIRTH_LOG_SINK",
        hide_env_values = true
    )]
    log_sink: Option<PathBuf>,
}

/// Where reports are.
#[derive(Debug, Args)]
#[command(next_help_heading = "Runs")]
pub(super) struct KnowledgeBase {
    /// Directory that takes reports and rollback keys [default:
    /// birth/knowledge-base in the state directory].
    #[arg(
        long,
        value_name = "DIR",
        env = "BIRTH_KNOWLEDGE_BASE",
        hide_env_values = true
    )]
    knowledge_base: Option<PathBuf>,
}

/// Where run directories are.
#[derive(Debug, Args)]
pub(super) struct LogDirectory {
    /// Directory of the runs [default: birth/runs in the state directory].
    #[arg(
        long,
        value_name = "DIR",
        env = "BIRTH_LOG_DIR",
        hide_env_values = true
    )]
    log_dir: Option<PathBuf>,
}

/// How long to wait for what.
#[derive(Debug, Args)]
#[command(next_help_heading = "Waiting")]
pub(super) struct WaitingOptions {
    /// Longest wait for a lock. Everybody who comes after waits as well, so
    /// keep it short. The locks of several tables are waited
    /// for together, and always less than the server's deadlock_timeout.
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = duration)]
    lock_timeout: Duration,
    /// Longest run of one statement.
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration)]
    statement_timeout: Duration,
}

/// Longest wait for a connection where nobody watches and the connection names
/// none: libpq's default waits without end.
pub(super) const UNATTENDED_CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let parsed: jiff::SignedDuration = text
        .parse()
        .map_err(|_| "write it like 300ms, 2s or 1m".to_owned())?;
    let duration =
        Duration::try_from(parsed).map_err(|_| "a duration cannot be negative".to_owned())?;
    // Zero would switch PostgreSQL's limit off, and its unit is 32-bit.
    let range = Duration::from_millis(1)..=Duration::from_secs(24 * 60 * 60);
    if range.contains(&duration) {
        Ok(duration)
    } else {
        Err("between 1ms and 24h".to_owned())
    }
}

pub(super) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

pub(super) fn base(variable: &str, fallback: &str) -> Result<PathBuf, Failure> {
    // A relative one would be another directory wherever the command runs.
    let absolute = |name| {
        environment(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    absolute(variable)
        .or_else(|| absolute("HOME").map(|home| home.join(fallback)))
        .map(|path| path.join("birth"))
        .ok_or_else(|| {
            Failure::new(
                FailureClass::Configuration,
                "NO_HOME",
                format!("neither {variable} nor HOME is set to an absolute path, so there is no default directory"),
            )
            .with_hint("name the directories with options; `birth apply --help` lists them")
        })
}

/// Reads a file that the person named.
pub(super) fn read_named(path: &Path, what: &str) -> Result<String, Failure> {
    read_text(path).map_err(|error| {
        Failure::new(
            FailureClass::Filesystem,
            "FILE_NOT_READABLE",
            format!("{what} {} cannot be read: {error}", path.display()),
        )
    })
}

impl DatabaseOptions {
    pub(super) fn settings(&self) -> Result<ConnectionSettings, Failure> {
        self.connection.settings()
    }

    pub(super) fn profile(&self, output: &Output) -> Result<Profile, Failure> {
        self.connection.profile(output)
    }
}

impl ConnectionOptions {
    pub(super) fn settings(&self) -> Result<ConnectionSettings, Failure> {
        connection(self.database.as_deref())
    }

    pub(super) fn profile(&self, output: &Output) -> Result<Profile, Failure> {
        let beside = Path::new("birth.toml");
        match &self.profile {
            Some(path) => read_profile(path),
            None if beside.exists() => {
                output.progress("profile: ./birth.toml");
                read_profile(beside)
            }
            None => built_in_profile(),
        }
    }
}

/// How to connect to what a person named; without a name the environment says.
pub(super) fn connection(database: Option<&str>) -> Result<ConnectionSettings, Failure> {
    resolve(database, &environment)
        .map_err(|error| Failure::from(crate::pg::connect::ConnectError::from(error)))
}

pub(super) fn read_profile(path: &Path) -> Result<Profile, Failure> {
    Profile::with_overrides(&read_named(path, "the profile")?)
        .map_err(|e| profile_failure(&path.display().to_string(), &e))
}

pub(super) fn built_in_profile() -> Result<Profile, Failure> {
    Profile::built_in().map_err(|e| profile_failure("the built-in profile", &e))
}

/// The queue that a profile names.
pub(super) fn queue_of(profile: &Profile) -> Result<QualifiedName, Failure> {
    queue(&profile.naming).map_err(|e| profile_failure("naming.gate-schema", &e))
}

fn profile_failure(what: &str, error: &dyn std::error::Error) -> Failure {
    Failure::new(
        FailureClass::Configuration,
        "PROFILE_NOT_USABLE",
        format!("{what}: {error}"),
    )
}

/// A named directory as an absolute path: reports name it, and whoever reads
/// them is somewhere else.
pub(super) fn absolute(dir: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(dir).map_err(|error| {
        Failure::new(
            FailureClass::Filesystem,
            "FILE_NOT_USABLE",
            format!("{} has no absolute path: {error}", dir.display()),
        )
    })
}

impl LogDirectory {
    pub(super) fn path(&self) -> Result<PathBuf, Failure> {
        match &self.log_dir {
            Some(dir) => absolute(dir),
            None => Ok(base("XDG_STATE_HOME", ".local/state")?.join("runs")),
        }
    }

    /// As [`Self::path`], to read what is there. A directory that was named and is
    /// not there is a slip, not a place without runs.
    pub(super) fn existing(&self) -> Result<PathBuf, Failure> {
        let path = self.path()?;
        if self.log_dir.is_some() && !path.is_dir() {
            return Err(Failure::new(
                FailureClass::Filesystem,
                "NO_LOG_DIRECTORY",
                format!("there is no directory {}", path.display()),
            )
            .with_hint(
                "name the directory of the runs with --log-dir, or leave it out for the default",
            ));
        }
        Ok(path)
    }
}

impl StoreOptions {
    pub(super) fn stores(&self) -> Result<Stores, Failure> {
        Ok(Stores {
            runs: self.directory.path()?,
            knowledge_base: self.knowledge_base.store()?,
            log_sink: store(&self.log_sink, "log-sink")?,
        })
    }
}

impl KnowledgeBase {
    pub(super) fn store(&self) -> Result<Store, Failure> {
        store(&self.knowledge_base, "knowledge-base")
    }
}

fn store(named: &Option<PathBuf>, default: &str) -> Result<Store, Failure> {
    let path = match named {
        Some(dir) => absolute(dir)?,
        None => base("XDG_STATE_HOME", ".local/state")?.join(default),
    };
    Ok(Store::new(path))
}

impl RunOptions {
    pub(super) fn environment(
        &self,
        connection: ConnectionSettings,
    ) -> Result<Environment, Failure> {
        let access = Access {
            connection,
            timeouts: self.waiting.timeouts(),
        };
        Ok(Environment {
            access,
            lock_retries: self.lock_retries,
            stores: self.stores.stores()?,
        })
    }
}

impl WaitingOptions {
    pub(super) fn timeouts(&self) -> Timeouts {
        Timeouts {
            lock: self.lock_timeout,
            statement: self.statement_timeout,
        }
    }
}
