//! The onboarding gate.

use birth_core::op::Item;
use birth_core::op::gate::plan::{GateObject, GatePlan};
use birth_core::op::gate::verify::is_ready;
use birth_core::sql::Statement as _;

use super::{Render, fact, found_by, items, list, on_server, room, undone};
use crate::cli::Output;
use crate::cli::output::{BAD, BOLD, plain, styled};
use crate::plugin::set::PolicyRuntime;
use crate::run::gate::Gate;
use crate::run::gate::rollback::RollbackPlan;
use crate::run::stage::Planned;

#[derive(serde::Serialize)]
pub(in crate::cli) struct Details<'a> {
    items: &'a [Item<GateObject>],
}

impl Render for Gate {
    type Details<'a> = Details<'a>;

    fn header(output: &Output, planned: &Planned<Self>, _policy: &PolicyRuntime) {
        let (plan, server, target) = (planned.plan(), planned.server(), planned.target());
        output.text(styled(
            BOLD,
            format!(
                "Onboarding gate (B3-F) on {}",
                plain(&plan.registry.name.to_string())
            ),
        ));
        fact(output, "database", on_server(server));
        fact(output, "registry", found_by(&target.registry));
        fact(output, "locks", room(&target.locks) + "\n");
        for warning in &plan.warnings {
            output.warning(warning);
        }
    }

    fn items(output: &Output, plan: &GatePlan) {
        items(output, &plan.items);
    }

    fn complete(_plan: &GatePlan) -> String {
        "The gate is complete.".to_owned()
    }

    fn is_ready(plan: &GatePlan) -> bool {
        is_ready(plan)
    }

    fn subject(plan: &GatePlan) -> String {
        format!("the gate of {}", plain(&plan.registry.name.to_string()))
    }

    fn details(plan: &GatePlan) -> Details<'_> {
        Details { items: &plan.items }
    }
}

/// Shows a rollback's plan.
pub(in crate::cli) fn show_rollback(output: &Output, plan: &RollbackPlan) {
    let undo = &plan.undo;
    undone(output, &plan.of, &undo.gone, &undo.left);
    if undo.events > 0 {
        output.text(format!("  the queue holds {} event(s)", undo.events));
    }
    for refusal in &undo.refusals {
        output.text(format!("  {} {}", styled(BAD, "refused:"), plain(refusal)));
    }
    let statements = undo.statements.iter();
    list(output, statements.map(|s| plain(&s.sql()) + ";"));
}
