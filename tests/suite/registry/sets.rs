//! Policy sets that name components in a registry: fetched by hand, run from
//! the store, and never fetched by anything that runs.

use std::fs;

use birth_tests::cli::{Home, Ran};
use birth_tests::database::Database;
use birth_tests::server;

use super::server::{Registry, Setup};
use super::{push, sha256, shipped, store, stored};
use crate::coverage_scene::Scene;
use crate::estates::PLAIN;
use crate::policies::PolicyDir;

const ROLES: [&str; 3] = ["classification", "conflict", "coverage"];

/// The shipped set without its files: every plugin is in a registry.
struct Stage {
    registry: Registry,
    set: PolicyDir,
    home: Home,
}

impl Stage {
    fn new() -> Self {
        let stage = Self {
            registry: Registry::start(&Setup::default()),
            set: PolicyDir::shipped(),
            home: Home::new(),
        };
        for role in ROLES {
            let reference = stage.push(role);
            stage.name(role, &reference);
            fs::remove_file(stage.set.path().join(format!("{role}.wasm"))).unwrap();
        }
        stage
    }

    /// Pushes a plugin and gives its reference for the set.
    fn push(&self, role: &str) -> String {
        let to = self.registry.reference(&format!("policies/{role}:3"));
        let pushed = push(&self.home, role, &to, &["--insecure-http"]);
        let pushed = pushed.expect_code(0).json();
        pushed["reference"].as_str().unwrap().to_owned()
    }

    fn name(&self, role: &str, place: &str) {
        let from = format!("file = \"{role}.wasm\"");
        self.set
            .edit("policy.toml", &from, &format!("file = \"{place}\""));
    }

    fn pull(&self, options: &[&str]) -> Ran {
        let file = self.set.file();
        let arguments = [
            &[
                "plugin",
                "pull",
                "--policy",
                &file,
                "--insecure-http",
                "--format",
                "json",
            ],
            options,
        ];
        self.home.birth(&arguments.concat()).run()
    }

    fn verify(&self) -> Ran {
        self.set.policy(&self.home, &["verify"]).run()
    }
}

#[track_caller]
fn failed(ran: &Ran, exit: i32, code: &str, says: &[&str]) {
    assert_eq!(ran.code, Some(exit), "{ran:?}");
    let error = &ran.json()["error"];
    assert_eq!(error["code"], code, "{ran:?}");
    for text in says {
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(text), "no {text:?} in: {message}");
    }
}

/// From a registry to a change in a database, with the registry gone.
#[test]
fn a_set_runs_from_the_store() {
    let stage = Stage::new();
    let db = Database::new(server::one(), PLAIN.script);
    let before = db.shape(PLAIN.registry);
    for command in [&["plan", "storage"][..], &["apply", "storage", "--yes"]] {
        let ran = stage.set.on(&stage.home, &db, command).run();
        assert_eq!(ran.code, Some(24), "{ran:?}");
        let all = format!("{}{}", ran.stdout, ran.stderr);
        assert!(all.contains("PLUGIN_NOT_IN_STORE"), "{all}");
        assert!(all.contains("run `birth plugin pull --policy"), "{all}");
    }
    assert_eq!(db.shape(PLAIN.registry), before);
    assert_eq!(stored(&stage.home), [""; 0], "nothing was fetched");
    failed(
        &stage.pull(&["--offline"]),
        31,
        "PLUGIN_NOT_IN_STORE",
        &["classification"],
    );

    let pulled = stage.pull(&[]).expect_code(0).json();
    let plugins = pulled["plugins"].as_array().unwrap();
    let roles: Vec<&str> = plugins
        .iter()
        .map(|p| p["role"].as_str().unwrap())
        .collect();
    assert_eq!(roles, ROLES);
    assert!(plugins.iter().all(|p| p["from"] == "registry"));
    let Stage {
        registry,
        set,
        home,
    } = stage;
    drop(registry);

    // Moving the plugins did not change the revision: the approval still fits.
    set.policy(&home, &["verify"]).run().expect_code(0);
    let applied = set.on(&home, &db, &["apply", "storage", "--yes"]).run();
    assert_eq!(applied.expect_code(0).get("b3p_ddl_status"), "PASS");
    // Nothing is asked of the registry that is gone.
    let file = set.file();
    for options in [&[][..], &["--offline"]] {
        let pull = ["plugin", "pull", "--policy", &file, "--format", "json"];
        let again = home.birth(&[&pull, options].concat()).run();
        let again = again.expect_code(0).json();
        let mut plugins = again["plugins"].as_array().unwrap().iter();
        assert!(plugins.all(|p| p["from"] == "store"), "{again}");
    }
}

/// A sweep and a worker that nobody watches wait for no registry either: they
/// say what to run, and go on once it was run.
#[test]
fn sweep_and_gate_never_fetch() {
    let stage = Stage::new();
    let scene = Scene::new();
    scene.register(&["orders"]);
    let commands = [
        &["sweep", "--fail-on", "never"][..],
        &["gate", "drain"],
        &["classify"],
    ];
    for command in commands {
        let ran = stage.set.on(&stage.home, &scene.db, command).run();
        assert_ne!(ran.code, Some(0), "{ran:?}");
        let all = format!("{}{}", ran.stdout, ran.stderr);
        assert!(all.contains("PLUGIN_NOT_IN_STORE"), "{all}");
        assert!(all.contains("run `birth plugin pull --policy"), "{all}");
    }
    assert_eq!(scene.issues(), [""; 0]);
    assert_eq!(stored(&stage.home), [""; 0], "nothing was fetched");
    stage.pull(&[]).expect_code(0);
    let Stage {
        registry,
        set,
        home,
    } = stage;
    drop(registry);
    for command in commands {
        set.on(&home, &scene.db, command).run().expect_code(0);
    }
    assert!(!scene.issues().is_empty());
}

