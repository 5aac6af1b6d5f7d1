//! `birth policy`.

mod show;
mod verify;

use clap::{Args, Subcommand};

use birth_core::outcome::Exit;

use super::{Output, PolicyOptions};
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

impl Policy {
    pub(super) fn run(self, output: &Output) -> Result<Exit, Failure> {
        match self.command {
            PolicyCommand::Show { policy } => show::show(&*policy.open()?, output),
            PolicyCommand::Verify { policy } => verify::verify(&*policy.open()?, output),
        }
    }
}
