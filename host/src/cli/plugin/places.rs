//! Where plugins are on this machine.

use std::path::PathBuf;

use clap::Args;

use crate::cli::options::{absolute, base};
use crate::plugin::store::ComponentStore;
use crate::run::failure::Failure;

/// Where plugins are on this machine.
#[derive(Debug, Args)]
#[command(next_help_heading = "Policy")]
pub(in crate::cli) struct PluginPlaces {
    /// Where compiled plugins are kept.
    #[arg(
        long,
        value_name = "DIR",
        env = "BIRTH_CACHE_DIR",
        hide_env_values = true
    )]
    cache_dir: Option<PathBuf>,
    /// Where plugins are that a policy set names as oci://…@sha256:…; `birth
    /// plugin pull` fills it [default: birth/plugins in the data directory].
    #[arg(
        long,
        value_name = "DIR",
        env = "BIRTH_PLUGIN_STORE",
        hide_env_values = true
    )]
    store: Option<PathBuf>,
}

impl PluginPlaces {
    /// Compiled code; none where there is no home, which costs time only.
    pub(in crate::cli) fn cache(&self) -> Option<PathBuf> {
        match &self.cache_dir {
            Some(dir) => Some(dir.clone()),
            None => base("XDG_CACHE_HOME", ".cache").ok(),
        }
    }

    /// Components.
    pub(in crate::cli) fn store(&self) -> Result<ComponentStore, Failure> {
        let path = match &self.store {
            Some(dir) => absolute(dir)?,
            None => base("XDG_DATA_HOME", ".local/share")?.join("plugins"),
        };
        Ok(ComponentStore::new(path))
    }
}
