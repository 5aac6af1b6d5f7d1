//! Turning a worker's loop: until it is asked to stop, or until nothing is left.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use birth_core::coverage::queue::QueueState;

use super::Access;
use super::failure::Failure;
use super::worker::{Effects, Worker};
use crate::pg::{ReadTransaction, Session};
use crate::probe::{EventOutcome, Probe};

/// The first pause after a failure; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// The longest pause after a failure.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How often the queue is counted for the metrics.
const COUNTED_EVERY: Duration = Duration::from_secs(5);

/// How a worker waits.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Between two looks at an empty queue.
    pub poll: Duration,
    /// How long the queue is worked off after the signal to stop.
    pub drain: Duration,
}

/// Works off everything that can be had now, in as many transactions as it
/// takes, and says what it came to and what is left.
pub async fn drain(worker: &mut Worker, access: &Access) -> Result<(Effects, QueueState), Failure> {
    let mut session = access.open().await?;
    let mut all = Effects::default();
    loop {
        let (back, effects) = worker.turn(session, access).await?;
        session = back;
        if effects.is_idle() {
            break;
        }
        all.add(effects);
    }
    let reading = ReadTransaction::begin(session, access.timeouts).await?;
    let left = reading.reader().queue_state(&worker.queue).await?;
    reading.end().await?.close().await;
    Ok((all, left))
}

/// Works until `stop` is set, then goes on until the queue is empty or its time
/// is up. Whatever happens to the database is waited out: a worker that gives up
/// is one that somebody has to start again.
pub async fn watch(
    worker: Worker,
    access: &Access,
    pace: Pace,
    probe: Rc<Probe>,
    stop: Arc<AtomicBool>,
) -> Effects {
    let mut watch = Watch {
        worker,
        access,
        probe,
        session: None,
        pause: FIRST_PAUSE,
        counted: None,
        all: Effects::default(),
    };
    let mut stopping = Stopping {
        flag: stop,
        drain: pace.drain,
        over_at: None,
    };
    loop {
        let last_call = stopping.is_asked();
        // A turn that is given up half way takes its connection with it, and the
        // server rolls it back.
        let turn = tokio::select! {
            turn = watch.turn() => turn,
            () = stopping.over() => {
                tracing::warn!("stopped before the queue was empty");
                break;
            }
        };
        match turn {
            Ok(effects) if !effects.is_idle() => {}
            Ok(_) if last_call => break,
            Ok(_) => stopping.wait(pace.poll).await,
            // Asked to stop, it does not wait for a database to come back.
            Err(_) if last_call => break,
            Err(pause) => stopping.wait(pause).await,
        }
    }
    if let Some(session) = watch.session.take() {
        session.close().await;
    }
    watch.all
}

struct Watch<'a> {
    worker: Worker,
    access: &'a Access,
    probe: Rc<Probe>,
    session: Option<Session>,
    pause: Duration,
    counted: Option<Instant>,
    all: Effects,
}

impl Watch<'_> {
    /// One transaction; on a failure how long to wait.
    async fn turn(&mut self) -> Result<Effects, Duration> {
        match self.work().await {
            Ok(effects) => {
                self.pause = FIRST_PAUSE;
                self.probe.ready();
                self.all.add(effects);
                Ok(effects)
            }
            Err(failure) => {
                tracing::error!(
                    code = failure.code,
                    hint = failure.hint.as_deref(),
                    retry_in_ms = u64::try_from(self.pause.as_millis()).unwrap_or(u64::MAX),
                    "{failure}"
                );
                self.probe.metrics.failed();
                self.look().await;
                // Its code alone: whoever asks over HTTP need not see the names
                // and values that the log has.
                self.probe.not_ready(failure.code.to_owned());
                let pause = self.pause;
                self.pause = (pause * 2).min(LONGEST_PAUSE);
                Err(pause)
            }
        }
    }

    async fn work(&mut self) -> Result<Effects, Failure> {
        let session = match self.session.take() {
            Some(session) => session,
            None => self.access.open().await?,
        };
        let started = Instant::now();
        let (session, effects) = self.worker.turn(session, self.access).await?;
        let metrics = &self.probe.metrics;
        if !effects.is_idle() {
            metrics.batch(started.elapsed());
            metrics.events(EventOutcome::Done, effects.done);
            metrics.events(EventOutcome::Failed, effects.failed);
            metrics.events(EventOutcome::SetAside, effects.set_aside);
            metrics.written(effects.opened, effects.checks);
            tracing::info!(
                events = effects.done,
                failed = effects.failed,
                set_aside = effects.set_aside,
                health_checks = effects.checks,
                issues_opened = effects.opened,
                issues_closed = effects.closed,
                "worked off"
            );
        }
        // What was done is done, whether or not it can be counted now.
        match self.count(session).await {
            Ok(session) => self.session = Some(session),
            Err(failure) => tracing::warn!(code = failure.code, "not counted: {failure}"),
        }
        Ok(effects)
    }

    /// The queue grows while nothing can be worked off, and those who watch have
    /// to see it. Without a database there is nothing to see.
    async fn look(&mut self) {
        let session = match self.session.take() {
            Some(session) => Ok(session),
            None => self.access.open().await,
        };
        if let Ok(session) = session {
            self.session = self.count(session).await.ok();
        }
    }

    /// Counts the queue now and then.
    async fn count(&mut self, session: Session) -> Result<Session, Failure> {
        if self.counted.is_some_and(|at| at.elapsed() < COUNTED_EVERY) {
            return Ok(session);
        }
        let reading = ReadTransaction::begin(session, self.access.timeouts).await?;
        let state = reading.reader().queue_state(&self.worker.queue).await?;
        self.probe
            .metrics
            .queue(state.waiting, state.set_aside, state.oldest_seconds);
        self.counted = Some(Instant::now());
        Ok(reading.end().await?)
    }
}

/// Being asked to stop, and the time that is left after that.
struct Stopping {
    flag: Arc<AtomicBool>,
    drain: Duration,
    over_at: Option<Instant>,
}

impl Stopping {
    /// How often the flag is looked at.
    const LOOK: Duration = Duration::from_millis(50);

    /// Whether it was asked; from the first time on its time runs.
    fn is_asked(&mut self) -> bool {
        if self.flag.load(Ordering::Relaxed) {
            self.over_at
                .get_or_insert_with(|| Instant::now() + self.drain);
        }
        self.over_at.is_some()
    }

    /// Waits until its time is up.
    async fn over(&mut self) {
        loop {
            self.is_asked();
            let left = self.over_at.map_or(Self::LOOK, |at| {
                at.saturating_duration_since(Instant::now())
            });
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(Self::LOOK)).await;
        }
    }

    /// Waits, but not longer than until it is asked.
    async fn wait(&mut self, pause: Duration) {
        let until = Instant::now() + pause;
        while !self.is_asked() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(Self::LOOK)).await;
        }
    }
}
