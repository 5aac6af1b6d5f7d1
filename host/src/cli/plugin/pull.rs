//! `birth plugin pull`: the only command that fetches plugins.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use birth_core::digest::Digest;
use birth_core::outcome::{Exit, FailureClass, Status};
use birth_core::policy::Role;
use birth_core::policy::reference::Reference;

use super::places::PluginPlaces;
use super::registry::{self, ENVIRONMENT, RegistryOptions};
use crate::cli::Output;
use crate::cli::options::read_policy_set;
use crate::cli::output::{BOLD, GOOD, one_line, styled};
use crate::files;
use crate::plugin::limits::Limits;
use crate::plugin::recognise::{Recognised, recognise};
use crate::plugin::store::ComponentStore;
use crate::registry::layout::{self, Layer};
use crate::registry::{MANIFEST_BYTES, Registry};
use crate::run::failure::Failure;

/// Fetch components from a registry into the plugin store.
///
/// What comes has to hash to what was named, and to be a plugin that imports
/// nothing. With --policy, everything that a policy set names; what is in the
/// store already is checked and not fetched again. No other command fetches: a
/// run never waits for a registry.
#[derive(Debug, Args)]
#[command(after_help = ENVIRONMENT)]
pub(super) struct Pull {
    /// What to fetch: oci://HOST[:PORT]/REPOSITORY with :TAG, @sha256:… or both;
    /// with neither, the tag `latest`.
    #[arg(required_unless_present = "policy", conflicts_with = "policy")]
    reference: Option<String>,
    /// Fetch every plugin of this policy set.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Write the component here as well.
    #[arg(long, short, value_name = "FILE", conflicts_with = "policy")]
    out: Option<PathBuf>,
    /// Use no network: check that the store has it.
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    registry: RegistryOptions,
    #[command(flatten)]
    places: PluginPlaces,
}

/// Where a component came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum From {
    Registry,
    Store,
}

impl From {
    fn word(self) -> &'static str {
        match self {
            Self::Registry => "fetched",
            Self::Store => "in store",
        }
    }
}

#[derive(Serialize)]
struct Pulled {
    /// By the digest of its manifest, for the policy set.
    reference: String,
    from: From,
    role: Role,
    wit: String,
    name: String,
    version: String,
    sha256: Digest,
    bytes: usize,
    #[serde(skip)]
    component: Vec<u8>,
}

#[derive(Serialize)]
struct PulledSet {
    name: String,
    revision: u32,
    plugins: Vec<Pulled>,
}

/// What a policy set demands of a component.
#[derive(Debug, Clone, Copy)]
struct Pin {
    role: Role,
    sha256: Digest,
}

/// What fetching one component takes.
struct Puller {
    store: ComponentStore,
    cache: Option<PathBuf>,
    /// None where no network may be used.
    registry: Option<Registry>,
    limits: Limits,
}

impl Pull {
    pub(super) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        match (&self.reference, &self.policy) {
            (Some(text), _) => {
                let reference = registry::reference(text)?;
                self.one(&reference, output).await?;
            }
            (None, Some(path)) => self.set(path, output).await?,
            // clap demands one of them.
            (None, None) => {}
        }
        Ok(Exit::Status(Status::Pass))
    }

    fn puller(&self, named: Option<&Reference>) -> Result<Puller, Failure> {
        let registry = match self.offline {
            true => None,
            false => Some(self.registry.open(named)?),
        };
        Ok(Puller {
            store: self.places.store()?,
            cache: self.places.cache(),
            registry,
            limits: Limits::default(),
        })
    }

    async fn one(&self, reference: &Reference, output: &Output) -> Result<(), Failure> {
        let puller = self.puller(Some(reference))?;
        let pulled = puller.pull(reference, None, output).await?;
        if let Some(path) = &self.out {
            write(path, &pulled.component)?;
        }
        if output.is_json() {
            return output.json(&pulled);
        }
        output.text(&pulled.reference);
        output.text(format!(
            "  role      {} (birth:policy@{})",
            pulled.role,
            one_line(&pulled.wit)
        ));
        output.text(format!(
            "  plugin    {} {}",
            one_line(&pulled.name),
            one_line(&pulled.version)
        ));
        output.text(format!("  sha256    {}", pulled.sha256));
        output.text(format!(
            "  size      {} bytes, imports nothing",
            pulled.bytes
        ));
        output.text(format!("  {}", styled(GOOD, pulled.from.word())));
        Ok(())
    }

    async fn set(&self, path: &Path, output: &Output) -> Result<(), Failure> {
        let set = read_policy_set(path)?;
        let mut plugins = Vec::new();
        let mut puller = None;
        for (&role, pin) in &set.plugins {
            let Some((reference, _)) = pin.reference() else {
                continue;
            };
            // A set of files asks for no credentials.
            let puller = match &mut puller {
                Some(puller) => puller,
                none => none.insert(self.puller(None)?),
            };
            let sha256 = pin.sha256;
            let pulled = puller.pull(&reference, Some(Pin { role, sha256 }), output);
            plugins.push(pulled.await.map_err(|failure| of_role(role, failure))?);
        }
        let pulled = PulledSet {
            name: set.name,
            revision: set.revision,
            plugins,
        };
        if output.is_json() {
            return output.json(&pulled);
        }
        let title = format!("{} revision {}", one_line(&pulled.name), pulled.revision);
        output.text(styled(BOLD, title));
        if pulled.plugins.is_empty() {
            output.text("  nothing to fetch: every plugin is a file beside the policy set");
        }
        for plugin in &pulled.plugins {
            output.text(format!(
                "  {}  {:<14}  {} {}, sha256 {}…",
                styled(GOOD, plugin.from.word()),
                plugin.role.name(),
                one_line(&plugin.name),
                one_line(&plugin.version),
                plugin.sha256.short()
            ));
        }
        Ok(())
    }
}

