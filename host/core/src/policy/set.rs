//! The policy set: `policy.toml`, which names one plugin per role.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::reference::{Reference, ReferenceError, SCHEME};
use super::settings::{SettingValue, Settings, SettingsError, flatten};
use super::{Role, WIT_VERSION};
use crate::digest::{Digest, DigestBuilder};

/// The format version this host writes and reads.
pub const FORMAT: u32 = 1;

/// One role's plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PluginPin {
    /// File of the component, relative to the policy set's directory, or where
    /// it is in a registry.
    pub file: String,
    /// Digest of the component's bytes.
    pub sha256: Digest,
    /// Settings handed to every call.
    pub settings: Settings,
}

impl PluginPin {
    /// Where the component is in a registry, and the digest of its manifest
    /// there; none for a file.
    #[must_use]
    pub fn reference(&self) -> Option<(Reference, Digest)> {
        let reference: Reference = self.file.parse().ok()?;
        let manifest = reference.manifest?;
        Some((reference, manifest))
    }
}

/// A policy set: a named revision with its plugins, pins and settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicySet {
    /// Name of the policy.
    pub name: String,
    /// Revision of the policy; grows.
    pub revision: u32,
    /// WIT version its plugins speak.
    pub wit: String,
    /// One plugin per role. A role may be absent; an operation that needs it
    /// says so.
    pub plugins: BTreeMap<Role, PluginPin>,
}

/// Why a policy set cannot be used.
#[derive(Debug, Error)]
pub enum PolicySetError {
    /// Not TOML, or not of the form of a policy set.
    #[error("the policy set is not readable: {0}")]
    Syntax(#[from] Box<toml::de::Error>),
    /// Written by a newer host.
    #[error("the policy set has format {found}; this host reads up to {FORMAT}: upgrade the host")]
    Newer {
        /// The format that was found.
        found: u32,
    },
    /// Speaks another WIT version.
    #[error(
        "the policy set is for WIT version {found}; this host has bindings for {WIT_VERSION} only"
    )]
    Wit {
        /// The version that was found.
        found: String,
    },
    /// A setting cannot cross the boundary.
    #[error("plugin `{role}`: {source}")]
    Settings {
        /// The role whose settings are at fault.
        role: Role,
        /// What is wrong.
        source: SettingsError,
    },
    /// Names a place that is no file and no component in a registry.
    #[error("plugin `{role}`: its file is not usable: {source}")]
    Reference {
        /// The role whose file is at fault.
        role: Role,
        /// What is wrong.
        source: ReferenceError,
    },
    /// A tag may be moved, so a policy set names a digest.
    #[error(
        "plugin `{role}`: a policy set names a component in a registry by the digest of its manifest, oci://HOST/REPOSITORY@sha256:…; `birth plugin push` and `birth plugin pull` print it"
    )]
    NoManifestDigest {
        /// The role whose file is at fault.
        role: Role,
    },
    /// Names nothing to run.
    #[error("the policy set names no plugin")]
    Empty,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    name: String,
    revision: u32,
    wit: String,
    #[serde(default)]
    plugin: BTreeMap<Role, FilePin>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilePin {
    file: String,
    sha256: Digest,
    #[serde(default)]
    settings: toml::Table,
}

impl PolicySet {
    /// Reads `policy.toml`.
    pub fn parse(text: &str) -> Result<Self, PolicySetError> {
        let format = super::format_of(text)?;
        if format > FORMAT {
            return Err(PolicySetError::Newer { found: format });
        }
        let file: File = toml::from_str(text).map_err(Box::new)?;
        debug_assert_eq!(file.format, format);
        if file.wit != WIT_VERSION {
            return Err(PolicySetError::Wit { found: file.wit });
        }
        let mut plugins = BTreeMap::new();
        for (role, pin) in file.plugin {
            check_place(role, &pin.file)?;
            let settings = flatten(&pin.settings)
                .map_err(|source| PolicySetError::Settings { role, source })?;
            plugins.insert(
                role,
                PluginPin {
                    file: pin.file,
                    sha256: pin.sha256,
                    settings,
                },
            );
        }
        if plugins.is_empty() {
            return Err(PolicySetError::Empty);
        }
        Ok(Self {
            name: file.name,
            revision: file.revision,
            wit: file.wit,
            plugins,
        })
    }

