//! Undoing policy storage: its own statements, on captured identities alone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::facts::StorageFacts;
use super::plan::{Proposed, StoragePlan};
use crate::ident::{Identifier, QualifiedName};
use crate::op::Decision;
use crate::sql::Statement;

/// A column that a run created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnKey {
    /// Its name.
    pub name: Identifier,
    /// Its `attnum`: never given to another column of the table.
    pub attnum: i16,
    /// Its type as PostgreSQL prints it.
    pub r#type: String,
}

/// A check that a run created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckKey {
    /// Its name.
    pub name: Identifier,
    /// Its `pg_constraint.oid`.
    pub oid: u32,
    /// Its definition as PostgreSQL prints it.
    pub definition: String,
}

/// The exact identities that a run created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StorageKeys {
    /// `pg_class.oid` of the registry.
    pub table_oid: u32,
    /// The registry's name when the run was made, for people.
    pub table: QualifiedName,
    /// Columns that were added.
    pub columns: Vec<ColumnKey>,
    /// Checks that were added.
    pub checks: Vec<CheckKey>,
}

/// A statement that takes policy storage away again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StorageUndo {
    /// `ALTER TABLE … DROP CONSTRAINT IF EXISTS …`
    DropCheck {
        /// The registry.
        table: QualifiedName,
        /// The check.
        name: Identifier,
    },
    /// `ALTER TABLE … DROP COLUMN IF EXISTS …`
    DropColumn {
        /// The registry.
        table: QualifiedName,
        /// The column.
        column: Identifier,
    },
}

impl Statement for StorageUndo {
    fn sql(&self) -> String {
        match self {
            Self::DropCheck { table, name } => format!(
                "ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}",
                table.quoted(),
                name.quoted()
            ),
            Self::DropColumn { table, column } => format!(
                "ALTER TABLE {} DROP COLUMN IF EXISTS {}",
                table.quoted(),
                column.quoted()
            ),
        }
    }
}

/// Captures what a plan created from the facts read in its transaction.
/// `None` means that something planned is not there, so nothing may be
/// committed.
#[must_use]
pub fn capture(plan: &StoragePlan, after: &StorageFacts) -> Option<StorageKeys> {
    let mut keys = StorageKeys {
        table_oid: plan.registry.oid,
        table: plan.registry.name.clone(),
        columns: vec![],
        checks: vec![],
    };
    for item in plan.items.iter().filter(|i| i.decision == Decision::Absent) {
        match &item.object {
            Proposed::Column { name } => {
                let live = after.column(name.as_str())?;
                keys.columns.push(ColumnKey {
                    name: name.clone(),
                    attnum: live.attnum,
                    r#type: live.r#type.clone(),
                });
            }
            Proposed::Check { name, .. } => {
                let live = after.constraint(name.as_str())?;
                keys.checks.push(CheckKey {
                    name: name.clone(),
                    oid: live.oid,
                    definition: live.definition.clone(),
                });
            }
        }
    }
    Some(keys)
}

/// What was read about the captured objects besides the table's facts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uses {
    /// Rows that hold a value, by column.
    pub values: BTreeMap<String, i64>,
    /// Other objects that would go with a column, by column.
    pub dependents: BTreeMap<String, Vec<String>>,
    /// What was put on the objects since, by the object's description.
    pub changes: BTreeMap<String, Vec<String>>,
}

/// A plan for undoing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoPlan {
    /// What will run: constraints before columns. Empty where anything is
    /// refused.
    pub statements: Vec<StorageUndo>,
    /// Captured objects that are not there any more.
    pub gone: Vec<String>,
    /// Why nothing may be dropped.
    pub refusals: Vec<String>,
    /// Columns that hold data, with their number of rows: their data has to be
    /// exported first.
    pub holding_data: BTreeMap<String, i64>,
}

