#![expect(clippy::unwrap_used, reason = "tests state what they expect")]

use proptest::prelude::*;

use super::*;
use crate::policy::verdict::Severity;

fn revision() -> Revision {
    Revision {
        name: "birth".into(),
        revision: 1,
        digest: Digest::of(b"policy"),
    }
}

fn database() -> DatabaseIdentity {
    DatabaseIdentity {
        system_identifier: 7_362_518_849_112_233_445,
        timeline: 1,
        database_oid: 16_384,
        database: "shop".into(),
    }
}

fn entry(key: &str, status: CoverageStatus, scope: ScopeStatus) -> Entry {
    Entry {
        key: key.into(),
        role: Some("governed".into()),
        table: Some(format!("shop.{key}")),
        status,
        scope,
        verdict: Some(Verdict {
            status,
            scope,
            score: 40,
        }),
        reasons: vec![Reason {
            code: "CONTENT".into(),
            severity: Severity::Note,
            message: "three columns of content".into(),
            weight: 40,
        }],
    }
}

fn draft(entries: Vec<Entry>) -> Artifact {
    Artifact::draft(
        revision(),
        database(),
        "2026-05-12T10:15:00Z".into(),
        entries,
    )
    .unwrap()
}

fn small() -> Artifact {
    use CoverageStatus::{Deferred, ExemptLog, Required};
    use ScopeStatus::{InScope, OrphanRegistry};
    draft(vec![
        entry("orders", Required, InScope),
        entry("drop\"table;--", Required, InScope),
        entry("audit_log", ExemptLog, InScope),
        entry("gone", Deferred, OrphanRegistry),
    ])
}

fn approval() -> Approval {
    Approval {
        by: "Ann <ann@shop.example>".into(),
        at: "2026-05-13T08:00:00Z".into(),
        why: Some("reviewed: #4".into()),
    }
}

fn read(text: &str) -> Result<ArtifactFile, ArtifactError> {
    ArtifactFile::read(text.as_bytes())
}

/// Texts as hostile as a key can be, and as they mostly are.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z_]{1,12}",
        "[^\u{0}]{0,12}",
        "[-`\"'|\\\\#:,.*<>!&{}\\[\\]() \n\r\t\u{feff}\u{202e}\u{85}\u{2028}a-z]{0,16}",
        Just("- `\"x\"`: BIRTH_REQUIRED, IN_SCOPE".to_owned()),
        Just("<!-- ".to_owned()),
        Just("\n```\n---\n## BIRTH_REQUIRED".to_owned()),
    ]
}

fn reason_of_any() -> impl Strategy<Value = Reason> {
    let severities = [Severity::Note, Severity::Warning, Severity::Finding];
    let severity = proptest::sample::select(severities.to_vec());
    (text(), severity, text(), any::<i32>()).prop_map(|(code, severity, message, weight)| Reason {
        code,
        severity,
        message,
        weight,
    })
}

prop_compose! {
    fn entry_of_any()(
        key in text(),
        role in proptest::option::of(text()),
        table in proptest::option::of(text()),
        decision in (0_u8..5, 0_u8..5),
        verdict in proptest::option::of((0_u8..5, 0_u8..5, any::<i32>())),
        reasons in proptest::collection::vec(reason_of_any(), 0..4),
    ) -> Entry {
        let status = |n| CoverageStatus::from_number(n).unwrap();
        let scope = |n| ScopeStatus::from_number(n).unwrap();
        Entry {
            key,
            role,
            table,
            status: status(decision.0),
            scope: scope(decision.1),
            verdict: verdict.map(|(a, b, score)| Verdict { status: status(a), scope: scope(b), score }),
            reasons,
        }
    }
}

prop_compose! {
    fn any_artifact()(
        entries in proptest::collection::btree_map(text(), entry_of_any(), 1..8),
        name in "[^\u{0}]{1,9}",
        database_name in "[^\u{0}]{1,9}",
        numbers in any::<(u32, u64, u32, u32)>(),
        made_at in "[^\u{0}]{1,9}",
        approval in proptest::option::of(("[^\u{0}]{1,9}", "[^\u{0}]{1,9}", proptest::option::of(text()))),
    ) -> Artifact {
        let entries = entries.into_iter().map(|(key, entry)| Entry { key, ..entry }).collect();
        let revision = Revision { name, revision: numbers.0, digest: Digest::of(b"x") };
        let database = DatabaseIdentity {
            system_identifier: numbers.1,
            timeline: numbers.2,
            database_oid: numbers.3,
            database: database_name,
        };
        let draft = Artifact::draft(revision, database, made_at, entries).unwrap();
        match approval {
            None => draft,
            Some((by, at, why)) => draft.approve(Approval { by, at, why }),
        }
    }
}

