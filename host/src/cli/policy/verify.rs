//! `birth policy verify`.

use std::path::Path;

use clap::Args;

use birth_core::outcome::{Exit, FailureClass, Status};

use super::{verify_junit, verify_sarif};
use crate::cli::output::{BAD, BOLD, DIM, GOOD, WARN, plain, styled};
use crate::cli::{Format, Output, PolicyOptions};
use crate::plugin::set::{Outcome, Verification, What};
use crate::run::failure::Failure;

/// Check every pin, component, description and setting, and the approval with its
/// signatures, its chain and its order.
///
/// The command for CI: exits 24 on any mismatch, 25 where a plugin
/// misbehaves. Needs no database. With --trust, only what enough people signed is
/// approved; without it an approval is unsigned, and called so.
///
/// With --format sarif or --format junit the result is a report for code scanning
/// or a test reporter.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// Accept a revision that is older than the last approved one: for sets that
    /// are kept for replays. What writes refuses it all the same.
    #[arg(long)]
    allow_older: bool,
    #[command(flatten)]
    policy: PolicyOptions,
}

impl Verify {
    pub(super) fn run(self, output: &Output) -> Result<Exit, Failure> {
        let mut found = match self.policy.open() {
            Ok(policy) => policy.verify_all(),
            Err(failure) => return self.unreadable(failure, output),
        };
        if self.allow_older {
            found = found.allowing_older();
        }
        // Where code scanning shows what is wrong with a role, or with the approval.
        let set = self.policy.policy_path();
        let set = set.map(|path| path.display().to_string());
        match output.format() {
            Format::Json => output.json(&found)?,
            Format::Sarif => {
                let approved = self.policy.approved_path();
                let approved = approved.map(|path| path.display().to_string());
                output.json(&verify_sarif::document(
                    &found,
                    set.as_deref(),
                    approved.as_deref(),
                ))?;
            }
            Format::Junit => {
                let mut text = Vec::new();
                // Writing to memory cannot fail.
                let _ = verify_junit::write(&found, &mut text);
                output.raw(&String::from_utf8_lossy(&text));
            }
            Format::Text | Format::Markdown => show_verification(&found, output),
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
}

impl Verify {
    /// A report has to say it as well where there is nothing to check: an upload
    /// of the last good one would look like success.
    fn unreadable(&self, failure: Failure, output: &Output) -> Result<Exit, Failure> {
        let set = self.policy.policy_path().map(Path::display);
        let set = set.map(|path| path.to_string());
        match output.format() {
            Format::Sarif => output.json(&verify_sarif::unreadable(&failure, set.as_deref()))?,
            Format::Junit => {
                let mut text = Vec::new();
                // Writing to memory cannot fail.
                let _ = verify_junit::unreadable(&failure, set.as_deref(), &mut text);
                output.raw(&String::from_utf8_lossy(&text));
            }
            Format::Json | Format::Text | Format::Markdown => {}
        }
        Err(failure)
    }
}

fn show_verification(found: &Verification, output: &Output) {
    output.text(styled(
        BOLD,
        format!("{} revision {}", plain(&found.name), found.revision),
    ));
    output.text(format!("  digest {}", found.digest));
    for check in &found.checks {
        let role = check.role.map_or("policy set", |r| r.name());
        let what = check.what.word();
        let is_unsigned = check.what == What::Signatures && !found.signed;
        let (mark, detail) = match &check.outcome {
            Outcome::Passed { detail } if is_unsigned => (styled(WARN, "ok    "), plain(detail)),
            Outcome::Passed { detail } => (styled(GOOD, "ok    "), plain(detail)),
            Outcome::Failed { error } => (styled(BAD, "FAILED"), plain(&error.to_string())),
            Outcome::NotRun => (styled(DIM, "not run"), String::new()),
        };
        let line = format!("  {mark}  {role:<14} {what:<12} {detail}");
        output.text(line.trim_end());
    }
}
