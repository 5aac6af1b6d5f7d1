//! `birth demo`.

mod coverage;
mod storage;
mod triggers;

use std::rc::Rc;
use std::time::Duration;

use clap::Args;

use birth_cluster::{Cluster, ClusterOptions, ScratchDirectory, ServerBinaries};
use birth_core::outcome::{Exit, FailureClass, Status};
use birth_core::profile::Profile;
use birth_core::sql::frame::Timeouts;

use super::options::built_in_profile;
use super::output::{BAD, BOLD, DIM, GOOD, styled};
use super::{Output, PolicyOptions};
use crate::kb::Store;
use crate::pg::connect::{ConnectError, resolve};
use crate::plugin::set::PolicyRuntime;
use crate::run::carry_out::Closed;
use crate::run::failure::Failure;
use crate::run::signal;
use crate::run::{Access, Environment, Stores};

const ESTATE: &str = include_str!("demo/estate.sql");
const CONFLICTS: &str = include_str!("demo/conflicts.sql");

/// Show the whole story on a throw-away PostgreSQL server.
///
/// Shows the whole story on a throw-away PostgreSQL server. Policy storage:
/// plan, apply, verify, a second apply that changes nothing, a conflicting
/// estate that is blocked, a replay. Birth triggers: classify, approve, plan,
/// apply, a row that is registered, a mismatch, conflicts that are excluded.
/// Coverage: the gate, a bad row of the registry that becomes issues, a sweep,
/// decisions, a second sweep that finds their gaps resolved. What the newest
/// revision of the policy says otherwise. And the rollback of all. Uses an installed server or fetches one;
/// leaves no process and no file behind.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Leave the server running and print how to reach and stop it.
    #[arg(long)]
    keep: bool,
    #[command(flatten)]
    policy: PolicyOptions,
}

/// The approved revision that the demo compares with.
const BEFORE: u32 = 3;

struct Stage<'a> {
    output: &'a Output,
    policy: Rc<PolicyRuntime>,
    /// The revision that decided before.
    before: Rc<PolicyRuntime>,
    profile: Profile,
    step: std::cell::Cell<u32>,
}

impl Demo {
    pub(super) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        let stage = Stage {
            output,
            policy: self.policy.open()?,
            before: self.policy.open_revision(BEFORE)?,
            profile: built_in_profile()?,
            step: std::cell::Cell::new(0),
        };
        output.progress("looking for PostgreSQL server binaries");
        let binaries = ServerBinaries::find().map_err(|error| no_server("NO_SERVER", &error))?;
        output.progress(&format!(
            "PostgreSQL {} from {}",
            binaries.version(),
            binaries.folder().display()
        ));
        let cluster = Cluster::start(&binaries, &ClusterOptions::default())
            .map_err(|error| no_server("SERVER_NOT_STARTED", &error))?;
        let scratch = ScratchDirectory::create()
            .map_err(|error| no_server("NO_SCRATCH_DIRECTORY", &error))?;
        let story = async {
            tokio::select! {
                told = stage.tell(&cluster, &scratch) => told,
                // Ends the story so that everything is cleaned up on the way out.
                () = signal::received() => Err(Failure::new(FailureClass::Configuration, "INTERRUPTED", "the demo was interrupted")),
            }
        };
        story.await?;
        if self.keep {
            keep(output, cluster, scratch)?;
        } else {
            output.line("The server and its files are removed now; --keep would leave them.");
        }
        output.line(format!(
            "\n{} `birth doctor`, then `birth plan storage` and `birth classify`, with --database URL. None of them changes the database.",
            styled(BOLD, "On your own database:")
        ));
        Ok(Exit::Status(Status::Pass))
    }
}

fn no_server(code: &'static str, error: &dyn std::error::Error) -> Failure {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        message = format!("{message}: {cause}");
        source = cause.source();
    }
    Failure::new(FailureClass::Configuration, code, message)
}

fn keep(output: &Output, cluster: Cluster, scratch: ScratchDirectory) -> Result<(), Failure> {
    let url = quoted(&cluster.url("estate"));
    let scratch = scratch
        .keep()
        .map_err(|error| no_server("NOT_KEPT", &error))?;
    let kept = cluster
        .keep()
        .map_err(|error| no_server("NOT_KEPT", &error))?;
    output.line(format!(
        "\n{}",
        styled(BOLD, "The server is still running.")
    ));
    let runs = quoted(&scratch.join("runs").display().to_string());
    output.line(format!("  connect   psql {url}"));
    output.line(format!("  try       birth plan storage --database {url}"));
    output.line(format!("  runs      birth runs list --log-dir {runs}"));
    output.line(format!(
        "  stop      {}; rm -rf {}",
        kept.stop_command,
        quoted(&scratch.display().to_string())
    ));
    Ok(())
}

