//! From the source of a plugin to the question whether the pinned component is
//! of it: identical bytes, or the bytes of another compiler that behave alike.

use std::path::Path;

use birth_core::digest::Digest;
use birth_core::outcome::FailureClass;
use birth_core::policy::Role;
use birth_core::policy::settings::Settings;
use serde::Serialize;

use super::cases::{self, CaseFile};
use super::kit::{self, Outcome};
use super::{Component, first_difference};
use crate::plugin::build::BuiltPlugin;
use crate::plugin::load::Plugin;
use crate::plugin::set::PolicyRuntime;
use crate::run::failure::Failure;

/// How a rebuild compares with the pin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rebuilt {
    /// The role.
    pub role: Role,
    /// The pin.
    pub pinned: Digest,
    /// The digest of what the source builds to.
    pub rebuilt: Digest,
    /// The compiler of this machine.
    pub builder: String,
    /// The compiler that is recorded with the approval, where one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded: Option<String>,
    /// What that comes to.
    #[serde(flatten)]
    pub result: Comparison,
}

/// What a comparison comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum Comparison {
    /// The same bytes.
    Identical,
    /// Other bytes of another compiler, and both behave alike.
    Agrees {
        /// What was asked of both.
        detail: String,
    },
    /// Other bytes of another compiler, and they do not behave alike.
    Disagrees {
        /// The first thing that is not alike.
        detail: String,
    },
    /// Other bytes of the same compiler: the pin is not of this source.
    Differs,
}

/// Compares what a crate builds to with the pin of its role.
///
/// # Errors
/// The policy set has no such role, or one of the components may not run.
pub fn compare(
    folder: &Path,
    built: BuiltPlugin,
    policy: &PolicyRuntime,
) -> Result<Rebuilt, Failure> {
    let source = Component::of(folder.display().to_string(), built.bytes);
    let role = source.role()?;
    let pinned = Component::of(format!("the pinned {role}"), policy.component(role)?);
    let recorded = policy.builder().map(str::to_owned);
    let result = if pinned.sha256 == source.sha256 {
        Comparison::Identical
    } else if recorded.as_ref().is_some_and(|r| *r != built.builder) {
        let settings = policy.set().plugins.get(&role);
        let settings = settings.map(|pin| pin.settings.clone());
        match behave_alike(folder, &source, &pinned, &settings.unwrap_or_default())? {
            Ok(detail) => Comparison::Agrees { detail },
            Err(detail) => Comparison::Disagrees { detail },
        }
    } else {
        Comparison::Differs
    };
    Ok(Rebuilt {
        role,
        pinned: pinned.sha256,
        rebuilt: source.sha256,
        builder: built.builder,
        recorded,
        result,
    })
}

/// Whether two components describe themselves alike, pass the kit, answer the
/// corpus alike and answer the crate's cases as they expect.
fn behave_alike(
    folder: &Path,
    source: &Component,
    pinned: &Component,
    settings: &Settings,
) -> Result<Result<String, String>, Failure> {
    let both = [
        ("the rebuilt component", source),
        ("the pinned component", pinned),
    ];
    let plugins = [source.load()?, pinned.load()?];
    let path = folder.join(cases::FILE);
    let file = if path.is_file() {
        Some(CaseFile::read(source.role()?, &path)?)
    } else {
        None
    };
    let mut asked = file.as_ref().map(CaseFile::settings).unwrap_or_default();
    if !asked.contains(settings) {
        asked.push(settings.clone());
    }
    for (name, component) in both {
        let checked = kit::check(component, &asked)?;
        if let Some(failed) = checked.iter().find(|c| c.outcome != Outcome::Passed) {
            let (property, detail) = (failed.property.name(), &failed.detail);
            return Ok(Err(format!("{name} fails the kit's {property}: {detail}")));
        }
    }
    let scenes = match answers_alike(&plugins, settings)? {
        Ok(scenes) => scenes,
        Err(different) => return Ok(Err(different)),
    };
    let Some(file) = file else {
        return Ok(Ok(format!(
            "{scenes} scenes of the kit; the crate has no cases"
        )));
    };
    for ((name, _), plugin) in both.iter().zip(&plugins) {
        let tried = file.run(plugin);
        let is_wrong = |t: &&cases::Tried| !matches!(t.outcome, cases::Outcome::Passed);
        if let Some(wrong) = tried.iter().find(is_wrong) {
            return Ok(Err(format!("{name} fails the case {:?}", wrong.name)));
        }
    }
    let cases = file.cases.len();
    Ok(Ok(format!("{scenes} scenes of the kit and {cases} cases")))
}

/// Asks both about the whole corpus, without settings and with those of the
/// policy set.
fn answers_alike(
    [source, pinned]: &[Plugin; 2],
    settings: &Settings,
) -> Result<Result<usize, String>, Failure> {
    if source.describe()? != pinned.describe()? {
        return Ok(Err("they describe themselves differently".to_owned()));
    }
    let corpus = kit::corpus(source)?;
    for settings in [&Settings::new(), settings] {
        for scene in corpus.all() {
            let batch = scene.facts.batch();
            let one = source.judge_batch(settings, &batch)?;
            let other = pinned.judge_batch(settings, &batch)?;
            let names = scene.facts.names();
            if let Some(found) = first_difference(&names, &one.answers, &other.answers) {
                return Ok(Err(format!("{}: {found}", scene.about)));
            }
        }
    }
    Ok(Ok(corpus.all().count()))
}

impl Rebuilt {
    /// Why the pinned component cannot stand for the source; nothing where it
    /// can. `identical` takes nothing but the same bytes.
    #[must_use]
    pub fn failure(&self, identical: bool) -> Option<Failure> {
        match &self.result {
            Comparison::Identical => None,
            Comparison::Agrees { .. } if !identical => None,
            Comparison::Agrees { .. } => Some(
                Failure::new(
                    FailureClass::Policy,
                    "REBUILD_NOT_IDENTICAL",
                    format!(
                        "the source of the role {} builds to {} with {}, and the pin is {}",
                        self.role, self.rebuilt, self.builder, self.pinned
                    ),
                )
                .with_hint("rebuild with the compiler that is recorded with the approval"),
            ),
            Comparison::Differs => Some(
                Failure::new(
                    FailureClass::Policy,
                    "REBUILD_DIFFERS",
                    format!(
                        "the source of the role {} builds to {}, but the pin is {}",
                        self.role, self.rebuilt, self.pinned
                    ),
                )
                .with_hint(match self.recorded {
                    Some(_) => "the pinned component is not of this source: review the change, pin and approve it",
                    None => "no compiler is recorded with the approval, so another compiler cannot be told from another source: approve with --builder and the words that `birth plugin build` prints, or rebuild with the compiler of the pinned component",
                }),
            ),
            Comparison::Disagrees { detail } => Some(
                Failure::new(
                    FailureClass::Verification,
                    "REBUILD_DISAGREES",
                    format!(
                        "the source of the role {} and its pinned component do not behave alike: {detail}",
                        self.role
                    ),
                )
                .with_hint("the pinned component is not of this source, or a compiler is at fault: rebuild with the recorded one"),
            ),
        }
    }
}
