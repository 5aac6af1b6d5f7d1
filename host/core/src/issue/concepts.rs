//! Which columns of the issues table are what.

use serde::{Deserialize, Serialize};

use super::FAMILY;
use crate::ident::{Identifier, QualifiedName};
use crate::profile::{Concept, Profile};
use crate::resolve::{self, Column, ResolveError};

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
    /// What an issue is recognised by.
    pub recognition: Recognition,
}

/// By what an issue that is already there is recognised, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recognition {
    /// Its fingerprint.
    Fingerprint,
    /// Its collection and its category.
    Collection,
    /// Its exact title and its category.
    Title,
    /// Its exact description and its category.
    Description,
}

/// Resolves the concepts of an issues table. A column that the profile names for
/// one concept is not guessed to be another.
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
    let mut found = Finder {
        profile,
        table,
        columns,
        taken: vec![],
    };
    let category = found.required("issue_category")?;
    let collection = found.optional("issue_collection")?;
    let fingerprint = found.optional("issue_fingerprint")?;
    let title = found.optional("issue_title")?;
    let description = found.optional("issue_description")?;
    let recognition = match (&fingerprint, &collection, &title, &description) {
        (Some(_), ..) => Recognition::Fingerprint,
        (_, Some(_), ..) => Recognition::Collection,
        (_, _, Some(_), _) => Recognition::Title,
        (.., Some(_)) => Recognition::Description,
        _ => return Err(found.nothing_to_recognise_by()),
    };
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
        recognition,
    })
}

impl IssueConcepts {
    /// The column an issue is recognised by. The category counts beside it,
    /// except beside a fingerprint, which is made of it.
    #[must_use]
    pub fn recognised_by(&self) -> (Option<&Identifier>, Option<&Identifier>) {
        let category = Some(&self.category);
        match self.recognition {
            Recognition::Fingerprint => (self.fingerprint.as_ref(), None),
            Recognition::Collection => (self.collection.as_ref(), category),
            Recognition::Title => (self.title.as_ref(), category),
            Recognition::Description => (self.description.as_ref(), category),
        }
    }
}

struct Finder<'a> {
    profile: &'a Profile,
    table: &'a QualifiedName,
    columns: &'a [Column],
    taken: Vec<(&'static str, Identifier)>,
}

impl<'a> Finder<'a> {
    fn required(&mut self, id: &'static str) -> Result<Identifier, ResolveError> {
        let wanted = self.wanted(id)?;
        self.find(id, wanted)
    }

    /// None where no column fits; a column that the profile names has to.
    fn optional(&mut self, id: &'static str) -> Result<Option<Identifier>, ResolveError> {
        let wanted = self.wanted(id)?;
        match self.find(id, wanted) {
            Err(ResolveError::ConceptMissing { .. }) if wanted.column.is_none() => Ok(None),
            found => found.map(Some),
        }
    }

    fn wanted(&self, id: &str) -> Result<&'a Concept, ResolveError> {
        let profile = self.profile;
        profile
            .concepts
            .get(id)
            .ok_or_else(|| self.missing(id, "", "the profile does not have it".to_owned()))
    }

    fn find(&mut self, id: &'static str, wanted: &Concept) -> Result<Identifier, ResolveError> {
        let candidates: Vec<Column> = self
            .columns
            .iter()
            .filter(|c| !self.is_named_for_another(id, &c.name))
            .cloned()
            .collect();
        let name = resolve::concept(id, wanted, self.table, &candidates)?.column;
        let column = Identifier::new(name)
            .map_err(|error| self.missing(id, &wanted.meaning, error.to_string()))?;
        if let Some((other, _)) = self.taken.iter().find(|(_, taken)| *taken == column) {
            return Err(ResolveError::ConceptsShareColumn {
                first: (*other).to_owned(),
                second: id.to_owned(),
                table: self.table.to_string(),
                column: column.to_string(),
            });
        }
        self.taken.push((id, column.clone()));
        Ok(column)
    }

    /// Only hints give way: two concepts that name one column are an error.
    fn is_named_for_another(&self, id: &str, column: &str) -> bool {
        let named = |concept: &Concept| concept.column.as_deref() == Some(column);
        let own = self.profile.concepts.get(id).is_some_and(named);
        !own && self
            .profile
            .concepts
            .values()
            .any(|concept| concept.family == FAMILY && named(concept))
    }

    fn missing(&self, id: &str, meaning: &str, detail: String) -> ResolveError {
        ResolveError::ConceptMissing {
            concept: id.to_owned(),
            meaning: meaning.to_owned(),
            table: self.table.to_string(),
            detail,
        }
    }

    fn nothing_to_recognise_by(&self) -> ResolveError {
        let id = "issue_fingerprint";
        let meaning = self.profile.concepts.get(id).map_or("", |c| &c.meaning);
        let columns: Vec<String> = self
            .columns
            .iter()
            .map(|c| format!("{} {}", c.name, c.r#type))
            .collect();
        self.missing(
            id,
            meaning,
            format!(
                "and none is issue_collection, issue_title or issue_description, so nothing would \
                 tell which collection an issue is about; the table has {}",
                columns.join(", ")
            ),
        )
    }
}
