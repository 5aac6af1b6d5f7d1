//! What a production server does to a run that a test server does not: row
//! security, roles with settings of their own, signals, locks in the way of
//! reading.

use std::process::Stdio;

use birth_tests::cli::{Home, workspace};
use birth_tests::database::Database;
use birth_tests::server;
use rustix::process::Signal;

use crate::estates::PLAIN;

const APPLY: [&str; 3] = ["apply", "storage", "--yes"];

fn scene() -> (Home, Database) {
    (Home::new(), Database::new(server::one(), PLAIN.script))
}

/// An owner who is held to the policies of a table sees no rows. That is no
/// proof that there are none.
#[test]
fn rows_that_a_policy_hides_are_not_lost() {
    let (home, db) = scene();
    let owner = format!("owner_of_{}", db.name());
    db.execute(&format!(
        "CREATE ROLE {owner} LOGIN;
         GRANT USAGE ON SCHEMA inventory TO {owner};
         ALTER TABLE inventory.collection_registry OWNER TO {owner};"
    ));
    let url = db.url_as(&owner);
    let birth = |arguments: &[&str]| home.birth(arguments).arg("--database").arg(&url).run();
    let applied = birth(&APPLY).expect_code(0);
    db.execute(
        "INSERT INTO inventory.collection_registry (collection_key, coverage_status)
         VALUES ('x', 'BIRTH_REQUIRED');
         ALTER TABLE inventory.collection_registry ENABLE ROW LEVEL SECURITY;
         ALTER TABLE inventory.collection_registry FORCE ROW LEVEL SECURITY;",
    );
    let saved = home.path().join("saved.jsonl");
    let (run, saved) = (applied.run_id(), saved.to_str().unwrap());
    for extra in [vec![], vec!["--export", saved]] {
        let arguments = [vec!["rollback", &run, "--yes"], extra].concat();
        let refused = birth(&arguments).expect_code(22);
        assert!(
            refused.get("reason").starts_with("ROWS_HIDDEN: "),
            "{}",
            refused.stdout
        );
    }
    let kept = "SELECT coverage_status FROM inventory.collection_registry";
    assert_eq!(db.value(kept), "BIRTH_REQUIRED");
}

/// A function of the same name earlier in the role's search path must not
/// answer for the server.
#[test]
fn a_search_path_does_not_choose_who_answers() {
    let (home, db) = scene();
    db.execute(&format!(
        "CREATE SCHEMA evil;
         CREATE FUNCTION evil.pg_xact_status(xid8) RETURNS text LANGUAGE sql AS $$SELECT 'aborted'$$;
         CREATE FUNCTION evil.hashtext(text) RETURNS int LANGUAGE sql AS $$SELECT 1$$;
         ALTER DATABASE {} SET search_path = evil, pg_catalog;",
        db.name()
    ));
    home.on(&db, &APPLY).pause_at("committing").kill();
    let recovered = home.on(&db, &["recover"]).run().expect_code(0);
    // Killed before COMMIT was sent: the true answer is the same word here.
    assert_eq!(recovered.get("b3p_ddl_status"), "FAILED");
    home.on(&db, &APPLY).pause_at("committed").kill();
    let recovered = home.on(&db, &["recover"]).run().expect_code(0);
    assert_eq!(recovered.get("b3p_ddl_status"), "PASS");
}

/// Settings that change how the server prints do not look like changes.
#[test]
fn settings_of_the_role_do_not_look_like_changes() {
    let (home, db) = scene();
    let applied = home.on(&db, &APPLY).run().expect_code(0);
    for settings in [
        "-c quote_all_identifiers=on",
        "-c standard_conforming_strings=off",
        "-c search_path=inventory",
        "-c DateStyle=German -c IntervalStyle=sql_standard",
    ] {
        let verify = home.on(&db, &["verify", "storage"]);
        verify.env("PGOPTIONS", settings).run().expect_code(0);
    }
    let rollback = home.on(&db, &["rollback", &applied.run_id(), "--yes"]);
    let options = "-c quote_all_identifiers=on";
    rollback.env("PGOPTIONS", options).run().expect_code(0);
}

/// Ctrl-C and a service manager's stop end a run that waits for a lock: with a
/// final response, with nothing changed, and without leaving it open.
#[test]
fn a_signal_before_commit_ends_the_run() {
    for signal in [Signal::INT, Signal::TERM] {
        let (home, db) = scene();
        let before = db.shape(PLAIN.registry);
        let host = home.on(&db, &APPLY).pause_at("previewed");
        // In the way of the lock that the run wants next.
        let reader = db.session();
        reader.execute("BEGIN; SELECT count(*) FROM inventory.collection_registry");
        host.signal(signal);
        let ran = host.resume().expect_code(20);
        assert_eq!(ran.get("b3p_ddl_status"), "FAILED");
        assert!(
            ran.get("reason").starts_with("INTERRUPTED: "),
            "{}",
            ran.stdout
        );
        reader.execute("COMMIT");
        assert_eq!(db.shape(PLAIN.registry), before);
        let runs = home.birth(&["runs", "list", "--format", "json"]).run();
        assert_eq!(runs.json()[0]["status"], "FAILED");
    }
}

