//! Undoing a run of birth triggers, as an operation of the lifecycle with
//! statements of its own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use birth_core::digest::Digest;
use birth_core::op::triggers::LOCK_KEY;
use birth_core::op::triggers::plan::OTHER_LOCKS;
use birth_core::op::triggers::undo::{self, TriggersKeys, TriggersUndo, UndoPlan, UndoState};
use birth_core::op::{DatabaseIdentity, Revision};
use birth_core::outcome::{FailureClass, FinalResponse, Status};
use birth_core::record::RecordRow;
use birth_core::resolve::Relation;
use birth_core::sql::frame::{LockedTable, TableLock};

use super::{by_table, locked};
use crate::journal::Keys;
use crate::pg::{Reader, Returned, Server};
use crate::run::failure::Failure;
use crate::run::operation::{Decided, Evidence, Operation, ReportHeader, Stop, Traces};
use crate::run::rollback;
use crate::run::words::some;

/// Undoes one run of birth triggers.
#[derive(Debug)]
pub struct TriggersRollback {
    /// The captured identities of the run.
    pub keys: Keys<TriggersKeys>,
}

/// What was asked before anything else.
#[derive(Debug, Serialize, Deserialize)]
pub struct RollbackTarget {
    /// Why the role could not undo it.
    missing_rights: Vec<String>,
    /// Locks the server has room for, without those that are held.
    room: i64,
}

/// The plan of an undoing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollbackPlan {
    /// Format of the file.
    pub format: u32,
    /// The run that is undone.
    pub of: String,
    /// The database.
    pub database: DatabaseIdentity,
    /// The identities.
    pub keys: TriggersKeys,
    /// Triggers that call the function now, clones not counted.
    pub birth_triggers: u64,
    /// What will be done.
    pub undo: UndoPlan,
    /// The tables that statements change, as they are called now.
    pub tables: Vec<Relation>,
}

/// What became of the captured issues, in the order of the keys.
pub(super) async fn issue_rows(
    reader: Reader<'_>,
    keys: &TriggersKeys,
) -> Result<Vec<RecordRow>, Failure> {
    match &keys.issues {
        Some(keys) => Ok(reader.record_rows(keys).await?),
        None => Ok(vec![]),
    }
}

impl TriggersRollback {
    async fn state(&self, reader: Reader<'_>) -> Result<UndoState, Failure> {
        let keys = &self.keys.keys;
        let names: BTreeMap<u32, &str> = keys
            .triggers
            .iter()
            .map(|key| (key.table_oid, key.name.as_str()))
            .collect();
        let tables: Vec<(u32, &str)> = names.iter().map(|(oid, name)| (*oid, *name)).collect();
        let oids: Vec<u32> = names.keys().copied().collect();
        let relations = reader.relations_by_oid(&oids).await?;
        let triggers = reader.birth_triggers(&tables, keys.function_oid).await?;
        let issues = match &keys.issues {
            Some(issues) => reader.relation_by_oid(issues.table_oid).await?,
            None => None,
        };
        Ok(UndoState {
            tables: relations.into_iter().map(|r| (r.oid, r)).collect(),
            triggers: by_table(triggers.live),
            issues,
            rows: issue_rows(reader, keys).await?,
            birth_triggers: reader.birth_trigger_count(keys.function_oid).await?,
        })
    }
}

impl Operation for TriggersRollback {
    const NAME: &'static str = "rollback-triggers";
    const STEM: &'static str = "p3d-birth-b3a-rollback";
    const LOCK_KEY: &'static str = LOCK_KEY;
    const TABLE_LOCK: TableLock = TableLock::AccessExclusive;
    type Target = RollbackTarget;
    type Facts = UndoState;
    type State = UndoState;
    type Plan = RollbackPlan;
    type Statement = TriggersUndo;
    type Keys = TriggersKeys;

    async fn discover(
        &self,
        reader: Reader<'_>,
        server: &Server,
    ) -> Result<RollbackTarget, Failure> {
        rollback::check_database(&self.keys, server)?;
        let keys = &self.keys.keys;
        let oids: Vec<u32> = keys.triggers.iter().map(|key| key.table_oid).collect();
        let not_owned = reader.not_owned(&oids).await?;
        let mut missing: Vec<String> = not_owned
            .into_iter()
            .map(|(table, owner)| format!("does not own {table} (its owner is {owner})"))
            .collect();
        if let Some(issues) = &keys.issues {
            let table = reader.may_not_delete(issues.table_oid).await?;
            missing.extend(table.map(|table| format!("may not delete rows of {table}")));
        }
        Ok(RollbackTarget {
            missing_rights: missing,
            room: server.lock_slots - server.locks_held,
        })
    }