proptest! {
    #[test]
    fn reading_is_the_inverse_of_writing(artifact in any_artifact()) {
        let text = artifact.to_markdown();
        let file = read(&text).unwrap();
        prop_assert_eq!(&file.artifact, &artifact);
        prop_assert_eq!(file.declared, artifact.content());
        prop_assert_eq!(file.artifact.to_markdown(), text);
    }

    #[test]
    fn what_people_and_tools_do_to_a_text_does_not_matter(artifact in any_artifact()) {
        let text = artifact.to_markdown();
        let (front, list) = text.split_once("\n# ").unwrap();
        // Groups in another order, with prose between them.
        let mut groups: Vec<&str> = list.split("\n## ").collect();
        groups[1..].reverse();
        let noted = groups.join("\n\nA note.\n\n```\n- `\"no entry\"`\n```\n<!--\n- `\"x\"`: gone\n-->\n\n## ");
        let edited = format!("\u{feff}{}\n# {noted}", front.replace("\nformat", "\n# a comment\n\nformat"));
        let edited = edited.replace('\n', "  \r\n").replace("\r\n- ", "\r\n* ").replace("\r\n  - ", "\r\n\r\n    + ");
        let file = read(&edited).unwrap();
        prop_assert_eq!(&file.artifact, &artifact);
    }

    #[test]
    fn any_bytes_are_refused_or_read_but_never_a_panic(bytes in any::<Vec<u8>>(), cut in 0_usize..2_000, flip in any::<u8>()) {
        let _ = ArtifactFile::read(&bytes);
        let mut text = small().to_markdown().into_bytes();
        let at = cut % text.len();
        text[at] ^= flip;
        let _ = ArtifactFile::read(&text);
        // A report cut anywhere before its last entry is never a smaller report.
        text[at] ^= flip;
        let last = small().to_markdown().rfind("\n- `").unwrap();
        prop_assert!(ArtifactFile::read(&text[..at.min(last)]).is_err());
    }

    #[test]
    fn a_diff_holds_what_differs(old in any_artifact(), new in any_artifact()) {
        let changes = diff(old.entries(), new.entries());
        let keys: BTreeSet<&str> = old.entries().iter().chain(new.entries()).map(|e| e.key.as_str()).collect();
        let mut expected = Vec::new();
        for key in keys {
            let decision = |e: &Entry| (e.status, e.scope);
            let (o, n) = (old.find(key), new.find(key));
            if o.map(decision) != n.map(decision) {
                expected.push((key, o, n));
            }
        }
        let found: Vec<_> = changes.iter().map(|c| (c.key, c.old, c.new)).collect();
        prop_assert_eq!(found, expected);
        prop_assert!(diff(old.entries(), old.entries()).is_empty());
    }
}

#[test]
fn the_form() {
    insta::assert_snapshot!("draft", small().to_markdown());
    insta::assert_snapshot!("approved", small().approve(approval()).to_markdown());
}

#[test]
fn the_front_matter_is_of_its_own_words() {
    let file = read(&small().approve(approval()).to_markdown()).unwrap();
    assert_eq!(file.artifact.approval(), Some(&approval()));
    assert_eq!(
        file.artifact.required(),
        BTreeSet::from(["drop\"table;--", "orders"])
    );
    assert_eq!(file.artifact.count(CoverageStatus::Deferred), 1);
    assert_eq!(file.line_of("orders"), Some(42));
    let name = file.artifact.archive_name().unwrap();
    let short = file.artifact.content().short();
    assert_eq!(
        name,
        format!("p3d-birth-coverage-classification-report.r1-{short}-20260513T080000Z.md")
    );
    assert_eq!(small().archive_name(), None);
}