/// Checks every captured identity against the live table. Anything that is not
/// exactly what the run created is refused, and then nothing is dropped.
#[must_use]
pub fn assess(
    keys: &StorageKeys,
    live: Option<&StorageFacts>,
    uses: &Uses,
    exported: bool,
) -> UndoPlan {
    let mut plan = UndoPlan {
        statements: vec![],
        gone: vec![],
        refusals: vec![],
        holding_data: BTreeMap::new(),
    };
    let Some(live) = live else {
        plan.gone
            .push(format!("the table {} (oid {})", keys.table, keys.table_oid));
        return plan;
    };
    let table = &live.registry.name;
    for key in &keys.checks {
        let by_oid = live.constraints.iter().find(|c| c.oid == key.oid);
        match (by_oid, live.constraint(key.name.as_str())) {
            (Some(c), _) if c.name == key.name.as_str() && c.definition == key.definition => {
                plan.statements.push(StorageUndo::DropCheck {
                    table: table.clone(),
                    name: key.name.clone(),
                });
            }
            (Some(c), _) => plan.refusals.push(format!(
                "check {} (oid {}) was changed since: it is now {} {}",
                key.name, key.oid, c.name, c.definition
            )),
            (None, Some(c)) => plan.refusals.push(format!(
                "check {} was replaced since: oid {} is now oid {}",
                key.name, key.oid, c.oid
            )),
            (None, None) => plan.gone.push(format!("check {}", key.name)),
        }
    }
    for key in &keys.columns {
        let by_attnum = live.columns.iter().find(|c| c.attnum == key.attnum);
        match (by_attnum, live.column(key.name.as_str())) {
            (Some(c), _) if c.name == key.name.as_str() && c.r#type == key.r#type => {
                column_uses(key, uses, exported, &mut plan);
                plan.statements.push(StorageUndo::DropColumn {
                    table: table.clone(),
                    column: key.name.clone(),
                });
            }
            (Some(c), _) => plan.refusals.push(format!(
                "column {} was changed since: it is now {} {}",
                key.name, c.name, c.r#type
            )),
            (None, Some(_)) => plan
                .refusals
                .push(format!("column {} was replaced since", key.name)),
            (None, None) => plan.gone.push(format!("column {}", key.name)),
        }
    }
    for (object, changes) in &uses.changes {
        plan.refusals.push(format!(
            "{object} was changed since: it {}",
            changes.join(", ")
        ));
    }
    if !plan.refusals.is_empty() {
        plan.statements.clear();
    }
    plan
}

fn column_uses(key: &ColumnKey, uses: &Uses, exported: bool, plan: &mut UndoPlan) {
    let name = key.name.as_str();
    for dependent in uses.dependents.get(name).into_iter().flatten() {
        plan.refusals.push(format!(
            "column {name} is used by {dependent}, which would be destroyed"
        ));
    }
    let rows = uses.values.get(name).copied().unwrap_or(0);
    if rows > 0 {
        plan.holding_data.insert(name.to_owned(), rows);
        if !exported {
            plan.refusals.push(format!(
                "column {name} holds data in {rows} row{} written since",
                if rows == 1 { "" } else { "s" }
            ));
        }
    }
}

/// How many captured identities are there, exactly as they were captured: an
/// object of the same name that somebody else made since is none of them.
#[must_use]
pub fn still_there(keys: &StorageKeys, live: &StorageFacts) -> usize {
    let checks = keys.checks.iter().filter(|k| {
        live.constraint(k.name.as_str())
            .is_some_and(|c| c.oid == k.oid && c.definition == k.definition)
    });
    let columns = keys.columns.iter().filter(|k| {
        live.column(k.name.as_str())
            .is_some_and(|c| c.attnum == k.attnum && c.r#type == k.r#type)
    });
    checks.count() + columns.count()
}

/// What is left of the captured objects, or stands in their place; empty means
/// that the undoing is verified.
#[must_use]
pub fn left_over(keys: &StorageKeys, live: &StorageFacts) -> Vec<String> {
    let checks = keys.checks.iter().filter(|k| {
        live.constraint(k.name.as_str()).is_some()
            || live.constraints.iter().any(|c| c.oid == k.oid)
    });
    let columns = keys.columns.iter().filter(|k| {
        live.column(k.name.as_str()).is_some() || live.columns.iter().any(|c| c.attnum == k.attnum)
    });
    checks
        .map(|k| format!("check {}", k.name))
        .chain(columns.map(|k| format!("column {}", k.name)))
        .collect()
}