/// A signal after COMMIT was sent does not keep the run from its end.
#[test]
fn a_signal_after_commit_is_not_the_end() {
    let (home, db) = scene();
    let host = home.on(&db, &APPLY).pause_at("committed");
    host.signal(Signal::TERM);
    let ran = host.resume().expect_code(0);
    assert_eq!(ran.get("b3p_ddl_status"), "PASS");
}

/// A lock that is in the way of reading is as busy as one that is in the way
/// of writing.
#[test]
fn a_lock_met_while_reading_is_busy() {
    let (home, db) = scene();
    let applied = home.on(&db, &APPLY).run().expect_code(0);
    let holder = db.session();
    holder.execute("BEGIN; LOCK TABLE inventory.collection_registry IN ACCESS EXCLUSIVE MODE");
    let rollback = [
        "rollback",
        &applied.run_id(),
        "--yes",
        "--lock-timeout",
        "100ms",
    ];
    let busy = home.on(&db, &rollback).run().expect_code(12);
    assert_eq!(busy.get("rollback_status"), "LOCK_BUSY");
    assert!(
        busy.get("reason").starts_with("LOCK_TIMEOUT: "),
        "{}",
        busy.stdout
    );
    holder.execute("COMMIT");
}

/// The log does not end with a final response that was not the final one.
#[test]
fn the_log_ends_with_the_true_final_response() {
    let (home, db) = scene();
    std::fs::write(home.path().join("knowledge-base"), "in the way").unwrap();
    let ran = home.on(&db, &APPLY).run().expect_code(10);
    let log = std::fs::read_to_string(ran.get("execution_log_path")).unwrap();
    let last = log.rfind("b3p_ddl_status=").unwrap();
    assert!(log[last..].starts_with("b3p_ddl_status=PARTIAL"), "{log}");
}

/// A final response that nobody could read is not a success.
#[test]
fn a_result_that_cannot_be_written_is_an_error() {
    let (home, db) = scene();
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let mut child = home.on(&db, &APPLY).start_to(Stdio::from(full));
    let said = std::io::read_to_string(child.stderr.take().unwrap()).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(28), "{said}");
    assert!(said.contains("[RESULT_NOT_WRITTEN]"), "{said}");
    let runs = home.birth(&["runs", "list", "--format", "json"]).run();
    assert_eq!(runs.json()[0]["status"], "PASS");
    // Nor is a list that was cut off, or a text that nobody saw.
    let run = runs.json()[0]["run"].as_str().unwrap().to_owned();
    let commands: [&[&str]; 4] = [
        &["runs", "list"],
        &["runs", "show", &run],
        &["policy", "show"],
        &["policy", "verify"],
    ];
    for command in commands {
        let full = std::fs::File::options().write(true).open("/dev/full");
        let mut child = home.birth(command).start_to(Stdio::from(full.unwrap()));
        let said = std::io::read_to_string(child.stderr.take().unwrap()).unwrap();
        assert_eq!(
            child.wait().unwrap().code(),
            Some(28),
            "{command:?}: {said}"
        );
        assert!(said.contains("[RESULT_NOT_WRITTEN]"), "{command:?}: {said}");
    }
    // What was found out is told all the same.
    let set = std::fs::read_to_string(workspace().join("plugins/approved/policy.toml")).unwrap();
    let changed = set.replace("revision = 4", "revision = 9");
    std::fs::write(home.path().join("policy.toml"), changed).unwrap();
    for format in ["text", "json", "sarif", "junit"] {
        let full = std::fs::File::options().write(true).open("/dev/full");
        let verify = ["policy", "verify", "--policy", "policy.toml", "--format"];
        let verify = home.birth(&verify).arg(format);
        let mut child = verify.start_to(Stdio::from(full.unwrap()));
        assert_eq!(child.wait().unwrap().code(), Some(24), "{format}");
    }
}

/// An event trigger that rewrites rows behind an ALTER TABLE: the response says
/// that no data was changed, so nothing is committed.
#[test]
fn an_event_trigger_that_changes_rows_stops_the_run() {
    let (home, db) = scene();
    db.execute(
        "INSERT INTO inventory.collection_registry (collection_key) VALUES ('x');
         CREATE FUNCTION meddle() RETURNS event_trigger LANGUAGE plpgsql AS $$
         BEGIN UPDATE inventory.collection_registry SET governance_role = 'meddled'; END $$;
         CREATE EVENT TRIGGER meddle ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION meddle();",
    );
    let before = db.shape(PLAIN.registry);
    let ran = home.on(&db, &APPLY).run().expect_code(30);
    assert_eq!(ran.get("b3p_ddl_status"), "FAILED");
    assert!(
        ran.get("reason").contains("rows were changed"),
        "{}",
        ran.stdout
    );
    assert_eq!(db.shape(PLAIN.registry), before);
    let untouched = "SELECT governance_role IS NULL FROM inventory.collection_registry";
    assert_eq!(db.value(untouched), "t");
}
