//! `birth plugin verify --rebuild` where the bytes are not the same: another
//! compiler is made up by what is recorded with the approval.

use birth_tests::cli::{Home, Ran, workspace};

use super::{approved, with_custom_section};
use crate::guests;
use crate::plugin_build::{compiling, has_target, says_how_to_get_the_target};
use crate::policies::PolicyDir;

const OTHER: &str = "rustc 1.0.0 (another)";

/// Rebuilds the conflict plugin against a pin, which was built by that compiler.
fn rebuild(pinned: &[u8], builder: Option<&str>, options: &[&str]) -> (Home, Ran) {
    let home = Home::new();
    let set = PolicyDir::of(pinned);
    set.approve(&home);
    if let Some(builder) = builder {
        set.edit(
            "approved.toml",
            "why = ",
            &format!("builder = \"{builder}\"\nwhy = "),
        );
    }
    let source = workspace().join("plugins/conflict");
    let verify = [
        "plugin",
        "verify",
        "--format",
        "json",
        "--policy",
        &set.file(),
    ];
    let verify = home
        .birth(&[&verify[..], options].concat())
        .arg("--rebuild")
        .arg(source.to_str().unwrap());
    let ran = compiling(verify).run();
    (home, ran)
}

#[test]
fn other_bytes_of_another_compiler_have_to_behave_alike() {
    let pinned = std::fs::read(approved("conflict")).unwrap();
    let pinned = with_custom_section(&pinned, 10);
    let (_home, ran) = rebuild(&pinned, Some(OTHER), &[]);
    if !has_target() {
        return says_how_to_get_the_target(ran);
    }
    let report = ran.expect_code(0).json();
    let rebuilt = &report["rebuilt"][0];
    assert_eq!(rebuilt["result"], "agrees");
    assert_eq!(rebuilt["recorded"], OTHER);
    assert!(
        rebuilt["detail"]
            .as_str()
            .unwrap()
            .ends_with("and 149 cases")
    );
    // Alike is not the same, for whoever wants that.
    let (_home, ran) = rebuild(&pinned, Some(OTHER), &["--identical"]);
    let ran = ran.expect_code(24);
    let code = "[REBUILD_NOT_IDENTICAL]";
    assert!(ran.stderr.contains(code), "{}", ran.stderr);
    assert_eq!(ran.json()["ok"], false);
}

#[test]
fn a_component_of_another_source_does_not() {
    let (_home, ran) = rebuild(&guests::well_behaved("conflict"), Some(OTHER), &[]);
    if !has_target() {
        return says_how_to_get_the_target(ran);
    }
    let ran = ran.expect_code(30);
    assert!(ran.stderr.contains("[REBUILD_DISAGREES]"), "{}", ran.stderr);
    let report = ran.json();
    assert_eq!(report["ok"], false);
    assert_eq!(report["rebuilt"][0]["result"], "disagrees");
}

/// Where no other compiler is recorded there is no reason for other bytes.
#[test]
fn other_bytes_without_another_compiler_are_refused() {
    let pinned = std::fs::read(approved("conflict")).unwrap();
    let (_home, ran) = rebuild(&with_custom_section(&pinned, 10), None, &[]);
    if !has_target() {
        return says_how_to_get_the_target(ran);
    }
    let ran = ran.expect_code(24);
    assert!(ran.stderr.contains("[REBUILD_DIFFERS]"), "{}", ran.stderr);
    assert!(ran.stderr.contains("--builder"), "{}", ran.stderr);
    assert_eq!(ran.json()["rebuilt"][0]["result"], "differs");
}

#[test]
fn it_takes_a_source() {
    let home = Home::new();
    home.birth(&["plugin", "verify"]).run().expect_code(2);
    home.birth(&["plugin", "verify", "--rebuild", "nowhere"])
        .run()
        .expect_code(20);
}
