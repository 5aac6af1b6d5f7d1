//! Birth triggers: classify → approve → plan → apply → verify → births →
//! apply again → rollback → verify → reapply, on every server and estate.

use std::fs;

use birth_tests::cli::Ran;
use birth_tests::server::{self, Server};
use insta::assert_snapshot;

use crate::snapshots::{redactions, regex_escape, shown};
use crate::triggers_estates::{
    self as estates, APPLY, Estate, KEYS, LAST_KEY, PLAIN, PLAN, Place, VERIFY, run_of,
};

/// The keys of a final response, or of a JSON object of plain values.
fn keys(ran: &Ran) -> Vec<String> {
    let text = &ran.stdout;
    let key = |line: &str| match line.trim().strip_prefix('"') {
        Some(json) => json.split_once("\": ").map(|(key, _)| key.to_owned()),
        None => line.split_once('=').map(|(key, _)| key.to_owned()),
    };
    text.lines().filter_map(key).collect()
}

fn all_keys() -> Vec<&'static str> {
    [&KEYS[..], &[LAST_KEY]].concat()
}

/// Demands values of a final response.
#[track_caller]
fn expect(ran: &Ran, what: &str, values: &[(&str, usize)]) {
    for (key, value) in values {
        assert_eq!(
            ran.get(key),
            value.to_string(),
            "{what}: {key}\n{}",
            ran.stdout
        );
    }
    for (key, value) in [
        ("policy_mismatch_detected", "false"),
        ("compiled_sql_logged", "true"),
        ("no_business_data_mutation", "true"),
        ("no_function_created", "true"),
    ] {
        assert_eq!(ran.get(key), value, "{what}: {key}");
    }
}

#[test]
fn classify_approve_apply_verify_rollback_verify_reapply() {
    for server in server::all() {
        for estate in estates::ALL {
            walk(server, estate);
        }
    }
}

fn walk(server: &'static Server, estate: &Estate) {
    let place = Place::of(server, estate);
    let what = format!("{} on PostgreSQL {}", estate.name, server.major());
    let (targets, queued) = (estate.targets.len(), estate.queued.len());
    let before = place.state();
    let installed: Vec<(String, String)> = estate
        .targets
        .iter()
        .map(|(table, name)| ((*table).to_owned(), (*name).to_owned()))
        .collect();

    // Nothing is planned without an approved classification.
    place.refuses_all(24, "NO_APPROVED_REPORT", &["is not there"]);
    place.approve();
    let report = fs::read_to_string(place.report()).unwrap();
    let required = report.matches("`: BIRTH_REQUIRED,").count();
    assert_eq!(required, targets + queued, "{what}: {report}");
    let listed = format!("collections: {}\n", targets + queued + estate.others);
    assert!(report.contains(&listed), "{what}: no {listed} in {report}");

    let verify = place.run(&VERIFY).expect_code(30);
    assert!(verify.stdout.contains("not complete"), "{}", verify.stdout);
    let planned = place
        .run(&[&PLAN[..], &["--out", "plan.json"]].concat())
        .expect_code(0);
    for word in estate.warnings {
        assert!(planned.stdout.contains(word), "{what}: {}", planned.stdout);
    }
    assert_eq!(place.state(), before, "{what}: planning changed something");

    let applied = place
        .run(&["apply", "triggers", "--plan", "plan.json"])
        .expect_code(0);
    assert_eq!(keys(&applied), all_keys(), "{what}");
    assert_eq!(applied.get("b3a_status"), "PASS", "{what}");
    let first = [
        ("trigger_target_count", targets),
        ("triggers_installed", targets),
        ("triggers_already_existed", 0),
        ("triggers_blocked_conflict", 0),
        ("triggers_skipped_no_mapping", queued),
        ("total_birth_triggers_after", targets),
        ("species_queue_issues_created", queued),
    ];
    expect(&applied, &what, &first);
    let run = run_of(&applied);
    assert_eq!(place.birth_triggers(estate.function), installed, "{what}");
    expect_queue(&place, estate, &applied);
    expect_plan_executed(&place, &run);
    place.run(&VERIFY).expect_code(0);

    // One birth for each row, where it was put.
    let mut expected = Vec::new();
    for (sql, born_in) in estate.rows {
        place.db.execute(sql);
        expected.extend(born_in.iter().map(|b| (*b).to_owned()));
        expect_births(&place, estate, &expected, sql);
    }
    expect_another(&place, estate, &what);

    let undone = place.run(&["rollback", &run, "--yes"]).expect_code(0);
    assert_eq!(undone.get("rollback_status"), "PASS", "{what}");
    assert_eq!(undone.get("rolled_back_run"), run);
    assert_eq!(undone.get("triggers_dropped"), targets.to_string());
    assert_eq!(undone.get("issues_deleted"), queued.to_string());
    assert_eq!(undone.get("total_birth_triggers_after"), "0");
    assert_eq!(undone.get("post_rollback_verified"), "true");
    assert_eq!(place.state(), before, "{what}");
    // The births stay: they are data.
    expect_births(&place, estate, &expected, "the rollback");
    let rolled_back = run_of(&undone);
    place.run(&VERIFY).expect_code(30);

    let reapplied = place.run(&APPLY).expect_code(0);
    expect(&reapplied, &what, &first);
    assert_eq!(place.birth_triggers(estate.function), installed, "{what}");
    let second = run_of(&reapplied);
    // The first run's triggers are gone; those of their names are another's.
    let stale = place.refuses(
        &["rollback", &run, "--yes"],
        11,
        "CHANGED_SINCE",
        &["was replaced since by one of its name"],
    );
    assert_eq!(stale.get("triggers_dropped"), "0");
    for id in [&run, &second] {
        place
            .home
            .birth(&["runs", "replay", id])
            .run()
            .expect_code(0);
    }
    expect_published(&place, &[&run, &rolled_back, &second]);
}

