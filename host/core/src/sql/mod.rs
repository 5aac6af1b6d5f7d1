//! The sole producer of SQL text.
//!
//! Statements are data (see each operation's `statement` and `undo`); this
//! module says how they become text, frames a transaction, and holds the
//! catalog queries. There is no way to pass text in.

pub mod frame;
pub mod query;

/// One statement of an operation's closed vocabulary.
pub trait Statement: Clone + std::fmt::Debug + Send + Sync {
    /// The text, without a closing semicolon.
    fn sql(&self) -> String;
}

/// A string literal. With a backslash in it PostgreSQL's escape form is used,
/// which reads the same whatever `standard_conforming_strings` says.
#[must_use]
pub fn literal(value: &str) -> String {
    let doubled = value.replace('\'', "''");
    if doubled.contains('\\') {
        format!("E'{}'", doubled.replace('\\', "\\\\"))
    } else {
        format!("'{doubled}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals() {
        assert_eq!(literal("a"), "'a'");
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal("a\\'b"), "E'a\\\\''b'");
    }
}