/// Every refusal, with its line.
#[test]
fn refusals_name_the_line() {
    let text = small().to_markdown();
    let approved = small().approve(approval()).to_markdown();
    let line_of = |text: &str, part: &str| {
        let found = text.lines().position(|l| l.contains(part));
        found.unwrap() + 1
    };
    type Edit<'a> = (&'a str, &'a str, &'a str, &'a str);
    // What to replace, by what, the part of the edited line, what is said.
    let rows: [Edit<'_>; 35] = [
        (
            "---\nformat",
            "format",
            "format: 1",
            "does not begin with a line `---`",
        ),
        ("---\n\n#", "\n#", "   - reason", "is not closed"),
        (
            "format: 1",
            "format: 2",
            "format: 2",
            "has format 2; this host reads up to 1",
        ),
        (
            "format: 1",
            "format: one",
            "format: one",
            "`format` is \"one\", but a number",
        ),
        ("format: 1\n", "", "---", "no key `format`"),
        (
            "kind: birth-coverage-classification",
            "kind: recipe",
            "kind: recipe",
            "its kind is \"recipe\"",
        ),
        (
            "kind: birth-coverage-classification\n",
            "",
            "---",
            "no key `kind`",
        ),
        (
            "status: draft",
            "status: maybe",
            "status: maybe",
            "draft or approved is expected",
        ),
        (
            "status: draft",
            "status: approved",
            "---",
            "no key `approved-by`",
        ),
        (
            "status: draft",
            "status: draft\napproved-by: Ann",
            "approved-by",
            "no such key in a draft",
        ),
        (
            "status: draft",
            "status: \"draft",
            "status: \"draft",
            "a JSON string in double quotes is expected",
        ),
        (
            "status: draft",
            "status: [draft]",
            "status: [draft]",
            "a JSON string in double quotes is expected",
        ),
        (
            "policy: \"birth\"",
            "policy: \"\"",
            "policy: \"\"",
            "`policy` is \"\", but a name",
        ),
        (
            "policy: \"birth\"",
            "policy: \"birth\" x",
            "policy: \"birth\" x",
            "a JSON string in double quotes",
        ),
        (
            "policy: \"birth\"",
            "policy: \"birth\"\npolicy: x",
            "policy: x",
            "`policy` twice, first on line 5",
        ),
        (
            "policy: \"birth\"",
            "policy: \"birth\"\ntags: x",
            "tags: x",
            "the unknown key \"tags\"",
        ),
        (
            "policy: \"birth\"",
            "policy: \"birth\"\n  - x",
            "   - x",
            "not of the form `key: value`",
        ),
        (
            "policy: \"birth\"",
            "policy:\"birth\"",
            "policy:\"birth\"",
            "not of the form `key: value`",
        ),
        (
            "revision: 1",
            "revision: -1",
            "revision: -1",
            "`revision` is \"revision: -1\"",
        ),
        (
            "database-oid: 16384",
            "database-oid: 5000000000",
            "database-oid: 5",
            "a number is expected",
        ),
        (
            "content-hash: \"",
            "content-hash: \"z",
            "content-hash",
            "64 hexadecimal digits is expected",
        ),
        (
            "collections: 4",
            "collections: 5",
            "collections: 5",
            "says 5 collections, but 4 are listed",
        ),
        (
            "`\"orders\"`: BIRTH_REQUIRED",
            "`\"orders\"`: BIRTH_NEEDED",
            "BIRTH_NEEDED",
            "the status \"BIRTH_NEEDED\" is unknown; there are BIRTH_REQUIRED, BIRTH_EXEMPT_JUNCTION",
        ),
        (
            "`\"orders\"`: BIRTH_REQUIRED",
            "`\"orders\"`: birth_required",
            "birth_required",
            "the status \"birth_required\" is unknown",
        ),
        (
            "`\"gone\"`: BIRTH_DEFERRED, ORPHAN_REGISTRY",
            "`\"gone\"`: BIRTH_DEFERRED, ORPHAN",
            "DEFERRED, ORPHAN",
            "the scope \"ORPHAN\" is unknown; there are IN_SCOPE",
        ),
        (
            "- `\"gone\"`",
            "- `\"orders\"`",
            "DEFERRED, ORPHAN",
            "\"orders\" is listed twice, first on line 41",
        ),
        (
            "- `\"gone\"`",
            "- \"gone\"",
            "- \"gone\"",
            "not of the form - `\"KEY\"`: STATUS, SCOPE",
        ),
        (
            "- `\"gone\"`",
            "- `\"go\"ne\"`",
            "go\"ne",
            "not of the form - `\"KEY\"`",
        ),
        (
            "- `\"gone\"`:",
            "- `\"gone\"`",
            "DEFERRED, ORPHAN",
            "not of the form - `\"KEY\"`",
        ),
        (
            "`\"orders\"`: BIRTH_REQUIRED, IN_SCOPE",
            "`\"orders\"`: BIRTH_REQUIRED",
            "\"orders\"`: BIRTH_REQ",
            "not of the form - `\"KEY\"`",
        ),
        (
            "- role: `\"governed\"`",
            "- role: governed",
            "role: governed",
            "a JSON string in backticks",
        ),
        (
            "- verdict: BIRTH_DEFERRED",
            "- verdict: DEFERRED",
            "verdict: DEFERRED",
            "the status \"DEFERRED\" is unknown",
        ),
        (
            "score 40",
            "score forty",
            "score forty",
            "not of the form verdict: STATUS, SCOPE, score N",
        ),
        (
            "(note, +40)",
            "(rumour, +40)",
            "rumour",
            "not of the form reason:",
        ),
        (
            "## BIRTH_DEFERRED (1)\n",
            "## BIRTH_EXEMPT_CACHE\n",
            "`\"gone\"`",
            "\"gone\" stands below BIRTH_EXEMPT_CACHE, but its status is BIRTH_DEFERRED",
        ),
    ];
    for (from, to, shown, says) in rows {
        let edited = text.replacen(from, to, 1);
        assert_ne!(edited, text, "{from}");
        let error = read(&edited).unwrap_err();
        let said = error.to_string();
        assert!(said.contains(says), "{from} -> {to}: {said}");
        let line = match shown {
            // The last line of the file, and the end of the front matter.
            "   - reason" => edited.lines().count(),
            "---" => 1 + line_of(&edited[4..], "---"),
            "   - x" => line_of(&edited, "  - x"),
            shown => line_of(&edited, shown),
        };
        assert_eq!(error.line, line, "{from} -> {to}: {said}");
        assert!(said.starts_with(&format!("line {line}: ")), "{said}");
        assert!(!error.fault.hint().is_empty());
    }

    // An approved report is what was approved.
    let edited = approved.replacen(
        "`\"gone\"`: BIRTH_DEFERRED",
        "`\"gone\"`: BIRTH_EXEMPT_LOG",
        1,
    );
    let error = read(&edited).unwrap_err();
    assert!(matches!(error.fault, Fault::Hash { .. }), "{error}");
    assert_eq!(error.line, line_of(&edited, "content-hash"));

    let head = text.split("\n## ").next().unwrap();
    let error = read(&head.replace("collections: 4", "collections: 0")).unwrap_err();
    assert_eq!(error.fault, Fault::Empty);
    let error = ArtifactFile::read(b"---\nformat: 1\n\xff").unwrap_err();
    assert_eq!(error, Fault::NotText.on(3));
    assert_eq!(read("").unwrap_err(), Fault::NotAReport.on(1));
}

