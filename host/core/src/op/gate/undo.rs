//! Undoing the gate: its own statements, on captured identities alone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::GateNames;
use super::facts::{GateFacts, GateTrigger, LiveGate, LiveQueue};
use super::plan::{GateObject, GatePlan};
use super::statement::Level;
use crate::catalog::trigger::TriggerEnabled;
use crate::digest::Digest;
use crate::ident::{Identifier, QualifiedName};
use crate::op::Decision;
use crate::resolve::Relation;
use crate::sql::Statement;

/// The function that a run created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FunctionKey {
    /// Its `pg_proc.oid`.
    pub oid: u32,
    /// Digest of what it is made of (`FunctionDefinition::digest`).
    pub definition: Digest,
}

/// What a trigger of the gate records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Records {
    /// Inserted rows.
    Inserts {
        /// How often it fires.
        level: Level,
    },
    /// Changes of the governance role.
    Changes {
        /// `pg_attribute.attnum` of the role's column.
        attnum: i16,
    },
}

/// A trigger that a run created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateTriggerKey {
    /// Its `pg_trigger.oid`.
    pub oid: u32,
    /// Its name.
    pub name: Identifier,
    /// What it records.
    pub records: Records,
}

/// The exact identities that a run created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateKeys {
    /// `pg_class.oid` of the registry.
    pub registry_oid: u32,
    /// The registry's name when the run was made, for people.
    pub registry: QualifiedName,
    /// What the gate's objects were called.
    pub names: GateNames,
    /// `pg_proc.oid` of the function the triggers call, whoever made it.
    pub function_oid: u32,
    /// `pg_namespace.oid` of the schema, where the run made it.
    pub schema: Option<u32>,
    /// The queue, where the run made it.
    pub queue: Option<LiveQueue>,
    /// The function, where the run made it.
    pub function: Option<FunctionKey>,
    /// The triggers that the run made.
    pub triggers: Vec<GateTriggerKey>,
}

impl GateKeys {
    /// How many objects the run created.
    #[must_use]
    pub fn len(&self) -> usize {
        let one = [
            self.schema.is_some(),
            self.queue.is_some(),
            self.function.is_some(),
        ];
        one.iter().filter(|made| **made).count() + self.triggers.len()
    }

    /// Whether the run created nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Captures what a plan created from what is there in its transaction. `None`
/// means that something planned is not there, so nothing may be committed.
#[must_use]
pub fn capture(plan: &GatePlan, after: &GateFacts) -> Option<GateKeys> {
    let live = &after.live;
    let mut keys = GateKeys {
        registry_oid: plan.registry.oid,
        registry: plan.registry.name.clone(),
        names: plan.names.clone(),
        function_oid: live.function.as_ref()?.oid,
        schema: None,
        queue: None,
        function: None,
        triggers: vec![],
    };
    let trigger = |name: &Identifier, records| {
        Some(GateTriggerKey {
            oid: live.trigger(name)?.trigger.oid,
            name: name.clone(),
            records,
        })
    };
    for item in plan.items.iter().filter(|i| i.decision == Decision::Absent) {
        match &item.object {
            GateObject::Schema { .. } => keys.schema = Some(live.schema.as_ref()?.oid),
            GateObject::Queue { .. } => keys.queue = Some(live.queue.clone()?),
            GateObject::Function { .. } => {
                let made = live.function.as_ref()?;
                keys.function = Some(FunctionKey {
                    oid: made.oid,
                    definition: made.definition.digest(),
                });
            }
            GateObject::InsertTrigger { name } => {
                let level = after.level();
                keys.triggers
                    .push(trigger(name, Records::Inserts { level })?);
            }
            GateObject::RoleTrigger { name } => {
                let attnum = after.role.attnum;
                keys.triggers
                    .push(trigger(name, Records::Changes { attnum })?);
            }
        }
    }
    Some(keys)
}

/// A statement that takes the gate away again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateUndo {
    /// `DROP TRIGGER … ON …`
    DropTrigger {
        /// The trigger.
        name: Identifier,
        /// The registry, as it is called now.
        table: QualifiedName,
    },
    /// `DROP FUNCTION …`
    DropFunction {
        /// The function.
        name: QualifiedName,
    },
    /// `DROP TABLE …`: the queue.
    DropQueue {
        /// The queue.
        name: QualifiedName,
    },
    /// `DROP SCHEMA …`
    DropSchema {
        /// The schema.
        name: Identifier,
    },
}

