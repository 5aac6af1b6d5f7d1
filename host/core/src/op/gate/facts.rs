//! What the gate operation reads.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::GateNames;
use super::statement::{Level, NEW_ROWS, SETTINGS, function_body, printed_condition};
use crate::catalog::relation::RelationKind;
use crate::catalog::trigger::{LiveTrigger, PartitionTrigger};
use crate::digest::{Digest, DigestBuilder};
use crate::ident::{Identifier, QualifiedName};
use crate::resolve::Relation;

/// `pg_trigger.tgtype` of `AFTER INSERT … FOR EACH STATEMENT`, see
/// [`AFTER_INSERT_ROW`](crate::catalog::trigger::AFTER_INSERT_ROW).
const AFTER_INSERT_STATEMENT: u8 = 4;
/// `AFTER INSERT … FOR EACH ROW`.
const AFTER_INSERT_ROW: u8 = crate::catalog::trigger::AFTER_INSERT_ROW;
/// `AFTER UPDATE … FOR EACH ROW`.
const AFTER_UPDATE_ROW: u8 = 17;

/// Who owns something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiveOwner {
    /// The role.
    pub role: String,
    /// Whether it may do anything anyway.
    pub superuser: bool,
}

/// The gate's schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveSchema {
    /// `pg_namespace.oid`.
    pub oid: u32,
    /// Its owner.
    pub owner: LiveOwner,
    /// Whether everybody may create something in it.
    pub public_may_create: bool,
    /// Whether the role may use what is in it.
    pub may_use: bool,
    /// Whether the role may create something in it.
    pub may_create: bool,
}

/// A column of the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueColumn {
    /// Its name.
    pub name: String,
    /// Its type as `format_type` prints it.
    pub r#type: String,
    /// NOT NULL.
    pub not_null: bool,
    /// Its default, or the expression it is generated from, as PostgreSQL prints
    /// it.
    pub default: Option<String>,
    /// `GENERATED ALWAYS AS IDENTITY`.
    pub identity: bool,
}

/// What holds the queue's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiveQueue {
    /// `pg_class.oid`, or `pg_type.oid` of a type that is no table's.
    pub oid: u32,
    /// Its owner.
    pub owner: LiveOwner,
    /// What it is.
    pub kind: RelationKind,
    /// Whether its rows survive a crash: it is not UNLOGGED.
    pub logged: bool,
    /// Its columns, in their order.
    pub columns: Vec<QueueColumn>,
    /// The columns of its primary key.
    pub key: Vec<String>,
    /// What may refuse or change an event before it is stored: other
    /// constraints, triggers, rules, row security.
    pub guards: Vec<String>,
    /// Whether everybody may write to it.
    pub open: bool,
    /// Whether VACUUM may lock it to give the space at its end back.
    pub truncated: bool,
}

/// A function without arguments that holds the gate's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveFunction {
    /// `pg_proc.oid`.
    pub oid: u32,
    /// Its owner, as whom it runs.
    pub owner: String,
    /// What it is made of.
    pub definition: FunctionDefinition,
    /// Whether everybody may execute it.
    pub public_may_execute: bool,
    /// Whether the role may put it into a trigger.
    pub may_execute: bool,
    /// Other tables whose triggers call it.
    pub called_from: Vec<String>,
}

/// What makes one function do what another does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionDefinition {
    /// `pg_language.lanname`.
    pub language: String,
    /// What it returns, as `format_type` prints it.
    pub returns: String,
    /// SECURITY DEFINER.
    pub security_definer: bool,
    /// `pg_proc.proconfig`.
    pub settings: Vec<String>,
    /// `pg_proc.prosrc`.
    pub body: String,
}

impl FunctionDefinition {
    /// The gate's own.
    #[must_use]
    pub fn wanted(queue: &QualifiedName, key: &Identifier) -> Self {
        Self {
            language: "plpgsql".to_owned(),
            returns: "trigger".to_owned(),
            security_definer: true,
            settings: SETTINGS.iter().map(|s| (*s).to_owned()).collect(),
            body: function_body(queue, key),
        }
    }

    /// Its digest.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let settings = self.settings.iter();
        let digest = DigestBuilder::new("birth gate function 1")
            .text(&self.language)
            .text(&self.returns)
            .text(if self.security_definer { "1" } else { "0" })
            .text(&self.body);
        settings.fold(digest, |d, setting| d.text(setting)).finish()
    }
}

/// A trigger of the registry that holds a name of the gate's or calls its
/// function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateTrigger {
    /// What every trigger has.
    pub trigger: LiveTrigger,
    /// The columns it depends on, by its condition or by `UPDATE OF`:
    /// `pg_attribute.attnum`, and the name as PostgreSQL quotes it.
    pub columns: Vec<(i16, String)>,
    /// The name under which its function sees the new rows.
    pub new_rows: Option<String>,
    /// As `pg_get_triggerdef` prints it.
    pub definition: String,
    /// The call of its function as PostgreSQL prints it, which ends the
    /// definition.
    pub call: String,
}

