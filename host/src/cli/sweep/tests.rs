//! Reports of sweeps that were made by hand, in every format.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "tests state what they expect"
)]

mod validate;

use std::collections::BTreeMap;

use birth_core::coverage::{
    Closing, ConditionCounts, FailOn, Finding, Gap, RoleCounts, Shard, Standing, SweepSummary,
};
use birth_core::digest::Digest;
use birth_core::op::{DatabaseIdentity, Revision};
use birth_core::outcome::FailureClass;
use birth_core::policy::verdict::{Reason, Severity};

use super::ended;
use super::report::Report;
use crate::cli::Format;
use crate::run::failure::Failure;
use crate::run::fleet::Swept;
use crate::run::spool::Spool;
use validate::{Sarif, junit};

/// A spool and the directory it is in.
fn spool() -> Spool {
    let directory = tempfile::tempdir().unwrap();
    Spool::create(directory.path().to_owned()).unwrap()
}

fn gap(standing: Standing, collection: &str, code: &str, message: &str) -> Gap {
    Gap {
        standing,
        issue: (standing != Standing::New).then(|| "41".to_owned()),
        finding: Finding {
            estate: false,
            collection: collection.to_owned(),
            role: Some("governed".to_owned()),
            table: (code != "TABLE_MISSING").then(|| format!("app.{collection}")),
            code: code.to_owned(),
            message: message.to_owned(),
            notes: vec![],
        },
    }
}

/// A summary of ten governed collections, without a gap.
fn summary() -> SweepSummary {
    let words = [
        ("SPECIES_MISSING", "no species is mapped"),
        ("STATUS_UNDECIDED", "nobody decided its coverage"),
        ("TABLE_MISSING", "there is no table"),
        (
            "TRIGGER_ON_EXEMPT",
            "an exempt collection has a birth trigger",
        ),
    ];
    let role = |governed| RoleCounts {
        governed,
        covered: governed,
        ..RoleCounts::default()
    };
    SweepSummary {
        database: DatabaseIdentity {
            system_identifier: 7,
            timeline: 1,
            database_oid: 5,
            database: "estate".into(),
        },
        server: "15.18".into(),
        registry: "inventory.collection_registry".into(),
        revision: Revision {
            name: "birth".into(),
            revision: 3,
            digest: Digest::of(b"revision"),
        },
        approval: "approved by the team, unsigned".to_owned(),
        read_at: "2026-11-22T06:00:00Z".into(),
        shard: None,
        storage_ready: true,
        registered: 12,
        roles: [("governed".to_owned(), role(9)), (String::new(), role(1))].into(),
        conditions: words
            .iter()
            .take(3)
            .map(|(code, _)| ((*code).to_owned(), ConditionCounts::default()))
            .collect(),
        warnings: BTreeMap::new(),
        meanings: words
            .iter()
            .map(|(code, text)| ((*code).to_owned(), (*text).to_owned()))
            .collect(),
        health_checks_written: 0,
        issues_opened: 0,
        issues_closed: 0,
        notices: vec![],
    }
}

/// A swept target with these gaps, each of another collection.
fn swept(name: &str, gaps: impl IntoIterator<Item = Gap>) -> Swept {
    let (mut summary, mut spool) = (summary(), spool());
    for gap in gaps {
        summary.count(&gap);
        if gap.standing != Standing::Resolved {
            let role = gap.finding.role.clone().unwrap_or_default();
            let role = summary.roles.get_mut(&role).unwrap();
            role.with_gaps += 1;
            role.covered = role.governed.saturating_sub(role.with_gaps);
        }
        spool.push(&gap).unwrap();
    }
    spool.flush().unwrap();
    Swept {
        name: name.to_owned(),
        result: Ok(summary),
        gaps: spool,
    }
}

fn failed(name: &str) -> Swept {
    let failure = Failure::new(
        FailureClass::Connection,
        "CONNECTION_FAILED",
        "cannot connect to db9:5432",
    );
    Swept {
        name: name.to_owned(),
        result: Err(failure.with_hint("check host and port")),
        gaps: spool(),
    }
}

