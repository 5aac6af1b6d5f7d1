//! Undoing a storage run, as an operation of the lifecycle with statements of
//! its own.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use birth_core::digest::Digest;
use birth_core::ident::{Identifier, QualifiedName};
use birth_core::op::storage::facts::StorageFacts;
use birth_core::op::storage::undo::{self, StorageKeys, StorageUndo, UndoPlan, Uses};
use birth_core::op::storage::{KEY_CONCEPT, LOCK_KEY};
use birth_core::op::{DatabaseIdentity, Revision};
use birth_core::outcome::{FailureClass, FinalResponse, Status};
use birth_core::profile::Profile;
use birth_core::resolve::{Relation, ResolvedFamily};
use birth_core::sql::frame::{LockedTable, TableLock};

use crate::journal::Keys;
use crate::pg::{Reader, Returned, Server, TableRights};
use crate::run::failure::Failure;
use crate::run::locks::{LockBudget, check_feasible};
use crate::run::operation::{Decided, Evidence, Operation, ReportHeader, Stop, Traces};
use crate::run::{resolution, rollback};

/// Undoes one run of policy storage.
#[derive(Debug)]
pub struct StorageRollback {
    /// The captured identities of the run.
    pub keys: Keys<StorageKeys>,
    /// How names are recognised and derived.
    pub profile: Profile,
    /// Where rows that would be lost are saved; none refuses to lose them.
    pub export: Option<PathBuf>,
}

/// The registry as it is called now.
#[derive(Debug, Serialize, Deserialize)]
pub struct RollbackTarget {
    relation: Option<(Relation, TableRights, LockBudget)>,
    key_column: Option<Identifier>,
}

/// What is read.
#[derive(Debug, Serialize, Deserialize)]
pub struct RollbackFacts {
    /// The registry; none where it is gone.
    pub live: Option<StorageFacts>,
    /// What uses the captured columns.
    pub uses: Uses,
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
    pub table: Option<QualifiedName>,
    /// The identities.
    pub keys: StorageKeys,
    /// What will be done.
    pub undo: UndoPlan,
}

impl Operation for StorageRollback {
    const NAME: &'static str = "rollback-storage";
    const STEM: &'static str = "p3d-birth-b3p-rollback";
    const LOCK_KEY: &'static str = LOCK_KEY;
    const TABLE_LOCK: TableLock = TableLock::AccessExclusive;
    type Target = RollbackTarget;
    type Facts = RollbackFacts;
    type State = RollbackFacts;
    type Plan = RollbackPlan;
    type Statement = StorageUndo;
    type Keys = StorageKeys;

    async fn discover(
        &self,
        reader: Reader<'_>,
        server: &Server,
    ) -> Result<RollbackTarget, Failure> {
        rollback::check_database(&self.keys, server)?;
        let Some(relation) = reader.relation_by_oid(self.keys.keys.table_oid).await? else {
            return Ok(RollbackTarget {
                relation: None,
                key_column: None,
            });
        };
        let rights = reader.table_rights(relation.oid).await?;
        let locks = LockBudget::of_alter_table(server, &rights);
        // Reading the values needs a right as well.
        if !rights.select || rights.hides_rows {
            check_feasible(&relation.name, &rights, &locks)?;
        }
        let family = ResolvedFamily {
            family: birth_core::op::storage::FAMILY.to_owned(),
            relation: relation.clone(),
            why: "the run's rollback keys name its oid".to_owned(),
        };
        // Only an export names rows, so only an export needs the key.
        let key_column = match &self.export {
            None => None,
            Some(_) => {
                let key = resolution::concept(reader, &self.profile, KEY_CONCEPT, &family).await?;
                Some(identifier(&key.column)?)
            }
        };
        Ok(RollbackTarget {
            relation: Some((relation, rights, locks)),
            key_column,
        })
    }

