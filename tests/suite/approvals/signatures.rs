//! Which signatures count, and that `ssh-keygen -Y verify` thinks so too.

use birth_tests::cli::Ran;
use birth_tests::database::Database;
use birth_tests::server;
use serde_json::Value;

use super::scene::{NAMESPACE, Scene, sign, ssh_keygen_accepts};
use crate::estates::PLAIN;

const TOO_FEW: &str = "POLICY_TOO_FEW_SIGNATURES";

/// Compares what the binary says of each signature of the last approval with what
/// `ssh-keygen` says.
#[track_caller]
fn expect_agreement(scene: &Scene) {
    let last = scene.last("approved");
    let statement = last["statement"].as_str().unwrap();
    let entries = last["entry"]["signature"].as_array().unwrap();
    let findings = last["signatures"].as_array().unwrap();
    assert_eq!(entries.len(), findings.len());
    assert!(!entries.is_empty());
    for (entry, finding) in entries.iter().zip(findings) {
        let by = entry["by"].as_str().unwrap();
        let armored = entry["armored"].as_str().unwrap();
        let theirs = ssh_keygen_accepts(scene, by, armored, statement);
        let ours = ["good", "repeated"].contains(&finding["outcome"].as_str().unwrap());
        assert_eq!(ours, theirs, "{by}: {finding:#}");
    }
}

#[track_caller]
fn outcomes(last: &Value) -> Vec<&str> {
    let findings = last["signatures"].as_array().unwrap().iter();
    findings.map(|f| f["outcome"].as_str().unwrap()).collect()
}

#[test]
fn two_of_three_and_every_kind_of_key() {
    let db = Database::new(server::one(), PLAIN.script);
    let scene = Scene::new();
    scene.expect_refused(
        &db,
        "POLICY_NOT_APPROVED",
        &["revision 5", "birth policy approve"],
    );
    let first = scene
        .approve("ada", &["--why", "the fourth"])
        .expect_code(0);
    assert!(first.stdout.contains("1 of 2 reviewer"), "{}", first.stdout);
    scene.expect_refused(&db, TOO_FEW, &["1 of 2 reviewer"]);
    let second = scene.approve("bob", &[]).expect_code(0);
    assert!(
        second.stdout.contains("2 of 2 reviewer"),
        "{}",
        second.stdout
    );
    // Nobody signs what they were not shown.
    let statement = scene.last("approved")["statement"]
        .as_str()
        .unwrap()
        .to_owned();
    for ran in [&first, &second] {
        assert!(ran.stderr.contains(&statement), "{}", ran.stderr);
    }
    scene.policy(&["verify"]).run().expect_code(0);
    expect_agreement(&scene);

    let kinds: [(&str, &[&str]); 3] = [
        ("p256", &["-t", "ecdsa", "-b", "256"]),
        ("p384", &["-t", "ecdsa", "-b", "384"]),
        ("rsa", &["-t", "rsa", "-b", "2048"]),
    ];
    for (name, kind) in kinds {
        scene.key(name, kind);
        let lines = [("ada", "ada"), ("bob", "bob"), ("cyd", name)];
        scene.signers(&lines.map(|(who, key)| scene.line(who, key, "")));
        let statement = scene.last("approved")["statement"]
            .as_str()
            .unwrap()
            .to_owned();
        scene.replace_last_signature(&sign(&scene.path(name), NAMESPACE, &statement));
        let list = scene.list();
        let at = list.rfind("by = \"").unwrap();
        let cyd = list[at..].replacen("bob@", "cyd@", 1);
        scene
            .set
            .write("approved.toml", format!("{}{cyd}", &list[..at]));
        let ran = scene.policy(&["verify"]).run().expect_code(0);
        assert!(
            ran.stdout.contains("ada@example.org, cyd@example.org"),
            "{}",
            ran.stdout
        );
        expect_agreement(&scene);
        scene.set.write("approved.toml", list);
    }
    // Kinds that are not taken are named.
    let kinds: [(&str, &[&str]); 2] = [
        ("p521", &["-t", "ecdsa", "-b", "521"]),
        ("short", &["-t", "rsa", "-b", "1024"]),
    ];
    for (name, kind) in kinds {
        scene.key(name, kind);
        scene.signers(&[
            scene.line("ada", "ada", ""),
            scene.line("bob", "bob", ""),
            scene.line("cyd", name, ""),
        ]);
        let key = scene.path(name);
        let command = [
            "approve",
            "--by",
            "cyd@example.org",
            "--key",
            key.to_str().unwrap(),
        ];
        let ran = scene.policy(&command).run().expect_code(24);
        assert!(
            ran.stderr.contains("[SIGNATURE_NOT_USABLE]"),
            "{}",
            ran.stderr
        );
        assert!(
            ran.stderr.contains("its key is of the kind"),
            "{}",
            ran.stderr
        );
    }
}

