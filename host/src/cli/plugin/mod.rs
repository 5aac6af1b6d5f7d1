//! `birth plugin`.

mod bench;
mod build;
mod fetch;
mod inspect;
mod new;
mod places;
mod pull;
mod push;
mod registry;
mod source;
mod test;
mod verify;

use clap::{Args, Subcommand};

use birth_core::outcome::Exit;

use super::{Output, on_runtime};
use crate::run::failure::Failure;

pub(super) use places::PluginPlaces;

/// Write, build, test, inspect, measure, publish and fetch policy plugins.
///
/// A policy author begins with `birth plugin new`, changes the rules, and runs
/// `birth plugin test` until they are right.
#[derive(Debug, Args)]
pub(super) struct Plugin {
    #[command(subcommand)]
    command: PluginCommand,
}

#[derive(Debug, Subcommand)]
enum PluginCommand {
    New(new::New),
    Build(build::Build),
    Test(test::Test),
    Inspect(inspect::Inspect),
    Bench(bench::Bench),
    Verify(verify::Verify),
    Push(push::Push),
    Pull(pull::Pull),
}

impl Plugin {
    pub(super) fn run(self, output: &Output) -> Result<Exit, Failure> {
        match self.command {
            PluginCommand::New(command) => command.run(output),
            PluginCommand::Build(command) => command.run(output),
            PluginCommand::Test(command) => command.run(output),
            PluginCommand::Inspect(command) => command.run(output),
            PluginCommand::Bench(command) => command.run(output),
            PluginCommand::Verify(command) => command.run(output),
            PluginCommand::Push(command) => on_runtime(command.run(output)),
            PluginCommand::Pull(command) => on_runtime(command.run(output)),
        }
    }
}
