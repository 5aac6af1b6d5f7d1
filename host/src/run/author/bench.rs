//! What judging costs: fuel, which is the same on every machine and every run,
//! and time, which is not.

use std::time::{Duration, Instant};

use birth_core::digest::Digest;
use birth_core::facts::Question;
use birth_core::kit::cases::Case;
use birth_core::kit::corpus::Scene;
use birth_core::outcome::FailureClass;
use birth_core::policy::Role;
use birth_core::policy::settings::Settings;
use serde::Serialize;

use super::cases::CaseFile;
use super::kit;
use crate::plugin::load::Plugin;
use crate::run::facts::{FactsFile, FactsHead, Sink};
use crate::run::failure::Failure;

/// How often everything is asked; the fastest run counts.
pub const RUNS: usize = 5;

/// What judging costs.
#[derive(Debug, Clone, Serialize)]
pub struct Cost {
    /// What was asked.
    pub facts: Asked,
    /// How many subjects.
    pub subjects: u64,
    /// How many calls.
    pub calls: usize,
    /// Fuel of all calls, instantiation included.
    pub fuel: u64,
    /// Fuel for each subject, rounded up.
    pub fuel_per_subject: u64,
    /// Nanoseconds for each subject on this machine, in the fastest of the runs.
    pub nanoseconds_per_subject: u64,
    /// Each call by itself.
    pub scenes: Vec<SceneCost>,
}

/// What was asked.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    /// The role's corpus, by its digest.
    Corpus(Digest),
    /// The facts of a file.
    File(String),
}

/// What one call costs.
#[derive(Debug, Clone, Serialize)]
pub struct SceneCost {
    /// What it is about.
    pub about: String,
    /// How many subjects.
    pub subjects: u64,
    /// Fuel of the call.
    pub fuel: u64,
}

/// What a plugin is to be asked.
#[derive(Debug)]
pub struct Questions {
    asked: Asked,
    calls: Vec<Asking>,
}

#[derive(Debug)]
struct Asking {
    about: String,
    settings: Settings,
    question: Question,
}

impl Questions {
    /// The corpus of the plugin's role.
    ///
    /// # Errors
    /// The plugin does not say what it is.
    pub fn corpus(plugin: &Plugin) -> Result<Self, Failure> {
        let corpus = kit::corpus(plugin)?;
        let asking = |scene: Scene| Asking {
            about: scene.about,
            settings: Settings::new(),
            question: scene.facts.batch(),
        };
        Ok(Self {
            asked: Asked::Corpus(corpus.digest),
            calls: corpus.scenes.into_iter().map(asking).collect(),
        })
    }

    /// The facts of a file of cases, with the settings of each.
    #[must_use]
    pub fn cases(file: &CaseFile) -> Self {
        let asking = |case: &Case| Asking {
            about: case.name.clone(),
            settings: case.settings.clone(),
            question: case.facts.batch(),
        };
        Self {
            asked: Asked::File(file.path.display().to_string()),
            calls: file.cases.iter().map(asking).collect(),
        }
    }

    /// What `birth facts export` wrote for a role.
    ///
    /// # Errors
    /// The file's own.
    pub fn facts(file: &FactsFile, role: Role) -> Result<Self, Failure> {
        let mut of_role = OfRole {
            role,
            calls: Vec::new(),
        };
        file.read(&mut of_role)?;
        Ok(Self {
            asked: Asked::File(file.path().display().to_string()),
            calls: of_role.calls,
        })
    }
}

/// Keeps the batches of one role: each is asked several times.
struct OfRole {
    role: Role,
    calls: Vec<Asking>,
}

impl Sink for OfRole {
    fn head(&mut self, _: &FactsHead, _: &[u8]) -> Result<(), Failure> {
        Ok(())
    }

    fn batch(&mut self, question: Question, _: &[u8]) -> Result<(), Failure> {
        if question.role() == self.role {
            self.calls.push(Asking {
                about: format!("batch {}", self.calls.len() + 1),
                settings: Settings::new(),
                question,
            });
        }
        Ok(())
    }
}

/// Measures a plugin.
///
/// # Errors
/// The plugin stops, or uses more fuel on one run than on another.
pub fn measure(plugin: &Plugin, questions: Questions) -> Result<Cost, Failure> {
    let Questions { asked, calls } = questions;
    // Once, so that no run pays for it.
    plugin.describe()?;
    let mut scenes = run(plugin, &calls)?;
    let mut fastest = scenes.1;
    for _ in 1..RUNS {
        let again = run(plugin, &calls)?;
        if let Some((first, second)) = differing(&scenes.0, &again.0) {
            return Err(Failure::new(
                FailureClass::Plugin,
                "FUEL_DIFFERS",
                format!(
                    "{:?} took {} units of fuel, then {}",
                    first.about, first.fuel, second.fuel
                ),
            )
            .with_hint("a component without imports cannot do that: report it"));
        }
        fastest = fastest.min(again.1);
        scenes = again;
    }
    let scenes = scenes.0;
    let subjects = scenes.iter().map(|scene| scene.subjects).sum();
    let fuel: u64 = scenes.iter().map(|scene| scene.fuel).sum();
    if subjects == 0 {
        return Err(Failure::new(
            FailureClass::Configuration,
            "NO_SUBJECTS",
            "there is nothing to measure: the facts have no subject",
        ));
    }
    Ok(Cost {
        facts: asked,
        subjects,
        calls: scenes.len(),
        fuel,
        fuel_per_subject: fuel.div_ceil(subjects),
        nanoseconds_per_subject: u64::try_from(fastest.as_nanos()).unwrap_or(u64::MAX) / subjects,
        scenes,
    })
}

/// Everything once: what each call cost, and how long all of them took.
fn run(plugin: &Plugin, calls: &[Asking]) -> Result<(Vec<SceneCost>, Duration), Failure> {
    let mut scenes = Vec::with_capacity(calls.len());
    let mut time = Duration::ZERO;
    for call in calls {
        let began = Instant::now();
        let judged = plugin.judge_batch(&call.settings, &call.question)?;
        time += began.elapsed();
        scenes.push(SceneCost {
            about: call.about.clone(),
            subjects: call.question.subjects() as u64,
            fuel: judged.fuel,
        });
    }
    Ok((scenes, time))
}

fn differing<'a>(
    one: &'a [SceneCost],
    other: &'a [SceneCost],
) -> Option<(&'a SceneCost, &'a SceneCost)> {
    let mut pairs = one.iter().zip(other);
    pairs.find(|(one, other)| one.fuel != other.fuel)
}
