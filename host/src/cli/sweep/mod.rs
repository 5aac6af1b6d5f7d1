//! `birth sweep`.

mod json;
mod json_stream;
mod junit;
mod markdown;
mod report;
mod sarif;
mod targets;
#[cfg(test)]
mod tests;
mod text;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use birth_core::coverage::{Closing, Ended, FailOn, Shard};
use birth_core::outcome::{Exit, FailureClass};

use super::options::{WaitingOptions, duration};
use super::{DatabaseOptions, Output, PolicyOptions};
use crate::run::coverage::Coverage;
use crate::run::failure::Failure;
use crate::run::fleet::{Swept, Target, sweep_all};
use crate::run::spool::Spool;
use crate::run::sweep;
use report::Report;
use targets::Setup;

/// Check that every governed collection is covered; record what is not.
///
/// Asks the policy about all governed collections at one moment, whatever changed
/// them: it finds what the onboarding gate cannot see. A gap that no open issue
/// tells of is new, gets a health-check row and opens an issue; one that an open
/// issue tells of is persisting; one whose issue is open although it is gone is
/// resolved. Several sweeps may run at once.
///
/// The report goes to stdout or to --out, in any --format. Closes with the final
/// response. Only an approved policy may sweep.
#[derive(Debug, Args)]
pub(super) struct Sweep {
    /// Gaps that make the command exit 15.
    #[arg(long, value_enum, value_name = "WHICH", default_value_t = FailOnName::Any)]
    fail_on: FailOnName,
    /// What is written into the database.
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = RecordName::New)]
    record: RecordName,
    /// Close the open issues of gaps that are gone: of those that birth opened.
    #[arg(long)]
    close_resolved: bool,
    /// Write the report to this file, which is new or replaced once it is whole;
    /// stdout gets the final response.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    sharing: Sharing,
    #[command(flatten)]
    fleet: Fleet,
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    policy: PolicyOptions,
    #[command(flatten)]
    waiting: WaitingOptions,
}

/// How several processes share the work. With --targets they share the
/// databases, each of which one process sweeps whole; without, they share the
/// collections of the one database.
#[derive(Debug, Args)]
#[command(next_help_heading = "Sharing the work")]
struct Sharing {
    /// Do part I of N, counted from 0: of the databases with --targets, else of
    /// the collections.
    #[arg(long, value_name = "I/N", value_parser = targets::shard)]
    shard: Option<Shard>,
    /// As --shard, with I taken from JOB_COMPLETION_INDEX: the indexed jobs of
    /// Kubernetes.
    #[arg(long, value_name = "N", conflicts_with = "shard", value_parser = clap::value_parser!(u32).range(1..))]
    shards: Option<u32>,
}

