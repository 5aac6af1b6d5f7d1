//! Why a table would refuse a row, or may.

use std::collections::BTreeSet;

use serde::Serialize;
use thiserror::Error;

/// A reason, found when the plan is made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Error, Serialize)]
pub enum RecordProblem {
    /// Nothing fills a column that needs a value.
    #[error("{table}.{column} ({type}) is NOT NULL without a default, and no concept fills it")]
    NotFilled {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Its type.
        r#type: String,
    },
    /// A trigger may fill it; that cannot be known.
    #[error(
        "{table}.{column} is NOT NULL without a default, and no concept fills it: \
         that is left to the trigger{} {triggers}", if .triggers.contains(", ") { "s" } else { "" }
    )]
    LeftToTrigger {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The BEFORE INSERT triggers.
        triggers: String,
    },
    /// A concept's column takes no value.
    #[error("{table}.{column} is {concept}, but it is GENERATED ALWAYS and takes no value")]
    Computed {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The concept.
        concept: &'static str,
    },
    /// Without it a row cannot be named exactly, so it could not be taken away.
    #[error("{table} has no primary key, by which a row could be found again exactly")]
    NoKey {
        /// The table.
        table: String,
    },
    /// A key that cannot be compared without a search path.
    #[error(
        "{table}.{column} is part of the primary key, and its type {type} cannot be compared exactly"
    )]
    KeyType {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Its type.
        r#type: String,
    },
    /// A type that text does not fit.
    #[error("{table}.{column} is {concept}, but its type {type} cannot take {value:?}")]
    Type {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The concept.
        concept: &'static str,
        /// Its type.
        r#type: String,
        /// The value.
        value: String,
    },
    /// An enum without the label.
    #[error("{table}.{column} is {concept}, but its enum has no label {value:?}: it has {labels}")]
    EnumLabel {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The concept.
        concept: &'static str,
        /// The value.
        value: String,
        /// The labels.
        labels: String,
    },
    /// A value that must not be cut.
    #[error("{table}.{column} is {concept}, but its type {type} is too short for {value:?}")]
    TooLong {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The concept.
        concept: &'static str,
        /// Its type.
        r#type: String,
        /// The value.
        value: String,
    },
    /// A CHECK that refuses the value; no value means NULL.
    #[error("the check {check} refuses {} in {table}.{column}: it allows {allowed}",
        .value.as_ref().map_or_else(|| "NULL".to_owned(), |v| format!("{v:?}")))]
    Check {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The check.
        check: String,
        /// The value.
        value: Option<String>,
        /// What it allows.
        allowed: String,
    },
    /// A CHECK whose meaning is not known.
    #[error("the check {check} on {table}.{column} may refuse a row: {reason}")]
    CheckUnproved {
        /// The table.
        table: String,
        /// The first column that is filled.
        column: String,
        /// The check.
        check: String,
        /// Why it is not known.
        reason: String,
    },
    /// The referenced table does not hold the value.
    #[error(
        "the foreign key {key} refuses {value:?} in {table}.{column}: {target} does not hold it"
    )]
    ForeignKey {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The foreign key.
        key: String,
        /// The value.
        value: String,
        /// The referenced table.
        target: String,
    },
    /// Nobody could look whether the referenced table holds the value.
    #[error("the foreign key {key} on {table}.{column} may refuse a row: {reason}")]
    ForeignKeyUnproved {
        /// The table.
        table: String,
        /// The first column that is filled.
        column: String,
        /// The foreign key.
        key: String,
        /// Why it is not known.
        reason: &'static str,
    },
    /// A row with the same values is there, or would be by then.
    #[error("the unique index {index} of {table} refuses a second row about {about}: {why}")]
    Unique {
        /// The table.
        table: String,
        /// The index.
        index: String,
        /// What the rows are about.
        about: String,
        /// What has the values already.
        why: &'static str,
    },
    /// A unique index of which it is not known whether it has the values.
    #[error("the unique index {index} of {table} may refuse a row: it is {form}")]
    UniqueUnproved {
        /// The table.
        table: String,
        /// The index.
        index: String,
        /// Why it is not known.
        form: &'static str,
    },
    /// The role lacks rights.
    #[error("the role lacks {right} on {object}, which {} needs", purpose(.right))]
    Right {
        /// The right.
        right: &'static str,
        /// What on.
        object: String,
    },
    /// Row security would decide.
    #[error("row security of {table} applies to the role: rows could be hidden or refused")]
    RowSecurity {
        /// The table.
        table: String,
    },
    /// A rule puts something else in the place of the insert.
    #[error("the rule {rule} of {table} does something else INSTEAD of an insert")]
    Rule {
        /// The table.
        table: String,
        /// The rule.
        rule: String,
    },
    /// Nothing could tell that an issue is over.
    #[error("an issue of {table} cannot be closed: {reason}")]
    NotClosable {
        /// The table.
        table: String,
        /// Why.
        reason: String,
    },
    /// A concept's column is not there.
    #[error("{table} has no column {column}, which is {concept}")]
    Gone {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The concept.
        concept: &'static str,
    },
}

