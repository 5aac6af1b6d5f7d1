//! Policy storage (B3-P) as an operation of the lifecycle.

pub mod rollback;

use std::rc::Rc;

use serde::{Deserialize, Serialize};

use birth_core::digest::Digest;
use birth_core::op::plan_file::SavedPlan as _;
use birth_core::op::storage::assess::{Context, assess};
use birth_core::op::storage::facts::StorageFacts;
use birth_core::op::storage::plan::StoragePlan;
use birth_core::op::storage::report;
use birth_core::op::storage::statement::StorageStatement;
use birth_core::op::storage::undo::{self, StorageKeys};
use birth_core::op::storage::verify;
use birth_core::op::storage::{FAMILY, KEY_CONCEPT, LOCK_KEY, RUN_STEM};
use birth_core::op::{DatabaseIdentity, Revision};
use birth_core::outcome::{FinalResponse, Status};
use birth_core::profile::Profile;
use birth_core::resolve::{ResolvedConcept, ResolvedFamily};
use birth_core::sql::frame::{LockedTable, TableLock};

use super::failure::Failure;
use super::locks::{LockBudget, check_feasible};
use super::operation::{Decided, Evidence, Operation, ReportHeader, Stop, Traces};
use super::replay::{Question, RecordedCall, RecordedVerdicts};
use super::{resolution, words};
use crate::pg::{Reader, Returned, Server, TableRights};
use crate::plugin::set::PolicyRuntime;

/// Everything policy storage needs besides a database.
#[derive(Debug)]
pub struct Storage {
    /// How names are recognised and derived.
    pub profile: Profile,
    /// The schema the person named.
    pub schema: Option<String>,
    /// Decides.
    pub policy: Rc<PolicyRuntime>,
}

/// What the names resolved to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StorageTarget {
    /// The registry.
    pub registry: ResolvedFamily,
    /// Its key.
    pub key: ResolvedConcept,
    /// The role's rights on it.
    pub rights: TableRights,
    /// The locks its transaction needs.
    pub locks: LockBudget,
}

impl Operation for Storage {
    const NAME: &'static str = "storage";
    const STEM: &'static str = RUN_STEM;
    const LOCK_KEY: &'static str = LOCK_KEY;
    const TABLE_LOCK: TableLock = TableLock::AccessExclusive;
    type Target = StorageTarget;
    type Facts = StorageFacts;
    type State = StorageFacts;
    type Plan = StoragePlan;
    type Statement = StorageStatement;
    type Keys = StorageKeys;

    fn approval(&self) -> Option<String> {
        Some(self.policy.leave_words())
    }

    async fn discover(
        &self,
        reader: Reader<'_>,
        server: &Server,
    ) -> Result<StorageTarget, Failure> {
        let schema = self.schema.as_deref();
        let registry = resolution::family(reader, &self.profile, FAMILY, schema).await?;
        let key = resolution::concept(reader, &self.profile, KEY_CONCEPT, &registry).await?;
        let rights = reader.table_rights(registry.relation.oid).await?;
        let locks = LockBudget::of_alter_table(server, &rights);
        Ok(StorageTarget {
            registry,
            key,
            rights,
            locks,
        })
    }

    async fn read(
        &self,
        reader: Reader<'_>,
        target: &StorageTarget,
    ) -> Result<StorageFacts, Failure> {
        let relation = resolution::current(reader, &target.registry).await?;
        Ok(reader
            .storage_facts(&relation, &self.profile.naming)
            .await?)
    }

    fn plan(
        &self,
        database: &DatabaseIdentity,
        facts: &StorageFacts,
    ) -> Result<Decided<StoragePlan>, Failure> {
        let naming = &self.profile.naming;
        let batch = facts
            .batch(naming)
            .map_err(|error| Failure::from(birth_core::op::verdict::AssessError::Name(error)))?;
        let judged = self.policy.judge_conflict(&batch)?;
        let revision = self.policy.revision();
        let context = Context {
            database,
            revision: &revision,
            naming,
        };
        let plan = assess(&context, facts, judged.answers)?;
        let call = RecordedCall {
            question: Question::Conflict(batch),
            verdicts: judged.raw,
            fuel: judged.fuel,
        };
        let verdicts = RecordedVerdicts::new(&self.policy, revision, vec![call]);
        Ok(Decided {
            plan,
            verdicts: Some(verdicts),
        })
    }

