//! Foreign text in a report: a JSON string. In the front matter that is a
//! string of YAML as well; in the list it stands in a code span, where Markdown
//! leaves it alone.

use crate::text::is_hidden;

/// A text as a JSON string without anything that a text editor or a Markdown or
/// YAML reader could take for structure, or that people could not see: control
/// and formatting characters and the backtick are escaped too.
pub(super) fn quoted(text: &str) -> String {
    // A string always has a JSON form.
    let json = serde_json::Value::from(text).to_string();
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c == '`' || is_hidden(c) {
            // All of them are in the basic plane: four digits are enough.
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

/// A text as a JSON string in a code span.
pub(super) fn code(text: &str) -> String {
    format!("`{}`", quoted(text))
}

/// Reads a JSON string.
pub(super) fn unquoted(json: &str) -> Option<String> {
    serde_json::from_str(json).ok()
}

/// Reads a JSON string in a code span from the start of a line's rest, and
/// gives what follows.
pub(super) fn take_code(rest: &str) -> Option<(String, &str)> {
    let (json, rest) = rest.strip_prefix('`')?.split_once('`')?;
    Some((unquoted(json)?, rest))
}
