//! The policy runtime through its own interface: every hostile guest, the
//! compiled cache, determinism, and what `birth policy verify` stands on.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use birth_core::catalog::relation::RelationKind;
use birth_core::digest::Digest;
use birth_core::facts::conflict::{ColumnFact, ConflictFacts, LiveType, WantedType};
use birth_core::policy::Role;
use birth_core::policy::approved::Approvals;
use birth_core::policy::set::PolicySet;
use birth_host::plugin::cache::Cache;
use birth_host::plugin::call::Judged;
use birth_host::plugin::engine::PluginEngine;
use birth_host::plugin::error::{PluginError, PluginId};
use birth_host::plugin::limits::Limits;
use birth_host::plugin::load::Plugin;
use birth_host::plugin::set::{Outcome, PluginFiles, PolicyRuntime, What};
use cap_std::ambient_authority;
use cap_std::fs::Dir;

use super::guests;

/// Two proposed columns: two subjects.
fn facts() -> ConflictFacts {
    let mut facts = ConflictFacts::default();
    let relation = facts.add_relation("public", "collection_registry", RelationKind::Table);
    for name in ["coverage_status", "decided_at"] {
        facts.add_column(&ColumnFact {
            relation,
            name,
            wanted: WantedType::Text,
            longest_value: 22,
            live: LiveType::None,
            live_type: None,
            live_max_length: None,
            live_bits: 0,
        });
    }
    facts
}

fn id(bytes: &[u8]) -> PluginId {
    PluginId {
        role: Role::Conflict,
        file: "conflict.wasm".to_owned(),
        sha256: Digest::of(bytes),
    }
}

fn load(limits: &Limits, cache: Option<&Cache>, bytes: &[u8]) -> Result<Plugin, PluginError> {
    Plugin::load(&PluginEngine::new()?, limits, cache, id(bytes), bytes)
}

/// All that a run does with a plugin.
fn judge(limits: &Limits, cache: Option<&Cache>, bytes: &[u8]) -> Result<Judged, PluginError> {
    load(limits, cache, bytes)?.judge_conflict(&Default::default(), &facts())
}

#[test]
fn every_hostile_guest_has_its_own_error() {
    for (name, bytes, code) in guests::all() {
        let error = judge(&Limits::default(), None, &bytes).expect_err(name);
        assert_eq!(error.code(), code, "{name}: {error}");
        let text = error.to_string();
        assert!(
            text.contains("plugin `conflict` (conflict.wasm, sha256 "),
            "{name}: {text}"
        );
        assert!(text.len() < 1_000, "{name}: {text}");
        assert!(!text.chars().any(char::is_control), "{name}: {text:?}");
    }
}

#[test]
fn misbehaviour_is_told_from_refusal() {
    let code = |bytes: &[u8]| judge(&Limits::default(), None, bytes).expect_err("hostile");
    for bytes in [
        guests::loops(),
        guests::traps(),
        guests::calls_it_malformed(),
    ] {
        assert!(code(&bytes).is_misbehaviour());
    }
    for bytes in [
        guests::imports_a_clock(),
        guests::rejects_settings(),
        b"text".to_vec(),
    ] {
        assert!(!code(&bytes).is_misbehaviour());
    }
}

#[test]
fn a_plugin_that_is_slow_but_within_its_fuel_meets_the_deadline() {
    let limits = Limits {
        fuel_base: u64::MAX,
        deadline: Duration::from_millis(200),
        ..Limits::default()
    };
    let error = judge(&limits, None, &guests::loops()).expect_err("it loops");
    assert_eq!(error.code(), "PLUGIN_DEADLINE_EXCEEDED", "{error}");
}

