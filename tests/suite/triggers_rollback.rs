//! Rollback of birth triggers where somebody was at work since: exactly what
//! the run created and nobody touched goes, and everything else is named.

use crate::triggers_scene::{
    MAPPED, Scene, expect, expect_all, expect_reason, expect_undone, names, runs_of,
};

const FUNCTION: &str = "EXECUTE FUNCTION inventory.fn_birth_registry_auto()";

/// One thing that somebody does to one of the objects, and what becomes of it.
struct Change {
    does: &'static str,
    /// It is left, and named so; else it is gone already, and named so.
    left: bool,
    says: &'static str,
    /// Triggers and issues that the rollback still takes away.
    undone: (usize, usize),
    /// Triggers that call the function afterwards.
    remain: &'static [&'static str],
}

const CHANGES: [Change; 13] = [
    Change {
        does: "DROP TRIGGER trg_birth_orders ON app.orders",
        left: false,
        says: "trigger trg_birth_orders on app.orders",
        undone: (5, 2),
        remain: &[],
    },
    Change {
        does: "ALTER TABLE app.orders DISABLE TRIGGER trg_birth_orders",
        left: true,
        says: "trigger trg_birth_orders on app.orders",
        undone: (5, 2),
        remain: &["app.orders trg_birth_orders"],
    },
    Change {
        does: "ALTER TRIGGER trg_birth_orders ON app.orders RENAME TO theirs",
        left: true,
        says: "it is now \"theirs\"",
        undone: (5, 2),
        remain: &["app.orders theirs"],
    },
    Change {
        does: "DROP TRIGGER trg_birth_orders ON app.orders;
               CREATE TRIGGER trg_birth_orders AFTER INSERT ON app.orders FOR EACH ROW EXECUTE FUNCTION inventory.fn_birth_registry_auto()",
        left: true,
        says: "trigger trg_birth_orders on app.orders was replaced since by one of its name",
        undone: (5, 2),
        remain: &["app.orders trg_birth_orders"],
    },
    Change {
        does: "DROP TABLE app.orders",
        left: false,
        says: "trigger trg_birth_orders with its table app.orders",
        undone: (5, 2),
        remain: &[],
    },
    Change {
        does: "DROP TABLE app.orders; CREATE TABLE app.orders (id int);
               CREATE TRIGGER trg_birth_orders AFTER INSERT ON app.orders FOR EACH ROW EXECUTE FUNCTION inventory.fn_birth_registry_auto()",
        left: false,
        says: "trigger trg_birth_orders with its table app.orders",
        undone: (5, 2),
        remain: &["app.orders trg_birth_orders"],
    },
    Change {
        does: "ALTER TABLE app.orders RENAME TO purchases",
        left: false,
        says: "",
        undone: (6, 2),
        remain: &[],
    },
    Change {
        does: "CREATE SCHEMA \"Old;--\"; ALTER TABLE app.orders SET SCHEMA \"Old;--\"",
        left: false,
        says: "",
        undone: (6, 2),
        remain: &[],
    },
    Change {
        does: "CREATE OR REPLACE FUNCTION inventory.fn_birth_registry_auto() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        left: false,
        says: "",
        undone: (6, 2),
        remain: &[],
    },
    Change {
        does: "UPDATE inventory.system_issues SET status = 'in progress' WHERE collection_key = 'recipes'",
        left: true,
        says: "issue 1 of collection \"recipes\" was worked on since",
        undone: (6, 1),
        remain: &[],
    },
    Change {
        does: "DELETE FROM inventory.system_issues WHERE collection_key = 'recipes'",
        left: false,
        says: "issue 1 of collection \"recipes\"",
        undone: (6, 1),
        remain: &[],
    },
    Change {
        does: "CREATE TABLE inventory.comments (issue bigint REFERENCES inventory.system_issues ON DELETE CASCADE);
               INSERT INTO inventory.comments SELECT id FROM inventory.system_issues WHERE collection_key = 'suppliers'",
        left: true,
        says: "issue 2 of collection \"suppliers\" is referred to by rows of inventory.comments",
        undone: (6, 1),
        remain: &[],
    },
    // Rows that refer to no issue of the run, and columns that came later.
    Change {
        does: "ALTER TABLE inventory.system_issues ADD assignee text;
               INSERT INTO inventory.system_issues (category, title) VALUES ('other', 'theirs');
               CREATE TABLE inventory.comments (issue bigint REFERENCES inventory.system_issues);
               INSERT INTO inventory.comments SELECT id FROM inventory.system_issues WHERE category = 'other'",
        left: false,
        says: "",
        undone: (6, 2),
        remain: &[],
    },
];

