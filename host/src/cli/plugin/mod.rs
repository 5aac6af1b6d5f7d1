//! `birth plugin`.

mod build;
mod fetch;
mod places;
mod pull;
mod push;
mod registry;

use clap::{Args, Subcommand};

use birth_core::outcome::Exit;

use super::{Output, on_runtime};
use crate::run::failure::Failure;

pub(super) use places::PluginPlaces;

/// Build policy plugins, publish them, and fetch them.
#[derive(Debug, Args)]
pub(super) struct Plugin {
    #[command(subcommand)]
    command: PluginCommand,
}

#[derive(Debug, Subcommand)]
enum PluginCommand {
    Build(build::Build),
    Push(push::Push),
    Pull(pull::Pull),
}

impl Plugin {
    pub(super) fn run(self, output: &Output) -> Result<Exit, Failure> {
        match self.command {
            PluginCommand::Build(command) => command.run(output),
            PluginCommand::Push(command) => on_runtime(command.run(output)),
            PluginCommand::Pull(command) => on_runtime(command.run(output)),
        }
    }
}
