//! Facts to a plan. The gate's objects are the host's own, in a schema of their
//! own: what is there is compared exactly, and no plugin is asked.

use super::facts::{
    FunctionDefinition, GateFacts, GateTrigger, LiveFunction, LiveOwner, LiveQueue, LiveSchema,
};
use super::plan::{GateObject, GatePlan};
use super::statement::GateStatement;
use crate::catalog::relation::RelationKind;
use crate::catalog::trigger::LiveTrigger;
use crate::op::verdict::finding;
use crate::op::{DatabaseIdentity, Decision, Item};
use crate::policy::verdict::Reason;

/// Makes the plan.
pub fn assess(
    database: &DatabaseIdentity,
    facts: &GateFacts,
) -> Result<GatePlan, serde_json::Error> {
    let items = decide(facts);
    let blocked = items.iter().any(|i| i.decision == Decision::Blocked);
    let statements = match blocked {
        true => vec![],
        false => statements(facts, &items),
    };
    Ok(GatePlan {
        database: database.clone(),
        registry: facts.registry.clone(),
        names: facts.names.clone(),
        facts: facts.parts()?,
        missing_rights: missing_rights(facts, &items),
        items,
        statements,
        warnings: warnings(facts),
    })
}

/// Every object with its decision, in the order in which they are made.
#[must_use]
pub fn decide(facts: &GateFacts) -> Vec<Item<GateObject>> {
    let (names, live) = (&facts.names, &facts.live);
    let item = |object, there, reasons: Vec<Reason>| Item {
        object,
        decision: match (there, reasons.is_empty()) {
            (_, false) => Decision::Blocked,
            (true, true) => Decision::Exists,
            (false, true) => Decision::Absent,
        },
        reasons,
    };
    let queue = live.queue.as_ref();
    let function = live.function.as_ref();
    let insert = live.trigger(&names.insert_trigger);
    let role = live.trigger(&names.role_trigger);
    let for_inserts = |t: &LiveTrigger| t.r#type & INSERT != 0;
    vec![
        item(
            GateObject::Schema {
                name: names.schema.clone(),
            },
            live.schema.is_some(),
            live.schema
                .as_ref()
                .map(|s| schema_faults(facts, s))
                .unwrap_or_default(),
        ),
        item(
            GateObject::Queue {
                name: names.queue.clone(),
            },
            queue.is_some(),
            queue.map(|q| queue_faults(facts, q)).unwrap_or_default(),
        ),
        item(
            GateObject::Function {
                name: names.function.clone(),
            },
            function.is_some(),
            function
                .map(|f| function_faults(facts, f))
                .unwrap_or_default(),
        ),
        item(
            GateObject::InsertTrigger {
                name: names.insert_trigger.clone(),
            },
            insert.is_some(),
            trigger_faults(facts, insert, for_inserts, |t| {
                t.records_inserts(facts.level())
            }),
        ),
        item(
            GateObject::RoleTrigger {
                name: names.role_trigger.clone(),
            },
            role.is_some(),
            trigger_faults(
                facts,
                role,
                |t| !for_inserts(t),
                |t| t.records_changes_of(facts.role.attnum),
            ),
        ),
    ]
}

/// The bit of `pg_trigger.tgtype` for INSERT.
const INSERT: u8 = 4;

/// The queue's columns: name, type, NOT NULL, default, identity.
const QUEUE: [(&str, &str, bool, Option<&str>, bool); 8] = [
    ("event_id", "bigint", true, None, true),
    ("collection", "text", false, None, false),
    ("cause", "text", true, None, false),
    (
        "recorded_at",
        "timestamp with time zone",
        true,
        Some("clock_timestamp()"),
        false,
    ),
    ("attempts", "integer", true, Some("0"), false),
    ("retry_at", "timestamp with time zone", false, None, false),
    (
        "set_aside_at",
        "timestamp with time zone",
        false,
        None,
        false,
    ),
    ("error", "text", false, None, false),
];

/// Whoever owns what the function writes to can replace it by something that
/// runs with the rights of the function's owner.
fn owner_fault(facts: &GateFacts, code: &str, owner: &LiveOwner) -> Option<Reason> {
    let definer = match &facts.live.function {
        Some(function) => &function.owner,
        None => &facts.rights.role,
    };
    let trusted = owner.superuser || owner.role == *definer;
    (!trusted).then(|| {
        finding(
            code,
            format!(
                "its owner {} could use it to act with the rights of {definer}, as whom the function runs",
                owner.role
            ),
        )
    })
}

fn schema_faults(facts: &GateFacts, live: &LiveSchema) -> Vec<Reason> {
    let mut faults: Vec<Reason> = owner_fault(facts, "SCHEMA_OF_ANOTHER", &live.owner)
        .into_iter()
        .collect();
    if live.public_may_create {
        faults.push(finding(
            "SCHEMA_OPEN",
            "everybody may create something in it".to_owned(),
        ));
    }
    faults
}

