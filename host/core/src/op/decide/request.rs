//! What people ask for: decisions as they were typed or written into a file,
//! checked for what needs no database.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::policy::coverage::{CoverageStatus, ScopeStatus};

/// The version of the file that this host reads.
pub const FORMAT: u32 = 1;

/// One decision as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The registry's key, letter for letter.
    pub collection: String,
    /// What coverage it needs.
    pub status: CoverageStatus,
    /// Whether it is in scope; none leaves the stored scope, else `IN_SCOPE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<ScopeStatus>,
    /// Why it is exempt; only an exempt status has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who decides later; only a deferred status has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// Decisions of one person, each collection once, in ascending byte order of
/// the keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requests {
    /// Who decides.
    pub by: String,
    /// The decisions.
    pub decisions: Vec<Request>,
}

/// Why decisions cannot even be asked for.
#[derive(Debug, Error)]
pub enum RequestError {
    /// Not TOML, or not of this form.
    #[error("the decisions are not readable: {0}")]
    Syntax(#[from] Box<toml::de::Error>),
    /// Written for a newer host.
    #[error(
        "the file of decisions has format {found}; this host reads up to {FORMAT}: upgrade the host"
    )]
    Newer {
        /// The format that was found.
        found: u32,
    },
    /// Nothing is decided.
    #[error("no decision was given")]
    Empty,
    /// Nobody decides.
    #[error("who decides is blank, or holds a character that PostgreSQL cannot store")]
    Actor,
    /// Decisions that cannot be right, whatever the registry says.
    #[error("{}", Listed(.0))]
    Refused(Vec<Problem>),
}

/// What is wrong with one decision.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Problem {
    /// The key is empty, or no key of a database.
    #[error("a decision names no collection that a registry could have: {0:?}")]
    Collection(String),
    /// Two decisions of one collection.
    #[error("{0:?} is decided more than once")]
    Twice(String),
    /// Why it is exempt is part of the decision.
    #[error("{collection:?}: {status} needs a reason")]
    ReasonMissing {
        /// The collection.
        collection: String,
        /// The status.
        status: CoverageStatus,
    },
    /// Something that the status has no place for, and that would be lost.
    #[error("{collection:?}: {what} belongs to {belongs}, and the status is {status}")]
    DoesNotBelong {
        /// The collection.
        collection: String,
        /// What was given.
        what: &'static str,
        /// The statuses it belongs to.
        belongs: &'static str,
        /// The status.
        status: CoverageStatus,
    },
    /// PostgreSQL's text cannot hold the character zero.
    #[error("{collection:?}: {what} holds a NUL, which PostgreSQL cannot store")]
    Nul {
        /// The collection.
        collection: String,
        /// What was given.
        what: &'static str,
    },
}

struct Listed<'a>(&'a [Problem]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 20;
        for (at, problem) in self.0.iter().take(SHOWN).enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}{problem}")?;
        }
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

#[derive(Deserialize)]
struct FormatOnly {
    format: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "format")]
    _format: u32,
    #[serde(default)]
    decision: Vec<FileRequest>,
}

/// As [`Request`], from a hand: an unknown field is a slip, not an extension.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRequest {
    collection: String,
    status: CoverageStatus,
    scope: Option<ScopeStatus>,
    reason: Option<String>,
    owner: Option<String>,
}

impl Requests {
    /// Checks decisions and puts them in order.
    pub fn new(by: String, decisions: Vec<Request>) -> Result<Self, RequestError> {
        if is_blank(&by) || by.contains('\0') {
            return Err(RequestError::Actor);
        }
        if decisions.is_empty() {
            return Err(RequestError::Empty);
        }
        let mut problems = Vec::new();
        let mut by_key: BTreeMap<String, Request> = BTreeMap::new();
        for mut request in decisions {
            // Blank says as little as nothing.
            request.reason = request.reason.filter(|text| !is_blank(text));
            request.owner = request.owner.filter(|text| !is_blank(text));
            problems.extend(request.problems());
            let key = request.collection.clone();
            if by_key.insert(key.clone(), request).is_some() {
                problems.push(Problem::Twice(key));
            }
        }
        if problems.is_empty() {
            let decisions = by_key.into_values().collect();
            Ok(Self { by, decisions })
        } else {
            Err(RequestError::Refused(problems))
        }
    }

    /// Reads the file form: `format = 1` and one `[[decision]]` for each.
    pub fn from_toml(text: &str, by: String) -> Result<Self, RequestError> {
        let FormatOnly { format } = toml::from_str(text).map_err(Box::new)?;
        if format > FORMAT {
            return Err(RequestError::Newer { found: format });
        }
        let file: File = toml::from_str(text).map_err(Box::new)?;
        let decisions = file.decision.into_iter().map(|read| Request {
            collection: read.collection,
            status: read.status,
            scope: read.scope,
            reason: read.reason,
            owner: read.owner,
        });
        Self::new(by, decisions.collect())
    }

    /// The collections, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.decisions.iter().map(|d| d.collection.as_str())
    }
}

