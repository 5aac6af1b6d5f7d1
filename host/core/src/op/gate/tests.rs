//! The gate without a server: decisions, statements, undoing.
#![expect(clippy::unwrap_used, reason = "tests state what they expect")]

use super::assess::{assess, decide};
use super::facts::{
    FunctionDefinition, GateFacts, GateRights, GateTrigger, LiveFunction, LiveGate, LiveOwner,
    LiveQueue, LiveSchema, QueueColumn, RoleColumn,
};
use super::plan::{GateObject, GatePlan};
use super::statement::{GateStatement, Level, NEW_ROWS, printed_condition};
use super::undo::{self, Captured, GateKeys, GateUndo, UndoState};
use super::verify::{is_ready, verify};
use super::{GateNames, cause};
use crate::catalog::relation::RelationKind;
use crate::catalog::trigger::{LiveTrigger, TriggerEnabled};
use crate::ident::{Identifier, QualifiedName};
use crate::op::plan_file::SavedPlan as _;
use crate::op::{DatabaseIdentity, Decision, Item};
use crate::profile::Profile;
use crate::resolve::Relation;
use crate::sql::Statement as _;

fn id(name: &str) -> Identifier {
    Identifier::new(name).unwrap()
}

fn names() -> GateNames {
    GateNames::new(&Profile::built_in().unwrap().naming, "reg").unwrap()
}

fn database() -> DatabaseIdentity {
    DatabaseIdentity {
        system_identifier: 7,
        timeline: 1,
        database_oid: 5,
        database: "d".to_owned(),
    }
}

fn owner() -> LiveOwner {
    LiveOwner {
        role: "me".to_owned(),
        superuser: false,
    }
}

/// Facts of a registry without a gate, by a role that may do everything.
fn bare(kind: RelationKind) -> GateFacts {
    GateFacts {
        registry: Relation {
            oid: 100,
            name: QualifiedName::new(id("inv"), id("reg")),
            kind,
        },
        has_children: false,
        names: names(),
        key: id("k\"ey"),
        role: RoleColumn {
            name: id("role"),
            attnum: 2,
        },
        live: LiveGate::default(),
        rights: GateRights {
            role: "me".to_owned(),
            create_schema: true,
            use_language: true,
            may_not_create_trigger: None,
            not_owned_by: None,
        },
    }
}

fn trigger(oid: u32, name: &Identifier, r#type: u8, definition: &str) -> GateTrigger {
    GateTrigger {
        trigger: LiveTrigger {
            oid,
            table_oid: 100,
            name: name.to_string(),
            function_oid: 3,
            function: "birth_gate.record_event()".to_owned(),
            r#type,
            enabled: TriggerEnabled::Origin,
            internal: false,
            clone: false,
            constraint: false,
            when: r#type == 17,
            arguments: false,
            columns: false,
            transition_tables: r#type == 4,
            commented: false,
        },
        columns: if r#type == 17 {
            vec![(2, "role".to_owned())]
        } else {
            vec![]
        },
        new_rows: (r#type == 4).then(|| NEW_ROWS.to_owned()),
        definition: definition.to_owned(),
        call: "birth_gate.record_event()".to_owned(),
    }
}

fn queue() -> LiveQueue {
    let column =
        |name: &str, r#type: &str, not_null, default: Option<&str>, identity| QueueColumn {
            name: name.to_owned(),
            r#type: r#type.to_owned(),
            not_null,
            default: default.map(str::to_owned),
            identity,
        };
    let time = "timestamp with time zone";
    LiveQueue {
        oid: 2,
        owner: owner(),
        kind: RelationKind::Table,
        logged: true,
        columns: vec![
            column("event_id", "bigint", true, None, true),
            column("collection", "text", false, None, false),
            column("cause", "text", true, None, false),
            column("recorded_at", time, true, Some("clock_timestamp()"), false),
            column("attempts", "integer", true, Some("0"), false),
            column("retry_at", time, false, None, false),
            column("set_aside_at", time, false, None, false),
            column("error", "text", false, None, false),
        ],
        key: vec!["event_id".to_owned()],
        guards: vec![],
        open: false,
        truncated: false,
    }
}

