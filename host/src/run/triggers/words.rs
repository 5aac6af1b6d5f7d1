//! What a plan for birth triggers says to people: its summary, and why it stops,
//! is left unfinished or cannot be carried out.

use birth_core::op::Decision;
use birth_core::op::triggers::decision_word;
use birth_core::op::triggers::plan::TriggersPlan;
use birth_core::outcome::{FailureClass, Status};

use super::TriggersTarget;
use crate::run::failure::Failure;
use crate::run::operation::Stop;
use crate::run::words::{findings, missing_rights, some};

/// The code of a run that leaves statements for later batches.
pub const BATCHES_REMAIN: &str = "BATCHES_REMAIN";

/// What was decided, a line each.
pub(super) fn summary(plan: &TriggersPlan) -> String {
    let differences = plan
        .differences
        .iter()
        .map(|d| format!("policy mismatch: {d}\n"));
    let warnings = plan.warnings.iter().map(|w| format!("warning: {w}\n"));
    let items = plan.items.iter().map(|i| {
        let why: Vec<String> = i
            .reasons
            .iter()
            .map(|r| format!("; {}: {}", r.code, r.message))
            .collect();
        let (object, word) = (&i.object, decision_word(i.decision));
        format!(
            "{:?} on {}: {word}{}\n",
            object.collection,
            object.table.name,
            why.concat()
        )
    });
    let queue = plan.queue.iter().map(|q| match &q.open {
        Some(key) => format!(
            "{:?} has no species mapping: issue {} is open\n",
            q.collection,
            key.join(", ")
        ),
        None => format!(
            "{:?} has no species mapping: an issue is queued\n",
            q.collection
        ),
    });
    let sets = format!(
        "target set {}, species queue {}, policy difference {}\n",
        plan.targets,
        plan.queue.len(),
        plan.differences.len()
    );
    std::iter::once(sets)
        .chain(differences)
        .chain(warnings)
        .chain(items)
        .chain(queue)
        .collect()
}

/// Why nothing may be executed.
pub(super) fn stop(plan: &TriggersPlan) -> Option<Stop> {
    if !plan.differences.is_empty() {
        let differences: Vec<String> = plan.differences.iter().map(ToString::to_string).collect();
        return Some(Stop {
            status: Status::PolicyMismatch,
            failure: Failure::new(
                FailureClass::Policy,
                "POLICY_MISMATCH",
                format!(
                    "the approved and the live list differ in {}: {}",
                    counted(differences.len(), "collection"),
                    some(&differences)
                ),
            )
            .with_hint(
                "`birth classify diff` shows it; classify and approve again, or mend the registry",
            ),
        });
    }
    let blocked = blocked(plan)?;
    plan.statements.is_empty().then_some(Stop {
        status: Status::Blocked,
        failure: blocked,
    })
}

/// What is left when all of the plan is done.
pub(super) fn unfinished(plan: &TriggersPlan) -> Option<Failure> {
    if plan.remaining > 0 {
        return Some(
            Failure::new(
                FailureClass::Database,
                BATCHES_REMAIN,
                format!("{} statements are left for later batches", plan.remaining),
            )
            .with_hint("run the command again: it goes on where it stopped"),
        );
    }
    blocked(plan)
}

/// Rights and room for locks that installing and undoing it need.
pub(super) fn check_feasible(target: &TriggersTarget, plan: &TriggersPlan) -> Result<(), Failure> {
    if !plan.missing_rights.is_empty() {
        return Err(missing_rights(&plan.missing_rights));
    }
    let room = target.lock_slots - target.locks_held;
    if plan.locks <= room || plan.statements.is_empty() {
        return Ok(());
    }
    // Two thirds if that will do, else nine tenths: others need locks too.
    let size = plan
        .largest_batch(room * 2 / 3)
        .or_else(|| plan.largest_batch(room * 9 / 10));
    let raise = "raise max_locks_per_transaction on the server";
    let hint = match size {
        Some(size) => {
            format!("install in several transactions with --batch-size {size}, or {raise}")
        }
        None => raise.to_owned(),
    };
    Err(Failure::new(
        FailureClass::Database,
        "LOCK_BUDGET",
        format!(
            "the transaction needs {} locks; the server has room for {} and holds {}",
            plan.locks, target.lock_slots, target.locks_held
        ),
    )
    .with_hint(hint))
}

/// Collections of the target set that were excluded.
fn blocked(plan: &TriggersPlan) -> Option<Failure> {
    let blocked: Vec<String> = plan
        .decided(Decision::Blocked)
        .map(|i| format!("{} ({})", i.object.table.name, findings(i).join(", ")))
        .collect();
    (!blocked.is_empty()).then(|| {
        Failure::new(
            FailureClass::Database,
            "EXISTING_CONFLICT",
            format!(
                "{} excluded: {}",
                counted(blocked.len(), "table"),
                some(&blocked)
            ),
        )
        .with_hint("`birth plan triggers` shows each conflict with its reasons")
    })
}

/// `1 table`, `2 tables`.
fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