fn of_role(role: Role, failure: Failure) -> Failure {
    if failure.message.starts_with("plugin `") {
        return failure;
    }
    let message = format!("plugin `{role}`: {}", failure.message);
    Failure { message, ..failure }
}

impl Puller {
    /// Gives a component that was found to be right, from the store where it is.
    async fn pull(
        &self,
        reference: &Reference,
        pin: Option<Pin>,
        output: &Output,
    ) -> Result<Pulled, Failure> {
        let mut from = From::Store;
        let (manifest, layer, new) = match self.stored_manifest(reference)? {
            Some((digest, layer)) => (digest, layer, None),
            None => {
                from = From::Registry;
                let fetched = self.ask(reference, output)?.manifest(reference).await;
                let fetched = fetched.map_err(|error| registry::failure(&error))?;
                (fetched.sha256, fetched.layer, Some(fetched.manifest))
            }
        };
        let pinned = reference.pinned(manifest);
        if let Some(pin) = pin.filter(|pin| pin.sha256 != layer.sha256) {
            return Err(Failure::new(
                FailureClass::Policy,
                "PLUGIN_PIN_MISMATCH",
                format!(
                    "{pinned} names the component {}, the pin is {}",
                    layer.sha256, pin.sha256
                ),
            )
            .with_hint("correct `file`, or review the component and pin it"));
        }
        let component = match self.stored_component(&layer) {
            Some(bytes) => bytes,
            None => {
                from = From::Registry;
                let limit = self.limits.component_bytes as u64;
                let registry = self.ask(reference, output)?;
                let fetched = registry.component(&pinned, &layer, limit).await;
                fetched.map_err(|error| registry::failure(&error))?
            }
        };
        let found = self.recognise(&pinned, &component, pin)?;
        // The manifest last: where it is, the component is too.
        if from == From::Registry {
            self.keep(&component)?;
        }
        if let Some(manifest) = new {
            self.keep(&manifest)?;
        }
        Ok(Pulled {
            reference: pinned.to_string(),
            from,
            role: found.role,
            wit: found.wit,
            name: found.name,
            version: found.version,
            sha256: found.sha256,
            bytes: component.len(),
            component,
        })
    }

    /// The manifest of a digest, where it was fetched before. What is damaged is
    /// fetched again. A tag is asked for: the registry may have moved it.
    fn stored_manifest(&self, reference: &Reference) -> Result<Option<(Digest, Layer)>, Failure> {
        let Some(digest) = reference.manifest else {
            return Ok(None);
        };
        let Ok(Some(manifest)) = self.store.get(&digest, MANIFEST_BYTES) else {
            return Ok(None);
        };
        let layer = layout::layer(&manifest).map_err(|what| {
            Failure::new(
                FailureClass::Policy,
                "REGISTRY_NOT_WASM",
                format!("{reference} is no component in the wasm OCI layout: {what}"),
            )
        })?;
        Ok(Some((digest, layer)))
    }

    fn stored_component(&self, layer: &Layer) -> Option<Vec<u8>> {
        let limit = self.limits.component_bytes as u64;
        let found = self.store.get(&layer.sha256, limit).ok()??;
        (found.len() as u64 == layer.size).then_some(found)
    }

    fn ask(&self, reference: &Reference, output: &Output) -> Result<&Registry, Failure> {
        let Some(registry) = &self.registry else {
            let (why, hint) = match reference.manifest {
                Some(_) => (
                    format!("is not in the plugin store {}", self.store.path().display()),
                    "run the same command without --offline",
                ),
                None => (
                    "is a tag, which only the registry knows".to_owned(),
                    "name it by the digest of its manifest, or leave out --offline",
                ),
            };
            return Err(Failure::new(
                FailureClass::Registry,
                "PLUGIN_NOT_IN_STORE",
                format!("{reference} {why}, and no network may be used"),
            )
            .with_hint(hint));
        };
        output.progress(&format!("fetching {reference}"));
        Ok(registry)
    }

    fn recognise(
        &self,
        reference: &Reference,
        component: &[u8],
        pin: Option<Pin>,
    ) -> Result<Recognised, Failure> {
        let file = reference.to_string();
        let found = recognise(&file, component, self.cache.as_deref(), &self.limits)
            .map_err(|error| registry::unrecognised(&error))?;
        if let Some(pin) = pin.filter(|pin| pin.role != found.role) {
            return Err(Failure::new(
                FailureClass::Policy,
                "PLUGIN_WRONG_ROLE",
                format!(
                    "{reference} is a plugin of the role `{}`, not `{}`",
                    found.role, pin.role
                ),
            )
            .with_hint("pin it under its own role"));
        }
        Ok(found)
    }

    fn keep(&self, bytes: &[u8]) -> Result<(), Failure> {
        let kept = self.store.put(bytes);
        kept.map(drop)
            .map_err(|error| registry::store_failure(&error))
    }
}

/// Writes the component where a person wants it.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let written = files::open_parent(path).and_then(|(dir, name)| {
        files::ensure_replaceable(&dir, name)?;
        files::write_atomically(&dir, name, bytes)
    });
    written.map_err(|error| {
        Failure::new(
            FailureClass::Filesystem,
            "COMPONENT_NOT_WRITTEN",
            format!(
                "the component cannot be written to {}: {error}",
                path.display()
            ),
        )
    })
}
