//! The gate's queue.

use crate::ident::QualifiedName;

/// What an event is: see [`QueuedEvent`](crate::coverage::queue::QueuedEvent).
const EVENT: &str = "\
event_id, collection, cause, attempts, to_char(recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), error";

/// The next events that nobody else works on, oldest first, at most `$1 bigint`
/// of them. They stay claimed to the end of the transaction.
#[must_use]
pub fn claim(queue: &QualifiedName) -> String {
    format!(
        "SELECT {EVENT} FROM {} WHERE set_aside_at IS NULL AND (retry_at IS NULL OR retry_at <= clock_timestamp()) \
         ORDER BY event_id LIMIT $1 FOR UPDATE SKIP LOCKED",
        queue.quoted()
    )
}

/// What waits: see [`QueueState`](crate::coverage::queue::QueueState).
#[must_use]
pub fn state(queue: &QualifiedName) -> String {
    format!(
        "SELECT count(*) FILTER (WHERE set_aside_at IS NULL), \
         count(*) FILTER (WHERE set_aside_at IS NULL AND retry_at > clock_timestamp()), \
         count(*) FILTER (WHERE set_aside_at IS NOT NULL), \
         coalesce(greatest(extract(epoch FROM clock_timestamp() - min(recorded_at) FILTER (WHERE set_aside_at IS NULL)), 0), 0)::float8 \
         FROM {}",
        queue.quoted()
    )
}

/// Events that failed, those that were set aside first, at most `$1 bigint` of
/// them.
#[must_use]
pub fn failed(queue: &QualifiedName) -> String {
    format!(
        "SELECT {EVENT}, set_aside_at IS NOT NULL FROM {} WHERE attempts > 0 \
         ORDER BY set_aside_at IS NULL, event_id LIMIT $1",
        queue.quoted()
    )
}
