//! `birth decide`: what people decide is written whole, exactly where it was
//! asked for, and taken back exactly.

mod large;
mod recovery;
mod refusals;
mod rollback;
mod walk;

use birth_tests::cli::{Birth, Home, Ran};
use birth_tests::database::Database;
use birth_tests::server;

use crate::triggers_scene::ESTATE;

/// The registry of [`ESTATE`].
const REGISTRY: &str = "inventory.collection_registry";

/// An estate with policy storage.
struct Scene {
    home: Home,
    db: Database,
}

impl Scene {
    fn new() -> Self {
        Self::after("")
    }

    /// On [`ESTATE`] with policy storage, changed by a script afterwards.
    fn after(script: &str) -> Self {
        let scene = Self {
            home: Home::new(),
            db: Database::new(server::one(), ESTATE),
        };
        let storage = scene.home.on(&scene.db, &["apply", "storage", "--yes"]);
        storage.run().expect_code(0);
        scene.db.execute(script);
        scene
    }

    /// `birth decide … --yes --by Ann`.
    fn decide(&self, arguments: &[&str]) -> Birth {
        let all = [&["decide", "--yes", "--by", "Ann"], arguments].concat();
        self.home.on(&self.db, &all)
    }

    /// As [`Scene::decide`], from a file with these entries.
    fn decide_all(&self, decisions: &str) -> Birth {
        let path = self.file(decisions);
        self.decide(&["--from", &path])
    }

    /// A file of decisions.
    fn file(&self, decisions: &str) -> String {
        let path = self.home.path().join("decisions.toml");
        std::fs::write(&path, format!("format = 1\n{decisions}")).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn rollback(&self, run: &str) -> Birth {
        self.home.on(&self.db, &["rollback", run, "--yes"])
    }

    /// Every row of the registry, byte for byte.
    fn bytes(&self) -> Vec<Vec<String>> {
        let query = format!(
            "SELECT encode(record_send(r), 'hex') FROM {REGISTRY} r ORDER BY r.collection_key COLLATE \"C\""
        );
        self.db.rows(&query)
    }

    /// The six of a row but the time, `|` between them.
    fn stored(&self, key: &str) -> String {
        let key = key.replace('\'', "''");
        self.db.value(&format!(
            "SELECT concat_ws('|', coalesce(coverage_status, '∅'), coalesce(coverage_scope_status, '∅'),
               coalesce(coverage_exemption_reason, '∅'), coalesce(coverage_review_owner, '∅'),
               coalesce(coverage_decided_by, '∅')) FROM {REGISTRY} WHERE collection_key = '{key}'"
        ))
    }
}

/// One entry of a file of decisions.
fn entry(collection: &str, status: &str, more: &str) -> String {
    let key = serde_json::Value::from(collection);
    format!("[[decision]]\ncollection = {key}\nstatus = '{status}'\n{more}\n")
}

/// Nothing was written, and why.
#[track_caller]
fn expect_refused(ran: &Ran, status: &str, code: &str, says: &[&str]) {
    crate::triggers_scene::expect(
        ran,
        &[("b3_decide_status", status), ("decisions_written", "0")],
    );
    crate::triggers_scene::expect_reason(ran, code, says);
}
