//! The front matter: lines `key: value` between two lines `---`.
//!
//! A subset of YAML that any reader of YAML reads alike: a value is a JSON
//! string in double quotes, or a plain word or number; `#` starts a comment at
//! the start of a line or after a space; there are no lists, no nesting and no
//! values over several lines.

use std::str::FromStr;

use super::error::{ArtifactError, Fault};
use super::text::unquoted;
use super::{Approval, FORMAT, KIND, State};
use crate::digest::Digest;
use crate::op::{DatabaseIdentity, Revision};

/// Every key there is.
const KEYS: [&str; 16] = [
    "format",
    "kind",
    "status",
    "policy",
    "revision",
    "revision-digest",
    "database",
    "system-identifier",
    "timeline",
    "database-oid",
    "made-at",
    "collections",
    "content-hash",
    "approved-by",
    "approved-at",
    "approved-why",
];

/// What the front matter says, and on which lines.
#[derive(Debug, Clone)]
pub(super) struct Front {
    pub(super) state: State,
    pub(super) revision: Revision,
    pub(super) database: DatabaseIdentity,
    pub(super) made_at: String,
    pub(super) collections: usize,
    pub(super) content: Digest,
    pub(super) lines: FrontLines,
    /// The number of its last line, from 1.
    pub(super) end: usize,
}

/// The lines that later checks may have to name.
#[derive(Debug, Clone, Copy)]
pub(super) struct FrontLines {
    pub(super) status: usize,
    pub(super) revision: usize,
    pub(super) revision_digest: usize,
    pub(super) system_identifier: usize,
    pub(super) collections: usize,
    pub(super) content: usize,
}

/// The values by key, each with its line.
struct Values {
    found: [Option<(usize, String)>; KEYS.len()],
    end: usize,
}

impl Front {
    pub(super) fn read(text: &str) -> Result<Self, ArtifactError> {
        let values = Values::read(text)?;
        let name = values.text("policy", "a name")?;
        let (revision_line, revision) = values.parsed("revision", "a number")?;
        let (digest_line, digest) = values.parsed("revision-digest", DIGEST)?;
        let (system_line, system_identifier) = values.parsed("system-identifier", "a number")?;
        let (collections_line, collections) = values.parsed("collections", "a number")?;
        let (content_line, content) = values.parsed("content-hash", DIGEST)?;
        Ok(Self {
            state: values.state()?,
            revision: Revision {
                name,
                revision,
                digest,
            },
            database: DatabaseIdentity {
                system_identifier,
                timeline: values.parsed("timeline", "a number")?.1,
                database_oid: values.parsed("database-oid", "a number")?.1,
                database: values.text("database", "a name")?,
            },
            made_at: values.text("made-at", "a time")?,
            collections,
            content,
            lines: FrontLines {
                status: values.get("status")?.0,
                revision: revision_line,
                revision_digest: digest_line,
                system_identifier: system_line,
                collections: collections_line,
                content: content_line,
            },
            end: values.end,
        })
    }
}

const DIGEST: &str = "a SHA-256 digest of 64 hexadecimal digits";

impl Values {
    fn read(text: &str) -> Result<Self, ArtifactError> {
        let mut lines = (1..).zip(text.lines().map(str::trim_end));
        let opening = lines.by_ref().find(|(_, line)| !line.is_empty());
        match opening {
            Some((_, "---")) => {}
            Some((line, _)) => return Err(Fault::NotAReport.on(line)),
            None => return Err(Fault::NotAReport.on(1)),
        }
        let mut inside = Vec::new();
        let end = loop {
            match lines.next() {
                Some((line, "---")) => break line,
                Some(line) => inside.push(line),
                None => return Err(Fault::Unclosed.on(text.lines().count())),
            }
        };
        // Another document and a newer format are called so before anything in
        // them is called wrong.
        for (line, text) in &inside {
            match key_value(text) {
                Some(("kind", Some(found))) if found != KIND => {
                    return Err(Fault::OtherKind { found }.on(*line));
                }
                Some(("format", Some(value))) => match value.parse() {
                    Ok(found) if found > FORMAT => return Err(Fault::Newer { found }.on(*line)),
                    _ => {}
                },
                _ => {}
            }
        }
        let mut values = Self {
            found: [const { None }; KEYS.len()],
            end,
        };
        for (line, text) in inside {
            values.take(line, text)?;
        }
        values.number("format")?;
        values.get("kind")?;
        Ok(values)
    }

