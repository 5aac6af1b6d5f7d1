//! What people have to decide (B3-B to B3-E): a report made of facts and of what
//! the policy proposes. It is read and never acted on.

mod report;
mod trigger;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::catalog::relation::RelationKind;
use crate::catalog::trigger::TriggerEnabled;
use crate::coverage::CoverageSnapshot;
use crate::ident::QualifiedName;
use crate::policy::coverage::{CoverageStatus, ScopeStatus};
use crate::policy::verdict::{Answer, Reason};

pub use trigger::fires;

/// Everything the report is made of.
#[derive(Debug)]
pub struct DecisionsFacts {
    /// The collections, with what is decided about them.
    pub snapshot: CoverageSnapshot,
    /// What the classification role proposes, in the order of the collections.
    pub proposed: Vec<Answer>,
    /// What the coverage role says, in the order of the collections.
    pub covered: Vec<Answer>,
    /// Tables of keys that are registered twice, by `pg_class.oid`.
    pub registered_twice: BTreeSet<u32>,
    /// The tables of the governance families, by `pg_class.oid`.
    pub governance: BTreeSet<u32>,
    /// Every physical table of the searched schemas, by name.
    pub tables: Vec<PhysicalTable>,
    /// Triggers of the collections' tables that are not the host's.
    pub triggers: Vec<UserTrigger>,
    /// The references of births' owners; none where the registry has no column
    /// for one.
    pub owners: Option<OwnerColumn>,
}

/// A table that holds rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhysicalTable {
    /// `pg_class.oid`.
    pub oid: u32,
    /// Its name.
    pub name: QualifiedName,
    /// What it is.
    pub kind: RelationKind,
    /// The extension that it is a part of.
    pub extension: Option<String>,
}

/// A trigger that somebody put on a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserTrigger {
    /// `pg_class.oid` of its table.
    pub table_oid: u32,
    /// Its name.
    pub name: String,
    /// `pg_trigger.tgtype`.
    pub r#type: u8,
    /// When it fires.
    pub enabled: TriggerEnabled,
    /// `schema.name(argument types)` of its function.
    pub function: String,
    /// A constraint trigger.
    pub constraint: bool,
    /// Has a WHEN condition.
    pub when: bool,
    /// The columns of `UPDATE OF`.
    pub columns: Vec<String>,
}

/// The registry's column for the owner of births.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerColumn {
    /// Its name.
    pub column: String,
    /// What it says of each key.
    pub values: BTreeMap<String, Option<String>>,
}

/// What people have to decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DecisionsReport {
    /// Whether the registry has the policy columns.
    pub storage_ready: bool,
    /// B3-B: every collection, those first whose proposal differs from what is
    /// stored.
    pub scopes: Vec<ScopeProposal>,
    /// B3-C: rows of the registry that are no collection, or whose collection is
    /// no table.
    pub orphans: Orphans,
    /// B3-C: tables that no collection stands for.
    pub unregistered: Vec<UnregisteredTable>,
    /// B3-D: triggers on tables of collections.
    pub hooks: Vec<Hook>,
    /// B3-E: references of births' owners.
    pub owners: OwnerReferences,
}

/// The scope that the policy proposes for a collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScopeProposal {
    /// The registry's key.
    pub collection: String,
    /// Whether what is stored is something else.
    pub differs: bool,
    /// What the policy proposes.
    pub proposed: ScopeStatus,
    /// What is stored, word for word.
    pub stored: Option<String>,
    /// Why it is proposed.
    pub reasons: Vec<Reason>,
}

/// Rows of the registry that stand for nothing that could be covered.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Orphans {
    /// Keys that stand for no relation, for several, or for one that is no
    /// table.
    pub collections: Vec<OrphanCollection>,
    /// Keys that several rows have.
    pub registered_twice: Vec<String>,
    /// How many rows have no key.
    pub rows_without_key: u64,
}

/// A key that stands for no physical table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrphanCollection {
    /// The registry's key.
    pub collection: String,
    /// What it stands for.
    pub kind: RelationKind,
    /// The relations that it fits: none, one that is no table, or several.
    pub relations: Vec<String>,
}

/// A table that no collection stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnregisteredTable {
    /// `schema.name`.
    pub table: String,
    /// What it is.
    pub kind: RelationKind,
    /// The extension that it is a part of: nobody of the deployment's decides
    /// over it.
    pub extension: Option<String>,
}

/// A trigger on a collection's table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hook {
    /// The registry's key.
    pub collection: String,
    /// `schema.name` of its table.
    pub table: String,
    /// The trigger's name.
    pub trigger: String,
    /// When it fires, as `CREATE TRIGGER` says it.
    pub fires: String,
    /// The function.
    pub function: String,
    /// In which mode it fires.
    pub enabled: TriggerEnabled,
}

/// Who owns births.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OwnerReferences {
    /// The registry's column; none where it has none.
    pub column: Option<String>,
    /// Governed collections that need births and name no owner.
    pub missing: Vec<OwnerMissing>,
}

/// A collection that needs births and names no owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OwnerMissing {
    /// The registry's key.
    pub collection: String,
    /// The status that is stored; none where only the policy proposes that it
    /// needs births.
    pub stored: Option<CoverageStatus>,
}
