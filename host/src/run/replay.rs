//! What the plugins of a run were asked and what they answered, and asking
//! again.

mod all;
mod difference;

pub use all::{Found, Replays, RunReplay, replay_all};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use birth_core::digest::Digest;
pub use birth_core::facts::Question;
use birth_core::op::Revision;
use birth_core::outcome::FailureClass;
use birth_core::policy::Role;
use birth_core::policy::settings::Settings;
use birth_core::policy::verdict::RawVerdicts;

use super::failure::Failure;
use crate::journal::{Event, JournalError, RunView, file};
use crate::plugin::call::Batch;
use crate::plugin::error::PluginError;
use crate::plugin::load::Plugin;
use crate::plugin::set::PolicyRuntime;

/// The version of the file.
pub const FORMAT: u32 = 2;

/// Every call of a run, in order: enough to ask again.
#[derive(Debug, Serialize, Deserialize)]
pub struct RecordedVerdicts {
    /// Format of the file.
    pub format: u32,
    /// The revision it was decided under.
    pub revision: Revision,
    /// The plugins that were asked.
    pub plugins: BTreeMap<Role, RecordedPlugin>,
    /// The calls.
    pub calls: Vec<RecordedCall>,
}

/// A plugin that was asked.
#[derive(Debug, Serialize, Deserialize)]
pub struct RecordedPlugin {
    /// Its pin.
    pub sha256: Digest,
    /// The settings it was given.
    pub settings: Settings,
}

/// One call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RecordedCall {
    /// The batch.
    pub question: Question,
    /// The answer, unchecked, as it came.
    pub verdicts: RawVerdicts,
    /// Fuel the call used: the same on every run of the same bytes.
    pub fuel: u64,
}

impl RecordedVerdicts {
    /// Puts calls together with the plugins of the policy set that answered
    /// them; none where nothing was asked.
    #[must_use]
    pub fn new(policy: &PolicyRuntime, revision: Revision, calls: Vec<RecordedCall>) -> Self {
        let asked: std::collections::BTreeSet<Role> =
            calls.iter().map(|call| call.question.role()).collect();
        let pins = policy.set().plugins.iter();
        let plugins = pins
            .filter(|(role, _)| asked.contains(role))
            .map(|(role, pin)| {
                let plugin = RecordedPlugin {
                    sha256: pin.sha256,
                    settings: pin.settings.clone(),
                };
                (*role, plugin)
            })
            .collect();
        Self {
            format: FORMAT,
            revision,
            plugins,
            calls,
        }
    }
}

/// What a replay found.
#[derive(Debug, Clone, Serialize)]
pub struct Replayed {
    /// The run.
    pub run: String,
    /// How many verdicts were compared.
    pub subjects: usize,
    /// Fuel then and now: the same where nothing differs.
    pub fuel: u64,
}

/// The policy sets whose plugins a replay may ask: a plugin is recognised by its
/// hash, whichever set it is in.
#[derive(Debug)]
pub struct Known<'a>(Vec<&'a PolicyRuntime>);

impl<'a> Known<'a> {
    /// These sets, the first that has a plugin first.
    #[must_use]
    pub fn new(sets: impl IntoIterator<Item = &'a PolicyRuntime>) -> Self {
        Self(sets.into_iter().collect())
    }

    fn plugin(&self, role: Role, sha256: Digest) -> Option<Result<&'a Plugin, PluginError>> {
        let has = |set: &&PolicyRuntime| {
            let pin = set.set().plugins.get(&role);
            pin.is_some_and(|pin| pin.sha256 == sha256)
        };
        Some(self.0.iter().copied().find(has)?.plugin(role))
    }
}

/// The code of a run whose plugin no known policy set has.
pub const OTHER_PLUGIN: &str = "OTHER_PLUGIN";

/// The code of a run that has no record of what was asked.
pub const NOTHING_TO_REPLAY: &str = "NOTHING_TO_REPLAY";