/// Facts of a registry with its gate.
fn complete(kind: RelationKind) -> GateFacts {
    let mut facts = bare(kind);
    let insert_type = match facts.level() {
        Level::Statement => 4,
        Level::Row => 5,
    };
    let role = format!(
        "CREATE TRIGGER x AFTER UPDATE ON inv.reg FOR EACH ROW WHEN ({}) EXECUTE FUNCTION birth_gate.record_event()",
        printed_condition("role", true)
    );
    facts.live = LiveGate {
        schema: Some(LiveSchema {
            oid: 1,
            owner: owner(),
            public_may_create: false,
            may_use: true,
            may_create: true,
        }),
        queue: Some(queue()),
        function: Some(LiveFunction {
            oid: 3,
            owner: "me".to_owned(),
            definition: FunctionDefinition::wanted(&facts.names.queue, &facts.key),
            public_may_execute: false,
            may_execute: true,
            called_from: vec![],
        }),
        triggers: vec![
            trigger(4, &facts.names.insert_trigger, insert_type, ""),
            trigger(5, &facts.names.role_trigger, 17, &role),
        ],
        on_partitions: vec![],
    };
    facts
}

fn words(items: &[Item<GateObject>]) -> Vec<String> {
    let word = |item: &Item<GateObject>| {
        let codes = item.reasons.iter().map(|r| r.code.as_str());
        std::iter::once(item.decision.word())
            .chain(codes)
            .collect::<Vec<_>>()
            .join(" ")
    };
    items.iter().map(word).collect()
}

fn plan(facts: &GateFacts) -> GatePlan {
    assess(&database(), facts).unwrap()
}

#[test]
fn nothing_or_everything_is_there() {
    for kind in [RelationKind::Table, RelationKind::PartitionedTable] {
        let absent = plan(&bare(kind));
        assert_eq!(words(&absent.items), ["ABSENT"; 5]);
        assert_eq!(absent.statements.len(), 8);
        assert!(!is_ready(&absent) && absent.missing_rights.is_empty());
        let there = plan(&complete(kind));
        assert_eq!(words(&there.items), ["ALREADY_EXISTS_OK"; 5]);
        assert!(is_ready(&there) && there.statements.is_empty());
        assert_eq!(verify(&absent, &bare(kind), &complete(kind)), [""; 0]);
    }
}

#[test]
fn any_conflict_stops_everything() {
    let mut facts = bare(RelationKind::Partition);
    assert_eq!(
        words(&plan(&facts).items)[3..],
        ["BLOCKED_EXISTING_CONFLICT REGISTRY_NOT_A_TABLE"; 2]
    );
    facts = bare(RelationKind::Table);
    facts.live.schema = complete(RelationKind::Table).live.schema;
    facts.live.queue = Some(LiveQueue {
        logged: false,
        ..queue()
    });
    let blocked = plan(&facts);
    assert_eq!(
        words(&blocked.items)[1],
        "BLOCKED_EXISTING_CONFLICT QUEUE_UNLOGGED"
    );
    assert!(blocked.statements.is_empty());
    // The trigger that is right for a table is not for a partitioned one.
    let mut partitioned = complete(RelationKind::Table);
    partitioned.registry.kind = RelationKind::PartitionedTable;
    assert_eq!(
        words(&decide(&partitioned))[3],
        "BLOCKED_EXISTING_CONFLICT TRIGGER_DIFFERS"
    );
}

/// Who owns schema or queue has the function's owner's rights.
#[test]
fn owners_that_could_replace_the_queue() {
    let other = |superuser| LiveOwner {
        role: "other".to_owned(),
        superuser,
    };
    for (superuser, decided) in [
        (false, "BLOCKED_EXISTING_CONFLICT SCHEMA_OF_ANOTHER"),
        (true, "ALREADY_EXISTS_OK"),
    ] {
        let mut facts = complete(RelationKind::Table);
        facts.live.schema.as_mut().unwrap().owner = other(superuser);
        assert_eq!(words(&decide(&facts))[0], decided);
        // All of one other role: it has no rights but its own.
        facts.live.queue.as_mut().unwrap().owner = other(superuser);
        facts.live.function.as_mut().unwrap().owner = "other".to_owned();
        assert_eq!(words(&decide(&facts)), ["ALREADY_EXISTS_OK"; 5]);
    }
}

