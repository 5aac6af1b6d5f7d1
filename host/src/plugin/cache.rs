//! Compiled plugins on this machine. Loading machine code is running it, so an
//! entry is used only from a directory that nobody else can write to, under a
//! key that names the plugin, the engine and the host, and only if its bytes
//! are those that were written. A cache that cannot be used costs time and
//! never fails a run.

use std::hash::{Hash, Hasher};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use birth_core::digest::{Digest, DigestBuilder};
use cap_std::fs::{Dir, Metadata, MetadataExt as _, OpenOptions, OpenOptionsExt as _};
use rustix::fs::{Mode, OFlags};
use wasmtime::component::Component;

use super::engine::PluginEngine;

/// Directory below the one that was given.
const DIRECTORY: &str = "plugins";
/// Bytes of the seal before the compiled code.
const SEAL: usize = 64;
/// Compiled code beyond this is not ours.
const LARGEST: u64 = 256 << 20;

/// A private directory of compiled plugins.
#[derive(Debug)]
pub struct Cache(Dir);

impl Cache {
    /// Opens `plugins` below a directory, making both where they are absent.
    /// Gives `None`, with a warning in the log, for a directory that others
    /// could have put something into.
    #[must_use]
    pub fn open(below: &Path) -> Option<Self> {
        open_private(below)
            .map(Self)
            .inspect_err(|reason| {
                tracing::warn!(
                    directory = %below.join(DIRECTORY).display(),
                    %reason,
                    "compiled plugins are not cached"
                );
            })
            .ok()
    }

    /// The compiled plugin with this digest, if there is a sound entry.
    pub(super) fn get(&self, engine: &PluginEngine, wasm: &Digest) -> Option<Component> {
        let key = key(engine, wasm);
        let entry = match self.read(&key) {
            Ok(entry) => entry,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return None,
            Err(reason) => {
                tracing::warn!(entry = %name(&key), %reason, "a compiled plugin is not used");
                return None;
            }
        };
        deserialize(engine, &entry)
            .inspect_err(|reason| {
                tracing::warn!(entry = %name(&key), %reason, "a compiled plugin is not used");
            })
            .ok()
    }

    /// Keeps a compiled plugin.
    pub(super) fn put(&self, engine: &PluginEngine, wasm: &Digest, component: &Component) {
        let key = key(engine, wasm);
        let written = component
            .serialize()
            .map_err(|e| io::Error::other(format!("{e:#}")))
            .and_then(|code| self.write(&key, &code));
        if let Err(reason) = written {
            tracing::warn!(entry = %name(&key), %reason, "a compiled plugin is not kept");
        }
    }

    fn read(&self, key: &Digest) -> io::Result<Sealed> {
        let file = name(key);
        // Asked of the name first, because opening would follow a link.
        check_file(&self.0.symlink_metadata(&file)?)?;
        let file = self.0.open(&file)?;
        check_file(&file.metadata()?)?;
        let mut bytes = Vec::new();
        file.take(LARGEST).read_to_end(&mut bytes)?;
        Sealed::open(key, bytes)
    }

    /// Under a name of its own first, so that no reader sees half an entry.
    fn write(&self, key: &Digest, code: &[u8]) -> io::Result<()> {
        static WRITES: AtomicU32 = AtomicU32::new(0);
        let n = WRITES.fetch_add(1, Ordering::Relaxed);
        let temporary = format!("{}.{}.{n}.new", name(key), std::process::id());
        let written = self.write_new(&temporary, key, code);
        written
            .and_then(|()| self.0.rename(&temporary, &self.0, name(key)))
            .inspect_err(|_| {
                // Best effort: the name is never read.
                let _ = self.0.remove_file(&temporary);
            })
    }

    fn write_new(&self, file: &str, key: &Digest, code: &[u8]) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let mut file = self.0.open_with(file, &options)?;
        file.write_all(seal(key, code).to_string().as_bytes())?;
        file.write_all(code)
    }
}

/// An entry whose seal was found to be whole. Only [`Sealed::open`] makes one.
struct Sealed(Vec<u8>);

impl Sealed {
    /// The seal covers the key too, so that an entry does not pass under the
    /// name of another.
    fn open(key: &Digest, bytes: Vec<u8>) -> io::Result<Self> {
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, "its checksum does not match");
        let (found, code) = bytes.split_at_checked(SEAL).ok_or_else(damaged)?;
        if found != seal(key, code).to_string().as_bytes() {
            return Err(damaged());
        }
        Ok(Self(bytes))
    }

    fn code(&self) -> &[u8] {
        self.0.get(SEAL..).unwrap_or_default()
    }
}

#[expect(unsafe_code, reason = "compiled code can be had in no other way")]
fn deserialize(engine: &PluginEngine, entry: &Sealed) -> Result<Component, wasmtime::Error> {
    // SAFETY: `Component::deserialize` asks for bytes that
    // `Component::serialize` gave. These are such bytes: the file was opened
    // in a directory that belongs to this user and that no one else may
    // enter, is itself this user's and writable by no one else, and its seal
    // (SHA-256 over key and content, so neither a damaged file nor another
    // entry passes) was written by `Cache::write` alone, over the bytes of
    // `serialize`. The key names the engine's version and settings, and
    // wasmtime compares those again. Who can write here in spite of that has
    // this user's rights and gains nothing.
    unsafe { Component::deserialize(engine.inner(), entry.code()) }
}

fn name(key: &Digest) -> String {
    format!("{key}.compiled")
}

/// What compiled code depends on: the plugin, the engine with its exact version,
/// settings and target, and the host that wrote it.
fn key(engine: &PluginEngine, wasm: &Digest) -> Digest {
    let mut compatibility = Collected::default();
    engine
        .inner()
        .precompile_compatibility_hash()
        .hash(&mut compatibility);
    DigestBuilder::new("birth compiled plugin 1")
        .text(env!("CARGO_PKG_VERSION"))
        .text(&wasm.to_string())
        .bytes(&compatibility.0)
        .finish()
}

fn seal(key: &Digest, code: &[u8]) -> Digest {
    DigestBuilder::new("birth compiled plugin 1")
        .text(&key.to_string())
        .bytes(code)
        .finish()
}

/// Collects what a value would hash, so that SHA-256 can do the hashing: the
/// standard library's hashes are too short for a key.
#[derive(Default)]
struct Collected(Vec<u8>);

impl Hasher for Collected {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}

/// Opens the directory itself and not what a link points to, and asks the open
/// directory, not its name, whose it is.
fn open_private(below: &Path) -> io::Result<Dir> {
    let path = below.join(DIRECTORY);
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&path)?;
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
    let opened = rustix::fs::open(&path, flags, Mode::empty())?;
    let dir = Dir::from_std_file(opened.into());
    let found = dir.dir_metadata()?;
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(refused("it belongs to another user"));
    }
    if found.mode() & 0o077 != 0 {
        return Err(refused("others may enter it; chmod 700 it"));
    }
    Ok(dir)
}

fn check_file(found: &Metadata) -> io::Result<()> {
    if !found.is_file() {
        return Err(refused("it is not a plain file"));
    }
    if found.uid() != rustix::process::geteuid().as_raw() || found.mode() & 0o022 != 0 {
        return Err(refused("others may write to it"));
    }
    if found.len() > LARGEST {
        return Err(refused("it is too large"));
    }
    Ok(())
}

fn refused(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, reason)
}