#[test]
fn one_thing_that_changed_since() {
    for change in &CHANGES {
        let scene = Scene::new();
        let run = scene.applied();
        scene.db.execute(change.does);
        let issues = scene.issues();
        let exit = if change.left { 10 } else { 0 };
        let undone = scene.rollback(&run).run().expect_code(exit);
        let (left, gone) = if change.left {
            (change.says, "")
        } else {
            ("", change.says)
        };
        let what = change.does;
        let status = if change.left { "PARTIAL" } else { "PASS" };
        assert!(
            undone.get("left_changed").contains(left),
            "{what}\n{}",
            undone.stdout
        );
        assert_eq!(
            undone.get("left_changed").is_empty(),
            left.is_empty(),
            "{what}"
        );
        assert_eq!(undone.get("already_gone"), gone, "{what}");
        if change.left {
            expect_reason(&undone, "CHANGED_SINCE", &["1 objects", left]);
        }
        let (triggers, deleted) = change.undone;
        expect(
            &undone,
            &[
                ("rollback_status", status),
                ("rolled_back_run", &run),
                ("triggers_dropped", &triggers.to_string()),
                ("issues_deleted", &deleted.to_string()),
                ("post_rollback_verified", "true"),
            ],
        );
        // Disabled ones call the function as well.
        assert_eq!(scene.triggers(), change.remain, "{what}");
        assert_eq!(
            undone.get("total_birth_triggers_after"),
            change.remain.len().to_string()
        );
        assert_eq!(scene.issues().len(), issues.len() - deleted, "{what}");
    }
}

#[test]
fn many_things_that_changed_since() {
    let scene = Scene::new();
    let run = scene.applied();
    // Each of the six tables and both issues in another way.
    for i in [0, 1, 3, 4, 7] {
        let table = [
            "articles",
            "customers",
            "",
            "invoices",
            "products",
            "",
            "",
            "projects",
        ][i];
        scene.db.execute(&CHANGES[i].does.replace("orders", table));
    }
    for i in [9, 11] {
        scene.db.execute(CHANGES[i].does);
    }
    let undone = scene.rollback(&run).run().expect_code(10);
    expect(
        &undone,
        &[
            ("rollback_status", "PARTIAL"),
            ("triggers_dropped", "2"),
            ("issues_deleted", "0"),
            (
                "already_gone",
                "trigger trg_birth_articles on app.articles; trigger trg_birth_products with its table app.products",
            ),
            ("total_birth_triggers_after", "2"),
        ],
    );
    expect_reason(
        &undone,
        "CHANGED_SINCE",
        &[
            "4 objects",
            "trg_birth_customers on app.customers",
            "trg_birth_invoices on app.invoices was replaced",
            "issue 1 of collection \"recipes\"",
            "issue 2 of collection \"suppliers\"",
        ],
    );
    assert_eq!(scene.triggers(), names(&["customers", "invoices"]));
    // Nothing but what was left is left to say.
    let again = scene.rollback(&run).run().expect_code(11);
    expect(
        &again,
        &[
            ("rollback_status", "BLOCKED"),
            ("triggers_dropped", "0"),
            ("issues_deleted", "0"),
        ],
    );
    expect_reason(&again, "CHANGED_SINCE", &["4 objects"]);
    // When it is as it was, it goes.
    scene.db.execute("ALTER TABLE app.customers ENABLE TRIGGER trg_birth_customers; DELETE FROM inventory.comments");
    let rest = scene.rollback(&run).run().expect_code(10);
    expect(&rest, &[("triggers_dropped", "1"), ("issues_deleted", "1")]);
    assert_eq!(scene.triggers(), names(&["invoices"]));
    assert_eq!(scene.issues(), ["recipes"]);
}

