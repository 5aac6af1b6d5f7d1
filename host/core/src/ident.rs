//! SQL identifiers: validated when they are made, quoted by one function.
//!
//! PostgreSQL cuts a longer name at 63 bytes with only a NOTICE, so two
//! different names can become one. Nothing here is ever cut silently.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// `NAMEDATALEN - 1`: the longest name in bytes that PostgreSQL stores.
pub const MAX_IDENTIFIER_BYTES: usize = 63;

/// A name PostgreSQL can store exactly as it is: 1 to 63 bytes, no NUL.
///
/// Displaying an identifier gives its bare text, for people. SQL text takes
/// [`Identifier::quoted`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Identifier(String);

/// Why a text cannot be an identifier.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IdentifierError {
    /// PostgreSQL rejects `""`.
    #[error("an identifier cannot be empty")]
    Empty,
    /// The wire protocol ends a string at NUL.
    #[error("the identifier {0:?} holds a NUL byte, which PostgreSQL cannot store")]
    Nul(String),
    /// Would be cut at 63 bytes.
    #[error(
        "the name {name:?} has {bytes} bytes; PostgreSQL stores at most 63 and would cut it silently"
    )]
    TooLong {
        /// The name that does not fit.
        name: String,
        /// Its length.
        bytes: usize,
    },
}

/// A name as SQL text: always in double quotes, inner quotes doubled, so that
/// case, reserved words and punctuation need no thought. The only place in the
/// program that quotes an identifier; for names that are not constants there is
/// [`Identifier::quoted`].
pub(crate) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Identifier {
    /// Validates a name.
    pub fn new(name: impl Into<String>) -> Result<Self, IdentifierError> {
        let name = name.into();
        if name.is_empty() {
            return Err(IdentifierError::Empty);
        }
        if name.contains('\0') {
            return Err(IdentifierError::Nul(name));
        }
        if name.len() > MAX_IDENTIFIER_BYTES {
            let bytes = name.len();
            return Err(IdentifierError::TooLong { name, bytes });
        }
        Ok(Self(name))
    }

    /// The bare name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as SQL text.
    #[must_use]
    pub fn quoted(&self) -> String {
        quote(&self.0)
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Identifier {
    type Error = IdentifierError;
    fn try_from(name: String) -> Result<Self, IdentifierError> {
        Self::new(name)
    }
}

impl From<Identifier> for String {
    fn from(name: Identifier) -> Self {
        name.0
    }
}

/// A relation's name with its schema.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct QualifiedName {
    /// Schema (namespace).
    pub schema: Identifier,
    /// Name within the schema.
    pub name: Identifier,
}

impl QualifiedName {
    /// Puts the two together.
    #[must_use]
    pub fn new(schema: Identifier, name: Identifier) -> Self {
        Self { schema, name }
    }

    /// `"schema"."name"`.
    #[must_use]
    pub fn quoted(&self) -> String {
        format!("{}.{}", self.schema.quoted(), self.name.quoted())
    }
}

impl fmt::Display for QualifiedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.schema, self.name)
    }
}

/// What to do with a derived name that is longer than PostgreSQL stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LongNames {
    /// Refuse, naming the name.
    #[default]
    Refuse,
    /// Cut on a character boundary and append `_` and eight hexadecimal
    /// digits of the full name's SHA-256.
    HashSuffix,
}

/// Makes an identifier from a pattern's result, such as
/// `chk_<table>_<column>`, under the profile's rule for long names.
pub fn derived_name(full: &str, long: LongNames) -> Result<Identifier, IdentifierError> {
    match (Identifier::new(full), long) {
        (Err(IdentifierError::TooLong { .. }), LongNames::HashSuffix) => {
            let digest = Sha256::digest(full.as_bytes());
            let suffix: String = digest.iter().take(4).map(|b| format!("{b:02x}")).collect();
            let mut cut = MAX_IDENTIFIER_BYTES - suffix.len() - 1;
            while !full.is_char_boundary(cut) {
                cut -= 1;
            }
            Identifier::new(format!("{}_{suffix}", &full[..cut]))
        }
        (result, _) => result,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests state what they expect")]
    use super::*;
    use proptest::prelude::*;

    /// Reads a quoted identifier as PostgreSQL's scanner does: the inverse of
    /// `quoted`, written independently.
    fn scan(quoted: &str) -> Option<String> {
        let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
        let mut out = String::new();
        let mut chars = inner.chars();
        while let Some(c) = chars.next() {
            if c == '"' && chars.next()? != '"' {
                return None;
            }
            out.push(c);
        }
        Some(out)
    }

    proptest! {
        #[test]
        fn any_identifier_survives_quoting(name in "[^\u{0}]{1,63}") {
            if let Ok(id) = Identifier::new(name.clone()) {
                prop_assert_eq!(scan(&id.quoted()), Some(name));
            }
        }

        #[test]
        fn derived_names_fit_and_do_not_collide(a in "\\PC{60,90}", b in "\\PC{60,90}") {
            let x = derived_name(&a, LongNames::HashSuffix).unwrap();
            let y = derived_name(&b, LongNames::HashSuffix).unwrap();
            prop_assert!(x.as_str().len() <= MAX_IDENTIFIER_BYTES);
            prop_assert_eq!(x == y, a == b);
        }
    }

    #[test]
    fn refuses_what_postgres_cannot_store() {
        assert_eq!(Identifier::new(""), Err(IdentifierError::Empty));
        assert!(matches!(
            Identifier::new("a\0b"),
            Err(IdentifierError::Nul(_))
        ));
        assert!(Identifier::new("é".repeat(31)).is_ok());
        assert!(matches!(
            Identifier::new("é".repeat(32)),
            Err(IdentifierError::TooLong { bytes: 64, .. })
        ));
        assert!(matches!(
            derived_name(&"x".repeat(64), LongNames::Refuse),
            Err(IdentifierError::TooLong { .. })
        ));
    }

    #[test]
    fn hostile_names_are_only_names() {
        let id = Identifier::new("drop\"table;--").unwrap();
        assert_eq!(id.quoted(), "\"drop\"\"table;--\"");
    }
}
