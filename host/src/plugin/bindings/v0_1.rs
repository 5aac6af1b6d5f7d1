//! `birth:policy@0.1.0`. The generated types borrow: the core's columns are
//! lent to the component's memory without another copy on the host's side.

pub(in crate::plugin) mod lend;

use birth_core::facts::classification::ClassificationFacts;
use birth_core::facts::conflict::ConflictFacts;
use birth_core::facts::coverage::CoverageFacts;
use birth_core::policy::Role;
use birth_core::policy::settings::{SettingValue, Settings};
use birth_core::policy::verdict::{Description, RawVerdicts, ReasonKind, Severity};
use wasmtime::Store;
use wasmtime::component::Instance;

use crate::plugin::error::{SettingProblem, in_its_words};
use crate::plugin::limits::Meter;

/// How many problems of its settings a plugin is quoted with.
const PROBLEMS: usize = 50;

/// What a plugin answers to a batch.
pub(in crate::plugin) type Judgement = Result<RawVerdicts, Refusal>;

/// What a plugin answers instead of verdicts.
#[derive(Debug)]
pub(in crate::plugin) enum Refusal {
    Settings(Vec<SettingProblem>),
    Malformed(String),
}

/// Generates one role's world and its conversions: the worlds share WIT types,
/// but not Rust types.
macro_rules! role {
    ($module:ident, $world:literal, $plugin:ident, $accessor:ident) => {
        mod $module {
            #![allow(
                dead_code,
                missing_debug_implementations,
                missing_docs,
                unreachable_pub,
                unused_qualifications,
                clippy::all,
                reason = "generated code; facts of a role are used once its operation exists"
            )]
            wasmtime::component::bindgen!({
                path: "../wit/birth-policy/0.1",
                world: $world,
                ownership: Borrowing { duplicate_if_necessary: true },
            });
            use super::*;
            use exports::birth::policy::types;

            pub(super) fn bind(
                store: &mut Store<Meter>,
                instance: &Instance,
            ) -> wasmtime::Result<$plugin> {
                $plugin::new(store, instance)
            }

            pub(super) fn describe(
                plugin: &$plugin,
                store: &mut Store<Meter>,
            ) -> wasmtime::Result<Description> {
                let found = plugin.$accessor().call_describe(store)?;
                let reasons = found.reasons.into_iter().map(|r| ReasonKind {
                    code: r.code,
                    severity: match r.severity {
                        types::Severity::Note => Severity::Note,
                        types::Severity::Warning => Severity::Warning,
                        types::Severity::Finding => Severity::Finding,
                    },
                    message: r.message,
                });
                Ok(Description {
                    name: found.name,
                    version: found.version,
                    reasons: reasons.collect(),
                })
            }

            pub(super) fn check_settings(
                plugin: &$plugin,
                store: &mut Store<Meter>,
                settings: &Settings,
            ) -> wasmtime::Result<Result<(), Vec<SettingProblem>>> {
                let lists = lists(settings);
                let answer =
                    plugin.$accessor().call_check_settings(store, &lend(settings, &lists))?;
                Ok(answer.map_err(problems))
            }

            /// Lends the settings; `lists` holds the lists of texts in between.
            pub(super) fn lend<'a>(
                settings: &'a Settings,
                lists: &'a [Vec<&'a str>],
            ) -> Vec<types::Setting<'a>> {
                let mut lists = lists.iter();
                let value = |value: &'a SettingValue| match value {
                    SettingValue::Truth(b) => types::SettingValue::Truth(*b),
                    SettingValue::Integer(n) => types::SettingValue::Integer(*n),
                    SettingValue::Text(t) => types::SettingValue::Text(t),
                    SettingValue::Texts(_) => {
                        types::SettingValue::Texts(lists.next().map_or(&[], |l| l.as_slice()))
                    }
                };
                let values = settings.values().map(value);
                settings.keys().zip(values).map(|(key, value)| types::Setting { key, value }).collect()
            }

            pub(super) fn judgement(
                answer: Result<types::Verdicts, types::PolicyError>,
            ) -> Judgement {
                match answer {
                    Ok(v) => Ok(RawVerdicts {
                        subject: v.subject,
                        status: v.status,
                        scope: v.scope,
                        score: v.score,
                        reason_start: v.reason_start,
                        reason_kind: v.reason_kind,
                        reason_weight: v.reason_weight,
                        reason_text: v.reason_text,
                        reason_number: v.reason_number,
                    }),
                    Err(types::PolicyError::Settings(found)) => {
                        Err(Refusal::Settings(problems(found)))
                    }
                    Err(types::PolicyError::Malformed(what)) => {
                        Err(Refusal::Malformed(in_its_words(&what)))
                    }
                }
            }

            fn problems(found: Vec<types::SettingProblem>) -> Vec<SettingProblem> {
                let problem = |p: types::SettingProblem| SettingProblem {
                    key: in_its_words(&p.key),
                    problem: in_its_words(&p.problem),
                };
                found.into_iter().take(PROBLEMS).map(problem).collect()
            }
        }
    };
}

