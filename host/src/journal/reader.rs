//! Reading run directories.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use flate2::read::GzDecoder;
use jiff::Timestamp;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use birth_core::digest::Digest;
use birth_core::outcome::Status;

use super::event::{Event, Stamped};
use super::{FORMAT, JournalError, file};

/// How far a run came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state", content = "status")]
pub enum RunState {
    /// A process is carrying it out.
    Running,
    /// Its process died; `birth recover` brings it to its end.
    Interrupted,
    /// It closed with a status.
    Closed(Status),
}

/// A run directory as it stands.
#[derive(Debug)]
pub struct RunView {
    /// The run's id.
    pub id: String,
    /// Its directory.
    pub path: PathBuf,
    /// Its events, in order.
    pub events: Vec<Stamped>,
    /// How far it came.
    pub state: RunState,
}

/// Whether a text can be a run id: it becomes the name of a directory.
pub fn validate_run_id(id: &str) -> Result<(), JournalError> {
    let fits = !id.is_empty()
        && !id.starts_with('.')
        && id
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if fits {
        Ok(())
    } else {
        Err(JournalError::NotARunId(id.to_owned()))
    }
}

/// The directory of an existing run.
pub(super) fn open_dir(root: &Path, id: &str) -> Result<(PathBuf, Dir), JournalError> {
    validate_run_id(id)?;
    let path = root.join(id);
    match Dir::open_ambient_dir(&path, ambient_authority()) {
        Ok(dir) => Ok((path, dir)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(JournalError::NoSuchRun {
            run: id.to_owned(),
            root: root.to_path_buf(),
        }),
        Err(source) => Err(JournalError::Io {
            action: "cannot open",
            path,
            source,
        }),
    }
}

/// Opens one run.
pub fn open(root: &Path, id: &str) -> Result<RunView, JournalError> {
    let (path, dir) = open_dir(root, id)?;
    let (events, held) = read_events(&dir, &path)?;
    // Every other file comes after the first event. Without it nobody can say what
    // became of the run, and least of all that nothing did.
    if events.is_empty() && file::AFTER_EVENTS.iter().any(|name| dir.exists(name)) {
        return Err(JournalError::Damaged {
            path: path.join(file::EVENTS),
            detail: "it is empty or missing, and there are other files of the run".to_owned(),
        });
    }
    let state = match events.iter().rev().find_map(closing) {
        // A run that ended UNKNOWN is open: recover may still establish it.
        Some(status) if status != Status::Unknown => RunState::Closed(status),
        _ if held => RunState::Running,
        Some(status) => RunState::Closed(status),
        None => RunState::Interrupted,
    };
    Ok(RunView {
        id: id.to_owned(),
        path,
        events,
        state,
    })
}

fn closing(stamped: &Stamped) -> Option<Status> {
    match stamped.event {
        Event::Closed { status, .. } => Some(status),
        _ => None,
    }
}

fn read_events(dir: &Dir, path: &Path) -> Result<(Vec<Stamped>, bool), JournalError> {
    let events_path = path.join(file::EVENTS);
    let io = |source| JournalError::Io {
        action: "cannot read",
        path: events_path.clone(),
        source,
    };
    // Killed between making the directory and its first file.
    if !is_there(dir, file::EVENTS).map_err(io)? {
        return Ok((vec![], false));
    }
    let mut events_file = dir
        .open_with(file::EVENTS, OpenOptions::new().read(true))
        .map_err(io)?;
    let held = flock(&events_file, FlockOperation::NonBlockingLockShared).is_err();
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut events_file, &mut bytes).map_err(io)?;
    // A crash can cut the last line short. What it would have said did not
    // happen yet: an event is written before what follows it.
    let whole = bytes.iter().rposition(|byte| *byte == b'\n');
    bytes.truncate(whole.map_or(0, |at| at + 1));
    let text = String::from_utf8(bytes).map_err(|error| JournalError::Damaged {
        path: events_path.clone(),
        detail: error.to_string(),
    })?;
    let mut events = Vec::new();
    for (i, line) in text.lines().enumerate() {
        match parse_line(line, &events_path) {
            Ok(event) => events.push(event),
            Err(JournalError::Damaged { path, detail }) => {
                return Err(JournalError::Damaged {
                    path,
                    detail: format!("line {}: {detail}", i + 1),
                });
            }
            Err(error) => return Err(error),
        }
    }
    Ok((events, held))
}

fn parse_line(line: &str, path: &Path) -> Result<Stamped, JournalError> {
    #[derive(Deserialize)]
    struct Head {
        format: u32,
    }
    let damaged = |error: serde_json::Error| JournalError::Damaged {
        path: path.to_path_buf(),
        detail: error.to_string(),
    };
    let head: Head = serde_json::from_str(line).map_err(damaged)?;
    if head.format > FORMAT {
        return Err(JournalError::Newer {
            path: path.to_path_buf(),
            found: head.format,
            reads: FORMAT,
        });
    }
    serde_json::from_str(line).map_err(damaged)
}

/// Bytes that a compressed file may come to.
pub(super) const UNCOMPRESSED_LIMIT: u64 = 1 << 30;

impl RunView {
    /// A whole file of the run; `None` where it was never written.
    pub fn read(&self, name: &str) -> Result<Option<String>, JournalError> {
        read_file(&self.dir()?, &self.path, name)
    }

    /// A whole compressed file of the run as text; `None` where it was never
    /// written.
    pub fn read_compressed(&self, name: &str) -> Result<Option<String>, JournalError> {
        let read = self.read_compressed_with_digest(name)?;
        Ok(read.map(|(text, _)| text))
    }