    async fn read(
        &self,
        reader: Reader<'_>,
        target: &RollbackTarget,
    ) -> Result<RollbackFacts, Failure> {
        let Some((known, ..)) = &target.relation else {
            return Ok(RollbackFacts {
                live: None,
                uses: Uses::default(),
            });
        };
        let Some(relation) = reader.relation_by_oid(known.oid).await? else {
            return Ok(RollbackFacts {
                live: None,
                uses: Uses::default(),
            });
        };
        let live = reader
            .storage_facts(&relation, &self.profile.naming)
            .await?;
        let uses = reader.storage_uses(&live, &self.keys.keys).await?;
        Ok(RollbackFacts {
            live: Some(live),
            uses,
        })
    }

    fn plan(
        &self,
        database: &DatabaseIdentity,
        facts: &RollbackFacts,
    ) -> Result<Decided<RollbackPlan>, Failure> {
        let exported = self.export.is_some();
        let plan = RollbackPlan {
            format: rollback::FORMAT,
            of: self.keys.run.clone(),
            database: database.clone(),
            table: facts.live.as_ref().map(|l| l.registry.name.clone()),
            keys: self.keys.keys.clone(),
            undo: undo::assess(&self.keys.keys, facts.live.as_ref(), &facts.uses, exported),
        };
        Ok(Decided {
            plan,
            verdicts: None,
        })
    }

    fn summary(plan: &RollbackPlan) -> String {
        let undo = &plan.undo;
        let gone = undo.gone.iter().map(|g| format!("already gone: {g}\n"));
        let data = undo
            .holding_data
            .iter()
            .map(|(column, rows)| format!("column {column} holds data in {rows} rows\n"));
        let refused = undo.refusals.iter().map(|r| format!("refused: {r}\n"));
        gone.chain(data).chain(refused).collect()
    }

    fn stop(plan: &RollbackPlan) -> Option<Stop> {
        let refusals = &plan.undo.refusals;
        (!refusals.is_empty())
            .then(|| rollback::refused(refusals, !plan.undo.holding_data.is_empty()))
    }

    fn unfinished(_plan: &RollbackPlan) -> Option<Failure> {
        None
    }

    fn about(target: &RollbackTarget) -> String {
        match &target.relation {
            Some((relation, ..)) => relation.name.to_string(),
            None => "a table that is gone".to_owned(),
        }
    }

    fn check_feasible(&self, target: &RollbackTarget, _plan: &RollbackPlan) -> Result<(), Failure> {
        match &target.relation {
            Some((relation, rights, locks)) => check_feasible(&relation.name, rights, locks),
            None => Ok(()),
        }
    }

    fn statements(plan: &RollbackPlan) -> &[StorageUndo] {
        &plan.undo.statements
    }

