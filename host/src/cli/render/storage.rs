//! Policy storage.

use birth_core::op::Item;
use birth_core::op::storage::plan::{Proposed, StoragePlan};
use birth_core::op::storage::verify::is_ready;
use birth_core::sql::Statement as _;

use super::{Render, fact, items, list, on_server, room, undone};
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
        fact(output, "database", on_server(server));
        let why = format!(
            "{}; key column {}: {}",
            target.registry.why, target.key.column, target.key.why
        );
        fact(output, "registry", styled(DIM, plain(&why)));
        fact(output, "locks", room(&target.locks));
        fact(output, "policy", approval(&plan.revision, policy) + "\n");
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
    undone(output, &plan.of, &plan.undo.gone, &[]);
    for (column, rows) in &plan.undo.holding_data {
        output.text(format!(
            "  column {} holds data in {rows} row(s)",
            plain(column)
        ));
    }
    for refusal in &plan.undo.refusals {
        output.text(format!("  {} {}", styled(BAD, "refused:"), plain(refusal)));
    }
    let statements = plan.undo.statements.iter();
    list(output, statements.map(|s| plain(&s.sql()) + ";"));
}
