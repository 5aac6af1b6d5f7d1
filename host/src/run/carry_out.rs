//! Carrying a run out, and closing it honestly.

use std::cell::Cell;

use jiff::Timestamp;

use birth_core::outcome::{Exit, FailureClass, FinalResponse, Status};

use super::failure::other_database;
use super::failure::{Failure, LOCK_TIMEOUT};
use super::fate::{Fate, establish};
use super::operation::{Evidence, Operation, ReportHeader};
use super::signal;
use super::stage::{AfterCommit, CommitStop, Discovered, LockStop, Planned, drifted};
use super::{Access, Environment, Stores, VERSION};
use crate::journal::{Event, RunDir, file};
use crate::pg::Session;

/// How a run ended.
#[derive(Debug)]
pub struct Closed {
    /// The run's id; empty where no run directory could be made.
    pub run: String,
    /// The status.
    pub status: Status,
    /// The process's exit.
    pub exit: Exit,
    /// Why, where the status is not `PASS`.
    pub failure: Option<Failure>,
    /// What goes to stdout.
    pub response: FinalResponse,
    /// Why report, keys or log did not reach their stores, where they did not.
    pub unpublished: Option<Failure>,
}

/// An ending before it is written down.
#[derive(Debug)]
pub(super) struct End {
    pub(super) status: Status,
    pub(super) failure: Option<Failure>,
}

impl End {
    pub(super) fn pass() -> Self {
        Self {
            status: Status::Pass,
            failure: None,
        }
    }

    /// The end of a run that committed and was confirmed: `PASS`, unless the
    /// plan leaves something to do.
    pub(super) fn done<O: Operation>(progress: &Progress<O>) -> Self {
        match progress.plan.as_ref().and_then(O::unfinished) {
            Some(left) => Self::of(Status::Partial, left),
            None => Self::pass(),
        }
    }

    pub(super) fn of(status: Status, failure: Failure) -> Self {
        Self {
            status,
            failure: Some(failure),
        }
    }

    /// A failed upload never hides what happened to the database: a run that
    /// passed is partial, any other keeps its status and names both.
    fn unpublished(mut self, upload: Failure) -> Self {
        match &mut self.failure {
            None => Self::of(Status::Partial, upload),
            Some(first) => {
                first.message = format!("{}; also {}", first.message, upload.reason());
                self
            }
        }
    }

    fn exit(&self) -> Exit {
        match (&self.failure, self.status) {
            (Some(failure), Status::Failed) => Exit::Failure(failure.class),
            (_, status) => Exit::Status(status),
        }
    }
}

/// Before COMMIT every failure is the same: rolled back, nothing changed. A
/// lock that was not had in time is busy, wherever it was met.
impl<E: Into<Failure>> From<E> for End {
    fn from(error: E) -> Self {
        let failure = error.into();
        let status = if failure.code == LOCK_TIMEOUT {
            Status::LockBusy
        } else {
            Status::Failed
        };
        Self::of(status, failure)
    }
}

/// What a run has come to, for its closing.
#[derive(Debug)]
pub(super) struct Progress<O: Operation> {
    pub(super) started_at: String,
    pub(super) connection: String,
    pub(super) approval: Option<String>,
    pub(super) plan: Option<O::Plan>,
    pub(super) keys: Option<O::Keys>,
    pub(super) committed: bool,
    pub(super) previewed: bool,
    pub(super) confirmed: bool,
    pub(super) state: Option<O::State>,
    /// That it is committed, where the journal could not say so yet.
    pub(super) unrecorded: Option<Event>,
}

impl<O: Operation> Progress<O> {
    fn new(started_at: String, connection: String) -> Self {
        Self {
            started_at,
            connection,
            approval: None,
            plan: None,
            keys: None,
            committed: false,
            previewed: false,
            confirmed: false,
            state: None,
            unrecorded: None,
        }
    }
}

/// Connects, discovers and plans. Executes nothing and leaves nothing behind.
pub async fn plan<O: Operation>(access: &Access, operation: O) -> Result<Planned<O>, Failure> {
    let session = access.open().await?;
    let discovered = Discovered::discover(operation, session, access.timeouts).await?;
    discovered.plan().await
}

