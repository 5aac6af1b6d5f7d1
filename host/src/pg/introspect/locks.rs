//! The role's rights on a table, and who holds locks.

use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use birth_core::sql::frame::TableLock;
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

    /// Who holds locks on tables that stand in the way of a mode, the oldest
    /// twenty.
    pub async fn lock_holders(
        &self,
        oids: &[u32],
        mode: TableLock,
    ) -> Result<Vec<LockHolder>, PgError> {
        let rows = self
            .session
            .rows(
                "asking who holds the lock",
                query::LOCK_HOLDERS,
                &[
                    (&oids, Type::OID_ARRAY),
                    (&mode.blocked_by(), Type::TEXT_ARRAY),
                ],
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

    /// Tables that the role does not own, with their owners.
    pub async fn not_owned(&self, oids: &[u32]) -> Result<Vec<(String, String)>, PgError> {
        let action = "reading who owns the tables";
        let rows = self
            .session
            .rows(action, query::NOT_OWNED, &[(&oids, Type::OID_ARRAY)])
            .await?;
        rows.iter()
            .map(|row| Ok((column(row, 0)?, column(row, 1)?)))
            .collect()
    }

    /// A table, where the role may not read and delete rows of it.
    pub async fn may_not_delete(&self, oid: u32) -> Result<Option<String>, PgError> {
        let action = "reading the role's rights";
        let rows = self
            .session
            .rows(action, query::MAY_NOT_DELETE, &[(&oid, Type::OID)])
            .await?;
        rows.first().map(|row| column(row, 0)).transpose()
    }

    /// Functions that the present transaction made or changed, but for those that
    /// are `allowed`.
    pub async fn functions_made(&self, allowed: &[u32]) -> Result<Vec<String>, PgError> {
        let action = "looking for functions that this transaction made";
        let rows = self
            .session
            .rows(
                action,
                query::FUNCTIONS_MADE,
                &[(&allowed, Type::OID_ARRAY)],
            )
            .await?;
        rows.iter().map(|row| column(row, 0)).collect()
    }

    /// Tables of which the present transaction changed rows, and how many, but
    /// for those that are `allowed`. None where the server does not count.
    pub async fn rows_touched(
        &self,
        allowed: &[u32],
    ) -> Result<Option<Vec<(String, i64)>>, PgError> {
        let action = "counting the rows this transaction changed";
        let rows = self
            .session
            .rows(action, query::ROWS_TOUCHED, &[(&allowed, Type::OID_ARRAY)])
            .await?;
        let mut touched = Vec::new();
        for row in &rows {
            if !column::<bool>(row, 0)? {
                return Ok(None);
            }
            if let Some(table) = column::<Option<String>>(row, 1)? {
                touched.push((table, column(row, 2)?));
            }
        }
        Ok(Some(touched))
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
