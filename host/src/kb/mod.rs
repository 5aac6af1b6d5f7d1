//! Stores: where reports, rollback keys and logs go when a run is over.
//!
//! A store is a directory today. Remote stores will come behind the same two
//! calls; nothing else in the host knows what a store is made of.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::files::{open_or_create_dir, write_atomically};

/// Something could not be stored or read.
#[derive(Debug, Error)]
#[error("{action} {path}: {source}")]
pub struct StoreError {
    action: &'static str,
    path: PathBuf,
    source: io::Error,
}

/// A directory that takes whole documents.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

impl Store {
    /// Names a store. Nothing is touched until something is put into it.
    #[must_use]
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Where it is.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Puts a document into a folder of the store, replacing one of the same
    /// name. Afterwards it is on the disk, whole.
    pub fn put(&self, folder: &str, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let path = self.root.join(folder);
        let fail = |action, source| StoreError {
            action,
            path: path.join(name),
            source,
        };
        let dir = open_or_create_dir(&path).map_err(|e| fail("cannot open the folder of", e))?;
        write_atomically(&dir, name, bytes).map_err(|e| fail("cannot write", e))
    }
}