fn queue_faults(facts: &GateFacts, live: &LiveQueue) -> Vec<Reason> {
    if live.kind != RelationKind::Table {
        let what = live.kind.describe();
        return vec![finding("QUEUE_NOT_A_TABLE", format!("it is {what}"))];
    }
    let mut faults: Vec<Reason> = owner_fault(facts, "QUEUE_OF_ANOTHER", &live.owner)
        .into_iter()
        .collect();
    let wrong: Vec<&str> = QUEUE
        .iter()
        .filter(|(name, r#type, not_null, default, identity)| {
            !live.columns.iter().any(|c| {
                c.name == *name
                    && c.r#type == *r#type
                    && c.not_null == *not_null
                    && c.default.as_deref() == *default
                    && c.identity == *identity
            })
        })
        .map(|(name, ..)| *name)
        .collect();
    let more: Vec<&str> = live
        .columns
        .iter()
        .map(|c| c.name.as_str())
        .filter(|name| !QUEUE.iter().any(|(wanted, ..)| wanted == name))
        .collect();
    for (code, columns, what) in [
        ("QUEUE_COLUMNS_DIFFER", wrong, "is missing or different"),
        ("QUEUE_COLUMNS_UNKNOWN", more, "is not of the gate's"),
    ] {
        if !columns.is_empty() {
            let columns = columns.join(", ");
            faults.push(finding(code, format!("{what}: {columns}")));
        }
    }
    if live.key != ["event_id"] {
        faults.push(finding(
            "QUEUE_KEY_DIFFERS",
            format!("its primary key is ({})", live.key.join(", ")),
        ));
    }
    if !live.logged {
        faults.push(finding(
            "QUEUE_UNLOGGED",
            "it is UNLOGGED: a crash of the server would empty it".to_owned(),
        ));
    }
    if live.open {
        faults.push(finding(
            "QUEUE_OPEN",
            "everybody may add, change or delete events".to_owned(),
        ));
    }
    if live.truncated {
        faults.push(finding(
            "QUEUE_TRUNCATED_BY_VACUUM",
            "VACUUM may lock it to give space back, and events are lost meanwhile: set vacuum_truncate = false"
                .to_owned(),
        ));
    }
    if !live.guards.is_empty() {
        faults.push(finding(
            "QUEUE_GUARDED",
            format!(
                "it has {}, which may refuse or change events",
                live.guards.join(", ")
            ),
        ));
    }
    faults
}

fn function_faults(facts: &GateFacts, live: &LiveFunction) -> Vec<Reason> {
    let wanted = FunctionDefinition::wanted(&facts.names.queue, &facts.key);
    let mut faults = Vec::new();
    let found = &live.definition;
    let rest = FunctionDefinition {
        body: wanted.body.clone(),
        ..found.clone()
    };
    if rest != wanted {
        faults.push(finding(
            "FUNCTION_DIFFERS",
            format!(
                "it is in {}, returns {}, runs with the rights of its {}, and is set {:?}",
                found.language,
                found.returns,
                if found.security_definer {
                    "owner"
                } else {
                    "caller"
                },
                found.settings
            ),
        ));
    } else if *found != wanted {
        faults.push(finding(
            "FUNCTION_OTHER_VERSION",
            "its body is of another compiled version: roll back the run that made it, and apply again"
                .to_owned(),
        ));
    }
    if live.public_may_execute {
        faults.push(finding(
            "PUBLIC_MAY_EXECUTE",
            "everybody may put it into a trigger, and so write to the queue as its owner"
                .to_owned(),
        ));
    }
    if !live.called_from.is_empty() {
        faults.push(finding(
            "FUNCTION_CALLED_ELSEWHERE",
            format!(
                "triggers of other tables call it: {}; a gate is of one registry",
                live.called_from.join(", ")
            ),
        ));
    }
    faults
}