/// Carries an operation out. With `approved`, executes exactly that plan or
/// stops with the differences. `tell` hears of each step.
pub async fn carry_out<O: Operation>(
    environment: &Environment,
    operation: O,
    approved: Option<O::Plan>,
    of: Option<String>,
    tell: &dyn Fn(&str),
) -> Closed {
    let started = Timestamp::now();
    let connection = environment.access.connection.describe();
    let mut progress = Progress::<O>::new(started.to_string(), connection.clone());
    let created = RunDir::create(&environment.stores.runs, O::STEM, started).and_then(|mut run| {
        run.event(Event::Started {
            operation: O::NAME.to_owned(),
            of,
            host: VERSION.to_owned(),
            connection,
        })?;
        Ok(run)
    });
    let mut run = match created {
        Ok(run) => run,
        Err(error) => return not_begun::<O>(error.into()),
    };
    tell(&format!("run {}", run.id()));
    let committing = Cell::new(false);
    let work = steps(
        environment,
        operation,
        approved,
        &mut run,
        &mut progress,
        &committing,
        tell,
    );
    let end = match until_signalled(work, &committing, tell).await {
        Ok(()) => End::done(&progress),
        Err(end) => end,
    };
    close(&environment.stores, &mut run, &progress, end, tell)
}

/// Ends the work at SIGINT or SIGTERM, but never after COMMIT was sent: from
/// there on only the server can say what happened, and the run waits for it.
async fn until_signalled(
    work: impl Future<Output = Result<(), End>>,
    committing: &Cell<bool>,
    tell: &dyn Fn(&str),
) -> Result<(), End> {
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            ended = &mut work => return ended,
            () = signal::received() => {}
        }
        if !committing.get() {
            // Dropping the work closes the connection, and the server rolls back.
            let failure = Failure::new(
                FailureClass::Configuration,
                "INTERRUPTED",
                "stopped by a signal before COMMIT was sent; the server rolls everything back",
            );
            return Err(failure.into());
        }
        tell("COMMIT was sent: waiting for what became of it");
    }
}

/// A run that could not even begin its journal did nothing at all.
pub fn not_begun<O: Operation>(failure: Failure) -> Closed {
    let end = End::from(failure);
    let evidence = Evidence::<O> {
        plan: None,
        committed: None,
        state: None,
        previewed: false,
        confirmed: false,
        log_path: String::new(),
    };
    let reason = end.failure.as_ref().map(Failure::reason);
    Closed {
        run: String::new(),
        status: end.status,
        exit: end.exit(),
        response: O::response(end.status, reason.as_deref(), &evidence),
        failure: end.failure,
        unpublished: None,
    }
}

/// After how many statements a long execution is heard of.
const PROGRESS_STEP: usize = 500;

