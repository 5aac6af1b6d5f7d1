//! The gate's worker: takes events off the queue, has their collections judged,
//! and records what fails (B3 design, section 3).
//!
//! One transaction claims events, writes their effects and removes them, so
//! that an event has its effects exactly once, whenever a worker dies and
//! however many there are. Facts are read in the same transaction, after the
//! claim: they are never older than the event.

use std::collections::BTreeSet;

use birth_core::coverage::queue::{QueueState, QueueStatement, QueuedEvent};
use birth_core::coverage::{CoverageStatement, Finding};
use birth_core::ident::QualifiedName;
use birth_core::outcome::FailureClass;
use birth_core::sql::frame::CLOSING_LOCK_KEY;

use super::Access;
use super::coverage::{Coverage, CoverageNames};
use super::failure::Failure;
use super::findings::{Check, FindingsTarget, Given, ROW_REFUSED, Written, row_refused};
use crate::pg::{PgError, PgErrorKind, ReadTransaction, Session, Transaction};

/// A worker.
#[derive(Debug)]
pub struct Worker {
    /// How coverage is judged.
    pub coverage: Coverage,
    /// The queue.
    pub queue: QualifiedName,
    /// Events in one transaction at most.
    pub batch: u32,
    /// How often an event is tried before it is set aside.
    pub attempts: u32,
    /// How many of the next events are taken one at a time, because one of them
    /// made a whole batch fail.
    pub alone: u32,
}

/// What transactions came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Effects {
    /// Events whose effects are written.
    pub done: u64,
    /// Events that failed and will be tried again.
    pub failed: u64,
    /// Events that failed for the last time.
    pub set_aside: u64,
    /// Health checks that were written.
    pub checks: u64,
    /// Issues that were opened.
    pub opened: u64,
    /// Issues that were closed.
    pub closed: u64,
}

impl Effects {
    /// Whether there was nothing to do.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.done + self.failed + self.set_aside == 0
    }

    /// Adds what another transaction came to.
    pub fn add(&mut self, other: Self) {
        self.done += other.done;
        self.failed += other.failed;
        self.set_aside += other.set_aside;
        self.checks += other.checks;
        self.opened += other.opened;
        self.closed += other.closed;
    }
}