/// Two stores share an engine and so its epoch: a call that is stopped must
/// not stop the one beside it.
#[test]
fn one_deadline_does_not_stop_another_call() {
    let engine = PluginEngine::new().expect("an engine");
    let limits = |millis| Limits {
        fuel_base: u64::MAX,
        deadline: Duration::from_millis(millis),
        ..Limits::default()
    };
    let bytes = guests::loops();
    let run = |millis| {
        let plugin = Plugin::load(&engine, &limits(millis), None, id(&bytes), &bytes)?;
        let started = Instant::now();
        let stopped = plugin.judge_conflict(&Default::default(), &facts());
        assert_eq!(
            stopped.expect_err("it loops").code(),
            "PLUGIN_DEADLINE_EXCEEDED"
        );
        Ok::<_, PluginError>(started.elapsed())
    };
    // The long call is beside one that is stopped long before, in both orders
    // of their starts. A call that returns was stopped; only the shortest time
    // it may take is asserted, as a machine under load is allowed to be slow.
    let later = std::thread::scope(|scope| {
        let short = scope.spawn(|| run(100));
        let long = run(700);
        short.join().expect("no panic").expect("loads");
        long
    });
    let earlier = std::thread::scope(|scope| {
        let long = scope.spawn(|| run(700));
        run(100).expect("loads");
        long.join().expect("no panic")
    });
    for long in [later, earlier] {
        assert!(long.expect("loads") >= Duration::from_millis(700));
    }
}

#[test]
fn bytes_that_do_not_hash_to_the_pin_are_refused_before_anything_else() {
    let engine = PluginEngine::new().expect("an engine");
    // Not even a component: the pin is compared first.
    let found = b"something else".as_slice();
    let error = Plugin::load(&engine, &Limits::default(), None, id(b"pinned"), found)
        .expect_err("another file");
    assert!(
        matches!(&error, PluginError::PinMismatch { found: f, .. } if *f == Digest::of(found)),
        "{error}"
    );
    let text = error.to_string();
    assert!(text.contains(&Digest::of(found).to_string()), "{text}");
    assert!(text.contains(&Digest::of(b"pinned").to_string()), "{text}");
}

#[test]
fn refusals_name_what_they_found() {
    let says = |bytes: &[u8]| {
        judge(&Limits::default(), None, bytes)
            .expect_err("hostile")
            .to_string()
    };
    assert!(says(&guests::imports_a_clock()).contains("`birth:policy/clock@0.1.0`"));
    let version = says(&guests::speaks_another_version());
    assert!(
        version.contains("0.2.0") && version.contains("0.1.0"),
        "{version}"
    );
    assert!(says(&guests::well_behaved("coverage")).contains("`birth:policy/coverage@0.1.0`"));
    assert!(says(&guests::exhausts_memory()).contains(&(64 << 20).to_string()));
    assert!(says(&guests::rejects_settings()).contains("`guest` 1.2.3"));
    assert!(says(&guests::traps()).contains("unreachable"));
}

#[test]
fn a_well_behaved_plugin_answers_and_describes_itself() {
    let plugin = load(&Limits::default(), None, &guests::with_a_reason()).expect("loads");
    let described = plugin.describe().expect("describes itself");
    assert_eq!(
        (described.name.as_str(), described.version.as_str()),
        ("guest", "1.2.3")
    );
    let judged = plugin
        .judge_conflict(&Default::default(), &facts())
        .expect("answers");
    assert_eq!(judged.answers.len(), 2);
    assert_eq!(judged.answers[0].reasons[0].code, "SEEN_ONCE");
    assert_eq!(judged.answers[0].reasons[0].message, "saw public, 7 times");
    assert!(judged.answers[1].reasons.is_empty());
}

/// A setting is 24 bytes: its key at 0, the kind of its value at 8, the value
/// at 16. In the order of their keys they are flag, list, number, text.
#[test]
fn settings_arrive_as_they_are_in_the_policy_set() {
    let rows: [(&[u32], &str); 5] = [
        (&[0], "flag"),
        (&[24], "list"),
        (&[24 + 16, 0], "a"),
        (&[24 + 16, 8], "b"),
        (&[72 + 16], "t"),
    ];
    for (path, expected) in rows {
        let set = Set::new(&guests::echoes(path));
        let error = set
            .open(None)
            .judge_conflict(&facts())
            .expect_err("malformed");
        let PluginError::Malformed { what, .. } = &error else {
            unreachable!("{error}");
        };
        assert_eq!(what, expected);
    }
}

#[test]
fn every_role_can_be_described_and_asked_about_settings() {
    let engine = PluginEngine::new().expect("an engine");
    for role in Role::ALL {
        let bytes = guests::well_behaved(role.name());
        let id = PluginId { role, ..id(&bytes) };
        let plugin = Plugin::load(&engine, &Limits::default(), None, id, &bytes).expect("loads");
        assert_eq!(
            plugin.describe().expect("describes itself").reasons.len(),
            1,
            "{role}"
        );
        plugin
            .check_settings(&Default::default())
            .expect("accepts nothing");
    }
}

