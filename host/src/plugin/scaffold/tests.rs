#![expect(clippy::unwrap_used, reason = "tests state what they expect")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::*;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn toml(text: &str) -> toml::Table {
    toml::from_str(text).unwrap()
}

fn below(folder: PathBuf, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            below(path, found);
        } else {
            let path = path.strip_prefix(root()).unwrap();
            found.insert(path.to_str().unwrap().to_owned());
        }
    }
}

/// A module that the SDK gets must reach the crates too.
#[test]
fn the_copy_is_whole() {
    let mut there = BTreeSet::new();
    for folder in ["plugins/sdk/src", "plugins/sdk/bindings", "wit"] {
        below(root().join(folder), &mut there);
    }
    there.insert("plugins/sdk/Cargo.toml".to_owned());
    let copied: BTreeSet<String> = COPIED.iter().map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(copied, there);
}

/// The SDK inherits from the workspace it is in: the copy's must say the same.
#[test]
fn the_copys_workspace_says_what_ours_says() {
    let own = toml(&std::fs::read_to_string(root().join("Cargo.toml")).unwrap());
    let files = files(Role::Coverage, "mine").unwrap();
    let text = |path: &str| &files.iter().find(|(p, _)| p == path).unwrap().1;
    let copy = toml(text("birth/Cargo.toml"));
    let (own, copy) = (&own["workspace"], &copy["workspace"]);
    assert_eq!(own["package"], copy["package"]);
    let dependencies = copy["dependencies"].as_table().unwrap();
    assert!(dependencies.len() >= 4);
    for (name, dependency) in dependencies {
        assert_eq!(own["dependencies"][name], *dependency, "{name}");
    }
    let own = toml(&std::fs::read_to_string(root().join("Cargo.toml")).unwrap());
    let crates = toml(text("Cargo.toml"));
    assert_eq!(own["profile"]["plugin"], crates["profile"]["plugin"]);
    for name in ["serde", "serde_json"] {
        let ours = &own["workspace"]["dependencies"][name];
        assert_eq!(*ours, crates["dev-dependencies"][name], "{name}");
    }
}

/// What a crate is built with is what this project is built with. To make the
/// lock anew: `birth plugin new`, `cargo update` in the crate with this
/// project's Cargo.lock as its own, and leave out the crate's own entry.
#[test]
fn the_lock_holds_versions_of_ours() {
    let own = toml(&std::fs::read_to_string(root().join("Cargo.lock")).unwrap());
    let own: BTreeSet<(String, String)> = packages(&own).collect();
    let lock = toml(LOCK);
    assert!(packages(&lock).count() > 30);
    for package in packages(&lock) {
        assert!(own.contains(&package), "{package:?}");
    }
}

fn packages(lock: &toml::Table) -> impl Iterator<Item = (String, String)> + '_ {
    let text = |package: &toml::Value, key: &str| {
        let value = package.get(key).and_then(toml::Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    let packages = lock["package"].as_array().unwrap();
    packages.iter().map(move |package| {
        let version = format!("{} {}", text(package, "version"), text(package, "checksum"));
        (text(package, "name"), version)
    })
}

#[test]
fn the_crates_entry_stands_in_its_order() {
    for name in ["aaa", "mine", "serde-mine", "zzz"] {
        let lock = toml(&lock(name));
        let names: Vec<String> = packages(&lock).map(|(name, _)| name).collect();
        assert!(names.is_sorted(), "{names:?}");
        assert!(names.iter().any(|other| other == name));
        assert_eq!(names.len(), packages(&toml(LOCK)).count() + 1);
    }
}

#[test]
fn every_word_is_filled_in() {
    for role in Role::ALL {
        for (path, text) in files(role, "my-rules").unwrap() {
            for word in ["PLUGIN_", "BIRTH_VERSION"] {
                assert!(!text.contains(word), "{path} holds {word}");
            }
        }
    }
}

#[test]
fn names_that_cannot_be_had_are_refused() {
    let form = |name: &str| Err(NameError::Form(name.to_owned()));
    let long = "n".repeat(65);
    for name in [
        "", "-", "a-", "1a", "A", "a_b", "a b", "a/b", "..", "é", "a\n", &long,
    ] {
        assert_eq!(files(Role::Conflict, name).map(|_| ()), form(name));
    }
    let reserved = |name: &str| Err(NameError::Reserved(name.to_owned()));
    for name in ["test", "std", "fn", "con"] {
        assert_eq!(files(Role::Conflict, name).map(|_| ()), reserved(name));
    }
    let taken = |name: &str| Err(NameError::Taken(name.to_owned()));
    for name in ["serde", "serde-json", "birth-sdk", "wit-bindgen"] {
        assert_eq!(files(Role::Conflict, name).map(|_| ()), taken(name));
    }
    assert!(files(Role::Conflict, "a1-b2").is_ok());
}
