//! Policy storage.

use birth_core::op::Item;
use birth_core::op::storage::plan::{Proposed, StoragePlan};
use birth_core::op::storage::verify::is_ready;
use birth_core::sql::Statement as _;

use super::{Render, items};
use crate::cli::Output;
use crate::cli::output::{BAD, BOLD, DIM, plain, styled};
use crate::cli::plan::approval;
use crate::plugin::set::PolicyRuntime;
use crate::run::stage::Planned;
use crate::run::storage::Storage;
use crate::run::storage::rollback::RollbackPlan;

#[derive(serde::Serialize)]
pub(in crate::cli) struct Details<'a> {
    items: &'a [Item<Proposed>],
}

impl Render for Storage {
    type Details<'a> = Details<'a>;

    fn header(output: &Output, planned: &Planned<Self>, policy: &PolicyRuntime) {
        let (plan, server, target) = (planned.plan(), planned.server(), planned.target());
        output.text(styled(
            BOLD,
            format!(
                "Policy storage (B3-P) on {}",
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
                    "{}; key column {}: {}",
                    target.registry.why, target.key.column, target.key.why
                ))
            )
        ));
        output.text(format!(
            "  locks     needs {}, the server has room for {}",
            target.locks.needed, target.locks.room
        ));
        output.text(format!(
            "  policy    {}\n",
            approval(&plan.revision, policy)
        ));
    }

    fn items(output: &Output, plan: &StoragePlan) {
        items(output, &plan.items);
    }

    fn complete(_plan: &StoragePlan) -> String {
        "Policy storage is complete.".to_owned()
    }

    fn is_ready(plan: &StoragePlan) -> bool {
        is_ready(plan)
    }

    fn subject(plan: &StoragePlan) -> String {
        format!(
            "policy storage on {}",
            plain(&plan.registry.name.to_string())
        )
    }

    fn details(plan: &StoragePlan) -> Details<'_> {
        Details { items: &plan.items }
    }
}

/// Shows a rollback's plan.
pub(in crate::cli) fn show_rollback(output: &Output, plan: &RollbackPlan) {
    output.text(styled(BOLD, format!("Rollback of run {}", plan.of)));
    for gone in &plan.undo.gone {
        output.text(format!("  already gone: {}", plain(gone)));
    }
    for (column, rows) in &plan.undo.holding_data {
        output.text(format!(
            "  column {} holds data in {rows} row(s)",
            plain(column)
        ));
    }
    for refusal in &plan.undo.refusals {
        output.text(format!("  {} {}", styled(BAD, "refused:"), plain(refusal)));
    }
    for statement in &plan.undo.statements {
        output.text(format!("  {};", plain(&statement.sql())));
    }
}
