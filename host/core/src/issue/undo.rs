//! Taking issues away again: by exact primary key, and only while they are
//! what the run wrote.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::statement::{IssueInsert, RowColumn};
use crate::digest::Digest;
use crate::ident::{Identifier, QualifiedName};
use crate::sql::{Statement, issue as sql};

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

/// An issue that a run wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssueKey {
    /// The collection it is about, for people.
    pub collection: String,
    /// Its primary key.
    pub key: Vec<KeyValue>,
    /// Digest of the row as it was stored, over [`IssueKeys::columns`].
    pub row: Digest,
}

/// All issues that a run wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssueKeys {
    /// `pg_class.oid` of the issues table.
    pub table_oid: u32,
    /// Its name when the run was made, for people.
    pub table: QualifiedName,
    /// The columns there were: one that is added later does not make a row look
    /// changed.
    pub columns: Vec<RowColumn>,
    /// The issues, in the order in which they were written.
    pub issues: Vec<IssueKey>,
}

/// What became of an issue that a run wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IssueRow {
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

/// `DELETE FROM …` of one issue by its primary key alone. It gives back what it
/// deleted, because somebody may have changed the row after it was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueDelete {
    /// The issues table, by the name it has now.
    pub table: QualifiedName,
    /// The issue.
    pub issue: IssueKey,
    /// What its digest is over.
    pub columns: Vec<RowColumn>,
}

/// A delete that did not take exactly what the run wrote.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DeleteError {
    /// No row, or several.
    #[error("the delete of the issue {issue} for {collection} met {rows} rows")]
    Rows {
        /// The primary key.
        issue: String,
        /// The collection.
        collection: String,
        /// How many.
        rows: usize,
    },
    /// Another row than the one that was written.
    #[error("the issue {issue} for {collection} was changed before it was deleted")]
    Changed {
        /// The primary key.
        issue: String,
        /// The collection.
        collection: String,
    },
}

impl Statement for IssueDelete {
    fn sql(&self) -> String {
        let key = &self.issue.key;
        let conditions: Vec<String> = key
            .iter()
            .enumerate()
            .map(|(i, k)| {
                let column = k.column.quoted();
                format!("birth_old.{column} = ${}::text::{}", i + 1, k.r#type)
            })
            .collect();
        format!(
            "DELETE FROM {} AS birth_old WHERE {} RETURNING {}",
            self.table.quoted(),
            conditions.join(" AND "),
            sql::row_digest("birth_old", &self.columns)
        )
    }

    fn parameters(&self) -> Vec<Option<String>> {
        let values = self.issue.key.iter().map(|k| Some(k.value.clone()));
        values.collect()
    }

    fn returns(&self) -> bool {
        true
    }
}

impl IssueDelete {
    /// Whether it deleted exactly what was written, from the rows that it
    /// returned. If not, the transaction has to be rolled back.
    pub fn confirm(&self, rows: &[Vec<Option<String>>]) -> Result<(), DeleteError> {
        let issue = self.issue.shown();
        let collection = self.issue.collection.clone();
        match rows {
            [row] if *row == [Some(self.issue.row.to_string())] => Ok(()),
            [_] => Err(DeleteError::Changed { issue, collection }),
            rows => Err(DeleteError::Rows {
                issue,
                collection,
                rows: rows.len(),
            }),
        }
    }
}

impl IssueKeys {
    /// No issue yet of some inserts into one table. None where there is no
    /// insert.
    #[must_use]
    pub fn of(table_oid: u32, inserts: &[IssueInsert]) -> Option<Self> {
        inserts.first().map(|first| Self {
            table_oid,
            table: first.table.clone(),
            columns: first.columns.clone(),
            issues: vec![],
        })
    }

    /// The keys with the rows as they are at the end of the transaction: an
    /// AFTER trigger may change a row when `RETURNING` has already seen it. None
    /// where a row is not there any more, or not with all its columns.
    #[must_use]
    pub fn settled(mut self, rows: &[IssueRow]) -> Option<Self> {
        if rows.len() != self.issues.len() {
            return None;
        }
        for (issue, row) in self.issues.iter_mut().zip(rows) {
            match row {
                IssueRow::Unchanged | IssueRow::ReferredTo { .. } => {}
                IssueRow::Changed { now } => issue.row = (*now)?,
                IssueRow::Gone => return None,
            }
        }
        Some(self)
    }

    /// The statement that takes an issue away; `table` is the name that the
    /// table has now.
    #[must_use]
    pub fn delete(&self, issue: &IssueKey, table: &QualifiedName) -> IssueDelete {
        IssueDelete {
            table: table.clone(),
            issue: issue.clone(),
            columns: self.columns.clone(),
        }
    }
}

impl IssueKey {
    /// The primary key for people: `7`, or `2026-11-22, 7`.
    #[must_use]
    pub fn shown(&self) -> String {
        let values: Vec<&str> = self.key.iter().map(|k| k.value.as_str()).collect();
        values.join(", ")
    }
}
