//! Fuel is exact, and a gate.

use birth_tests::cli::{Home, Ran};

use super::{approved, put};
use crate::facts::{exported_to, scene};
use crate::guests;

fn bench(home: &Home, file: &str, arguments: &[&str]) -> Ran {
    let command = ["plugin", "bench", file];
    home.birth(&[&command[..], arguments].concat()).run()
}

#[test]
fn fuel_is_the_same_on_every_run() {
    let home = Home::new();
    for role in ["classification", "conflict", "coverage"] {
        let file = approved(role);
        let measure = || {
            let ran = bench(&home, &file, &["--format", "json"]).expect_code(0);
            let mut report = ran.json();
            let time = report["nanoseconds_per_subject"].take();
            assert!(time.as_u64() > Some(0), "{time}");
            report
        };
        let report = measure();
        assert_eq!(report, measure());
        let (fuel, subjects) = (&report["fuel"], &report["subjects"]);
        let (fuel, subjects) = (fuel.as_u64().unwrap(), subjects.as_u64().unwrap());
        assert!(subjects > 100);
        assert_eq!(report["fuel_per_subject"], fuel.div_ceil(subjects));
    }
}

#[test]
fn the_gate_is_the_average_rounded_up() {
    let home = Home::new();
    let file = approved("coverage");
    let report = bench(&home, &file, &["--format", "json"]).json();
    let exact = report["fuel_per_subject"].as_u64().unwrap();
    let gate = |limit: u64| {
        bench(
            &home,
            &file,
            &["--max-fuel-per-subject", &limit.to_string()],
        )
    };
    assert!(
        gate(exact)
            .expect_code(0)
            .stdout
            .contains("within the limit")
    );
    assert!(
        gate(exact - 1)
            .expect_code(30)
            .stdout
            .contains("over the limit")
    );
    let limit = (exact - 1).to_string();
    let over = bench(
        &home,
        &file,
        &["--max-fuel-per-subject", &limit, "--format", "json"],
    );
    assert_eq!(over.expect_code(30).json()["ok"], false);
}

#[test]
fn facts_of_ones_own_are_measured() {
    let home = Home::new();
    let cases = r#"[{"name": "mine", "why": "w", "facts": {"collections": [{"key": "a"}, {"key": "b"}]}, "expect": []}]"#;
    let file = put(&home, "cases.json", cases);
    let arguments = ["--format", "json", "--cases", file.to_str().unwrap()];
    let report = bench(&home, &approved("coverage"), &arguments)
        .expect_code(0)
        .json();
    assert_eq!(report["subjects"], 2);
    assert_eq!(report["scenes"][0]["about"], "mine");

    let none = put(&home, "none.json", "[]");
    let arguments = ["--cases", none.to_str().unwrap()];
    let ran = bench(&home, &approved("coverage"), &arguments).expect_code(20);
    assert!(ran.stderr.contains("[NO_SUBJECTS]"), "{}", ran.stderr);
    bench(&home, &approved("coverage"), &["--cases", "nowhere.json"]).expect_code(28);

    // And those of a database.
    let facts = home.path().join("facts.gz");
    exported_to(&facts, &scene(), &[]);
    for (role, subjects) in [("classification", 6), ("conflict", 12), ("coverage", 6)] {
        let arguments = ["--format", "json", "--facts", facts.to_str().unwrap()];
        let report = bench(&home, &approved(role), &arguments).expect_code(0);
        assert_eq!(report.json()["subjects"], subjects, "{role}");
    }
    bench(&home, &approved("coverage"), &["--facts", "nowhere.gz"]).expect_code(28);
}

#[test]
fn a_plugin_that_misbehaves_is_not_measured() {
    let home = Home::new();
    let file = put(&home, "guest.wasm", guests::loops());
    let ran = bench(&home, file.to_str().unwrap(), &[]).expect_code(25);
    assert!(
        ran.stderr.contains("[PLUGIN_OUT_OF_FUEL]"),
        "{}",
        ran.stderr
    );
    bench(&home, "nowhere.wasm", &[]).expect_code(28);
}
