//! The meaning of `pg_trigger`.

use serde::{Deserialize, Serialize};

use crate::ident::QualifiedName;

/// `pg_trigger.tgtype` of `AFTER INSERT … FOR EACH ROW` and no other event:
/// ROW 1 + INSERT 4. BEFORE is 2, DELETE 8, UPDATE 16, TRUNCATE 32, INSTEAD 64
/// (PostgreSQL's `catalog/pg_trigger.h`; design, section 11 item 1).
pub const AFTER_INSERT_ROW: u8 = 5;

/// When a trigger fires: `pg_trigger.tgenabled`. The numbers are those of the
/// WIT package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TriggerEnabled {
    /// In origin and local mode, which is the default.
    Origin = 0,
    /// Never.
    Disabled = 1,
    /// In replica mode only.
    Replica = 2,
    /// In every mode.
    Always = 3,
}

impl TriggerEnabled {
    /// Reads the catalog's letter; a letter that is not known counts as never.
    #[must_use]
    pub fn from_catalog(letter: char) -> Self {
        match letter {
            'O' => Self::Origin,
            'R' => Self::Replica,
            'A' => Self::Always,
            _ => Self::Disabled,
        }
    }

    /// Whether it fires for what ordinary sessions write.
    #[must_use]
    pub fn fires_for_users(self) -> bool {
        matches!(self, Self::Origin | Self::Always)
    }
}

/// A live trigger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveTrigger {
    /// `pg_trigger.oid`.
    pub oid: u32,
    /// `pg_class.oid` of its table.
    pub table_oid: u32,
    /// Its name.
    pub name: String,
    /// `pg_proc.oid` of its function.
    pub function_oid: u32,
    /// `schema.name(argument types)` of its function.
    pub function: String,
    /// `tgtype`.
    pub r#type: u8,
    /// When it fires.
    pub enabled: TriggerEnabled,
    /// Made by PostgreSQL for a constraint of its own.
    pub internal: bool,
    /// A clone of a trigger of the partitioned parent (`tgparentid`).
    pub clone: bool,
    /// A constraint trigger.
    pub constraint: bool,
    /// Has a WHEN condition (`tgqual`).
    pub when: bool,
    /// Passes arguments (`tgnargs`).
    pub arguments: bool,
    /// `UPDATE OF` named columns (`tgattr`).
    pub columns: bool,
    /// Has transition tables.
    pub transition_tables: bool,
    /// Has a comment.
    pub commented: bool,
}

impl LiveTrigger {
    /// Whether it does what a birth trigger must do, whatever it is called:
    /// calls the function once for every inserted row, and for nothing else. A
    /// constraint trigger does, if later; whether that will do is the policy's.
    #[must_use]
    pub fn registers_births(&self, function_oid: u32) -> bool {
        self.function_oid == function_oid
            && self.r#type == AFTER_INSERT_ROW
            && self.enabled.fires_for_users()
            && !(self.internal
                || self.clone
                || self.when
                || self.arguments
                || self.columns
                || self.transition_tables)
    }
}

/// A trigger of a partition that is in the way of one on the parent. One that
/// was made there holds the name, and CREATE TRIGGER would fail because it makes
/// one of that name on every partition; or it calls the function, and would
/// register every birth a second time. A clone of the parent's was disabled
/// there, and births of that partition are not registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionTrigger {
    /// `pg_class.oid` of the parent.
    pub table_oid: u32,
    /// The partition, at whatever depth.
    pub partition: QualifiedName,
    /// The trigger.
    pub trigger: LiveTrigger,
}

/// What is there of birth triggers already.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BirthTriggers {
    /// The tables' own, by table and name: those that hold a proposed name or
    /// call the function.
    pub live: Vec<LiveTrigger>,
    /// Those of partitions that are in the way, by table and partition.
    pub on_partitions: Vec<PartitionTrigger>,
}