#[test]
fn the_same_bytes_and_facts_give_the_same_answer_for_the_same_fuel() {
    let bytes = guests::with_a_reason();
    let first = judge(&Limits::default(), None, &bytes).expect("answers");
    let engine = PluginEngine::new().expect("an engine");
    let plugin =
        Plugin::load(&engine, &Limits::default(), None, id(&bytes), &bytes).expect("loads");
    for _ in 0..3 {
        let again = plugin
            .judge_conflict(&Default::default(), &facts())
            .expect("answers");
        assert_eq!(again, first);
    }
    assert!(first.fuel > 0);
}

#[test]
fn a_batch_over_the_limit_is_refused_before_the_call() {
    let limits = Limits {
        batch_bytes: 50,
        ..Limits::default()
    };
    let error = judge(&limits, None, &guests::well_behaved("conflict")).expect_err("too large");
    assert_eq!(error.code(), "PLUGIN_BATCH_TOO_LARGE");
}

// The compiled cache.

fn entries(cache: &Path) -> Vec<PathBuf> {
    let list = std::fs::read_dir(cache.join("plugins")).expect("the cache's directory");
    list.map(|entry| entry.expect("an entry").path()).collect()
}

#[test]
fn a_cached_plugin_answers_the_same_for_the_same_fuel() {
    let root = tempfile::tempdir().expect("a directory");
    let bytes = guests::with_a_reason();
    let compiled = judge(&Limits::default(), None, &bytes).expect("answers");
    let cache = Cache::open(root.path()).expect("a cache");
    let stored = judge(&Limits::default(), Some(&cache), &bytes).expect("answers");
    let written = entries(root.path());
    assert_eq!(written.len(), 1, "one entry, no file left over");
    let before = std::fs::metadata(&written[0])
        .expect("an entry")
        .modified()
        .expect("a time");
    let loaded = judge(&Limits::default(), Some(&cache), &bytes).expect("answers");
    let after = std::fs::metadata(&written[0])
        .expect("an entry")
        .modified()
        .expect("a time");
    assert_eq!(before, after, "the second run used the entry");
    assert_eq!((&stored, &loaded), (&compiled, &compiled));
    let mode = |path: &Path| {
        std::fs::metadata(path)
            .expect("it exists")
            .permissions()
            .mode()
    };
    assert_eq!(mode(&root.path().join("plugins")) & 0o777, 0o700);
    assert_eq!(mode(&written[0]) & 0o777, 0o600);
}

/// Every damage leads to compiling anew, and to a sound entry.
#[test]
fn a_damaged_entry_is_never_loaded() {
    let root = tempfile::tempdir().expect("a directory");
    let bytes = guests::well_behaved("conflict");
    let cache = Cache::open(root.path()).expect("a cache");
    judge(&Limits::default(), Some(&cache), &bytes).expect("answers");
    let entry = entries(root.path()).remove(0);
    let sound = std::fs::read(&entry).expect("an entry");
    let flip = |at: usize| {
        let mut bytes = sound.clone();
        bytes[at] ^= 1;
        bytes
    };
    let damages = [
        flip(0),
        flip(64),
        flip(sound.len() - 1),
        sound[..sound.len() / 2].to_vec(),
        vec![],
    ];
    for damage in damages {
        std::fs::write(&entry, damage).expect("writable");
        judge(&Limits::default(), Some(&cache), &bytes).expect("compiled anew");
        assert_eq!(std::fs::read(&entry).expect("an entry"), sound);
    }
}

#[test]
fn an_entry_does_not_pass_under_the_name_of_another() {
    let root = tempfile::tempdir().expect("a directory");
    let cache = Cache::open(root.path()).expect("a cache");
    let (one, two) = (guests::well_behaved("conflict"), guests::with_a_reason());
    judge(&Limits::default(), Some(&cache), &one).expect("answers");
    let first = entries(root.path()).remove(0);
    judge(&Limits::default(), Some(&cache), &two).expect("answers");
    let second = entries(root.path())
        .into_iter()
        .find(|e| *e != first)
        .expect("two entries");
    std::fs::copy(&first, &second).expect("copied");
    let judged = judge(&Limits::default(), Some(&cache), &two).expect("answers");
    assert_eq!(
        judged.answers[0].reasons.len(),
        1,
        "the second plugin's answer"
    );
}

