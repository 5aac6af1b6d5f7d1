//! Transactions: a read-only one, and the one of an operation.

use std::marker::PhantomData;

use tokio_postgres::types::Type;

use birth_core::sql::frame::{LockedTable, TableLock};
use birth_core::sql::{Statement, frame, query};

use super::error::{PgError, PgErrorKind};
use super::introspect::{LockHolder, Reader};
use super::pipeline::Returned;
use super::session::{Parameter, Session, column};

/// A read-only, repeatable-read transaction: every query in it sees the same
/// state of the database.
#[derive(Debug)]
pub struct ReadTransaction {
    session: Session,
}

impl ReadTransaction {
    /// Opens it.
    pub async fn begin(session: Session, timeouts: frame::Timeouts) -> Result<Self, PgError> {
        let mut statements = vec![frame::BEGIN_READ.to_owned()];
        statements.extend(frame::local_settings(timeouts));
        session
            .batch("opening a read-only transaction", &statements)
            .await?;
        Ok(Self { session })
    }

    /// Reads in it.
    #[must_use]
    pub fn reader(&self) -> Reader<'_> {
        Reader::new(&self.session)
    }

    /// Ends it and gives the session back.
    pub async fn end(self) -> Result<Session, PgError> {
        self.session
            .batch(
                "ending a read-only transaction",
                &[frame::COMMIT.to_owned()],
            )
            .await?;
        Ok(self.session)
    }
}

/// The transaction of an operation. It takes statements of that operation's
/// closed vocabulary and nothing else:
///
/// ```compile_fail,E0308
/// use birth_core::op::storage::{statement::StorageStatement, undo::StorageUndo};
/// use birth_host::pg::Transaction;
///
/// async fn drop_something(tx: &Transaction<StorageStatement>, undo: &[StorageUndo]) {
///     // A transaction that adds cannot take a statement that drops.
///     let _ = tx.execute(undo, &|_| {}).await;
/// }
/// ```
///
/// ```compile_fail,E0308
/// use birth_core::op::storage::statement::StorageStatement;
/// use birth_host::pg::Transaction;
///
/// async fn text(tx: &Transaction<StorageStatement>) {
///     // There is no way to pass SQL text in.
///     let _ = tx.execute(&["DROP TABLE users"], &|_| {}).await;
/// }
/// ```
#[derive(Debug)]
pub struct Transaction<S> {
    session: Session,
    timeouts: frame::Timeouts,
    statements: PhantomData<fn(S)>,
}

/// What is known when a COMMIT did not simply succeed.
#[derive(Debug)]
pub enum CommitError {
    /// The connection broke while the answer was awaited: the server may have
    /// committed or not.
    Lost(PgError),
    /// The server said no; the transaction is rolled back.
    Refused(PgError),
}

/// What the server says of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionFate {
    /// It is committed.
    Committed,
    /// It is rolled back.
    Aborted,
    /// It is still running.
    InProgress,
    /// The server does not know it (any more).
    Forgotten,
}

impl<S: Statement> Transaction<S> {
    /// Opens it.
    pub async fn begin(session: Session, timeouts: frame::Timeouts) -> Result<Self, PgError> {
        let mut statements = vec![frame::BEGIN.to_owned()];
        statements.extend(frame::local_settings(timeouts));
        session
            .batch("opening the transaction", &statements)
            .await?;
        Ok(Self {
            session,
            timeouts,
            statements: PhantomData,
        })
    }

    /// Tries an advisory lock.
    pub async fn try_lock(&self, key: &str) -> Result<bool, PgError> {
        let row = self
            .session
            .one("taking the advisory lock", &frame::try_lock(key), &[])
            .await?;
        column(&row, 0)
    }

    /// Waits for an advisory lock, as long as a statement may take, and keeps it
    /// until the end of the transaction. `lock_timeout` is there for locks that
    /// others queue up behind; behind this one there is nobody but this program.
    pub async fn wait_for_lock(&self, key: &str) -> Result<(), PgError> {
        self.wait(key, false).await
    }

    /// As [`Self::wait_for_lock`], with others who share it.
    pub async fn wait_for_shared_lock(&self, key: &str) -> Result<(), PgError> {
        self.wait(key, true).await
    }

    async fn wait(&self, key: &str, shared: bool) -> Result<(), PgError> {
        let statements = frame::wait_patiently(key, shared, self.timeouts);
        let mut waited = self
            .session
            .batch("waiting for an advisory lock", &statements)
            .await;
        if let Err(error) = &mut waited
            && error.kind == PgErrorKind::Cancelled
        {
            error.kind = PgErrorKind::LockTimeout;
        }
        waited
    }