/// One open issue for each collection that has no species, with the primary
/// keys that the response names.
#[track_caller]
fn expect_queue(place: &Place, estate: &Estate, applied: &Ran) {
    let (issues, key) = estate.issues;
    let rows = place.db.rows(&format!(
        "SELECT {key}::text, i::text FROM {issues} i ORDER BY 1"
    ));
    assert_eq!(rows.len(), estate.queued.len(), "{rows:?}");
    for collection in estate.queued {
        // As a composite is printed: quotes and backslashes are doubled.
        let printed = collection.replace('"', "\"\"").replace('\\', "\\\\");
        let about = rows.iter().filter(|row| row[1].contains(&printed));
        assert_eq!(about.count(), 1, "{collection:?} in {rows:?}");
    }
    let mut captured: Vec<&str> = applied
        .get("species_queue_captured_pks")
        .split(',')
        .filter(|pk| !pk.is_empty())
        .collect();
    captured.sort_unstable();
    let there: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(captured, there);
}

/// What was planned is what was logged before execution.
#[track_caller]
fn expect_plan_executed(place: &Place, run: &str) {
    let read = |path| fs::read_to_string(path).unwrap();
    let plan = read(place.home.path().join("plan.json"));
    let folder = place.home.run(run);
    assert_eq!(read(folder.join("plan.json")), plan);
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    let compiled = read(folder.join("compiled.sql"));
    let statements = plan["compiled_sql"].as_array().unwrap();
    assert!(!statements.is_empty());
    for statement in statements {
        assert!(compiled.contains(statement.as_str().unwrap()), "{compiled}");
    }
}

#[track_caller]
fn expect_births(place: &Place, estate: &Estate, born_in: &[String], after: &str) {
    let mut counts: Vec<Vec<String>> = Vec::new();
    let mut sorted = born_in.to_vec();
    sorted.sort();
    for same in sorted.chunk_by(|a, b| a == b) {
        counts.push(vec![same[0].clone(), same.len().to_string()]);
    }
    let mut found = place.db.rows(estate.births);
    found.sort();
    assert_eq!(found, counts, "{}: after {after}", estate.name);
}