impl Worker {
    /// One transaction over the next events. A session that comes back can be
    /// used again; on a failure it is gone, and with it whatever was not
    /// committed.
    pub async fn turn(
        &mut self,
        session: Session,
        access: &Access,
    ) -> Result<(Session, Effects), Failure> {
        let mut session = session;
        loop {
            let transaction =
                Transaction::<CoverageStatement>::begin(session, access.timeouts).await?;
            let most = if self.alone > 0 { 1 } else { self.batch };
            let events = transaction
                .claim_events(&self.queue, most)
                .await
                .map_err(|error| of_queue(&self.queue, error))?;
            self.alone = self.alone.saturating_sub(1);
            match events.as_slice() {
                [] => {
                    self.alone = 0;
                    // Nothing was written. A rollback would count as one with
                    // those who watch the server.
                    return Ok((commit(transaction).await?, Effects::default()));
                }
                [event] => return self.one(transaction, event).await,
                _ => {}
            }
            match self.handle(&transaction, &events).await {
                Ok(effects) => return Ok((commit(transaction).await?, effects)),
                // Nothing of it is kept, and the events are taken one at a time
                // until the one at fault is found.
                Err(failure) if is_about_events(&failure) || is_too_much(&failure) => {
                    self.alone = u32::try_from(events.len()).unwrap_or(u32::MAX);
                    session = transaction.rollback().await?;
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    /// A single event: what is wrong with it is kept with it.
    async fn one(
        &self,
        transaction: Transaction<CoverageStatement>,
        event: &QueuedEvent,
    ) -> Result<(Session, Effects), Failure> {
        transaction.savepoint().await?;
        let handled = self.handle(&transaction, std::slice::from_ref(event)).await;
        let effects = match handled {
            Ok(effects) => effects,
            Err(failure) if is_about_events(&failure) => {
                transaction.back_to_savepoint().await?;
                self.fail(&transaction, event, &failure).await?
            }
            Err(failure) => return Err(failure),
        };
        Ok((commit(transaction).await?, effects))
    }

    async fn fail(
        &self,
        transaction: &Transaction<CoverageStatement>,
        event: &QueuedEvent,
        failure: &Failure,
    ) -> Result<Effects, Failure> {
        tracing::warn!(
            event = event.id,
            collection = event.collection,
            code = failure.code,
            "an event failed: {failure}"
        );
        let fail = QueueStatement::Fail {
            queue: self.queue.clone(),
            event: event.id,
            error: failure.reason(),
            attempts: self.attempts,
        };
        transaction.execute(&[fail.into()], &|_| {}).await?;
        let attempts = u32::try_from(event.attempts).unwrap_or(0) + 1;
        let last = attempts >= self.attempts;
        Ok(Effects {
            failed: u64::from(!last),
            set_aside: u64::from(last),
            ..Effects::default()
        })
    }

    /// Writes the effects of some events and removes them.
    async fn handle(
        &self,
        transaction: &Transaction<CoverageStatement>,
        events: &[QueuedEvent],
    ) -> Result<Effects, Failure> {
        let coverage = &self.coverage;
        let reader = transaction.reader();
        let (names, target) = coverage.discover_with_target(reader).await?;
        let of_storage = self.storage(transaction, &names, &target).await?;
        let keys: BTreeSet<&str> = events
            .iter()
            .filter_map(|event| event.collection.as_deref())
            .collect();
        let keys: Vec<&str> = keys.into_iter().collect();
        let (now, _) = reader.now().await?;
        let rows = reader.registered(&names.source, &keys).await?;
        let judged = coverage.judge(reader, &names, now, rows).await?;
        let mut found: Vec<Finding> = judged.findings().collect();
        found.sort_by(|a, b| a.collection.cmp(&b.collection));
        let given = of_events(events, &found);
        let revision = coverage.policy.revision();
        let written = target.write(transaction, &given, &revision).await?;
        recorded(&written, &given)?;
        let remove = QueueStatement::Remove {
            queue: self.queue.clone(),
            events: events.iter().map(|event| event.id).collect(),
        };
        transaction.execute(&[remove.into()], &|_| {}).await?;
        // What a deferred trigger refuses is known now, and not at COMMIT.
        transaction.fire_deferred().await.map_err(row_refused)?;
        Ok(Effects {
            done: events.len() as u64,
            checks: written.checks + of_storage.checks,
            opened: written.opened + of_storage.opened,
            closed: of_storage.closed,
            ..Effects::default()
        })
    }

    /// Without policy columns most conditions cannot be judged: that is recorded
    /// once, however many events there are, and it is over when they are there.
    async fn storage(
        &self,
        transaction: &Transaction<CoverageStatement>,
        names: &CoverageNames,
        target: &FindingsTarget,
    ) -> Result<Effects, Failure> {
        let finding = names.storage_not_ready();
        let reader = transaction.reader();
        let open = target
            .open_issues(reader, std::slice::from_ref(&finding))
            .await?;
        let mut effects = Effects::default();
        if names.source.storage_ready {
            match target.closing() {
                _ if open.is_empty() => {}
                Ok(_) => {
                    // As everybody who closes issues: first the lock, then the
                    // rows.
                    transaction.wait_for_lock(CLOSING_LOCK_KEY).await?;
                    effects.closed = target.close(transaction, &open).await?;
                }
                Err(failure) => tracing::warn!(
                    code = failure.code,
                    "policy storage is ready, but the issue that it is not stays open: {failure}"
                ),
            }
        } else if open.is_empty() {
            let revision = self.coverage.policy.revision();
            let given = [Given {
                finding: &finding,
                check: Check::IfNew,
            }];
            let written = target.write(transaction, &given, &revision).await?;
            // A table that has no room for what is about no collection takes
            // the findings on collections nevertheless.
            for (_, why) in &written.unrecorded {
                tracing::warn!(code = finding.code, "not recorded: {why}");
            }
            effects.opened = written.opened;
            effects.checks = written.checks;
        }
        Ok(effects)
    }
}

/// Each event is a check of its own, also where another of the same batch is
/// about the same collection.
fn of_events<'f>(events: &[QueuedEvent], found: &'f [Finding]) -> Vec<Given<'f>> {
    events
        .iter()
        .flat_map(|event| {
            let collection = event.collection.as_deref();
            let first = found.partition_point(|f| Some(f.collection.as_str()) < collection);
            let of_event = found.get(first..).unwrap_or_default().iter();
            of_event.take_while(move |f| Some(f.collection.as_str()) == collection)
        })
        .map(|finding| Given {
            finding,
            check: Check::Always,
        })
        .collect()
}

/// An event whose findings could not all be written is not done.
fn recorded(written: &Written, given: &[Given<'_>]) -> Result<(), Failure> {
    let Some((place, why)) = written.unrecorded.first() else {
        return Ok(());
    };
    let code = given.get(*place).map_or("", |given| &given.finding.code);
    Err(Failure::new(
        FailureClass::Database,
        ROW_REFUSED,
        format!("{code} could not be recorded: {why}"),
    ))
}

/// Whether the events themselves are at fault: their rows were refused, or the
/// plugin fails on their collections. What fails before a row is written (names,
/// rights) and a server in trouble would be at fault with every other event too:
/// they are waited for, and count as no attempt.
fn is_about_events(failure: &Failure) -> bool {
    matches!(
        failure.class,
        FailureClass::Plugin | FailureClass::Verification
    ) || failure.code == ROW_REFUSED
}

/// Whether fewer events at once may go where these did not: what was asked of the
/// server took too long.
fn is_too_much(failure: &Failure) -> bool {
    failure.code == PgErrorKind::Cancelled.code()
}

/// A queue that is not there means that the gate is not installed.
fn of_queue(queue: &QualifiedName, error: PgError) -> Failure {
    if error.kind == PgErrorKind::Missing {
        return Failure::new(
            FailureClass::Schema,
            "GATE_NOT_INSTALLED",
            format!("there is no queue {queue} of this host's form: {error}"),
        )
        .with_hint("install the gate with `birth apply gate`, or name its schema in birth.toml");
    }
    error.into()
}

async fn commit(transaction: Transaction<CoverageStatement>) -> Result<Session, Failure> {
    use crate::pg::CommitError;
    transaction.commit().await.map_err(|error| match error {
        // Whether it committed need not be known: the events are gone together
        // with their effects, or are there without them.
        CommitError::Lost(error) | CommitError::Refused(error) => error.into(),
    })
}

/// What waits in the queue, and events that failed, each with whether it was set
/// aside.
pub async fn queue_status(
    access: &Access,
    queue: &QualifiedName,
    most: u32,
) -> Result<(QueueState, Vec<(QueuedEvent, bool)>), Failure> {
    let session = access.open().await?;
    let reading = ReadTransaction::begin(session, access.timeouts).await?;
    let reader = reading.reader();
    let state = reader.queue_state(queue).await;
    let state = state.map_err(|error| of_queue(queue, error))?;
    let failed = reader.failed_events(queue, most).await?;
    reading.end().await?.close().await;
    Ok((state, failed))
}

/// Puts events that were set aside back into the queue, all of them where none
/// is named, and gives those that were.
pub async fn retry(
    access: &Access,
    queue: &QualifiedName,
    events: Option<Vec<i64>>,
) -> Result<Vec<i64>, Failure> {
    let session = access.open().await?;
    let transaction = Transaction::<CoverageStatement>::begin(session, access.timeouts).await?;
    let retry = QueueStatement::Retry {
        queue: queue.clone(),
        events,
    };
    let returned = transaction.execute(&[retry.into()], &|_| {}).await;
    let returned = returned.map_err(|error| of_queue(queue, error))?;
    commit(transaction).await?.close().await;
    let mut back: Vec<i64> = returned
        .iter()
        .flat_map(|returned| &returned.rows)
        .filter_map(|row| row.first()?.as_ref()?.parse().ok())
        .collect();
    back.sort_unstable();
    Ok(back)
}
