//! `birth plugin new`.

use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;

use birth_core::outcome::{Exit, FailureClass, Status};
use birth_core::policy::Role;

use crate::cli::Output;
use crate::cli::output::{GOOD, one_line, styled};
use crate::plugin::scaffold;
use crate::run::failure::Failure;

/// Make a new plugin crate: rules, settings, cases, native tests, a CI file.
///
/// It builds, tests and runs as it is. SDK and WIT package come along as a folder
/// of the crate, because no registry has them: it needs no network but for
/// cargo's registry, and not that where the dependencies are there already.
#[derive(Debug, Args)]
pub(super) struct New {
    /// What the plugin decides.
    #[arg(value_name = "ROLE")]
    role: RoleName,
    /// The crate's name.
    #[arg(value_name = "NAME")]
    name: String,
    /// Where to make it [default: a directory of that name, here]. It may be
    /// there, and has to be empty.
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RoleName {
    /// What coverage a collection needs.
    Classification,
    /// What a proposed object meets in the live schema.
    Conflict,
    /// Which coverage conditions a collection fails.
    Coverage,
}

impl RoleName {
    fn role(self) -> Role {
        match self {
            Self::Classification => Role::Classification,
            Self::Conflict => Role::Conflict,
            Self::Coverage => Role::Coverage,
        }
    }
}

#[derive(Serialize)]
struct Made<'a> {
    role: Role,
    name: &'a str,
    directory: &'a Path,
    files: Vec<&'a str>,
}

impl New {
    pub(super) fn run(self, output: &Output) -> Result<Exit, Failure> {
        let role = self.role.role();
        let files = scaffold::files(role, &self.name).map_err(|error| {
            Failure::new(
                FailureClass::Configuration,
                "PLUGIN_NAME",
                error.to_string(),
            )
            .with_hint("choose another name, for example my-coverage")
        })?;
        let folder = self.directory.unwrap_or_else(|| PathBuf::from(&self.name));
        make_empty(&folder)?;
        for (path, text) in &files {
            let path = folder.join(path);
            write(&path, text).map_err(|error| not_written(&path, &error))?;
        }
        if output.is_json() {
            output.json(&Made {
                role,
                name: &self.name,
                directory: &folder,
                files: files.iter().map(|(path, _)| path.as_str()).collect(),
            })?;
            return Ok(Exit::Status(Status::Pass));
        }
        let shown = one_line(&folder.display().to_string());
        output.text(format!(
            "{} a {role} plugin in {shown}",
            styled(GOOD, "made")
        ));
        output.text("  src/rules.rs      the rules: begin here");
        output.text("  tests/cases.json  facts, what is expected, and why");
        output.text(format!(
            "next: cd {} && cargo test && birth plugin test .",
            for_shell(&shown)
        ));
        Ok(Exit::Status(Status::Pass))
    }
}

/// A text as one word of a POSIX shell.
fn for_shell(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    match text.starts_with('-') || !text.chars().all(is_plain) {
        true => format!("'{}'", text.replace('\'', r"'\''")),
        false => text.to_owned(),
    }
}

/// Nobody's files are overwritten: the directory is new, or empty.
fn make_empty(folder: &Path) -> Result<(), Failure> {
    let elsewhere = |error| {
        let hint = "name another place by --directory";
        not_written(folder, &error).with_hint(hint)
    };
    std::fs::create_dir_all(folder).map_err(elsewhere)?;
    let mut entries = std::fs::read_dir(folder).map_err(elsewhere)?;
    if entries.next().is_none() {
        return Ok(());
    }
    Err(Failure::new(
        FailureClass::Configuration,
        "DIRECTORY_NOT_EMPTY",
        format!("{} is there and is not empty", folder.display()),
    )
    .with_hint("name another place by --directory"))
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::write(path, text)
}

fn not_written(path: &Path, error: &io::Error) -> Failure {
    Failure::new(
        FailureClass::Filesystem,
        "CRATE_NOT_WRITTEN",
        format!("{} cannot be written: {error}", path.display()),
    )
    .with_hint(
        "what was written of the crate is of no use: remove it, and make the crate elsewhere",
    )
}
