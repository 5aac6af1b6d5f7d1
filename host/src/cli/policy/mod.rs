//! `birth policy`.

mod approve;
pub(super) mod diff;
mod log;
mod show;
mod verify;
mod verify_junit;
mod verify_sarif;

use clap::{Args, Subcommand};

use birth_core::outcome::Exit;

use super::{Output, PolicyOptions};
use crate::run::failure::Failure;

/// Look at a policy set, approve it, and check it as CI does.
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
    Approve(approve::Approve),
    Log(log::Log),
    Verify(verify::Verify),
    /// Compare two policy sets: what the new one says otherwise.
    ///
    /// Puts every collection to both sets, on a live database or on facts from a
    /// file, and shows which verdicts change, from what to what, and the reasons of
    /// both. OLD and NEW are the files of policy sets (policy.toml), or approved:N
    /// for a revision that is built into this binary. A set that nobody approved
    /// may be compared, and is named as such. Changes nothing.
    ///
    /// The digest is over both revisions, the facts and every change: the same
    /// sets on the same facts give the same digest, so an approval can name what
    /// was looked at. Exits 0 where nothing differs and 30 where something does,
    /// be it a reason.
    Diff(Box<diff::Diff>),
}

impl Policy {
    /// Whether it compares two policy sets.
    pub(super) fn is_diff(&self) -> bool {
        matches!(self.command, PolicyCommand::Diff(_))
    }

    /// Whether it writes reports for CI.
    pub(super) fn verifies(&self) -> bool {
        matches!(self.command, PolicyCommand::Verify(_))
    }

    pub(super) fn run(self, output: &Output) -> Result<Exit, Failure> {
        match self.command {
            PolicyCommand::Show { policy } => show::show(&*policy.open()?, output),
            PolicyCommand::Approve(approve) => approve.run(output),
            PolicyCommand::Log(log) => log.run(output),
            PolicyCommand::Verify(verify) => verify.run(output),
            PolicyCommand::Diff(diff) => super::on_runtime(diff.run(output)),
        }
    }
}
