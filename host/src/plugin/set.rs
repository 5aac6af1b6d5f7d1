//! The plugins of a policy set, loaded as they are needed.

mod verification;

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use birth_core::digest::Digest;
use birth_core::facts::classification::Batches;
use birth_core::facts::conflict::ConflictFacts;
use birth_core::facts::coverage::CoverageFacts;
use birth_core::op::Revision;
use birth_core::policy::Role;
use birth_core::policy::approved::{Approval, Approvals};
use birth_core::policy::ledger::Ledger;
use birth_core::policy::set::{PluginPin, PolicySet};
use birth_core::policy::settings::Settings;
use birth_core::policy::standing::{Leave, Standing};
use birth_core::policy::verdict::{Answer, RawVerdicts};
use cap_std::fs::Dir;

pub use verification::{Check, Outcome, Verification, What};

use super::cache::Cache;
use super::call::{Batch, Judged, Unworded};
use super::engine::PluginEngine;
use super::error::{PluginError, PluginId};
use super::limits::Limits;
use super::load::Plugin;
use super::store::ComponentStore;

/// Where the plugins of a policy set are.
#[derive(Debug)]
pub enum PluginFiles {
    /// In the directory of `policy.toml`.
    Directory(Dir),
    /// In this binary, by file name.
    Embedded(&'static [(&'static str, &'static [u8])]),
}

/// Judged collections.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Classified {
    /// One answer per collection, in the order of the collections.
    pub answers: Vec<Answer>,
    /// What each batch was answered, in their order.
    pub batches: Vec<JudgedBatch>,
}

/// What one batch was answered, for the run's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedBatch {
    /// The answer as it came.
    pub raw: RawVerdicts,
    /// Fuel that was used: the same on every run of the same bytes.
    pub fuel: u64,
}

/// A policy set that can be run.
#[derive(Debug)]
pub struct PolicyRuntime {
    files: PluginFiles,
    set: PolicySet,
    digest: Digest,
    standing: Standing,
    limits: Limits,
    cache_dir: Option<PathBuf>,
    store: Option<ComponentStore>,
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
    /// Binds a policy set to the files of its plugins, without a trust file:
    /// every approval counts, and none is signed. See [`Self::open_under`].
    #[must_use]
    pub fn open(
        files: PluginFiles,
        set: PolicySet,
        approvals: &Approvals,
        cache_dir: Option<PathBuf>,
        limits: Limits,
    ) -> Self {
        let ledger = Ledger::unsigned(approvals.clone());
        Self::open_under(files, set, &ledger, cache_dir, limits)
    }