async fn steps<O: Operation>(
    environment: &Environment,
    operation: O,
    approved: Option<O::Plan>,
    run: &mut RunDir,
    progress: &mut Progress<O>,
    committing: &Cell<bool>,
    tell: &dyn Fn(&str),
) -> Result<(), End> {
    let timeouts = environment.access.timeouts;
    let session = environment.access.open().await.map_err(Failure::from)?;
    let discovered = Discovered::discover(operation, session, timeouts).await?;
    run.line(&format!(
        "PostgreSQL {}, database {}, role {}, on {}",
        discovered.server().version,
        discovered.server().database.database,
        discovered.server().role,
        O::about(discovered.target())
    ))?;
    run.event(Event::Discovered {
        database: discovered.server().database.clone(),
        server: discovered.server().version.clone(),
        table: O::about(discovered.target()),
    })?;
    let planned = discovered.plan().await?;
    progress.plan = Some(planned.plan().clone());
    progress.approval = planned.operation().approval();
    record_plan(&planned, run)?;
    let statements = O::statements(planned.plan()).len();
    tell(&format!("planned: {statements} statements"));
    if let Some(approved) = &approved {
        let here = &planned.server().database;
        if !O::database(approved).is_same_database(here) {
            return Err(other_database("the plan was", O::database(approved), here).into());
        }
    }
    if let Some(approved) = approved
        && O::digest(&approved)? != O::digest(planned.plan())?
    {
        let drift = O::drift(&approved, planned.plan());
        return Err(drifted(&drift, "since the plan was made").into());
    }
    let stop = O::stop(planned.plan());
    if stop.is_none() && (planned.server().standby || planned.server().read_only) {
        return Err(Failure::read_only().into());
    }
    if stop.is_none() {
        // Before anything is locked: a right that is missing for the rollback
        // stops the run as well.
        planned
            .operation()
            .check_feasible(planned.target(), planned.plan())?;
    }
    let previewed = planned.preview(run, timeouts)?;
    progress.previewed = true;
    tell("previewed: every compiled statement is in the log");
    if let Some(stop) = stop {
        return Err(End::of(stop.status, stop.failure));
    }
    let locked = previewed
        .lock(run, timeouts, environment.lock_retries)
        .await
        .map_err(|stop| match stop {
            LockStop::Busy(failure) => End::of(Status::LockBusy, failure),
            LockStop::Failed(failure) => End::from(failure),
        })?;
    tell("locked: the facts are unchanged");
    let verified = locked
        .execute(run, &|done| {
            if done % PROGRESS_STEP == 0 {
                tell(&format!("executed {done} of {statements} statements"));
            }
        })
        .await?;
    tell("executed and verified in the transaction");
    let (session, after) = match verified.commit(run, committing).await {
        Ok(committed) => {
            let (session, after) = committed.into_parts();
            after_commit(run, progress, &after, "the server said so")?;
            (Some(session), after)
        }
        Err(CommitStop::Failed(failure)) => return Err(failure.into()),
        Err(CommitStop::Lost {
            error,
            after,
            sealed,
        }) => {
            tell("the connection broke during COMMIT: asking the server what became of it");
            // A log that cannot take the line says nothing about the commit.
            let _ = run.line(&format!("lost: {error}"));
            match establish(environment, &after, &sealed).await {
                Fate::Committed(how) => {
                    after_commit(run, progress, &after, &how)?;
                    (None, *after)
                }
                Fate::RolledBack(how) => {
                    let failure = Failure::new(
                        FailureClass::Connection,
                        "CONNECTION_LOST",
                        format!("the connection broke during COMMIT; {how}"),
                    );
                    return Err(failure
                        .with_hint("nothing changed; run the command again")
                        .into());
                }
                Fate::Unknown(why) => return Err(unknown(&why)),
            }
        }
    };
    tell("committed");
    confirm(environment, run, progress, session, &after).await?;
    tell("confirmed by a new read");
    Ok(())
}

fn record_plan<O: Operation>(planned: &Planned<O>, run: &mut RunDir) -> Result<(), Failure> {
    run.event(Event::Planned {
        digest: O::digest(planned.plan())?,
        revision: O::revision(planned.plan()).cloned(),
        approval: planned.operation().approval(),
        statements: O::statements(planned.plan()).len(),
    })?;
    Ok(())
}

pub(super) fn after_commit<O: Operation>(
    run: &mut RunDir,
    progress: &mut Progress<O>,
    after: &AfterCommit<O>,
    how: &str,
) -> Result<(), End> {
    progress.committed = true;
    progress.keys = Some(after.keys.clone());
    let event = Event::Committed {
        how: how.to_owned(),
    };
    run.event(event.clone()).map_err(|error| {
        progress.unrecorded = Some(event);
        let failure = Failure::from(error);
        End::of(
            Status::Partial,
            Failure::new(
                failure.class,
                "JOURNAL_FAILED",
                format!(
                    "committed, but the journal could not say so: {}",
                    failure.message
                ),
            )
            .with_hint("make room, then run `birth recover`"),
        )
    })
}

pub(super) fn unknown(why: &str) -> End {
    let failure = Failure::new(
        FailureClass::Connection,
        "COMMIT_OUTCOME_UNKNOWN",
        format!("whether the commit happened is not established: {why}"),
    );
    End::of(
        Status::Unknown,
        failure.with_hint("when the database is reachable, run `birth recover`"),
    )
}

