//! What the gate operation reads.

use std::collections::BTreeMap;

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use birth_core::catalog::trigger::{LiveTrigger, PartitionTrigger};
use birth_core::ident::QualifiedName;
use birth_core::op::gate::GateNames;
use birth_core::op::gate::facts::{
    FunctionDefinition, GateRights, GateTrigger, LiveFunction, LiveGate, LiveOwner, LiveQueue,
    LiveSchema, QueueColumn,
};
use birth_core::op::gate::undo::{Captured, GateKeys, UndoState, captured};
use birth_core::sql::query::gate as query;

use super::{Reader, kind};
use crate::pg::error::PgError;
use crate::pg::session::{Parameter, column};

const ACTION: &str = "reading the gate";

/// What the gate wants to know of the registry and of the role.
#[derive(Debug)]
pub struct GateRegistry {
    /// `pg_attribute.attnum` of the governance role; none where that column is
    /// gone.
    pub role_attnum: Option<i16>,
    /// Whether tables inherit from it that are not its partitions.
    pub has_children: bool,
    /// What the role may do.
    pub rights: GateRights,
}

/// A captured object that is there.
#[derive(Debug)]
pub struct CapturedObject {
    /// What and which it is.
    pub captured: Captured,
    /// What it is called now.
    pub name: String,
    /// Its owner, where the role is not and does not inherit from it.
    pub not_owned_by: Option<String>,
}

