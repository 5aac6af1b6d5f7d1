//! `birth plugin build`.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use birth_core::digest::Digest;
use birth_core::outcome::{Exit, FailureClass, Status};

use crate::cli::Output;
use crate::plugin::build::{self, BuildError, BuiltPlugin};
use crate::run::failure::Failure;

/// Build a plugin crate into a component, reproducibly, and print its hash.
///
/// A component with imports is refused. Needs the wasm target of the Rust
/// toolchain, and says how to get it.
#[derive(Debug, Args)]
pub(super) struct Build {
    /// Directory of the plugin crate.
    #[arg(default_value = ".")]
    directory: PathBuf,
    /// Write the component here.
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Use no network.
    #[arg(long)]
    offline: bool,
}

#[derive(Serialize)]
struct Built<'a> {
    world: &'a str,
    wit: &'a str,
    sha256: Digest,
    bytes: usize,
    builder: &'a str,
}

impl Build {
    pub(super) fn run(self, output: &Output) -> Result<Exit, Failure> {
        let built = build(&self.directory, self.offline, output)?;
        if let Some(path) = &self.out {
            std::fs::write(path, &built.bytes).map_err(|error| {
                Failure::new(
                    FailureClass::Filesystem,
                    "COMPONENT_NOT_WRITTEN",
                    format!(
                        "the component cannot be written to {}: {error}",
                        path.display()
                    ),
                )
            })?;
        }
        if output.is_json() {
            output.json(&Built {
                world: &built.world,
                wit: &built.wit_version,
                sha256: built.sha256,
                bytes: built.bytes.len(),
                builder: &built.builder,
            })?;
        } else {
            output.text(format!(
                "world    {} (birth:policy@{})",
                built.world, built.wit_version
            ));
            output.text(format!("sha256   {}", built.sha256));
            output.text(format!(
                "size     {} bytes, imports nothing",
                built.bytes.len()
            ));
            output.text(format!("builder  {}", built.builder));
        }
        Ok(Exit::Status(Status::Pass))
    }
}

/// Builds a crate and shows what cargo says meanwhile.
pub(super) fn build(
    directory: &Path,
    offline: bool,
    output: &Output,
) -> Result<BuiltPlugin, Failure> {
    let options = build::Options {
        target_dir: None,
        offline,
    };
    build::build(directory, &options, &mut |line| output.progress(line))
        .map_err(|error| failure(&error))
}

fn failure(error: &BuildError) -> Failure {
    let class = match error {
        BuildError::Component(_) => FailureClass::Policy,
        BuildError::Toolchain(_) | BuildError::Manifest(_) => FailureClass::Configuration,
        BuildError::Read { .. } => FailureClass::Filesystem,
        BuildError::Compile { .. } | BuildError::Cargo(_) | BuildError::NoArtifact { .. } => {
            FailureClass::Configuration
        }
    };
    Failure::new(class, "PLUGIN_NOT_BUILT", error.to_string())
}
