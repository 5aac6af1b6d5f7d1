//! The author's own cases, put to a component.

use std::path::{Path, PathBuf};

use birth_core::kit::cases::{self, Case, Difference, Expected, differences};
use birth_core::outcome::FailureClass;
use birth_core::policy::Role;
use birth_core::policy::settings::Settings;
use birth_core::policy::verdict::Answer;
use serde::Serialize;

use crate::plugin::error::PluginError;
use crate::plugin::load::Plugin;
use crate::run::failure::Failure;

/// Where a crate's cases are.
pub const FILE: &str = "tests/cases.json";
/// No file of cases is as large as this.
const LARGEST: u64 = 64 << 20;

/// A file of cases.
#[derive(Debug, Clone)]
pub struct CaseFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// Its cases.
    pub cases: Vec<Case>,
}

/// A case that was tried.
#[derive(Debug, Clone, Serialize)]
pub struct Tried {
    /// Its name.
    pub name: String,
    /// The rule it shows.
    pub why: String,
    /// How it went.
    #[serde(flatten)]
    pub outcome: Outcome,
    #[serde(skip)]
    answers: Vec<Answer>,
}

/// How a case went.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// As expected.
    Passed,
    /// Answered otherwise.
    Differs {
        /// The subjects that were.
        differences: Vec<Difference>,
    },
    /// Not answered.
    Stopped {
        /// A stable code.
        code: &'static str,
        /// Why.
        message: String,
    },
}

impl CaseFile {
    /// Reads a file of cases of a role.
    ///
    /// # Errors
    /// It cannot be read, or is none.
    pub fn read(role: Role, path: &Path) -> Result<Self, Failure> {
        let unreadable = |error: std::io::Error| {
            Failure::new(
                FailureClass::Filesystem,
                "FILE_NOT_READABLE",
                format!("the cases {} cannot be read: {error}", path.display()),
            )
        };
        let size = std::fs::metadata(path).map_err(unreadable)?.len();
        if size > LARGEST {
            return Err(not_usable(
                path,
                &format!("it has {size} bytes, and may have {LARGEST}"),
            ));
        }
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        let cases = cases::parse(role, &text).map_err(|e| not_usable(path, &e.to_string()))?;
        Ok(Self {
            path: path.to_owned(),
            text,
            cases,
        })
    }

    /// The settings that its cases give, each once.
    #[must_use]
    pub fn settings(&self) -> Vec<Settings> {
        let mut all: Vec<Settings> = Vec::new();
        for case in &self.cases {
            if !all.contains(&case.settings) {
                all.push(case.settings.clone());
            }
        }
        all
    }

    /// Puts every case to a plugin.
    #[must_use]
    pub fn run(&self, plugin: &Plugin) -> Vec<Tried> {
        self.cases.iter().map(|case| run(plugin, case)).collect()
    }

    /// The text of the file with what came in place of what was expected, and
    /// how many cases that changes.
    ///
    /// # Errors
    /// The file's text cannot be changed in place.
    pub fn accepting(&self, tried: &[Tried]) -> Result<(String, usize), Failure> {
        let accepted: Vec<(usize, Vec<Expected>)> = self
            .cases
            .iter()
            .zip(tried)
            .enumerate()
            .filter(|(_, (_, tried))| matches!(tried.outcome, Outcome::Differs { .. }))
            .map(|(index, (case, tried))| (index, expected(case, &tried.answers)))
            .collect();
        let text = cases::accept(&self.text, self.cases.len(), &accepted)
            .map_err(|error| not_usable(&self.path, &error.to_string()))?;
        Ok((text, accepted.len()))
    }
}

fn run(plugin: &Plugin, case: &Case) -> Tried {
    let judged = plugin.judge_batch(&case.settings, &case.facts.batch());
    let (outcome, answers) = match judged {
        Ok(judged) => match differences(case, &judged.answers) {
            none if none.is_empty() => (Outcome::Passed, judged.answers),
            differences => (Outcome::Differs { differences }, judged.answers),
        },
        Err(error) => (stopped(&error), vec![]),
    };
    Tried {
        name: case.name.clone(),
        why: case.why.clone(),
        outcome,
        answers,
    }
}

fn stopped(error: &PluginError) -> Outcome {
    Outcome::Stopped {
        code: error.code(),
        message: error.to_string(),
    }
}

fn expected(case: &Case, answers: &[Answer]) -> Vec<Expected> {
    let role = case.facts.role();
    let answers = answers.iter().enumerate();
    let entry = |(i, answer)| Expected::of(role, answer, case.expect.get(i));
    answers.map(entry).collect()
}

fn not_usable(path: &Path, what: &str) -> Failure {
    Failure::new(
        FailureClass::Configuration,
        "CASES_NOT_USABLE",
        format!("the cases {} cannot be used: {what}", path.display()),
    )
    .with_hint("`birth plugin new` writes a file of cases to begin with")
}
