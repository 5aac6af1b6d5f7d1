//! Adding to `approved.toml` without touching what is there: comments, order and
//! spacing are the people's who keep it.
//!
//! What comes out is read again and has to say exactly what was there and what was
//! added; where text alone cannot tell the place, nothing is guessed.

use std::fmt::Write as _;

use thiserror::Error;

use super::approved::{
    Approval, Approvals, ApprovalsError, RollbackDecision, STATEMENTS, Signature,
};

/// What a new file begins with.
pub const NEW: &str = "# Revisions that were reviewed and approved, oldest first. `birth policy approve`\n\
                       # adds to it, `birth policy log` reads it.\nformat = 2\n";

/// Why nothing was added.
#[derive(Debug, Error)]
pub enum EditError {
    /// The file cannot be read.
    #[error(transparent)]
    Unreadable(#[from] ApprovalsError),
    /// The file is written in a way that cannot be added to.
    #[error(
        "nothing can be added to it as it is written: {0}; write each entry under a line `[[approved]]`, or add by hand"
    )]
    Place(&'static str),
}

/// Adds an approval at the end.
///
/// # Errors
/// Nothing can be added.
pub fn add_approval(text: &str, approval: &Approval) -> Result<String, EditError> {
    let mut expected = Approvals::parse(text)?;
    expected.approved.push(approval.clone());
    let mut entry = String::new();
    header(&mut entry, "approved");
    line(&mut entry, "digest", &approval.digest.to_string());
    line(&mut entry, "name", &approval.name);
    number(&mut entry, "revision", approval.revision);
    optional(&mut entry, "wit", approval.wit.as_deref());
    let digest = |d: &Option<crate::digest::Digest>| d.map(|d| d.to_string());
    optional(
        &mut entry,
        "previous",
        digest(&approval.previous).as_deref(),
    );
    optional(&mut entry, "diff", digest(&approval.diff).as_deref());
    line(&mut entry, "by", &approval.by);
    line(&mut entry, "at", &approval.at);
    line(&mut entry, "why", &approval.why);
    optional(&mut entry, "builder", approval.builder.as_deref());
    for signature in &approval.signatures {
        entry.push_str(&signed("approved", signature));
    }
    append(text, &entry, &expected)
}

/// Adds a decision to go back at the end.
///
/// # Errors
/// Nothing can be added.
pub fn add_rollback(text: &str, decision: &RollbackDecision) -> Result<String, EditError> {
    let mut expected = Approvals::parse(text)?;
    expected.rollbacks.push(decision.clone());
    let mut entry = String::new();
    header(&mut entry, "rollback");
    line(&mut entry, "digest", &decision.digest.to_string());
    line(&mut entry, "name", &decision.name);
    number(&mut entry, "revision", decision.revision);
    line(&mut entry, "from", &decision.from.to_string());
    line(&mut entry, "by", &decision.by);
    line(&mut entry, "at", &decision.at);
    line(&mut entry, "why", &decision.why);
    for signature in &decision.signatures {
        entry.push_str(&signed("rollback", signature));
    }
    append(text, &entry, &expected)
}

/// Adds a signature to the approval at a place of the list.
///
/// # Errors
/// Nothing can be added.
pub fn sign_approval(text: &str, at: usize, signature: &Signature) -> Result<String, EditError> {
    let mut expected = Approvals::parse(text)?;
    if let Some(entry) = expected.approved.get_mut(at) {
        entry.signatures.push(signature.clone());
    }
    insert(text, "approved", at, signature, &expected)
}

/// Adds a signature to the decision at a place of the list.
///
/// # Errors
/// Nothing can be added.
pub fn sign_rollback(text: &str, at: usize, signature: &Signature) -> Result<String, EditError> {
    let mut expected = Approvals::parse(text)?;
    if let Some(entry) = expected.rollbacks.get_mut(at) {
        entry.signatures.push(signature.clone());
    }
    insert(text, "rollback", at, signature, &expected)
}

fn append(text: &str, entry: &str, expected: &Approvals) -> Result<String, EditError> {
    let mut out = with_statements(text)?;
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
    out.push_str(entry);
    checked(out, expected)
}

/// Puts a signature after the last line of an entry, before the blank lines and
/// comments that belong to the next one.
fn insert(
    text: &str,
    table: &str,
    at: usize,
    signature: &Signature,
    expected: &Approvals,
) -> Result<String, EditError> {
    let entry = format!("[[{table}]]");
    let below = format!("[[{table}.");
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut headers = lines
        .iter()
        .enumerate()
        .filter(|(_, l)| l.trim_end() == entry);
    let (start, _) = headers
        .nth(at)
        .ok_or(EditError::Place("the entry is not found"))?;
    let rest = lines.iter().enumerate().skip(start + 1);
    let next = rest
        .into_iter()
        .find(|(_, l)| l.starts_with('[') && !l.starts_with(&below))
        .map_or(lines.len(), |(next, _)| next);
    let belongs = |l: &&str| l.trim().is_empty() || l.starts_with('#');
    let trailing = lines.get(start..next).unwrap_or_default().iter().rev();
    let end = next - trailing.take_while(|l| belongs(l)).count();
    let (before, after) = lines.split_at(end);
    let mut out = before.concat();
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out.push_str(&signed(table, signature));
    out.push_str(&after.concat());
    checked(out, expected)
}

fn checked(text: String, expected: &Approvals) -> Result<String, EditError> {
    match Approvals::parse(&text) {
        Ok(found) if found == *expected => Ok(text),
        Ok(_) => Err(EditError::Place("it would say something else then")),
        Err(_) => Err(EditError::Place("it would not be readable then")),
    }
}

