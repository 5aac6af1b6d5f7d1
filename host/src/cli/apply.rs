//! `birth apply`.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::atomic::Ordering;

use clap::Args;

use birth_core::op::triggers::report::of_batches;
use birth_core::outcome::{Exit, FailureClass, Status};

use super::operations::{
    OperationArgument, OperationName, TriggersOptions, gate, storage, triggers,
};
use super::options::read_named;
use super::output::NOBODY_TO_ASK;
use super::render::Render;
use super::{DatabaseOptions, Output, PolicyOptions, RunOptions};
use crate::plugin::set::PolicyRuntime;
use crate::run::carry_out::{self, Closed};
use crate::run::failure::Failure;
use crate::run::gate::Gate;
use crate::run::operation::Operation;
use crate::run::signal;
use crate::run::storage::Storage;
use crate::run::triggers::{BATCHES_REMAIN, Triggers};
use crate::run::{Access, Environment};

/// Carry out an operation.
///
/// In this order: preview, lock, execute, verify in the transaction, commit,
/// confirm, publish. Closes with the final response.
///
/// Nothing is executed unless it was asked for: with --plan, with --yes, or by
/// typing "yes" at the prompt. Otherwise this shows the plan and stops.
#[derive(Debug, Args)]
pub(super) struct Apply {
    #[command(flatten)]
    operation: OperationArgument,
    /// Execute exactly this saved plan, or stop with the differences. A plan of
    /// one batch executes that batch.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["yes", "batch_size"])]
    plan: Option<PathBuf>,
    /// Plan and execute without asking.
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    triggers: TriggersOptions,
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    policy: PolicyOptions,
    #[command(flatten)]
    run: RunOptions,
}

impl Apply {
    /// Whatever stops it, the command closes with a final response.
    pub(super) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        let closed = match self.operation.first() {
            OperationName::Storage => self
                .storage(output)
                .await
                .unwrap_or_else(|failure| Some(carry_out::not_begun::<Storage>(failure))),
            OperationName::Triggers => self
                .triggers(output)
                .await
                .unwrap_or_else(|failure| Some(carry_out::not_begun::<Triggers>(failure))),
            OperationName::Gate => self
                .gate(output)
                .await
                .unwrap_or_else(|failure| Some(carry_out::not_begun::<Gate>(failure))),
        };
        let Some(closed) = closed else {
            return Ok(Exit::Status(Status::Pass));
        };
        output.closed(&closed)?;
        Ok(closed.exit)
    }

    fn open(&self) -> Result<(Rc<PolicyRuntime>, Environment), Failure> {
        self.triggers.check(self.operation.only()?)?;
        let policy = self.policy.open()?;
        policy.ensure_approved()?;
        Ok((policy, self.run.environment(self.database.settings()?)?))
    }

    async fn storage(&self, output: &Output) -> Result<Option<Closed>, Failure> {
        let (policy, environment) = self.open()?;
        let profile = self.database.profile(output)?;
        let operation = || storage(&self.database, profile.clone(), &policy);
        self.once(output, &environment, &operation, &policy).await
    }

    async fn gate(&self, output: &Output) -> Result<Option<Closed>, Failure> {
        let (policy, environment) = self.open()?;
        let profile = self.database.profile(output)?;
        let operation = || gate(&self.database, profile.clone());
        self.once(output, &environment, &operation, &policy).await
    }

    /// One transaction; `None` where nothing was asked for.
    async fn once<O: Render>(
        &self,
        output: &Output,
        environment: &Environment,
        operation: &impl Fn() -> O,
        policy: &PolicyRuntime,
    ) -> Result<Option<Closed>, Failure> {
        let Some(approved) = self
            .agree(output, &environment.access, operation, policy)
            .await?
        else {
            return Ok(None);
        };
        let tell = |text: &str| output.progress(text);
        let closed = carry_out::carry_out(environment, operation(), approved, None, &tell).await;
        Ok(Some(closed))
    }

    /// As [`Apply::once`], one batch after another.
    async fn triggers(&self, output: &Output) -> Result<Option<Closed>, Failure> {
        let (policy, environment) = self.open()?;
        let store = &environment.stores.knowledge_base;
        // Read before each batch: an approval can be withdrawn in between.
        let report = || self.triggers.approved(store);
        let profile = self.database.profile(output)?;
        // A saved plan of one batch has to be made again with that size.
        let batch = match &self.plan {
            Some(path) => {
                let plan = Triggers::read_plan_file(&read_named(path, "the plan")?)?;
                (plan.remaining > 0).then_some(plan.statements.len())
            }
            None => self.triggers.batch_size(),
        };
        let operation = |report| {
            triggers(
                &self.database,
                profile.clone(),
                &policy,
                Some(report),
                batch,
            )
        };
        let first = report()?;
        let planned = || operation(Rc::clone(&first));
        let Some(mut approved) = self
            .agree(output, &environment.access, &planned, &policy)
            .await?
        else {
            return Ok(None);
        };
        let tell = |text: &str| output.progress(text);
        let stopped = signal::watch();
        let mut batches: Vec<Closed> = Vec::new();
        loop {
            let plan = approved.take();
            let closed = match report() {
                _ if stopped.load(Ordering::Relaxed) => {
                    carry_out::not_begun::<Triggers>(interrupted())
                }
                Err(failure) => carry_out::not_begun::<Triggers>(failure),
                Ok(report) => {
                    let operation = operation(report);
                    carry_out::carry_out(&environment, operation, plan, None, &tell).await
                }
            };
            let goes_on = self.plan.is_none()
                && closed
                    .failure
                    .as_ref()
                    .is_some_and(|f| f.code == BATCHES_REMAIN);
            batches.push(closed);
            if !goes_on {
                break;
            }
        }
        Ok(of_runs(batches))
    }

    /// The plan that was agreed to: `Some(None)` where any plan will do, `None`
    /// where nothing was asked for.
    async fn agree<O: Render>(
        &self,
        output: &Output,
        access: &Access,
        operation: &impl Fn() -> O,
        policy: &PolicyRuntime,
    ) -> Result<Option<Option<O::Plan>>, Failure> {
        if let Some(path) = &self.plan {
            let plan = O::read_plan_file(&read_named(path, "the plan")?)?;
            return Ok(Some(Some(plan)));
        }
        if self.yes {
            return Ok(Some(None));
        }
        let plan = confirm(output, access, operation(), policy).await?;
        Ok(plan.map(Some))
    }
}

