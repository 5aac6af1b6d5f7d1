//! Durable files below a directory handle: shared by everything that writes.

use std::io::{self, Read as _, Write as _};
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::{
    Dir, DirBuilder, DirBuilderExt as _, File, OpenOptions, OpenOptionsExt as _, Permissions,
};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

/// Opens a directory, creating it and its parents. What is created is private:
/// plans and logs name tables and people.
pub(crate) fn open_or_create_dir(path: &Path) -> io::Result<Dir> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    Dir::open_ambient_dir(path, ambient_authority())
}

/// Opens the directory that a named file is in, and gives the file's name.
pub(crate) fn open_parent(path: &Path) -> io::Result<(Dir, &str)> {
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            "the path does not end in a file's name",
        )
    })?;
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    Ok((Dir::open_ambient_dir(folder, ambient_authority())?, name))
}

/// Keeps others who ask for the same lock out until the handle is dropped. A file
/// that is replaced cannot carry a lock, so its directory does.
///
/// None where the file system has no locks for directories (NFS).
pub(crate) fn lock_dir(dir: &Dir) -> io::Result<Option<File>> {
    let handle = dir.open(".")?;
    match flock(&handle, FlockOperation::LockExclusive) {
        Ok(()) => Ok(Some(handle)),
        Err(Errno::BADF | Errno::OPNOTSUPP | Errno::NOLCK | Errno::NOSYS) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Bytes of a file that a person wrote or named: more than any is meant to have.
pub(crate) const LARGEST_TEXT: u64 = 64 << 20;

/// Reads a text that a person named, which may also be a pipe.
pub(crate) fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let file = std::fs::File::open(path)?;
    let read = file.take(LARGEST_TEXT + 1).read_to_string(&mut text)?;
    if read as u64 > LARGEST_TEXT {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it has more than {LARGEST_TEXT} bytes"),
        ));
    }
    Ok(text)
}

/// Creates one private directory; fails where it exists.
pub(crate) fn create_dir(parent: &Dir, name: &str) -> io::Result<Dir> {
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    parent.create_dir_with(name, &builder)?;
    parent.open_dir(name)
}

/// Writes a whole file so that it is either absent or complete after a crash:
/// temporary name, fsync, rename, fsync of the directory.
pub(crate) fn write_atomically(dir: &Dir, name: &str, bytes: &[u8]) -> io::Result<()> {
    stream_atomically(dir, name, |file| file.write_all(bytes))
}

/// Whether a file that a person named can be replaced. Taking the place of a
/// device or of a link would destroy what others go by.
pub(crate) fn ensure_replaceable(dir: &Dir, name: &str) -> io::Result<()> {
    match dir.symlink_metadata(name) {
        Ok(there) if !there.is_file() => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is there and is no file that could be replaced",
        )),
        _ => Ok(()),
    }
}

/// As [`write_atomically`], for what others may read: with the rights that this
/// process gives to new files.
pub(crate) fn write_readable(dir: &Dir, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut pending = Pending::create_with(dir, name, 0o666)?;
    pending.file.write_all(bytes)?;
    pending.finish()
}

/// Replaces a file that a person named and others read too: it keeps the rights that
/// it had, and a new one gets the usual.
pub(crate) fn replace_shared(dir: &Dir, name: &str, bytes: &[u8]) -> io::Result<()> {
    ensure_replaceable(dir, name)?;
    let before = dir.metadata(name).map(|there| there.permissions());
    let usual = || Permissions::from_std(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let mut pending = Pending::create(dir, name)?;
    pending.file.write_all(bytes)?;
    dir.set_permissions(&pending.temporary, before.unwrap_or_else(|_| usual()))?;
    pending.finish()
}

/// As [`write_atomically`], for what is made while it is written.
pub(crate) fn stream_atomically<E: From<io::Error>>(
    dir: &Dir,
    name: &str,
    write: impl FnOnce(&mut std::fs::File) -> Result<(), E>,
) -> Result<(), E> {
    let mut pending = Pending::create(dir, name)?;
    write(&mut pending.file)?;
    Ok(pending.finish()?)
}

/// A file under a temporary name: it gets its own once it is complete, and is
/// gone where that never happens.
#[derive(Debug)]
pub(crate) struct Pending<'a> {
    dir: &'a Dir,
    name: &'a str,
    temporary: String,
    pub(crate) file: std::fs::File,
    is_done: bool,
}

impl<'a> Pending<'a> {
    pub(crate) fn create(dir: &'a Dir, name: &'a str) -> io::Result<Self> {
        Self::create_with(dir, name, PRIVATE)
    }

    fn create_with(dir: &'a Dir, name: &'a str, mode: u32) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let (temporary, file) = create_temporary(dir, options.write(true).mode(mode))?;
        Ok(Self {
            dir,
            name,
            temporary,
            file: file.into_std(),
            is_done: false,
        })
    }

    /// Waits until all of it is on the disk, and gives it its name.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.file.sync_all()?;
        self.dir.rename(&self.temporary, self.dir, self.name)?;
        self.is_done = true;
        sync_dir(self.dir)
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if !self.is_done {
            // The error that matters is another one; a leftover is only litter.
            let _ = self.dir.remove_file(&self.temporary);
        }
    }
}

/// Creates a private file that has no name any more, to be written and read
/// through its handle alone: it goes with the process, however that ends.
pub(crate) fn create_unnamed(dir: &Dir) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(PRIVATE);
    let (name, file) = create_temporary(dir, &mut options)?;
    dir.remove_file(&name)?;
    Ok(file)
}

/// Rights of a file that is this user's alone.
const PRIVATE: u32 = 0o600;

/// Creates a file under a name that nobody else has: of two that write the
/// same file at once, each writes its own, and the last whole one stays.
fn create_temporary(dir: &Dir, options: &mut OpenOptions) -> io::Result<(String, File)> {
    const TRIES: u32 = 1000;
    options.create_new(true);
    let process = std::process::id();
    for number in 0..TRIES {
        let name = format!(".birth-{process}-{number}.tmp");
        match dir.open_with(&name, options) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
            Ok(file) => return Ok((name, file)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// Makes names in a directory durable.
pub(crate) fn sync_dir(dir: &Dir) -> io::Result<()> {
    // The handle itself may be path-only, which cannot be synced.
    dir.open(".")?.sync_all()
}
