//! Everything that stops decisions, and that nothing is written then.

use super::{REGISTRY, Scene, entry, expect_refused};
use crate::policies::PolicyDir;
use crate::triggers_scene::expect;

const DEFER: [&str; 5] = ["articles", "--status", "BIRTH_DEFERRED", "--owner", "Eve"];

#[test]
fn storage_that_is_not_there_is_named_with_the_next_step() {
    let scene = Scene::after(&format!(
        "ALTER TABLE {REGISTRY} DROP COLUMN coverage_decided_at"
    ));
    let ran = scene.decide(&DEFER).run().expect_code(23);
    expect_refused(&ran, "FAILED", "POLICY_STORAGE_NOT_READY", &[]);
    assert!(ran.stderr.contains("birth apply storage"), "{}", ran.stderr);
}

#[test]
fn one_decision_that_cannot_stand_stops_all_of_them() {
    let scene = Scene::after(&format!(
        "ALTER TABLE {REGISTRY} DROP CONSTRAINT collection_registry_pkey CASCADE;
         INSERT INTO {REGISTRY} (collection_key) VALUES ('orders'), ('Ŕ')"
    ));
    let before = scene.bytes();
    let good = entry("articles", "BIRTH_DEFERRED", "owner = 'Eve'");
    for (bad, code) in [
        (entry("nowhere", "BIRTH_REQUIRED", ""), "COLLECTION_UNKNOWN"),
        (
            entry("Articles", "BIRTH_REQUIRED", ""),
            "COLLECTION_UNKNOWN",
        ),
        (
            entry("orders", "BIRTH_REQUIRED", ""),
            "COLLECTION_REGISTERED_TWICE",
        ),
    ] {
        let ran = scene
            .decide_all(&format!("{good}{bad}"))
            .run()
            .expect_code(11);
        expect_refused(&ran, "BLOCKED", "DECISION_REFUSED", &[code]);
        expect(
            &ran,
            &[("decisions_blocked", "1"), ("compiled_sql_logged", "true")],
        );
    }
    assert_eq!(scene.bytes(), before);
}

#[test]
fn what_is_wrong_in_itself_never_reaches_the_database() {
    let scene = Scene::new();
    let before = scene.bytes();
    let twice = entry("articles", "BIRTH_REQUIRED", "");
    for (decisions, says) in [
        (String::new(), "no decision"),
        (format!("{twice}{twice}"), "more than once"),
        (
            entry("articles", "BIRTH_EXEMPT_LOG", "reason = '  '"),
            "needs a reason",
        ),
        (
            entry("articles", "BIRTH_REQUIRED", "reason = 'r'"),
            "belongs to",
        ),
        (entry("articles", "BIRTH_WRONG", ""), "BIRTH_WRONG"),
        ("[[decision]]\ncollection = 7".to_owned(), "not readable"),
    ] {
        let ran = scene.decide_all(&decisions).run().expect_code(20);
        expect_refused(&ran, "FAILED", "DECISIONS_NOT_USABLE", &[says]);
    }
    // The command line of one decision is held to the same.
    let bare = ["articles", "--status", "BIRTH_EXEMPT_LOG"];
    let ran = scene.decide(&bare).run().expect_code(20);
    expect_refused(&ran, "FAILED", "DECISIONS_NOT_USABLE", &["needs a reason"]);
    for arguments in [
        &["articles"][..],
        &["--from", "x", "articles", "--status", "BIRTH_REQUIRED"],
        &["articles", "--status", "required"],
    ] {
        scene.decide(arguments).run().expect_code(2);
    }
    assert_eq!(scene.bytes(), before);
}

