//! The wasm OCI layout: an image manifest with one layer of `application/wasm`
//! and a configuration that says what the component exports (CNCF TAG Runtime,
//! "Wasm OCI Artifact layout").

use std::collections::BTreeMap;

use birth_core::digest::Digest;
use birth_core::policy::reference::sha256;
use serde::{Deserialize, Serialize};

/// Media type of the manifest.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// Media type of the configuration: what makes a manifest one of a component.
pub const CONFIG: &str = "application/vnd.wasm.config.v0+json";
/// Media type of the one layer.
pub const LAYER: &str = "application/wasm";

/// What is pushed.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// The component.
    pub component: Vec<u8>,
    /// What it exports: its interfaces with their versions.
    pub exports: Vec<String>,
    /// Its own name for itself.
    pub name: String,
    /// Its own version.
    pub version: String,
}

/// The one layer of a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layer {
    /// SHA-256 of the component.
    pub sha256: Digest,
    /// Its bytes.
    pub size: u64,
}

/// An artifact as a registry keeps it.
#[derive(Debug)]
pub(super) struct Laid {
    pub(super) config: Vec<u8>,
    pub(super) manifest: Vec<u8>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    schema_version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    media_type: Option<String>,
    config: Descriptor,
    layers: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: String,
    digest: String,
    size: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Config<'a> {
    created: &'static str,
    author: Option<&'a str>,
    architecture: &'static str,
    os: &'static str,
    layer_digests: [String; 1],
    component: Component<'a>,
}

#[derive(Debug, Serialize)]
struct Component<'a> {
    exports: &'a [String],
    imports: [&'a str; 0],
    target: Option<&'a str>,
}

impl Artifact {
    /// Configuration and manifest. The same component gives the same bytes, so
    /// its time of creation is the beginning of time: the layout wants one.
    pub(super) fn lay(&self) -> Result<Laid, serde_json::Error> {
        let config = serde_json::to_vec(&Config {
            created: "1970-01-01T00:00:00Z",
            author: None,
            architecture: "wasm",
            os: "wasip2",
            layer_digests: [format!("sha256:{}", Digest::of(&self.component))],
            component: Component {
                exports: &self.exports,
                imports: [],
                target: None,
            },
        })?;
        let annotation = |name: &str, value: &str| {
            let name = format!("org.opencontainers.image.{name}");
            (name, value.to_owned())
        };
        let manifest = serde_json::to_vec(&Manifest {
            schema_version: 2,
            media_type: Some(MANIFEST.to_owned()),
            config: descriptor(CONFIG, &config),
            layers: vec![descriptor(LAYER, &self.component)],
            annotations: BTreeMap::from([
                annotation("title", &self.name),
                annotation("version", &self.version),
            ]),
        })?;
        Ok(Laid { config, manifest })
    }
}

fn descriptor(media_type: &str, bytes: &[u8]) -> Descriptor {
    Descriptor {
        media_type: media_type.to_owned(),
        digest: format!("sha256:{}", Digest::of(bytes)),
        size: bytes.len() as u64,
    }
}

/// The component that a manifest names.
///
/// # Errors
/// What it is instead, in words for after `…: `.
pub fn layer(manifest: &[u8]) -> Result<Layer, String> {
    let manifest: Manifest = serde_json::from_slice(manifest).map_err(|error| {
        format!(
            "its manifest cannot be read ({})",
            shown(&error.to_string())
        )
    })?;
    if manifest.schema_version != 2 {
        let found = manifest.schema_version;
        return Err(format!(
            "its manifest has the schema version {found}, not 2"
        ));
    }
    if let Some(other) = manifest.media_type.filter(|found| found != MANIFEST) {
        return Err(format!("its manifest says it is {}", shown(&other)));
    }
    if manifest.config.media_type != CONFIG {
        let found = shown(&manifest.config.media_type);
        return Err(format!("its configuration is {found}, not {CONFIG}"));
    }
    let [layer] = manifest.layers.as_slice() else {
        return Err(format!("it has {} layers, not one", manifest.layers.len()));
    };
    if layer.media_type != LAYER {
        let found = shown(&layer.media_type);
        return Err(format!("its layer is {found}, not {LAYER}"));
    }
    let sha256 = sha256(&layer.digest).map_err(|error| format!("of its layer {error}"))?;
    Ok(Layer {
        sha256,
        size: layer.size,
    })
}

