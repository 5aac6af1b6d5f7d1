//! The gate's worker: what becomes of events.

use rustix::process::Signal;

use crate::coverage_scene::{Running, Scene};

#[test]
fn a_bad_row_becomes_an_issue_and_a_health_check_for_each_condition() {
    let scene = Scene::new();
    scene.register(&["orders"]);
    assert_eq!(scene.events(), 1);
    let drained = scene.drain().expect_code(0);
    assert_eq!(drained.get("gate_drain_status"), "PASS");
    assert_eq!(drained.get("events_done"), "1");
    assert_eq!(drained.get("issues_opened"), "2");
    let gaps = ["POLICY_UNDECIDED orders", "TABLE_MISSING orders"];
    assert_eq!(scene.issues(), gaps);
    assert_eq!(scene.checks(), gaps);
    assert_eq!(scene.events(), 0);
    // Another event is another check, but the issues are open.
    scene
        .db
        .execute("UPDATE inventory.collection_registry SET governance_role = 'observed'");
    let drained = scene.drain().expect_code(0);
    assert_eq!(drained.get("issues_opened"), "0");
    assert_eq!(scene.issues(), gaps);
    assert_eq!(scene.checks().len(), 4);
    // A role that needs no coverage needs none of it.
    scene
        .db
        .execute("UPDATE inventory.collection_registry SET governance_role = 'retired'");
    assert_eq!(
        scene.drain().expect_code(0).get("health_checks_created"),
        "0"
    );
}

#[test]
fn what_is_covered_leaves_nothing_behind() {
    let scene = Scene::new();
    scene.db.execute("SELECT inventory.covered('orders')");
    // The row was written before it was decided: the event is judged later.
    let drained = scene.drain().expect_code(0);
    assert_eq!(drained.get("events_done"), "1");
    assert_eq!(scene.checks(), [""; 0]);
    assert_eq!(scene.issues(), [""; 0]);
}

#[test]
fn rows_that_are_gone_or_have_no_key_are_worked_off() {
    let scene = Scene::new();
    scene.register(&["gone", "kept"]);
    scene.db.execute(
        "DELETE FROM inventory.collection_registry WHERE collection_key = 'gone';
         INSERT INTO inventory.collection_registry (governance_role) VALUES ('governed')",
    );
    assert_eq!(scene.drain().expect_code(0).get("events_done"), "3");
    assert_eq!(
        scene.issues(),
        ["POLICY_UNDECIDED kept", "TABLE_MISSING kept"]
    );
}

/// One event of many cannot be recorded: the others are done at once, it is
/// tried again, set aside, and put back when the cause is mended.
#[test]
fn an_event_that_fails_stops_no_other() {
    let scene = Scene::after(
        "CREATE FUNCTION inventory.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN IF NEW.collection_key = 'poison' THEN RAISE EXCEPTION 'no issues of poison'; END IF; RETURN NEW; END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON inventory.system_issues FOR EACH ROW EXECUTE FUNCTION inventory.refuse();",
    );
    scene.register(&["a", "poison", "z"]);
    let drained = scene.drain().expect_code(10);
    assert_eq!(drained.get("events_done"), "2");
    assert_eq!(drained.get("events_failed"), "1");
    assert_eq!(scene.events(), 1);
    assert_eq!(scene.issues().len(), 4);
    assert!(!scene.checks().iter().any(|check| check.contains("poison")));
    for attempt in 2..=5 {
        scene
            .db
            .execute("UPDATE birth_gate.event SET retry_at = NULL");
        let drained = scene.drain().expect_code(10);
        let (failed, set_aside) = if attempt < 5 { ("1", "0") } else { ("0", "1") };
        assert_eq!(drained.get("events_failed"), failed, "attempt {attempt}");
        assert_eq!(
            drained.get("events_set_aside"),
            set_aside,
            "attempt {attempt}"
        );
    }
    let status = scene.on(&["gate", "status"]).run().expect_code(0);
    assert!(status.stdout.contains("set aside"), "{}", status.stdout);
    assert!(
        status.stdout.contains("no issues of poison"),
        "{}",
        status.stdout
    );
    let json = scene
        .on(&["gate", "status", "--format", "json"])
        .run()
        .json();
    assert_eq!(json["set_aside"], 1);
    assert_eq!(json["failed"][0]["collection"], "poison");
    assert_eq!(json["failed"][0]["attempts"], 5);
    // It is left alone until somebody puts it back.
    assert_eq!(scene.drain().expect_code(10).get("events_failed"), "0");
    let wrong = scene.on(&["gate", "retry", "999"]).run().expect_code(20);
    assert!(
        wrong.stderr.contains("EVENT_NOT_SET_ASIDE"),
        "{}",
        wrong.stderr
    );
    scene
        .db
        .execute("DROP TRIGGER refuse ON inventory.system_issues");
    scene.on(&["gate", "retry", "--all"]).run().expect_code(0);
    assert_eq!(scene.drain().expect_code(0).get("events_done"), "1");
    assert_eq!(scene.issues().len(), 6);
    assert_eq!(scene.events(), 0);
}

