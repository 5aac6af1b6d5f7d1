//! Roles that may not install birth triggers, or could not take them back: each
//! is refused before any transaction that could write, with the object named.

use birth_tests::cli::{Birth, Ran};

use crate::triggers_scene::{Scene, expect, expect_all, expect_reason, expect_undone, runs_of};

/// Gives every collection's table to a role.
fn owned_by(role: &str) -> String {
    format!(
        "DO $$ DECLARE t regclass; BEGIN
           FOR t IN SELECT oid FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind = 'r'
           LOOP EXECUTE format('ALTER TABLE %s OWNER TO {role}', t); END LOOP; END $$"
    )
}

/// An estate whose tables belong to the role that installs.
struct Place {
    scene: Scene,
    role: String,
}

impl Place {
    fn new() -> Self {
        let scene = Scene::new();
        let role = format!("{}_installer", scene.db.name());
        scene.db.execute(&format!(
            "CREATE ROLE {role} LOGIN;
             GRANT USAGE ON SCHEMA inventory, app TO {role};
             GRANT SELECT ON inventory.collection_registry, inventory.species_collection_map TO {role};
             GRANT SELECT, INSERT, DELETE ON inventory.system_issues TO {role};
             GRANT INSERT ON inventory.birth_registry TO {role};
             REVOKE EXECUTE ON FUNCTION inventory.fn_birth_registry_auto() FROM PUBLIC;
             GRANT EXECUTE ON FUNCTION inventory.fn_birth_registry_auto() TO {role};
             {}",
            owned_by(&role)
        ));
        Self { scene, role }
    }

    fn execute(&self, script: &str) {
        self.scene.db.execute(&script.replace("@role", &self.role));
    }

    fn birth(&self, arguments: &[&str]) -> Birth {
        let url = self.scene.db.url_as(&self.role);
        self.scene.home.birth(arguments).arg("--database").arg(&url)
    }

    fn apply(&self) -> Ran {
        self.birth(&["apply", "triggers", "--yes"]).run()
    }

    /// Refused without a lock, a write or a trace in the database.
    #[track_caller]
    fn refused(&self, exit: i32, code: &str, says: &[&str]) {
        let ran = self.apply().expect_code(exit);
        expect(
            &ran,
            &[
                ("b3a_status", "FAILED"),
                ("triggers_installed", "0"),
                ("species_queue_issues_created", "0"),
            ],
        );
        expect_reason(&ran, code, says);
        let show = ["runs", "show", &runs_of(&ran)[0], "--format", "json"];
        let shown = self.scene.home.birth(&show).run().expect_code(0).json();
        let events = shown["events"].to_string();
        assert!(!events.contains("\"locked\""), "{events}");
        self.scene.expect_nothing();
    }

    /// Refused while something is missing; with it, everything works.
    #[track_caller]
    fn needs(take: &str, give_back: &str, exit: i32, code: &str, says: &[&str]) {
        let place = Self::new();
        place.execute(take);
        place.refused(exit, code, says);
        place.execute(give_back);
        place.works();
    }

    #[track_caller]
    fn works(&self) {
        let ran = self.apply().expect_code(0);
        expect_all(&ran);
        let undo = self.birth(&["rollback", &runs_of(&ran)[0], "--yes"]);
        expect_undone(&undo.run().expect_code(0), 6, 2);
    }
}

#[test]
fn role_with_no_more_than_it_needs() {
    Place::new().works();
}

#[test]
fn role_that_owns_nothing() {
    let (none, all) = (owned_by("postgres"), owned_by("@role"));
    let says = ["may not create a trigger on app.articles", "app.projects"];
    Place::needs(&none, &all, 22, "MISSING_RIGHTS", &says);
}

/// It could install, and could not take back: that is refused before.
#[test]
fn role_that_may_create_triggers_and_owns_nothing() {
    let none = owned_by("postgres") + "; GRANT ALL ON ALL TABLES IN SCHEMA app TO @role";
    let says = [
        "does not own app.articles (its owner is postgres), so the rollback could not drop the trigger",
        "does not own app.projects",
    ];
    Place::needs(&none, &owned_by("@role"), 22, "MISSING_RIGHTS", &says);
}