    /// The revision digest: SHA-256 over the canonical form (name, revision,
    /// WIT version, each role's hash and settings). File names are not part of
    /// it: moving a plugin does not change what it decides.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut d = DigestBuilder::new("birth policy set 1")
            .text(&self.name)
            .text(&self.revision.to_string())
            .text(&self.wit)
            .text(&self.plugins.len().to_string());
        for (role, pin) in &self.plugins {
            d = d
                .text(role.name())
                .text(&pin.sha256.to_string())
                .text(&pin.settings.len().to_string());
            for (key, value) in &pin.settings {
                d = d.text(key);
                d = match value {
                    SettingValue::Truth(b) => d.text("truth").text(&b.to_string()),
                    SettingValue::Integer(n) => d.text("integer").text(&n.to_string()),
                    SettingValue::Text(t) => d.text("text").text(t),
                    SettingValue::Texts(items) => items
                        .iter()
                        .fold(d.text("texts").text(&items.len().to_string()), |d, t| {
                            d.text(t)
                        }),
                };
            }
        }
        d.finish()
    }
}

/// A file's name is not looked at before it is opened; what looks like a URL is
/// meant to be one.
fn check_place(role: Role, file: &str) -> Result<(), PolicySetError> {
    if !file.contains("://") && !file.starts_with(SCHEME.trim_end_matches('/')) {
        return Ok(());
    }
    let reference: Reference = file
        .parse()
        .map_err(|source| PolicySetError::Reference { role, source })?;
    match reference.manifest {
        Some(_) => Ok(()),
        None => Err(PolicySetError::NoManifestDigest { role }),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests state what they expect")]
    use super::*;

    const SET: &str = r#"
format = 1
name = "birth"
revision = 3
wit = "0.1.0"
[plugin.conflict]
file = "conflict.wasm"
sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
[plugin.conflict.settings]
a = 1
[plugin.conflict.settings.weights]
b = ["x", "y"]
"#;

    #[test]
    fn digest_covers_what_decides_and_nothing_else() {
        let set = PolicySet::parse(SET).unwrap();
        let same = PolicySet::parse(&SET.replace("conflict.wasm", "elsewhere.wasm")).unwrap();
        assert_eq!(set.digest(), same.digest());
        for (from, to) in [
            ("a = 1", "a = 2"),
            ("a = 1", "a = \"1\""),
            ("a = 1", "b = 1"),
            ("revision = 3", "revision = 4"),
            ("name = \"birth\"", "name = \"other\""),
            ("[\"x\", \"y\"]", "[\"xy\"]"),
            ("ba78", "ba79"),
        ] {
            let other = PolicySet::parse(&SET.replace(from, to)).unwrap();
            assert_ne!(set.digest(), other.digest(), "{from} -> {to}");
        }
    }

    #[test]
    fn a_component_in_a_registry_is_named_by_digest() {
        const PLACE: &str = "oci://r.example/a@sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let set = PolicySet::parse(&SET.replace("conflict.wasm", PLACE)).unwrap();
        assert_eq!(set.digest(), PolicySet::parse(SET).unwrap().digest());
        let (reference, manifest) = set.plugins[&Role::Conflict].reference().unwrap();
        assert_eq!(reference.to_string(), PLACE);
        assert_eq!(manifest, set.plugins[&Role::Conflict].sha256);
        let file = PolicySet::parse(SET).unwrap();
        assert_eq!(file.plugins[&Role::Conflict].reference(), None);
        for movable in ["oci://r.example/a", "oci://r.example/a:3"] {
            assert!(matches!(
                PolicySet::parse(&SET.replace("conflict.wasm", movable)),
                Err(PolicySetError::NoManifestDigest {
                    role: Role::Conflict
                })
            ));
        }
        for (place, source) in [
            ("https://r.example/a.wasm", ReferenceError::Scheme),
            ("oci:r.example/a", ReferenceError::Scheme),
            ("oci://me:secret@r.example/a", ReferenceError::Credentials),
        ] {
            let error = PolicySet::parse(&SET.replace("conflict.wasm", place)).unwrap_err();
            assert!(!error.to_string().contains("secret"), "{error}");
            assert!(
                matches!(error, PolicySetError::Reference { source: found, .. } if found == source)
            );
        }
    }

    #[test]
    fn refuses_by_name() {
        let newer = SET.replace("format = 1", "format = 2\nnew_thing = true");
        assert!(matches!(
            PolicySet::parse(&newer),
            Err(PolicySetError::Newer { found: 2 })
        ));
        let wit = SET.replace("\"0.1.0\"", "\"0.2.0\"");
        assert!(matches!(
            PolicySet::parse(&wit),
            Err(PolicySetError::Wit { .. })
        ));
        let float = SET.replace("a = 1", "a = 1.5");
        assert!(matches!(
            PolicySet::parse(&float),
            Err(PolicySetError::Settings { .. })
        ));
        let unknown = SET.replace("[plugin.conflict]", "[plugin.conflict]\nsha1 = 'x'");
        assert!(matches!(
            PolicySet::parse(&unknown),
            Err(PolicySetError::Syntax(_))
        ));
        let role = SET.replace("plugin.conflict", "plugin.nonsense");
        assert!(matches!(
            PolicySet::parse(&role),
            Err(PolicySetError::Syntax(_))
        ));
    }
}
