//! Lists of patterns as OpenSSH has them (`ssh_config(5)`, PATTERNS).

/// Whether a list of patterns, joined by commas, has the text: one that is
/// negated with `!` rules it out whatever else fits.
pub(super) fn list_has(list: &str, text: &str) -> bool {
    let mut has = false;
    for pattern in list.split(',') {
        match pattern.strip_prefix('!') {
            Some(pattern) if fits(pattern.as_bytes(), text.as_bytes()) => return false,
            None if fits(pattern.as_bytes(), text.as_bytes()) => has = true,
            _ => {}
        }
    }
    has
}

/// `*` stands for any text and `?` for any one byte. Walks back to the last star
/// only, so that no list is slow.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&c) if c == b'?' || text.get(t) == Some(&c) => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern
        .get(p..)
        .unwrap_or_default()
        .iter()
        .all(|&c| c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_openssh() {
        let rows = [
            ("ada", "ada", true),
            ("ada", "adah", false),
            ("ada", "Ada", false),
            ("ada,bob", "bob", true),
            ("*", "", true),
            ("*@example.org", "ada@example.org", true),
            ("*@example.org", "ada@example.com", false),
            ("a?a", "ada", true),
            ("a?a", "aa", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b-d", false),
            ("*,!eve@*", "eve@example.org", false),
            ("!eve@*,*", "eve@example.org", false),
            ("!eve", "ada", false),
            ("", "", true),
            ("", "a", false),
        ];
        for (list, text, expected) in rows {
            assert_eq!(list_has(list, text), expected, "{list} {text}");
        }
    }
}
