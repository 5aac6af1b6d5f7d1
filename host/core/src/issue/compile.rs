//! From drafts to statements, or why not.

use super::IssueDraft;
use super::concepts::IssueConcepts;
use super::fill::{assignments, wanted};
use super::problem::{IssueProblem, sorted};
use super::statement::{Assignment, IssueInsert, KeyColumn, RowColumn, Value};
use super::table::{IssueCheck, IssueColumn, IssueForeignKey, IssueTable};
use super::unique;
use crate::catalog::check::{CheckMeaning, domain_meaning, meaning};
use crate::ident::Identifier;
use crate::profile::IssueValues;

/// Inserts that the table takes, as far as the catalog tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiled {
    /// One for each draft, in the drafts' order.
    pub inserts: Vec<IssueInsert>,
    /// What may refuse them nevertheless.
    pub warnings: Vec<IssueProblem>,
}

/// Compiles drafts.
///
/// Whether an open issue is there already, and whether a row has the values of a
/// unique index, is asked of the server ([`unique::probes`]).
///
/// # Errors
///
/// Everything that the table would refuse, in order, each once.
pub fn compile(
    table: &IssueTable,
    concepts: &IssueConcepts,
    values: &IssueValues,
    drafts: &[IssueDraft],
) -> Result<Compiled, Vec<IssueProblem>> {
    let mut found = Vec::new();
    if drafts.is_empty() {
        return Ok(Compiled {
            inserts: vec![],
            warnings: vec![],
        });
    }
    let key = key(table, &mut found);
    let columns: Vec<RowColumn> = table
        .columns
        .iter()
        .map(|c| RowColumn {
            name: c.name.clone(),
            as_text: !c.binary,
        })
        .collect();
    let (by, category) = concepts.recognised_by();
    let recognised: Vec<Identifier> = by.into_iter().chain(category).cloned().collect();
    let inserts: Vec<IssueInsert> = drafts
        .iter()
        .map(|draft| {
            let row = assignments(table, wanted(concepts, values, draft), &mut found);
            checks(table, &row, &mut found);
            foreign_keys(table, concepts, &row, &mut found);
            IssueInsert {
                table: table.relation.name.clone(),
                collection: draft.collection.clone(),
                assignments: row,
                recognised: recognised.clone(),
                key: key.clone(),
                columns: columns.clone(),
            }
        })
        .collect();
    // Which columns are filled is the same for all drafts.
    let row = inserts.first().map_or(&[][..], |i| &i.assignments);
    filled(table, row, &mut found);
    rights(table, row, &mut found);
    unique::unproved(table, row, &mut found);
    unique::among(table, &inserts, &mut found);
    let (problems, warnings) = sorted(found);
    if problems.is_empty() {
        Ok(Compiled { inserts, warnings })
    } else {
        Err(problems)
    }
}

fn assigned<'a>(row: &'a [Assignment], column: &Identifier) -> Option<&'a Value> {
    row.iter().find(|a| a.column == *column).map(|a| &a.value)
}

/// Also for a table whose issues are only looked for.
pub fn key_columns(table: &IssueTable) -> Vec<KeyColumn> {
    table
        .key
        .iter()
        .filter_map(|name| table.column(name))
        .map(|c| KeyColumn {
            name: c.name.clone(),
            r#type: c.r#type.clone(),
            time: c.category == 'D',
        })
        .collect()
}

fn key(table: &IssueTable, found: &mut Vec<IssueProblem>) -> Vec<KeyColumn> {
    let name = &table.relation.name;
    if table.key.is_empty() {
        found.push(IssueProblem::NoKey {
            table: name.to_string(),
        });
    }
    let incomparable = table
        .key
        .iter()
        .filter_map(|k| table.column(k))
        .filter(|c| !c.comparable);
    found.extend(incomparable.map(|c| IssueProblem::KeyType {
        table: name.to_string(),
        column: c.name.to_string(),
        r#type: c.declared.clone(),
    }));
    key_columns(table)
}

/// Columns that need a value and get none.
fn filled(table: &IssueTable, row: &[Assignment], found: &mut Vec<IssueProblem>) {
    let empty = table
        .columns
        .iter()
        .filter(|c| c.has_to_be_filled() && assigned(row, &c.name).is_none());
    found.extend(empty.map(|c| {
        let name = table.relation.name.to_string();
        let column = c.name.to_string();
        if table.before_insert.is_empty() {
            IssueProblem::NotFilled {
                table: name,
                column,
                r#type: c.declared.clone(),
            }
        } else {
            IssueProblem::LeftToTrigger {
                table: name,
                column,
                triggers: table.before_insert.join(", "),
            }
        }
    }));
}

fn checks(table: &IssueTable, row: &[Assignment], found: &mut Vec<IssueProblem>) {
    for check in &table.checks {
        let problem = match check.columns.as_slice() {
            [only] => table
                .column(only)
                .and_then(|column| one_column(table, check, column, assigned(row, only))),
            several => several
                .iter()
                .find(|column| assigned(row, column).is_some())
                .map(|column| unproved(table, check, column, "it reads several columns")),
        };
        found.extend(problem);
    }
}

