//! The compiler: where it is, which one it is, and whether it has the target.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The target of plugins: no system interface, hence nothing to import.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Why there is no usable compiler.
#[derive(Debug, thiserror::Error)]
pub enum ToolchainError {
    /// A tool could not be started.
    #[error(
        "`{tool}` could not be run: {source}. Install Rust from your distribution \
         or by rustup, or name the tool by the variable {variable}"
    )]
    NotFound {
        /// The command.
        tool: String,
        /// The variable that names another.
        variable: &'static str,
        /// Why.
        source: io::Error,
    },
    /// A tool ran and failed.
    #[error("`{tool}` failed: {message}")]
    Failed {
        /// The command with its arguments.
        tool: String,
        /// What it said.
        message: String,
    },
    /// The compiler has no standard library for the target.
    #[error(
        "{compiler} has no standard library for {TARGET} (looked in {folder}). \
         Run `rustup target add {TARGET}`, or name by RUSTC a compiler that has it; \
         Debian's rustc-web and rust-web-src can build it from source (cargo's -Zbuild-std)"
    )]
    NoTarget {
        /// The compiler's own name and version.
        compiler: String,
        /// Where the library should be.
        folder: PathBuf,
    },
    /// Neither CARGO_HOME nor HOME is set.
    #[error("cargo's folder is not known: set CARGO_HOME or HOME")]
    NoCargoHome,
}

/// A compiler that can build plugins.
#[derive(Clone, Debug)]
pub(super) struct Toolchain {
    pub(super) cargo: OsString,
    pub(super) rustc: OsString,
    /// Identifies the compiler, for example
    /// `rustc 1.95.0 (59807616e 2026-04-14), LLVM 22.1.2`.
    pub(super) builder: String,
    pub(super) cargo_home: PathBuf,
    /// The sources of the standard library, where they are installed.
    pub(super) library_source: PathBuf,
}

impl Toolchain {
    /// Finds the compiler that cargo would use in `folder`, which may hold a
    /// file that chooses one.
    ///
    /// # Errors
    /// No compiler, or no target.
    pub(super) fn find(folder: &Path) -> Result<Self, ToolchainError> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let ask = |arguments: &[&str]| run(&rustc, "RUSTC", arguments, folder);
        let builder = identify(&ask(&["--version", "--verbose"])?);
        let libraries = ask(&["--print", "target-libdir", "--target", TARGET])?;
        let libraries = PathBuf::from(libraries.trim_end());
        if !holds_standard_library(&libraries) {
            return Err(ToolchainError::NoTarget {
                compiler: builder,
                folder: libraries,
            });
        }
        let sysroot = PathBuf::from(ask(&["--print", "sysroot"])?.trim_end());
        Ok(Self {
            cargo,
            rustc,
            builder,
            cargo_home: cargo_home(folder)?,
            library_source: sysroot.join("lib/rustlib/src/rust"),
        })
    }
}

/// Runs a tool in `folder` and returns what it writes.
///
/// # Errors
/// The tool cannot be started, or fails.
pub(super) fn run(
    tool: &OsString,
    variable: &'static str,
    arguments: &[&str],
    folder: &Path,
) -> Result<String, ToolchainError> {
    let name = tool.to_string_lossy();
    let output = Command::new(tool)
        .args(arguments)
        .current_dir(folder)
        .output()
        .map_err(|source| ToolchainError::NotFound {
            tool: name.clone().into_owned(),
            variable,
            source,
        })?;
    if !output.status.success() {
        return Err(ToolchainError::Failed {
            tool: format!("{name} {}", arguments.join(" ")),
            message: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The first line of `rustc -vV`, which names the release and the commit, and
/// the release of LLVM.
fn identify(version: &str) -> String {
    let first = version.lines().next().unwrap_or_default();
    match version
        .lines()
        .find_map(|line| line.strip_prefix("LLVM version: "))
    {
        Some(llvm) => format!("{first}, LLVM {llvm}"),
        None => first.to_owned(),
    }
}

fn holds_standard_library(folder: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return false;
    };
    let is_std = |name: OsString| name.to_string_lossy().starts_with("libstd-");
    entries.flatten().any(|entry| is_std(entry.file_name()))
}

/// As cargo finds it; a relative one is relative to where cargo runs.
fn cargo_home(folder: &Path) -> Result<PathBuf, ToolchainError> {
    if let Some(home) = std::env::var_os("CARGO_HOME").filter(|home| !home.is_empty()) {
        return Ok(folder.join(home));
    }
    match std::env::home_dir() {
        Some(home) => Ok(home.join(".cargo")),
        None => Err(ToolchainError::NoCargoHome),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compiler_is_its_release_its_commit_and_its_backend() {
        let said = "rustc 1.95.0 (59807616e 2026-04-14)\nbinary: rustc\nLLVM version: 22.1.2\n";
        let name = "rustc 1.95.0 (59807616e 2026-04-14), LLVM 22.1.2";
        assert_eq!(identify(said), name);
        assert_eq!(identify("rustc 1.96.0\n"), "rustc 1.96.0");
    }

    #[test]
    fn a_tool_that_is_not_there_names_its_variable() {
        let tool = OsString::from("no-such-compiler");
        let error = run(&tool, "RUSTC", &[], Path::new(".")).map_err(|error| error.to_string());
        assert!(error.is_err_and(|text| text.contains("variable RUSTC")));
    }

    #[test]
    fn an_empty_folder_holds_no_standard_library() {
        assert!(!holds_standard_library(Path::new("no-such-folder")));
    }
}
