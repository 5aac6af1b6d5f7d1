//! An author's cases: facts, what is expected, and why.
//!
//! A file is a JSON list. Each case has
//!
//! - `name`, unique in the file, and `why`: the rule that the case shows;
//! - `settings` (optional): texts, whole numbers, truths and lists of texts;
//! - `facts`: as [`super::facts`] reads them for the role;
//! - `expect`: one entry per subject, in their order, with the `status` by its
//!   word and, where the case is about them, `scope`, `score`, the codes of the
//!   `reasons` in their order, and their `messages`.

mod compare;
mod splice;

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use compare::{Difference, Line, Mark, differences};
pub use splice::{SpliceError, accept};

use super::facts::{Facts, classification, conflict, coverage};
use super::{scopes, statuses};
use crate::policy::Role;
use crate::policy::settings::Settings;
use crate::policy::verdict::Answer;

/// One case.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Unique in its file.
    pub name: String,
    /// The rule that it shows.
    pub why: String,
    /// What the plugin is set to.
    pub settings: Settings,
    /// What the plugin is asked.
    pub facts: Facts,
    /// What it should answer, one entry per subject.
    pub expect: Vec<Expected>,
}

/// What a subject should be answered; what is not given is not compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// The status by its word.
    pub status: String,
    /// The scope by its word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<i32>,
    /// Codes of the reasons, in their order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasons: Option<Vec<String>>,
    /// Messages of the reasons, in their order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages: Option<Vec<String>>,
}

/// Why a file of cases cannot be used.
#[derive(Debug, Error)]
pub enum CasesError {
    /// Not JSON, or not a list of cases of this role.
    #[error("it is not a list of cases of the role `{role}`: {source}")]
    Syntax {
        /// The role.
        role: Role,
        /// What is wrong, with line and column.
        source: serde_json::Error,
    },
    /// Two cases have one name.
    #[error("two cases are called {0:?}")]
    Duplicate(String),
    /// A word outside the role's vocabulary.
    #[error("case {case:?} expects the {field} {word:?}, which the role `{role}` does not know; {known}", known = known(*.role, field))]
    Word {
        /// The case.
        case: String,
        /// `status` or `scope`.
        field: &'static str,
        /// The word.
        word: String,
        /// The role.
        role: Role,
    },
}

fn known(role: Role, field: &str) -> String {
    let words = match field {
        "status" => statuses(role),
        _ => scopes(role),
    };
    match words {
        [] => format!("it has no {field}"),
        words => format!("it knows {}", words.join(", ")),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written<F> {
    name: String,
    why: String,
    #[serde(default)]
    settings: Settings,
    facts: F,
    expect: Vec<Expected>,
}

/// Reads a file of cases.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn parse(role: Role, text: &str) -> Result<Vec<Case>, CasesError> {
    let read = match role {
        Role::Classification => read::<classification::Facts>(text, Facts::Classification),
        Role::Conflict => read::<conflict::Facts>(text, Facts::Conflict),
        Role::Coverage => read::<coverage::Facts>(text, Facts::Coverage),
    };
    let cases = read.map_err(|source| CasesError::Syntax { role, source })?;
    let mut names = BTreeSet::new();
    for case in &cases {
        if !names.insert(case.name.as_str()) {
            return Err(CasesError::Duplicate(case.name.clone()));
        }
        for expected in &case.expect {
            check_words(role, case, expected)?;
        }
    }
    Ok(cases)
}

fn read<F: DeserializeOwned>(
    text: &str,
    role: fn(F) -> Facts,
) -> Result<Vec<Case>, serde_json::Error> {
    let written: Vec<Written<F>> = serde_json::from_str(text)?;
    let case = |written: Written<F>| Case {
        name: written.name,
        why: written.why,
        settings: written.settings,
        facts: role(written.facts),
        expect: written.expect,
    };
    Ok(written.into_iter().map(case).collect())
}

fn check_words(role: Role, case: &Case, expected: &Expected) -> Result<(), CasesError> {
    let known = |field, word: &str, words: &[&str]| {
        if words.contains(&word) {
            return Ok(());
        }
        Err(CasesError::Word {
            case: case.name.clone(),
            field,
            word: word.to_owned(),
            role,
        })
    };
    known("status", &expected.status, statuses(role))?;
    match &expected.scope {
        Some(scope) => known("scope", scope, scopes(role)),
        None => Ok(()),
    }
}

impl Expected {
    /// An answer as a case would expect it: what `like` says of an answer, or,
    /// where nothing was expected yet, status, scope and codes.
    #[must_use]
    pub fn of(role: Role, answer: &Answer, like: Option<&Self>) -> Self {
        let word = |words: &[&str], number: u8| {
            let word = words.get(usize::from(number));
            word.map_or_else(|| number.to_string(), |word| (*word).to_owned())
        };
        let codes = || answer.reasons.iter().map(|r| r.code.clone()).collect();
        let messages = || answer.reasons.iter().map(|r| r.message.clone()).collect();
        let has_scope = like.map_or(!scopes(role).is_empty(), |like| like.scope.is_some());
        Self {
            status: word(statuses(role), answer.status),
            scope: has_scope.then(|| word(scopes(role), answer.scope)),
            score: like.and_then(|like| like.score).map(|_| answer.score),
            reasons: like.is_none_or(|like| like.reasons.is_some()).then(codes),
            messages: like
                .and_then(|like| like.messages.as_ref())
                .map(|_| messages()),
        }
    }
}

#[cfg(test)]
mod tests;
