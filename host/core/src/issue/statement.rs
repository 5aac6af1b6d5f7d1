//! The insert of one issue, and what it gives back.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::undo::{IssueKey, KeyValue};
use crate::digest::Digest;
use crate::ident::{Identifier, QualifiedName};
use crate::sql::{Statement, issue as sql};

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

/// `INSERT INTO … VALUES … RETURNING …` of one issue. There is one way to make
/// it, `compile`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueInsert {
    /// The issues table.
    pub table: QualifiedName,
    /// The collection it is about, for people.
    pub collection: String,
    /// What is filled, in this order.
    pub assignments: Vec<Assignment>,
    /// The filled columns it will be recognised by.
    pub recognised: Vec<Identifier>,
    /// The primary key.
    pub key: Vec<KeyColumn>,
    /// All columns there are.
    pub columns: Vec<RowColumn>,
}

/// An insert that did not give what it should.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CaptureError {
    /// A BEFORE INSERT trigger returned NULL, or a row is there twice.
    #[error("the insert of the issue for {collection} into {table} stored {rows} rows{}",
        if *.rows == 0 { ": a trigger may have dropped it" } else { "" })]
    Rows {
        /// The collection.
        collection: String,
        /// The issues table.
        table: String,
        /// How many.
        rows: usize,
    },
    /// A trigger changed what the issue is recognised by: the next run would
    /// not find it, and write it again.
    #[error(
        "the issue for {collection} was stored in {table} with {found:?} in {column} instead of \
         {sent:?}: it would not be recognised again"
    )]
    Rewritten {
        /// The collection.
        collection: String,
        /// The issues table.
        table: String,
        /// The column.
        column: String,
        /// What was sent.
        sent: String,
        /// What is there.
        found: Option<String>,
    },
    /// An answer of another form.
    #[error("the insert of the issue for {collection} gave an answer of another form")]
    Form {
        /// The collection.
        collection: String,
    },
}

impl Statement for IssueInsert {
    fn sql(&self) -> String {
        let mut next = 0;
        let (columns, values): (Vec<String>, Vec<String>) = self
            .assignments
            .iter()
            .map(|a| {
                let value = match (&a.value, &a.cast) {
                    (Value::Now, _) => "now()".to_owned(),
                    (Value::Text(_), cast) => {
                        next += 1;
                        cast.as_ref().map_or_else(
                            || format!("${next}::text"),
                            |cast| format!("${next}::text::{cast}"),
                        )
                    }
                };
                (a.column.quoted(), value)
            })
            .unzip();
        let row = "birth_new";
        let mut returning: Vec<String> = self.key.iter().map(|k| sql::key_text(row, k)).collect();
        returning.push(sql::row_digest(row, &self.columns));
        returning.extend(self.recognised.iter().map(|c| sql::column_text(row, c)));
        format!(
            "INSERT INTO {} AS {row} ({}) VALUES ({}) RETURNING {}",
            self.table.quoted(),
            columns.join(", "),
            values.join(", "),
            returning.join(", ")
        )
    }

    fn parameters(&self) -> Vec<Option<String>> {
        self.texts().map(|(_, text)| Some(text.clone())).collect()
    }

    fn returns(&self) -> bool {
        true
    }
}

impl IssueInsert {
    fn texts(&self) -> impl Iterator<Item = (&Identifier, &String)> {
        self.assignments.iter().filter_map(|a| match &a.value {
            Value::Text(text) => Some((&a.column, text)),
            Value::Now => None,
        })
    }

    /// The text that a column gets.
    #[must_use]
    pub fn text(&self, column: &Identifier) -> Option<&String> {
        self.texts()
            .find_map(|(name, text)| (name == column).then_some(text))
    }

    /// The identity of the stored row, from the rows that the statement
    /// returned.
    pub fn capture(&self, rows: &[Vec<Option<String>>]) -> Result<IssueKey, CaptureError> {
        let (collection, table) = (self.collection.clone(), self.table.to_string());
        let [row] = rows else {
            return Err(CaptureError::Rows {
                collection,
                table,
                rows: rows.len(),
            });
        };
        let form = || CaptureError::Form {
            collection: self.collection.clone(),
        };
        let (keys, rest) = row.split_at_checked(self.key.len()).ok_or_else(form)?;
        let (digest, recognised) = rest.split_first().ok_or_else(form)?;
        if recognised.len() != self.recognised.len() {
            return Err(form());
        }
        for (column, found) in self.recognised.iter().zip(recognised) {
            let sent = self.text(column);
            if sent != found.as_ref() {
                return Err(CaptureError::Rewritten {
                    collection,
                    table,
                    column: column.to_string(),
                    sent: sent.cloned().unwrap_or_default(),
                    found: found.clone(),
                });
            }
        }
        let key = self
            .key
            .iter()
            .zip(keys)
            .map(|(column, value)| {
                Ok(KeyValue {
                    column: column.name.clone(),
                    r#type: column.r#type.clone(),
                    value: value.clone().ok_or_else(form)?,
                })
            })
            .collect::<Result<_, CaptureError>>()?;
        let row: Digest = digest
            .as_ref()
            .and_then(|digest| digest.parse().ok())
            .ok_or_else(form)?;
        Ok(IssueKey {
            collection,
            key,
            row,
        })
    }
}
