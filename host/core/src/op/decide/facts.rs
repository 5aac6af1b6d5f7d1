//! What decisions go by, and how a decision looks to the coverage role.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::stored::{DecisionColumns, StoredDecision, WantedDecision};
use crate::catalog::relation::RelationKind;
use crate::catalog::trigger::{AFTER_INSERT_ROW, TriggerEnabled};
use crate::coverage::CoverageSnapshot;
use crate::estate::Collection;
use crate::facts::classification::Batches;
use crate::facts::conflict::{LiveTriggerFact, trigger_bits};
use crate::facts::coverage::{CoverageFacts, CoveredFact};
use crate::policy::coverage::CoverageStatus;
use crate::profile::Naming;
use crate::resolve::Relation;

/// The rows of the registry that have some keys: of each key its rows.
pub type DecidedRows = BTreeMap<String, Vec<StoredDecision>>;

/// Everything decisions go by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecideFacts {
    /// The registry.
    pub registry: Relation,
    /// Its columns.
    pub columns: DecisionColumns,
    /// What is stored about the collections that are decided.
    pub rows: DecidedRows,
    /// The collections with what the coverage conditions ask of them.
    pub snapshot: CoverageSnapshot,
}

/// A decision that the coverage role is asked about.
#[derive(Debug, Clone)]
pub struct Proposal<'a> {
    /// The collection.
    pub collection: &'a Collection,
    /// What would be stored.
    pub decision: WantedDecision,
}

/// The proposals as they would be with everything but the decision perfect: a
/// physical table, one species, and the right trigger exactly where births are
/// required. Whatever the policy finds then is about the decision itself.
#[must_use]
pub fn otherwise_perfect(
    proposals: &[Proposal<'_>],
    now: i64,
    naming: &Naming,
) -> Vec<CoverageFacts> {
    let batches = proposals.chunks(Batches::SIZE);
    batches
        .map(|proposals| {
            let mut facts = CoverageFacts::new(true, now);
            for Proposal {
                collection,
                decision,
            } in proposals
            {
                let key = collection.key.as_str();
                let live = collection.table.as_ref();
                let (schema, name) = live.map_or(("public", key), |t| {
                    (t.name.schema.as_str(), t.name.name.as_str())
                });
                let trigger = naming.trigger_name(name);
                let trigger = LiveTriggerFact {
                    name: trigger.as_ref().map_or(key, |name| name.as_str()),
                    function: &naming.trigger_function,
                    r#type: AFTER_INSERT_ROW,
                    bits: trigger_bits::HOLDS_NAME | trigger_bits::BOUND,
                    enabled: TriggerEnabled::Origin,
                };
                let required = decision.status == CoverageStatus::Required;
                let fact = CoveredFact {
                    key,
                    role: collection.role.as_deref(),
                    table: Some((schema, name)),
                    kind: RelationKind::Table,
                    policy: &decision.facts(now),
                    species_mappings: 1,
                };
                facts.add(&fact, required.then_some(trigger).into_iter());
            }
            facts
        })
        .collect()
}

/// The collections as they would be once the decisions are stored.
#[must_use]
pub fn once_decided(
    proposals: &[Proposal<'_>],
    snapshot: &CoverageSnapshot,
    naming: &Naming,
) -> Vec<CoverageFacts> {
    let decisions = proposals.iter().map(|proposal| {
        let policy = proposal.decision.facts(snapshot.now);
        (proposal.collection.key.clone(), policy)
    });
    let decided = snapshot.clone().with_policies(decisions);
    decided.facts(naming, Batches::SIZE)
}
