//! A rollback takes away exactly what its run created: whatever was put on it
//! since, by whomever and on whichever partition, stops it, and it says what.

use birth_tests::cli::{Home, Ran};
use birth_tests::database::Database;
use birth_tests::server::{self, Server};

/// The registry is `@`. It is partitioned; a column was dropped from one
/// partition before it was attached, so that its columns have other numbers.
const PARTITIONED: &str = "
    CREATE TABLE collection_registry (collection_key text) PARTITION BY HASH (collection_key);
    CREATE TABLE even (old int, older int, collection_key text);
    ALTER TABLE even DROP old, DROP older;
    ALTER TABLE @ ATTACH PARTITION even FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    CREATE TABLE odd PARTITION OF @ FOR VALUES WITH (MODULUS 2, REMAINDER 1)";

/// Inheritance over two levels, with a table that inherits on both ways.
const INHERITED: &str = "
    CREATE TABLE collection_registry (collection_key text PRIMARY KEY);
    CREATE TABLE middle () INHERITS (collection_registry);
    CREATE TABLE even (old int) INHERITS (middle, collection_registry)";

const PLAIN: &str = "CREATE TABLE collection_registry (collection_key text PRIMARY KEY)";

struct Applied {
    db: Database,
    home: Home,
    run: String,
}

impl Applied {
    fn new(server: &'static Server, estate: &str) -> Self {
        let db = Database::new(server, &estate.replace('@', "collection_registry"));
        let home = Home::new();
        let applied = home.on(&db, &["apply", "storage", "--yes"]).run();
        let run = applied.expect_code(0).run_id();
        Self { db, home, run }
    }

    /// Every table of the estate.
    fn shape(&self) -> String {
        let tables = self.db.rows("SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace ORDER BY 1");
        tables.iter().map(|t| self.db.shape(&t[0])).collect()
    }

    fn rollback(&self) -> Ran {
        self.home
            .on(&self.db, &["rollback", &self.run, "--yes"])
            .run()
    }

    /// After `add`, the rollback is refused with these words and changes
    /// nothing; after `remove`, it does its work.
    #[track_caller]
    fn stops_it(&self, add: &str, says: &[&str]) {
        self.db.execute(&add.replace('@', "collection_registry"));
        let before = self.shape();
        let refused = self.rollback();
        assert_eq!(refused.code, Some(11), "{add}: {refused:?}");
        assert_eq!(refused.get("rollback_status"), "BLOCKED");
        assert_eq!(refused.get("columns_dropped"), "0");
        let reason = refused.get("reason");
        assert!(reason.starts_with("ROLLBACK_REFUSED: "), "{reason}");
        for word in says {
            assert!(reason.contains(word), "{add}: no {word:?} in {reason}");
        }
        // One refusal for each thing that was added.
        let refusals = reason.split("; ").count();
        assert_eq!(refusals, says.len(), "{add}: {reason}");
        assert_eq!(self.shape(), before, "{add}");
    }

    #[track_caller]
    fn works_after(&self, remove: &str) {
        self.db.execute(&remove.replace('@', "collection_registry"));
        let undone = self.rollback();
        assert_eq!(undone.code, Some(0), "{remove}: {undone:?}");
        assert_eq!(undone.get("columns_dropped"), "6");
        assert_eq!(undone.get("constraints_dropped"), "2");
        assert!(!self.shape().contains("coverage_"), "{}", self.shape());
    }
}

/// `DROP COLUMN` reaches every descendant, and takes what is there on the
/// column along without a word.
#[test]
fn what_uses_a_column_of_a_descendant() {
    let used = |by: &str| format!("column coverage_status is used by {by}");
    let uses = [
        (
            "CREATE INDEX extra ON even (coverage_status)",
            "DROP INDEX extra",
            used("index public.extra"),
        ),
        (
            "CREATE STATISTICS extra ON collection_key, coverage_status FROM even",
            "DROP STATISTICS extra",
            used("statistics object public.extra"),
        ),
        (
            "ALTER TABLE even ADD CONSTRAINT extra CHECK (coverage_status <> 'x')",
            "ALTER TABLE even DROP CONSTRAINT extra",
            used("constraint extra on table public.even"),
        ),
        (
            "CREATE VIEW extra AS SELECT coverage_status FROM even",
            "DROP VIEW extra",
            used("rule _RETURN on view public.extra"),
        ),
    ];
    for server in server::all() {
        for estate in [PARTITIONED, INHERITED] {
            let applied = Applied::new(server, estate);
            for (add, remove, says) in &uses {
                applied.stops_it(add, &[says]);
                applied.db.execute(remove);
            }
            applied.works_after("");
        }
    }
}

/// The expression of a generated column is stored where defaults are; only
/// the column's own default is not a use of it.
#[test]
fn a_generated_column_that_uses_it() {
    for server in server::all() {
        let applied = Applied::new(server, INHERITED);
        for table in ["@", "even"] {
            applied.stops_it(
                &format!("ALTER TABLE {table} ADD extra text GENERATED ALWAYS AS (upper(coverage_status)) STORED"),
                // It reaches every descendant of the table it is added to.
                if table == "@" {
                    &["extra of table public.collection_registry", "extra of table public.middle", "extra of table public.even"]
                } else {
                    &["extra of table public.even"]
                },
            );
            applied.db.execute(&format!(
                "ALTER TABLE {} DROP extra",
                table.replace('@', "collection_registry")
            ));
        }
        applied.works_after("");
    }
}

