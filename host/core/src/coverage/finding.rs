//! One failed condition on one collection.

use serde::{Deserialize, Serialize};

use crate::digest::{Digest, DigestBuilder};
use crate::estate::Collection;
use crate::policy::verdict::{Answer, Reason, Severity};

/// One failed condition on one collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The registry's key.
    pub collection: String,
    /// Its governance role as stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Its table, `schema.name` for people; none where there is no such, or
    /// more than one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// The plugin's stable code of the condition.
    pub code: String,
    /// What is wrong, with its evidence.
    pub message: String,
    /// What else the plugin said of the collection, such as the shape of the
    /// trigger that is there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Reason>,
}

/// How a gap stands to what is known already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// No open issue tells of it.
    New,
    /// An open issue tells of it.
    Persisting,
    /// An open issue of the host's own tells of it, and it is not there any
    /// more.
    Resolved,
}

/// A finding and how it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// How it stands.
    pub standing: Standing,
    /// The primary key of the issue that tells of it, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<String>,
    /// The finding; of a resolved one the code and the collection alone are
    /// known, and the message says that it is gone.
    #[serde(flatten)]
    pub finding: Finding,
}

impl Finding {
    /// What a plugin answered about a collection as findings, one for each
    /// failed condition.
    #[must_use]
    pub fn of(collection: &Collection, answer: &Answer) -> Vec<Self> {
        let is_finding = |reason: &&Reason| reason.severity == Severity::Finding;
        let notes: Vec<Reason> = answer
            .reasons
            .iter()
            .filter(|reason| !is_finding(reason))
            .cloned()
            .collect();
        answer
            .reasons
            .iter()
            .filter(is_finding)
            .map(|reason| Self {
                collection: collection.key.clone(),
                role: collection.role.clone(),
                table: collection.table.as_ref().map(|t| t.name.to_string()),
                code: reason.code.clone(),
                message: reason.message.clone(),
                notes: notes.clone(),
            })
            .collect()
    }

    /// What tells the finding from every other: a digest of collection and
    /// code. Nothing that can change while the condition fails is part of it,
    /// so it survives a renamed column or a trigger that was made again.
    #[must_use]
    pub fn fingerprint(&self) -> Digest {
        fingerprint(&self.collection, &self.code)
    }
}

/// The fingerprint of a condition on a collection.
#[must_use]
pub fn fingerprint(collection: &str, code: &str) -> Digest {
    DigestBuilder::new("birth finding 1")
        .text(collection)
        .text(code)
        .finish()
}
