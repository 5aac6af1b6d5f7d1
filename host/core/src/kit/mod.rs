//! What every plugin of a role must pass, whatever its rules: a corpus of facts,
//! and properties of the answers; and the cases by which an author says what the
//! rules are.
//!
//! This module holds facts, expectations and comparisons. It never runs a plugin:
//! `birth plugin test` does, through the host's runtime.

pub mod cases;
pub mod corpus;
pub mod facts;
pub mod property;

use crate::op::Decision;
use crate::policy::Role;
use crate::policy::coverage::{CoverageStatus, ScopeStatus};

/// The words for a role's status numbers, in their order.
#[must_use]
pub fn statuses(role: Role) -> &'static [&'static str] {
    const CONFLICT: [&str; 3] = ["ABSENT", "ALREADY_EXISTS_OK", "BLOCKED_EXISTING_CONFLICT"];
    match role {
        Role::Classification => &CoverageStatus::WORDS,
        Role::Conflict => {
            debug_assert!(
                (0..)
                    .zip(CONFLICT)
                    .all(|(n, w)| Decision::from_status(n).is_some_and(|d| d.word() == w))
            );
            &CONFLICT
        }
        Role::Coverage => &["NOT_GOVERNED", "COVERED", "GAPS"],
    }
}

/// The words for a role's scope numbers; none where the role has no scope.
#[must_use]
pub fn scopes(role: Role) -> &'static [&'static str] {
    match role {
        Role::Classification => &ScopeStatus::WORDS,
        Role::Conflict | Role::Coverage => &[],
    }
}
