//! What the plugins of a run were asked and what they answered, and asking
//! again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use birth_core::digest::Digest;
use birth_core::facts::classification::ClassificationFacts;
use birth_core::facts::conflict::ConflictFacts;
use birth_core::facts::coverage::CoverageFacts;
use birth_core::op::Revision;
use birth_core::outcome::FailureClass;
use birth_core::policy::Role;
use birth_core::policy::settings::Settings;
use birth_core::policy::verdict::RawVerdicts;

use super::failure::Failure;
use crate::journal::{JournalError, RunView, file};
use crate::plugin::error::PluginError;
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

/// A batch of a role.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// What coverage collections need.
    Classification(ClassificationFacts),
    /// What proposed objects meet.
    Conflict(ConflictFacts),
    /// Which coverage conditions collections fail.
    Coverage(CoverageFacts),
}

impl Question {
    /// The role that is asked.
    #[must_use]
    pub fn role(&self) -> Role {
        match self {
            Self::Classification(_) => Role::Classification,
            Self::Conflict(_) => Role::Conflict,
            Self::Coverage(_) => Role::Coverage,
        }
    }

    fn subjects(&self) -> usize {
        match self {
            Self::Classification(facts) => facts.subjects(),
            Self::Conflict(facts) => facts.subjects(),
            Self::Coverage(facts) => facts.subjects(),
        }
    }

    fn ask(
        &self,
        policy: &PolicyRuntime,
        settings: &Settings,
    ) -> Result<(RawVerdicts, u64), PluginError> {
        let plugin = policy.plugin(self.role())?;
        let judged = match self {
            Self::Classification(facts) => plugin.judge_classification(settings, facts)?,
            Self::Conflict(facts) => plugin.judge_conflict(settings, facts)?,
            Self::Coverage(facts) => plugin.judge_coverage(settings, facts)?,
        };
        Ok((judged.raw, judged.fuel))
    }
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

/// Asks the recorded plugins the recorded questions again and compares verdicts
/// and fuel.
pub fn replay(view: &RunView, policy: &PolicyRuntime) -> Result<Replayed, Failure> {
    let recorded = recorded(view)?;
    for (role, recorded_plugin) in &recorded.plugins {
        let here = policy.plugin(*role)?.id().sha256;
        if here != recorded_plugin.sha256 {
            return Err(Failure::new(
                FailureClass::Policy,
                "OTHER_PLUGIN",
                format!(
                    "run {} was decided by the {role} plugin {} under {} revision {}, but the policy set has {here}",
                    view.id,
                    recorded_plugin.sha256,
                    recorded.revision.name,
                    recorded.revision.revision,
                ),
            )
            .with_hint("name the policy set of that revision with --policy"));
        }
    }
    let mut replayed = Replayed {
        run: view.id.clone(),
        subjects: 0,
        fuel: 0,
    };
    for call in &recorded.calls {
        let none = Settings::default();
        let plugin = recorded.plugins.get(&call.question.role());
        let (verdicts, fuel) = call
            .question
            .ask(policy, plugin.map_or(&none, |p| &p.settings))?;
        if verdicts != call.verdicts || fuel != call.fuel {
            return Err(differs(view, replayed.subjects, call, &verdicts, fuel));
        }
        replayed.subjects += call.question.subjects();
        replayed.fuel += fuel;
    }
    Ok(replayed)
}

fn recorded(view: &RunView) -> Result<RecordedVerdicts, Failure> {
    #[derive(Deserialize)]
    struct Head {
        format: u32,
    }
    let text = view.read_compressed(file::VERDICTS)?.ok_or_else(|| {
        Failure::new(
            FailureClass::Configuration,
            "NOTHING_TO_REPLAY",
            format!("run {} asked no plugin", view.id),
        )
    })?;
    let damaged = |error: serde_json::Error| super::record::damaged(view, file::VERDICTS, error);
    let head: Head = serde_json::from_str(&text).map_err(damaged)?;
    if head.format > FORMAT {
        let path = view.path.join(file::VERDICTS);
        let found = head.format;
        return Err(JournalError::Newer { path, found }.into());
    }
    serde_json::from_str(&text).map_err(damaged)
}

/// Names the first answer that is another one; `before` are the subjects of
/// earlier calls.
fn differs(
    view: &RunView,
    before: usize,
    call: &RecordedCall,
    verdicts: &RawVerdicts,
    fuel: u64,
) -> Failure {
    let now = verdicts.subject.iter().zip(&verdicts.status);
    let then = call.verdicts.subject.iter().zip(&call.verdicts.status);
    let first = now.zip(then).position(|(now, then)| now != then);
    let what = first.map_or_else(
        || "the statuses are the same, reasons or fuel differ".to_owned(),
        |i| format!("the first difference is in answer {}", before + i),
    );
    Failure::new(
        FailureClass::Verification,
        "REPLAY_DIFFERS",
        format!(
            "run {}: {what} of the {} plugin; fuel was {} and is {fuel}",
            view.id,
            call.question.role(),
            call.fuel
        ),
    )
}