    fn summary(plan: &StoragePlan) -> String {
        words::decisions(&plan.items)
    }

    fn stop(plan: &StoragePlan) -> Option<Stop> {
        words::conflict(Self::NAME, &plan.items)
    }

    fn unfinished(_plan: &StoragePlan) -> Option<Failure> {
        None
    }

    fn about(target: &StorageTarget) -> String {
        target.registry.relation.name.to_string()
    }

    fn check_feasible(&self, target: &StorageTarget, _plan: &StoragePlan) -> Result<(), Failure> {
        check_feasible(
            &target.registry.relation.name,
            &target.rights,
            &target.locks,
        )
    }

    fn statements(plan: &StoragePlan) -> &[StorageStatement] {
        &plan.statements
    }

    fn tables(plan: &StoragePlan) -> Vec<LockedTable<'_>> {
        vec![LockedTable {
            oid: plan.registry.oid,
            name: &plan.registry.name,
            with_descendants: true,
        }]
    }

    fn changes_rows_of(_plan: &StoragePlan) -> Vec<u32> {
        vec![]
    }

    fn database(plan: &StoragePlan) -> &DatabaseIdentity {
        &plan.database
    }

    fn digest(plan: &StoragePlan) -> Result<Digest, Failure> {
        plan.digest().map_err(|e| Failure::encoding(&e))
    }

    fn revision(plan: &StoragePlan) -> Option<&Revision> {
        Some(&plan.revision)
    }

    fn drift(planned: &StoragePlan, now: &StoragePlan) -> Vec<String> {
        planned.drift(now)
    }

    fn plan_file(plan: &StoragePlan) -> Result<String, Failure> {
        plan.to_file().map_err(|e| Failure::encoding(&e))
    }

    fn read_plan_file(text: &str) -> Result<StoragePlan, Failure> {
        Ok(StoragePlan::from_file(text)?)
    }

    async fn observe(
        &self,
        reader: Reader<'_>,
        target: &StorageTarget,
        _plan: &StoragePlan,
    ) -> Result<StorageFacts, Failure> {
        self.read(reader, target).await
    }

    fn moved(
        &self,
        _plan: &StoragePlan,
        before: &StorageFacts,
        locked: &StorageFacts,
    ) -> Vec<String> {
        let changed = before != locked;
        changed
            .then(|| format!("{} changed", before.registry.name))
            .into_iter()
            .collect()
    }

    fn verify(plan: &StoragePlan, before: &StorageFacts, after: &StorageFacts) -> Vec<String> {
        verify::verify(plan, before, after)
    }

    fn capture(
        plan: &StoragePlan,
        after: &StorageFacts,
        _returned: &[Returned],
    ) -> Result<StorageKeys, String> {
        undo::capture(plan, after).ok_or_else(|| "something planned is not there".to_owned())
    }

    async fn traces(
        &self,
        reader: Reader<'_>,
        target: &StorageTarget,
        _plan: &StoragePlan,
        keys: &StorageKeys,
    ) -> Result<Traces, Failure> {
        let facts = self.read(reader, target).await?;
        // First, so that a run which had nothing to create did all of it.
        let there = undo::still_there(keys, &facts);
        Ok(if there == keys.columns.len() + keys.checks.len() {
            Traces::Done
        } else if undo::left_over(keys, &facts).is_empty() {
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
        report::final_response(status, reason, &for_report(evidence))
    }

    fn report(
        header: &ReportHeader,
        evidence: &Evidence<'_, Self>,
        response: &FinalResponse,
    ) -> String {
        report::report(header, &for_report(evidence), response)
    }
}

fn for_report<'a>(evidence: &'a Evidence<'_, Storage>) -> report::Evidence<'a> {
    report::Evidence {
        plan: evidence.plan,
        committed: evidence.committed,
        compiled_sql_logged: evidence.previewed,
        post_ddl_verified: evidence.confirmed,
        log_path: &evidence.log_path,
    }
}
