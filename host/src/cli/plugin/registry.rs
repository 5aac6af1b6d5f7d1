//! How a person says which registry is spoken to, and how.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use birth_core::outcome::FailureClass;
use birth_core::policy::reference::Reference;

use crate::cli::options::{duration, environment};
use crate::plugin::store::ComponentStoreError;
use crate::registry::credentials::{Credentials, Sources};
use crate::registry::error::{Fault, RegistryError};
use crate::registry::{Options, PlainHttp, Registry};
use crate::run::failure::Failure;

/// The word for every address of this machine.
const LOOPBACK: &str = "loopback";

/// How to speak to a registry. The user comes from BIRTH_REGISTRY_USER and
/// BIRTH_REGISTRY_PASSWORD, else from what `docker login` left.
#[derive(Debug, Args)]
#[command(next_help_heading = "Registry")]
pub(super) struct RegistryOptions {
    /// PEM certificates of the authorities to trust instead of the system's.
    #[arg(long, value_name = "FILE", env = "BIRTH_REGISTRY_CA")]
    ca: Option<PathBuf>,
    /// Speak plain HTTP to registries on this machine, or to the one named. A
    /// password goes over plain HTTP on this machine only.
    #[arg(
        long,
        value_name = "HOST[:PORT]",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = LOOPBACK
    )]
    insecure_http: Vec<String>,
    /// Longest silence of the registry. A whole transfer may take twenty times
    /// as long.
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration)]
    timeout: Duration,
}

/// For those that read `--help`: what else is read.
pub(super) const ENVIRONMENT: &str = "\
Credentials:
  BIRTH_REGISTRY_USER and BIRTH_REGISTRY_PASSWORD are shown to the registry that the
  command line names, or to the one in BIRTH_REGISTRY_HOST, which --policy needs.
  Else ~/.docker/config.json is read (or $DOCKER_CONFIG/config.json), with its
  credential helpers. No password is ever printed. It goes to the registry, and to the
  place for tokens that a registry with TLS names, which needs TLS too.";

impl RegistryOptions {
    /// Speaks to the registry of a reference, or to those of a policy set.
    pub(super) fn open(&self, named: Option<&Reference>) -> Result<Registry, Failure> {
        let (loopback, named_plain) = self
            .insecure_http
            .iter()
            .cloned()
            .partition::<Vec<_>, _>(|name| name == LOOPBACK);
        Ok(Registry::new(Options {
            ca: self.ca.clone(),
            plain: PlainHttp {
                loopback: !loopback.is_empty(),
                named: named_plain,
            },
            timeout: self.timeout,
            credentials: Sources {
                environment: of_environment(named)?,
                docker: docker_config(),
            },
        }))
    }
}

/// A policy set comes from others, and may name any registry: that one must not
/// get to see what was meant for another.
fn of_environment(named: Option<&Reference>) -> Result<Option<(String, Credentials)>, Failure> {
    let unusable = |what: &str| {
        Failure::new(
            FailureClass::Configuration,
            "REGISTRY_CREDENTIALS",
            what.to_owned(),
        )
    };
    let user = environment("BIRTH_REGISTRY_USER");
    let password = environment("BIRTH_REGISTRY_PASSWORD");
    let (user, password) = match (user, password) {
        (None, None) => return Ok(None),
        (Some(user), Some(password)) => (user, password),
        _ => {
            return Err(
                unusable("one of BIRTH_REGISTRY_USER and BIRTH_REGISTRY_PASSWORD is set")
                    .with_hint("set both, or none and log in with `docker login`"),
            );
        }
    };
    let host = environment("BIRTH_REGISTRY_HOST");
    let host = host.or_else(|| named.map(|reference| reference.registry.clone()));
    let host = host.ok_or_else(|| {
        unusable("BIRTH_REGISTRY_USER is set, and a policy set may name any registry")
            .with_hint("say in BIRTH_REGISTRY_HOST which registry the user is for")
    })?;
    let credentials = Credentials::new(user, password).map_err(|why| {
        unusable(&format!("BIRTH_REGISTRY_USER cannot be used: {why}"))
            .with_hint("name a user that the registry knows")
    })?;
    Ok(Some((host, credentials)))
}

fn docker_config() -> Option<PathBuf> {
    let folder = environment("DOCKER_CONFIG").map(PathBuf::from);
    let folder = folder.or_else(|| Some(PathBuf::from(environment("HOME")?).join(".docker")));
    Some(folder?.join("config.json"))
}

/// Reads a reference; what was refused is not repeated, it may hold a password.
pub(super) fn reference(text: &str) -> Result<Reference, Failure> {
    text.parse().map_err(|error| {
        Failure::new(
            FailureClass::Configuration,
            "REGISTRY_REFERENCE",
            format!("the reference is not usable: {error}"),
        )
        .with_hint("write it like oci://ghcr.io/owner/policies/conflict:3")
    })
}

/// Why a registry did not do it.
pub(super) fn failure(error: &RegistryError) -> Failure {
    let class = match error.fault() {
        Fault::Configuration => FailureClass::Configuration,
        Fault::Registry => FailureClass::Registry,
        Fault::Content => FailureClass::Policy,
    };
    Failure::new(class, error.code(), error.to_string()).with_hint(error.hint())
}

/// Why the store did not do it.
pub(super) fn store_failure(error: &ComponentStoreError) -> Failure {
    Failure::new(FailureClass::Filesystem, error.code(), error.to_string())
        .with_hint("check rights and room of the directory, or name another with --store")
}
