//! A component in a registry: `oci://HOST[:PORT]/REPOSITORY[:TAG][@sha256:…]`.
//!
//! The grammar is that of the OCI distribution specification ("Pulling
//! manifests"). No message holds the text that was refused: it may hold a
//! password.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::digest::Digest;

/// How a reference to a registry begins.
pub const SCHEME: &str = "oci://";

/// Longest repository and longest tag, in bytes.
const REPOSITORY: usize = 255;
const TAG: usize = 128;

/// A component in a registry. Everything in it is ASCII without control
/// characters, so it may be printed and sent as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// Host and port, in lower case: `ghcr.io`, `localhost:5000`, `[::1]:5000`.
    pub registry: String,
    /// Repository, for example `policies/conflict`.
    pub repository: String,
    /// Tag: a name that the registry may move.
    pub tag: Option<String>,
    /// SHA-256 of the manifest: a name that cannot be moved.
    pub manifest: Option<Digest>,
}

/// Why a text is no reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ReferenceError {
    /// Another scheme, or none.
    #[error("a reference to a registry begins with oci://")]
    Scheme,
    /// A user or a password in it.
    #[error(
        "a reference holds no user and no password; give them in ~/.docker/config.json or in BIRTH_REGISTRY_USER and BIRTH_REGISTRY_PASSWORD"
    )]
    Credentials,
    /// The part before the first slash.
    #[error("the registry is not HOST or HOST:PORT")]
    Registry,
    /// The part after it.
    #[error("the repository is not of lower-case letters, digits and single . _ - / between them")]
    Repository,
    /// The part after the colon.
    #[error("the tag is not of letters, digits, . _ and -, at most 128 of them")]
    Tag,
    /// The part after the @.
    #[error("the digest is not sha256: with 64 lower-case hexadecimal digits")]
    Digest,
}

impl Reference {
    /// The same component by the digest of its manifest alone.
    #[must_use]
    pub fn pinned(&self, manifest: Digest) -> Self {
        Self {
            tag: None,
            manifest: Some(manifest),
            ..self.clone()
        }
    }

    /// The host without its port.
    #[must_use]
    pub fn host(&self) -> &str {
        split_port(&self.registry).map_or(&self.registry, |(host, _)| host)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(manifest) = &self.manifest {
            write!(f, "@sha256:{manifest}")?;
        }
        Ok(())
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let rest = text.strip_prefix(SCHEME).ok_or(ReferenceError::Scheme)?;
        let (registry, rest) = rest.split_once('/').ok_or(ReferenceError::Repository)?;
        if registry.contains('@') {
            return Err(ReferenceError::Credentials);
        }
        let (rest, manifest) = match rest.split_once('@') {
            None => (rest, None),
            Some((rest, digest)) => (rest, Some(sha256(digest)?)),
        };
        let (repository, tag) = match rest.split_once(':') {
            None => (rest, None),
            Some((repository, tag)) => (repository, Some(tag)),
        };
        if !is_registry(registry) {
            return Err(ReferenceError::Registry);
        }
        if !is_repository(repository) {
            return Err(ReferenceError::Repository);
        }
        if !tag.is_none_or(is_tag) {
            return Err(ReferenceError::Tag);
        }
        Ok(Self {
            registry: registry.to_ascii_lowercase(),
            repository: repository.to_owned(),
            tag: tag.map(str::to_owned),
            manifest,
        })
    }
}

/// A digest as manifests and references write it: `sha256:` and 64 lower-case
/// hexadecimal digits.
///
/// # Errors
/// [`ReferenceError::Digest`], also for other algorithms.
pub fn sha256(text: &str) -> Result<Digest, ReferenceError> {
    text.strip_prefix("sha256:")
        .filter(|digits| !digits.bytes().any(|b| b.is_ascii_uppercase()))
        .and_then(|digits| digits.parse().ok())
        .ok_or(ReferenceError::Digest)
}

/// Host and port of a registry; none where there is no port.
fn split_port(registry: &str) -> Option<(&str, &str)> {
    let (host, port) = registry.rsplit_once(':')?;
    // The colons within the brackets of an IPv6 address are no port's.
    (!port.contains(']')).then_some((host, port))
}

fn is_registry(text: &str) -> bool {
    let (host, port) = match split_port(text) {
        None => (text, None),
        Some((host, port)) => (host, Some(port)),
    };
    let port_is_right = port.is_none_or(|port| {
        port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|n| n > 0)
    });
    let inside = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    let host_is_right = match inside {
        Some(address) => address.parse::<core::net::Ipv6Addr>().is_ok(),
        None => host.len() <= 253 && host.split('.').all(is_label),
    };
    port_is_right && host_is_right
}