/// Words of somebody else, shortened and without control characters.
pub(super) fn shown(text: &str) -> String {
    text.chars()
        .take(100)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests state what they expect")]
    use super::*;

    fn artifact() -> Artifact {
        Artifact {
            component: b"component".to_vec(),
            exports: vec!["birth:policy/conflict@0.1.0".to_owned()],
            name: "birth-conflict".to_owned(),
            version: "1.2.0".to_owned(),
        }
    }

    /// The bytes are a format: what was pushed once has this digest for ever.
    #[test]
    fn what_is_pushed() {
        let laid = artifact().lay().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let of_component = Digest::of(b"component");
        assert_eq!(
            text(&laid.config),
            format!(
                r#"{{"created":"1970-01-01T00:00:00Z","author":null,"architecture":"wasm","os":"wasip2","layerDigests":["sha256:{of_component}"],"component":{{"exports":["birth:policy/conflict@0.1.0"],"imports":[],"target":null}}}}"#
            )
        );
        assert_eq!(
            text(&laid.manifest),
            format!(
                r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","config":{{"mediaType":"{CONFIG}","digest":"sha256:{}","size":{}}},"layers":[{{"mediaType":"{LAYER}","digest":"sha256:{of_component}","size":9}}],"annotations":{{"org.opencontainers.image.title":"birth-conflict","org.opencontainers.image.version":"1.2.0"}}}}"#,
                Digest::of(&laid.config),
                laid.config.len(),
            )
        );
        let layer = layer(&laid.manifest).unwrap();
        assert_eq!((layer.sha256, layer.size), (of_component, 9));
    }

    /// As `wkg oci push` 0.16.1 writes it: keys in another order, and annotations of
    /// the layer.
    #[test]
    fn what_another_tool_pushed() {
        let manifest = r#"{"config":{"digest":"sha256:c4c291408a73f1d4eab099aeef0796355deb72ed6ceca2a7d47a8e4fa6adee50","mediaType":"application/vnd.wasm.config.v0+json","size":295},"layers":[{"annotations":{"org.opencontainers.image.title":"coverage.wasm"},"digest":"sha256:a83bb9f017ea40e2e87ffbeb16171579e1f124287b85e5f8d72ac0aad919706f","mediaType":"application/wasm","size":99576}],"mediaType":"application/vnd.oci.image.manifest.v1+json","schemaVersion":2}"#;
        let layer = layer(manifest.as_bytes()).unwrap();
        assert_eq!(layer.size, 99576);
        assert!(layer.sha256.to_string().starts_with("a83bb9f0"));
    }

    #[test]
    fn a_manifest_of_something_else() {
        let right = String::from_utf8(artifact().lay().unwrap().manifest).unwrap();
        let twice = {
            let start = right.find("[{").unwrap() + 1;
            let end = right.find("}]").unwrap() + 1;
            let one = &right[start..end];
            right.replace(one, &format!("{one},{one}"))
        };
        let digest = format!("sha256:{}", Digest::of(b"component"));
        let broken = |from: &str, to: &str| {
            assert!(right.contains(from));
            right.replace(from, to)
        };
        for (manifest, says) in [
            ("<html>".to_owned(), "cannot be read"),
            ("{}".to_owned(), "cannot be read"),
            (broken("Version\":2", "Version\":1"), "schema version 1"),
            (
                broken(MANIFEST, "application/vnd.oci.image.index.v1+json"),
                "says it is application/vnd.oci.image.index.v1+json",
            ),
            (
                broken(CONFIG, "application/vnd.docker.container.image.v1+json"),
                "its configuration is application/vnd.docker",
            ),
            (
                broken(LAYER, "text/\\u0007html"),
                "its layer is text/\u{fffd}html",
            ),
            (
                broken(&digest, "sha512:00"),
                "of its layer the digest is not sha256",
            ),
            (twice, "it has 2 layers, not one"),
        ] {
            let error = layer(manifest.as_bytes()).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
