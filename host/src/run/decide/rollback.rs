//! Undoing a run of decisions, as an operation of the lifecycle with statements
//! of its own.

use serde::{Deserialize, Serialize};

use birth_core::digest::Digest;
use birth_core::op::decide::LOCK_KEY;
use birth_core::op::decide::undo::{self, DecideKeys, DecideUndo, UndoPlan};
use birth_core::op::decide::verify::DecideState;
use birth_core::op::{DatabaseIdentity, Revision};
use birth_core::outcome::{FailureClass, FinalResponse, Status};
use birth_core::resolve::Relation;
use birth_core::sql::frame::{LockedTable, TableLock};

use super::{check_rights, missing_rights};
use crate::journal::Keys;
use crate::pg::{Reader, Returned, Server};
use crate::run::failure::Failure;
use crate::run::operation::{Decided, Evidence, Operation, ReportHeader, Stop, Traces};
use crate::run::rollback;
use crate::run::words::some;

/// Undoes one run of decisions.
#[derive(Debug)]
pub struct DecideRollback {
    /// The rows that the run wrote.
    pub keys: Keys<DecideKeys>,
}

/// What was asked before anything else.
#[derive(Debug, Serialize, Deserialize)]
pub struct RollbackTarget {
    /// What the role may not do.
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
    /// The rows.
    pub keys: DecideKeys,
    /// What will be done.
    pub undo: UndoPlan,
}

impl DecideRollback {
    async fn state(&self, reader: Reader<'_>) -> Result<DecideState, Failure> {
        let keys = &self.keys.keys;
        let registry = reader.relation_by_oid(keys.table_oid).await?;
        let columns = keys.live_columns(&reader.registry_columns(keys.table_oid).await?);
        let collections: Vec<&str> = keys.collections().collect();
        let rows = match (&registry, &columns) {
            (Some(registry), Some(columns)) => {
                reader
                    .decided_rows(&registry.name, &columns.key.name, &collections)
                    .await?
            }
            _ => Default::default(),
        };
        Ok(DecideState {
            changed: reader.rows_changed(keys.table_oid).await?,
            registry,
            columns,
            rows,
        })
    }
}

impl Operation for DecideRollback {
    const NAME: &'static str = "rollback-decide";
    const STEM: &'static str = "p3d-birth-b3-decide-rollback";
    const LOCK_KEY: &'static str = LOCK_KEY;
    const TABLE_LOCK: TableLock = TableLock::ShareRowExclusive;
    type Target = RollbackTarget;
    type Facts = DecideState;
    type State = DecideState;
    type Plan = RollbackPlan;
    type Statement = DecideUndo;
    type Keys = DecideKeys;

    async fn discover(
        &self,
        reader: Reader<'_>,
        server: &Server,
    ) -> Result<RollbackTarget, Failure> {
        rollback::check_database(&self.keys, server)?;
        let keys = &self.keys.keys;
        let columns = keys.live_columns(&reader.registry_columns(keys.table_oid).await?);
        let missing = match &columns {
            Some(columns) => missing_rights(reader, keys.table_oid, columns).await?,
            None => vec![],
        };
        Ok(RollbackTarget {
            missing_rights: missing,
        })
    }

    async fn read(
        &self,
        reader: Reader<'_>,
        _target: &RollbackTarget,
    ) -> Result<DecideState, Failure> {
        self.state(reader).await
    }

    fn plan(
        &self,
        database: &DatabaseIdentity,
        facts: &DecideState,
    ) -> Result<Decided<RollbackPlan>, Failure> {
        let plan = RollbackPlan {
            format: rollback::FORMAT,
            of: self.keys.run.clone(),
            database: database.clone(),
            registry: facts.registry.clone(),
            keys: self.keys.keys.clone(),
            undo: undo::assess(&self.keys.keys, facts),
        };
        Ok(Decided {
            plan,
            verdicts: None,
        })
    }

    fn summary(plan: &RollbackPlan) -> String {
        let gone = plan.undo.gone.iter();
        let gone = gone.map(|g| format!("already gone: {g}\n"));
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
        "the decisions of a run".to_owned()
    }

