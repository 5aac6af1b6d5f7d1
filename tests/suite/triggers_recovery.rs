//! Birth triggers whose host dies, whose connection breaks or whose server
//! crashes: what is reported is what is in the database, and can be undone.

use std::fs;

use birth_cluster::{Cluster, ClusterOptions, ServerBinaries};
use birth_tests::cli::{Birth, Home, Ran};
use birth_tests::database::rows_at;
use birth_tests::proxy::{Cut, Later, Point, Proxy};

use crate::recovery::{BOUNDARIES, only, position};
use crate::triggers_scene::{
    ESTATE, MAPPED, STATEMENTS, Scene, UNMAPPED, expect, expect_all, expect_none, expect_reason,
    expect_undone, issues_at, names, runs_of, triggers_at,
};

/// The run that is listed and not one of these.
fn other_run(scene: &Scene, known: &[String]) -> String {
    only(
        scene
            .home
            .run_ids()
            .into_iter()
            .filter(|id| !known.contains(id)),
    )
}

/// The run is open, and a recovery closes it for good.
#[track_caller]
fn recover(scene: &Scene, run: &str) -> Ran {
    let refused = scene.rollback(run).run().expect_code(20);
    assert!(
        refused.stderr.contains("[RUN_NOT_CLOSED]"),
        "{}",
        refused.stderr
    );
    let recovered = scene.on(&["recover"]).run().expect_code(0);
    let begin = format!("# run {run}\n");
    assert!(recovered.stdout.starts_with(&begin), "{}", recovered.stdout);
    let again = scene.on(&["recover"]).run().expect_code(0);
    assert_eq!(again.stdout, "");
    let (_, response) = recovered.stdout.split_once('\n').unwrap();
    let report = fs::read_to_string(scene.home.run(run).join("report.md")).unwrap();
    assert!(report.contains(response), "{report}");
    recovered
}

#[test]
fn apply_killed_anywhere() {
    for event in BOUNDARIES {
        let scene = Scene::new();
        scene.apply(&[]).pause_at(event).kill();
        let run = only(scene.home.run_ids());
        let committed = position(event) >= position("committed");
        if committed {
            scene.expect_everything();
        } else {
            scene.expect_nothing();
        }
        let recovered = recover(&scene, &run);
        if committed {
            expect_all(&recovered);
            scene.expect_everything();
            let again = scene.apply(&[]).run().expect_code(0);
            expect(
                &again,
                &[
                    ("triggers_installed", "0"),
                    ("triggers_already_existed", "6"),
                    ("species_queue_issues_created", "0"),
                ],
            );
            expect_undone(&scene.rollback(&run).run().expect_code(0), 6, 2);
        } else {
            expect_none(&recovered, "FAILED", "INTERRUPTED");
            let previewed = position(event) >= position("previewed");
            expect(
                &recovered,
                &[("compiled_sql_logged", &previewed.to_string())],
            );
            let undo = scene.rollback(&run).run().expect_code(20);
            assert!(undo.stderr.contains("[NOTHING_TO_UNDO]"), "{}", undo.stderr);
        }
        scene.expect_nothing();
        expect_all(&scene.apply(&[]).run().expect_code(0));
    }
}

#[test]
fn rollback_killed_anywhere() {
    for event in BOUNDARIES {
        let scene = Scene::new();
        let applied = scene.applied();
        scene.rollback(&applied).pause_at(event).kill();
        let run = other_run(&scene, std::slice::from_ref(&applied));
        let committed = position(event) >= position("committed");
        let recovered = recover(&scene, &run);
        if committed {
            expect_undone(&recovered, 6, 2);
            scene.expect_nothing();
        } else {
            expect(
                &recovered,
                &[
                    ("rollback_status", "FAILED"),
                    ("triggers_dropped", "0"),
                    ("issues_deleted", "0"),
                    ("post_rollback_verified", "false"),
                ],
            );
            expect_reason(&recovered, "INTERRUPTED", &[]);
            scene.expect_everything();
            expect_undone(&scene.rollback(&applied).run().expect_code(0), 6, 2);
            scene.expect_nothing();
        }
        expect_all(&scene.apply(&[]).run().expect_code(0));
    }
}

