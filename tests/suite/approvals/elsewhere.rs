//! Signing on another machine, with `ssh-keygen` alone.

use super::scene::{NAMESPACE, Scene, sign, ssh_keygen_accepts};

#[test]
fn the_statement_goes_out_and_the_signature_comes_back() {
    let scene = Scene::new();
    let command = ["approve", "--by", "ada@example.org", "--why", "the fourth"];
    let printed = scene.policy(&command).run().expect_code(0);
    let statement = printed.stdout.as_str();
    assert!(
        statement.starts_with("birth policy approval 1\nset: \"birth\"\nrevision: 5\n"),
        "{statement}"
    );
    assert!(
        printed
            .stderr
            .contains("ssh-keygen -Y sign -n birth-policy-approval"),
        "{}",
        printed.stderr
    );
    assert_eq!(scene.last("approved")["statement"], statement);
    // Asked again, it is the same.
    let again = scene.policy(&["approve", "--by", "bob@example.org"]).run();
    assert_eq!(again.expect_code(0).stdout, statement);
    scene.policy(&["verify"]).run().expect_code(24);
    for who in ["bob", "cyd"] {
        let by = format!("{who}@example.org");
        let armored = sign(&scene.path(who), NAMESPACE, statement);
        assert!(ssh_keygen_accepts(&scene, &by, &armored, statement));
        let file = scene.path(&format!("{who}.sig"));
        std::fs::write(&file, armored).unwrap();
        let file = file.to_str().unwrap();
        let add = ["approve", "--by", &by, "--signature", file];
        scene.policy(&add).run().expect_code(0);
    }
    scene.policy(&["verify"]).run().expect_code(0);
    // One over something else is not taken.
    let armored = sign(&scene.path("ada"), NAMESPACE, "something else");
    std::fs::write(scene.path("other.sig"), armored).unwrap();
    let file = scene.path("other.sig");
    let add = [
        "approve",
        "--by",
        "ada@example.org",
        "--signature",
        file.to_str().unwrap(),
    ];
    let ran = scene.policy(&add).run().expect_code(24);
    assert!(
        ran.stderr.contains("[SIGNATURE_NOT_USABLE]"),
        "{}",
        ran.stderr
    );
    // Nor is it where nobody's keys are known: it does not fit either way.
    let ran = scene.set.policy(&scene.home, &add).run().expect_code(24);
    assert!(
        ran.stderr.contains("does not fit the statement"),
        "{}",
        ran.stderr
    );
}

#[test]
fn json_has_the_statement_and_what_is_missing() {
    let scene = Scene::new();
    let command = [
        "approve",
        "--by",
        "ada@example.org",
        "--why",
        "x",
        "--format",
        "json",
    ];
    let said = scene.policy(&command).run().expect_code(0).json();
    assert_eq!(said["kind"], "approval");
    assert_eq!(said["is_new"], true);
    assert_eq!(said["namespace"], NAMESPACE);
    assert_eq!(said["statement"], scene.last("approved")["statement"]);
    let missing = said["missing"].as_str().unwrap();
    assert!(missing.contains("2 reviewer"), "{missing}");
    assert_eq!(said["backing"], serde_json::Value::Null);
}
