//! People with keys, a trust file that asks for two of three of them, and a policy
//! set of their own.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use birth_tests::cli::{Birth, Home, Ran};
use birth_tests::database::Database;
use serde_json::Value;

use crate::policies::PolicyDir;

pub(super) const NAMESPACE: &str = "birth-policy-approval";

/// The shipped set as revision 5, with the shipped approvals of revisions 1 to 4.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) home: Home,
    pub(super) set: PolicyDir,
    operator: tempfile::TempDir,
}

impl Scene {
    /// Ada, Bob and Cyd are reviewers; two of them approve.
    pub(super) fn new() -> Self {
        let scene = Self {
            home: Home::new(),
            set: PolicyDir::shipped(),
            operator: tempfile::tempdir().unwrap(),
        };
        for person in ["ada", "bob", "cyd"] {
            scene.key(person, &["-t", "ed25519"]);
        }
        scene.signers(&["ada", "bob", "cyd"].map(|who| scene.line(who, who, "")));
        scene.trust("[require]\napprove = { reviewer = 2 }\nrollback = { reviewer = 2 }\n");
        scene
            .set
            .edit("policy.toml", "revision = 4", "revision = 5");
        scene
    }

    /// As [`Self::new`], with revision 5 signed by Ada and Bob.
    pub(super) fn approved() -> Self {
        let scene = Self::new();
        scene
            .approve("ada", &["--why", "the fourth"])
            .expect_code(0);
        scene.approve("bob", &[]).expect_code(0);
        scene
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.operator.path().join(name)
    }

    /// Makes a key.
    pub(super) fn key(&self, name: &str, kind: &[&str]) {
        let made = Command::new("ssh-keygen")
            .args(["-q", "-N", "", "-C", name, "-f"])
            .arg(self.path(name))
            .args(kind)
            .stdin(Stdio::null())
            .output()
            .expect("ssh-keygen is needed to sign: install openssh-client");
        assert!(made.status.success(), "{made:?}");
    }

    /// A line of the allowed signers.
    pub(super) fn line(&self, person: &str, key: &str, options: &str) -> String {
        let public = std::fs::read_to_string(self.path(&format!("{key}.pub"))).unwrap();
        format!("{person}@example.org {options} {public}")
    }

    pub(super) fn signers(&self, lines: &[String]) {
        std::fs::write(self.path("allowed_signers"), lines.concat()).unwrap();
    }

    /// A trust file with the reviewers and what else it says.
    pub(super) fn trust(&self, rest: &str) {
        let people = "\"ada@example.org\", \"bob@example.org\", \"cyd@example.org\"";
        let text = format!(
            "format = 1\nallowed-signers = \"allowed_signers\"\n\
             [role.reviewer]\nmembers = [{people}]\n{rest}"
        );
        std::fs::write(self.path("trust.toml"), text).unwrap();
    }

    pub(super) fn trust_file(&self) -> String {
        self.path("trust.toml").to_str().unwrap().to_owned()
    }

    /// `birth policy …` with the trust file.
    pub(super) fn policy(&self, arguments: &[&str]) -> Birth {
        let birth = self.set.policy(&self.home, arguments);
        birth.arg("--trust").arg(&self.trust_file())
    }

    /// `birth …` on a database, with the trust file.
    pub(super) fn on(&self, db: &Database, arguments: &[&str]) -> Birth {
        let birth = self.set.on(&self.home, db, arguments);
        birth.arg("--trust").arg(&self.trust_file())
    }

    /// `birth policy approve` with somebody's key.
    pub(super) fn approve(&self, person: &str, more: &[&str]) -> Ran {
        let by = format!("{person}@example.org");
        let key = self.path(person);
        let command = ["approve", "--by", &by, "--key", key.to_str().unwrap()];
        self.policy(&[&command[..], more].concat()).run()
    }

    /// Raises the revision of the set.
    pub(super) fn revision(&self, from: u32, to: u32) {
        let line = |n: u32| format!("revision = {n}\n");
        self.set.edit("policy.toml", &line(from), &line(to));
    }

    pub(super) fn list(&self) -> String {
        std::fs::read_to_string(self.set.path().join("approved.toml")).unwrap()
    }

    /// The last approval, or decision to go back, as `birth policy log` tells it.
    pub(super) fn last(&self, kind: &str) -> Value {
        let log = self.policy(&["log", "--format", "json"]).run();
        let log = log.expect_code(0).json();
        log[kind].as_array().unwrap().last().unwrap().clone()
    }

    /// Puts another signature in the place of the last one in the file.
    pub(super) fn replace_last_signature(&self, armored: &str) {
        let list = self.list();
        let begin = list.rfind("-----BEGIN").unwrap();
        let end = list.rfind("\"\"\"").unwrap();
        self.set.write(
            "approved.toml",
            format!("{}{armored}{}", &list[..begin], &list[end..]),
        );
    }

    /// Demands that the set is refused everywhere, for this reason.
    #[track_caller]
    pub(super) fn expect_refused(&self, db: &Database, code: &str, says: &[&str]) {
        let verified = self.policy(&["verify", "--format", "json"]).run();
        let found = verified.expect_code(24).json();
        let checks = found["checks"].as_array().unwrap();
        let failed = checks.iter().find(|c| c["outcome"] == "failed").unwrap();
        assert_eq!(failed["error"]["code"], code, "{found:#}");
        let apply = ["apply", "storage", "--yes"];
        let sweep = ["sweep", "--quiet"];
        let drain = ["gate", "drain"];
        for command in [&apply[..], &sweep, &drain] {
            let ran = self.on(db, command).run().expect_code(24);
            let bracketed = format!("[{code}]");
            assert!(ran.stderr.contains(&bracketed), "{code}: {}", ran.stderr);
            for part in says {
                assert!(ran.stderr.contains(part), "no {part:?} in: {}", ran.stderr);
            }
        }
        assert!(self.home.run_ids().is_empty(), "none of this is a run");
    }
}

/// Signs with `ssh-keygen` alone.
pub(super) fn sign(key: &Path, namespace: &str, statement: &str) -> String {
    let mut child = Command::new("ssh-keygen")
        .args(["-Y", "sign", "-q", "-n", namespace, "-f"])
        .arg(key)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(statement.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

/// Whether `ssh-keygen -Y verify` takes a signature.
pub(super) fn ssh_keygen_accepts(scene: &Scene, by: &str, armored: &str, statement: &str) -> bool {
    let file = scene.path("signature.sig");
    std::fs::write(&file, armored).unwrap();
    let mut child = Command::new("ssh-keygen")
        .args(["-Y", "verify", "-n", NAMESPACE, "-I", by, "-s"])
        .arg(&file)
        .arg("-f")
        .arg(scene.path("allowed_signers"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // It may know before it has read everything.
    let _ = stdin.write_all(statement.as_bytes());
    drop(stdin);
    child.wait().unwrap().success()
}
