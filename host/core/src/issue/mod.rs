//! Issues: what an operation wants somebody to do.
//!
//! Every operation that leaves an issue uses this room: `concepts` says which
//! columns of the issues table are what, `wanted` turns a draft into what these
//! columns are to get, `close` ends an issue. How a row gets into a table of any
//! shape is the matter of `record`.

pub mod close;
pub mod concepts;
#[cfg(test)]
mod tests;
mod wanted;

use serde::{Deserialize, Serialize};

use crate::coverage::finding;
use crate::digest::DigestBuilder;

pub use close::{Closing, IssueClose};
pub use concepts::{IssueConcepts, Recognition};
pub use wanted::{recognised_text, rows};

/// The id of the family of issues tables.
pub const FAMILY: &str = "system_issues";

/// An issue as an operation words it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueDraft {
    /// What kind of issue it is, such as `BIRTH_SPECIES_MAPPING`.
    pub category: String,
    /// The key of the collection it is about; none for the estate as a whole.
    pub collection: Option<String>,
    /// The code of the condition that fails; none where a collection has one
    /// issue of the category at most.
    pub condition: Option<String>,
    /// In a few words; of a condition they name it and the collection. Where it
    /// is not what an issue is recognised by, it may be cut to the length that
    /// the table allows.
    pub title: String,
    /// In a few sentences; cut like the title. Where an issue of a condition is
    /// recognised by its description, the title stands there instead: sentences
    /// tell of what can change while the condition fails.
    pub description: String,
}

impl IssueDraft {
    /// What tells the issue from every other: 64 hexadecimal digits. A digest and
    /// not the texts themselves, because its length is known: it fits a
    /// `char(64)`, and no key is ever too long for it or changed by cutting.
    ///
    /// Without a condition it is the SHA-256 of category and collection: another
    /// category is another issue, whatever an issue is recognised by. With a
    /// condition it is the fingerprint of the finding, so that health checks,
    /// reports and issues have one in common.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let digest = match (&self.condition, &self.collection) {
            (Some(code), Some(collection)) => finding::fingerprint(collection, code),
            (Some(code), None) => finding::estate_fingerprint(code),
            (None, collection) => DigestBuilder::new("birth issue 1")
                .text(&self.category)
                .text(collection.as_deref().unwrap_or_default())
                .finish(),
        };
        digest.to_string()
    }
}
