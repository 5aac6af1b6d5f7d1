//! Which columns of a family's table are which concepts. A column that the
//! profile names for one concept is not guessed to be another, and no column is
//! two concepts.

use crate::ident::{Identifier, QualifiedName};
use crate::profile::{Concept, Profile};
use crate::resolve::{self, Column, ResolveError};

/// Finds the concepts of one table, one after the other.
#[derive(Debug)]
pub struct Finder<'a> {
    profile: &'a Profile,
    family: &'static str,
    table: &'a QualifiedName,
    columns: &'a [Column],
    taken: Vec<(&'static str, Identifier)>,
}

impl<'a> Finder<'a> {
    /// Nothing found yet.
    #[must_use]
    pub fn new(
        profile: &'a Profile,
        family: &'static str,
        table: &'a QualifiedName,
        columns: &'a [Column],
    ) -> Self {
        Self {
            profile,
            family,
            table,
            columns,
            taken: vec![],
        }
    }

    /// A concept that has to be there.
    ///
    /// # Errors
    ///
    /// None fits, a tie, or a column that is another concept already.
    pub fn required(&mut self, id: &'static str) -> Result<Identifier, ResolveError> {
        let wanted = self.wanted(id)?;
        self.find(id, wanted)
    }

    /// None where no column fits; a column that the profile names has to.
    ///
    /// # Errors
    ///
    /// A tie, a column that the profile names and that does not fit, or one that
    /// is another concept already.
    pub fn optional(&mut self, id: &'static str) -> Result<Option<Identifier>, ResolveError> {
        let wanted = self.wanted(id)?;
        match self.find(id, wanted) {
            Err(ResolveError::ConceptMissing { .. }) if wanted.column.is_none() => Ok(None),
            found => found.map(Some),
        }
    }

    /// What to say of a concept that the table cannot do without.
    #[must_use]
    pub fn missing(&self, id: &str, detail: &str) -> ResolveError {
        let meaning = self.profile.concepts.get(id).map_or("", |c| &c.meaning);
        let columns: Vec<String> = self
            .columns
            .iter()
            .map(|c| format!("{} {}", c.name, c.r#type))
            .collect();
        self.absent(
            id,
            meaning,
            format!("{detail}; the table has {}", columns.join(", ")),
        )
    }

    fn wanted(&self, id: &str) -> Result<&'a Concept, ResolveError> {
        let profile = self.profile;
        profile
            .concepts
            .get(id)
            .ok_or_else(|| self.absent(id, "", "the profile does not have it".to_owned()))
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
            .map_err(|error| self.absent(id, &wanted.meaning, error.to_string()))?;
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
            .any(|concept| concept.family == self.family && named(concept))
    }

    fn absent(&self, id: &str, meaning: &str, detail: String) -> ResolveError {
        ResolveError::ConceptMissing {
            concept: id.to_owned(),
            meaning: meaning.to_owned(),
            table: self.table.to_string(),
            detail,
        }
    }
}
