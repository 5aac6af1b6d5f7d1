//! Facts to the report.

use crate::policy::coverage::NOT_GOVERNED;
use std::collections::{BTreeMap, BTreeSet};

use super::{
    DecisionsFacts, DecisionsReport, Hook, OrphanCollection, Orphans, OwnerMissing,
    OwnerReferences, ScopeProposal, UnregisteredTable, fires,
};
use crate::catalog::relation::RelationKind;
use crate::estate::Collection;
use crate::policy::coverage::{CoverageStatus, ScopeStatus};
use crate::policy::verdict::Answer;

impl DecisionsFacts {
    /// Puts together what people have to decide.
    #[must_use]
    pub fn report(&self) -> DecisionsReport {
        DecisionsReport {
            storage_ready: self.snapshot.storage_ready,
            scopes: self.scopes(),
            orphans: self.orphans(),
            unregistered: self.unregistered(),
            hooks: self.hooks(),
            owners: self.owner_references(),
        }
    }

    fn collections(&self) -> &[Collection] {
        &self.snapshot.estate.collections
    }

    /// Collections with what is proposed for them.
    fn proposed(&self) -> impl Iterator<Item = (&Collection, &Answer)> {
        self.collections().iter().zip(&self.proposed)
    }

    fn scopes(&self) -> Vec<ScopeProposal> {
        let proposal = |(collection, answer): (&Collection, &Answer)| {
            let proposed = ScopeStatus::from_number(answer.scope)?;
            let stored = self.snapshot.policy(&collection.key);
            let stored = stored.and_then(|policy| policy.scope.clone());
            Some(ScopeProposal {
                collection: collection.key.clone(),
                differs: stored.as_deref() != Some(proposed.word()),
                proposed,
                stored,
                reasons: answer.reasons.clone(),
            })
        };
        let mut scopes: Vec<ScopeProposal> = self.proposed().filter_map(proposal).collect();
        // Stable: by key within each.
        scopes.sort_by_key(|scope| !scope.differs);
        scopes
    }

    fn orphans(&self) -> Orphans {
        let estate = &self.snapshot.estate;
        // The rows of a partition are its own.
        let holds_rows =
            |c: &&Collection| c.kind.is_physical() || c.kind == RelationKind::Partition;
        let orphan = |collection: &Collection| {
            let one = collection.table.iter().map(|table| &table.name);
            let relations = one.chain(&collection.candidates);
            OrphanCollection {
                collection: collection.key.clone(),
                kind: collection.kind,
                relations: relations.map(ToString::to_string).collect(),
            }
        };
        let collections = estate.collections.iter();
        Orphans {
            collections: collections.filter(|c| !holds_rows(c)).map(orphan).collect(),
            registered_twice: estate.duplicate_keys.clone(),
            rows_without_key: estate.rows_without_key,
        }
    }

    /// A table that an ambiguous key may stand for is named with the key, and
    /// not once more here.
    fn unregistered(&self) -> Vec<UnregisteredTable> {
        let tables = self.collections().iter().filter_map(|c| c.table.as_ref());
        let registered: BTreeSet<u32> = tables.map(|table| table.oid).collect();
        let candidates: BTreeSet<_> = self
            .collections()
            .iter()
            .flat_map(|c| &c.candidates)
            .collect();
        self.tables
            .iter()
            .filter(|table| {
                !registered.contains(&table.oid)
                    && !self.registered_twice.contains(&table.oid)
                    && !self.governance.contains(&table.oid)
                    && !candidates.contains(&table.name)
            })
            .map(|table| UnregisteredTable {
                table: table.name.to_string(),
                kind: table.kind,
                extension: table.extension.clone(),
            })
            .collect()
    }

    fn hooks(&self) -> Vec<Hook> {
        let mut by_table: BTreeMap<u32, Vec<_>> = BTreeMap::new();
        for trigger in &self.triggers {
            by_table.entry(trigger.table_oid).or_default().push(trigger);
        }
        let with_table = |c: &'_ Collection| Some((c.key.clone(), c.table.clone()?));
        let tables = self.collections().iter().filter_map(with_table);
        tables
            .flat_map(|(collection, table)| {
                let triggers = by_table.get(&table.oid).map_or(&[][..], Vec::as_slice);
                triggers.iter().map(move |trigger| Hook {
                    collection: collection.clone(),
                    table: table.name.to_string(),
                    trigger: trigger.name.clone(),
                    fires: fires(trigger),
                    function: trigger.function.clone(),
                    enabled: trigger.enabled,
                })
            })
            .collect()
    }

    fn owner_references(&self) -> OwnerReferences {
        let Some(owners) = &self.owners else {
            return OwnerReferences {
                column: None,
                missing: vec![],
            };
        };
        let is_named = |key: &str| {
            let owner = owners.values.get(key).and_then(Option::as_deref);
            owner.is_some_and(|owner| !owner.trim().is_empty())
        };
        let missing = |((collection, proposed), covered): ((&Collection, &Answer), &Answer)| {
            if covered.status == NOT_GOVERNED || is_named(&collection.key) {
                return None;
            }
            let stored = self.snapshot.policy(&collection.key);
            let stored = stored.and_then(|policy| policy.status.as_deref());
            let stored = stored.and_then(CoverageStatus::from_word);
            let status = stored.or_else(|| CoverageStatus::from_number(proposed.status));
            (status == Some(CoverageStatus::Required)).then(|| OwnerMissing {
                collection: collection.key.clone(),
                stored,
            })
        };
        let judged = self.proposed().zip(&self.covered);
        OwnerReferences {
            column: Some(owners.column.clone()),
            missing: judged.filter_map(missing).collect(),
        }
    }
}
