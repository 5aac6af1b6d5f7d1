//! Policy sets that may not run: each has its own error, and nothing changes.

use birth_tests::cli::{Home, Ran};
use birth_tests::database::Database;
use birth_tests::server;

use crate::estates::PLAIN;
use crate::policies::{PolicyDir, approval};

/// A bad set is refused by everything that opens it, with the same code.
#[track_caller]
fn refused_everywhere(set: &PolicyDir, code: &str, says: &[&str]) {
    let (db, home) = (Database::new(server::one(), PLAIN.script), Home::new());
    let before = db.shape(PLAIN.registry);
    let database: [&[&str]; 3] = [
        &["plan", "storage"],
        &["apply", "storage", "--yes"],
        &["apply", "storage", "--yes", "--format", "json"],
    ];
    let mut runs: Vec<Ran> = database
        .iter()
        .map(|command| set.on(&home, &db, command).run())
        .collect();
    runs.push(set.policy(&home, &["verify"]).run());
    for ran in &runs {
        assert_eq!(ran.code, Some(24), "{ran:?}");
        let shown = format!("{}{}", ran.stdout, ran.stderr);
        for text in says {
            assert!(shown.contains(text), "no {text:?} in: {shown}");
        }
        // Where a run was begun its response says so, in either form.
        if ran.stdout.starts_with('{') {
            let response = ran.json();
            assert_eq!(response["b3p_ddl_status"], "FAILED");
            let reason = response["reason"].as_str().unwrap();
            assert!(reason.starts_with(&format!("{code}: ")), "{reason}");
        }
    }
    for ran in &runs[..3] {
        assert!(ran.stderr.contains(&format!("[{code}]")), "{}", ran.stderr);
    }
    assert_eq!(db.shape(PLAIN.registry), before);
}

#[test]
fn a_wrong_pin() {
    let set = PolicyDir::shipped();
    let mut bytes = std::fs::read(set.path().join("conflict.wasm")).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    set.write("conflict.wasm", bytes);
    refused_everywhere(
        &set,
        "PLUGIN_PIN_MISMATCH",
        &["sha256", "restore the pinned"],
    );
}

#[test]
fn a_missing_plugin() {
    let set = PolicyDir::shipped();
    std::fs::remove_file(set.path().join("conflict.wasm")).unwrap();
    refused_everywhere(&set, "PLUGIN_MISSING", &["conflict.wasm"]);
}

/// The directory of the set is as far as the host looks, with `..`, with an
/// absolute path and through a link.
#[test]
fn a_plugin_outside_the_directory() {
    let outside = PolicyDir::shipped();
    let there = outside.path().join("conflict.wasm");
    let set = PolicyDir::shipped();
    std::fs::remove_file(set.path().join("conflict.wasm")).unwrap();
    let up = format!(
        "../{}/conflict.wasm",
        outside.path().file_name().unwrap().to_str().unwrap()
    );
    assert!(set.path().join(&up).exists(), "it could be read");
    let original = std::fs::read_to_string(set.path().join("policy.toml")).unwrap();
    for name in [up.as_str(), there.to_str().unwrap(), "link.wasm"] {
        set.write("policy.toml", &original);
        set.edit("policy.toml", "\"conflict.wasm\"", &format!("{name:?}"));
        let _ = std::os::unix::fs::symlink(&there, set.path().join("link.wasm"));
        refused_everywhere(&set, "PLUGIN_MISSING", &[name]);
    }
}

#[test]
fn a_policy_set_that_is_missing() {
    let (db, home) = (Database::new(server::one(), PLAIN.script), Home::new());
    let command = ["plan", "storage", "--policy", "nowhere/policy.toml"];
    let ran = home.on(&db, &command).run().expect_code(28);
    assert!(ran.stderr.contains("[FILE_NOT_READABLE]"), "{}", ran.stderr);
    assert!(ran.stderr.contains("nowhere/policy.toml"), "{}", ran.stderr);

    // An approval list that was named has to be there; the one beside the set
    // may be absent, which approves nothing.
    let set = PolicyDir::shipped();
    let named = set.policy(&home, &["verify", "--approved", "nowhere.toml"]);
    let ran = named.run().expect_code(28);
    assert!(ran.stderr.contains("nowhere.toml"), "{}", ran.stderr);
    std::fs::remove_file(set.path().join("approved.toml")).unwrap();
    let ran = set.policy(&home, &["verify"]).run().expect_code(24);
    assert!(ran.stdout.contains("is not approved"), "{}", ran.stdout);
}