    fn check_feasible(&self, target: &RollbackTarget, _plan: &RollbackPlan) -> Result<(), Failure> {
        check_rights(&target.missing_rights)
    }

    fn statements(plan: &RollbackPlan) -> &[DecideUndo] {
        &plan.undo.statements
    }

    fn tables(plan: &RollbackPlan) -> Vec<LockedTable<'_>> {
        let registry = plan.registry.iter();
        registry
            .map(|registry| LockedTable {
                oid: registry.oid,
                name: &registry.name,
                with_descendants: true,
            })
            .collect()
    }

    fn changes_rows_of(plan: &RollbackPlan) -> Vec<u32> {
        vec![plan.keys.table_oid]
    }

    fn database(plan: &RollbackPlan) -> &DatabaseIdentity {
        &plan.database
    }

    fn digest(plan: &RollbackPlan) -> Result<Digest, Failure> {
        let mut plan = plan.clone();
        plan.database.timeline = 0;
        rollback::digest("birth decide rollback plan 1", &plan)
    }

    fn revision(_plan: &RollbackPlan) -> Option<&Revision> {
        None
    }

    fn drift(planned: &RollbackPlan, now: &RollbackPlan) -> Vec<String> {
        let mut out = rollback::new_in(&now.undo.left, &planned.undo.left);
        out.extend(rollback::newly_gone(&now.undo.gone, &planned.undo.gone));
        if out.is_empty() && planned != now {
            out.push("the registry was renamed, or rows came back".to_owned());
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
    ) -> Result<DecideState, Failure> {
        self.state(reader).await
    }

    fn moved(
        &self,
        plan: &RollbackPlan,
        _before: &DecideState,
        locked: &DecideState,
    ) -> Vec<String> {
        let now = RollbackPlan {
            registry: locked.registry.clone(),
            undo: undo::assess(&plan.keys, locked),
            ..plan.clone()
        };
        Self::drift(plan, &now)
    }

    fn verify(plan: &RollbackPlan, _before: &DecideState, after: &DecideState) -> Vec<String> {
        let mut faults = undo::not_restored(&plan.keys, &plan.undo, &after.rows);
        faults.extend(after.changed.faults(plan.undo.statements.len()));
        faults
    }

    fn confirm(plan: &RollbackPlan, _before: &DecideState, now: &DecideState) -> Vec<String> {
        undo::not_restored(&plan.keys, &plan.undo, &now.rows)
    }

    fn capture(
        plan: &RollbackPlan,
        _after: &DecideState,
        returned: &[Returned],
    ) -> Result<DecideKeys, String> {
        let rows = returned.iter().map(|r| (r.statement, r.rows.as_slice()));
        undo::confirm(&plan.keys, &plan.undo, &rows.collect())?;
        Ok(plan.keys.clone())
    }

    async fn traces(
        &self,
        reader: Reader<'_>,
        _target: &RollbackTarget,
        plan: &RollbackPlan,
        _keys: &DecideKeys,
    ) -> Result<Traces, Failure> {
        let state = self.state(reader).await?;
        let left = undo::not_restored(&plan.keys, &plan.undo, &state.rows).len();
        Ok(rollback::traces(left, plan.undo.statements.len()))
    }

    fn response(
        status: Status,
        reason: Option<&str>,
        evidence: &Evidence<'_, Self>,
    ) -> FinalResponse {
        let plan = evidence.plan;
        let done = evidence.committed.and(plan);
        let joined = |pick: fn(&UndoPlan) -> &[String]| {
            plan.map_or_else(String::new, |p| pick(&p.undo).join("; "))
        };
        FinalResponse::default()
            .with_status("rollback_status", status, reason)
            .with("rolled_back_run", plan.map_or("", |p| p.of.as_str()))
            .with(
                "decisions_restored",
                done.map_or(0, |p| p.undo.restored.len()),
            )
            .with("left_changed", joined(|undo| &undo.left))
            .with("already_gone", joined(|undo| &undo.gone))
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
            "Rollback of coverage decisions (B3-B to B3-E)",
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
            "{} decisions were changed since and are left: {}",
            left.len(),
            some(left)
        ),
    )
    .with_hint("look at them; what the run wrote and nobody touched is as it was before")
}
