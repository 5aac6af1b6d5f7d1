//! An estate with policy storage and the gate, for tests of worker and sweep.

use std::process::Child;
use std::time::{Duration, Instant};

use birth_tests::cli::{Birth, Home, Ran};
use birth_tests::database::Database;
use birth_tests::server::{self, Server};

/// Longest wait for another process.
const PATIENCE: Duration = Duration::from_secs(60);

/// Everything in the schema `inventory`; no collection yet. `covered(name)` adds
/// one that every condition holds for once birth triggers are there.
pub(crate) const ESTATE: &str = "
    CREATE SCHEMA inventory; CREATE SCHEMA app;
    CREATE TABLE inventory.collection_registry (collection_key text, governance_role varchar(40), note text);
    CREATE TABLE inventory.species_collection_map (species text NOT NULL, collection_key text NOT NULL);
    CREATE TABLE inventory.birth_registry (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, table_name text NOT NULL, born_at timestamptz NOT NULL DEFAULT now());
    CREATE TABLE inventory.system_issues (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, category text NOT NULL, collection_key text, title text NOT NULL,
      description text, status text NOT NULL DEFAULT 'open', created_at timestamptz NOT NULL DEFAULT now());
    CREATE TABLE inventory.system_health_checks (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, type text NOT NULL, collection_key text, detail jsonb,
      checked_at timestamptz NOT NULL DEFAULT now());
    CREATE FUNCTION inventory.fn_birth_registry_auto() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO inventory.birth_registry (table_name) VALUES (TG_TABLE_NAME); RETURN NULL; END $$;
    CREATE FUNCTION inventory.covered(name text) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
      EXECUTE format('CREATE TABLE app.%1$I (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text);
        CREATE TRIGGER births AFTER INSERT ON app.%1$I FOR EACH ROW EXECUTE FUNCTION inventory.fn_birth_registry_auto()', name);
      INSERT INTO inventory.collection_registry (collection_key, governance_role) VALUES (name, 'governed');
      INSERT INTO inventory.species_collection_map VALUES ('thing', name);
      UPDATE inventory.collection_registry SET coverage_status = 'BIRTH_REQUIRED', coverage_decided_at = now(), coverage_decided_by = 'Ann'
      WHERE collection_key = name;
    END $$;";

/// A database, and where runs leave their traces.
pub(crate) struct Scene {
    pub(crate) home: Home,
    pub(crate) db: Database,
}

impl Scene {
    /// The estate as it is, without storage and gate.
    pub(crate) fn bare() -> Self {
        Self::on_server(server::one(), "")
    }

    /// With policy storage and the gate.
    pub(crate) fn new() -> Self {
        Self::after("")
    }

    /// The same, on an estate that a script changed before.
    pub(crate) fn after(script: &str) -> Self {
        let scene = Self::on_server(server::one(), script);
        scene.apply("storage");
        scene.apply("gate");
        scene
    }

    pub(crate) fn on_server(server: &'static Server, script: &str) -> Self {
        let db = Database::new(server, ESTATE);
        db.execute(script);
        Self {
            home: Home::new(),
            db,
        }
    }

    pub(crate) fn on(&self, arguments: &[&str]) -> Birth {
        self.home.on(&self.db, arguments)
    }

    /// Applies an operation and gives the run's id.
    pub(crate) fn apply(&self, operation: &str) -> String {
        let ran = self.on(&["apply", operation, "--yes"]).run();
        ran.expect_code(0).run_id()
    }

    /// `birth gate drain`.
    pub(crate) fn drain(&self) -> Ran {
        self.on(&["gate", "drain"]).run()
    }

    /// `birth sweep` that fails for nothing.
    pub(crate) fn sweep(&self, options: &[&str]) -> Ran {
        let sweep = ["sweep", "--fail-on", "never"];
        self.on(&[&sweep, options].concat()).run().expect_code(0)
    }

    /// Registers governed collections that are nothing but a key.
    pub(crate) fn register(&self, keys: &[&str]) {
        for key in keys {
            self.db.execute(&format!(
                "INSERT INTO inventory.collection_registry (collection_key, governance_role) VALUES ('{key}', 'governed')"
            ));
        }
    }

    /// Open issues, as `CODE collection`, sorted.
    pub(crate) fn issues(&self) -> Vec<String> {
        self.told("SELECT title FROM inventory.system_issues WHERE category = 'BIRTH_ONBOARDING' AND status = 'open'")
    }

    /// Health checks, as `CODE collection`, sorted.
    pub(crate) fn checks(&self) -> Vec<String> {
        self.told(
            "SELECT concat_ws(' ', detail ->> 'condition', detail ->> 'collection') FROM inventory.system_health_checks
             WHERE type = 'BIRTH_COVERAGE_GAP'",
        )
    }

    fn told(&self, query: &str) -> Vec<String> {
        let mut told: Vec<String> = self
            .db
            .rows(query)
            .into_iter()
            .map(|row| {
                let text = row.concat();
                let text = text.strip_prefix("Birth coverage gap ").unwrap_or(&text);
                text.replace(": ", " ")
            })
            .collect();
        told.sort();
        told
    }

    /// Events that wait or are set aside.
    pub(crate) fn events(&self) -> u64 {
        let count = self.db.value("SELECT count(*) FROM birth_gate.event");
        count.parse().expect("a number")
    }

    /// Waits until something holds.
    pub(crate) fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let started = Instant::now();
        while !holds(self) {
            assert!(started.elapsed() < PATIENCE, "never: {what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A process that is ended with the test.
pub(crate) struct Running(pub(crate) Child);

impl Running {
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, signal).expect("a signal");
    }

    /// Waits for its end.
    pub(crate) fn ended(mut self) -> Ran {
        let child = std::mem::replace(&mut self.0, no_process());
        Ran::from(child.wait_with_output().expect("a process"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn no_process() -> Child {
    std::process::Command::new("true").spawn().expect("true")
}
