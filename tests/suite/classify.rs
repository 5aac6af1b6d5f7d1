//! `birth classify`: draft → edit → approve → diff, and everything that a report
//! is refused for. The policy is a test plugin that classifies by the number of
//! columns, so that a test decides every verdict.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use birth_tests::cli::{Home, Ran};
use birth_tests::database::Database;
use birth_tests::server;
use insta::assert_snapshot;

use crate::guests;
use crate::policies::PolicyDir;
use crate::snapshots::{redactions, regex_escape, shown};

const DRAFT: &str = "p3d-birth-coverage-classification-report.draft.md";
const APPROVED: &str = "p3d-birth-coverage-classification-report.md";

/// Two required tables (one with a name that bites), one of each exemption, one
/// deferred, and one that is not there.
const ESTATE: &str = r#"
    CREATE SCHEMA inventory;
    CREATE TABLE inventory.collection_registry (collection_key text, governance_role text);
    CREATE SCHEMA shop;
    CREATE TABLE shop.orders (a int);
    CREATE TABLE shop."drop""table;--" (a int);
    CREATE TABLE shop.order_tags (a int, b int);
    CREATE TABLE shop.audit_log (a int, b int, c int);
    CREATE TABLE shop.sessions (a int, b int, c int, d int);
    CREATE TABLE shop.jobs (a int, b int, c int, d int, e int);
    INSERT INTO inventory.collection_registry VALUES
      ('orders', 'governed'), ('drop"table;--', 'locked'), ('order_tags', 'governed'),
      ('audit_log', 'observed'), ('sessions', NULL), ('jobs', 'governed'), ('gone', ' governed ');
"#;

struct Place {
    db: Database,
    home: Home,
    policy: PolicyDir,
}

impl Place {
    fn unapproved(script: &str) -> Self {
        Self {
            db: Database::new(server::one(), script),
            home: Home::new(),
            policy: PolicyDir::of_role("classification", &guests::classifying()),
        }
    }

    fn new() -> Self {
        let place = Self::unapproved(ESTATE);
        place.policy.approve(&place.home);
        place
    }

    /// `birth classify …`.
    fn run(&self, arguments: &[&str]) -> Ran {
        let all = [&["classify"], arguments].concat();
        self.policy.on(&self.home, &self.db, &all).run()
    }

    fn approve(&self) -> Ran {
        self.run(&["approve", "--by", "Ann", "--yes"])
    }

    fn reports(&self) -> PathBuf {
        self.home.path().join("knowledge-base/reports")
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.reports().join(name)).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.reports()).unwrap();
        let names = entries.map(|e| e.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    /// Replaces text in a report; it has to be there.
    #[track_caller]
    fn edit(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "no {from:?} in:\n{text}");
        fs::write(self.reports().join(name), text.replacen(from, to, 1)).unwrap();
    }

    fn redacted(&self, assertions: impl FnOnce()) {
        let mut settings = redactions();
        let home = self.home.path().to_str().unwrap();
        settings.add_filter(&regex_escape(home), "[HOME]");
        settings.add_filter(&regex_escape(self.db.server().host()), "[SOCKET]");
        settings.add_filter(&format!(r"\b{}\b", self.db.name()), "[DATABASE]");
        settings.add_filter(r#"(system-identifier: )"\d+""#, "$1[NUMBER]");
        settings.add_filter(r"((?:database-oid|timeline): )\d+", "$1[NUMBER]");
        settings.bind(assertions);
    }
}

#[track_caller]
fn refused(ran: Ran, exit: i32, code: &str, says: &str) -> Ran {
    let ran = ran.expect_code(exit);
    assert!(ran.stderr.contains(&format!("[{code}]")), "{}", ran.stderr);
    assert!(ran.stderr.contains(says), "no {says:?} in: {}", ran.stderr);
    assert!(ran.stderr.contains("next: "), "{}", ran.stderr);
    ran
}