/// The policy judges the decision alone: what else a collection lacks is shown
/// and stops nothing.
#[test]
fn what_the_policy_has_against_a_decision_blocks_it() {
    let scene = Scene::new();
    let policy = PolicyDir::shipped();
    policy.edit(
        "policy.toml",
        "require-review-owner = false",
        "require-review-owner = true",
    );
    policy.approve(&scene.home);
    let decide = |arguments: &[&str]| {
        scene
            .decide(&[arguments, &["--policy", &policy.file()]].concat())
            .run()
    };
    let before = scene.bytes();
    let ran = decide(&["articles", "--status", "BIRTH_DEFERRED"]).expect_code(11);
    expect_refused(
        &ran,
        "BLOCKED",
        "DECISION_REFUSED",
        &["DEFERRED_WITHOUT_OWNER"],
    );
    assert_eq!(scene.bytes(), before);
    decide(&DEFER).expect_code(0);
    // No species and no trigger: left to do, not wrong to decide.
    let ran = decide(&["recipes", "--status", "BIRTH_REQUIRED"]).expect_code(0);
    expect(&ran, &[("decisions_written", "1")]);
    // Under the shipped policy it is a warning.
    let warned = scene
        .home
        .on(
            &scene.db,
            &["decide", "orders", "--status", "BIRTH_DEFERRED"],
        )
        .run();
    assert!(
        warned.stdout.contains("WARN_DEFERRED_WITHOUT_OWNER"),
        "{}",
        warned.stdout
    );
    // A revision that nobody approved judges nothing that is written.
    policy.edit(
        "policy.toml",
        "require-decided-at = false",
        "require-decided-at = true",
    );
    let ran = decide(&DEFER).expect_code(24);
    expect_refused(&ran, "FAILED", "POLICY_NOT_APPROVED", &[]);
}

#[test]
fn a_role_that_may_not_is_told_before_anything_begins() {
    let scene = Scene::new();
    let role = format!("{}_clerk", scene.db.name());
    scene.db.execute(&format!(
        "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA inventory TO {role};
         GRANT SELECT ON ALL TABLES IN SCHEMA inventory TO {role}"
    ));
    let before = scene.bytes();
    let decide = || {
        let all = [&["decide", "--yes", "--by", "Ann"], &DEFER[..]].concat();
        scene
            .home
            .birth(&all)
            .arg("--database")
            .arg(&scene.db.url_as(&role))
            .run()
    };
    let ran = decide().expect_code(22);
    expect_refused(
        &ran,
        "FAILED",
        "MISSING_RIGHTS",
        &["may not change the column coverage_status", "may not lock"],
    );
    // A right on the six columns writes them, and cannot lock the table.
    let six = "coverage_status, coverage_scope_status, coverage_exemption_reason, coverage_review_owner, coverage_decided_at, coverage_decided_by";
    scene
        .db
        .execute(&format!("GRANT UPDATE ({six}) ON {REGISTRY} TO {role}"));
    let ran = decide().expect_code(22);
    expect_refused(&ran, "FAILED", "MISSING_RIGHTS", &["may not lock"]);
    assert!(
        !ran.get("reason").contains("may not change"),
        "{}",
        ran.get("reason")
    );
    scene.db.execute(&format!(
        "GRANT UPDATE ON {REGISTRY} TO {role}; ALTER TABLE {REGISTRY} ENABLE ROW LEVEL SECURITY"
    ));
    let ran = decide().expect_code(22);
    expect_refused(&ran, "FAILED", "ROWS_HIDDEN", &[]);
    assert_eq!(scene.bytes(), before);
    scene.db.execute(&format!(
        "ALTER TABLE {REGISTRY} DISABLE ROW LEVEL SECURITY"
    ));
    decide().expect_code(0);
}