/// Files that do not read: what is wrong is said, with the file's name.
#[test]
fn files_that_cannot_be_used() {
    let wit = "wit = \"0.1.0\"";
    let settings = "accept-varchar = true";
    let rows = [
        (
            "policy.toml",
            "format = 1",
            "format = 2",
            "has format 2; this host reads up to 1",
        ),
        (
            "policy.toml",
            "format = 1",
            "format = 2\nsigned = 'yes'",
            "has format 2",
        ),
        ("policy.toml", "format = 1", "", "missing field `format`"),
        (
            "policy.toml",
            "revision = 4",
            "revision = 1\nowner = 'x'",
            "unknown field `owner`",
        ),
        (
            "policy.toml",
            "revision = 4",
            "revision = -1",
            "not readable",
        ),
        (
            "policy.toml",
            wit,
            "wit = \"0.2.0\"",
            "is for WIT version 0.2.0",
        ),
        (
            "policy.toml",
            "[plugin.conflict.settings]",
            "[plugin.other]",
            "unknown variant `other`",
        ),
        ("policy.toml", "sha256 = \"", "sha256 = \"x", "not readable"),
        (
            "policy.toml",
            settings,
            "accept-varchar = 1.5",
            "setting `accept-varchar` is a float",
        ),
        (
            "policy.toml",
            settings,
            "when = 2026-01-01",
            "setting `when` is a date",
        ),
        (
            "policy.toml",
            settings,
            "list = [1]",
            "`list` is a list with something other than text",
        ),
        ("policy.toml", settings, "\"a.b\" = true", "holds a dot"),
        (
            "policy.toml",
            "[plugin.conflict.settings]",
            "[plugin.conflict.setting]",
            "unknown field",
        ),
        ("policy.toml", "format = 1", "format = ", "not readable"),
        (
            "approved.toml",
            "format = 1",
            "format = 3",
            "has format 3; this host reads up to 2",
        ),
        ("approved.toml", "format = 1", "", "missing field `format`"),
        (
            "approved.toml",
            "format = 1",
            "format = 1\nall = true",
            "unknown field `all`",
        ),
        (
            "approved.toml",
            "revision = 2",
            "revision = 2\nsigned = 'x'",
            "unknown field",
        ),
        (
            "approved.toml",
            "revision = 2",
            "revision = 2\nwit = '0.1.0'",
            "write `format = 2`",
        ),
        (
            "approved.toml",
            "digest = \"",
            "digest = \"0",
            "not readable",
        ),
    ];
    let (db, home) = (Database::new(server::one(), PLAIN.script), Home::new());
    let before = db.shape(PLAIN.registry);
    for (file, from, to, says) in rows {
        let set = PolicyDir::shipped();
        set.edit(file, from, to);
        let code = match file {
            "policy.toml" => "POLICY_SET_NOT_USABLE",
            _ => "APPROVALS_NOT_USABLE",
        };
        let runs = [
            set.on(&home, &db, &["apply", "storage", "--yes"]).run(),
            set.policy(&home, &["verify", "--format", "json"]).run(),
            set.policy(&home, &["show", "--format", "json"]).run(),
        ];
        for ran in runs {
            assert_eq!(ran.code, Some(24), "{to}: {ran:?}");
            assert!(ran.stderr.contains(&format!("[{code}]")), "{}", ran.stderr);
            assert!(ran.stderr.contains(says), "{to}: {}", ran.stderr);
            assert!(ran.stderr.contains(file), "{to}: {}", ran.stderr);
            // `apply` closes with a final response, the others were asked for JSON.
            if ran.stdout.starts_with('{') {
                assert_eq!(ran.json()["error"]["code"], code, "{}", ran.stdout);
                assert_eq!(ran.json()["error"]["exit_code"], 24);
            } else {
                assert_eq!(ran.get("b3p_ddl_status"), "FAILED");
                assert!(ran.get("reason").starts_with(code), "{}", ran.stdout);
            }
        }
    }
    assert_eq!(db.shape(PLAIN.registry), before);
    assert!(home.run_ids().is_empty(), "none of this is a run");
}