/// What is wrong with a trigger that holds the name, and with others that call
/// the function on the same event.
fn trigger_faults(
    facts: &GateFacts,
    live: Option<&GateTrigger>,
    of_its_event: impl Fn(&LiveTrigger) -> bool,
    fits: impl Fn(&GateTrigger) -> bool,
) -> Vec<Reason> {
    let (names, kind) = (&facts.names, facts.registry.kind);
    let mut faults = Vec::new();
    if !kind.is_physical() {
        faults.push(finding(
            "REGISTRY_NOT_A_TABLE",
            format!("the registry is {}", kind.describe()),
        ));
    }
    let function = facts.live.function.as_ref().map(|f| f.oid);
    if let Some(live) = live {
        let trigger = &live.trigger;
        if Some(trigger.function_oid) != function {
            faults.push(finding(
                "TRIGGER_CALLS_ANOTHER",
                format!("a trigger of that name calls {}", trigger.function),
            ));
        } else if !fits(live) {
            faults.push(finding(
                "TRIGGER_DIFFERS",
                format!("it is {}", live.definition),
            ));
        }
        if !trigger.enabled.fires_for_users() {
            faults.push(finding(
                "TRIGGER_DISABLED",
                "it does not fire for what users write".to_owned(),
            ));
        }
    }
    let ours = [names.insert_trigger.as_str(), names.role_trigger.as_str()];
    let others = facts.live.triggers.iter().filter(|t| {
        Some(t.trigger.function_oid) == function
            && !ours.contains(&t.trigger.name.as_str())
            && of_its_event(&t.trigger)
    });
    faults.extend(others.map(|t| {
        finding(
            "EVENT_RECORDED_TWICE",
            format!(
                "the trigger {:?} calls the function as well",
                t.trigger.name
            ),
        )
    }));
    let in_the_way = facts.live.on_partitions.iter();
    faults.extend(in_the_way.filter(|p| of_its_event(&p.trigger)).map(|p| {
        finding(
            "PARTITION_TRIGGER",
            format!(
                "the partition {} has a trigger {:?} of its own or has it disabled",
                p.partition, p.trigger.name
            ),
        )
    }));
    faults
}

fn missing_rights(facts: &GateFacts, items: &[Item<GateObject>]) -> Vec<String> {
    let absent = |wanted: fn(&GateObject) -> bool| {
        items
            .iter()
            .any(|i| i.decision == Decision::Absent && wanted(&i.object))
    };
    let triggers = absent(|o| {
        matches!(
            o,
            GateObject::InsertTrigger { .. } | GateObject::RoleTrigger { .. }
        )
    });
    let function = absent(|o| matches!(o, GateObject::Function { .. }));
    let queue = absent(|o| matches!(o, GateObject::Queue { .. }));
    let (rights, registry) = (&facts.rights, &facts.registry.name);
    let schema = &facts.names.schema;
    let mut missing = Vec::new();
    match &facts.live.schema {
        None if !rights.create_schema => {
            missing.push("may not create a schema in this database".to_owned());
        }
        Some(live) if (queue || function) && !(live.may_create && live.may_use) => {
            missing.push(format!("may not create anything in the schema {schema}"));
        }
        Some(live) if triggers && !live.may_use => {
            missing.push(format!("may not use the schema {schema}"));
        }
        _ => {}
    }
    if function && !rights.use_language {
        missing.push("may not create functions in PL/pgSQL, or it is not there".to_owned());
    }
    let denied = facts.live.function.as_ref().filter(|f| !f.may_execute);
    if denied.is_some() && triggers {
        missing.push(format!("may not execute {}()", facts.names.function));
    }
    if let Some(table) = rights.may_not_create_trigger.as_ref().filter(|_| triggers) {
        missing.push(format!("may not create a trigger on {table}"));
    }
    if let Some(owner) = rights.not_owned_by.as_ref().filter(|_| triggers) {
        missing.push(format!(
            "does not own {registry} (its owner is {owner}), so the rollback could not drop the triggers"
        ));
    }
    missing
}

fn warnings(facts: &GateFacts) -> Vec<String> {
    let children = facts.has_children.then(|| {
        format!(
            "tables inherit from {}: what is written to them directly fires none of its triggers, and only the sweep sees it",
            facts.registry.name
        )
    });
    children.into_iter().collect()
}

fn statements(facts: &GateFacts, items: &[Item<GateObject>]) -> Vec<GateStatement> {
    let (names, table) = (&facts.names, &facts.registry.name);
    let absent = items.iter().filter(|i| i.decision == Decision::Absent);
    absent
        .flat_map(|item| match &item.object {
            GateObject::Schema { name } => vec![
                GateStatement::CreateSchema { name: name.clone() },
                GateStatement::CloseSchema { name: name.clone() },
            ],
            GateObject::Queue { name } => vec![
                GateStatement::CreateQueue { name: name.clone() },
                GateStatement::CloseQueue { name: name.clone() },
            ],
            GateObject::Function { name } => vec![
                GateStatement::CreateFunction {
                    name: name.clone(),
                    queue: names.queue.clone(),
                    key: facts.key.clone(),
                },
                GateStatement::RevokeExecute {
                    function: name.clone(),
                },
            ],
            GateObject::InsertTrigger { name } => vec![GateStatement::CreateInsertTrigger {
                name: name.clone(),
                table: table.clone(),
                function: names.function.clone(),
                level: facts.level(),
            }],
            GateObject::RoleTrigger { name } => vec![GateStatement::CreateRoleTrigger {
                name: name.clone(),
                table: table.clone(),
                function: names.function.clone(),
                role: facts.role.name.clone(),
            }],
        })
        .collect()
}
