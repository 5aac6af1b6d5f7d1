//! What users see, as snapshots: the whole command line reference, compiled
//! SQL, plans, final responses, the report, listings and common mistakes.
//!
//! What differs from run to run or from server to server is replaced; anything
//! else that changes has to be looked at and accepted (`cargo insta review`).

use std::fs;

use birth_tests::cli::{Home, Ran};
use birth_tests::database::Database;
use birth_tests::server;
use insta::{Settings, assert_snapshot};

use crate::estates::{self, Estate, PLAIN};

/// The keys of B3-P's final response, in the spec's order.
const KEYS: [&str; 11] = [
    "b3p_ddl_status",
    "columns_added",
    "columns_already_existed",
    "columns_blocked_conflict",
    "constraints_added",
    "constraints_already_existed",
    "constraints_blocked_conflict",
    "compiled_sql_logged",
    "execution_log_path",
    "no_data_mutation",
    "post_ddl_verified",
];

/// A database and a home, and what has to be replaced in what they print.
struct Stage {
    db: Database,
    home: Home,
}

impl Stage {
    fn new(script: &str) -> Self {
        Self {
            db: Database::new(server::one(), script),
            home: Home::new(),
        }
    }

    fn of(estate: &Estate) -> Self {
        let stage = Self::new(estate.script);
        if let Some(profile) = estate.profile {
            fs::write(stage.home.path().join("birth.toml"), profile).unwrap();
        }
        stage
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.home.on(&self.db, arguments).run()
    }

    fn apply(&self) -> Ran {
        self.run(&["apply", "storage", "--yes"])
    }

    /// Runs the assertions with the replacements in force.
    fn redacted(&self, assertions: impl FnOnce()) {
        let exactly = |text: &str| regex_escape(text);
        let mut settings = redactions();
        settings.add_filter(&exactly(self.home.path().to_str().unwrap()), "[HOME]");
        settings.add_filter(&exactly(self.db.server().host()), "[SOCKET]");
        settings.add_filter(&format!(r"\b{}\b", self.db.name()), "[DATABASE]");
        settings.bind(assertions);
    }
}

/// A regular expression for exactly this text.
pub(crate) fn regex_escape(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let special = !c.is_ascii_alphanumeric() && c != '/' && c != '_' && c.is_ascii();
            special.then_some('\\').into_iter().chain([c])
        })
        .collect()
}

pub(crate) fn redactions() -> Settings {
    let mut settings = Settings::clone_current();
    settings.set_omit_expression(true);
    settings.set_prepend_module_to_snapshot(false);
    for (pattern, replacement) in [
        // Two runs of one second are told apart by a number.
        (
            r"(p3d-birth-b3p-(?:ddl|rollback))-\d{8}T\d{6}Z(?:-\d+)?",
            "$1-[TIME]",
        ),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z", "[TIME]"),
        // PostgreSQL 18 keeps NOT NULL as a constraint, the others do not.
        (
            r#" *"the live constraint \w+_not_null": "[0-9a-f]{64}",\n"#,
            "",
        ),
        (r"\b[0-9a-f]{64}\b", "[DIGEST]"),
        (r"\bdigest [0-9a-f]{12}\b", "digest [SHORT]"),
        (r"\bPostgreSQL \d[^,\n]*", "PostgreSQL [VERSION]"),
        (r"\brustc \d[^,\n]*, LLVM [0-9.]+", "rustc [VERSION]"),
        (
            r#"("(?:system_identifier|database_oid|oid|timeline)"): \d+"#,
            "$1: [NUMBER]",
        ),
        (r"\b(oid|system|fuel|pid) \d+", "$1 [NUMBER]"),
        (r"\bfor \d+ s\b", "for [NUMBER] s"),
        (r"\b\d+ units of fuel", "[NUMBER] units of fuel"),
    ] {
        settings.add_filter(pattern, replacement);
    }
    settings
}

/// Everything a command said, with its exit code.
pub(crate) fn shown(ran: &Ran) -> String {
    for stream in [&ran.stdout, &ran.stderr] {
        for line in stream.lines() {
            assert_eq!(line.trim_end(), line, "space at the end of a line");
            assert!(!line.contains('\x1b'), "a colour: {line:?}");
        }
    }
    format!(
        "exit {}\n--- stdout\n{}--- stderr\n{}",
        ran.code.unwrap(),
        ran.stdout,
        ran.stderr
    )
}

/// The keys of a final response, in order.
fn keys(text: &str) -> Vec<&str> {
    text.lines()
        .map(|line| line.split_once('=').expect(line).0)
        .collect()
}

/// The keys of a JSON object of plain values, in order.
fn json_keys(text: &str) -> Vec<&str> {
    text.lines()
        .filter_map(|line| line.trim().strip_prefix('"')?.split_once("\": "))
        .map(|(key, _)| key)
        .collect()
}

