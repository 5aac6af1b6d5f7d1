//! `birth policy`.

mod approve;
mod approve_words;
mod log;
mod show;
mod statement;
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
}

impl Policy {
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
        }
    }
}
