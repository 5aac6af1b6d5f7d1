//! The estate: every registered collection and what its key stands for in the
//! live schema. Shared by classification, triggers, gate and sweep.
//!
//! A collection's table is found by the registry's locator columns where it has
//! them, else by its key: a bare name in the searched schemas, or
//! `schema.table`. A key that fits two tables is ambiguous and one that fits
//! none is missing; both are facts, never a guess (design, section 8).

mod matching;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::catalog::relation::RelationKind;
use crate::ident::{Identifier, QualifiedName};
use crate::profile::Naming;

pub use matching::{Found, RegistryRow, names_to_look_for};

/// The columns of the registry that say what a collection is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EstateColumns {
    /// The collection's key.
    pub key: Identifier,
    /// Its governance role.
    pub role: Identifier,
    /// The schema of its table, where the registry has such a column.
    pub schema: Option<Identifier>,
    /// The name of its table, where the registry has such a column.
    pub table: Option<Identifier>,
}

/// A table that a collection's key stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectionTable {
    /// `pg_class.oid`.
    pub oid: u32,
    /// Its name.
    pub name: QualifiedName,
    /// What making and dropping a trigger on it takes; nothing where that was
    /// not asked.
    #[serde(flatten)]
    pub making: TriggerMaking,
}

/// What making and dropping a trigger on a table takes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TriggerMaking {
    /// The table's owner.
    pub owner: String,
    /// Partitions below it, at any depth: CREATE TRIGGER locks them too.
    pub partitions: u32,
    /// The first of it and its partitions that the role may not create a
    /// trigger on (TRIGGER on it, USAGE on its schema); none where it may on
    /// all.
    pub may_not_create: Option<String>,
    /// Whether the role may drop a trigger of it again: is or inherits from
    /// its owner.
    pub may_drop: bool,
}

/// A registered collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collection {
    /// The registry's key.
    pub key: String,
    /// Governance role as stored; may be NULL, empty or padded.
    pub role: Option<String>,
    /// What the key stands for.
    pub kind: RelationKind,
    /// The relation; none where there is no such, or more than one.
    pub table: Option<CollectionTable>,
    /// The relations that fit, where more than one does.
    pub candidates: Vec<QualifiedName>,
}

/// Every collection of a registry, in ascending byte order of the keys.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Estate {
    /// The collections.
    pub collections: Vec<Collection>,
    /// Rows of the registry whose key is NULL or empty: no collection.
    pub rows_without_key: u64,
    /// Keys that more than one row of the registry has, each once; they are
    /// not among the collections.
    pub duplicate_keys: Vec<String>,
}

/// The keys that a mapping names.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MappedKeys {
    /// The keys, each once; an empty one is no key.
    pub keys: BTreeSet<String>,
    /// Rows of the mapping.
    pub rows: u64,
    /// Rows among them without a key: NULL or empty.
    pub nulls: u64,
}

impl Estate {
    /// Tables with the names of their birth triggers, each table once; a table
    /// whose name does not fit is asked for the function alone.
    #[must_use]
    pub fn trigger_names(&self, naming: &Naming) -> BTreeMap<u32, String> {
        let tables = self.collections.iter().filter_map(|c| c.table.as_ref());
        tables
            .map(|table| {
                let name = naming.trigger_name(table.name.name.as_str());
                (table.oid, name.map(|n| n.to_string()).unwrap_or_default())
            })
            .collect()
    }

    /// The collection of a key.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<&Collection> {
        let at = self
            .collections
            .binary_search_by(|c| c.key.as_str().cmp(key))
            .ok()?;
        self.collections.get(at)
    }
}