/// A partition that is divided by an added column cannot lose it.
#[test]
fn a_partition_key() {
    let applied = Applied::new(
        server::one(),
        "CREATE TABLE collection_registry (collection_key text) PARTITION BY LIST (collection_key)",
    );
    applied.stops_it(
        "CREATE TABLE part PARTITION OF @ FOR VALUES IN ('a') PARTITION BY LIST (coverage_status)",
        &["column coverage_status is used by table public.part"],
    );
    applied.works_after("DROP TABLE part");
}

/// A column that a descendant has in its own right stays with it, and so does
/// what uses it there.
#[test]
fn a_column_that_a_descendant_keeps() {
    let applied = Applied::new(server::one(), INHERITED);
    applied.db.execute(
        "ALTER TABLE even NO INHERIT collection_registry; ALTER TABLE even NO INHERIT middle;
         ALTER TABLE middle NO INHERIT collection_registry; ALTER TABLE middle INHERIT collection_registry;
         CREATE INDEX extra ON middle (coverage_status)",
    );
    let undone = applied.rollback().expect_code(0);
    assert_eq!(undone.get("columns_dropped"), "6");
    assert!(
        !applied
            .db
            .shape("collection_registry")
            .contains("coverage_")
    );
    assert_eq!(
        applied
            .db
            .value("SELECT count(*) FROM pg_class WHERE relname = 'extra'"),
        "1"
    );
}

/// What was put on a column or a check belongs to whoever put it there.
#[test]
fn what_was_put_on_them_since() {
    const C: &str = "coverage_status";
    let changed = [
        (
            "ALTER TABLE @ ALTER $ SET DEFAULT 'IN_SCOPE'",
            "ALTER TABLE @ ALTER $ DROP DEFAULT",
            "has a default",
        ),
        (
            "ALTER TABLE @ ALTER $ SET NOT NULL",
            "ALTER TABLE @ ALTER $ DROP NOT NULL",
            "is NOT NULL",
        ),
        (
            "COMMENT ON COLUMN @.$ IS 'x'",
            "COMMENT ON COLUMN @.$ IS NULL",
            "has a comment",
        ),
        (
            "GRANT SELECT ($) ON @ TO PUBLIC",
            "REVOKE SELECT ($) ON @ FROM PUBLIC",
            "has its own privileges",
        ),
        (
            "ALTER TABLE @ ALTER $ SET STATISTICS 7",
            "ALTER TABLE @ ALTER $ SET STATISTICS -1",
            "has its own statistics settings",
        ),
        (
            "ALTER TABLE @ ALTER $ SET (n_distinct = 5)",
            "ALTER TABLE @ ALTER $ RESET (n_distinct)",
            "has its own statistics settings",
        ),
        (
            "ALTER TABLE @ ALTER $ SET STORAGE PLAIN",
            "ALTER TABLE @ ALTER $ SET STORAGE EXTENDED",
            "is stored in another way",
        ),
        (
            "ALTER TABLE @ ALTER $ TYPE text COLLATE \"C\"",
            "ALTER TABLE @ ALTER $ TYPE text",
            "has another collation",
        ),
    ];
    for server in server::all() {
        for (estate, table, of) in [
            (PLAIN, "collection_registry", ""),
            (PARTITIONED, "collection_registry", ""),
            (INHERITED, "even", " of public.even"),
        ] {
            let applied = Applied::new(server, estate);
            let on = |sql: &str, c: &str| sql.replace('@', table).replace('$', c);
            for (add, remove, what) in changed {
                // Partitions and parents must agree on a collation.
                if what == "has another collation" && estate != PLAIN {
                    continue;
                }
                let c = if what == "has another collation" {
                    "coverage_review_owner"
                } else {
                    C
                };
                let says = format!("column {c}{of} was changed since: it {what}");
                applied.stops_it(&on(add, c), &[&says]);
                applied.db.execute(&on(remove, c));
            }
            applied.works_after("");
        }
        let applied = Applied::new(server, PLAIN);
        let check = "CONSTRAINT chk_collection_registry_coverage_status ON collection_registry";
        applied.stops_it(
            &format!("COMMENT ON {check} IS 'x'"),
            &["check chk_collection_registry_coverage_status was changed since: it has a comment"],
        );
        applied.works_after(&format!("COMMENT ON {check} IS NULL"));
    }
}

/// Everything that changed is said at once.
#[test]
fn several_changes_of_one_column() {
    let applied = Applied::new(server::one(), PARTITIONED);
    applied.stops_it(
        "ALTER TABLE @ ALTER coverage_decided_by SET DEFAULT 'x'; COMMENT ON COLUMN @.coverage_decided_by IS 'x';
         COMMENT ON COLUMN odd.coverage_decided_by IS 'y'; ALTER TABLE odd ALTER coverage_decided_by SET NOT NULL",
        &[
            "column coverage_decided_by was changed since: it has a comment, has a default",
            "column coverage_decided_by of public.odd was changed since: it is NOT NULL",
        ],
    );
}
