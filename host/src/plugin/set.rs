//! The plugins of a policy set, loaded as they are needed, and the check that
//! CI runs over all of them.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use birth_core::digest::Digest;
use birth_core::facts::conflict::ConflictFacts;
use birth_core::policy::Role;
use birth_core::policy::approved::{Approval, Approvals};
use birth_core::policy::set::{PluginPin, PolicySet};
use cap_std::fs::Dir;
use serde::Serialize;

use super::cache::Cache;
use super::call::Judged;
use super::engine::PluginEngine;
use super::error::{PluginError, PluginId};
use super::limits::Limits;
use super::load::Plugin;

/// Where the plugins of a policy set are.
#[derive(Debug)]
pub enum PluginFiles {
    /// In the directory of `policy.toml`.
    Directory(Dir),
    /// In this binary, by file name.
    Embedded(&'static [(&'static str, &'static [u8])]),
}

/// A policy set that can be run.
#[derive(Debug)]
pub struct PolicyRuntime {
    files: PluginFiles,
    set: PolicySet,
    digest: Digest,
    approval: Option<Approval>,
    limits: Limits,
    cache_dir: Option<PathBuf>,
    // Made on first use: a command that judges nothing pays for neither.
    tools: OnceLock<Tools>,
    plugins: BTreeMap<Role, OnceLock<Plugin>>,
}

#[derive(Debug)]
struct Tools {
    engine: PluginEngine,
    cache: Option<Cache>,
}

impl PolicyRuntime {
    /// Binds a policy set to the files of its plugins. Reads
    /// nothing yet. `cache_dir` is where compiled plugins may be kept (see
    /// [`Cache::open`]); without it every run compiles.
    #[must_use]
    pub fn open(
        files: PluginFiles,
        set: PolicySet,
        approvals: &Approvals,
        cache_dir: Option<PathBuf>,
        limits: Limits,
    ) -> Self {
        let digest = set.digest();
        let plugins = set
            .plugins
            .keys()
            .map(|&role| (role, OnceLock::new()))
            .collect();
        Self {
            approval: approvals.find(&digest).cloned(),
            files,
            digest,
            set,
            limits,
            cache_dir,
            tools: OnceLock::new(),
            plugins,
        }
    }

    /// The policy set.
    #[must_use]
    pub fn set(&self) -> &PolicySet {
        &self.set
    }

    /// The revision digest: what every record of a decision carries.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The approval of this revision, if there is one.
    #[must_use]
    pub fn approval(&self) -> Option<&Approval> {
        self.approval.as_ref()
    }

    /// For whatever writes: refuses a revision that nobody approved.
    ///
    /// # Errors
    /// [`PluginError::NotApproved`].
    pub fn ensure_approved(&self) -> Result<&Approval, PluginError> {
        self.approval().ok_or_else(|| PluginError::NotApproved {
            set: self.set.name.clone(),
            revision: self.set.revision,
            digest: self.digest,
        })
    }

    /// The plugin of a role, loaded on first use.
    ///
    /// # Errors
    /// [`PluginError::RoleAbsent`], or why the plugin may not run.
    pub fn plugin(&self, role: Role) -> Result<&Plugin, PluginError> {
        let (Some(slot), Some(pin)) = (self.plugins.get(&role), self.set.plugins.get(&role)) else {
            return Err(PluginError::RoleAbsent {
                set: self.set.name.clone(),
                role,
            });
        };
        if let Some(plugin) = slot.get() {
            return Ok(plugin);
        }
        let id = plugin_id(role, pin);
        let bytes = self.read(&id)?;
        let tools = self.tools()?;
        let plugin = Plugin::load(
            &tools.engine,
            &self.limits,
            tools.cache.as_ref(),
            id,
            &bytes,
        )?;
        Ok(slot.get_or_init(|| plugin))
    }

    /// Judges a batch of the conflict role with the set's settings.
    ///
    /// # Errors
    /// Why the plugin may not run, or how it misbehaved.
    pub fn judge_conflict(&self, facts: &ConflictFacts) -> Result<Judged, PluginError> {
        let plugin = self.plugin(Role::Conflict)?;
        let pin = self.set.plugins.get(&Role::Conflict);
        let none = Default::default();
        plugin.judge_conflict(pin.map_or(&none, |pin| &pin.settings), facts)
    }

    /// Checks everything that can be checked without a database: each role's
    /// file and pin, component, description and settings, and the approval.
    #[must_use]
    pub fn verify_all(&self) -> Verification {
        let mut checks = Vec::new();
        for (&role, pin) in &self.set.plugins {
            self.verify_role(role, pin, &mut checks);
        }
        let approval = self
            .ensure_approved()
            .map(|a| format!("approved by {} at {}", a.by, a.at));
        checks.push(Check {
            role: None,
            what: What::Approval,
            outcome: approval.into(),
        });
        Verification {
            name: self.set.name.clone(),
            revision: self.set.revision,
            wit: self.set.wit.clone(),
            digest: self.digest,
            ok: checks
                .iter()
                .all(|c| matches!(c.outcome, Outcome::Passed { .. })),
            checks,
        }
    }