impl RecordProblem {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFilled { .. } => "RECORD_COLUMN_NOT_FILLED",
            Self::LeftToTrigger { .. } => "RECORD_COLUMN_LEFT_TO_TRIGGER",
            Self::Computed { .. } => "RECORD_COLUMN_COMPUTED",
            Self::NoKey { .. } => "RECORD_NO_PRIMARY_KEY",
            Self::KeyType { .. } => "RECORD_KEY_TYPE",
            Self::Type { .. } => "RECORD_TYPE",
            Self::EnumLabel { .. } => "RECORD_ENUM_LABEL",
            Self::TooLong { .. } => "RECORD_TOO_LONG",
            Self::Check { .. } => "RECORD_CHECK",
            Self::CheckUnproved { .. } => "RECORD_CHECK_UNPROVED",
            Self::ForeignKey { .. } => "RECORD_FOREIGN_KEY",
            Self::ForeignKeyUnproved { .. } => "RECORD_FOREIGN_KEY_UNPROVED",
            Self::Unique { .. } => "RECORD_UNIQUE",
            Self::UniqueUnproved { .. } => "RECORD_UNIQUE_UNPROVED",
            Self::Right { .. } => "RECORD_RIGHT",
            Self::RowSecurity { .. } => "RECORD_ROW_SECURITY",
            Self::Rule { .. } => "RECORD_RULE",
            Self::NotClosable { .. } => "RECORD_NOT_CLOSABLE",
            Self::Gone { .. } => "RECORD_COLUMN_GONE",
        }
    }

    /// Whether it only may refuse: the insert goes on, and a failure rolls
    /// everything back.
    #[must_use]
    pub fn is_warning(&self) -> bool {
        matches!(
            self,
            Self::LeftToTrigger { .. }
                | Self::CheckUnproved { .. }
                | Self::ForeignKeyUnproved { .. }
                | Self::UniqueUnproved { .. }
        )
    }

    /// What the person can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Computed { concept, .. }
            | Self::Type { concept, .. }
            | Self::EnumLabel { concept, .. }
            | Self::TooLong { concept, .. }
            | Self::Gone { concept, .. } => {
                let setting = setting(concept);
                Some(format!(
                    "in birth.toml {setting}another column: `[concept.{concept}]` `column = \"…\"`; \
                     `hints = []` for none"
                ))
            }
            Self::Check { .. } | Self::ForeignKey { .. } => {
                Some("name a value that the table allows in birth.toml: `[issue]`, `[health]`".to_owned())
            }
            Self::NotClosable { .. } => Some(
                "name a status that ends an issue and that the table takes in birth.toml: `[issue]` \
                 `closed-status = \"…\"`"
                    .to_owned(),
            ),
            Self::NotFilled { column, .. } => Some(format!(
                "give {column} a default, or name it for a concept in birth.toml"
            )),
            _ => None,
        }
    }
}

/// What a right is needed for.
fn purpose(right: &str) -> &'static str {
    match right {
        "DELETE" => "taking rows back",
        "UPDATE" => "closing issues",
        _ => "writing rows",
    }
}

/// The setting that says what a concept's column gets, where there is one.
fn setting(concept: &str) -> &'static str {
    match concept {
        "issue_category" => {
            "`[issue]` `species-category = \"…\"` or `onboarding-category = \"…\"`, or "
        }
        "issue_status" => "`[issue]` `open-status = \"…\"`, or ",
        "issue_severity" => "`[issue]` `severity = \"…\"`, or ",
        "issue_source" => "`[issue]` `source = \"…\"`, or ",
        "health_type" => "`[health]` `type = \"…\"`, or ",
        "health_status" => "`[health]` `status = \"…\"`, or ",
        "health_severity" => "`[health]` `severity = \"…\"`, or ",
        "health_source" => "`[health]` `source = \"…\"`, or ",
        _ => "",
    }
}

/// The reasons in order, each once, with those that only warn apart.
pub(super) fn sorted(found: Vec<RecordProblem>) -> (Vec<RecordProblem>, Vec<RecordProblem>) {
    let found: BTreeSet<RecordProblem> = found.into_iter().collect();
    found.into_iter().partition(|problem| !problem.is_warning())
}
