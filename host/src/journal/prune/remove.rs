//! Carrying out what was decided about a run.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use jiff::Timestamp;
use rustix::fs::{FlockOperation, flock};
use serde::Serialize;

use super::super::{JournalError, NotKept, WhyNotKept, file, open};
use super::{BULKY, Decided, Fate};
use crate::files::{sync_dir, write_atomically};

/// What was removed of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Removed {
    /// The run.
    pub run: String,
    /// Bytes that were given back.
    pub bytes: u64,
}

/// What a run that goes is called until all of it is gone: no run id.
const GOING: &str = ".pruned-";

/// Removes what was decided of a run. `None` where nothing was to be removed.
///
/// # Errors
/// Where a file cannot be removed, and where somebody carries the run out again.
pub fn remove(
    root: &Path,
    decided: &Decided,
    now: Timestamp,
) -> Result<Option<Removed>, JournalError> {
    if decided.fate == Fate::Stays {
        return Ok(None);
    }
    let view = match open(root, &decided.run) {
        // Somebody else removes as well, and was first.
        Err(JournalError::NoSuchRun { .. }) => return Ok(None),
        opened => opened?,
    };
    let fail = |action, source| JournalError::io(action, view.path.clone(), source);
    let dir = view.dir()?;
    // As whoever carries a run out does; held until this returns.
    let _lock = lock(&dir).map_err(|source| match source {
        None => JournalError::InUse {
            run: decided.run.clone(),
        },
        Some(source) => fail("cannot lock", source),
    })?;
    match decided.fate {
        Fate::Stays => Ok(None),
        Fate::Bulk => {
            // First that they are not kept, and then they go: a crash between the
            // two leaves them for the next time.
            let mut not_kept = view.all_not_kept()?;
            let mut bytes = 0;
            for name in BULKY {
                let size = view.bytes_of(name);
                if size > 0 {
                    bytes += size;
                    let at = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
                    let why = WhyNotKept::Pruned { at, bytes: size };
                    not_kept.insert(name.to_owned(), why);
                }
            }
            say_so(&dir, not_kept).map_err(|e| fail("cannot write into", e))?;
            for name in BULKY {
                gone(dir.remove_file(name)).map_err(|e| fail("cannot remove from", e))?;
            }
            sync_dir(&dir).map_err(|e| fail("cannot write", e))?;
            Ok(Some(Removed {
                run: decided.run.clone(),
                bytes,
            }))
        }
        Fate::Whole => {
            let bytes = view.bytes();
            let whole = || -> io::Result<()> {
                let parent = Dir::open_ambient_dir(root, ambient_authority())?;
                // In one step it is no run any more: half of one would look damaged.
                let going = format!("{GOING}{}", decided.run);
                gone(parent.remove_dir_all(&going))?;
                parent.rename(&decided.run, &parent, &going)?;
                sync_dir(&parent)?;
                parent.remove_dir_all(&going)
            };
            whole().map_err(|source| fail("cannot remove", source))?;
            Ok(Some(Removed {
                run: decided.run.clone(),
                bytes,
            }))
        }
    }
}

/// Removes what a pruning left that never came to its end.
///
/// # Errors
/// Where it cannot be removed.
pub fn remove_leftovers(root: &Path) -> Result<(), JournalError> {
    let whole = || -> io::Result<()> {
        let parent = Dir::open_ambient_dir(root, ambient_authority())?;
        for entry in parent.entries()? {
            let name = entry?.file_name();
            if name.to_str().is_some_and(|name| name.starts_with(GOING)) {
                gone(parent.remove_dir_all(&name))?;
            }
        }
        Ok(())
    };
    gone(whole()).map_err(|source| {
        JournalError::io(
            "cannot remove what an earlier pruning left in",
            root.into(),
            source,
        )
    })
}

/// What is not there need not be removed.
fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn say_so(dir: &Dir, files: BTreeMap<String, WhyNotKept>) -> io::Result<()> {
    let text = serde_json::to_vec_pretty(&NotKept::new(files))?;
    write_atomically(dir, file::NOT_KEPT, &text)
}

/// `Err(None)` where somebody else holds it.
fn lock(dir: &Dir) -> Result<cap_std::fs::File, Option<io::Error>> {
    let events = dir
        .open_with(file::EVENTS, OpenOptions::new().read(true))
        .map_err(Some)?;
    match flock(&events, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(events),
        Err(_) => Err(None),
    }
}
