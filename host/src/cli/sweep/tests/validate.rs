//! The schemas that reports keep to.

use std::path::{Path, PathBuf};
use std::process::Command;

fn fixture(name: &str) -> PathBuf {
    let host = Path::new(env!("CARGO_MANIFEST_DIR"));
    host.parent().unwrap().join("tests/fixtures").join(name)
}

/// Demands that a text is a JUnit report, by the schema of Jenkins.
#[track_caller]
pub(super) fn junit(text: &str) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("junit.xml");
    std::fs::write(&path, text).unwrap();
    let found = Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema"])
        .args([fixture("junit.xsd"), path])
        .output()
        .expect("xmllint is needed to check JUnit reports: install libxml2-utils");
    let said = String::from_utf8_lossy(&found.stderr);
    assert!(found.status.success(), "{said}\n{text}");
}

/// The schema of SARIF 2.1.0.
pub(super) struct Sarif(jsonschema::Validator);

impl Sarif {
    pub(super) fn new() -> Self {
        let schema = std::fs::read_to_string(fixture("sarif-2.1.0.json")).unwrap();
        // One of its patterns has a bracket that JavaScript takes for itself,
        // and that regular expressions elsewhere want escaped.
        let schema = schema.replace("{2}]?$", "{2}\\\\]?$");
        let schema = serde_json::from_str(&schema).unwrap();
        let options = jsonschema::options().should_validate_formats(true);
        Self(options.build(&schema).unwrap())
    }

    /// Demands that a text is SARIF, and gives it.
    #[track_caller]
    pub(super) fn validate(&self, text: &str) -> serde_json::Value {
        let document = serde_json::from_str(text).unwrap();
        let errors: Vec<String> = self
            .0
            .iter_errors(&document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{errors:#?}\n{text}");
        document
    }
}
