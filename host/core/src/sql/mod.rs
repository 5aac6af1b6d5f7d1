//! The sole producer of SQL text.
//!
//! Statements are data (see each operation's `statement` and `undo`); this
//! module says how they become text, frames a transaction, and holds the
//! catalog queries. There is no way to pass text in.

pub mod frame;
pub mod issue;
pub mod query;
pub mod record;

/// One statement of an operation's closed vocabulary.
pub trait Statement: Clone + std::fmt::Debug + Send + Sync {
    /// The text, without a closing semicolon.
    fn sql(&self) -> String;

    /// The values of `$1`, `$2`, … as text; `None` is NULL. They are sent as
    /// values of the type text, so the statement casts them: `$1::text::date`.
    fn parameters(&self) -> Vec<Option<String>> {
        vec![]
    }

    /// Whether its rows are wanted. Each of their columns is of the type text.
    fn returns(&self) -> bool {
        false
    }

    /// What people read before it runs: the text with its closing semicolon, and
    /// after it the values of its parameters as a comment.
    fn preview(&self) -> String {
        let mut line = format!("{};", self.sql());
        for (i, value) in self.parameters().iter().enumerate() {
            let value = value
                .as_deref()
                .map_or_else(|| "NULL".to_owned(), literal_on_one_line);
            line += &format!("{} ${} = {value}", if i == 0 { " --" } else { "," }, i + 1);
        }
        line
    }
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

/// A text between dollar quotes, whose tag does not occur in it: it stays
/// readable, and nothing in it has to be escaped.
#[must_use]
pub fn dollar_quoted(text: &str) -> String {
    let mut tag = "$birth$".to_owned();
    let mut number = 0_u32;
    // The text's end and the beginning of the tag can be one too.
    while format!("{text}{tag}").find(&tag) != Some(text.len()) {
        number += 1;
        tag = format!("$birth{number}$");
    }
    format!("{tag}{text}{tag}")
}

/// A string literal that has no line of its own to break: control characters
/// are written as escapes. It reads back as the same value.
#[must_use]
pub fn literal_on_one_line(value: &str) -> String {
    if !value.contains(char::is_control) {
        return literal(value);
    }
    let mut out = String::from("E'");
    for c in value.chars() {
        match c {
            '\'' => out.push_str("''"),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone)]
    struct Insert(Vec<Option<String>>);

    impl Statement for Insert {
        fn sql(&self) -> String {
            "INSERT".to_owned()
        }
        fn parameters(&self) -> Vec<Option<String>> {
            self.0.clone()
        }
    }

    #[test]
    fn previews_are_one_line() {
        assert_eq!(Insert(vec![]).preview(), "INSERT;");
        let hostile = Some("a'\n\\;\u{85}\u{1b}é".to_owned());
        assert_eq!(
            Insert(vec![hostile, None]).preview(),
            "INSERT; -- $1 = E'a''\\n\\\\;\\u0085\\u001Bé', $2 = NULL"
        );
    }

    #[test]
    fn literals() {
        assert_eq!(literal("a"), "'a'");
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal("a\\'b"), "E'a\\\\''b'");
    }

    #[test]
    fn dollar_quotes_do_not_end_early() {
        assert_eq!(dollar_quoted("a"), "$birth$a$birth$");
        assert_eq!(
            dollar_quoted("a $birth$ $birth1$"),
            "$birth2$a $birth$ $birth1$$birth2$"
        );
        assert_eq!(dollar_quoted("a$birth"), "$birth1$a$birth$birth1$");
    }
}
