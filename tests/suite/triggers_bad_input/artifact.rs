//! The approved report that is none, or of something else; and a policy that
//! nobody approved, and options that mean nothing.

use std::fs;

use birth_tests::cli::Ran;
use birth_tests::database::Database;
use birth_tests::server;

use crate::policies::PolicyDir;
use crate::triggers_estates::{APPLY, PLAN, Place, VERIFY, run_of, said, shop};

fn place() -> Place {
    Place::approved(server::one(), &shop(&["good", "other"]))
}

/// Spoils the report, demands the refusal, and mends it again.
#[track_caller]
fn spoiled(place: &Place, spoil: impl Fn(&str) -> Vec<u8>, exit: i32, code: &str, says: &[&str]) {
    let good = fs::read_to_string(place.report()).unwrap();
    fs::write(place.report(), spoil(&good)).unwrap();
    let named = ["p3d-birth-coverage-classification-report.md"];
    place.refuses_all(exit, code, &[says, &named].concat());
    fs::write(place.report(), good).unwrap();
}

fn replaced(from: &'static str, to: &'static str) -> impl Fn(&str) -> Vec<u8> {
    move |good| {
        assert!(good.contains(from), "no {from:?} in {good}");
        good.replacen(from, to, 1).into_bytes()
    }
}

#[test]
fn a_report_that_is_none() {
    let place = place();
    let unusable = |spoil: &dyn Fn(&str) -> Vec<u8>, says: &str| {
        spoiled(&place, spoil, 27, "REPORT_NOT_USABLE", &[says]);
    };
    unusable(&|_| vec![], "line 1: this is no classification report");
    unusable(&|_| b"\n".to_vec(), "line 1: ");
    unusable(&|_| b"---\n\xff".to_vec(), "not UTF-8 text");
    unusable(
        &|good| good.replace("format: 1", "format: 9").into(),
        "has format 9",
    );
    let cut = |good: &str| good.split("\n## ").next().unwrap().as_bytes().to_vec();
    unusable(&cut, "the report lists no collection");
    // Whatever somebody changed after the approval was not approved.
    let one = replaced("`\"good\"`: BIRTH_REQUIRED", "`\"good\"`: BIRTH_EXEMPT_LOG");
    unusable(&one, "the content hash is");
    let key = replaced("- `\"good\"`", "- `\"bad\"`");
    unusable(&key, "the content hash is");
    let revision = replaced("\nrevision: 4\n", "\nrevision: 1\n");
    unusable(&revision, "the content hash is");
    let hash = replaced("content-hash: \"", "content-hash: \"0");
    unusable(&hash, "content-hash");

    let draft = place.report().with_extension("draft.md");
    let draft = fs::read(draft).unwrap();
    spoiled(
        &place,
        |_| draft.clone(),
        24,
        "REPORT_NOT_APPROVED",
        &["the report is a draft"],
    );

    let good = fs::read(place.report()).unwrap();
    fs::remove_file(place.report()).unwrap();
    place.refuses_all(24, "NO_APPROVED_REPORT", &["is not there"]);
    fs::create_dir(place.report()).unwrap();
    place.refuses_all(28, "REPORT_NOT_READABLE", &[]);
    fs::remove_dir(place.report()).unwrap();

    // A report of one's own is named, and is held to the same.
    for arguments in [&PLAN[..], &APPLY, &VERIFY] {
        let named = [arguments, &["--report", "own.md"]].concat();
        place.refuses(&named, 24, "NO_APPROVED_REPORT", &["own.md is not there"]);
    }
    let own = place.home.path().join("own.md");
    fs::write(&own, &draft).unwrap();
    let named = [&APPLY[..], &["--report", "own.md"]].concat();
    place.refuses(&named, 24, "REPORT_NOT_APPROVED", &["own.md", "is a draft"]);
    fs::write(&own, &good).unwrap();
    let applied = place.run(&named).expect_code(0);
    assert_eq!(applied.get("triggers_installed"), "2");
}

#[test]
fn a_report_of_another_database() {
    let place = place();
    let elsewhere = Database::new(server::one(), &shop(&["good", "other"]));
    for arguments in [&PLAN[..], &APPLY, &VERIFY] {
        let ran = place.home.on(&elsewhere, arguments).run().expect_code(27);
        let says = [&format!("{:?}", place.db.name())[..], elsewhere.name()];
        said(&ran, arguments, "OTHER_DATABASE", &says);
    }
    let triggers = elsewhere.value("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal");
    assert_eq!(triggers, "0");

    // A plan is of one database as well.
    place
        .run(&["plan", "triggers", "--out", "plan.json"])
        .expect_code(0);
    let approve = ["classify", "approve", "--by", "Ann", "--yes"];
    for arguments in [&["classify"][..], &approve] {
        place.home.on(&elsewhere, arguments).run().expect_code(0);
    }
    let apply = ["apply", "triggers", "--plan", "plan.json"];
    let ran = place.home.on(&elsewhere, &apply).run().expect_code(27);
    said(&ran, &apply, "OTHER_DATABASE", &[place.db.name()]);
    let triggers = elsewhere.value("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal");
    assert_eq!(triggers, "0");
}

/// The shipped set under a name of its own.
fn own_policy() -> PolicyDir {
    let policy = PolicyDir::shipped();
    let (from, to) = (
        "name = \"birth\"\nrevision = 4",
        "name = \"test\"\nrevision = 1",
    );
    policy.edit("policy.toml", from, to);
    policy
}

