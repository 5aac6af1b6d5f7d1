//! What is signed: an approval, or a decision to go back, in one canonical form.
//!
//! The form is text, so that a person can read what they sign: a line for each
//! field, always all of them and in this order, text as a JSON string (so that no
//! value can look like another line), `none` where there is nothing. Whoever
//! writes it down by hand gets the same bytes.

use std::fmt::Write as _;

use super::approved::{Approval, RollbackDecision, Signature};
use crate::digest::Digest;
use crate::text::is_hidden;

/// The namespace of `ssh-keygen -Y sign -n`: a signature made for something else
/// is none here.
pub const NAMESPACE: &str = "birth-policy-approval";

impl Approval {
    /// The bytes that are signed; none for an entry that is no statement.
    #[must_use]
    pub fn statement(&self) -> Option<String> {
        let wit = self.wit.as_ref()?;
        let mut out = "birth policy approval 1\n".to_owned();
        text(&mut out, "set", Some(&self.name));
        line(&mut out, "revision", Some(&self.revision.to_string()));
        digest(&mut out, "digest", Some(&self.digest));
        text(&mut out, "wit", Some(wit));
        digest(&mut out, "previous", self.previous.as_ref());
        digest(&mut out, "diff", self.diff.as_ref());
        text(&mut out, "by", Some(&self.by));
        text(&mut out, "at", Some(&self.at));
        text(&mut out, "why", Some(&self.why));
        text(&mut out, "builder", self.builder.as_deref());
        Some(out)
    }

    /// Its texts by the names of their fields.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("name", Some(self.name.as_str())),
            ("wit", self.wit.as_deref()),
            ("by", Some(self.by.as_str())),
            ("at", Some(self.at.as_str())),
            ("why", Some(self.why.as_str())),
            ("builder", self.builder.as_deref()),
        ]
        .into_iter()
        .filter_map(|(field, value)| Some((field, value?)))
    }
}

impl RollbackDecision {
    /// The bytes that are signed. They begin otherwise than those of an approval:
    /// a signature on one is none on the other.
    #[must_use]
    pub fn statement(&self) -> String {
        let mut out = "birth policy rollback 1\n".to_owned();
        text(&mut out, "set", Some(&self.name));
        line(&mut out, "revision", Some(&self.revision.to_string()));
        digest(&mut out, "digest", Some(&self.digest));
        digest(&mut out, "from", Some(&self.from));
        text(&mut out, "by", Some(&self.by));
        text(&mut out, "at", Some(&self.at));
        text(&mut out, "because", Some(&self.why));
        out
    }

    /// Its texts by the names of their fields.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("name", self.name.as_str()),
            ("by", self.by.as_str()),
            ("at", self.at.as_str()),
            ("why", self.why.as_str()),
        ]
        .into_iter()
    }
}

/// Whether a text can stand in a statement: signers see all of it.
#[must_use]
pub fn is_plain(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || is_hidden(c))
}

/// The first field that a signer would not see as it is.
pub(super) fn check<'a>(
    mut texts: impl Iterator<Item = (&'static str, &'a str)>,
    signatures: &[Signature],
) -> Result<(), &'static str> {
    if let Some((field, _)) = texts.find(|(_, value)| !is_plain(value)) {
        return Err(field);
    }
    let plain = signatures.iter().all(|s| is_plain(&s.by));
    plain.then_some(()).ok_or("signature.by")
}

fn line(out: &mut String, field: &str, value: Option<&str>) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{field}: {}", value.unwrap_or("none"));
}

fn digest(out: &mut String, field: &str, value: Option<&Digest>) {
    line(out, field, value.map(Digest::to_string).as_deref());
}

fn text(out: &mut String, field: &str, value: Option<&str>) {
    let quoted = value.map(|value| serde_json::Value::from(value).to_string());
    line(out, field, quoted.as_deref());
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests state what they expect")]
    use super::*;

    fn approval() -> Approval {
        Approval {
            digest: Digest::of(b"set"),
            name: "birth".into(),
            revision: 4,
            wit: Some("0.1.0".into()),
            previous: Some(Digest::of(b"before")),
            diff: None,
            by: "ada".into(),
            at: "2026-11-22T10:00:00Z".into(),
            why: "say \"none\"".into(),
            builder: None,
            signatures: vec![],
        }
    }

    #[test]
    fn the_form_is_frozen() {
        insta::assert_snapshot!(approval().statement().unwrap(), @r#"
        birth policy approval 1
        set: "birth"
        revision: 4
        digest: 6ee0eb490ff832101cf82a3d387c35f29e4230be786978f7acf9e811febf6723
        wit: "0.1.0"
        previous: 6db7d803e74f1ffa7d8f5adc0bf95b3e15bf4c8373fffadf546227cc6c6742cb
        diff: none
        by: "ada"
        at: "2026-11-22T10:00:00Z"
        why: "say \"none\""
        builder: none
        "#);
        let back = RollbackDecision {
            digest: Digest::of(b"before"),
            name: "birth".into(),
            revision: 3,
            from: Digest::of(b"set"),
            by: "ada".into(),
            at: "2026-11-22T10:00:00Z".into(),
            why: "4 defers too much".into(),
            signatures: vec![],
        };
        insta::assert_snapshot!(back.statement(), @r#"
        birth policy rollback 1
        set: "birth"
        revision: 3
        digest: 6db7d803e74f1ffa7d8f5adc0bf95b3e15bf4c8373fffadf546227cc6c6742cb
        from: 6ee0eb490ff832101cf82a3d387c35f29e4230be786978f7acf9e811febf6723
        by: "ada"
        at: "2026-11-22T10:00:00Z"
        because: "4 defers too much"
        "#);
    }

    #[test]
    fn every_field_is_signed() {
        type Change = fn(&mut Approval);
        let changes: [Change; 10] = [
            |a| a.digest = Digest::of(b"other"),
            |a| a.name = "other".into(),
            |a| a.revision = 5,
            |a| a.wit = Some("0.2.0".into()),
            |a| a.previous = None,
            |a| a.diff = Some(Digest::of(b"diff")),
            |a| a.by = "bob".into(),
            |a| a.at = "2026-11-22T10:00:01Z".into(),
            |a| a.why = "other".into(),
            |a| a.builder = Some("none".into()),
        ];
        let mut seen = std::collections::BTreeSet::from([approval().statement()]);
        for change in changes {
            let mut changed = approval();
            change(&mut changed);
            assert!(seen.insert(changed.statement()), "{changed:?}");
        }
        let mut legacy = approval();
        legacy.wit = None;
        assert_eq!(legacy.statement(), None);
    }
}