    async fn read(
        &self,
        reader: Reader<'_>,
        _target: &RollbackTarget,
    ) -> Result<UndoState, Failure> {
        self.state(reader).await
    }

    fn plan(
        &self,
        database: &DatabaseIdentity,
        facts: &UndoState,
    ) -> Result<Decided<RollbackPlan>, Failure> {
        let keys = &self.keys.keys;
        let undo = undo::assess(keys, facts);
        let dropped = undo.dropped.iter().map(|(_, table)| table);
        let tables = dropped.filter_map(|oid| facts.tables.get(oid).cloned());
        let plan = RollbackPlan {
            format: rollback::FORMAT,
            of: self.keys.run.clone(),
            database: database.clone(),
            keys: keys.clone(),
            birth_triggers: facts.birth_triggers,
            tables: tables.collect(),
            undo,
        };
        Ok(Decided {
            plan,
            verdicts: None,
        })
    }

    fn summary(plan: &RollbackPlan) -> String {
        let gone = plan
            .undo
            .gone
            .iter()
            .map(|g| format!("already gone: {g}\n"));
        let left = plan.undo.left.iter().map(|l| format!("left: {l}\n"));
        gone.chain(left).collect()
    }

    fn stop(plan: &RollbackPlan) -> Option<Stop> {
        let nothing_to_do = plan.undo.statements.is_empty();
        (nothing_to_do && !plan.undo.left.is_empty()).then(|| Stop {
            status: Status::Blocked,
            failure: left(plan),
        })
    }

    fn unfinished(plan: &RollbackPlan) -> Option<Failure> {
        (!plan.undo.left.is_empty()).then(|| left(plan))
    }

    fn about(_target: &RollbackTarget) -> String {
        "the birth triggers of a run".to_owned()
    }

    fn check_feasible(&self, target: &RollbackTarget, plan: &RollbackPlan) -> Result<(), Failure> {
        if !target.missing_rights.is_empty() {
            return Err(Failure::new(
                FailureClass::Privilege,
                "MISSING_RIGHTS",
                format!("the role {}", some(&target.missing_rights)),
            )
            .with_hint("connect as a role that owns the tables"));
        }
        // Partitions were counted when the triggers were made; what fitted then
        // is only checked for the tables themselves.
        let needed = plan.undo.dropped.len() as i64 + OTHER_LOCKS;
        if needed <= target.room || plan.undo.statements.is_empty() {
            return Ok(());
        }
        Err(Failure::new(
            FailureClass::Database,
            "LOCK_BUDGET",
            format!(
                "the rollback needs {needed} locks; the server has room for {}",
                target.room
            ),
        )
        .with_hint("raise max_locks_per_transaction on the server"))
    }

    fn statements(plan: &RollbackPlan) -> &[TriggersUndo] {
        &plan.undo.statements
    }

