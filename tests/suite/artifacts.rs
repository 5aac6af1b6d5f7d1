//! What a run leaves behind or is handed: plans, rollback keys, journals. None
//! of them is acted on once it is damaged, newer, or of something else.

use std::path::PathBuf;

use birth_tests::cli::{Home, Ran};
use birth_tests::database::Database;
use birth_tests::server;

use crate::estates::PLAIN;
use crate::policies::PolicyDir;

const APPLY: [&str; 3] = ["apply", "storage", "--yes"];
const WITH_PLAN: [&str; 4] = ["apply", "storage", "--plan", "plan.json"];

struct Place {
    db: Database,
    home: Home,
}

impl Place {
    fn new() -> Self {
        Self {
            db: Database::new(server::one(), PLAIN.script),
            home: Home::new(),
        }
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.home.on(&self.db, arguments).run()
    }

    fn shape(&self) -> String {
        self.db.shape(PLAIN.registry)
    }

    fn plan_file(&self) -> PathBuf {
        self.home.path().join("plan.json")
    }

    /// Saves a plan and gives its text.
    fn plan(&self) -> String {
        let plan = ["plan", "storage", "--out", "plan.json"];
        self.run(&plan).expect_code(0);
        std::fs::read_to_string(self.plan_file()).unwrap()
    }
}

#[track_caller]
fn refused(ran: Ran, exit: i32, code: &str, says: &str) -> Ran {
    let ran = ran.expect_code(exit);
    assert!(ran.stderr.contains(&format!("[{code}]")), "{}", ran.stderr);
    assert!(ran.stderr.contains(says), "no {says:?} in: {}", ran.stderr);
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    ran
}

#[test]
fn a_damaged_plan_is_never_executed() {
    let place = Place::new();
    let (before, plan) = (place.shape(), place.plan());
    let refuse = |bytes: &[u8], says: &str| {
        std::fs::write(place.plan_file(), bytes).unwrap();
        refused(place.run(&WITH_PLAN), 27, "PLAN_FILE_NOT_USABLE", says);
    };
    // One letter or digit anywhere: in the header, the digest, the text for
    // people, the facts' digest, a decision, a statement.
    let mut flipped = 0;
    for part in [
        "\"digest\": \"",
        "ADD COLUMN ",
        "\"facts_digest\": \"",
        "\"decision\": \"",
        "\"system_identifier\": ",
        "\"values\": [",
        "\"operation\": \"",
        "\"revision\": ",
    ] {
        let mut at = plan
            .find(part)
            .unwrap_or_else(|| panic!("no {part} in {plan}"))
            + part.len();
        at += plan[at..]
            .find(|c: char| c.is_ascii_alphanumeric())
            .unwrap();
        let mut bytes = plan.clone().into_bytes();
        bytes[at] ^= 1;
        refuse(&bytes, "plan");
        flipped += 1;
    }
    assert_eq!(flipped, 8);
    for share in [0, 1, 2, 3] {
        refuse(
            &plan.as_bytes()[..plan.len() * share / 4],
            "damaged or not a plan",
        );
    }
    std::fs::write(place.plan_file(), b"\xff\xfe").unwrap();
    refused(place.run(&WITH_PLAN), 28, "FILE_NOT_READABLE", "UTF-8");
    refuse(b"[]", "damaged or not a plan");
    refuse(b"{\"format\": 1}", "damaged or not a plan");
    // The header is read first, so that a newer plan is not called broken.
    refuse(
        b"{\"format\": 2, \"operation\": \"storage\", \"more\": []}",
        "has format 2; this host reads up to 1",
    );
    refuse(
        b"{\"format\": 1, \"operation\": \"triggers\", \"plan\": {}}",
        "is for the operation `triggers`, not `storage`",
    );
    let edited = plan.replacen(
        "ADD COLUMN \\\"coverage_status\\\"",
        "DROP COLUMN collection_key --",
        1,
    );
    assert_ne!(edited, plan);
    refuse(edited.as_bytes(), "does not match its digest");
    assert_eq!(place.shape(), before);
    assert!(place.home.run_ids().is_empty(), "none of this is a run");

    let missing = ["apply", "storage", "--plan", "none.json"];
    refused(place.run(&missing), 28, "FILE_NOT_READABLE", "none.json");

    // Undamaged it is executed, to the letter.
    std::fs::write(place.plan_file(), &plan).unwrap();
    let ran = place.run(&WITH_PLAN).expect_code(0);
    assert_eq!(ran.get("columns_added"), "6");
    let run = place.home.run(&ran.run_id());
    assert_eq!(
        std::fs::read_to_string(run.join("plan.json")).unwrap(),
        plan
    );
    let compiled = std::fs::read_to_string(run.join("compiled.sql")).unwrap();
    let saved: serde_json::Value = serde_json::from_str(&plan).unwrap();
    for statement in saved["compiled_sql"].as_array().unwrap() {
        assert!(
            compiled.contains(statement.as_str().unwrap()),
            "{statement}"
        );
    }
}