/// One target with something of everything, a clean one, and one that failed.
fn fleet() -> Vec<Swept> {
    use Standing::{New, Persisting, Resolved};
    let mut shop = swept(
        "shop",
        [
            gap(
                New,
                "orders",
                "SPECIES_MISSING",
                "no species is mapped to it",
            ),
            gap(
                Persisting,
                "legacy",
                "TABLE_MISSING",
                "no table fits the key",
            ),
            gap(Resolved, "invoices", "STATUS_UNDECIDED", "it is gone"),
            gap(New, "parts", "STATUS_UNDECIDED", "coverage_status is NULL"),
        ],
    );
    let summary = shop.result.as_mut().unwrap();
    summary.warnings.insert("TRIGGER_ON_EXEMPT".into(), 2);
    summary
        .notices
        .push("the key parts is registered twice".into());
    (summary.health_checks_written, summary.issues_opened) = (3, 2);
    let mut crm = swept("crm", []);
    let summary = crm.result.as_mut().unwrap();
    summary.storage_ready = false;
    let mut not_ready = gap(New, "", "POLICY_STORAGE_NOT_READY", "no policy columns");
    not_ready.finding = Finding::of_estate("POLICY_STORAGE_NOT_READY", "no policy columns");
    summary.count(&not_ready);
    crm.gaps.push(&not_ready).unwrap();
    summary.shard = Some(Shard { index: 1, count: 3 });
    vec![shop, crm, failed("far-away")]
}

fn rendered(targets: &[Swept], format: Format) -> String {
    let ended: Vec<_> = targets.iter().map(ended).collect();
    let closing = Closing::of(FailOn::Any, &ended);
    let report = Report {
        targets,
        share: None,
        closing: &closing,
    };
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("report");
    report.save(format, &path).unwrap();
    std::fs::read_to_string(path).unwrap()
}

const ALL: [Format; 5] = [
    Format::Text,
    Format::Json,
    Format::Junit,
    Format::Sarif,
    Format::Markdown,
];

#[test]
fn a_fleet_in_every_format() {
    for format in ALL {
        insta::assert_snapshot!(
            format!("{format:?}").to_lowercase(),
            rendered(&fleet(), format)
        );
    }
}

#[test]
fn the_same_sweep_gives_the_same_bytes() {
    for format in ALL {
        assert_eq!(
            rendered(&fleet(), format),
            rendered(&fleet(), format),
            "{format:?}"
        );
    }
}

#[test]
fn junit_and_sarif_keep_to_their_schemas() {
    let sarif = Sarif::new();
    for targets in [fleet(), vec![swept("clean", [])], vec![failed("a")], vec![]] {
        junit(&rendered(&targets, Format::Junit));
        sarif.validate(&rendered(&targets, Format::Sarif));
    }
}

#[test]
fn what_breaks_a_schema_is_noticed() {
    let broken = rendered(&fleet(), Format::Junit).replace("<testcase ", "<testcse ");
    assert!(std::panic::catch_unwind(|| junit(&broken)).is_err());
    let broken = rendered(&fleet(), Format::Sarif).replace("\"unchanged\"", "\"old\"");
    let sarif = Sarif::new();
    let validated = std::panic::AssertUnwindSafe(|| sarif.validate(&broken));
    assert!(std::panic::catch_unwind(validated).is_err());
}

#[test]
fn a_clean_junit_report_has_a_case_for_each_condition() {
    let text = rendered(&[swept("clean", [])], Format::Junit);
    assert!(
        text.contains("tests=\"4\" failures=\"0\" errors=\"0\""),
        "{text}"
    );
    for code in ["SPECIES_MISSING", "STATUS_UNDECIDED", "TABLE_MISSING"] {
        let case = format!("<testcase classname=\"clean.{code}\" name=\"no gaps\"/>");
        assert!(text.contains(&case), "{text}");
    }
}

/// Names that a database can hold and that mean something somewhere.
const HOSTILE: [&str; 9] = [
    "a\u{1}\u{8}\u{1b}[31mred",
    "c]]>d",
    "quotes \" ' and <tag attr=\"x\">&amp;",
    "right\u{202e}to\u{200f}left",
    "pipe | and \\| and `code` and [link](http://x)",
    "two\nlines\r\nand\ta tab\u{85}\u{2028}",
    "\u{fffe}\u{ffff}\u{feff}",
    "../../etc/passwd?x=1#y %2e",
    "",
];

fn hostile() -> Vec<Swept> {
    let gaps = HOSTILE.iter().map(|name| {
        let mut gap = gap(
            Standing::New,
            name,
            "TABLE_MISSING",
            &format!("no {name} fits"),
        );
        gap.issue = Some((*name).to_owned());
        gap.finding.table = Some(format!("app.{name}"));
        gap.finding.notes = vec![Reason {
            code: "NOTE".into(),
            severity: Severity::Note,
            message: (*name).to_owned(),
            weight: 0,
        }];
        gap
    });
    let mut target = swept(HOSTILE[2], gaps);
    let summary = target.result.as_mut().unwrap();
    for name in HOSTILE {
        summary.notices.push(name.to_owned());
        summary.roles.entry(name.to_owned()).or_default();
        summary.warnings.insert(name.to_owned(), 1);
    }
    summary.database.database = HOSTILE[0].to_owned();
    summary.registry = HOSTILE[3].to_owned();
    let mut failure = failed(HOSTILE[5]);
    failure.result = Err(Failure::new(FailureClass::Schema, "CODE", HOSTILE.concat()));
    vec![target, failure]
}

