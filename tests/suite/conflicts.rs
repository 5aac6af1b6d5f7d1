//! What may be in the way of policy storage on a live server, and what is
//! decided about it: everything right counts as there, and anything wrong
//! stops everything.

use birth_tests::cli::Home;
use birth_tests::database::Database;
use birth_tests::server::{self, Server};
use serde_json::Value;

const REGISTRY: &str = "public.collection_registry";
const STATUS: &str = "'BIRTH_REQUIRED','BIRTH_EXEMPT_JUNCTION','BIRTH_EXEMPT_LOG','BIRTH_EXEMPT_CACHE','BIRTH_DEFERRED'";
const SCOPE: &str = "'IN_SCOPE','USER_EXCLUDED','FUTURE_SCOPE','ORPHAN_REGISTRY','SYSTEM_MANAGED'";

/// One estate. In its SQL, `@` is the registry, `{status}` the list of the
/// first check and `{c}` its name.
struct Row {
    sql: &'static str,
    /// The decisions that are not `ABSENT`: `name: decision: reasons`, the
    /// decision as `exists` or `blocked`.
    decided: &'static [&'static str],
    exit: i32,
}

const fn pass(sql: &'static str, decided: &'static [&'static str]) -> Row {
    Row {
        sql,
        decided,
        exit: 0,
    }
}

const fn blocked(sql: &'static str, decided: &'static [&'static str]) -> Row {
    Row {
        sql,
        decided,
        exit: 11,
    }
}

const CHECK: &str = "chk_collection_registry_coverage_status";

const COLUMNS: &[Row] = &[
    pass("", &[]),
    pass(
        "ALTER TABLE @ ADD coverage_status text, ADD coverage_decided_at timestamptz,
           ADD CONSTRAINT {c} CHECK (coverage_status IN ({status}))",
        &[
            "coverage_status: exists:",
            "coverage_decided_at: exists:",
            "{c}: exists:",
        ],
    ),
    pass(
        "ALTER TABLE @ ADD coverage_status varchar(21)",
        &["coverage_status: exists: TYPE_IS_VARCHAR"],
    ),
    blocked(
        "ALTER TABLE @ ADD coverage_status varchar(20)",
        &["coverage_status: blocked: TYPE_IS_VARCHAR TOO_SHORT"],
    ),
    pass(
        "ALTER TABLE @ ADD coverage_status varchar, ADD coverage_review_owner varchar(64)",
        &[
            "coverage_status: exists: TYPE_IS_VARCHAR",
            "coverage_review_owner: exists: TYPE_IS_VARCHAR",
        ],
    ),
    blocked(
        "ALTER TABLE @ ADD coverage_review_owner varchar(63)",
        &["coverage_review_owner: blocked: TYPE_IS_VARCHAR TOO_SHORT"],
    ),
    blocked(
        "ALTER TABLE @ ADD coverage_status char(30)",
        &["coverage_status: blocked: TYPE_DIFFERS"],
    ),
    blocked(
        "CREATE DOMAIN label AS text; ALTER TABLE @ ADD coverage_status label",
        &["coverage_status: blocked: TYPE_DIFFERS"],
    ),
    blocked(
        "CREATE TYPE mood AS ENUM ('IN_SCOPE'); ALTER TABLE @ ADD coverage_scope_status mood",
        &["coverage_scope_status: blocked: TYPE_DIFFERS"],
    ),
    blocked(
        "ALTER TABLE @ ADD coverage_status integer, ADD coverage_decided_by text[],
           ADD coverage_exemption_reason jsonb, ADD coverage_review_owner name",
        &[
            "coverage_status: blocked: TYPE_DIFFERS",
            "coverage_exemption_reason: blocked: TYPE_DIFFERS",
            "coverage_review_owner: blocked: TYPE_DIFFERS",
            "coverage_decided_by: blocked: TYPE_DIFFERS",
        ],
    ),
    blocked(
        "ALTER TABLE @ ADD coverage_decided_at timestamp",
        &["coverage_decided_at: blocked: TYPE_DIFFERS"],
    ),
    pass(
        "ALTER TABLE @ ADD coverage_decided_at timestamptz(3)",
        &["coverage_decided_at: exists:"],
    ),
    blocked(
        "ALTER TABLE @ ADD coverage_decided_by text GENERATED ALWAYS AS ('x') STORED",
        &["coverage_decided_by: blocked: GENERATED_COLUMN"],
    ),
    blocked(
        "ALTER TABLE @ ADD coverage_decided_by bigint GENERATED ALWAYS AS IDENTITY",
        &["coverage_decided_by: blocked: TYPE_DIFFERS IDENTITY_COLUMN NOT_NULL_WITHOUT_DEFAULT"],
    ),
    pass(
        "ALTER TABLE @ ADD coverage_decided_by text NOT NULL",
        &["coverage_decided_by: exists: NOT_NULL_WITHOUT_DEFAULT"],
    ),
    pass(
        "ALTER TABLE @ ADD coverage_decided_by text NOT NULL DEFAULT 'x'",
        &["coverage_decided_by: exists:"],
    ),
    pass(
        "CREATE TABLE parent (coverage_decided_by text); ALTER TABLE @ ADD coverage_decided_by text;
         ALTER TABLE @ INHERIT parent",
        &["coverage_decided_by: exists: INHERITED_COLUMN"],
    ),
    pass(
        "ALTER TABLE @ ADD coverage_status text COLLATE \"C\"",
        &["coverage_status: exists:"],
    ),
    // Other spellings are other columns.
    pass("ALTER TABLE @ ADD \"Coverage_Status\" integer", &[]),
];

/// Each row begins with the column: `ALTER TABLE @ ADD coverage_status text`.
const CHECKS: &[Row] = &[
    pass(
        "ADD CONSTRAINT {c} CHECK (coverage_status = ANY (ARRAY['BIRTH_DEFERRED',
           'BIRTH_EXEMPT_CACHE','BIRTH_EXEMPT_LOG','BIRTH_EXEMPT_JUNCTION','BIRTH_REQUIRED','BIRTH_DEFERRED']))",
        &["{c}: exists:"],
    ),
    blocked(
        "ADD CONSTRAINT {c} CHECK (coverage_status IN ('YES','NO'))",
        &["{c}: blocked: VALUES_DIFFER VALUE_MISSING*5 VALUE_EXTRA*2"],
    ),
    blocked(
        "ADD CONSTRAINT {c} CHECK (coverage_status IN ({status},'MORE'))",
        &["{c}: blocked: VALUES_DIFFER VALUE_EXTRA"],
    ),
    blocked(
        "ADD CONSTRAINT {c} CHECK (coverage_status IN ('BIRTH_REQUIRED','BIRTH_DEFERRED'))",
        &["{c}: blocked: VALUES_DIFFER VALUE_MISSING*3"],
    ),
    pass(
        "ADD CONSTRAINT {c} CHECK (coverage_status IN ({status})) NOT VALID",
        &["{c}: exists: NOT_VALIDATED"],
    ),
    blocked(
        "ADD CONSTRAINT {c} CHECK (coverage_status IN ({status}, NULL))",
        &["{c}: blocked: REJECTS_NOTHING"],
    ),
    blocked(
        "ADD CONSTRAINT {c} CHECK (coverage_status IN ({status}) AND coverage_status IS NOT NULL)",
        &["{c}: blocked: REJECTS_NULL"],
    ),
    blocked(
        "ADD CONSTRAINT {c} CHECK (coverage_status ~ '^BIRTH_')",
        &["{c}: blocked: UNPROVED"],
    ),
    blocked(
        "ADD CONSTRAINT {c} CHECK (upper(coverage_status) IN ({status}))",
        &["{c}: blocked: UNPROVED"],
    ),
    blocked(
        "ADD CONSTRAINT {c} CHECK (collection_key IN ({status}))",
        &["{c}: blocked: NAME_HELD_FOR_OTHER_COLUMN"],
    ),
    blocked(
        "ADD CONSTRAINT {c} CHECK (coverage_status <> collection_key)",
        &["{c}: blocked: NAME_HELD_FOR_OTHER_COLUMN"],
    ),
    blocked(
        "ADD CONSTRAINT {c} UNIQUE (coverage_status)",
        &["{c}: blocked: NAME_HELD_BY_OTHER_CONSTRAINT"],
    ),
    blocked(
        "ADD CONSTRAINT {c} FOREIGN KEY (coverage_status) REFERENCES @",
        &["{c}: blocked: NAME_HELD_BY_OTHER_CONSTRAINT"],
    ),
    pass(
        "ADD CONSTRAINT other CHECK (coverage_status IN ({status}))",
        &["{c}: absent: EQUAL_UNDER_OTHER_NAME"],
    ),
    blocked(
        "ADD CONSTRAINT other CHECK (coverage_status IN ('BIRTH_REQUIRED'))",
        &["{c}: blocked: OTHER_CONSTRAINT_REFUSES OTHER_CONSTRAINT_REFUSES_VALUE*4"],
    ),
    pass(
        "ADD CONSTRAINT other CHECK (coverage_status ~ 'BIRTH')",
        &["{c}: absent: OTHER_CONSTRAINT_UNPROVED"],
    ),
    pass(
        "ADD CONSTRAINT {c} CHECK (coverage_status IN ({status})) NO INHERIT",
        &["{c}: exists: NO_INHERIT"],
    ),
    blocked(
        "ADD filler text; INSERT INTO @ (collection_key, coverage_status)
           VALUES ('a', 'MAYBE'), ('b', 'BIRTH_REQUIRED'), ('c', NULL), ('d', 'maybe')",
        &["{c}: blocked: ROWS_OUTSIDE"],
    ),
    pass(
        "ADD filler text; INSERT INTO @ (collection_key, coverage_status)
           VALUES ('b', 'BIRTH_REQUIRED'), ('c', NULL)",
        &[],
    ),
    pass(
        "ADD filler text; INSERT INTO @ (collection_key, coverage_status) VALUES ('a', 'MAYBE');
           ALTER TABLE @ ADD CONSTRAINT {c} CHECK (coverage_status IN ({status})) NOT VALID",
        &["{c}: exists: NOT_VALIDATED ROWS_OUTSIDE_REMAIN"],
    ),
];