#[test]
fn a_plan_is_of_one_database() {
    let (here, there) = (Place::new(), Place::new());
    here.plan();
    std::fs::copy(here.plan_file(), there.plan_file()).unwrap();
    let before = there.shape();
    let ran = there.run(&WITH_PLAN);
    let ran = refused(ran, 27, "OTHER_DATABASE", there.db.name());
    assert!(ran.stderr.contains(here.db.name()), "{}", ran.stderr);
    assert_eq!(ran.get("b3p_ddl_status"), "FAILED");
    assert_eq!(there.shape(), before);

    // A copy of a database has the same oids in it, and is another all the same.
    let (name, copy) = (here.db.name(), format!("{}_copy", here.db.name()));
    there
        .db
        .execute(&format!("CREATE DATABASE {copy} TEMPLATE {name}"));
    let url = here.db.url().replace(name, &copy);
    let ran = here
        .home
        .birth(&WITH_PLAN)
        .arg("--database")
        .arg(&url)
        .run();
    refused(ran, 27, "OTHER_DATABASE", &copy);

    // A database that was renamed is still the same one.
    let renamed = format!("{}_renamed", here.db.name());
    there
        .db
        .execute(&format!("ALTER DATABASE {name} RENAME TO {renamed}"));
    let url = here.db.url().replace(name, &renamed);
    let ran = here
        .home
        .birth(&WITH_PLAN)
        .arg("--database")
        .arg(&url)
        .run();
    assert_eq!(ran.expect_code(0).get("columns_added"), "6");
}

#[test]
fn drift_between_plan_and_apply() {
    let rows = [
        (
            "ALTER TABLE inventory.collection_registry ADD COLUMN coverage_status text",
            "column coverage_status: ABSENT is now ALREADY_EXISTS_OK",
        ),
        (
            "ALTER TABLE inventory.collection_registry ADD COLUMN coverage_status integer",
            "column coverage_status: ABSENT is now BLOCKED_EXISTING_CONFLICT",
        ),
        (
            "ALTER TABLE inventory.collection_registry ADD COLUMN notes text",
            "the live column notes is new",
        ),
        (
            "ALTER TABLE inventory.collection_registry ADD CHECK (governance_role <> '')",
            "the live constraint collection_registry_governance_role_check is new",
        ),
        (
            "ALTER TABLE inventory.collection_registry DROP COLUMN governance_role",
            "the live column governance_role is gone",
        ),
        (
            "ALTER TABLE inventory.collection_registry ALTER governance_role TYPE varchar(50)",
            "the live column governance_role changed",
        ),
        (
            "ALTER TABLE inventory.collection_registry RENAME TO collection_register",
            "registry: inventory.collection_registry",
        ),
        (
            "CREATE TABLE inventory.again (LIKE inventory.collection_registry INCLUDING ALL);
             DROP TABLE inventory.collection_registry;
             ALTER TABLE inventory.again RENAME TO collection_registry",
            "registry: inventory.collection_registry (oid",
        ),
    ];
    for (change, says) in rows {
        let place = Place::new();
        place.plan();
        place.db.execute(change);
        let table = if change.contains("collection_register\n") || change.ends_with("register") {
            "inventory.collection_register"
        } else {
            PLAIN.registry
        };
        let before = place.db.shape(table);
        let ran = refused(place.run(&WITH_PLAN), 26, "DRIFT", says);
        assert_eq!(ran.get("b3p_ddl_status"), "FAILED", "{change}");
        assert!(ran.get("reason").starts_with("DRIFT: "), "{}", ran.stdout);
        assert_eq!(ran.get("compiled_sql_logged"), "false", "nothing was begun");
        assert_eq!(place.db.shape(table), before, "{change}");
    }

    // Out of sight is no drift but a missing table.
    let place = Place::new();
    place.plan();
    place
        .db
        .execute("ALTER TABLE inventory.collection_registry RENAME TO gone");
    refused(
        place.run(&WITH_PLAN),
        23,
        "FAMILY_MISSING",
        "collection_registry",
    );

    // Rows come and go without being drift.
    let place = Place::new();
    place.plan();
    place
        .db
        .execute("INSERT INTO inventory.collection_registry VALUES ('a', 'b')");
    place.run(&WITH_PLAN).expect_code(0);
}

