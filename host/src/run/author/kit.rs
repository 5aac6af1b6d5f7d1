//! The conformance kit: asks a plugin about the corpus of its role and holds the
//! answers to the properties that any plugin must have.

mod settings;

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
    /// Settings that the author's cases name.
    settings: Vec<String>,
    /// What the ordinary scenes were answered, once that is known.
    ordinary: Vec<Judged>,
}

/// Tries every property. `settings` are keys of settings besides those that the
/// plugin names itself.
///
/// # Errors
/// The component may not run at all.
pub fn check(component: &Component, settings: Vec<String>) -> Result<Vec<Checked>, Failure> {
    let plugin = component.load()?;
    let mut kit = Kit {
        again: component.load()?,
        corpus: corpus(&plugin)?,
        plugin: &plugin,
        settings,
        ordinary: vec![],
    };
    let mut checked = Vec::new();
    let mut broken = false;
    for property in Property::ALL {
        // What follows asks the same questions again.
        let needs_answers = property > Property::EachOnce;
        let (outcome, detail) = if broken && needs_answers {
            (Outcome::NotRun, String::new())
        } else {
            match kit.try_one(property) {
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

impl Kit<'_> {
    fn try_one(&mut self, property: Property) -> Tried {
        match property {
            Property::Description => self.description(),
            Property::Defaults => self.defaults(),
            Property::UnknownSetting => self.unknown_setting(),
            Property::SettingType => self.setting_type(),
            Property::EachOnce => self.each_once(),
            Property::NoSubjects => self.no_subjects(),
            Property::Order => self.order(),
            Property::Batches => self.batches(),
            Property::Repeatable => self.repeatable(),
            Property::Hostile => self.hostile(),
            Property::Meaning => self.meaning(),
        }
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

    fn each_once(&mut self) -> Tried {
        let mut ordinary = Vec::new();
        for scene in &self.corpus.scenes {
            ordinary.push(self.judge(scene)?);
        }
        self.ordinary = ordinary;
        let subjects: usize = self.ordinary.iter().map(|j| j.answers.len()).sum();
        Ok(format!(
            "subjects {subjects}, calls {}",
            self.corpus.scenes.len()
        ))
    }

    fn no_subjects(&self) -> Tried {
        for scene in &self.corpus.scenes {
            let (none, _) = scene.facts.select(&[]);
            let judged = self.plugin.judge_batch(&Settings::new(), &none.batch());
            judged.map_err(|error| at(scene, &words(error)))?;
        }
        Ok("no answers to no subjects".to_owned())
    }

    fn order(&self) -> Tried {
        for (scene, judged) in self.corpus.scenes.iter().zip(&self.ordinary) {
            for order in orders(judged.answers.len()) {
                self.compare(scene, &judged.answers, &[order])?;
            }
        }
        Ok("backwards and shuffled".to_owned())
    }

    fn batches(&self) -> Tried {
        for (scene, judged) in self.corpus.scenes.iter().zip(&self.ordinary) {
            for size in [1, 7] {
                let all: Vec<usize> = (0..judged.answers.len()).collect();
                let parts: Vec<Vec<usize>> = all.chunks(size).map(<[usize]>::to_vec).collect();
                self.compare(scene, &judged.answers, &parts)?;
            }
        }
        Ok("one by one, in sevens, and all at once".to_owned())
    }

    fn repeatable(&self) -> Tried {
        for (scene, judged) in self.corpus.scenes.iter().zip(&self.ordinary) {
            let again = self
                .again
                .judge_batch(&Settings::new(), &scene.facts.batch());
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

    fn hostile(&self) -> Tried {
        for scene in &self.corpus.hostile {
            let judged = self.judge(scene)?;
            let subjects = judged.answers.len();
            let alone: Vec<Vec<usize>> = (0..subjects).map(|subject| vec![subject]).collect();
            self.compare(scene, &judged.answers, &alone)?;
        }
        Ok(format!("{} scenes", self.corpus.hostile.len()))
    }

    fn meaning(&self) -> Tried {
        for scene in self.corpus.all() {
            let judged = self.judge(scene)?;
            if let Some(problem) = contradiction(&scene.facts, &judged.answers) {
                return Err(at(scene, &problem));
            }
        }
        Ok("no verdict contradicts its facts".to_owned())
    }

    fn judge(&self, scene: &Scene) -> Result<Judged, String> {
        let judged = self
            .plugin
            .judge_batch(&Settings::new(), &scene.facts.batch());
        judged.map_err(|error| at(scene, &words(error)))
    }

    /// Asks about the same subjects in other batches, and compares.
    fn compare(&self, scene: &Scene, whole: &[Answer], parts: &[Vec<usize>]) -> Result<(), String> {
        let names = scene.facts.names();
        for part in parts {
            let (facts, origin) = scene.facts.select(part);
            let judged = self.plugin.judge_batch(&Settings::new(), &facts.batch());
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
