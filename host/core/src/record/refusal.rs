//! What a table refuses: columns that are left empty, CHECKs, foreign keys, and
//! rights.

use super::compile::{Found, assigned};
use super::draft::RowDraft;
use super::problem::RecordProblem;
use super::statement::{Assignment, Value};
use super::table::{RecordCheck, RecordColumn, RecordForeignKey, RecordTable};
use crate::catalog::check::{CheckMeaning, domain_meaning, meaning};
use crate::ident::Identifier;

/// Everything that stands against one row.
pub(super) fn of_row(
    table: &RecordTable,
    draft: &RowDraft<'_>,
    row: &[Assignment],
    found: &mut Found,
) {
    empty(table, draft, row, found);
    checks(table, draft, row, found);
    for key in &table.foreign_keys {
        let filled = key
            .columns
            .iter()
            .find_map(|c| Some((c, assigned(row, c)?)));
        if let Some((column, value)) = filled
            && let Some(problem) = foreign_key(table, key, column, value)
        {
            found.push(is_of_every_row(draft, column), problem);
        }
    }
}

/// Whether what a row says of a column, or that it says nothing, is the same for
/// every row.
fn is_of_every_row(draft: &RowDraft<'_>, column: &Identifier) -> bool {
    if draft.left_empty.contains(&column) {
        return false;
    }
    let wanted = draft.wanted.iter().find(|w| w.column == column);
    wanted.is_none_or(|wanted| wanted.of_every_row)
}

