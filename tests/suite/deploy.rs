//! The units in `deploy/`: they parse, and every option that they use exists.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use birth_tests::cli::{Home, workspace};
use serde_yaml_ng::Value;

fn deploy() -> PathBuf {
    workspace().join("deploy")
}

fn read(name: &str) -> String {
    fs::read_to_string(deploy().join(name)).unwrap()
}

/// The binary takes the options: with `--help` at the end it says so and does
/// nothing; an option or a value that is none stops it before.
#[track_caller]
pub(crate) fn expect_parses(command: &[&str]) {
    let program = Path::new(command[0]).file_name().unwrap();
    assert_eq!(program, "birth", "{command:?}");
    let arguments = [&command[1..], &["--help"]].concat();
    Home::new().birth(&arguments).run().expect_code(0);
}

#[test]
fn an_option_that_is_none_is_noticed() {
    for wrong in [["--shads", "3"], ["--fail-on", "sometimes"]] {
        let arguments = [&["sweep"], &wrong[..], &["--help"]].concat();
        Home::new().birth(&arguments).run().expect_code(2);
    }
}

type Section = BTreeMap<String, Vec<String>>;

/// A unit by systemd.syntax(7), as far as ours go: sections, assignments that
/// may come more than once, comments.
fn unit(name: &str) -> BTreeMap<String, Section> {
    let mut sections: BTreeMap<String, Section> = BTreeMap::new();
    let mut current = None;
    let text = read(name);
    for line in text.lines().map(str::trim_end) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(header) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            assert!(!sections.contains_key(header), "{name}: [{header}] twice");
            current = Some(sections.entry(header.to_owned()).or_default());
            continue;
        }
        let (key, value) = line.split_once('=').expect(line);
        let word = |c: char| c.is_ascii_alphanumeric();
        assert!(!key.is_empty() && key.chars().all(word), "{name}: {line}");
        let section = current.as_mut().expect("a section comes first");
        section
            .entry(key.to_owned())
            .or_default()
            .push(value.to_owned());
    }
    sections
}

#[test]
fn the_systemd_units() {
    let service = unit("systemd/birth-sweep.service");
    assert_eq!(service["Service"]["Type"], ["oneshot"]);
    let command = &service["Service"]["ExecStart"];
    assert_eq!(command.len(), 1);
    let command: Vec<&str> = command[0].split_whitespace().collect();
    assert!(Path::new(command[0]).is_absolute());
    expect_parses(&command);
    let worker = unit("systemd/birth-gate.service");
    let command = worker["Service"]["ExecStart"].concat();
    expect_parses(&command.split_whitespace().collect::<Vec<_>>());
    let timer = unit("systemd/birth-sweep.timer");
    assert!(timer["Timer"].contains_key("OnCalendar"));
    assert_eq!(timer["Install"]["WantedBy"], ["timers.target"]);
}

#[test]
fn the_cron_line() {
    let text = read("cron/birth-sweep");
    let lines: Vec<&str> = text.lines().filter(|l| !l.starts_with('#')).collect();
    let (settings, jobs): (Vec<&str>, Vec<&str>) = lines
        .iter()
        .partition(|l| l.split_once('=').is_some_and(|(k, _)| !k.contains(' ')));
    assert_eq!(settings.len(), 3);
    assert_eq!(jobs.len(), 1);
    // cron takes a percent sign for the end of the line.
    assert!(!jobs[0].contains('%'));
    let words: Vec<&str> = jobs[0].split_whitespace().collect();
    let (schedule, rest) = words.split_at(5);
    let field = |f: &&str| f.chars().all(|c| c.is_ascii_digit() || "*/,-".contains(c));
    assert!(schedule.iter().all(field), "{schedule:?}");
    // The user, then the command up to where the shell takes over.
    let command = &rest[1..];
    let end = command.iter().position(|w| *w == ">").unwrap();
    expect_parses(&command[..end]);
}

fn manifest(name: &str) -> Value {
    serde_yaml_ng::from_str(&read(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Looks at what every pod of ours has, and gives its command.
fn command(name: &str, job: &Value) -> Vec<String> {
    let pod = &job["template"]["spec"];
    let container = &pod["containers"][0];
    let volumes: Vec<&Value> = pod["volumes"].as_sequence().unwrap().iter().collect();
    for mount in container["volumeMounts"].as_sequence().unwrap() {
        let is_there = volumes.iter().any(|volume| volume["name"] == mount["name"]);
        assert!(is_there, "{name}: {mount:?}");
    }
    let words = container["command"].as_sequence().unwrap().iter();
    let command: Vec<String> = words.map(|w| w.as_str().unwrap().to_owned()).collect();
    expect_parses(&command.iter().map(String::as_str).collect::<Vec<_>>());
    command
}

#[test]
fn the_kubernetes_manifests() {
    let name = "kubernetes/cronjob.yaml";
    let cron = manifest(name);
    assert_eq!(
        (&cron["apiVersion"], &cron["kind"]),
        (&"batch/v1".into(), &"CronJob".into())
    );
    let job = &cron["spec"]["jobTemplate"]["spec"];
    assert_eq!(job["template"]["spec"]["restartPolicy"], "Never");
    command(name, job);
    // The code that is no reason to run it again is the code of gaps.
    let rule = &job["podFailurePolicy"]["rules"][0];
    let container = &job["template"]["spec"]["containers"][0]["name"];
    assert_eq!(&rule["onExitCodes"]["containerName"], container);
    assert_eq!(rule["onExitCodes"]["values"][0], 15);

    let name = "kubernetes/indexed-job.yaml";
    let indexed = manifest(name);
    assert_eq!(
        (&indexed["apiVersion"], &indexed["kind"]),
        (&"batch/v1".into(), &"Job".into())
    );
    let job = &indexed["spec"];
    assert_eq!(job["template"]["spec"]["restartPolicy"], "Never");
    assert_eq!(job["completionMode"], "Indexed");
    let command = command(name, job);
    let shards = command.iter().position(|w| w == "--shards").unwrap();
    assert_eq!(
        command[shards + 1],
        job["completions"].as_u64().unwrap().to_string()
    );
}

#[test]
fn the_deployment_of_workers() {
    let name = "kubernetes/gate-deployment.yaml";
    let deployment = manifest(name);
    assert_eq!(
        (&deployment["apiVersion"], &deployment["kind"]),
        (&"apps/v1".into(), &"Deployment".into())
    );
    let spec = &deployment["spec"];
    let labels = &spec["template"]["metadata"]["labels"];
    assert_eq!(&spec["selector"]["matchLabels"], labels);
    let command = command(name, spec);
    // The probes ask where it listens.
    let container = &spec["template"]["spec"]["containers"][0];
    let port = container["ports"][0]["containerPort"].as_u64().unwrap();
    let listen = command.iter().position(|w| w == "--listen").unwrap();
    assert_eq!(command[listen + 1], format!("0.0.0.0:{port}"));
    for (probe, path) in [("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")] {
        assert_eq!(container[probe]["httpGet"]["path"], path);
        assert_eq!(
            container[probe]["httpGet"]["port"],
            container["ports"][0]["name"]
        );
    }
}

#[test]
fn the_example_of_targets_is_one() {
    let text = read("targets.toml");
    let list = birth_core::coverage::TargetList::parse(&text).unwrap();
    assert_eq!(list.0.len(), 2);
}