    fn take(&mut self, line: usize, text: &str) -> Result<(), ArtifactError> {
        if text.is_empty() || text.starts_with('#') {
            return Ok(());
        }
        let (key, value) = key_value(text).ok_or_else(|| Fault::NotKeyValue.on(line))?;
        let known = KEYS.iter().position(|known| *known == key);
        let Some(at) = known else {
            let key = key.to_owned();
            return Err(Fault::UnknownKey { key }.on(line));
        };
        let key = KEYS[at];
        if let Some((first, _)) = self.found[at] {
            return Err(Fault::DuplicateKey { key, first }.on(line));
        }
        let value = value.ok_or_else(|| {
            Fault::Invalid {
                key,
                found: text.to_owned(),
                expected: "a plain word or number, or a JSON string in double quotes",
            }
            .on(line)
        })?;
        self.found[at] = Some((line, value));
        Ok(())
    }

    fn find(&self, key: &'static str) -> Option<(usize, &str)> {
        let at = KEYS.iter().position(|known| *known == key)?;
        let (line, value) = self.found[at].as_ref()?;
        Some((*line, value))
    }

    fn get(&self, key: &'static str) -> Result<(usize, &str), ArtifactError> {
        self.find(key)
            .ok_or_else(|| Fault::MissingKey { key }.on(self.end))
    }

    fn parsed<T: FromStr>(
        &self,
        key: &'static str,
        expected: &'static str,
    ) -> Result<(usize, T), ArtifactError> {
        let (line, value) = self.get(key)?;
        let parsed = value.parse().map_err(|_| {
            Fault::Invalid {
                key,
                found: value.to_owned(),
                expected,
            }
            .on(line)
        })?;
        Ok((line, parsed))
    }

    fn number(&self, key: &'static str) -> Result<u32, ArtifactError> {
        Ok(self.parsed(key, "a number")?.1)
    }

    /// A text that says something.
    fn text(&self, key: &'static str, expected: &'static str) -> Result<String, ArtifactError> {
        match self.get(key)? {
            (line, "") => Err(Fault::Invalid {
                key,
                found: String::new(),
                expected,
            }
            .on(line)),
            (_, value) => Ok(value.to_owned()),
        }
    }

    fn state(&self) -> Result<State, ArtifactError> {
        let (line, word) = self.get("status")?;
        match word {
            "approved" => Ok(State::Approved(Approval {
                by: self.text("approved-by", "a name")?,
                at: self.text("approved-at", "a time")?,
                why: self.find("approved-why").map(|(_, why)| why.to_owned()),
            })),
            "draft" => {
                // Half an approval is none, and must not look like one.
                for key in ["approved-by", "approved-at", "approved-why"] {
                    if let Some((line, found)) = self.find(key) {
                        let found = found.to_owned();
                        let expected = "no such key in a draft";
                        return Err(Fault::Invalid {
                            key,
                            found,
                            expected,
                        }
                        .on(line));
                    }
                }
                Ok(State::Draft)
            }
            other => Err(Fault::Invalid {
                key: "status",
                found: other.to_owned(),
                expected: "draft or approved",
            }
            .on(line)),
        }
    }
}

/// The key of a line, and its value where that is one.
fn key_value(line: &str) -> Option<(&str, Option<String>)> {
    let (key, rest) = line.split_once(':')?;
    let is_key = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    // YAML wants a space after the colon.
    let separated = rest.is_empty() || rest.starts_with([' ', '\t']);
    (is_key && separated).then(|| (key, value(rest.trim())))
}

fn value(text: &str) -> Option<String> {
    if text.starts_with('"') {
        // The string ends at the last quote that only a comment follows.
        let end = closing_quote(text)?;
        let after = &text[end..];
        let is_comment = after.trim().is_empty() || after.trim_start().starts_with('#');
        let apart = after.is_empty() || after.starts_with([' ', '\t']);
        return (is_comment && apart)
            .then(|| unquoted(&text[..end]))
            .flatten();
    }
    let plain = match text.split_once(" #") {
        Some((plain, _)) => plain.trim_end(),
        None => text,
    };
    let structure = "'|>[]{}&*!%@`,?#-";
    let is_plain = !plain.is_empty()
        && !plain.starts_with(|c| structure.contains(c))
        && !plain.contains(": ")
        && !plain.ends_with(':');
    is_plain.then(|| plain.to_owned())
}

/// The place after the quote that closes a JSON string.
fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}