#[test]
fn role_that_owns_all_tables_but_one() {
    let place = Place::new();
    place.execute("ALTER TABLE app.orders OWNER TO postgres; GRANT TRIGGER ON app.orders TO @role");
    place.refused(
        22,
        "MISSING_RIGHTS",
        &["the role does not own app.orders (its owner is postgres)"],
    );
    let plan = place.birth(&["plan", "triggers", "--format", "json"]);
    let plan = plan.run().expect_code(0);
    assert_eq!(plan.json()["refusal"]["code"], "MISSING_RIGHTS");
    assert!(plan.stderr.contains("app.orders"), "{}", plan.stderr);
    // A batch that does not come to it may go on; the one that does stops.
    let apply = ["apply", "triggers", "--yes", "--batch-size", "3"];
    let ran = place.birth(&apply).run().expect_code(10);
    expect_reason(
        &ran,
        "MISSING_RIGHTS",
        &["batch 2 ended FAILED", "app.orders"],
    );
    expect(
        &ran,
        &[("b3a_status", "PARTIAL"), ("triggers_installed", "3")],
    );
}

#[test]
fn role_that_may_not_execute_the_function() {
    Place::needs(
        "REVOKE EXECUTE ON FUNCTION inventory.fn_birth_registry_auto() FROM @role",
        "GRANT EXECUTE ON FUNCTION inventory.fn_birth_registry_auto() TO @role",
        22,
        "MISSING_RIGHTS",
        &["may not execute inventory.fn_birth_registry_auto()"],
    );
}

#[test]
fn role_that_may_not_write_issues() {
    Place::needs(
        "REVOKE INSERT ON inventory.system_issues FROM @role",
        "GRANT INSERT ON inventory.system_issues TO @role",
        23,
        "ISSUE_WOULD_BE_REFUSED",
        &["inventory.system_issues"],
    );
}

/// What it writes it has to be able to take back.
#[test]
fn role_that_may_not_delete_issues() {
    Place::needs(
        "REVOKE DELETE ON inventory.system_issues FROM @role",
        "GRANT DELETE ON inventory.system_issues TO @role",
        23,
        "ISSUE_WOULD_BE_REFUSED",
        &["inventory.system_issues"],
    );
}

#[test]
fn role_that_may_not_read() {
    for table in [
        "species_collection_map",
        "collection_registry",
        "system_issues",
    ] {
        Place::needs(
            &format!("REVOKE SELECT ON inventory.{table} FROM @role"),
            &format!("GRANT SELECT ON inventory.{table} TO @role"),
            22,
            "PRIVILEGE_MISSING",
            &[table],
        );
    }
}

#[test]
fn role_without_the_schema() {
    Place::needs(
        "REVOKE USAGE ON SCHEMA inventory FROM @role",
        "GRANT USAGE ON SCHEMA inventory TO @role",
        22,
        "PRIVILEGE_MISSING",
        &["inventory"],
    );
    Place::needs(
        "REVOKE USAGE ON SCHEMA app FROM @role",
        "GRANT USAGE ON SCHEMA app TO @role",
        22,
        "MISSING_RIGHTS",
        &["may not create a trigger on app.articles"],
    );
}

/// Rows that a policy hides are not absent: an estate that is not seen whole is
/// no ground for a decision.
#[test]
fn tables_with_row_security() {
    for table in [
        "collection_registry",
        "species_collection_map",
        "system_issues",
    ] {
        Place::needs(
            &format!("ALTER TABLE inventory.{table} ENABLE ROW LEVEL SECURITY"),
            &format!("ALTER TABLE inventory.{table} DISABLE ROW LEVEL SECURITY"),
            22,
            "PRIVILEGE_MISSING",
            &[table, "row-level security"],
        );
    }
    // Who is not held to it goes on.
    let place = Place::new();
    place.execute("ALTER TABLE inventory.collection_registry ENABLE ROW LEVEL SECURITY; ALTER ROLE @role BYPASSRLS");
    place.works();
}
