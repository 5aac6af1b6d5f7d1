//! What the trigger operation reads, and how it looks to the conflict role.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::catalog::function::TriggerFunction;
use crate::catalog::trigger::{AFTER_INSERT_ROW, LiveTrigger, PartitionTrigger};
use crate::digest::{Digest, DigestBuilder};
use crate::estate::{Collection, CollectionTable, Estate, MappedKeys};
use crate::facts::classification::Batches;
use crate::facts::conflict::{ConflictFacts, LiveTriggerFact, TriggerFact};
use crate::ident::Identifier;
use crate::issue::IssueConcepts;
use crate::op::Revision;
use crate::policy::artifact::Entry;
use crate::policy::coverage::{CoverageStatus, ScopeStatus};
use crate::profile::Naming;
use crate::record::RecordTable;
use crate::resolve::Relation;

/// What the approved artifact says, and which it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovedArtifact {
    /// The policy revision it was decided under.
    pub revision: Revision,
    /// Its content hash.
    pub content: Digest,
    /// Who approved it.
    pub by: String,
    /// When.
    pub at: String,
    /// The status of each collection.
    pub statuses: BTreeMap<String, CoverageStatus>,
}

impl ApprovedArtifact {
    /// Its entries, without what explains them.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let entry = |(key, status): (&String, &CoverageStatus)| Entry {
            key: key.clone(),
            role: None,
            table: None,
            status: *status,
            scope: ScopeStatus::InScope,
            verdict: None,
            reasons: vec![],
        };
        self.statuses.iter().map(entry).collect()
    }
}

/// Everything the trigger operation knows of the live database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TriggersFacts {
    /// The registry.
    pub registry: Relation,
    /// Where the function registers births. Without it every insert into a table
    /// with a birth trigger would fail.
    pub birth_registry: Relation,
    /// The function that birth triggers call.
    pub function: TriggerFunction,
    /// Every registered collection.
    pub estate: Estate,
    /// The shape of their tables, in the estate's order. Recorded with the
    /// verdicts on it, and not here a second time.
    #[serde(skip)]
    pub classification: Batches,
    /// Keys of the species map.
    pub mapped: MappedKeys,
    /// The approved list.
    pub approved: ApprovedArtifact,
    /// Triggers of the estate's tables that hold a birth trigger's name or call
    /// the function, by `pg_class.oid` of the table.
    pub triggers: BTreeMap<u32, Vec<LiveTrigger>>,
    /// Triggers of partitions that are in the way.
    pub partition_triggers: Vec<PartitionTrigger>,
    /// Triggers of the whole database that call the function, without clones.
    pub birth_triggers: u64,
    /// The table of the species queue.
    pub issues: RecordTable,
    /// What its columns are.
    pub issue_concepts: IssueConcepts,
    /// Collections that have open issues of the species queue, with their
    /// primary keys.
    pub open_issues: BTreeMap<String, Vec<Vec<String>>>,
    /// Unique indexes that would refuse a queued issue, and why.
    pub issue_collisions: Vec<String>,
}

impl TriggersFacts {
    /// Digest of each part by what it is called, so that a drift can say what
    /// changed. The shape of the tables is not among them: it enters a plan
    /// through the verdict on each collection, which is made again under the
    /// lock. A column that changes no verdict is no reason to stop.
    pub fn parts(&self) -> Result<BTreeMap<String, Digest>, serde_json::Error> {
        let parts = [
            (
                "the registry",
                serde_json::to_vec(&(&self.registry, &self.estate))?,
            ),
            (
                "the birth registry",
                serde_json::to_vec(&self.birth_registry)?,
            ),
            ("the function", serde_json::to_vec(&self.function)?),
            ("the species map", serde_json::to_vec(&self.mapped)?),
            ("the approved artifact", serde_json::to_vec(&self.approved)?),
            (
                "the live triggers",
                serde_json::to_vec(&(
                    &self.triggers,
                    &self.partition_triggers,
                    self.birth_triggers,
                ))?,
            ),
            (
                "the table of issues",
                serde_json::to_vec(&(
                    &self.issues,
                    &self.issue_concepts,
                    &self.open_issues,
                    &self.issue_collisions,
                ))?,
            ),
        ];
        let digest = |body: &Vec<u8>| {
            DigestBuilder::new("birth triggers facts 1")
                .bytes(body)
                .finish()
        };
        Ok(parts
            .iter()
            .map(|(name, body)| ((*name).to_owned(), digest(body)))
            .collect())
    }

    /// The live triggers of a table.
    #[must_use]
    pub fn triggers_of(&self, table_oid: u32) -> &[LiveTrigger] {
        self.triggers.get(&table_oid).map_or(&[], Vec::as_slice)
    }
}

/// A birth trigger that is proposed for a collection.
#[derive(Debug, Clone)]
pub struct Proposal<'a> {
    /// The collection.
    pub collection: &'a Collection,
    /// Its table.
    pub table: &'a CollectionTable,
    /// The trigger's name.
    pub name: Identifier,
}

/// The proposals for these collections: those that have a table and a name for its
/// trigger.
pub fn propose<'a>(
    collections: impl Iterator<Item = &'a Collection>,
    naming: &Naming,
) -> Vec<Proposal<'a>> {
    let proposal = |collection: &'a Collection| {
        let table = collection.table.as_ref()?;
        let name = naming.trigger_name(table.name.name.as_str()).ok()?;
        Some(Proposal {
            collection,
            table,
            name,
        })
    };
    // Locks are taken and triggers made in the order of the tables' names:
    // every run takes them in the same order.
    let mut proposals: Vec<Proposal<'_>> = collections.filter_map(proposal).collect();
    proposals.sort_by(|a, b| {
        (&a.table.name, &a.collection.key).cmp(&(&b.table.name, &b.collection.key))
    });
    proposals
}

/// The proposals as the conflict role sees them, in batches of
/// [`Batches::SIZE`]: with the function that the triggers would call, and the live
/// triggers by `pg_class.oid` of the table.
#[must_use]
pub fn conflict_batches(
    proposals: &[Proposal<'_>],
    function: &TriggerFunction,
    triggers: &BTreeMap<u32, Vec<LiveTrigger>>,
) -> Vec<ConflictFacts> {
    let signature = function.signature();
    proposals
        .chunks(Batches::SIZE)
        .map(|proposals| {
            let mut batch = ConflictFacts::default();
            for proposal in proposals {
                let name = &proposal.table.name;
                let kind = proposal.collection.kind;
                let relation = batch.add_relation(name.schema.as_str(), name.name.as_str(), kind);
                let live = triggers.get(&proposal.table.oid).into_iter().flatten();
                let live: Vec<LiveTriggerFact<'_>> = live
                    .map(|t| LiveTriggerFact::of(t, proposal.name.as_str(), function.oid))
                    .collect();
                let fact = TriggerFact {
                    relation,
                    name: proposal.name.as_str(),
                    function: &signature,
                    wanted_type: AFTER_INSERT_ROW,
                };
                batch.add_trigger(&fact, &live);
            }
            batch
        })
        .collect()
}
