//! Typed access to the settings of a policy set.
//!
//! A plugin reads each setting it knows; whatever is wrong is collected, so
//! that a person sees every problem at once. A key that no getter asked for is
//! a problem too: a misspelt setting must not be ignored.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// A value of the policy set's settings. There are no floats: a verdict may
/// not depend on rounding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingValue {
    /// A string.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// `true` or `false`.
    Truth(bool),
    /// A list of strings.
    Texts(Vec<String>),
}

impl SettingValue {
    fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Integer(_) => "an integer",
            Self::Truth(_) => "true or false",
            Self::Texts(_) => "a list of texts",
        }
    }
}

/// One setting; the keys of nested tables are joined by dots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: SettingValue,
}

/// Why a setting was not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingProblem {
    /// The setting at fault.
    pub key: String,
    /// What is wrong and what would be right.
    pub problem: String,
}

/// Reads settings and collects what is wrong with them. Every getter takes the
/// default that holds where the policy set is silent, and returns it where the
/// given value is wrong.
#[derive(Debug)]
pub struct SettingsReader<'a> {
    given: &'a [Setting],
    known: BTreeSet<&'static str>,
    problems: Vec<SettingProblem>,
}

impl<'a> SettingsReader<'a> {
    pub(crate) fn new(given: &'a [Setting]) -> Self {
        Self {
            given,
            known: BTreeSet::new(),
            problems: Vec::new(),
        }
    }

    /// A setting that is `true` or `false`.
    pub fn truth(&mut self, key: &'static str, default: bool) -> bool {
        match self.value(key) {
            Some(SettingValue::Truth(value)) => *value,
            Some(other) => self.wrong_type(key, "true or false", other, default),
            None => default,
        }
    }

    /// A whole number within `range`.
    pub fn integer(&mut self, key: &'static str, range: RangeInclusive<i64>, default: i64) -> i64 {
        match self.value(key) {
            Some(SettingValue::Integer(value)) if range.contains(value) => *value,
            Some(SettingValue::Integer(value)) => {
                let (low, high) = (range.start(), range.end());
                self.problem(key, format!("{value} is not within {low} to {high}"));
                default
            }
            Some(other) => self.wrong_type(key, "an integer", other, default),
            None => default,
        }
    }

    /// Any text.
    pub fn text(&mut self, key: &'static str, default: &str) -> String {
        match self.value(key) {
            Some(SettingValue::Text(value)) => value.clone(),
            Some(other) => self.wrong_type(key, "a text", other, default.to_owned()),
            None => default.to_owned(),
        }
    }

