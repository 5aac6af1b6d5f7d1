//! Older revisions: refused, unless to go back was decided.

use birth_tests::database::Database;
use birth_tests::server;

use super::scene::Scene;
use crate::estates::PLAIN;

const OLDER: &str = "POLICY_OLDER_REVISION";

/// Revisions 4 and 5 are approved, and the set is 4 again.
fn scene() -> Scene {
    let scene = Scene::approved();
    scene.revision(5, 6);
    scene.approve("ada", &["--why", "the fifth"]).expect_code(0);
    scene.approve("bob", &[]).expect_code(0);
    scene.revision(6, 5);
    scene
}

#[test]
fn an_older_revision_needs_a_signed_decision() {
    let db = Database::new(server::one(), PLAIN.script);
    let scene = scene();
    scene.expect_refused(&db, OLDER, &["older than revision 6", "--rollback"]);
    // It is told in a plan, and may be looked at where it is kept.
    let plan = scene.on(&db, &["plan", "storage"]).run().expect_code(0);
    assert!(
        plan.stderr.contains("older than revision 6"),
        "{}",
        plan.stderr
    );
    let kept = scene
        .policy(&["verify", "--allow-older"])
        .run()
        .expect_code(0);
    assert!(kept.stdout.contains("allowed here"), "{}", kept.stdout);
    let shown = scene.policy(&["show"]).run().expect_code(0).stdout;
    assert!(
        shown.contains("approved, and may not be executed") && !shown.contains("NOT APPROVED"),
        "{shown}"
    );

    let why = ["--rollback", "--why", "5 defers too much"];
    let first = scene.approve("ada", &why).expect_code(0);
    assert!(first.stdout.contains("1 of 2 reviewer"), "{}", first.stdout);
    scene.expect_refused(&db, OLDER, &["is not signed by enough people: 1 of 2"]);
    scene.approve("cyd", &["--rollback"]).expect_code(0);
    let ran = scene
        .on(&db, &["apply", "storage", "--yes"])
        .run()
        .expect_code(0);
    let run = scene.home.run(&ran.run_id());
    let report = std::fs::read_to_string(run.join("report.md")).unwrap();
    let words = "- approval: approved by ada@example.org, signed by ada@example.org and bob@example.org; \
                 back from a newer revision by decision of ada@example.org, signed by ada@example.org and cyd@example.org\n";
    assert!(report.contains(words), "{report}");
    let verified = scene.policy(&["verify"]).run().expect_code(0).stdout;
    assert!(
        verified.contains("decided to go back") && verified.contains("5 defers too much"),
        "{verified}"
    );
    let log = scene.policy(&["log"]).run().expect_code(0).stdout;
    assert!(log.contains("back to birth revision 5"), "{log}");

    // It lapses when yet another revision is approved.
    scene.revision(5, 7);
    scene.approve("ada", &["--why", "the sixth"]).expect_code(0);
    scene.approve("cyd", &[]).expect_code(0);
    scene.policy(&["verify"]).run().expect_code(0);
    scene.revision(7, 5);
    let ran = scene
        .on(&db, &["apply", "storage", "--yes"])
        .run()
        .expect_code(24);
    assert!(
        ran.stderr.contains("lapsed") && ran.stderr.contains(&format!("[{OLDER}]")),
        "{}",
        ran.stderr
    );
}

/// Signatures on an approval are none on a decision to go back, and the other way.
#[test]
fn a_decision_that_was_not_signed_as_one() {
    let db = Database::new(server::one(), PLAIN.script);
    let scene = scene();
    scene
        .approve("ada", &["--rollback", "--why", "back"])
        .expect_code(0);
    let approval = scene.list();
    let at = approval.find("by = \"bob@example.org\"\narmored").unwrap();
    let end = approval[at..]
        .find("-----END SSH SIGNATURE-----\n\"\"\"\n")
        .unwrap();
    let of_bob = &approval[at..at + end + "-----END SSH SIGNATURE-----\n\"\"\"\n".len()];
    let forged = format!("{approval}\n[[rollback.signature]]\n{of_bob}");
    scene.set.write("approved.toml", forged);
    scene.expect_refused(
        &db,
        OLDER,
        &["1 of 2", "bob@example.org: it does not fit the statement"],
    );
}

#[test]
fn an_operator_may_rule_it_out() {
    let db = Database::new(server::one(), PLAIN.script);
    let scene = scene();
    let why = ["--rollback", "--why", "back"];
    scene.approve("ada", &why).expect_code(0);
    scene.approve("bob", &why[..1]).expect_code(0);
    scene.policy(&["verify"]).run().expect_code(0);
    scene.trust("[require]\napprove = { reviewer = 2 }\n");
    scene.expect_refused(&db, OLDER, &["no `rollback`, so nobody may"]);
    scene.trust("[require]\napprove = { reviewer = 2 }\nrollback = { reviewer = 2 }\n[lowest-revision]\nbirth = 6\n");
    scene.expect_refused(
        &db,
        "POLICY_REVISION_TOO_LOW",
        &["below 6", "[lowest-revision]"],
    );
    // Nobody signs what would be refused all the same.
    let ran = scene.approve("cyd", &why[..1]).expect_code(24);
    assert!(
        ran.stderr.contains("[POLICY_REVISION_TOO_LOW]"),
        "{}",
        ran.stderr
    );
    // The list cannot be cut to get around that.
    let list = scene.list();
    let fifth = list
        .find("\n[[approved]]\n")
        .map(|_| list.rfind("\n[[approved]]\n").unwrap())
        .unwrap();
    scene.set.write("approved.toml", &list[..fifth]);
    scene.expect_refused(&db, "POLICY_REVISION_TOO_LOW", &["below 6"]);
}

