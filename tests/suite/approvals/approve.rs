//! What `birth policy approve` writes, and what it refuses.

use std::os::unix::fs::PermissionsExt as _;

use super::scene::Scene;

#[test]
fn what_was_in_the_list_stays_byte_for_byte() {
    let scene = Scene::new();
    let before = format!("# ours\n{}\n# the end, for now", scene.list());
    scene.set.write("approved.toml", &before);
    let path = scene.set.path().join("approved.toml");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    scene
        .approve("ada", &["--why", "say \"four\" \\ é"])
        .expect_code(0);
    let after = scene.list();
    let kept = before.replacen("format = 1", "format = 2", 1);
    let added = after
        .strip_prefix(&kept)
        .unwrap_or_else(|| panic!("{after}"));
    assert!(
        added.starts_with("\n\n[[approved]]\ndigest = \""),
        "{added}"
    );
    scene.approve("bob", &[]).expect_code(0);
    assert!(scene.list().starts_with(&after), "{}", scene.list());
    assert_eq!(scene.last("approved")["entry"]["why"], "say \"four\" \\ é");
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
}

/// The built-in set, approved by somebody's own people in a list of their own.
#[test]
fn the_built_in_set_in_a_list_of_ones_own() {
    let scene = Scene::new();
    let trust = scene.trust_file();
    let list = scene.path("approved.toml");
    let list = list.to_str().unwrap();
    let built_in = |more: &[&str]| {
        let birth = scene.home.birth(&[&["policy"], more].concat());
        birth.env("BIRTH_TRUST", &trust).run()
    };
    let ran = built_in(&["verify"]).expect_code(24);
    assert!(
        ran.stdout
            .contains("is unsigned, and the trust file asks for 2 reviewer"),
        "{}",
        ran.stdout
    );
    let none = built_in(&["approve", "--by", "ada", "--why", "x"]).expect_code(20);
    assert!(
        none.stderr.contains("[NO_LIST]") && none.stderr.contains("--approved"),
        "{}",
        none.stderr
    );
    for (who, why) in [("ada", &["--why", "reviewed"][..]), ("cyd", &[])] {
        let by = format!("{who}@example.org");
        let key = scene.path(who);
        let key = key.to_str().unwrap();
        let command = ["approve", "--by", &by, "--key", key, "--approved", list];
        built_in(&[&command[..], why].concat()).expect_code(0);
    }
    let ran = built_in(&["verify", "--approved", list]).expect_code(0);
    assert!(ran.stdout.contains("2 of 2 reviewer"), "{}", ran.stdout);
    let mode = std::fs::metadata(list).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
}

#[test]
fn what_it_refuses() {
    let scene = Scene::new();
    let key = scene.path("ada");
    let key = key.to_str().unwrap();
    let by = ["--by", "ada@example.org"];
    let before = scene.list();
    let rows: [(i32, &str, &[&str]); 7] = [
        (20, "[NO_REASON]", &["--key", key]),
        (20, "[NOT_SIGNED]", &["--why", "x", "--key", "nowhere"]),
        (
            28,
            "[FILE_NOT_READABLE]",
            &["--why", "x", "--signature", "nowhere"],
        ),
        (2, "it says nothing", &["--why", " ", "--key", key]),
        (2, "line breaks", &["--why", "a\nb", "--key", key]),
        (2, "line breaks", &["--why", "a\u{202e}b", "--key", key]),
        (2, "is not a SHA-256", &["--why", "x", "--diff", "12"]),
    ];
    for (code, says, more) in rows {
        let ran = scene
            .policy(&[&["approve"], &by[..], more].concat())
            .run()
            .expect_code(code);
        assert!(ran.stderr.contains(says), "{more:?}: {}", ran.stderr);
    }
    // Under somebody else's name, whose key it is not.
    let ran = scene
        .policy(&[
            "approve",
            "--by",
            "bob@example.org",
            "--why",
            "x",
            "--key",
            key,
        ])
        .run();
    let ran = ran.expect_code(24);
    assert!(
        ran.stderr.contains("[SIGNATURE_NOT_USABLE]"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("no allowed signer's"), "{}", ran.stderr);
    assert_eq!(scene.list(), before, "nothing was written");

    // What stands is signed as it stands.
    let diff = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    scene
        .approve("ada", &["--why", "x", "--diff", diff])
        .expect_code(0);
    assert_eq!(scene.last("approved")["entry"]["diff"], diff);
    for more in [["--why", "y"], ["--builder", "z"]] {
        let ran = scene.approve("bob", &more).expect_code(20);
        assert!(ran.stderr.contains("[STATEMENT_STANDS]"), "{}", ran.stderr);
    }
    scene.approve("bob", &["--why", "x"]).expect_code(0);

    // An entry of format 1 is no statement.
    scene.revision(5, 4);
    let ran = scene.approve("ada", &["--why", "x"]).expect_code(24);
    assert!(ran.stderr.contains("[ALREADY_APPROVED]"), "{}", ran.stderr);
    // What could not run is not approved.
    scene.revision(4, 6);
    scene.set.write("conflict.wasm", "other");
    let ran = scene.approve("ada", &["--why", "x"]).expect_code(24);
    assert!(
        ran.stderr.contains("[PLUGIN_PIN_MISMATCH]"),
        "{}",
        ran.stderr
    );
}

/// A list that text cannot be added to is left alone.
#[test]
fn a_list_that_is_written_in_another_way() {
    let scene = Scene::new();
    scene
        .set
        .write("approved.toml", "format = 2\napproved = []\n");
    let ran = scene.approve("ada", &["--why", "x"]).expect_code(24);
    assert!(ran.stderr.contains("[NOT_ADDED]"), "{}", ran.stderr);
    assert!(ran.stderr.contains("add by hand"), "{}", ran.stderr);
    assert_eq!(scene.list(), "format = 2\napproved = []\n");
    scene.set.write("approved.toml", "format = 3\n");
    let ran = scene.approve("ada", &["--why", "x"]).expect_code(24);
    assert!(ran.stderr.contains("upgrade the host"), "{}", ran.stderr);
}
