//! Why a registry did not give or take a component.

use std::path::PathBuf;
use std::time::Duration;

use birth_core::digest::Digest;
use thiserror::Error;

/// Why a registry did not give or take a component. What a registry says is
/// shortened and free of control characters before it gets here.
#[derive(Debug, Error)]
#[expect(
    missing_docs,
    reason = "the fields are what the messages say; `registry` is host and port"
)]
pub enum RegistryError {
    /// No address, or nobody listens.
    #[error("the registry {registry} could not be reached: {reason}")]
    Unreachable { registry: String, reason: String },
    /// No TLS, or none that is trusted.
    #[error("the registry {registry} could not be reached with TLS: {reason}")]
    Tls { registry: String, reason: String },
    /// Nothing came for too long.
    #[error("the registry {registry} was silent for {limit:?} {during}")]
    Silent {
        registry: String,
        during: &'static str,
        limit: Duration,
    },
    /// It went on for too long.
    #[error("the registry {registry} was not done after {limit:?} {during}")]
    TooSlow {
        registry: String,
        during: &'static str,
        limit: Duration,
    },
    /// The connection broke.
    #[error("the connection to the registry {registry} broke {during}: {reason}")]
    Broken {
        registry: String,
        during: &'static str,
        reason: String,
    },
    /// Not the protocol of a registry.
    #[error("{registry} does not answer as a registry: {what}")]
    NotARegistry { registry: String, what: String },
    /// No credentials, or not the right ones.
    #[error("the registry {registry} does not let us {action} {repository}: {reason}")]
    Unauthorized {
        registry: String,
        repository: String,
        action: &'static str,
        reason: String,
    },
    /// Credentials that cannot be had.
    #[error("the credentials for the registry {registry} cannot be used: {reason}")]
    Credentials { registry: String, reason: String },
    /// A password would be sent in clear.
    #[error(
        "the registry {registry} asks for a password over plain HTTP, where anybody could read it"
    )]
    InClear { registry: String },
    /// No such tag or manifest.
    #[error("{reference} is not in the registry")]
    NotFound { reference: String },
    /// A manifest whose component is gone.
    #[error(
        "the registry {registry} has the manifest of {reference}, but not its component sha256:{digest}"
    )]
    BlobMissing {
        registry: String,
        reference: String,
        digest: Digest,
    },
    /// Any other answer.
    #[error("the registry {registry} answered {status} {during}{said}")]
    Refused {
        registry: String,
        during: &'static str,
        status: u16,
        said: String,
    },
    /// Sends us where we do not go.
    #[error("the registry {registry} sends us to {to} {during}, which is not followed: {why}")]
    Redirect {
        registry: String,
        to: String,
        during: &'static str,
        why: &'static str,
    },
    /// Larger than anything that could be right.
    #[error("the {what} from {registry} has {found}, the limit is {limit} bytes")]
    TooLarge {
        registry: String,
        what: &'static str,
        found: String,
        limit: u64,
    },
    /// Not the bytes that were asked for.
    #[error("the {what} from {registry} has the sha256 {found}, not {expected}")]
    WrongDigest {
        registry: String,
        what: &'static str,
        expected: Digest,
        found: Digest,
    },
    /// Fewer or more bytes than the manifest says.
    #[error("the component from {registry} has {found} bytes, its manifest says {expected}")]
    WrongSize {
        registry: String,
        expected: u64,
        found: u64,
    },
    /// A manifest of something else.
    #[error("{reference} is no component in the wasm OCI layout: {what}")]
    NotWasm { reference: String, what: String },
    /// The file of certificates.
    #[error("the certificates in {} cannot be used: {reason}", path.display())]
    Certificates { path: PathBuf, reason: String },
}

/// Whose fault it is: decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// What was configured here.
    Configuration,
    /// The registry, or the way there.
    Registry,
    /// What came is not what was meant.
    Content,
}

impl RegistryError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "REGISTRY_UNREACHABLE",
            Self::Tls { .. } => "REGISTRY_TLS",
            Self::Silent { .. } => "REGISTRY_SILENT",
            Self::TooSlow { .. } => "REGISTRY_TOO_SLOW",
            Self::Broken { .. } => "REGISTRY_CONNECTION_BROKEN",
            Self::NotARegistry { .. } => "REGISTRY_NOT_A_REGISTRY",
            Self::Unauthorized { .. } => "REGISTRY_UNAUTHORIZED",
            Self::Credentials { .. } => "REGISTRY_CREDENTIALS",
            Self::InClear { .. } => "REGISTRY_PASSWORD_IN_CLEAR",
            Self::NotFound { .. } => "REGISTRY_NOT_FOUND",
            Self::BlobMissing { .. } => "REGISTRY_COMPONENT_MISSING",
            Self::Refused { .. } => "REGISTRY_REFUSED",
            Self::Redirect { .. } => "REGISTRY_REDIRECT",
            Self::TooLarge { .. } => "REGISTRY_TOO_LARGE",
            Self::WrongDigest { .. } => "REGISTRY_WRONG_DIGEST",
            Self::WrongSize { .. } => "REGISTRY_WRONG_SIZE",
            Self::NotWasm { .. } => "REGISTRY_NOT_WASM",
            Self::Certificates { .. } => "REGISTRY_CERTIFICATES",
        }
    }

    /// The next step.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => {
                "check host and port, and whether this machine may go there"
            }
            Self::Tls { .. } => {
                "name the authority that signed its certificate with --ca FILE; a registry without TLS needs --insecure-http"
            }
            Self::Silent { .. } | Self::TooSlow { .. } => {
                "try again, or give it more time with --timeout"
            }
            Self::Broken { .. } => "try again; nothing was kept of what had come",
            Self::NotARegistry { .. } => "check host and port: a web page or a proxy answers there",
            Self::Unauthorized { .. } => {
                "log in with `docker login`, or set BIRTH_REGISTRY_USER and BIRTH_REGISTRY_PASSWORD"
            }
            Self::Credentials { .. } => {
                "mend ~/.docker/config.json, or set BIRTH_REGISTRY_USER and BIRTH_REGISTRY_PASSWORD"
            }
            Self::InClear { .. } => "use a registry with TLS",
            Self::NotFound { .. } => "check the reference, or push it with `birth plugin push`",
            Self::BlobMissing { .. } => "push the component again with `birth plugin push`",
            Self::Refused { .. } => "what it says is all that is known here; its log may say more",
            Self::Redirect { .. } => {
                "mend the registry's own address in its configuration or its proxy"
            }
            Self::TooLarge { .. } | Self::WrongDigest { .. } | Self::WrongSize { .. } => {
                "nothing was kept; do not trust this registry before somebody has found out why"
            }
            Self::NotWasm { .. } => "push the component with `birth plugin push` or `wkg oci push`",
            Self::Certificates { .. } => "name a file with PEM certificates",
        }
    }

    /// Whose fault it is.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Credentials { .. } | Self::InClear { .. } | Self::Certificates { .. } => {
                Fault::Configuration
            }
            Self::TooLarge { .. }
            | Self::WrongDigest { .. }
            | Self::WrongSize { .. }
            | Self::NotWasm { .. } => Fault::Content,
            Self::Unreachable { .. }
            | Self::Tls { .. }
            | Self::Silent { .. }
            | Self::TooSlow { .. }
            | Self::Broken { .. }
            | Self::NotARegistry { .. }
            | Self::Unauthorized { .. }
            | Self::NotFound { .. }
            | Self::BlobMissing { .. }
            | Self::Refused { .. }
            | Self::Redirect { .. } => Fault::Registry,
        }
    }
}
