//! From a reference to the bytes of a component that are what it names.

use hyper::Method;
use hyper::StatusCode;
use hyper::header::{ACCEPT, HeaderValue};

use birth_core::digest::Digest;
use birth_core::policy::reference::{Reference, sha256};

use super::client::{Action, Place, Registry, is_page, question};
use super::error::RegistryError;
use super::layout::{self, Layer, shown};

/// Bytes of a manifest. One of ours has some 600.
pub const MANIFEST_BYTES: u64 = 256 << 10;

/// Tag where a reference names none, as with every other client.
const LATEST: &str = "latest";

/// A manifest that was fetched and found to be the right one.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// Its bytes, which hash to `sha256`.
    pub manifest: Vec<u8>,
    /// Its digest.
    pub sha256: Digest,
    /// The component it names.
    pub layer: Layer,
}

impl Registry {
    /// Fetches the manifest of a reference. With a digest in the reference, the
    /// manifest has that digest; else it has the one that the registry says.
    ///
    /// # Errors
    /// No manifest, another one, or one of something else than a component.
    pub async fn manifest(&self, reference: &Reference) -> Result<Fetched, RegistryError> {
        const DURING: &str = "while it gave the manifest";
        let place = Place::of(reference, Action::Pull);
        let name = match (&reference.manifest, &reference.tag) {
            (Some(digest), _) => format!("sha256:{digest}"),
            (None, Some(tag)) => tag.clone(),
            (None, None) => LATEST.to_owned(),
        };
        let target = self.target(&place, &format!("manifests/{name}"))?;
        let mut question = question(Method::GET, DURING);
        let accepted = HeaderValue::from_static(layout::MANIFEST);
        question.headers.insert(ACCEPT, accepted);
        let answer = self.ask(&place, &target, &question).await?;
        match answer.head.status() {
            StatusCode::OK if is_page(answer.head.headers()) => {
                return Err(RegistryError::NotARegistry {
                    registry: answer.origin.authority(),
                    what: "it sends a web page".to_owned(),
                });
            }
            StatusCode::OK => {}
            StatusCode::NOT_FOUND if !is_page(answer.head.headers()) => {
                return Err(RegistryError::NotFound {
                    reference: reference.to_string(),
                });
            }
            _ => return Err(self.refusal(&place, DURING, answer).await),
        }
        let registry = answer.origin.authority();
        let said = answer.head.headers().get("docker-content-digest").cloned();
        let manifest = answer.bytes("manifest", MANIFEST_BYTES).await?;
        let found = Digest::of(&manifest);
        let expected = match (&reference.manifest, said) {
            (Some(digest), _) => Some(*digest),
            (None, None) => None,
            (None, Some(said)) => {
                let said = said.to_str().unwrap_or_default();
                let digest = sha256(said).map_err(|_| RegistryError::NotARegistry {
                    registry: registry.clone(),
                    what: format!("{} is no digest of a manifest", shown(said)),
                })?;
                Some(digest)
            }
        };
        if let Some(expected) = expected.filter(|expected| *expected != found) {
            return Err(RegistryError::WrongDigest {
                registry,
                what: "manifest",
                expected,
                found,
            });
        }
        let layer = layout::layer(&manifest).map_err(|what| RegistryError::NotWasm {
            reference: reference.to_string(),
            what,
        })?;
        Ok(Fetched {
            manifest,
            sha256: found,
            layer,
        })
    }

    /// Fetches the component that a manifest names: as many bytes as it says,
    /// and with the hash it says.
    ///
    /// # Errors
    /// No component, another one, or one over the limit.
    pub async fn component(
        &self,
        reference: &Reference,
        layer: &Layer,
        limit: u64,
    ) -> Result<Vec<u8>, RegistryError> {
        const DURING: &str = "while it gave the component";
        const WHAT: &str = "component";
        let registry = || reference.registry.clone();
        if layer.size > limit {
            return Err(RegistryError::TooLarge {
                registry: registry(),
                what: WHAT,
                found: format!("{} bytes by its manifest", layer.size),
                limit,
            });
        }
        let place = Place::of(reference, Action::Pull);
        let target = self.target(&place, &format!("blobs/sha256:{}", layer.sha256))?;
        let question = question(Method::GET, DURING);
        let answer = self.ask(&place, &target, &question).await?;
        match answer.head.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND if !is_page(answer.head.headers()) => {
                return Err(RegistryError::BlobMissing {
                    registry: registry(),
                    reference: reference.to_string(),
                    digest: layer.sha256,
                });
            }
            _ => return Err(self.refusal(&place, DURING, answer).await),
        }
        let bytes = answer.bytes(WHAT, layer.size).await?;
        if bytes.len() as u64 != layer.size {
            return Err(RegistryError::WrongSize {
                registry: registry(),
                expected: layer.size,
                found: bytes.len() as u64,
            });
        }
        let found = Digest::of(&bytes);
        if found != layer.sha256 {
            return Err(RegistryError::WrongDigest {
                registry: registry(),
                what: WHAT,
                expected: layer.sha256,
                found,
            });
        }
        Ok(bytes)
    }
}
