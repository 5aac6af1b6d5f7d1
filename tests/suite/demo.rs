//! `birth demo`: the whole story, and that it leaves nothing behind, however it
//! ends.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use birth_cluster::ServerBinaries;
use birth_tests::cli::{Birth, Home, Ran};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// A folder for temporary files of one demo. As root the server runs under
/// another account, which has to be able to write there; and the path must be
/// short enough for a socket, or the server would go elsewhere and the tests
/// would look at an empty folder.
fn temporary_folder(prefix: &str) -> TempDir {
    let folder = tempfile::Builder::new()
        .prefix(prefix)
        .tempdir_in("/tmp")
        .unwrap();
    let open = std::fs::Permissions::from_mode(0o1777);
    std::fs::set_permissions(folder.path(), open).unwrap();
    folder
}

/// A demo on the server that the other tests run on: where none is installed,
/// a home of its own would fetch one each time.
fn demo(home: &Home, temporary: &TempDir, arguments: &[&str]) -> Birth {
    static FOLDER: LazyLock<ServerBinaries> = LazyLock::new(|| ServerBinaries::find().unwrap());
    home.birth(&[&["demo"], arguments].concat())
        .env("BIRTH_PG_BIN", FOLDER.folder().to_str().unwrap())
        .env("TMPDIR", temporary.path().to_str().unwrap())
}

fn entries(folder: &Path) -> Vec<String> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// Processes whose arguments or variables name a folder, where the system
/// shows them (Linux does); the folder itself is looked at everywhere.
fn processes_of(folder: &Path) -> Vec<String> {
    let needle = folder.to_str().unwrap().as_bytes();
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return vec![];
    };
    processes
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let arguments = std::fs::read(path.join("cmdline")).unwrap_or_default();
            let variables = std::fs::read(path.join("environ")).unwrap_or_default();
            [&arguments, &variables]
                .iter()
                .any(|text| text.windows(needle.len()).any(|part| part == needle))
                .then(|| {
                    let shown = String::from_utf8_lossy(&arguments).replace('\0', " ");
                    format!("{}: {shown}", path.display())
                })
        })
        .collect()
}

/// Waits until nothing of a demo is left.
#[track_caller]
fn expect_nothing_left(temporary: &TempDir) {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let (files, processes) = (entries(temporary.path()), processes_of(temporary.path()));
        if files.is_empty() && processes.is_empty() {
            return;
        }
        assert!(
            Instant::now() < deadline,
            "left behind: {files:?} {processes:?}"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Reads stdout until a line begins like this, and returns what can still come.
fn read_until(child: &mut Child, beginning: &str) -> BufReader<std::process::ChildStdout> {
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.starts_with(beginning) {
        line.clear();
        let read = stdout.read_line(&mut line).unwrap();
        assert_ne!(read, 0, "the demo ended before it printed {beginning:?}");
    }
    stdout
}

#[test]
fn the_demo_tells_every_step_and_leaves_nothing() {
    let (home, temporary) = (Home::new(), temporary_folder("demo-"));
    let ran = demo(&home, &temporary, &[]).run().expect_code(0);
    // On the way out it waits for its servers, so nothing is left at once.
    assert_eq!(entries(temporary.path()), Vec::<String>::new());
    assert_eq!(processes_of(temporary.path()), Vec::<String>::new());
    for step in 1..=27 {
        let heading = format!("\n{step}. ");
        assert!(ran.stdout.contains(&heading), "{step}: {}", ran.stdout);
    }
    assert!(!ran.stdout.contains("\n28. "));
    for told in [
        "b3p_ddl_status=PASS",
        "columns_added=6",
        "columns_already_existed=6",
        "b3p_ddl_status=BLOCKED",
        "reason=EXISTING_CONFLICT: column coverage_status (TOO_SHORT); column coverage_decided_at (TYPE_DIFFERS); ",
        "8 verdicts and",
        "rollback_status=PASS",
        "columns_dropped=6",
        "BIRTH_EXEMPT_JUNCTION",
        "triggers_installed=3",
        "species_queue_captured_pks=1",
        "b3a_status=POLICY_MISMATCH",
        "b3a_status=PARTIAL",
        "reason=EXISTING_CONFLICT: 2 tables excluded: inventory.customers (TRIGGER_NAME_HELD); inventory.products (TRIGGER_DISABLED)",
        "b3f_gate_status=PASS",
        "two health checks and two issues",
        "new        reviews      POLICY_UNDECIDED",
        "b3_decide_status=PASS",
        "resolved   reviews      POLICY_UNDECIDED",
        "persisting invoices     TABLE_MISSING",
        "decisions_restored=6",
        "objects_dropped=5",
        "triggers_dropped=3",
        "issues_deleted=1",
        "The demo is complete: every step ended as it should.",
    ] {
        assert!(ran.stdout.contains(told), "{told}: {}", ran.stdout);
    }
    assert!(!ran.stdout.contains('✗'), "{}", ran.stdout);
    // Its runs are its own, not the person's.
    assert_eq!(home.run_ids(), Vec::<String>::new());
    assert!(!home.path().join("knowledge-base").exists());
}

#[test]
fn colours_only_where_they_are_asked_for() {
    let home = Home::new();
    let temporary = temporary_folder("demo-");
    let plain = demo(&home, &temporary, &[]).run().expect_code(0);
    assert!(!plain.stdout.contains('\x1b'), "{}", plain.stdout);
    assert!(!plain.stderr.contains('\x1b'), "{}", plain.stderr);
    for line in plain.stdout.lines() {
        assert_eq!(line.trim_end(), line, "space at the end of a line");
    }
    let coloured = demo(&home, &temporary, &["--color", "always"])
        .run()
        .expect_code(0);
    assert!(coloured.stdout.contains("\x1b["), "{}", coloured.stdout);
    assert!(coloured.stderr.contains("\x1b["), "{}", coloured.stderr);
}

#[test]
fn killed_at_any_moment_it_leaves_nothing() {
    for step in ["1.", "2.", "3.", "6."] {
        let (home, temporary) = (Home::new(), temporary_folder("demo-"));
        let mut child = demo(&home, &temporary, &[]).start();
        let _stdout = read_until(&mut child, step);
        // The server and the runs are there, in the folder that is looked at.
        assert_eq!(entries(temporary.path()).len(), 2, "at step {step}");
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().code(), None);
        expect_nothing_left(&temporary);
    }
}

#[test]
fn interrupted_or_terminated_it_cleans_up_and_says_so() {
    for signal in [Signal::INT, Signal::TERM] {
        let (home, temporary) = (Home::new(), temporary_folder("demo-"));
        let mut child = demo(&home, &temporary, &[]).start();
        let mut stdout = read_until(&mut child, "2.");
        let pid = Pid::from_child(&child);
        kill_process(pid, signal).unwrap();
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).unwrap();
        let ended = Ran::from(child.wait_with_output().unwrap()).expect_code(20);
        assert!(ended.stderr.contains("[INTERRUPTED]"), "{}", ended.stderr);
        assert!(!rest.contains("The demo is complete"), "{rest}");
        assert_eq!(entries(temporary.path()), Vec::<String>::new());
        assert_eq!(processes_of(temporary.path()), Vec::<String>::new());
    }
}

