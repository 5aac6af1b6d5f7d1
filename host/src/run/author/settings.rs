//! Which settings a plugin has. The boundary has no call for that, so a plugin
//! is asked about a setting that no plugin has: those of the SDK answer with the
//! names of those they know.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use birth_core::policy::settings::{SettingValue, Settings};
use serde::Serialize;

use crate::plugin::error::{PluginError, SettingProblem};
use crate::plugin::load::Plugin;

/// A setting that no plugin has.
pub const UNKNOWN: &str = "no-plugin-has-this-setting";
/// How the SDK goes on after naming the setting.
const KNOWN_ARE: &str = "known are ";
/// Where the host cuts a plugin's words.
const WORDS: usize = 500;

/// A setting that a plugin knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Known {
    /// Its key.
    pub key: String,
    /// The types of value that it accepts, of those that were tried.
    pub accepts: Vec<&'static str>,
    /// What the plugin says of a value of another type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
    /// Types whose refusal did not name the setting.
    #[serde(skip)]
    pub unnamed: Vec<&'static str>,
}

/// The settings of a plugin.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Found {
    /// By ascending key.
    pub settings: Vec<Known>,
    /// Whether there may be more than the plugin's words had room for.
    pub more: bool,
}

/// One value of each type.
fn values() -> [(&'static str, SettingValue); 4] {
    [
        ("truth", SettingValue::Truth(true)),
        ("integer", SettingValue::Integer(1)),
        ("text", SettingValue::Text("birth".to_owned())),
        ("texts", SettingValue::Texts(vec!["birth".to_owned()])),
    ]
}

/// What a plugin says against settings; nothing where it accepts them.
///
/// # Errors
/// Whatever stopped the call.
pub fn problems(plugin: &Plugin, given: &Settings) -> Result<Vec<SettingProblem>, PluginError> {
    match plugin.check_settings(given) {
        Ok(()) => Ok(vec![]),
        Err(PluginError::SettingsRejected { problems, .. }) => Ok(problems),
        Err(other) => Err(other),
    }
}

/// The settings that a plugin names, and `besides` those that are known from
/// elsewhere, each tried with a value of every type.
///
/// # Errors
/// Whatever stopped a call.
pub fn find(plugin: &Plugin, besides: impl Iterator<Item = String>) -> Result<Found, PluginError> {
    let unknown = Settings::from([(UNKNOWN.to_owned(), SettingValue::Truth(true))]);
    let said = problems(plugin, &unknown)?;
    let (named, more) = named(&said);
    let mut keys: BTreeMap<String, Known> = BTreeMap::new();
    for key in named.into_iter().chain(besides) {
        if let Entry::Vacant(entry) = keys.entry(key) {
            let known = try_types(plugin, entry.key())?;
            entry.insert(known);
        }
    }
    let settings = keys.into_values().collect();
    Ok(Found { settings, more })
}

/// The names in a plugin's words, and whether they were cut.
fn named(said: &[SettingProblem]) -> (Vec<String>, bool) {
    let mut problems = said.iter().filter(|found| found.key == UNKNOWN);
    let listed = problems.find_map(|found| {
        let (_, names) = found.problem.split_once(KNOWN_ARE)?;
        let cut = found.problem.chars().count() >= WORDS;
        Some((names, cut))
    });
    let Some((names, cut)) = listed else {
        return (vec![], false);
    };
    let mut names: Vec<String> = names.split(", ").map(str::to_owned).collect();
    if cut {
        // The last one may be half a name.
        names.pop();
    }
    (names, cut)
}

fn try_types(plugin: &Plugin, key: &str) -> Result<Known, PluginError> {
    let mut known = Known {
        key: key.to_owned(),
        accepts: vec![],
        says: None,
        unnamed: vec![],
    };
    for (name, value) in values() {
        let given = Settings::from([(key.to_owned(), value)]);
        let said = problems(plugin, &given)?;
        match said.iter().find(|found| found.key == key) {
            Some(found) => known.says = known.says.or_else(|| Some(found.problem.clone())),
            None if said.is_empty() => known.accepts.push(name),
            None => known.unnamed.push(name),
        }
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: String) -> SettingProblem {
        SettingProblem {
            key: UNKNOWN.to_owned(),
            problem: text,
        }
    }

    #[test]
    fn names_are_read_from_the_plugins_words() {
        let said = [problem("is not known; known are a, b.c".to_owned())];
        assert_eq!(
            named(&said),
            (vec!["a".to_owned(), "b.c".to_owned()], false)
        );
        let said = [problem(
            "is not known: this plugin has no settings".to_owned(),
        )];
        assert_eq!(named(&said), (vec![], false));
    }

    #[test]
    fn a_name_that_was_cut_is_left_out() {
        let mut words = "is not known; known are ".to_owned();
        while words.len() < WORDS {
            words.push_str("setting, ");
        }
        words.truncate(WORDS);
        let (names, more) = named(&[problem(words)]);
        assert!(more && names.iter().all(|name| name == "setting"));
    }
}