#[test]
fn hostile_names_break_no_format() {
    let targets = hostile();
    junit(&rendered(&targets, Format::Junit));
    let sarif: serde_json::Value = Sarif::new().validate(&rendered(&targets, Format::Sarif));
    let json: serde_json::Value = serde_json::from_str(&rendered(&targets, Format::Json)).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let gaps = json["targets"][0]["gaps"].as_array().unwrap();
    for ((name, result), gap) in HOSTILE.iter().zip(results).zip(gaps) {
        // Programs get the names as they are.
        assert_eq!(gap["collection"], *name);
        let location = &result["locations"][0];
        assert_eq!(location["logicalLocations"][0]["name"], *name);
        let fingerprint = &result["partialFingerprints"]["birth/v1"];
        assert_eq!(fingerprint, &gap["fingerprint"]);
        let uri = &location["physicalLocation"]["artifactLocation"]["uri"];
        let uri = uri.as_str().unwrap();
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._~/%".contains(c);
        assert!(
            uri.chars().all(plain) && uri.matches('/').count() == 1,
            "{uri}"
        );
    }
    assert_eq!(results.len(), HOSTILE.len());
    for format in [Format::Text, Format::Markdown, Format::Junit] {
        let text = rendered(&targets, format);
        let hidden = |c: char| birth_core::text::is_hidden(c) && c != '\n';
        let found: String = text.chars().filter(|c| hidden(*c)).collect();
        assert_eq!(found, "", "{format:?}");
    }
}

#[test]
fn a_row_of_a_markdown_table_keeps_its_columns() {
    let text = rendered(&hostile(), Format::Markdown);
    let mut columns = None;
    let mut rows = 0;
    for line in text.lines() {
        let found = line.starts_with('|').then(|| line.matches('|').count());
        if let (Some(expected), Some(found)) = (columns, found) {
            assert_eq!(expected, found, "{line}");
            rows += 1;
        }
        columns = found;
    }
    assert!(rows > HOSTILE.len(), "{text}");
    assert!(!text.contains("<tag") && !text.contains("[link]"), "{text}");
}

#[test]
fn text_shows_the_first_and_counts_the_rest_and_the_others_have_all() {
    let many = (0..120).map(|n| {
        gap(
            Standing::New,
            &format!("collection-{n}"),
            "TABLE_MISSING",
            "no table",
        )
    });
    let targets = [swept("large", many)];
    for (format, expected) in [
        (Format::Text, 50),
        (Format::Json, 120),
        (Format::Junit, 120),
        (Format::Markdown, 120),
    ] {
        let text = rendered(&targets, format);
        let name = |n: usize| text.contains(&format!("collection-{n}{}", end_of_name(format)));
        assert_eq!(
            (0..120).filter(|n| name(*n)).count(),
            expected,
            "{format:?}"
        );
    }
    let text = rendered(&targets, Format::Text);
    assert!(
        text.contains("… and 70 more; --format json has all"),
        "{text}"
    );
}

fn end_of_name(format: Format) -> &'static str {
    match format {
        Format::Json | Format::Junit | Format::Sarif => "\"",
        Format::Markdown => " |",
        Format::Text => ":",
    }
}

#[test]
fn a_report_that_cannot_be_written_leaves_the_one_that_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("report.json");
    std::fs::write(&path, "the last one").unwrap();
    let closing = Closing::of(FailOn::Any, &[]);
    let report = Report {
        targets: &[],
        share: None,
        closing: &closing,
    };
    let missing = directory.path().join("none/report.json");
    let failure = report.save(Format::Json, &missing).unwrap_err();
    assert_eq!(failure.code, "REPORT_NOT_WRITTEN");
    assert!(failure.message.contains("none/report.json"), "{failure}");
    // Every temporary name of this process is taken.
    let taken = |number: u32| {
        let name = format!(".birth-{}-{number}.tmp", std::process::id());
        directory.path().join(name)
    };
    (0..1000).for_each(|number| std::fs::create_dir(taken(number)).unwrap());
    assert!(report.save(Format::Json, &path).is_err());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "the last one");
    (0..1000).for_each(|number| std::fs::remove_dir(taken(number)).unwrap());
    report.save(Format::Json, &path).unwrap();
    assert_ne!(std::fs::read_to_string(&path).unwrap(), "the last one");
}