/// Undoes runs in some order; each takes away its own and nothing else.
#[track_caller]
fn undo_each(scene: &Scene, runs: &[(&str, &[&str], usize)]) {
    let mut left: Vec<&str> = MAPPED.to_vec();
    for (run, tables, issues) in runs {
        let undone = scene.rollback(run).run().expect_code(0);
        expect_undone(&undone, tables.len(), *issues);
        left.retain(|table| !tables.contains(table));
        assert_eq!(scene.triggers(), names(&left));
        let total = left.len().to_string();
        expect(&undone, &[("total_birth_triggers_after", &total)]);
    }
    scene.expect_nothing();
}

/// Batches of three: four triggers' worth of work is left when the host dies
/// after the first. The others are made by the same command again.
#[test]
fn killed_between_batches() {
    const BATCHES: [&str; 2] = ["--batch-size", "3"];
    let scene = Scene::new();
    scene.apply(&BATCHES).pause_at("closed").kill();
    let first = only(scene.home.run_ids());
    assert_eq!(scene.triggers(), names(&MAPPED[..3]));
    // It is closed: committed, with work left.
    assert_eq!(scene.on(&["recover"]).run().expect_code(0).stdout, "");
    let rest = scene.apply(&BATCHES).run().expect_code(0);
    expect(
        &rest,
        &[
            ("b3a_status", "PASS"),
            ("trigger_target_count", "6"),
            ("triggers_installed", "3"),
            ("triggers_already_existed", "3"),
            ("species_queue_issues_created", "2"),
            ("total_birth_triggers_after", "6"),
        ],
    );
    scene.expect_everything();
    let runs = runs_of(&rest);
    let [second, third] = runs.as_slice() else {
        panic!("{runs:?}");
    };
    undo_each(
        &scene,
        &[
            (second, &MAPPED[3..], 0),
            (third, &[], 2),
            (&first, &MAPPED[..3], 0),
        ],
    );
}

/// The host dies in the middle of the second batch, at every boundary. Nobody
/// recovers: the command is run again first, and the recovery comes late.
#[test]
fn killed_within_a_later_batch() {
    const BATCHES: [&str; 2] = ["--batch-size", "3"];
    for event in BOUNDARIES {
        let scene = Scene::new();
        scene.apply(&BATCHES).pause_at(event).again().kill();
        let ids = scene.home.run_ids();
        let [first, second] = ids.as_slice() else {
            panic!("{ids:?}");
        };
        let committed = position(event) >= position("committed");
        let made = if committed { 6 } else { 3 };
        assert_eq!(scene.triggers(), names(&MAPPED[..made]), "{event}");

        let rest = scene.apply(&BATCHES).run().expect_code(0);
        expect(
            &rest,
            &[
                ("b3a_status", "PASS"),
                ("triggers_installed", &(6 - made).to_string()),
                ("triggers_already_existed", &made.to_string()),
                ("species_queue_issues_created", "2"),
                ("total_birth_triggers_after", "6"),
            ],
        );
        scene.expect_everything();

        let recovered = scene.on(&["recover", second]).run();
        let rest = runs_of(&rest);
        if committed {
            // Its plan leaves the issues to the next batch.
            let recovered = recovered.expect_code(10);
            expect_reason(&recovered, "BATCHES_REMAIN", &[]);
            expect(&recovered, &[("triggers_installed", "3")]);
            let [third] = rest.as_slice() else {
                panic!("{rest:?}");
            };
            undo_each(
                &scene,
                &[
                    (first, &MAPPED[..3], 0),
                    (third, &[], 2),
                    (second, &MAPPED[3..], 0),
                ],
            );
        } else {
            expect_none(&recovered.expect_code(0), "FAILED", "INTERRUPTED");
            let [again, third] = rest.as_slice() else {
                panic!("{rest:?}");
            };
            undo_each(
                &scene,
                &[
                    (third, &[], 2),
                    (first, &MAPPED[..3], 0),
                    (again, &MAPPED[3..], 0),
                ],
            );
        }
        assert_eq!(scene.on(&["recover"]).run().expect_code(0).stdout, "");
    }
}

