//! What a plan for decisions says to people.

use birth_core::op::Decision;
use birth_core::op::decide::decision_word;
use birth_core::op::decide::plan::DecidePlan;
use birth_core::outcome::{FailureClass, Status};

use crate::run::failure::Failure;
use crate::run::operation::Stop;
use crate::run::words::{findings, some};

/// What was decided, a line each.
pub(super) fn summary(plan: &DecidePlan) -> String {
    let lines = plan.items.iter().map(|item| {
        let on = &item.object;
        let why = item
            .reasons
            .iter()
            .map(|r| format!("; {}: {}", r.code, r.message));
        let left = on
            .left
            .iter()
            .map(|r| format!("; left: {}: {}", r.code, r.message));
        let said: String = why.chain(left).collect();
        let (key, status) = (&on.collection, on.after.status);
        format!(
            "{key:?} {status}, {}: {}{said}\n",
            on.after.scope,
            decision_word(item.decision)
        )
    });
    let by = format!("decided by {:?}\n", plan.requests.by);
    std::iter::once(by).chain(lines).collect()
}

/// Why nothing may be executed.
pub(super) fn stop(plan: &DecidePlan) -> Option<Stop> {
    let blocked: Vec<String> = plan
        .decided(Decision::Blocked)
        .map(|item| {
            let codes = findings(item).join(", ");
            format!("{:?} ({codes})", item.object.collection)
        })
        .collect();
    (!blocked.is_empty()).then(|| Stop {
        status: Status::Blocked,
        failure: Failure::new(
            FailureClass::Policy,
            "DECISION_REFUSED",
            format!("decisions that cannot be stored: {}", some(&blocked)),
        )
        .with_hint("the same command without --yes shows each decision with its reasons; decisions that were made together stand or fall together"),
    })
}
