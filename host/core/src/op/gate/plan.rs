//! The plan: the value that is previewed, hashed, saved and executed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::GateNames;
use super::statement::GateStatement;
use crate::digest::Digest;
use crate::ident::{Identifier, QualifiedName};
use crate::op::plan_file::{SavedPlan, changed, items_drift, registry_drift};
use crate::op::{DatabaseIdentity, Decision, Described, Item};
use crate::resolve::Relation;

/// An object of the gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum GateObject {
    /// The schema.
    Schema {
        /// Its name.
        name: Identifier,
    },
    /// The queue.
    Queue {
        /// Its name.
        name: QualifiedName,
    },
    /// The function.
    Function {
        /// Its name.
        name: QualifiedName,
    },
    /// The trigger for inserted rows.
    InsertTrigger {
        /// Its name.
        name: Identifier,
    },
    /// The trigger for changed governance roles.
    RoleTrigger {
        /// Its name.
        name: Identifier,
    },
}

impl Described for GateObject {
    fn kind(&self) -> &'static str {
        match self {
            Self::Schema { .. } => "schema",
            Self::Queue { .. } => "table",
            Self::Function { .. } => "function",
            Self::InsertTrigger { .. } | Self::RoleTrigger { .. } => "trigger",
        }
    }

    fn title(&self) -> String {
        match self {
            Self::Schema { name } | Self::InsertTrigger { name } | Self::RoleTrigger { name } => {
                name.to_string()
            }
            Self::Queue { name } => name.to_string(),
            Self::Function { name } => format!("{name}()"),
        }
    }
}

/// A plan for the gate. No plugin decides: these are the host's own objects, and
/// what is there is exactly what it would make or it is in the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatePlan {
    /// The database it was made on.
    pub database: DatabaseIdentity,
    /// The registry.
    pub registry: Relation,
    /// What the objects are called.
    pub names: GateNames,
    /// Digest of each part of the facts by name (`GateFacts::parts`).
    pub facts: BTreeMap<String, Digest>,
    /// Every object with its decision.
    pub items: Vec<Item<GateObject>>,
    /// What will run, in order. Empty where nothing is absent, and where
    /// anything is blocked: any conflict stops everything.
    pub statements: Vec<GateStatement>,
    /// What a person should know and what stops nothing.
    pub warnings: Vec<String>,
    /// Why the role could not carry it out, or could not take it back.
    pub missing_rights: Vec<String>,
}

impl SavedPlan for GatePlan {
    const OPERATION: &'static str = "gate";
    const FORMAT: u32 = 1;
    type Statement = GateStatement;

    fn statements(&self) -> &[GateStatement] {
        &self.statements
    }

    fn database_mut(&mut self) -> &mut DatabaseIdentity {
        &mut self.database
    }
}

impl GatePlan {
    /// How many objects have a decision.
    #[must_use]
    pub fn count(&self, decision: Decision) -> usize {
        self.items.iter().filter(|i| i.decision == decision).count()
    }

    /// What differs between this plan and one made now, for people. Empty means
    /// that they are the same plan.
    #[must_use]
    pub fn drift(&self, now: &Self) -> Vec<String> {
        let mut out: Vec<String> = registry_drift(&self.registry, &now.registry)
            .into_iter()
            .chain(items_drift(&self.items, &now.items))
            .chain(changed(&self.facts, &now.facts).map(|part| format!("{part} changed")))
            .collect();
        if out.is_empty() && self != now {
            out.push("what would run changed, or the role's rights".to_owned());
        }
        out
    }
}
