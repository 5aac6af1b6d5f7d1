//! The file that names the databases of a fleet.

use std::collections::BTreeSet;

use serde::Deserialize;
use thiserror::Error;

/// The format version this host reads.
pub const FORMAT: u32 = 1;

/// Longest name of a target, in characters.
const LONGEST_NAME: usize = 100;

/// One database of a fleet.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetEntry {
    /// What reports call it.
    pub name: String,
    /// How to connect, as after `--database`, without a password.
    pub connection: String,
    /// Schema of its registry, where more than one has one.
    pub schema: Option<String>,
    /// Its deployment profile: a path relative to the folder of this file.
    pub profile: Option<String>,
}

/// The databases of a fleet, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetList(pub Vec<TargetEntry>);

/// Why the file cannot be used.
///
/// Unlike those of other files its errors quote no line and no value: a password
/// that somebody wrote into it must not come to a log by way of a mistake.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TargetListError {
    /// Not TOML, or not of this form.
    #[error("line {line} is not readable: {message}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it, in the words of the TOML reader but without
        /// the value.
        message: String,
    },
    /// Written for a newer host.
    #[error("it has format {found}; this host reads up to {FORMAT}: upgrade the host")]
    Newer {
        /// The format that was found.
        found: u32,
    },
    /// No target.
    #[error("it names no [[target]]")]
    Empty,
    /// A name that cannot stand everywhere a report puts it.
    #[error(
        "the name of target {0} cannot be used: names are 1 to {LONGEST_NAME} of the letters a to z and A to Z, digits, \".\", \"_\" and \"-\""
    )]
    Name(
        /// The place of the target in the file, from 1.
        usize,
    ),
    /// Two targets could not be told apart.
    #[error("the target {0} is named twice")]
    Duplicate(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "format")]
    _format: u32,
    #[serde(default)]
    target: Vec<TargetEntry>,
}

/// Only the version, so that a newer file is called newer and not broken.
#[derive(Deserialize)]
struct FormatOnly {
    format: u32,
}

impl TargetList {
    /// Reads the file.
    pub fn parse(text: &str) -> Result<Self, TargetListError> {
        let syntax = |error: toml::de::Error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            TargetListError::Syntax {
                line: before.unwrap_or_default().matches('\n').count() + 1,
                message: without_value(error.message()),
            }
        };
        let FormatOnly { format } = toml::from_str(text).map_err(syntax)?;
        if format > FORMAT {
            return Err(TargetListError::Newer { found: format });
        }
        let File { target, .. } = toml::from_str(text).map_err(syntax)?;
        if target.is_empty() {
            return Err(TargetListError::Empty);
        }
        let mut names = BTreeSet::new();
        for (at, entry) in target.iter().enumerate() {
            if !is_name(&entry.name) {
                return Err(TargetListError::Name(at + 1));
            }
            if !names.insert(&entry.name) {
                return Err(TargetListError::Duplicate(entry.name.clone()));
            }
        }
        Ok(Self(target))
    }
}

/// What the reader says of a value of the wrong kind quotes the value: between
/// the kind of mistake and what it expected instead.
fn without_value(message: &str) -> String {
    let Some(rest) = message.strip_prefix("invalid ") else {
        return message.to_owned();
    };
    let Some((mistake, _)) = rest.split_once(": ") else {
        return message.to_owned();
    };
    match message.rsplit_once(", expected ") {
        Some((_, expected)) => format!("invalid {mistake}, expected {expected}"),
        None => format!("invalid {mistake}"),
    }
}

/// Names stand in file names, XML attributes and URIs, so they are plain.
fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(plain)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests state what they expect")]
    use super::*;

    #[test]
    fn reads_targets_in_the_order_of_the_file() {
        let text = r#"
            format = 1
            [[target]]
            name = "shop-eu"
            connection = "service=shop_eu"
            [[target]]
            name = "crm"
            connection = "host=db2 dbname=crm"
            schema = "inventory"
            profile = "crm.toml"
        "#;
        let TargetList(targets) = TargetList::parse(text).unwrap();
        let names: Vec<&str> = targets.iter().map(|t| t.name.as_str()).collect();
        assert_eq!(names, ["shop-eu", "crm"]);
        assert_eq!(targets[0].schema, None);
        assert_eq!(targets[1].profile.as_deref(), Some("crm.toml"));
    }

    #[test]
    fn refuses_what_cannot_be_meant() {
        let target = |name: &str| format!("[[target]]\nname = {name:?}\nconnection = \"x\"\n");
        let too_long = "n".repeat(101);
        for (text, expected) in [
            (String::new(), TargetListError::Empty),
            (
                target("a") + &target("b") + &target("a"),
                TargetListError::Duplicate("a".into()),
            ),
            (target(""), TargetListError::Name(1)),
            (target("a") + &target("a b"), TargetListError::Name(2)),
            (target("ä"), TargetListError::Name(1)),
            (target(&too_long), TargetListError::Name(1)),
        ] {
            let found = TargetList::parse(&format!("format = 1\n{text}"));
            assert_eq!(found, Err(expected), "{text}");
        }
        assert_eq!(
            TargetList::parse("format = 2\nfleets = []"),
            Err(TargetListError::Newer { found: 2 })
        );
    }

    #[test]
    fn an_error_names_the_line_and_quotes_nothing() {
        for (text, says) in [
            (
                "format = 1\n[[target]]\nname = \"a\"\nconnection = \"host=x password=hunter2\n",
                "line 4 ",
            ),
            (
                "format = 1\n[[target]]\nname = \"a\"\nconnection = \"x\"\npassword = \"hunter2\"",
                "password",
            ),
            ("format = 1\n[[target]]\nname = \"a\"", "connection"),
            ("[[target]]", "format"),
            (
                "format = 1\ntarget = [\"host=x password=hunter2, expected y\"]",
                "line 2 is not readable: invalid type, expected struct TargetEntry",
            ),
            (
                "format = 1\ntarget = \"host=x password=hunter2\"",
                "expected a sequence",
            ),
            (
                "format = \"hunter2\"",
                "line 1 is not readable: invalid type, expected u32",
            ),
            (
                "format = 1\n[[target]]\nname = \"postgres://u:hunter2@h/db\"\nconnection = \"x\"",
                "the name of target 1",
            ),
        ] {
            let text = TargetList::parse(text).unwrap_err().to_string();
            assert!(text.contains(says), "{text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
}
