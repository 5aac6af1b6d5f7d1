//! `birth plugin`.

mod build;

use clap::{Args, Subcommand};

use birth_core::outcome::Exit;

use super::Output;
use crate::run::failure::Failure;

/// Build policy plugins.
#[derive(Debug, Args)]
pub(super) struct Plugin {
    #[command(subcommand)]
    command: PluginCommand,
}

#[derive(Debug, Subcommand)]
enum PluginCommand {
    Build(build::Build),
}

impl Plugin {
    pub(super) fn run(self, output: &Output) -> Result<Exit, Failure> {
        match self.command {
            PluginCommand::Build(command) => command.run(output),
        }
    }
}
