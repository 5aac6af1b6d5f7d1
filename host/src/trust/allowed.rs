//! OpenSSH's file of allowed signers (`ssh-keygen(1)`, ALLOWED SIGNERS): who may
//! sign with which key, for what and when.
//!
//! A line that cannot be read stops everything: it might be the one that limits a
//! key. Times need their `Z`, as what a local time means depends on the machine.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use ssh_key::PublicKey;
use ssh_key::public::KeyData;
use thiserror::Error;

use super::pattern::list_has;
use super::signature::fingerprint;

/// The file, line by line.
#[derive(Debug)]
pub(super) struct AllowedSigners(Vec<Line>);

#[derive(Debug)]
struct Line {
    principals: String,
    options: Options,
    key: KeyData,
}

#[derive(Debug, Default)]
struct Options {
    authority: bool,
    namespaces: Option<String>,
    after: Option<Timestamp>,
    before: Option<Timestamp>,
}

/// A line that cannot be used.
#[derive(Debug, Error)]
#[error("line {line}: {why}")]
pub struct AllowedSignersError {
    line: usize,
    why: String,
}

impl AllowedSigners {
    pub(super) fn parse(text: &str) -> Result<Self, AllowedSignersError> {
        let mut lines = vec![];
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let parsed = parse_line(line);
            lines.push(parsed.map_err(|why| AllowedSignersError { line: number, why })?);
        }
        Ok(Self(lines))
    }

    /// Whether any key is this person's.
    pub(super) fn names(&self, person: &str) -> bool {
        let mut lines = self.0.iter().filter(|line| !line.options.authority);
        lines.any(|line| list_has(&line.principals, person))
    }

    /// Whether a person may sign with a key in a namespace at a time.
    ///
    /// # Errors
    /// Why not, in words: of the last line that fits, as `ssh-keygen` tells it.
    pub(super) fn check(
        &self,
        person: &str,
        key: &KeyData,
        namespace: &str,
        when: Timestamp,
    ) -> Result<(), String> {
        let mut why = None;
        for line in &self.0 {
            // A line for an authority allows certificates, not the key itself.
            if line.key != *key || line.options.authority || !list_has(&line.principals, person) {
                continue;
            }
            match line.options.check(namespace, when) {
                Ok(()) => return Ok(()),
                Err(reason) => why = Some(reason),
            }
        }
        Err(why.unwrap_or_else(|| {
            format!(
                "its key {} is no allowed signer's of that name",
                fingerprint(key)
            )
        }))
    }
}

impl Options {
    fn check(&self, namespace: &str, when: Timestamp) -> Result<(), String> {
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

fn parse_line(line: &str) -> Result<Line, String> {
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
        return Ok(Line {
            principals,
            options: Options::default(),
            key: key.key_data().clone(),
        });
    }
    let (options, rest) = parse_options(rest)?;
    let key = PublicKey::from_openssh(rest.trim_start())
        .map_err(|error| format!("the key cannot be read: {error}"))?;
    Ok(Line {
        principals,
        options,
        key: key.key_data().clone(),
    })
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests state what they expect")]
    use super::*;

    const ADA: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g ada@home";
    const BOB: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICAfHh0cGxoZGBcWFRQTEhEQDw4NDAsKCQgHBgUEAwIB";

    fn key(line: &str) -> KeyData {
        PublicKey::from_openssh(line).unwrap().key_data().clone()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn principals_namespaces_and_times() {
        let file = format!(
            "# people\n\nada,*@example.org {ADA}\n\
             \"bob\" namespaces=\"git,birth-*\",valid-after=\"20260101Z\",valid-before=\"202606011230Z\" {BOB}\n\
             cyd cert-authority {BOB}\n"
        );
        let signers = AllowedSigners::parse(&file).unwrap();
        let noon = at("2026-03-01T12:00:00Z");
        let check = |who: &str, line: &str, namespace: &str, when: Timestamp| {
            signers.check(who, &key(line), namespace, when)
        };
        assert_eq!(check("ada", ADA, "anything", noon), Ok(()));
        assert_eq!(check("eve@example.org", ADA, "anything", noon), Ok(()));
        assert_eq!(check("bob", BOB, "birth-x", noon), Ok(()));
        assert_eq!(
            check("bob", BOB, "birth-x", at("2026-06-01T12:30:00Z")),
            Ok(())
        );
        let rows = [
            (check("bob", ADA, "git", noon), "is no allowed signer's"),
            (check("eve", ADA, "git", noon), "is no allowed signer's"),
            (check("cyd", BOB, "git", noon), "is no allowed signer's"),
            (check("bob", BOB, "file", noon), "not in file"),
            (
                check("bob", BOB, "git", at("2025-12-31T23:59:59Z")),
                "not yet valid",
            ),
            (
                check("bob", BOB, "git", at("2026-06-01T12:30:01Z")),
                "has expired",
            ),
        ];
        for (found, says) in rows {
            let why = found.unwrap_err();
            assert!(why.contains(says), "{why}");
        }
        assert!(signers.names("bob") && signers.names("x@example.org"));
        assert!(!signers.names("cyd"));
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named() {
        let rows = [
            ("ada".to_owned(), "no key after the principals"),
            ("ada ssh-ed25519".to_owned(), "neither a key"),
            (format!("\"ada {ADA}"), "quote is not closed"),
            (format!("ada namespaces=git {ADA}"), "in double quotes"),
            (format!("ada namespaces=\"git {ADA}"), "quote is not closed"),
            (
                format!("ada namespaces=\"a\",namespaces=\"b\" {ADA}"),
                "there twice",
            ),
            (
                format!("ada no-touch-required {ADA}"),
                "`no-touch-required`",
            ),
            (
                format!("ada valid-after=\"20260101\" {ADA}"),
                "end it with Z",
            ),
            (format!("ada valid-after=\"20261301Z\" {ADA}"), "is no time"),
            (format!("ada valid-after=\"2026Z\" {ADA}"), "is no time"),
            (
                format!("ada valid-before=\"20260101Z\",valid-after=\"20260101Z\" {ADA}"),
                "is not after",
            ),
            (
                "ada cert-authority ssh-ed25519 AAAA".to_owned(),
                "key cannot be read",
            ),
        ];
        for (line, says) in rows {
            let error = AllowedSigners::parse(&format!("# first\n{line}\n")).unwrap_err();
            let error = error.to_string();
            assert!(
                error.starts_with("line 2: ") && error.contains(says),
                "{line}: {error}"
            );
        }
    }
}
