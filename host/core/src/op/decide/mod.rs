//! Decisions of people about coverage: the six policy columns of some rows of
//! the registry, written in one transaction (B3 design, section 2 and 6: the
//! host proposes, people decide).

pub mod assess;
pub mod facts;
pub mod plan;
pub mod report;
pub mod request;
pub mod statement;
pub mod stored;
pub mod undo;
pub mod verify;

use super::Decision;

/// The advisory lock key, made as the spec makes those of the other operations.
pub const LOCK_KEY: &str = "p3d_birth_b3_coverage_decisions";

/// The stem of a run's id.
pub const RUN_STEM: &str = "p3d-birth-b3-decide";

/// What becomes of a decision, in the operation's words.
#[must_use]
pub fn decision_word(decision: Decision) -> &'static str {
    match decision {
        Decision::Absent => "WRITE",
        Decision::Exists => "ALREADY_MADE",
        Decision::Blocked => "BLOCKED",
    }
}
