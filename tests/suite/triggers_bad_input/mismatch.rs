//! The approved and the live list differ: everything stops, and both sides are
//! said.

use std::fs;

use birth_tests::server;

use crate::triggers_estates::{
    APPLY, PLAN, PLAN_JSON, Place, VERIFY, content, map, register, run_of, said, shop,
};

/// A log, whatever it is called.
const LOG: &str = "CREATE TABLE shop.audit_log (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    occurred_at timestamptz NOT NULL DEFAULT now(), actor text, action text NOT NULL, payload jsonb);";

/// Approved, and then both sides went on.
fn place(server: &'static server::Server) -> Place {
    let script = shop(&["good", "dropped", "gone", "retired", "twice", "wrong"])
        + LOG
        + &register(&["audit_log"])
        + &map(&["audit_log"]);
    let place = Place::new(server, &script);
    place.run(&["classify"]).expect_code(0);
    // A person knows better, twice.
    let draft = place.report().with_extension("draft.md");
    let text = fs::read_to_string(&draft).unwrap();
    let wrong = "`\"wrong\"`: BIRTH_REQUIRED";
    let log = "`\"audit_log\"`: BIRTH_EXEMPT_LOG";
    assert!(text.contains(wrong) && text.contains(log), "{text}");
    let text = moved(
        &moved(&text, "wrong", "BIRTH_REQUIRED", "BIRTH_EXEMPT_LOG"),
        "audit_log",
        "BIRTH_EXEMPT_LOG",
        "BIRTH_REQUIRED",
    );
    fs::write(&draft, text).unwrap();
    place
        .run(&["classify", "approve", "--by", "Ann", "--yes"])
        .expect_code(0);
    place.db.execute(&format!(
        "DROP TABLE shop.dropped; DELETE FROM inventory.collection_registry WHERE collection_key = 'gone';
         UPDATE inventory.collection_registry SET governance_role = NULL WHERE collection_key = 'retired';
         {} {} {} {}",
        register(&["twice"]),
        content("shop.\"fresh\"\"\""),
        register(&["fresh\""]),
        map(&["fresh\""])
    ));
    place
}

/// Gives an entry another status, without a heading that says otherwise.
fn moved(text: &str, key: &str, from: &str, to: &str) -> String {
    text.replace(
        &format!("`\"{key}\"`: {from}"),
        &format!("`\"{key}\"`: {to}"),
    )
}

/// Each with the reasons that weigh most on the live side.
const SENTENCES: [&str; 7] = [
    r#""audit_log" is approved as BIRTH_REQUIRED, but is BIRTH_EXEMPT_LOG (audit_log is named like a log: speaks for a log; what the row holds is told of an event: speaks against required; action says what was done: speaks for a log) live"#,
    r#""dropped" is approved as BIRTH_REQUIRED, but is BIRTH_DEFERRED (there is no table for 'dropped') live"#,
    r#""fresh\"" is BIRTH_REQUIRED (title names the row: speaks for required; body is text that people wrote: speaks for required; the row has an identifier of its own: speaks for required) live, but the approved report does not list it"#,
    r#""gone" is approved as BIRTH_REQUIRED, but the registry has no such collection"#,
    r#""retired" is approved as BIRTH_REQUIRED, but is BIRTH_DEFERRED (the registry gives no governance role) live"#,
    r#""twice" is approved as BIRTH_REQUIRED, but has no live verdict: more than one row of the registry has this key"#,
    r#""wrong" is approved as BIRTH_EXEMPT_LOG, but is BIRTH_REQUIRED (title names the row: speaks for required; body is text that people wrote: speaks for required; the row has an identifier of its own: speaks for required) live"#,
];

