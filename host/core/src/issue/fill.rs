//! Which column gets which value, and whether its type takes it.

use std::collections::BTreeSet;

use super::IssueDraft;
use super::concepts::{IssueConcepts, Recognition};
use super::problem::IssueProblem;
use super::statement::{Assignment, Value};
use super::table::{CHAR, IssueColumn, IssueTable, NAME, UUID};
use crate::ident::{Identifier, MAX_IDENTIFIER_BYTES};
use crate::profile::IssueValues;

/// What a cut text ends in: ASCII, so that every server encoding has it.
const ELLIPSIS: &str = "...";

/// A value for a concept's column.
pub(super) struct Wanted<'a> {
    pub(super) concept: &'static str,
    pub(super) column: &'a Identifier,
    pub(super) value: Value,
    /// Only where the column has to be filled and does not fill itself.
    only_if_needed: bool,
    /// May be cut to the column's length.
    may_be_cut: bool,
}

/// Every value that the concepts ask for, in one order for all tables.
pub(super) fn wanted<'a>(
    concepts: &'a IssueConcepts,
    values: &IssueValues,
    draft: &IssueDraft,
) -> Vec<Wanted<'a>> {
    let text = |concept, column: Option<&'a Identifier>, value: &str| {
        column.map(|column| Wanted {
            concept,
            column,
            value: Value::Text(value.to_owned()),
            only_if_needed: false,
            may_be_cut: false,
        })
    };
    let cut = |wanted: Option<Wanted<'a>>, unless: Recognition| {
        wanted.map(|wanted| Wanted {
            may_be_cut: concepts.recognition != unless,
            ..wanted
        })
    };
    let needed = |wanted: Option<Wanted<'a>>| {
        wanted.map(|wanted| Wanted {
            only_if_needed: true,
            ..wanted
        })
    };
    let now = |concept, column: &'a Option<Identifier>| {
        needed(column.as_ref().map(|column| Wanted {
            concept,
            column,
            value: Value::Now,
            only_if_needed: true,
            may_be_cut: false,
        }))
    };
    let c = concepts;
    [
        text("issue_category", Some(&c.category), &draft.category),
        text("issue_collection", c.collection.as_ref(), &draft.collection),
        text(
            "issue_fingerprint",
            c.fingerprint.as_ref(),
            &draft.fingerprint(),
        ),
        cut(
            text("issue_title", c.title.as_ref(), &draft.title),
            Recognition::Title,
        ),
        cut(
            text(
                "issue_description",
                c.description.as_ref(),
                &draft.description,
            ),
            Recognition::Description,
        ),
        needed(text("issue_status", c.status.as_ref(), &values.open_status)),
        needed(text(
            "issue_severity",
            c.severity.as_ref(),
            &values.severity,
        )),
        needed(text("issue_source", c.source.as_ref(), &values.source)),
        now("issue_created_at", &c.created_at),
        now("issue_updated_at", &c.updated_at),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The texts that drafts would put into a column: what a foreign key on it
/// would have to hold.
#[must_use]
pub fn wanted_texts(
    concepts: &IssueConcepts,
    values: &IssueValues,
    drafts: &[IssueDraft],
    column: &Identifier,
) -> BTreeSet<String> {
    let all = drafts
        .iter()
        .flat_map(|draft| wanted(concepts, values, draft));
    all.filter(|wanted| wanted.column == column)
        .filter_map(|wanted| match wanted.value {
            Value::Text(text) => Some(text),
            Value::Now => None,
        })
        .collect()
}

/// The text an issue of a draft is recognised by, as the column holds it.
#[must_use]
pub fn recognised_text(table: &IssueTable, concepts: &IssueConcepts, draft: &IssueDraft) -> String {
    let text = match concepts.recognition {
        Recognition::Fingerprint => draft.fingerprint(),
        Recognition::Collection => draft.collection.clone(),
        Recognition::Title => draft.title.clone(),
        Recognition::Description => draft.description.clone(),
    };
    let column = concepts.recognised_by().0;
    match column.and_then(|column| table.column(column)) {
        Some(column) if column.base_type == UUID => text.to_ascii_lowercase(),
        _ => text,
    }
}

/// The assignments of one row; what does not fit is told.
pub(super) fn assignments(
    table: &IssueTable,
    wanted: Vec<Wanted<'_>>,
    problems: &mut Vec<IssueProblem>,
) -> Vec<Assignment> {
    let mut out = Vec::new();
    for wanted in wanted {
        let Some(column) = table.column(wanted.column) else {
            problems.push(IssueProblem::Gone {
                table: table.relation.name.to_string(),
                column: wanted.column.to_string(),
                concept: wanted.concept,
            });
            continue;
        };
        if wanted.only_if_needed && !column.has_to_be_filled() {
            continue;
        }
        match assignment(table, column, wanted) {
            Ok(assignment) => out.push(assignment),
            Err(problem) => problems.push(problem),
        }
    }
    out
}

fn assignment(
    table: &IssueTable,
    column: &IssueColumn,
    wanted: Wanted<'_>,
) -> Result<Assignment, IssueProblem> {
    let (name, concept) = (table.relation.name.to_string(), wanted.concept);
    if column.computed {
        return Err(IssueProblem::Computed {
            table: name,
            column: column.name.to_string(),
            concept,
        });
    }
    let value = match wanted.value {
        Value::Now => Value::Now,
        Value::Text(text) => Value::Text(fitting(&name, column, concept, text, wanted.may_be_cut)?),
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
    table: &str,
    column: &IssueColumn,
    concept: &'static str,
    text: String,
    may_be_cut: bool,
) -> Result<String, IssueProblem> {
    let (table, name) = (table.to_owned(), column.name.to_string());
    let r#type = column.declared.clone();
    match (column.category, column.base_type) {
        ('E', _) if column.labels.contains(&text) => Ok(text),
        ('E', _) => Err(IssueProblem::EnumLabel {
            table,
            column: name,
            concept,
            value: text,
            labels: column.labels.join(", "),
        }),
        // Stored and shown in lower case.
        (_, UUID) if is_uuid(&text) => Ok(text.to_ascii_lowercase()),
        ('S', base) => {
            let too_long = match (base, column.max_length) {
                (NAME, _) => text.len() > MAX_IDENTIFIER_BYTES,
                (CHAR, _) => text.len() > 1,
                (_, Some(limit)) => text.chars().count() > limit as usize,
                (_, None) => false,
            };
            match column.max_length {
                _ if !too_long => Ok(text),
                Some(limit) if may_be_cut => Ok(shortened(&text, limit as usize)),
                _ => Err(IssueProblem::TooLong {
                    table,
                    column: name,
                    concept,
                    r#type,
                    value: text,
                }),
            }
        }
        _ => Err(IssueProblem::Type {
            table,
            column: name,
            concept,
            r#type,
            value: text,
        }),
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
