//! Whether a column's type takes a value, and in which form.

use super::compile::Found;
use super::draft::{Fill, RowDraft, Wanted};
use super::problem::RecordProblem;
use super::statement::{Assignment, Value};
use super::table::{CHAR, NAME, RecordColumn, RecordTable, UUID};
use crate::ident::MAX_IDENTIFIER_BYTES;

/// What a cut text ends in: ASCII, so that every server encoding has it.
const ELLIPSIS: &str = "...";

/// The assignments of one row; what does not fit is told.
pub(super) fn assignments(
    table: &RecordTable,
    draft: &RowDraft<'_>,
    found: &mut Found,
) -> Vec<Assignment> {
    let mut out = Vec::new();
    for wanted in &draft.wanted {
        let Some(column) = table.column(wanted.column) else {
            found.table.push(RecordProblem::Gone {
                table: table.relation.name.to_string(),
                column: wanted.column.to_string(),
                concept: wanted.concept,
            });
            continue;
        };
        let written = match wanted.fill {
            Fill::Always => true,
            Fill::WithoutDefault => !column.fills_itself(),
            Fill::Demanded => column.has_to_be_filled(),
        };
        if !written {
            continue;
        }
        match assignment(table, column, wanted) {
            Ok(assignment) => out.push(assignment),
            Err(problem) => found.push(wanted.of_every_row || column.computed, problem),
        }
    }
    out
}

fn assignment(
    table: &RecordTable,
    column: &RecordColumn,
    wanted: &Wanted<'_>,
) -> Result<Assignment, RecordProblem> {
    if column.computed {
        return Err(RecordProblem::Computed {
            table: table.relation.name.to_string(),
            column: column.name.to_string(),
            concept: wanted.concept,
        });
    }
    let value = match (&wanted.value, &wanted.document) {
        (Value::Now, _) => Value::Now,
        (Value::Text(_), Some(document)) if column.is_document() => Value::Text(document.clone()),
        (Value::Text(text), _) => Value::Text(fitting(table, column, wanted, text)?),
    };
    // Text is assigned to every string type, and the assignment refuses what is
    // too long. Other types are reached by a cast alone.
    let cast = matches!(value, Value::Text(_)) && column.category != 'S';
    Ok(Assignment {
        column: column.name.clone(),
        value,
        cast: cast.then(|| column.r#type.clone()),
    })
}

fn fitting(
    table: &RecordTable,
    column: &RecordColumn,
    wanted: &Wanted<'_>,
    text: &str,
) -> Result<String, RecordProblem> {
    let (table, name) = (table.relation.name.to_string(), column.name.to_string());
    let concept = wanted.concept;
    let (r#type, value) = (column.declared.clone(), text.to_owned());
    match (column.category, column.base_type) {
        ('E', _) if column.labels.contains(&value) => Ok(value),
        ('E', _) => Err(RecordProblem::EnumLabel {
            table,
            column: name,
            concept,
            value,
            labels: column.labels.join(", "),
        }),
        (_, UUID) if is_uuid(text) => Ok(stored_form(column, text)),
        ('S', base) => {
            let too_long = match (base, column.max_length) {
                (NAME, _) => text.len() > MAX_IDENTIFIER_BYTES,
                (CHAR, _) => text.len() > 1,
                (_, Some(limit)) => text.chars().count() > limit as usize,
                (_, None) => false,
            };
            match column.max_length {
                _ if !too_long => Ok(value),
                Some(limit) if wanted.may_be_cut => Ok(shortened(text, limit as usize)),
                _ => Err(RecordProblem::TooLong {
                    table,
                    column: name,
                    concept,
                    r#type,
                    value,
                }),
            }
        }
        _ => Err(RecordProblem::Type {
            table,
            column: name,
            concept,
            r#type,
            value,
        }),
    }
}

/// A text as the column gives it back: a uuid in lower case.
#[must_use]
pub fn stored_form(column: &RecordColumn, text: &str) -> String {
    match column.base_type {
        UUID => text.to_ascii_lowercase(),
        _ => text.to_owned(),
    }
}

/// The beginning of a text, in so many characters, with an ellipsis where there
/// is room for one.
pub(super) fn shortened(text: &str, limit: usize) -> String {
    let Some(kept) = limit.checked_sub(ELLIPSIS.len()) else {
        return text.chars().take(limit).collect();
    };
    let beginning: String = text.chars().take(kept).collect();
    beginning.trim_end().to_owned() + ELLIPSIS
}

/// Eight, four, four, four and twelve hexadecimal digits: of the forms that
/// uuid takes the one that it gives.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(i, byte)| match i {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