/// Each of these leaves one good signature where two are asked for.
#[test]
fn signatures_that_do_not_count() {
    type Break = fn(&Scene);
    let rows: [(&str, &str, Break); 7] = [
        ("expired", "has expired", |scene| {
            let options = "valid-before=\"20200101Z\"";
            scene.signers(&[
                scene.line("ada", "ada", ""),
                scene.line("bob", "bob", options),
                scene.line("cyd", "cyd", ""),
            ]);
        }),
        ("not yet valid", "not yet valid", |scene| {
            let options = "valid-after=\"29990101Z\"";
            scene.signers(&[
                scene.line("ada", "ada", ""),
                scene.line("bob", "bob", options),
                scene.line("cyd", "cyd", ""),
            ]);
        }),
        (
            "of a key that is no longer his",
            "no allowed signer's",
            |scene| {
                scene.key("new", &["-t", "ed25519"]);
                scene.signers(&[
                    scene.line("ada", "ada", ""),
                    scene.line("bob", "new", ""),
                    scene.line("cyd", "cyd", ""),
                ]);
            },
        ),
        (
            "of a key for something else",
            "may sign in the namespaces git",
            |scene| {
                let options = "namespaces=\"git,file\"";
                scene.signers(&[
                    scene.line("ada", "ada", ""),
                    scene.line("bob", "bob", options),
                    scene.line("cyd", "cyd", ""),
                ]);
            },
        ),
        ("in the wrong namespace", "in the namespace file", |scene| {
            let statement = scene.last("approved")["statement"]
                .as_str()
                .unwrap()
                .to_owned();
            scene.replace_last_signature(&sign(&scene.path("bob"), "file", &statement));
        }),
        (
            "replayed from another statement",
            "does not fit the statement",
            |scene| {
                let statement = scene.last("approved")["statement"]
                    .as_str()
                    .unwrap()
                    .to_owned();
                let other = statement.replace("revision: 5", "revision: 4");
                assert_ne!(statement, other);
                scene.replace_last_signature(&sign(&scene.path("bob"), NAMESPACE, &other));
            },
        ),
        (
            "that is none",
            "no signature of `ssh-keygen -Y sign`",
            |scene| {
                scene.replace_last_signature(
                    "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n",
                );
            },
        ),
    ];
    let db = Database::new(server::one(), PLAIN.script);
    for (what, says, break_it) in rows {
        let scene = Scene::approved();
        scene.policy(&["verify"]).run().expect_code(0);
        break_it(&scene);
        scene.expect_refused(
            &db,
            TOO_FEW,
            &["1 of 2 reviewer", "bob@example.org: ", says],
        );
        assert_eq!(outcomes(&scene.last("approved")), ["good", "bad"], "{what}");
        let log = scene.policy(&["log"]).run().expect_code(0).stdout;
        assert!(
            log.contains(says) && log.contains(&format!("[{TOO_FEW}]")),
            "{log}"
        );
        expect_agreement(&scene);
    }
}

