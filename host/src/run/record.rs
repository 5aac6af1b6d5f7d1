//! Bringing recorded runs to their end: recovery after a death, publishing
//! again, and replaying a decision.

use serde::de::DeserializeOwned;

use birth_core::op::DatabaseIdentity;
use birth_core::outcome::{FailureClass, Status};

use super::carry_out::{Closed, End, Progress, after_commit, close, confirm, unknown};
use super::failure::Failure;
use super::failure::other_database;
use super::fate::{Fate, establish};
use super::operation::Operation;
use super::stage::AfterCommit;
use super::{Environment, Stores};
use crate::journal::{Event, FORMAT, JournalError, Keys, RunDir, RunView, Versioned, file};
use crate::pg::ReadTransaction;

pub(super) fn damaged(view: &RunView, name: &str, detail: impl std::fmt::Display) -> Failure {
    Failure::new(
        FailureClass::Artifact,
        "FILE_DAMAGED",
        format!("{} of run {} is not usable: {detail}", name, view.id),
    )
    .with_hint("restore the file from the log sink or a backup")
}

fn text(view: &RunView, name: &str) -> Result<String, Failure> {
    view.read(name)?
        .ok_or_else(|| damaged(view, name, "it is missing"))
}

fn compressed(view: &RunView, name: &str) -> Result<String, Failure> {
    view.read_compressed(name)?
        .ok_or_else(|| damaged(view, name, "it is missing"))
}

fn versioned<T: DeserializeOwned>(text: &str, view: &RunView, name: &str) -> Result<T, Failure> {
    #[derive(serde::Deserialize)]
    struct Head {
        format: u32,
    }
    let head: Head = serde_json::from_str(text).map_err(|e| damaged(view, name, e))?;
    if head.format > FORMAT {
        let path = view.path.join(name);
        let found = head.format;
        let reads = FORMAT;
        return Err(JournalError::Newer { path, found, reads }.into());
    }
    let file: Versioned<T> = serde_json::from_str(text).map_err(|e| damaged(view, name, e))?;
    Ok(file.content)
}

/// The rollback keys of a run, checked.
pub fn keys<O: Operation>(view: &RunView) -> Result<Keys<O::Keys>, Failure> {
    let keys = Keys::parse(&text(view, file::KEYS)?, O::NAME)?;
    // Sound in themselves, they would undo another run than the one named.
    if keys.run != view.id {
        return Err(damaged(
            view,
            file::KEYS,
            format!("it is of the run {}", keys.run),
        ));
    }
    Ok(keys)
}

fn connection(view: &RunView) -> String {
    view.events
        .iter()
        .find_map(|e| match &e.event {
            Event::Started { connection, .. } => Some(connection.clone()),
            _ => None,
        })
        .unwrap_or_default()
}

fn progress<O: Operation>(view: &RunView) -> Result<Progress<O>, Failure> {
    let previewed = view.reached("previewed");
    let committed = view.reached("committed");
    Ok(Progress {
        started_at: view
            .events
            .first()
            .map_or_else(String::new, |e| e.at.clone()),
        connection: connection(view),
        approval: view.events.iter().find_map(|e| match &e.event {
            Event::Planned { approval, .. } => approval.clone(),
            _ => None,
        }),
        plan: if previewed {
            Some(O::read_plan_file(&text(view, file::PLAN)?)?)
        } else {
            None
        },
        keys: if committed {
            Some(keys::<O>(view)?.keys)
        } else {
            None
        },
        committed,
        previewed,
        confirmed: view.reached("confirmed"),
        state: None,
        unrecorded: None,
    })
}

/// Brings a run to its end whose process died, or whose outcome was unknown.
/// `operation` is only used to read.
pub async fn recover<O: Operation>(
    environment: &Environment,
    operation: O,
    view: &RunView,
    tell: &dyn Fn(&str),
) -> Result<Closed, Failure> {
    // COMMIT comes after the keys. Where the events end before it the server is asked
    // all the same: they may have been cut.
    let may_be_committed = view.reached("committing") || view.read(file::KEYS)?.is_some();
    let recorded = if may_be_committed && !view.reached("confirmed") {
        Some(Recorded::read(operation, view)?)
    } else {
        None
    };
    let its_database = recorded.as_ref().map(|r: &Recorded<O>| &r.sealed.database);
    ensure_its_database(environment, its_database).await?;
    let mut run = RunDir::reopen(&environment.stores.runs, &view.id)?;
    run.line("recovering")?;
    let mut progress = progress::<O>(view)?;
    let end = if let Some(recorded) = recorded {
        match after_committing(environment, recorded, &mut run, &mut progress, tell).await {
            Ok(()) => End::done(&progress),
            Err(end) => end,
        }
    } else if progress.confirmed {
        End::done(&progress)
    } else {
        let last = view.events.last().map_or("nothing", |e| e.event.name());
        End::of(
            Status::Failed,
            Failure::new(
                FailureClass::Connection,
                "INTERRUPTED",
                format!(
                    "the process ended after `{last}`; COMMIT was never sent, so the server rolled everything back"
                ),
            ),
        )
    };
    Ok(close(&environment.stores, &mut run, &progress, end, tell))
}

