//! Roles that may not set up the gate, or could not take it back: each is refused
//! before anything is begun, with what is missing.

use birth_tests::cli::Birth;
use birth_tests::server;

use crate::gate_scene::{APPLY, PARTITIONED, PLAIN, Place, Registry};
use crate::triggers_scene::expect;

/// A registry that belongs to a role, which may create schemas.
struct Owned {
    place: Place,
    role: String,
}

impl Owned {
    fn new(registry: &'static Registry) -> Self {
        let place = Place::new(server::one(), registry);
        let role = format!("{}_installer", place.db.name());
        let owned = Self { place, role };
        owned.execute(
            "CREATE ROLE @role LOGIN; GRANT USAGE ON SCHEMA inventory TO @role;
             ALTER TABLE inventory.collection_registry OWNER TO @role; GRANT CREATE ON DATABASE @db TO @role",
        );
        owned
    }

    fn execute(&self, script: &str) {
        let script = script.replace("@role", &self.role);
        self.place
            .db
            .execute(&script.replace("@db", self.place.db.name()));
    }

    fn birth(&self, arguments: &[&str]) -> Birth {
        let url = self.place.db.url_as(&self.role);
        self.place.home.birth(arguments).arg("--database").arg(&url)
    }

    #[track_caller]
    fn works(&self) {
        let before = self.place.objects();
        let ran = self.birth(&APPLY).run().expect_code(0);
        expect(
            &ran,
            &[
                ("b3f_gate_status", "PASS"),
                ("gate_triggers_installed", "2"),
            ],
        );
        self.place
            .db
            .execute(&self.place.insert(&["a"], "governed"));
        assert_eq!(self.place.events(), ["a INSERT"]);
        let undo = self.birth(&["rollback", &ran.run_id(), "--yes"]);
        expect(&undo.run().expect_code(0), &[("rollback_status", "PASS")]);
        assert_eq!(self.place.objects(), before);
    }

    /// Refused while something is missing; with it, everything works.
    #[track_caller]
    fn needs(take: &str, give_back: &str, says: &[&str]) {
        let owned = Self::new(&PLAIN);
        owned.execute(take);
        owned.refused(says);
        owned.execute(give_back);
        owned.works();
    }

    #[track_caller]
    fn refused(&self, says: &[&str]) {
        let before = self.place.objects();
        let ran = self.birth(&APPLY).run().expect_code(22);
        expect(
            &ran,
            &[("b3f_gate_status", "FAILED"), ("objects_created", "0")],
        );
        let reason = ran.get("reason");
        assert!(reason.starts_with("MISSING_RIGHTS: "), "{reason}");
        for part in says {
            assert!(reason.contains(part), "no {part:?} in {reason}");
        }
        let plan = self.birth(&["plan", "gate", "--format", "json"]);
        assert_eq!(
            plan.run().expect_code(0).json()["refusal"]["code"],
            "MISSING_RIGHTS"
        );
        let doctor = self.birth(&["doctor"]).run().stdout;
        assert!(doctor.contains(says[0]), "no {:?} in {doctor}", says[0]);
        assert_eq!(self.place.objects(), before);
    }
}

#[test]
fn role_with_no_more_than_it_needs() {
    Owned::new(&PLAIN).works();
    Owned::new(&PARTITIONED).works_on_all_partitions();
}

impl Owned {
    fn works_on_all_partitions(&self) {
        self.refused(&["may not create a trigger on inventory.part_0"]);
        self.execute(
            "ALTER TABLE inventory.part_0 OWNER TO @role; ALTER TABLE inventory.part_0_0 OWNER TO @role",
        );
        self.works();
    }
}

#[test]
fn role_that_may_not_create_schemas() {
    Owned::needs(
        "REVOKE CREATE ON DATABASE @db FROM @role",
        "GRANT CREATE ON DATABASE @db TO @role",
        &["may not create a schema in this database"],
    );
    // With a schema of its own it needs no more.
    let owned = Owned::new(&PLAIN);
    owned.execute(
        "REVOKE CREATE ON DATABASE @db FROM @role; CREATE SCHEMA birth_gate AUTHORIZATION @role",
    );
    owned.works();
}

#[test]
fn role_that_may_not_use_the_schema() {
    Owned::needs(
        "CREATE SCHEMA birth_gate",
        "GRANT USAGE, CREATE ON SCHEMA birth_gate TO @role",
        &["may not create anything in the schema birth_gate"],
    );
}

