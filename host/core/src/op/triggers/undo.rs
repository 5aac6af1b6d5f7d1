//! Undoing birth triggers: its own statements, on captured identities alone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::plan::TriggersPlan;
use super::statement::TriggersStatement;
use super::verify::TriggersState;
use crate::catalog::trigger::{LiveTrigger, TriggerEnabled};
use crate::digest::Digest;
use crate::ident::{Identifier, QualifiedName};
use crate::record::{RecordDelete, RecordInsert, RecordKeys, RecordRow};
use crate::resolve::Relation;
use crate::sql::Statement;

/// A trigger that a run created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TriggerKey {
    /// `pg_class.oid` of its table.
    pub table_oid: u32,
    /// The table's name when the run was made, for people.
    pub table: QualifiedName,
    /// `pg_trigger.oid`: never given to another trigger while this one is there.
    pub oid: u32,
    /// Its name.
    pub name: Identifier,
}

/// The exact identities that a run created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TriggersKeys {
    /// `pg_proc.oid` of the function the triggers call.
    pub function_oid: u32,
    /// Digest of the function's definition.
    pub function: Digest,
    /// The triggers, in the order in which they were made.
    pub triggers: Vec<TriggerKey>,
    /// The issues; none where none was queued.
    pub issues: Option<RecordKeys>,
}

impl TriggersKeys {
    /// How many issues the run queued.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.issues.as_ref().map_or(0, |keys| keys.rows.len())
    }
}

/// Takes the identities from the state after execution and from what the
/// statements returned: the rows of each statement by its position.
///
/// # Errors
///
/// What is planned and not there, or an issue that was not stored as it was
/// sent.
pub fn capture(
    plan: &TriggersPlan,
    state: &TriggersState,
    returned: &BTreeMap<usize, &[Vec<Option<String>>]>,
) -> Result<TriggersKeys, String> {
    let triggers = plan
        .created()
        .map(|item| {
            let object = &item.object;
            let made = object.name.as_ref().and_then(|name| {
                let mut live = state.triggers.get(&object.table.oid)?.iter();
                let oid = live.find(|t| t.name == name.as_str())?.oid;
                Some(TriggerKey {
                    table_oid: object.table.oid,
                    table: object.table.name.clone(),
                    oid,
                    name: name.clone(),
                })
            });
            made.ok_or_else(|| format!("{} has no birth trigger", object.table.name))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let inserts: Vec<(usize, &RecordInsert)> = plan
        .statements
        .iter()
        .enumerate()
        .filter_map(|(index, statement)| match statement {
            TriggersStatement::QueueIssue { insert } => Some((index, insert)),
            TriggersStatement::CreateTrigger { .. } => None,
        })
        .collect();
    let captured = inserts.iter().map(|(index, insert)| {
        let rows = returned.get(index).copied().unwrap_or_default();
        insert.capture(rows).map_err(|error| error.to_string())
    });
    let captured = captured.collect::<Result<_, _>>()?;
    let first = inserts.first().map(|(_, insert)| *insert);
    Ok(TriggersKeys {
        function_oid: plan.function.oid,
        function: plan.function.definition,
        triggers,
        issues: RecordKeys::of(plan.issues.oid, first, captured),
    })
}

/// A statement that takes birth triggers away again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TriggersUndo {
    /// `DROP TRIGGER … ON …`
    DropTrigger {
        /// The trigger.
        name: Identifier,
        /// Its table, as it is called now.
        table: QualifiedName,
    },
    /// `DELETE FROM … WHERE <primary key>`
    DeleteIssue {
        /// The issue.
        delete: RecordDelete,
    },
}

impl Statement for TriggersUndo {
    fn sql(&self) -> String {
        match self {
            Self::DropTrigger { name, table } => {
                format!("DROP TRIGGER {} ON {}", name.quoted(), table.quoted())
            }
            Self::DeleteIssue { delete } => delete.sql(),
        }
    }

    fn parameters(&self) -> Vec<Option<String>> {
        match self {
            Self::DropTrigger { .. } => vec![],
            Self::DeleteIssue { delete } => delete.parameters(),
        }
    }

    fn returns(&self) -> bool {
        match self {
            Self::DropTrigger { .. } => false,
            Self::DeleteIssue { delete } => delete.returns(),
        }
    }
}

/// What is read of captured identities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoState {
    /// The captured tables that are there, by `pg_class.oid`.
    pub tables: BTreeMap<u32, Relation>,
    /// Their triggers that have a captured name or call the function.
    pub triggers: BTreeMap<u32, Vec<LiveTrigger>>,
    /// The table of issues as it is called now; none where it is gone.
    pub issues: Option<Relation>,
    /// What became of each captured issue, in the order of the keys.
    pub rows: Vec<RecordRow>,
    /// Triggers of the whole database that call the function, without clones.
    pub birth_triggers: u64,
}

/// A plan for undoing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct UndoPlan {
    /// What will run: triggers, then issues.
    pub statements: Vec<TriggersUndo>,
    /// `pg_trigger.oid` of the triggers that will be dropped, with their
    /// tables' `pg_class.oid`.
    pub dropped: Vec<(u32, u32)>,
    /// Positions of the issues that will be deleted, among the keys.
    pub deleted: Vec<usize>,
    /// Captured objects that are not there any more.
    pub gone: Vec<String>,
    /// Captured objects that were changed since: they are left.
    pub left: Vec<String>,
}

