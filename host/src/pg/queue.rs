//! The gate's queue: claiming events, and what waits.

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use birth_core::coverage::queue::{QueueState, QueuedEvent};
use birth_core::ident::QualifiedName;
use birth_core::sql::Statement;
use birth_core::sql::query::queue as query;

use super::error::PgError;
use super::introspect::Reader;
use super::session::column;
use super::transaction::Transaction;

impl<S: Statement> Transaction<S> {
    /// Claims events that nobody else works on, until the transaction ends.
    pub async fn claim_events(
        &self,
        queue: &QualifiedName,
        most: u32,
    ) -> Result<Vec<QueuedEvent>, PgError> {
        self.reader()
            .session
            .rows(
                "claiming events of the queue",
                &query::claim(queue),
                &[(&i64::from(most), Type::INT8)],
            )
            .await?
            .iter()
            .map(event)
            .collect()
    }
}

impl Reader<'_> {
    /// What waits in the queue.
    pub async fn queue_state(&self, queue: &QualifiedName) -> Result<QueueState, PgError> {
        let row = self
            .session
            .one("counting the queue", &query::state(queue), &[])
            .await?;
        Ok(QueueState {
            waiting: column(&row, 0)?,
            postponed: column(&row, 1)?,
            set_aside: column(&row, 2)?,
            oldest_seconds: column(&row, 3)?,
        })
    }

    /// Events that failed, and whether they were set aside; those first.
    pub async fn failed_events(
        &self,
        queue: &QualifiedName,
        most: u32,
    ) -> Result<Vec<(QueuedEvent, bool)>, PgError> {
        self.session
            .rows(
                "reading the events that failed",
                &query::failed(queue),
                &[(&i64::from(most), Type::INT8)],
            )
            .await?
            .iter()
            .map(|row| Ok((event(row)?, column(row, 6)?)))
            .collect()
    }
}

fn event(row: &Row) -> Result<QueuedEvent, PgError> {
    Ok(QueuedEvent {
        id: column(row, 0)?,
        collection: column(row, 1)?,
        cause: column(row, 2)?,
        attempts: column(row, 3)?,
        recorded_at: column(row, 4)?,
        error: column(row, 5)?,
    })
}
