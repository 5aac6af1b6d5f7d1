//! One connection with the little that transactions and readers need of it.

use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

use birth_core::sql::frame::Timeouts;

use super::connect::{ConnectError, Connection, ConnectionSettings};
use super::error::PgError;

/// A connection. Every wait for an answer is bounded on this side as well: a
/// network that swallows packets looks like a server that thinks.
#[derive(Debug)]
pub struct Session {
    connection: Connection,
    patience: Duration,
}

/// What the network may take on top of what the server may take.
const NETWORK: Duration = Duration::from_secs(10);

/// A parameter with its type, so that a query needs no extra round trip.
pub(super) type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

impl Session {
    /// Connects; `application` is what other sessions see of this one.
    pub async fn open(
        settings: &ConnectionSettings,
        application: &str,
        timeouts: Timeouts,
    ) -> Result<Self, ConnectError> {
        Ok(Self {
            connection: settings.connect(application).await?,
            patience: timeouts.lock + timeouts.statement + NETWORK,
        })
    }

    /// Ends the session. A server that cannot be told notices by itself.
    pub async fn close(self) {
        let _ = tokio::time::timeout(NETWORK, self.connection.close()).await;
    }

    /// Whether the connection uses TLS.
    #[must_use]
    pub fn encrypted(&self) -> bool {
        self.connection.encrypted()
    }

    /// Runs a script of this program's own text on a throw-away server, to make
    /// the demo's estate. The only text that is not rendered by the core; it is
    /// a constant of the program, so nothing from outside can be in it.
    pub async fn prepare_throw_away_estate(&self, script: &'static str) -> Result<(), PgError> {
        self.batch("making the demo's estate", &[script.to_owned()])
            .await
    }

    pub(super) async fn batch(&self, action: &str, statements: &[String]) -> Result<(), PgError> {
        let text = statements.join(";\n");
        self.answer(action, self.connection.client.batch_execute(&text))
            .await
    }

    pub(super) fn client(&self) -> &Client {
        &self.connection.client
    }

    pub(super) async fn answer<T>(
        &self,
        action: &str,
        work: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, PgError> {
        match tokio::time::timeout(self.patience, work).await {
            Ok(answer) => answer.map_err(|error| PgError::new(action, &error)),
            Err(_) => Err(PgError::no_answer(action, self.patience)),
        }
    }

    pub(super) async fn rows(
        &self,
        action: &str,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, PgError> {
        self.answer(action, self.connection.client.query_typed(sql, parameters))
            .await
    }

    /// Hands over the rows of an answer as they come, so that a large one is
    /// never held as a whole. The wait is bounded as for any other answer: over
    /// all of it, or a server that sends a row now and then would never end.
    pub(super) async fn each(
        &self,
        action: &str,
        sql: &str,
        parameters: &[Parameter<'_>],
        mut take: impl FnMut(&Row) -> Result<(), PgError>,
    ) -> Result<(), PgError> {
        let typed = parameters
            .iter()
            .map(|(value, r#type)| (*value, r#type.clone()));
        let work = async {
            let rows = self.connection.client.query_typed_raw(sql, typed).await;
            let mut rows = pin!(rows.map_err(|error| PgError::new(action, &error))?);
            while let Some(row) = rows.next().await {
                take(&row.map_err(|error| PgError::new(action, &error))?)?;
            }
            Ok(())
        };
        tokio::time::timeout(self.patience, work)
            .await
            .unwrap_or_else(|_| Err(PgError::no_answer(action, self.patience)))
    }

    pub(super) async fn one(
        &self,
        action: &str,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Row, PgError> {
        let rows = self.rows(action, sql, parameters).await?;
        let count = rows.len();
        rows.into_iter()
            .next()
            .filter(|_| count == 1)
            .ok_or_else(|| PgError::unexpected(action, format!("{count} rows instead of one")))
    }
}

/// Reads one column; a type that does not fit is a server this host does not
/// know.
pub(super) fn column<'r, T>(row: &'r Row, index: usize) -> Result<T, PgError>
where
    T: tokio_postgres::types::FromSql<'r>,
{
    row.try_get(index)
        .map_err(|error| PgError::new("reading an answer of the server", &error))
}
