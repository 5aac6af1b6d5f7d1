//! The signals that ask a command to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{SignalKind, signal};

/// Waits for SIGINT or SIGTERM.
pub async fn received() {
    tokio::select! {
        () = one(SignalKind::interrupt()) => {}
        () = one(SignalKind::terminate()) => {}
    }
}

async fn one(kind: SignalKind) {
    match signal(kind) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        // Without a handler the signal ends the process, and `recover` closes
        // the run.
        Err(_) => std::future::pending().await,
    }
}

/// Remembers from now on whether a signal came: between two runs nobody waits for
/// one, and the first listener took the default away.
#[must_use]
pub fn watch() -> Arc<AtomicBool> {
    let came = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&came);
    tokio::spawn(async move {
        received().await;
        flag.store(true, Ordering::Relaxed);
    });
    came
}
