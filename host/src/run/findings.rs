//! The findings writer: one place in which gate and sweep leave what they found,
//! as health checks and as issues, in tables of any shape.
//!
//! Everything happens in the caller's transaction, which has to be a READ
//! COMMITTED one: what others committed while the writer waited for its lock has
//! to be seen.

mod open;
mod write;

use std::collections::BTreeSet;

use birth_core::health::HealthConcepts;
use birth_core::issue::{Closing, IssueConcepts};
use birth_core::outcome::FailureClass;
use birth_core::profile::{HealthValues, IssueValues, Profile};
use birth_core::record::{RecordProblem, RecordTable};
use birth_core::{health, issue};

use super::failure::Failure;
use super::resolution::{self, Candidates};
use crate::pg::Reader;

pub use open::{About, OpenIssue, OpenIssues};
pub use write::{Check, Given, ROW_REFUSED, Written, row_refused};

/// Where findings are written: the two tables and what their columns are.
#[derive(Debug)]
pub struct FindingsTarget {
    issues: RecordTable,
    issue_concepts: IssueConcepts,
    issue_values: IssueValues,
    checks: RecordTable,
    health_concepts: HealthConcepts,
    health_values: HealthValues,
    closing: Result<Closing, Vec<RecordProblem>>,
}

impl FindingsTarget {
    /// The families that it takes.
    pub const FAMILIES: [&str; 2] = [issue::FAMILY, health::FAMILY];

    /// Resolves both families with their concepts, and reads what the catalog
    /// says of the tables.
    ///
    /// # Errors
    ///
    /// A family or concept that is missing or ambiguous; a query that fails.
    pub async fn discover(
        reader: Reader<'_>,
        profile: &Profile,
        candidates: &Candidates<'_>,
    ) -> Result<Self, Failure> {
        let issues = candidates.family(issue::FAMILY)?;
        let checks = candidates.family(health::FAMILY)?;
        let issue_concepts = resolution::issue_concepts(reader, profile, &issues).await?;
        let health_concepts = resolution::health_concepts(reader, profile, &checks).await?;
        let issue_values = profile.issue.clone();
        let mut issues = reader.record_table(&issues.relation).await?;
        let statuses = Closing::statuses(&issue_values);
        reader
            .held_values(&mut issues, |column| {
                if issue_concepts.status.as_ref() == Some(column) {
                    statuses.clone()
                } else {
                    BTreeSet::new()
                }
            })
            .await?;
        Ok(Self {
            closing: Closing::of(&issues, &issue_concepts, &issue_values),
            checks: reader.record_table(&checks.relation).await?,
            issues,
            issue_concepts,
            issue_values,
            health_concepts,
            health_values: profile.health.clone(),
        })
    }

    /// What people should know of how the tables are used.
    #[must_use]
    pub fn notices(&self) -> Vec<String> {
        let one_each = self.issue_concepts.is_by_collection_alone().then(|| {
            format!(
                "{} has no column for a fingerprint, a title or a description: a collection has one \
                 open issue for all its gaps",
                self.issues.relation.name
            )
        });
        one_each.into_iter().collect()
    }

    /// How issues are closed.
    ///
    /// # Errors
    ///
    /// The table has no primary key, nothing that tells that an issue is over, or
    /// refuses it.
    pub fn closing(&self) -> Result<&Closing, Failure> {
        if self.issue_concepts.is_by_collection_alone() {
            return Err(Failure::new(
                FailureClass::Schema,
                "ISSUES_CANNOT_BE_CLOSED",
                format!(
                    "{} has no column for a fingerprint, a title or a description, so the issues of this host cannot be told from those of people",
                    self.issues.relation.name
                ),
            )
            .with_hint("add such a column, or close the issues by hand"));
        }
        self.closing.as_ref().map_err(|problems| {
            refused(
                "ISSUES_CANNOT_BE_CLOSED",
                "issues cannot be closed",
                problems,
            )
        })
    }
}

/// A table that would refuse what is to be written.
fn refused(code: &'static str, what: &str, problems: &[RecordProblem]) -> Failure {
    let is_right = |problem: &RecordProblem| matches!(problem, RecordProblem::Right { .. });
    let class = if problems.iter().all(is_right) {
        FailureClass::Privilege
    } else {
        FailureClass::Schema
    };
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let mut hints: Vec<String> = problems.iter().filter_map(RecordProblem::hint).collect();
    hints.dedup();
    if hints.is_empty() {
        hints.push("grant the rights, or change the table".to_owned());
    }
    Failure::new(class, code, format!("{what}: {}", told.join("; "))).with_hint(hints.join("; "))
}