/// What the policy is not told of, and the host finds itself.
const AROUND: &[Row] = &[
    blocked(
        "CREATE TABLE child (coverage_decided_by integer) INHERITS (@)",
        &["coverage_decided_by: blocked: CHILD_COLUMN_IN_THE_WAY"],
    ),
    // Its rows would not pass the check that comes down to it.
    blocked(
        "CREATE TABLE middle () INHERITS (@); CREATE TABLE child (coverage_status text) INHERITS (middle);
         INSERT INTO child VALUES ('a', 'MAYBE')",
        &["coverage_status: blocked: CHILD_COLUMN_IN_THE_WAY"],
    ),
    blocked(
        "CREATE TABLE one (coverage_decided_at date) INHERITS (@); CREATE TABLE two (coverage_decided_at date) INHERITS (@)",
        &["coverage_decided_at: blocked: CHILD_COLUMN_IN_THE_WAY*2"],
    ),
    blocked(
        "CREATE TABLE child (CONSTRAINT {c} CHECK (collection_key <> '')) INHERITS (@)",
        &["{c}: blocked: CHILD_CONSTRAINT_IN_THE_WAY"],
    ),
    blocked(
        "DROP TABLE @; CREATE TYPE shape AS (collection_key text); CREATE TABLE @ OF shape",
        &[
            "coverage_status: blocked: TYPED_TABLE",
            "coverage_scope_status: blocked: TYPED_TABLE",
            "coverage_exemption_reason: blocked: TYPED_TABLE",
            "coverage_review_owner: blocked: TYPED_TABLE",
            "coverage_decided_at: blocked: TYPED_TABLE",
            "coverage_decided_by: blocked: TYPED_TABLE",
        ],
    ),
    // A type that gives the columns is as good as ALTER TABLE.
    pass(
        "DROP TABLE @; CREATE TYPE shape AS (collection_key text, coverage_status text, coverage_scope_status text,
           coverage_exemption_reason text, coverage_review_owner text, coverage_decided_at timestamptz,
           coverage_decided_by text); CREATE TABLE @ OF shape",
        &[
            "coverage_status: exists:",
            "coverage_scope_status: exists:",
            "coverage_exemption_reason: exists:",
            "coverage_review_owner: exists:",
            "coverage_decided_at: exists:",
            "coverage_decided_by: exists:",
        ],
    ),
    // A column that came down from the registry is no obstacle.
    pass(
        "CREATE TABLE child (coverage_status text, other text) INHERITS (@); ALTER TABLE @ ADD coverage_status text",
        &["coverage_status: exists:"],
    ),
    blocked(
        "ALTER TABLE @ ADD coverage_status text, ADD CONSTRAINT {c} CHECK (coverage_status IN ({status})) NO INHERIT;
         CREATE TABLE child () INHERITS (@); INSERT INTO child VALUES ('a', 'MAYBE')",
        &[
            "coverage_status: exists:",
            "{c}: blocked: NO_INHERIT CHECK_NOT_INHERITED",
        ],
    ),
];

