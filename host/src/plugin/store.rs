//! Components on this machine that a policy set names by where they are in a
//! registry. A file's name is the SHA-256 of its bytes, and what is read is
//! hashed again: who can write here can make a plugin missing, not another.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use birth_core::digest::Digest;
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use thiserror::Error;

use crate::files::write_readable;

/// A directory of components and of the manifests that named them.
#[derive(Debug, Clone)]
pub struct ComponentStore(PathBuf);

/// Why the store cannot be used.
#[derive(Debug, Error)]
pub enum ComponentStoreError {
    /// A file is not what its name says.
    #[error("{} in the plugin store has the sha256 {found}: it is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What it hashes to.
        found: Digest,
    },
    /// A file is not what a store holds.
    #[error("{} in the plugin store is no file of at most {limit} bytes", path.display())]
    NotAFile {
        /// The file.
        path: PathBuf,
        /// Bytes that it may have.
        limit: u64,
    },
    /// It cannot be read.
    #[error("{} in the plugin store cannot be read: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// It cannot be written.
    #[error("{} in the plugin store cannot be written: {reason}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
}

impl ComponentStoreError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Damaged { .. } => "PLUGIN_STORE_DAMAGED",
            Self::NotAFile { .. } => "PLUGIN_STORE_NOT_A_FILE",
            Self::Unreadable { .. } => "PLUGIN_STORE_NOT_READABLE",
            Self::Unwritable { .. } => "PLUGIN_STORE_NOT_WRITTEN",
        }
    }
}

impl ComponentStore {
    /// The store in a directory, which need not be there yet.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Its directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The bytes with this hash; none where they are not there.
    ///
    /// # Errors
    /// What is there under this name is something else, or cannot be read.
    pub fn get(&self, digest: &Digest, limit: u64) -> Result<Option<Vec<u8>>, ComponentStoreError> {
        let name = digest.to_string();
        let path = self.0.join(&name);
        let bytes = match self.read(&name, limit) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Err(ComponentStoreError::NotAFile { path, limit }),
            Err(reason) if reason.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(reason) => return Err(ComponentStoreError::Unreadable { path, reason }),
        };
        let found = Digest::of(&bytes);
        if found != *digest {
            return Err(ComponentStoreError::Damaged { path, found });
        }
        Ok(Some(bytes))
    }

    /// Keeps bytes under their hash, in place of whatever had that name.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn put(&self, bytes: &[u8]) -> Result<Digest, ComponentStoreError> {
        let digest = Digest::of(bytes);
        let name = digest.to_string();
        self.write(&name, bytes)
            .map_err(|reason| ComponentStoreError::Unwritable {
                path: self.0.join(&name),
                reason,
            })?;
        Ok(digest)
    }

    /// None for what is not a file, or too large: opening it may never end.
    fn read(&self, name: &str, limit: u64) -> io::Result<Option<Vec<u8>>> {
        let dir = Dir::open_ambient_dir(&self.0, ambient_authority())?;
        let found = dir.metadata(name)?;
        if !found.is_file() || found.len() > limit {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        dir.open(name)?.take(limit).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    /// Whole or not at all: several may fetch the same, and nobody reads half of it.
    /// Components are no secret, so the rights are the usual.
    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        std::fs::create_dir_all(&self.0)?;
        let dir = Dir::open_ambient_dir(&self.0, ambient_authority())?;
        write_readable(&dir, name, bytes)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests state what they expect")]
    use super::*;

    #[test]
    fn what_is_kept_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let store = ComponentStore::new(folder.path().join("a/b"));
        let digest = Digest::of(b"component");
        assert_eq!(store.get(&digest, 100).unwrap(), None);
        assert_eq!(store.put(b"component").unwrap(), digest);
        assert_eq!(store.put(b"component").unwrap(), digest);
        let found = store.get(&digest, 9).unwrap();
        assert_eq!(found.as_deref(), Some(&b"component"[..]));
        let names = std::fs::read_dir(store.path()).unwrap();
        let names: Vec<_> = names.map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names, [digest.to_string().as_str()]);
    }

    #[test]
    fn what_is_there_instead_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let store = ComponentStore::new(folder.path().to_owned());
        let digest = store.put(b"component").unwrap();
        let path = folder.path().join(digest.to_string());
        let code = |limit| store.get(&digest, limit).unwrap_err().code();
        assert_eq!(code(8), "PLUGIN_STORE_NOT_A_FILE");
        std::fs::write(&path, b"another").unwrap();
        assert_eq!(code(100), "PLUGIN_STORE_DAMAGED");
        store.put(b"component").unwrap();
        assert!(store.get(&digest, 100).unwrap().is_some());
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert_eq!(code(100), "PLUGIN_STORE_NOT_A_FILE");
        let error = store.put(b"component").unwrap_err();
        assert_eq!(error.code(), "PLUGIN_STORE_NOT_WRITTEN");
        // The failed write leaves nothing.
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
