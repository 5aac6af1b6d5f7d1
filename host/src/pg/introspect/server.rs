//! Which server, database and role.

use serde::Serialize;

use birth_core::op::DatabaseIdentity;
use birth_core::sql::query;

use super::Reader;
use crate::pg::error::PgError;
use crate::pg::session::column;

/// What is known of the server, the database and the role.
#[derive(Debug, Clone, Serialize)]
pub struct Server {
    /// `server_version_num`.
    pub version_number: i32,
    /// `server_version`.
    pub version: String,
    /// Which database.
    pub database: DatabaseIdentity,
    /// The role.
    pub role: String,
    /// Whether it is a standby.
    pub standby: bool,
    /// Whether transactions only read unless they say otherwise: whoever set it
    /// means it.
    pub read_only: bool,
    /// Locks the server has room for.
    pub lock_slots: i64,
    /// Locks held now.
    pub locks_held: i64,
}

impl Reader<'_> {
    /// Server, database and role.
    pub async fn server(&self) -> Result<Server, PgError> {
        let row = self
            .session
            .one("reading the server's version", query::SERVER, &[])
            .await?;
        Ok(Server {
            version_number: column(&row, 0)?,
            version: column(&row, 1)?,
            database: DatabaseIdentity {
                // The catalog shows the unsigned 64-bit number as a bigint.
                system_identifier: column::<i64>(&row, 2)?.cast_unsigned(),
                timeline: column::<i32>(&row, 3)?.cast_unsigned(),
                database_oid: column(&row, 4)?,
                database: column(&row, 5)?,
            },
            role: column(&row, 6)?,
            standby: column(&row, 7)?,
            lock_slots: column(&row, 8)?,
            locks_held: column(&row, 9)?,
            read_only: column(&row, 10)?,
        })
    }
}