#[test]
fn another_policy_is_drift() {
    let place = Place::new();
    place.plan();
    let (before, set) = (place.shape(), PolicyDir::shipped());
    set.edit("policy.toml", "revision = 4", "revision = 5");
    set.approve(&place.home);
    let ran = set.on(&place.home, &place.db, &WITH_PLAN).run();
    refused(ran, 26, "DRIFT", "policy: birth revision 4");
    assert_eq!(place.shape(), before);
}

#[test]
fn rollback_keys_that_cannot_be_trusted() {
    let place = Place::new();
    let run = place.run(&APPLY).expect_code(0).run_id();
    let with_storage = place.shape();
    let path = place.home.run(&run).join("rollback-keys.json");
    let keys = std::fs::read_to_string(&path).unwrap();
    let rollback = ["rollback", run.as_str(), "--yes"];
    let refuse = |text: &str, code: &str, says: &str| {
        std::fs::write(&path, text).unwrap();
        refused(place.run(&rollback), 27, code, says);
        assert_eq!(place.shape(), with_storage, "{says}");
    };
    let unusable = "ROLLBACK_KEYS_NOT_USABLE";
    refuse(&keys[..keys.len() / 2], unusable, "damaged");
    refuse("", unusable, "damaged");
    refuse("{}", unusable, "damaged");
    let moved = keys.replacen("\"attnum\": ", "\"attnum\": 1", 1);
    assert_ne!(moved, keys, "{keys}");
    refuse(&moved, unusable, "does not match");
    let newer = keys.replacen("\"format\": 1", "\"format\": 2", 1);
    refuse(&newer, unusable, "have format 2; this host reads up to 1");
    let other = keys.replacen(
        "\"operation\": \"storage\"",
        "\"operation\": \"triggers\"",
        1,
    );
    refuse(&other, unusable, "of the operation `triggers`");
    std::fs::remove_file(&path).unwrap();
    refused(place.run(&rollback), 27, "FILE_DAMAGED", "it is missing");

    // Sound keys in the wrong place: of another database, and of another run.
    let again = place.run(&APPLY).expect_code(0).run_id();
    let theirs = place.home.run(&again).join("rollback-keys.json");
    let theirs = std::fs::read_to_string(&theirs).unwrap();
    refuse(
        &theirs,
        "FILE_DAMAGED",
        &format!("it is of the run {again}"),
    );
    let elsewhere = Place::new();
    elsewhere.run(&APPLY).expect_code(0);
    std::fs::write(&path, &keys).unwrap();
    let ran = elsewhere.db.shape(PLAIN.registry);
    let on_other = place.home.on(&elsewhere.db, &rollback).run();
    refused(on_other, 27, "OTHER_DATABASE", place.db.name());
    assert_eq!(elsewhere.db.shape(PLAIN.registry), ran);

    // The knowledge base holds a copy: restored, the rollback works.
    std::fs::write(&path, &keys).unwrap();
    let undone = place.run(&rollback).expect_code(0);
    assert_eq!(undone.get("columns_dropped"), "6");
}

