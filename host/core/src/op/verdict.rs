//! From verdicts to decisions: what every operation's `assess` shares.

use thiserror::Error;

use crate::ident::IdentifierError;
use crate::policy::verdict::{Reason, Severity};

/// Why there is no plan.
#[derive(Debug, Error)]
pub enum AssessError {
    /// A derived name does not fit.
    #[error("{0}; set `naming.long-names = \"hash-suffix\"` in birth.toml to shorten such names")]
    Name(#[from] IdentifierError),
    /// Facts could not be written down for their digest.
    #[error("the facts could not be encoded: {0}")]
    Encode(#[from] serde_json::Error),
    /// The plugin gave another number of answers than was asked.
    #[error("{found} verdicts for {expected} proposed objects")]
    Count {
        /// How many were asked.
        expected: usize,
        /// How many came.
        found: usize,
    },
    /// The plugin says something that the live catalog contradicts.
    #[error("the policy says {verdict} for the {kind} {name}, but the live catalog says: {fact}")]
    Contradiction {
        /// The verdict.
        verdict: &'static str,
        /// `column`, `check` or `trigger`.
        kind: &'static str,
        /// The object.
        name: String,
        /// What the catalog says.
        fact: &'static str,
    },
    /// An issue of the species queue could not be stored.
    #[error("the table of issues would refuse an issue of the species queue: {}", .0.join("; "))]
    Issue(Vec<String>),
}

/// A finding of the host itself, where the plugin is not told of a fact.
pub(super) fn finding(code: &str, message: String) -> Reason {
    Reason {
        code: code.to_owned(),
        severity: Severity::Finding,
        message,
        weight: 0,
    }
}
