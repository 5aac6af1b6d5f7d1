//! The conformance kit: asks a plugin about the corpus of its role and holds the
//! answers to the properties that any plugin must have.

mod settings;

use std::collections::BTreeSet;

use birth_core::kit::corpus::{Corpus, Scene};
use birth_core::kit::property::{Property, contradiction};
use birth_core::policy::settings::Settings;
use birth_core::policy::verdict::Answer;
use serde::Serialize;

use super::{Component, first_difference};
use crate::plugin::call::Judged;
use crate::plugin::error::PluginError;
use crate::plugin::load::Plugin;
use crate::run::failure::Failure;

/// A property that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Which.
    pub property: Property,
    /// How it went.
    pub outcome: Outcome,
    /// What was tried, or what is wrong.
    pub detail: String,
}

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The plugin has the property.
    Passed,
    /// It does not.
    Failed,
    /// What this one builds on failed.
    NotRun,
}

/// What was tried where a property holds, and what is wrong where it does not.
type Tried = Result<String, String>;

/// A plugin under test: twice, because the same question must get the same
/// answer from a component that was compiled anew.
#[derive(Debug)]
struct Kit<'a> {
    plugin: &'a Plugin,
    again: Plugin,
    corpus: Corpus,
    /// Keys of settings besides those that the plugin names itself.
    keys: BTreeSet<String>,
    /// The settings that it is asked with: none, and those of the author's cases.
    settings: Vec<WithSettings>,
}

/// What the plugin is asked with.
#[derive(Debug)]
struct WithSettings {
    settings: Settings,
    /// What the ordinary scenes were answered, once that is known.
    ordinary: Vec<Judged>,
}

/// Tries every property, without settings and with each of these: what holds for
/// the rules that an author had in mind holds for those that are pinned.
///
/// # Errors
/// The component may not run at all.
pub fn check(component: &Component, settings: &[Settings]) -> Result<Vec<Checked>, Failure> {
    let plugin = component.load()?;
    let mut kit = Kit {
        again: component.load()?,
        corpus: corpus(&plugin)?,
        plugin: &plugin,
        keys: settings.iter().flat_map(|s| s.keys().cloned()).collect(),
        settings: asked_with(&plugin, settings),
    };
    let mut checked = Vec::new();
    let mut broken = false;
    for property in Property::ALL {
        // What follows asks the same questions again.
        let needs_answers = property > Property::EachOnce;
        let (outcome, detail) = if broken && needs_answers {
            (Outcome::NotRun, String::new())
        } else {
            match kit.try_all(property) {
                Ok(detail) => (Outcome::Passed, detail),
                Err(detail) => (Outcome::Failed, detail),
            }
        };
        broken |= outcome == Outcome::Failed
            && matches!(property, Property::Description | Property::EachOnce);
        checked.push(Checked {
            property,
            outcome,
            detail,
        });
    }
    Ok(checked)
}

/// The corpus of a plugin's role.
///
/// # Errors
/// The corpus is damaged: a fault of the program.
pub fn corpus(plugin: &Plugin) -> Result<Corpus, Failure> {
    Corpus::of(plugin.id().role).map_err(|error| Failure::encoding(&error))
}

/// None, and each of the others that the plugin takes: a case whose settings it
/// refuses says so itself.
fn asked_with(plugin: &Plugin, settings: &[Settings]) -> Vec<WithSettings> {
    let mut all = vec![Settings::new()];
    for settings in settings.iter().filter(|settings| !settings.is_empty()) {
        if matches!(super::settings::problems(plugin, settings), Ok(none) if none.is_empty()) {
            all.push(settings.clone());
        }
    }
    let with = |settings| WithSettings {
        settings,
        ordinary: vec![],
    };
    all.into_iter().map(with).collect()
}