/// Whatever the user's triggers and rules do to a decision, it is seen.
#[test]
fn what_changes_the_written_row_or_others_rolls_back() {
    const TRIGGERS: [(&str, &str); 7] = [
        (
            "BEFORE UPDATE",
            "NEW.coverage_decided_by = 'somebody else'; RETURN NEW;",
        ),
        ("BEFORE UPDATE", "RETURN NULL;"),
        (
            "BEFORE UPDATE",
            "NEW.collection_key = 'renamed'; RETURN NEW;",
        ),
        (
            "AFTER UPDATE",
            "UPDATE inventory.collection_registry SET coverage_decided_at = '2001-01-01' WHERE collection_key = NEW.collection_key AND coverage_decided_at > '2002-01-01'; RETURN NULL;",
        ),
        (
            "AFTER UPDATE",
            "UPDATE inventory.collection_registry SET governance_role = 'x' WHERE collection_key = 'orders'; RETURN NULL;",
        ),
        (
            "AFTER UPDATE",
            "INSERT INTO inventory.system_issues (category, title) VALUES ('c', 't'); RETURN NULL;",
        ),
        (
            "DEFERRED",
            "UPDATE inventory.collection_registry SET coverage_status = NULL WHERE coverage_status IS NOT NULL; RETURN NULL;",
        ),
    ];
    for (at, body) in TRIGGERS {
        let create = match at {
            "DEFERRED" => "CREATE CONSTRAINT TRIGGER meddle AFTER UPDATE ON inventory.collection_registry DEFERRABLE INITIALLY DEFERRED".to_owned(),
            at => format!("CREATE TRIGGER meddle {at} ON inventory.collection_registry"),
        };
        let scene = Scene::after(&format!(
            "CREATE FUNCTION inventory.meddle() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN {body} END $f$;
             {create} FOR EACH ROW EXECUTE FUNCTION inventory.meddle();"
        ));
        let before = scene.bytes();
        // Rows of others count too, and a key that a mapping refers to cannot move.
        let ran = scene.decide(&DEFER).run();
        assert!(matches!(ran.code, Some(29 | 30)), "{at} {body}: {ran:?}");
        assert_eq!(ran.get("decisions_written"), "0");
        assert_eq!(scene.bytes(), before, "{at} {body}");
        assert_eq!(
            scene
                .db
                .value("SELECT count(*) FROM inventory.system_issues"),
            "0"
        );
    }
    for rule in [
        "DO INSTEAD NOTHING",
        "DO ALSO INSERT INTO inventory.system_issues (category, title) VALUES ('c', 't')",
    ] {
        let scene = Scene::after(&format!(
            "CREATE RULE meddle AS ON UPDATE TO {REGISTRY} {rule}"
        ));
        let before = scene.bytes();
        let ran = scene.decide(&DEFER).run();
        assert!(matches!(ran.code, Some(29 | 30)), "{rule}: {ran:?}");
        assert_eq!(scene.bytes(), before, "{rule}");
    }
}

#[test]
fn a_registry_that_is_a_view_is_no_registry() {
    let scene = Scene::after(&format!(
        "ALTER TABLE {REGISTRY} RENAME TO kept; CREATE VIEW {REGISTRY} AS SELECT * FROM inventory.kept"
    ));
    let ran = scene.decide(&DEFER).run().expect_code(23);
    expect_refused(&ran, "FAILED", "FAMILY_NOT_A_TABLE", &[]);
}

#[test]
fn a_row_that_changes_after_the_preview_is_drift_and_a_held_lock_is_busy() {
    let scene = Scene::new();
    let paused = scene.decide(&DEFER).pause_at("previewed");
    scene.db.execute(&format!(
        "UPDATE {REGISTRY} SET coverage_review_owner = 'Mal' WHERE collection_key = 'articles'"
    ));
    let ran = paused.resume().expect_code(26);
    expect_refused(&ran, "FAILED", "DRIFT", &["\"articles\""]);
    // Another row is nobody's concern.
    let paused = scene.decide(&DEFER).pause_at("previewed");
    scene.db.execute(&format!(
        "UPDATE {REGISTRY} SET coverage_review_owner = 'Mal' WHERE collection_key = 'orders'"
    ));
    paused.resume().expect_code(0);

    let session = scene.db.session();
    session.execute(&format!(
        "BEGIN; UPDATE {REGISTRY} SET governance_role = 'x' WHERE collection_key = 'orders'"
    ));
    let waiting = ["--lock-timeout", "100ms", "--lock-retries", "0"];
    let decide = ["articles", "--status", "BIRTH_DEFERRED", "--owner", "Zoe"];
    let ran = scene
        .decide(&[&decide[..], &waiting].concat())
        .run()
        .expect_code(12);
    expect_refused(&ran, "LOCK_BUSY", "LOCK_TIMEOUT", &[]);
    session.execute("ROLLBACK");
    scene.decide(&decide).run().expect_code(0);
}