fn run(place: &Place, policy: &PolicyDir, arguments: &[&str]) -> Ran {
    policy.on(&place.home, &place.db, arguments).run()
}

#[test]
fn a_report_of_another_revision() {
    let place = place();
    let before = place.state();
    let policy = own_policy();
    policy.approve(&place.home);
    let refused = |says: &[&str]| {
        for arguments in [&PLAN[..], &APPLY, &VERIFY] {
            let ran = run(&place, &policy, arguments).expect_code(27);
            said(&ran, arguments, "REPORT_OF_OTHER_REVISION", says);
        }
        assert_eq!(place.state(), before);
    };
    refused(&["is of policy \"birth\" revision 4, not of \"test\" revision 1"]);
    for arguments in [
        &["classify"][..],
        &["classify", "approve", "--by", "Ann", "--yes"],
    ] {
        run(&place, &policy, arguments).expect_code(0);
    }
    run(&place, &policy, &PLAN).expect_code(0);
    // The same revision with other settings is another policy.
    let (from, to) = ("accept-row-moves = true", "accept-row-moves = false");
    policy.edit("policy.toml", from, to);
    policy.approve(&place.home);
    refused(&["the report's revision digest is", "the policy set's is"]);
}

#[test]
fn a_policy_that_nobody_approved() {
    let place = place();
    let policy = own_policy();
    policy.approve(&place.home);
    for arguments in [
        &["classify"][..],
        &["classify", "approve", "--by", "Ann", "--yes"],
    ] {
        run(&place, &policy, arguments).expect_code(0);
    }
    policy.write("approved.toml", "format = 1\n");
    let before = place.state();
    let plan = [&PLAN[..], &["--out", "plan.json"]].concat();
    let planned = run(&place, &policy, &plan).expect_code(0);
    assert!(
        planned.stderr.contains("is NOT APPROVED"),
        "{}",
        planned.stderr
    );
    for arguments in [&APPLY[..], &["apply", "triggers", "--plan", "plan.json"]] {
        let ran = run(&place, &policy, arguments).expect_code(24);
        said(
            &ran,
            arguments,
            "POLICY_NOT_APPROVED",
            &["revision 1 of the policy set `test`"],
        );
        assert_eq!(ran.get("b3a_status"), "FAILED");
        assert_eq!(ran.get("compiled_sql_logged"), "false");
    }
    assert_eq!(place.state(), before);
}

#[test]
fn options_that_do_not_belong() {
    let place = place();
    let sized = ["--batch-size", "5"];
    let named = ["--report", "own.md"];
    let verify = [&["verify", "storage"][..], &named].concat();
    let says = ["--report is for birth triggers only"];
    place.refuses(&verify, 20, "OPTION_NOT_OF_OPERATION", &says);
    // There is nothing to cut into batches where nothing is installed.
    place.run(&[&VERIFY[..], &sized].concat()).expect_code(2);
    for operation in [&["plan", "storage"][..], &["apply", "storage", "--yes"]] {
        for (option, name) in [(sized, "--batch-size"), (named, "--report")] {
            let arguments = [operation, &option].concat();
            let says = [&format!("{name} is for birth triggers only")[..]];
            place.refuses(&arguments, 20, "OPTION_NOT_OF_OPERATION", &says);
        }
    }
    assert_eq!(place.home.run_ids(), [""; 0]);
    for option in [
        &["--batch-size", "0"][..],
        &["--batch-size", "-1"],
        &["--batch-size", "x"],
    ] {
        place.run(&[&PLAN[..], option].concat()).expect_code(2);
    }
    let both = [
        "apply",
        "triggers",
        "--plan",
        "plan.json",
        "--batch-size",
        "1",
    ];
    let ran = place.run(&both).expect_code(2);
    assert!(ran.stderr.contains("cannot be used with"), "{}", ran.stderr);
    place
        .run(&["apply", "triggers", "--plan", "plan.json", "--yes"])
        .expect_code(2);

    // A plan of the one operation is none of the other.
    place
        .run(&["plan", "storage", "--out", "storage.json"])
        .expect_code(0);
    let apply = ["apply", "triggers", "--plan", "storage.json"];
    place.refuses(&apply, 27, "PLAN_FILE_NOT_USABLE", &["storage"]);
    place
        .run(&["plan", "triggers", "--out", "plan.json"])
        .expect_code(0);
    let apply = ["apply", "storage", "--plan", "plan.json"];
    place.refuses(&apply, 27, "PLAN_FILE_NOT_USABLE", &["triggers"]);
    let plan = place.home.path().join("plan.json");
    let text = fs::read_to_string(&plan).unwrap();
    fs::write(&plan, text.replacen("trg_birth_good", "trg_birth_evil", 1)).unwrap();
    let apply = ["apply", "triggers", "--plan", "plan.json"];
    place.refuses(&apply, 27, "PLAN_FILE_NOT_USABLE", &[]);

    // A trigger holds no rows to be saved.
    let run = run_of(&place.run(&APPLY).expect_code(0));
    let export = ["rollback", &run, "--yes", "--export", "rows.jsonl"];
    let says = ["--export is for runs of policy storage and of the gate only"];
    place.refuses(&export, 20, "OPTION_NOT_OF_OPERATION", &says);
}
