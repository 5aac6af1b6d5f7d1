//! From a component to a tag that names it.

use hyper::body::Bytes;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use hyper::{Method, StatusCode};

use birth_core::digest::Digest;
use birth_core::policy::reference::Reference;

use super::client::{Action, Place, Registry, question};
use super::error::RegistryError;
use super::layout::{self, Artifact};

impl Registry {
    /// Pushes a component under a tag, and gives the digest of its manifest once
    /// the registry has shown that it gives the same manifest back.
    ///
    /// # Errors
    /// The registry refuses, or does not keep what it was given.
    pub async fn push(
        &self,
        reference: &Reference,
        tag: &str,
        artifact: &Artifact,
    ) -> Result<Digest, RegistryError> {
        let place = Place::of(reference, Action::Push);
        let laid = artifact.lay().map_err(|error| RegistryError::NotWasm {
            reference: reference.to_string(),
            what: error.to_string(),
        })?;
        let component = Bytes::from(artifact.component.clone());
        self.blob(&place, component).await?;
        self.blob(&place, Bytes::from(laid.config)).await?;
        let digest = Digest::of(&laid.manifest);
        self.tag(&place, tag, Bytes::from(laid.manifest)).await?;
        let kept = self.manifest(&reference.pinned(digest)).await?;
        Ok(kept.sha256)
    }

    /// Uploads a blob that is not there yet (distribution specification,
    /// "POST then PUT").
    async fn blob(&self, place: &Place, bytes: Bytes) -> Result<(), RegistryError> {
        const LOOKING: &str = "while it looked for a blob";
        const BEGINNING: &str = "while it began an upload";
        const SENDING: &str = "while it took a blob";
        let digest = format!("sha256:{}", Digest::of(&bytes));
        let there = self.target(place, &format!("blobs/{digest}"))?;
        let head = question(Method::HEAD, LOOKING);
        let answer = self.ask(place, &there, &head).await?;
        match answer.head.status() {
            StatusCode::OK => return Ok(()),
            StatusCode::NOT_FOUND => {}
            _ => return Err(self.refusal(place, LOOKING, answer).await),
        }
        let uploads = self.target(place, "blobs/uploads/")?;
        let mut post = question(Method::POST, BEGINNING);
        // An empty body has none unless it says so, and some servers ask for it.
        let none = HeaderValue::from_static("0");
        post.headers.insert(CONTENT_LENGTH, none);
        let answer = self.ask(place, &uploads, &post).await?;
        if answer.head.status() != StatusCode::ACCEPTED {
            return Err(self.refusal(place, BEGINNING, answer).await);
        }
        let session = self.next(&uploads, &answer, BEGINNING)?;
        let mut put = question(Method::PUT, SENDING);
        let media_type = HeaderValue::from_static("application/octet-stream");
        put.headers.insert(CONTENT_TYPE, media_type);
        put.body = bytes;
        let session = session.with("digest", &digest);
        let answer = self.ask(place, &session, &put).await?;
        if answer.head.status() != StatusCode::CREATED {
            return Err(self.refusal(place, SENDING, answer).await);
        }
        Ok(())
    }

    async fn tag(&self, place: &Place, tag: &str, manifest: Bytes) -> Result<(), RegistryError> {
        const DURING: &str = "while it took the manifest";
        let target = self.target(place, &format!("manifests/{tag}"))?;
        let mut put = question(Method::PUT, DURING);
        let media_type = HeaderValue::from_static(layout::MANIFEST);
        put.headers.insert(CONTENT_TYPE, media_type);
        put.body = manifest;
        let answer = self.ask(place, &target, &put).await?;
        if answer.head.status() != StatusCode::CREATED {
            return Err(self.refusal(place, DURING, answer).await);
        }
        Ok(())
    }
}
