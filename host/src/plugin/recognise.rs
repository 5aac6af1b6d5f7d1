//! What a component is that came without a pin: its role from what it exports,
//! then everything that is checked of a pinned one.

use std::path::Path;

use birth_core::digest::Digest;
use birth_core::policy::Role;
use thiserror::Error;

use super::build::{ComponentError, OfRole, exports_of_role};
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
    #[error("{file} is not a WebAssembly component but {what}")]
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
        let found = exports(file, bytes)?;
        let sha256 = Digest::of(bytes);
        let plugin = self.load_as(found.role, file, bytes, sha256)?;
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

    /// Loads a component as what it says it is, and runs none of it.
    ///
    /// # Errors
    /// Why it may not run.
    pub fn load(&self, file: &str, bytes: &[u8]) -> Result<Plugin, RecogniseError> {
        let role = role_of(file, bytes)?;
        Ok(self.load_as(role, file, bytes, Digest::of(bytes))?)
    }

    fn load_as(
        &self,
        role: Role,
        file: &str,
        bytes: &[u8],
        sha256: Digest,
    ) -> Result<Plugin, PluginError> {
        let file = file.to_owned();
        let id = PluginId { role, file, sha256 };
        Plugin::load(&self.engine, &self.limits, self.cache.as_ref(), id, bytes)
    }
}

/// The role of a component, by what it exports.
///
/// # Errors
/// It is no component, or not one of one role.
pub fn role_of(file: &str, bytes: &[u8]) -> Result<Role, RecogniseError> {
    Ok(exports(file, bytes)?.role)
}

fn exports(file: &str, bytes: &[u8]) -> Result<OfRole, RecogniseError> {
    let file = file.to_owned();
    if let Some(what) = other_than_component(bytes) {
        return Err(RecogniseError::NotAComponent { file, what });
    }
    exports_of_role(bytes).map_err(|source| RecogniseError::NotAPlugin { file, source })
}
