//! `birth plugin push`.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use birth_core::digest::Digest;
use birth_core::outcome::{Exit, FailureClass, Status};
use birth_core::policy::Role;

use super::registry::{self, ENVIRONMENT, RegistryOptions};
use crate::cli::Output;
use crate::cli::output::{GOOD, one_line, styled};
use crate::plugin::limits::Limits;
use crate::plugin::recognise::Recogniser;
use crate::registry::layout::Artifact;
use crate::run::author::Component;
use crate::run::failure::Failure;

/// Push a component to a registry, in the wasm OCI layout.
///
/// Refuses what is no plugin, and one that imports anything. The same component
/// gives the same manifest, so pushing it again changes nothing. Prints the lines
/// for the policy set.
#[derive(Debug, Args)]
#[command(after_help = ENVIRONMENT)]
pub(super) struct Push {
    /// The component, as `birth plugin build --out` wrote it.
    file: PathBuf,
    /// Where to: oci://HOST[:PORT]/REPOSITORY:TAG.
    reference: String,
    #[command(flatten)]
    registry: RegistryOptions,
}

#[derive(Serialize)]
struct Pushed<'a> {
    /// For the policy set.
    reference: String,
    pushed: String,
    manifest: String,
    role: Role,
    wit: &'a str,
    name: &'a str,
    version: &'a str,
    sha256: Digest,
    bytes: usize,
}

impl Push {
    pub(super) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        let reference = registry::reference(&self.reference)?;
        let (Some(tag), None) = (&reference.tag, &reference.manifest) else {
            return Err(Failure::new(
                FailureClass::Configuration,
                "REGISTRY_REFERENCE",
                format!("{reference} names no tag, or a digest, which only the registry gives"),
            )
            .with_hint("write it like oci://ghcr.io/owner/policies/conflict:3"));
        };
        let component = Component::open(&self.file)?;
        let found = Recogniser::new(None, Limits::default())?
            .recognise(&component.file, &component.bytes)?;
        let artifact = Artifact {
            component: component.bytes,
            exports: found.exports.clone(),
            name: found.name.clone(),
            version: found.version.clone(),
        };
        let to = self.registry.open(Some(&reference))?;
        output.progress(&format!("pushing to {reference}"));
        let manifest = to
            .push(&reference, tag, &artifact)
            .await
            .map_err(|error| registry::failure(&error))?;
        let pinned = reference.pinned(manifest).to_string();
        if output.is_json() {
            output.json(&Pushed {
                reference: pinned,
                pushed: reference.to_string(),
                manifest: format!("sha256:{manifest}"),
                role: found.role,
                wit: &found.wit,
                name: &found.name,
                version: &found.version,
                sha256: found.sha256,
                bytes: artifact.component.len(),
            })?;
            return Ok(Exit::Status(Status::Pass));
        }
        output.text(format!("{} {reference}", styled(GOOD, "pushed")));
        output.text(format!("  manifest  sha256:{manifest}"));
        output.text(format!(
            "  plugin    {} {}",
            one_line(&found.name),
            one_line(&found.version)
        ));
        output.text(format!("  size      {} bytes", artifact.component.len()));
        output.text("\nFor the policy set:\n");
        output.text(format!("[plugin.{}]", found.role));
        output.text(format!("file = \"{pinned}\""));
        output.text(format!("sha256 = \"{}\"", found.sha256));
        Ok(Exit::Status(Status::Pass))
    }
}
