//! Some collections as they are in the database at one moment: what the
//! coverage role is asked about.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::catalog::relation::RelationKind;
use crate::catalog::trigger::{BirthTriggers, LiveTrigger, PartitionTrigger};
use crate::estate::{Collection, Estate, Found, RegistryRow};
use crate::facts::conflict::LiveTriggerFact;
use crate::facts::conflict::WantedType;
use crate::facts::coverage::{CoverageFacts, CoveredFact, PolicyValues};
use crate::op::storage::COLUMNS;
use crate::profile::{CollectionRules, Naming};
use crate::resolve::Column;

/// A row of the registry with what the coverage conditions ask of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CoverageRow {
    /// Key, role and locators.
    pub registered: RegistryRow,
    /// The policy columns; empty where there are none.
    pub policy: PolicyValues,
    /// Rows of the species map that name the key.
    pub species_mappings: u32,
}

/// Collections with everything that the coverage conditions ask about them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverageSnapshot {
    /// Whether the registry has the policy columns.
    pub storage_ready: bool,
    /// When it was read, in seconds since 1970-01-01 UTC.
    pub now: i64,
    /// The collections.
    pub estate: Estate,
    decided: BTreeMap<String, (PolicyValues, u32)>,
    /// `pg_proc.oid` of the birth function; 0, which no function has, where
    /// there is none.
    function_oid: u32,
    triggers: BTreeMap<u32, Vec<LiveTrigger>>,
    on_partitions: Vec<PartitionTrigger>,
}

/// Whether the registry has the six policy columns in a form that can be read:
/// text of any kind, and a time for the time.
#[must_use]
pub fn storage_ready(columns: &[Column]) -> bool {
    COLUMNS.iter().all(|wanted| {
        let live = columns.iter().find(|c| c.name == wanted.name);
        live.is_some_and(|live| match wanted.wanted {
            WantedType::Text => matches!(live.category, 'S' | 'E'),
            WantedType::Timestamptz => live.r#type == "timestamp with time zone",
        })
    })
}

impl CoverageSnapshot {
    /// The collections of registry rows; their triggers are added once their
    /// tables are known.
    #[must_use]
    pub fn new(
        (storage_ready, now): (bool, i64),
        rows: Vec<CoverageRow>,
        relations: &[Found],
        rules: &CollectionRules,
    ) -> Self {
        let mut decided = BTreeMap::new();
        let mut registered = Vec::with_capacity(rows.len());
        for row in rows {
            if let Some(key) = &row.registered.key {
                decided.insert(key.clone(), (row.policy, row.species_mappings));
            }
            registered.push(row.registered);
        }
        Self {
            storage_ready,
            now,
            estate: Estate::new(registered, relations, rules),
            decided,
            function_oid: 0,
            triggers: BTreeMap::new(),
            on_partitions: vec![],
        }
    }

    /// Adds what there is of birth triggers.
    #[must_use]
    pub fn with_triggers(mut self, function_oid: u32, found: BirthTriggers) -> Self {
        self.function_oid = function_oid;
        for trigger in found.live {
            let of_table = self.triggers.entry(trigger.table_oid).or_default();
            of_table.push(trigger);
        }
        self.on_partitions = found.on_partitions;
        self
    }

    /// What is decided about a collection.
    #[must_use]
    pub fn policy(&self, key: &str) -> Option<&PolicyValues> {
        self.decided.get(key).map(|(policy, _)| policy)
    }

    /// The same collections, as if something else were decided about some.
    #[must_use]
    pub fn with_policies(
        mut self,
        policies: impl IntoIterator<Item = (String, PolicyValues)>,
    ) -> Self {
        for (key, policy) in policies {
            self.decided.entry(key).or_default().0 = policy;
        }
        self
    }

    /// The batches that a plugin is asked, of `size` collections at most, in
    /// the order of the estate.
    #[must_use]
    pub fn facts(&self, naming: &Naming, size: usize) -> Vec<CoverageFacts> {
        let none = (PolicyValues::default(), 0);
        let batches = self.estate.collections.chunks(size.max(1));
        batches
            .map(|collections| {
                let mut facts = CoverageFacts::new(self.storage_ready, self.now);
                for collection in collections {
                    let (policy, species_mappings) =
                        self.decided.get(&collection.key).unwrap_or(&none);
                    let table = collection.table.as_ref();
                    let fact = CoveredFact {
                        key: &collection.key,
                        role: collection.role.as_deref(),
                        table: table.map(|t| (t.name.schema.as_str(), t.name.name.as_str())),
                        kind: collection.kind,
                        policy,
                        species_mappings: *species_mappings,
                    };
                    facts.add(&fact, self.birth_triggers(collection, naming).into_iter());
                }
                facts
            })
            .collect()
    }

    /// The triggers of a collection's table that concern births. A partitioned
    /// table's are joined by those of its partitions that undo what they say:
    /// a clone that does not fire, and beside a trigger that registers births a
    /// second one that does so too. For a partition the boundary has no way to
    /// tell its own clone from one below it, so it has its own alone.
    fn birth_triggers<'a>(
        &'a self,
        collection: &Collection,
        naming: &Naming,
    ) -> Vec<LiveTriggerFact<'a>> {
        let Some(table) = &collection.table else {
            return vec![];
        };
        let own = self.triggers.get(&table.oid).map_or(&[][..], Vec::as_slice);
        let registers = own.iter().any(|t| t.registers_births(self.function_oid));
        let of_partitions = self
            .on_partitions
            .iter()
            .filter(|found| {
                found.table_oid == table.oid && collection.kind == RelationKind::PartitionedTable
            })
            .map(|found| &found.trigger)
            .filter(|trigger| {
                trigger.clone || (registers && trigger.registers_births(self.function_oid))
            });
        let name = naming.trigger_name(table.name.name.as_str());
        let name = name.as_ref().map_or("", |name| name.as_str());
        own.iter()
            .chain(of_partitions)
            .map(|trigger| LiveTriggerFact::of(trigger, name, self.function_oid))
            .collect()
    }
}
