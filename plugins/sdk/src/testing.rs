//! Helpers for native tests of rules: facts as nested plain structs, turned
//! into the batch a plugin would get, and answers read back into words.
//!
//! Only with the feature `testing`; never part of a plugin. The structs read
//! from JSON too (feature `testing` brings serde), with defaults for whatever
//! a case does not care about.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::plugin::Refusal;
use crate::reasons::{Reason, ReasonKind};
use crate::settings::{Setting, SettingValue};
use crate::text::{NO_TEXT, Texts};
use crate::verdicts::Verdicts;

pub mod classification;
pub mod conflict;
pub mod coverage;

/// An answer in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Role-specific status.
    pub status: u8,
    /// Role-specific second status.
    pub scope: u8,
    /// Role-specific score.
    pub score: i32,
    /// In the order in which they were given.
    pub reasons: Vec<Given>,
}

impl Answer {
    /// The codes of its reasons.
    pub fn codes(&self) -> Vec<&'static str> {
        self.reasons.iter().map(|given| given.kind.code).collect()
    }

    /// The messages of its reasons, with the evidence filled in.
    pub fn messages(&self) -> Vec<String> {
        self.reasons.iter().map(Given::message).collect()
    }
}

/// A reason that was given, with its evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Which reason.
    pub kind: &'static ReasonKind,
    /// Contribution to the score.
    pub weight: i32,
    /// Evidence.
    pub text: Option<String>,
    /// Evidence.
    pub number: i64,
}

impl Given {
    /// The message with the evidence filled in, as the host does it.
    pub fn message(&self) -> String {
        let text = self.text.as_deref().unwrap_or("(no text)");
        let message = self.kind.message;
        message
            .replace("{number}", &self.number.to_string())
            .replace("{text}", text)
    }
}

/// Settings as a test case writes them: an object of texts, whole numbers,
/// truths and lists of texts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Settings(BTreeMap<String, Value>);

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Value {
    Truth(bool),
    Integer(i64),
    Text(String),
    Texts(Vec<String>),
}

impl Settings {
    /// As a plugin gets them, by ascending key.
    pub fn list(&self) -> Vec<Setting> {
        let setting = |(key, value): (&String, &Value)| Setting {
            key: key.clone(),
            value: match value.clone() {
                Value::Truth(value) => SettingValue::Truth(value),
                Value::Integer(value) => SettingValue::Integer(value),
                Value::Text(value) => SettingValue::Text(value),
                Value::Texts(value) => SettingValue::Texts(value),
            },
        };
        self.0.iter().map(setting).collect()
    }
}

/// Settings as a test writes them, and what is wrong with them as `KEY: PROBLEM`;
/// `judge` judges no facts with them.
pub fn problems<T>(
    given: &[(&str, SettingValue)],
    judge: impl FnOnce(&[Setting]) -> Result<T, Refusal>,
) -> Vec<String> {
    let setting = |(key, value): &(&str, SettingValue)| Setting {
        key: (*key).to_owned(),
        value: value.clone(),
    };
    let settings: Vec<Setting> = given.iter().map(setting).collect();
    match judge(&settings) {
        Ok(_) => Vec::new(),
        Err(Refusal::Settings(problems)) => problems
            .into_iter()
            .map(|found| format!("{}: {}", found.key, found.problem))
            .collect(),
        Err(Refusal::Malformed(malformed)) => vec![malformed.to_string()],
    }
}

/// Reads answers that were given in the order of their subjects.
fn read<R: Reason>(verdicts: &Verdicts, texts: Texts<'_>) -> Vec<Answer> {
    let given = |at: usize| Given {
        kind: &R::KINDS[usize::from(verdicts.reason_kind[at])],
        weight: verdicts.reason_weight[at],
        text: texts
            .optional(verdicts.reason_text[at])
            .map(|text| text.as_str().to_owned()),
        number: verdicts.reason_number[at],
    };
    let answer = |index: usize| Answer {
        status: verdicts.status[index],
        scope: verdicts.scope[index],
        score: verdicts.score[index],
        reasons: crate::layout::range(&verdicts.reason_start, index)
            .map(given)
            .collect(),
    };
    (0..verdicts.subject.len()).map(answer).collect()
}

/// Collects texts, each once.
#[derive(Debug, Default)]
struct Heap {
    heap: String,
    ends: Vec<u32>,
    known: BTreeMap<String, u32>,
}

impl Heap {
    fn put(&mut self, text: &str) -> u32 {
        if let Some(&symbol) = self.known.get(text) {
            return symbol;
        }
        let symbol = self.ends.len() as u32;
        self.heap.push_str(text);
        self.ends.push(self.heap.len() as u32);
        self.known.insert(text.to_owned(), symbol);
        symbol
    }

    fn put_optional(&mut self, text: Option<&str>) -> u32 {
        text.map_or(NO_TEXT, |text| self.put(text))
    }
}

/// The sum of the bits whose condition holds.
fn bits<const N: usize>(conditions: [(u16, bool); N]) -> u16 {
    let set = |(bit, holds): (u16, bool)| if holds { bit } else { 0 };
    conditions.into_iter().map(set).sum()
}

fn truth() -> bool {
    true
}