#[test]
fn an_entry_that_others_could_write_or_that_is_a_link_is_not_used() {
    let root = tempfile::tempdir().expect("a directory");
    let cache = Cache::open(root.path()).expect("a cache");
    let bytes = guests::well_behaved("conflict");
    judge(&Limits::default(), Some(&cache), &bytes).expect("answers");
    let entry = entries(root.path()).remove(0);
    let aside = root.path().join("plugins/aside");

    std::fs::set_permissions(&entry, Permissions::from_mode(0o622)).expect("ours");
    judge(&Limits::default(), Some(&cache), &bytes).expect("answers");
    let mode = std::fs::metadata(&entry)
        .expect("an entry")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600, "replaced by a private one");

    std::fs::rename(&entry, &aside).expect("renamed");
    symlink("aside", &entry).expect("linked");
    judge(&Limits::default(), Some(&cache), &bytes).expect("answers");
    assert!(
        std::fs::symlink_metadata(&entry)
            .expect("an entry")
            .is_file(),
        "the link is replaced"
    );
}

#[test]
fn a_directory_that_is_not_private_is_no_cache_and_fails_no_run() {
    let root = tempfile::tempdir().expect("a directory");
    let shared = root.path().join("plugins");
    std::fs::create_dir(&shared).expect("created");
    std::fs::set_permissions(&shared, Permissions::from_mode(0o755)).expect("ours");
    assert!(Cache::open(root.path()).is_none(), "others may enter");

    let private = root.path().join("private");
    std::fs::create_dir(&private).expect("created");
    std::fs::set_permissions(&private, Permissions::from_mode(0o700)).expect("ours");
    std::fs::remove_dir(&shared).expect("empty");
    symlink(&private, &shared).expect("linked");
    assert!(Cache::open(root.path()).is_none(), "a link");

    std::fs::write(root.path().join("file"), "").expect("written");
    assert!(
        Cache::open(&root.path().join("file")).is_none(),
        "not a directory"
    );

    // The same through the runtime: slower, not broken.
    let set = Set::new(&guests::well_behaved("conflict"));
    let runtime = set.open(Some(root.path().to_owned()));
    runtime
        .judge_conflict(&facts())
        .expect("answers without a cache");
}

#[test]
fn a_cache_that_vanishes_fails_no_run() {
    let root = tempfile::tempdir().expect("a directory");
    let cache = Cache::open(root.path()).expect("a cache");
    std::fs::remove_dir(root.path().join("plugins")).expect("empty");
    judge(
        &Limits::default(),
        Some(&cache),
        &guests::well_behaved("conflict"),
    )
    .expect("answers");
}

// The policy set.

/// A directory with one plugin and the set that pins it.
struct Set {
    root: tempfile::TempDir,
    text: String,
}

impl Set {
    fn new(bytes: &[u8]) -> Self {
        let root = tempfile::tempdir().expect("a directory");
        std::fs::write(root.path().join("conflict.wasm"), bytes).expect("written");
        let text = format!(
            "format = 1\nname = \"test\"\nrevision = 1\nwit = \"0.1.0\"\n[plugin.conflict]\n\
             file = \"conflict.wasm\"\nsha256 = \"{}\"\n[plugin.conflict.settings]\n\
             flag = true\nlist = [\"a\", \"b\"]\nnumber = 7\ntext = \"t\"\n",
            Digest::of(bytes)
        );
        Self { root, text }
    }

    fn parsed(&self) -> PolicySet {
        PolicySet::parse(&self.text).expect("a policy set")
    }

    fn approvals(&self) -> Approvals {
        let text = format!(
            "format = 1\n[[approved]]\ndigest = \"{}\"\nname = \"test\"\nrevision = 1\n\
             by = \"ann\"\nat = \"2026-01-01T00:00:00Z\"\nwhy = \"first\"\n",
            self.parsed().digest()
        );
        Approvals::parse(&text).expect("approvals")
    }

