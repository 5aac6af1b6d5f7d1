//! Which policy set decides: from a file, or built into this binary, with what is
//! approved and who is trusted to approve.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use clap::Args;
use jiff::Timestamp;

use birth_core::outcome::FailureClass;
use birth_core::policy::approved::Approvals;
use birth_core::policy::ledger::Ledger;
use birth_core::policy::set::PolicySet;

use super::approved;
use super::options::read_named;
use super::plugin::PluginPlaces;
use crate::plugin::limits::Limits;
use crate::plugin::set::{PluginFiles, PolicyRuntime};
use crate::run::failure::Failure;
use crate::trust::Trusted;

/// Which policy decides.
#[derive(Debug, Args)]
#[command(next_help_heading = "Policy")]
pub(super) struct PolicyOptions {
    /// Policy set. Without it, the approved set that is built into this binary.
    #[arg(long, value_name = "FILE", env = "BIRTH_POLICY")]
    policy: Option<PathBuf>,
    /// Approved revisions. Without it, approved.toml beside the set that --policy
    /// names, or the list that is built into this binary.
    #[arg(long, value_name = "FILE", env = "BIRTH_APPROVED")]
    approved: Option<PathBuf>,
    /// Trust file: who may approve, and how many of them it takes. Where it is
    /// named, only signed approvals count; it belongs to the operator, so it is
    /// looked for nowhere.
    #[arg(long, value_name = "FILE", env = "BIRTH_TRUST")]
    trust: Option<PathBuf>,
    #[command(flatten)]
    places: PluginPlaces,
}

/// A policy set as files, and what is said of it.
pub(super) struct PolicyFiles {
    pub(super) files: PluginFiles,
    pub(super) set: PolicySet,
    pub(super) approvals: Approvals,
    pub(super) trust: Option<Trusted>,
}

impl PolicyFiles {
    /// The approvals, judged now.
    pub(super) fn ledger(&self) -> Ledger {
        let approvals = self.approvals.clone();
        match &self.trust {
            None => Ledger::unsigned(approvals),
            Some(trust) => trust.judge(approvals, &self.set.digest(), Timestamp::now()),
        }
    }
}

impl PolicyOptions {
    /// Opens the policy set. Nothing of a plugin is read yet.
    pub(super) fn open(&self) -> Result<Rc<PolicyRuntime>, Failure> {
        Ok(self.runtime(self.read()?))
    }

    /// Binds what was read.
    pub(super) fn runtime(&self, read: PolicyFiles) -> Rc<PolicyRuntime> {
        bind(&self.places, read)
    }

    /// An approved revision that is built in.
    pub(super) fn open_revision(&self, number: u32) -> Result<Rc<PolicyRuntime>, Failure> {
        Ok(bind(&self.places, approved::revision(number)?))
    }

    /// The set that was named, and every approved revision that is built in: for
    /// replays, which recognise a plugin by its hash.
    pub(super) fn open_with_approved(&self) -> Result<Vec<Rc<PolicyRuntime>>, Failure> {
        let mut sets = Vec::new();
        for number in approved::revisions() {
            sets.push(bind(&self.places, approved::revision(number)?));
        }
        if self.policy.is_some() {
            sets.push(self.open()?);
        }
        Ok(sets)
    }

    /// Where approvals are, if they are in a file.
    pub(super) fn approved_path(&self) -> Option<PathBuf> {
        let beside = || Some(folder(self.policy.as_deref()?).join("approved.toml"));
        self.approved.clone().or_else(beside)
    }

    /// Where the policy set is, if it is in a file.
    pub(super) fn policy_path(&self) -> Option<&Path> {
        self.policy.as_deref()
    }

    /// Reads the set, its approvals and the trust file.
    pub(super) fn read(&self) -> Result<PolicyFiles, Failure> {
        self.read_with(self.approved.is_some())
    }

    /// As [`Self::read`], where a list that is not there yet is to be written.
    pub(super) fn read_to_approve(&self) -> Result<PolicyFiles, Failure> {
        self.read_with(false)
    }

    fn read_with(&self, has_to_be_there: bool) -> Result<PolicyFiles, Failure> {
        let trust = self.trust.as_deref().map(Trusted::open).transpose()?;
        let mut read = match &self.policy {
            None => approved::newest()?,
            Some(path) => read_set(path)?,
        };
        if !has_to_be_there && self.approved.is_some() {
            read.approvals = Approvals::default();
        }
        if let Some(path) = self
            .approved_path()
            .filter(|p| has_to_be_there || p.exists())
        {
            read.approvals = read_approvals(&path)?;
        }
        Ok(PolicyFiles { trust, ..read })
    }
}

/// Opens a policy set by name: the path of its file, or `approved:N` for a revision
/// that is built in. Approvals beside it count as they are, unsigned.
pub(super) fn open_named(places: &PluginPlaces, name: &str) -> Result<Rc<PolicyRuntime>, Failure> {
    let read = match name.strip_prefix("approved:") {
        Some(number) => match number.parse() {
            Ok(number) => approved::revision(number)?,
            Err(_) => {
                return Err(Failure::new(
                    FailureClass::Configuration,
                    "NO_SUCH_REVISION",
                    format!("{name:?} does not end in the number of a revision"),
                )
                .with_hint("write it like approved:2"));
            }
        },
        None => {
            let path = Path::new(name);
            let list = folder(path).join("approved.toml");
            let mut read = read_set(path)?;
            if list.exists() {
                read.approvals = read_approvals(&list)?;
            }
            read
        }
    };
    Ok(bind(places, read))
}

/// Binds a policy set to the plugins on this machine.
fn bind(places: &PluginPlaces, read: PolicyFiles) -> Rc<PolicyRuntime> {
    let ledger = read.ledger();
    let (cache, limits) = (places.cache(), Limits::default());
    let policy = PolicyRuntime::open_under(read.files, read.set, &ledger, cache, limits);
    // Without a home there is no default store, which only matters to a set that
    // needs one.
    Rc::new(match places.store() {
        Ok(store) => policy.with_store(store),
        Err(_) => policy,
    })
}

fn read_approvals(path: &Path) -> Result<Approvals, Failure> {
    Approvals::parse(&read_named(path, "the list of approved revisions")?)
        .map_err(|e| refused(path, "APPROVALS_NOT_USABLE", e))
}

/// Reads a policy set, without approvals.
fn read_set(path: &Path) -> Result<PolicyFiles, Failure> {
    let set = read_policy_set(path)?;
    let folder = folder(path);
    let dir = Dir::open_ambient_dir(folder, ambient_authority()).map_err(|error| {
        Failure::new(
            FailureClass::Filesystem,
            "FILE_NOT_READABLE",
            format!(
                "the directory {} cannot be opened: {error}",
                folder.display()
            ),
        )
    })?;
    Ok(PolicyFiles {
        files: PluginFiles::Directory(dir),
        set,
        approvals: Approvals::default(),
        trust: None,
    })
}

/// The directory that a file is in.
fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Reads a policy set that a person named.
pub(super) fn read_policy_set(path: &Path) -> Result<PolicySet, Failure> {
    PolicySet::parse(&read_named(path, "the policy set")?)
        .map_err(|e| refused(path, "POLICY_SET_NOT_USABLE", e))
}

pub(super) fn refused(path: &Path, code: &'static str, error: impl std::fmt::Display) -> Failure {
    Failure::new(
        FailureClass::Policy,
        code,
        format!("{}: {error}", path.display()),
    )
}
