//! What a long-running command shows of itself to those who watch it: whether
//! it lives, whether it is ready, and numbers. Knows nothing of databases, and
//! alone names the HTTP library.

mod metrics;
mod server;

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

pub use metrics::{About, EventOutcome, Metrics};
pub use server::serve;

/// The state of a worker, shared between its loop and the listener on one
/// thread.
#[derive(Debug)]
pub struct Probe {
    /// The numbers.
    pub metrics: Metrics,
    not_ready: RefCell<Option<String>>,
    last_turn: Cell<Instant>,
    stalled_after: Duration,
}

impl Probe {
    /// Not ready yet. A loop that has not turned for `stalled_after` counts as
    /// dead.
    #[must_use]
    pub fn new(about: &About, stalled_after: Duration) -> Self {
        Self {
            metrics: Metrics::new(about),
            not_ready: RefCell::new(Some("starting".to_owned())),
            last_turn: Cell::new(Instant::now()),
            stalled_after,
        }
    }

    /// The loop has turned, with success.
    pub fn ready(&self) {
        self.not_ready.replace(None);
        self.turned();
    }

    /// The loop has turned, and cannot work: why.
    pub fn not_ready(&self, why: String) {
        self.not_ready.replace(Some(why));
        self.turned();
    }

    /// Why it is not ready; none where it is.
    #[must_use]
    pub fn why_not_ready(&self) -> Option<String> {
        self.not_ready.borrow().clone()
    }

    /// Whether the loop still turns.
    #[must_use]
    pub fn lives(&self) -> bool {
        self.last_turn.get().elapsed() <= self.stalled_after
    }

    fn turned(&self) {
        self.last_turn.set(Instant::now());
        self.metrics
            .ready(self.not_ready.borrow().as_ref().is_none());
    }
}
