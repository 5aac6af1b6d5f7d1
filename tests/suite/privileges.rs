//! Roles that may not: a missing right is found before anything is begun, for
//! the rollback as well.

use birth_tests::cli::{Birth, Home};
use birth_tests::database::Database;
use birth_tests::server;

const REGISTRY: &str = "inventory.collection_registry";
const PLAN: [&str; 4] = ["plan", "storage", "--format", "json"];
const APPLY: [&str; 3] = ["apply", "storage", "--yes"];

/// An estate with an owner, a member of its role, and a stranger. Roles are
/// the server's, so each database has its own.
struct Place {
    db: Database,
    home: Home,
}

impl Place {
    fn new() -> Self {
        let db = Database::new(server::one(), "");
        let n = db.name().to_owned();
        db.execute(&format!(
            "CREATE ROLE {n}_owner LOGIN; CREATE ROLE {n}_member LOGIN IN ROLE {n}_owner;
             CREATE ROLE {n}_stranger LOGIN;
             CREATE SCHEMA inventory AUTHORIZATION {n}_owner;
             SET ROLE {n}_owner;
             CREATE TABLE {REGISTRY} (collection_key text PRIMARY KEY);
             INSERT INTO {REGISTRY} VALUES ('a')"
        ));
        Self {
            db,
            home: Home::new(),
        }
    }

    fn role(&self, who: &str) -> String {
        format!("{}_{who}", self.db.name())
    }

    fn birth(&self, who: &str, arguments: &[&str]) -> Birth {
        let url = self.db.url_as(&self.role(who));
        self.home.birth(arguments).arg("--database").arg(&url)
    }

    fn grant(&self, what: &str) {
        self.db
            .execute(&format!("GRANT {what} TO {}", self.role("stranger")));
    }

    fn shape(&self) -> String {
        self.db.shape(REGISTRY)
    }

