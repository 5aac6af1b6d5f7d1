//! `birth plugin build`: from a crate to a component.
//!
//! The same sources give the same bytes in every folder and with every cargo
//! home, as long as the compiler is the same: paths are remapped, the
//! dependencies are locked, and variables of the environment that would change the
//! code are ignored. A configuration file of cargo that names a wrapper or changes
//! the profile is not: it is part of what the source is built with. A crate's path dependencies must be in its own
//! workspace; the path of any other would be part of the bytes.
//!
//! What this module must not do: execute what it built, or decide whether a
//! revision is approved.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use birth_core::digest::Digest;

mod component;
mod manifest;
mod toolchain;

pub use component::ComponentError;
pub(in crate::plugin) use component::{OfRole, exports_of_role};
pub use manifest::ManifestError;
pub use toolchain::{TARGET, ToolchainError};

use manifest::Manifest;
use toolchain::Toolchain;

/// How to build.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where cargo puts what it compiles; by default a folder `birth-plugins`
    /// in the target directory of the crate's workspace. It is not shared with
    /// other builds because their flags differ.
    pub target_dir: Option<PathBuf>,
    /// Use no network: every dependency must be there already.
    pub offline: bool,
}

/// A component, ready to be pinned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuiltPlugin {
    /// The component.
    pub bytes: Vec<u8>,
    /// SHA-256 of the bytes: what a policy set pins.
    pub sha256: Digest,
    /// The world it implements, for example `conflict-plugin`.
    pub world: String,
    /// Version of the WIT package `birth:policy` it was built for.
    pub wit_version: String,
    /// The compiler: another one gives other bytes.
    pub builder: String,
}

/// Why a plugin could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// No usable compiler, or no target.
    #[error(transparent)]
    Toolchain(#[from] ToolchainError),
    /// The folder holds no plugin crate.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// Cargo was stopped by an error of its own, which it has printed.
    #[error(
        "cargo could not build {package} ({status}); what it says is above{}",
        lock_hint(*.lock_is_missing)
    )]
    Compile {
        /// The package.
        package: String,
        /// How cargo ended.
        status: String,
        /// `--locked` needs a file that is not there.
        lock_is_missing: bool,
    },
    /// Cargo could not be run or read.
    #[error("cargo could not be run: {0}")]
    Cargo(#[source] io::Error),
    /// Cargo succeeded without the file that was asked for.
    #[error("cargo built {package} and named no WebAssembly file; is its library a cdylib?")]
    NoArtifact {
        /// The package.
        package: String,
    },
    /// The module that cargo made could not be read.
    #[error("{path} could not be read: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The module is not a plugin.
    #[error(transparent)]
    Component(#[from] ComponentError),
}

fn lock_hint(missing: bool) -> &'static str {
    if missing {
        "; there is no Cargo.lock, which a reproducible build needs: run `cargo generate-lockfile`"
    } else {
        ""
    }
}

/// Builds the plugin crate in `manifest_dir`. Each line that cargo writes for
/// people goes to `progress` as it comes.
///
/// # Errors
/// No compiler or target, no plugin crate, an error of the compiler, or a
/// module that is not a plugin, in particular one with imports.
pub fn build(
    manifest_dir: &Path,
    options: &Options,
    progress: &mut dyn FnMut(&str),
) -> Result<BuiltPlugin, BuildError> {
    let folder = manifest::find(manifest_dir)?;
    let toolchain = Toolchain::find(&folder)?;
    let manifest = Manifest::read(&toolchain, &folder)?;
    let target_dir = target_dir(&manifest, options).map_err(BuildError::Cargo)?;
    let mut command = cargo_build(&toolchain, &manifest, &target_dir);
    if options.offline {
        command.arg("--offline");
    }
    // The file that chooses a compiler is looked for where cargo runs.
    command.current_dir(&folder);
    let path = compile(command, &manifest, progress)?;
    let module = std::fs::read(&path).map_err(|source| BuildError::Read { path, source })?;
    let component = component::encode(&module)?;
    Ok(BuiltPlugin {
        sha256: Digest::of(&component.bytes),
        bytes: component.bytes,
        world: component.world,
        wit_version: component.wit_version,
        builder: toolchain.builder,
    })
}