#[test]
fn rollback_again_and_of_nothing() {
    let scene = Scene::new();
    let run = scene.applied();
    let nothing = scene.apply(&[]).run().expect_code(0);
    // A run that found everything there takes nothing away.
    let undone = scene.rollback(&runs_of(&nothing)[0]).run().expect_code(0);
    expect_undone(&undone, 0, 0);
    scene.expect_everything();

    expect_undone(&scene.rollback(&run).run().expect_code(0), 6, 2);
    let again = scene.rollback(&run).run().expect_code(0);
    expect(
        &again,
        &[
            ("rollback_status", "PASS"),
            ("triggers_dropped", "0"),
            ("issues_deleted", "0"),
            ("left_changed", ""),
        ],
    );
    assert_eq!(again.get("already_gone").split("; ").count(), 8);
    let back = scene.rollback(&runs_of(&again)[0]).run().expect_code(20);
    assert!(
        back.stderr.contains("[NOTHING_TO_UNDO]") || back.stderr.contains("[NOT_UNDOABLE]"),
        "{}",
        back.stderr
    );

    // A run that was blocked changed nothing.
    for table in MAPPED {
        scene.db.execute(&format!(
            "CREATE TRIGGER trg_birth_{table} BEFORE INSERT ON app.{table} FOR EACH ROW {FUNCTION}"
        ));
    }
    scene.db.execute("INSERT INTO inventory.species_collection_map VALUES ('thing', 'recipes'), ('thing', 'suppliers');
        CREATE TRIGGER trg_birth_recipes BEFORE INSERT ON app.recipes FOR EACH ROW EXECUTE FUNCTION inventory.fn_birth_registry_auto();
        CREATE TRIGGER trg_birth_suppliers BEFORE INSERT ON app.suppliers FOR EACH ROW EXECUTE FUNCTION inventory.fn_birth_registry_auto()");
    let blocked = scene.apply(&[]).run().expect_code(11);
    let undo = scene.rollback(&runs_of(&blocked)[0]).run().expect_code(20);
    assert!(undo.stderr.contains("[NOTHING_TO_UNDO]"), "{}", undo.stderr);
    assert_eq!(scene.triggers().len(), 8);
}

#[test]
fn export_is_refused() {
    let scene = Scene::new();
    let run = scene.applied();
    let file = scene.home.path().join("rows.jsonl");
    let export = scene
        .rollback(&run)
        .arg("--export")
        .arg(file.to_str().unwrap());
    let refused = export.run().expect_code(20);
    assert!(
        refused.stderr.contains("[OPTION_NOT_OF_OPERATION]"),
        "{}",
        refused.stderr
    );
    assert!(!file.exists());
    scene.expect_everything();
}

/// A trigger of a second run is not the first run's, even on the same tables.
#[test]
fn second_run_is_left_alone() {
    let scene = Scene::new();
    let first = scene.applied();
    scene.db.execute(
        "DROP TRIGGER trg_birth_orders ON app.orders; DELETE FROM inventory.system_issues WHERE collection_key = 'recipes'",
    );
    let second = scene.apply(&[]).run().expect_code(0);
    expect(
        &second,
        &[
            ("triggers_installed", "1"),
            ("triggers_already_existed", "5"),
            ("species_queue_issues_created", "1"),
            ("species_queue_captured_pks", "3"),
        ],
    );
    let undone = scene.rollback(&first).run().expect_code(10);
    expect(
        &undone,
        &[
            ("triggers_dropped", "5"),
            ("issues_deleted", "1"),
            ("already_gone", "issue 1 of collection \"recipes\""),
            ("total_birth_triggers_after", "1"),
        ],
    );
    expect_reason(
        &undone,
        "CHANGED_SINCE",
        &["trg_birth_orders on app.orders was replaced since"],
    );
    assert_eq!(scene.triggers(), names(&["orders"]));
    assert_eq!(scene.issues(), ["recipes"]);
    expect_undone(
        &scene.rollback(&runs_of(&second)[0]).run().expect_code(0),
        1,
        1,
    );
    scene.expect_nothing();
}

/// What happens between the look without locks and the one under them.
#[test]
fn change_while_the_rollback_runs() {
    for (change, says) in [
        (
            "ALTER TABLE app.orders DISABLE TRIGGER trg_birth_orders",
            "trg_birth_orders",
        ),
        (
            "UPDATE inventory.system_issues SET title = 'x'",
            "was worked on since",
        ),
        ("DROP TRIGGER trg_birth_orders ON app.orders", "is gone"),
        ("ALTER TABLE app.orders RENAME TO purchases", "renamed"),
    ] {
        let scene = Scene::new();
        let run = scene.applied();
        let paused = scene.rollback(&run).pause_at("previewed");
        scene.db.execute(change);
        let before = (scene.triggers(), scene.issues());
        let undone = paused.resume().expect_code(26);
        expect(
            &undone,
            &[
                ("rollback_status", "FAILED"),
                ("triggers_dropped", "0"),
                ("issues_deleted", "0"),
            ],
        );
        expect_reason(&undone, "DRIFT", &[says]);
        assert_eq!((scene.triggers(), scene.issues()), before, "{change}");
    }
}

/// Rights are asked before anything is locked or dropped.
#[test]
fn rollback_without_the_right_to() {
    let scene = Scene::new();
    let run = scene.applied();
    let role = format!("{}_stranger", scene.db.name());
    scene.db.execute(&format!(
        "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA inventory, app TO {role};
         GRANT ALL ON ALL TABLES IN SCHEMA inventory, app TO {role}"
    ));
    let url = scene.db.url_as(&role);
    let rollback = || {
        let birth = scene.home.birth(&["rollback", &run, "--yes"]);
        birth.arg("--database").arg(&url).run()
    };
    let refused = |says: &str| {
        let ran = rollback().expect_code(22);
        expect(
            &ran,
            &[
                ("rollback_status", "FAILED"),
                ("triggers_dropped", "0"),
                ("compiled_sql_logged", "false"),
            ],
        );
        expect_reason(&ran, "MISSING_RIGHTS", &[says]);
        scene.expect_everything();
    };
    refused("does not own app.articles (its owner is postgres)");
    for table in MAPPED {
        scene
            .db
            .execute(&format!("ALTER TABLE app.{table} OWNER TO {role}"));
    }
    scene.db.execute("ALTER TABLE app.orders OWNER TO postgres");
    refused("does not own app.orders");
    scene.db.execute(&format!("ALTER TABLE app.orders OWNER TO {role}; REVOKE DELETE ON inventory.system_issues FROM {role}"));
    refused("may not delete rows of inventory.system_issues");
    scene.db.execute(&format!(
        "GRANT DELETE ON inventory.system_issues TO {role}"
    ));
    expect_undone(&rollback().expect_code(0), 6, 2);
    scene.expect_nothing();
}

/// The keys are those of one database.
#[test]
fn rollback_on_another_database() {
    let (scene, other) = (Scene::new(), Scene::new());
    let run = scene.applied();
    expect_all(&other.apply(&[]).run().expect_code(0));
    let elsewhere = scene.home.on(&other.db, &["rollback", &run, "--yes"]);
    let refused = elsewhere.run().expect_code(27);
    expect_reason(&refused, "OTHER_DATABASE", &[]);
    other.expect_everything();
    scene.expect_everything();
}

/// After the last look under the locks, which do not keep anybody from the
/// issues: a row is deleted only as the run wrote it.
#[test]
fn issue_that_is_edited_after_the_last_look() {
    for change in [
        "UPDATE inventory.system_issues SET title = 'x' WHERE collection_key = 'recipes'",
        "DELETE FROM inventory.system_issues WHERE collection_key = 'recipes'",
    ] {
        let scene = Scene::new();
        let run = scene.applied();
        let paused = scene.rollback(&run).pause_at("locked");
        scene.db.execute(change);
        let issues = scene.issues();
        let undone = paused.resume().expect_code(30);
        expect(
            &undone,
            &[
                ("rollback_status", "FAILED"),
                ("triggers_dropped", "0"),
                ("issues_deleted", "0"),
            ],
        );
        expect_reason(&undone, "VERIFICATION_FAILED", &["the row 1 about recipes"]);
        assert_eq!(scene.triggers(), names(&MAPPED));
        assert_eq!(scene.issues(), issues);
    }
}