/// Whoever is in nobody's list signs in vain, whatever name is claimed.
#[test]
fn a_signer_that_nobody_knows() {
    let db = Database::new(server::one(), PLAIN.script);
    let scene = Scene::approved();
    scene.key("eve", &["-t", "ed25519"]);
    let statement = scene.last("approved")["statement"]
        .as_str()
        .unwrap()
        .to_owned();
    let signature = sign(&scene.path("eve"), NAMESPACE, &statement);
    scene.replace_last_signature(&signature);
    scene.expect_refused(
        &db,
        TOO_FEW,
        &["bob@example.org: its key SHA256:", "1 of 2"],
    );
    // Under her own name as well, and where she is allowed but has no role.
    let at = scene.list().rfind("bob@").unwrap();
    let list = scene.list();
    scene.set.write(
        "approved.toml",
        format!("{}eve@{}", &list[..at], &list[at + 4..]),
    );
    scene.expect_refused(&db, TOO_FEW, &["eve@example.org: its key SHA256:"]);
    let lines = ["ada", "bob", "cyd", "eve"].map(|who| scene.line(who, who, ""));
    scene.signers(&lines);
    scene.expect_refused(&db, TOO_FEW, &["1 of 2 reviewer"]);
    expect_agreement(&scene);
    // Nor is she let to be the second who approves.
    let ran = scene.approve("eve", &[]).expect_code(24);
    assert!(ran.stderr.contains("[NO_ROLE]"), "{}", ran.stderr);
}

#[test]
fn one_person_and_one_key_count_once() {
    let db = Database::new(server::one(), PLAIN.script);
    // Two keys of one person: the same signature twice, then with a second key.
    let scene = Scene::new();
    scene
        .approve("ada", &["--why", "the fourth"])
        .expect_code(0);
    let again = scene.approve("ada", &[]).expect_code(20);
    assert!(
        again.stderr.contains("[ALREADY_SIGNED]"),
        "{}",
        again.stderr
    );
    scene.key("laptop", &["-t", "ed25519"]);
    let mut lines = ["ada", "bob", "cyd"]
        .map(|who| scene.line(who, who, ""))
        .to_vec();
    lines.push(scene.line("ada", "laptop", ""));
    scene.signers(&lines);
    let statement = scene.last("approved")["statement"]
        .as_str()
        .unwrap()
        .to_owned();
    let once = scene.list();
    for key in ["ada", "laptop"] {
        let armored = sign(&scene.path(key), NAMESPACE, &statement);
        let entry = format!(
            "\n[[approved.signature]]\nby = \"ada@example.org\"\narmored = \"\"\"\n{armored}\"\"\"\n"
        );
        scene.set.write("approved.toml", format!("{once}{entry}"));
        assert_eq!(outcomes(&scene.last("approved")), ["good", "repeated"]);
        scene.expect_refused(&db, TOO_FEW, &["1 of 2 reviewer", "signed already"]);
        expect_agreement(&scene);
    }
    // One key under two names.
    let scene = Scene::new();
    scene.signers(
        &[("ada", "ada"), ("bob", "ada"), ("cyd", "cyd")]
            .map(|(who, key)| scene.line(who, key, "")),
    );
    scene
        .approve("ada", &["--why", "the fourth"])
        .expect_code(0);
    let key = scene.path("ada");
    let command = [
        "approve",
        "--by",
        "bob@example.org",
        "--key",
        key.to_str().unwrap(),
    ];
    let ran = scene.policy(&command).run().expect_code(24);
    assert!(ran.stderr.contains("[KEY_COUNTED]"), "{}", ran.stderr);
    assert!(ran.stderr.contains("as ada@example.org"), "{}", ran.stderr);
    // Without the trust file nobody can tell, and it is added.
    scene.set.policy(&scene.home, &command).run().expect_code(0);
    assert_eq!(outcomes(&scene.last("approved")), ["good", "repeated"]);
    scene.expect_refused(
        &db,
        TOO_FEW,
        &["1 of 2 reviewer", "bob@example.org: signed already"],
    );
    expect_agreement(&scene);
    // A signature that does not count is in nobody's way, not even of the same
    // person.
    let lines = ["ada", "bob", "cyd"].map(|who| scene.line(who, who, ""));
    scene.signers(&lines);
    scene.approve("bob", &[]).expect_code(0);
    assert_eq!(outcomes(&scene.last("approved")), ["good", "bad", "good"]);
    scene.policy(&["verify"]).run().expect_code(0);
    expect_agreement(&scene);
}

