//! `rollback-keys.json`: the exact identities a run created, and what it takes
//! to find out whether its transaction was committed.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use birth_core::digest::{Digest, DigestBuilder};
use birth_core::op::DatabaseIdentity;

/// The format version this host writes and reads.
pub const KEYS_FORMAT: u32 = 1;

/// A file of the run directory whose content is a value of the program: the
/// version stands before it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Versioned<T> {
    /// Format of the file.
    pub format: u32,
    /// The value.
    pub content: T,
}

/// Rollback keys of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys<K> {
    /// Format of the file.
    pub format: u32,
    /// Which operation wrote them.
    pub operation: String,
    /// The run.
    pub run: String,
    /// The database they are about.
    pub database: DatabaseIdentity,
    /// The transaction that created the objects.
    pub transaction: String,
    /// The identities.
    pub keys: K,
    /// Digest of all the above: a damaged file is never acted on.
    pub digest: Digest,
}

/// Why rollback keys cannot be used.
#[derive(Debug, Error)]
pub enum KeysError {
    /// Not JSON, or not of this form.
    #[error("the rollback keys are damaged: {0}")]
    Syntax(#[from] serde_json::Error),
    /// Written by a newer host.
    #[error(
        "the rollback keys have format {found}; this host reads up to {KEYS_FORMAT}: upgrade the host"
    )]
    Newer {
        /// The format that was found.
        found: u32,
    },
    /// Of another operation.
    #[error("the rollback keys are of the operation `{found}`, not `{expected}`")]
    Operation {
        /// What was found.
        found: String,
        /// What was expected.
        expected: &'static str,
    },
    /// Changed after they were written.
    #[error("the rollback keys are damaged: their content does not match their digest")]
    Damaged,
}

impl<K: Serialize + DeserializeOwned> Keys<K> {
    /// Seals keys with their digest.
    pub fn seal(
        operation: &str,
        run: &str,
        database: &DatabaseIdentity,
        transaction: &str,
        keys: K,
    ) -> Result<Self, serde_json::Error> {
        let mut sealed = Self {
            format: KEYS_FORMAT,
            operation: operation.to_owned(),
            run: run.to_owned(),
            database: database.clone(),
            transaction: transaction.to_owned(),
            keys,
            digest: Digest::of(b""),
        };
        sealed.digest = sealed.compute()?;
        Ok(sealed)
    }

    fn compute(&self) -> Result<Digest, serde_json::Error> {
        Ok(DigestBuilder::new("birth rollback keys 1")
            .text(&self.operation)
            .text(&self.run)
            .text(&serde_json::to_string(&self.database)?)
            .text(&self.transaction)
            .text(&serde_json::to_string(&self.keys)?)
            .finish())
    }

    /// Reads and checks the file form.
    pub fn parse(text: &str, expected: &'static str) -> Result<Self, KeysError> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
            operation: String,
        }
        let head: Head = serde_json::from_str(text)?;
        if head.format > KEYS_FORMAT {
            return Err(KeysError::Newer { found: head.format });
        }
        if head.operation != expected {
            return Err(KeysError::Operation {
                found: head.operation,
                expected,
            });
        }
        let keys: Self = serde_json::from_str(text)?;
        if keys.compute()? == keys.digest {
            Ok(keys)
        } else {
            Err(KeysError::Damaged)
        }
    }
}