/// PostgreSQL 18 and newer.
const NOT_ENFORCED: Row = blocked(
    "ADD CONSTRAINT {c} CHECK (coverage_status IN ({status})) NOT ENFORCED",
    &["{c}: blocked: NOT_ENFORCED"],
);

fn expand(text: &str) -> String {
    text.replace('@', REGISTRY)
        .replace("{status}", STATUS)
        .replace("{scope}", SCOPE)
        .replace("{c}", CHECK)
}

/// `name: decision: reasons` of every item that is not plainly absent;
/// repeated reasons are counted.
fn decisions(plan: &Value) -> Vec<String> {
    let items = plan["plan"]["items"].as_array().unwrap();
    items
        .iter()
        .filter_map(|item| {
            let word = match item["decision"].as_str().unwrap() {
                "ABSENT" => "absent",
                "ALREADY_EXISTS_OK" => "exists",
                "BLOCKED_EXISTING_CONFLICT" => "blocked",
                other => panic!("no decision is {other}"),
            };
            let mut reasons: Vec<(&str, u32)> = Vec::new();
            for reason in item["reasons"].as_array().unwrap() {
                let code = reason["code"].as_str().unwrap();
                match reasons.last_mut() {
                    Some((last, count)) if *last == code => *count += 1,
                    _ => reasons.push((code, 1)),
                }
            }
            if word == "absent" && reasons.is_empty() {
                return None;
            }
            let reasons: String = reasons
                .iter()
                .map(|(code, count)| match count {
                    1 => format!(" {code}"),
                    n => format!(" {code}*{n}"),
                })
                .collect();
            Some(format!(
                "{}: {word}:{reasons}",
                item["object"]["name"].as_str().unwrap()
            ))
        })
        .collect()
}