/// A label of a host's name (RFC 1123, section 2.1).
fn is_label(label: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    !label.is_empty()
        && label.len() <= 63
        && label.bytes().all(inner)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn is_repository(text: &str) -> bool {
    !text.is_empty() && text.len() <= REPOSITORY && text.split('/').all(is_component)
}

/// Words of lower-case letters and digits with one of `.`, `_`, `__` or any
/// number of `-` between them.
fn is_component(text: &str) -> bool {
    let is_word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let ends = [text.bytes().next(), text.bytes().next_back()];
    let words_outside = ends.iter().all(|end| end.is_some_and(is_word));
    let separators = text.split(|c: char| c.is_ascii() && is_word(c as u8));
    let separators_right = separators.filter(|s| !s.is_empty()).all(|separator| {
        matches!(separator, "." | "_" | "__") || separator.bytes().all(|b| b == b'-')
    });
    words_outside && separators_right
}

fn is_tag(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    !text.is_empty()
        && text.len() <= TAG
        && text.bytes().all(inner)
        && !text.starts_with(['.', '-'])
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests state what they expect")]
    use super::*;

    const HEX: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn text_form_round_trips() {
        for text in [
            "oci://ghcr.io/owner/policies/conflict:3".to_owned(),
            "oci://localhost:5000/a".to_owned(),
            "oci://[::1]:5000/a__b/c-d.e--f:v1.0_x-y".to_owned(),
            "oci://[::1]/a".to_owned(),
            format!("oci://127.0.0.1:65535/a@sha256:{HEX}"),
            format!("oci://r.example/a:latest@sha256:{HEX}"),
        ] {
            let reference: Reference = text.parse().unwrap();
            assert_eq!(reference.to_string(), text);
        }
        let upper: Reference = "oci://GHCR.io/a".parse().unwrap();
        assert_eq!(upper.registry, "ghcr.io");
    }

    #[test]
    fn host_and_pin() {
        let host = |text: &str| text.parse::<Reference>().unwrap().host().to_owned();
        assert_eq!(host("oci://localhost:5000/a"), "localhost");
        assert_eq!(host("oci://[::1]:5000/a"), "[::1]");
        assert_eq!(host("oci://[::1]/a"), "[::1]");
        let tagged: Reference = "oci://r.example/a:1".parse().unwrap();
        let pinned = tagged.pinned(HEX.parse().unwrap());
        assert_eq!(
            pinned.to_string(),
            format!("oci://r.example/a@sha256:{HEX}")
        );
    }

    #[test]
    fn refuses_by_name() {
        use ReferenceError::{Credentials, Registry, Repository, Scheme, Tag};
        let cases = [
            ("https://r.example/a", Scheme),
            ("r.example/a", Scheme),
            ("oci://r.example", Repository),
            ("oci://r.example/", Repository),
            ("oci://user:secret@r.example/a", Credentials),
            ("oci:///a", Registry),
            ("oci://r.example:/a", Registry),
            ("oci://r.example:0/a", Registry),
            ("oci://r.example:65536/a", Registry),
            ("oci://r.example:+80/a", Registry),
            ("oci://r..example/a", Registry),
            ("oci://-r.example/a", Registry),
            ("oci://r_example/a", Registry),
            ("oci://r.example\r\nx/a", Registry),
            ("oci://[::g]/a", Registry),
            ("oci://[::1/a", Registry),
            ("oci://r.example/A", Repository),
            ("oci://r.example/a//b", Repository),
            ("oci://r.example/../a", Repository),
            ("oci://r.example/a..b", Repository),
            ("oci://r.example/a___b", Repository),
            ("oci://r.example/a_", Repository),
            ("oci://r.example/a b", Repository),
            ("oci://r.example/a?b", Repository),
            ("oci://r.example/é", Repository),
            ("oci://r.example/a:", Tag),
            ("oci://r.example/a:-x", Tag),
            ("oci://r.example/a:b/c", Tag),
        ];
        for (text, error) in cases {
            assert_eq!(text.parse::<Reference>(), Err(error), "{text}");
        }
        for digest in [
            "",
            "sha256:",
            "sha512:00",
            &format!("sha256:{}", HEX.to_uppercase()),
        ] {
            let text = format!("oci://r.example/a@{digest}");
            assert_eq!(
                text.parse::<Reference>(),
                Err(ReferenceError::Digest),
                "{text}"
            );
        }
        let long = format!("oci://r.example/{}", "a".repeat(256));
        assert_eq!(long.parse::<Reference>(), Err(Repository));
    }
}
