//! Birth triggers.

use birth_core::op::triggers::decision_word;
use birth_core::op::triggers::plan::{BirthTrigger, Queued, TriggersPlan};
use birth_core::op::triggers::sets::Difference;
use birth_core::op::triggers::verify::is_ready;
use birth_core::op::{Decision, Item};
use birth_core::sql::Statement as _;

use super::{Render, SHOWN, found_by, list, more, on_server, reasons, undone};
use crate::cli::Output;
use crate::cli::output::{BAD, BOLD, decision, one_line, plain, styled};
use crate::cli::plan::approval;
use crate::plugin::set::PolicyRuntime;
use crate::run::stage::Planned;
use crate::run::triggers::Triggers;
use crate::run::triggers::rollback::RollbackPlan;

#[derive(serde::Serialize)]
pub(in crate::cli) struct Details<'a> {
    differences: &'a [Difference],
    items: &'a [Item<BirthTrigger>],
    queue: &'a [Queued],
}

impl Render for Triggers {
    type Details<'a> = Details<'a>;

    fn header(output: &Output, planned: &Planned<Self>, policy: &PolicyRuntime) {
        let (plan, server, target) = (planned.plan(), planned.server(), planned.target());
        let fact = |name: &str, text: String| super::fact(output, name, text);
        output.text(styled(
            BOLD,
            format!(
                "Birth triggers (B3-A) on the collections of {}",
                plain(&plan.registry.name.to_string())
            ),
        ));
        fact("database", on_server(server));
        fact("registry", found_by(&target.registry));
        fact(
            "function",
            format!(
                "{}, oid {}, definition {}",
                plain(&plan.function.signature()),
                plan.function.oid,
                plan.function.definition.short()
            ),
        );
        fact(
            "approved",
            format!(
                "list {} by {} at {}",
                plan.artifact.content.short(),
                plain(&plan.artifact.by),
                plain(&plan.artifact.at)
            ),
        );
        fact(
            "locks",
            format!(
                "needs {}, the server has room for {}",
                plan.locks, target.lock_slots
            ),
        );
        fact("policy", approval(&plan.revision, policy));
        let count = |decision| plan.count(decision);
        fact(
            "sets",
            format!(
                "{} targets: {} to install, {} there already, {} blocked; {} without a species mapping\n",
                plan.targets,
                count(Decision::Absent),
                count(Decision::Exists),
                count(Decision::Blocked),
                plan.queue.len()
            ),
        );
        for warning in &plan.warnings {
            output.warning(warning);
        }
    }

    fn items(output: &Output, plan: &TriggersPlan) {
        differences(output, &plan.differences);
        let table = |o: &BirthTrigger| o.table.name.to_string();
        let names: Vec<String> = plan.items.iter().map(|i| table(&i.object)).collect();
        let width = names
            .iter()
            .take(SHOWN)
            .map(|n| one_line(n).chars().count())
            .max()
            .unwrap_or(0);
        // What a person has to look at comes first.
        let order = [Decision::Blocked, Decision::Absent, Decision::Exists];
        let ordered = order.iter().flat_map(|decision| plan.decided(*decision));
        for item in ordered.take(SHOWN) {
            output.text(format!(
                "  {:<width$}  {}",
                one_line(&table(&item.object)),
                decision(item.decision, decision_word(item.decision))
            ));
            reasons(output, &item.reasons);
        }
        more(output, plan.items.len());
        for queued in plan.queue.iter().take(SHOWN) {
            let issue = match &queued.open {
                Some(key) => format!("issue {} is open", plain(&key.join(", "))),
                None => "an issue is queued".to_owned(),
            };
            output.text(format!(
                "  {} has no species mapping: {issue}",
                one_line(&queued.collection)
            ));
        }
        more(output, plan.queue.len());
    }

    fn complete(plan: &TriggersPlan) -> String {
        if plan.items.is_empty() && plan.queue.is_empty() {
            return "No collection is approved, required and mapped.".to_owned();
        }
        "Every birth trigger is there.".to_owned()
    }

    fn is_ready(plan: &TriggersPlan) -> bool {
        is_ready(plan)
    }

    fn subject(plan: &TriggersPlan) -> String {
        format!(
            "the birth triggers of {} collections of {}",
            plan.items.len(),
            plain(&plan.registry.name.to_string())
        )
    }

    fn details(plan: &TriggersPlan) -> Details<'_> {
        Details {
            differences: &plan.differences,
            items: &plan.items,
            queue: &plan.queue,
        }
    }
}

fn differences(output: &Output, differences: &[Difference]) {
    if differences.is_empty() {
        return;
    }
    output.text(format!(
        "{} the approved and the live list differ in {} collections",
        styled(BAD, "Policy mismatch:"),
        differences.len()
    ));
    for difference in differences.iter().take(SHOWN) {
        output.text(format!("  {}", plain(&difference.to_string())));
    }
    more(output, differences.len());
}

/// Shows a rollback's plan.
pub(in crate::cli) fn show_rollback(output: &Output, plan: &RollbackPlan) {
    undone(output, &plan.of, &plan.undo.gone, &plan.undo.left);
    let statements = plan.undo.statements.iter();
    list(output, statements.map(|s| plain(&s.preview())));
}
