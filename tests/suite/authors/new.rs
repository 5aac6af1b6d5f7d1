//! `birth plugin new`: the crate works as it is, without a network.

use std::path::Path;
use std::process::Command;

use birth_tests::cli::{Home, binary};
use serde_yaml_ng::Value;

use crate::plugin_build::{compiling, has_target, says_how_to_get_the_target};

/// The commands of the CI file that need no installation, as they stand.
fn steps(folder: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join(".github/workflows/plugin.yml")).unwrap();
    let file: Value = serde_yaml_ng::from_str(&text).unwrap();
    let steps = file["jobs"]["plugin"]["steps"].as_sequence().unwrap();
    let commands = steps.iter().filter_map(|step| step["run"].as_str());
    let wanted = ["cargo fmt", "cargo test", "birth "];
    let commands = commands.filter(|c| wanted.iter().any(|wanted| c.starts_with(wanted)));
    commands.map(str::to_owned).collect()
}

#[test]
fn a_new_crate_passes_its_own_ci() {
    let (home, target) = (Home::new(), tempfile::tempdir().unwrap());
    for role in ["classification", "conflict", "coverage"] {
        let name = format!("my-{role}");
        let folder = home.path().join(&name);
        let made = ["plugin", "new", role, &name, "--directory"];
        home.birth(&made)
            .arg(folder.to_str().unwrap())
            .run()
            .expect_code(0);
        if !has_target() {
            let test = home.birth(&["plugin", "test", "--format", "json"]);
            let ran = compiling(test).arg(folder.to_str().unwrap()).run();
            says_how_to_get_the_target(ran);
            continue;
        }
        let steps = steps(&folder);
        assert_eq!(steps.len(), 6, "{steps:?}");
        for step in steps {
            let words: Vec<&str> = step.split_whitespace().collect();
            let program = match words[0] {
                "birth" => binary().to_path_buf(),
                other => other.into(),
            };
            let ran = Command::new(program)
                .args(&words[1..])
                .current_dir(&folder)
                // Every dependency is one of this project's too.
                .env("CARGO_NET_OFFLINE", "true")
                .env("CARGO_TARGET_DIR", target.path())
                .env_remove("BIRTH_POLICY")
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&ran.stdout);
            let also = String::from_utf8_lossy(&ran.stderr);
            assert!(ran.status.success(), "{role}: {step}\n{said}\n{also}");
        }
        assert!(folder.join(format!("{name}.wasm")).is_file());
    }
}

#[test]
fn nothing_of_anybodys_is_overwritten() {
    let home = Home::new();
    let new = ["plugin", "new", "coverage", "mine"];
    let report = home
        .birth(&[&new[..], &["--format", "json"]].concat())
        .run();
    let report = report.expect_code(0).json();
    assert!(report["files"].as_array().unwrap().len() > 30);
    let folder = home.path().join("mine");
    for file in report["files"].as_array().unwrap() {
        assert!(folder.join(file.as_str().unwrap()).is_file(), "{file}");
    }
    std::fs::write(folder.join("src/rules.rs"), "// mine\n").unwrap();
    let ran = home.birth(&new).run().expect_code(20);
    assert!(
        ran.stderr.contains("[DIRECTORY_NOT_EMPTY]"),
        "{}",
        ran.stderr
    );
    let rules = std::fs::read_to_string(folder.join("src/rules.rs")).unwrap();
    assert_eq!(rules, "// mine\n");
    // A file in the place of the directory.
    std::fs::write(home.path().join("taken"), "").unwrap();
    let ran = home.birth(&["plugin", "new", "coverage", "taken"]).run();
    let said = ran.expect_code(28).stderr;
    assert!(said.contains("[CRATE_NOT_WRITTEN]"), "{said}");
    assert!(said.contains("name another place"), "{said}");
    // What is to be done next can be pasted into a shell.
    let odd = ["--directory", "it's a; place"];
    let ran = home.birth(&[&new[..], &odd].concat()).run().expect_code(0);
    let next = ran.stdout.lines().last().unwrap();
    let command = next.strip_prefix("next: ").unwrap();
    let (cd, _) = command.split_once(" && ").unwrap();
    let there = Command::new("sh")
        .args(["-c", &format!("{cd} && test -f Cargo.toml")])
        .current_dir(home.path())
        .status();
    assert!(there.unwrap().success(), "{next}");
}

#[test]
fn names_and_roles_that_are_none_are_refused() {
    let home = Home::new();
    for name in ["Mine", "a_b", "../x", "serde", "fn", "a\u{1b}[31m"] {
        let ran = home
            .birth(&["plugin", "new", "coverage", name])
            .run()
            .expect_code(20);
        assert!(ran.stderr.contains("[PLUGIN_NAME]"), "{}", ran.stderr);
        assert!(!ran.stderr.contains('\u{1b}'), "{:?}", ran.stderr);
    }
    home.birth(&["plugin", "new", "nonsense", "mine"])
        .run()
        .expect_code(2);
    assert!(!home.path().join("mine").exists());
}
