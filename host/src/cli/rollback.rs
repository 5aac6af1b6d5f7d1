//! `birth rollback`.

use std::path::PathBuf;

use clap::Args;

use birth_core::outcome::{Exit, FailureClass, Status};

use super::options::ConnectionOptions;
use super::{Output, RunOptions, render};
use crate::journal::{self, RunState, RunView};
use crate::run::Environment;
use crate::run::carry_out::{self, Closed};
use crate::run::decide::Decide;
use crate::run::decide::rollback::DecideRollback;
use crate::run::failure::Failure;
use crate::run::gate::Gate;
use crate::run::gate::rollback::GateRollback;
use crate::run::operation::Operation;
use crate::run::record;
use crate::run::storage::Storage;
use crate::run::storage::rollback::StorageRollback;
use crate::run::triggers::Triggers;
use crate::run::triggers::rollback::TriggersRollback;

/// Undo exactly what a run did.
///
/// Undoes a run: exactly the objects it created, by their captured identities,
/// checked under the lock before anything is dropped. Of policy storage, what was
/// changed or replaced since is refused, and so is losing data that was written
/// since, unless --export saves it first; of the gate as well, where the data is
/// the events in the queue. Of birth triggers, what was changed since is left and
/// named, and the rest goes. Of decisions, what was stored before comes back, and
/// what was decided again since is left and named. Closes with a final response.
#[derive(Debug, Args)]
pub(super) struct Rollback {
    /// The run to undo; `birth runs list` shows them.
    run_id: String,
    /// Execute without asking.
    #[arg(long, short)]
    yes: bool,
    /// Save the rows of the columns, or the events of the queue, to a new file,
    /// one JSON object per line, and allow them to be dropped with their data.
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
    #[command(flatten)]
    database: ConnectionOptions,
    #[command(flatten)]
    run: RunOptions,
}

impl Rollback {
    /// Whatever stops it, the command closes with a final response.
    pub(super) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        let closed = match self.carry_out(output).await {
            Ok(Some(closed)) => closed,
            Ok(None) => return Ok(Exit::Status(Status::Pass)),
            Err(failure) if self.is_of(Triggers::STEM) => {
                carry_out::not_begun::<TriggersRollback>(failure)
            }
            Err(failure) if self.is_of(Decide::STEM) => {
                carry_out::not_begun::<DecideRollback>(failure)
            }
            Err(failure) if self.is_of(Gate::STEM) => carry_out::not_begun::<GateRollback>(failure),
            Err(failure) => carry_out::not_begun::<StorageRollback>(failure),
        };
        output.closed(&closed)?;
        Ok(closed.exit)
    }

    /// Whether it undoes a run of an operation: then its response is of that
    /// form, also where it never began. The id says so where the run cannot.
    fn is_of(&self, stem: &str) -> bool {
        self.run_id.starts_with(stem)
    }

    async fn carry_out(&self, output: &Output) -> Result<Option<Closed>, Failure> {
        let environment = self.run.environment(self.database.settings()?)?;
        let view = journal::open(&environment.stores.runs, &self.run_id)?;
        check_can_be_undone(&view)?;
        let profile = self.database.profile(output)?;
        let of = view.operation().map(|(name, _)| name);
        if of == Some(Gate::NAME) {
            let keys = record::keys::<Gate>(&view)?;
            let operation = || GateRollback {
                keys: keys.clone(),
                export: self.export.clone(),
            };
            let shown = |plan: &_| show(output, plan, render::show_gate_rollback);
            return self
                .undo(output, &environment, &view, operation, shown)
                .await;
        }
        if self.export.is_some() && [Some(Triggers::NAME), Some(Decide::NAME)].contains(&of) {
            return Err(Failure::new(
                FailureClass::Configuration,
                "OPTION_NOT_OF_OPERATION",
                "--export is for runs of policy storage and of the gate only: undoing any other drops no rows",
            ));
        }
        if of == Some(Decide::NAME) {
            let keys = record::keys::<Decide>(&view)?;
            let operation = || DecideRollback { keys: keys.clone() };
            let shown = |plan: &_| show(output, plan, render::show_decide_rollback);
            return self
                .undo(output, &environment, &view, operation, shown)
                .await;
        }
        if of == Some(Triggers::NAME) {
            let keys = record::keys::<Triggers>(&view)?;
            let operation = || TriggersRollback { keys: keys.clone() };
            let shown = |plan: &_| show(output, plan, render::show_triggers_rollback);
            return self
                .undo(output, &environment, &view, operation, shown)
                .await;
        }
        let keys = record::keys::<Storage>(&view)?;
        let operation = || StorageRollback {
            keys: keys.clone(),
            profile: profile.clone(),
            export: self.export.clone(),
        };
        let shown = |plan: &_| show(output, plan, render::show_storage_rollback);
        self.undo(output, &environment, &view, operation, shown)
            .await
    }

    /// `None` where nothing was asked for.
    async fn undo<O: Operation>(
        &self,
        output: &Output,
        environment: &Environment,
        view: &RunView,
        operation: impl Fn() -> O,
        show: impl Fn(&O::Plan) -> Result<(), Failure>,
    ) -> Result<Option<Closed>, Failure> {
        let approved = if self.yes {
            None
        } else {
            let planned = carry_out::plan(&environment.access, operation()).await?;
            let refused = O::stop(planned.plan()).is_some();
            // One JSON document: a refused run closes with its final response.
            if !(output.is_json() && refused) {
                show(planned.plan())?;
            }
            let plan = planned.close().await;
            if !refused
                && !super::apply::ask(output, "Execute this?", "nothing was executed", "add --yes")?
            {
                return Ok(None);
            }
            Some(plan)
        };
        let tell = |text: &str| output.progress(text);
        let of = Some(view.id.clone());
        let closed = carry_out::carry_out(environment, operation(), approved, of, &tell).await;
        Ok(Some(closed))
    }
}

fn show<P: serde::Serialize>(
    output: &Output,
    plan: &P,
    text: fn(&Output, &P),
) -> Result<(), Failure> {
    if output.is_json() {
        return output.json(plan);
    }
    text(output, plan);
    Ok(())
}

fn check_can_be_undone(view: &RunView) -> Result<(), Failure> {
    let refuse = |code, message: String, hint: &str| {
        Err(Failure::new(FailureClass::Configuration, code, message).with_hint(hint))
    };
    match view.state {
        RunState::Running => refuse(
            "RUN_IN_PROGRESS",
            format!("run {} is still being carried out", view.id),
            "wait for it to end",
        ),
        RunState::Interrupted | RunState::Closed(Status::Unknown) => refuse(
            "RUN_NOT_CLOSED",
            format!("what run {} did is not established", view.id),
            "run `birth recover` first",
        ),
        RunState::Closed(_)
            if view.operation().is_some_and(|(name, _)| {
                ![Storage::NAME, Triggers::NAME, Gate::NAME, Decide::NAME].contains(&name)
            }) =>
        {
            refuse(
                "NOT_UNDOABLE",
                format!("run {} is a rollback itself", view.id),
                "apply the operation again instead",
            )
        }
        RunState::Closed(_) if !view.reached("committed") => refuse(
            "NOTHING_TO_UNDO",
            format!("run {} changed nothing", view.id),
            "`birth runs list` shows which runs did",
        ),
        RunState::Closed(_) => Ok(()),
    }
}
