//! A component, or the crate that it is built from.

use std::path::{Path, PathBuf};

use birth_core::policy::Role;
use clap::Args;

use super::build;
use crate::cli::Output;
use crate::run::author::Component;
use crate::run::author::cases::{self, CaseFile};
use crate::run::failure::Failure;

/// What to look at.
#[derive(Debug, Args)]
pub(super) struct Source {
    /// A component, or the directory of a plugin crate, which is built first.
    #[arg(value_name = "FILE|DIR", default_value = ".")]
    pub(super) path: PathBuf,
    /// Use no network for building.
    #[arg(long)]
    offline: bool,
}

impl Source {
    /// Reads the component, or builds it.
    pub(super) fn component(&self, output: &Output) -> Result<Component, Failure> {
        if self.path.is_dir() {
            let built = build::build(&self.path, self.offline, output)?;
            return Ok(Component::of(self.path.display().to_string(), built.bytes));
        }
        Component::open(&self.path)
    }

    /// The cases that a person named, else those of the crate; a component's file
    /// has none.
    pub(super) fn cases(
        &self,
        role: Role,
        named: Option<&Path>,
    ) -> Result<Option<CaseFile>, Failure> {
        if let Some(path) = named {
            return CaseFile::read(role, path).map(Some);
        }
        if !self.path.is_dir() {
            return Ok(None);
        }
        // That they are gone must not look like success.
        CaseFile::read(role, &self.path.join(cases::FILE)).map(Some)
    }
}