    /// Takes the locks that the statements need, waiting up to `lock_timeout`.
    pub async fn lock_tables(
        &self,
        tables: &[LockedTable<'_>],
        mode: TableLock,
        timeouts: frame::Timeouts,
    ) -> Result<(), PgError> {
        let statements = frame::lock_tables(tables, mode, timeouts);
        if statements.is_empty() {
            return Ok(());
        }
        let action = match tables {
            [table] => format!("locking the table {}", table.name),
            several => format!("locking {} tables", several.len()),
        };
        let mut locked = self.session.batch(&action, &statements).await;
        if let Err(error) = &mut locked
            && error.kind == PgErrorKind::Cancelled
        {
            // Their bound as a whole: see `frame::lock_tables`.
            error.kind = PgErrorKind::LockTimeout;
        }
        locked
    }

    /// Executes statements of the operation in their order, and gives the rows
    /// of those that return some. The first that fails ends it: the error names
    /// it, and the transaction can only be rolled back. `tell` hears how many
    /// have been executed.
    pub async fn execute(
        &self,
        statements: &[S],
        tell: &dyn Fn(usize),
    ) -> Result<Vec<Returned>, PgError> {
        self.session.pipeline(statements, tell).await
    }

    /// Marks a point to go back to.
    pub async fn savepoint(&self) -> Result<(), PgError> {
        self.session
            .batch("setting a savepoint", &[frame::SAVEPOINT.to_owned()])
            .await
    }

    /// Undoes what was done since the savepoint.
    pub async fn back_to_savepoint(&self) -> Result<(), PgError> {
        self.session
            .batch(
                "going back to the savepoint",
                &[frame::ROLLBACK_TO_SAVEPOINT.to_owned()],
            )
            .await
    }

    /// Lets deferred triggers fire.
    pub async fn fire_deferred(&self) -> Result<(), PgError> {
        self.session
            .batch(
                "firing deferred triggers",
                &[frame::FIRE_DEFERRED.to_owned()],
            )
            .await
    }

    /// Reads in the transaction.
    #[must_use]
    pub fn reader(&self) -> Reader<'_> {
        Reader::new(&self.session)
    }

    /// The transaction's id, by which its fate can be asked later.
    pub async fn id(&self) -> Result<String, PgError> {
        let row = self
            .session
            .one("reading the transaction id", query::TRANSACTION_ID, &[])
            .await?;
        column(&row, 0)
    }

    /// Commits.
    pub async fn commit(self) -> Result<Session, CommitError> {
        match self
            .session
            .batch("committing", &[frame::COMMIT.to_owned()])
            .await
        {
            Ok(()) => Ok(self.session),
            // Only the server can say no. An answer that could not be read, or
            // none, leaves it open whether it committed.
            Err(error)
                if matches!(
                    error.kind,
                    PgErrorKind::ConnectionLost | PgErrorKind::Unexpected
                ) =>
            {
                Err(CommitError::Lost(error))
            }
            Err(error) => Err(CommitError::Refused(error)),
        }
    }

    /// Rolls back. A connection that breaks here is rolled back by the server.
    pub async fn rollback(self) -> Result<Session, PgError> {
        self.session
            .batch("rolling back", &[frame::ROLLBACK.to_owned()])
            .await?;
        Ok(self.session)
    }
}

impl Session {
    /// Waits until nobody holds an advisory lock, up to `lock_timeout`. The
    /// server releases a transaction's locks after its outcome is visible, so
    /// this is a barrier.
    pub async fn wait_until_free(
        &self,
        key: &str,
        timeouts: frame::Timeouts,
    ) -> Result<(), PgError> {
        let mut statements = vec![frame::BEGIN.to_owned()];
        statements.extend(frame::local_settings(timeouts));
        statements.push(frame::wait_for_lock(key));
        statements.push(frame::COMMIT.to_owned());
        let waited = self
            .batch("waiting for the run's advisory lock", &statements)
            .await;
        if waited.is_err() {
            // Leaves the failed transaction; the error that matters is above.
            let _ = self
                .batch("rolling back", &[frame::ROLLBACK.to_owned()])
                .await;
        }
        waited
    }

    /// Who holds locks on tables now that stand in the way of a mode, read in
    /// a transaction of its own.
    pub async fn lock_holders(
        &self,
        oids: &[u32],
        mode: TableLock,
        timeouts: frame::Timeouts,
    ) -> Result<Vec<LockHolder>, PgError> {
        self.aside(timeouts, Reader::new(self).lock_holders(oids, mode))
            .await?
    }

    /// Asks something in a read-only transaction of its own, framed like any
    /// other: a search path of the role's must not choose who answers.
    async fn aside<T>(
        &self,
        timeouts: frame::Timeouts,
        question: impl Future<Output = Result<T, PgError>>,
    ) -> Result<Result<T, PgError>, PgError> {
        let mut statements = vec![frame::BEGIN_READ.to_owned()];
        statements.extend(frame::local_settings(timeouts));
        self.batch("opening a read-only transaction", &statements)
            .await?;
        let answer = question.await;
        self.batch(
            "ending a read-only transaction",
            &[frame::ROLLBACK.to_owned()],
        )
        .await?;
        Ok(answer)
    }

    /// Asks what became of a transaction.
    pub async fn transaction_fate(
        &self,
        id: &str,
        timeouts: frame::Timeouts,
    ) -> Result<TransactionFate, PgError> {
        let action = "asking what became of the transaction";
        let question: &[Parameter<'_>] = &[(&id, Type::TEXT)];
        let answer = self
            .aside(
                timeouts,
                self.one(action, query::TRANSACTION_STATUS, question),
            )
            .await?;
        let status: Option<String> = match answer {
            Ok(row) => column(&row, 0)?,
            // "transaction ID … is in the future": this server's history does
            // not hold the transaction, for example after a restore.
            Err(error) if error.kind == PgErrorKind::Refused => None,
            Err(error) => return Err(error),
        };
        Ok(match status.as_deref() {
            Some("committed") => TransactionFate::Committed,
            Some("aborted") => TransactionFate::Aborted,
            Some("in progress") => TransactionFate::InProgress,
            _ => TransactionFate::Forgotten,
        })
    }
}