fn try_row(server: &'static Server, home: &Home, prefix: &str, row: &Row) -> Result<(), String> {
    let script = expand(&format!(
        "CREATE TABLE @ (collection_key text PRIMARY KEY); {prefix} {}",
        row.sql
    ));
    let db = Database::new(server, &script);
    let before = db.shape(REGISTRY);
    let fail = |what: String| Err(format!("{}\n  {what}", row.sql));
    let planned = home.on(&db, &["plan", "storage", "--format", "json"]).run();
    if planned.code != Some(row.exit) {
        return fail(format!("plan: {planned:?}"));
    }
    let mut expected: Vec<String> = row.decided.iter().map(|d| expand(d)).collect();
    if !prefix.is_empty() {
        expected.insert(0, "coverage_status: exists:".to_owned());
    }
    let found = decisions(&planned.json());
    if found != expected {
        return fail(format!("expected {expected:?}\n  found    {found:?}"));
    }
    let applied = home.on(&db, &["apply", "storage", "--yes"]).run();
    if applied.code != Some(row.exit) {
        return fail(format!("apply: {applied:?}"));
    }
    let count = |word: &str| expected.iter().filter(|d| d.contains(word)).count();
    let counted = |kind: &str| {
        let get = |what: &str| applied.get(&format!("{kind}_{what}")).parse::<usize>();
        get("already_existed").unwrap() * 100 + get("blocked_conflict").unwrap()
    };
    let numbers = counted("columns") + counted("constraints");
    if numbers != count(": exists:") * 100 + count(": blocked:") {
        return fail(format!("counts: {}", applied.stdout));
    }
    if row.exit == 0 {
        let status = applied.get("b3p_ddl_status");
        let verified = home.on(&db, &["verify", "storage"]).run();
        return match (status, verified.code) {
            ("PASS", Some(0)) => Ok(()),
            _ => fail(format!("{status}, verify: {verified:?}")),
        };
    }
    if applied.get("b3p_ddl_status") != "BLOCKED" || applied.get("columns_added") != "0" {
        return fail(applied.stdout);
    }
    // Every conflict is named, not just the first.
    let reason = applied.get("reason");
    if !reason.starts_with("EXISTING_CONFLICT: ") {
        return fail(reason.to_owned());
    }
    for decided in expected.iter().filter(|d| d.contains(": blocked:")) {
        let name = decided.split(':').next().unwrap();
        if !reason.contains(name) {
            return fail(format!("{name} is not named: {reason}"));
        }
    }
    if db.shape(REGISTRY) != before {
        return fail(format!("it was changed: {}", db.shape(REGISTRY)));
    }
    Ok(())
}