#[test]
fn from_a_draft_to_an_approved_report_and_to_a_difference() {
    let place = Place::new();
    let drafted = place.run(&[]).expect_code(0);
    place.redacted(|| {
        assert_snapshot!("classify", shown(&drafted));
        assert_snapshot!("classify_draft", place.read(DRAFT));
    });
    let private = |name: &str| {
        let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(place.reports().join(name)), 0o600, "{name}");
        assert_eq!(mode(place.reports()), 0o700);
    };
    private(DRAFT);
    refused(place.run(&["diff"]), 24, "NO_APPROVED_REPORT", APPROVED);

    // People decide one otherwise, with an editor that has its own ideas.
    place.edit(
        DRAFT,
        "`\"jobs\"`: BIRTH_DEFERRED",
        "`\"jobs\"`: BIRTH_EXEMPT_LOG",
    );
    let text = format!("\u{feff}{}\n\nLooked at on Monday.\n", place.read(DRAFT));
    fs::write(place.reports().join(DRAFT), text.replace('\n', "  \r\n")).unwrap();
    // Nobody to ask: shown, and not approved.
    let asked = place.run(&["approve", "--by", "Ann"]).expect_code(20);
    assert!(
        asked.stderr.contains("nothing was approved") && asked.stderr.contains("next: add --yes"),
        "{}",
        asked.stderr
    );
    assert_eq!(place.names(), [DRAFT]);
    let approved = place.run(&[
        "approve",
        "--by",
        "Ann",
        "--why",
        "jobs are a log: #4",
        "--yes",
    ]);
    place.redacted(|| assert_snapshot!("classify_approve", shown(&approved)));
    let text = place.read(APPROVED);
    for line in [
        "status: approved",
        "approved-by: \"Ann\"",
        "approved-why: \"jobs are a log: #4\"",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    private(APPROVED);
    // A copy of its own, the draft as it was.
    let names = place.names();
    assert_eq!(names.len(), 3, "{names:?}");
    assert_eq!(place.read(&names[2]), text);
    assert!(
        names[2].starts_with("p3d-birth-coverage-classification-report.r1-"),
        "{names:?}"
    );
    private(&names[2]);

    // The decision that differs from the live verdict is a difference at once.
    let diff = place.run(&["diff"]).expect_code(30);
    assert!(
        diff.stdout
            .contains("1 of 7 collections is not as approved by Ann"),
        "{}",
        diff.stdout
    );
    // With the column gone, the policy says what was decided.
    place
        .db
        .execute("ALTER TABLE shop.jobs DROP COLUMN d, DROP COLUMN e");
    let diff = place.run(&["diff"]).expect_code(0);
    assert!(
        diff.stdout
            .starts_with("the same: 7 collections, as approved by Ann at "),
        "{}",
        diff.stdout
    );

    // Then the world moves on.
    place.db.execute(
        "ALTER TABLE shop.orders ADD COLUMN b int; DROP TABLE shop.sessions;
         CREATE TABLE shop.fresh (a int);
         INSERT INTO inventory.collection_registry VALUES ('fresh', 'governed');
         DELETE FROM inventory.collection_registry WHERE collection_key = 'audit_log'",
    );
    let diff = place.run(&["diff"]);
    let json = place.run(&["diff", "--format", "json"]);
    place.redacted(|| {
        assert_snapshot!("classify_diff", shown(&diff));
        assert_snapshot!("classify_diff_json", shown(&json));
    });
    let drafted = place.run(&[]).expect_code(0);
    assert!(
        drafted
            .stdout
            .contains("The approved report decides otherwise on 4 collections"),
        "{}",
        drafted.stdout
    );
    assert!(
        drafted
            .stderr
            .contains("the draft that was there had been edited; it is kept as"),
        "{}",
        drafted.stderr
    );
    assert!(shown(&drafted).contains("BIRTH_EXEMPT_CACHE          0\n"));
    let again = place.approve().expect_code(0);
    assert!(
        again
            .stdout
            .contains("What changes against the report that was approved by Ann"),
        "{}",
        again.stdout
    );
    place.run(&["diff"]).expect_code(0);
    // The edited draft and the first approval are still there.
    assert!(
        place
            .names()
            .iter()
            .all(|name| names.contains(name) || name.len() > APPROVED.len())
    );
    assert!(names.iter().all(|name| place.reports().join(name).exists()));
    assert_eq!(place.read(&names[2]), text);
    assert_eq!(place.names().len(), 5, "{:?}", place.names());
}