/// No trigger, only issues: what became of the commit is told by their rows.
#[test]
fn run_of_issues_alone() {
    for event in ["verified", "committing", "committed", "confirmed"] {
        let scene = Scene::after("DELETE FROM inventory.species_collection_map");
        scene.apply(&[]).pause_at(event).kill();
        let run = only(scene.home.run_ids());
        let recovered = recover(&scene, &run);
        if position(event) < position("committed") {
            expect_none(&recovered, "FAILED", "INTERRUPTED");
        } else {
            expect(
                &recovered,
                &[
                    ("b3a_status", "PASS"),
                    ("triggers_installed", "0"),
                    ("species_queue_issues_created", "8"),
                ],
            );
            assert_eq!(scene.issues().len(), STATEMENTS);
            expect_undone(&scene.rollback(&run).run().expect_code(0), 0, 8);
        }
        scene.expect_nothing();
    }
}

/// A database behind a proxy that breaks the connection.
struct Broken {
    scene: Scene,
    proxy: Proxy,
}

impl Broken {
    fn new(script: &str, point: Point, cut: Cut, later: Later) -> Self {
        let scene = Scene::after(script);
        let proxy = Proxy::new(&scene.db.server().socket(), point, cut, later);
        Self { scene, proxy }
    }

    fn birth(&self, arguments: &[&str]) -> Birth {
        let birth = self.scene.home.birth(arguments).arg("--database");
        birth.arg(&self.proxy.url(self.scene.db.name()))
    }

    fn apply(&self) -> Birth {
        self.birth(&["apply", "triggers", "--yes"])
    }
}

#[test]
fn connection_that_breaks_before_the_commit() {
    for (point, cut, code) in [
        (Point::Connect, Cut::Unsent, "CONNECTION_FAILED"),
        (
            Point::Statement("READ ONLY"),
            Cut::Unsent,
            "CONNECTION_LOST",
        ),
        (
            Point::Statement("READ COMMITTED"),
            Cut::Unsent,
            "CONNECTION_LOST",
        ),
        (
            Point::Statement("LOCK TABLE"),
            Cut::AnswerLost,
            "CONNECTION_LOST",
        ),
        (
            Point::Statement("CREATE TRIGGER"),
            Cut::Unsent,
            "CONNECTION_LOST",
        ),
        (
            Point::Statement("trg_birth_orders"),
            Cut::AnswerLost,
            "CONNECTION_LOST",
        ),
        (
            Point::Statement("INSERT INTO"),
            Cut::AnswerLost,
            "CONNECTION_LOST",
        ),
        (Point::Commit, Cut::Unsent, "CONNECTION_LOST"),
    ] {
        let broken = Broken::new("", point, cut, Later::Pass);
        let ran = broken.apply().run().expect_code(21);
        assert!(broken.proxy.was_cut(), "{point:?}");
        expect_none(&ran, "FAILED", code);
        broken.scene.expect_nothing();
        assert_eq!(
            broken.scene.on(&["recover"]).run().expect_code(0).stdout,
            ""
        );
        expect_all(&broken.apply().run().expect_code(0));
    }
}

