//! Rows of a table whose shape is not known in advance.
//!
//! Issues and health checks are written into tables of the user's. Columns come
//! from concepts, values go as parameters, and a row that the table would refuse
//! is found before anything is tried, by reading what the catalog says of the
//! table: `table` holds those facts, `draft` says which column is wanted to get
//! what, `compile` makes statements of drafts or says why not (`fill`: whether a
//! type takes a value; `refusal` and `unique`: what else stands against it), and
//! `undo` takes rows away again by their exact primary keys.
//!
//! What a row means is not known here: see `issue` and `health`.

pub mod compile;
pub mod draft;
mod fill;
pub mod finder;
pub mod problem;
mod refusal;
pub mod statement;
pub mod table;
#[cfg(test)]
pub(crate) mod tests;
pub mod undo;
mod unique;

pub use compile::{Compiled, Inserts, Purpose, compile, key_columns, key_problems};
pub use draft::{Fill, RowDraft, Wanted, texts_for};
pub use fill::stored_form;
pub use finder::Finder;
pub use problem::RecordProblem;
pub use refusal::{denied, takes};
pub use statement::{CaptureError, KeyColumn, RecordInsert};
pub use table::RecordTable;
pub use undo::{DeleteError, KeyValue, RecordDelete, RecordKey, RecordKeys, RecordRow};
pub use unique::{UniqueProbe, probes};