fn interrupted() -> Failure {
    Failure::new(
        FailureClass::Configuration,
        "INTERRUPTED",
        "stopped by a signal before the batch began",
    )
}

/// The runs of an installation in batches as one result: the last one's end,
/// with what all of them did. Batches before one that stopped are committed, so
/// the whole is `PARTIAL`.
fn of_runs(mut batches: Vec<Closed>) -> Option<Closed> {
    if batches.len() < 2 {
        return batches.pop();
    }
    let last = batches.pop()?;
    let committed = batches.len();
    let Closed {
        run,
        status,
        exit,
        failure,
        response,
        unpublished: last_unpublished,
    } = last;
    // Otherwise its own transaction is committed, or may be.
    let stopped = !matches!(status, Status::Pass | Status::Partial | Status::Unknown);
    let (status, exit, failure) = match failure {
        failure if !stopped => (status, exit, failure),
        failure => {
            let stopped = status.word();
            let failure = failure.map(|f| Failure {
                message: format!(
                    "batch {} ended {stopped}, the {committed} before it are committed: {}",
                    committed + 1,
                    f.message
                ),
                hint: Some("run the command again: it goes on where it stopped".to_owned()),
                ..f
            });
            (Status::Partial, Exit::Status(Status::Partial), failure)
        }
    };
    let unpublished = batches
        .iter()
        .filter_map(|b| b.unpublished.as_ref())
        .count();
    let (status, exit, failure) = match failure {
        None if unpublished > 0 => {
            let runs: Vec<&str> = batches
                .iter()
                .filter(|b| b.unpublished.is_some())
                .map(|b| b.run.as_str())
                .collect();
            let failure = Failure::new(
                FailureClass::Filesystem,
                "UPLOAD_FAILED",
                format!(
                    "what these runs left could not be stored: {}",
                    runs.join(", ")
                ),
            )
            .with_hint("mend the store, then run `birth runs publish RUN` for each");
            (
                Status::Partial,
                Exit::Status(Status::Partial),
                Some(failure),
            )
        }
        failure => (status, exit, failure),
    };
    let reason = failure.as_ref().map(Failure::reason);
    let earlier: Vec<_> = batches.into_iter().map(|b| b.response).collect();
    Some(Closed {
        run,
        status,
        exit,
        response: of_batches(&earlier, &response, stopped, status, reason.as_deref()),
        failure,
        unpublished: last_unpublished,
    })
}

/// Shows the plan and asks; without a terminal there is nobody to ask. A plan
/// that is blocked goes on, to be closed as such: it executes nothing.
pub(super) async fn confirm<O: Render>(
    output: &Output,
    access: &Access,
    operation: O,
    policy: &PolicyRuntime,
) -> Result<Option<O::Plan>, Failure> {
    let planned = carry_out::plan(access, operation).await?;
    let stopped = O::stop(planned.plan()).is_some();
    let asks = !stopped && !O::statements(planned.plan()).is_empty();
    let nothing = "nothing was executed";
    let otherwise = "add --yes, or save the plan and name it with --plan";
    // One JSON document: a run that is stopped closes with its final response.
    if !(output.is_json() && stopped) {
        super::plan::show(output, &planned, policy, access)?;
    }
    let plan = planned.close().await;
    let go_on = stopped || asks && ask(output, "Execute this?", nothing, otherwise)?;
    Ok(go_on.then_some(plan))
}

/// Whether there is somebody to ask. A job that nobody watches and that does not
/// say yes beforehand must not look as if it had done its work.
pub(super) fn ensure_can_ask(
    output: &Output,
    nothing: &str,
    otherwise: &str,
) -> Result<(), Failure> {
    let (stdin, stderr) = (std::io::stdin(), std::io::stderr());
    if stdin.is_terminal() && stderr.is_terminal() && !output.is_json() {
        return Ok(());
    }
    let message = format!("{nothing}: there is no terminal on which somebody could say yes");
    Err(Failure::new(FailureClass::Configuration, NOBODY_TO_ASK, message).with_hint(otherwise))
}

/// Asks for a typed "yes" on a terminal.
///
/// # Errors
///
/// `NOBODY_TO_ASK` where there is none.
pub(super) fn ask(
    output: &Output,
    question: &str,
    nothing: &str,
    otherwise: &str,
) -> Result<bool, Failure> {
    ensure_can_ask(output, nothing, otherwise)?;
    let stdin = std::io::stdin();
    let _ = write!(anstream::stderr(), "\n{question} Type yes: ");
    let _ = anstream::stderr().flush();
    let mut answer = String::new();
    let said_yes = stdin.lock().read_line(&mut answer).is_ok() && answer.trim() == "yes";
    if !said_yes {
        output.warning(nothing);
    }
    Ok(said_yes)
}
