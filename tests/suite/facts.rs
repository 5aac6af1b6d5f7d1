//! Facts in files, policy sets compared over them, runs replayed and pruned: the
//! real binary, real servers, the approved components.

mod diff;
mod files;
mod prune;
mod pseudonyms;
mod replay;

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use birth_tests::cli::{Home, Ran, workspace};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use crate::coverage_scene::Scene;

/// Collections of every kind: covered ones, gaps, an orphan, a log, a role that is
/// not governed, and two rows that are no collection.
const MORE: &str = "
    SELECT inventory.covered('orders'), inventory.covered('customers');
    CREATE TABLE app.zebra_visits (id bigint PRIMARY KEY, zebra_id bigint REFERENCES app.customers, visited_at timestamptz NOT NULL DEFAULT now());
    COMMENT ON TABLE app.zebra_visits IS 'what Zoe saw';
    CREATE TABLE app.zebras (zebra_id bigint PRIMARY KEY, title text CHECK (title <> 'Zoe'), made_by text);
    INSERT INTO inventory.collection_registry (collection_key, governance_role) VALUES
      ('zebra_visits', 'observed'), ('zebras', 'governed'), ('gone', 'locked'), ('other', 'free'),
      (NULL, 'governed'), ('twice', 'governed'), ('twice', 'governed');";

/// An estate with policy storage and the gate.
pub(crate) fn scene() -> Scene {
    let scene = Scene::new();
    scene.db.execute(MORE);
    scene
}

/// Exports facts and gives the file.
fn exported(scene: &Scene, options: &[&str]) -> PathBuf {
    let file = scene.home.path().join("facts.gz");
    exported_to(&file, scene, options);
    file
}

pub(crate) fn exported_to(file: &Path, scene: &Scene, options: &[&str]) {
    let command = ["facts", "export", "--out", file.to_str().unwrap()];
    scene.on(&[&command, options].concat()).run().expect_code(0);
}

fn uncompressed(path: &Path) -> String {
    let mut text = String::new();
    let bytes = std::fs::read(path).unwrap();
    GzDecoder::new(&*bytes).read_to_string(&mut text).unwrap();
    text
}

fn compress(path: &Path, text: &str) {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(text.as_bytes()).unwrap();
    std::fs::write(path, out.finish().unwrap()).unwrap();
}

/// The policy set of an approved revision before the one that decides.
fn revision(home: &Home, number: usize) -> [String; 4] {
    let folder = workspace().join("plugins/approved");
    // The list as it was then: newer revisions would be in the way.
    let list = std::fs::read_to_string(folder.join("approved.toml")).unwrap();
    let entries: Vec<&str> = list.split("[[approved]]").collect();
    let then = home.path().join("approved.toml");
    std::fs::write(&then, entries[..=number].join("[[approved]]")).unwrap();
    let set = folder.join(format!("{number}/policy.toml"));
    [
        "--policy".to_owned(),
        set.to_str().unwrap().to_owned(),
        "--approved".to_owned(),
        then.to_str().unwrap().to_owned(),
    ]
}

#[track_caller]
fn refused(ran: Ran, exit: i32, code: &str, says: &str) {
    let ran = ran.expect_code(exit);
    assert!(ran.stderr.contains(&format!("[{code}]")), "{}", ran.stderr);
    assert!(ran.stderr.contains(says), "no {says:?} in: {}", ran.stderr);
}