#[test]
fn a_person_decides_otherwise_and_it_shows() {
    let text = small().to_markdown();
    let edited = text
        .replace("`\"gone\"`: BIRTH_DEFERRED", "`\"gone\"`: BIRTH_EXEMPT_CACHE")
        .replace(
            "\n## BIRTH_EXEMPT_LOG",
            "- `\"new\"`: BIRTH_REQUIRED, IN_SCOPE <!-- Ann asks -->\n  - to be registered\n\n## BIRTH_EXEMPT_LOG",
        )
        .replace("collections: 4", "collections: 5");
    let file = read(&edited).unwrap();
    assert_ne!(file.declared, file.artifact.content());
    let by_hand: Vec<&str> = file
        .artifact
        .entries()
        .iter()
        .filter(|e| e.is_edited())
        .map(|e| e.key.as_str())
        .collect();
    assert_eq!(by_hand, ["gone", "new"]);
    // It still shows in the approved report, which puts it below its heading.
    let approved = file.artifact.approve(approval()).to_markdown();
    let again = read(&approved).unwrap().artifact;
    assert!(again.find("gone").unwrap().is_edited());
    let keys: Vec<(&str, ChangeKind)> = diff(small().entries(), again.entries())
        .iter()
        .map(|c| (if c.key == "new" { "new" } else { "gone" }, c.change))
        .collect();
    assert_eq!(
        keys,
        [
            ("gone", ChangeKind::StatusChanged),
            ("new", ChangeKind::Added)
        ]
    );
}