/// Runs cargo and returns the path of the core module it made.
fn compile(
    mut command: Command,
    manifest: &Manifest,
    progress: &mut dyn FnMut(&str),
) -> Result<PathBuf, BuildError> {
    let mut cargo = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(BuildError::Cargo)?;
    // Both pipes are drained at once: a full one would stop cargo.
    let stdout = cargo.stdout.take();
    let messages = thread::spawn(move || read_to_string(stdout));
    if let Some(stderr) = cargo.stderr.take() {
        // A line that cannot be read is no reason to stop a build.
        for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
            progress(String::from_utf8_lossy(&line).trim_end_matches('\r'));
        }
    }
    let status = cargo.wait().map_err(BuildError::Cargo)?;
    if !status.success() {
        return Err(BuildError::Compile {
            package: manifest.package.clone(),
            status: status.to_string(),
            lock_is_missing: !manifest.workspace_root.join("Cargo.lock").is_file(),
        });
    }
    let messages = messages
        .join()
        .map_err(|_| BuildError::Cargo(io::Error::other("its messages were lost")))?
        .map_err(BuildError::Cargo)?;
    let no_artifact = || BuildError::NoArtifact {
        package: manifest.package.clone(),
    };
    manifest.artifact(&messages).ok_or_else(no_artifact)
}

fn read_to_string(source: Option<impl Read>) -> io::Result<String> {
    let mut text = String::new();
    if let Some(mut source) = source {
        source.read_to_string(&mut text)?;
    }
    Ok(text)
}

fn cargo_build(toolchain: &Toolchain, manifest: &Manifest, target_dir: &Path) -> Command {
    let mut command = Command::new(&toolchain.cargo);
    command
        .args(["build", "--locked", "--lib", "--target", TARGET])
        .args(["--message-format", "json-render-diagnostics"])
        .arg("--manifest-path")
        .arg(&manifest.path)
        .arg("--target-dir")
        .arg(target_dir);
    forget_environment(&mut command);
    let flags = remap_flags(toolchain, manifest);
    command
        .env("CARGO_INCREMENTAL", "0")
        .env("RUSTC", &toolchain.rustc)
        // Unlike RUSTFLAGS this survives spaces in paths. It also replaces the
        // flags of every cargo configuration file.
        .env("CARGO_ENCODED_RUSTFLAGS", join(&flags, "\u{1f}"));
    if manifest.has_plugin_profile {
        command.args(["--profile", "plugin"]);
    } else {
        command.arg("--release").envs(PLUGIN_PROFILE);
    }
    command
}

/// Cargo runs in the crate's folder, a person's path starts from their own.
fn target_dir(manifest: &Manifest, options: &Options) -> io::Result<PathBuf> {
    match &options.target_dir {
        Some(path) => std::path::absolute(path),
        None => Ok(manifest.target_dir.join("birth-plugins")),
    }
}

/// What the profile `plugin` of this workspace says, for crates that have no
/// profile of that name.
const PLUGIN_PROFILE: [(&str, &str); 6] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "3"),
    ("CARGO_PROFILE_RELEASE_LTO", "true"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1"),
    ("CARGO_PROFILE_RELEASE_PANIC", "abort"),
    ("CARGO_PROFILE_RELEASE_STRIP", "true"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "false"),
];

/// Removes the variables by which a person's environment changes the code that
/// is generated.
fn forget_environment(command: &mut Command) {
    let changes_code = |name: &str| {
        name.starts_with("CARGO_PROFILE_")
            || name.ends_with("RUSTFLAGS")
            || (name.contains("RUSTC") && name.ends_with("WRAPPER"))
    };
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(changes_code) {
            command.env_remove(name);
        }
    }
}

/// Flags that replace the folders of this machine by names. Of several prefixes
/// that fit a path the compiler takes the last, so the longest comes last.
fn remap_flags(toolchain: &Toolchain, manifest: &Manifest) -> Vec<OsString> {
    let mut folders = vec![
        (manifest.workspace_root.as_path(), "/workspace"),
        (toolchain.cargo_home.as_path(), "/cargo"),
        (toolchain.library_source.as_path(), "/rust"),
    ];
    folders.sort_by_key(|(folder, _)| folder.as_os_str().len());
    let flag = |(folder, name): (&Path, &str)| {
        let mut flag = OsString::from("--remap-path-prefix=");
        flag.push(folder);
        flag.push("=");
        flag.push(name);
        flag
    };
    folders.into_iter().map(flag).collect()
}

fn join(parts: &[OsString], separator: &str) -> OsString {
    let mut joined = OsString::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            joined.push(separator);
        }
        joined.push(part);
    }
    joined
}

#[cfg(test)]
mod tests;
