//! `birth policy verify`.

use birth_core::outcome::{Exit, FailureClass, Status};

use crate::cli::Output;
use crate::cli::output::{BAD, BOLD, DIM, GOOD, plain, styled};
use crate::plugin::set::{Outcome, PolicyRuntime, Verification};
use crate::run::failure::Failure;

pub(super) fn verify(policy: &PolicyRuntime, output: &Output) -> Result<Exit, Failure> {
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