impl Kit<'_> {
    fn try_all(&mut self, property: Property) -> Tried {
        match property {
            Property::Description => self.description(),
            Property::Defaults => self.defaults(),
            Property::UnknownSetting => self.unknown_setting(),
            Property::SettingType => self.setting_type(),
            Property::EachOnce => {
                let ordinary: Vec<_> = self
                    .settings
                    .iter()
                    .map(|with| self.each_once(with))
                    .collect();
                let mut said = None;
                for (with, ordinary) in self.settings.iter_mut().zip(ordinary) {
                    with.ordinary = ordinary.map_err(|what| under(&with.settings, what))?;
                    let subjects: usize = with.ordinary.iter().map(|j| j.answers.len()).sum();
                    let calls = with.ordinary.len();
                    said.get_or_insert(format!("subjects {subjects}, calls {calls}"));
                }
                let sets = self.settings.len();
                Ok(format!("{}, settings {sets}", said.unwrap_or_default()))
            }
            Property::NoSubjects => self.each(Self::no_subjects),
            Property::Order => self.each(Self::order),
            Property::Batches => self.each(Self::batches),
            Property::Repeatable => self.each(Self::repeatable),
            Property::Hostile => self.each(Self::hostile),
            Property::Meaning => self.each(Self::meaning),
        }
    }

    /// Tries a property of the answers with all settings.
    fn each(&self, one: impl Fn(&Self, &WithSettings) -> Tried) -> Tried {
        let mut said = None;
        for with in &self.settings {
            let found = one(self, with).map_err(|what| under(&with.settings, what))?;
            said.get_or_insert(found);
        }
        Ok(said.unwrap_or_default())
    }

    fn description(&self) -> Tried {
        let said = self.plugin.describe().map_err(words)?;
        let again = self.again.describe().map_err(words)?;
        if said != again {
            return Err("it describes itself differently when asked again".to_owned());
        }
        let reasons = said.reasons.len();
        Ok(format!("{} {}, {reasons} reasons", said.name, said.version))
    }

    fn each_once(&self, with: &WithSettings) -> Result<Vec<Judged>, String> {
        let scenes = self.corpus.scenes.iter();
        scenes.map(|scene| self.judge(scene, with)).collect()
    }

    fn no_subjects(&self, with: &WithSettings) -> Tried {
        for scene in &self.corpus.scenes {
            let (none, _) = scene.facts.select(&[]);
            let judged = self.plugin.judge_batch(&with.settings, &none.batch());
            judged.map_err(|error| at(scene, &words(error)))?;
        }
        Ok("no answers to no subjects".to_owned())
    }

    fn order(&self, with: &WithSettings) -> Tried {
        for (scene, judged) in self.corpus.scenes.iter().zip(&with.ordinary) {
            for order in orders(judged.answers.len()) {
                self.compare((scene, with), &judged.answers, &[order])?;
            }
        }
        Ok("backwards and shuffled".to_owned())
    }

    fn batches(&self, with: &WithSettings) -> Tried {
        for (scene, judged) in self.corpus.scenes.iter().zip(&with.ordinary) {
            for size in [1, 7] {
                let all: Vec<usize> = (0..judged.answers.len()).collect();
                let parts: Vec<Vec<usize>> = all.chunks(size).map(<[usize]>::to_vec).collect();
                self.compare((scene, with), &judged.answers, &parts)?;
            }
        }
        Ok("one by one, in sevens, and all at once".to_owned())
    }

    fn repeatable(&self, with: &WithSettings) -> Tried {
        for (scene, judged) in self.corpus.scenes.iter().zip(&with.ordinary) {
            let again = self.again.judge_batch(&with.settings, &scene.facts.batch());
            let again = again.map_err(|error| at(scene, &words(error)))?;
            if again.raw != judged.raw {
                return Err(at(scene, "the same facts got other bytes"));
            }
            if again.fuel != judged.fuel {
                let (first, second) = (judged.fuel, again.fuel);
                return Err(at(scene, &format!("fuel was {first}, then {second}")));
            }
        }
        Ok("the same bytes for the same fuel, compiled anew".to_owned())
    }

    fn hostile(&self, with: &WithSettings) -> Tried {
        for scene in &self.corpus.hostile {
            let judged = self.judge(scene, with)?;
            let subjects = judged.answers.len();
            let alone: Vec<Vec<usize>> = (0..subjects).map(|subject| vec![subject]).collect();
            self.compare((scene, with), &judged.answers, &alone)?;
        }
        Ok(format!("{} scenes", self.corpus.hostile.len()))
    }

    fn meaning(&self, with: &WithSettings) -> Tried {
        for scene in self.corpus.all() {
            let judged = self.judge(scene, with)?;
            if let Some(problem) = contradiction(&scene.facts, &judged.answers) {
                return Err(at(scene, &problem));
            }
        }
        Ok("no verdict contradicts its facts".to_owned())
    }

    fn judge(&self, scene: &Scene, with: &WithSettings) -> Result<Judged, String> {
        let judged = self
            .plugin
            .judge_batch(&with.settings, &scene.facts.batch());
        judged.map_err(|error| at(scene, &words(error)))
    }

    /// Asks about the same subjects in other batches, and compares.
    fn compare(
        &self,
        (scene, with): (&Scene, &WithSettings),
        whole: &[Answer],
        parts: &[Vec<usize>],
    ) -> Result<(), String> {
        let names = scene.facts.names();
        for part in parts {
            let (facts, origin) = scene.facts.select(part);
            let judged = self.plugin.judge_batch(&with.settings, &facts.batch());
            let judged = judged.map_err(|error| at(scene, &words(error)))?;
            let expected = origin.iter().filter_map(|&i| whole.get(i).cloned());
            let expected: Vec<Answer> = expected.collect();
            let picked: Vec<String> = origin
                .iter()
                .filter_map(|&i| names.get(i).cloned())
                .collect();
            if let Some(found) = first_difference(&picked, &expected, &judged.answers) {
                return Err(at(scene, &found));
            }
        }
        Ok(())
    }
}

/// What is wrong, and with which settings.
fn under(settings: &Settings, what: String) -> String {
    if settings.is_empty() {
        return what;
    }
    let settings: Vec<String> = settings.iter().map(|(k, v)| format!("{k} = {v}")).collect();
    format!("with {}: {what}", settings.join(", "))
}

/// Two other orders of so many subjects.
fn orders(subjects: usize) -> [Vec<usize>; 2] {
    let backwards: Vec<usize> = (0..subjects).rev().collect();
    // The odd ones first, then the even ones: neighbours part.
    let odd = (0..subjects).skip(1).step_by(2);
    let shuffled = odd.chain((0..subjects).step_by(2)).collect();
    [backwards, shuffled]
}

fn words(error: PluginError) -> String {
    format!("{error} [{}]", error.code())
}

fn at(scene: &Scene, problem: &str) -> String {
    format!("{}: {problem}", scene.about)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_has_every_subject_once() {
        for subjects in 0..6 {
            for mut order in orders(subjects) {
                order.sort_unstable();
                assert_eq!(order, (0..subjects).collect::<Vec<_>>());
            }
        }
    }
}
