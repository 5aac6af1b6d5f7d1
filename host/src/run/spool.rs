//! Where gaps wait until they are reported: on disk, so that memory does not
//! grow with their number.
//!
//! The gaps of all databases of a fleet share one temporary file without a name.
//! Each spool remembers which pieces of it are its own, so that sweeps that run
//! at the same time need one file descriptor among them.

use std::cell::Cell;
use std::fmt;
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, FileExt as _};

use birth_core::coverage::Gap;
use birth_core::outcome::FailureClass;

use super::failure::Failure;
use crate::files::create_unnamed;

/// Size from which a spool writes what it holds: large enough that pieces are
/// few, small enough to be held for every sweep that runs at the same time.
const PIECE: usize = 64 * 1024;

/// The gaps of one database, in the order in which they were put in.
#[derive(Debug)]
pub struct Spool {
    shared: Rc<Shared>,
    /// Pieces of the file, in order.
    pieces: Vec<Piece>,
    /// What is not in the file yet.
    held: Vec<u8>,
}

/// The file and how much of it is taken.
#[derive(Debug)]
struct Shared {
    file: File,
    directory: PathBuf,
    end: Cell<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Piece {
    start: u64,
    length: usize,
}

impl Spool {
    /// A spool in a temporary file of its own in `directory`. The file has no
    /// name: it goes with the process, however that ends.
    pub fn create(directory: PathBuf) -> Result<Self, Failure> {
        let file = Dir::open_ambient_dir(&directory, ambient_authority())
            .and_then(|dir| create_unnamed(&dir))
            .map_err(|error| unusable(&directory, "made", &error))?;
        let shared = Rc::new(Shared {
            file,
            directory,
            end: Cell::new(0),
        });
        Ok(Self::of(shared))
    }

    /// Another spool in the same file.
    #[must_use]
    pub fn beside(&self) -> Self {
        Self::of(Rc::clone(&self.shared))
    }

    fn of(shared: Rc<Shared>) -> Self {
        Self {
            shared,
            pieces: Vec::new(),
            held: Vec::new(),
        }
    }

    /// Puts a gap in.
    pub fn push(&mut self, gap: &Gap) -> Result<(), Failure> {
        serde_json::to_writer(&mut self.held, gap).map_err(|e| Failure::encoding(&e))?;
        self.held.push(b'\n');
        if self.held.len() >= PIECE {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes what is held, and gives its memory back.
    pub fn flush(&mut self) -> Result<(), Failure> {
        let held = std::mem::take(&mut self.held);
        if held.is_empty() {
            return Ok(());
        }
        let start = self.shared.end.get();
        self.shared
            .file
            .write_all_at(&held, start)
            .map_err(|error| unusable(&self.shared.directory, "written", &error))?;
        self.shared.end.set(start + held.len() as u64);
        self.pieces.push(Piece {
            start,
            length: held.len(),
        });
        Ok(())
    }

    /// The gaps from the first to the last, as often as they are needed.
    pub fn gaps(&self) -> impl Iterator<Item = Result<Gap, Failure>> + use<'_> {
        let mut lines = BufReader::with_capacity(PIECE, Pieces::of(self)).chain(&*self.held);
        let mut line = Vec::new();
        std::iter::from_fn(move || {
            line.clear();
            match lines.read_until(b'\n', &mut line) {
                Ok(0) => None,
                Ok(_) => Some(serde_json::from_slice(&line).map_err(|e| Failure::encoding(&e))),
                Err(error) => Some(Err(unusable(&self.shared.directory, "read", &error))),
            }
        })
    }
}

/// The pieces of a spool as one stream.
struct Pieces<'a> {
    file: &'a File,
    rest: std::slice::Iter<'a, Piece>,
    now: Piece,
}

impl<'a> Pieces<'a> {
    fn of(spool: &'a Spool) -> Self {
        Self {
            file: &spool.shared.file,
            rest: spool.pieces.iter(),
            now: Piece {
                start: 0,
                length: 0,
            },
        }
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.now.length == 0 {
            match self.rest.next() {
                Some(piece) => self.now = *piece,
                None => return Ok(0),
            }
        }
        let wanted = buffer.len().min(self.now.length);
        let Some(part) = buffer.get_mut(..wanted) else {
            return Ok(0);
        };
        let read = self.file.read_at(part, self.now.start)?;
        if read == 0 && wanted > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.now.start += read as u64;
        self.now.length -= read;
        Ok(read)
    }
}

fn unusable(directory: &Path, what: &str, error: &impl fmt::Display) -> Failure {
    Failure::new(
        FailureClass::Filesystem,
        "SPOOL_NOT_USABLE",
        format!(
            "the temporary file for gaps could not be {what} in {}: {error}",
            directory.display()
        ),
    )
    .with_hint("name a directory with room in TMPDIR")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests state what they expect")]
    use super::*;
    use birth_core::coverage::{Finding, Standing};

    fn gap(n: usize) -> Gap {
        Gap {
            standing: Standing::New,
            issue: None,
            finding: Finding {
                estate: false,
                collection: format!("collection\n{n}"),
                role: Some("governed".into()),
                table: None,
                code: "TABLE_MISSING".into(),
                message: "there is no table\u{202e}".into(),
                notes: vec![],
            },
        }
    }

    #[test]
    fn gives_back_what_was_put_in_as_often_as_asked() {
        let dir = tempfile::tempdir().unwrap();
        let mut one = Spool::create(dir.path().to_owned()).unwrap();
        let mut other = one.beside();
        // Both cross several pieces, which lie between each other.
        for n in 0..5000 {
            one.push(&gap(n)).unwrap();
            if n % 2 == 0 {
                other.push(&gap(n)).unwrap();
            }
        }
        other.flush().unwrap();
        assert!(one.pieces.len() > 2 && other.pieces.len() > 2);
        for _ in 0..2 {
            let mut count = 0;
            for (n, found) in one.gaps().enumerate() {
                assert_eq!(found.unwrap(), gap(n));
                count += 1;
            }
            assert_eq!(count, 5000);
            assert_eq!(other.gaps().count(), 2500);
        }
        assert_eq!(one.beside().gaps().count(), 0);
        let names: Vec<_> = std::fs::read_dir(dir.path()).unwrap().collect();
        assert!(names.is_empty(), "the file has a name: {names:?}");
    }

    #[test]
    fn a_directory_that_cannot_be_used_is_named() {
        let failure = Spool::create("/nowhere/at/all".into()).unwrap_err();
        assert_eq!(failure.code, "SPOOL_NOT_USABLE");
        assert!(failure.message.contains("/nowhere/at/all"), "{failure}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_a_failure_that_names_the_directory() {
        let full = std::fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/full")
            .unwrap();
        let mut spool = Spool::of(Rc::new(Shared {
            file: File::from_std(full),
            directory: "/some/where".into(),
            end: Cell::new(0),
        }));
        let mut pushed = (0..10_000).map(|n| spool.push(&gap(n)));
        let failure = pushed.find_map(Result::err).unwrap();
        assert_eq!(failure.class, FailureClass::Filesystem);
        assert!(failure.message.contains("written in /some/where"));
        assert!(failure.hint.unwrap().contains("TMPDIR"));
    }
}
