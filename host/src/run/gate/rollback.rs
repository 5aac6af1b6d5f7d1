//! Undoing a run of the gate, as an operation of the lifecycle with statements of
//! its own.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use birth_core::digest::Digest;
use birth_core::ident::Identifier;
use birth_core::op::gate::LOCK_KEY;
use birth_core::op::gate::undo::{self, Captured, GateKeys, GateUndo, UndoPlan, UndoState};
use birth_core::op::{DatabaseIdentity, Revision};
use birth_core::outcome::{FailureClass, FinalResponse, Status};
use birth_core::resolve::Relation;
use birth_core::sql::frame::{LockedTable, TableLock};

use super::locked;
use crate::journal::Keys;
use crate::pg::{Reader, Returned, Server};
use crate::run::failure::Failure;
use crate::run::operation::{Decided, Evidence, Operation, ReportHeader, Stop, Traces};
use crate::run::{rollback, words};

/// Undoes one run of the gate.
#[derive(Debug)]
pub struct GateRollback {
    /// The captured identities of the run.
    pub keys: Keys<GateKeys>,
    /// Where events that would be lost are saved; none refuses to lose them.
    pub export: Option<PathBuf>,
}

/// What was asked before anything else.
#[derive(Debug, Serialize, Deserialize)]
pub struct RollbackTarget {
    /// Why the role could not undo it.
    missing_rights: Vec<String>,
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
    /// The registry as it is called now; none where it is gone.
    pub registry: Option<Relation>,
    /// The identities.
    pub keys: GateKeys,
    /// What will be done.
    pub undo: UndoPlan,
}

impl Operation for GateRollback {
    const NAME: &'static str = "rollback-gate";
    const STEM: &'static str = "p3d-birth-b3f-rollback";
    const LOCK_KEY: &'static str = LOCK_KEY;
    const TABLE_LOCK: TableLock = TableLock::AccessExclusive;
    type Target = RollbackTarget;
    type Facts = UndoState;
    type State = UndoState;
    type Plan = RollbackPlan;
    type Statement = GateUndo;
    type Keys = GateKeys;

    async fn discover(
        &self,
        reader: Reader<'_>,
        server: &Server,
    ) -> Result<RollbackTarget, Failure> {
        rollback::check_database(&self.keys, server)?;
        let there = reader.captured_gate(&self.keys.keys).await?;
        let denied = there.into_iter().filter_map(|object| {
            let owner = object.not_owned_by?;
            let what = match object.captured {
                Captured::Trigger(_) => "the table of the trigger ",
                Captured::Schema(_) | Captured::Queue(_) | Captured::Function(_) => "",
            };
            Some(format!(
                "does not own {what}{} (its owner is {owner})",
                object.name
            ))
        });
        Ok(RollbackTarget {
            missing_rights: denied.collect(),
        })
    }

    async fn read(
        &self,
        reader: Reader<'_>,
        _target: &RollbackTarget,
    ) -> Result<UndoState, Failure> {
        Ok(reader.gate_undo_state(&self.keys.keys).await?)
    }

    fn plan(
        &self,
        database: &DatabaseIdentity,
        facts: &UndoState,
    ) -> Result<Decided<RollbackPlan>, Failure> {
        let keys = &self.keys.keys;
        let plan = RollbackPlan {
            format: rollback::FORMAT,
            of: self.keys.run.clone(),
            database: database.clone(),
            registry: facts.registry.clone(),
            keys: keys.clone(),
            undo: undo::assess(keys, facts, self.export.is_some()),
        };
        Ok(Decided {
            plan,
            verdicts: None,
        })
    }

    fn summary(plan: &RollbackPlan) -> String {
        let undo = &plan.undo;
        let events = (undo.events > 0).then(|| format!("the queue holds {} events\n", undo.events));
        let gone = undo.gone.iter().map(|g| format!("already gone: {g}\n"));
        let left = undo.left.iter().map(|l| format!("left: {l}\n"));
        let refused = undo.refusals.iter().map(|r| format!("refused: {r}\n"));
        gone.chain(left).chain(events).chain(refused).collect()
    }

    fn stop(plan: &RollbackPlan) -> Option<Stop> {
        let refusals = &plan.undo.refusals;
        (!refusals.is_empty()).then(|| rollback::refused(refusals, plan.undo.events > 0))
    }

    fn unfinished(plan: &RollbackPlan) -> Option<Failure> {
        let left = &plan.undo.left;
        (!left.is_empty()).then(|| {
            Failure::new(
                FailureClass::Drift,
                "OTHERS_INSIDE",
                format!("left, because others use it: {}", left.join("; ")),
            )
            .with_hint("all else of the run is gone; drop it when it is not needed any more")
        })
    }

    fn about(_target: &RollbackTarget) -> String {
        "the gate of a run".to_owned()
    }

    fn check_feasible(&self, target: &RollbackTarget, _plan: &RollbackPlan) -> Result<(), Failure> {
        if target.missing_rights.is_empty() {
            return Ok(());
        }
        Err(words::missing_rights(&target.missing_rights))
    }

    fn statements(plan: &RollbackPlan) -> &[GateUndo] {
        &plan.undo.statements
    }

