//! The numbers of a worker, as Prometheus reads them.

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

/// Which program and policy the numbers are of.
#[derive(Debug, Clone)]
pub struct About {
    /// The host's version.
    pub version: &'static str,
    /// The policy revision's digest.
    pub policy: String,
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
pub enum EventOutcome {
    /// Its effects are written and it is removed.
    Done,
    /// It failed and will be tried again.
    Failed,
    /// It failed too often and is left for people.
    SetAside,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: EventOutcome,
}

type Seconds = Gauge<f64, AtomicU64>;

/// The numbers.
pub struct Metrics {
    registry: Registry,
    events: Family<OutcomeLabel, Counter>,
    issues: Counter,
    checks: Counter,
    failures: Counter,
    batches: Histogram,
    queued: Gauge,
    set_aside: Gauge,
    oldest: Seconds,
    ready: Gauge,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// All of them at zero.
    #[must_use]
    pub fn new(about: &About) -> Self {
        let mut registry = Registry::with_prefix("birth_gate");
        let events = Family::<OutcomeLabel, Counter>::default();
        for outcome in [
            EventOutcome::Done,
            EventOutcome::Failed,
            EventOutcome::SetAside,
        ] {
            // A series that is absent until something goes wrong cannot be
            // alerted on.
            drop(events.get_or_create(&OutcomeLabel { outcome }));
        }
        registry.register("events", "Events by what became of them", events.clone());
        let issues = Counter::default();
        registry.register("issues_opened", "Issues that were opened", issues.clone());
        let checks = Counter::default();
        registry.register(
            "health_checks",
            "Health checks that were written",
            checks.clone(),
        );
        let failures = Counter::default();
        registry.register(
            "failures",
            "Times that the worker could not work: the database, names, rights",
            failures.clone(),
        );
        // 1 ms to 16 s.
        let batches = Histogram::new(exponential_buckets(0.001, 2.0, 15));
        registry.register_with_unit(
            "batch",
            "Time of one transaction over some events",
            Unit::Seconds,
            batches.clone(),
        );
        let queued = Gauge::default();
        registry.register("queue_events", "Events that wait", queued.clone());
        let set_aside = Gauge::default();
        registry.register(
            "set_aside_events",
            "Events that failed too often and are left for people",
            set_aside.clone(),
        );
        let oldest = Seconds::default();
        registry.register_with_unit(
            "queue_oldest",
            "Age of the oldest event that waits",
            Unit::Seconds,
            oldest.clone(),
        );
        let ready = Gauge::default();
        registry.register("ready", "1 where the worker can work", ready.clone());
        registry.register(
            "build",
            "Version and policy revision",
            Info::new(vec![
                ("version".to_owned(), about.version.to_owned()),
                ("policy".to_owned(), about.policy.clone()),
            ]),
        );
        Self {
            registry,
            events,
            issues,
            checks,
            failures,
            batches,
            queued,
            set_aside,
            oldest,
            ready,
        }
    }

    /// So many events came to an end.
    pub fn events(&self, outcome: EventOutcome, count: u64) {
        self.events
            .get_or_create(&OutcomeLabel { outcome })
            .inc_by(count);
    }

    /// What was written.
    pub fn written(&self, issues: u64, checks: u64) {
        self.issues.inc_by(issues);
        self.checks.inc_by(checks);
    }

    /// One transaction took so long.
    pub fn batch(&self, took: Duration) {
        self.batches.observe(took.as_secs_f64());
    }

    /// The worker could not work.
    pub fn failed(&self) {
        self.failures.inc();
    }

    /// What waits in the queue.
    pub fn queue(&self, waiting: i64, set_aside: i64, oldest_seconds: f64) {
        self.queued.set(waiting);
        self.set_aside.set(set_aside);
        self.oldest.set(oldest_seconds);
    }

    pub(super) fn ready(&self, ready: bool) {
        self.ready.set(i64::from(ready));
    }

    /// In the format of OpenMetrics, which Prometheus reads.
    ///
    /// # Errors
    /// Where a value could not be written as text.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut out = String::new();
        encode(&mut out, &self.registry)?;
        Ok(out)
    }
}
