//! How derived names are made.

use super::ProfileError;
use crate::ident::{Identifier, IdentifierError, LongNames, derived_name};

/// How derived names are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naming {
    /// Name of a policy check; `<table>` and `<column>` are replaced.
    pub check: String,
    /// Name of a birth trigger; `<table>` is replaced (B3-A, scope constants).
    pub trigger: String,
    /// Name of the function that birth triggers call (B3-A, scope constants).
    pub trigger_function: String,
    /// Its schema, when the deployment names it.
    pub trigger_function_schema: Option<String>,
    /// Whether a name that does not fit is refused or shortened.
    pub long_names: LongNames,
}

impl Naming {
    pub(super) fn check_patterns(&self) -> Result<(), ProfileError> {
        let patterns: [(_, &String, _, &[&str]); 2] = [
            (
                "check",
                &self.check,
                "both <table> and <column>",
                &["<table>", "<column>"],
            ),
            ("trigger", &self.trigger, "<table>", &["<table>"]),
        ];
        for (setting, pattern, placeholders, needed) in patterns {
            if !needed.iter().all(|p| pattern.contains(p)) {
                return Err(ProfileError::Pattern {
                    setting,
                    pattern: pattern.clone(),
                    placeholders,
                });
            }
        }
        Ok(())
    }

    /// The name of a table's birth trigger.
    pub fn trigger_name(&self, table: &str) -> Result<Identifier, IdentifierError> {
        derived_name(&self.trigger.replace("<table>", table), self.long_names)
    }

    /// The name of a column's policy check.
    pub fn check_name(&self, table: &str, column: &str) -> Result<Identifier, IdentifierError> {
        // Column first: its names are ours and hold no placeholder, a table's
        // may hold anything.
        let full = self
            .check
            .replace("<column>", column)
            .replace("<table>", table);
        derived_name(&full, self.long_names)
    }
}
