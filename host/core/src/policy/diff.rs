//! What a policy set says otherwise than another one, about the same facts.
//!
//! Answers are compared as they came over the boundary: words are made for what
//! differs alone. Everything that is counted or listed here is in the digest,
//! which an approval can name.

mod changes;
mod report;
mod verdict;

pub use changes::{Kinds, Side, differing};
pub use report::{Compared, FindingCounts, PluginChange, PolicyDiff, RoleDiff, SettingChange};
pub use verdict::{Answered, Change, What};
