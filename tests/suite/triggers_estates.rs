//! Estates for birth triggers: three that have other names for everything, one
//! to spoil, and a place to run on each.

use std::collections::BTreeMap;
use std::path::PathBuf;

use birth_tests::cli::{Home, Ran};
use birth_tests::database::Database;
use birth_tests::server::Server;

/// The run's parts of B3-A's final response, in the spec's order.
pub(crate) const KEYS: [&str; 12] = [
    "b3a_status",
    "trigger_target_count",
    "triggers_installed",
    "triggers_already_existed",
    "triggers_blocked_conflict",
    "triggers_skipped_no_mapping",
    "total_birth_triggers_after",
    "species_queue_issues_created",
    "species_queue_captured_pks",
    "policy_mismatch_detected",
    "compiled_sql_logged",
    "no_business_data_mutation",
];
/// The last of them.
pub(crate) const LAST_KEY: &str = "no_function_created";

pub(crate) const PLAN: [&str; 2] = ["plan", "triggers"];
pub(crate) const PLAN_JSON: [&str; 5] = ["plan", "triggers", "--format", "json", "--quiet"];
pub(crate) const APPLY: [&str; 3] = ["apply", "triggers", "--yes"];
pub(crate) const VERIFY: [&str; 2] = ["verify", "triggers"];

/// What surrounds the collections, named as the built-in profile likes it best.
/// Nothing keeps the registry and the species map from holding nonsense.
pub(crate) const AROUND: &str = "
    CREATE SCHEMA inventory; CREATE SCHEMA shop;
    CREATE TABLE inventory.collection_registry (collection_key text, governance_role text);
    CREATE TABLE inventory.species_collection_map (collection_key text, species_code text);
    CREATE TABLE inventory.birth_registry (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, born_in text NOT NULL, born_as jsonb);
    CREATE TABLE inventory.system_issues (
      issue_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, category text NOT NULL,
      collection_key text, title text NOT NULL, description text,
      status text NOT NULL DEFAULT 'open');
    CREATE FUNCTION inventory.fn_birth_registry_auto() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO inventory.birth_registry (born_in, born_as) VALUES (TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME, to_jsonb(NEW));
      RETURN NULL;
    END $$;";

/// Columns of a table that holds content.
const CONTENT: &str = "title text NOT NULL, body text, author text, published_on date,
    created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz";

/// A table that holds content; its name as SQL has it.
pub(crate) fn content(table: &str) -> String {
    format!(
        "CREATE TABLE {table} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, {CONTENT});\n"
    )
}

/// A partitioned one, with two partitions. Their names end in `_1` and `_2`.
pub(crate) fn partitioned(table: &str) -> String {
    format!(
        "CREATE TABLE {table} (id bigint PRIMARY KEY, {CONTENT}) PARTITION BY RANGE (id);
         CREATE TABLE {table}_1 PARTITION OF {table} FOR VALUES FROM (0) TO (100);
         CREATE TABLE {table}_2 PARTITION OF {table} FOR VALUES FROM (100) TO (200);\n"
    )
}

/// Registers collections as governed.
pub(crate) fn register(keys: &[&str]) -> String {
    let rows = keys
        .iter()
        .map(|key| format!("({}, 'governed')", text(key)));
    insert("inventory.collection_registry", rows)
}

/// Maps collections to a species.
pub(crate) fn map(keys: &[&str]) -> String {
    let rows = keys.iter().map(|key| format!("({}, 'thing')", text(key)));
    insert("inventory.species_collection_map", rows)
}

fn insert(table: &str, rows: impl Iterator<Item = String>) -> String {
    let rows: Vec<String> = rows.collect();
    format!("INSERT INTO {table} VALUES {};\n", rows.join(", "))
}

/// A text as SQL has it.
pub(crate) fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

/// An estate of content tables `shop.<key>` of these keys, each of them
/// registered and mapped.
pub(crate) fn shop(keys: &[&str]) -> String {
    let tables: String = keys
        .iter()
        .map(|k| content(&format!("shop.\"{}\"", k.replace('"', "\"\""))))
        .collect();
    [AROUND, &tables, &register(keys), &map(keys)].concat()
}

