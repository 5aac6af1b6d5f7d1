//! Decisions of people about coverage.

use birth_core::op::decide::decision_word;
use birth_core::op::decide::plan::{DecidePlan, DecisionOn};
use birth_core::op::decide::report::changes;
use birth_core::op::{Decision, Item};
use birth_core::sql::Statement as _;

use super::{Render, SHOWN, fact, list, more, on_server, reasons, undone};
use crate::cli::Output;
use crate::cli::output::{BOLD, DIM, decision, one_line, plain, styled};
use crate::cli::plan::approval;
use crate::plugin::set::PolicyRuntime;
use crate::run::decide::Decide;
use crate::run::decide::rollback::RollbackPlan;
use crate::run::stage::Planned;

#[derive(serde::Serialize)]
pub(in crate::cli) struct Details<'a> {
    items: &'a [Item<DecisionOn>],
}

impl Render for Decide {
    type Details<'a> = Details<'a>;

    fn header(output: &Output, planned: &Planned<Self>, policy: &PolicyRuntime) {
        let (plan, server) = (planned.plan(), planned.server());
        let registry = one_line(&plan.registry.name.to_string());
        output.text(styled(BOLD, format!("Coverage decisions in {registry}")));
        fact(output, "database", on_server(server));
        fact(output, "by", one_line(&plan.requests.by));
        fact(output, "policy", approval(&plan.revision, policy) + "\n");
    }

    fn items(output: &Output, plan: &DecidePlan) {
        for item in plan.items.iter().take(SHOWN) {
            let on = &item.object;
            output.text(format!(
                "  {}  {}, {}  {}",
                one_line(&on.collection),
                on.after.status,
                on.after.scope,
                decision(item.decision, decision_word(item.decision))
            ));
            if item.decision == Decision::Absent {
                for (column, before, after) in changes(on) {
                    let (before, after) = (value(before), value(after));
                    output.text(format!("         {column}: {before} → {after}"));
                }
            }
            reasons(output, &item.reasons);
            if !on.left.is_empty() {
                output.text(format!("       {}", styled(DIM, "what is left:")));
                reasons(output, &on.left);
            }
        }
        more(output, plan.items.len());
    }

    fn complete(_plan: &DecidePlan) -> String {
        "Everything is stored as decided.".to_owned()
    }

    fn is_ready(plan: &DecidePlan) -> bool {
        plan.items.iter().all(|i| i.decision == Decision::Exists)
    }

    fn subject(plan: &DecidePlan) -> String {
        format!(
            "{} decisions in {}",
            plan.items.len(),
            plain(&plan.registry.name.to_string())
        )
    }

    fn details(plan: &DecidePlan) -> Details<'_> {
        Details { items: &plan.items }
    }
}

/// A value of a column, as people read it.
fn value(value: Option<&str>) -> String {
    value.map_or_else(|| styled(DIM, "NULL"), one_line)
}

/// Shows a rollback's plan.
pub(in crate::cli) fn show_rollback(output: &Output, plan: &RollbackPlan) {
    undone(output, &plan.of, &plan.undo.gone, &plan.undo.left);
    let statements = plan.undo.statements.iter();
    list(output, statements.map(|s| plain(&s.preview())));
}
