//! A policy set of a test's own: a directory with `policy.toml`,
//! `approved.toml` and the component.

use std::path::Path;

use birth_core::digest::Digest;
use birth_tests::cli::{Birth, Home, workspace};
use birth_tests::database::Database;

/// The directory. It starts with the right pin and no approval.
#[derive(Debug)]
pub(crate) struct PolicyDir {
    dir: tempfile::TempDir,
}

impl PolicyDir {
    /// A set of one plugin for the conflict role, without settings.
    pub(crate) fn of(component: &[u8]) -> Self {
        Self::of_role("conflict", component)
    }

    /// A set of one plugin, without settings.
    pub(crate) fn of_role(role: &str, component: &[u8]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let set = Self { dir };
        set.write(&format!("{role}.wasm"), component);
        let pin = Digest::of(component);
        set.write(
            "policy.toml",
            format!(
                "format = 1\nname = \"test\"\nrevision = 1\nwit = \"0.1.0\"\n\n\
                 [plugin.{role}]\nfile = \"{role}.wasm\"\nsha256 = \"{pin}\"\n"
            ),
        );
        set
    }

    /// A copy of the policy set that ships with the binary.
    pub(crate) fn shipped() -> Self {
        let set = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        for name in [
            "policy.toml",
            "approved.toml",
            "classification.wasm",
            "conflict.wasm",
            "coverage.wasm",
        ] {
            let from = workspace().join("plugins/approved").join(name);
            set.write(name, std::fs::read(from).unwrap());
        }
        set
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path().join(name), content).unwrap();
    }

    /// Replaces text in one of the files; it has to be there.
    #[track_caller]
    pub(crate) fn edit(&self, name: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.path().join(name)).unwrap();
        assert!(text.contains(from), "no {from:?} in:\n{text}");
        self.write(name, text.replacen(from, to, 1));
    }

    /// The path of `policy.toml`, for `--policy`.
    pub(crate) fn file(&self) -> String {
        self.path().join("policy.toml").to_str().unwrap().to_owned()
    }

    /// Approves the set as it stands, by the digest that the binary shows.
    pub(crate) fn approve(&self, home: &Home) -> String {
        let shown = self.policy(home, &["show", "--format", "json"]).run();
        let digest = shown.expect_code(0).json()["digest"]
            .as_str()
            .unwrap()
            .to_owned();
        self.write(
            "approved.toml",
            format!("format = 1\n{}", approval(&digest)),
        );
        digest
    }

    /// `birth policy …` on the set.
    pub(crate) fn policy(&self, home: &Home, arguments: &[&str]) -> Birth {
        let all = [&["policy"], arguments].concat();
        home.birth(&all).arg("--policy").arg(&self.file())
    }

    /// `birth …` on a database with the set.
    pub(crate) fn on(&self, home: &Home, db: &Database, arguments: &[&str]) -> Birth {
        home.on(db, arguments).arg("--policy").arg(&self.file())
    }
}

/// An entry of `approved.toml`.
pub(crate) fn approval(digest: &str) -> String {
    format!(
        "[[approved]]\ndigest = \"{digest}\"\nname = \"test\"\nrevision = 1\nby = \"a reviewer\"\n\
         at = \"2026-01-01T00:00:00Z\"\nwhy = \"for a test\"\n"
    )
}
