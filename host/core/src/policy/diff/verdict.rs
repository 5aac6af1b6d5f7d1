//! A verdict in words, and what of it is another.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::op::Decision;
use crate::policy::Role;
use crate::policy::coverage::{CoverageStatus, ScopeStatus};
use crate::policy::verdict::{Answer, Reason, Severity};

/// What of a verdict is another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// The status.
    Status,
    /// The scope.
    Scope,
    /// Which findings there are: for coverage, which conditions fail.
    Findings,
    /// The score.
    Score,
    /// The reasons, or their words.
    Reasons,
}

impl What {
    /// For people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Scope => "scope",
            Self::Findings => "findings",
            Self::Score => "score",
            Self::Reasons => "reasons",
        }
    }

    /// Whether it is the verdict itself, and not only what stands behind it.
    #[must_use]
    pub fn is_verdict(self) -> bool {
        matches!(self, Self::Status | Self::Scope | Self::Findings)
    }

    pub(super) fn between(old: &Answer, new: &Answer) -> BTreeSet<Self> {
        let differs = [
            (old.status != new.status, Self::Status),
            (old.scope != new.scope, Self::Scope),
            (findings(old) != findings(new), Self::Findings),
            (old.score != new.score, Self::Score),
            (old.reasons != new.reasons, Self::Reasons),
        ];
        let found = differs.into_iter().filter(|(differs, _)| *differs);
        found.map(|(_, what)| what).collect()
    }
}

fn findings(answer: &Answer) -> BTreeSet<&str> {
    let findings = answer.reasons.iter();
    let findings = findings.filter(|reason| reason.severity == Severity::Finding);
    findings.map(|reason| reason.code.as_str()).collect()
}

/// An answer, with its numbers in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answered {
    /// The status.
    pub status: &'static str,
    /// The scope, of roles that have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<&'static str>,
    /// The score.
    pub score: i32,
    /// Why.
    pub reasons: Vec<Reason>,
}

impl Answered {
    /// In the words of a role.
    #[must_use]
    pub fn of(role: Role, answer: Answer) -> Self {
        let (status, scope) = match role {
            Role::Classification => (
                CoverageStatus::from_number(answer.status).map(CoverageStatus::word),
                ScopeStatus::from_number(answer.scope).map(ScopeStatus::word),
            ),
            Role::Conflict => (
                Decision::from_status(answer.status).map(Decision::word),
                None,
            ),
            Role::Coverage => (
                ["NOT_GOVERNED", "COVERED", "GAPS"]
                    .get(usize::from(answer.status))
                    .copied(),
                None,
            ),
        };
        Self {
            // Answers are checked against the vocabulary before.
            status: status.unwrap_or("UNKNOWN"),
            scope,
            score: answer.score,
            reasons: answer.reasons,
        }
    }

    /// Status and scope, as one class that verdicts fall into.
    #[must_use]
    pub fn class(&self) -> String {
        match self.scope {
            Some(scope) => format!("{}, {scope}", self.status),
            None => self.status.to_owned(),
        }
    }
}

/// One verdict that is another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The role that was asked.
    pub role: Role,
    /// What it is about: `collection`, `column`, `check` or `trigger`.
    pub subject: &'static str,
    /// Its key, or its name.
    pub key: String,
    /// Its governance role as stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub governance_role: Option<String>,
    /// What of it is another.
    pub what: BTreeSet<What>,
    /// What the old set says.
    pub old: Answered,
    /// What the new set says.
    pub new: Answered,
}
