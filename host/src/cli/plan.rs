//! `birth plan`.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use birth_core::digest::Digest;
use birth_core::op::Revision;
use birth_core::outcome::{Exit, FailureClass, Status};

use super::operations::{
    OperationArgument, OperationName, TriggersOptions, gate, storage, triggers,
};
use super::options::{KnowledgeBase, WaitingOptions};
use super::output::{BAD, BOLD, GOOD, plain, styled};
use super::render::{Render, SHOWN, more};
use super::{DatabaseOptions, Output, PolicyOptions};
use crate::plugin::set::PolicyRuntime;
use crate::run::Access;
use crate::run::carry_out;
use crate::run::failure::Failure;
use crate::run::stage::{Planned, compiled_sql};

/// Show what an operation would do; change nothing.
///
/// Reads the live schema, asks the policy, and shows every object with its
/// decision and every statement that would run. An unapproved policy may be
/// planned with, and is named as such.
#[derive(Debug, Args)]
pub(super) struct Plan {
    #[command(flatten)]
    operation: OperationArgument,
    /// Save the plan; `birth apply --plan FILE` executes exactly this one.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    triggers: TriggersOptions,
    #[command(flatten)]
    knowledge_base: KnowledgeBase,
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    policy: PolicyOptions,
    #[command(flatten)]
    waiting: WaitingOptions,
}

impl Plan {
    pub(super) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        let named = self.operation.only()?;
        let policy = self.policy.open()?;
        let profile = self.database.profile(output)?;
        self.triggers.check(named)?;
        match named {
            OperationName::Storage => {
                let operation = storage(&self.database, profile, &policy);
                self.plan(operation, &policy, output).await
            }
            OperationName::Triggers => {
                let store = self.knowledge_base.store()?;
                let approved = self.triggers.approved(&store)?;
                let batch = self.triggers.batch_size();
                let operation = triggers(&self.database, profile, &policy, Some(approved), batch);
                self.plan(operation, &policy, output).await
            }
            OperationName::Gate => {
                let operation = gate(&self.database, profile);
                self.plan(operation, &policy, output).await
            }
        }
    }

    async fn plan<O: Render>(
        &self,
        operation: O,
        policy: &PolicyRuntime,
        output: &Output,
    ) -> Result<Exit, Failure> {
        let connection = self.database.settings()?;
        output.progress(&format!("connecting to {}", connection.describe()));
        let access = Access {
            connection,
            timeouts: self.waiting.timeouts(),
        };
        let execute = format!("birth apply {} --plan", O::NAME);
        look(
            output,
            &access,
            operation,
            policy,
            self.out.as_deref(),
            &execute,
        )
        .await
    }
}

/// Makes a plan, shows it, and saves it where that was asked for; `execute` is
/// the command that executes a saved one.
pub(super) async fn look<O: Render>(
    output: &Output,
    access: &Access,
    operation: O,
    policy: &PolicyRuntime,
    out: Option<&Path>,
    execute: &str,
) -> Result<Exit, Failure> {
    let planned = carry_out::plan(access, operation).await?;
    show(output, &planned, policy, access)?;
    let plan = planned.close().await;
    if let Some(path) = out {
        save(path, &O::plan_file(&plan)?)?;
        output.text(format!(
            "\nSaved to {}. Carry out exactly this plan with:",
            path.display()
        ));
        output.text(format!("  {execute} {}", path.display()));
    }
    let status = O::stop(&plan).map_or(Status::Pass, |stop| stop.status);
    Ok(Exit::Status(status))
}

fn save(path: &Path, text: &str) -> Result<(), Failure> {
    let fail = |error: std::io::Error| {
        Failure::new(
            FailureClass::Filesystem,
            "PLAN_NOT_SAVED",
            format!("the plan cannot be written to {}: {error}", path.display()),
        )
    };
    let (dir, name) = crate::files::open_parent(path).map_err(fail)?;
    crate::files::ensure_replaceable(&dir, name).map_err(fail)?;
    crate::files::write_atomically(&dir, name, text.as_bytes()).map_err(fail)
}