#[test]
fn an_approval_binds_the_meaning_and_nothing_else() {
    let one = |edit: fn(&mut Entry)| {
        let mut entry = entry("a", CoverageStatus::Required, ScopeStatus::InScope);
        edit(&mut entry);
        draft(vec![entry]).content()
    };
    let same = one(|_| {});
    assert_eq!(same, one(|e| e.role = None));
    assert_eq!(same, one(|e| e.table = None));
    assert_eq!(same, one(|e| e.verdict = None));
    assert_eq!(same, one(|e| e.reasons.clear()));
    assert_ne!(same, one(|e| e.key.push('x')));
    assert_ne!(same, one(|e| e.status = CoverageStatus::Deferred));
    assert_ne!(same, one(|e| e.scope = ScopeStatus::FutureScope));

    let of = |revision: Revision, database: DatabaseIdentity| {
        let entries = vec![entry("a", CoverageStatus::Required, ScopeStatus::InScope)];
        Artifact::draft(revision, database, "now".into(), entries)
            .unwrap()
            .content()
    };
    let (r, d) = (revision, database);
    assert_eq!(
        same,
        of(
            r(),
            DatabaseIdentity {
                database: "x".into(),
                timeline: 9,
                ..d()
            }
        )
    );
    assert_ne!(
        same,
        of(
            r(),
            DatabaseIdentity {
                database_oid: 1,
                ..d()
            }
        )
    );
    assert_ne!(
        same,
        of(
            r(),
            DatabaseIdentity {
                system_identifier: 1,
                ..d()
            }
        )
    );
    assert_ne!(same, of(Revision { revision: 2, ..r() }, d()));
    assert_ne!(
        same,
        of(
            Revision {
                name: "x".into(),
                ..r()
            },
            d()
        )
    );
    assert_ne!(
        same,
        of(
            Revision {
                digest: Digest::of(b"other"),
                ..r()
            },
            d()
        )
    );
}

#[test]
fn a_report_is_of_one_revision_and_one_database() {
    let text = small().to_markdown();
    let file = read(&text).unwrap();
    let line_of = |part: &str| text.lines().position(|l| l.starts_with(part)).unwrap() + 1;
    assert_eq!(file.check_against(&revision(), &database()), Ok(()));
    let renamed = DatabaseIdentity {
        database: "x".into(),
        timeline: 2,
        ..database()
    };
    assert_eq!(file.check_against(&revision(), &renamed), Ok(()));

    let other = DatabaseIdentity {
        database_oid: 5,
        ..database()
    };
    let error = file.check_against(&revision(), &other).unwrap_err();
    assert!(matches!(error.fault, Fault::OtherDatabase { oid: 5, .. }));
    assert_eq!(error.line, line_of("system-identifier"));
    let other = Revision {
        revision: 2,
        ..revision()
    };
    let error = file.check_against(&other, &database()).unwrap_err();
    assert!(matches!(
        error.fault,
        Fault::OtherRevision {
            found: 1,
            wanted: 2,
            ..
        }
    ));
    assert_eq!(error.line, line_of("revision"));
    let other = Revision {
        digest: Digest::of(b"x"),
        ..revision()
    };
    let error = file.check_against(&other, &database()).unwrap_err();
    assert!(matches!(error.fault, Fault::OtherDigest { .. }));
    assert_eq!(error.line, line_of("revision-digest"));

    assert_eq!(file.check_known(|_| true), Ok(()));
    let error = file.check_known(|key| key == "orders").unwrap_err();
    assert_eq!(error.line, file.line_of("drop\"table;--").unwrap());
    assert!(matches!(error.fault, Fault::UnknownCollection { .. }));

    assert_eq!(file.check_draft(), Ok(()));
    assert_eq!(file.check_approved(), Err(Fault::NotApproved.on(4)));
    let approved = read(&small().approve(approval()).to_markdown()).unwrap();
    assert_eq!(approved.check_approved(), Ok(()));
    assert_eq!(approved.check_draft(), Err(Fault::NotADraft.on(4)));
}

#[test]
fn entries_that_make_no_report() {
    let make = |entries| Artifact::draft(revision(), database(), "now".into(), entries);
    assert_eq!(make(Vec::new()), Err(DraftError::Empty));
    let one = || entry("a", CoverageStatus::Required, ScopeStatus::InScope);
    assert_eq!(
        make(vec![one(), one()]),
        Err(DraftError::Duplicate("a".into()))
    );
}

#[test]
fn an_entry_is_what_the_policy_answered() {
    use crate::catalog::relation::RelationKind;
    let collection = Collection {
        key: "a".into(),
        role: Some(" governed ".into()),
        kind: RelationKind::None,
        table: None,
        candidates: Vec::new(),
    };
    let answer = |status, scope| Answer {
        status,
        scope,
        score: -3,
        reasons: Vec::new(),
    };
    let entry = Entry::judged(&collection, answer(3, 2)).unwrap();
    assert_eq!(
        (entry.status, entry.scope),
        (CoverageStatus::ExemptCache, ScopeStatus::FutureScope)
    );
    assert_eq!((entry.score(), entry.is_edited()), (-3, false));
    assert_eq!(Entry::judged(&collection, answer(5, 0)), None);
    assert_eq!(Entry::judged(&collection, answer(0, 5)), None);
}
