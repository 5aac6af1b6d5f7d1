//! How a run ends: statuses, exit codes, and the final response.

use std::fmt;

use serde::ser::{Serialize, SerializeMap, Serializer};
use thiserror::Error;

/// The status that closes a run.
///
/// `PASS`, `PARTIAL`, `BLOCKED`, `LOCK_BUSY` and `POLICY_MISMATCH` are the
/// spec's. `GAPS` (a sweep found some), `FAILED` (rolled back, nothing changed)
/// and `UNKNOWN` (the commit's outcome is not established yet) say what the
/// spec's words cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Done and confirmed, or nothing to do.
    Pass,
    /// Committed, but something is left: see `reason`.
    Partial,
    /// Refused because of what is in the way. Nothing changed.
    Blocked,
    /// Another run or session holds a lock. Nothing changed.
    LockBusy,
    /// The approved and the live list differ. Nothing changed.
    PolicyMismatch,
    /// A sweep found gaps that count by `--fail-on`.
    Gaps,
    /// Rolled back or never begun. Nothing changed.
    Failed,
    /// Whether the commit happened could not be established yet.
    Unknown,
}

impl Status {
    /// Every status, in the order of the exit codes; `FAILED` has the codes of
    /// its causes.
    pub const ALL: [Self; 8] = [
        Self::Pass,
        Self::Partial,
        Self::Blocked,
        Self::LockBusy,
        Self::Unknown,
        Self::PolicyMismatch,
        Self::Gaps,
        Self::Failed,
    ];

    /// The word in the final response.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Partial => "PARTIAL",
            Self::Blocked => "BLOCKED",
            Self::LockBusy => "LOCK_BUSY",
            Self::PolicyMismatch => "POLICY_MISMATCH",
            Self::Gaps => "GAPS",
            Self::Failed => "FAILED",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// What kind of thing went wrong: it decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailureClass {
    /// A fault of the program itself.
    Internal,
    /// Options, profile, environment; a signal before COMMIT.
    Configuration,
    /// The database could not be reached, or the connection broke.
    Connection,
    /// The role lacks a right.
    Privilege,
    /// Schema, family or concept missing or ambiguous.
    Schema,
    /// Pins, approvals, settings, WIT version, imports: refused before running.
    Policy,
    /// A plugin misbehaved while it ran.
    Plugin,
    /// The live database is not what was planned for.
    Drift,
    /// A plan, journal, keys or report file is damaged, newer or of another
    /// database.
    Artifact,
    /// A file or directory could not be written.
    Filesystem,
    /// The server refused a statement.
    Database,
    /// Verification, confirmation or a replay found a difference.
    Verification,
    /// A registry could not be reached, or refused.
    Registry,
}

impl FailureClass {
    /// Every class, in the order of the exit codes.
    pub const ALL: [Self; 13] = [
        Self::Internal,
        Self::Configuration,
        Self::Connection,
        Self::Privilege,
        Self::Schema,
        Self::Policy,
        Self::Plugin,
        Self::Drift,
        Self::Artifact,
        Self::Filesystem,
        Self::Database,
        Self::Verification,
        Self::Registry,
    ];

    /// One clause for the exit-code table.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::Internal => "a fault of the program itself",
            Self::Configuration => {
                "options, profile or environment are not usable, or a signal stopped the run"
            }
            Self::Connection => {
                "the database could not be reached, or the connection broke before COMMIT"
            }
            Self::Privilege => "the role lacks a right",
            Self::Schema => "schema, family or concept is missing or ambiguous",
            Self::Policy => {
                "pin, approval, settings, WIT version or imports: refused before running"
            }
            Self::Plugin => "a plugin misbehaved while it ran",
            Self::Drift => "the live database is not what was planned for",
            Self::Artifact => {
                "a plan, journal, keys or report file is damaged, newer, or of another database"
            }
            Self::Filesystem => "a file or directory could not be read or written",
            Self::Database => "the server refused a statement",
            Self::Verification => "verification found a difference",
            Self::Registry => "a registry could not be reached, or refused",
        }
    }
}

/// How the process ends. One table, here and in the README; a test compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// A run or a command ended with a status.
    Status(Status),
    /// A command failed, or a run closed `FAILED`.
    Failure(FailureClass),
}

