//! The file form of a plan, shared by the operations: a version, the
//! operation, a digest of the content, and the statements as text for people.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::digest::Digest;
use crate::sql::Statement;

/// Why a saved plan cannot be used.
#[derive(Debug, Error)]
pub enum PlanFileError {
    /// Not JSON, or not of this form.
    #[error("the plan file is damaged or not a plan: {0}")]
    Syntax(#[from] serde_json::Error),
    /// Written by a newer host.
    #[error("the plan file has format {found}; this host reads up to {known}: upgrade the host")]
    Newer {
        /// The format that was found.
        found: u32,
        /// The newest this host reads.
        known: u32,
    },
    /// A plan for something else.
    #[error("the plan file is for the operation `{found}`, not `{wanted}`")]
    Operation {
        /// What it is for.
        found: String,
        /// What it was read for.
        wanted: &'static str,
    },
    /// Changed after it was written.
    #[error(
        "the plan file is damaged: its content does not match its digest {0}; make the plan again"
    )]
    Damaged(Digest),
}

#[derive(Serialize)]
struct Saved<'a, P> {
    format: u32,
    operation: &'a str,
    /// Digest of `plan`, so that a damaged file is noticed.
    digest: Digest,
    /// The statements as text, for people. Never executed from here.
    compiled_sql: Vec<String>,
    plan: &'a P,
}

#[derive(Deserialize)]
struct Loaded<P> {
    digest: Digest,
    compiled_sql: Vec<String>,
    plan: P,
}

#[derive(Deserialize)]
struct Head {
    format: u32,
    operation: String,
}

/// The statements as text.
pub fn compiled(statements: &[impl Statement]) -> Vec<String> {
    statements.iter().map(Statement::preview).collect()
}

/// Writes a plan.
pub(super) fn write<P: Serialize>(
    operation: &str,
    format: u32,
    digest: Digest,
    statements: &[impl Statement],
    plan: &P,
) -> Result<String, serde_json::Error> {
    let saved = Saved {
        format,
        operation,
        digest,
        compiled_sql: compiled(statements),
        plan,
    };
    Ok(serde_json::to_string_pretty(&saved)? + "\n")
}

/// Reads a plan with the digest and the statements that were written beside
/// it; the caller compares them.
pub(super) fn read<P: DeserializeOwned>(
    wanted: &'static str,
    known: u32,
    text: &str,
) -> Result<(Digest, Vec<String>, P), PlanFileError> {
    let head: Head = serde_json::from_str(text)?;
    if head.format > known {
        let found = head.format;
        return Err(PlanFileError::Newer { found, known });
    }
    if head.operation != wanted {
        let found = head.operation;
        return Err(PlanFileError::Operation { found, wanted });
    }
    let loaded: Loaded<P> = serde_json::from_str(text)?;
    Ok((loaded.digest, loaded.compiled_sql, loaded.plan))
}
