//! How the operations look to people: what each has to say about its own plan.

mod decide;
mod gate;
mod storage;
mod triggers;

use serde::Serialize;

use birth_core::op::{Described, Item};
use birth_core::policy::verdict::Reason;

use super::Output;
use super::output::{BOLD, DIM, WARN, decision, plain, severity, styled};
use crate::pg::Server;
use crate::plugin::set::PolicyRuntime;
use crate::run::classify::RegistryNames;
use crate::run::locks::LockBudget;
use crate::run::operation::Operation;
use crate::run::stage::Planned;

pub(super) use decide::show_rollback as show_decide_rollback;
pub(super) use gate::show_rollback as show_gate_rollback;
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

/// Every object with its decision and the reasons of it.
fn items<O: Described>(output: &Output, items: &[Item<O>]) {
    let kind = items.iter().map(|i| i.object.kind().len()).max();
    let kind = kind.unwrap_or(0);
    let titles: Vec<String> = items.iter().map(|i| plain(&i.object.title())).collect();
    let title = titles.iter().map(|t| t.chars().count()).max().unwrap_or(0);
    for (item, shown) in items.iter().zip(&titles) {
        output.text(format!(
            "  {:<kind$} {shown:<title$}  {}",
            item.object.kind(),
            decision(item.decision, item.decision.word())
        ));
        reasons(output, &item.reasons);
    }
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

/// A line of a header.
fn fact(output: &Output, name: &str, text: impl std::fmt::Display) {
    output.text(format!("  {name:<9} {text}"));
}

/// Where it is.
fn on_server(server: &Server) -> String {
    format!(
        "{} on PostgreSQL {}, role {}",
        plain(&server.database.database),
        server.version,
        plain(&server.role)
    )
}

/// Why the registry is taken for one, and its columns for what they are.
fn found_by(names: &RegistryNames) -> String {
    let RegistryNames {
        registry,
        key,
        role,
        ..
    } = names;
    let why = format!(
        "{}; key column {}: {}; role column {}: {}",
        registry.why, key.column, key.why, role.column, role.why
    );
    styled(DIM, plain(&why))
}

/// Whether the locks can be had.
fn room(locks: &LockBudget) -> String {
    format!(
        "needs {}, the server has room for {}",
        locks.needed, locks.room
    )
}

/// The beginning of a rollback's plan: what is gone already, and what stays.
fn undone(output: &Output, of: &str, gone: &[String], left: &[String]) {
    output.text(styled(BOLD, format!("Rollback of run {of}")));
    list(
        output,
        gone.iter()
            .map(|gone| format!("already gone: {}", plain(gone))),
    );
    let word = styled(WARN, "left:");
    list(
        output,
        left.iter().map(|left| format!("{word} {}", plain(left))),
    );
}

/// The first lines of a list.
fn list(output: &Output, lines: impl ExactSizeIterator<Item = String>) {
    let all = lines.len();
    for line in lines.take(SHOWN) {
        output.text(format!("  {line}"));
    }
    more(output, all);
}
