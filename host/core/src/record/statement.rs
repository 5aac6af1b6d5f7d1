//! The insert of one row, and what it gives back.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::undo::{KeyValue, RecordKey};
use crate::digest::Digest;
use crate::ident::{Identifier, QualifiedName};
use crate::sql::{Statement, record as sql};

/// What a column gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Value {
    /// A text, sent as a parameter.
    Text(String),
    /// The time of the transaction.
    Now,
}

/// One column of the row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// The column.
    pub column: Identifier,
    /// Its value.
    pub value: Value,
    /// The type that a text is cast to, as SQL text of the catalog's; none
    /// where text is assigned as it is.
    pub cast: Option<String>,
}

/// A column of the primary key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyColumn {
    /// Its name.
    pub name: Identifier,
    /// Its type, as SQL text of the catalog's.
    pub r#type: String,
    /// A date or time, whose plain text would depend on settings.
    pub time: bool,
}

/// A column that the digest of a row covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowColumn {
    /// Its name.
    pub name: Identifier,
    /// Its type has no binary output, so its text counts.
    pub as_text: bool,
}

/// `INSERT INTO … VALUES … RETURNING …` of one row. There is one way to make it,
/// `compile`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordInsert {
    /// The table.
    pub table: QualifiedName,
    /// What it is about, for people: a collection.
    #[serde(rename = "collection")]
    pub about: String,
    /// What is filled, in this order.
    pub assignments: Vec<Assignment>,
    /// The filled columns it will be recognised by.
    pub recognised: Vec<Identifier>,
    /// The primary key.
    pub key: Vec<KeyColumn>,
    /// All columns there are, where the row may have to be taken away again; else
    /// none, and no digest of it is made.
    pub columns: Vec<RowColumn>,
}

/// An insert that did not give what it should.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CaptureError {
    /// A BEFORE INSERT trigger returned NULL, or a row is there twice.
    #[error("the insert of the row about {about} into {table} stored {rows} rows{}",
        if *.rows == 0 { ": a trigger may have dropped it" } else { "" })]
    Rows {
        /// What it is about.
        about: String,
        /// The table.
        table: String,
        /// How many.
        rows: usize,
    },
    /// A trigger changed what the row is recognised by: the next run would not
    /// find it, and write it again.
    #[error(
        "the row about {about} was stored in {table} with {found:?} in {column} instead of \
         {sent:?}: it would not be recognised again"
    )]
    Rewritten {
        /// What it is about.
        about: String,
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// What was sent.
        sent: String,
        /// What is there.
        found: Option<String>,
    },
    /// An answer of another form.
    #[error("the insert of the row about {about} gave an answer of another form")]
    Form {
        /// What it is about.
        about: String,
    },
}

/// Assignments as SQL: the columns, their values as parameters from `$1` on, and
/// the number of the next parameter.
#[must_use]
pub fn rendered(assignments: &[Assignment]) -> (Vec<String>, Vec<String>, usize) {
    let mut next = 1;
    let (columns, values) = assignments
        .iter()
        .map(|a| {
            let value = match (&a.value, &a.cast) {
                (Value::Now, _) => "now()".to_owned(),
                (Value::Text(_), cast) => {
                    let cast = cast.as_ref().map_or_else(String::new, |c| format!("::{c}"));
                    next += 1;
                    format!("${}::text{cast}", next - 1)
                }
            };
            (a.column.quoted(), value)
        })
        .unzip();
    (columns, values, next)
}

/// The values of the parameters of [`rendered`].
pub fn parameters(assignments: &[Assignment]) -> impl Iterator<Item = &String> {
    assignments.iter().filter_map(|a| match &a.value {
        Value::Text(text) => Some(text),
        Value::Now => None,
    })
}

impl Statement for RecordInsert {
    fn sql(&self) -> String {
        let (columns, values, _) = rendered(&self.assignments);
        let row = "birth_new";
        let mut returning: Vec<String> = self.key.iter().map(|k| sql::key_text(row, k)).collect();
        if !self.columns.is_empty() {
            returning.push(sql::row_digest(row, &self.columns));
        }
        returning.extend(self.recognised.iter().map(|c| sql::column_text(row, c)));
        if returning.is_empty() {
            // How many rows there are is asked of every insert.
            returning.push("''::text".to_owned());
        }
        format!(
            "INSERT INTO {} AS {row} ({}) VALUES ({}) RETURNING {}",
            self.table.quoted(),
            columns.join(", "),
            values.join(", "),
            returning.join(", ")
        )
    }

    fn parameters(&self) -> Vec<Option<String>> {
        parameters(&self.assignments).cloned().map(Some).collect()
    }

    fn returns(&self) -> bool {
        true
    }
}

impl RecordInsert {
    /// The text that a column gets.
    #[must_use]
    pub fn text(&self, column: &Identifier) -> Option<&String> {
        self.assignments.iter().find_map(|a| match &a.value {
            Value::Text(text) => (a.column == *column).then_some(text),
            Value::Now => None,
        })
    }

    /// The identity of the stored row with its digest, by which it can be taken
    /// away again, from the rows that the statement returned.
    pub fn capture(&self, rows: &[Vec<Option<String>>]) -> Result<RecordKey, CaptureError> {
        let (key, digest) = self.stored(rows)?;
        let digest = digest.ok_or_else(|| self.form())?;
        Ok(RecordKey {
            about: self.about.clone(),
            key,
            row: digest,
        })
    }

    /// The primary key of the stored row, as far as the table has one, and its
    /// digest where one is made, from the rows that the statement returned.
    pub fn stored(
        &self,
        rows: &[Vec<Option<String>>],
    ) -> Result<(Vec<KeyValue>, Option<Digest>), CaptureError> {
        let [row] = rows else {
            return Err(CaptureError::Rows {
                about: self.about.clone(),
                table: self.table.to_string(),
                rows: rows.len(),
            });
        };
        let form = || self.form();
        let (keys, rest) = row.split_at_checked(self.key.len()).ok_or_else(form)?;
        let with_digest = usize::from(!self.columns.is_empty());
        let (digest, rest) = rest.split_at_checked(with_digest).ok_or_else(form)?;
        let recognised = rest.get(..self.recognised.len()).ok_or_else(form)?;
        self.check_recognised(recognised)?;
        let digest = match digest.first() {
            None => None,
            Some(text) => {
                let digest = text.as_ref().and_then(|text| text.parse().ok());
                Some(digest.ok_or_else(form)?)
            }
        };
        let key = self.key.iter().zip(keys).map(|(column, value)| {
            Ok(KeyValue {
                column: column.name.clone(),
                r#type: column.r#type.clone(),
                value: value.clone().ok_or_else(form)?,
            })
        });
        Ok((key.collect::<Result<_, CaptureError>>()?, digest))
    }

    fn check_recognised(&self, stored: &[Option<String>]) -> Result<(), CaptureError> {
        for (column, found) in self.recognised.iter().zip(stored) {
            let sent = self.text(column);
            if sent != found.as_ref() {
                return Err(CaptureError::Rewritten {
                    about: self.about.clone(),
                    table: self.table.to_string(),
                    column: column.to_string(),
                    sent: sent.cloned().unwrap_or_default(),
                    found: found.clone(),
                });
            }
        }
        Ok(())
    }

    fn form(&self) -> CaptureError {
        CaptureError::Form {
            about: self.about.clone(),
        }
    }
}