/// An estate to walk through.
pub(crate) struct Estate {
    /// For messages.
    pub(crate) name: &'static str,
    /// Makes it.
    pub(crate) script: &'static str,
    /// The profile it needs.
    pub(crate) profile: Option<&'static str>,
    /// The table of issues and its primary key, quoted.
    pub(crate) issues: (&'static str, &'static str),
    /// The function, as `regprocedure` reads it.
    pub(crate) function: &'static str,
    /// A query for the births: where, and how many there.
    pub(crate) births: &'static str,
    /// Tables that get a trigger, with its name; quoted, in the order of the
    /// statements.
    pub(crate) targets: &'static [(&'static str, &'static str)],
    /// Collections of the species queue, by key.
    pub(crate) queued: &'static [&'static str],
    /// Collections that need no birth, or of which it is not clear.
    pub(crate) others: usize,
    /// Inserts rows, and where the births are registered for them.
    pub(crate) rows: &'static [(&'static str, &'static [&'static str])],
    /// Words of the warnings of its plan.
    pub(crate) warnings: &'static [&'static str],
}

/// Names as the built-in profile likes them best, one of each kind of table.
pub(crate) const PLAIN: Estate = Estate {
    name: "plain",
    script: include_str!("../fixtures/triggers-plain.sql"),
    profile: None,
    issues: ("inventory.system_issues", "issue_id"),
    function: "inventory.fn_birth_registry_auto()",
    births: "SELECT born_in, count(*) FROM inventory.birth_registry GROUP BY 1 ORDER BY 1",
    targets: &[
        ("shop.customers", "trg_birth_customers"),
        ("shop.orders", "trg_birth_orders"),
        ("shop.products", "trg_birth_products"),
    ],
    queued: &["notes"],
    others: 3,
    rows: &[
        (
            "INSERT INTO shop.customers (name) VALUES ('a'), ('b'), ('c')",
            &["shop.customers", "shop.customers", "shop.customers"],
        ),
        (
            "INSERT INTO shop.orders (customer_id, remark) SELECT id, 'x' FROM shop.customers LIMIT 2",
            &["shop.orders", "shop.orders"],
        ),
        ("INSERT INTO shop.notes (title) VALUES ('not mapped')", &[]),
        ("UPDATE shop.customers SET name = 'd'", &[]),
    ],
    warnings: &[],
};

