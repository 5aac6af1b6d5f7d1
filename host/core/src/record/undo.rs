//! Taking rows away again: by exact primary key, and only while they are what
//! the run wrote.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::statement::{RecordInsert, RowColumn};
use crate::digest::Digest;
use crate::ident::{Identifier, QualifiedName};
use crate::sql::{Statement, record as sql};

/// One column of a primary key with its value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyValue {
    /// The column.
    pub column: Identifier,
    /// Its type, as SQL text of the catalog's.
    pub r#type: String,
    /// Its value as text.
    pub value: String,
}

/// A row that a run wrote. Rollback keys that were written when there were only
/// issues name its fields as they were called then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordKey {
    /// What it is about, for people: a collection.
    #[serde(rename = "collection")]
    pub about: String,
    /// Its primary key.
    pub key: Vec<KeyValue>,
    /// Digest of the row as it was stored, over [`RecordKeys::columns`].
    pub row: Digest,
}

/// All rows of one table that a run wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordKeys {
    /// `pg_class.oid` of the table.
    pub table_oid: u32,
    /// Its name when the run was made, for people.
    pub table: QualifiedName,
    /// The columns there were: one that is added later does not make a row look
    /// changed.
    pub columns: Vec<RowColumn>,
    /// The rows, in the order in which they were written.
    #[serde(rename = "issues")]
    pub rows: Vec<RecordKey>,
}

/// What became of a row that a run wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordRow {
    /// It is there as it was written.
    Unchanged,
    /// It is there, and something of it is different.
    Changed {
        /// Its digest over the same columns; none where one of those is gone.
        now: Option<Digest>,
    },
    /// It is there, and rows of these tables refer to it.
    ReferredTo {
        /// The tables.
        by: Vec<String>,
    },
    /// No row has its primary key.
    Gone,
}

/// `DELETE FROM …` of one row by its primary key alone. It gives back what it
/// deleted, because somebody may have changed the row after it was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordDelete {
    /// The table, by the name it has now.
    pub table: QualifiedName,
    /// The row.
    #[serde(rename = "issue")]
    pub row: RecordKey,
    /// What its digest is over.
    pub columns: Vec<RowColumn>,
}

/// A delete that did not take exactly what the run wrote.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DeleteError {
    /// No row, or several.
    #[error("the delete of the row {key} about {about} met {rows} rows")]
    Rows {
        /// The primary key.
        key: String,
        /// What it is about.
        about: String,
        /// How many.
        rows: usize,
    },
    /// Another row than the one that was written.
    #[error("the row {key} about {about} was changed before it was deleted")]
    Changed {
        /// The primary key.
        key: String,
        /// What it is about.
        about: String,
    },
}

impl Statement for RecordDelete {
    fn sql(&self) -> String {
        let row = "birth_old";
        format!(
            "DELETE FROM {} AS {row} WHERE {} RETURNING {}",
            self.table.quoted(),
            sql::is_row(row, &self.row.key, 1),
            sql::row_digest(row, &self.columns)
        )
    }

    fn parameters(&self) -> Vec<Option<String>> {
        let values = self.row.key.iter().map(|k| Some(k.value.clone()));
        values.collect()
    }

    fn returns(&self) -> bool {
        true
    }
}

impl RecordDelete {
    /// Whether it deleted exactly what was written, from the rows that it
    /// returned. If not, the transaction has to be rolled back.
    pub fn confirm(&self, rows: &[Vec<Option<String>>]) -> Result<(), DeleteError> {
        let (key, about) = (self.row.shown(), self.row.about.clone());
        match rows {
            [row] if *row == [Some(self.row.row.to_string())] => Ok(()),
            [_] => Err(DeleteError::Changed { key, about }),
            rows => Err(DeleteError::Rows {
                key,
                about,
                rows: rows.len(),
            }),
        }
    }
}

impl RecordKeys {
    /// The keys of rows that were written by some inserts into one table. None
    /// where there is no insert.
    #[must_use]
    pub fn of(table_oid: u32, first: Option<&RecordInsert>, rows: Vec<RecordKey>) -> Option<Self> {
        first.map(|first| Self {
            table_oid,
            table: first.table.clone(),
            columns: first.columns.clone(),
            rows,
        })
    }

    /// The keys with the rows as they are at the end of the transaction: an
    /// AFTER trigger may change a row when `RETURNING` has already seen it. None
    /// where a row is not there any more, or not with all its columns.
    #[must_use]
    pub fn settled(mut self, rows: &[RecordRow]) -> Option<Self> {
        if rows.len() != self.rows.len() {
            return None;
        }
        for (key, row) in self.rows.iter_mut().zip(rows) {
            match row {
                RecordRow::Unchanged | RecordRow::ReferredTo { .. } => {}
                RecordRow::Changed { now } => key.row = (*now)?,
                RecordRow::Gone => return None,
            }
        }
        Some(self)
    }

    /// The statement that takes a row away; `table` is the name that the table
    /// has now.
    #[must_use]
    pub fn delete(&self, row: &RecordKey, table: &QualifiedName) -> RecordDelete {
        RecordDelete {
            table: table.clone(),
            row: row.clone(),
            columns: self.columns.clone(),
        }
    }
}

impl RecordKey {
    /// The primary key for people: `7`, or `2026-11-22, 7`.
    #[must_use]
    pub fn shown(&self) -> String {
        shown(&self.key)
    }
}

/// A primary key for people: `7`, or `2026-11-22, 7`.
#[must_use]
pub fn shown(key: &[KeyValue]) -> String {
    let values: Vec<&str> = key.iter().map(|k| k.value.as_str()).collect();
    values.join(", ")
}