    /// A text that is one of `choices`.
    pub fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        choices: &[(&'static str, T)],
        default: T,
    ) -> T {
        let chosen = match self.value(key) {
            None => return default,
            Some(SettingValue::Text(chosen)) => chosen,
            Some(other) => return self.wrong_type(key, "a text", other, default),
        };
        self.chosen(key, choices, chosen).unwrap_or(default)
    }

    /// A list of texts, each of which is one of `choices`.
    pub fn choices<T: Copy>(
        &mut self,
        key: &'static str,
        choices: &[(&'static str, T)],
        default: &[T],
    ) -> Vec<T> {
        let chosen = match self.value(key) {
            None => return default.to_vec(),
            Some(SettingValue::Texts(chosen)) => chosen,
            Some(other) => return self.wrong_type(key, "a list of texts", other, default.to_vec()),
        };
        let known = |chosen: &String| self.chosen(key, choices, chosen);
        chosen.iter().filter_map(known).collect()
    }

    /// A list of texts.
    pub fn texts(&mut self, key: &'static str, default: &[&str]) -> Vec<String> {
        let default = || default.iter().map(|text| (*text).to_owned()).collect();
        match self.value(key) {
            Some(SettingValue::Texts(values)) => values.clone(),
            Some(other) => self.wrong_type(key, "a list of texts", other, default()),
            None => default(),
        }
    }

    /// Records a rule of the plugin's own that a setting breaks.
    pub fn problem(&mut self, key: &str, problem: String) {
        let key = key.to_owned();
        self.problems.push(SettingProblem { key, problem });
    }

    fn chosen<T: Copy>(
        &mut self,
        key: &str,
        choices: &[(&'static str, T)],
        chosen: &str,
    ) -> Option<T> {
        if let Some((_, value)) = choices.iter().find(|(name, _)| *name == chosen) {
            return Some(*value);
        }
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        self.problem(key, format!("{chosen:?} is none of {}", names.join(", ")));
        None
    }

    fn value(&mut self, key: &'static str) -> Option<&'a SettingValue> {
        self.known.insert(key);
        let given = self.given.iter().find(|setting| setting.key == key);
        given.map(|setting| &setting.value)
    }

    fn wrong_type<T>(&mut self, key: &str, wanted: &str, found: &SettingValue, default: T) -> T {
        self.problem(key, format!("must be {wanted}, not {}", found.type_name()));
        default
    }

    /// Adds the keys that nothing asked for and those given twice.
    pub(crate) fn finish(mut self) -> Vec<SettingProblem> {
        let mut seen = BTreeSet::new();
        for Setting { key, .. } in self.given {
            if !seen.insert(key) {
                self.problem(key, "is given twice".to_owned());
            } else if !self.known.contains(key.as_str()) {
                self.problem(key, unknown(&self.known));
            }
        }
        self.problems
    }
}

fn unknown(known: &BTreeSet<&'static str>) -> String {
    if known.is_empty() {
        return "is not known: this plugin has no settings".to_owned();
    }
    let names: Vec<&str> = known.iter().copied().collect();
    format!("is not known; known are {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(settings: &[(&str, SettingValue)]) -> Vec<Setting> {
        let one = |(key, value): &(&str, SettingValue)| Setting {
            key: (*key).to_owned(),
            value: value.clone(),
        };
        settings.iter().map(one).collect()
    }

    fn said(problems: Vec<SettingProblem>) -> Vec<String> {
        let line = |problem: SettingProblem| format!("{} {}", problem.key, problem.problem);
        problems.into_iter().map(line).collect()
    }

    #[test]
    fn defaults_hold_where_nothing_is_given() {
        let mut reader = SettingsReader::new(&[]);
        assert!(reader.truth("a", true));
        assert_eq!(reader.integer("b", 0..=9, 4), 4);
        assert_eq!(reader.text("c", "x"), "x");
        assert_eq!(reader.choice("d", &[("on", 1), ("off", 0)], 1), 1);
        assert_eq!(reader.texts("e", &["p", "q"]), ["p", "q"]);
        assert_eq!(reader.choices("f", &[("on", 1), ("off", 0)], &[0]), [0]);
        assert_eq!(said(reader.finish()), [""; 0]);
    }

    #[test]
    fn given_values_win() {
        let settings = given(&[
            ("a", SettingValue::Truth(false)),
            ("b", SettingValue::Integer(9)),
            ("c", SettingValue::Text("y".to_owned())),
            ("d", SettingValue::Text("off".to_owned())),
            ("e", SettingValue::Texts(Vec::new())),
            ("f", SettingValue::Texts(vec!["on".to_owned()])),
        ]);
        let mut reader = SettingsReader::new(&settings);
        assert!(!reader.truth("a", true));
        assert_eq!(reader.integer("b", 0..=9, 4), 9);
        assert_eq!(reader.text("c", "x"), "y");
        assert_eq!(reader.choice("d", &[("on", 1), ("off", 0)], 1), 0);
        assert_eq!(reader.texts("e", &["p"]), [""; 0]);
        assert_eq!(reader.choices("f", &[("on", 1), ("off", 0)], &[]), [1]);
        assert_eq!(said(reader.finish()), [""; 0]);
    }

    #[test]
    fn every_problem_is_collected() {
        let settings = given(&[
            ("a", SettingValue::Integer(1)),
            ("b", SettingValue::Integer(10)),
            ("d", SettingValue::Text("maybe".to_owned())),
            ("d", SettingValue::Text("on".to_owned())),
            (
                "f",
                SettingValue::Texts(vec!["no".to_owned(), "off".to_owned()]),
            ),
            ("g", SettingValue::Text("on".to_owned())),
            ("z", SettingValue::Truth(true)),
        ]);
        let mut reader = SettingsReader::new(&settings);
        assert!(reader.truth("a", true));
        assert_eq!(reader.integer("b", 0..=9, 4), 4);
        assert_eq!(reader.choice("d", &[("on", 1), ("off", 0)], 1), 1);
        assert_eq!(reader.choices("f", &[("on", 1), ("off", 0)], &[1]), [0]);
        assert_eq!(reader.choices("g", &[("on", 1)], &[1]), [1]);
        let expected = [
            "a must be true or false, not an integer",
            "b 10 is not within 0 to 9",
            "d \"maybe\" is none of on, off",
            "f \"no\" is none of on, off",
            "g must be a list of texts, not a text",
            "d is given twice",
            "z is not known; known are a, b, d, f, g",
        ];
        assert_eq!(said(reader.finish()), expected);
    }
}
