//! `approved.toml`: the revisions that people approved.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::digest::Digest;

/// The format version this host writes and reads.
pub const FORMAT: u32 = 1;

/// One approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Revision digest of the policy set.
    pub digest: Digest,
    /// Name of the policy set, for people.
    pub name: String,
    /// Revision of the policy set, for people.
    pub revision: u32,
    /// Who approved.
    pub by: String,
    /// When, as the approver wrote it (RFC 3339).
    pub at: String,
    /// Why.
    pub why: String,
    /// The compiler that built the pinned plugins, so that a rebuild knows
    /// whether byte-identical is to be expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub builder: Option<String>,
}

/// The approved revisions, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Approvals(pub Vec<Approval>);

/// Why the file cannot be used.
#[derive(Debug, Error)]
pub enum ApprovalsError {
    /// Not TOML, or not of this form.
    #[error("the list of approved revisions is not readable: {0}")]
    Syntax(#[from] Box<toml::de::Error>),
    /// Written by a newer host.
    #[error(
        "the list of approved revisions has format {found}; this host reads up to {FORMAT}: upgrade the host"
    )]
    Newer {
        /// The format that was found.
        found: u32,
    },
    /// The same digest twice: which approval counts would be a guess.
    #[error("revision digest {0} is approved twice; keep one entry")]
    Duplicate(Digest),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "format")]
    _format: u32,
    #[serde(default)]
    approved: Vec<Approval>,
}

#[derive(Deserialize)]
struct FormatOnly {
    format: u32,
}

impl Approvals {
    /// Reads `approved.toml`.
    pub fn parse(text: &str) -> Result<Self, ApprovalsError> {
        let FormatOnly { format } = toml::from_str(text).map_err(Box::new)?;
        if format > FORMAT {
            return Err(ApprovalsError::Newer { found: format });
        }
        let file: File = toml::from_str(text).map_err(Box::new)?;
        let mut seen = std::collections::BTreeSet::new();
        for approval in &file.approved {
            if !seen.insert(approval.digest) {
                return Err(ApprovalsError::Duplicate(approval.digest));
            }
        }
        Ok(Self(file.approved))
    }

    /// The approval of a revision digest, if there is one.
    #[must_use]
    pub fn find(&self, digest: &Digest) -> Option<&Approval> {
        self.0.iter().find(|a| a.digest == *digest)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests state what they expect")]
    use super::*;

    #[test]
    fn finds_only_what_was_approved_and_refuses_doubles() {
        let d = Digest::of(b"x");
        let entry = format!(
            "[[approved]]\ndigest = \"{d}\"\nname = \"birth\"\nrevision = 1\nby = \"a\"\nat = \"2026-01-01T00:00:00Z\"\nwhy = \"first\"\n"
        );
        let list = Approvals::parse(&format!("format = 1\n{entry}")).unwrap();
        assert_eq!(list.find(&d).unwrap().by, "a");
        assert!(list.find(&Digest::of(b"y")).is_none());
        assert!(matches!(
            Approvals::parse(&format!("format = 1\n{entry}{entry}")),
            Err(ApprovalsError::Duplicate(_))
        ));
        assert!(matches!(
            Approvals::parse("format = 9\nsigned = true"),
            Err(ApprovalsError::Newer { found: 9 })
        ));
    }
}
