//! Writing what came as what is expected, into the text of the file: the rest
//! of it is the author's, to the last space.

use std::ops::Range;

use thiserror::Error;

use super::Expected;

/// The file's text cannot be changed in place.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{found} of its {cases} cases have a plain `expect` that could be replaced")]
pub struct SpliceError {
    /// How many cases the file has.
    pub cases: usize,
    /// In how many of them the place was found.
    pub found: usize,
}

/// The text of a file of cases with other expectations for some of its cases,
/// by the index of the case.
///
/// # Errors
/// Not every case has its `expect` under a key that is written plainly.
pub fn accept(
    text: &str,
    cases: usize,
    accepted: &[(usize, Vec<Expected>)],
) -> Result<String, SpliceError> {
    let places = places(text);
    if places.len() != cases {
        let found = places.len();
        return Err(SpliceError { cases, found });
    }
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for (index, place) in places.into_iter().enumerate() {
        let Some((_, expect)) = accepted.iter().find(|(case, _)| *case == index) else {
            continue;
        };
        out.push_str(text.get(from..place.start).unwrap_or_default());
        out.push_str(&written(expect));
        from = place.end;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    Ok(out)
}

/// One line where there is one subject, else one line for each.
fn written(expect: &[Expected]) -> String {
    match expect {
        [] => "[]".to_owned(),
        [one] => format!("[{}]", entry(one)),
        many => {
            let entries: Vec<String> = many.iter().map(entry).collect();
            format!("[\n      {}\n    ]", entries.join(",\n      "))
        }
    }
}

fn entry(expected: &Expected) -> String {
    let texts = |texts: &Vec<String>| {
        let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
        format!("[{}]", texts.join(", "))
    };
    let fields = [
        Some(("status", quoted(&expected.status))),
        expected
            .scope
            .as_ref()
            .map(|scope| ("scope", quoted(scope))),
        expected.score.map(|score| ("score", score.to_string())),
        expected
            .reasons
            .as_ref()
            .map(|codes| ("reasons", texts(codes))),
        expected
            .messages
            .as_ref()
            .map(|said| ("messages", texts(said))),
    ];
    let fields = fields.into_iter().flatten();
    let fields: Vec<String> = fields
        .map(|(key, value)| format!("\"{key}\": {value}"))
        .collect();
    format!("{{{}}}", fields.join(", "))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Where the value of `expect` stands in each object of the outermost list. The
/// text is known to be JSON, so nothing but strings and brackets has to be told
/// apart.
fn places(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut places = Vec::new();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => {
                let end = after_string(bytes, at);
                let is_key = depth == 2 && text.get(at..end) == Some("\"expect\"");
                let value = is_key.then(|| value_after(bytes, end)).flatten();
                if let Some(value) = value {
                    at = value.end;
                    places.push(value);
                } else {
                    at = end;
                }
                continue;
            }
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    places
}

/// The place after the string that begins here.
fn after_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The list after a colon; none where what was read was no key.
fn value_after(bytes: &[u8], key_end: usize) -> Option<Range<usize>> {
    let skip = |from: usize| {
        let rest = bytes.get(from..)?;
        let space = rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
        Some(from + space)
    };
    let colon = skip(key_end)?;
    if bytes.get(colon) != Some(&b':') {
        return None;
    }
    let start = skip(colon + 1)?;
    let (mut at, mut depth) = (start, 0_usize);
    loop {
        match bytes.get(at)? {
            b'"' => {
                at = after_string(bytes, at);
                continue;
            }
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(start..at);
        }
    }
}