/// Columns that need a value and get none.
fn empty(table: &RecordTable, draft: &RowDraft<'_>, row: &[Assignment], found: &mut Found) {
    let empty = table
        .columns
        .iter()
        .filter(|c| c.has_to_be_filled() && assigned(row, &c.name).is_none())
        // What does not fit a column is told already.
        .filter(|c| draft.wanted.iter().all(|w| *w.column != c.name));
    for column in empty {
        let (name, r#type) = (table.relation.name.to_string(), column.declared.clone());
        let problem = if table.before_insert.is_empty() {
            RecordProblem::NotFilled {
                table: name,
                column: column.name.to_string(),
                r#type,
            }
        } else {
            RecordProblem::LeftToTrigger {
                table: name,
                column: column.name.to_string(),
                triggers: table.before_insert.join(", "),
            }
        };
        found.push(is_of_every_row(draft, &column.name), problem);
    }
}

fn checks(table: &RecordTable, draft: &RowDraft<'_>, row: &[Assignment], found: &mut Found) {
    for check in &table.checks {
        match check.columns.as_slice() {
            [only] => {
                let Some(column) = table.column(only) else {
                    continue;
                };
                if let Some(problem) = one_column(table, check, column, assigned(row, only)) {
                    found.push(is_of_every_row(draft, only), problem);
                }
            }
            several => {
                let filled = several.iter().find(|c| assigned(row, c).is_some());
                if let Some(column) = filled {
                    let reason = "it reads several columns";
                    found.push(true, unproved(table, check, column, reason));
                }
            }
        }
    }
}

fn unproved(
    table: &RecordTable,
    check: &RecordCheck,
    column: &Identifier,
    reason: &str,
) -> RecordProblem {
    RecordProblem::CheckUnproved {
        table: table.relation.name.to_string(),
        column: column.to_string(),
        check: check.name.clone(),
        reason: reason.to_owned(),
    }
}

/// What a CHECK on one column means, as far as it can be proved.
fn meaning_of(check: &RecordCheck, column: &RecordColumn) -> CheckMeaning {
    if !column.is_provable() {
        let reason = format!("its type {} is not plain text", column.declared);
        return CheckMeaning::Unproved { reason };
    }
    if check.of_domain {
        domain_meaning(&check.expression)
    } else {
        meaning(&check.expression, column.name.as_str())
    }
}

fn one_column(
    table: &RecordTable,
    check: &RecordCheck,
    column: &RecordColumn,
    value: Option<&Value>,
) -> Option<RecordProblem> {
    let text = match value {
        Some(Value::Text(text)) => Some(text),
        Some(Value::Now) => return Some(unproved(table, check, &column.name, "it is on a time")),
        // What the table itself puts there is its own affair.
        None if column.fills_itself() => return None,
        None => None,
    };
    match meaning_of(check, column) {
        CheckMeaning::RejectsNothing => None,
        CheckMeaning::Unproved { reason } => {
            text.map(|_| unproved(table, check, &column.name, &reason))
        }
        CheckMeaning::OneOf {
            values,
            rejects_null,
        } => {
            let refused = text.map_or(rejects_null, |text| !values.contains(text));
            refused.then(|| RecordProblem::Check {
                table: table.relation.name.to_string(),
                column: column.name.to_string(),
                check: check.name.clone(),
                value: text.cloned(),
                allowed: values.into_iter().collect::<Vec<_>>().join(", "),
            })
        }
    }
}

/// Whether a column would take a text, as far as its type, its CHECKs and its
/// foreign keys tell. `Some(false)` is certain; `None` is not known.
#[must_use]
pub fn takes(table: &RecordTable, column: &RecordColumn, text: &str) -> Option<bool> {
    if column.category == 'E' && !column.labels.iter().any(|label| label == text) {
        return Some(false);
    }
    let limit = column.max_length.map(|limit| limit as usize);
    if limit.is_some_and(|limit| text.chars().count() > limit) {
        return Some(false);
    }
    let mut known = true;
    for check in table
        .checks
        .iter()
        .filter(|c| c.columns.contains(&column.name))
    {
        let meaning = match check.columns.as_slice() {
            [_] => meaning_of(check, column),
            _ => CheckMeaning::Unproved {
                reason: String::new(),
            },
        };
        match meaning {
            CheckMeaning::RejectsNothing => {}
            CheckMeaning::Unproved { .. } => known = false,
            CheckMeaning::OneOf { values, .. } if values.contains(text) => {}
            CheckMeaning::OneOf { .. } => return Some(false),
        }
    }
    for key in table
        .foreign_keys
        .iter()
        .filter(|k| k.columns.contains(&column.name))
    {
        match &key.referenced {
            Some(_) if key.holds.contains(text) => {}
            Some(_) => return Some(false),
            None => known = false,
        }
    }
    known.then_some(true)
}

fn foreign_key(
    table: &RecordTable,
    key: &RecordForeignKey,
    column: &Identifier,
    value: &Value,
) -> Option<RecordProblem> {
    let unproved = |reason| {
        Some(RecordProblem::ForeignKeyUnproved {
            table: table.relation.name.to_string(),
            column: column.to_string(),
            key: key.name.clone(),
            reason,
        })
    };
    let Value::Text(text) = value else {
        return unproved("it is on a time");
    };
    match &key.referenced {
        _ if key.columns.len() > 1 => unproved("it has several columns"),
        None => unproved("the role may not read what it refers to"),
        Some(_) if key.holds.contains(text) => None,
        Some(_) => Some(RecordProblem::ForeignKey {
            table: table.relation.name.to_string(),
            column: column.to_string(),
            key: key.name.clone(),
            value: text.clone(),
            target: key.target.clone(),
        }),
    }
}

/// What the role lacks to fill some columns and to read others, and what else
/// decides over every row.
pub(super) fn rights(
    table: &RecordTable,
    filled: &[Identifier],
    read: &[&RecordColumn],
) -> Vec<RecordProblem> {
    let name = table.relation.name.to_string();
    let mut found = Vec::new();
    let mut lacks = |right, object| found.push(RecordProblem::Right { right, object });
    if !table.rights.schema {
        lacks(
            "USAGE",
            format!("the schema {}", table.relation.name.schema),
        );
    }
    let unreadable = read.iter().copied().filter(|c| !c.readable);
    if let Some(object) = denied(table, unreadable.collect()) {
        lacks("SELECT", object);
    }
    let columns = table.columns.iter();
    let uninsertable = columns.filter(|c| !c.insertable && filled.contains(&c.name));
    if let Some(object) = denied(table, uninsertable.collect()) {
        lacks("INSERT", object);
    }
    for column in &table.columns {
        if let Some(sequence) = &column.forbidden_sequence
            && !filled.contains(&column.name)
        {
            lacks("USAGE", format!("the sequence {sequence}"));
        }
    }
    if table.rights.row_security {
        found.push(RecordProblem::RowSecurity {
            table: name.clone(),
        });
    }
    found.extend(table.rules.iter().map(|rule| RecordProblem::Rule {
        table: name.clone(),
        rule: rule.clone(),
    }));
    found
}

/// What a right is lacking on: the table, or some columns of it.
pub fn denied(table: &RecordTable, columns: Vec<&RecordColumn>) -> Option<String> {
    let name = &table.relation.name;
    match columns.as_slice() {
        [] => None,
        all if all.len() == table.columns.len() => Some(name.to_string()),
        some => {
            let names: Vec<&str> = some.iter().map(|c| c.name.as_str()).collect();
            Some(format!("{name} ({})", names.join(", ")))
        }
    }
}
