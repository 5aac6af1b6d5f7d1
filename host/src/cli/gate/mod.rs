//! `birth gate`.

mod drain;
mod retry;
mod status;
mod watch;

use std::rc::Rc;

use clap::{Args, Subcommand};

use birth_core::outcome::{Exit, FinalResponse, Status};

use super::options::{UNATTENDED_CONNECT_TIMEOUT, WaitingOptions, queue_of};
use super::{DatabaseOptions, Output, PolicyOptions};
use crate::pg::connect::ConnectionSettings;
use crate::run::Access;
use crate::run::coverage::Coverage;
use crate::run::failure::Failure;
use crate::run::worker::{Effects, Worker};

/// Work off what the onboarding gate recorded (B3-F).
///
/// The gate's triggers, which `birth apply gate` installs, record every row that
/// is inserted into the registry and every governance role that changes. A
/// worker takes these events off the queue, has their collections judged by the
/// coverage plugin, and writes a health check for each failed condition and an
/// issue where no open one tells of it.
///
/// Any number of workers may run at once. An event's effects and its removal are
/// one transaction: nothing is lost and nothing is done twice.
#[derive(Debug, Args)]
pub(super) struct Gate {
    #[command(subcommand)]
    command: GateCommand,
}

#[derive(Debug, Subcommand)]
enum GateCommand {
    Watch(watch::Watch),
    Drain(drain::Drain),
    Status(status::GateStatus),
    Retry(retry::Retry),
}

/// Which queue, by which policy.
#[derive(Debug, Args)]
struct Work {
    /// Events in one transaction at most.
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=4096))]
    batch: u32,
    /// How often an event is tried before it is set aside for people.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    attempts: u32,
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    policy: PolicyOptions,
    #[command(flatten)]
    waiting: WaitingOptions,
}

impl Gate {
    /// Whether it runs until it is stopped, and so has nobody who watches it.
    pub(super) fn is_service(&self) -> bool {
        matches!(self.command, GateCommand::Watch(_))
    }

    pub(super) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        match self.command {
            GateCommand::Watch(watch) => watch.run(output).await,
            GateCommand::Drain(drain) => drain.run(output).await,
            GateCommand::Status(status) => status.run(output).await,
            GateCommand::Retry(retry) => retry.run(output).await,
        }
    }
}

impl Work {
    /// A worker under an approved policy.
    fn worker(&self, output: &Output) -> Result<(Worker, Access), Failure> {
        let policy = self.policy.open()?;
        policy.ensure_approved()?;
        let profile = Rc::new(self.database.profile(output)?);
        let worker = Worker {
            queue: queue_of(&profile)?,
            coverage: Coverage {
                profile,
                schema: self.database.schema.clone(),
                policy,
            },
            batch: self.batch,
            attempts: self.attempts,
            alone: 0,
        };
        let connection = self.database.settings()?;
        let connection = connection.with_default_timeout(UNATTENDED_CONNECT_TIMEOUT);
        Ok((worker, access(connection, &self.waiting)))
    }
}

/// What a worker did, in the order in which every response has it.
fn response(key: &str, status: Status, reason: Option<&str>, all: &Effects) -> FinalResponse {
    FinalResponse::default()
        .with_status(key, status, reason)
        .with("events_done", all.done)
        .with("events_failed", all.failed)
        .with("events_set_aside", all.set_aside)
        .with("health_checks_created", all.checks)
        .with("issues_opened", all.opened)
        .with("issues_closed", all.closed)
}

fn access(connection: ConnectionSettings, waiting: &WaitingOptions) -> Access {
    Access {
        connection,
        timeouts: waiting.timeouts(),
    }
}
