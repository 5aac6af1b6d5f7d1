//! The onboarding gate (B3-F) as an operation of the lifecycle.

pub mod rollback;

use serde::{Deserialize, Serialize};

use birth_core::catalog::relation::RelationKind;
use birth_core::digest::Digest;
use birth_core::op::gate::assess::assess;
use birth_core::op::gate::facts::{GateFacts, RoleColumn};
use birth_core::op::gate::plan::GatePlan;
use birth_core::op::gate::statement::GateStatement;
use birth_core::op::gate::undo::{self, GateKeys};
use birth_core::op::gate::{GateNames, LOCK_KEY, RUN_STEM, report, verify};
use birth_core::op::plan_file::SavedPlan as _;
use birth_core::op::verdict::AssessError;
use birth_core::op::{DatabaseIdentity, Revision};
use birth_core::outcome::{FinalResponse, Status};
use birth_core::profile::Profile;
use birth_core::resolve::Relation;
use birth_core::sql::frame::{LockedTable, TableLock};

use super::classify::RegistryNames;
use super::failure::Failure;
use super::locks::LockBudget;
use super::operation::{Decided, Evidence, Operation, ReportHeader, Stop, Traces};
use super::{resolution, words};
use crate::pg::{Reader, Returned, Server};

/// Everything the gate needs besides a database. No plugin decides: its objects
/// are the host's own.
#[derive(Debug)]
pub struct Gate {
    /// How names are recognised and derived.
    pub profile: Profile,
    /// The schema the person named.
    pub schema: Option<String>,
}

/// What the names resolved to.
#[derive(Debug, Serialize, Deserialize)]
pub struct GateTarget {
    /// The registry and its columns.
    pub registry: RegistryNames,
    /// The locks its transaction needs.
    pub locks: LockBudget,
}

impl Operation for Gate {
    const NAME: &'static str = "gate";
    const STEM: &'static str = RUN_STEM;
    const LOCK_KEY: &'static str = LOCK_KEY;
    const TABLE_LOCK: TableLock = TableLock::ShareRowExclusive;
    type Target = GateTarget;
    type Facts = GateFacts;
    type State = GateFacts;
    type Plan = GatePlan;
    type Statement = GateStatement;
    type Keys = GateKeys;

    async fn discover(&self, reader: Reader<'_>, server: &Server) -> Result<GateTarget, Failure> {
        let schema = self.schema.as_deref();
        let registry = RegistryNames::discover(reader, &self.profile, schema).await?;
        let rights = reader.table_rights(registry.registry.relation.oid).await?;
        let locks = LockBudget::of_alter_table(server, &rights);
        Ok(GateTarget { registry, locks })
    }

    async fn read(&self, reader: Reader<'_>, target: &GateTarget) -> Result<GateFacts, Failure> {
        let registry = resolution::current(reader, &target.registry.registry).await?;
        let columns = target.registry.columns()?;
        let names = GateNames::new(&self.profile.naming, registry.name.name.as_str())
            .map_err(AssessError::Name)?;
        let role = columns.role;
        let about = reader.gate_registry(registry.oid, role.as_str()).await?;
        let about = about.ok_or_else(|| resolution::gone(&format!("{}", registry.name)))?;
        let attnum = about
            .role_attnum
            .ok_or_else(|| resolution::gone(&format!("the column {role} of {}", registry.name)))?;
        Ok(GateFacts {
            has_children: about.has_children,
            live: reader.live_gate(&names, registry.oid, None).await?,
            rights: about.rights,
            role: RoleColumn { name: role, attnum },
            key: columns.key,
            names,
            registry,
        })
    }

    fn plan(
        &self,
        database: &DatabaseIdentity,
        facts: &GateFacts,
    ) -> Result<Decided<GatePlan>, Failure> {
        let plan = assess(database, facts).map_err(|e| Failure::encoding(&e))?;
        Ok(Decided {
            plan,
            verdicts: None,
        })
    }