/// Recorded once however many events there are, and over when storage is there.
#[test]
fn policy_storage_that_is_not_there_is_one_issue() {
    let scene = Scene::bare();
    scene.apply("gate");
    scene.register(&["a", "b", "c"]);
    let drained = scene.drain().expect_code(0);
    assert_eq!(drained.get("events_done"), "3");
    scene.register(&["d"]);
    scene.drain().expect_code(0);
    let issues = [
        "POLICY_STORAGE_NOT_READY",
        "TABLE_MISSING a",
        "TABLE_MISSING b",
        "TABLE_MISSING c",
        "TABLE_MISSING d",
    ];
    assert_eq!(scene.issues(), issues);
    assert_eq!(scene.checks(), issues);
    scene.apply("storage");
    scene.register(&["e"]);
    let drained = scene.drain().expect_code(0);
    assert_eq!(drained.get("issues_closed"), "1");
    assert!(!scene.issues().iter().any(|issue| issue.contains("STORAGE")));
    assert!(scene.issues().contains(&"POLICY_UNDECIDED e".to_owned()));
}

#[test]
fn a_gate_that_is_not_installed_and_a_policy_without_the_role_are_named() {
    let scene = Scene::bare();
    let drained = scene.drain().expect_code(23);
    assert!(
        drained.stderr.contains("birth apply gate"),
        "{}",
        drained.stderr
    );
    let status = scene.on(&["gate", "status"]).run().expect_code(23);
    assert!(
        status.stderr.contains("GATE_NOT_INSTALLED"),
        "{}",
        status.stderr
    );
}

#[test]
fn a_watch_works_until_it_is_stopped_and_drains_first() {
    let scene = Scene::new();
    let watch = scene.on(&["gate", "watch", "--poll", "50ms", "--log-format", "json"]);
    let watch = Running(watch.start());
    scene.register(&["a"]);
    scene.until("an issue", |scene| scene.issues().len() == 2);
    // Stopped while events wait, it works them off.
    watch.signal(Signal::STOP);
    let keys: Vec<String> = (0..500).map(|i| format!("many {i}")).collect();
    let values: Vec<String> = keys
        .iter()
        .map(|key| format!("('{key}', 'governed')"))
        .collect();
    scene.db.execute(&format!(
        "INSERT INTO inventory.collection_registry (collection_key, governance_role) VALUES {}",
        values.join(", ")
    ));
    watch.signal(Signal::TERM);
    watch.signal(Signal::CONT);
    let ran = watch.ended().expect_code(0);
    assert_eq!(ran.get("gate_watch_status"), "PASS");
    assert_eq!(ran.get("events_done"), "501");
    assert_eq!(scene.events(), 0);
    for line in ran.stderr.lines() {
        let event: serde_json::Value = serde_json::from_str(line).expect(line);
        assert!(
            event["timestamp"].is_string() && event["level"].is_string(),
            "{line}"
        );
    }
}