/// Asks the recorded plugins the recorded questions again and compares verdicts
/// and fuel.
///
/// # Errors
/// `REPLAY_DIFFERS` with the first subject whose answer is another, and why a run
/// could not be replayed.
pub fn replay(view: &RunView, known: &Known<'_>) -> Result<Replayed, Failure> {
    let (recorded, is_intact) = recorded(view)?;
    let mut plugins = BTreeMap::new();
    for (role, asked) in &recorded.plugins {
        let Some(plugin) = known.plugin(*role, asked.sha256) else {
            is_intact?;
            return Err(other_plugin(view, &recorded, *role, asked.sha256));
        };
        plugins.insert(*role, (plugin?, &asked.settings));
    }
    let mut replayed = Replayed {
        run: view.id.clone(),
        subjects: 0,
        fuel: 0,
    };
    for call in &recorded.calls {
        let question = &call.question;
        let damaged =
            |detail: &dyn std::fmt::Display| super::record::damaged(view, file::VERDICTS, detail);
        question.check().map_err(|error| damaged(&error))?;
        let role = question.role();
        let (plugin, settings) = plugins
            .get(&role)
            .ok_or_else(|| damaged(&format!("it does not say which {role} plugin was asked")))?;
        let now = plugin.judge_unworded(settings, Batch::from(question))?;
        if now.raw != call.verdicts || now.fuel != call.fuel {
            let what = difference::of(call, &now, plugin.describe()?);
            return Err(Failure::new(
                FailureClass::Verification,
                "REPLAY_DIFFERS",
                format!("run {}, {role} plugin: {what}", view.id),
            )
            .with_hint(
                "the record was changed, or this host runs plugins otherwise: compare verdicts.json.gz with a backup",
            ));
        }
        replayed.subjects += question.subjects();
        replayed.fuel += now.fuel;
    }
    // Last, so that of a record that was changed the change is named.
    is_intact?;
    Ok(replayed)
}

fn other_plugin(
    view: &RunView,
    recorded: &RecordedVerdicts,
    role: Role,
    sha256: Digest,
) -> Failure {
    let (name, revision) = (&recorded.revision.name, recorded.revision.revision);
    Failure::new(
        FailureClass::Policy,
        OTHER_PLUGIN,
        format!(
            "run {} was decided by the {role} plugin {sha256} under {name} revision {revision}, but no policy set that is known here has it",
            view.id
        ),
    )
    .with_hint("name the policy set of that revision with --policy")
}

/// The record of a run, and whether it is the one that the run wrote.
fn recorded(view: &RunView) -> Result<(RecordedVerdicts, Result<(), Failure>), Failure> {
    #[derive(Deserialize)]
    struct Head {
        format: u32,
    }
    let damaged =
        |detail: &dyn std::fmt::Display| super::record::damaged(view, file::VERDICTS, detail);
    let written = view.events.iter().find_map(|e| match &e.event {
        Event::Previewed { verdicts } => *verdicts,
        _ => None,
    });
    let Some((text, found)) = view.read_compressed_with_digest(file::VERDICTS)? else {
        let why = match (view.not_kept(file::VERDICTS)?, written) {
            (Some(why), _) => why.describe(),
            (None, Some(_)) => return Err(damaged(&"it is missing")),
            (None, None) => "it asked no plugin".to_owned(),
        };
        return Err(Failure::new(
            FailureClass::Configuration,
            NOTHING_TO_REPLAY,
            format!("run {} cannot be replayed: {why}", view.id),
        ));
    };
    let syntax = |error: serde_json::Error| damaged(&error);
    let head: Head = serde_json::from_str(&text).map_err(syntax)?;
    if head.format > FORMAT {
        let path = view.path.join(file::VERDICTS);
        let (found, reads) = (head.format, FORMAT);
        return Err(JournalError::Newer { path, found, reads }.into());
    }
    let recorded: RecordedVerdicts = serde_json::from_str(&text).map_err(syntax)?;
    let is_other = |revision: &Revision| *revision != recorded.revision;
    let is_intact = match written {
        Some(written) if written != found => Err(damaged(&format!(
            "its SHA-256 is {found}, and the run wrote {written}: it was changed"
        ))),
        // A run of a host that did not say; of that, the revision at least is known.
        None if revision_of(view).is_some_and(is_other) => {
            Err(damaged(&"it is of another revision than the run's"))
        }
        _ => Ok(()),
    };
    Ok((recorded, is_intact))
}

fn revision_of(view: &RunView) -> Option<&Revision> {
    view.events.iter().find_map(|e| match &e.event {
        Event::Planned { revision, .. } => revision.as_ref(),
        _ => None,
    })
}
