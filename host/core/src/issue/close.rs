//! Ending an issue: by exact primary key, only while it is open, and only where
//! nobody else holds its row. Somebody who edits an issue in an open transaction
//! must not hold up a whole sweep; the next one closes it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::concepts::IssueConcepts;
use crate::ident::{Identifier, QualifiedName};
use crate::profile::IssueValues;
use crate::record::statement::{Assignment, Value, parameters, rendered};
use crate::record::{
    KeyColumn, KeyValue, RecordProblem, RecordTable, denied, key_columns, key_problems, takes,
};
use crate::sql::{Statement, issue as sql, record};

/// How issues of a table are closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    table: QualifiedName,
    key: Vec<KeyColumn>,
    set: Vec<Assignment>,
    status: Option<Identifier>,
    closed_at: Option<Identifier>,
    closed: Vec<String>,
}

/// `UPDATE … WHERE <primary key> AND <still open> RETURNING …` of one issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueClose {
    closing: Closing,
    key: Vec<KeyValue>,
}

impl Closing {
    /// Says how issues of a table are closed: by a status that the table allows,
    /// the profile's first, and by the time where there is a column for it.
    ///
    /// # Errors
    ///
    /// No primary key; neither status nor time; no closed status that the table
    /// takes; rights that the role lacks.
    pub fn of(
        table: &RecordTable,
        concepts: &IssueConcepts,
        values: &IssueValues,
    ) -> Result<Self, Vec<RecordProblem>> {
        let mut found = key_problems(table);
        let column = |name: &Option<Identifier>| {
            let column = name.as_ref().and_then(|name| table.column(name));
            column.filter(|column| !column.computed)
        };
        let mut set = Vec::new();
        let refused = |reason: String| RecordProblem::NotClosable {
            table: table.relation.name.to_string(),
            reason,
        };
        if let Some(status) = column(&concepts.status) {
            let allowed = closed_statuses(values, &status.labels);
            let value = allowed
                .iter()
                .find(|value| takes(table, status, value) == Some(true))
                // Where that is not known, the server says.
                .or_else(|| allowed.iter().find(|v| takes(table, status, v).is_none()));
            match value {
                Some(value) => set.push(Assignment {
                    column: status.name.clone(),
                    value: Value::Text(value.clone()),
                    cast: (status.category != 'S').then(|| status.r#type.clone()),
                }),
                None => found.push(refused(format!(
                    "the column {} takes none of {}",
                    status.name,
                    allowed.join(", ")
                ))),
            }
        }
        let closed_at = column(&concepts.closed_at);
        if closed_at.is_none() && column(&concepts.status).is_none() {
            let reason = "it has neither a status nor a time of closing".to_owned();
            found.push(refused(reason));
        }
        let times = closed_at.into_iter().chain(column(&concepts.updated_at));
        set.extend(times.map(|column| Assignment {
            column: column.name.clone(),
            value: Value::Now,
            cast: None,
        }));
        let is_set = |name: &Identifier| set.iter().any(|a| a.column == *name);
        let columns = table.columns.iter();
        let denied_columns = columns.filter(|c| is_set(&c.name) && !c.updatable);
        if let Some(object) = denied(table, denied_columns.collect()) {
            let right = "UPDATE";
            found.push(RecordProblem::Right { right, object });
        }
        if !found.is_empty() {
            return Err(found);
        }
        Ok(Self {
            table: table.relation.name.clone(),
            key: key_columns(table),
            set,
            status: concepts.status.clone(),
            closed_at: concepts.closed_at.clone(),
            closed: values.closed_in_lower_case(),
        })
    }

    /// The statuses that end an issue: what a foreign key on the status would have
    /// to hold one of.
    #[must_use]
    pub fn statuses(values: &IssueValues) -> BTreeSet<String> {
        closed_statuses(values, &[]).into_iter().collect()
    }

    /// The statement that closes the issue of a primary key, whose values are
    /// texts in the key's order.
    #[must_use]
    pub fn close(&self, key: &[String]) -> IssueClose {
        let columns = self.key.iter().zip(key);
        let key = columns.map(|(column, value)| KeyValue {
            column: column.name.clone(),
            r#type: column.r#type.clone(),
            value: value.clone(),
        });
        IssueClose {
            closing: self.clone(),
            key: key.collect(),
        }
    }
}

/// The statuses that end an issue, best first: as the profile writes them, then
/// as an enum writes them.
fn closed_statuses(values: &IssueValues, labels: &[String]) -> Vec<String> {
    let named = std::iter::once(&values.closed_status).chain(&values.closed);
    let written = labels.iter().filter(|label| values.is_closed(label));
    let mut all: Vec<String> = Vec::new();
    for status in named.filter(|s| values.is_closed(s)).chain(written) {
        if !all.contains(status) {
            all.push(status.clone());
        }
    }
    all
}

impl Statement for IssueClose {
    fn sql(&self) -> String {
        let row = "birth_open";
        let Closing {
            table,
            set,
            status,
            closed_at,
            closed,
            ..
        } = &self.closing;
        let (columns, values, next) = rendered(set);
        let set: Vec<String> = columns
            .iter()
            .zip(values)
            .map(|(column, value)| format!("{column} = {value}"))
            .collect();
        let free = "birth_free";
        let key = |row: &str| {
            let columns = self
                .key
                .iter()
                .map(|k| format!("{row}.{}", k.column.quoted()));
            columns.collect::<Vec<_>>().join(", ")
        };
        let mut conditions = vec![format!(
            "({}) = (SELECT {} FROM {} AS {free} WHERE {} FOR NO KEY UPDATE SKIP LOCKED)",
            key(row),
            key(free),
            table.quoted(),
            record::is_row(free, &self.key, next)
        )];
        let first = next + self.key.len();
        let closed: Vec<String> = (first..first + closed.len())
            .map(|place| format!("${place}::text"))
            .collect();
        let closed = format!("ARRAY[{}]::text[]", closed.join(", "));
        let (status, closed_at) = (status.as_ref(), closed_at.as_ref());
        conditions.extend(sql::still_open(row, status, closed_at, &closed));
        format!(
            "UPDATE {} AS {row} SET {} WHERE {} RETURNING ''::text",
            table.quoted(),
            set.join(", "),
            conditions.join(" AND ")
        )
    }

    fn parameters(&self) -> Vec<Option<String>> {
        let set = parameters(&self.closing.set);
        let key = self.key.iter().map(|k| k.value.clone());
        let closed = match self.closing.status {
            Some(_) => self.closing.closed.clone(),
            None => vec![],
        };
        let all = set.cloned().chain(key).chain(closed);
        all.map(Some).collect()
    }

    fn returns(&self) -> bool {
        true
    }
}
