//! Which columns of an issues table get what.
//!
//! Category, fingerprint, collection, title and description wherever there is a
//! column for them; status, severity, source and the times only where the table
//! demands a value and has none of its own, because its own default is better
//! than a guess. Everything else is left to the table.

use super::IssueDraft;
use super::concepts::{IssueConcepts, Recognition};
use crate::ident::Identifier;
use crate::profile::IssueValues;
use crate::record::{Fill, RecordTable, RowDraft, Wanted, stored_form};

/// What the rows are called that are about no collection.
const ESTATE: &str = "the estate";

/// Drafts as rows, in the drafts' order.
#[must_use]
pub fn rows<'a>(
    concepts: &'a IssueConcepts,
    values: &IssueValues,
    drafts: &[IssueDraft],
) -> Vec<RowDraft<'a>> {
    let rows = drafts.iter().map(|draft| {
        let (by, category) = concepts.recognised_by(concepts.recognition(draft));
        RowDraft {
            about: draft
                .collection
                .clone()
                .unwrap_or_else(|| ESTATE.to_owned()),
            wanted: wanted(concepts, values, draft),
            left_empty: match draft.collection {
                None => concepts.collection.iter().collect(),
                Some(_) => vec![],
            },
            recognised: by.into_iter().chain(category).cloned().collect(),
        }
    });
    rows.collect()
}

/// Every value that the concepts ask for, in one order for all tables.
fn wanted<'a>(
    concepts: &'a IssueConcepts,
    values: &IssueValues,
    draft: &IssueDraft,
) -> Vec<Wanted<'a>> {
    let c = concepts;
    let recognition = c.recognition(draft);
    let text = |concept, column: &'a Option<Identifier>, text: &str| {
        column
            .as_ref()
            .map(|column| Wanted::text(concept, column, text))
    };
    let demanded = |concept, column: &'a Option<Identifier>, value: &str| {
        let wanted = text(concept, column, value)?;
        Some(wanted.of_every_row().fill(Fill::Demanded))
    };
    let now = |concept, column: &'a Option<Identifier>| {
        let column = column.as_ref()?;
        Some(Wanted::now(concept, column, Fill::Demanded))
    };
    let category = Wanted::text("issue_category", &c.category, &draft.category);
    let collection = draft.collection.as_deref();
    let fingerprint = text("issue_fingerprint", &c.fingerprint, &draft.fingerprint());
    let title = text("issue_title", &c.title, &draft.title);
    let description = text(
        "issue_description",
        &c.description,
        described(concepts, draft),
    );
    [
        Some(category.of_every_row()),
        collection.and_then(|key| text("issue_collection", &c.collection, key)),
        // Every fingerprint is as long as every other.
        fingerprint.map(Wanted::of_every_row),
        title.map(|title| title.cut_if(recognition != Recognition::Title)),
        description.map(|text| text.cut_if(recognition != Recognition::Description)),
        demanded("issue_status", &c.status, &values.open_status),
        demanded("issue_severity", &c.severity, &values.severity),
        demanded("issue_source", &c.source, &values.source),
        now("issue_created_at", &c.created_at),
        now("issue_updated_at", &c.updated_at),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The description: see [`IssueDraft::description`].
fn described<'d>(concepts: &IssueConcepts, draft: &'d IssueDraft) -> &'d str {
    let by_description = concepts.recognition(draft) == Recognition::Description;
    match draft.condition {
        Some(_) if by_description => &draft.title,
        _ => &draft.description,
    }
}

/// The text an issue of a draft is recognised by, as the column holds it; empty
/// where it is recognised by its category alone.
#[must_use]
pub fn recognised_text(
    table: &RecordTable,
    concepts: &IssueConcepts,
    draft: &IssueDraft,
) -> String {
    let recognition = concepts.recognition(draft);
    let text = match recognition {
        Recognition::Fingerprint => draft.fingerprint(),
        Recognition::Collection => draft.collection.clone().unwrap_or_default(),
        Recognition::Title => draft.title.clone(),
        Recognition::Description => described(concepts, draft).to_owned(),
        Recognition::Category => String::new(),
    };
    let column = concepts.recognised_by(recognition).0;
    match column.and_then(|column| table.column(column)) {
        Some(column) => stored_form(column, &text),
        None => text,
    }
}
