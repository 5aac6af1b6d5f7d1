//! `birth recover`.

use clap::Args;

use birth_core::op::DatabaseIdentity;
use birth_core::outcome::{Exit, FailureClass, Status};

use super::operations::{decide, gate, storage, triggers};
use super::{DatabaseOptions, Output, PolicyOptions, RunOptions};
use crate::journal::{self, RunState, RunView};
use crate::run::Environment;
use crate::run::carry_out::Closed;
use crate::run::decide::Decide;
use crate::run::decide::rollback::DecideRollback;
use crate::run::failure::Failure;
use crate::run::failure::OTHER_DATABASE;
use crate::run::gate::Gate;
use crate::run::gate::rollback::GateRollback;
use crate::run::operation::Operation;
use crate::run::record;
use crate::run::storage::Storage;
use crate::run::storage::rollback::StorageRollback;
use crate::run::triggers::Triggers;
use crate::run::triggers::rollback::TriggersRollback;

/// Bring interrupted runs to their end.
///
/// Brings runs to their end whose process died or lost its connection during
/// COMMIT: asks the server what became of the transaction, confirms, reports
/// and closes. Without RUN, every such run of the log directory; runs of
/// another database are left alone and named. Exits 0 where every run was
/// brought to its end, also where that is FAILED: nothing changed; 10 or 13 where
/// one is PARTIAL or still UNKNOWN; 27 where one is damaged.
#[derive(Debug, Args)]
pub(super) struct Recover {
    /// The run to recover.
    run_id: Option<String>,
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    policy: PolicyOptions,
    #[command(flatten)]
    run: RunOptions,
}

impl Recover {
    pub(super) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        let environment = self.run.environment(self.database.settings()?)?;
        let mut exit = Exit::Status(Status::Pass);
        let open = match &self.run_id {
            Some(id) => vec![needs_recovery(journal::open(
                &environment.stores.runs,
                id,
            )?)?],
            None => {
                let (open, unreadable) = all_open(&environment, output)?;
                exit = unreadable.map_or(exit, Exit::Failure);
                open
            }
        };
        if open.is_empty() && exit == Exit::Status(Status::Pass) {
            output.progress("no run needs recovery");
        }
        for view in &open {
            let closed = match self.recover(&environment, view, output).await {
                Ok(closed) => closed,
                Err(failure) if self.run_id.is_none() && failure.code == OTHER_DATABASE => {
                    output.warning(&format!("run {} is left alone: {failure}", view.id));
                    continue;
                }
                // One run that cannot be recovered must not hide the others.
                Err(failure) if self.run_id.is_none() => {
                    output.failure(&failure);
                    exit = Exit::Failure(failure.class);
                    continue;
                }
                Err(failure) => return Err(failure),
            };
            output.text(format!("# run {}", closed.run));
            output.closed(&closed)?;
            if matches!(closed.status, Status::Unknown | Status::Partial) {
                exit = closed.exit;
            }
        }
        Ok(exit)
    }

    async fn recover(
        &self,
        environment: &Environment,
        view: &RunView,
        output: &Output,
    ) -> Result<Closed, Failure> {
        let tell = |text: &str| output.progress(text);
        tell(&format!("recovering run {}", view.id));
        let profile = self.database.profile(output)?;
        match view.operation().map(|(name, _)| name) {
            // Killed before its first event: there is nothing to ask about.
            None | Some(Storage::NAME) => {
                let policy = self.policy.open()?;
                let operation = storage(&self.database, profile, &policy);
                record::recover(environment, operation, view, &tell).await
            }
            Some(Triggers::NAME) => {
                // The approved report decided; what became of it is in the run.
                let policy = self.policy.open()?;
                let operation = triggers(&self.database, profile, &policy, None, None);
                record::recover(environment, operation, view, &tell).await
            }
            Some(Decide::NAME) => {
                let policy = self.policy.open()?;
                let operation = decide(&self.database, profile, &policy, None);
                record::recover(environment, operation, view, &tell).await
            }
            Some(DecideRollback::NAME) => {
                let keys = undone_keys::<Decide>(environment, view)?;
                record::recover(environment, DecideRollback { keys }, view, &tell).await
            }
            Some(Gate::NAME) => {
                let operation = gate(&self.database, profile);
                record::recover(environment, operation, view, &tell).await
            }
            Some(GateRollback::NAME) => {
                let keys = undone_keys::<Gate>(environment, view)?;
                let operation = GateRollback { keys, export: None };
                record::recover(environment, operation, view, &tell).await
            }
            Some(TriggersRollback::NAME) => {
                let keys = undone_keys::<Triggers>(environment, view)?;
                record::recover(environment, TriggersRollback { keys }, view, &tell).await
            }
            Some(StorageRollback::NAME) => {
                let keys = undone_keys::<Storage>(environment, view)?;
                let operation = StorageRollback {
                    keys,
                    profile,
                    export: None,
                };
                record::recover(environment, operation, view, &tell).await
            }
            Some(other) => Err(unknown_operation(&view.id, other)),
        }
    }
}

/// The keys that a rollback works on are those of the run it undoes.
fn undone_keys<O: Operation>(
    environment: &Environment,
    view: &RunView,
) -> Result<journal::Keys<O::Keys>, Failure> {
    let of = view.operation().and_then(|(_, of)| of).ok_or_else(|| {
        Failure::new(
            FailureClass::Artifact,
            "FILE_DAMAGED",
            format!("run {} does not say which run it undoes", view.id),
        )
    })?;
    record::keys::<O>(&journal::open(&environment.stores.runs, of)?)
}

pub(super) fn unknown_operation(run: &str, operation: &str) -> Failure {
    Failure::new(
        FailureClass::Artifact,
        "UNKNOWN_OPERATION",
        format!("run {run} is of the operation `{operation}`, which this host does not know"),
    )
    .with_hint("use the host that carried it out, or a newer one")
}

fn needs_recovery(view: RunView) -> Result<RunView, Failure> {
    if view.needs_recovery() {
        return Ok(view);
    }
    match view.state {
        RunState::Closed(status) => Err(Failure::new(
            FailureClass::Configuration,
            "NOTHING_TO_RECOVER",
            format!("run {} is closed: {}", view.id, status.word()),
        )
        .with_hint("`birth runs show` shows how it ended")),
        RunState::Running | RunState::Interrupted => {
            Err(journal::JournalError::InUse { run: view.id }.into())
        }
    }
}

/// The runs that need it, and the class of one that cannot be read: of that nobody
/// knows whether it does.
fn all_open(
    environment: &Environment,
    output: &Output,
) -> Result<(Vec<RunView>, Option<FailureClass>), Failure> {
    let (mut open, mut unreadable) = (Vec::new(), None);
    for (id, view) in journal::list(&environment.stores.runs)? {
        match view {
            Ok(view) if view.needs_recovery() => open.push(view),
            Ok(view) if view.state == RunState::Running => {
                output.progress(&format!("run {id} is still being carried out"));
            }
            Ok(_) => {}
            Err(error) => {
                output.warning(&format!("run {id}: {error}"));
                unreadable = Some(Failure::from(error).class);
            }
        }
    }
    Ok((open, unreadable))
}

/// The database a run was discovered on, where it came that far.
pub(super) fn database_of(view: &RunView) -> Option<&DatabaseIdentity> {
    view.events.iter().find_map(|e| match &e.event {
        journal::Event::Discovered { database, .. } => Some(database),
        _ => None,
    })
}