#[test]
fn a_report_for_programs() {
    let place = Place::new();
    let json = place.run(&["--format", "json"]).expect_code(0).json();
    assert_eq!(json["policy_approved"], true);
    assert_eq!(json["collections"], 7);
    assert_eq!(json["counts"]["BIRTH_REQUIRED"], 2);
    assert_eq!(json["counts"]["BIRTH_DEFERRED"], 2);
    assert_eq!(json["entries"][1]["key"], "drop\"table;--");
    assert_eq!(json["entries"][2]["scope"], "ORPHAN_REGISTRY");
    assert_eq!(
        json["entries"][0]["reasons"][0]["message"],
        "saw audit_log, 3 times"
    );
    let content = json["content_hash"].as_str().unwrap();
    assert!(place.read(DRAFT).contains(content));

    let ran = place
        .run(&["approve", "--by", "Ann", "--format", "json"])
        .expect_code(20);
    assert_eq!(ran.json()["approved"], false);
    assert!(!place.reports().join(APPROVED).exists());
    let json = place.run(&["approve", "--by", "Ann", "--yes", "--format", "json"]);
    let json = json.expect_code(0).json();
    assert_eq!(
        (&json["approved"], &json["written"]),
        (&true.into(), &true.into())
    );
    assert_eq!(json["approval"]["by"], "Ann");
    assert_eq!(json["content_hash"], content);
    // A second time there is nothing to do, and nothing is touched.
    let before = place.read(APPROVED);
    let json = place.run(&["approve", "--by", "Bea", "--yes", "--format", "json"]);
    let json = json.expect_code(0).json();
    assert_eq!(
        (&json["approved"], &json["written"]),
        (&true.into(), &false.into())
    );
    assert_eq!(json["approval"]["by"], "Ann");
    assert_eq!(place.read(APPROVED), before);
    assert_eq!(place.names().len(), 3);
    let json = place
        .run(&["diff", "--format", "json"])
        .expect_code(0)
        .json();
    assert_eq!(json["same"], true);
    assert_eq!(json["changes"], serde_json::json!([]));
    let json = place
        .run(&["show", "orders", "--format", "json"])
        .expect_code(0)
        .json();
    assert_eq!(
        (&json["status"], &json["relation"]),
        (&"BIRTH_REQUIRED".into(), &"table".into())
    );
}

