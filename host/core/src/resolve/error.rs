//! Why something could not be resolved, and what the person can do.

use thiserror::Error;

/// A family, concept or function that could not be resolved.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ResolveError {
    /// No table fits.
    #[error("no table for the family `{family}`{where_}: looked for {looked_for}")]
    FamilyMissing {
        /// The family.
        family: String,
        /// Where it was looked for.
        where_: String,
        /// The names that were looked for.
        looked_for: String,
    },
    /// Only something that is not a table has the name.
    #[error("the family `{family}` fits only {found}, which is {kind} and not a table")]
    FamilyNotATable {
        /// The family.
        family: String,
        /// The relation.
        found: String,
        /// What it is.
        kind: &'static str,
    },
    /// Tables of several schemas fit.
    #[error("the family `{family}` fits tables in several schemas: {candidates}")]
    SchemaAmbiguous {
        /// The family.
        family: String,
        /// The tables.
        candidates: String,
    },
    /// Several tables of one schema fit equally.
    #[error("the family `{family}` fits several tables equally well: {candidates}")]
    FamilyAmbiguous {
        /// The family.
        family: String,
        /// The tables.
        candidates: String,
    },
    /// No column fits.
    #[error("no column of {table} is the concept `{concept}` ({meaning}): {detail}")]
    ConceptMissing {
        /// The concept.
        concept: String,
        /// What it means.
        meaning: String,
        /// The table.
        table: String,
        /// What was looked for and what there is.
        detail: String,
    },
    /// Several columns fit equally.
    #[error(
        "several columns of {table} fit the concept `{concept}` ({meaning}) equally well: {candidates}"
    )]
    ConceptAmbiguous {
        /// The concept.
        concept: String,
        /// What it means.
        meaning: String,
        /// The table.
        table: String,
        /// The columns.
        candidates: String,
    },
    /// The profile names one column for two concepts.
    #[error("the column {column} of {table} cannot be both `{first}` and `{second}`")]
    ConceptsShareColumn {
        /// One concept.
        first: String,
        /// The other.
        second: String,
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// No function fits.
    #[error("no trigger function `{name}`{where_}: {found}")]
    FunctionMissing {
        /// The name.
        name: String,
        /// Where it was looked for.
        where_: String,
        /// What has the name instead, and why it does not fit.
        found: String,
    },
    /// Functions of several schemas fit.
    #[error("the trigger function `{name}` is in several schemas: {candidates}")]
    FunctionAmbiguous {
        /// The name.
        name: String,
        /// The functions.
        candidates: String,
    },
}

impl ResolveError {
    /// What the person can do: the line to put in the profile.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::SchemaAmbiguous { .. } => {
                "name the schema: --schema NAME, or in birth.toml `[family.…] schema = \"…\"`"
                    .to_owned()
            }
            Self::FamilyMissing { family, .. }
            | Self::FamilyNotATable { family, .. }
            | Self::FamilyAmbiguous { family, .. } => {
                format!("name the table in birth.toml: `[family.{family}]` `table = \"…\"`")
            }
            Self::ConceptMissing { concept, .. }
            | Self::ConceptAmbiguous { concept, .. }
            | Self::ConceptsShareColumn {
                second: concept, ..
            } => {
                format!("name the column in birth.toml: `[concept.{concept}]` `column = \"…\"`")
            }
            Self::FunctionMissing { .. } => {
                "create it, or name another in birth.toml: `[naming]` `trigger-function = \"…\"`"
                    .to_owned()
            }
            Self::FunctionAmbiguous { .. } => {
                "name its schema in birth.toml: `[naming]` `trigger-function-schema = \"…\"`"
                    .to_owned()
            }
        }
    }

    /// Stable code for `reason=`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::FamilyMissing { .. } => "FAMILY_MISSING",
            Self::FamilyNotATable { .. } => "FAMILY_NOT_A_TABLE",
            Self::SchemaAmbiguous { .. } => "SCHEMA_AMBIGUOUS",
            Self::FamilyAmbiguous { .. } => "FAMILY_AMBIGUOUS",
            Self::ConceptMissing { .. } => "CONCEPT_MISSING",
            Self::ConceptAmbiguous { .. } => "CONCEPT_AMBIGUOUS",
            Self::ConceptsShareColumn { .. } => "CONCEPTS_SHARE_COLUMN",
            Self::FunctionMissing { .. } => "FUNCTION_MISSING",
            Self::FunctionAmbiguous { .. } => "FUNCTION_AMBIGUOUS",
        }
    }
}