#[test]
fn both_directions_are_said_to_the_letter() {
    for server in server::all() {
        let place = place(server);
        let reason = format!(
            "the approved and the live list differ in {} collections: {}",
            SENTENCES.len(),
            SENTENCES.join("; ")
        );
        let applied = place.refuses(&APPLY, 14, "POLICY_MISMATCH", &[]);
        // In a final response a backslash is written twice.
        let escaped = reason.replace('\\', "\\\\");
        assert_eq!(applied.get("reason"), format!("POLICY_MISMATCH: {escaped}"));
        assert_eq!(applied.get("b3a_status"), "POLICY_MISMATCH");
        assert_eq!(applied.get("policy_mismatch_detected"), "true");
        assert_eq!(applied.get("compiled_sql_logged"), "true");
        // What the sets agree on is counted, and nothing is done with it.
        assert_eq!(applied.get("trigger_target_count"), "1");
        for key in [
            "triggers_installed",
            "triggers_blocked_conflict",
            "triggers_skipped_no_mapping",
            "species_queue_issues_created",
            "total_birth_triggers_after",
        ] {
            assert_eq!(applied.get(key), "0", "{key}");
        }
        let report = format!("knowledge-base/reports/{}.md", run_of(&applied));
        let report = fs::read_to_string(place.home.path().join(report)).unwrap();
        let (_, listed) = report.split_once("## Policy mismatch\n").unwrap();
        for sentence in SENTENCES {
            assert!(listed.contains(&format!("- {sentence}\n")), "{report}");
        }

        let before = place.state();
        let plan = place.run(&PLAN).expect_code(14);
        for says in [
            &SENTENCES[..],
            &["Policy mismatch.", "while the lists differ"],
        ]
        .concat()
        {
            assert!(plan.stdout.contains(says), "no {says:?} in {}", plan.stdout);
        }
        let json = place.run(&PLAN_JSON).expect_code(14).json();
        assert_eq!(json["status"], "POLICY_MISMATCH");
        assert_eq!(
            json["compiled_sql"]
                .as_str()
                .unwrap()
                .matches("CREATE")
                .count(),
            0
        );
        let differences = json["plan"]["differences"].as_array().unwrap();
        let sides: Vec<(&str, &str)> = differences
            .iter()
            .map(|d| (d["key"].as_str().unwrap(), d["side"].as_str().unwrap()))
            .collect();
        assert_eq!(
            sides,
            [
                ("audit_log", "approved-only"),
                ("dropped", "approved-only"),
                ("fresh\"", "live-only"),
                ("gone", "approved-only"),
                ("retired", "approved-only"),
                ("twice", "approved-only"),
                ("wrong", "live-only"),
            ]
        );
        place.run(&VERIFY).expect_code(30);
        assert_eq!(place.state(), before);

        // Approved again, the rest goes on.
        place.approve();
        let applied = place.run(&APPLY).expect_code(0);
        assert_eq!(applied.get("triggers_installed"), "3");
    }
}

/// One difference is enough, on either side, and what is installed already
/// stays as it is.
#[test]
fn one_difference_is_enough() {
    for (change, says) in [
        (
            "DELETE FROM inventory.collection_registry WHERE collection_key = 'one'",
            "differ in 1 collection: \"one\" is approved as BIRTH_REQUIRED, but the registry has no such collection",
        ),
        (
            "INSERT INTO inventory.collection_registry VALUES ('two', 'governed')",
            "live, but the approved report does not list it",
        ),
    ] {
        let script = shop(&["good", "one"]) + &content("shop.two");
        let place = Place::approved(server::one(), &script);
        place.run(&APPLY).expect_code(0);
        place.db.execute("DROP TRIGGER trg_birth_good ON shop.good");
        place.db.execute(change);
        let ran = place.refuses(&APPLY, 14, "POLICY_MISMATCH", &[says]);
        assert_eq!(ran.get("total_birth_triggers_after"), "1");
    }
}

/// A plan of before is not carried out, and one of a mismatch neither.
#[test]
fn a_plan_and_a_mismatch() {
    let place = Place::approved(server::one(), &shop(&["good", "one"]));
    let out = [&PLAN[..], &["--out", "plan.json"]].concat();
    place.run(&out).expect_code(0);
    place
        .db
        .execute("DELETE FROM inventory.collection_registry WHERE collection_key = 'one'");
    let apply = ["apply", "triggers", "--plan", "plan.json"];
    place.refuses(
        &apply,
        26,
        "DRIFT",
        &["collection \"one\": BIRTH_REQUIRED is now not registered"],
    );
    place.run(&out).expect_code(14);
    let ran = place.refuses(&apply, 14, "POLICY_MISMATCH", &["\"one\""]);
    said(&ran, &apply, "POLICY_MISMATCH", &[]);
    assert_eq!(ran.get("policy_mismatch_detected"), "true");
}
