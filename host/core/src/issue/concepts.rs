//! Which columns of the issues table are what.

use serde::{Deserialize, Serialize};

use super::{FAMILY, IssueDraft};
use crate::ident::{Identifier, QualifiedName};
use crate::profile::Profile;
use crate::record::Finder;
use crate::resolve::{Column, ResolveError};

/// The columns of an issues table by what they mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueConcepts {
    /// `issue_category`
    pub category: Identifier,
    /// `issue_collection`
    pub collection: Option<Identifier>,
    /// `issue_fingerprint`
    pub fingerprint: Option<Identifier>,
    /// `issue_title`
    pub title: Option<Identifier>,
    /// `issue_description`
    pub description: Option<Identifier>,
    /// `issue_status`
    pub status: Option<Identifier>,
    /// `issue_severity`
    pub severity: Option<Identifier>,
    /// `issue_source`
    pub source: Option<Identifier>,
    /// `issue_created_at`
    pub created_at: Option<Identifier>,
    /// `issue_updated_at`
    pub updated_at: Option<Identifier>,
    /// `issue_closed_at`
    pub closed_at: Option<Identifier>,
}

/// By what an issue that is already there is recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Recognition {
    /// Its fingerprint.
    Fingerprint,
    /// Its collection and its category.
    Collection,
    /// Its exact title and its category.
    Title,
    /// Its exact description and its category.
    Description,
    /// Its category, and that it names no collection: an issue about the estate
    /// as a whole where there is nothing else.
    Category,
}

/// Resolves the concepts of an issues table.
///
/// # Errors
///
/// No category, a tie, a column that the profile names and that does not fit,
/// one column for two concepts, or nothing that an issue could be recognised by.
pub fn resolve(
    profile: &Profile,
    table: &QualifiedName,
    columns: &[Column],
) -> Result<IssueConcepts, ResolveError> {
    let mut found = Finder::new(profile, FAMILY, table, columns);
    let category = found.required("issue_category")?;
    let collection = found.optional("issue_collection")?;
    let fingerprint = found.optional("issue_fingerprint")?;
    let title = found.optional("issue_title")?;
    let description = found.optional("issue_description")?;
    let recognised = [&fingerprint, &collection, &title, &description];
    if recognised.iter().all(|column| column.is_none()) {
        return Err(found.missing(
            "issue_fingerprint",
            "and none is issue_collection, issue_title or issue_description, so nothing would \
             tell which collection an issue is about",
        ));
    }
    Ok(IssueConcepts {
        category,
        collection,
        fingerprint,
        title,
        description,
        status: found.optional("issue_status")?,
        severity: found.optional("issue_severity")?,
        source: found.optional("issue_source")?,
        created_at: found.optional("issue_created_at")?,
        updated_at: found.optional("issue_updated_at")?,
        closed_at: found.optional("issue_closed_at")?,
    })
}

impl IssueConcepts {
    /// What an issue is recognised by, best first: its fingerprint; its
    /// collection, of which there is one issue of a category; its title; its
    /// description. Where a collection can have several issues of a category, one
    /// for each condition, the collection comes last: the texts name the
    /// condition too.
    #[must_use]
    pub fn recognition(&self, draft: &IssueDraft) -> Recognition {
        let fingerprint = self.fingerprint.as_ref().map(|_| Recognition::Fingerprint);
        let title = self.title.as_ref().map(|_| Recognition::Title);
        let description = self.description.as_ref().map(|_| Recognition::Description);
        let collection = self.collection.as_ref().and(draft.collection.as_ref());
        let collection = collection.map(|_| Recognition::Collection);
        let ranked = match draft.condition {
            None => [fingerprint, collection, title, description],
            Some(_) => [fingerprint, title, description, collection],
        };
        let best = ranked.into_iter().flatten().next();
        best.unwrap_or(Recognition::Category)
    }

    /// Whether issues of several conditions on one collection cannot be told
    /// apart: there is one for all of them.
    #[must_use]
    pub fn is_by_collection_alone(&self) -> bool {
        [&self.fingerprint, &self.title, &self.description]
            .iter()
            .all(|column| column.is_none())
    }

    /// The column an issue is recognised by. The category counts beside it,
    /// except beside a fingerprint, which is made of it or of the condition.
    #[must_use]
    pub fn recognised_by(
        &self,
        recognition: Recognition,
    ) -> (Option<&Identifier>, Option<&Identifier>) {
        let category = Some(&self.category);
        match recognition {
            Recognition::Fingerprint => (self.fingerprint.as_ref(), None),
            Recognition::Collection => (self.collection.as_ref(), category),
            Recognition::Title => (self.title.as_ref(), category),
            Recognition::Description => (self.description.as_ref(), category),
            Recognition::Category => (None, category),
        }
    }
}
