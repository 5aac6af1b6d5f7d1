//! `birth policy show`.

use serde::Serialize;

use birth_core::digest::Digest;
use birth_core::outcome::{Exit, Status};
use birth_core::policy::approved::Approval;
use birth_core::policy::set::PolicySet;

use crate::cli::Output;
use crate::cli::output::{BAD, BOLD, plain, styled};
use crate::plugin::set::PolicyRuntime;
use crate::run::failure::Failure;

#[derive(Serialize)]
struct Shown<'a> {
    digest: Digest,
    approval: Option<&'a Approval>,
    #[serde(flatten)]
    set: &'a PolicySet,
}

pub(super) fn show(policy: &PolicyRuntime, output: &Output) -> Result<Exit, Failure> {
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
