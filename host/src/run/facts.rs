//! Facts of a whole estate, from a live database or from a file: the same
//! batches that plugins are asked, one after the other, so that memory does not
//! grow with the number of collections. Writes nothing to a database.

mod file;
mod lines;
mod live;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use birth_core::digest::Digest;
use birth_core::op::DatabaseIdentity;
use birth_core::policy::Role;

use super::failure::Failure;
use super::replay::Question;

pub use file::{FORMAT, FactsFile, FactsWriter};
pub use live::LiveFacts;

/// What stands before the facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactsHead {
    /// The host that read them.
    pub host: String,
    /// Which database; its name is another under pseudonyms, and its numbers are 0.
    pub database: DatabaseIdentity,
    /// The server's version.
    pub server: String,
    /// The registry.
    pub registry: String,
    /// When: one moment for all of them.
    pub read_at: String,
    /// The roles whose facts follow.
    pub roles: BTreeSet<Role>,
    /// Whether names are others than in the database.
    pub pseudonyms: bool,
}

/// What stands after the facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactsEnd {
    /// Subjects of each role.
    pub subjects: BTreeMap<Role, u64>,
    /// Batches of all roles.
    pub batches: u64,
    /// Rows of the registry without a key: no collection.
    pub rows_without_key: u64,
    /// Keys that more than one row has: none of them is a collection.
    pub duplicate_keys: u64,
    /// Digest over everything before.
    pub digest: Digest,
}

/// Takes facts, in the order of the roles' names and of the collections.
pub trait Sink {
    /// Once, before the first batch.
    fn head(&mut self, head: &FactsHead, line: &[u8]) -> Result<(), Failure>;
    /// One batch, and the line that it is in a file.
    fn batch(&mut self, question: Question, line: &[u8]) -> Result<(), Failure>;
}

/// A secret for pseudonyms, from the operating system's generator.
///
/// # Errors
/// Where there is no such generator.
pub fn new_secret() -> Result<[u8; 32], Failure> {
    use std::io::Read as _;
    let mut secret = [0; 32];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut secret))
        .map_err(|error| {
            Failure::new(
                birth_core::outcome::FailureClass::Filesystem,
                "NO_RANDOMNESS",
                format!("/dev/urandom cannot be read: {error}"),
            )
            .with_hint("pseudonyms need it; export without --pseudonyms, or mount it")
        })?;
    Ok(secret)
}