/// Of those who sign at the same time nobody takes another's signature away: each
/// is in the list, or was told to try again.
#[test]
fn many_sign_at_once() {
    let scene = Scene::new();
    scene
        .approve("ada", &["--why", "the fourth"])
        .expect_code(0);
    let before = scene.last("approved")["signatures"]
        .as_array()
        .unwrap()
        .len();
    let mut added = 0;
    for _ in 0..4 {
        let started = ["bob", "cyd"].map(|person| {
            let by = format!("{person}@example.org");
            let key = scene.path(person);
            let key = key.to_str().unwrap();
            scene
                .policy(&["approve", "--by", &by, "--key", key])
                .start()
        });
        for child in started {
            let ran = Ran::from(child.wait_with_output().unwrap());
            match ran.code {
                Some(0) => added += 1,
                _ => assert!(
                    ["[LIST_CHANGED]", "[ALREADY_SIGNED]"]
                        .iter()
                        .any(|code| ran.stderr.contains(code)),
                    "{ran:?}"
                ),
            }
        }
    }
    let last = scene.last("approved");
    assert_eq!(last["signatures"].as_array().unwrap().len(), before + added);
    assert_eq!(added, 2, "whoever tried again got in");
    assert_eq!(outcomes(&last), ["good", "good", "good"]);
}

/// Whatever of a statement is changed after signing, no signature fits.
#[test]
fn a_statement_that_was_tampered_with() {
    let db = Database::new(server::one(), PLAIN.script);
    let scene = Scene::approved();
    let list = scene.list();
    for (from, to) in [
        ("why = \"the fourth\"", "why = \"the fifth\""),
        (
            "by = \"ada@example.org\"\nat",
            "by = \"cyd@example.org\"\nat",
        ),
        ("at = \"20", "at = \"21"),
        (
            "why = \"the fourth\"",
            "why = \"the fourth\"\nbuilder = \"another\"",
        ),
    ] {
        let at = list.find("wit = ").unwrap();
        let changed = list[at..].replacen(from, to, 1);
        assert_ne!(list[at..], changed, "{from}");
        scene
            .set
            .write("approved.toml", format!("{}{changed}", &list[..at]));
        scene.expect_refused(
            &db,
            TOO_FEW,
            &["0 of 2 reviewer", "does not fit the statement"],
        );
        assert_eq!(outcomes(&scene.last("approved")), ["bad", "bad"]);
        expect_agreement(&scene);
    }
    // Text that a signer would not have seen is not even read.
    let hidden = list.replace("why = \"the fourth\"", "why = \"the\\nfourth\"");
    scene.set.write("approved.toml", hidden);
    let ran = scene.policy(&["verify"]).run().expect_code(24);
    assert!(
        ran.stderr.contains("hidden characters in `why`"),
        "{}",
        ran.stderr
    );
}

/// What came before is judged by when it was signed, what decides today by today.
#[test]
fn a_key_that_expires_ends_what_it_approved_last() {
    let db = Database::new(server::one(), PLAIN.script);
    let scene = Scene::approved();
    scene.revision(5, 6);
    scene.approve("ada", &["--why", "the fifth"]).expect_code(0);
    scene.approve("cyd", &[]).expect_code(0);
    // Bob's key is over; it was good for revision 5, and 6 does without him.
    let in_a_minute = "valid-before=\"20991231Z\"";
    scene.signers(&[
        scene.line("ada", "ada", ""),
        scene.line("bob", "bob", in_a_minute),
        scene.line("cyd", "cyd", ""),
    ]);
    scene.policy(&["verify"]).run().expect_code(0);
    let at = scene.last("approved")["entry"]["at"]
        .as_str()
        .unwrap()
        .to_owned();
    let second: String = at.chars().filter(char::is_ascii_digit).collect();
    let until = format!("valid-before=\"{second}Z\"");
    scene.signers(&[
        scene.line("ada", "ada", ""),
        scene.line("bob", "bob", &until),
        scene.line("cyd", "cyd", ""),
    ]);
    std::thread::sleep(std::time::Duration::from_millis(2100));
    scene.policy(&["verify"]).run().expect_code(0);
    let log = scene.policy(&["log", "--format", "json"]).run();
    let log = log.expect_code(0).json();
    assert_eq!(log["approved"][4]["backing"]["kind"], "signed", "{log:#}");
    // Cyd's: it decides today.
    scene.signers(&[
        scene.line("ada", "ada", ""),
        scene.line("bob", "bob", ""),
        scene.line("cyd", "cyd", &until),
    ]);
    scene.expect_refused(&db, TOO_FEW, &["cyd@example.org: its key has expired"]);
}