#[test]
fn role_that_does_not_own_the_registry() {
    Owned::needs(
        "ALTER TABLE inventory.collection_registry OWNER TO postgres",
        "ALTER TABLE inventory.collection_registry OWNER TO @role",
        &[
            "may not create a trigger on inventory.collection_registry",
            "does not own inventory.collection_registry (its owner is postgres)",
        ],
    );
    // It could set it up, and could not take it back.
    Owned::needs(
        "ALTER TABLE inventory.collection_registry OWNER TO postgres; GRANT ALL ON inventory.collection_registry TO @role",
        "ALTER TABLE inventory.collection_registry OWNER TO @role",
        &[
            "does not own inventory.collection_registry (its owner is postgres), so the rollback could not drop the triggers",
        ],
    );
}

#[test]
fn role_without_the_language() {
    Owned::needs(
        "REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC",
        "GRANT USAGE ON LANGUAGE plpgsql TO PUBLIC",
        &["may not create functions in PL/pgSQL"],
    );
}

/// Another role cannot undo it, and says so before it tries.
#[test]
fn role_that_may_not_undo() {
    let owned = Owned::new(&PLAIN);
    let run = owned.place.applied();
    let before = owned.place.objects();
    owned.execute(
        "GRANT USAGE ON SCHEMA birth_gate TO @role; GRANT SELECT ON birth_gate.event TO @role",
    );
    let ran = owned
        .birth(&["rollback", &run, "--yes"])
        .run()
        .expect_code(22);
    let reason = ran.get("reason");
    for part in [
        "birth_gate.event",
        "birth_gate.record_event()",
        "its owner is postgres",
    ] {
        assert!(reason.contains(part), "no {part:?} in {reason}");
    }
    assert_eq!(owned.place.objects(), before);
}

/// Whoever owns the registry can change its key's type, and what a cast of that
/// type to text does. The function runs as somebody stronger: it must not.
#[test]
fn nothing_of_the_registrys_owner_runs_as_the_gates_owner() {
    let owned = Owned::new(&PLAIN);
    owned.place.applied();
    owned.execute("GRANT CREATE ON SCHEMA inventory TO @role");
    let session = owned.place.db.session_as(&owned.role);
    session.execute(
        "CREATE TABLE inventory.seen AS SELECT NULL::text AS who WHERE false;
         CREATE TYPE inventory.k AS (v text);
         CREATE FUNCTION inventory.k(v text) RETURNS inventory.k LANGUAGE sql AS 'SELECT ROW($1)::inventory.k';
         CREATE FUNCTION inventory.t(k inventory.k) RETURNS text LANGUAGE plpgsql AS
           $$ BEGIN INSERT INTO inventory.seen VALUES (current_user); RETURN ($1).v; END $$;
         CREATE CAST (inventory.k AS text) WITH FUNCTION inventory.t(inventory.k);
         ALTER TABLE inventory.collection_registry ALTER collection_key TYPE inventory.k USING inventory.k(collection_key);
         INSERT INTO inventory.collection_registry (collection_key) VALUES (inventory.k('a'));
         UPDATE inventory.collection_registry SET governance_role = 'observed'",
    );
    assert_eq!(session.warnings(), [""; 0]);
    assert_eq!(owned.place.events(), ["(a) INSERT", "(a) ROLE"]);
    let seen = owned.place.db.value("SELECT count(*) FROM inventory.seen");
    assert_eq!(seen, "0");
    // The cast itself does what it was made for.
    session.execute("SELECT collection_key::text FROM inventory.collection_registry");
    let seen = owned.place.db.value("SELECT count(*) FROM inventory.seen");
    assert_eq!(seen, "1");
}

/// Privileges that the database gives by default are not the gate's.
#[test]
fn default_privileges_open_nothing() {
    let place = Place::new(server::one(), &PLAIN);
    place.db.execute(
        "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC;
         ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO PUBLIC;
         ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC",
    );
    place.applied();
    let open = "SELECT has_schema_privilege('public', 'birth_gate', 'USAGE, CREATE'),
      has_table_privilege('public', 'birth_gate.event', 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE'),
      has_function_privilege('public', 'birth_gate.record_event()', 'EXECUTE')";
    assert_eq!(place.db.rows(open), [["f", "f", "f"]]);
}
