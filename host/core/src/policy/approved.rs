//! `approved.toml`: the revisions that people approved, what they signed, and
//! their decisions to go back to an older one.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::statement;
use crate::digest::Digest;

/// The format version this host reads up to.
pub const FORMAT: u32 = 2;
/// The first format with statements, signatures and decisions to go back.
pub const STATEMENTS: u32 = 2;

/// One approval.
///
/// One of format 1 names a digest and who approved it. From format 2 on it can
/// be a statement: `wit` is there, and what is said is what can be signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Revision digest of the policy set.
    pub digest: Digest,
    /// Name of the policy set.
    pub name: String,
    /// Revision of the policy set.
    pub revision: u32,
    /// The WIT version of the set; it makes the entry a statement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wit: Option<String>,
    /// Digest of the set of this name that was approved before; none for the
    /// first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Digest>,
    /// Digest of the difference to it that was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<Digest>,
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
    /// Signatures over the statement.
    #[serde(default, rename = "signature", skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<Signature>,
}

/// A decision that an older revision may be executed although a newer one is
/// approved. It lapses when yet another one is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RollbackDecision {
    /// Revision digest of the older policy set.
    pub digest: Digest,
    /// Its name.
    pub name: String,
    /// Its revision.
    pub revision: u32,
    /// Digest of the last approved set, which is not to be executed.
    pub from: Digest,
    /// Who decided.
    pub by: String,
    /// When (RFC 3339).
    pub at: String,
    /// Why.
    pub why: String,
    /// Signatures over the statement.
    #[serde(default, rename = "signature", skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<Signature>,
}

/// A signature as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Who says to have signed: a principal of the allowed signers.
    pub by: String,
    /// What `ssh-keygen -Y sign` wrote.
    pub armored: String,
}

/// The file: approved revisions, oldest first, and decisions to go back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Approvals {
    /// The approved revisions, oldest first.
    pub approved: Vec<Approval>,
    /// Decisions to go back.
    pub rollbacks: Vec<RollbackDecision>,
}

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
    /// Holds what its format does not have.
    #[error(
        "the list of approved revisions says format 1 and holds statements, signatures or decisions to go back: write `format = {STATEMENTS}`"
    )]
    Format,
    /// The same digest twice: which approval counts would be a guess.
    #[error("revision digest {0} is approved twice; keep one entry")]
    Duplicate(Digest),
    /// The same decision twice.
    #[error("to go back to {0} is decided twice from the same revision; keep one entry")]
    DuplicateDecision(Digest),
    /// Parts of a statement without the one that makes it a statement.
    #[error(
        "the approval of {0} has `previous`, `diff` or signatures, and no `wit`: without it there is no statement that could have been signed; make the entry with `birth policy approve`"
    )]
    Partial(Digest),
    /// Text that would not be what a signer saw.
    #[error(
        "the entry of {digest} has control or hidden characters in `{field}`: a statement is what people see; write it without them"
    )]
    Hidden {
        /// The entry.
        digest: Digest,
        /// The field.
        field: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "format")]
    _format: u32,
    #[serde(default)]
    approved: Vec<Approval>,
    #[serde(default)]
    rollback: Vec<RollbackDecision>,
}

impl Approvals {
    /// Reads `approved.toml`.
    pub fn parse(text: &str) -> Result<Self, ApprovalsError> {
        let format = Self::format(text)?;
        let file: File = toml::from_str(text).map_err(Box::new)?;
        let mut seen = std::collections::BTreeSet::new();
        for approval in &file.approved {
            if !seen.insert(approval.digest) {
                return Err(ApprovalsError::Duplicate(approval.digest));
            }
            approval.check(format)?;
        }
        let mut decided = std::collections::BTreeSet::new();
        for decision in &file.rollback {
            if format < STATEMENTS {
                return Err(ApprovalsError::Format);
            }
            if !decided.insert((decision.digest, decision.from)) {
                return Err(ApprovalsError::DuplicateDecision(decision.digest));
            }
            statement::check(decision.texts(), &decision.signatures).map_err(|field| {
                ApprovalsError::Hidden {
                    digest: decision.digest,
                    field,
                }
            })?;
        }
        Ok(Self {
            approved: file.approved,
            rollbacks: file.rollback,
        })
    }

