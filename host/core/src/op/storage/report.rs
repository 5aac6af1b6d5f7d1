//! The final response and the report of the storage operation.

use std::fmt::Write as _;

use super::plan::StoragePlan;
use super::undo::StorageKeys;
use crate::op::Decision;
use crate::op::report::{ReportHeader, begin, database, end, items, statements};
use crate::outcome::{FinalResponse, Status};

/// What is known of a run when it closes. Every field comes from evidence: a
/// phase that was not reached leaves its field at its default.
#[derive(Debug, Clone, Default)]
pub struct Evidence<'a> {
    /// The plan, once there was one.
    pub plan: Option<&'a StoragePlan>,
    /// What was committed, once it was.
    pub committed: Option<&'a StorageKeys>,
    /// Whether the compiled statements were on disk before execution.
    pub compiled_sql_logged: bool,
    /// Whether a new read after the commit found the expected state.
    pub post_ddl_verified: bool,
    /// Where the log is.
    pub log_path: &'a str,
}

/// The final response, key for key and in the spec's order (B3-P, "Final
/// response"); `reason` follows a status that is not `PASS`.
#[must_use]
pub fn final_response(
    status: Status,
    reason: Option<&str>,
    evidence: &Evidence<'_>,
) -> FinalResponse {
    let count = |kind, decision| evidence.plan.map_or(0, |p| p.count(kind, decision));
    let added = |f: fn(&StorageKeys) -> usize| evidence.committed.map_or(0, f);
    FinalResponse::default()
        .with_status("b3p_ddl_status", status, reason)
        .with("columns_added", added(|k| k.columns.len()))
        .with("columns_already_existed", count("column", Decision::Exists))
        .with(
            "columns_blocked_conflict",
            count("column", Decision::Blocked),
        )
        .with("constraints_added", added(|k| k.checks.len()))
        .with(
            "constraints_already_existed",
            count("check", Decision::Exists),
        )
        .with(
            "constraints_blocked_conflict",
            count("check", Decision::Blocked),
        )
        .with("compiled_sql_logged", evidence.compiled_sql_logged)
        .with("execution_log_path", evidence.log_path)
        // The statement type has no variant that touches a row, and the
        // transaction is verified to have changed none.
        .with("no_data_mutation", true)
        .with("post_ddl_verified", evidence.post_ddl_verified)
}

/// The Markdown report for the knowledge base.
#[must_use]
pub fn report(header: &ReportHeader, evidence: &Evidence<'_>, response: &FinalResponse) -> String {
    let mut out = begin("Policy storage (B3-P)", header);
    if let Some(plan) = evidence.plan {
        database(&mut out, &plan.database);
        let _ = writeln!(
            out,
            "- registry: {} (oid {})",
            plan.registry.name, plan.registry.oid
        );
        let _ = writeln!(
            out,
            "- policy: {} revision {}, digest {}",
            plan.revision.name, plan.revision.revision, plan.revision.digest
        );
        items(&mut out, &plan.items);
        if !plan.statements.is_empty() {
            statements(&mut out, &plan.statements);
        }
    }
    end(&mut out, response);
    out
}