impl Statement for GateUndo {
    fn sql(&self) -> String {
        match self {
            Self::DropTrigger { name, table } => {
                format!("DROP TRIGGER {} ON {}", name.quoted(), table.quoted())
            }
            Self::DropFunction { name } => format!("DROP FUNCTION {}()", name.quoted()),
            Self::DropQueue { name } => format!("DROP TABLE {}", name.quoted()),
            Self::DropSchema { name } => format!("DROP SCHEMA {}", name.quoted()),
        }
    }
}

/// Something of the catalogs, by what it is and its oid there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Captured {
    /// `pg_namespace.oid`.
    Schema(u32),
    /// `pg_class.oid`.
    Queue(u32),
    /// `pg_proc.oid`.
    Function(u32),
    /// `pg_trigger.oid`.
    Trigger(u32),
}

/// What is read of captured identities.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoState {
    /// The registry as it is called now; none where it is gone.
    pub registry: Option<Relation>,
    /// What holds the captured names now.
    pub live: LiveGate,
    /// What the captured identities are called now; those that are gone are not
    /// among them.
    pub there: Vec<(Captured, String)>,
    /// Events in the captured queue.
    pub events: i64,
    /// Other objects that need the captured queue or function.
    pub uses: Vec<String>,
    /// What else is in the captured schema.
    pub others: Vec<String>,
}

impl UndoState {
    fn called(&self, captured: Captured) -> Option<&str> {
        let found = self.there.iter().find(|(c, _)| *c == captured)?;
        Some(&found.1)
    }
}

/// A plan for undoing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct UndoPlan {
    /// What will run: triggers, function, queue, schema. Empty where anything is
    /// refused.
    pub statements: Vec<GateUndo>,
    /// What they drop.
    pub dropped: Vec<Captured>,
    /// Captured objects that are not there any more.
    pub gone: Vec<String>,
    /// Captured objects that are left, because others use them.
    pub left: Vec<String>,
    /// Why nothing may be dropped.
    pub refusals: Vec<String>,
    /// Events in the queue: they have to be exported first.
    pub events: i64,
}

/// Checks every captured identity against the live database. Anything that is
/// not exactly what the run created is refused, and then nothing is dropped.
#[must_use]
pub fn assess(keys: &GateKeys, state: &UndoState, exported: bool) -> UndoPlan {
    let mut plan = UndoPlan::default();
    for key in &keys.triggers {
        undo_trigger(keys, key, state, &mut plan);
    }
    let names = &keys.names;
    if let Some(key) = &keys.function {
        let live = state.live.function.as_ref();
        let found = Found {
            what: format!("function {}()", names.function),
            captured: Captured::Function(key.oid),
            holder: live.map(|f| f.oid),
            as_made: live.is_some_and(|f| f.definition.digest() == key.definition),
        };
        let name = names.function.clone();
        found.undo(state, &mut plan, GateUndo::DropFunction { name });
    }
    if let Some(key) = &keys.queue {
        if keys.function.is_none() && state.live.function.is_some() {
            plan.refusals.push(format!(
                "the function {}(), which this run did not make, writes to the queue {}: roll back the run that made it first",
                names.function, names.queue
            ));
        }
        let live = state.live.queue.as_ref();
        let found = Found {
            what: format!("table {}", names.queue),
            captured: Captured::Queue(key.oid),
            holder: live.map(|q| q.oid),
            as_made: live == Some(key),
        };
        let name = names.queue.clone();
        found.undo(state, &mut plan, GateUndo::DropQueue { name });
        plan.events = state.events;
        if state.events > 0 && !exported {
            plan.refusals.push(format!(
                "the queue {} holds {} event{}",
                names.queue,
                state.events,
                if state.events == 1 { "" } else { "s" }
            ));
        }
    }
    let uses = state.uses.iter();
    plan.refusals
        .extend(uses.map(|u| format!("{u} needs what would be dropped")));
    if let Some(oid) = keys.schema {
        undo_schema(keys, oid, state, &mut plan);
    }
    if !plan.refusals.is_empty() {
        plan.statements.clear();
        plan.dropped.clear();
    }
    plan
}

