//! A batch of any role: what a plugin is asked in one call.

use serde::{Deserialize, Serialize};

use super::check::FactsError;
use super::classification::ClassificationFacts;
use super::conflict::ConflictFacts;
use super::coverage::CoverageFacts;
use super::describe::Subject;
use crate::policy::Role;

/// A batch of a role.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// What coverage collections need.
    Classification(ClassificationFacts),
    /// What proposed objects meet.
    Conflict(ConflictFacts),
    /// Which coverage conditions collections fail.
    Coverage(CoverageFacts),
}

impl Question {
    /// The role that is asked.
    #[must_use]
    pub fn role(&self) -> Role {
        match self {
            Self::Classification(_) => Role::Classification,
            Self::Conflict(_) => Role::Conflict,
            Self::Coverage(_) => Role::Coverage,
        }
    }

    /// How many subjects a plugin has to answer.
    #[must_use]
    pub fn subjects(&self) -> usize {
        match self {
            Self::Classification(facts) => facts.subjects(),
            Self::Conflict(facts) => facts.subjects(),
            Self::Coverage(facts) => facts.subjects(),
        }
    }

    /// Whether its lists hang together.
    ///
    /// # Errors
    /// The first that does not.
    pub fn check(&self) -> Result<(), FactsError> {
        match self {
            Self::Classification(facts) => facts.check(),
            Self::Conflict(facts) => facts.check(),
            Self::Coverage(facts) => facts.check(),
        }
    }

    /// What a verdict about a subject is about.
    #[must_use]
    pub fn subject(&self, index: usize) -> Option<Subject<'_>> {
        match self {
            Self::Classification(facts) => facts.subject(index),
            Self::Conflict(facts) => facts.subject(index),
            Self::Coverage(facts) => facts.subject(index),
        }
    }

    /// Everything that is said of a subject.
    #[must_use]
    pub fn describe(&self, index: usize) -> serde_json::Value {
        match self {
            Self::Classification(facts) => facts.describe(index),
            Self::Conflict(facts) => facts.describe(index),
            Self::Coverage(facts) => facts.describe(index),
        }
    }
}