#[test]
fn only_the_exact_condition_will_do() {
    let facts = complete(RelationKind::Table);
    let role = &facts.live.triggers[1];
    assert!(role.records_changes_of(2) && !role.records_changes_of(3));
    let with = |from: &str, to: &str| GateTrigger {
        definition: role.definition.replace(from, to),
        ..role.clone()
    };
    // A column of the type text has no cast.
    assert!(with(")::text COLLATE", " COLLATE").definition != role.definition);
    let uncast = GateTrigger {
        definition: format!(
            "CREATE TRIGGER x FOR EACH ROW WHEN ({}) EXECUTE FUNCTION birth_gate.record_event()",
            printed_condition("role", false)
        ),
        ..role.clone()
    };
    assert!(uncast.records_changes_of(2));
    for (from, to) in [
        ("IS DISTINCT FROM", "IS NOT DISTINCT FROM"),
        ("new.role", "new.key"),
        ("COLLATE \"C\"", "COLLATE \"de\""),
        (" WHEN (", " WHEN (true OR "),
        ("FOR EACH ROW", "FOR EACH STATEMENT"),
        ("record_event()", "record_event('x')"),
    ] {
        assert!(!with(from, to).records_changes_of(2), "{to}");
    }
}

#[test]
fn the_statements() {
    let sql: Vec<String> = plan(&bare(RelationKind::Table))
        .statements
        .iter()
        .map(GateStatement::sql)
        .collect();
    assert_eq!(sql[0], "CREATE SCHEMA \"birth_gate\"");
    assert_eq!(sql[1], "REVOKE ALL ON SCHEMA \"birth_gate\" FROM PUBLIC");
    assert!(sql[2].starts_with("CREATE TABLE \"birth_gate\".\"event\" (event_id bigint"));
    assert!(sql[2].contains(" WITH (vacuum_truncate = false, "));
    assert_eq!(
        sql[3],
        "REVOKE ALL ON TABLE \"birth_gate\".\"event\" FROM PUBLIC"
    );
    let function = &sql[4];
    for part in [
        "SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '100ms' AS $birth$",
        "SELECT CASE WHEN pg_typeof(n.\"k\"\"ey\")::oid < 16384 THEN n.\"k\"\"ey\"::text WHEN NOT n.\"k\"\"ey\" IS NULL THEN format('%s', n.\"k\"\"ey\") END, 'INSERT' FROM birth_new n;",
        "EXCEPTION WHEN OTHERS",
        "RAISE WARNING",
    ] {
        assert!(function.contains(part), "no {part} in {function}");
    }
    assert!(!function.contains("RAISE EXCEPTION") && !function.contains("NOTIFY"));
    assert_eq!(
        sql[5],
        "REVOKE EXECUTE ON FUNCTION \"birth_gate\".\"record_event\"() FROM PUBLIC"
    );
    assert!(sql[6].contains("REFERENCING NEW TABLE AS birth_new FOR EACH STATEMENT"));
    let partitioned = plan(&bare(RelationKind::PartitionedTable));
    let insert = partitioned.statements[6].sql();
    assert!(insert.contains("AFTER INSERT ON \"inv\".\"reg\" FOR EACH ROW EXECUTE"));
    assert!(
        [cause::INSERT, cause::ROLE]
            .iter()
            .all(|c| function.contains(c))
    );
}

#[test]
fn missing_rights_are_those_of_what_is_absent() {
    let nothing = GateRights {
        role: "me".to_owned(),
        not_owned_by: Some("other".to_owned()),
        may_not_create_trigger: Some("inv.reg".to_owned()),
        ..GateRights::default()
    };
    let with = |mut facts: GateFacts| {
        facts.rights = nothing.clone();
        plan(&facts).missing_rights
    };
    assert_eq!(with(bare(RelationKind::Table)).len(), 4);
    assert_eq!(with(complete(RelationKind::Table)), [""; 0]);
    let mut without_trigger = complete(RelationKind::Table);
    without_trigger.live.triggers.pop();
    without_trigger.live.function.as_mut().unwrap().may_execute = false;
    let missing = with(without_trigger);
    assert_eq!(missing.len(), 3, "{missing:?}");
    assert!(missing[0].contains("may not execute birth_gate.record_event()"));
}

