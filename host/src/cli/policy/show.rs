//! `birth policy show`.

use serde::Serialize;

use birth_core::digest::Digest;
use birth_core::outcome::{Exit, Status};
use birth_core::policy::approved::Approval;
use birth_core::policy::ledger::Backing;
use birth_core::policy::set::PolicySet;

use crate::cli::Output;
use crate::cli::output::{BAD, BOLD, GOOD, WARN, plain, styled};
use crate::plugin::set::PolicyRuntime;
use crate::run::failure::Failure;

#[derive(Serialize)]
struct Shown<'a> {
    digest: Digest,
    approval: Option<&'a Approval>,
    /// Whether it is approved, be it that a newer revision is as well.
    approved: bool,
    /// What stands behind the approval; none where it does not count.
    backing: Option<&'a Backing>,
    /// Why the set may not be executed.
    refusal: Option<Refused>,
    #[serde(flatten)]
    set: &'a PolicySet,
}

#[derive(Serialize)]
struct Refused {
    code: &'static str,
    message: String,
}

pub(super) fn show(policy: &PolicyRuntime, output: &Output) -> Result<Exit, Failure> {
    let set = policy.set();
    let leave = policy.standing().leave();
    if output.is_json() {
        output.json(&Shown {
            digest: policy.digest(),
            approval: policy.standing().entry(),
            approved: policy.standing().backing().is_some(),
            backing: leave.ok().map(|leave| &leave.backing),
            refusal: leave.err().map(|refusal| Refused {
                code: refusal.code(),
                message: refusal.to_string(),
            }),
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
    match leave {
        Ok(leave) => {
            let a = &leave.approval;
            output.text(format!(
                "  approval  {} at {}: {}",
                plain(&a.by),
                plain(&a.at),
                plain(&a.why)
            ));
            let style = if leave.backing.is_signed() {
                GOOD
            } else {
                WARN
            };
            output.text(format!(
                "            {}",
                styled(style, plain(&leave.backing.to_string()))
            ));
            if let Some(back) = &leave.rollback {
                output.text(format!(
                    "            back from a newer revision by decision of {}: {}",
                    plain(&back.said.by),
                    plain(&back.said.why)
                ));
            }
        }
        Err(refusal) => {
            let word = match policy.standing().backing().is_some() {
                true => styled(WARN, "approved, and may not be executed"),
                false => styled(BAD, "NOT APPROVED"),
            };
            output.text(format!("  approval  {word}"));
            output.text(format!("            {}", plain(&refusal.to_string())));
        }
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
