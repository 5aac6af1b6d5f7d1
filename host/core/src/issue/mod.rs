//! The writer of issues: rows of an issues table whose shape is not known in
//! advance.
//!
//! Every operation that leaves an issue uses this room. Columns come from
//! concepts, values go as parameters, and an insert that the table would refuse
//! is found when the plan is made, by reading what the catalog says of the
//! table: `table` holds those facts, `compile` makes statements of drafts or
//! says why not, `undo` takes the rows away again by their exact primary keys.
//!
//! What is filled: category, fingerprint, collection, title and description
//! wherever there is a column for them; status, severity, source and the times
//! only where the table demands a value and has none of its own, because its
//! own default is better than a guess. Everything else is left to the table.

pub mod compile;
pub mod concepts;
mod fill;
pub mod problem;
pub mod statement;
pub mod table;
#[cfg(test)]
mod tests;
pub mod undo;
mod unique;

use serde::{Deserialize, Serialize};

use crate::digest::DigestBuilder;

pub use compile::{Compiled, compile, key_columns};
pub use concepts::{IssueConcepts, Recognition};
pub use fill::{recognised_text, wanted_texts};
pub use problem::IssueProblem;
pub use statement::{CaptureError, IssueInsert};
pub use table::IssueTable;
pub use undo::{DeleteError, IssueDelete, IssueKey, IssueKeys, IssueRow};
pub use unique::{UniqueProbe, probes};

/// The id of the family of issues tables.
pub const FAMILY: &str = "system_issues";

/// An issue as an operation words it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueDraft {
    /// What kind of issue it is, such as `BIRTH_SPECIES_MAPPING`.
    pub category: String,
    /// The key of the collection it is about.
    pub collection: String,
    /// In a few words. Where it is not what an issue is recognised by, it may be
    /// cut to the length that the table allows.
    pub title: String,
    /// In a few sentences; cut like the title.
    pub description: String,
}

impl IssueDraft {
    /// What tells the issue from every other: 64 hexadecimal digits, the SHA-256
    /// of category and collection. A digest and not the two themselves, because
    /// its length is known: it fits a `char(64)`, and no key is ever too long
    /// for it or changed by cutting. Another category is another issue, whatever
    /// an issue is recognised by.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        DigestBuilder::new("birth issue 1")
            .text(&self.category)
            .text(&self.collection)
            .finish()
            .to_string()
    }
}
