//! Coverage: what gate and sweep share. Both read the same facts of governed
//! collections, ask the same plugin, and mean the same by a finding; only what
//! makes them look differs (B3 design, sections 3 and 4).

pub mod closing;
pub mod draft;
pub mod finding;
pub mod queue;
pub mod snapshot;
pub mod statement;
pub mod summary;
pub mod targets;

pub use closing::{Closing, Ended, FailOn};
pub use finding::{Finding, Gap, POLICY_STORAGE_NOT_READY, Standing};
pub use snapshot::{CoverageRow, CoverageSnapshot};
pub use statement::CoverageStatement;
pub use summary::{ConditionCounts, RoleCounts, Shard, SweepSummary};
pub use targets::{TargetEntry, TargetList, TargetListError};