    fn tables(plan: &RollbackPlan) -> Vec<LockedTable<'_>> {
        let drops = |wanted: fn(&Captured) -> bool| plan.undo.dropped.iter().any(wanted);
        let registry = plan.registry.as_ref().map(locked);
        let registry = registry.filter(|_| drops(|c| matches!(c, Captured::Trigger(_))));
        let queue = plan.keys.queue.as_ref().map(|queue| LockedTable {
            oid: queue.oid,
            name: &plan.keys.names.queue,
            with_descendants: true,
        });
        let queue = queue.filter(|_| drops(|c| matches!(c, Captured::Queue(_))));
        let mut tables: Vec<LockedTable<'_>> = registry.into_iter().chain(queue).collect();
        // In the order in which every run takes them.
        tables.sort_by_key(|table| table.name);
        tables
    }

    fn changes_rows_of(_plan: &RollbackPlan) -> Vec<u32> {
        vec![]
    }

    fn database(plan: &RollbackPlan) -> &DatabaseIdentity {
        &plan.database
    }

    fn digest(plan: &RollbackPlan) -> Result<Digest, Failure> {
        let mut plan = plan.clone();
        plan.database.timeline = 0;
        // Events may come between the plan and the lock; with an export they are
        // saved under the lock, without one they are a refusal.
        plan.undo.events = 0;
        rollback::digest("birth gate rollback plan 1", &plan)
    }

    fn revision(_plan: &RollbackPlan) -> Option<&Revision> {
        None
    }

    fn drift(planned: &RollbackPlan, now: &RollbackPlan) -> Vec<String> {
        let mut out = rollback::new_in(&now.undo.refusals, &planned.undo.refusals);
        out.extend(rollback::new_in(&now.undo.left, &planned.undo.left));
        out.extend(rollback::newly_gone(&now.undo.gone, &planned.undo.gone));
        if planned.registry != now.registry {
            out.push("the registry was renamed or dropped".to_owned());
        }
        out
    }

    fn plan_file(plan: &RollbackPlan) -> Result<String, Failure> {
        rollback::plan_file(plan)
    }

    fn read_plan_file(text: &str) -> Result<RollbackPlan, Failure> {
        rollback::read_plan_file(text)
    }

    async fn before_execution(
        &self,
        reader: Reader<'_>,
        _target: &RollbackTarget,
        plan: &RollbackPlan,
    ) -> Result<(), Failure> {
        let dropped = |c: &Captured| matches!(c, Captured::Queue(_));
        let (Some(path), Some(queue)) = (&self.export, &plan.keys.queue) else {
            return Ok(());
        };
        if !plan.undo.dropped.iter().any(dropped) {
            return Ok(());
        }
        let columns = queue
            .columns
            .iter()
            .map(|c| Identifier::new(c.name.as_str()));
        let columns: Vec<Identifier> = columns
            .collect::<Result<_, _>>()
            .map_err(birth_core::op::verdict::AssessError::Name)?;
        let Some((key, rest)) = columns.split_first() else {
            return Ok(());
        };
        rollback::export(reader, path, &plan.keys.names.queue, key, rest).await
    }

    async fn observe(
        &self,
        reader: Reader<'_>,
        target: &RollbackTarget,
        _plan: &RollbackPlan,
    ) -> Result<UndoState, Failure> {
        self.read(reader, target).await
    }

    fn moved(&self, plan: &RollbackPlan, _before: &UndoState, locked: &UndoState) -> Vec<String> {
        let now = RollbackPlan {
            registry: locked.registry.clone(),
            undo: undo::assess(&plan.keys, locked, self.export.is_some()),
            ..plan.clone()
        };
        Self::drift(plan, &now)
    }

    fn verify(plan: &RollbackPlan, _before: &UndoState, after: &UndoState) -> Vec<String> {
        undo::left_over(&plan.undo, after)
    }

    fn capture(
        plan: &RollbackPlan,
        _after: &UndoState,
        _returned: &[Returned],
    ) -> Result<GateKeys, String> {
        Ok(plan.keys.clone())
    }

    async fn traces(
        &self,
        reader: Reader<'_>,
        target: &RollbackTarget,
        plan: &RollbackPlan,
        _keys: &GateKeys,
    ) -> Result<Traces, Failure> {
        let state = self.read(reader, target).await?;
        let left = undo::left_over(&plan.undo, &state).len();
        Ok(rollback::traces(left, plan.undo.dropped.len()))
    }

    fn response(
        status: Status,
        reason: Option<&str>,
        evidence: &Evidence<'_, Self>,
    ) -> FinalResponse {
        let plan = evidence.plan;
        let dropped = evidence
            .committed
            .and(plan)
            .map_or(&[][..], |p| &p.undo.dropped);
        let triggers = dropped.iter().filter(|c| matches!(c, Captured::Trigger(_)));
        let joined = |list: fn(&UndoPlan) -> &[String]| {
            plan.map_or_else(String::new, |p| list(&p.undo).join("; "))
        };
        FinalResponse::default()
            .with_status("rollback_status", status, reason)
            .with("rolled_back_run", plan.map_or("", |p| p.of.as_str()))
            .with("objects_dropped", dropped.len())
            .with("gate_triggers_dropped", triggers.count())
            .with("left_in_use", joined(|u| &u.left))
            .with("already_gone", joined(|u| &u.gone))
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
            "Rollback of the onboarding gate (B3-F)",
            header,
            undone,
            response,
        )
    }
}