/// Leaves a run alone that another database has to be asked about: what is
/// found here says nothing, not even where oids and names happen to agree.
async fn ensure_its_database(
    environment: &Environment,
    recorded: Option<&DatabaseIdentity>,
) -> Result<(), Failure> {
    let Some(recorded) = recorded else {
        return Ok(());
    };
    let access = &environment.access;
    // A database that cannot be reached is dealt with where it is asked.
    let Ok(session) = access.open().await else {
        return Ok(());
    };
    let transaction = ReadTransaction::begin(session, access.timeouts).await?;
    let found = transaction.reader().server().await?.database;
    transaction.end().await?.close().await;
    if found.is_same_database(recorded) {
        Ok(())
    } else {
        Err(other_database("the run was", recorded, &found))
    }
}

/// What it takes to find out about a commit and to confirm it.
struct Recorded<O: Operation> {
    sealed: Keys<O::Keys>,
    after: AfterCommit<O>,
}

impl<O: Operation> Recorded<O> {
    /// Reads all of it before anything is claimed: a file that is damaged says
    /// nothing about the commit, so the run stays open.
    fn read(operation: O, view: &RunView) -> Result<Self, Failure> {
        let sealed = keys::<O>(view)?;
        let after = AfterCommit {
            operation,
            target: versioned(&text(view, file::TARGET)?, view, file::TARGET)?,
            before: versioned(&compressed(view, file::FACTS)?, view, file::FACTS)?,
            plan: O::read_plan_file(&text(view, file::PLAN)?)?,
            keys: sealed.keys.clone(),
        };
        Ok(Self { sealed, after })
    }
}

async fn after_committing<O: Operation>(
    environment: &Environment,
    recorded: Recorded<O>,
    run: &mut RunDir,
    progress: &mut Progress<O>,
    tell: &dyn Fn(&str),
) -> Result<(), End> {
    let Recorded { sealed, after } = recorded;
    if !progress.committed {
        match establish(environment, &after, &sealed).await {
            Fate::Committed(how) => {
                tell(&format!("committed: {how}"));
                after_commit(run, progress, &after, &how)?;
            }
            Fate::RolledBack(how) => {
                let failure = Failure::new(
                    FailureClass::Connection,
                    "INTERRUPTED",
                    format!("the process ended or lost its connection during COMMIT; {how}"),
                );
                return Err(End::of(Status::Failed, failure));
            }
            Fate::Unknown(why) => return Err(unknown(&why)),
        }
    }
    confirm(environment, run, progress, None, &after).await
}

/// Publishes a closed run again.
pub fn publish_again<O: Operation>(
    stores: &Stores,
    view: &RunView,
    tell: &dyn Fn(&str),
) -> Result<Status, Failure> {
    let Some((status, reason, _)) = view.closing() else {
        return Err(Failure::new(
            FailureClass::Configuration,
            "RUN_NOT_CLOSED",
            format!("run {} has not come to its end", view.id),
        )
        .with_hint("run `birth recover` first"));
    };
    let mut run = RunDir::reopen(&stores.runs, &view.id)?;
    let only_upload_failed = status == Status::Partial
        && view.reached("confirmed")
        && reason.is_some_and(|r| r.starts_with("UPLOAD_FAILED"));
    if only_upload_failed {
        let progress = progress::<O>(view)?;
        let closed = close(stores, &mut run, &progress, End::pass(), tell);
        return match closed.failure {
            Some(failure) => Err(failure),
            None => Ok(closed.status),
        };
    }
    let id = &view.id;
    let store = &stores.knowledge_base;
    store.put(
        "reports",
        &format!("{id}.md"),
        text(view, file::REPORT)?.as_bytes(),
    )?;
    if view.reached("committed") {
        store.put(
            "rollback-keys",
            &format!("{id}.json"),
            text(view, file::KEYS)?.as_bytes(),
        )?;
    }
    stores
        .log_sink
        .put("logs", &format!("{id}.log"), &run.read_log()?)?;
    run.event(Event::Published)?;
    Ok(status)
}
