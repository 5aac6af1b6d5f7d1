//! What a component is that came without a pin: its role from what it exports,
//! then everything that is checked of a pinned one.

use std::path::Path;

use birth_core::digest::Digest;
use birth_core::policy::Role;
use thiserror::Error;

use super::build::{ComponentError, exports_of_role};
use super::cache::Cache;
use super::engine::PluginEngine;
use super::error::{PluginError, PluginId};
use super::limits::Limits;
use super::load::{Plugin, other_than_component};

/// A component that may run as a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recognised {
    /// The role it exports.
    pub role: Role,
    /// The version of the boundary it speaks.
    pub wit: String,
    /// Everything it exports.
    pub exports: Vec<String>,
    /// Its name for itself.
    pub name: String,
    /// Its version of itself.
    pub version: String,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
}

/// Why a component cannot be a plugin.
#[derive(Debug, Error)]
pub enum RecogniseError {
    /// Other bytes.
    #[error("{file} is not a WebAssembly component but {what}; build it with `birth plugin build`")]
    NotAComponent {
        /// What was looked at.
        file: String,
        /// What it is.
        what: &'static str,
    },
    /// A component of something else.
    #[error("{file}: {source}")]
    NotAPlugin {
        /// What was looked at.
        file: String,
        /// Why.
        source: ComponentError,
    },
    /// A plugin that the host refuses.
    #[error(transparent)]
    Refused(#[from] PluginError),
}

impl RecogniseError {
    /// A stable code: the same as for a pinned plugin.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAComponent { .. } => "PLUGIN_NOT_A_COMPONENT",
            Self::NotAPlugin { source, .. } => match source {
                ComponentError::Imports(_) => "PLUGIN_HAS_IMPORTS",
                ComponentError::NoRole | ComponentError::SeveralRoles(_) => "PLUGIN_WRONG_ROLE",
                ComponentError::Parse(_) | ComponentError::Encode(_) => "PLUGIN_COMPILE",
            },
            Self::Refused(error) => error.code(),
        }
    }
}

/// Looks at components, as many as there are, with one engine.
#[derive(Debug)]
pub struct Recogniser {
    engine: PluginEngine,
    cache: Option<Cache>,
    limits: Limits,
}

impl Recogniser {
    /// Compiled code is kept in `cache_dir`; without it every look compiles.
    ///
    /// # Errors
    /// The engine's own.
    pub fn new(cache_dir: Option<&Path>, limits: Limits) -> Result<Self, PluginError> {
        Ok(Self {
            engine: PluginEngine::new()?,
            cache: cache_dir.and_then(Cache::open),
            limits,
        })
    }

    /// Loads a component as what it says it is, and asks for its name. `file` is
    /// what errors call it.
    ///
    /// # Errors
    /// Whatever would keep it from being pinned.
    pub fn recognise(&self, file: &str, bytes: &[u8]) -> Result<Recognised, RecogniseError> {
        if let Some(what) = other_than_component(bytes) {
            let file = file.to_owned();
            return Err(RecogniseError::NotAComponent { file, what });
        }
        let found = exports_of_role(bytes).map_err(|source| RecogniseError::NotAPlugin {
            file: file.to_owned(),
            source,
        })?;
        let sha256 = Digest::of(bytes);
        let id = PluginId {
            role: found.role,
            file: file.to_owned(),
            sha256,
        };
        let cache = self.cache.as_ref();
        let plugin = Plugin::load(&self.engine, &self.limits, cache, id, bytes)?;
        let description = plugin.describe()?;
        Ok(Recognised {
            role: found.role,
            wit: found.wit,
            exports: found.exports,
            name: description.name.clone(),
            version: description.version.clone(),
            sha256,
        })
    }
}