fn try_rows<'a>(prefix: &str, rows: impl Fn(&Server) -> Vec<&'a Row>) {
    let mut wrong = Vec::new();
    for server in server::all() {
        let home = Home::new();
        for row in rows(server) {
            if let Err(what) = try_row(server, &home, prefix, row) {
                wrong.push(format!("PostgreSQL {}: {what}", server.major()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn live_columns() {
    try_rows("", |_| COLUMNS.iter().collect());
}

#[test]
fn live_checks() {
    try_rows("ALTER TABLE @ ADD coverage_status text, ", |server| {
        let newest = (server.major() >= 18).then_some(&NOT_ENFORCED);
        CHECKS.iter().chain(newest).collect()
    });
}

#[test]
fn what_is_around_the_registry() {
    try_rows("", |_| AROUND.iter().collect());
}

/// Without a descendant a check that is NO INHERIT holds for every row; with
/// one it does not, and `verify` sees that.
#[test]
fn verify_of_a_check_that_leaves_out_rows() {
    let script = expand(
        "CREATE TABLE @ (collection_key text, coverage_status text,
           CONSTRAINT {c} CHECK (coverage_status IN ({status})) NO INHERIT)",
    );
    let (db, home) = (Database::new(server::one(), &script), Home::new());
    home.on(&db, &["apply", "storage", "--yes"])
        .run()
        .expect_code(0);
    let verify = || {
        home.on(&db, &["verify", "storage", "--format", "json"])
            .run()
    };
    verify().expect_code(0);
    db.execute("CREATE TABLE child () INHERITS (collection_registry)");
    let refused = verify().expect_code(30);
    assert!(
        refused.stdout.contains("CHECK_NOT_INHERITED"),
        "{refused:?}"
    );
}

/// Under a collation that takes different texts for equal, a list of values
/// means something else. Such collations are ICU's alone.
#[test]
fn a_collation_that_is_not_deterministic() {
    const CREATE: &str = "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)";
    for server in server::all() {
        let db = Database::new(
            server,
            "CREATE TABLE collection_registry (collection_key text)",
        );
        if let Err(error) = db.try_execute(CREATE) {
            assert!(error.contains("ICU is not supported"), "{error}");
            continue;
        }
        db.execute("ALTER TABLE collection_registry ADD coverage_status text COLLATE loose, ADD coverage_decided_by text COLLATE loose");
        let (before, home) = (db.shape(REGISTRY), Home::new());
        let planned = home.on(&db, &["plan", "storage", "--format", "json"]).run();
        assert_eq!(
            decisions(&planned.expect_code(11).json())[..2],
            [
                "coverage_status: blocked: NONDETERMINISTIC_COLLATION",
                "coverage_decided_by: exists:"
            ]
        );
        let apply = ["apply", "storage", "--yes"];
        home.on(&db, &apply).run().expect_code(11);
        assert_eq!(db.shape(REGISTRY), before);
    }
}
