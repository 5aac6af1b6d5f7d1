//! Writing a run directory.

use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use cap_std::fs::{Dir, File, OpenOptions, OpenOptionsExt as _};
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use rustix::fs::{FlockOperation, flock};

use birth_core::digest::Digest;

use super::event::{Event, Stamped};
use super::{FORMAT, JournalError, NotKept, WhyNotKept, file};
use crate::files::{create_dir, open_or_create_dir, sync_dir, write_atomically};

/// A run directory that is being written. While it lives, its events file is
/// locked, so that nobody takes the run for a dead one.
#[derive(Debug)]
pub struct RunDir {
    id: String,
    path: PathBuf,
    dir: Dir,
    log: File,
    events: File,
}

impl RunDir {
    /// Makes the directory of a new run. The id is the spec's log name; a
    /// second run within the same second gets a suffix.
    pub fn create(root: &Path, stem: &str, now: Timestamp) -> Result<Self, JournalError> {
        let base = format!("{stem}-{}", now.strftime("%Y%m%dT%H%M%SZ"));
        let io = |source| JournalError::Io {
            action: "cannot create the run directory",
            path: root.join(&base),
            source,
        };
        let parent = open_or_create_dir(root).map_err(io)?;
        let mut id = base.clone();
        let mut attempt = 1;
        let dir = loop {
            match create_dir(&parent, &id) {
                Ok(dir) => break dir,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempt < 1000 => {
                    attempt += 1;
                    id = format!("{base}-{attempt}");
                }
                Err(error) => return Err(io(error)),
            }
        };
        sync_dir(&parent).map_err(io)?;
        Self::with_files(root.join(&id), dir, id)
    }

    /// Opens the directory of a run that a dead process left, to bring it to
    /// its end.
    pub fn reopen(root: &Path, id: &str) -> Result<Self, JournalError> {
        let (path, dir) = super::reader::open_dir(root, id)?;
        let run = Self::with_files(path, dir, id.to_owned())?;
        run.drop_cut_line()?;
        Ok(run)
    }

    /// A crash can cut the last line short. It counts as not written, and goes
    /// before another is written behind it.
    fn drop_cut_line(&self) -> Result<(), JournalError> {
        let cut = self.dir.read(file::EVENTS).and_then(|text| {
            let whole = text.iter().rposition(|byte| *byte == b'\n');
            let length = whole.map_or(0, |at| at as u64 + 1);
            if length == text.len() as u64 {
                return Ok(());
            }
            self.events.set_len(length)?;
            self.events.sync_data()
        });
        cut.map_err(|source| self.io("cannot mend", file::EVENTS, source))
    }

    fn with_files(path: PathBuf, dir: Dir, id: String) -> Result<Self, JournalError> {
        let mut options = OpenOptions::new();
        options.append(true).create(true).mode(0o600);
        let open = |name: &str| {
            dir.open_with(name, &options)
                .map_err(|source| JournalError::Io {
                    action: "cannot open",
                    path: path.join(name),
                    source,
                })
        };
        let events = open(file::EVENTS)?;
        flock(&events, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| JournalError::InUse { run: id.clone() })?;
        let log = open(&format!("{id}.log"))?;
        Ok(Self {
            id,
            path,
            dir,
            log,
            events,
        })
    }

    /// The run's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The run's directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of the human-readable log.
    #[must_use]
    pub fn log_path(&self) -> PathBuf {
        self.path.join(format!("{}.log", self.id))
    }

    /// The whole log so far.
    pub fn read_log(&self) -> Result<Vec<u8>, JournalError> {
        let name = format!("{}.log", self.id);
        self.dir
            .read(&name)
            .map_err(|source| self.io("cannot read", &name, source))
    }

    /// A whole file of the run; `None` where it was never written.
    pub fn read(&self, name: &str) -> Result<Option<String>, JournalError> {
        super::reader::read_file(&self.dir, &self.path, name)
    }

    /// Records an event and waits until it is on the disk.
    pub fn event(&mut self, event: Event) -> Result<(), JournalError> {
        let name = event.name();
        let stamped = Stamped {
            format: FORMAT,
            at: Timestamp::now().to_string(),
            event,
        };
        let written = serde_json::to_string(&stamped)
            .map_err(io::Error::from)
            .and_then(|line| self.append(&format!("{line}\n")));
        written.map_err(|source| self.io("cannot write", file::EVENTS, source))?;
        self.line(&format!("[{name}]"))?;
        pause_for_tests(name);
        Ok(())
    }

    /// Appends a line of events whole or not at all: a full disk must not leave
    /// half a line for the next one to be glued to.
    fn append(&mut self, line: &str) -> io::Result<()> {
        let length = self.events.metadata()?.len();
        let written = self
            .events
            .write_all(line.as_bytes())
            .and_then(|()| self.events.sync_data());
        if written.is_err() {
            // The error that matters is the one above.
            let _ = self.events.set_len(length);
        }
        written
    }

