//! `birth policy verify` as reports for CI.

use crate::sweep_reports::{expect_junit, expect_sarif};

use super::scene::Scene;

#[test]
fn sarif_and_junit_keep_to_their_schemas() {
    let scene = Scene::approved();
    let verify = |format: &str, code: i32| {
        let ran = scene.policy(&["verify", "--format", format]).run();
        ran.expect_code(code).stdout
    };
    let junit = |text: &str| {
        let path = scene.path("junit.xml");
        std::fs::write(&path, text).unwrap();
        expect_junit(&path);
    };
    let sarif = |text: &str| -> serde_json::Value {
        let document = serde_json::from_str(text).unwrap();
        expect_sarif(&document);
        document
    };
    let good = sarif(&verify("sarif", 0));
    assert_eq!(good["runs"][0]["results"], serde_json::json!([]));
    assert_eq!(good["runs"][0]["properties"]["signed"], true);
    let text = verify("junit", 0);
    junit(&text);
    assert!(text.contains("tests=\"16\" failures=\"0\""), "{text}");

    // Where nothing can be checked, a report says so all the same.
    for (file, code) in [
        ("policy.toml", "POLICY_SET_NOT_USABLE"),
        ("approved.toml", "APPROVALS_NOT_USABLE"),
    ] {
        let whole = std::fs::read_to_string(scene.set.path().join(file)).unwrap();
        scene.set.write(file, "format = [");
        let document = sarif(&verify("sarif", 24));
        let run = &document["runs"][0];
        assert_eq!(run["invocations"][0]["executionSuccessful"], false);
        assert_eq!(run["results"][0]["properties"]["code"], code);
        let text = verify("junit", 24);
        junit(&text);
        assert!(text.contains(&format!("type=\"{code}\"")), "{text}");
        scene.set.write(file, whole);
    }

    // One role cannot run, and one person's signature is gone.
    scene.set.write("conflict.wasm", "other");
    let list = scene.list();
    let at = list.rfind("\n[[approved.signature]]").unwrap();
    scene.set.write("approved.toml", &list[..at]);
    let bad = sarif(&verify("sarif", 24));
    let results = bad["runs"][0]["results"].as_array().unwrap();
    let codes: Vec<&str> = results
        .iter()
        .map(|r| r["properties"]["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["PLUGIN_PIN_MISMATCH", "POLICY_TOO_FEW_SIGNATURES"]);
    let place = |result: &serde_json::Value| {
        let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        uri.as_str().unwrap().to_owned()
    };
    assert!(place(&results[0]).ends_with("/policy.toml"), "{results:#?}");
    assert!(
        place(&results[1]).ends_with("/approved.toml"),
        "{results:#?}"
    );
    assert_eq!(bad["runs"][0]["properties"]["notRun"], 3);
    let text = verify("junit", 24);
    junit(&text);
    assert!(
        text.contains("failures=\"2\"") && text.contains("skipped=\"3\""),
        "{text}"
    );
    assert!(
        text.contains("type=\"POLICY_TOO_FEW_SIGNATURES\""),
        "{text}"
    );
    // Names of a set are text from outside.
    scene.set.edit(
        "policy.toml",
        "name = \"birth\"",
        "name = \"a\\u0007<b>&\\\"\"",
    );
    junit(&verify("junit", 24));
    sarif(&verify("sarif", 24));
    // Other policy commands have no such form.
    let ran = scene
        .policy(&["log", "--format", "sarif"])
        .run()
        .expect_code(20);
    assert!(ran.stderr.contains("[NO_SUCH_FORMAT]"), "{}", ran.stderr);
}

/// What is built in has no file, and is placed all the same.
#[test]
fn the_built_in_set() {
    let scene = Scene::new();
    let birth = scene.home.birth(&["policy", "verify", "--format", "sarif"]);
    let ran = birth
        .arg("--trust")
        .arg(&scene.trust_file())
        .run()
        .expect_code(24);
    let document = serde_json::from_str(&ran.stdout).unwrap();
    expect_sarif(&document);
    let result = &document["runs"][0]["results"][0];
    assert_eq!(result["properties"]["code"], "POLICY_UNSIGNED");
    let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(uri, "birth/birth/approval");
}
