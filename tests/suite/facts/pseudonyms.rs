//! Pseudonyms: no name is left, and what the approved policy says of a collection
//! stays what it was.

use std::collections::BTreeSet;

use birth_core::facts::classification::ClassificationFacts;
use birth_core::facts::pseudonym::{Pseudonyms, WORDS};
use birth_core::policy::Role;
use birth_core::policy::approved::Approvals;
use birth_core::policy::set::PolicySet;
use birth_host::plugin::call::Batch;
use birth_host::plugin::limits::Limits;
use birth_host::plugin::set::{PluginFiles, PolicyRuntime};
use birth_tests::cli::workspace;
use cap_std::ambient_authority;
use cap_std::fs::Dir;

use super::{exported, scene, uncompressed};
use crate::corpus_on_server::corpus;

#[path = "../../generated/mod.rs"]
mod generated;

#[test]
fn no_name_of_the_estate_is_left_and_no_two_exports_are_alike() {
    let scene = scene();
    let plain = uncompressed(&exported(&scene, &[]));
    assert!(plain.contains("zebra") && plain.contains("Zoe"));
    let one = uncompressed(&exported(&scene, &["--pseudonyms"]));
    let two = uncompressed(&exported(&scene, &["--pseudonyms"]));
    assert_ne!(one, two, "the secret is another one");
    for text in [&one, &two] {
        for name in ["zebra", "Zoe", "Ann", scene.db.name()] {
            assert!(!text.contains(name), "{name} is left");
        }
        // What rules look at is.
        for kept in [
            "observed",
            "_visits",
            "BIRTH_REQUIRED",
            "timestamp with time zone",
            "_id",
        ] {
            assert!(text.contains(kept), "{kept} is gone");
        }
        assert!(text.contains("\"system_identifier\":0,"));
    }
    let file = exported(&scene, &["--pseudonyms"]);
    let stat = ["facts", "stat", file.to_str().unwrap(), "--format", "json"];
    let stat = scene.home.birth(&stat).run().expect_code(0).json();
    assert_eq!(stat["pseudonyms"], true);
    assert_eq!(stat["subjects"]["classification"], 6);
}

/// Both sides of a foreign key, and what coverage says, agree with each other as
/// they did.
#[test]
fn verdicts_stay_what_they_were() {
    let scene = scene();
    let diff = |file: &str| {
        let command = [
            "policy",
            "diff",
            "approved:2",
            "approved:4",
            "--facts",
            file,
            "--role",
            "classification",
        ];
        scene
            .home
            .birth(&command)
            .arg("--format")
            .arg("json")
            .run()
            .json()
    };
    let plain = diff(exported(&scene, &[]).to_str().unwrap());
    let hidden = diff(exported(&scene, &["--pseudonyms"]).to_str().unwrap());
    for key in ["subjects", "verdicts_changed", "moves"] {
        let of = |diff: &serde_json::Value| diff["roles"]["classification"][key].clone();
        assert_eq!(of(&plain), of(&hidden), "{key}");
        assert!(!of(&plain).is_null());
    }
}

fn approved() -> PolicyRuntime {
    let folder = workspace().join("plugins/approved");
    let text = std::fs::read_to_string(folder.join("policy.toml")).unwrap();
    PolicyRuntime::open(
        PluginFiles::Directory(Dir::open_ambient_dir(&folder, ambient_authority()).unwrap()),
        PolicySet::parse(&text).unwrap(),
        &Approvals::parse("format = 1\n").unwrap(),
        None,
        Limits::default(),
    )
}

#[test]
fn the_corpus_is_classified_alike_under_pseudonyms() {
    let policy = approved();
    let statuses = |facts: &ClassificationFacts| {
        let batch = Batch::Classification(facts);
        let found = policy.judge_unworded(Role::Classification, batch).unwrap();
        let status = found.raw.status;
        found
            .places
            .iter()
            .map(|place| status[*place as usize])
            .collect::<Vec<u8>>()
    };
    let shapes = generated::shapes();
    let count = shapes.len();
    assert!(count > 200, "{count}");
    let mut pseudonyms = Pseudonyms::new([7; 32], std::iter::empty());
    let (mut other, mut hidden) = (Vec::new(), 0);
    for facts in generated::encode(&generated::generate(count)).into_batches() {
        let renamed = pseudonyms.classification(facts.clone());
        renamed.check().unwrap();
        let pairs = statuses(&facts).into_iter().zip(statuses(&renamed));
        for (at, (was, is)) in pairs.enumerate() {
            let key = |facts: &ClassificationFacts| facts.subject(at).unwrap().key.to_owned();
            if was != is {
                other.push((key(&facts), was, is));
            }
            hidden += usize::from(key(&facts) != key(&renamed));
        }
    }
    assert_eq!(other, [], "of {count}: these are classified otherwise");
    assert!(
        hidden * 4 >= count,
        "only {hidden} of {count} keys are hidden"
    );
}

/// The vocabulary has every word that the rules of our plugins test in names.
#[test]
fn the_vocabulary_is_that_of_the_rules() {
    let kept: BTreeSet<&str> = WORDS.lines().collect();
    let mut open: Vec<_> = ["classification", "conflict", "coverage"]
        .iter()
        .map(|plugin| workspace().join("plugins").join(plugin).join("src"))
        .collect();
    let mut words = BTreeSet::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if !path.ends_with("reason.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]").next().unwrap().lines();
                let code = code.filter(|line| !line.trim_start().starts_with("//"));
                for line in code {
                    // Every other piece stands between quotes.
                    for literal in line.split('"').skip(1).step_by(2) {
                        words.extend(tested(literal));
                    }
                }
            }
        }
    }
    assert!(words.len() > 1000, "{}", words.len());
    let missing: Vec<&String> = words
        .iter()
        .filter(|word| !kept.contains(word.as_str()))
        .collect();
    assert!(missing.is_empty(), "words.txt lacks {missing:?}");
}

/// The words of a literal that can be compared with a part of a name.
fn tested(literal: &str) -> Vec<String> {
    let plain = |c: char| c.is_alphanumeric() && !c.is_uppercase() || c == '_' || c == ' ';
    if literal.is_empty() || !literal.chars().all(plain) {
        return vec![];
    }
    let words = literal.split(['_', ' ']);
    let is_word =
        |word: &&str| word.chars().count() >= 2 && !word.chars().all(|c| c.is_ascii_digit());
    words.filter(is_word).map(str::to_owned).collect()
}
