//! Removing what old runs leave behind. What is decided is a value, computed from
//! the runs alone; carrying it out is a second step.
//!
//! Never touched: a run that is not finished, and one that cannot be read. A run
//! that was committed and is not rolled back keeps everything but the bulky record
//! of facts and verdicts: its rollback keys are needed as long as what it made is
//! there.

mod remove;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use birth_core::outcome::Status;

use super::{Event, JournalError, Listed, RunState, RunView, file};

pub use remove::{Removed, remove, remove_leftovers};

/// What is bulky: replays and comparisons need it, a rollback does not.
pub const BULKY: [&str; 2] = [file::FACTS, file::VERDICTS];

/// Which runs are kept as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Those that began within so many days before a moment.
    Days(u32, Timestamp),
    /// So many of the newest.
    Newest(usize),
}

/// What becomes of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It goes whole.
    Whole,
    /// Facts and verdicts go; keys, log and final response stay.
    Bulk,
    /// It stays.
    Stays,
}

/// A run and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decided {
    /// Its id.
    pub run: String,
    /// What becomes of it.
    pub fate: Fate,
    /// Why.
    pub why: &'static str,
    /// Bytes that this gives back.
    pub bytes: u64,
}

/// Decides about every run of a log directory, oldest first.
#[must_use]
pub fn decide(runs: &[Listed], keep: Keep) -> Vec<Decided> {
    let newest = match keep {
        Keep::Newest(count) => runs.len().saturating_sub(count),
        Keep::Days(..) => runs.len(),
    };
    // What undoes a run goes by what becomes of that run. Within one second the
    // list does not say which of two came first.
    let undoes = |view: &Result<RunView, JournalError>| {
        let operation = view.as_ref().ok().and_then(RunView::operation);
        operation.is_some_and(|(_, of)| of.is_some())
    };
    let (undoing, others): (Vec<_>, Vec<_>) = runs
        .iter()
        .enumerate()
        .partition(|(_, (_, view))| undoes(view));
    let mut fates: BTreeMap<&str, Fate> = BTreeMap::new();
    let mut decided = Vec::with_capacity(runs.len());
    for (at, (id, view)) in others.into_iter().chain(undoing) {
        let (mut fate, mut why) = match view {
            Err(_) => (Fate::Stays, "it cannot be read"),
            Ok(_) if at >= newest => (Fate::Stays, "it is among the newest"),
            Ok(view) if is_recent(view, keep) => (Fate::Stays, "it is recent"),
            Ok(view) => of_old(view, runs, &fates),
        };
        let bytes = view.as_ref().map_or(0, |view| match fate {
            Fate::Whole => view.bytes(),
            Fate::Bulk => BULKY.iter().map(|name| view.bytes_of(name)).sum(),
            Fate::Stays => 0,
        });
        if fate == Fate::Bulk && bytes == 0 {
            (fate, why) = (Fate::Stays, "its facts and verdicts are gone already");
        }
        fates.insert(id, fate);
        let decision = Decided {
            run: id.clone(),
            fate,
            why,
            bytes,
        };
        decided.push((at, decision));
    }
    decided.sort_by_key(|(at, _)| *at);
    decided.into_iter().map(|(_, decision)| decision).collect()
}

fn of_old(view: &RunView, runs: &[Listed], fates: &BTreeMap<&str, Fate>) -> (Fate, &'static str) {
    match view.state {
        RunState::Running => return (Fate::Stays, "it is still being carried out"),
        RunState::Interrupted => return (Fate::Stays, "`birth recover` has to end it first"),
        RunState::Closed(Status::Unknown) => {
            return (Fate::Stays, "what became of it is not established");
        }
        RunState::Closed(_) if view.needs_recovery() => {
            return (Fate::Stays, "what it committed is not confirmed");
        }
        RunState::Closed(_) => {}
    }
    if upload_failed(view) {
        return (Fate::Bulk, "its report is not published yet");
    }
    let undoes = view.operation().and_then(|(_, of)| of);
    if let Some(of) = undoes {
        // Without it, the run would look as if it had never been rolled back.
        return match fates.get(of) {
            Some(Fate::Whole) | None => (Fate::Whole, "the run that it undid goes or is gone"),
            Some(Fate::Bulk | Fate::Stays) => (Fate::Stays, "the run that it undid stays"),
        };
    }
    if !view.reached("committed") || had_nothing_to_do(view) {
        return (Fate::Whole, "it changed nothing");
    }
    match is_rolled_back(view, runs) {
        true => (Fate::Whole, "it is rolled back"),
        false => (Fate::Bulk, "it is not rolled back, so its keys are needed"),
    }
}

/// Whether its plan had no statement, so that there is nothing to take back.
fn had_nothing_to_do(view: &RunView) -> bool {
    let mut events = view.events.iter();
    events.any(|e| matches!(e.event, Event::Planned { statements: 0, .. }))
}

fn is_recent(view: &RunView, keep: Keep) -> bool {
    let Keep::Days(days, now) = keep else {
        return false;
    };
    let began = view
        .events
        .first()
        .map(|event| event.at.parse::<Timestamp>());
    let Some(Ok(began)) = began else {
        // It cannot be said how old it is.
        return true;
    };
    now.duration_since(began) < SignedDuration::from_hours(i64::from(days) * 24)
}

fn upload_failed(view: &RunView) -> bool {
    let closing = view.closing();
    let failed = closing.is_some_and(|(status, reason, _)| {
        status == Status::Partial && reason.is_some_and(|why| why.starts_with("UPLOAD_FAILED"))
    });
    failed && !view.reached("published")
}

/// Whether a run of this directory undid all of it.
fn is_rolled_back(view: &RunView, runs: &[Listed]) -> bool {
    let views = runs.iter().filter_map(|(_, view)| view.as_ref().ok());
    views
        .filter(|other| other.operation().and_then(|(_, of)| of) == Some(view.id.as_str()))
        .any(|undo| undo.state == RunState::Closed(Status::Pass) && undo.reached("committed"))
}

impl RunView {
    /// Bytes of one of its files; 0 where it is not there.
    #[must_use]
    pub fn bytes_of(&self, name: &str) -> u64 {
        let dir = self.dir().ok();
        let file = dir.and_then(|dir| dir.metadata(name).ok());
        file.map_or(0, |file| file.len())
    }

    /// Bytes of all of its files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let entries = self.dir().ok().and_then(|dir| dir.entries().ok());
        let sizes = entries
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.metadata().ok());
        sizes.map(|file| file.len()).sum()
    }
}

impl JournalError {
    pub(super) fn io(
        action: &'static str,
        path: std::path::PathBuf,
        source: std::io::Error,
    ) -> Self {
        Self::Io {
            action,
            path,
            source,
        }
    }
}

#[cfg(test)]
mod tests;