    /// Adds lines to the human-readable log.
    pub fn line(&mut self, text: &str) -> Result<(), JournalError> {
        let stamp = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let mut out = String::new();
        for line in text.lines() {
            out.push_str(&stamp);
            out.push(' ');
            out.push_str(line);
            out.push('\n');
        }
        let name = format!("{}.log", self.id);
        self.log
            .write_all(out.as_bytes())
            .map_err(|source| self.io("cannot write", &name, source))
    }

    /// Waits until the human-readable log is on the disk.
    pub fn sync_log(&self) -> Result<(), JournalError> {
        let name = format!("{}.log", self.id);
        self.log
            .sync_data()
            .map_err(|source| self.io("cannot write", &name, source))
    }

    /// Writes a whole file and waits until it is on the disk.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), JournalError> {
        write_atomically(&self.dir, name, bytes)
            .map_err(|source| self.io("cannot write", name, source))
    }

    /// Writes a value as compressed JSON and waits until it is on the disk; gives
    /// the SHA-256 of the file.
    ///
    /// # Errors
    /// [`JournalError::TooLarge`] for what could not be read back; nothing is
    /// written then.
    pub fn write_compressed(
        &self,
        name: &str,
        value: &impl serde::Serialize,
    ) -> Result<Digest, JournalError> {
        self.write_compressed_within(record_limit(), name, value)
    }

    fn write_compressed_within(
        &self,
        limit: u64,
        name: &str,
        value: &impl serde::Serialize,
    ) -> Result<Digest, JournalError> {
        let fail = |source| self.io("cannot write", name, source);
        let compressor = Limited {
            inner: GzEncoder::new(Vec::new(), Compression::fast()),
            left: limit,
            is_over: false,
        };
        // JSON is written in pieces of a few bytes; for each of them the
        // compressor has more to do than compressing.
        let mut buffer = BufWriter::with_capacity(64 * 1024, compressor);
        let written = serde_json::to_writer(&mut buffer, value)
            .map_err(io::Error::from)
            .and_then(|()| buffer.flush());
        if buffer.get_ref().is_over {
            let path = self.path.join(name);
            return Err(JournalError::TooLarge { path, limit });
        }
        written.map_err(fail)?;
        let compressor = buffer.into_inner().map_err(|e| fail(e.into_error()))?;
        let bytes = compressor.inner.finish().map_err(fail)?;
        self.write(name, &bytes)?;
        Ok(Digest::of(&bytes))
    }

    /// As [`write_compressed`](Self::write_compressed) for a file that a run can
    /// do without: what is too large is left out, and the run's record says so.
    /// None where it was.
    pub fn write_compressed_or_say_so(
        &mut self,
        name: &str,
        value: &impl serde::Serialize,
    ) -> Result<Option<Digest>, JournalError> {
        match self.write_compressed(name, value) {
            Err(JournalError::TooLarge { limit, .. }) => {
                let why = WhyNotKept::TooLarge { limit };
                self.line(&format!("{name} is not kept: {}", why.describe()))?;
                let not_kept = NotKept::new([(name.to_owned(), why)].into());
                let text = serde_json::to_vec_pretty(&not_kept)
                    .map_err(|error| self.io("cannot write", file::NOT_KEPT, error.into()))?;
                self.write(file::NOT_KEPT, &text)?;
                Ok(None)
            }
            written => written.map(Some),
        }
    }

    fn io(&self, action: &'static str, name: &str, source: io::Error) -> JournalError {
        JournalError::Io {
            action,
            path: self.path.join(name),
            source,
        }
    }
}

/// Bytes that a compressed file may come to: what is read back, and not more.
fn record_limit() -> u64 {
    // A door for tests, as below: no test can make a gigabyte.
    #[cfg(debug_assertions)]
    if let Some(limit) = std::env::var("BIRTH_TEST_RECORD_LIMIT")
        .ok()
        .and_then(|limit| limit.parse().ok())
    {
        return limit;
    }
    super::reader::UNCOMPRESSED_LIMIT - 1
}

/// Passes on so many bytes and no more.
struct Limited<W> {
    inner: W,
    left: u64,
    is_over: bool,
}

impl<W: io::Write> io::Write for Limited<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.left.checked_sub(bytes.len() as u64) {
            Some(left) => self.left = left,
            None => {
                self.is_over = true;
                return Err(io::ErrorKind::FileTooLarge.into());
            }
        }
        self.inner.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Lets the test-suite kill a process at an exact boundary: with
/// `BIRTH_TEST_PAUSE_AT=<event>` the process stops itself right after the
/// event is on the disk. Only in builds with debug assertions; a release has
/// no such door.
fn pause_for_tests(event: &str) {
    #[cfg(debug_assertions)]
    if std::env::var("BIRTH_TEST_PAUSE_AT").is_ok_and(|at| at == event) {
        let _ =
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP);
    }
    #[cfg(not(debug_assertions))]
    let _ = event;
}