    /// Binds a policy set to the files of its plugins. Reads
    /// nothing yet. `cache_dir` is where compiled plugins may be kept (see
    /// [`Cache::open`]); without it every run compiles.
    #[must_use]
    pub fn open_under(
        files: PluginFiles,
        set: PolicySet,
        ledger: &Ledger,
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
            standing: Standing::of(&set, digest, ledger),
            files,
            digest,
            set,
            limits,
            cache_dir,
            store: None,
            tools: OnceLock::new(),
            plugins,
        }
    }

    /// Says where plugins are that the set names by where they are in a
    /// registry. Without it they are missing: nothing is fetched here.
    #[must_use]
    pub fn with_store(mut self, store: ComponentStore) -> Self {
        self.store = Some(store);
        self
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

    /// The revision, as plans and reports name it.
    #[must_use]
    pub fn revision(&self) -> Revision {
        Revision {
            name: self.set.name.clone(),
            revision: self.set.revision,
            digest: self.digest,
        }
    }

    /// The approval under which this revision may be executed, if it may.
    #[must_use]
    pub fn approval(&self) -> Option<&Approval> {
        self.standing.leave().ok().map(|leave| &leave.approval)
    }

    /// The compiler that is recorded with the approval, of an older revision too.
    #[must_use]
    pub fn builder(&self) -> Option<&str> {
        self.standing.entry()?.builder.as_deref()
    }

    /// How this revision stands to the approvals.
    #[must_use]
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// By whose leave this revision is executed, in words for headers, records
    /// and reports; `NOT APPROVED` where it may not be.
    #[must_use]
    pub fn leave_words(&self) -> String {
        match self.standing.leave() {
            Ok(leave) => leave.to_string(),
            Err(_) => "NOT APPROVED".to_owned(),
        }
    }

    /// For whatever writes: refuses a revision that may not be executed.
    ///
    /// # Errors
    /// [`PluginError::Refused`].
    pub fn ensure_approved(&self) -> Result<&Leave, PluginError> {
        let leave = self.standing.leave();
        leave.map_err(|refusal| PluginError::Refused(refusal.clone()))
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
        let bytes = self.read(&id, pin)?;
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

    /// The bytes of a role's component, which are those that were pinned.
    ///
    /// # Errors
    /// [`PluginError::RoleAbsent`], [`PluginError::Missing`] or
    /// [`PluginError::PinMismatch`].
    pub fn component(&self, role: Role) -> Result<Vec<u8>, PluginError> {
        let pin = self.set.plugins.get(&role);
        let pin = pin.ok_or_else(|| PluginError::RoleAbsent {
            set: self.set.name.clone(),
            role,
        })?;
        let id = plugin_id(role, pin);
        let bytes = self.read(&id, pin)?;
        let found = Digest::of(&bytes);
        if found != id.sha256 {
            let plugin = Arc::new(id);
            return Err(PluginError::PinMismatch { plugin, found });
        }
        Ok(bytes)
    }

    /// Judges collections with the set's settings, batch after batch.
    ///
    /// # Errors
    /// Why the plugin may not run, or how it misbehaved.
    pub fn judge_classification(&self, facts: &Batches) -> Result<Classified, PluginError> {
        let (plugin, settings) = self.plugin_and_settings(Role::Classification)?;
        let mut classified = Classified::default();
        for batch in facts.batches() {
            let judged = plugin.judge_classification(settings, batch)?;
            classified.answers.extend(judged.answers);
            classified.batches.push(JudgedBatch {
                raw: judged.raw,
                fuel: judged.fuel,
            });
        }
        Ok(classified)
    }

    /// Judges a batch of the conflict role with the set's settings.
    ///
    /// # Errors
    /// Why the plugin may not run, or how it misbehaved.
    pub fn judge_conflict(&self, facts: &ConflictFacts) -> Result<Judged, PluginError> {
        let (plugin, settings) = self.plugin_and_settings(Role::Conflict)?;
        plugin.judge_conflict(settings, facts)
    }

    /// Judges a batch of the coverage role with the set's settings.
    ///
    /// # Errors
    /// Why the plugin may not run, or how it misbehaved.
    pub fn judge_coverage(&self, facts: &CoverageFacts) -> Result<Judged, PluginError> {
        let (plugin, settings) = self.plugin_and_settings(Role::Coverage)?;
        plugin.judge_coverage(settings, facts)
    }

    /// Judges a batch of any role with the set's settings; nothing is put in
    /// words.
    ///
    /// # Errors
    /// Why the plugin may not run, or how it misbehaved.
    pub fn judge_unworded(&self, role: Role, batch: Batch<'_>) -> Result<Unworded, PluginError> {
        let (plugin, settings) = self.plugin_and_settings(role)?;
        plugin.judge_unworded(settings, batch)
    }

    fn plugin_and_settings(&self, role: Role) -> Result<(&Plugin, &Settings), PluginError> {
        static NONE: Settings = Settings::new();
        let pin = self.set.plugins.get(&role);
        Ok((self.plugin(role)?, pin.map_or(&NONE, |pin| &pin.settings)))
    }

    /// Reads a plugin's bytes from where the set says they are; what they hash
    /// to is compared where they are used.
    fn read(&self, id: &PluginId, pin: &PluginPin) -> Result<Vec<u8>, PluginError> {
        match pin.reference() {
            Some(_) => self.read_store(id),
            None => self.read_file(id),
        }
    }

    fn read_store(&self, id: &PluginId) -> Result<Vec<u8>, PluginError> {
        let plugin = || Arc::new(id.clone());
        let missing = || PluginError::NotInStore {
            plugin: plugin(),
            store: self.store.as_ref().map(|s| s.path().display().to_string()),
        };
        let store = self.store.as_ref().ok_or_else(missing)?;
        store
            .get(&id.sha256, self.limits.component_bytes as u64)
            .map_err(|error| PluginError::StoreNotUsable {
                plugin: plugin(),
                code: error.code(),
                what: error.to_string(),
            })?
            .ok_or_else(missing)
    }

    /// Reads a plugin's file; never more than the limit and a byte.
    fn read_file(&self, id: &PluginId) -> Result<Vec<u8>, PluginError> {
        let limit = self.limits.component_bytes as u64;
        let read = || -> io::Result<Vec<u8>> {
            match &self.files {
                PluginFiles::Directory(dir) => {
                    // A pipe in its place would be waited for without end.
                    if !dir.metadata(&id.file)?.is_file() {
                        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"));
                    }
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

fn plugin_id(role: Role, pin: &PluginPin) -> PluginId {
    PluginId {
        role,
        file: pin.file.clone(),
        sha256: pin.sha256,
    }
}