#[test]
fn connection_that_breaks_at_or_after_the_commit() {
    for cut in [Cut::AnswerLost, Cut::Answered] {
        let broken = Broken::new("", Point::Commit, cut, Later::Pass);
        let ran = broken.apply().run().expect_code(0);
        assert!(broken.proxy.was_cut());
        expect_all(&ran);
        broken.scene.expect_everything();
        let run = runs_of(&ran).remove(0);
        expect_undone(&broken.scene.rollback(&run).run().expect_code(0), 6, 2);
        broken.scene.expect_nothing();
    }
    // Committed, and nobody could look.
    let broken = Broken::new("", Point::Commit, Cut::Answered, Later::Refuse);
    let ran = broken.apply().run().expect_code(10);
    expect(
        &ran,
        &[
            ("b3a_status", "PARTIAL"),
            ("triggers_installed", "6"),
            ("total_birth_triggers_after", "6"),
        ],
    );
    expect_reason(&ran, "CONFIRMATION_FAILED", &[]);
    let confirmed = broken.scene.on(&["recover"]).run().expect_code(0);
    expect_all(&confirmed);
    let run = runs_of(&ran).remove(0);
    expect_undone(&broken.scene.rollback(&run).run().expect_code(0), 6, 2);
}

/// Unknown while nobody can be asked; then it is what the server did.
fn unreachable_at_commit(script: &str, cut: Cut, triggers: usize, issues: usize) {
    let broken = Broken::new(script, Point::Commit, cut, Later::Refuse);
    let ran = broken.apply().run().expect_code(13);
    expect_none(&ran, "UNKNOWN", "COMMIT_OUTCOME_UNKNOWN");
    let run = only(broken.scene.home.run_ids());
    let recovered = recover(&broken.scene, &run);
    if cut == Cut::Unsent {
        expect_none(&recovered, "FAILED", "INTERRUPTED");
    } else {
        expect(
            &recovered,
            &[
                ("b3a_status", "PASS"),
                ("triggers_installed", &triggers.to_string()),
                ("species_queue_issues_created", &issues.to_string()),
                ("total_birth_triggers_after", &triggers.to_string()),
            ],
        );
        let undone = broken.scene.rollback(&run).run().expect_code(0);
        expect_undone(&undone, triggers, issues);
    }
    broken.scene.expect_nothing();
}

#[test]
fn unreachable_server_that_committed() {
    unreachable_at_commit("", Cut::AnswerLost, 6, 2);
}

#[test]
fn unreachable_server_that_did_not_commit() {
    unreachable_at_commit("", Cut::Unsent, 0, 0);
}

/// Nothing but the rows of issues tells it.
#[test]
fn unreachable_server_that_committed_issues_alone() {
    let no_species = "DELETE FROM inventory.species_collection_map";
    unreachable_at_commit(no_species, Cut::AnswerLost, 0, 8);
}

#[test]
fn rollback_whose_commit_is_lost_is_established() {
    for (cut, code) in [(Cut::Unsent, 21), (Cut::AnswerLost, 0)] {
        let broken = Broken::new("", Point::Commit, cut, Later::Pass);
        let run = broken.scene.applied();
        let undone = broken.birth(&["rollback", &run, "--yes"]);
        let undone = undone.run().expect_code(code);
        assert!(broken.proxy.was_cut());
        if code == 0 {
            expect_undone(&undone, 6, 2);
            broken.scene.expect_nothing();
        } else {
            expect(
                &undone,
                &[("triggers_dropped", "0"), ("issues_deleted", "0")],
            );
            broken.scene.expect_everything();
        }
    }
}

/// The connection of a later batch breaks: the batches before it are committed,
/// and all numbers are those of what is there.
#[test]
fn later_batch_that_loses_its_connection() {
    // The fourth trigger begins the second batch.
    let point = Point::Statement("trg_birth_orders\" AFTER");
    let broken = Broken::new("", point, Cut::AnswerLost, Later::Refuse);
    let apply = broken.apply().arg("--batch-size").arg("3");
    let ran = apply.run().expect_code(10);
    assert!(broken.proxy.was_cut());
    expect_reason(
        &ran,
        "CONNECTION_LOST",
        &["batch 2 ended FAILED", "the 1 before it"],
    );
    expect(
        &ran,
        &[
            ("b3a_status", "PARTIAL"),
            ("trigger_target_count", "6"),
            ("triggers_installed", "3"),
            ("triggers_skipped_no_mapping", "2"),
            ("total_birth_triggers_after", "3"),
            ("compiled_sql_logged", "true"),
        ],
    );
    assert_eq!(broken.scene.triggers(), names(&MAPPED[..3]));
}