    fn summary(plan: &GatePlan) -> String {
        let warnings = plan.warnings.iter().map(|w| format!("warning: {w}\n"));
        warnings.chain([words::decisions(&plan.items)]).collect()
    }

    fn stop(plan: &GatePlan) -> Option<Stop> {
        words::conflict(Self::NAME, &plan.items)
    }

    fn unfinished(_plan: &GatePlan) -> Option<Failure> {
        None
    }

    fn about(target: &GateTarget) -> String {
        target.registry.registry.relation.name.to_string()
    }

    fn check_feasible(&self, target: &GateTarget, plan: &GatePlan) -> Result<(), Failure> {
        if !plan.missing_rights.is_empty() {
            return Err(words::missing_rights(&plan.missing_rights));
        }
        target.locks.check(&plan.registry.name)
    }

    fn statements(plan: &GatePlan) -> &[GateStatement] {
        &plan.statements
    }

    fn tables(plan: &GatePlan) -> Vec<LockedTable<'_>> {
        vec![locked(&plan.registry)]
    }

    fn changes_rows_of(_plan: &GatePlan) -> Vec<u32> {
        vec![]
    }

    fn makes_functions(_plan: &GatePlan, after: &GateFacts) -> Vec<u32> {
        after.live.function.iter().map(|f| f.oid).collect()
    }

    fn database(plan: &GatePlan) -> &DatabaseIdentity {
        &plan.database
    }

    fn digest(plan: &GatePlan) -> Result<Digest, Failure> {
        plan.digest().map_err(|e| Failure::encoding(&e))
    }

    fn revision(_plan: &GatePlan) -> Option<&Revision> {
        None
    }

    fn drift(planned: &GatePlan, now: &GatePlan) -> Vec<String> {
        planned.drift(now)
    }

    fn plan_file(plan: &GatePlan) -> Result<String, Failure> {
        plan.to_file().map_err(|e| Failure::encoding(&e))
    }

    fn read_plan_file(text: &str) -> Result<GatePlan, Failure> {
        Ok(GatePlan::from_file(text)?)
    }

    async fn observe(
        &self,
        reader: Reader<'_>,
        target: &GateTarget,
        _plan: &GatePlan,
    ) -> Result<GateFacts, Failure> {
        self.read(reader, target).await
    }

    fn moved(&self, _plan: &GatePlan, before: &GateFacts, locked: &GateFacts) -> Vec<String> {
        let changed = before != locked;
        changed
            .then(|| format!("{} or its gate changed", before.registry.name))
            .into_iter()
            .collect()
    }

    fn verify(plan: &GatePlan, before: &GateFacts, after: &GateFacts) -> Vec<String> {
        verify::verify(plan, before, after)
    }

    fn capture(
        plan: &GatePlan,
        after: &GateFacts,
        _returned: &[Returned],
    ) -> Result<GateKeys, String> {
        undo::capture(plan, after).ok_or_else(|| "something planned is not there".to_owned())
    }

    async fn traces(
        &self,
        reader: Reader<'_>,
        _target: &GateTarget,
        _plan: &GatePlan,
        keys: &GateKeys,
    ) -> Result<Traces, Failure> {
        // First, so that a run which had nothing to create did all of it.
        let there = reader.captured_gate(keys).await?.len();
        Ok(if there == keys.len() {
            Traces::Done
        } else if there == 0 {
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

/// A trigger of a partitioned table is one of its partitions too.
fn locked(registry: &Relation) -> LockedTable<'_> {
    LockedTable {
        oid: registry.oid,
        name: &registry.name,
        with_descendants: registry.kind == RelationKind::PartitionedTable,
    }
}

fn for_report<'a>(evidence: &'a Evidence<'_, Gate>) -> report::Evidence<'a> {
    report::Evidence {
        plan: evidence.plan,
        committed: evidence.committed,
        compiled_sql_logged: evidence.previewed,
        post_ddl_verified: evidence.confirmed,
        log_path: &evidence.log_path,
    }
}
