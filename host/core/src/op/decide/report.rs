//! The final response and the report of decisions.

use std::fmt::Write as _;

use super::decision_word;
use super::plan::{DecidePlan, DecisionOn};
use super::stored::VALUES;
use super::undo::DecideKeys;
use crate::op::Decision;
use crate::op::report::{ReportHeader, begin, database, end, one_line, statements, table_cell};
use crate::op::storage::COLUMNS;
use crate::outcome::{FinalResponse, Status};
use crate::policy::verdict::Reason;

/// What is known of a run when it closes. Every field comes from evidence: a
/// phase that was not reached leaves its field at its default.
#[derive(Debug, Clone, Default)]
pub struct Evidence<'a> {
    /// The plan, once there was one.
    pub plan: Option<&'a DecidePlan>,
    /// What was committed, once it was.
    pub committed: Option<&'a DecideKeys>,
    /// Whether the compiled statements were on disk before execution.
    pub compiled_sql_logged: bool,
    /// Whether a new read after the commit found the decisions.
    pub post_commit_verified: bool,
    /// Where the log is.
    pub log_path: &'a str,
}

/// The final response; `reason` follows a status that is not `PASS`.
#[must_use]
pub fn final_response(
    status: Status,
    reason: Option<&str>,
    evidence: &Evidence<'_>,
) -> FinalResponse {
    let count = |decision| evidence.plan.map_or(0, |p| p.count(decision));
    FinalResponse::default()
        .with_status("b3_decide_status", status, reason)
        .with(
            "decisions_written",
            evidence.committed.map_or(0, |keys| keys.rows.len()),
        )
        .with("decisions_already_made", count(Decision::Exists))
        .with("decisions_blocked", count(Decision::Blocked))
        .with("compiled_sql_logged", evidence.compiled_sql_logged)
        .with("execution_log_path", evidence.log_path)
        .with("post_commit_verified", evidence.post_commit_verified)
        // The statement type names the six columns of one row alone, and the
        // transaction is verified to have changed no other row.
        .with("no_other_data_mutation", true)
}

/// What a decision changes: column, before and after, for the columns where the
/// two differ. The time is always that of the transaction.
#[must_use]
pub fn changes(on: &DecisionOn) -> Vec<(&'static str, Option<&str>, Option<&str>)> {
    let before = |at: usize| on.before.as_ref()?.values.get(at)?.as_deref();
    let after = on.after.values();
    (0..VALUES)
        .filter_map(|at| {
            let name = COLUMNS.get(at)?.name;
            let after = match name {
                TIME => Some(NOW),
                _ => after.get(at).copied().flatten(),
            };
            (before(at) != after).then(|| (name, before(at), after))
        })
        .collect()
}

/// The column that takes the time.
const TIME: &str = "coverage_decided_at";
/// How the transaction's time is shown before there is one.
const NOW: &str = "now()";

/// The Markdown report for the knowledge base.
#[must_use]
pub fn report(header: &ReportHeader, evidence: &Evidence<'_>, response: &FinalResponse) -> String {
    let mut out = begin("Coverage decisions (B3-B to B3-E)", header);
    if let Some(plan) = evidence.plan {
        about(&mut out, plan);
        decisions(&mut out, plan);
        if !plan.statements.is_empty() {
            statements(&mut out, &plan.statements);
        }
    }
    end(&mut out, response);
    out
}

fn about(out: &mut String, plan: &DecidePlan) {
    database(out, &plan.database);
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "- registry: {} (oid {})\n- policy: {} revision {}, digest {}\n- decided by: {}",
        one_line(&plan.registry.name.to_string()),
        plan.registry.oid,
        plan.revision.name,
        plan.revision.revision,
        plan.revision.digest,
        one_line(&plan.requests.by)
    );
}

fn decisions(out: &mut String, plan: &DecidePlan) {
    let _ = writeln!(
        out,
        "\n## Decisions\n\n| collection | | changes | why | left |\n|---|---|---|---|---|"
    );
    let shown = |value: Option<&str>| value.unwrap_or("NULL").to_owned();
    for item in &plan.items {
        let changes: Vec<String> = match item.decision {
            Decision::Absent => changes(&item.object)
                .into_iter()
                .map(|(name, before, after)| {
                    format!("{name}: {} → {}", shown(before), shown(after))
                })
                .collect(),
            Decision::Exists | Decision::Blocked => vec![],
        };
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} |",
            table_cell(&item.object.collection),
            decision_word(item.decision),
            table_cell(&changes.join("; ")),
            table_cell(&said(&item.reasons)),
            table_cell(&said(&item.object.left))
        );
    }
}

fn said(reasons: &[Reason]) -> String {
    let said: Vec<String> = reasons
        .iter()
        .map(|r| format!("{}: {}", r.code, r.message))
        .collect();
    said.join("; ")
}
