//! The role's rights on a table, and who holds locks.

use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use birth_core::sql::query::locks as query;

use super::Reader;
use crate::pg::error::PgError;
use crate::pg::session::column;

/// The role's rights on a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRights {
    /// May alter the table and everything that inherits from it: is or inherits
    /// from every owner, or is a superuser.
    pub owner: bool,
    /// The first table among them that the role may not alter.
    pub not_owned: Option<String>,
    /// Who owns that one, else the table itself.
    pub owner_name: String,
    /// May read it.
    pub select: bool,
    /// Row security would hide rows from the role.
    pub hides_rows: bool,
    /// Partitions and inheriting tables below it: ALTER TABLE locks them too.
    pub descendants: i64,
}

/// Somebody who holds a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockHolder {
    /// Backend process id; none for a prepared transaction.
    pub pid: Option<i32>,
    /// Name of the prepared transaction.
    pub prepared: Option<String>,
    /// Role.
    pub user: String,
    /// `application_name`.
    pub application: String,
    /// `pg_stat_activity.state`.
    pub state: String,
    /// Age of its transaction in seconds.
    pub seconds: i64,
    /// Lock modes.
    pub modes: String,
}

impl std::fmt::Display for LockHolder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.pid, &self.prepared) {
            (Some(pid), _) => write!(f, "pid {pid}")?,
            (None, Some(name)) => write!(f, "the prepared transaction {name:?}")?,
            (None, None) => f.write_str("a prepared transaction")?,
        }
        if !self.user.is_empty() {
            write!(f, " ({}", self.user)?;
            if !self.application.is_empty() {
                write!(f, ", {}", self.application)?;
            }
            let state = match (self.pid, self.state.as_str()) {
                (None, _) => "prepared",
                (Some(_), "") => "in a state that is not visible",
                (Some(_), state) => state,
            };
            write!(f, ", {state} for {} s)", self.seconds)?;
        }
        write!(f, " holds {}", self.modes)
    }
}

impl Reader<'_> {
    /// The role's rights on a table.
    pub async fn table_rights(&self, oid: u32) -> Result<TableRights, PgError> {
        let row = self
            .session
            .one(
                "reading the role's rights",
                query::TABLE_RIGHTS,
                &[(&oid, Type::OID)],
            )
            .await?;
        let not_owned: Option<String> = column(&row, 0)?;
        let owner_of_that: Option<String> = column(&row, 1)?;
        Ok(TableRights {
            owner: not_owned.is_none(),
            not_owned,
            owner_name: owner_of_that.map_or_else(|| column(&row, 5), Ok)?,
            descendants: column(&row, 2)?,
            select: column(&row, 3)?,
            hides_rows: column(&row, 4)?,
        })
    }

    /// Who holds locks on a table.
    pub async fn lock_holders(&self, oid: u32) -> Result<Vec<LockHolder>, PgError> {
        let rows = self
            .session
            .rows(
                "asking who holds the lock",
                query::LOCK_HOLDERS,
                &[(&oid, Type::OID)],
            )
            .await?;
        rows.iter().map(holder).collect()
    }

    /// Who holds an advisory lock.
    pub async fn advisory_holders(&self, key: &str) -> Result<Vec<LockHolder>, PgError> {
        let rows = self
            .session
            .rows(
                "asking who holds the lock",
                query::ADVISORY_HOLDERS,
                &[(&key, Type::TEXT)],
            )
            .await?;
        rows.iter().map(holder).collect()
    }

    /// How many rows of a table the present transaction changed.
    pub async fn rows_touched(&self, oid: u32) -> Result<i64, PgError> {
        let action = "counting the rows this transaction changed";
        let row = self
            .session
            .one(action, query::ROWS_TOUCHED, &[(&oid, Type::OID)])
            .await?;
        column(&row, 0)
    }
}

fn holder(row: &Row) -> Result<LockHolder, PgError> {
    Ok(LockHolder {
        pid: column(row, 0)?,
        prepared: column(row, 1)?,
        user: column(row, 2)?,
        application: column(row, 3)?,
        state: column(row, 4)?,
        seconds: column(row, 5)?,
        modes: column(row, 6)?,
    })
}
