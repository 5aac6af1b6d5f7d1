//! The final response and the report of the trigger operation.

use std::fmt::Write as _;

use super::plan::TriggersPlan;
use super::undo::TriggersKeys;
use super::verify::TriggersState;
use crate::op::Decision;
use crate::op::report::{ReportHeader, begin, database, end, one_line, statements, table_cell};
use crate::outcome::{FinalResponse, Status};

/// What is known of a run when it closes. Every field comes from evidence: a
/// phase that was not reached leaves its field at its default.
#[derive(Debug, Clone, Default)]
pub struct Evidence<'a> {
    /// The plan, once there was one.
    pub plan: Option<&'a TriggersPlan>,
    /// What was committed, once it was.
    pub committed: Option<&'a TriggersKeys>,
    /// The state that the last look found.
    pub state: Option<&'a TriggersState>,
    /// Whether the compiled statements were on disk before execution.
    pub compiled_sql_logged: bool,
}

/// The final response, key for key and in the spec's order (B3-A, "Final
/// response"); `reason` follows a status that is not `PASS`.
#[must_use]
pub fn final_response(
    status: Status,
    reason: Option<&str>,
    evidence: &Evidence<'_>,
) -> FinalResponse {
    let plan = evidence.plan;
    let count = |decision| plan.map_or(0, |p| p.count(decision));
    let keys = evidence.committed;
    // Without a last look: what there was, and what was committed since.
    let installed = keys.map_or(0, |k| k.triggers.len());
    let total = evidence
        .state
        .map(|s| s.birth_triggers)
        .or(plan.map(|p| p.birth_triggers + installed as u64));
    let issues = keys.and_then(|k| k.issues.as_ref());
    let captured: Vec<String> = issues
        .map(|keys| keys.rows.iter().map(|key| key.shown()).collect())
        .unwrap_or_default();
    FinalResponse::default()
        .with_status(STATUS_KEY, status, reason)
        .with("trigger_target_count", plan.map_or(0, |p| p.targets))
        .with("triggers_installed", installed)
        .with("triggers_already_existed", count(Decision::Exists))
        .with("triggers_blocked_conflict", count(Decision::Blocked))
        .with(
            "triggers_skipped_no_mapping",
            plan.map_or(0, |p| p.queue.len()),
        )
        .with("total_birth_triggers_after", total.unwrap_or(0))
        .with("species_queue_issues_created", captured.len())
        .with("species_queue_captured_pks", captured.join(","))
        .with(
            "policy_mismatch_detected",
            plan.is_some_and(|p| !p.differences.is_empty()),
        )
        .with("compiled_sql_logged", evidence.compiled_sql_logged)
        // The statement type touches no row but the issues it inserts, and the
        // transaction is verified to have changed no other; it has no variant
        // that makes a function, and the function's definition is verified.
        .with("no_business_data_mutation", true)
        .with("no_function_created", true)
}

/// The final response of an installation in batches: the last batch's, with what
/// all of them did. `earlier` are the responses of the batches before it, all of
/// them committed. Where the last batch stopped and changed nothing, it may not
/// have come to its own numbers: then they are those of the batch before it.
#[must_use]
pub fn of_batches(
    earlier: &[FinalResponse],
    last: &FinalResponse,
    stopped: bool,
    status: Status,
    reason: Option<&str>,
) -> FinalResponse {
    let base = earlier.last().filter(|_| stopped).unwrap_or(last);
    let all = || earlier.iter().chain(std::iter::once(last));
    let number = |response: &FinalResponse, key: &str| -> u64 {
        response.get(key).and_then(|v| v.parse().ok()).unwrap_or(0)
    };
    let mut merged = FinalResponse::default().with_status(STATUS_KEY, status, reason);
    for (key, value) in base.entries() {
        match key {
            STATUS_KEY | "reason" => {}
            "triggers_installed" | "species_queue_issues_created" => {
                let sum: u64 = all().map(|response| number(response, key)).sum();
                merged = merged.with(key, sum);
            }
            "species_queue_captured_pks" => {
                let keys: Vec<&str> = all()
                    .filter_map(|response| response.get(key))
                    .filter(|keys| !keys.is_empty())
                    .collect();
                merged = merged.with(key, keys.join(","));
            }
            // Later batches find what earlier ones installed.
            "triggers_already_existed" => {
                let first = earlier.first().unwrap_or(last);
                merged = merged.with(key, number(first, key));
            }
            "policy_mismatch_detected" => {
                let detected = all().any(|response| response.get(key) == Some("true"));
                merged = merged.with(key, detected);
            }
            _ => merged = merged.with(key, value),
        }
    }
    merged
}

/// The key of the status.
const STATUS_KEY: &str = "b3a_status";

/// The Markdown report for the knowledge base.
#[must_use]
pub fn report(header: &ReportHeader, evidence: &Evidence<'_>, response: &FinalResponse) -> String {
    let mut out = begin("Birth triggers (B3-A)", header);
    if let Some(plan) = evidence.plan {
        about(&mut out, plan);
        sections(&mut out, plan);
    }
    end(&mut out, response);
    out
}

fn about(out: &mut String, plan: &TriggersPlan) {
    database(out, &plan.database);
    let _ = writeln!(
        out,
        "- registry: {} (oid {})",
        plan.registry.name, plan.registry.oid
    );
    let _ = writeln!(
        out,
        "- function: {} (oid {}, definition {})",
        plan.function.signature(),
        plan.function.oid,
        plan.function.definition
    );
    let _ = writeln!(
        out,
        "- policy: {} revision {}, digest {}",
        plan.revision.name, plan.revision.revision, plan.revision.digest
    );
    let _ = writeln!(
        out,
        "- approved list: {}, by {} at {}",
        plan.artifact.content, plan.artifact.by, plan.artifact.at
    );
}

fn sections(out: &mut String, plan: &TriggersPlan) {
    if !plan.differences.is_empty() {
        let _ = writeln!(out, "\n## Policy mismatch\n");
        for difference in &plan.differences {
            let _ = writeln!(out, "- {}", one_line(&difference.to_string()));
        }
    }
    for warning in &plan.warnings {
        let _ = writeln!(out, "\nWarning: {}", one_line(warning));
    }
    if !plan.items.is_empty() {
        let _ = writeln!(
            out,
            "\n## Collections\n\n| collection | table | decision | why |\n|---|---|---|---|"
        );
    }
    for item in &plan.items {
        let why: Vec<String> = item
            .reasons
            .iter()
            .map(|r| format!("{}: {}", r.code, r.message))
            .collect();
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} |",
            table_cell(&item.object.collection),
            table_cell(&item.object.table.name.to_string()),
            super::decision_word(item.decision),
            table_cell(&why.join("; "))
        );
    }
    if !plan.queue.is_empty() {
        let _ = writeln!(out, "\n## Without a species mapping\n");
    }
    for queued in &plan.queue {
        let open = match &queued.open {
            Some(key) => format!("issue {} is open", key.join(", ")),
            None => "an issue is queued".to_owned(),
        };
        let _ = writeln!(
            out,
            "- {}: {}",
            one_line(&queued.collection),
            one_line(&open)
        );
    }
    if !plan.statements.is_empty() {
        statements(out, &plan.statements);
    }
}