/// Asks a path of a worker's probe.
fn ask(port: u16, path: &str) -> Option<(u16, String)> {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).ok()?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, body.to_owned()))
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

#[test]
fn a_watch_says_how_it_is_and_gets_over_a_lost_connection() {
    let scene = Scene::new();
    let port = free_port();
    let listen = format!("127.0.0.1:{port}");
    let watch = ["gate", "watch", "--poll", "20ms", "--listen", &listen];
    let watch = Running(scene.on(&watch).start());
    let is_ready = |scene: &Scene| {
        let _ = scene;
        ask(port, "/readyz").is_some_and(|(status, _)| status == 200)
    };
    scene.until("ready", is_ready);
    assert_eq!(ask(port, "/healthz").expect("an answer").0, 200);
    assert_eq!(ask(port, "/else").expect("an answer").0, 404);
    scene.register(&["a"]);
    scene.until("worked off", |scene| scene.events() == 0);
    let metric = |name: &str| -> String {
        let text = ask(port, "/metrics").expect("an answer").1;
        assert!(text.ends_with("# EOF\n"), "{text}");
        let line = text.lines().find(|line| line.starts_with(name));
        let line = line.unwrap_or_else(|| panic!("no {name} in\n{text}"));
        line.rsplit(' ').next().unwrap_or_default().to_owned()
    };
    scene.until("counted", |_| {
        metric("birth_gate_events_total{outcome=\"Done\"}") == "1"
    });
    assert_eq!(metric("birth_gate_issues_opened_total"), "2");
    assert_eq!(metric("birth_gate_ready"), "1");
    // The queue goes away: not ready, and why; it comes back: ready.
    scene
        .db
        .execute("ALTER TABLE birth_gate.event RENAME TO elsewhere");
    scene.until("not ready", |_| {
        ask(port, "/readyz")
            .is_some_and(|(status, body)| status == 503 && body.contains("GATE_NOT_INSTALLED"))
    });
    assert_eq!(ask(port, "/healthz").expect("an answer").0, 200);
    scene
        .db
        .execute("ALTER TABLE birth_gate.elsewhere RENAME TO event");
    scene.until("ready again", is_ready);
    // Every connection of the worker is ended, again and again.
    for key in ["b", "c", "d"] {
        scene.db.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'birth/%'",
        );
        scene.register(&[key]);
        scene.until("worked off", |scene| scene.events() == 0);
    }
    assert_eq!(scene.issues().len(), 8);
    watch.signal(Signal::TERM);
    watch.ended().expect_code(0);
}

#[test]
fn a_server_that_never_answers_does_not_hold_a_watch() {
    let scene = Scene::new();
    // Connections are taken by the system and wait in its queue for ever.
    let silent = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let to = silent.local_addr().expect("an address").port();
    let to = format!("host=127.0.0.1 port={to} dbname=x user=x sslmode=disable");
    let port = free_port();
    let listen = format!("127.0.0.1:{port}");
    let watch = ["gate", "watch", "--listen", &listen, "--drain-timeout"];
    for (database, drain) in [(format!("{to} connect_timeout=1"), "1h"), (to, "1s")] {
        let watch = [&watch[..], &[drain, "--database", &database]].concat();
        let watch = Running(scene.home.birth(&watch).start());
        if drain == "1h" {
            scene.until("not ready", |_| {
                ask(port, "/readyz").is_some_and(|(status, body)| {
                    status == 503 && body.contains("CONNECTION_FAILED")
                })
            });
        } else {
            scene.until("asked", |_| ask(port, "/readyz").is_some());
        }
        watch.signal(Signal::TERM);
        watch.ended().expect_code(0);
    }
}