    /// Each step needs the one before: after a failure the rest is listed as
    /// not run.
    fn verify_role(&self, role: Role, pin: &PluginPin, checks: &mut Vec<Check>) {
        let steps: [(What, Step<'_>); 4] = [
            (What::Pin, &|| self.verify_pin(role, pin)),
            (What::Component, &|| {
                self.plugin(role)
                    .map(|_| format!("exports {}, imports nothing", role.interface()))
            }),
            (What::Description, &|| {
                let found = self.plugin(role)?.describe()?;
                let reasons = found.reasons.len();
                Ok(format!(
                    "{} {}, {reasons} reasons",
                    found.name, found.version
                ))
            }),
            (What::Settings, &|| {
                self.plugin(role)?.check_settings(&pin.settings)?;
                Ok(format!("{} accepted", pin.settings.len()))
            }),
        ];
        let mut failed = false;
        for (what, step) in steps {
            let outcome = if failed {
                Outcome::NotRun
            } else {
                step().into()
            };
            failed |= !matches!(outcome, Outcome::Passed { .. });
            checks.push(Check {
                role: Some(role),
                what,
                outcome,
            });
        }
    }

    fn verify_pin(&self, role: Role, pin: &PluginPin) -> Result<String, PluginError> {
        let id = plugin_id(role, pin);
        let found = Digest::of(&self.read(&id)?);
        if found != id.sha256 {
            return Err(PluginError::PinMismatch {
                plugin: Arc::new(id),
                found,
            });
        }
        Ok(format!("{} is {found}", pin.file))
    }

    /// Reads a plugin's file; never more than the limit and a byte.
    fn read(&self, id: &PluginId) -> Result<Vec<u8>, PluginError> {
        let limit = self.limits.component_bytes as u64;
        let read = || -> io::Result<Vec<u8>> {
            match &self.files {
                PluginFiles::Directory(dir) => {
                    let mut bytes = Vec::new();
                    dir.open(&id.file)?
                        .take(limit + 1)
                        .read_to_end(&mut bytes)?;
                    Ok(bytes)
                }
                PluginFiles::Embedded(files) => files
                    .iter()
                    .find(|(name, _)| *name == id.file)
                    .map(|(_, bytes)| bytes.to_vec())
                    .ok_or_else(|| io::ErrorKind::NotFound.into()),
            }
        };
        let bytes = read().map_err(|e| PluginError::Missing {
            plugin: Arc::new(id.clone()),
            reason: e.to_string(),
        })?;
        if bytes.len() as u64 > limit {
            let found = bytes.len() as u64;
            let plugin = Arc::new(id.clone());
            return Err(PluginError::OverLimit {
                plugin,
                what: "bytes or more",
                found,
                limit,
            });
        }
        Ok(bytes)
    }

    fn tools(&self) -> Result<&Tools, PluginError> {
        if let Some(tools) = self.tools.get() {
            return Ok(tools);
        }
        let tools = Tools {
            engine: PluginEngine::new()?,
            cache: self.cache_dir.as_deref().and_then(Cache::open),
        };
        Ok(self.tools.get_or_init(|| tools))
    }
}

/// One step of a role's verification; gives what was found.
type Step<'a> = &'a dyn Fn() -> Result<String, PluginError>;

fn plugin_id(role: Role, pin: &PluginPin) -> PluginId {
    PluginId {
        role,
        file: pin.file.clone(),
        sha256: pin.sha256,
    }
}

/// What `birth policy verify` found.
#[derive(Debug, Serialize)]
pub struct Verification {
    /// Name of the policy set.
    pub name: String,
    /// Its revision.
    pub revision: u32,
    /// The WIT version its plugins speak.
    pub wit: String,
    /// Its revision digest.
    pub digest: Digest,
    /// Whether every check passed.
    pub ok: bool,
    /// One entry per check: the roles in the order of their names, then the
    /// approval.
    pub checks: Vec<Check>,
}

impl Verification {
    /// The failed checks.
    pub fn errors(&self) -> impl Iterator<Item = &PluginError> {
        self.checks.iter().filter_map(|check| match &check.outcome {
            Outcome::Failed { error } => Some(error),
            Outcome::Passed { .. } | Outcome::NotRun => None,
        })
    }
}

/// One check.
#[derive(Debug, Serialize)]
pub struct Check {
    /// The role; none for what concerns the whole set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// What was checked.
    pub what: What,
    /// How it went.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What a check is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// The file hashes to its pin.
    Pin,
    /// The file is a component that may run.
    Component,
    /// The plugin describes itself within the rules.
    Description,
    /// The plugin accepts its settings.
    Settings,
    /// The revision is approved.
    Approval,
}

/// How a check went.
#[derive(Debug, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// Passed.
    Passed {
        /// What was found.
        detail: String,
    },
    /// Failed.
    Failed {
        /// Why.
        error: PluginError,
    },
    /// An earlier check of the same plugin failed.
    NotRun,
}

impl From<Result<String, PluginError>> for Outcome {
    fn from(result: Result<String, PluginError>) -> Self {
        match result {
            Ok(detail) => Self::Passed { detail },
            Err(error) => Self::Failed { error },
        }
    }
}
