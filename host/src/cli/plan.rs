//! `birth plan`.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use birth_core::op::storage::plan::StoragePlan;
use birth_core::outcome::{Exit, FailureClass, Status};

use super::options::WaitingOptions;
use super::output::{BAD, BOLD, DIM, GOOD, decision, plain, severity, styled};
use super::{DatabaseOptions, OperationName, Output, PolicyOptions};
use crate::plugin::set::PolicyRuntime;
use crate::run::Access;
use crate::run::carry_out;
use crate::run::failure::Failure;
use crate::run::operation::Operation;
use crate::run::stage::{Planned, compiled_sql};
use crate::run::storage::Storage;

/// Show what an operation would do; change nothing.
///
/// Reads the live schema, asks the policy, and shows every object with its
/// decision and every statement that would run. An unapproved policy may be
/// planned with, and is named as such.
#[derive(Debug, Args)]
pub(super) struct Plan {
    /// What to plan.
    #[arg(value_enum)]
    operation: OperationName,
    /// Save the plan; `birth apply --plan FILE` executes exactly this one.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    policy: PolicyOptions,
    #[command(flatten)]
    waiting: WaitingOptions,
}

impl Plan {
    pub(super) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        let OperationName::Storage = self.operation;
        let policy = self.policy.open()?;
        let operation = Storage {
            profile: self.database.profile(output)?,
            schema: self.database.schema.clone(),
            policy: std::rc::Rc::clone(&policy),
        };
        let connection = self.database.settings()?;
        output.progress(&format!("connecting to {}", connection.describe()));
        let access = Access {
            connection,
            waiting: self.waiting.waiting(),
        };
        let planned = carry_out::plan(&access, operation).await?;
        show(output, &planned, &policy, &access)?;
        let plan = planned.close().await;
        if let Some(path) = &self.out {
            save(path, &Storage::plan_file(&plan)?)?;
            output.text(format!(
                "\nSaved to {}. Carry out exactly this plan with:",
                path.display()
            ));
            output.text(format!("  birth apply storage --plan {}", path.display()));
        }
        Ok(if plan.is_blocked() {
            Exit::Status(Status::Blocked)
        } else {
            Exit::Status(Status::Pass)
        })
    }
}

fn save(path: &std::path::Path, text: &str) -> Result<(), Failure> {
    let fail = |error: std::io::Error| {
        Failure::new(
            FailureClass::Filesystem,
            "PLAN_NOT_SAVED",
            format!("the plan cannot be written to {}: {error}", path.display()),
        )
    };
    let (dir, name) = crate::files::open_parent(path).map_err(fail)?;
    crate::files::write_atomically(&dir, name, text.as_bytes()).map_err(fail)
}

#[derive(Serialize)]
struct PlanDocument<'a> {
    operation: &'static str,
    digest: birth_core::digest::Digest,
    approved: bool,
    blocked: bool,
    owner: bool,
    plan: &'a StoragePlan,
    compiled_sql: String,
}

/// Shows a plan.
pub(super) fn show(
    output: &Output,
    planned: &Planned<Storage>,
    policy: &PolicyRuntime,
    access: &Access,
) -> Result<(), Failure> {
    let plan = planned.plan();
    let compiled = compiled_sql::<Storage>(plan, &access.waiting);
    if policy.approval().is_none() {
        output.warning(&format!(
            "the policy revision {} of {} ({}) is NOT APPROVED: it may be planned with, `apply` refuses it",
            plan.revision.revision, plan.revision.name, plan.revision.digest
        ));
    }
    if let Err(failure) = planned.operation().check_feasible(planned.target(), plan) {
        output.warning(&format!("`apply` would refuse: {failure}"));
    }
    if output.is_json() {
        return output.json(&PlanDocument {
            operation: "storage",
            digest: Storage::digest(plan)?,
            approved: policy.approval().is_some(),
            blocked: plan.is_blocked(),
            owner: planned.target().rights.owner,
            plan,
            compiled_sql: compiled,
        });
    }
    header(output, planned, policy);
    items(output, plan);
    if plan.is_blocked() {
        output.text(format!(
            "\n{} Nothing will be executed while anything is blocked.",
            styled(BAD, "Blocked.")
        ));
    } else if plan.statements.is_empty() {
        output.text(format!(
            "\n{} Policy storage is complete.",
            styled(GOOD, "Nothing to do.")
        ));
    } else {
        output.text(format!("\n{}", styled(BOLD, "Statements")));
        for line in compiled.lines() {
            output.text(format!("  {}", plain(line)));
        }
    }
    output.text(format!("\nplan digest {}", Storage::digest(plan)?));
    Ok(())
}

fn header(output: &Output, planned: &Planned<Storage>, policy: &PolicyRuntime) {
    let (plan, server, target) = (planned.plan(), planned.server(), planned.target());
    let approval = match policy.approval() {
        Some(approval) => format!("approved by {}", approval.by),
        None => styled(BAD, "NOT APPROVED"),
    };
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
        "  policy    {} revision {}, digest {}, {approval}\n",
        plain(&plan.revision.name),
        plan.revision.revision,
        plan.revision.digest.short()
    ));
}

fn items(output: &Output, plan: &StoragePlan) {
    let width = plan
        .items
        .iter()
        .map(|i| i.object.name().as_str().chars().count())
        .max()
        .unwrap_or(0);
    for item in &plan.items {
        output.text(format!(
            "  {:<6} {:<width$}  {}",
            item.object.kind(),
            plain(item.object.name().as_str()),
            decision(item.decision)
        ));
        for reason in &item.reasons {
            output.text(format!(
                "         {}: {} {}",
                severity(reason.severity),
                plain(&reason.message),
                styled(DIM, format!("[{}]", plain(&reason.code)))
            ));
        }
    }
}
