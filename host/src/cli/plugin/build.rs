//! `birth plugin build`.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use birth_core::digest::Digest;
use birth_core::outcome::{Exit, FailureClass, Status};
use birth_core::policy::Role;

use crate::cli::output::{GOOD, WARN, styled};
use crate::cli::{Output, PolicyOptions};
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
    /// Compare with the pin of the policy set instead of trusting the build:
    /// exits 24 where the same compiler gives other bytes. Where the compiler
    /// is not the one recorded with the approval, other bytes are expected;
    /// both compilers are named then.
    #[arg(long)]
    compare: bool,
    /// Use no network.
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    policy: PolicyOptions,
}

#[derive(Serialize)]
struct Built<'a> {
    world: &'a str,
    wit: &'a str,
    sha256: Digest,
    bytes: usize,
    builder: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<Comparison>,
}

/// How a rebuild compares with the pin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "result")]
enum Comparison {
    Identical,
    OtherCompiler { recorded: String },
    Differs { pinned: Digest },
}

impl Build {
    pub(super) fn run(self, output: &Output) -> Result<Exit, Failure> {
        let options = build::Options {
            target_dir: None,
            offline: self.offline,
        };
        let built = build::build(&self.directory, &options, &mut |line| output.progress(line))
            .map_err(|error| failure(&error))?;
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
        let comparison = if self.compare {
            Some(self.compare_with_pin(&built)?)
        } else {
            None
        };
        if output.is_json() {
            output.json(&Built {
                world: &built.world,
                wit: &built.wit_version,
                sha256: built.sha256,
                bytes: built.bytes.len(),
                builder: &built.builder,
                comparison: comparison.clone(),
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
        self.judge(output, &built, comparison)
    }

    fn compare_with_pin(&self, built: &BuiltPlugin) -> Result<Comparison, Failure> {
        let policy = self.policy.open()?;
        let role = Role::ALL
            .into_iter()
            .find(|r| format!("{}-plugin", r.name()) == built.world);
        let pin = role
            .and_then(|role| policy.set().plugins.get(&role))
            .ok_or_else(|| {
                Failure::new(
                    FailureClass::Policy,
                    "POLICY_ROLE_ABSENT",
                    format!(
                        "the policy set `{}` has no plugin for the world {}",
                        policy.set().name,
                        built.world
                    ),
                )
            })?;
        let pinned = pin.sha256;
        if pinned == built.sha256 {
            return Ok(Comparison::Identical);
        }
        let recorded = policy.approval().and_then(|a| a.builder.clone());
        Ok(match recorded {
            Some(recorded) if recorded != built.builder => Comparison::OtherCompiler { recorded },
            _ => Comparison::Differs { pinned },
        })
    }

    fn judge(
        &self,
        output: &Output,
        built: &BuiltPlugin,
        comparison: Option<Comparison>,
    ) -> Result<Exit, Failure> {
        match comparison {
            None => {}
            Some(Comparison::Identical) => {
                output.text(styled(GOOD, "identical to the pinned component"));
            }
            Some(Comparison::OtherCompiler { recorded }) => output.text(format!(
                "{} the pinned component was built by {recorded}, this one by {}: other bytes are expected, and the plugin's tests have to pass against the pinned ones",
                styled(WARN, "another compiler:"),
                built.builder
            )),
            Some(Comparison::Differs { pinned }) => {
                return Err(Failure::new(
                    FailureClass::Policy,
                    "REBUILD_DIFFERS",
                    format!("the source builds to {}, but the pin is {pinned}", built.sha256),
                )
                .with_hint("the pinned component is not of this source: review the change, pin and approve it"));
            }
        }
        Ok(Exit::Status(Status::Pass))
    }
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
