#![expect(clippy::unwrap_used, reason = "tests state what they expect")]

use std::path::Path;

use super::*;
use crate::journal::{Event, FORMAT, RunDir, Stamped, list};

const DAY: &str = "2026-01-01T00:00:00Z";

fn run(root: &Path, id: &str, operation: &str, of: Option<&str>, events: Vec<Event>) {
    let dir = root.join(id);
    std::fs::create_dir(&dir).unwrap();
    let started = Event::Started {
        operation: operation.to_owned(),
        of: of.map(str::to_owned),
        host: "0".to_owned(),
        connection: String::new(),
    };
    let mut text = String::new();
    for event in std::iter::once(started).chain(events) {
        let stamped = Stamped {
            format: FORMAT,
            at: DAY.to_owned(),
            event,
        };
        text += &serde_json::to_string(&stamped).unwrap();
        text.push('\n');
    }
    std::fs::write(dir.join(file::EVENTS), text).unwrap();
    for name in [file::FACTS, file::VERDICTS, file::KEYS] {
        std::fs::write(dir.join(name), "12345").unwrap();
    }
}

fn committed() -> Event {
    Event::Committed { how: String::new() }
}

fn closed(status: Status, reason: Option<&str>) -> Event {
    Event::Closed {
        status,
        reason: reason.map(str::to_owned),
        response: String::new(),
    }
}

fn pass() -> Vec<Event> {
    vec![committed(), Event::Confirmed, closed(Status::Pass, None)]
}

/// A log directory with a run of every kind; the names are in order.
fn directory() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    run(root, "a-01Z", "storage", None, pass());
    run(root, "b-02Z", "storage", None, pass());
    run(root, "c-03Z", "rollback-storage", Some("b-02Z"), pass());
    let failed = vec![closed(Status::Failed, Some("X: y"))];
    run(root, "d-04Z", "storage", None, failed.clone());
    run(root, "e-05Z", "rollback-storage", Some("a-01Z"), failed);
    run(root, "f-06Z", "storage", None, vec![]);
    run(
        root,
        "g-07Z",
        "storage",
        None,
        vec![closed(Status::Unknown, None)],
    );
    run(
        root,
        "h-08Z",
        "storage",
        None,
        vec![committed(), closed(Status::Partial, None)],
    );
    let unpublished = vec![
        committed(),
        Event::Confirmed,
        closed(Status::Partial, Some("UPLOAD_FAILED: full")),
    ];
    run(
        root,
        "i-09Z",
        "rollback-storage",
        Some("b-02Z"),
        unpublished,
    );
    std::fs::create_dir(root.join("j-10Z")).unwrap();
    std::fs::write(root.join("j-10Z").join(file::EVENTS), "what\n").unwrap();
    dir
}

fn fates(decided: &[Decided]) -> String {
    let letter = |d: &Decided| match d.fate {
        Fate::Whole => 'w',
        Fate::Bulk => 'b',
        Fate::Stays => '-',
    };
    decided.iter().map(letter).collect()
}

#[test]
fn keys_that_are_needed_and_runs_that_are_open_are_never_pruned() {
    let dir = directory();
    let runs = list(dir.path()).unwrap();
    let decided = decide(&runs, Keep::Newest(0));
    // b is rolled back; e undid nothing, but a, which it is of, stays.
    assert_eq!(fates(&decided), "bwww----b-");
    assert_eq!(decided[0].bytes, 10);
    assert!(decided[1].bytes > 15, "{decided:?}");

    let now: Timestamp = DAY.parse().unwrap();
    for decision in &decided {
        remove(dir.path(), decision, now).unwrap();
    }
    let left = list(dir.path()).unwrap();
    let ids: Vec<&str> = left.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "a-01Z", "e-05Z", "f-06Z", "g-07Z", "h-08Z", "i-09Z", "j-10Z"
        ]
    );
    let a = left[0].1.as_ref().unwrap();
    assert_eq!(a.read(file::KEYS).unwrap().unwrap(), "12345");
    assert_eq!(a.read(file::VERDICTS).unwrap(), None);
    let why = a.not_kept(file::VERDICTS).unwrap().unwrap();
    assert!(why.describe().contains("pruned at 2026-01-01"), "{why:?}");
    // Nothing is left to be pruned.
    assert_eq!(fates(&decide(&left, Keep::Newest(0))), "-------");
    // And nothing else is in the directory, also where an earlier pruning was
    // cut short.
    std::fs::create_dir(dir.path().join(".pruned-x-00Z")).unwrap();
    std::fs::write(dir.path().join(".pruned-x-00Z/facts.json.gz"), "1").unwrap();
    remove_leftovers(dir.path()).unwrap();
    remove_leftovers(&dir.path().join("nowhere")).unwrap();
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 7);
}

#[test]
fn the_newest_and_the_recent_stay() {
    let dir = directory();
    let runs = list(dir.path()).unwrap();
    assert_eq!(fates(&decide(&runs, Keep::Newest(8))), "bw--------");
    assert_eq!(fates(&decide(&runs, Keep::Newest(100))), "----------");
    let day = |text: &str| Keep::Days(3, text.parse().unwrap());
    assert_eq!(
        fates(&decide(&runs, day("2026-01-03T23:59:59Z"))),
        "----------"
    );
    assert_eq!(
        fates(&decide(&runs, day("2026-01-04T00:00:00Z"))),
        "bwww----b-"
    );
}

#[test]
fn a_run_that_somebody_carries_out_is_left_alone() {
    let dir = directory();
    let runs = list(dir.path()).unwrap();
    let decided = decide(&runs, Keep::Newest(0));
    let held = RunDir::reopen(dir.path(), "d-04Z").unwrap();
    let now: Timestamp = DAY.parse().unwrap();
    let error = remove(dir.path(), &decided[3], now).unwrap_err();
    assert!(matches!(error, JournalError::InUse { .. }), "{error}");
    drop(held);
    assert!(remove(dir.path(), &decided[3], now).unwrap().is_some());
}

#[test]
fn a_note_of_a_newer_host_is_refused() {
    let dir = directory();
    let note = dir.path().join("a-01Z").join(file::NOT_KEPT);
    std::fs::write(note, "{\"format\": 2, \"lost\": []}").unwrap();
    let runs = list(dir.path()).unwrap();
    let view = runs[0].1.as_ref().unwrap();
    let error = view.not_kept(file::VERDICTS).unwrap_err();
    assert!(
        matches!(error, JournalError::Newer { found: 2, .. }),
        "{error}"
    );
}

#[test]
fn a_rollback_that_is_listed_before_its_run_goes_by_it_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    // Both began within one second, and the rollback was the first of its kind.
    run(
        dir.path(),
        "r-01Z",
        "rollback-storage",
        Some("s-01Z-2"),
        pass(),
    );
    run(dir.path(), "s-01Z-2", "storage", None, pass());
    let runs = list(dir.path()).unwrap();
    assert_eq!(runs[0].0, "r-01Z");
    assert_eq!(fates(&decide(&runs, Keep::Newest(0))), "ww");
    // It stays where the run that it undid is among the newest.
    assert_eq!(fates(&decide(&runs, Keep::Newest(1))), "--");
}