/// The help of a command and of everything below it.
fn reference(home: &Home, path: &[&str], out: &mut String) {
    let help = home
        .birth(&[path, &["--help"]].concat())
        .env("COLUMNS", "100")
        .run()
        .expect_code(0);
    assert_eq!(help.stderr, "");
    out.push_str(&format!(
        "━━ {} ━━\n\n",
        [&["birth"], path].concat().join(" ")
    ));
    for line in help.stdout.lines() {
        assert!(line.chars().count() <= 100, "too wide: {line}");
        // The parser of the command line indents empty lines.
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out.push('\n');
    let below = help.stdout.split("\nCommands:\n").nth(1).unwrap_or("");
    let below = below.split("\n\n").next().unwrap_or("");
    for line in below.lines() {
        let name = line.split_whitespace().next().unwrap();
        // A wrapped description is indented further.
        if name != "help" && line.starts_with("  ") && !line.starts_with("   ") {
            reference(home, &[path, &[name]].concat(), out);
        }
    }
}

#[test]
fn the_command_line_reference() {
    let mut text = String::new();
    reference(&Home::new(), &[], &mut text);
    for command in ["runs replay", "policy verify", "plugin build", "demo"] {
        assert!(
            text.contains(&format!("━━ birth {command} ━━")),
            "{command}"
        );
    }
    redactions().bind(|| assert_snapshot!("reference", text));
}

#[test]
fn compiled_sql_of_a_full_plan() {
    for estate in estates::ALL {
        let stage = Stage::of(estate);
        let ran = stage
            .run(&["plan", "storage", "--format", "json", "--quiet"])
            .expect_code(0);
        let document = ran.json();
        let compiled = document["compiled_sql"].as_str().unwrap();
        let name = format!("compiled_sql_{}", estate.name.replace(' ', "_"));
        stage.redacted(|| assert_snapshot!(name, compiled));
        // What is shown is what is written before execution.
        let applied = stage.apply().expect_code(0);
        let log = stage.home.run(&applied.run_id()).join("compiled.sql");
        assert_eq!(fs::read_to_string(log).unwrap(), compiled);
    }
}

#[test]
fn plan_as_text_and_json() {
    let stage = Stage::of(&PLAIN);
    stage.redacted(|| {
        assert_snapshot!("plan_text", shown(&stage.run(&["plan", "storage"])));
        let json = stage.run(&["plan", "storage", "--format", "json"]);
        assert_snapshot!("plan_json", shown(&json));
    });
    stage.apply().expect_code(0);
    stage.redacted(|| {
        assert_snapshot!("plan_complete", shown(&stage.run(&["plan", "storage"])));
    });
    let past = Stage::new(&format!(
        "{} ALTER TABLE inventory.collection_registry
             ADD COLUMN coverage_status varchar(8), ADD COLUMN coverage_decided_at text;",
        PLAIN.script
    ));
    past.redacted(|| {
        assert_snapshot!("plan_blocked", shown(&past.run(&["plan", "storage"])));
    });
}

#[test]
fn final_responses_of_a_walk() {
    let stage = Stage::of(&PLAIN);
    let applied = stage.apply();
    assert_eq!(keys(&applied.stdout), KEYS);
    let run = applied.run_id();
    stage.redacted(|| assert_snapshot!("apply_pass", shown(&applied)));
    let again = stage.run(&["apply", "storage", "--yes", "--format", "json"]);
    assert_eq!(json_keys(&again.stdout), KEYS);
    stage.redacted(|| assert_snapshot!("apply_again_json", shown(&again)));

    let report = stage
        .home
        .path()
        .join(format!("knowledge-base/reports/{run}.md"));
    let report = fs::read_to_string(report).unwrap();
    stage.redacted(|| assert_snapshot!("report", report));

    let shown_run = stage.home.birth(&["runs", "show", &run]).run();
    let replayed = stage.home.birth(&["runs", "replay", &run]).run();
    stage.redacted(|| {
        assert_snapshot!("runs_show", shown(&shown_run));
        assert_snapshot!("runs_replay", shown(&replayed));
        assert_snapshot!("rollback_asks", shown(&stage.run(&["rollback", &run])));
    });
    // Runs are listed by the second in which they began: another one, however fast
    // or slow the machine is.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let undone = stage.run(&["rollback", &run, "--yes"]);
    let undone_run = undone.run_id();
    let nothing = stage.run(&["rollback", &run, "--yes", "--format", "json"]);
    let report = stage
        .home
        .path()
        .join(format!("knowledge-base/reports/{undone_run}.md"));
    let report = fs::read_to_string(report).unwrap();
    stage.redacted(|| {
        assert_snapshot!("rollback_pass", shown(&undone));
        assert_snapshot!("rollback_again_json", shown(&nothing));
        assert_snapshot!("rollback_report", report);
    });
    let mut settings = Settings::clone_current();
    // How wide a column is depends on the numbers that are replaced.
    settings.add_filter(" {2,}", "  ");
    settings.bind(|| {
        stage.redacted(|| {
            assert_snapshot!(
                "runs_list",
                shown(&stage.home.birth(&["runs", "list"]).run())
            );
        });
    });
    let list = ["runs", "list", "--format", "json"];
    let list = stage.home.birth(&list).run();
    stage.redacted(|| assert_snapshot!("runs_list_json", shown(&list)));
}

#[test]
fn final_responses_of_runs_that_do_not_pass() {
    let with_reason = || {
        let mut keys = KEYS.to_vec();
        keys.insert(1, "reason");
        keys
    };
    let stage = Stage::new(&format!(
        "{} ALTER TABLE inventory.collection_registry ADD COLUMN coverage_decided_at text;",
        PLAIN.script
    ));
    let before = stage.db.shape(PLAIN.registry);
    let blocked = stage.apply();
    assert_eq!(keys(&blocked.stdout), with_reason());
    let blocked_json = stage.run(&["apply", "storage", "--yes", "--format", "json"]);
    assert_eq!(json_keys(&blocked_json.stdout), with_reason());
    assert_eq!(stage.db.shape(PLAIN.registry), before);
    stage.redacted(|| {
        assert_snapshot!("apply_blocked", shown(&blocked));
        assert_snapshot!("apply_blocked_json", shown(&blocked_json));
    });

    let stage = Stage::of(&PLAIN);
    let before = stage.db.shape(PLAIN.registry);
    let holder = stage.db.session();
    holder.execute(
        "SET application_name = 'a colleague';
         SELECT pg_advisory_lock(hashtext('p3d_birth_b3p_ddl_policy_storage'))",
    );
    let busy = stage.run(&["apply", "storage", "--yes", "--lock-retries", "0"]);
    assert_eq!(keys(&busy.stdout), with_reason());
    assert_eq!(stage.db.shape(PLAIN.registry), before);
    stage.redacted(|| assert_snapshot!("apply_lock_busy", shown(&busy)));
    drop(holder);

    let role = format!("reader_{}", stage.db.name());
    stage.db.execute(&format!(
        "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA inventory TO {role}"
    ));
    let apply = ["apply", "storage", "--yes", "--database"];
    let failed = stage.home.birth(&apply).arg(&stage.db.url_as(&role)).run();
    assert_eq!(keys(&failed.stdout), with_reason());
    assert_eq!(stage.db.shape(PLAIN.registry), before);
    stage.redacted(|| {
        let text = shown(&failed).replace(&role, "[ROLE]");
        assert_snapshot!("apply_failed", text);
    });
}

#[test]
fn the_policy_set() {
    let home = Home::new();
    redactions().bind(|| {
        for (name, arguments) in [
            ("policy_show", &["policy", "show"] as &[&str]),
            ("policy_show_json", &["policy", "show", "--format", "json"]),
            ("policy_verify", &["policy", "verify"]),
            (
                "policy_verify_json",
                &["policy", "verify", "--format", "json"],
            ),
        ] {
            assert_snapshot!(name, shown(&home.birth(arguments).run()));
        }
    });
}

#[test]
fn common_mistakes() {
    let stage = Stage::new("");
    let no_database = stage.home.path().join("nowhere").display().to_string();
    let mistakes = [
        stage.home.birth(&["paln", "storage"]).run(),
        stage.home.birth(&["plan"]).run(),
        stage
            .home
            .birth(&["apply", "storage", "--lock-timeout", "2"])
            .run(),
        stage
            .home
            .birth(&["plan", "storage", "--database", "mysql://me:secret@host/x"])
            .run(),
        stage
            .home
            .birth(&["plan", "storage", "--database"])
            .arg(&format!("host={no_database} dbname=x user=me"))
            .run(),
        stage.run(&["plan", "storage"]),
        stage.home.birth(&["runs", "show", "yesterday"]).run(),
    ];
    let text: Vec<String> = mistakes.iter().map(shown).collect();
    stage.redacted(|| assert_snapshot!("mistakes", text.join("\n")));
}

/// The same facts give the same plan, byte for byte: twice, and through a
/// connection that is described otherwise.
#[test]
fn a_plan_is_the_same_every_time() {
    for estate in estates::ALL {
        let stage = Stage::of(estate);
        let file = |name: &str| stage.home.path().join(name).display().to_string();
        let (one, two, three) = (file("one"), file("two"), file("three"));
        for path in [&one, &two] {
            stage
                .run(&["plan", "storage", "--out", path])
                .expect_code(0);
        }
        stage
            .home
            .birth(&["plan", "storage", "--out", &three])
            .env("PGHOST", stage.db.server().host())
            .env("PGPORT", &stage.db.server().port().to_string())
            .env("PGUSER", "postgres")
            .env("PGDATABASE", stage.db.name())
            .run()
            .expect_code(0);
        let first = fs::read(&one).unwrap();
        assert!(!first.is_empty());
        assert_eq!(first, fs::read(&two).unwrap(), "{}", estate.name);
        assert_eq!(first, fs::read(&three).unwrap(), "{}", estate.name);
        // Other facts, another plan.
        stage.db.execute(&format!(
            "ALTER TABLE {} ADD COLUMN coverage_decided_by text",
            estate.registry
        ));
        stage
            .run(&["plan", "storage", "--out", &three])
            .expect_code(0);
        assert_ne!(first, fs::read(&three).unwrap(), "{}", estate.name);
    }
}