/// A captured object, and what holds its name now.
struct Found {
    what: String,
    captured: Captured,
    holder: Option<u32>,
    as_made: bool,
}

impl Found {
    fn undo(self, state: &UndoState, plan: &mut UndoPlan, statement: GateUndo) {
        let Self {
            what,
            captured,
            holder,
            as_made,
        } = self;
        let (Captured::Schema(oid)
        | Captured::Queue(oid)
        | Captured::Function(oid)
        | Captured::Trigger(oid)) = captured;
        match (holder, state.called(captured)) {
            (Some(live), _) if live == oid && as_made => {
                plan.statements.push(statement);
                plan.dropped.push(captured);
            }
            (Some(live), _) if live == oid => {
                plan.refusals
                    .push(format!("{what} (oid {oid}) was changed since"));
            }
            (_, Some(now)) => plan
                .refusals
                .push(format!("{what} (oid {oid}) is called {now} now")),
            (Some(other), None) => plan.refusals.push(format!(
                "{what} was replaced since: oid {oid} is now oid {other}"
            )),
            (None, None) => plan.gone.push(what),
        }
    }
}

fn undo_trigger(keys: &GateKeys, key: &GateTriggerKey, state: &UndoState, plan: &mut UndoPlan) {
    let Some(registry) = &state.registry else {
        plan.gone.push(format!(
            "trigger {} with its table {}",
            key.name, keys.registry
        ));
        return;
    };
    let live = state.live.trigger(&key.name);
    let found = Found {
        what: format!("trigger {} on {}", key.name, registry.name),
        captured: Captured::Trigger(key.oid),
        holder: live.map(|t| t.trigger.oid),
        as_made: live.is_some_and(|t| is_as_made(t, key, keys.function_oid)),
    };
    let statement = GateUndo::DropTrigger {
        name: key.name.clone(),
        table: registry.name.clone(),
    };
    found.undo(state, plan, statement);
}

/// Whether a trigger is what `CREATE TRIGGER` made: nobody changed what it does,
/// when it fires, or put a comment on it.
fn is_as_made(live: &GateTrigger, key: &GateTriggerKey, function_oid: u32) -> bool {
    let trigger = &live.trigger;
    let records = match key.records {
        Records::Inserts { level } => live.records_inserts(level),
        Records::Changes { attnum } => live.records_changes_of(attnum),
    };
    records
        && trigger.function_oid == function_oid
        && trigger.enabled == TriggerEnabled::Origin
        && !trigger.commented
}

/// The schema goes last, and only where nothing else is in it.
fn undo_schema(keys: &GateKeys, oid: u32, state: &UndoState, plan: &mut UndoPlan) {
    let name = &keys.names.schema;
    if !state.others.is_empty() {
        plan.left.push(format!(
            "schema {name}, which holds {}",
            state.others.join(", ")
        ));
        return;
    }
    let found = Found {
        what: format!("schema {name}"),
        captured: Captured::Schema(oid),
        holder: state.live.schema.as_ref().map(|s| s.oid),
        as_made: true,
    };
    let statement = GateUndo::DropSchema { name: name.clone() };
    found.undo(state, plan, statement);
}

/// Captured identities by what they are, those of the registry's triggers too.
#[must_use]
pub fn captured(keys: &GateKeys) -> Vec<Captured> {
    let schema = keys.schema.map(Captured::Schema);
    let queue = keys.queue.as_ref().map(|q| Captured::Queue(q.oid));
    let function = keys.function.as_ref().map(|f| Captured::Function(f.oid));
    let triggers = keys.triggers.iter().map(|t| Captured::Trigger(t.oid));
    let rest = [function, queue, schema].into_iter().flatten();
    triggers.chain(rest).collect()
}

/// What is left of what an undoing was to take away; empty means verified.
#[must_use]
pub fn left_over(plan: &UndoPlan, after: &UndoState) -> Vec<String> {
    let there: BTreeMap<Captured, &str> =
        after.there.iter().map(|(c, n)| (*c, n.as_str())).collect();
    let left = plan.dropped.iter().filter_map(|c| there.get(c));
    left.map(|name| format!("{name} is still there")).collect()
}
