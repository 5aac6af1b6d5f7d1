//! Registries for the onboarding gate, and a place to run on each.

use birth_tests::cli::{Birth, Home};
use birth_tests::database::{Database, Session};
use birth_tests::server::Server;

use crate::triggers_scene::expect;

/// A registry; every name is quoted where SQL needs it.
pub(crate) struct Registry {
    /// For messages.
    pub(crate) name: &'static str,
    script: &'static str,
    profile: Option<&'static str>,
    /// The gate's schema and queue.
    pub(crate) queue: &'static str,
    pub(crate) table: &'static str,
    key: &'static str,
    pub(crate) role: &'static str,
    /// A column that is neither.
    other: &'static str,
    /// A partition, to write to it directly.
    pub(crate) partition: Option<&'static str>,
}

/// Names as the built-in profile likes them best.
pub(crate) const PLAIN: Registry = Registry {
    name: "plain",
    script: "CREATE SCHEMA inventory;
        CREATE TABLE inventory.collection_registry (
          collection_key text UNIQUE, governance_role varchar(40), note text);",
    profile: None,
    queue: "birth_gate.event",
    table: "inventory.collection_registry",
    key: "collection_key",
    role: "governance_role",
    other: "note",
    partition: None,
};

/// Other names for everything, hostile ones, and a role that is an enum.
pub(crate) const RENAMED: Registry = Registry {
    name: "renamed",
    script: r#"CREATE SCHEMA "Ver;waltung";
        CREATE TYPE "Ver;waltung"."Rang" AS ENUM ('governed', 'observed', 'free');
        CREATE TABLE "Ver;waltung"."drop ""Buch"" $birth$" (
          "Kürzel '" text UNIQUE, "Rolle"") WHEN (" "Ver;waltung"."Rang", "NEW" text);"#,
    profile: Some(
        r#"format = 1
        [naming]
        gate-schema = 'Tor "1";'
        gate-insert-trigger = 'ein <table>'
        gate-role-trigger = 'um <table>'
        [family.collection_registry]
        table = 'drop "Buch" $birth$'
        [concept.collection_key]
        column = "Kürzel '"
        [concept.collection_governance_role]
        column = 'Rolle") WHEN ('"#,
    ),
    queue: r#""Tor ""1"";".event"#,
    table: r#""Ver;waltung"."drop ""Buch"" $birth$""#,
    key: "\"Kürzel '\"",
    role: r#""Rolle"") WHEN (""#,
    other: "\"NEW\"",
    partition: None,
};

/// Two levels of partitions.
pub(crate) const PARTITIONED: Registry = Registry {
    name: "partitioned",
    script: "CREATE SCHEMA inventory;
        CREATE TABLE inventory.collection_registry (
          collection_key text UNIQUE, governance_role text, note text) PARTITION BY HASH (collection_key);
        CREATE TABLE inventory.part_0 PARTITION OF inventory.collection_registry FOR VALUES WITH (MODULUS 1, REMAINDER 0)
          PARTITION BY HASH (collection_key);
        CREATE TABLE inventory.part_0_0 PARTITION OF inventory.part_0 FOR VALUES WITH (MODULUS 1, REMAINDER 0);",
    partition: Some("inventory.part_0_0"),
    ..PLAIN
};

/// All three.
pub(crate) const ALL: [&Registry; 3] = [&PLAIN, &RENAMED, &PARTITIONED];

/// A database and a home.
pub(crate) struct Place {
    pub(crate) db: Database,
    pub(crate) home: Home,
    pub(crate) of: &'static Registry,
}

impl Place {
    pub(crate) fn new(server: &'static Server, registry: &'static Registry) -> Self {
        let home = Home::new();
        if let Some(profile) = registry.profile {
            std::fs::write(home.path().join("birth.toml"), profile).unwrap();
        }
        Self {
            db: Database::new(server, registry.script),
            home,
            of: registry,
        }
    }

    /// With its gate.
    pub(crate) fn with_gate(server: &'static Server, registry: &'static Registry) -> Self {
        let place = Self::new(server, registry);
        place.applied();
        place
    }

