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
    /// The schema of the gate's queue and function.
    pub gate_schema: String,
    /// Name of the gate's trigger for inserted rows; `<table>` is replaced.
    pub gate_insert_trigger: String,
    /// Name of the gate's trigger for changed governance roles; `<table>` is
    /// replaced.
    pub gate_role_trigger: String,
    /// Whether a name that does not fit is refused or shortened.
    pub long_names: LongNames,
}

impl Naming {
    pub(super) fn check_patterns(&self) -> Result<(), ProfileError> {
        let patterns: [(_, &String, _, &[&str]); 4] = [
            (
                "check",
                &self.check,
                "both <table> and <column>",
                &["<table>", "<column>"],
            ),
            ("trigger", &self.trigger, "<table>", &["<table>"]),
            (
                "gate-insert-trigger",
                &self.gate_insert_trigger,
                "<table>",
                &["<table>"],
            ),
            (
                "gate-role-trigger",
                &self.gate_role_trigger,
                "<table>",
                &["<table>"],
            ),
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
        // All three can be on the registry.
        let triggers = [
            ("trigger", &self.trigger),
            ("gate-insert-trigger", &self.gate_insert_trigger),
            ("gate-role-trigger", &self.gate_role_trigger),
        ];
        for (at, (setting, pattern)) in triggers.iter().enumerate() {
            let other = triggers.iter().skip(at + 1).find(|(_, p)| p == pattern);
            if let Some((other, _)) = other {
                return Err(ProfileError::SamePattern {
                    setting,
                    other,
                    pattern: (*pattern).clone(),
                });
            }
        }
        // PostgreSQL keeps these to itself.
        let system =
            self.gate_schema.starts_with("pg_") || self.gate_schema == "information_schema";
        if system || Identifier::new(self.gate_schema.as_str()).is_err() {
            return Err(ProfileError::Schema {
                name: self.gate_schema.clone(),
            });
        }
        Ok(())
    }

    /// The name of a table's birth trigger.
    pub fn trigger_name(&self, table: &str) -> Result<Identifier, IdentifierError> {
        self.of_table(&self.trigger, table)
    }

    /// The name of the gate's trigger for rows inserted into the registry.
    pub fn gate_insert_trigger_name(&self, table: &str) -> Result<Identifier, IdentifierError> {
        self.of_table(&self.gate_insert_trigger, table)
    }

    /// The name of the gate's trigger for governance roles that change.
    pub fn gate_role_trigger_name(&self, table: &str) -> Result<Identifier, IdentifierError> {
        self.of_table(&self.gate_role_trigger, table)
    }

    fn of_table(&self, pattern: &str, table: &str) -> Result<Identifier, IdentifierError> {
        derived_name(&pattern.replace("<table>", table), self.long_names)
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
