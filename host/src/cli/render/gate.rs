//! The onboarding gate.

use birth_core::op::Item;
use birth_core::op::gate::plan::{GateObject, GatePlan};
use birth_core::op::gate::verify::is_ready;
use birth_core::sql::Statement as _;

use super::{Render, items};
use crate::cli::Output;
use crate::cli::output::{BAD, BOLD, DIM, WARN, plain, styled};
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
        let names = &target.registry;
        output.text(styled(
            BOLD,
            format!(
                "Onboarding gate (B3-F) on {}",
                plain(&plan.registry.name.to_string())
            ),
        ));
        output.text(format!(
            "  database  {} on PostgreSQL {}, role {}",
            plain(&server.database.database),
            server.version,
            plain(&server.role)
        ));
        output.text(format!(
            "  registry  {}",
            styled(
                DIM,
                plain(&format!(
                    "{}; key column {}: {}; role column {}: {}",
                    names.registry.why,
                    names.key.column,
                    names.key.why,
                    names.role.column,
                    names.role.why
                ))
            )
        ));
        output.text(format!(
            "  locks     needs {}, the server has room for {}\n",
            target.locks.needed, target.locks.room
        ));
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
    output.text(styled(BOLD, format!("Rollback of run {}", plan.of)));
    for gone in &undo.gone {
        output.text(format!("  already gone: {}", plain(gone)));
    }
    for left in &undo.left {
        output.text(format!("  {} {}", styled(WARN, "left:"), plain(left)));
    }
    if undo.events > 0 {
        output.text(format!("  the queue holds {} event(s)", undo.events));
    }
    for refusal in &undo.refusals {
        output.text(format!("  {} {}", styled(BAD, "refused:"), plain(refusal)));
    }
    for statement in &undo.statements {
        output.text(format!("  {};", plain(&statement.sql())));
    }
}
