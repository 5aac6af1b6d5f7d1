//! The host's own sessions, used from a test without the binary.

use std::time::Duration;

use birth_core::sql::frame::Timeouts;
use birth_host::pg::Session;
use birth_host::pg::connect::resolve;

pub(crate) const TIMEOUTS: Timeouts = Timeouts {
    lock: Duration::from_secs(5),
    statement: Duration::from_secs(30),
};

/// Works in a session. The runtime is made here and not around the whole test,
/// because looking at the database takes one of its own.
pub(crate) fn within<T>(url: &str, work: impl AsyncFnOnce(Session) -> T) -> T {
    let settings = resolve(Some(url), &|_| None).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime
        .block_on(async { work(Session::open(&settings, "tests", TIMEOUTS).await.unwrap()).await })
}