impl Reader<'_> {
    /// The registry as the gate sees it; none where it is gone.
    pub async fn gate_registry(
        &self,
        oid: u32,
        role_column: &str,
    ) -> Result<Option<GateRegistry>, PgError> {
        let parameters: [Parameter<'_>; 2] = [(&oid, Type::OID), (&role_column, Type::TEXT)];
        let rows = self
            .session
            .rows(ACTION, query::REGISTRY, &parameters)
            .await?;
        let read = |row: &Row| {
            Ok(GateRegistry {
                role_attnum: column(row, 0)?,
                has_children: column(row, 1)?,
                rights: GateRights {
                    role: column(row, 2)?,
                    create_schema: column(row, 3)?,
                    use_language: column(row, 4)?,
                    may_not_create_trigger: column(row, 5)?,
                    not_owned_by: column(row, 6)?,
                },
            })
        };
        rows.first().map(read).transpose()
    }

    /// What is there under the gate's names. Triggers that call another function
    /// (`function`, else the one of that name) count as well.
    pub async fn live_gate(
        &self,
        names: &GateNames,
        registry_oid: u32,
        function: Option<u32>,
    ) -> Result<LiveGate, PgError> {
        let mut live = LiveGate {
            schema: self.gate_schema(names.schema.as_str()).await?,
            ..LiveGate::default()
        };
        if let Some(schema) = &live.schema {
            live.queue = self.gate_queue(schema.oid, &names.queue).await?;
            live.function = self
                .gate_function(schema.oid, &names.function, registry_oid)
                .await?;
        }
        let function = function.or(live.function.as_ref().map(|f| f.oid));
        (live.triggers, live.on_partitions) = self
            .gate_triggers(names, registry_oid, function.unwrap_or(0))
            .await?;
        Ok(live)
    }

    async fn gate_schema(&self, name: &str) -> Result<Option<LiveSchema>, PgError> {
        let rows = self
            .session
            .rows(ACTION, query::SCHEMA, &[(&name, Type::TEXT)])
            .await?;
        let read = |row: &Row| {
            Ok(LiveSchema {
                oid: column(row, 0)?,
                owner: owner(row, 1)?,
                public_may_create: column(row, 3)?,
                may_use: column(row, 4)?,
                may_create: column(row, 5)?,
            })
        };
        rows.first().map(read).transpose()
    }

    async fn gate_queue(
        &self,
        schema: u32,
        name: &QualifiedName,
    ) -> Result<Option<LiveQueue>, PgError> {
        let name = name.name.as_str();
        let parameters: [Parameter<'_>; 2] = [(&schema, Type::OID), (&name, Type::TEXT)];
        let rows = self.session.rows(ACTION, query::QUEUE, &parameters).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let oid: u32 = column(row, 0)?;
        let columns = self
            .session
            .rows(ACTION, query::QUEUE_COLUMNS, &[(&oid, Type::OID)])
            .await?;
        let columns = columns.iter().map(|row| {
            Ok(QueueColumn {
                name: column(row, 0)?,
                r#type: column(row, 1)?,
                not_null: column(row, 2)?,
                default: column(row, 3)?,
                identity: column(row, 4)?,
            })
        });
        Ok(Some(LiveQueue {
            oid,
            owner: owner(row, 1)?,
            kind: kind(row, 3)?,
            logged: column(row, 6)?,
            columns: columns.collect::<Result<_, PgError>>()?,
            key: column(row, 7)?,
            guards: column(row, 8)?,
            open: column(row, 9)?,
            truncated: column(row, 10)?,
        }))
    }

    async fn gate_function(
        &self,
        schema: u32,
        name: &QualifiedName,
        registry_oid: u32,
    ) -> Result<Option<LiveFunction>, PgError> {
        let name = name.name.as_str();
        let parameters: [Parameter<'_>; 3] = [
            (&schema, Type::OID),
            (&name, Type::TEXT),
            (&registry_oid, Type::OID),
        ];
        let rows = self
            .session
            .rows(ACTION, query::FUNCTION, &parameters)
            .await?;
        let read = |row: &Row| {
            Ok(LiveFunction {
                oid: column(row, 0)?,
                owner: column(row, 1)?,
                definition: FunctionDefinition {
                    language: column(row, 2)?,
                    returns: column(row, 3)?,
                    security_definer: column(row, 4)?,
                    settings: column(row, 5)?,
                    body: column(row, 6)?,
                },
                public_may_execute: column(row, 7)?,
                may_execute: column(row, 8)?,
                called_from: column(row, 9)?,
            })
        };
        rows.first().map(read).transpose()
    }

    async fn gate_triggers(
        &self,
        names: &GateNames,
        registry_oid: u32,
        function_oid: u32,
    ) -> Result<(Vec<GateTrigger>, Vec<PartitionTrigger>), PgError> {
        let mut own: BTreeMap<u32, LiveTrigger> = BTreeMap::new();
        let mut on_partitions: BTreeMap<u32, PartitionTrigger> = BTreeMap::new();
        for name in [&names.insert_trigger, &names.role_trigger] {
            let found = self
                .birth_triggers(&[(registry_oid, name.as_str())], function_oid)
                .await?;
            own.extend(found.live.into_iter().map(|t| (t.oid, t)));
            let partitions = found.on_partitions.into_iter();
            on_partitions.extend(partitions.map(|p| (p.trigger.oid, p)));
        }
        let oids: Vec<u32> = own.keys().copied().collect();
        let rows = self
            .session
            .rows(ACTION, query::TRIGGERS, &[(&oids, Type::OID_ARRAY)])
            .await?;
        let mut triggers = Vec::with_capacity(rows.len());
        for row in &rows {
            let Some(trigger) = own.remove(&column(row, 0)?) else {
                continue;
            };
            let numbers: Vec<i16> = column(row, 1)?;
            let quoted: Vec<String> = column(row, 2)?;
            triggers.push(GateTrigger {
                trigger,
                columns: numbers.into_iter().zip(quoted).collect(),
                new_rows: column(row, 3)?,
                definition: column(row, 4)?,
                call: column(row, 5)?,
            });
        }
        triggers.sort_by(|a, b| a.trigger.name.cmp(&b.trigger.name));
        Ok((triggers, on_partitions.into_values().collect()))
    }

    /// The captured objects that are there.
    pub async fn captured_gate(&self, keys: &GateKeys) -> Result<Vec<CapturedObject>, PgError> {
        let (schema, queue, function, triggers) = oids(keys);
        let parameters: [Parameter<'_>; 4] = [
            (&schema, Type::OID),
            (&queue, Type::OID),
            (&function, Type::OID),
            (&triggers, Type::OID_ARRAY),
        ];
        let rows = self
            .session
            .rows(ACTION, query::CAPTURED, &parameters)
            .await?;
        rows.iter()
            .map(|row| {
                let oid = column(row, 1)?;
                Ok(CapturedObject {
                    captured: match column(row, 0)? {
                        "schema" => Captured::Schema(oid),
                        "queue" => Captured::Queue(oid),
                        "function" => Captured::Function(oid),
                        _ => Captured::Trigger(oid),
                    },
                    name: column(row, 2)?,
                    not_owned_by: column(row, 3)?,
                })
            })
            .collect()
    }

    /// Everything that undoing a run of the gate looks at.
    pub async fn gate_undo_state(&self, keys: &GateKeys) -> Result<UndoState, PgError> {
        let live = self
            .live_gate(&keys.names, keys.registry_oid, Some(keys.function_oid))
            .await?;
        // As it was captured, and only then: another table may have any columns.
        let queue = live
            .queue
            .as_ref()
            .filter(|q| Some(*q) == keys.queue.as_ref());
        let events = match queue {
            Some(_) => {
                let text = query::count_events(&keys.names.queue);
                let row = self.session.one("counting the events", &text, &[]).await?;
                column(&row, 0)?
            }
            None => 0,
        };
        let (schema, queue, function, triggers) = oids(keys);
        let action = "asking what uses the gate";
        let used: [Parameter<'_>; 3] = [
            (&queue, Type::OID),
            (&function, Type::OID),
            (&triggers, Type::OID_ARRAY),
        ];
        let beside: [Parameter<'_>; 3] = [
            (&schema, Type::OID),
            (&queue, Type::OID),
            (&function, Type::OID),
        ];
        let texts = |rows: Vec<Row>| rows.iter().map(|row| column(row, 0)).collect();
        let uses: Result<Vec<String>, PgError> =
            texts(self.session.rows(action, query::USES, &used).await?);
        let others: Result<Vec<String>, PgError> =
            texts(self.session.rows(action, query::OTHERS, &beside).await?);
        let there = self.captured_gate(keys).await?.into_iter();
        Ok(UndoState {
            registry: self.relation_by_oid(keys.registry_oid).await?,
            live,
            there: there.map(|object| (object.captured, object.name)).collect(),
            events,
            uses: uses?,
            others: others?,
        })
    }
}

/// The oids of captured objects: schema, queue, function, triggers; 0 for what
/// the run did not make.
fn oids(keys: &GateKeys) -> (u32, u32, u32, Vec<u32>) {
    let (mut schema, mut queue, mut function, mut triggers) = (0, 0, 0, vec![]);
    for captured in captured(keys) {
        match captured {
            Captured::Schema(oid) => schema = oid,
            Captured::Queue(oid) => queue = oid,
            Captured::Function(oid) => function = oid,
            Captured::Trigger(oid) => triggers.push(oid),
        }
    }
    (schema, queue, function, triggers)
}

fn owner(row: &Row, index: usize) -> Result<LiveOwner, PgError> {
    Ok(LiveOwner {
        role: column(row, index)?,
        superuser: column(row, index + 1)?,
    })
}