    /// The format that a file says it has.
    ///
    /// # Errors
    /// It says none, or a newer one than this host reads.
    pub fn format(text: &str) -> Result<u32, ApprovalsError> {
        let format = super::format_of(text)?;
        if format > FORMAT {
            return Err(ApprovalsError::Newer { found: format });
        }
        Ok(format)
    }
}

impl Approval {
    fn check(&self, format: u32) -> Result<(), ApprovalsError> {
        let has_parts =
            self.previous.is_some() || self.diff.is_some() || !self.signatures.is_empty();
        if format < STATEMENTS && (has_parts || self.wit.is_some()) {
            return Err(ApprovalsError::Format);
        }
        if self.wit.is_none() {
            let partial = ApprovalsError::Partial(self.digest);
            return if has_parts { Err(partial) } else { Ok(()) };
        }
        statement::check(self.texts(), &self.signatures).map_err(|field| ApprovalsError::Hidden {
            digest: self.digest,
            field,
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests state what they expect")]
    use super::*;

    fn entry(more: &str) -> String {
        let d = Digest::of(b"x");
        format!(
            "[[approved]]\ndigest = \"{d}\"\nname = \"birth\"\nrevision = 1\nby = \"a\"\nat = \"2026-01-01T00:00:00Z\"\nwhy = \"first\"\n{more}"
        )
    }

    #[test]
    fn finds_only_what_was_approved_and_refuses_doubles() {
        let entry = entry("");
        let list = Approvals::parse(&format!("format = 1\n{entry}")).unwrap();
        let digests: Vec<Digest> = list.approved.iter().map(|a| a.digest).collect();
        assert_eq!(digests, [Digest::of(b"x")]);
        assert_eq!(list.approved[0].by, "a");
        assert!(matches!(
            Approvals::parse(&format!("format = 1\n{entry}{entry}")),
            Err(ApprovalsError::Duplicate(_))
        ));
        assert!(matches!(
            Approvals::parse("format = 9\nsigned = true"),
            Err(ApprovalsError::Newer { found: 9 })
        ));
    }

    #[test]
    fn a_format_has_what_it_has() {
        let other = Digest::of(b"y");
        let wit = entry("wit = \"0.1.0\"\n");
        let partial = entry(&format!("previous = \"{other}\"\n"));
        let hidden = entry("wit = \"0.1.0\"\n").replace("\"first\"", "\"fi\\nrst\"");
        assert!(Approvals::parse(&format!("format = 2\n{wit}")).is_ok());
        assert!(matches!(
            Approvals::parse(&format!("format = 1\n{wit}")),
            Err(ApprovalsError::Format)
        ));
        assert!(matches!(
            Approvals::parse(&format!("format = 2\n{partial}")),
            Err(ApprovalsError::Partial(_))
        ));
        assert!(matches!(
            Approvals::parse(&format!("format = 2\n{hidden}")),
            Err(ApprovalsError::Hidden { field: "why", .. })
        ));
        let back = wit
            .replace("approved", "rollback")
            .replace("wit = \"0.1.0\"\n", &format!("from = \"{other}\"\n"));
        assert_eq!(
            Approvals::parse(&format!("format = 2\n{back}"))
                .unwrap()
                .rollbacks
                .len(),
            1
        );
        assert!(matches!(
            Approvals::parse(&format!("format = 1\n{back}")),
            Err(ApprovalsError::Format)
        ));
        assert!(matches!(
            Approvals::parse(&format!("format = 2\n{back}{back}")),
            Err(ApprovalsError::DuplicateDecision(_))
        ));
    }
}
