//! `birth policy diff`.

use birth_tests::cli::Home;

use super::{exported, refused, scene};
use crate::policies::PolicyDir;

/// A set that does not govern what is observed any more, and for which a decision
/// has to say who made it.
fn changed() -> PolicyDir {
    let set = PolicyDir::shipped();
    set.edit("policy.toml", "revision = 4", "revision = 5");
    for _ in 0..2 {
        set.edit("policy.toml", ", \"observed\"]", "]");
    }
    set.edit(
        "policy.toml",
        "require-review-owner = false",
        "require-review-owner = true",
    );
    set
}

fn diff(home: &Home, old: &str, new: &str, options: &[&str]) -> birth_tests::cli::Ran {
    home.birth(&[&["policy", "diff", old, new], options].concat())
        .run()
}

#[test]
fn every_collection_whose_verdict_is_another() {
    let scene = scene();
    let set = changed();
    let command = ["policy", "diff", "approved:4", &set.file()];
    let live = scene
        .on(&command)
        .arg("--format")
        .arg("json")
        .run()
        .expect_code(30);
    assert!(live.stderr.contains("NOT APPROVED"), "{}", live.stderr);
    let live = live.json();
    assert_eq!(
        (&live["same"], &live["old_approved"], &live["new_approved"]),
        (&false.into(), &true.into(), &false.into())
    );
    let role = &live["roles"]["classification"];
    assert_eq!(
        (&role["subjects"], &role["verdicts_changed"]),
        (&6.into(), &1.into())
    );
    let moved: Vec<_> = role["moves"].as_object().unwrap().values().collect();
    assert_eq!(moved.len(), 1);
    assert_eq!(
        moved[0].as_object().unwrap().values().next().unwrap()["observed"],
        1
    );
    assert_eq!(role["settings"][0]["key"], "governed-roles");
    assert_eq!(live["roles"]["conflict"]["compared"], "identical");
    assert_eq!(live["roles"]["conflict"]["subjects"], 12);
    let coverage = &live["roles"]["coverage"];
    assert_eq!(coverage["compared"], "asked");
    let changes = live["changes"].as_array().unwrap();
    let change = changes
        .iter()
        .find(|c| c["role"] == "classification")
        .unwrap();
    assert_eq!(
        (&change["key"], &change["governance_role"]),
        (&"zebra_visits".into(), &"observed".into())
    );
    assert!(!change["old"]["reasons"].as_array().unwrap().is_empty());
    assert!(!change["new"]["reasons"].as_array().unwrap().is_empty());
    let ungoverned = changes
        .iter()
        .find(|c| c["role"] == "coverage" && c["key"] == "zebra_visits")
        .unwrap();
    assert_eq!(
        (&ungoverned["old"]["status"], &ungoverned["new"]["status"]),
        (&"GAPS".into(), &"NOT_GOVERNED".into())
    );
    let counted = role["verdicts_changed"].as_u64().unwrap()
        + role["reasons_changed"].as_u64().unwrap()
        + coverage["verdicts_changed"].as_u64().unwrap()
        + coverage["reasons_changed"].as_u64().unwrap();
    assert_eq!(changes.len() as u64, counted);

    // The same on a file: the same changes, and the same digest each time.
    let file = exported(&scene, &[]);
    let facts = ["--facts", file.to_str().unwrap(), "--format", "json"];
    let of_file = diff(&scene.home, "approved:4", &set.file(), &facts)
        .expect_code(30)
        .json();
    assert_eq!(of_file["changes"], live["changes"]);
    let again = diff(&scene.home, "approved:4", &set.file(), &facts)
        .expect_code(30)
        .json();
    assert_eq!(of_file["digest"], again["digest"]);
    let back = diff(&scene.home, &set.file(), "approved:4", &facts)
        .expect_code(30)
        .json();
    assert_ne!(of_file["digest"], back["digest"]);
    assert_eq!(of_file["facts_digest"], back["facts_digest"]);
    let less = [&facts[..], &["--role", "coverage"]].concat();
    let less = diff(&scene.home, "approved:4", &set.file(), &less)
        .expect_code(30)
        .json();
    assert_ne!(of_file["digest"], less["digest"]);
    assert!(less["roles"]["classification"].is_null());
}

/// What counts as a birth trigger is asked about every table.
#[test]
fn rules_of_triggers_are_compared_too() {
    let scene = scene();
    let set = PolicyDir::shipped();
    set.edit("policy.toml", "revision = 4", "revision = 5");
    let text = std::fs::read_to_string(set.path().join("policy.toml")).unwrap();
    let rule = "accept-other-trigger-name = ";
    let strict = text.replacen(&format!("{rule}true"), &format!("{rule}false"), 1);
    set.write("policy.toml", strict);
    let command = ["policy", "diff", "approved:4", &set.file()];
    let found = scene.on(&command).arg("--format").arg("json").run();
    let found = found.expect_code(30).json();
    let changes = found["changes"].as_array().unwrap();
    let told: Vec<_> = changes
        .iter()
        .map(|c| (c["role"].as_str().unwrap(), c["key"].as_str().unwrap()))
        .collect();
    // The two that are covered have a trigger of another name.
    let expected = ["trg_birth_customers", "trg_birth_orders"];
    assert_eq!(told, expected.map(|name| ("conflict", name)), "{found:#}");
    assert_eq!(found["birth_triggers"], 4);
    // Where there is no birth function, that nothing was asked is no answer.
    scene
        .db
        .execute("DROP FUNCTION inventory.fn_birth_registry_auto() CASCADE");
    let none = "no birth trigger was asked about";
    let roles = ["--role", "conflict"];
    for format in ["text", "markdown"] {
        let ran = scene.on(&[&command[..], &roles].concat());
        let ran = ran.arg("--format").arg(format).run().expect_code(0);
        assert!(ran.stdout.contains(none), "{}", ran.stdout);
    }
}