/// The text with a format that has statements: the one thing that is changed in
/// what was there.
fn with_statements(text: &str) -> Result<String, EditError> {
    if Approvals::format(text)? >= STATEMENTS {
        return Ok(text.to_owned());
    }
    let mut out = String::with_capacity(text.len());
    let mut is_raised = false;
    for line in text.split_inclusive('\n') {
        let key = line.split_once('=').map(|(key, _)| key.trim());
        if !is_raised && key == Some("format") && line.matches('1').count() == 1 {
            out.push_str(&line.replace('1', "2"));
            is_raised = true;
        } else {
            out.push_str(line);
        }
    }
    Ok(out)
}

fn header(out: &mut String, table: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "\n[[{table}]]");
}

fn line(out: &mut String, key: &str, value: &str) {
    // JSON escapes what TOML does, and DEL, which it leaves, is refused before.
    let _ = writeln!(out, "{key} = {}", serde_json::Value::from(value));
}

fn number(out: &mut String, key: &str, value: u32) {
    let _ = writeln!(out, "{key} = {value}");
}

fn optional(out: &mut String, key: &str, value: Option<&str>) {
    if let Some(value) = value {
        line(out, key, value);
    }
}

fn signed(table: &str, signature: &Signature) -> String {
    let mut out = format!("\n[[{table}.signature]]\n");
    line(&mut out, "by", &signature.by);
    // A basic string over several lines; base64 has nothing to escape.
    let _ = writeln!(out, "armored = \"\"\"\n{}\"\"\"", signature.armored);
    out
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests state what they expect")]
    use super::*;
    use crate::digest::Digest;

    fn signature(by: &str) -> Signature {
        Signature {
            by: by.to_owned(),
            armored: "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n"
                .to_owned(),
        }
    }

    fn approval(revision: u32) -> Approval {
        Approval {
            digest: Digest::of(&revision.to_le_bytes()),
            name: "birth \"x\" \\ é".into(),
            revision,
            wit: Some("0.1.0".into()),
            previous: Some(Digest::of(b"previous")),
            diff: Some(Digest::of(b"diff")),
            by: "ada".into(),
            at: "2026-11-22T10:00:00Z".into(),
            why: "[[approved]] # no".into(),
            builder: Some("rustc".into()),
            signatures: vec![],
        }
    }

    fn decision() -> RollbackDecision {
        RollbackDecision {
            digest: Digest::of(b"older"),
            name: "birth".into(),
            revision: 1,
            from: Digest::of(b"newer"),
            by: "ada".into(),
            at: "2026-11-22T10:00:00Z".into(),
            why: "it was wrong".into(),
            signatures: vec![signature("ada")],
        }
    }

    #[test]
    fn what_was_there_stays_byte_for_byte() {
        let old = "# mine\nformat  =  1  # really\n\n[[approved]] \ndigest = '2895ba9c402bf2414808bae9145340ed7a2f518350c1e5e603e89abe8b851de4'\nname = 'birth'\nrevision = 1\nby = 'a'\nat = 'x'\nwhy = '''\n two\n lines'''";
        let first = add_approval(old, &approval(2)).unwrap();
        let kept = old.replace("=  1  #", "=  2  #");
        assert!(
            first.starts_with(&format!("{kept}\n\n[[approved]]\n")),
            "{first}"
        );
        // A comment that belongs to the next entry stays with it.
        let commented = format!("{first}\n# the third\n");
        let second = add_approval(&commented, &approval(3)).unwrap();
        assert!(second.starts_with(&commented), "{second}");
        let third = add_rollback(&second, &decision()).unwrap();
        assert!(third.starts_with(&second), "{third}");
        let signed = sign_approval(&third, 1, &signature("ada")).unwrap();
        let signed = sign_approval(&signed, 1, &signature("bob")).unwrap();
        let signed = sign_rollback(&signed, 0, &signature("bob")).unwrap();
        let found = Approvals::parse(&signed).unwrap();
        let by = |s: &[Signature]| s.iter().map(|s| s.by.clone()).collect::<Vec<_>>();
        assert_eq!(by(&found.approved[1].signatures), ["ada", "bob"]);
        assert_eq!(by(&found.rollbacks[0].signatures), ["ada", "bob"]);
        assert!(found.approved[2].signatures.is_empty());
        // Taking the added lines away gives what was there.
        let mut rest = signed.as_str();
        for line in third.split_inclusive('\n') {
            let at = rest.find(line).unwrap();
            rest = &rest[at + line.len()..];
        }
        assert!(
            signed.contains("\n\n# the third\n\n[[approved]]\n"),
            "{signed}"
        );
    }

    #[test]
    fn a_new_file_and_files_that_cannot_be_added_to() {
        let text = add_approval(NEW, &approval(1)).unwrap();
        assert_eq!(Approvals::parse(&text).unwrap().approved, [approval(1)]);
        for (text, says) in [
            ("format = 2\napproved = []\n", "not be readable"),
            ("\"format\" = 1\n", "not be readable"),
            ("format = 3\n", "upgrade the host"),
        ] {
            let error = add_approval(text, &approval(1)).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
        let nested = text.replace("[[approved]]\n", "[[ approved ]]\n");
        let error = sign_approval(&nested, 0, &signature("ada")).unwrap_err();
        assert!(error.to_string().contains("not found"), "{error}");
        // What looks like an entry and is none does not lead astray.
        let odd = text.replace("why = ", "why = '''\n[[approved]]\n'''\n# ");
        let odd = odd.replace(r#"why = '''"#, "why = '''x");
        assert!(sign_approval(&odd, 0, &signature("ada")).is_err());
    }
}