/// Every file that it takes to find out about a commit, damaged or missing.
#[test]
fn damaged_record_of_a_commit_claims_nothing() {
    let broken = Broken::new("", Point::Commit, Cut::AnswerHeld, Later::Pass);
    let mut host = broken.apply().start();
    broken.proxy.wait_until_cut();
    host.kill().unwrap();
    host.wait().unwrap();
    let scene = &broken.scene;
    let run = only(scene.home.run_ids());
    for file in [
        "rollback-keys.json",
        "target.json",
        "plan.json",
        "facts.json.gz",
    ] {
        let path = scene.home.run(&run).join(file);
        let whole = fs::read(&path).unwrap();
        for damaged in [Some(&whole[..whole.len() / 2]), None] {
            match damaged {
                Some(half) => fs::write(&path, half).unwrap(),
                None => fs::remove_file(&path).unwrap(),
            }
            let refused = scene.on(&["recover", &run]).run().expect_code(27);
            assert!(refused.stderr.contains(&run), "{}", refused.stderr);
            assert!(!refused.stdout.contains("b3a_status"), "{}", refused.stdout);
            fs::write(&path, &whole).unwrap();
        }
    }
    expect_all(&recover(scene, &run));
    // Keys that were tampered with undo nothing.
    let path = scene.home.run(&run).join("rollback-keys.json");
    let whole = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        whole.replacen("trg_birth_orders", "trg_birth_Orders", 1),
    )
    .unwrap();
    let refused = scene.rollback(&run).run().expect_code(27);
    assert!(
        refused.stderr.contains("[ROLLBACK_KEYS_NOT_USABLE]"),
        "{}",
        refused.stderr
    );
    scene.expect_everything();
    fs::write(&path, whole).unwrap();
    expect_undone(&scene.rollback(&run).run().expect_code(0), 6, 2);
}

#[test]
fn server_that_crashes_after_the_commit_still_knows_it() {
    let binaries = ServerBinaries::under_test().unwrap();
    let options = ClusterOptions::default();
    let mut cluster = Cluster::start(binaries.last().unwrap(), &options).unwrap();
    let url = cluster.url("postgres");
    rows_at(&url, ESTATE);
    let home = Home::new();
    let on = |arguments: &[&str]| home.birth(arguments).arg("--database").arg(&url);
    on(&["classify"]).run().expect_code(0);
    on(&["classify", "approve", "--by", "Ann", "--yes"])
        .run()
        .expect_code(0);
    let socket = std::path::Path::new(cluster.host()).join(format!(".s.PGSQL.{}", cluster.port()));
    let proxy = Proxy::new(&socket, Point::Commit, Cut::AnswerHeld, Later::Pass);
    let apply = home
        .birth(&["apply", "triggers", "--yes"])
        .arg("--database");
    let host = apply.arg(&proxy.url("postgres")).start();
    proxy.wait_until_cut();
    cluster.stop_immediate().unwrap();
    cluster.restart().unwrap();
    proxy.release();
    let ran = Ran::from(host.wait_with_output().unwrap()).expect_code(0);
    expect_all(&ran);
    assert_eq!(triggers_at(&url), names(&MAPPED));
    assert_eq!(issues_at(&url), UNMAPPED);
    let run = runs_of(&ran).remove(0);
    expect_undone(&on(&["rollback", &run, "--yes"]).run().expect_code(0), 6, 2);
    assert_eq!(triggers_at(&url), [""; 0]);
}
