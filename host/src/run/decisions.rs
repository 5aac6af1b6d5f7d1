//! What people have to decide (B3-B to B3-E): read and reported, never written.

use std::collections::{BTreeMap, BTreeSet};

use birth_core::coverage::CoverageRow;
use birth_core::decisions::{DecisionsFacts, DecisionsReport, OwnerColumn};
use birth_core::estate::{Estate, RegistryRow};
use birth_core::ident::QualifiedName;
use birth_core::op::Revision;
use birth_core::policy::Role;

use super::coverage::{Coverage, CoverageNames, Judged};
use super::failure::Failure;
use super::stage::read_server;
use super::{Access, resolution};
use crate::pg::{ReadTransaction, Reader, Server};

/// The concept of the owner of a collection's births.
const OWNER_CONCEPT: &str = "collection_birth_owner";

/// More rows than a registry has: all of them come as one page.
const ALL: usize = i32::MAX as usize;

/// A report with what it is about.
#[derive(Debug)]
pub struct Decisions {
    /// The server.
    pub server: Server,
    /// The registry.
    pub registry: QualifiedName,
    /// The revision that proposes.
    pub revision: Revision,
    /// When it was read (RFC 3339).
    pub at: String,
    /// What there is to decide.
    pub report: DecisionsReport,
}

impl Coverage {
    /// Reads everything that people have to decide, in one transaction and with
    /// the same number of queries for any number of tables.
    pub async fn decisions(&self, access: &Access) -> Result<Decisions, Failure> {
        // A policy that cannot propose says so before anything is read.
        for role in [Role::Classification, Role::Coverage] {
            self.policy.plugin(role)?;
        }
        let session = access.open().await?;
        let transaction = ReadTransaction::begin(session, access.timeouts).await?;
        let server = read_server(&transaction).await?;
        let reader = transaction.reader();
        let names = self.discover(reader).await?;
        let (now, at) = reader.now().await?;
        let facts = self.decisions_facts(reader, &names, now).await?;
        transaction.end().await?.close().await;
        Ok(Decisions {
            server,
            registry: names.source.registry,
            revision: self.policy.revision(),
            at,
            report: facts.report(),
        })
    }

    async fn decisions_facts(
        &self,
        reader: Reader<'_>,
        names: &CoverageNames,
        now: i64,
    ) -> Result<DecisionsFacts, Failure> {
        let rules = &self.profile.collections;
        let mut pages = reader.collection_pages(&names.source, None).await?;
        let rows = pages.next(ALL).await?;
        let twice = registered_twice(&rows);
        let Judged { snapshot, answers } = self.judge(reader, names, now, rows).await?;
        let shape = reader.classification_facts(&snapshot.estate).await?;
        let proposed = self.policy.judge_classification(&shape)?.answers;
        let twice = reader.estate_of(twice, rules).await?;
        let oids = |estate: &Estate| -> Vec<u32> {
            let tables = estate.collections.iter().filter_map(|c| c.table.as_ref());
            tables.map(|table| table.oid).collect()
        };
        let function = names.function.as_ref().map_or(0, |f| f.oid);
        let tables = oids(&snapshot.estate);
        let triggers = reader.user_triggers(&tables, function, &rules.gate_schema);
        Ok(DecisionsFacts {
            triggers: triggers.await?,
            registered_twice: oids(&twice).into_iter().collect(),
            governance: self.governance(reader, names).await?,
            tables: reader.physical_tables(rules).await?,
            owners: self.owners(reader, names).await?,
            covered: answers,
            proposed,
            snapshot,
        })
    }

    /// The tables that are the governance's own, as far as they are there.
    async fn governance(
        &self,
        reader: Reader<'_>,
        names: &CoverageNames,
    ) -> Result<BTreeSet<u32>, Failure> {
        let schema = self.schema.as_deref();
        let survey = resolution::survey(reader, &self.profile, schema).await?;
        let families = survey
            .families
            .iter()
            .filter_map(|f| f.result.as_ref().ok());
        let mut oids: BTreeSet<u32> = families.map(|family| family.relation.oid).collect();
        oids.insert(names.registry.registry.relation.oid);
        Ok(oids)
    }

    async fn owners(
        &self,
        reader: Reader<'_>,
        names: &CoverageNames,
    ) -> Result<Option<OwnerColumn>, Failure> {
        let registry = &names.registry.registry;
        let found =
            resolution::optional_concept(reader, &self.profile, OWNER_CONCEPT, registry).await?;
        let Some(concept) = found else {
            return Ok(None);
        };
        let named = resolution::column(&concept)?;
        let (table, key) = (&registry.relation.name, &names.source.columns.key);
        Ok(Some(OwnerColumn {
            values: reader.values_by_key(table, key, &named).await?,
            column: concept.column,
        }))
    }
}

/// The rows of keys that several rows have, each as a collection of its own, so
/// that their tables are found.
fn registered_twice(rows: &[CoverageRow]) -> Vec<RegistryRow> {
    let mut by_key: BTreeMap<&str, Vec<&RegistryRow>> = BTreeMap::new();
    for row in rows {
        if let Some(key) = row.registered.key.as_deref() {
            by_key.entry(key).or_default().push(&row.registered);
        }
    }
    let several = by_key.into_values().filter(|rows| rows.len() > 1).flatten();
    several
        .enumerate()
        .map(|(at, row)| {
            let named = row.table.clone().filter(|table| !table.is_empty());
            RegistryRow {
                table: named.or_else(|| row.key.clone()),
                key: Some(at.to_string()),
                ..row.clone()
            }
        })
        .collect()
}