    /// As [`read_compressed`](Self::read_compressed), with the SHA-256 of the file.
    pub fn read_compressed_with_digest(
        &self,
        name: &str,
    ) -> Result<Option<(String, Digest)>, JournalError> {
        let path = self.path.join(name);
        let Some(compressed) = read_bytes(&self.dir()?, &self.path, name)? else {
            return Ok(None);
        };
        let mut text = String::new();
        // A few bytes can stand for very many.
        let mut limited = GzDecoder::new(compressed.as_slice()).take(UNCOMPRESSED_LIMIT);
        let read = limited.read_to_string(&mut text);
        match read {
            Ok(read) if (read as u64) < UNCOMPRESSED_LIMIT => {
                Ok(Some((text, Digest::of(&compressed))))
            }
            Ok(_) => Err(JournalError::Damaged {
                path,
                detail: "it is larger than anything this host writes".to_owned(),
            }),
            Err(error) => Err(JournalError::Damaged {
                path,
                detail: error.to_string(),
            }),
        }
    }

    /// Its directory. Opened for each use: thousands of runs are listed at once, and
    /// a process has a thousand handles.
    pub(super) fn dir(&self) -> Result<Dir, JournalError> {
        Dir::open_ambient_dir(&self.path, ambient_authority())
            .map_err(|source| JournalError::io("cannot open", self.path.clone(), source))
    }

    /// The operation, and the run it undoes where it is a rollback.
    #[must_use]
    pub fn operation(&self) -> Option<(&str, Option<&str>)> {
        self.events.iter().find_map(|e| match &e.event {
            Event::Started { operation, of, .. } => Some((operation.as_str(), of.as_deref())),
            _ => None,
        })
    }

    /// Whether something is left for `birth recover`: the process died, the
    /// outcome is unknown, or what was committed could not be confirmed.
    #[must_use]
    pub fn needs_recovery(&self) -> bool {
        match self.state {
            RunState::Running => false,
            RunState::Interrupted | RunState::Closed(Status::Unknown) => true,
            RunState::Closed(Status::Partial) => {
                self.reached("committed") && !self.reached("confirmed")
            }
            RunState::Closed(_) => false,
        }
    }

    /// Whether the run reached an event of a name.
    #[must_use]
    pub fn reached(&self, name: &str) -> bool {
        self.events.iter().any(|e| e.event.name() == name)
    }

    /// The last closing event: its status, reason and final response.
    #[must_use]
    pub fn closing(&self) -> Option<(Status, Option<&str>, &str)> {
        self.events.iter().rev().find_map(|e| match &e.event {
            Event::Closed {
                status,
                reason,
                response,
            } => Some((*status, reason.as_deref(), response.as_str())),
            _ => None,
        })
    }
}

pub(super) fn read_file(
    dir: &Dir,
    path: &Path,
    name: &str,
) -> Result<Option<String>, JournalError> {
    let Some(bytes) = read_bytes(dir, path, name)? else {
        return Ok(None);
    };
    let text = String::from_utf8(bytes).map_err(|_| JournalError::Damaged {
        path: path.join(name),
        detail: "it is not UTF-8 text".to_owned(),
    })?;
    Ok(Some(text))
}

/// A whole file; `None` where there is none.
fn read_bytes(dir: &Dir, path: &Path, name: &str) -> Result<Option<Vec<u8>>, JournalError> {
    let fail = |source| JournalError::Io {
        action: "cannot read",
        path: path.join(name),
        source,
    };
    if !is_there(dir, name).map_err(fail)? {
        return Ok(None);
    }
    dir.read(name).map(Some).map_err(fail)
}

/// Whether a file is there. What is no file is not to be opened: a pipe in its
/// place would be waited for without end.
fn is_there(dir: &Dir, name: &str) -> io::Result<bool> {
    match dir.metadata(name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
        Ok(there) if !there.is_file() => {
            Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"))
        }
        Ok(_) => Ok(true),
    }
}

/// What an id says of when its run was started: the second, and the suffix that
/// tells runs of one second and operation apart, which is a number.
fn started_order(id: &str) -> (&str, u32, &str) {
    let (base, suffix) = match id.rsplit_once("Z-") {
        Some((base, suffix)) => (base, suffix.parse().unwrap_or(0)),
        None => (id.strip_suffix('Z').unwrap_or(id), 0),
    };
    let (stem, time) = base.rsplit_once('-').unwrap_or(("", base));
    (time, suffix, stem)
}

/// A run's id, and the run where it can be read.
pub type Listed = (String, Result<RunView, JournalError>);

/// Every run of a log directory by id. A directory that cannot be read is
/// listed with its error: one damaged run must not hide the others.
pub fn list(root: &Path) -> Result<Vec<Listed>, JournalError> {
    let entries = match std::fs::read_dir(root) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
        Err(source) => {
            return Err(JournalError::Io {
                action: "cannot list",
                path: root.to_path_buf(),
                source,
            });
        }
    };
    let mut ids: Vec<String> = entries
        .filter_map(Result::ok)
        .filter(|e| e.file_type().is_ok_and(|t| t.is_dir()))
        .filter_map(|e| e.file_name().into_string().ok())
        .filter(|id| validate_run_id(id).is_ok())
        .collect();
    ids.sort();
    let mut runs: Vec<Listed> = ids
        .into_iter()
        .map(|id| (id.clone(), open(root, &id)))
        .collect();
    // The id says in which second a run began, and its first event when in it.
    runs.sort_by_cached_key(|(id, view)| {
        let (time, suffix, stem) = started_order(id);
        let first = view.as_ref().ok().and_then(|view| view.events.first());
        let began = first.and_then(|event| event.at.parse::<Timestamp>().ok());
        (time.to_owned(), began, suffix, stem.to_owned())
    });
    Ok(runs)
}
