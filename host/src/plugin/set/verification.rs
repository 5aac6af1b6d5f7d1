//! The check that CI runs over all of a policy set.

use birth_core::digest::Digest;
use birth_core::policy::Role;
use birth_core::policy::set::PluginPin;
use birth_core::policy::standing::Aspect;
use serde::Serialize;

use super::PolicyRuntime;
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
        checks.extend(self.standing.answers().iter().map(|answer| Check {
            role: None,
            what: answer.aspect.into(),
            outcome: match &answer.result {
                Some(result) => result.clone().map_err(PluginError::from).into(),
                None => Outcome::NotRun,
            },
        }));
        Verification {
            name: self.set.name.clone(),
            revision: self.set.revision,
            wit: self.set.wit.clone(),
            digest: self.digest,
            signed: self.standing.leave().is_ok_and(|l| l.backing.is_signed()),
            ok: all_passed(&checks),
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
        let found = Digest::of(&self.component(role)?);
        Ok(format!("{} is {found}", pin.file))
    }
}

fn all_passed(checks: &[Check]) -> bool {
    let passed = |c: &Check| matches!(c.outcome, Outcome::Passed { .. });
    checks.iter().all(passed)
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
    /// Whether signatures stand behind the approval; false where it is unsigned.
    pub signed: bool,
    /// Whether every check passed.
    pub ok: bool,
    /// One entry per check: the roles in the order of their names, then what
    /// concerns the approval.
    pub checks: Vec<Check>,
}

impl Verification {
    /// Lets an older revision pass, where it is kept and not executed.
    #[must_use]
    pub fn allowing_older(mut self) -> Self {
        for check in &mut self.checks {
            if let Outcome::Failed { error } = &check.outcome
                && error.code() == "POLICY_OLDER_REVISION"
            {
                check.outcome = Outcome::Passed {
                    detail: "a newer revision is approved; allowed here, refused by what writes"
                        .to_owned(),
                };
            }
        }
        self.ok = all_passed(&self.checks);
        self
    }

    /// The failed checks.
    pub fn errors(&self) -> impl Iterator<Item = &PluginError> {
        self.checks.iter().filter_map(|check| match &check.outcome {
            Outcome::Failed { error } => Some(error),
            Outcome::Passed { .. } | Outcome::NotRun => None,
        })
    }

    /// The failed checks of plugins, whatever the approval is.
    pub fn role_errors(&self) -> impl Iterator<Item = &PluginError> {
        let of_role = self.checks.iter().filter(|check| check.role.is_some());
        of_role.filter_map(|check| match &check.outcome {
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
    /// By enough people, where signatures are asked for.
    Signatures,
    /// Each approval follows one of the list, and its revision is above all before it.
    Chain,
    /// No newer revision is approved, or to go back was decided.
    Order,
}

impl What {
    /// Its word, as JSON has it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pin => "pin",
            Self::Component => "component",
            Self::Description => "description",
            Self::Settings => "settings",
            Self::Approval => "approval",
            Self::Signatures => "signatures",
            Self::Chain => "chain",
            Self::Order => "order",
        }
    }

    /// What it asks, for people.
    #[must_use]
    pub fn asks(self) -> &'static str {
        match self {
            Self::Pin => "the file has the pinned hash",
            Self::Component => "the file is a component that imports nothing",
            Self::Description => "the plugin describes itself within the rules",
            Self::Settings => "the plugin accepts its settings",
            Self::Approval => "the revision is approved",
            Self::Signatures => "enough people signed the approval",
            Self::Chain => {
                "each approval follows one of the list, with a revision above all before it"
            }
            Self::Order => "no newer revision is approved",
        }
    }

    /// Every one, in the order of the checks.
    pub const ALL: [Self; 8] = [
        Self::Pin,
        Self::Component,
        Self::Description,
        Self::Settings,
        Self::Approval,
        Self::Signatures,
        Self::Chain,
        Self::Order,
    ];
}

impl From<Aspect> for What {
    fn from(aspect: Aspect) -> Self {
        match aspect {
            Aspect::Approval => Self::Approval,
            Aspect::Signatures => Self::Signatures,
            Aspect::Chain => Self::Chain,
            Aspect::Order => Self::Order,
        }
    }
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