#[test]
fn journals_that_cannot_be_read() {
    let place = Place::new();
    let run = place.run(&APPLY).expect_code(0).run_id();
    let sound = place.run(&APPLY).expect_code(0).run_id();
    let with_storage = place.shape();
    let path = place.home.run(&run).join("events.jsonl");
    let journal = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = journal.lines().collect();
    let half = &lines[2][..lines[2].len() / 2];
    let middle = [&lines[..2], &[half], &lines[3..]].concat().join("\n") + "\n";
    let newer = journal.replacen("\"format\":1", "\"format\":2", 1);
    assert_ne!(newer, journal);
    let unknown = journal.replacen("\"event\":\"previewed\"", "\"event\":\"dreamt\"", 1);
    assert_ne!(unknown, journal);
    let last = lines.last().unwrap();
    let bad_last = journal.replace(last, "not JSON");
    let rows = [
        (&middle, "FILE_DAMAGED", "line 3"),
        (&newer, "FILE_FROM_NEWER_HOST", "has format 2"),
        (&unknown, "FILE_DAMAGED", "dreamt"),
        // Cut off by a crash it would lack its line break, and be no damage.
        (&bad_last, "FILE_DAMAGED", "line"),
    ];
    for (text, code, says) in rows {
        std::fs::write(&path, text).unwrap();
        for command in [
            &["rollback", run.as_str(), "--yes"][..],
            &["recover", run.as_str()],
        ] {
            refused(place.run(command), 27, code, says);
        }
        for command in ["show", "replay", "publish"] {
            let ran = place.home.birth(&["runs", command, &run]).run();
            refused(ran, 27, code, "events.jsonl");
        }
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            **text,
            "left alone"
        );
        assert_eq!(place.shape(), with_storage);

        // One damaged run hides none of the others.
        let listed = place
            .home
            .birth(&["runs", "list", "--format", "json"])
            .run();
        let listed = listed.expect_code(0).json();
        let find = |id: &str| {
            let mut rows = listed.as_array().unwrap().iter();
            rows.find(|row| row["run"] == id).unwrap().clone()
        };
        assert!(
            find(&run)["error"]
                .as_str()
                .unwrap()
                .contains("events.jsonl")
        );
        assert_eq!(find(&sound)["status"], "PASS");
        let text = place
            .home
            .birth(&["runs", "list"])
            .run()
            .expect_code(0)
            .stdout;
        assert!(text.contains(&run) && text.contains(&sound), "{text}");
    }
}

#[test]
fn texts_that_are_no_run_ids() {
    let place = Place::new();
    let run = place.run(&APPLY).expect_code(0).run_id();
    let with_storage = place.shape();
    let up = format!("../runs/{run}");
    let dotted = format!("./{run}");
    let nested = format!("{run}/");
    for id in [
        "",
        "..",
        ".",
        "a/b",
        "a.b",
        "run id",
        "..\\x",
        up.as_str(),
        &dotted,
        &nested,
    ] {
        refused(
            place.run(&["rollback", "--yes", id]),
            20,
            "NOT_A_RUN_ID",
            "is not a run id",
        );
        for command in ["show", "replay", "publish"] {
            let ran = place.home.birth(&["runs", command, id]).run();
            refused(ran, 20, "NOT_A_RUN_ID", "is not a run id");
        }
    }
    let unknown = ["rollback", "p3d-birth-b3p-ddl-20200101T000000Z", "--yes"];
    let ran = refused(place.run(&unknown), 20, "NO_SUCH_RUN", unknown[1]);
    assert!(ran.stderr.contains("birth runs list"), "{}", ran.stderr);
    assert_eq!(place.shape(), with_storage);
}