#[test]
fn an_approval_that_stands_twice() {
    let (home, set) = (Home::new(), PolicyDir::shipped());
    let digest = set.approve(&home);
    let twice = approval(&digest).repeat(2);
    set.write("approved.toml", format!("format = 1\n{twice}"));
    let ran = set.policy(&home, &["verify"]).run().expect_code(24);
    assert!(
        ran.stderr.contains("[APPROVALS_NOT_USABLE]"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains(&format!("{digest} is approved twice")),
        "{}",
        ran.stderr
    );
}

/// Only what was approved is executed; planning is allowed, and says so.
#[test]
fn settings_changed_without_approval() {
    let (db, home) = (Database::new(server::one(), PLAIN.script), Home::new());
    let before = db.shape(PLAIN.registry);
    let set = PolicyDir::shipped();
    set.edit(
        "policy.toml",
        "accept-varchar = true",
        "accept-varchar = false",
    );

    let apply = ["apply", "storage", "--yes"];
    let ran = set.on(&home, &db, &apply).run().expect_code(24);
    assert!(
        ran.stderr.contains("[POLICY_NOT_APPROVED]"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("approved.toml"), "{}", ran.stderr);
    assert_eq!(db.shape(PLAIN.registry), before);
    assert!(home.run_ids().is_empty());

    let plan = ["plan", "storage", "--format", "json", "--out", "plan.json"];
    let ran = set.on(&home, &db, &plan).run().expect_code(0);
    assert!(ran.stderr.contains("NOT APPROVED"), "{}", ran.stderr);
    assert_eq!(ran.json()["approved"], false);
    let text = set.on(&home, &db, &["plan", "storage"]).run();
    assert!(text.expect_code(0).stdout.contains("NOT APPROVED"));

    // A saved plan is no way around it.
    let with_plan = ["apply", "storage", "--plan", "plan.json"];
    let ran = set.on(&home, &db, &with_plan).run().expect_code(24);
    assert!(
        ran.stderr.contains("[POLICY_NOT_APPROVED]"),
        "{}",
        ran.stderr
    );
    assert_eq!(db.shape(PLAIN.registry), before);

    let ran = set.policy(&home, &["verify", "--format", "json"]).run();
    let found = ran.expect_code(24).json();
    assert_eq!(found["ok"], false);
    let checks = found["checks"].as_array().unwrap();
    let failed: Vec<_> = checks.iter().filter(|c| c["outcome"] == "failed").collect();
    assert_eq!(failed.len(), 1, "{found}");
    assert_eq!(failed[0]["what"], "approval");
    assert_eq!(failed[0]["error"]["code"], "POLICY_NOT_APPROVED");

    // Approved, it is executed, and the run carries the digest.
    let digest = set.approve(&home);
    let ran = set.on(&home, &db, &with_plan).run().expect_code(0);
    assert_eq!(ran.get("columns_added"), "6");
    let report = std::fs::read_to_string(home.run(&ran.run_id()).join("report.md")).unwrap();
    assert!(report.contains(&digest), "{report}");
}

#[test]
fn settings_that_the_plugin_rejects() {
    let rows = [
        (
            "accept-varchar = true",
            "accept-varchar = 'yes'",
            "accept-varchar",
        ),
        (
            "accept-varchar = true",
            "accept-varchars = true",
            "accept-varchars",
        ),
        (
            "shortest-free-text = 64",
            "shortest-free-text = 0",
            "shortest-free-text",
        ),
    ];
    for (from, to, key) in rows {
        let set = PolicyDir::shipped();
        set.edit("policy.toml", from, to);
        // Approval does not help: the plugin has the last word on its settings.
        set.approve(&Home::new());
        let named = format!("`{key}`");
        refused_everywhere(
            &set,
            "PLUGIN_SETTINGS_REJECTED",
            &["rejects its settings", &named, "[plugin.conflict.settings]"],
        );
    }
}

#[test]
fn verify_and_show_in_both_forms() {
    let (home, set) = (Home::new(), PolicyDir::shipped());
    let shown = set.policy(&home, &["show", "--format", "json"]).run();
    let shown = shown.expect_code(0).json();
    let digest = shown["digest"].as_str().unwrap();
    assert_eq!(shown["name"], "birth");
    assert_eq!(shown["approval"]["digest"], digest);
    assert_eq!(
        shown["plugins"]["conflict"]["settings"]["shortest-free-text"],
        64
    );

    let text = set.policy(&home, &["show"]).run().expect_code(0).stdout;
    let pin = shown["plugins"]["conflict"]["sha256"].as_str().unwrap();
    for part in [digest, pin, "shortest-free-text = 64", "the birth project"] {
        assert!(text.contains(part), "no {part:?} in: {text}");
    }

    let verified = set.policy(&home, &["verify", "--format", "json"]).run();
    let verified = verified.expect_code(0).json();
    assert_eq!(
        (&verified["ok"], &verified["digest"]),
        (&true.into(), &digest.into())
    );
    let what = verified["checks"].as_array().unwrap().iter();
    let what: Vec<&str> = what.map(|c| c["what"].as_str().unwrap()).collect();
    let of_role = ["pin", "component", "description", "settings"];
    let of_set = ["approval", "signatures", "chain", "order"];
    let expected = [&of_role.repeat(3)[..], &of_set].concat();
    assert_eq!(what, expected);
    let text = set.policy(&home, &["verify"]).run().expect_code(0).stdout;
    assert_eq!(
        text.lines().filter(|l| l.contains(" ok ")).count(),
        expected.len(),
        "{text}"
    );
    assert!(!text.contains("FAILED"), "{text}");

    // The built-in set is the one that the repository holds.
    let built_in = home.birth(&["policy", "verify", "--format", "json"]).run();
    assert_eq!(built_in.expect_code(0).json()["digest"], digest);

    // After a failed step the later ones are named as not run.
    set.write("conflict.wasm", "other");
    let text = set.policy(&home, &["verify"]).run().expect_code(24).stdout;
    assert!(
        text.contains("FAILED") && text.contains("not run"),
        "{text}"
    );
}