role!(
    classification,
    "classification-plugin",
    ClassificationPlugin,
    birth_policy_classification
);
role!(
    conflict,
    "conflict-plugin",
    ConflictPlugin,
    birth_policy_conflict
);
role!(
    coverage,
    "coverage-plugin",
    CoveragePlugin,
    birth_policy_coverage
);

/// An instance whose exports have been checked against its role's interface.
pub(in crate::plugin) enum Bound {
    Classification(classification::ClassificationPlugin),
    Conflict(conflict::ConflictPlugin),
    Coverage(coverage::CoveragePlugin),
}

impl Bound {
    /// Checks names and types of the exports; runs nothing.
    pub(in crate::plugin) fn new(
        role: Role,
        store: &mut Store<Meter>,
        instance: &Instance,
    ) -> wasmtime::Result<Self> {
        Ok(match role {
            Role::Classification => Self::Classification(classification::bind(store, instance)?),
            Role::Conflict => Self::Conflict(conflict::bind(store, instance)?),
            Role::Coverage => Self::Coverage(coverage::bind(store, instance)?),
        })
    }

    pub(in crate::plugin) fn describe(
        &self,
        store: &mut Store<Meter>,
    ) -> wasmtime::Result<Description> {
        match self {
            Self::Classification(p) => classification::describe(p, store),
            Self::Conflict(p) => conflict::describe(p, store),
            Self::Coverage(p) => coverage::describe(p, store),
        }
    }

    pub(in crate::plugin) fn check_settings(
        &self,
        store: &mut Store<Meter>,
        settings: &Settings,
    ) -> wasmtime::Result<Result<(), Vec<SettingProblem>>> {
        match self {
            Self::Classification(p) => classification::check_settings(p, store, settings),
            Self::Conflict(p) => conflict::check_settings(p, store, settings),
            Self::Coverage(p) => coverage::check_settings(p, store, settings),
        }
    }

    /// Judges a batch of the classification role.
    pub(in crate::plugin) fn judge_classification(
        &self,
        store: &mut Store<Meter>,
        settings: &Settings,
        facts: &ClassificationFacts,
    ) -> wasmtime::Result<Judgement> {
        let Self::Classification(plugin) = self else {
            return Err(other_role(Role::Classification));
        };
        let lists = lists(settings);
        let settings = classification::lend(settings, &lists);
        let facts = lend::classification::facts(facts);
        let guest = plugin.birth_policy_classification();
        Ok(classification::judgement(
            guest.call_judge(store, &settings, facts)?,
        ))
    }

    /// Judges a batch of the conflict role.
    pub(in crate::plugin) fn judge_conflict(
        &self,
        store: &mut Store<Meter>,
        settings: &Settings,
        facts: &ConflictFacts,
    ) -> wasmtime::Result<Judgement> {
        let Self::Conflict(plugin) = self else {
            return Err(other_role(Role::Conflict));
        };
        let lists = lists(settings);
        let settings = conflict::lend(settings, &lists);
        let facts = lend::conflict::facts(facts);
        let guest = plugin.birth_policy_conflict();
        Ok(conflict::judgement(
            guest.call_judge(store, &settings, facts)?,
        ))
    }

    /// Judges a batch of the coverage role.
    pub(in crate::plugin) fn judge_coverage(
        &self,
        store: &mut Store<Meter>,
        settings: &Settings,
        facts: &CoverageFacts,
    ) -> wasmtime::Result<Judgement> {
        let Self::Coverage(plugin) = self else {
            return Err(other_role(Role::Coverage));
        };
        let lists = lists(settings);
        let settings = coverage::lend(settings, &lists);
        let facts = lend::coverage::facts(facts);
        let guest = plugin.birth_policy_coverage();
        Ok(coverage::judgement(
            guest.call_judge(store, &settings, facts)?,
        ))
    }
}

fn other_role(wanted: Role) -> wasmtime::Error {
    wasmtime::format_err!("the plugin does not have the {wanted} role")
}

/// The lists of texts among the settings, in the order of their keys.
fn lists(settings: &Settings) -> Vec<Vec<&str>> {
    let mut lists = Vec::new();
    for value in settings.values() {
        if let SettingValue::Texts(items) = value {
            lists.push(items.iter().map(String::as_str).collect());
        }
    }
    lists
}

/// Bytes that settings take in the guest's memory, roughly.
pub(in crate::plugin) fn settings_bytes(settings: &Settings) -> usize {
    let value = |v: &SettingValue| match v {
        SettingValue::Truth(_) | SettingValue::Integer(_) => 0,
        SettingValue::Text(text) => text.len(),
        SettingValue::Texts(items) => items.iter().map(|t| t.len() + 8).sum(),
    };
    settings
        .iter()
        .map(|(key, v)| 24 + key.len() + value(v))
        .sum()
}