impl Exit {
    /// The code of the process. 2 is clap's, for a command line that does not
    /// parse.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Status(Status::Pass) => 0,
            Self::Status(Status::Partial) => 10,
            Self::Status(Status::Blocked) => 11,
            Self::Status(Status::LockBusy) => 12,
            Self::Status(Status::Unknown) => 13,
            Self::Status(Status::PolicyMismatch) => 14,
            Self::Status(Status::Gaps) => 15,
            Self::Status(Status::Failed) | Self::Failure(FailureClass::Internal) => 1,
            Self::Failure(FailureClass::Configuration) => 20,
            Self::Failure(FailureClass::Connection) => 21,
            Self::Failure(FailureClass::Privilege) => 22,
            Self::Failure(FailureClass::Schema) => 23,
            Self::Failure(FailureClass::Policy) => 24,
            Self::Failure(FailureClass::Plugin) => 25,
            Self::Failure(FailureClass::Drift) => 26,
            Self::Failure(FailureClass::Artifact) => 27,
            Self::Failure(FailureClass::Filesystem) => 28,
            Self::Failure(FailureClass::Database) => 29,
            Self::Failure(FailureClass::Verification) => 30,
            Self::Failure(FailureClass::Registry) => 31,
        }
    }
}

/// The lines that close a run: `key=value` in a fixed order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FinalResponse(Vec<(String, String)>);

/// A text that is not a final response.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line} of the final response is not key=value: {text:?}")]
pub struct FinalResponseError {
    line: usize,
    text: String,
}

impl FinalResponse {
    /// Adds a key. A line break in a value is written as `\n`, a backslash as
    /// `\\`: one key is one line, whatever an error message holds.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl fmt::Display) -> Self {
        self.0.push((key.to_owned(), value.to_string()));
        self
    }

    /// Adds the status under the operation's key, and the reason after it
    /// where the status is not `PASS`.
    #[must_use]
    pub fn with_status(self, key: &str, status: Status, reason: Option<&str>) -> Self {
        let response = self.with(key, status.word());
        match (status, reason) {
            (Status::Pass, _) => response,
            (_, reason) => response.with("reason", reason.unwrap_or("not recorded")),
        }
    }

    /// The keys with their values, in order.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(k, _)| k == key)
            .map(|(_, v)| v.as_str())
    }

    /// Reads the text form back.
    pub fn parse(text: &str) -> Result<Self, FinalResponseError> {
        text.lines()
            .enumerate()
            .map(|(i, line)| {
                let (key, value) = line.split_once('=').ok_or_else(|| FinalResponseError {
                    line: i + 1,
                    text: line.to_owned(),
                })?;
                Ok((key.to_owned(), unescape(value)))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

fn escape(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('\n', "\\n")
        .replace('\r', "\\r")
}

fn unescape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some(other) => out.push(other),
            None => out.push('\\'),
        }
    }
    out
}

impl fmt::Display for FinalResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|(key, value)| writeln!(f, "{key}={}", escape(value)))
    }
}

impl Serialize for FinalResponse {
    /// The same keys in the same order, with numbers and truth values as such.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            match (value.as_str(), value.parse::<u64>()) {
                ("true", _) => map.serialize_entry(key, &true)?,
                ("false", _) => map.serialize_entry(key, &false)?,
                (_, Ok(n)) if n.to_string() == *value => map.serialize_entry(key, &n)?,
                _ => map.serialize_entry(key, value)?,
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn final_response_parses_back(values in proptest::collection::vec("[^\u{85}\u{2028}]*", 0..6)) {
            let response = values
                .iter()
                .fold(FinalResponse::default().with_status("s", Status::Failed, Some("a\nb")), |r, v| {
                    r.with("key", v)
                });
            prop_assert_eq!(FinalResponse::parse(&response.to_string()), Ok(response));
        }
    }

    #[test]
    fn exit_codes_tell_outcomes_apart() {
        let mut codes: Vec<u8> = FailureClass::ALL
            .iter()
            .map(|c| Exit::Failure(*c).code())
            .collect();
        for status in Status::ALL {
            if status == Status::Failed {
                continue;
            }
            codes.push(Exit::Status(status).code());
        }
        let count = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), count);
        assert!(
            !codes.contains(&2),
            "2 is a command line that does not parse"
        );
    }

    #[test]
    fn pass_has_no_reason() {
        let pass = FinalResponse::default().with_status("s", Status::Pass, Some("x"));
        assert_eq!(pass.to_string(), "s=PASS\n");
        let failed = FinalResponse::default().with_status("s", Status::Failed, Some("X: y"));
        assert_eq!(failed.to_string(), "s=FAILED\nreason=X: y\n");
    }
}
