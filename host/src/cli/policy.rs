//! `birth policy`.

use clap::{Args, Subcommand};
use serde::Serialize;

use birth_core::digest::Digest;
use birth_core::outcome::{Exit, FailureClass, Status};
use birth_core::policy::approved::Approval;
use birth_core::policy::set::PolicySet;

use super::output::{BAD, BOLD, DIM, GOOD, plain, styled};
use super::{Output, PolicyOptions};
use crate::plugin::set::{Outcome, PolicyRuntime, Verification};
use crate::run::failure::Failure;

/// Look at a policy set, and check it as CI does.
#[derive(Debug, Args)]
pub(super) struct Policy {
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    /// Show a policy set: revision, digest, plugins, settings, approval.
    Show {
        #[command(flatten)]
        policy: PolicyOptions,
    },
    /// Check every pin, component, description, setting and the approval.
    ///
    /// The command for CI: exits 24 on any mismatch, 25 where a plugin
    /// misbehaves. Needs no database.
    Verify {
        #[command(flatten)]
        policy: PolicyOptions,
    },
}

#[derive(Serialize)]
struct Shown<'a> {
    digest: Digest,
    approval: Option<&'a Approval>,
    #[serde(flatten)]
    set: &'a PolicySet,
}

impl Policy {
    pub(super) fn run(self, output: &Output) -> Result<Exit, Failure> {
        match self.command {
            PolicyCommand::Show { policy } => show(&*policy.open()?, output),
            PolicyCommand::Verify { policy } => verify(&*policy.open()?, output),
        }
    }
}

fn show(policy: &PolicyRuntime, output: &Output) -> Result<Exit, Failure> {
    let set = policy.set();
    if output.is_json() {
        output.json(&Shown {
            digest: policy.digest(),
            approval: policy.approval(),
            set,
        })?;
        return Ok(Exit::Status(Status::Pass));
    }
    output.text(styled(
        BOLD,
        format!("{} revision {}", plain(&set.name), set.revision),
    ));
    output.text(format!("  digest    {}", policy.digest()));
    output.text(format!("  wit       birth:policy@{}", plain(&set.wit)));
    match policy.approval() {
        Some(a) => output.text(format!(
            "  approval  {} at {}: {}",
            plain(&a.by),
            plain(&a.at),
            plain(&a.why)
        )),
        None => output.text(format!("  approval  {}", styled(BAD, "NOT APPROVED"))),
    }
    for (role, pin) in &set.plugins {
        output.text(format!("  {:<14}  {}", role.name(), plain(&pin.file)));
        output.text(format!("                  sha256 {}", pin.sha256));
        for (key, value) in &pin.settings {
            output.text(format!(
                "                  {} = {}",
                plain(key),
                plain(&value.to_string())
            ));
        }
    }
    Ok(Exit::Status(Status::Pass))
}

fn verify(policy: &PolicyRuntime, output: &Output) -> Result<Exit, Failure> {
    let found = policy.verify_all();
    if output.is_json() {
        output.json(&found)?;
    } else {
        show_verification(&found, output);
    }
    let class = found
        .errors()
        .map(|e| {
            if e.is_misbehaviour() {
                FailureClass::Plugin
            } else {
                FailureClass::Policy
            }
        })
        .next();
    Ok(class.map_or(Exit::Status(Status::Pass), Exit::Failure))
}

fn show_verification(found: &Verification, output: &Output) {
    output.text(styled(
        BOLD,
        format!("{} revision {}", plain(&found.name), found.revision),
    ));
    output.text(format!("  digest {}", found.digest));
    for check in &found.checks {
        let role = check.role.map_or("policy set", |r| r.name());
        let what = format!("{:?}", check.what).to_lowercase();
        let (mark, detail) = match &check.outcome {
            Outcome::Passed { detail } => (styled(GOOD, "ok    "), plain(detail)),
            Outcome::Failed { error } => (styled(BAD, "FAILED"), plain(&error.to_string())),
            Outcome::NotRun => (styled(DIM, "not run"), String::new()),
        };
        let line = format!("  {mark}  {role:<14} {what:<12} {detail}");
        output.text(line.trim_end());
    }
}
