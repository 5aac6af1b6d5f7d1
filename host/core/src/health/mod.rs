//! Health checks: that a condition failed when it was looked at. Unlike an issue
//! a health check is never open or closed; each time it fails is a row.
//!
//! `HealthConcepts` says which columns of the table are what, [`rows`] turns
//! drafts into what these columns are to get. How a row gets into a table of any
//! shape is the matter of `record`.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::ident::{Identifier, QualifiedName};
use crate::profile::{HealthValues, Profile};
use crate::record::{Fill, Finder, RowDraft, Wanted};
use crate::resolve::{Column, ResolveError};

/// The id of the family of health checks.
pub const FAMILY: &str = "system_health_checks";

/// A failed health check as gate and sweep word it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthDraft {
    /// The key of the collection it is about; none for the estate as a whole.
    pub collection: Option<String>,
    /// What tells the failed condition from every other: the fingerprint of the
    /// finding, and of its issue.
    pub fingerprint: String,
    /// In a few words; may be cut to the length that the table allows.
    pub title: String,
    /// In a few sentences; cut like the title.
    pub description: String,
    /// Everything that is known, as the text of a JSON object.
    pub detail: String,
}

/// The columns of a table of health checks by what they mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthConcepts {
    /// `health_type`
    pub r#type: Identifier,
    /// `health_collection`
    pub collection: Option<Identifier>,
    /// `health_fingerprint`
    pub fingerprint: Option<Identifier>,
    /// `health_title`
    pub title: Option<Identifier>,
    /// `health_description`
    pub description: Option<Identifier>,
    /// `health_detail`
    pub detail: Option<Identifier>,
    /// `health_status`
    pub status: Option<Identifier>,
    /// `health_severity`
    pub severity: Option<Identifier>,
    /// `health_source`
    pub source: Option<Identifier>,
    /// `health_checked_at`
    pub checked_at: Option<Identifier>,
}

/// Resolves the concepts of a table of health checks.
///
/// # Errors
///
/// No type, a tie, a column that the profile names and that does not fit, or one
/// column for two concepts.
pub fn resolve(
    profile: &Profile,
    table: &QualifiedName,
    columns: &[Column],
) -> Result<HealthConcepts, ResolveError> {
    let mut found = Finder::new(profile, FAMILY, table, columns);
    Ok(HealthConcepts {
        r#type: found.required("health_type")?,
        collection: found.optional("health_collection")?,
        fingerprint: found.optional("health_fingerprint")?,
        title: found.optional("health_title")?,
        description: found.optional("health_description")?,
        detail: found.optional("health_detail")?,
        status: found.optional("health_status")?,
        severity: found.optional("health_severity")?,
        source: found.optional("health_source")?,
        checked_at: found.optional("health_checked_at")?,
    })
}

/// Drafts as rows, in the drafts' order.
///
/// Type, collection, fingerprint, the texts and the status are written wherever
/// there is a column for them: a default of the table's would say of a failed
/// check that it passed, or nothing. The time is written where the table has none
/// of its own; severity and source only where it demands them.
#[must_use]
pub fn rows<'a>(
    concepts: &'a HealthConcepts,
    values: &HealthValues,
    drafts: &[HealthDraft],
) -> Vec<RowDraft<'a>> {
    let rows = drafts.iter().map(|draft| RowDraft {
        about: draft
            .collection
            .clone()
            .unwrap_or_else(|| "the estate".to_owned()),
        wanted: wanted(concepts, values, draft),
        left_empty: match draft.collection {
            None => concepts.collection.iter().collect(),
            Some(_) => vec![],
        },
        recognised: vec![],
    });
    rows.collect()
}

fn wanted<'a>(
    concepts: &'a HealthConcepts,
    values: &HealthValues,
    draft: &HealthDraft,
) -> Vec<Wanted<'a>> {
    let c = concepts;
    let text = |concept, column: &'a Option<Identifier>, text: &str| {
        column
            .as_ref()
            .map(|column| Wanted::text(concept, column, text))
    };
    let cut = |wanted: Option<Wanted<'a>>| wanted.map(|wanted| wanted.cut_if(true));
    let demanded = |concept, column: &'a Option<Identifier>, value: &str| {
        let wanted = text(concept, column, value)?;
        Some(wanted.of_every_row().fill(Fill::Demanded))
    };
    let r#type = Wanted::text("health_type", &c.r#type, &values.r#type);
    let collection = draft.collection.as_deref();
    let status = text("health_status", &c.status, &values.status);
    let checked_at = c.checked_at.as_ref().map(|column| {
        let fill = Fill::WithoutDefault;
        Wanted::now("health_checked_at", column, fill)
    });
    let detail = cut(text("health_detail", &c.detail, &draft.description));
    let fingerprint = text("health_fingerprint", &c.fingerprint, &draft.fingerprint);
    [
        Some(r#type.of_every_row()),
        collection.and_then(|key| text("health_collection", &c.collection, key)),
        fingerprint.map(Wanted::of_every_row),
        cut(text("health_title", &c.title, &draft.title)),
        cut(text(
            "health_description",
            &c.description,
            &draft.description,
        )),
        detail.map(|detail| detail.document(&draft.detail)),
        status.map(Wanted::of_every_row),
        demanded("health_severity", &c.severity, &values.severity),
        demanded("health_source", &c.source, &values.source),
        checked_at,
    ]
    .into_iter()
    .flatten()
    .collect()
}