#[test]
fn text_and_markdown_say_the_same_and_let_no_name_through() {
    let scene = scene();
    scene.db.execute(
        "CREATE TABLE app.\"a|b<script>\" (id bigint PRIMARY KEY, name text);
         INSERT INTO inventory.collection_registry (collection_key, governance_role) VALUES ('a|b<script>', 'observed')",
    );
    let set = changed();
    let file = exported(&scene, &[]);
    let facts = ["--facts", file.to_str().unwrap()];
    let text = diff(&scene.home, "approved:4", &set.file(), &facts).expect_code(30);
    for part in [
        "Policy sets: verdicts differ",
        "birth revision 4",
        "birth revision 5",
        "NOT APPROVED",
        "setting governed-roles:",
        "\"zebra_visits\"",
        "* ",
        "NOT_GOVERNED",
        "digest ",
    ] {
        assert!(
            text.stdout.contains(part),
            "no {part:?} in:\n{}",
            text.stdout
        );
    }
    let markdown = [&facts[..], &["--format", "markdown"]].concat();
    let markdown = diff(&scene.home, "approved:4", &set.file(), &markdown)
        .expect_code(30)
        .stdout;
    for part in [
        "# Policy diff: verdicts differ",
        "## classification",
        "## coverage",
        "**NOT APPROVED**",
        "| setting | old | new |",
        "| zebra_visits | observed |",
        "| a&#124;b&#60;script> | observed |",
        "GAPS",
    ] {
        assert!(markdown.contains(part), "no {part:?} in:\n{markdown}");
    }
    assert!(!markdown.contains("<script>"), "{markdown}");
    let digest = text
        .stdout
        .lines()
        .last()
        .unwrap()
        .strip_prefix("digest ")
        .unwrap();
    assert!(markdown.contains(digest), "{markdown}");
}

#[test]
fn the_same_set_is_the_same_and_nothing_is_asked() {
    let scene = scene();
    let file = exported(&scene, &[]);
    let facts = ["--facts", file.to_str().unwrap()];
    let same = diff(&scene.home, "approved:4", "approved:4", &facts).expect_code(0);
    assert!(
        same.stdout.contains("Policy sets: no verdict is another"),
        "{}",
        same.stdout
    );
    assert!(same.stdout.contains("need not be asked"), "{}", same.stdout);
    // Other settings that change nothing are asked, and are the same.
    let set = PolicyDir::shipped();
    set.edit(
        "policy.toml",
        "refuse-row-moves = false",
        "refuse-row-moves = true",
    );
    let json = [&facts[..], &["--format", "json"]].concat();
    let same = diff(&scene.home, "approved:4", &set.file(), &json)
        .expect_code(0)
        .json();
    assert_eq!(same["roles"]["coverage"]["compared"], "asked");
    assert_eq!(same["roles"]["coverage"]["subjects"], 6);
    assert_eq!(
        (&same["same"], &same["changes"]),
        (&true.into(), &serde_json::json!([]))
    );
}

#[test]
fn sets_with_other_roles() {
    let scene = scene();
    let file = exported(&scene, &[]);
    let facts = ["--facts", file.to_str().unwrap()];
    let json = [&facts[..], &["--format", "json"]].concat();
    let found = diff(&scene.home, "approved:2", "approved:4", &json)
        .expect_code(30)
        .json();
    assert_eq!(
        (&found["only_old"], &found["only_new"]),
        (&serde_json::json!([]), &serde_json::json!(["coverage"]))
    );
    assert!(found["roles"]["coverage"].is_null());
    assert!(found["roles"]["classification"]["plugin"].is_object());
    let back = diff(&scene.home, "approved:4", "approved:1", &facts).expect_code(30);
    assert!(
        back.stdout.contains("only the old set has this role"),
        "{}",
        back.stdout
    );
    // Where nothing is left to compare, nothing is compared.
    let none = [&facts[..], &["--role", "coverage"]].concat();
    let ran = diff(&scene.home, "approved:2", "approved:4", &none);
    refused(ran, 20, "NO_COMMON_ROLE", "coverage");
    // Facts that say nothing of a role are no facts without changes.
    let file = exported(&scene, &["--role", "conflict"]);
    let set = changed();
    let ran = diff(
        &scene.home,
        "approved:4",
        &set.file(),
        &["--facts", file.to_str().unwrap()],
    );
    refused(ran, 20, "FACTS_WITHOUT_ROLE", "classification, coverage");
}

#[test]
fn sets_that_are_none() {
    let scene = scene();
    let file = exported(&scene, &[]);
    let facts = ["--facts", file.to_str().unwrap()];
    for (name, exit, code) in [
        ("approved:9", 20, "NO_SUCH_REVISION"),
        ("approved:x", 20, "NO_SUCH_REVISION"),
        ("/nowhere/policy.toml", 28, "FILE_NOT_READABLE"),
    ] {
        refused(
            diff(&scene.home, "approved:4", name, &facts),
            exit,
            code,
            "",
        );
    }
    let set = changed();
    set.write("classification.wasm", b"other bytes");
    let ran = diff(&scene.home, "approved:4", &set.file(), &facts);
    refused(ran, 24, "PLUGIN_PIN_MISMATCH", "classification");
    let both = [&facts[..], &["--database", "x"]].concat();
    assert_eq!(
        diff(&scene.home, "approved:4", "approved:2", &both).code,
        Some(2)
    );
}