#[test]
fn a_plan_survives_its_file_and_knows_its_drift() {
    let plan = plan(&bare(RelationKind::Table));
    let text = plan.to_file().unwrap();
    assert_eq!(GatePlan::from_file(&text).unwrap(), plan);
    let spoilt = text.replacen("\"birth_gate\"", "\"other\"", 1);
    assert!(GatePlan::from_file(&spoilt).is_err());
    let now = self::plan(&complete(RelationKind::Table));
    let drift = plan.drift(&now);
    assert!(drift.contains(&"table birth_gate.event: ABSENT is now ALREADY_EXISTS_OK".to_owned()));
    assert!(drift.contains(&"the queue changed".to_owned()), "{drift:?}");
    assert_eq!(plan.drift(&plan), [""; 0]);
    let mut moved = plan.clone();
    moved.database.timeline = 2;
    moved.database.database = "renamed".to_owned();
    assert_eq!(moved.digest().unwrap(), plan.digest().unwrap());
}

fn keys() -> GateKeys {
    let after = complete(RelationKind::Table);
    undo::capture(&plan(&bare(RelationKind::Table)), &after).unwrap()
}

fn undo_state() -> UndoState {
    let facts = complete(RelationKind::Table);
    UndoState {
        registry: Some(facts.registry),
        live: facts.live,
        there: undo::captured(&keys())
            .into_iter()
            .map(|captured| (captured, format!("{captured:?}")))
            .collect(),
        ..UndoState::default()
    }
}

#[test]
fn undoing_goes_from_the_triggers_to_the_schema() {
    let keys = keys();
    assert_eq!(keys.len(), 5);
    let plan = undo::assess(&keys, &undo_state(), false);
    let sql: Vec<String> = plan.statements.iter().map(GateUndo::sql).collect();
    assert_eq!(
        sql,
        [
            "DROP TRIGGER \"trg_birth_gate_insert_reg\" ON \"inv\".\"reg\"",
            "DROP TRIGGER \"trg_birth_gate_role_reg\" ON \"inv\".\"reg\"",
            "DROP FUNCTION \"birth_gate\".\"record_event\"()",
            "DROP TABLE \"birth_gate\".\"event\"",
            "DROP SCHEMA \"birth_gate\"",
        ]
    );
    assert_eq!(undo::left_over(&plan, &undo_state()).len(), 5);
    assert_eq!(undo::left_over(&plan, &UndoState::default()), [""; 0]);
    let gone = undo::assess(&keys, &UndoState::default(), false);
    assert_eq!((gone.gone.len(), gone.statements.len()), (5, 0));
}

#[test]
fn undoing_refuses_or_leaves() {
    let assess = |change: fn(&mut UndoState), exported| {
        let mut state = undo_state();
        change(&mut state);
        undo::assess(&keys(), &state, exported)
    };
    let refusals: [fn(&mut UndoState); 5] = [
        |s| s.events = 2,
        |s| s.uses.push("a view".to_owned()),
        |s| s.live.queue.as_mut().unwrap().logged = false,
        |s| s.live.function.as_mut().unwrap().oid = 9,
        |s| s.live.triggers[1].trigger.commented = true,
    ];
    for change in refusals {
        let plan = assess(change, false);
        assert_eq!(plan.refusals.len(), 1, "{:?}", plan.refusals);
        assert!(plan.statements.is_empty() && plan.dropped.is_empty());
    }
    let exported = assess(|s| s.events = 2, true);
    assert_eq!((exported.statements.len(), exported.events), (5, 2));
    let shared = assess(|s| s.others.push("table x".to_owned()), false);
    assert_eq!(shared.left, ["schema birth_gate, which holds table x"]);
    assert_eq!(shared.dropped.last(), Some(&Captured::Queue(2)));
    assert_eq!(
        plan(&complete(RelationKind::Table)).count(Decision::Exists),
        5
    );
}
