//! What became of a commit whose answer was lost.

use std::time::Duration;

use birth_core::outcome::FailureClass;

use super::Environment;
use super::operation::{Operation, Traces};
use super::stage::AfterCommit;
use crate::journal::Keys;
use crate::pg::{PgErrorKind, ReadTransaction, Session, TransactionFate};
use crate::run::failure::Failure;

/// What was established.
#[derive(Debug)]
pub enum Fate {
    /// Committed; how it is known.
    Committed(String),
    /// Rolled back; how it is known.
    RolledBack(String),
    /// Not known yet; why.
    Unknown(String),
}

/// How often a new connection is tried before giving up for now.
const ATTEMPTS: u32 = 6;

/// Finds out, without guessing: reconnects, waits for the run's advisory lock
/// (which the server releases only after the outcome is visible), asks for the
/// transaction's status, and where the server cannot say, looks whether the
/// captured objects are there.
pub async fn establish<O: Operation>(
    environment: &Environment,
    after: &AfterCommit<O>,
    sealed: &Keys<O::Keys>,
) -> Fate {
    let mut last = String::new();
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            tokio::time::sleep(Duration::from_millis(250 * 2_u64.pow(attempt))).await;
        }
        match try_establish(environment, after, sealed).await {
            Ok(fate) => return fate,
            Err(failure) => {
                tracing::info!("the outcome could not be asked yet: {failure}");
                last = failure.reason();
            }
        }
    }
    Fate::Unknown(last)
}

async fn try_establish<O: Operation>(
    environment: &Environment,
    after: &AfterCommit<O>,
    sealed: &Keys<O::Keys>,
) -> Result<Fate, Failure> {
    let timeouts = environment.access.timeouts;
    let session = environment.access.open().await?;
    let transaction = ReadTransaction::begin(session, timeouts).await?;
    let server = transaction.reader().server().await?;
    let session = transaction.end().await?;
    if !server.database.is_same_database(&sealed.database) {
        return Ok(Fate::Unknown(
            super::failure::other_database("the run was", &sealed.database, &server.database)
                .reason(),
        ));
    }
    match session.wait_until_free(O::LOCK_KEY, timeouts).await {
        Ok(()) => {}
        Err(error) if error.kind == PgErrorKind::LockTimeout => {
            return Ok(Fate::Unknown(format!(
                "the advisory lock of the run is held: its transaction {} has not ended, or another run is at work",
                sealed.transaction
            )));
        }
        Err(error) => return Err(error.into()),
    }
    // On another timeline the number may belong to another transaction.
    let status = if server.database.timeline == sealed.database.timeline {
        session
            .transaction_fate(&sealed.transaction, timeouts)
            .await?
    } else {
        TransactionFate::Forgotten
    };
    let id = &sealed.transaction;
    Ok(match status {
        TransactionFate::Committed => {
            let found = traces(session, environment, after).await;
            match found {
                // A crash loses the number of an open transaction whose WAL was
                // not written out yet, and gives it out again: the answer is
                // then about somebody else's commit.
                Ok(Traces::Absent) => Fate::RolledBack(format!(
                    "the server says that transaction {id} is committed, but nothing that the run did is there: after a crash the server gave its number to another one, or somebody removed everything since"
                )),
                Err(failure) if failure.class == FailureClass::Connection => return Err(failure),
                Ok(Traces::Done | Traces::Mixed) => Fate::Committed(format!(
                    "the server says that transaction {id} is committed"
                )),
                Err(failure) => Fate::Unknown(format!(
                    "the server says that transaction {id} is committed, but what it did could not be looked at: {failure}"
                )),
            }
        }
        TransactionFate::Aborted => {
            Fate::RolledBack(format!("the server says that transaction {id} is aborted"))
        }
        TransactionFate::InProgress => {
            Fate::Unknown(format!("transaction {id} is still in progress"))
        }
        TransactionFate::Forgotten => by_traces(session, environment, after, sealed).await?,
    })
}

async fn traces<O: Operation>(
    session: Session,
    environment: &Environment,
    after: &AfterCommit<O>,
) -> Result<Traces, Failure> {
    let transaction = ReadTransaction::begin(session, environment.access.timeouts).await?;
    let found = after
        .operation
        .traces(
            transaction.reader(),
            &after.target,
            &after.plan,
            &after.keys,
        )
        .await?;
    transaction.end().await?.close().await;
    Ok(found)
}

async fn by_traces<O: Operation>(
    session: Session,
    environment: &Environment,
    after: &AfterCommit<O>,
    sealed: &Keys<O::Keys>,
) -> Result<Fate, Failure> {
    let id = &sealed.transaction;
    let found = traces(session, environment, after).await?;
    Ok(match found {
        Traces::Done => Fate::Committed(format!(
            "the server no longer knows transaction {id}; every captured identity is as it left it"
        )),
        Traces::Absent => Fate::RolledBack(format!(
            "the server no longer knows transaction {id}; nothing that it did is there"
        )),
        Traces::Mixed => Fate::Unknown(format!(
            "the server no longer knows transaction {id}, and only part of what it did is there: somebody changed it since"
        )),
    })
}