fn unproved(
    table: &IssueTable,
    check: &IssueCheck,
    column: &Identifier,
    reason: &str,
) -> IssueProblem {
    IssueProblem::CheckUnproved {
        table: table.relation.name.to_string(),
        column: column.to_string(),
        check: check.name.clone(),
        reason: reason.to_owned(),
    }
}

fn one_column(
    table: &IssueTable,
    check: &IssueCheck,
    column: &IssueColumn,
    value: Option<&Value>,
) -> Option<IssueProblem> {
    let text = match value {
        Some(Value::Text(text)) => Some(text),
        Some(Value::Now) => return Some(unproved(table, check, &column.name, "it is on a time")),
        // What the table itself puts there is its own affair.
        None if column.fills_itself() => return None,
        None => None,
    };
    if !column.is_provable() {
        return text.map(|_| {
            let reason = format!("its type {} is not plain text", column.declared);
            unproved(table, check, &column.name, &reason)
        });
    }
    let meaning = if check.of_domain {
        domain_meaning(&check.expression)
    } else {
        meaning(&check.expression, column.name.as_str())
    };
    match meaning {
        CheckMeaning::RejectsNothing => None,
        CheckMeaning::Unproved { reason } => {
            text.map(|_| unproved(table, check, &column.name, &reason))
        }
        CheckMeaning::OneOf {
            values,
            rejects_null,
        } => {
            let refused = text.map_or(rejects_null, |text| !values.contains(text));
            refused.then(|| IssueProblem::Check {
                table: table.relation.name.to_string(),
                column: column.name.to_string(),
                check: check.name.clone(),
                value: text.cloned(),
                allowed: values.into_iter().collect::<Vec<_>>().join(", "),
            })
        }
    }
}

fn foreign_keys(
    table: &IssueTable,
    concepts: &IssueConcepts,
    row: &[Assignment],
    found: &mut Vec<IssueProblem>,
) {
    for key in &table.foreign_keys {
        let filled = key.columns.iter().find_map(|c| {
            let value = assigned(row, c)?;
            Some((c, value))
        });
        if let Some((column, value)) = filled {
            found.extend(foreign_key(table, concepts, key, column, value));
        }
    }
}

fn foreign_key(
    table: &IssueTable,
    concepts: &IssueConcepts,
    key: &IssueForeignKey,
    column: &Identifier,
    value: &Value,
) -> Option<IssueProblem> {
    let unproved = |reason| {
        Some(IssueProblem::ForeignKeyUnproved {
            table: table.relation.name.to_string(),
            column: column.to_string(),
            key: key.name.clone(),
            reason,
        })
    };
    if key.registry_key && concepts.collection.as_ref() == Some(column) {
        return None;
    }
    let Value::Text(text) = value else {
        return unproved("it is on a time");
    };
    match &key.holds {
        _ if key.columns.len() > 1 => unproved("it has several columns"),
        None => unproved("the role may not read what it refers to"),
        Some(holds) if holds.contains(text) => None,
        Some(_) => Some(IssueProblem::ForeignKey {
            table: table.relation.name.to_string(),
            column: column.to_string(),
            key: key.name.clone(),
            value: text.clone(),
            target: key.target.clone(),
        }),
    }
}

fn rights(table: &IssueTable, row: &[Assignment], found: &mut Vec<IssueProblem>) {
    let name = table.relation.name.to_string();
    let mut lacks = |right, object| found.push(IssueProblem::Right { right, object });
    if !table.rights.schema {
        lacks(
            "USAGE",
            format!("the schema {}", table.relation.name.schema),
        );
    }
    if !table.rights.delete {
        lacks("DELETE", name.clone());
    }
    let denied = |columns: Vec<&IssueColumn>| match columns.as_slice() {
        [] => None,
        all if all.len() == table.columns.len() => Some(name.clone()),
        some => {
            let names: Vec<&str> = some.iter().map(|c| c.name.as_str()).collect();
            Some(format!("{name} ({})", names.join(", ")))
        }
    };
    let unreadable = table.columns.iter().filter(|c| !c.readable).collect();
    if let Some(object) = denied(unreadable) {
        lacks("SELECT", object);
    }
    let uninsertable = table
        .columns
        .iter()
        .filter(|c| !c.insertable && assigned(row, &c.name).is_some())
        .collect();
    if let Some(object) = denied(uninsertable) {
        lacks("INSERT", object);
    }
    for column in &table.columns {
        if let Some(sequence) = &column.forbidden_sequence
            && assigned(row, &column.name).is_none()
        {
            lacks("USAGE", format!("the sequence {sequence}"));
        }
    }
    if table.rights.row_security {
        found.push(IssueProblem::RowSecurity {
            table: name.clone(),
        });
    }
    found.extend(table.rules.iter().map(|rule| IssueProblem::Rule {
        table: name.clone(),
        rule: rule.clone(),
    }));
}