    pub(crate) fn on(&self, arguments: &[&str]) -> Birth {
        self.home.on(&self.db, arguments)
    }

    /// Applies all of the gate and gives the run's id.
    #[track_caller]
    pub(crate) fn applied(&self) -> String {
        let ran = self.on(&APPLY).run().expect_code(0);
        expect(
            &ran,
            &[
                ("b3f_gate_status", "PASS"),
                ("objects_created", "5"),
                ("objects_already_existed", "0"),
                ("gate_triggers_installed", "2"),
                ("post_ddl_verified", "true"),
            ],
        );
        ran.run_id()
    }

    /// The plan in JSON: each object's decision with the codes of its reasons.
    #[track_caller]
    pub(crate) fn decisions(&self) -> Vec<String> {
        let plan = self.on(&["plan", "gate", "--format", "json", "--quiet"]);
        let plan = plan.run().json();
        let items = plan["plan"]["items"].as_array().unwrap();
        let decided = items.iter().map(|item| {
            let reasons = item["reasons"].as_array().unwrap().iter();
            let codes = reasons.map(|r| r["code"].as_str().unwrap());
            let words: Vec<&str> = std::iter::once(item["decision"].as_str().unwrap())
                .chain(codes)
                .collect();
            words.join(" ")
        });
        decided.collect()
    }

    /// A statement that inserts rows with these keys and a role.
    pub(crate) fn insert(&self, keys: &[&str], role: &str) -> String {
        let Registry {
            table,
            key,
            role: column,
            ..
        } = self.of;
        let rows: Vec<String> = keys
            .iter()
            .map(|key| format!("('{}', '{role}')", key.replace('\'', "''")))
            .collect();
        format!(
            "INSERT INTO {table} ({key}, {column}) VALUES {}",
            rows.join(", ")
        )
    }

    /// SQL with the registry's names in place of `@table`, `@key`, `@role`,
    /// `@other`.
    pub(crate) fn sql(&self, text: &str) -> String {
        text.replace("@table", self.of.table)
            .replace("@key", self.of.key)
            .replace("@role", self.of.role)
            .replace("@other", self.of.other)
    }

    /// The recorded events, which are removed: `collection cause`.
    pub(crate) fn events(&self) -> Vec<String> {
        let rows = self.db.rows(&format!(
            "WITH gone AS (DELETE FROM {} RETURNING event_id, collection, cause)
             SELECT coalesce(collection, '∅'), cause FROM gone ORDER BY event_id",
            self.of.queue
        ));
        rows.iter().map(|row| row.join(" ")).collect()
    }

    /// Everything a run may create, with its identity.
    pub(crate) fn objects(&self) -> Vec<Vec<String>> {
        self.db.rows(
            "SELECT 'schema', oid, nspname::text, nspowner::text FROM pg_namespace WHERE oid >= 16384
             UNION ALL SELECT 'relation', oid, oid::regclass::text, relkind::text FROM pg_class WHERE oid >= 16384
             UNION ALL SELECT 'function', oid, oid::regprocedure::text, prosrc FROM pg_proc WHERE oid >= 16384
             UNION ALL SELECT 'trigger', oid, tgname::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE oid >= 16384
             ORDER BY 1, 2",
        )
    }
}

pub(crate) const APPLY: [&str; 3] = ["apply", "gate", "--yes"];
pub(crate) const VERIFY: [&str; 2] = ["verify", "gate"];

/// Runs a statement that has to succeed with exactly one warning, which names
/// the loss and says this.
#[track_caller]
pub(crate) fn loses_one(session: &Session, statement: &str, says: &str) {
    session.rows(statement).unwrap();
    match session.warnings().as_slice() {
        [only] => {
            assert!(only.starts_with("birth gate: a change of "), "{only}");
            assert!(only.contains("is not recorded: "), "{only}");
            assert!(only.contains(says), "no {says:?} in {only}");
        }
        other => panic!("{statement}: {other:?}"),
    }
}
