//! The estate: every registered collection and what its key stands for in the
//! live schema. Shared by classification, triggers, gate and sweep.
//!
//! A collection's table is found by the registry's locator columns where it has
//! them, else by its key: a bare name in the searched schemas, or
//! `schema.table`. A key that fits two tables is ambiguous and one that fits
//! none is missing; both are facts, never a guess (design, section 8).

use serde::{Deserialize, Serialize};

use crate::catalog::relation::RelationKind;
use crate::ident::QualifiedName;

/// A table that a collection's key stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectionTable {
    /// `pg_class.oid`.
    pub oid: u32,
    /// Its name.
    pub name: QualifiedName,
    /// Its owner.
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

impl Estate {
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
