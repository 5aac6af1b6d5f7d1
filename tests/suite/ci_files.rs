//! What is in `deploy/` for CI: it parses, its commands are ones that the binary
//! takes, and the hook does what it says.

use std::fs;
use std::path::Path;
use std::process::Command;

use birth_tests::cli::{Home, binary, workspace};
use serde_yaml_ng::Value;

use crate::deploy::expect_parses;
use crate::policies::PolicyDir;

fn read(name: &str) -> String {
    fs::read_to_string(workspace().join("deploy").join(name)).unwrap()
}

fn yaml(name: &str) -> Value {
    serde_yaml_ng::from_str(&read(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The command up to where the shell takes over.
fn expect_command(line: &str) {
    let words: Vec<&str> = line.split_whitespace().take_while(|w| *w != ">").collect();
    expect_parses(&words);
}

#[test]
fn the_workflow() {
    let workflow = yaml("ci/github-actions.yml");
    // YAML 1.1 takes `on` for a truth value, this reader does not.
    assert!(workflow["on"]["pull_request"]["paths"][0] == "policy/**");
    assert_eq!(workflow["permissions"]["security-events"], "write");
    let job = &workflow["jobs"]["verify"];
    let steps = job["steps"].as_sequence().unwrap();
    let runs: Vec<&str> = steps.iter().filter_map(|s| s["run"].as_str()).collect();
    assert_eq!(runs.len(), 3);
    runs.iter().for_each(|run| expect_command(run));
    // What is uploaded is what was written, also where verifying failed.
    for (upload, file) in [
        ("codeql-action/upload-sarif", "policy.sarif"),
        ("upload-artifact", "policy.xml"),
    ] {
        let uses = |s: &&Value| s["uses"].as_str().is_some_and(|u| u.contains(upload));
        let step = steps.iter().find(uses).unwrap();
        assert_eq!(step["if"], "always()");
        let with = &step["with"];
        assert!(
            with["sarif_file"] == file || with["path"] == file,
            "{with:?}"
        );
        assert!(
            runs.iter().any(|run| run.ends_with(&format!("> {file}"))),
            "{file}"
        );
    }
    // The trust file is checked out from elsewhere, to where the variable says.
    let trust = job["env"]["BIRTH_TRUST"].as_str().unwrap();
    let checkouts = steps
        .iter()
        .filter(|s| s["uses"].as_str().is_some_and(|u| u.contains("checkout")));
    let elsewhere: Vec<&Value> = checkouts
        .filter(|s| s["with"]["repository"].is_string())
        .collect();
    assert_eq!(elsewhere.len(), 1);
    let folder = elsewhere[0]["with"]["path"].as_str().unwrap();
    assert!(trust.starts_with(&format!("{folder}/")), "{trust}");
}

#[test]
fn the_configuration_of_the_pre_commit_framework() {
    let hook = &yaml("ci/pre-commit-config.yaml")["repos"][0]["hooks"][0];
    assert_eq!(hook["pass_filenames"], false);
    expect_command(hook["entry"].as_str().unwrap());
}

#[test]
fn the_container_file_copies_what_is_there() {
    let text = read("Containerfile");
    let copied: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("COPY "))
        .filter(|line| !line.starts_with("--from"))
        .flat_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words[..words.len() - 1].to_vec()
        })
        .collect();
    for path in &copied {
        assert!(workspace().join(path).exists(), "{path}");
    }
    // Cargo reads every member's manifest, so all have to be there.
    let manifest = fs::read_to_string(workspace().join("Cargo.toml")).unwrap();
    let members = manifest.lines().find(|l| l.starts_with("members")).unwrap();
    for member in members.split('"').skip(1).step_by(2) {
        let top = member.split('/').next().unwrap();
        assert!(copied.contains(&top), "{member} is not copied");
    }
    // The compiler is the one that the workspace asks for.
    let rust = manifest
        .lines()
        .find_map(|l| l.strip_prefix("rust-version = "))
        .unwrap();
    assert!(
        text.contains(&format!("rust:{}-", rust.trim_matches('"'))),
        "{rust}"
    );
    assert!(text.contains("COPY --from=build /src/target/release/birth /usr/local/bin/birth\n"));
    // Not as root, and as the user that the manifests name.
    let user = text.lines().rfind(|l| l.starts_with("USER ")).unwrap();
    let id = user.trim_start_matches("USER ");
    assert!(read("kubernetes/cronjob.yaml").contains(&format!("runAsUser: {id}\n")));
}

fn git(folder: &Path, arguments: &[&str]) -> std::process::Output {
    let path = std::env::var("PATH").unwrap();
    let bin = binary().parent().unwrap().display();
    Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@example.org"])
        .args([
            "-c",
            "init.defaultBranch=main",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PATH", format!("{bin}:{path}"))
        .env("HOME", folder)
        .output()
        .expect("git is needed to try the hook")
}

#[test]
fn the_hook_refuses_what_is_not_approved() {
    let (home, set) = (Home::new(), PolicyDir::shipped());
    let repository = home.path().join("repository");
    let policy = repository.join("policy");
    fs::create_dir_all(&policy).unwrap();
    for entry in fs::read_dir(set.path()).unwrap() {
        let from = entry.unwrap().path();
        fs::copy(&from, policy.join(from.file_name().unwrap())).unwrap();
    }
    let run = |arguments: &[&str]| git(&repository, arguments);
    assert!(run(&["init", "--quiet"]).status.success());
    let hook = workspace().join("deploy/ci/pre-commit");
    fs::copy(hook, repository.join(".git/hooks/pre-commit")).unwrap();
    run(&["add", "."]);
    let first = run(&["commit", "-m", "the shipped set"]);
    assert!(first.status.success(), "{first:?}");

    let settings = policy.join("policy.toml");
    let good = fs::read_to_string(&settings).unwrap();
    fs::write(
        &settings,
        good.replace("accept-varchar = true", "accept-varchar = false"),
    )
    .unwrap();
    run(&["add", "."]);
    let refused = run(&["commit", "-m", "another setting"]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success(), "{refused:?}");
    assert!(
        said.contains("policy/policy.toml does not verify"),
        "{said}"
    );
    // What is staged counts, not what lies about.
    fs::write(&settings, &good).unwrap();
    assert!(!run(&["commit", "-m", "still staged"]).status.success());
    run(&["add", "."]);
    fs::write(&settings, "not even TOML").unwrap();
    fs::write(repository.join("README"), "something else").unwrap();
    run(&["add", "README"]);
    let other = run(&["commit", "-m", "nothing of the policy"]);
    assert!(other.status.success(), "{other:?}");
}