impl Request {
    fn problems(&self) -> Vec<Problem> {
        let collection = || self.collection.clone();
        let mut problems = Vec::new();
        if self.collection.is_empty() || self.collection.contains('\0') {
            problems.push(Problem::Collection(collection()));
        }
        let given = [
            ("a reason", &self.reason, is_exempt(self.status)),
            (
                "an owner",
                &self.owner,
                self.status == CoverageStatus::Deferred,
            ),
        ];
        for (what, text, belongs) in given {
            match text {
                Some(text) if text.contains('\0') => problems.push(Problem::Nul {
                    collection: collection(),
                    what,
                }),
                Some(_) if !belongs => problems.push(Problem::DoesNotBelong {
                    collection: collection(),
                    what,
                    belongs: if what == "an owner" {
                        CoverageStatus::Deferred.word()
                    } else {
                        "the exempt statuses"
                    },
                    status: self.status,
                }),
                _ => {}
            }
        }
        if is_exempt(self.status) && self.reason.is_none() {
            problems.push(Problem::ReasonMissing {
                collection: collection(),
                status: self.status,
            });
        }
        problems
    }
}

/// Whether no row of the collection is a birth.
#[must_use]
pub fn is_exempt(status: CoverageStatus) -> bool {
    match status {
        CoverageStatus::ExemptJunction
        | CoverageStatus::ExemptLog
        | CoverageStatus::ExemptCache => true,
        CoverageStatus::Required | CoverageStatus::Deferred => false,
    }
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests state what they expect")]
    use super::*;

    fn read(decisions: &str) -> Result<Requests, String> {
        let text = format!("format = 1\n{decisions}");
        Requests::from_toml(&text, "ann".to_owned()).map_err(|e| e.to_string())
    }

    #[test]
    fn a_file_is_read_whole_and_comes_in_order() {
        let requests = read(
            "[[decision]]\ncollection = 'b'\nstatus = 'BIRTH_EXEMPT_LOG'\nreason = 'a log'\nowner = ' '\n\
             [[decision]]\ncollection = 'B'\nstatus = 'BIRTH_DEFERRED'\nowner = 'eve'\nscope = 'FUTURE_SCOPE'\n",
        )
        .unwrap();
        let keys: Vec<&str> = requests.keys().collect();
        assert_eq!(keys, ["B", "b"]);
        assert_eq!(requests.decisions[0].scope, Some(ScopeStatus::FutureScope));
        assert_eq!(requests.decisions[1].owner, None);
    }

    #[test]
    fn what_cannot_be_right_is_refused_by_name() {
        let rows = [
            ("", "no decision"),
            (
                "[[decision]]\ncollection = ''\nstatus = 'BIRTH_REQUIRED'",
                "no collection",
            ),
            (
                "[[decision]]\ncollection = 'x'\nstatus = 'birth_required'",
                "not readable",
            ),
            (
                "[[decision]]\ncollection = 'x'\nstatus = 'BIRTH_REQUIRED'\nscope = 'OUT'",
                "not readable",
            ),
            (
                "[[decision]]\ncollection = 'x'\nstatus = 'BIRTH_REQUIRED'\nreasons = 'r'",
                "not readable",
            ),
            (
                "[[decision]]\ncollection = 'x'\nstatus = 'BIRTH_EXEMPT_CACHE'",
                "needs a reason",
            ),
            (
                "[[decision]]\ncollection = 'x'\nstatus = 'BIRTH_EXEMPT_CACHE'\nreason = ' \\n'",
                "not readable",
            ),
            (
                "[[decision]]\ncollection = 'x'\nstatus = 'BIRTH_EXEMPT_CACHE'\nreason = \" \\n\"",
                "needs a reason",
            ),
            (
                "[[decision]]\ncollection = 'x'\nstatus = 'BIRTH_EXEMPT_CACHE'\nreason = \"a\\u0000\"",
                "NUL",
            ),
            (
                "[[decision]]\ncollection = 'x'\nstatus = 'BIRTH_REQUIRED'\nreason = 'r'",
                "a reason belongs",
            ),
            (
                "[[decision]]\ncollection = 'x'\nstatus = 'BIRTH_REQUIRED'\nowner = 'o'",
                "an owner belongs",
            ),
            (
                "[[decision]]\ncollection = 'x'\nstatus = 'BIRTH_REQUIRED'\n[[decision]]\ncollection = 'x'\nstatus = 'BIRTH_DEFERRED'",
                "more than once",
            ),
        ];
        for (decisions, says) in rows {
            match read(decisions) {
                // A literal TOML string keeps the backslash: that one is a text.
                Ok(read) => assert_eq!(read.decisions[0].reason.as_deref(), Some(" \\n")),
                Err(error) => assert!(error.contains(says), "{decisions}: {error}"),
            }
        }
        let newer = Requests::from_toml("format = 2\nx = 1", "ann".to_owned());
        assert!(matches!(newer, Err(RequestError::Newer { found: 2 })));
        let nobody = Requests::from_toml("format = 1", " ".to_owned());
        assert!(matches!(nobody, Err(RequestError::Actor)));
    }
}
