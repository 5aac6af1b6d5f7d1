//! `birth apply`.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::rc::Rc;

use clap::Args;

use birth_core::op::storage::plan::StoragePlan;
use birth_core::outcome::{Exit, Status};

use super::options::read_named;
use super::{DatabaseOptions, OperationName, Output, PolicyOptions, RunOptions};
use crate::plugin::set::PolicyRuntime;
use crate::run::Access;
use crate::run::carry_out::{self, Closed};
use crate::run::failure::Failure;
use crate::run::operation::Operation as _;
use crate::run::storage::Storage;

/// Carry out an operation.
///
/// In this order: preview, lock, execute, verify in the transaction, commit,
/// confirm, publish. Closes with the final response.
///
/// Nothing is executed unless it was asked for: with --plan, with --yes, or by
/// typing "yes" at the prompt. Otherwise this shows the plan and stops.
#[derive(Debug, Args)]
pub(super) struct Apply {
    /// What to carry out.
    #[arg(value_enum)]
    operation: OperationName,
    /// Execute exactly this saved plan, or stop with the differences.
    #[arg(long, value_name = "FILE", conflicts_with = "yes")]
    plan: Option<PathBuf>,
    /// Plan and execute without asking.
    #[arg(long, short)]
    yes: bool,
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
        let OperationName::Storage = self.operation;
        let closed = match self.carry_out(output).await {
            Ok(Some(closed)) => closed,
            Ok(None) => return Ok(Exit::Status(Status::Pass)),
            Err(failure) => carry_out::not_begun::<Storage>(failure),
        };
        output.closed(&closed)?;
        Ok(closed.exit)
    }

    /// `None` where nothing was asked for.
    async fn carry_out(&self, output: &Output) -> Result<Option<Closed>, Failure> {
        let policy = self.policy.open()?;
        policy.ensure_approved()?;
        let profile = self.database.profile(output)?;
        let operation = || Storage {
            profile: profile.clone(),
            schema: self.database.schema.clone(),
            policy: Rc::clone(&policy),
        };
        let environment = self.run.environment(self.database.settings()?)?;
        let approved = match &self.plan {
            Some(path) => Some(Storage::read_plan_file(&read_named(path, "the plan")?)?),
            None if self.yes => None,
            None => match confirm(output, &environment.access, operation(), &policy).await? {
                Some(plan) => Some(plan),
                None => return Ok(None),
            },
        };
        let tell = |text: &str| output.progress(text);
        let closed = carry_out::carry_out(&environment, operation(), approved, None, &tell).await;
        Ok(Some(closed))
    }
}

/// Shows the plan and asks; without a terminal there is nobody to ask. A plan
/// that is blocked goes on, to be closed as such: it executes nothing.
async fn confirm(
    output: &Output,
    access: &Access,
    operation: Storage,
    policy: &PolicyRuntime,
) -> Result<Option<StoragePlan>, Failure> {
    let planned = carry_out::plan(access, operation).await?;
    // One JSON document: a blocked run closes with its final response.
    if !(output.is_json() && planned.plan().is_blocked()) {
        super::plan::show(output, &planned, policy, access)?;
    }
    let plan = planned.close().await;
    let go_on = plan.is_blocked()
        || (!plan.statements.is_empty()
            && ask(
                output,
                "Execute this?",
                "nothing was executed",
                "add --yes, or save the plan and name it with --plan",
            ));
    Ok(go_on.then_some(plan))
}

/// Asks for a typed "yes" on a terminal; otherwise says that nothing happened
/// and how to go on.
pub(super) fn ask(output: &Output, question: &str, nothing: &str, otherwise: &str) -> bool {
    let (stdin, stderr) = (std::io::stdin(), std::io::stderr());
    if !stdin.is_terminal() || !stderr.is_terminal() || output.is_json() {
        output.warning(&format!("{nothing}: {otherwise}"));
        return false;
    }
    let _ = write!(anstream::stderr(), "\n{question} Type yes: ");
    let _ = anstream::stderr().flush();
    let mut answer = String::new();
    let said_yes = stdin.lock().read_line(&mut answer).is_ok() && answer.trim() == "yes";
    if !said_yes {
        output.warning(nothing);
    }
    said_yes
}
