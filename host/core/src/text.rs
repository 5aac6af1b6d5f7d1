//! What people can see of a text.

/// Whether a character has no look of its own, or breaks lines or turns text
/// around somewhere: control characters, soft hyphen, zero-width and direction
/// marks, line and paragraph separators, byte order mark, and the two
/// non-characters of the basic plane. All of them are in the basic plane.
///
/// Two texts that differ only in such characters look alike, so whatever people
/// decide by shows them as escapes.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}