    /// The stranger may plan, and hears that it may not apply.
    #[track_caller]
    fn stranger_is_refused(&self) {
        let before = self.shape();
        let planned = self.birth("stranger", &PLAN).run();
        let planned = planned.expect_code(0);
        assert_eq!(planned.json()["refusal"]["code"], "NOT_THE_OWNER");
        assert!(
            planned.stderr.contains("`apply` would refuse"),
            "{}",
            planned.stderr
        );

        let applied = self.birth("stranger", &APPLY).run().expect_code(22);
        assert_eq!(applied.get("b3p_ddl_status"), "FAILED");
        let reason = applied.get("reason");
        assert!(reason.starts_with("NOT_THE_OWNER: "), "{reason}");
        assert!(reason.contains(&self.role("owner")), "{reason}");
        assert_eq!(applied.get("columns_added"), "0");
        assert_eq!(applied.get("compiled_sql_logged"), "false");
        // Refused before any transaction that could write: neither previewed
        // nor locked.
        let show = ["runs", "show", &applied.run_id(), "--format", "json"];
        let shown = self.home.birth(&show).run().expect_code(0).json();
        let events: Vec<&str> = shown["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["event"].as_str().unwrap())
            .collect();
        assert!(
            !events.contains(&"previewed") && !events.contains(&"locked"),
            "{events:?}"
        );
        assert_eq!(self.shape(), before);
    }
}

#[test]
fn a_role_that_does_not_own_the_registry() {
    let place = Place::new();
    // Without any right at all: catalogs are open to everybody.
    place.stranger_is_refused();
    place.grant("USAGE ON SCHEMA inventory");
    place.grant(&format!("ALL ON {REGISTRY}"));
    place.stranger_is_refused();

    let doctor = place.birth("stranger", &["doctor"]).run().expect_code(22);
    assert!(doctor.stdout.contains("does not own"), "{}", doctor.stdout);
    assert!(
        doctor.stdout.contains("member of the owning role"),
        "{}",
        doctor.stdout
    );
    let json = place
        .birth("stranger", &["doctor", "--format", "json"])
        .run();
    let found = json.expect_code(22).json();
    let failed: Vec<&str> = found
        .as_array()
        .unwrap()
        .iter()
        .filter(|f| f["level"] == "failed")
        .map(|f| f["check"].as_str().unwrap())
        .collect();
    assert_eq!(failed, ["rights"]);
}

/// With the columns there, rows have to be counted: who may not read the
/// table gets a plan that says so, and no error.
#[test]
fn a_role_that_may_not_read_the_registry() {
    for grants in [
        &[][..],
        &["USAGE ON SCHEMA inventory"],
        &["SELECT ON inventory.collection_registry"],
    ] {
        let place = Place::new();
        place.db.execute(&format!(
            "ALTER TABLE {REGISTRY} ADD coverage_status text; UPDATE {REGISTRY} SET coverage_status = 'MAYBE'"
        ));
        for grant in grants {
            place.grant(grant);
        }
        let planned = place.birth("stranger", &PLAN).run().expect_code(0).json();
        let items = planned["plan"]["items"].as_array().unwrap();
        let check = items
            .iter()
            .find(|i| i["object"]["name"] == "chk_collection_registry_coverage_status")
            .unwrap();
        assert_eq!(check["decision"], "ABSENT");
        assert_eq!(check["reasons"][0]["code"], "ROWS_OUTSIDE_UNKNOWN");
        place.stranger_is_refused();
        let doctor = place.birth("stranger", &["doctor"]).run().expect_code(22);
        assert!(doctor.stdout.contains("may not read"), "{}", doctor.stdout);

        // The owner knows.
        place.birth("owner", &PLAN).run().expect_code(11);
    }
}

#[test]
fn the_owner_and_its_members_may() {
    let place = Place::new();
    let before = place.shape();
    for who in ["member", "owner"] {
        place.birth(who, &["doctor"]).run().expect_code(0);
        let applied = place.birth(who, &APPLY).run().expect_code(0);
        assert_eq!(applied.get("columns_added"), "6", "{who}");
        let run = applied.run_id();
        let with_storage = place.shape();

        // Nobody else takes it back, whether or not they may read it.
        let rollback = ["rollback", &run, "--yes"];
        for _ in 0..2 {
            let refused = place.birth("stranger", &rollback).run().expect_code(22);
            let reason = refused.get("reason");
            assert!(reason.starts_with("NOT_THE_OWNER: "), "{reason}");
            assert_eq!(refused.get("columns_dropped"), "0");
            assert_eq!(place.shape(), with_storage);
            place.grant("USAGE ON SCHEMA inventory");
            place.grant(&format!("SELECT ON {REGISTRY}"));
        }
        place.db.execute(&format!(
            "REVOKE SELECT ON {REGISTRY} FROM {}",
            place.role("stranger")
        ));

        let undone = place.birth(who, &rollback).run().expect_code(0);
        assert_eq!(undone.get("columns_dropped"), "6", "{who}");
        assert_eq!(place.shape(), before);
    }
}

/// What the rollback would need is missing: `apply` and the doctor say so in
/// the same words, and so does the rollback of what is there already.
#[track_caller]
fn owner_is_refused(take: &str, give_back: &str, code: &str, says: &str) {
    let place = Place::new();
    let fill = |sql: &str| {
        sql.replace('@', REGISTRY)
            .replace('$', &place.role("owner"))
    };
    let before = place.shape();
    place.db.execute(&fill(take));
    let refused = |arguments: &[&str], status: &str| {
        let ran = place.birth("owner", arguments).run().expect_code(22);
        assert_eq!(ran.get(status), "FAILED");
        let reason = ran.get("reason");
        let wanted = fill(&format!("{code}: {says}"));
        assert!(reason.starts_with(&wanted), "{wanted} is not in {reason}");
        reason.split_once(": ").unwrap().1.to_owned()
    };
    let sentence = refused(&APPLY, "b3p_ddl_status");
    assert_eq!(place.shape(), before);
    let doctor = place.birth("owner", &["doctor"]).run().expect_code(22);
    assert!(doctor.stdout.contains(&sentence), "{}", doctor.stdout);

    place.db.execute(&fill(give_back));
    place.birth("owner", &["doctor"]).run().expect_code(0);
    let run = place.birth("owner", &APPLY).run().expect_code(0).run_id();
    let rollback = ["rollback", &run, "--yes"];
    place.db.execute(&fill(take));
    let with_storage = place.shape();
    assert_eq!(refused(&rollback, "rollback_status"), sentence);
    assert_eq!(place.shape(), with_storage);
    place.db.execute(&fill(give_back));
    place.birth("owner", &rollback).run().expect_code(0);
    assert_eq!(place.shape(), before);
}

#[test]
fn an_owner_who_could_not_count_the_values() {
    let says = format!("the role may not read {REGISTRY}, so the rollback");
    owner_is_refused(
        "REVOKE SELECT ON @ FROM $",
        "GRANT SELECT ON @ TO $",
        "MAY_NOT_READ",
        &says,
    );
    owner_is_refused(
        "ALTER SCHEMA inventory OWNER TO postgres; REVOKE USAGE ON SCHEMA inventory FROM $",
        "GRANT USAGE ON SCHEMA inventory TO $",
        "MAY_NOT_READ",
        &says,
    );
    // A count of the rows that a policy shows is no count.
    owner_is_refused(
        "ALTER TABLE @ ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
        "ALTER TABLE @ NO FORCE ROW LEVEL SECURITY",
        "ROWS_HIDDEN",
        &format!("row security hides rows of {REGISTRY} from the role, so the rollback"),
    );
}

/// ALTER TABLE reaches every table below, and needs the ownership of each.
#[test]
fn a_table_below_that_somebody_else_owns() {
    owner_is_refused(
        "CREATE TABLE IF NOT EXISTS inventory.middle () INHERITS (@);
         ALTER TABLE inventory.middle OWNER TO $;
         CREATE TABLE IF NOT EXISTS inventory.below () INHERITS (inventory.middle);
         ALTER TABLE inventory.below OWNER TO postgres",
        "ALTER TABLE inventory.below OWNER TO $",
        "NOT_THE_OWNER",
        &format!(
            "the role does not own inventory.below (its owner is postgres), which inherits from {REGISTRY}, so "
        ),
    );
}

/// A default that holds sessions to reading is somebody's decision: it stops
/// the run, and changing nothing is not overridden.
#[test]
fn a_read_only_session() {
    let place = Place::new();
    let before = place.shape();
    place.db.execute(&format!(
        "ALTER ROLE {} SET default_transaction_read_only = on",
        place.role("owner")
    ));
    place.birth("owner", &PLAN).run().expect_code(0);
    let refused = place.birth("owner", &APPLY).run().expect_code(29);
    assert_eq!(refused.get("b3p_ddl_status"), "FAILED");
    assert!(
        refused.get("reason").starts_with("READ_ONLY: "),
        "{}",
        refused.stdout
    );
    assert_eq!(place.shape(), before);
}

#[test]
fn a_role_that_may_not_connect() {
    let place = Place::new();
    let before = place.shape();
    let refused = place.birth("nobody", &APPLY).run().expect_code(21);
    assert!(
        refused.get("reason").starts_with("CONNECTION_FAILED: "),
        "{}",
        refused.stdout
    );
    assert!(
        refused.stderr.contains(&place.role("nobody")),
        "{}",
        refused.stderr
    );
    place.birth("nobody", &["doctor"]).run().expect_code(21);
    assert_eq!(place.shape(), before);
}