#[derive(Serialize)]
struct PlanDocument<'a, P> {
    operation: &'static str,
    digest: Digest,
    approved: bool,
    /// By whose leave, and whether it is signed.
    approval: String,
    /// What `apply` would close with, as far as the plan can tell.
    status: Status,
    /// Why `apply` would refuse for want of rights or room for locks.
    refusal: Option<Refusal<'a>>,
    plan: &'a P,
    compiled_sql: String,
}

#[derive(Serialize)]
struct Refusal<'a> {
    code: &'static str,
    message: &'a str,
}

/// Shows a plan.
pub(super) fn show<O: Render>(
    output: &Output,
    planned: &Planned<O>,
    policy: &PolicyRuntime,
    access: &Access,
) -> Result<(), Failure> {
    let plan = planned.plan();
    let digest = O::digest(plan)?;
    if let Some(revision) = O::revision(plan)
        && let Err(refusal) = policy.standing().leave()
    {
        output.warning(&format!(
            "the policy revision {} of {} ({}) is NOT APPROVED: it may be planned with, `apply` refuses it: {refusal}",
            revision.revision, revision.name, revision.digest
        ));
    }
    let refusal = planned
        .operation()
        .check_feasible(planned.target(), plan)
        .err();
    if let Some(failure) = &refusal {
        output.warning(&format!("`apply` would refuse: {failure}"));
        if let Some(hint) = &failure.hint {
            output.warning(&format!("next: {hint}"));
        }
    }
    let stop = O::stop(plan);
    if output.is_json() {
        return output.json(&PlanDocument {
            operation: O::NAME,
            digest,
            approved: policy.approval().is_some(),
            approval: policy.leave_words(),
            status: stop.map_or(Status::Pass, |stop| stop.status),
            refusal: refusal.as_ref().map(|failure| Refusal {
                code: failure.code,
                message: &failure.message,
            }),
            plan,
            compiled_sql: compiled_sql::<O>(plan, access.timeouts),
        });
    }
    O::header(output, planned, policy);
    O::items(output, plan);
    match stop.map(|stop| stop.status) {
        Some(Status::PolicyMismatch) => output.text(format!(
            "\n{} Nothing will be executed while the lists differ.",
            styled(BAD, "Policy mismatch.")
        )),
        Some(_) => output.text(format!(
            "\n{} Nothing will be executed while anything is blocked.",
            styled(BAD, "Blocked.")
        )),
        None if O::statements(plan).is_empty() => output.text(format!(
            "\n{} {}",
            styled(GOOD, "Nothing to do."),
            O::complete(plan)
        )),
        None => statements::<O>(output, plan, access),
    }
    output.text(format!("\nplan digest {digest}"));
    Ok(())
}

fn statements<O: Render>(output: &Output, plan: &O::Plan, access: &Access) {
    output.text(format!("\n{}", styled(BOLD, "Statements")));
    let compiled = compiled_sql::<O>(plan, access.timeouts);
    let lines: Vec<&str> = compiled.lines().collect();
    for line in lines.iter().take(SHOWN) {
        output.text(format!("  {}", shortened(line)));
    }
    more(output, lines.len());
}

/// A line as a terminal can show it: thousands of tables are locked in one
/// statement. The log has it whole.
fn shortened(line: &str) -> String {
    const LONGEST: usize = 2000;
    match line.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{} …", plain(&line[..at])),
        None => plain(line),
    }
}

/// The revision and whether it is approved, for a header.
pub(super) fn approval(revision: &Revision, policy: &PolicyRuntime) -> String {
    let approval = match policy.standing().leave() {
        Ok(leave) => plain(&leave.to_string()),
        Err(_) => styled(BAD, "NOT APPROVED"),
    };
    format!(
        "{} revision {}, digest {}, {approval}",
        plain(&revision.name),
        revision.revision,
        revision.digest.short()
    )
}
