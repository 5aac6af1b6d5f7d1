//! `birth decisions`.

use std::rc::Rc;

use clap::Args;
use serde::Serialize;

use birth_core::catalog::trigger::TriggerEnabled;
use birth_core::decisions::{
    DecisionsReport, Hook, OrphanCollection, Orphans, OwnerReferences, ScopeProposal,
    UnregisteredTable,
};
use birth_core::op::{DatabaseIdentity, Revision};
use birth_core::outcome::{Exit, Status};

use super::options::WaitingOptions;
use super::output::{BOLD, DIM, GOOD, WARN, one_line, severity, styled};
use super::plan::approval;
use super::render::{SHOWN, more};
use super::{DatabaseOptions, Output, PolicyOptions};
use crate::plugin::set::PolicyRuntime;
use crate::run::Access;
use crate::run::coverage::Coverage;
use crate::run::decisions::Decisions as Found;
use crate::run::failure::Failure;

/// Show what people have to decide; change nothing.
///
/// Scopes that the policy proposes and that are not stored (B3-B), rows of the
/// registry that stand for no table and tables that no row stands for (B3-C),
/// triggers on tables of collections that are not ours (B3-D), and collections
/// that need births and name no owner for them (B3-E). `birth decide` writes what
/// was decided. Exits 0 whatever there is.
#[derive(Debug, Args)]
pub(super) struct Decisions {
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    policy: PolicyOptions,
    #[command(flatten)]
    waiting: WaitingOptions,
}

#[derive(Serialize)]
struct Document<'a> {
    database: &'a DatabaseIdentity,
    registry: String,
    revision: &'a Revision,
    approved: bool,
    at: &'a str,
    #[serde(flatten)]
    report: &'a DecisionsReport,
}

impl Decisions {
    pub(super) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        let policy = self.policy.open()?;
        let coverage = Coverage {
            profile: Rc::new(self.database.profile(output)?),
            schema: self.database.schema.clone(),
            policy: Rc::clone(&policy),
        };
        let access = Access {
            connection: self.database.settings()?,
            waiting: self.waiting.waiting(),
        };
        let found = coverage.decisions(&access).await?;
        if output.is_json() {
            output.json(&Document {
                database: &found.server.database,
                registry: found.registry.to_string(),
                revision: &found.revision,
                approved: policy.approval().is_some(),
                at: &found.at,
                report: &found.report,
            })?;
        } else {
            show(output, &found, &policy);
        }
        Ok(Exit::Status(Status::Pass))
    }
}

fn show(output: &Output, found: &Found, policy: &PolicyRuntime) {
    let (server, report) = (&found.server, &found.report);
    let registry = one_line(&found.registry.to_string());
    output.text(styled(
        BOLD,
        format!("Open decisions about the collections of {registry}"),
    ));
    output.text(format!(
        "  database  {} on PostgreSQL {}, role {}",
        one_line(&server.database.database),
        server.version,
        one_line(&server.role)
    ));
    output.text(format!("  policy    {}", approval(&found.revision, policy)));
    if !report.storage_ready {
        output.text(format!(
            "  {}",
            styled(
                WARN,
                "the registry has no policy columns yet, so nothing is stored: `birth apply storage` adds them"
            )
        ));
    }
    scopes(output, &report.scopes);
    orphans(output, &report.orphans);
    section(
        output,
        "Tables that no collection stands for (B3-C)",
        &report.unregistered,
        unregistered,
    );
    section(
        output,
        "Triggers on tables of collections (B3-D)",
        &report.hooks,
        hook,
    );
    owners(output, &report.owners);
}

/// A heading with how many there are, and the first of them.
fn section<T>(output: &Output, title: &str, items: &[T], show: impl Fn(&Output, &T)) {
    output.text(format!("\n{}: {}", styled(BOLD, title), items.len()));
    for item in items.iter().take(SHOWN) {
        show(output, item);
    }
    more(output, items.len());
}

/// A key, so that its ends show.
fn key(key: &str) -> String {
    one_line(&format!("{key:?}"))
}

fn scopes(output: &Output, scopes: &[ScopeProposal]) {
    let differ = scopes.iter().take_while(|scope| scope.differs).count();
    let (differ, same) = scopes.split_at(differ);
    let title = "Scopes that are not stored as the policy proposes them (B3-B)";
    section(output, title, differ, |output, scope| {
        let stored = scope
            .stored
            .as_deref()
            .map_or_else(|| "none".to_owned(), one_line);
        output.text(format!(
            "  {}  stored {stored}, proposed {}",
            key(&scope.collection),
            scope.proposed
        ));
        for reason in &scope.reasons {
            output.text(format!(
                "         {}: {} {}",
                severity(reason.severity),
                one_line(&reason.message),
                styled(DIM, format!("[{}]", one_line(&reason.code)))
            ));
        }
    });
    output.text(format!("  {} stored as proposed", styled(GOOD, same.len())));
}

fn orphans(output: &Output, orphans: &Orphans) {
    let title = "Collections that stand for no table (B3-C)";
    section(output, title, &orphans.collections, orphan);
    let title = "Keys that are registered more than once (B3-C)";
    section(output, title, &orphans.registered_twice, |output, twice| {
        output.text(format!("  {}", key(twice)));
    });
    output.text(format!(
        "\n{}: {}",
        styled(BOLD, "Rows of the registry without a key (B3-C)"),
        orphans.rows_without_key
    ));
}

fn orphan(output: &Output, orphan: &OrphanCollection) {
    let relations: Vec<String> = orphan.relations.iter().map(|name| one_line(name)).collect();
    let names = match relations.is_empty() {
        true => String::new(),
        false => format!(": {}", relations.join(", ")),
    };
    output.text(format!(
        "  {}  {}{names}",
        key(&orphan.collection),
        orphan.kind.describe()
    ));
}

fn unregistered(output: &Output, table: &UnregisteredTable) {
    let of = table.extension.as_deref().map_or_else(String::new, |name| {
        styled(DIM, format!("  of the extension {}", one_line(name)))
    });
    output.text(format!(
        "  {}  {}{of}",
        one_line(&table.table),
        table.kind.describe()
    ));
}

fn hook(output: &Output, hook: &Hook) {
    let state = match hook.enabled {
        TriggerEnabled::Origin => String::new(),
        TriggerEnabled::Disabled => styled(WARN, ", disabled"),
        TriggerEnabled::Replica => styled(WARN, ", in replica mode only"),
        TriggerEnabled::Always => styled(WARN, ", in every mode"),
    };
    output.text(format!(
        "  {} on {}: {} {} calls {}{state}",
        key(&hook.collection),
        one_line(&hook.table),
        one_line(&hook.trigger),
        one_line(&hook.fires),
        one_line(&hook.function)
    ));
}

fn owners(output: &Output, owners: &OwnerReferences) {
    let Some(column) = &owners.column else {
        output.text(format!(
            "\n{}: the registry has no column for them (concept collection_birth_owner)",
            styled(BOLD, "Owners of births (B3-E)")
        ));
        return;
    };
    let title = format!(
        "Collections that need births and name no owner in {} (B3-E)",
        one_line(column)
    );
    section(output, &title, &owners.missing, |output, missing| {
        let status = match missing.stored {
            Some(status) => format!("{status} is stored"),
            None => "the policy proposes that it needs births".to_owned(),
        };
        output.text(format!("  {}  {status}", key(&missing.collection)));
    });
}
