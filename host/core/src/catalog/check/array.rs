//! Array literals, exactly as PostgreSQL's `array_out` prints them.

use std::collections::BTreeSet;

/// Reads a one-dimensional literal such as `{A,"B C",NULL}`; `None` stands for
/// NULL among the elements. Order and repetition carry no meaning for ANY and ALL.
///
/// Answers nothing for every other form: nested arrays, explicit bounds, and
/// spellings that array input accepts but array output never produces.
pub(super) fn elements(literal: &str) -> Option<BTreeSet<Option<String>>> {
    let inner = literal.strip_prefix('{')?.strip_suffix('}')?;
    let mut elements = BTreeSet::new();
    if inner.is_empty() {
        return Some(elements);
    }
    let mut rest = inner;
    loop {
        let (element, after) = element(rest)?;
        elements.insert(element);
        if after.is_empty() {
            return Some(elements);
        }
        rest = after.strip_prefix(',')?;
    }
}

/// The first element, and what follows it.
fn element(text: &str) -> Option<(Option<String>, &str)> {
    match text.strip_prefix('"') {
        Some(quoted) => quoted_element(quoted).map(|(value, after)| (Some(value), after)),
        None => bare_element(text),
    }
}

fn quoted_element(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, text.get(at + 1..)?)),
            '\\' => value.push(characters.next()?.1),
            other => value.push(other),
        }
    }
    None
}

fn bare_element(text: &str) -> Option<(Option<String>, &str)> {
    let end = text.find(',').unwrap_or(text.len());
    let (value, after) = text.split_at(end);
    if value.is_empty() || value.contains(needs_quotes) {
        return None;
    }
    let is_null = value.eq_ignore_ascii_case("null");
    Some(((!is_null).then(|| value.to_owned()), after))
}

/// Characters that array output never leaves outside double quotes.
fn needs_quotes(character: char) -> bool {
    let space = [' ', '\t', '\n', '\u{b}', '\u{c}', '\r'];
    matches!(character, '{' | '}' | '"' | '\\') || space.contains(&character)
}