impl GateTrigger {
    /// Whether it is what `CREATE TRIGGER` makes for inserted rows, whatever it
    /// is called.
    #[must_use]
    pub fn records_inserts(&self, level: Level) -> bool {
        let trigger = &self.trigger;
        let (wanted, new_rows) = match level {
            Level::Statement => (AFTER_INSERT_STATEMENT, Some(NEW_ROWS)),
            Level::Row => (AFTER_INSERT_ROW, None),
        };
        self.is_simple()
            && trigger.r#type == wanted
            && self.new_rows.as_deref() == new_rows
            && self.columns.is_empty()
            && !trigger.when
    }

    /// Whether it is what `CREATE TRIGGER` makes for changed roles, on the column
    /// of that number, whatever trigger and column are called.
    #[must_use]
    pub fn records_changes_of(&self, attnum: i16) -> bool {
        let [(number, column)] = self.columns.as_slice() else {
            return false;
        };
        let ends = |cast| {
            let condition = printed_condition(column, cast);
            let end = format!(
                " FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION {}",
                self.call
            );
            self.definition.ends_with(&end)
        };
        self.is_simple()
            && self.trigger.r#type == AFTER_UPDATE_ROW
            && !self.trigger.columns
            && *number == attnum
            && self.new_rows.is_none()
            && (ends(true) || ends(false))
    }

    fn is_simple(&self) -> bool {
        let trigger = &self.trigger;
        !(trigger.internal || trigger.clone || trigger.constraint || trigger.arguments)
    }
}

/// The column of the governance role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleColumn {
    /// Its name.
    pub name: Identifier,
    /// `pg_attribute.attnum`.
    pub attnum: i16,
}

/// What is there of the gate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveGate {
    /// The schema.
    pub schema: Option<LiveSchema>,
    /// What holds the queue's name.
    pub queue: Option<LiveQueue>,
    /// What holds the function's name.
    pub function: Option<LiveFunction>,
    /// The registry's triggers, by name.
    pub triggers: Vec<GateTrigger>,
    /// Triggers of the registry's partitions that are in the way.
    pub on_partitions: Vec<PartitionTrigger>,
}

impl LiveGate {
    /// The registry's trigger of a name.
    #[must_use]
    pub fn trigger(&self, name: &Identifier) -> Option<&GateTrigger> {
        self.triggers
            .iter()
            .find(|t| t.trigger.name == name.as_str())
    }
}

/// What the role may do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateRights {
    /// The role.
    pub role: String,
    /// CREATE on the database.
    pub create_schema: bool,
    /// USAGE of PL/pgSQL, which is there.
    pub use_language: bool,
    /// The first of the registry and its partitions that it may not create a
    /// trigger on.
    pub may_not_create_trigger: Option<String>,
    /// The registry's owner, where the role is not and does not inherit from it.
    pub not_owned_by: Option<String>,
}

/// Everything the gate operation knows of the live database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateFacts {
    /// The registry.
    pub registry: Relation,
    /// Whether tables inherit from it that are not its partitions.
    pub has_children: bool,
    /// What the gate's objects are called.
    pub names: GateNames,
    /// The registry's key column.
    pub key: Identifier,
    /// Its governance role.
    pub role: RoleColumn,
    /// What is there.
    pub live: LiveGate,
    /// What the role may do.
    pub rights: GateRights,
}

impl GateFacts {
    /// How often the trigger for inserted rows fires.
    #[must_use]
    pub fn level(&self) -> Level {
        match self.registry.kind {
            RelationKind::PartitionedTable => Level::Row,
            _ => Level::Statement,
        }
    }

    /// Digest of each part by what it is called, so that a drift can say what
    /// changed.
    pub fn parts(&self) -> Result<BTreeMap<String, Digest>, serde_json::Error> {
        let live = &self.live;
        let parts = [
            (
                "the registry",
                serde_json::to_vec(&(&self.registry, self.has_children, &self.key, &self.role))?,
            ),
            ("the gate's schema", serde_json::to_vec(&live.schema)?),
            ("the queue", serde_json::to_vec(&live.queue)?),
            ("the gate's function", serde_json::to_vec(&live.function)?),
            (
                "the registry's triggers",
                serde_json::to_vec(&(&live.triggers, &live.on_partitions))?,
            ),
        ];
        let digest = |body: &Vec<u8>| {
            DigestBuilder::new("birth gate facts 1")
                .bytes(body)
                .finish()
        };
        Ok(parts
            .iter()
            .map(|(name, body)| ((*name).to_owned(), digest(body)))
            .collect())
    }
}