/// Checks every captured identity against the live database. What is exactly
/// what the run created goes; what was changed since is left and reported
/// (B3-A, "Rollback").
#[must_use]
pub fn assess(keys: &TriggersKeys, live: &UndoState) -> UndoPlan {
    let mut plan = UndoPlan::default();
    for key in &keys.triggers {
        let Some(table) = live.tables.get(&key.table_oid) else {
            plan.gone
                .push(format!("trigger {} with its table {}", key.name, key.table));
            continue;
        };
        let on_table = live
            .triggers
            .get(&key.table_oid)
            .map_or(&[][..], Vec::as_slice);
        match on_table.iter().find(|t| t.oid == key.oid) {
            Some(t) if is_as_made(t, key, keys.function_oid) => {
                plan.dropped.push((key.oid, key.table_oid));
                plan.statements.push(TriggersUndo::DropTrigger {
                    name: key.name.clone(),
                    table: table.name.clone(),
                });
            }
            Some(t) => plan.left.push(format!(
                "trigger {} on {} (oid {}) was changed since: it is now {}",
                key.name,
                table.name,
                key.oid,
                describe(t, keys.function_oid)
            )),
            None if on_table.iter().any(|t| t.name == key.name.as_str()) => {
                plan.left.push(format!(
                    "trigger {} on {} was replaced since by one of its name",
                    key.name, table.name
                ))
            }
            None => plan
                .gone
                .push(format!("trigger {} on {}", key.name, table.name)),
        }
    }
    undo_issues(keys, live, &mut plan);
    plan
}

/// Whether a trigger is what CREATE TRIGGER made: nobody renamed it, changed when
/// it fires or put a comment on it.
fn is_as_made(live: &LiveTrigger, key: &TriggerKey, function_oid: u32) -> bool {
    live.name == key.name.as_str()
        && live.registers_births(function_oid)
        && live.enabled == TriggerEnabled::Origin
        && !live.constraint
        && !live.commented
}

fn describe(live: &LiveTrigger, function_oid: u32) -> String {
    let mut what = vec![format!("{:?}", live.name)];
    if live.function_oid != function_oid {
        what.push(format!("calls {}", live.function));
    }
    match live.enabled {
        TriggerEnabled::Origin => {}
        TriggerEnabled::Always => what.push("fires in every mode".to_owned()),
        TriggerEnabled::Disabled => what.push("is disabled".to_owned()),
        TriggerEnabled::Replica => what.push("fires in replica mode only".to_owned()),
    }
    if live.commented {
        what.push("has a comment".to_owned());
    }
    what.join(", ")
}

fn undo_issues(keys: &TriggersKeys, live: &UndoState, plan: &mut UndoPlan) {
    let Some(captured) = &keys.issues else {
        return;
    };
    for (at, key) in captured.rows.iter().enumerate() {
        let what = format!("issue {} of collection {:?}", key.shown(), key.about);
        match (&live.issues, live.rows.get(at)) {
            (Some(table), Some(RecordRow::Unchanged)) => {
                plan.deleted.push(at);
                plan.statements.push(TriggersUndo::DeleteIssue {
                    delete: captured.delete(key, &table.name),
                });
            }
            (Some(_), Some(RecordRow::Changed { .. })) => {
                plan.left.push(format!("{what} was worked on since"));
            }
            (Some(_), Some(RecordRow::ReferredTo { by })) => plan.left.push(format!(
                "{what} is referred to by rows of {}",
                by.join(", ")
            )),
            (None, _) | (_, Some(RecordRow::Gone) | None) => plan.gone.push(what),
        }
    }
}

/// Whether every deleted issue was the one that the run wrote, from the rows
/// that the statements returned.
///
/// # Errors
///
/// The first that was not.
pub fn confirm(
    plan: &UndoPlan,
    returned: &BTreeMap<usize, &[Vec<Option<String>>]>,
) -> Result<(), String> {
    for (index, statement) in plan.statements.iter().enumerate() {
        if let TriggersUndo::DeleteIssue { delete } = statement {
            let rows = returned.get(&index).copied().unwrap_or_default();
            delete.confirm(rows).map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

/// What is left of what an undoing was to take away; empty means verified.
#[must_use]
pub fn left_over(keys: &TriggersKeys, plan: &UndoPlan, after: &UndoState) -> Vec<String> {
    let triggers = plan.dropped.iter().filter_map(|(oid, table)| {
        let there = after.triggers.get(table)?.iter().find(|t| t.oid == *oid)?;
        Some(format!("trigger {} is still there", there.name))
    });
    let issues = plan.deleted.iter().filter_map(|&at| {
        let gone = matches!(after.rows.get(at), None | Some(RecordRow::Gone));
        let key = keys.issues.as_ref()?.rows.get(at)?;
        (!gone).then(|| format!("issue {} is still there", key.shown()))
    });
    triggers.chain(issues).collect()
}
