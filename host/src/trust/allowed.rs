//! OpenSSH's file of allowed signers (`ssh-keygen(1)`, ALLOWED SIGNERS): who may
//! sign with which key, for what and when.
//!
//! A line that cannot be read stops everything: it might be the one that limits a
//! key. Times need their `Z`, as what a local time means depends on the machine.

use jiff::Timestamp;
use ssh_key::public::KeyData;
use thiserror::Error;

use super::line::Line;
use super::pattern::list_has;
use super::signature::fingerprint;

/// The file, line by line.
#[derive(Debug)]
pub(super) struct AllowedSigners(Vec<Line>);

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
            let parsed = Line::parse(number, line);
            lines.push(parsed.map_err(|why| AllowedSignersError { line: number, why })?);
        }
        Ok(Self(lines))
    }

    /// Whether any key is this person's.
    pub(super) fn names(&self, person: &str) -> bool {
        let mut lines = self.0.iter().filter(|line| !line.options.authority);
        lines.any(|line| list_has(&line.principals, person))
    }

    /// The first line whose key could sign for several of these people.
    pub(super) fn shared(&self, people: &[&str]) -> Option<(usize, Vec<String>)> {
        let lines = self.0.iter().filter(|line| !line.options.authority);
        let named = |line: &Line| -> Vec<String> {
            let of = people.iter().filter(|who| list_has(&line.principals, who));
            of.map(|who| (*who).to_owned()).collect()
        };
        let mut all = lines.map(|line| (line.number, named(line)));
        all.find(|(_, people)| people.len() > 1)
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests state what they expect")]
    use ssh_key::PublicKey;

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
