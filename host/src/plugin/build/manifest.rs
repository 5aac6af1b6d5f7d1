//! What cargo says of the crate to build.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::toolchain::{Toolchain, ToolchainError, run};

/// Why a folder is not the folder of a plugin crate.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// No `Cargo.toml`.
    #[error("{0} does not exist: name the folder of the plugin's crate")]
    Missing(PathBuf),
    /// Cargo does not accept it.
    #[error(transparent)]
    Cargo(#[from] ToolchainError),
    /// Cargo's answer is not what this program knows.
    #[error("cargo's description of the workspace could not be read: {0}")]
    Metadata(#[from] serde_json::Error),
    /// The manifest is of a workspace without a package of its own.
    #[error("{0} describes no package: name the folder of the plugin's crate")]
    NoPackage(PathBuf),
    /// The library cannot become a component.
    #[error(
        "the library of {package} is not a cdylib; add `crate-type = [\"cdylib\", \"rlib\"]` \
         under [lib] in {path}"
    )]
    NotCdylib {
        /// The package.
        package: String,
        /// Its manifest.
        path: PathBuf,
    },
    /// The workspace's manifest could not be read.
    #[error("{path} could not be read: {reason}")]
    Workspace {
        /// The manifest.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

/// A plugin crate and its workspace.
#[derive(Clone, Debug)]
pub(super) struct Manifest {
    pub(super) path: PathBuf,
    pub(super) package: String,
    pub(super) workspace_root: PathBuf,
    pub(super) target_dir: PathBuf,
    pub(super) has_plugin_profile: bool,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    crate_types: Vec<String>,
}

/// The messages of `cargo build` that name what was made.
#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    manifest_path: PathBuf,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

/// The folder of a crate by its full name, as cargo will write it.
///
/// # Errors
/// It holds no `Cargo.toml`.
pub(super) fn find(folder: &Path) -> Result<PathBuf, ManifestError> {
    let path = folder.join("Cargo.toml");
    match folder.canonicalize() {
        Ok(folder) if path.is_file() => Ok(folder),
        _ => Err(ManifestError::Missing(path)),
    }
}

impl Manifest {
    /// Reads the crate in `folder`, which [`find`] has found.
    ///
    /// # Errors
    /// Cargo refuses it, it is no package, or its library is not a cdylib.
    pub(super) fn read(toolchain: &Toolchain, folder: &Path) -> Result<Self, ManifestError> {
        let path = folder.join("Cargo.toml");
        let arguments = ["metadata", "--no-deps", "--format-version", "1"];
        let metadata = run(&toolchain.cargo, "CARGO", &arguments, folder)?;
        let metadata: Metadata = serde_json::from_str(&metadata)?;
        let mut packages = metadata.packages.into_iter();
        let Some(package) = packages.find(|package| package.manifest_path == path) else {
            return Err(ManifestError::NoPackage(path));
        };
        let is_cdylib = |target: &Target| target.crate_types.iter().any(|kind| kind == "cdylib");
        if !package.targets.iter().any(is_cdylib) {
            let package = package.name;
            return Err(ManifestError::NotCdylib { package, path });
        }
        Ok(Self {
            has_plugin_profile: has_plugin_profile(&metadata.workspace_root)?,
            path,
            package: package.name,
            workspace_root: metadata.workspace_root,
            target_dir: metadata.target_directory,
        })
    }

    /// The WebAssembly file of this crate among the messages of `cargo build`.
    pub(super) fn artifact(&self, messages: &str) -> Option<PathBuf> {
        let messages = messages.lines().flat_map(serde_json::from_str::<Message>);
        messages
            .filter(|message| message.reason == "compiler-artifact")
            .filter(|message| message.manifest_path == self.path)
            .flat_map(|message| message.filenames)
            .find(|file| {
                file.extension()
                    .is_some_and(|extension| extension == "wasm")
            })
    }
}

/// Whether the workspace defines the profile by which plugins are built.
fn has_plugin_profile(workspace_root: &Path) -> Result<bool, ManifestError> {
    let path = workspace_root.join("Cargo.toml");
    let unreadable = |reason: String| ManifestError::Workspace {
        path: path.clone(),
        reason,
    };
    let text = std::fs::read_to_string(&path).map_err(|error| unreadable(error.to_string()))?;
    let manifest: toml::Table =
        toml::from_str(&text).map_err(|error| unreadable(error.to_string()))?;
    let profiles = manifest.get("profile").and_then(toml::Value::as_table);
    Ok(profiles.is_some_and(|profiles| profiles.contains_key("plugin")))
}
