//! The check that CI runs over all of a policy set.

use std::sync::Arc;

use birth_core::digest::Digest;
use birth_core::policy::Role;
use birth_core::policy::set::PluginPin;
use serde::Serialize;

use super::{PolicyRuntime, plugin_id};
use crate::plugin::error::PluginError;

impl PolicyRuntime {
    /// Checks everything that can be checked without a database: each role's
    /// file and pin, component, description and settings, and the approval.
    #[must_use]
    pub fn verify_all(&self) -> Verification {
        let mut checks = Vec::new();
        for (&role, pin) in &self.set.plugins {
            self.verify_role(role, pin, &mut checks);
        }
        let approval = self
            .ensure_approved()
            .map(|a| format!("approved by {} at {}", a.by, a.at));
        checks.push(Check {
            role: None,
            what: What::Approval,
            outcome: approval.into(),
        });
        Verification {
            name: self.set.name.clone(),
            revision: self.set.revision,
            wit: self.set.wit.clone(),
            digest: self.digest,
            ok: checks
                .iter()
                .all(|c| matches!(c.outcome, Outcome::Passed { .. })),
            checks,
        }
    }

    /// Each step needs the one before: after a failure the rest is listed as
    /// not run.
    fn verify_role(&self, role: Role, pin: &PluginPin, checks: &mut Vec<Check>) {
        let steps: [(What, Step<'_>); 4] = [
            (What::Pin, &|| self.verify_pin(role, pin)),
            (What::Component, &|| {
                self.plugin(role)
                    .map(|_| format!("exports {}, imports nothing", role.interface()))
            }),
            (What::Description, &|| {
                let found = self.plugin(role)?.describe()?;
                let reasons = found.reasons.len();
                Ok(format!(
                    "{} {}, {reasons} reasons",
                    found.name, found.version
                ))
            }),
            (What::Settings, &|| {
                self.plugin(role)?.check_settings(&pin.settings)?;
                Ok(format!("{} accepted", pin.settings.len()))
            }),
        ];
        let mut failed = false;
        for (what, step) in steps {
            let outcome = if failed {
                Outcome::NotRun
            } else {
                step().into()
            };
            failed |= !matches!(outcome, Outcome::Passed { .. });
            checks.push(Check {
                role: Some(role),
                what,
                outcome,
            });
        }
    }

    fn verify_pin(&self, role: Role, pin: &PluginPin) -> Result<String, PluginError> {
        let id = plugin_id(role, pin);
        let found = Digest::of(&self.read(&id, pin)?);
        if found != id.sha256 {
            return Err(PluginError::PinMismatch {
                plugin: Arc::new(id),
                found,
            });
        }
        Ok(format!("{} is {found}", pin.file))
    }
}

/// One step of a role's verification; gives what was found.
type Step<'a> = &'a dyn Fn() -> Result<String, PluginError>;

/// What `birth policy verify` found.
#[derive(Debug, Serialize)]
pub struct Verification {
    /// Name of the policy set.
    pub name: String,
    /// Its revision.
    pub revision: u32,
    /// The WIT version its plugins speak.
    pub wit: String,
    /// Its revision digest.
    pub digest: Digest,
    /// Whether every check passed.
    pub ok: bool,
    /// One entry per check: the roles in the order of their names, then the
    /// approval.
    pub checks: Vec<Check>,
}

impl Verification {
    /// The failed checks.
    pub fn errors(&self) -> impl Iterator<Item = &PluginError> {
        self.checks.iter().filter_map(|check| match &check.outcome {
            Outcome::Failed { error } => Some(error),
            Outcome::Passed { .. } | Outcome::NotRun => None,
        })
    }
}

/// One check.
#[derive(Debug, Serialize)]
pub struct Check {
    /// The role; none for what concerns the whole set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// What was checked.
    pub what: What,
    /// How it went.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What a check is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// The file hashes to its pin.
    Pin,
    /// The file is a component that may run.
    Component,
    /// The plugin describes itself within the rules.
    Description,
    /// The plugin accepts its settings.
    Settings,
    /// The revision is approved.
    Approval,
}

/// How a check went.
#[derive(Debug, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// Passed.
    Passed {
        /// What was found.
        detail: String,
    },
    /// Failed.
    Failed {
        /// Why.
        error: PluginError,
    },
    /// An earlier check of the same plugin failed.
    NotRun,
}

impl From<Result<String, PluginError>> for Outcome {
    fn from(result: Result<String, PluginError>) -> Self {
        match result {
            Ok(detail) => Self::Passed { detail },
            Err(error) => Self::Failed { error },
        }
    }
}
