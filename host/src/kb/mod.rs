//! Stores: where reports, rollback keys and logs go when a run is over.
//!
//! And where the approved classification report comes from.
//!
//! A store is a directory today. Remote stores will come behind the same few
//! calls; nothing else in the host knows what a store is made of.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::Dir;
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

    /// Gets a document whole; `None` where the store, the folder or the
    /// document is not there.
    pub fn get(&self, folder: &str, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(dir) = self.existing(folder)? else {
            return Ok(None);
        };
        let read = |dir: &Dir| {
            let mut bytes = Vec::new();
            dir.open(name)?
                .take(DOCUMENT_BYTES + 1)
                .read_to_end(&mut bytes)?;
            if bytes.len() as u64 > DOCUMENT_BYTES {
                return Err(io::Error::new(
                    io::ErrorKind::FileTooLarge,
                    format!("larger than {DOCUMENT_BYTES} bytes"),
                ));
            }
            Ok(bytes)
        };
        match read(&dir) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(StoreError {
                action: "cannot read",
                path: self.path(folder, name),
                source,
            }),
        }
    }

    /// The names of the documents in a folder of the store, in ascending order;
    /// none where there is no such folder.
    pub fn list(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let Some(dir) = self.existing(folder)? else {
            return Ok(Vec::new());
        };
        let read = |dir: &Dir| -> io::Result<Vec<String>> {
            let mut names = Vec::new();
            for entry in dir.entries()? {
                let entry = entry?;
                // What begins with a dot was left by a write that never ended.
                let name = entry.file_name().into_string().ok();
                let name = name.filter(|name| !name.starts_with('.'));
                if let Some(name) = name
                    && entry.file_type()?.is_file()
                {
                    names.push(name);
                }
            }
            names.sort();
            Ok(names)
        };
        read(&dir).map_err(|source| StoreError {
            action: "cannot list",
            path: self.root.join(folder),
            source,
        })
    }

    /// Where a document is, for people.
    #[must_use]
    pub fn path(&self, folder: &str, name: &str) -> PathBuf {
        self.root.join(folder).join(name)
    }

    fn existing(&self, folder: &str) -> Result<Option<Dir>, StoreError> {
        let path = self.root.join(folder);
        match Dir::open_ambient_dir(&path, ambient_authority()) {
            Ok(dir) => Ok(Some(dir)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(StoreError {
                action: "cannot open the folder",
                path,
                source,
            }),
        }
    }
}

/// The largest document that is read: a report of 100,000 collections with eight
/// reasons each is a tenth of it. What is larger is something else.
const DOCUMENT_BYTES: u64 = 1 << 30;

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests state what they expect")]
    use super::*;

    #[test]
    fn what_was_put_is_got_and_listed() {
        let root = tempfile::tempdir().unwrap();
        let store = Store::new(root.path().join("store"));
        assert_eq!(store.get("reports", "a.md").unwrap(), None);
        assert!(store.list("reports").unwrap().is_empty());
        assert!(!store.root().exists(), "reading creates nothing");

        store.put("reports", "b.md", b"2").unwrap();
        store.put("reports", "a.md", b"0").unwrap();
        store.put("reports", "a.md", b"1").unwrap();
        let path = store.path("reports", "a.md");
        std::fs::create_dir(path.with_file_name("folder")).unwrap();
        std::fs::write(path.with_file_name(".c.md.tmp"), "").unwrap();
        assert_eq!(store.get("reports", "a.md").unwrap().unwrap(), b"1");
        assert_eq!(store.get("reports", "none.md").unwrap(), None);
        assert_eq!(store.list("reports").unwrap(), ["a.md", "b.md"]);
        let error = store.get("reports", "folder").unwrap_err();
        assert!(error.to_string().starts_with("cannot read "), "{error}");
        // A document's name is not a way out of its folder.
        std::fs::write(root.path().join("outside"), "x").unwrap();
        assert!(store.get("reports", "../../outside").is_err());
    }
}