/// Applied again, nothing is done, no issue is made twice, and rolling that
/// back takes nothing away.
#[track_caller]
fn expect_another(place: &Place, estate: &Estate, what: &str) {
    let (targets, queued) = (estate.targets.len(), estate.queued.len());
    let before = place.state();
    let again = place.run(&[&APPLY[..], &["--format", "json"]].concat());
    let again = again.expect_code(0);
    assert_eq!(keys(&again), all_keys(), "{what}");
    let json = again.json();
    assert_eq!(json["b3a_status"], "PASS");
    for (key, value) in [
        ("trigger_target_count", targets),
        ("triggers_installed", 0),
        ("triggers_already_existed", targets),
        ("triggers_blocked_conflict", 0),
        ("triggers_skipped_no_mapping", queued),
        ("total_birth_triggers_after", targets),
        ("species_queue_issues_created", 0),
    ] {
        assert_eq!(json[key], value, "{what}: {key}");
    }
    assert_eq!(json["species_queue_captured_pks"], "");
    let run = run_of(&again);
    let nothing = place.run(&["rollback", &run, "--yes"]).expect_code(0);
    assert_eq!(nothing.get("triggers_dropped"), "0");
    assert_eq!(nothing.get("issues_deleted"), "0");
    assert_eq!(place.state(), before, "{what}");
}

/// Each run's report is in the knowledge base, its log in the sink, and the
/// keys of those that created something.
#[track_caller]
fn expect_published(place: &Place, runs: &[&str]) {
    for run in runs {
        let in_home = |path: String| place.home.path().join(path);
        let report = fs::read_to_string(in_home(format!("knowledge-base/reports/{run}.md")));
        let report = report.unwrap();
        assert!(report.contains(&format!(": run {run}\n")), "{report}");
        assert!(report.contains("## Final response"), "{report}");
        assert!(in_home(format!("log-sink/logs/{run}.log")).exists());
        assert!(in_home(format!("knowledge-base/rollback-keys/{run}.json")).exists());
    }
}

fn redacted(place: &Place, assertions: impl FnOnce()) {
    let mut settings = redactions();
    settings.add_filter(
        r"(p3d-birth-b3a-(?:trigger-installation|rollback))-\d{8}T\d{6}Z(?:-\d+)?",
        "$1-[TIME]",
    );
    let exactly = |path: &str| regex_escape(path);
    settings.add_filter(&exactly(place.home.path().to_str().unwrap()), "[HOME]");
    settings.add_filter(&exactly(place.db.server().host()), "[SOCKET]");
    settings.add_filter(&format!(r"\b{}\b", place.db.name()), "[DATABASE]");
    settings.add_filter(r"\b(list|definition) [0-9a-f]{12}\b", "$1 [SHORT]");
    settings.add_filter(
        r"the server has room for \d+",
        "the server has room for [NUMBER]",
    );
    settings.bind(assertions);
}

/// What people see of a walk.
#[test]
fn what_people_see() {
    let place = Place::of(server::one(), &PLAIN);
    place.approve();
    let plan = place.run(&PLAN);
    let applied = place.run(&APPLY);
    let run = run_of(&applied);
    let report = place.home.path();
    let report = report.join(format!("knowledge-base/reports/{run}.md"));
    let report = fs::read_to_string(report).unwrap();
    let again = place.run(&[&APPLY[..], &["--format", "json"]].concat());
    let complete = place.run(&PLAN);
    let verified = place.run(&VERIFY);
    let asks = place.run(&["rollback", &run]);
    let undone = place.run(&["rollback", &run, "--yes"]);
    redacted(&place, || {
        assert_snapshot!("triggers_plan", shown(&plan));
        assert_snapshot!("triggers_apply", shown(&applied));
        assert_snapshot!("triggers_report", report);
        assert_snapshot!("triggers_apply_again_json", shown(&again));
        assert_snapshot!("triggers_plan_complete", shown(&complete));
        assert_snapshot!("triggers_verify", shown(&verified));
        assert_snapshot!("triggers_rollback_asks", shown(&asks));
        assert_snapshot!("triggers_rollback", shown(&undone));
    });
}
