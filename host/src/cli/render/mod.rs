//! How the operations look to people: what each has to say about its own plan.

mod storage;
mod triggers;

use serde::Serialize;

use birth_core::op::Item;
use birth_core::policy::verdict::Reason;

use super::Output;
use super::output::{DIM, plain, severity, styled};
use crate::plugin::set::PolicyRuntime;
use crate::run::operation::Operation;
use crate::run::stage::Planned;

pub(super) use storage::show_rollback as show_storage_rollback;
pub(super) use triggers::show_rollback as show_triggers_rollback;

/// Lines of a list that people are shown on a terminal; the rest is in the
/// plan's file and in the log.
pub(super) const SHOWN: usize = 50;

/// An operation that can be shown.
pub(super) trait Render: Operation<Plan: Serialize> {
    /// What `verify` says in JSON, besides whether it is ready.
    type Details<'a>: Serialize;

    /// Where, and under which policy.
    fn header(output: &Output, planned: &Planned<Self>, policy: &PolicyRuntime);
    /// Every object with its decision.
    fn items(output: &Output, plan: &Self::Plan);
    /// The sentence for a plan that has nothing to execute.
    fn complete(plan: &Self::Plan) -> String;
    /// Whether everything the operation sets up is there, whoever put it there.
    fn is_ready(plan: &Self::Plan) -> bool;
    /// What it sets up, in a few words.
    fn subject(plan: &Self::Plan) -> String;
    /// For the JSON of `verify`.
    fn details(plan: &Self::Plan) -> Self::Details<'_>;
}

/// The reasons of an item, one line each.
fn reasons(output: &Output, reasons: &[Reason]) {
    for reason in reasons {
        output.text(format!(
            "         {}: {} {}",
            severity(reason.severity),
            plain(&reason.message),
            styled(DIM, format!("[{}]", plain(&reason.code)))
        ));
    }
}

/// Says how many more there are than are shown.
pub(super) fn more(output: &Output, all: usize) {
    if all > SHOWN {
        output.text(format!("  … and {} more", all - SHOWN));
    }
}

fn width<O>(items: &[Item<O>], name: impl Fn(&O) -> &str) -> usize {
    let shown = items.iter().take(SHOWN);
    shown
        .map(|i| plain(name(&i.object)).chars().count())
        .max()
        .unwrap_or(0)
}
