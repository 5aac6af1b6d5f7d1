//! One connection with the little that transactions and readers need of it.

use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

use super::connect::{ConnectError, Connection, ConnectionSettings};
use super::error::PgError;

/// A connection.
#[derive(Debug)]
pub struct Session(Connection);

/// A parameter with its type, so that a query needs no extra round trip.
pub(super) type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

impl Session {
    /// Connects; `application` is what other sessions see of this one.
    pub async fn open(
        settings: &ConnectionSettings,
        application: &str,
    ) -> Result<Self, ConnectError> {
        Ok(Self(settings.connect(application).await?))
    }

    /// Ends the session.
    pub async fn close(self) {
        self.0.close().await;
    }

    /// Whether the connection uses TLS.
    #[must_use]
    pub fn encrypted(&self) -> bool {
        self.0.encrypted()
    }

    /// Runs a script of this program's own text on a throw-away server, to make
    /// the demo's estate. The only text that is not rendered by the core; it is
    /// a constant of the program, so nothing from outside can be in it.
    pub async fn prepare_throw_away_estate(&self, script: &'static str) -> Result<(), PgError> {
        self.batch("making the demo's estate", &[script.to_owned()])
            .await
    }

    pub(super) async fn batch(&self, action: &str, statements: &[String]) -> Result<(), PgError> {
        self.0
            .client
            .batch_execute(&statements.join(";\n"))
            .await
            .map_err(|error| PgError::new(action, &error))
    }

    pub(super) async fn rows(
        &self,
        action: &str,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, PgError> {
        self.0
            .client
            .query_typed(sql, parameters)
            .await
            .map_err(|error| PgError::new(action, &error))
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
