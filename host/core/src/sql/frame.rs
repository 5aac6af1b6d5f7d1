//! The statements around an operation: transaction, timeouts, locks.

use std::time::Duration;

use super::literal;
use crate::ident::QualifiedName;

/// The lock that every operation of this program shares, so that no two of
/// them ever run at once on one database.
pub const SHARED_LOCK_KEY: &str = "birth_governed_operation";

/// The lock under which gate and sweep open issues, so that no two of them open
/// one for the same finding. It is taken only where there is something new.
pub const FINDINGS_LOCK_KEY: &str = "birth_findings_writer";

/// The lock that tells those who look for open issues from those who close them:
/// who records findings shares it, who closes issues has it alone. So an issue is
/// never closed between somebody's finding it open and relying on that.
pub const CLOSING_LOCK_KEY: &str = "birth_findings_closing";

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

/// Marks a point in the transaction that it can go back to.
pub const SAVEPOINT: &str = "SAVEPOINT birth_attempt";

/// Goes back to the point: what failed since is undone, locks that were taken
/// before it are kept.
pub const ROLLBACK_TO_SAVEPOINT: &str = "ROLLBACK TO SAVEPOINT birth_attempt";

/// The settings of a transaction, in order. The search path holds nothing but
/// the system catalog, so that every name in this program's text is either
/// qualified or PostgreSQL's own, and catalogs print fully qualified names.
#[must_use]
pub fn local_settings(timeouts: Timeouts) -> Vec<String> {
    vec![
        lock_timeout(timeouts.lock),
        statement_timeout(timeouts.statement),
        "SET LOCAL idle_in_transaction_session_timeout = '60s'".to_owned(),
        "SET LOCAL search_path = pg_catalog, pg_temp".to_owned(),
        // Rows that a policy would hide are an error, not an empty answer: a
        // rollback that cannot see data must not take it for absent.
        "SET LOCAL row_security = off".to_owned(),
        // Texts of types and constraints are read, and compared over time,
        // with these; see `catalog::check`.
        "SET LOCAL quote_all_identifiers = off".to_owned(),
        // What the journal calls committed has to survive a crash of the server.
        // More than that, such as waiting for a standby, is the server's own.
        "SELECT set_config('synchronous_commit', 'on', true) \
         WHERE current_setting('synchronous_commit') = 'off'"
            .to_owned(),
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

/// Waits for an advisory lock, bounded by `statement_timeout` alone; `shared` is
/// had by many at once.
#[must_use]
pub fn wait_patiently(key: &str, shared: bool, timeouts: Timeouts) -> [String; 3] {
    let wait = if shared {
        format!(
            "SELECT pg_advisory_xact_lock_shared(hashtext({}))",
            literal(key)
        )
    } else {
        wait_for_lock(key)
    };
    [
        "SET LOCAL lock_timeout = 0".to_owned(),
        wait,
        lock_timeout(timeouts.lock),
    ]
}

fn lock_timeout(timeout: Duration) -> String {
    format!("SET LOCAL lock_timeout = '{}ms'", timeout.as_millis())
}

/// A table lock mode that an operation needs (PostgreSQL manual, "Explicit
/// Locking").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableLock {
    /// ALTER TABLE and DROP TRIGGER: nobody reads or writes.
    AccessExclusive,
    /// CREATE TRIGGER: everybody reads, nobody writes.
    ShareRowExclusive,
}

/// A table that is to be locked.
#[derive(Debug, Clone, Copy)]
pub struct LockedTable<'a> {
    /// `pg_class.oid`, to name who holds its lock.
    pub oid: u32,
    /// Its name.
    pub name: &'a QualifiedName,
    /// The statements reach what inherits from it too.
    pub with_descendants: bool,
}

/// Makes deferred constraint triggers fire now and not at COMMIT, so that what
/// they do is seen by the verification.
pub const FIRE_DEFERRED: &str = "SET CONSTRAINTS ALL IMMEDIATE";

impl TableLock {
    /// The mode as LOCK TABLE takes it.
    #[must_use]
    pub fn mode(self) -> &'static str {
        match self {
            Self::AccessExclusive => "ACCESS EXCLUSIVE",
            Self::ShareRowExclusive => "SHARE ROW EXCLUSIVE",
        }
    }

    /// The modes that stand in its way, as `pg_locks.mode` names them.
    #[must_use]
    pub fn blocked_by(self) -> &'static [&'static str] {
        const ALL: [&str; 8] = [
            "AccessShareLock",
            "RowShareLock",
            "RowExclusiveLock",
            "ShareUpdateExclusiveLock",
            "ShareLock",
            "ShareRowExclusiveLock",
            "ExclusiveLock",
            "AccessExclusiveLock",
        ];
        match self {
            Self::AccessExclusive => &ALL,
            Self::ShareRowExclusive => &ALL[2..],
        }
    }
}

/// Takes the locks that the statements need, all in one statement, so that
/// what was planned cannot change between the last look and the change. Where
/// there are several, not only each wait but the whole statement is bounded by
/// the lock timeout: who waits for a table that is locked already waits no
/// longer than that for the others. It is bounded by the server's
/// `deadlock_timeout` as well: an application's transaction that holds a table
/// we wait for, and waits for one we hold, must get it before it looks for a
/// deadlock, because it would be the one that is ended. Locks are taken in the
/// order of the names.
#[must_use]
pub fn lock_tables(tables: &[LockedTable<'_>], mode: TableLock, timeouts: Timeouts) -> Vec<String> {
    let names: Vec<String> = tables
        .iter()
        .map(|table| {
            let only = if table.with_descendants { "" } else { "ONLY " };
            format!("{only}{}", table.name.quoted())
        })
        .collect();
    let lock = format!("LOCK TABLE {} IN {} MODE", names.join(", "), mode.mode());
    match tables.len() {
        0 => vec![],
        1 => vec![lock],
        _ => vec![
            bounded_by_deadlock_timeout(timeouts.lock),
            lock,
            statement_timeout(timeouts.statement),
        ],
    }
}

/// Four fifths of the server's `deadlock_timeout`, if that is shorter. The
/// setting is read where everybody may read it, in milliseconds.
fn bounded_by_deadlock_timeout(timeout: Duration) -> String {
    format!(
        "SELECT set_config('statement_timeout', least({}, greatest(setting::int8 * 4 / 5, 1)) || 'ms', true) \
         FROM pg_settings WHERE name = 'deadlock_timeout'",
        timeout.as_millis()
    )
}

fn statement_timeout(timeout: Duration) -> String {
    format!("SET LOCAL statement_timeout = '{}ms'", timeout.as_millis())
}
