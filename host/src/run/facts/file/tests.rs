#![expect(clippy::unwrap_used, reason = "tests state what they expect")]

use std::io::Read as _;

use flate2::read::GzDecoder;

use birth_core::catalog::relation::RelationKind;
use birth_core::facts::coverage::{CoverageFacts, CoveredFact, PolicyValues};
use birth_core::op::DatabaseIdentity;
use birth_core::policy::Role;

use super::*;

#[derive(Debug, Default)]
struct Taken(Vec<Question>);

impl Sink for Taken {
    fn head(&mut self, _head: &FactsHead, _line: &[u8]) -> Result<(), Failure> {
        Ok(())
    }
    fn batch(&mut self, question: Question, _line: &[u8]) -> Result<(), Failure> {
        self.0.push(question);
        Ok(())
    }
}

fn head() -> FactsHead {
    FactsHead {
        host: "0".into(),
        database: DatabaseIdentity {
            system_identifier: 7_512_345_678_901_234_567,
            timeline: 1,
            database_oid: 5,
            database: "d".into(),
        },
        server: "15".into(),
        registry: "s.r".into(),
        read_at: "2026-01-01T00:00:00Z".into(),
        roles: [Role::Coverage].into(),
        pseudonyms: false,
    }
}

fn batch(key: &str) -> Question {
    let mut facts = CoverageFacts::new(true, 1);
    let policy = PolicyValues::default();
    let fact = CoveredFact {
        key,
        role: None,
        table: None,
        kind: RelationKind::None,
        policy: &policy,
        species_mappings: 0,
    };
    facts.add(&fact, std::iter::empty());
    Question::Coverage(facts)
}

/// The lines of a sound file with two batches.
fn lines() -> Vec<Vec<u8>> {
    let head = head();
    let first = First {
        format: FORMAT,
        kind: KIND.to_owned(),
        head: &head,
    };
    let first = encode(&first).unwrap();
    let mut counted = Lines::begin(&head, &first);
    let mut lines = vec![first];
    for key in ["a", "b"] {
        let question = batch(key);
        let line = encode(&LineRef::Batch(&question)).unwrap();
        counted.batch(&question, &line);
        lines.push(line);
    }
    let end = counted.end(1, 2);
    lines.push(encode(&LineRef::End(&end)).unwrap());
    lines
}

fn compressed(lines: &[Vec<u8>]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    for line in lines {
        out.write_all(line).unwrap();
        out.write_all(b"\n").unwrap();
    }
    out.finish().unwrap()
}

fn read(bytes: &[u8]) -> Result<(Taken, FactsEnd), Failure> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("facts.gz");
    std::fs::write(&path, bytes).unwrap();
    let mut taken = Taken::default();
    let (read, end) = FactsFile::new(path).read(&mut taken)?;
    assert_eq!(read, head());
    Ok((taken, end))
}

#[track_caller]
fn refused(bytes: &[u8], code: &str, says: &str) {
    let failure = read(bytes).unwrap_err();
    assert_eq!(
        (failure.class, failure.code),
        (FailureClass::Artifact, code)
    );
    assert!(failure.message.contains(says), "{}", failure.message);
    assert!(failure.hint.is_some());
}

#[test]
fn what_is_written_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = FactsWriter::new(Vec::new(), dir.path());
    let lines = lines();
    writer.head(&head(), &lines[0]).unwrap();
    writer.batch(batch("a"), &lines[1]).unwrap();
    writer.batch(batch("b"), &lines[2]).unwrap();
    let Line::End(end) = serde_json::from_slice(&lines[3]).unwrap() else {
        unreachable!("the last line is the end");
    };
    let bytes = writer.end(&end).unwrap();
    let mut text = Vec::new();
    GzDecoder::new(&*bytes).read_to_end(&mut text).unwrap();
    assert_eq!(text, [lines.join(&b'\n'), b"\n".to_vec()].concat());
    let (taken, read) = read(&bytes).unwrap();
    assert_eq!(read, end);
    assert_eq!((read.subjects[&Role::Coverage], read.batches), (2, 2));
    assert_eq!(taken.0.len(), 2);
    assert_eq!(
        taken.0[1].subject(0).map(|s| s.key.to_owned()),
        Some("b".to_owned())
    );
}

#[test]
fn a_file_that_is_cut_is_refused_wherever_it_is_cut() {
    let whole = compressed(&lines());
    for length in 0..whole.len() {
        let failure = read(&whole[..length]).unwrap_err();
        assert_eq!(failure.code, "FACTS_FILE_DAMAGED", "{length}: {failure}");
    }
    let lines = lines();
    refused(&compressed(&lines[..3]), "FACTS_FILE_DAMAGED", "it is cut");
}

#[test]
fn a_file_that_was_changed_is_refused() {
    let lines = lines();
    let changed = |at: usize, from: &str, to: &str| {
        let mut lines = lines.clone();
        let text = String::from_utf8(lines[at].clone()).unwrap();
        assert!(text.contains(from), "{text}");
        lines[at] = text.replacen(from, to, 1).into_bytes();
        compressed(&lines)
    };
    let damaged = "FACTS_FILE_DAMAGED";
    refused(
        &changed(1, "\"heap\":\"a\"", "\"heap\":\"x\""),
        damaged,
        "does not match its digest",
    );
    refused(
        &changed(0, "\"server\":\"15\"", "\"server\":\"16\""),
        damaged,
        "does not match its digest",
    );
    refused(
        &changed(3, "\"rows_without_key\":1", "\"rows_without_key\":0"),
        damaged,
        "digest",
    );
    refused(
        &changed(1, "\"heap\":\"a\"", "\"heap\":\"ab\""),
        damaged,
        "heap",
    );
    refused(
        &changed(1, "\"kind\":[0]", "\"kind\":[0,1]"),
        damaged,
        "collections.kind",
    );
    refused(&changed(0, KIND, "else"), damaged, "else");
    let swapped = [
        &lines[..1],
        &[lines[2].clone(), lines[1].clone()],
        &lines[3..],
    ]
    .concat();
    refused(&compressed(&swapped), damaged, "digest");
    let twice = [&lines[..], &lines[3..]].concat();
    refused(&compressed(&twice), damaged, "something follows");
    let behind = [compressed(&lines), b"more".to_vec()].concat();
    refused(&behind, damaged, "not usable");
    let members = [compressed(&lines), compressed(&lines[1..2])].concat();
    refused(&members, damaged, "something follows");
    refused(b"no gzip", damaged, "not usable");
}

#[test]
fn a_file_of_a_newer_host_is_refused_as_such() {
    let mut lines = lines();
    lines[0] = b"{\"format\":2,\"kind\":\"birth-facts\",\"origin\":{}}".to_vec();
    refused(
        &compressed(&lines),
        "FACTS_FILE_FROM_NEWER_HOST",
        "has format 2",
    );
}
