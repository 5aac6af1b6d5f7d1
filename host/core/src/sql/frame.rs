//! The statements around an operation: transaction, timeouts, locks.

use std::time::Duration;

use super::literal;
use crate::ident::QualifiedName;

/// The lock that every operation of this program shares, so that no two of
/// them ever run at once on one database.
pub const SHARED_LOCK_KEY: &str = "birth_governed_operation";

/// Bounds on waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Longest wait for one lock.
    pub lock: Duration,
    /// Longest run of one statement.
    pub statement: Duration,
}

/// Opens a transaction that reads one consistent state and cannot write.
pub const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Opens the transaction of an operation. Read committed, because what is read
/// again under the lock must be what is there now. It does not say READ WRITE:
/// whoever holds sessions to reading by default means it.
pub const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

/// Commits.
pub const COMMIT: &str = "COMMIT";

/// Rolls back.
pub const ROLLBACK: &str = "ROLLBACK";

/// The settings of a transaction, in order. The search path holds nothing but
/// the system catalog, so that every name in this program's text is either
/// qualified or PostgreSQL's own, and catalogs print fully qualified names.
#[must_use]
pub fn local_settings(timeouts: Timeouts) -> Vec<String> {
    vec![
        format!("SET LOCAL lock_timeout = '{}ms'", timeouts.lock.as_millis()),
        format!(
            "SET LOCAL statement_timeout = '{}ms'",
            timeouts.statement.as_millis()
        ),
        "SET LOCAL idle_in_transaction_session_timeout = '60s'".to_owned(),
        "SET LOCAL search_path = pg_catalog, pg_temp".to_owned(),
        // Rows that a policy would hide are an error, not an empty answer: a
        // rollback that cannot see data must not take it for absent.
        "SET LOCAL row_security = off".to_owned(),
        // Texts of types and constraints are read, and compared over time,
        // with these; see `catalog::check`.
        "SET LOCAL quote_all_identifiers = off".to_owned(),
        // What the journal calls committed has to survive a crash of the server.
        "SET LOCAL synchronous_commit = on".to_owned(),
        "SET LOCAL standard_conforming_strings = on".to_owned(),
    ]
}

/// Tries an advisory lock until the end of the transaction; answers whether it
/// was free (B3-P and B3-A, "Advisory lock").
#[must_use]
pub fn try_lock(key: &str) -> String {
    format!(
        "SELECT pg_try_advisory_xact_lock(hashtext({}))",
        literal(key)
    )
}

/// Waits for an advisory lock, bounded by `lock_timeout`. A server releases it
/// only after a commit is visible, so having it means that the other side has
/// ended, one way or the other.
#[must_use]
pub fn wait_for_lock(key: &str) -> String {
    format!("SELECT pg_advisory_xact_lock(hashtext({}))", literal(key))
}

/// Takes the lock that ALTER TABLE needs before the facts are read again, so
/// that nothing can change between the reading and the change.
#[must_use]
pub fn lock_table(table: &QualifiedName) -> String {
    format!("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", table.quoted())
}