/// A word for the shell: these lines are there to be pasted, and one of them
/// removes a folder whose name comes from the environment.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

impl Stage<'_> {
    fn say(&self, text: &str) {
        self.step.set(self.step.get() + 1);
        self.output.line(format!(
            "\n{} {}",
            styled(BOLD, format!("{}.", self.step.get())),
            styled(BOLD, text)
        ));
    }

    fn good(&self, text: &str) {
        self.output.line(format!("   {} {text}", styled(GOOD, "✓")));
    }

    fn environment(
        &self,
        cluster: &Cluster,
        scratch: &ScratchDirectory,
        database: &str,
    ) -> Result<Environment, Failure> {
        let connection = resolve(Some(&cluster.url(database)), &|_| None)
            .map_err(|error| Failure::from(ConnectError::from(error)))?;
        let timeouts = Timeouts {
            lock: Duration::from_secs(2),
            statement: Duration::from_secs(60),
        };
        Ok(Environment {
            access: Access {
                connection,
                timeouts,
            },
            lock_retries: 3,
            stores: Stores {
                runs: scratch.path().join("runs"),
                knowledge_base: Store::new(scratch.path().join("knowledge-base")),
                log_sink: Store::new(scratch.path().join("log-sink")),
            },
        })
    }

    async fn tell(&self, cluster: &Cluster, scratch: &ScratchDirectory) -> Result<(), Failure> {
        let estate = self.environment(cluster, scratch, "estate")?;
        let past = self.environment(cluster, scratch, "estate_with_a_past")?;
        self.output.line(
            "birth carries out policy storage (B3-P), birth triggers (B3-A) and the onboarding gate (B3-F)\non an estate, and sweeps it. Everything below happens on a server of its own.",
        );
        self.say("A throw-away PostgreSQL with a small estate");
        let admin = self.environment(cluster, scratch, "postgres")?;
        prepare(
            &admin,
            &[
                "CREATE DATABASE estate",
                "CREATE DATABASE estate_with_a_past",
            ],
        )
        .await?;
        prepare(&estate, &[ESTATE]).await?;
        prepare(&past, &[ESTATE, CONFLICTS]).await?;
        self.good(
            "schema inventory: a registry of six collections, a species map, a birth registry",
        );
        let stored = self.storage_story(&estate, &past).await?;
        let installed = self.triggers_story(&estate, &past).await?;
        let covered = self.coverage_story(&estate).await?;
        self.roll_coverage_back(&estate, covered).await?;
        self.roll_triggers_back(&estate, &installed).await?;
        self.roll_storage_back(&estate, &stored).await?;
        self.output.line(format!(
            "\n{}",
            styled(GOOD, "The demo is complete: every step ended as it should.")
        ));
        Ok(())
    }

    fn progress(&self, text: &str) {
        self.output.line(format!("   {DIM}·{DIM:#} {text}"));
    }

    /// Prints the final response, and stops the demo where it is not the
    /// expected one.
    fn expect(
        &self,
        closed: &Closed,
        status: Status,
        key: &str,
        value: &str,
    ) -> Result<(), Failure> {
        for line in closed.response.to_string().lines() {
            self.output.line(format!("   {line}"));
        }
        let as_expected = closed.status == status && closed.response.get(key) == Some(value);
        self.hold(
            as_expected,
            &format!("{} with {key}={value}, as it should be", status.word()),
        )
    }

    fn hold(&self, holds: bool, what: &str) -> Result<(), Failure> {
        if holds {
            self.good(what);
            return Ok(());
        }
        self.output
            .line(format!("   {} expected: {what}", styled(BAD, "✗")));
        Err(Failure::new(
            FailureClass::Internal,
            "DEMO_FAILED",
            format!("a step of the demo did not end as it should: {what}"),
        ))
    }
}

async fn prepare(environment: &Environment, scripts: &[&'static str]) -> Result<(), Failure> {
    let session = environment.access.open().await?;
    for script in scripts {
        session.prepare_throw_away_estate(script).await?;
    }
    session.close().await;
    Ok(())
}