#[test]
fn every_refusal_of_a_draft_names_the_line() {
    let place = Place::new();
    place.run(&[]).expect_code(0);
    let good = place.read(DRAFT);
    let line_of = |text: &str, part: &str| text.lines().position(|l| l.contains(part)).unwrap() + 1;
    // What to replace, by what, a part of the line that is named, the words.
    let rows = [
        (
            "---\nformat",
            "# Report\nformat",
            "# Report",
            "it does not begin with a line `---`",
        ),
        (
            "kind: birth",
            "kind: other",
            "kind:",
            "its kind is \"other-coverage-classification\"",
        ),
        (
            "format: 1",
            "format: 7",
            "format:",
            "has format 7; this host reads up to 1",
        ),
        (
            "revision: 1",
            "revision: one",
            "revision: one",
            "`revision` is \"one\", but a number is expected",
        ),
        (
            "revision: 1",
            "revision: 1\nrevision: 1",
            "revision-digest",
            "the key `revision` twice",
        ),
        ("timeline: 1\n", "", "MISSING", "has no key `timeline`"),
        (
            "collections: 7",
            "collections: 8",
            "collections: 8",
            "says 8 collections, but 7 are listed",
        ),
        (
            "`\"gone\"`: BIRTH_DEFERRED",
            "`\"gone\"`: BIRTH_DELAYED",
            "DELAYED",
            "the status \"BIRTH_DELAYED\" is unknown; there are BIRTH_REQUIRED",
        ),
        (
            "BIRTH_REQUIRED, IN_SCOPE",
            "BIRTH_REQUIRED, SOMEWHERE",
            "SOMEWHERE",
            "the scope \"SOMEWHERE\" is unknown; there are IN_SCOPE",
        ),
        (
            "- `\"gone\"`",
            "- `\"orders\"`",
            "BIRTH_DEFERRED, ORPHAN",
            "\"orders\" is listed twice, first on line",
        ),
        (
            "- `\"gone\"`",
            "- gone",
            "- gone",
            "not of the form - `\"KEY\"`: STATUS, SCOPE",
        ),
        (
            "- `\"gone\"`",
            "- `\"missing\"`",
            "\"missing\"",
            "the registry has no collection \"missing\"",
        ),
        (
            "score 10",
            "score ten",
            "score ten",
            "not of the form verdict:",
        ),
        (
            "policy: \"test\"",
            "policy: \"other\"",
            "revision: 1",
            "is of policy \"other\" revision 1, not of \"test\" revision 1",
        ),
        (
            "revision: 1",
            "revision: 2",
            "revision: 2",
            "is of policy \"test\" revision 2, not of \"test\" revision 1",
        ),
        (
            "revision-digest: \"",
            "revision-digest: \"0",
            "revision-digest",
            "64 hexadecimal digits is expected",
        ),
        (
            "status: draft",
            "status: approved\napproved-by: \"Ann\"\napproved-at: \"today\"",
            "status:",
            "the report is approved already",
        ),
    ];
    for (from, to, shown, says) in rows {
        fs::write(place.reports().join(DRAFT), &good).unwrap();
        place.edit(DRAFT, from, to);
        let ran = place.approve().expect_code(27);
        let text = place.read(DRAFT);
        let line = match shown {
            "MISSING" => 1 + line_of(&text[4..], "---"),
            "revision-digest" if says.contains("twice") => line_of(&text, shown) - 1,
            shown => line_of(&text, shown),
        };
        let place = format!("{DRAFT}, line {line}: ");
        for part in [&place, says, "next: "] {
            assert!(
                ran.stderr.contains(part),
                "{from} -> {to}: no {part:?} in {}",
                ran.stderr
            );
        }
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    }
    fs::write(
        place.reports().join(DRAFT),
        good.split("\n## ")
            .next()
            .unwrap()
            .replace("collections: 7", "collections: 0"),
    )
    .unwrap();
    refused(
        place.approve(),
        27,
        "REPORT_NOT_USABLE",
        "the report lists no collection",
    );
    fs::write(place.reports().join(DRAFT), b"---\n\xff\xfe").unwrap();
    refused(
        place.approve(),
        27,
        "REPORT_NOT_USABLE",
        "line 2: the file is not UTF-8 text",
    );
    fs::write(place.reports().join(DRAFT), "").unwrap();
    refused(place.approve(), 27, "REPORT_NOT_USABLE", "line 1: ");
    fs::remove_file(place.reports().join(DRAFT)).unwrap();
    refused(place.approve(), 20, "NO_DRAFT", DRAFT);
    let named = place
        .run(&["approve", "--by", "Ann", "--draft", "none.md"])
        .expect_code(28);
    assert!(named.stderr.contains("none.md"), "{}", named.stderr);
    place.run(&["approve", "--by", "  "]).expect_code(2);
    assert!(!place.reports().join(APPROVED).exists());
}