pub(super) async fn confirm<O: Operation>(
    environment: &Environment,
    run: &mut RunDir,
    progress: &mut Progress<O>,
    session: Option<Session>,
    after: &AfterCommit<O>,
) -> Result<(), End> {
    let partial = |failure: Failure| {
        let message = format!("committed, but not confirmed: {}", failure.message);
        let partial = Failure::new(failure.class, "CONFIRMATION_FAILED", message);
        End::of(
            Status::Partial,
            partial.with_hint("look at it, then run `birth recover` to confirm again"),
        )
    };
    let timeouts = environment.access.timeouts;
    let first = match session {
        Some(session) => after.confirm(session, timeouts).await,
        None => Err(Failure::new(
            FailureClass::Connection,
            "CONNECTION_LOST",
            "no connection",
        )),
    };
    let confirmed = match first {
        // The connection may have broken since; the commit has not.
        Err(failure) if failure.class == FailureClass::Connection => {
            match environment.access.open().await {
                Ok(session) => after.confirm(session, timeouts).await,
                Err(error) => Err(error.into()),
            }
        }
        other => other,
    };
    progress.state = Some(confirmed.map_err(partial)?.into_state());
    progress.confirmed = true;
    run.event(Event::Confirmed).map_err(|e| partial(e.into()))
}

/// Writes the report, hands it to the stores, and closes the journal. Whatever
/// fails here never hides what happened to the database.
pub(super) fn close<O: Operation>(
    stores: &Stores,
    run: &mut RunDir,
    progress: &Progress<O>,
    mut end: End,
    tell: &dyn Fn(&str),
) -> Closed {
    let evidence = Evidence::<O> {
        plan: progress.plan.as_ref(),
        committed: progress.keys.as_ref().filter(|_| progress.committed),
        state: progress.state.as_ref(),
        previewed: progress.previewed,
        confirmed: progress.confirmed,
        log_path: run.log_path().display().to_string(),
    };
    let header = ReportHeader {
        run: run.id().to_owned(),
        started_at: progress.started_at.clone(),
        ended_at: Timestamp::now().to_string(),
        connection: progress.connection.clone(),
        approval: progress.approval.clone(),
    };
    let respond = |end: &End| {
        let reason = end.failure.as_ref().map(Failure::reason);
        O::response(end.status, reason.as_deref(), &evidence)
    };
    let mut response = respond(&end);
    // Before the log is handed over, so that the copy ends with it.
    let mut logged = run.line(&format!("final response:\n{response}"));
    let mut unpublished = None;
    match publish::<O>(stores, run, &header, &evidence, &response) {
        Ok(()) => tell("published"),
        Err(failure) => {
            unpublished = Some(failure.clone());
            end = end.unpublished(failure);
            response = respond(&end);
            let now = format!("not published; final response now:\n{response}");
            logged = logged.and_then(|()| run.line(&now));
        }
    }
    let written = logged
        .and_then(|()| run.sync_log())
        .and_then(|()| {
            run.write(
                file::REPORT,
                O::report(&header, &evidence, &response).as_bytes(),
            )
        })
        // A closed run that does not say it committed would count as one that
        // changed nothing. Without that word it stays open for `recover`.
        .and_then(|()| progress.unrecorded.clone().map_or(Ok(()), |e| run.event(e)))
        .and_then(|()| {
            run.event(Event::Closed {
                status: end.status,
                reason: end.failure.as_ref().map(Failure::reason),
                response: response.to_string(),
            })
        });
    if let Err(error) = written {
        tracing::error!("the run's end could not be recorded: {error}");
    }
    Closed {
        run: run.id().to_owned(),
        status: end.status,
        exit: end.exit(),
        failure: end.failure,
        response,
        unpublished,
    }
}

fn publish<O: Operation>(
    stores: &Stores,
    run: &mut RunDir,
    header: &ReportHeader,
    evidence: &Evidence<'_, O>,
    response: &FinalResponse,
) -> Result<(), Failure> {
    let id = run.id().to_owned();
    let report = O::report(header, evidence, response);
    stores
        .knowledge_base
        .put("reports", &format!("{id}.md"), report.as_bytes())?;
    if let Some(keys) = run
        .read(file::KEYS)?
        .filter(|_| evidence.committed.is_some())
    {
        stores
            .knowledge_base
            .put("rollback-keys", &format!("{id}.json"), keys.as_bytes())?;
    }
    stores
        .log_sink
        .put("logs", &format!("{id}.log"), &run.read_log()?)?;
    run.event(Event::Published)?;
    Ok(())
}