/// Without a trust file the same, and unsigned, as everything is then.
#[test]
fn without_a_trust_file() {
    let db = Database::new(server::one(), PLAIN.script);
    let scene = scene();
    let apply = ["apply", "storage", "--yes"];
    let ran = scene.set.on(&scene.home, &db, &apply).run().expect_code(24);
    assert!(ran.stderr.contains(&format!("[{OLDER}]")), "{}", ran.stderr);
    let decide = ["approve", "--rollback", "--by", "ada", "--why", "back"];
    scene.set.policy(&scene.home, &decide).run().expect_code(0);
    let ran = scene.set.on(&scene.home, &db, &apply).run().expect_code(0);
    let report = scene.home.run(&ran.run_id()).join("report.md");
    let report = std::fs::read_to_string(report).unwrap();
    assert!(
        report.contains("by decision of ada, unsigned\n"),
        "{report}"
    );
}

/// A statement that was begun by one stands in nobody's way: neither back nor on.
#[test]
fn a_statement_that_was_only_begun_decides_nothing() {
    let db = Database::new(server::one(), PLAIN.script);
    let scene = scene();
    scene.revision(5, 7);
    scene.approve("ada", &["--why", "begun"]).expect_code(0);
    scene.revision(7, 5);
    scene
        .approve("ada", &["--rollback", "--why", "back"])
        .expect_code(0);
    scene.approve("cyd", &["--rollback"]).expect_code(0);
    scene.policy(&["verify"]).run().expect_code(0);
    // On from what is in force, over what was only begun; with and without the
    // trust file.
    scene.revision(5, 8);
    scene.approve("bob", &["--why", "the next"]).expect_code(0);
    scene.approve("cyd", &[]).expect_code(0);
    scene.policy(&["verify"]).run().expect_code(0);
    scene
        .set
        .policy(&scene.home, &["verify"])
        .run()
        .expect_code(0);
    // Its number is taken.
    scene.revision(8, 7);
    scene.set.edit(
        "policy.toml",
        "longest-deferral-days = 180",
        "longest-deferral-days = 90",
    );
    let ran = scene.approve("bob", &["--why", "x"]).expect_code(24);
    assert!(
        ran.stderr.contains("[REVISION_NOT_HIGHER]"),
        "{}",
        ran.stderr
    );
    scene.set.edit(
        "policy.toml",
        "longest-deferral-days = 90",
        "longest-deferral-days = 180",
    );
    // There is no going back to what nobody approved.
    let ran = scene.approve("ada", &["--rollback", "--why", "x"]);
    let said = ran.expect_code(24).stderr;
    assert!(said.contains("[POLICY_TOO_FEW_SIGNATURES]"), "{said}");
    // Approved after all, it is an older revision and breaks nothing.
    scene.approve("bob", &[]).expect_code(0);
    scene.expect_refused(
        &db,
        OLDER,
        &["older than revision 8, the last approved one"],
    );
    scene.revision(7, 8);
    scene.policy(&["verify"]).run().expect_code(0);
    scene.revision(8, 7);
    // Whoever leaves takes no approval of an older revision back into force.
    scene.revision(7, 6);
    scene.signers(&["ada", "bob"].map(|who| scene.line(who, who, "")));
    let text = std::fs::read_to_string(scene.path("trust.toml")).unwrap();
    std::fs::write(
        scene.path("trust.toml"),
        text.replace(", \"cyd@example.org\"", ""),
    )
    .unwrap();
    scene.expect_refused(
        &db,
        OLDER,
        &[
            "older than revision 8, which has signatures",
            "1 of 2 reviewer",
        ],
    );
    // With a role that approves nothing they are no reviewer either.
    let text = std::fs::read_to_string(scene.path("trust.toml")).unwrap();
    let role = "[role.operator]\nmembers = [\"cyd@example.org\"]\n[require]";
    std::fs::write(scene.path("trust.toml"), text.replace("[require]", role)).unwrap();
    scene.signers(&["ada", "bob", "cyd"].map(|who| scene.line(who, who, "")));
    scene.expect_refused(&db, OLDER, &["older than revision 8"]);
    let ran = scene.approve("cyd", &[]).expect_code(24);
    assert!(ran.stderr.contains("[NO_ROLE]"), "{}", ran.stderr);
}

#[test]
fn decisions_that_make_no_sense() {
    let scene = Scene::approved();
    let ran = scene
        .approve("ada", &["--rollback", "--why", "back"])
        .expect_code(20);
    assert!(ran.stderr.contains("[NOTHING_NEWER]"), "{}", ran.stderr);
    scene.revision(5, 3);
    let ran = scene
        .approve("ada", &["--rollback", "--why", "back"])
        .expect_code(24);
    assert!(ran.stderr.contains("was never approved"), "{}", ran.stderr);
}