#[test]
fn a_damaged_store_is_noticed_and_mended() {
    let stage = Stage::new();
    stage.pull(&[]).expect_code(0);
    let path = store(&stage.home).join(sha256(&shipped("conflict")).to_string());
    let right = fs::read(&path).unwrap();
    let mut wrong = right.clone();
    *wrong.last_mut().unwrap() ^= 1;
    for damaged in [&wrong[..], &right[..100], b""] {
        fs::write(&path, damaged).unwrap();
        let verified = stage.verify();
        assert_eq!(verified.code, Some(24), "{verified:?}");
        assert!(verified.stdout.contains("it is damaged"), "{verified:?}");
        assert!(verified.stdout.contains("birth plugin pull --policy"));
        failed(&stage.pull(&["--offline"]), 31, "PLUGIN_NOT_IN_STORE", &[]);
        stage.pull(&[]).expect_code(0);
        assert_eq!(fs::read(&path).unwrap(), right);
    }
    // A directory in its place is nothing that could be replaced.
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(stage.verify().stdout.contains("is no file"));
    failed(&stage.pull(&[]), 28, "PLUGIN_STORE_NOT_WRITTEN", &[]);
    fs::remove_dir(&path).unwrap();
    stage.pull(&[]).expect_code(0);
    stage.verify().expect_code(0);
}

/// Another store is another place, and named as such.
#[test]
fn the_store_can_be_elsewhere() {
    let stage = Stage::new();
    let elsewhere = stage.home.path().join("elsewhere");
    let elsewhere = elsewhere.to_str().unwrap();
    stage.pull(&["--store", elsewhere]).expect_code(0);
    assert_eq!(stored(&stage.home), [""; 0]);
    let verified = stage.verify();
    assert!(
        verified.stdout.contains(".local/share/birth/plugins"),
        "{verified:?}"
    );
    let verify = stage.set.policy(&stage.home, &["verify"]);
    let verify = verify.env("BIRTH_PLUGIN_STORE", elsewhere);
    verify.run().expect_code(0);
    let homeless = stage.set.policy(&stage.home, &["verify"]).env("HOME", "");
    let homeless = homeless.run();
    assert_eq!(homeless.code, Some(24), "{homeless:?}");
    assert!(homeless.stdout.contains("is not in the plugin store;"));
}

/// The manifest and the pin have to agree, and the role.
#[test]
fn what_is_named_has_to_be_what_is_pinned() {
    let stage = Stage::new();
    let pin = sha256(&shipped("conflict")).to_string();
    let other = sha256(&shipped("coverage")).to_string();
    stage.set.edit("policy.toml", &pin, &other);
    let says = ["plugin `conflict`", &pin[..], &other[..]];
    // The first plugin is right, and is kept.
    failed(&stage.pull(&[]), 24, "PLUGIN_PIN_MISMATCH", &says);
    assert_eq!(stored(&stage.home).len(), 2);
    let reference = stage.push("conflict");
    stage
        .set
        .edit("policy.toml", &reference, &stage.push("coverage"));
    let says = ["of the role `coverage`, not `conflict`"];
    failed(&stage.pull(&[]), 24, "PLUGIN_WRONG_ROLE", &says);
    assert_eq!(stored(&stage.home).len(), 2);
}

#[test]
fn a_policy_set_may_not_name_what_can_be_moved() {
    let home = Home::new();
    for (place, says) in [
        ("oci://r.example/a:3", "by the digest of its manifest"),
        ("oci://r.example/a", "by the digest of its manifest"),
        ("https://r.example/a.wasm", "begins with oci://"),
        (
            "oci://me:hidden@r.example/a",
            "holds no user and no password",
        ),
        ("oci://r.example/A@sha256:00", "the digest is not sha256:"),
    ] {
        let set = PolicyDir::shipped();
        set.edit("policy.toml", "conflict.wasm", place);
        let file = set.file();
        for command in [&["policy", "show"][..], &["plugin", "pull"]] {
            let options = ["--policy", &file, "--format", "json"];
            let ran = home.birth(&[command, &options].concat()).run();
            failed(&ran, 24, "POLICY_SET_NOT_USABLE", &["conflict", says]);
            assert!(!format!("{ran:?}").contains("hidden"), "{ran:?}");
        }
    }
}

#[test]
fn a_set_of_files_needs_no_registry() {
    let (set, home) = (PolicyDir::shipped(), Home::new());
    let pull = ["plugin", "pull", "--policy", &set.file()];
    let ran = home.birth(&pull).run().expect_code(0);
    assert!(ran.stdout.contains("nothing to fetch"), "{ran:?}");
}

/// A set comes from others: the password of the environment is not shown to
/// whatever registry it names.
#[test]
fn a_set_does_not_choose_who_sees_a_password() {
    let stage = Stage::new();
    let file = stage.set.file();
    let pull = || {
        let arguments = ["plugin", "pull", "--policy", &file, "--insecure-http"];
        let birth = stage
            .home
            .birth(&[&arguments[..], &["--format", "json"]].concat());
        birth
            .env("BIRTH_REGISTRY_USER", super::USER)
            .env("BIRTH_REGISTRY_PASSWORD", super::PASSWORD)
    };
    let ran = pull().run();
    failed(&ran, 20, "REGISTRY_CREDENTIALS", &["may name any registry"]);
    pull()
        .env("BIRTH_REGISTRY_HOST", "r.example")
        .run()
        .expect_code(0);
}
