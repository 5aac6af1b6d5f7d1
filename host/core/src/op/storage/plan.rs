//! The plan: the value that is previewed, hashed, saved and executed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::statement::StorageStatement;
use crate::digest::{Digest, DigestBuilder};
use crate::ident::Identifier;
use crate::op::plan_file::{self, PlanFileError};
use crate::op::{DatabaseIdentity, Decision, Item, Revision};
use crate::resolve::Relation;

/// The format version of a saved plan.
pub const FORMAT: u32 = 1;

/// An object that policy storage proposes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Proposed {
    /// A column of the registry.
    Column {
        /// Its name.
        name: Identifier,
    },
    /// A check on one of them.
    Check {
        /// Its name.
        name: Identifier,
        /// The column it is on.
        column: Identifier,
    },
}

impl Proposed {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &Identifier {
        match self {
            Self::Column { name } | Self::Check { name, .. } => name,
        }
    }

    /// `column` or `check`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Column { .. } => "column",
            Self::Check { .. } => "check",
        }
    }
}

/// A plan for policy storage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoragePlan {
    /// The database it was made on.
    pub database: DatabaseIdentity,
    /// The registry.
    pub registry: Relation,
    /// The revision it was decided under.
    pub revision: Revision,
    /// Digest of the facts it was made from.
    pub facts_digest: Digest,
    /// Digest of each of those facts by name ([`StorageFacts::parts`]), so that
    /// a drift can say what changed.
    ///
    /// [`StorageFacts::parts`]: super::facts::StorageFacts::parts
    pub facts: BTreeMap<String, Digest>,
    /// Every proposed object with its decision.
    pub items: Vec<Item<Proposed>>,
    /// What will run, in order. Empty where nothing is absent, and where
    /// anything is blocked: any conflict stops everything.
    pub statements: Vec<StorageStatement>,
}

impl StoragePlan {
    /// Digest of the plan: the same facts, revision and database give the
    /// same. The timeline and the database's name are left out: a failover and
    /// a rename change nothing that was planned (see
    /// [`DatabaseIdentity::is_same_database`]).
    pub fn digest(&self) -> Result<Digest, serde_json::Error> {
        let mut plan = self.clone();
        plan.database.timeline = 0;
        plan.database.database.clear();
        let body = serde_json::to_vec(&plan)?;
        Ok(DigestBuilder::new("birth storage plan 1")
            .bytes(&body)
            .finish())
    }

    /// Objects of a kind with a decision.
    #[must_use]
    pub fn count(&self, kind: &str, decision: Decision) -> usize {
        self.items
            .iter()
            .filter(|i| i.object.kind() == kind && i.decision == decision)
            .count()
    }

    /// Whether any object is blocked.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.items.iter().any(|i| i.decision == Decision::Blocked)
    }

    /// The file form.
    pub fn to_file(&self) -> Result<String, serde_json::Error> {
        plan_file::write("storage", FORMAT, self.digest()?, &self.statements, self)
    }

    /// Reads the file form.
    pub fn from_file(text: &str) -> Result<Self, PlanFileError> {
        let (digest, compiled, plan): (_, _, Self) = plan_file::read("storage", FORMAT, text)?;
        let intact = plan.digest()? == digest && plan_file::compiled(&plan.statements) == compiled;
        if intact {
            Ok(plan)
        } else {
            Err(PlanFileError::Damaged(digest))
        }
    }

    /// What differs between this plan and one made now, for people. Empty
    /// means that they are the same plan.
    #[must_use]
    pub fn drift(&self, now: &Self) -> Vec<String> {
        let mut out = Vec::new();
        if self.registry != now.registry {
            out.push(format!(
                "registry: {} (oid {}, {}) is now {} (oid {}, {})",
                self.registry.name,
                self.registry.oid,
                self.registry.kind.describe(),
                now.registry.name,
                now.registry.oid,
                now.registry.kind.describe()
            ));
        }
        if self.revision != now.revision {
            out.push(format!(
                "policy: {} revision {} ({}) is now {} revision {} ({})",
                self.revision.name,
                self.revision.revision,
                self.revision.digest.short(),
                now.revision.name,
                now.revision.revision,
                now.revision.digest.short()
            ));
        }
        for item in &self.items {
            let kind = item.object.kind();
            let name = item.object.name();
            match now.items.iter().find(|i| i.object == item.object) {
                None => out.push(format!("{kind} {name}: no longer proposed")),
                Some(i) if i.decision != item.decision => out.push(format!(
                    "{kind} {name}: {} is now {}",
                    item.decision.word(),
                    i.decision.word()
                )),
                Some(i) if i.reasons != item.reasons => {
                    out.push(format!("{kind} {name}: the reasons changed"));
                }
                Some(_) => {}
            }
        }
        for item in &now.items {
            if !self.items.iter().any(|i| i.object == item.object) {
                out.push(format!(
                    "{} {}: newly proposed",
                    item.object.kind(),
                    item.object.name()
                ));
            }
        }
        for (name, was) in &self.facts {
            match now.facts.get(name) {
                None => out.push(format!("{name} is gone")),
                Some(is) if is != was => out.push(format!("{name} changed")),
                Some(_) => {}
            }
        }
        for name in now.facts.keys().filter(|n| !self.facts.contains_key(*n)) {
            out.push(format!("{name} is new"));
        }
        out
    }
}
