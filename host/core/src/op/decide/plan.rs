//! The plan: the value that is previewed, hashed, saved and executed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::decision_word;
use super::request::Requests;
use super::statement::DecideStatement;
use super::stored::{DecisionColumns, StoredDecision, WantedDecision};
use crate::op::plan_file::{SavedPlan, changed, registry_drift, revision_drift};
use crate::op::{DatabaseIdentity, Decision, Item, Revision};
use crate::policy::verdict::Reason;
use crate::resolve::Relation;

/// A decision about one collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionOn {
    /// The registry's key.
    pub collection: String,
    /// What is stored; none where not exactly one row has the key.
    pub before: Option<StoredDecision>,
    /// What is to be stored.
    pub after: WantedDecision,
    /// What the collection still lacks once it is stored. Told to people; it
    /// may change at any time and changes nothing that will run.
    pub left: Vec<Reason>,
}

/// A plan for decisions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecidePlan {
    /// The database it was made on.
    pub database: DatabaseIdentity,
    /// The registry.
    pub registry: Relation,
    /// Its columns.
    pub columns: DecisionColumns,
    /// The revision it was judged under.
    pub revision: Revision,
    /// What was asked for, and by whom.
    pub requests: Requests,
    /// Every decision, in the order of the keys.
    pub items: Vec<Item<DecisionOn>>,
    /// What will run, in the order of the keys. Empty where anything is
    /// blocked: decisions that were made together stand or fall together.
    pub statements: Vec<DecideStatement>,
}

impl SavedPlan for DecidePlan {
    const OPERATION: &'static str = "decide";
    const FORMAT: u32 = 1;
    type Statement = DecideStatement;

    fn statements(&self) -> &[DecideStatement] {
        &self.statements
    }

    fn database_mut(&mut self) -> &mut DatabaseIdentity {
        &mut self.database
    }

    fn forget_asides(&mut self) {
        for item in &mut self.items {
            item.object.left.clear();
        }
    }
}

impl DecidePlan {
    /// The decisions of a kind.
    pub fn decided(&self, decision: Decision) -> impl Iterator<Item = &Item<DecisionOn>> {
        self.items.iter().filter(move |i| i.decision == decision)
    }

    /// How many decisions are of a kind.
    #[must_use]
    pub fn count(&self, decision: Decision) -> usize {
        self.decided(decision).count()
    }

    /// The decisions that the statements write, in their order.
    pub fn written(&self) -> impl Iterator<Item = &DecisionOn> {
        let runs = !self.statements.is_empty();
        let written = self.decided(Decision::Absent).filter(move |_| runs);
        written.map(|item| &item.object)
    }

    /// What differs between this plan and one made now, for people. Empty means
    /// that they are the same plan.
    #[must_use]
    pub fn drift(&self, now: &Self) -> Vec<String> {
        let mut out = Vec::new();
        out.extend(registry_drift(&self.registry, &now.registry));
        out.extend(revision_drift(&self.revision, &now.revision));
        if self.columns != now.columns {
            out.push("the registry's columns, or the role's rights on them, changed".to_owned());
        }
        if self.requests != now.requests {
            out.push("other decisions are asked for".to_owned());
        }
        let (was, is) = (self.by_collection(), now.by_collection());
        out.extend(
            changed(&was, &is).map(|key| match (was.get(key), is.get(key)) {
                (Some(was), Some(is)) if was.0 != is.0 => {
                    format!("collection {key:?}: what is stored about it changed")
                }
                (Some((_, was, _)), Some((_, is, _))) if was != is => format!(
                    "collection {key:?}: {} is now {}",
                    decision_word(*was),
                    decision_word(*is)
                ),
                _ => format!("collection {key:?}: the reasons changed"),
            }),
        );
        if out.is_empty() && self.statements != now.statements {
            out.push("what would run changed".to_owned());
        }
        out
    }

    fn by_collection(&self) -> BTreeMap<String, (Option<&StoredDecision>, Decision, &[Reason])> {
        let item = |i: &'_ Item<DecisionOn>| i.object.collection.clone();
        self.items
            .iter()
            .map(|i| {
                (
                    item(i),
                    (i.object.before.as_ref(), i.decision, i.reasons.as_slice()),
                )
            })
            .collect()
    }
}
