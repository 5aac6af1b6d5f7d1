//! One line of the allowed signers: principals, options, key.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::pattern::list_has;

#[derive(Debug)]
pub(super) struct Line {
    pub(super) number: usize,
    pub(super) principals: String,
    pub(super) options: Options,
    pub(super) key: KeyData,
}

#[derive(Debug, Default)]
pub(super) struct Options {
    pub(super) authority: bool,
    namespaces: Option<String>,
    after: Option<Timestamp>,
    before: Option<Timestamp>,
}

impl Options {
    pub(super) fn check(&self, namespace: &str, when: Timestamp) -> Result<(), String> {
        if let Some(namespaces) = &self.namespaces
            && !list_has(namespaces, namespace)
        {
            return Err(format!(
                "its key may sign in the namespaces {namespaces}, not in {namespace}"
            ));
        }
        if let Some(after) = self.after.filter(|after| when < *after) {
            return Err(format!("its key is not yet valid: from {after} on"));
        }
        if let Some(before) = self.before.filter(|before| when > *before) {
            return Err(format!("its key has expired: it was valid until {before}"));
        }
        Ok(())
    }
}

impl Line {
    pub(super) fn parse(number: usize, line: &str) -> Result<Self, String> {
        let (principals, rest) = match line.strip_prefix('"') {
            Some(quoted) => {
                let (principals, rest) = dequoted(quoted)?;
                (principals, rest)
            }
            None => {
                let (principals, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
                (principals.to_owned(), rest)
            }
        };
        let rest = rest.trim_start();
        if rest.is_empty() {
            return Err("there is no key after the principals".to_owned());
        }
        if let Ok(key) = PublicKey::from_openssh(rest) {
            return Ok(Self {
                number,
                principals,
                options: Options::default(),
                key: key.key_data().clone(),
            });
        }
        let (options, rest) = parse_options(rest)?;
        let key = PublicKey::from_openssh(rest.trim_start())
            .map_err(|error| format!("the key cannot be read: {error}"))?;
        Ok(Self {
            number,
            principals,
            options,
            key: key.key_data().clone(),
        })
    }
}

/// The text up to the closing quote, and what comes after.
fn dequoted(text: &str) -> Result<(String, &str), String> {
    let mut out = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((out, text.get(at + 1..).unwrap_or_default())),
            '\\' if text.get(at + 1..).is_some_and(|rest| rest.starts_with('"')) => {
                chars.next();
                out.push('"');
            }
            c => out.push(c),
        }
    }
    Err("a quote is not closed".to_owned())
}

/// Options, joined by commas, up to the space before the key.
fn parse_options(mut text: &str) -> Result<(Options, &str), String> {
    let mut options = Options::default();
    loop {
        let end = text.find(['=', ',', ' ', '\t']).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let value = match rest.strip_prefix("=\"") {
            Some(quoted) => {
                let (value, rest) = dequoted(quoted)?;
                text = rest;
                Some(value)
            }
            None => {
                text = rest;
                None
            }
        };
        options.set(name, value)?;
        match text.strip_prefix(',') {
            Some(rest) => text = rest,
            None if text.starts_with([' ', '\t']) => break,
            None => return Err(format!("there is neither a comma nor a key after `{name}`")),
        }
    }
    if let (Some(after), Some(before)) = (options.after, options.before)
        && after >= before
    {
        return Err("valid-before is not after valid-after".to_owned());
    }
    Ok((options, text))
}

impl Options {
    fn set(&mut self, name: &str, value: Option<String>) -> Result<(), String> {
        fn once<T>(slot: &mut Option<T>, name: &str, value: T) -> Result<(), String> {
            match slot.replace(value) {
                None => Ok(()),
                Some(_) => Err(format!("`{name}` is there twice")),
            }
        }
        let lower = name.to_ascii_lowercase();
        match (lower.as_str(), value) {
            ("cert-authority", None) => {
                self.authority = true;
                Ok(())
            }
            ("namespaces", Some(list)) => once(&mut self.namespaces, name, list),
            ("valid-after", Some(value)) => once(&mut self.after, name, time(&value)?),
            ("valid-before", Some(value)) => once(&mut self.before, name, time(&value)?),
            ("namespaces" | "valid-after" | "valid-before", None) => {
                Err(format!("`{name}` needs a value in double quotes"))
            }
            _ => Err(format!(
                "neither a key nor an option that is known: `{name}`"
            )),
        }
    }
}

/// `YYYYMMDD` or `YYYYMMDDHHMM[SS]`, with a `Z`.
fn time(text: &str) -> Result<Timestamp, String> {
    let wrong = || format!("`{text}` is no time: write YYYYMMDDZ or YYYYMMDDHHMM[SS]Z");
    let digits = text.strip_suffix(['Z', 'z']).ok_or_else(|| {
        format!("`{text}` would be a time of this machine's time zone: end it with Z, for UTC")
    })?;
    if !digits.bytes().all(|b| b.is_ascii_digit()) || ![8, 12, 14].contains(&digits.len()) {
        return Err(wrong());
    }
    let part = |from: usize, to: usize| digits.get(from..to).map_or(Ok(0), str::parse::<i8>);
    let parts = || -> Result<_, std::num::ParseIntError> {
        let year = digits.get(..4).unwrap_or_default().parse::<i16>()?;
        Ok((
            year,
            part(4, 6)?,
            part(6, 8)?,
            part(8, 10)?,
            part(10, 12)?,
            part(12, 14)?,
        ))
    };
    let (year, month, day, hour, minute, second) = parts().map_err(|_| wrong())?;
    DateTime::new(year, month, day, hour, minute, second, 0)
        .and_then(|civil| civil.to_zoned(TimeZone::UTC))
        .map(|zoned| zoned.timestamp())
        .map_err(|_| wrong())
}
