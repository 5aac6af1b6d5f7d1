//! What judging costs: fuel, which is the same on every machine and every run,
//! and time, which is not.

use std::time::{Duration, Instant};

use birth_core::digest::Digest;
use birth_core::kit::corpus::Scene;
use birth_core::outcome::FailureClass;
use birth_core::policy::settings::Settings;
use serde::Serialize;

use super::cases::CaseFile;
use super::kit;
use crate::plugin::load::Plugin;
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
    /// The facts of a file of cases.
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

/// Measures a plugin on its role's corpus, or on the facts of a file of cases.
///
/// # Errors
/// The plugin stops, or uses more fuel on one run than on another.
pub fn measure(plugin: &Plugin, file: Option<&CaseFile>) -> Result<Cost, Failure> {
    let (asked, questions): (Asked, Vec<(Settings, Scene)>) = match file {
        None => {
            let corpus = kit::corpus(plugin)?;
            let scenes = corpus.scenes.into_iter();
            let scenes = scenes.map(|scene| (Settings::new(), scene));
            (Asked::Corpus(corpus.digest), scenes.collect())
        }
        Some(file) => {
            let scene = |case: &birth_core::kit::cases::Case| Scene {
                about: case.name.clone(),
                facts: case.facts.clone(),
            };
            let scenes = file.cases.iter().map(|c| (c.settings.clone(), scene(c)));
            (
                Asked::File(file.path.display().to_string()),
                scenes.collect(),
            )
        }
    };
    // Once, so that no run pays for it.
    plugin.describe()?;
    let mut scenes = run(plugin, &questions)?;
    let mut fastest = scenes.1;
    for _ in 1..RUNS {
        let again = run(plugin, &questions)?;
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

/// Everything once: what each call cost, and how long all of them took. Laying
/// out the batches is not the plugin's time.
fn run(
    plugin: &Plugin,
    questions: &[(Settings, Scene)],
) -> Result<(Vec<SceneCost>, Duration), Failure> {
    let mut scenes = Vec::with_capacity(questions.len());
    let mut time = Duration::ZERO;
    for (settings, scene) in questions {
        let batch = scene.facts.batch();
        let began = Instant::now();
        let judged = plugin.judge_batch(settings, &batch)?;
        time += began.elapsed();
        scenes.push(SceneCost {
            about: scene.about.clone(),
            subjects: batch.subjects() as u64,
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
