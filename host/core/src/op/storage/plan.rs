//! The plan: the value that is previewed, hashed, saved and executed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::statement::StorageStatement;
use crate::digest::Digest;
use crate::ident::Identifier;
use crate::op::plan_file::{SavedPlan, items_drift, registry_drift, revision_drift};
use crate::op::{DatabaseIdentity, Decision, Described, Item, Revision};
use crate::resolve::Relation;

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
}

impl Described for Proposed {
    fn kind(&self) -> &'static str {
        match self {
            Self::Column { .. } => "column",
            Self::Check { .. } => "check",
        }
    }

    fn title(&self) -> String {
        self.name().to_string()
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

impl SavedPlan for StoragePlan {
    const OPERATION: &'static str = "storage";
    const FORMAT: u32 = 1;
    type Statement = StorageStatement;

    fn statements(&self) -> &[StorageStatement] {
        &self.statements
    }

    fn database_mut(&mut self) -> &mut DatabaseIdentity {
        &mut self.database
    }
}

impl StoragePlan {
    /// Objects of a kind with a decision.
    #[must_use]
    pub fn count(&self, kind: &str, decision: Decision) -> usize {
        self.items
            .iter()
            .filter(|i| i.object.kind() == kind && i.decision == decision)
            .count()
    }

    /// What differs between this plan and one made now, for people. Empty
    /// means that they are the same plan.
    #[must_use]
    pub fn drift(&self, now: &Self) -> Vec<String> {
        let mut out = Vec::new();
        out.extend(registry_drift(&self.registry, &now.registry));
        out.extend(revision_drift(&self.revision, &now.revision));
        out.extend(items_drift(&self.items, &now.items));
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
