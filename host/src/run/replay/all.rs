//! Replaying every run of a log directory: one that differs, or cannot be read,
//! hides no other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Serialize;

use birth_core::outcome::FailureClass;

use super::{Known, NOTHING_TO_REPLAY, OTHER_PLUGIN, replay};
use crate::journal::{self, JournalError, RunView, file};
use crate::run::failure::Failure;

/// What became of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Found {
    /// Verdicts and fuel are those that were recorded.
    Same,
    /// Something is another.
    Differs,
    /// No policy set that is known has the plugin.
    MissingPlugin,
    /// The record, or the run, cannot be read, or the plugin stopped.
    Failed,
    /// No plugin was asked, or not yet.
    Nothing,
    /// What was asked is not kept any more, or never was.
    NotKept,
}

impl Found {
    /// Every kind, in the order in which they are counted.
    pub const ALL: [Self; 6] = [
        Self::Same,
        Self::Differs,
        Self::MissingPlugin,
        Self::Failed,
        Self::Nothing,
        Self::NotKept,
    ];
}

/// One run.
#[derive(Debug, Clone, Serialize)]
pub struct RunReplay {
    /// Its id.
    pub run: String,
    /// What became of it.
    pub found: Found,
    /// Verdicts that were compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subjects: Option<usize>,
    /// Fuel that they took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fuel: Option<u64>,
    /// The code of what is in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// What differs, or is in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    #[serde(skip)]
    class: Option<FailureClass>,
}

/// Every run.
#[derive(Debug, Clone, Serialize)]
pub struct Replays {
    /// The runs, oldest first.
    pub runs: Vec<RunReplay>,
    /// How many of each kind there are.
    pub counts: BTreeMap<Found, usize>,
    /// Verdicts that were compared and are the same.
    pub subjects: usize,
    /// Fuel that they took.
    pub fuel: u64,
}

/// Replays every run of a log directory; `told` gets each as soon as it is done.
///
/// # Errors
/// Where the directory itself cannot be listed.
pub fn replay_all(
    root: &Path,
    known: &Known<'_>,
    mut told: impl FnMut(&RunReplay),
) -> Result<Replays, Failure> {
    let mut all = Replays {
        runs: Vec::new(),
        counts: Found::ALL.into_iter().map(|found| (found, 0)).collect(),
        subjects: 0,
        fuel: 0,
    };
    for (id, view) in journal::list(root)? {
        // Nothing was begun in it, or it is another's.
        if view.as_ref().is_ok_and(|view| view.events.is_empty()) {
            continue;
        }
        let run = one(id, view, known);
        told(&run);
        *all.counts.entry(run.found).or_default() += 1;
        all.subjects += run.subjects.unwrap_or(0);
        all.fuel += run.fuel.unwrap_or(0);
        all.runs.push(run);
    }
    Ok(all)
}

fn one(run: String, view: Result<RunView, JournalError>, known: &Known<'_>) -> RunReplay {
    let replayed = view
        .map_err(Failure::from)
        .map(|view| (replay(&view, known), view));
    let (failure, found) = match replayed {
        Ok((Ok(replayed), _)) => {
            return RunReplay {
                run,
                found: Found::Same,
                subjects: Some(replayed.subjects),
                fuel: Some(replayed.fuel),
                code: None,
                why: None,
                class: None,
            };
        }
        Ok((Err(failure), view)) => {
            let found = match failure.code {
                NOTHING_TO_REPLAY => match view.not_kept(file::VERDICTS) {
                    Ok(None) => Found::Nothing,
                    _ => Found::NotKept,
                },
                OTHER_PLUGIN => Found::MissingPlugin,
                _ if failure.class == FailureClass::Verification => Found::Differs,
                _ => Found::Failed,
            };
            (failure, found)
        }
        Err(failure) => (failure, Found::Failed),
    };
    RunReplay {
        run,
        found,
        subjects: None,
        fuel: None,
        code: Some(failure.code),
        class: Some(failure.class),
        why: Some(failure.message),
    }
}

impl Replays {
    /// The class of the worst that was found: a difference, then what could not be
    /// replayed, then a plugin that is not known; none where everything is the
    /// same.
    #[must_use]
    pub fn class(&self) -> Option<FailureClass> {
        [Found::Differs, Found::Failed, Found::MissingPlugin]
            .into_iter()
            .find_map(|found| self.runs.iter().find(|run| run.found == found)?.class)
    }

    /// What is missing, each once.
    #[must_use]
    pub fn missing(&self) -> BTreeSet<&str> {
        let missing = self.runs.iter();
        let missing = missing.filter(|run| run.found == Found::MissingPlugin);
        missing.filter_map(|run| run.why.as_deref()).collect()
    }
}