/// Many databases.
#[derive(Debug, Args)]
#[command(next_help_heading = "Fleet")]
struct Fleet {
    /// Sweep the databases that this TOML file names: format = 1, and for each a
    /// [[target]] with name, connection, and where wanted schema and profile.
    /// Passwords come from the password file or a service.
    #[arg(long, value_name = "FILE", conflicts_with = "database")]
    targets: Option<PathBuf>,
    /// Databases that are swept at the same time.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: u16,
    /// Longest time for one database, from connecting to the last record; also
    /// where only one is swept.
    #[arg(long, value_name = "DURATION", default_value = "30m", value_parser = duration, help_heading = "Waiting")]
    target_timeout: Duration,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FailOnName {
    /// Those that no open issue told of. A sweep that was red is green the next
    /// time, whether or not anybody did anything.
    New,
    /// Every gap that is there.
    Any,
    /// None: only what goes wrong makes the command fail.
    Never,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RecordName {
    /// Nothing at all: a look without a trace.
    Nothing,
    /// Health checks and issues of new gaps.
    New,
    /// Health checks of every gap, issues of new ones.
    All,
}

impl Sweep {
    /// Whatever stops it, the command closes with a final response.
    pub(super) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        let swept = self.sweep(output).await;
        let Err(failure) = swept else {
            return swept;
        };
        let closing = Closing::not_begun(failure.class, failure.code, &failure.message);
        output.failure(&failure);
        output.response(&closing.response)?;
        Ok(closing.exit)
    }

    async fn sweep(&self, output: &Output) -> Result<Exit, Failure> {
        if self.close_resolved && matches!(self.record, RecordName::Nothing) {
            return Err(Failure::new(
                FailureClass::Configuration,
                "NOTHING_IS_RECORDED",
                "--record nothing leaves no trace, and --close-resolved closes issues: only one of them can be meant",
            ));
        }
        if let Some(path) = &self.out {
            Report::ensure_can_save(path)?;
        }
        let policy = self.policy.open()?;
        policy.ensure_approved()?;
        let shard = targets::share(&self.sharing)?;
        let is_fleet = self.fleet.targets.is_some();
        let targets = targets::read(self, shard, &policy, output)?;
        let spool = Spool::create(std::env::temp_dir())?;
        let tell = |name: &str, text: &str| {
            if is_fleet {
                output.progress(&format!("{name}: {text}"));
            } else {
                output.progress(text);
            }
        };
        let swept = sweep_all(
            targets,
            usize::from(self.fleet.jobs),
            self.fleet.target_timeout,
            &spool,
            async |name: &str, setup: Setup, gaps: &mut Spool| {
                let tell = |text: &str| tell(name, text);
                tell(&format!(
                    "connecting to {}",
                    setup.access.connection.describe()
                ));
                setup.sweep.run(&setup.access, gaps, &tell).await
            },
        )
        .await;
        let share = shard.filter(|_| is_fleet);
        self.close(&swept, share, output)
    }

    fn close(
        &self,
        swept: &[Swept],
        share: Option<Shard>,
        output: &Output,
    ) -> Result<Exit, Failure> {
        let ended: Vec<Ended<'_>> = swept.iter().map(ended).collect();
        let closing = Closing::of(self.fail_on.into(), &ended);
        let failed = |s: &'_ Swept| {
            s.result
                .as_ref()
                .err()
                .cloned()
                .map(|f| (s.name.clone(), f))
        };
        for (name, failure) in swept.iter().filter_map(failed) {
            let message = if self.fleet.targets.is_some() {
                format!("{name}: {}", failure.message)
            } else {
                failure.message.clone()
            };
            output.failure(&Failure { message, ..failure });
        }
        let report = Report {
            targets: swept,
            share,
            closing: &closing,
        };
        match &self.out {
            None => report.print(output.format())?,
            Some(path) => {
                report.save(output.format(), path)?;
                output.progress(&format!("report written to {}", path.display()));
                output.response(&closing.response)?;
            }
        }
        Ok(closing.exit)
    }

    /// What is swept, on any database.
    fn engine(&self, coverage: Coverage, shard: Option<Shard>) -> sweep::Sweep {
        sweep::Sweep {
            coverage,
            shard,
            record: self.record.into(),
            close_resolved: self.close_resolved,
        }
    }
}

fn ended(swept: &Swept) -> Ended<'_> {
    match &swept.result {
        Ok(summary) => Ended::Swept(summary),
        Err(failure) => Ended::Failed {
            name: &swept.name,
            class: failure.class,
            code: failure.code,
            message: &failure.message,
        },
    }
}

impl From<FailOnName> for FailOn {
    fn from(name: FailOnName) -> Self {
        match name {
            FailOnName::New => Self::New,
            FailOnName::Any => Self::Any,
            FailOnName::Never => Self::Never,
        }
    }
}

impl From<RecordName> for sweep::Record {
    fn from(name: RecordName) -> Self {
        match name {
            RecordName::Nothing => Self::Nothing,
            RecordName::New => Self::New,
            RecordName::All => Self::All,
        }
    }
}