#[test]
fn an_approved_report_is_of_one_content_revision_and_database() {
    let place = Place::new();
    place.run(&[]).expect_code(0);
    place.approve().expect_code(0);
    let good = place.read(APPROVED);

    place.edit(
        APPROVED,
        "`\"orders\"`: BIRTH_REQUIRED",
        "`\"orders\"`: BIRTH_EXEMPT_LOG",
    );
    let ran = refused(
        place.run(&["diff"]),
        27,
        "REPORT_NOT_USABLE",
        "but the content hashes to",
    );
    let line = good
        .lines()
        .position(|l| l.starts_with("content-hash"))
        .unwrap()
        + 1;
    assert!(
        ran.stderr.contains(&format!("{APPROVED}, line {line}: ")),
        "{}",
        ran.stderr
    );
    // It can be replaced, and is kept.
    let damaged = place.read(APPROVED);
    let ran = place.approve().expect_code(0);
    assert!(
        ran.stderr.contains("the approved report cannot be read"),
        "{}",
        ran.stderr
    );
    place.run(&["diff"]).expect_code(0);
    assert!(place.names().iter().any(|name| place.read(name) == damaged));

    // One of a newer host is not replaced.
    let good = place.read(APPROVED);
    place.edit(APPROVED, "format: 1", "format: 2");
    refused(
        place.approve(),
        27,
        "REPORT_NOT_USABLE",
        "line 2: the report has format 2",
    );
    // A draft in its place is no approved report.
    fs::copy(place.reports().join(DRAFT), place.reports().join(APPROVED)).unwrap();
    refused(
        place.run(&["diff"]),
        24,
        "REPORT_NOT_APPROVED",
        "line 4: the report is a draft",
    );
    let ran = place.approve().expect_code(0);
    assert!(
        ran.stdout.contains("approved: 7 collections"),
        "{}",
        ran.stdout
    );
    fs::write(place.reports().join(APPROVED), &good).unwrap();

    // Notes may be added to it.
    place.edit(
        APPROVED,
        "\n## ",
        "\nSeen by the board.\n\n<!-- - `\"x\"` -->\n\n## ",
    );
    place.run(&["diff"]).expect_code(0);

    // Another revision: a difference, and the draft of the old one is refused.
    place
        .policy
        .edit("policy.toml", "revision = 1", "revision = 2");
    place.policy.approve(&place.home);
    let diff = place.run(&["diff"]).expect_code(30);
    assert!(
        diff.stdout
            .contains("is of policy \"test\" revision 1, not of \"test\" revision 2"),
        "{}",
        diff.stdout
    );
    refused(place.approve(), 27, "REPORT_OF_OTHER_REVISION", "line 6: ");
    place
        .policy
        .edit("policy.toml", "revision = 2", "revision = 1");
    let settings = "\n[plugin.classification.settings]\nx = 1\n";
    let set = fs::read_to_string(place.policy.path().join("policy.toml")).unwrap();
    place.policy.write("policy.toml", set.clone() + settings);
    place.policy.approve(&place.home);
    refused(
        place.approve(),
        27,
        "REPORT_OF_OTHER_REVISION",
        "line 7: the report's revision digest is",
    );
    place.policy.write("policy.toml", set);
    place.policy.approve(&place.home);

    // Another database with the same content.
    let other = Place {
        db: Database::new(server::one(), ESTATE),
        ..place
    };
    refused(
        other.run(&["diff"]),
        27,
        "OTHER_DATABASE",
        "the report is of the database",
    );
    refused(other.approve(), 27, "OTHER_DATABASE", other.db.name());
    // A fresh draft of it may be approved, with a warning about the old report.
    other.run(&[]).expect_code(0);
    let ran = other.approve().expect_code(0);
    assert!(
        ran.stderr
            .contains("the approved report is of another database"),
        "{}",
        ran.stderr
    );
}

#[test]
fn an_unapproved_policy_classifies_loudly_and_approves_nothing() {
    let place = Place::unapproved(ESTATE);
    let ran = place.run(&[]).expect_code(0);
    assert!(
        ran.stderr.contains("is NOT APPROVED: it may classify"),
        "{}",
        ran.stderr
    );
    assert!(ran.stdout.contains("NOT APPROVED"), "{}", ran.stdout);
    let ran = place.approve().expect_code(24);
    assert!(ran.stderr.contains("not approved"), "{}", ran.stderr);
    assert_eq!(place.names(), [DRAFT]);
    // A policy without the role says so before it connects.
    let set = PolicyDir::of(&guests::well_behaved("conflict"));
    let ran = set
        .on(&place.home, &place.db, &["classify"])
        .run()
        .expect_code(24);
    assert!(ran.stderr.contains("classification"), "{}", ran.stderr);
}

#[test]
fn people_are_told_what_an_approval_would_lead_to() {
    let place = Place::new();
    place.run(&[]).expect_code(0);
    place.edit(
        DRAFT,
        "`\"jobs\"`: BIRTH_DEFERRED",
        "`\"jobs\"`: BIRTH_REQUIRED",
    );
    place.edit(
        DRAFT,
        "`\"orders\"`: BIRTH_REQUIRED, IN_SCOPE",
        "`\"orders\"`: BIRTH_REQUIRED, USER_EXCLUDED",
    );
    place.db.execute(
        "ALTER TABLE shop.order_tags DROP COLUMN b; CREATE TABLE shop.fresh (a int);
         INSERT INTO inventory.collection_registry VALUES ('fresh', NULL)",
    );
    let ran = place.approve();
    place.redacted(|| assert_snapshot!("classify_approve_warnings", shown(&ran)));
    let json = place
        .run(&["approve", "--by", "Ann", "--format", "json"])
        .expect_code(0)
        .json();
    assert_eq!(
        json["decided_by_a_person"],
        serde_json::json!(["jobs", "orders"])
    );
    assert_eq!(json["mismatches"][0]["key"], "fresh");
    assert_eq!(json["mismatches"].as_array().unwrap().len(), 3);
}

