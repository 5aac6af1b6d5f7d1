//! Settings of a plugin: what `policy.toml` may hold, flattened.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// One value. There are no floats and no dates: a verdict may depend neither
/// on rounding nor on a calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "a setting is true or false, an integer, a text or a list of texts"
)]
pub enum SettingValue {
    /// A truth value.
    Truth(bool),
    /// A 64-bit integer.
    Integer(i64),
    /// A text.
    Text(String),
    /// A list of texts.
    Texts(Vec<String>),
}

/// Settings by dotted key, in ascending byte order of the key.
pub type Settings = BTreeMap<String, SettingValue>;

/// A setting of a kind that cannot cross the boundary.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SettingsError {
    /// A float, a date, or a list of something other than text.
    #[error(
        "setting `{key}` is {found}; settings are text, integers, truth values and lists of text"
    )]
    Kind {
        /// Dotted key.
        key: String,
        /// What was found.
        found: &'static str,
    },
    /// A key with a dot in it would read like a nested one.
    #[error("setting key {key:?} is empty or holds a dot, and would be ambiguous once flattened")]
    Key {
        /// The key at fault.
        key: String,
    },
}

/// Flattens a TOML table.
pub fn flatten(table: &toml::Table) -> Result<Settings, SettingsError> {
    let mut out = Settings::new();
    walk("", table, &mut out)?;
    Ok(out)
}

fn walk(prefix: &str, table: &toml::Table, out: &mut Settings) -> Result<(), SettingsError> {
    for (key, value) in table {
        if key.is_empty() || key.contains('.') {
            return Err(SettingsError::Key { key: key.clone() });
        }
        let key = if prefix.is_empty() {
            key.clone()
        } else {
            format!("{prefix}.{key}")
        };
        let value = match value {
            toml::Value::Table(inner) => {
                walk(&key, inner, out)?;
                continue;
            }
            toml::Value::String(text) => SettingValue::Text(text.clone()),
            toml::Value::Integer(n) => SettingValue::Integer(*n),
            toml::Value::Boolean(b) => SettingValue::Truth(*b),
            toml::Value::Array(items) => SettingValue::Texts(texts(&key, items)?),
            toml::Value::Float(_) => {
                return Err(SettingsError::Kind {
                    key,
                    found: "a float",
                });
            }
            toml::Value::Datetime(_) => {
                return Err(SettingsError::Kind {
                    key,
                    found: "a date",
                });
            }
        };
        out.insert(key, value);
    }
    Ok(())
}

fn texts(key: &str, items: &[toml::Value]) -> Result<Vec<String>, SettingsError> {
    items
        .iter()
        .map(|item| {
            item.as_str()
                .map(str::to_owned)
                .ok_or_else(|| SettingsError::Kind {
                    key: key.to_owned(),
                    found: "a list with something other than text",
                })
        })
        .collect()
}

impl fmt::Display for SettingValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truth(b) => write!(f, "{b}"),
            Self::Integer(n) => write!(f, "{n}"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Texts(items) => write!(f, "{items:?}"),
        }
    }
}
