//! One component, from the registry or from the plugin store, that was found to
//! be what was named.

use serde::Serialize;

use birth_core::digest::Digest;
use birth_core::outcome::FailureClass;
use birth_core::policy::Role;
use birth_core::policy::reference::Reference;

use super::registry;
use crate::cli::Output;
use crate::plugin::limits::Limits;
use crate::plugin::recognise::{Recognised, Recogniser};
use crate::plugin::store::ComponentStore;
use crate::registry::layout::{self, Layer};
use crate::registry::{MANIFEST_BYTES, Registry};
use crate::run::failure::Failure;

/// Where a component came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum From {
    Registry,
    Store,
}

impl From {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Registry => "fetched",
            Self::Store => "in store",
        }
    }
}

#[derive(Serialize)]
pub(super) struct Pulled {
    /// By the digest of its manifest, for the policy set.
    pub(super) reference: String,
    pub(super) from: From,
    pub(super) role: Role,
    pub(super) wit: String,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) sha256: Digest,
    pub(super) bytes: usize,
    #[serde(skip)]
    pub(super) component: Vec<u8>,
}

/// What a policy set demands of a component.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pin {
    pub(super) role: Role,
    pub(super) sha256: Digest,
}

/// What fetching one component takes.
pub(super) struct Puller {
    pub(super) store: ComponentStore,
    pub(super) recogniser: Recogniser,
    /// None where no network may be used.
    pub(super) registry: Option<Registry>,
    pub(super) limits: Limits,
}

impl Puller {
    /// Gives a component that was found to be right, from the store where it is.
    pub(super) async fn pull(
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
                    format!(
                        "is not in the plugin store {}, or is damaged there",
                        self.store.path().display()
                    ),
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
        let found = self.recogniser.recognise(&file, component)?;
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