    fn tables(plan: &RollbackPlan) -> Vec<LockedTable<'_>> {
        let table = plan.table.iter();
        table
            .map(|name| LockedTable {
                oid: plan.keys.table_oid,
                name,
                with_descendants: true,
            })
            .collect()
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
        // Rows may come between the plan and the lock; with an export they
        // are saved under the lock, without one they are a refusal.
        plan.undo.holding_data.clear();
        rollback::digest("birth storage rollback plan 1", &plan)
    }

    fn revision(_plan: &RollbackPlan) -> Option<&Revision> {
        None
    }

    fn drift(planned: &RollbackPlan, now: &RollbackPlan) -> Vec<String> {
        let mut out = Vec::new();
        if planned.table != now.table {
            out.push("the registry was renamed or dropped".to_owned());
        }
        let (was, now) = (&planned.undo, &now.undo);
        out.extend(rollback::new_in(&now.refusals, &was.refusals));
        out.extend(rollback::newly_gone(&now.gone, &was.gone));
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
        target: &RollbackTarget,
        plan: &RollbackPlan,
    ) -> Result<(), Failure> {
        let (Some(path), Some(table), Some(key)) = (&self.export, &plan.table, &target.key_column)
        else {
            return Ok(());
        };
        let columns: Vec<Identifier> = plan
            .undo
            .statements
            .iter()
            .filter_map(|s| match s {
                StorageUndo::DropColumn { column, .. } => Some(column.clone()),
                StorageUndo::DropCheck { .. } => None,
            })
            .collect();
        if columns.is_empty() {
            return Ok(());
        }
        rollback::export(reader, path, table, key, &columns).await
    }

    async fn observe(
        &self,
        reader: Reader<'_>,
        target: &RollbackTarget,
        _plan: &RollbackPlan,
    ) -> Result<RollbackFacts, Failure> {
        self.read(reader, target).await
    }

    fn moved(
        &self,
        plan: &RollbackPlan,
        _before: &RollbackFacts,
        locked: &RollbackFacts,
    ) -> Vec<String> {
        // Rows may come while there is no lock: with an export they are saved
        // under it, without one they are a refusal.
        let (live, exported) = (locked.live.as_ref(), self.export.is_some());
        let now = RollbackPlan {
            table: live.map(|l| l.registry.name.clone()),
            undo: undo::assess(&plan.keys, live, &locked.uses, exported),
            ..plan.clone()
        };
        Self::drift(plan, &now)
    }

    fn verify(plan: &RollbackPlan, before: &RollbackFacts, after: &RollbackFacts) -> Vec<String> {
        let (Some(before), Some(after)) = (&before.live, &after.live) else {
            return vec![];
        };
        let mut faults: Vec<String> = undo::left_over(&plan.keys, after)
            .into_iter()
            .map(|o| format!("{o} is still there"))
            .collect();
        for column in &before.columns {
            let ours = plan.keys.columns.iter().any(|k| k.attnum == column.attnum);
            if !ours && after.column(&column.name) != Some(column) {
                faults.push(format!("column {} changed or is gone", column.name));
            }
        }
        for constraint in &before.constraints {
            let ours = plan.keys.checks.iter().any(|k| k.oid == constraint.oid);
            if !ours && after.constraint(&constraint.name) != Some(constraint) {
                faults.push(format!("constraint {} changed or is gone", constraint.name));
            }
        }
        faults
    }

    fn capture(
        plan: &RollbackPlan,
        _after: &RollbackFacts,
        _returned: &[Returned],
    ) -> Result<StorageKeys, String> {
        Ok(plan.keys.clone())
    }

    async fn traces(
        &self,
        reader: Reader<'_>,
        target: &RollbackTarget,
        _plan: &RollbackPlan,
        keys: &StorageKeys,
    ) -> Result<Traces, Failure> {
        let Some(live) = self.read(reader, target).await?.live else {
            return Ok(Traces::Done);
        };
        Ok(if undo::left_over(keys, &live).is_empty() {
            Traces::Done
        } else if undo::still_there(keys, &live) == keys.columns.len() + keys.checks.len() {
            Traces::Absent
        } else {
            Traces::Mixed
        })
    }

    fn response(
        status: Status,
        reason: Option<&str>,
        evidence: &Evidence<'_, Self>,
    ) -> FinalResponse {
        let dropped = |wanted: fn(&StorageUndo) -> bool| {
            evidence.committed.and(evidence.plan).map_or(0, |p| {
                p.undo.statements.iter().filter(|s| wanted(s)).count()
            })
        };
        let of = evidence.plan.map_or("", |p| p.of.as_str());
        let gone = evidence
            .plan
            .map_or_else(String::new, |p| p.undo.gone.join("; "));
        FinalResponse::default()
            .with_status("rollback_status", status, reason)
            .with("rolled_back_run", of)
            .with(
                "columns_dropped",
                dropped(|s| matches!(s, StorageUndo::DropColumn { .. })),
            )
            .with(
                "constraints_dropped",
                dropped(|s| matches!(s, StorageUndo::DropCheck { .. })),
            )
            .with("already_gone", gone)
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
        let undone = undone.map(|p| (p.of.as_str(), &[][..], &p.undo.statements[..]));
        rollback::report(
            "Rollback of policy storage (B3-P)",
            header,
            undone,
            response,
        )
    }
}

fn identifier(name: &str) -> Result<Identifier, Failure> {
    Identifier::new(name)
        .map_err(|error| Failure::new(FailureClass::Internal, "BAD_IDENTIFIER", error.to_string()))
}