    fn open_with(&self, approvals: &Approvals, cache: Option<PathBuf>) -> PolicyRuntime {
        let dir =
            Dir::open_ambient_dir(self.root.path(), ambient_authority()).expect("a directory");
        PolicyRuntime::open(
            PluginFiles::Directory(dir),
            self.parsed(),
            approvals,
            cache,
            Limits::default(),
        )
    }

    fn open(&self, cache: Option<PathBuf>) -> PolicyRuntime {
        self.open_with(&self.approvals(), cache)
    }
}

fn outcomes(runtime: &PolicyRuntime) -> Vec<(What, &'static str)> {
    let found = runtime.verify_all();
    let outcome = |outcome: &Outcome| match outcome {
        Outcome::Passed { .. } => "passed",
        Outcome::Failed { error } => error.code(),
        Outcome::NotRun => "not run",
    };
    found
        .checks
        .iter()
        .map(|check| (check.what, outcome(&check.outcome)))
        .collect()
}

#[test]
fn verify_passes_an_approved_set_and_serializes() {
    let set = Set::new(&guests::well_behaved("conflict"));
    let runtime = set.open(None);
    let found = runtime.verify_all();
    assert!(found.ok, "{found:?}");
    assert_eq!(found.errors().count(), 0);
    let json = serde_json::to_value(&found).expect("JSON");
    assert_eq!(json["digest"], set.parsed().digest().to_string());
    assert_eq!(json["checks"][0]["role"], "conflict");
    assert_eq!(json["checks"][0]["what"], "pin");
    assert_eq!(json["checks"][0]["outcome"], "passed");
    assert_eq!(json["checks"][4]["what"], "approval");
}

#[test]
fn verify_names_each_kind_of_mismatch() {
    let set = Set::new(&guests::rejects_settings());
    let passed = |what| (what, "passed");
    assert_eq!(
        outcomes(&set.open(None)),
        [
            passed(What::Pin),
            passed(What::Component),
            passed(What::Description),
            (What::Settings, "PLUGIN_SETTINGS_REJECTED"),
            passed(What::Approval),
            passed(What::Signatures),
            passed(What::Chain),
            passed(What::Order),
        ]
    );
    let rest = [
        (What::Component, "not run"),
        (What::Description, "not run"),
        (What::Settings, "not run"),
    ];
    let failing = |code| [vec![(What::Pin, code)], rest.to_vec()].concat();

    let unapproved = set.open_with(&Approvals::default(), None);
    assert_eq!(
        outcomes(&unapproved)[4],
        (What::Approval, "POLICY_NOT_APPROVED")
    );
    assert!(unapproved.ensure_approved().is_err() && unapproved.approval().is_none());

    std::fs::write(set.root.path().join("conflict.wasm"), "other").expect("written");
    assert_eq!(
        outcomes(&set.open(None))[..4],
        failing("PLUGIN_PIN_MISMATCH")
    );
    std::fs::remove_file(set.root.path().join("conflict.wasm")).expect("removed");
    assert_eq!(outcomes(&set.open(None))[..4], failing("PLUGIN_MISSING"));

    let found = set.open(None).verify_all();
    assert!(!found.ok);
    let json = serde_json::to_value(&found).expect("JSON");
    assert_eq!(json["checks"][0]["error"]["code"], "PLUGIN_MISSING");
    assert_eq!(json["checks"][1]["outcome"], "not-run");
}

#[test]
fn a_plugin_outside_the_directory_of_the_set_is_not_read() {
    let mut set = Set::new(&guests::well_behaved("conflict"));
    let outside = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(outside.path(), guests::well_behaved("conflict")).expect("written");
    let name = outside
        .path()
        .file_name()
        .expect("a name")
        .to_string_lossy();
    set.text = set
        .text
        .replace("\"conflict.wasm\"", &format!("\"../{name}\""));
    assert!(
        set.root.path().join(format!("../{name}")).exists(),
        "it could be read"
    );
    let error = set
        .open(None)
        .judge_conflict(&facts())
        .expect_err("outside");
    assert_eq!(error.code(), "PLUGIN_MISSING", "{error}");
}

#[test]
fn a_role_that_the_set_does_not_have_is_named() {
    let set = Set::new(&guests::well_behaved("conflict"));
    let error = set
        .open(None)
        .plugin(Role::Coverage)
        .expect_err("not in the set");
    assert_eq!(error.code(), "POLICY_ROLE_ABSENT");
}
