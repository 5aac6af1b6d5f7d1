//! The final response and the report of the gate operation.

use std::fmt::Write as _;

use super::plan::GatePlan;
use super::undo::GateKeys;
use crate::op::Decision;
use crate::op::report::{ReportHeader, begin, database, end, items, one_line, statements};
use crate::outcome::{FinalResponse, Status};

/// What is known of a run when it closes. Every field comes from evidence: a
/// phase that was not reached leaves its field at its default.
#[derive(Debug, Clone, Default)]
pub struct Evidence<'a> {
    /// The plan, once there was one.
    pub plan: Option<&'a GatePlan>,
    /// What was committed, once it was.
    pub committed: Option<&'a GateKeys>,
    /// Whether the compiled statements were on disk before execution.
    pub compiled_sql_logged: bool,
    /// Whether a new read after the commit found the expected state.
    pub post_ddl_verified: bool,
    /// Where the log is.
    pub log_path: &'a str,
}

/// The final response. The spec has none for B3-F; this one has the form of the
/// others.
#[must_use]
pub fn final_response(
    status: Status,
    reason: Option<&str>,
    evidence: &Evidence<'_>,
) -> FinalResponse {
    let count = |decision| evidence.plan.map_or(0, |p| p.count(decision));
    let keys = evidence.committed;
    FinalResponse::default()
        .with_status("b3f_gate_status", status, reason)
        .with("objects_created", keys.map_or(0, GateKeys::len))
        .with("objects_already_existed", count(Decision::Exists))
        .with("objects_blocked_conflict", count(Decision::Blocked))
        .with(
            "gate_triggers_installed",
            keys.map_or(0, |k| k.triggers.len()),
        )
        .with("compiled_sql_logged", evidence.compiled_sql_logged)
        .with("execution_log_path", evidence.log_path)
        // The statement type has no variant that touches a row, and the
        // transaction is verified to have changed none.
        .with("no_business_data_mutation", true)
        .with("post_ddl_verified", evidence.post_ddl_verified)
}

/// The Markdown report for the knowledge base.
#[must_use]
pub fn report(header: &ReportHeader, evidence: &Evidence<'_>, response: &FinalResponse) -> String {
    let mut out = begin("Onboarding gate (B3-F)", header);
    if let Some(plan) = evidence.plan {
        database(&mut out, &plan.database);
        let _ = writeln!(
            out,
            "- registry: {} (oid {})",
            plan.registry.name, plan.registry.oid
        );
        for warning in &plan.warnings {
            let _ = writeln!(out, "- warning: {}", one_line(warning));
        }
        items(&mut out, &plan.items);
        if !plan.statements.is_empty() {
            statements(&mut out, &plan.statements);
        }
    }
    end(&mut out, response);
    out
}
