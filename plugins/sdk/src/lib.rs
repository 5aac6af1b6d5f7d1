//! Everything the author of a policy plugin needs, and no I/O.
//!
//! Facts cross the boundary as parallel lists (see `wit/README.md`). This crate
//! checks a whole batch once, when it arrives, and then offers borrowed views
//! that read as if the facts were nested:
//!
//! ```
//! # fn show(facts: birth_sdk::classification::Facts<'_>) {
//! for collection in facts.collections() {
//!     for column in collection.columns() {
//!         if column.is_not_null() && column.name() == "id" { /* … */ }
//!     }
//! }
//! # }
//! ```
//!
//! A plugin is a type that implements [`Plugin`] and the `Policy` trait of its
//! role ([`classification::Policy`], [`conflict::Policy`] or
//! [`coverage::Policy`]), and one line that exports it:
//!
//! ```
//! use birth_sdk::coverage::{Facts, Policy, Status, answer};
//! use birth_sdk::{Answers, Plugin, SettingsReader};
//!
//! birth_sdk::reasons! {
//!     /// Why a collection has a gap.
//!     pub enum Reason {
//!         /// The registry names no table.
//!         NoTable = Finding "NO_TABLE" "there is no table for '{text}'",
//!     }
//! }
//!
//! /// Every collection has a table.
//! pub struct Tables;
//!
//! impl Plugin for Tables {
//!     const NAME: &'static str = "tables";
//!     const VERSION: &'static str = "1.0.0";
//!     type Reason = Reason;
//!     type Settings = ();
//!
//!     fn settings(_reader: &mut SettingsReader<'_>) {}
//! }
//!
//! impl Policy for Tables {
//!     fn judge(_settings: &(), facts: Facts<'_>) -> Answers<Reason> {
//!         answer(facts, |collection, reasons| {
//!             if collection.name().is_some() {
//!                 return Status::Covered;
//!             }
//!             reasons.give(Reason::NoTable).text(collection.key());
//!             Status::Gaps
//!         })
//!     }
//! }
//!
//! birth_sdk::export_coverage!(Tables);
//! ```
//!
//! Every subject of a batch is answered exactly once because `judge` must
//! return [`Answers`], and the only way to get one is the role's `answer`
//! function, which asks for each subject in turn.
//!
//! What this crate must not do: panic on anything the host may send, read a
//! clock, or know a rule.

mod layout;
mod plugin;
mod reasons;
mod roles;
mod settings;
mod text;
mod verdicts;

pub mod classification;
pub mod conflict;
pub mod coverage;
#[cfg(feature = "testing")]
pub mod testing;

pub use layout::{Fault, Malformed};
pub use plugin::{Plugin, Refusal, RelationKind, TriggerEnabled, TriggerTraits, TriggerType};
pub use reasons::{Reason, ReasonKind, Severity};
pub use roles::Roles;
pub use settings::{Setting, SettingProblem, SettingValue, SettingsReader};
pub use text::{Memo, Text};
pub use verdicts::{Answers, Evidence, Reasons, Verdicts};

/// What the export macros expand to; not for authors.
#[doc(hidden)]
pub mod bindings {
    pub use birth_bindings_classification as classification;
    pub use birth_bindings_conflict as conflict;
    pub use birth_bindings_coverage as coverage;
}
#[doc(hidden)]
pub use reasons::codes_are_sound;