#[test]
fn a_person_can_look_a_verdict_up() {
    let place = Place::new();
    place
        .db
        .execute("CREATE SCHEMA other; CREATE TABLE other.orders (a int)");
    let (one, all) = (place.run(&["show", "orders"]), place.run(&["show"]));
    let gone = place.run(&["show", "gone"]);
    place.redacted(|| {
        assert_snapshot!(
            "classify_show",
            format!("{}\n{}\n{}", shown(&one), shown(&gone), shown(&all))
        );
    });
    refused(
        place.run(&["show", "nothing"]),
        20,
        "NO_SUCH_COLLECTION",
        "\"nothing\"",
    );
    assert!(!place.reports().exists(), "showing leaves nothing behind");
}

#[test]
fn hostile_keys_survive_the_way_through_a_report() {
    let script = r#"
        CREATE TABLE public.collection_registry (collection_key text, governance_role text);
        CREATE TABLE public."a
b" (a int);
        CREATE TABLE public."back`tick|pipe" (a int, b int);
        CREATE TABLE public."<!-- # x: - y" (a int, b int, c int);
        INSERT INTO public.collection_registry VALUES
          (E'a\nb', E'x\ny'), ('back`tick|pipe', '`'), ('<!-- # x: - y', '-->'),
          (E'## BIRTH_REQUIRED\r\n- `"x"`: BIRTH_REQUIRED, IN_SCOPE', ''),
          (E'\u202E\u200B\u2028', NULL), (E'\x1b[2J', NULL), ('---', NULL), (NULL, NULL), ('', 'x'),
          ('twice', NULL), ('twice', 'governed')"#;
    let place = Place::unapproved(script);
    place.policy.approve(&place.home);
    let ran = place.run(&[]).expect_code(0);
    assert!(!ran.stdout.contains('\x1b') && !ran.stdout.contains('\u{202e}'));
    assert!(
        ran.stderr
            .contains("2 rows of public.collection_registry have no key"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr
            .contains("more than one row has the key: \"twice\""),
        "{}",
        ran.stderr
    );
    assert!(
        place
            .read(DRAFT)
            .lines()
            .all(|l| !l.chars().any(char::is_control))
    );
    let ran = place.approve().expect_code(0);
    assert!(!ran.stdout.contains('\x1b') && !ran.stderr.contains('\x1b'));
    place.run(&["diff"]).expect_code(0);
    let json = place
        .run(&["show", "--format", "json"])
        .expect_code(0)
        .json();
    let keys: Vec<&str> = json
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["key"].as_str().unwrap())
        .collect();
    let expected = [
        "\x1b[2J",
        "## BIRTH_REQUIRED\r\n- `\"x\"`: BIRTH_REQUIRED, IN_SCOPE",
        "---",
        "<!-- # x: - y",
        "a\nb",
        "back`tick|pipe",
        "\u{202e}\u{200b}\u{2028}",
    ];
    assert_eq!(keys, expected);
    place.redacted(|| assert_snapshot!("classify_hostile", place.read(APPROVED)));
}

#[test]
fn nothing_to_classify_and_nowhere_to_write() {
    let place = Place::new();
    place
        .db
        .execute("DELETE FROM inventory.collection_registry");
    refused(
        place.run(&[]),
        23,
        "NO_COLLECTIONS",
        "inventory.collection_registry",
    );
    assert!(!place.reports().exists());
    let place = Place::new();
    fs::create_dir(place.home.path().join("knowledge-base")).unwrap();
    fs::write(place.reports(), "").unwrap();
    let ran = place.run(&[]).expect_code(28);
    assert!(ran.stderr.contains("REPORT_NOT_"), "{}", ran.stderr);
    let ran = place.run(&["--out", "nowhere/draft.md"]).expect_code(28);
    assert!(ran.stderr.contains("nowhere/draft.md"), "{}", ran.stderr);
    // A file of one's own, approved into a knowledge base of one's own.
    place.run(&["--out", "draft.md"]).expect_code(0);
    let own = [
        "approve",
        "--by",
        "Ann",
        "--yes",
        "--draft",
        "draft.md",
        "--knowledge-base",
        "own",
    ];
    place.run(&own).expect_code(0);
    assert!(
        place
            .home
            .path()
            .join("own/reports")
            .join(APPROVED)
            .exists()
    );
    place
        .run(&["diff", "--knowledge-base", "own"])
        .expect_code(0);
}