#[test]
fn an_address_that_is_taken_is_named() {
    let scene = Scene::new();
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let taken = listener.local_addr().expect("an address").to_string();
    let ran = scene.on(&["gate", "watch", "--listen", &taken]).run();
    assert!(ran.expect_code(20).stderr.contains(&taken));
}

/// Whatever a trigger of the user's on the tables raises, and whenever: it is the
/// event's own affair, and the others are worked off.
#[test]
fn every_way_of_refusing_a_row_is_the_events_own() {
    for raises in [
        "RAISE EXCEPTION 'no' USING ERRCODE = '42501'",
        "PERFORM * FROM a_table_that_nobody_made",
        "RAISE EXCEPTION 'no' USING ERRCODE = '57014'",
        "RETURN NULL",
    ] {
        let scene = Scene::after(&refusing("BEFORE INSERT", "", raises));
        one_is_left(&scene, raises);
    }
    let constraint = "RAISE EXCEPTION 'not at all'";
    let scene = Scene::after(&refusing("AFTER INSERT", "CONSTRAINT", constraint));
    one_is_left(&scene, "a deferred constraint trigger");
}

/// A trigger on the health checks that does something to those of `poison`.
fn refusing(when: &str, constraint: &str, raises: &str) -> String {
    let deferred = match constraint {
        "" => "",
        _ => "DEFERRABLE INITIALLY DEFERRED",
    };
    format!(
        "CREATE FUNCTION inventory.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN IF NEW.collection_key = 'poison' THEN {raises}; END IF; RETURN NEW; END $$;
         CREATE {constraint} TRIGGER refuse {when} ON inventory.system_health_checks {deferred}
         FOR EACH ROW EXECUTE FUNCTION inventory.refuse();"
    )
}

fn one_is_left(scene: &Scene, what: &str) {
    scene.register(&["a", "poison", "z"]);
    let drained = scene.on(&["gate", "drain", "--attempts", "1"]).run();
    let drained = drained.expect_code(10);
    assert_eq!(drained.get("events_done"), "2", "{what}");
    assert_eq!(drained.get("events_set_aside"), "1", "{what}");
    assert_eq!(scene.issues().len(), 4, "{what}");
    assert_eq!(scene.checks().len(), 4, "{what}");
}

/// A server in trouble is waited for: no event has failed.
#[test]
fn a_server_in_trouble_is_no_fault_of_the_events() {
    let full = "RAISE EXCEPTION 'no room' USING ERRCODE = '53100'";
    let scene = Scene::after(&refusing("BEFORE INSERT", "", full));
    scene.register(&["a", "poison"]);
    let drained = scene.drain().expect_code(29);
    assert!(
        drained.stderr.contains("SERVER_TROUBLE"),
        "{}",
        drained.stderr
    );
    let attempts = scene.db.value("SELECT sum(attempts) FROM birth_gate.event");
    assert_eq!((attempts.as_str(), scene.events()), ("0", 2));
    assert_eq!(scene.issues(), [""; 0]);
}

/// A second row of a key must not make its collection disappear.
#[test]
fn a_key_that_is_registered_twice_is_a_gap() {
    let scene = Scene::new();
    scene.register(&["twice"]);
    scene.db.execute(
        "INSERT INTO inventory.collection_registry (collection_key, governance_role) VALUES ('twice', 'observed')",
    );
    scene.drain().expect_code(0);
    assert_eq!(scene.issues(), ["KEY_NOT_UNIQUE twice"]);
    let swept = scene.on(&["sweep"]).run().expect_code(15);
    assert_eq!(swept.get("gaps_total"), "1");
    scene
        .db
        .execute("INSERT INTO inventory.collection_registry (governance_role) VALUES ('governed')");
    let swept = scene.on(&["sweep"]).run().expect_code(15);
    assert_eq!(swept.get("gaps_new"), "1");
    assert_eq!(scene.issues(), ["KEY_NOT_UNIQUE twice", "ROWS_WITHOUT_KEY"]);
}