/// Other names for everything, mixed case, hostile ones, several schemas and
/// columns that say where a collection's table is.
pub(crate) const RENAMED: Estate = Estate {
    name: "renamed",
    script: include_str!("../fixtures/triggers-renamed.sql"),
    profile: Some(include_str!("../fixtures/triggers-renamed.toml")),
    issues: ("\"Ver;waltung\".\"Meldungen\"", "\"Nr\""),
    function: r#""Ver;waltung"."Geburt'""--"()"#,
    births: r#"SELECT "Wo", count(*) FROM "Ver;waltung"."Geburten" GROUP BY 1 ORDER BY 1"#,
    targets: &[
        (r#""Haus 1"."Aufträge""#, r#""Geburt Aufträge""#),
        (r#""Haus 1"."drop""table;--""#, r#""Geburt drop""table;--""#),
        ("\"Haus 1\".\"zwei\nZeilen\"", "\"Geburt zwei\nZeilen\""),
        (r#""Haus""2"."Aufträge""#, r#""Geburt Aufträge""#),
    ],
    queued: &["'; DROP TABLE x; --\n", "Notizen"],
    others: 1,
    rows: &[
        (
            r#"INSERT INTO "Haus 1"."Aufträge" ("Titel") VALUES ('a'), ('b')"#,
            &["Haus 1.Aufträge", "Haus 1.Aufträge"],
        ),
        (
            r#"INSERT INTO "Haus 1"."drop""table;--" ("Titel") VALUES ('a')"#,
            &["Haus 1.drop\"table;--"],
        ),
        (
            "INSERT INTO \"Haus 1\".\"zwei\nZeilen\" (\"Titel\") VALUES ('a')",
            &["Haus 1.zwei\nZeilen"],
        ),
        (
            r#"INSERT INTO "Haus""2"."Aufträge" ("Titel") VALUES ('a')"#,
            &["Haus\"2.Aufträge"],
        ),
    ],
    warnings: &[],
};

/// A partitioned table of two levels, and one with a child.
pub(crate) const PARTITIONED: Estate = Estate {
    name: "partitioned and inherited",
    script: include_str!("../fixtures/triggers-partitioned.sql"),
    profile: None,
    issues: ("inventory.system_issues", "issue_id"),
    function: "inventory.fn_birth_registry_auto()",
    births: "SELECT born_in, count(*) FROM inventory.birth_registry GROUP BY 1 ORDER BY 1",
    targets: &[
        ("shop.articles", "trg_birth_articles"),
        ("shop.cities", "trg_birth_cities"),
        ("shop.places", "trg_birth_places"),
    ],
    queued: &[],
    others: 0,
    rows: &[
        (
            "INSERT INTO shop.articles (id, title) VALUES (1, 'a'), (2, 'b'), (150, 'c'), (950, 'd')",
            &[
                "shop.articles_1",
                "shop.articles_1",
                "shop.articles_2_low",
                "shop.articles_rest",
            ],
        ),
        // Into a partition itself: the clone fires, and only once.
        (
            "INSERT INTO shop.articles_2_low (id, title) VALUES (151, 'e')",
            &["shop.articles_2_low"],
        ),
        (
            "INSERT INTO shop.places (name) VALUES ('a')",
            &["shop.places"],
        ),
        (
            "INSERT INTO shop.cities (name, inhabitants) VALUES ('b', 1), ('c', 2)",
            &["shop.cities", "shop.cities"],
        ),
        // What the warning is about: the row is born again.
        (
            "UPDATE shop.articles SET id = 160 WHERE id = 1",
            &["shop.articles_2_low"],
        ),
        ("UPDATE shop.articles SET title = 'z'", &[]),
    ],
    warnings: &["ROW_MOVES_FIRE_INSERT"],
};

/// All three.
pub(crate) const ALL: [&Estate; 3] = [&PLAIN, &RENAMED, &PARTITIONED];

/// A database and a home.
pub(crate) struct Place {
    pub(crate) db: Database,
    pub(crate) home: Home,
    issues: &'static str,
}

impl Place {
    /// On an estate around [`AROUND`].
    pub(crate) fn new(server: &'static Server, script: &str) -> Self {
        Self {
            db: Database::new(server, script),
            home: Home::new(),
            issues: "inventory.system_issues",
        }
    }

    /// As [`Place::new`], with the classification approved.
    pub(crate) fn approved(server: &'static Server, script: &str) -> Self {
        let place = Self::new(server, script);
        place.approve();
        place
    }

    /// On one of the estates to walk through.
    pub(crate) fn of(server: &'static Server, estate: &Estate) -> Self {
        let mut place = Self::new(server, estate.script);
        if let Some(profile) = estate.profile {
            place.profile(profile);
        }
        place.issues = estate.issues.0;
        place
    }

    /// Puts a `birth.toml` where it is found without an option.
    pub(crate) fn profile(&self, text: &str) {
        std::fs::write(self.home.path().join("birth.toml"), text).unwrap();
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.home.on(&self.db, arguments).run()
    }

    /// Classifies and approves what is there now.
    #[track_caller]
    pub(crate) fn approve(&self) {
        self.run(&["classify", "--quiet"]).expect_code(0);
        let approve = ["classify", "approve", "--by", "Ann", "--yes", "--quiet"];
        self.run(&approve).expect_code(0);
    }

    /// The file of the approved report.
    pub(crate) fn report(&self) -> PathBuf {
        self.home
            .path()
            .join("knowledge-base/reports/p3d-birth-coverage-classification-report.md")
    }

    /// Every trigger with its identity and state, every issue, and the
    /// functions: what a run may change, and what it may not.
    pub(crate) fn state(&self) -> Vec<Vec<String>> {
        let mut state = self.db.rows(
            "SELECT t.oid, t.tgrelid::regclass, t.tgname, t.tgenabled, t.tgtype, t.tgfoid::regprocedure, t.tgparentid
             FROM pg_trigger t ORDER BY t.oid",
        );
        let issues = self.issues;
        state.extend(
            self.db
                .rows(&format!("SELECT i::text FROM {issues} i ORDER BY 1")),
        );
        state.extend(self.db.rows(
            "SELECT oid::regprocedure, prosrc, xmin FROM pg_proc WHERE oid >= 16384 ORDER BY oid",
        ));
        state
    }

    /// The triggers that call a function, without clones: table and name.
    pub(crate) fn birth_triggers(&self, function: &str) -> Vec<(String, String)> {
        let rows = self.db.rows(&format!(
            "SELECT format('%I.%I', n.nspname, c.relname), quote_ident(t.tgname) FROM pg_trigger t
             JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE t.tgfoid = {}::regprocedure AND t.tgparentid = 0 AND NOT t.tgisinternal
             ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\", t.tgname",
            text(function)
        ));
        rows.into_iter()
            .map(|row| (row[0].clone(), row[1].clone()))
            .collect()
    }

    /// Demands that a command that executes nothing is refused: exit code, code
    /// and words of the reason, and nothing changed.
    #[track_caller]
    pub(crate) fn refuses(&self, arguments: &[&str], exit: i32, code: &str, says: &[&str]) -> Ran {
        let before = self.state();
        let ran = self.run(arguments).expect_code(exit);
        assert_eq!(self.state(), before, "{arguments:?} changed something");
        said(&ran, arguments, code, says);
        ran
    }

    /// As [`Place::refuses`], for `plan`, `apply` and `verify`.
    #[track_caller]
    pub(crate) fn refuses_all(&self, exit: i32, code: &str, says: &[&str]) {
        for arguments in [&PLAN[..], &APPLY, &VERIFY] {
            self.refuses(arguments, exit, code, says);
        }
    }

    /// The decisions of a plan by collection: decision and codes of reasons.
    #[track_caller]
    pub(crate) fn decisions(&self) -> BTreeMap<String, String> {
        decided(&self.run(&PLAN_JSON).json())
    }
}

/// The decisions of a plan in JSON by collection: decision and codes of
/// reasons.
#[track_caller]
pub(crate) fn decided(document: &serde_json::Value) -> BTreeMap<String, String> {
    let items = document["plan"]["items"].as_array().unwrap();
    let decided = items.iter().map(|item| {
        let reasons = item["reasons"].as_array().unwrap().iter();
        let codes = reasons.map(|r| r["code"].as_str().unwrap());
        let decision = item["decision"].as_str().unwrap();
        let words: Vec<&str> = std::iter::once(decision).chain(codes).collect();
        let key = item["object"]["collection"].as_str().unwrap();
        (key.to_owned(), words.join(" "))
    });
    decided.collect()
}

/// The id of the run that a command carried out, from its progress.
#[track_caller]
pub(crate) fn run_of(ran: &Ran) -> String {
    let run = ran.stderr.lines().find_map(|l| l.strip_prefix("· run "));
    run.unwrap_or_else(|| panic!("no run in {}", ran.stderr))
        .to_owned()
}

/// Demands a code and words of what a command said: the reason of a final
/// response, or the error.
#[track_caller]
pub(crate) fn said(ran: &Ran, arguments: &[&str], code: &str, says: &[&str]) {
    let closes = matches!(arguments.first(), Some(&"apply" | &"rollback"));
    let reason = if closes {
        let reason = ran.get("reason");
        let wanted = format!("{code}: ");
        assert!(reason.starts_with(&wanted), "no {wanted:?} in {reason}");
        reason
    } else {
        let wanted = format!("[{code}]");
        assert!(
            ran.stderr.contains(&wanted),
            "no {wanted} in {}",
            ran.stderr
        );
        &ran.stderr
    };
    for part in says {
        assert!(reason.contains(part), "no {part:?} in {reason}");
    }
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
}
