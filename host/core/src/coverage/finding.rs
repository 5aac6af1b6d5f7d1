//! One failed condition on one collection, or on the estate as a whole.

use serde::{Deserialize, Serialize};

use crate::digest::{Digest, DigestBuilder};
use crate::estate::Collection;
use crate::policy::verdict::{Answer, Reason, Severity};

/// What the host finds itself, because no collection can be judged for it: the
/// registry has no policy columns, so most conditions cannot be judged.
pub const POLICY_STORAGE_NOT_READY: &str = "POLICY_STORAGE_NOT_READY";
/// More than one row of the registry has a key.
pub const KEY_NOT_UNIQUE: &str = "KEY_NOT_UNIQUE";
/// Rows of the registry have no key.
pub const ROWS_WITHOUT_KEY: &str = "ROWS_WITHOUT_KEY";

/// One failed condition on one collection, or on the estate as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// It is about the estate as a whole, and not about one collection.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub estate: bool,
    /// The registry's key; empty where it is about the estate as a whole. An
    /// empty key alone says nothing: a registry may hold one.
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
                estate: false,
                collection: collection.key.clone(),
                role: collection.role.clone(),
                table: collection.table.as_ref().map(|t| t.name.to_string()),
                code: reason.code.clone(),
                message: reason.message.clone(),
                notes: notes.clone(),
            })
            .collect()
    }

    /// A condition on a collection, and nothing else of it.
    #[must_use]
    pub fn of_collection(collection: &str, code: &str) -> Self {
        Self {
            estate: false,
            collection: collection.to_owned(),
            ..Self::of_estate(code, "")
        }
    }

    /// A finding about the estate as a whole.
    #[must_use]
    pub fn of_estate(code: &str, message: impl Into<String>) -> Self {
        Self {
            estate: true,
            collection: String::new(),
            role: None,
            table: None,
            code: code.to_owned(),
            message: message.into(),
            notes: vec![],
        }
    }

    /// The collection it is about; none where it is about the estate.
    #[must_use]
    pub fn about(&self) -> Option<&str> {
        (!self.estate).then_some(self.collection.as_str())
    }

    /// What tells the finding from every other: a digest of collection and
    /// code. Nothing that can change while the condition fails is part of it,
    /// so it survives a renamed column or a trigger that was made again.
    #[must_use]
    pub fn fingerprint(&self) -> Digest {
        match self.about() {
            Some(collection) => fingerprint(collection, &self.code),
            None => estate_fingerprint(&self.code),
        }
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

/// The fingerprint of a condition on the estate as a whole.
#[must_use]
pub fn estate_fingerprint(code: &str) -> Digest {
    DigestBuilder::new("birth finding of the estate 1")
        .text(code)
        .finish()
}