/// The rest of the line that begins with a word.
#[track_caller]
fn told<'a>(ran: &'a Ran, word: &str) -> &'a str {
    let beginning = format!("  {word} ");
    ran.stdout
        .lines()
        .find_map(|line| line.strip_prefix(&beginning))
        .unwrap_or_else(|| panic!("no {word:?} in {}", ran.stdout))
        .trim()
}

/// Runs a printed line as a person would: in a shell, with `birth` on the PATH.
fn paste(home: &Home, line: &str) -> Ran {
    let folder = birth_tests::cli::binary().parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    let output = Command::new("/bin/sh")
        .args(["-c", line])
        .env_clear()
        .env("PATH", format!("{}:{path}", folder.display()))
        .env("HOME", home.path())
        .current_dir(home.path())
        .output()
        .unwrap();
    Ran::from(output)
}

/// Runs that the demo carries out: of storage two, one that is blocked and a
/// rollback; of triggers one, a mismatch, one with conflicts and a rollback.
const RUNS: usize = 12;

/// Stops a kept demo where the test itself did not come that far.
struct StopOnFailure(String);

impl Drop for StopOnFailure {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = Command::new("/bin/sh").args(["-c", &self.0]).status();
        }
    }
}

#[test]
fn kept_it_can_be_used_and_stopped_by_what_it_printed() {
    let (home, temporary) = (Home::new(), temporary_folder("demo-"));
    let kept = demo(&home, &temporary, &["--keep"]).run().expect_code(0);
    let _guard = StopOnFailure(told(&kept, "stop").to_owned());
    let planned = paste(&home, told(&kept, "try")).expect_code(0);
    assert!(
        planned.stdout.contains("ADD COLUMN \"coverage_status\""),
        "{}",
        planned.stdout
    );
    let runs = paste(&home, told(&kept, "runs")).expect_code(0);
    assert_eq!(runs.stdout.lines().count(), RUNS, "{}", runs.stdout);
    assert_eq!(entries(temporary.path()).len(), 2);
    paste(&home, told(&kept, "stop")).expect_code(0);
    assert_eq!(entries(temporary.path()), Vec::<String>::new());
    expect_nothing_left(&temporary);
}

/// The line that stops a kept demo removes a folder: it must be that one.
#[test]
fn a_folder_with_a_space_and_a_quote_is_quoted() {
    let (home, temporary) = (Home::new(), temporary_folder("de mo's "));
    let kept = demo(&home, &temporary, &["--keep"]).run().expect_code(0);
    let _guard = StopOnFailure(told(&kept, "stop").to_owned());
    let runs = paste(&home, told(&kept, "runs")).expect_code(0);
    assert_eq!(runs.stdout.lines().count(), RUNS, "{}", runs.stdout);
    // Only the runs: no socket can be in a folder of such a name.
    assert_eq!(entries(temporary.path()).len(), 1);
    paste(&home, told(&kept, "stop")).expect_code(0);
    expect_nothing_left(&temporary);
}

#[test]
fn a_wrong_folder_of_server_binaries_is_a_clear_error() {
    let (home, temporary) = (Home::new(), temporary_folder("demo-"));
    let empty = home.path().to_str().unwrap();
    for folder in [empty, "/nonexistent/bin"] {
        let ran = demo(&home, &temporary, &[])
            .env("BIRTH_PG_BIN", folder)
            .run()
            .expect_code(20);
        assert!(ran.stderr.contains("[NO_SERVER]"), "{}", ran.stderr);
        let expected = format!("BIRTH_PG_BIN names {folder}, which cannot be used");
        assert!(ran.stderr.contains(&expected), "{}", ran.stderr);
        let missing = format!("{folder} has no `initdb`");
        assert!(ran.stderr.contains(&missing), "{}", ran.stderr);
        assert_eq!(ran.stdout, "");
        assert_eq!(entries(temporary.path()), Vec::<String>::new());
    }
}