    fn tables(plan: &RollbackPlan) -> Vec<LockedTable<'_>> {
        let mut tables: Vec<LockedTable<'_>> = plan.tables.iter().map(locked).collect();
        // In the order in which every run takes them.
        tables.sort_by_key(|table| table.name);
        tables
    }

    fn changes_rows_of(plan: &RollbackPlan) -> Vec<u32> {
        plan.keys.issues.iter().map(|keys| keys.table_oid).collect()
    }

    fn database(plan: &RollbackPlan) -> &DatabaseIdentity {
        &plan.database
    }

    fn digest(plan: &RollbackPlan) -> Result<Digest, Failure> {
        let mut plan = plan.clone();
        plan.database.timeline = 0;
        rollback::digest("birth triggers rollback plan 1", &plan)
    }

    fn revision(_plan: &RollbackPlan) -> Option<&Revision> {
        None
    }

    fn drift(planned: &RollbackPlan, now: &RollbackPlan) -> Vec<String> {
        let mut out = rollback::new_in(&now.undo.left, &planned.undo.left);
        out.extend(rollback::newly_gone(&now.undo.gone, &planned.undo.gone));
        if out.is_empty() && planned != now {
            out.push("tables were renamed, or other triggers call the function".to_owned());
        }
        out
    }

    fn plan_file(plan: &RollbackPlan) -> Result<String, Failure> {
        rollback::plan_file(plan)
    }

    fn read_plan_file(text: &str) -> Result<RollbackPlan, Failure> {
        rollback::read_plan_file(text)
    }

    async fn observe(
        &self,
        reader: Reader<'_>,
        _target: &RollbackTarget,
        _plan: &RollbackPlan,
    ) -> Result<UndoState, Failure> {
        self.state(reader).await
    }

    fn moved(&self, plan: &RollbackPlan, _before: &UndoState, locked: &UndoState) -> Vec<String> {
        let now = RollbackPlan {
            undo: undo::assess(&plan.keys, locked),
            birth_triggers: locked.birth_triggers,
            ..plan.clone()
        };
        Self::drift(plan, &now)
    }

    fn verify(plan: &RollbackPlan, _before: &UndoState, after: &UndoState) -> Vec<String> {
        let mut faults = undo::left_over(&plan.keys, &plan.undo, after);
        let dropped = plan.undo.dropped.len() as u64;
        let expected = plan.birth_triggers.saturating_sub(dropped);
        if after.birth_triggers != expected {
            faults.push(format!(
                "{expected} triggers should call the function, and {} do",
                after.birth_triggers
            ));
        }
        faults
    }

    fn confirm(plan: &RollbackPlan, _before: &UndoState, now: &UndoState) -> Vec<String> {
        undo::left_over(&plan.keys, &plan.undo, now)
    }

    fn capture(
        plan: &RollbackPlan,
        _after: &UndoState,
        returned: &[Returned],
    ) -> Result<TriggersKeys, String> {
        let rows = returned.iter().map(|r| (r.statement, r.rows.as_slice()));
        undo::confirm(&plan.undo, &rows.collect())?;
        Ok(plan.keys.clone())
    }

    async fn traces(
        &self,
        reader: Reader<'_>,
        _target: &RollbackTarget,
        plan: &RollbackPlan,
        _keys: &TriggersKeys,
    ) -> Result<Traces, Failure> {
        let state = self.state(reader).await?;
        let left = undo::left_over(&plan.keys, &plan.undo, &state).len();
        Ok(rollback::traces(left, plan.undo.statements.len()))
    }

    fn response(
        status: Status,
        reason: Option<&str>,
        evidence: &Evidence<'_, Self>,
    ) -> FinalResponse {
        let plan = evidence.plan;
        let done = evidence.committed.and(plan);
        // Without a last look: what there was, less what was committed.
        let dropped = done.map_or(0, |p| p.undo.dropped.len());
        let expected = plan.map_or(0, |p| p.birth_triggers.saturating_sub(dropped as u64));
        let total = evidence.state.map_or(expected, |s| s.birth_triggers);
        FinalResponse::default()
            .with_status("rollback_status", status, reason)
            .with("rolled_back_run", plan.map_or("", |p| p.of.as_str()))
            .with("triggers_dropped", dropped)
            .with("issues_deleted", done.map_or(0, |p| p.undo.deleted.len()))
            .with(
                "left_changed",
                plan.map_or_else(String::new, |p| p.undo.left.join("; ")),
            )
            .with(
                "already_gone",
                plan.map_or_else(String::new, |p| p.undo.gone.join("; ")),
            )
            .with("total_birth_triggers_after", total)
            .with("compiled_sql_logged", evidence.previewed)
            .with("execution_log_path", &evidence.log_path)
            .with("post_rollback_verified", evidence.confirmed)
    }

    fn report(
        header: &ReportHeader,
        evidence: &Evidence<'_, Self>,
        response: &FinalResponse,
    ) -> String {
        let undone = evidence.plan;
        let undone = undone.map(|p| (p.of.as_str(), &p.undo.left[..], &p.undo.statements[..]));
        rollback::report(
            "Rollback of birth triggers (B3-A)",
            header,
            undone,
            response,
        )
    }
}

fn left(plan: &RollbackPlan) -> Failure {
    let left = &plan.undo.left;
    Failure::new(
        FailureClass::Drift,
        "CHANGED_SINCE",
        format!(
            "{} objects were changed since and are left: {}",
            left.len(),
            some(left)
        ),
    )
    .with_hint("look at them; what the run created and nobody touched is gone")
}
