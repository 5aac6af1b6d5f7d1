//! Decisions of people about coverage as an operation of the lifecycle.

pub mod rollback;
mod words;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use birth_core::coverage::POLICY_STORAGE_NOT_READY;
use birth_core::digest::Digest;
use birth_core::facts::coverage::CoverageFacts;
use birth_core::op::decide::assess::{Context, Judgement, assess, proposals};
use birth_core::op::decide::facts::{DecideFacts, once_decided, otherwise_perfect};
use birth_core::op::decide::plan::DecidePlan;
use birth_core::op::decide::report;
use birth_core::op::decide::request::Requests;
use birth_core::op::decide::statement::DecideStatement;
use birth_core::op::decide::stored::DecisionColumns;
use birth_core::op::decide::undo::{self, DecideKeys};
use birth_core::op::decide::verify::{self, DecideState};
use birth_core::op::decide::{LOCK_KEY, RUN_STEM};
use birth_core::op::plan_file::SavedPlan as _;
use birth_core::op::{DatabaseIdentity, Revision};
use birth_core::outcome::{FailureClass, FinalResponse, Status};
use birth_core::policy::Role;
use birth_core::policy::verdict::Answer;
use birth_core::sql::frame::{LockedTable, TableLock};

use super::coverage::{Coverage, CoverageNames};
use super::failure::Failure;
use super::operation::{Decided, Evidence, Operation, ReportHeader, Stop, Traces};
use super::replay::{Question, RecordedCall, RecordedVerdicts};
use super::resolution;
use super::words::some;
use crate::pg::{Reader, Returned, Server};

/// Decisions that are to be written.
#[derive(Debug)]
pub struct Decide {
    /// How a decision is judged.
    pub coverage: Coverage,
    /// What was asked for. None where a run is only looked at.
    pub requests: Option<Requests>,
}

/// What the names resolved to.
#[derive(Debug, Serialize, Deserialize)]
pub struct DecideTarget {
    /// Everything the coverage conditions go by.
    names: CoverageNames,
    /// What the role may not do.
    missing_rights: Vec<String>,
}

impl Decide {
    fn requests(&self) -> Result<&Requests, Failure> {
        self.requests.as_ref().ok_or_else(|| {
            Failure::new(
                FailureClass::Internal,
                "NO_DECISIONS",
                "a run that is only looked at has no decisions",
            )
        })
    }

    /// Asks the coverage role, and keeps what was asked.
    fn ask(
        &self,
        batches: Vec<CoverageFacts>,
        calls: &mut Vec<RecordedCall>,
    ) -> Result<Vec<Answer>, Failure> {
        let mut answers = Vec::new();
        for batch in batches {
            let judged = self.coverage.policy.judge_coverage(&batch)?;
            answers.extend(judged.answers);
            calls.push(RecordedCall {
                question: Question::Coverage(batch),
                verdicts: judged.raw,
                fuel: judged.fuel,
            });
        }
        Ok(answers)
    }
}

/// The registry's columns, its key by the name that it resolved to.
async fn columns(
    reader: Reader<'_>,
    names: &CoverageNames,
) -> Result<Option<DecisionColumns>, Failure> {
    let oid = names.registry.registry.relation.oid;
    let key = &names.source.columns.key;
    let columns = reader.registry_columns(oid).await?;
    Ok(DecisionColumns::of(&columns, |column| column.name == *key))
}

/// The rights that writing rows of the registry needs; row security that hides
/// rows stops at once, because nothing can be read under it.
async fn missing_rights(
    reader: Reader<'_>,
    oid: u32,
    columns: &DecisionColumns,
) -> Result<Vec<String>, Failure> {
    let (table, hides_rows) = reader.registry_rights(oid).await?;
    if hides_rows {
        return Err(Failure::new(
            FailureClass::Privilege,
            "ROWS_HIDDEN",
            "row security hides rows of the registry from the role, so it cannot be told what is decided",
        )
        .with_hint("connect as a role that row security does not hold for"));
    }
    let table = table.into_iter().map(str::to_owned);
    Ok(table.chain(columns.missing_rights()).collect())
}

fn check_rights(missing: &[String]) -> Result<(), Failure> {
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        FailureClass::Privilege,
        "MISSING_RIGHTS",
        format!("the role {}", some(missing)),
    )
    .with_hint("connect as the registry's owner, or grant SELECT and UPDATE on the registry"))
}

fn not_ready(registry: &CoverageNames) -> Failure {
    Failure::new(
        FailureClass::Schema,
        POLICY_STORAGE_NOT_READY,
        format!(
            "the registry {} does not have the six policy columns",
            registry.source.registry
        ),
    )
    .with_hint("run `birth apply storage`")
}

impl Operation for Decide {
    const NAME: &'static str = "decide";
    const STEM: &'static str = RUN_STEM;
    const LOCK_KEY: &'static str = LOCK_KEY;
    // Nobody else writes the registry between the last look at a row and the
    // commit: no key moves to another row, no row is decided twice. Reading goes
    // on, and the transaction is short.
    const TABLE_LOCK: TableLock = TableLock::ShareRowExclusive;
    type Target = DecideTarget;
    type Facts = DecideFacts;
    type State = DecideState;
    type Plan = DecidePlan;
    type Statement = DecideStatement;
    type Keys = DecideKeys;

    fn approval(&self) -> Option<String> {
        Some(self.coverage.policy.leave_words())
    }

    async fn discover(
        &self,
        reader: Reader<'_>,
        _server: &Server,
    ) -> Result<DecideTarget, Failure> {
        // A policy that cannot judge says so before anything is read.
        self.coverage.policy.plugin(Role::Coverage)?;
        let names = self.coverage.discover(reader).await?;
        if !names.source.storage_ready {
            return Err(not_ready(&names));
        }
        let columns = columns(reader, &names).await?;
        let columns = columns.ok_or_else(|| not_ready(&names))?;
        let oid = names.registry.registry.relation.oid;
        Ok(DecideTarget {
            missing_rights: missing_rights(reader, oid, &columns).await?,
            names,
        })
    }

    async fn read(
        &self,
        reader: Reader<'_>,
        target: &DecideTarget,
    ) -> Result<DecideFacts, Failure> {
        let names = &target.names;
        let keys: Vec<&str> = self.requests()?.keys().collect();
        let known = &names.registry.registry;
        let registry = resolution::current(reader, known).await?;
        if registry != known.relation {
            // The names that were resolved would be another table's.
            return Err(resolution::gone(&format!(
                "the table {} under its name",
                known.relation.name
            )));
        }
        let columns = columns(reader, names).await?;
        let columns =
            columns.ok_or_else(|| resolution::gone(&format!("a column of {}", registry.name)))?;
        let rows = reader
            .decided_rows(&registry.name, &columns.key.name, &keys)
            .await?;
        let (now, _) = reader.now().await?;
        let registered = reader.registered(&names.source, &keys).await?;
        let snapshot = self
            .coverage
            .snapshot(reader, names, now, registered)
            .await?;
        Ok(DecideFacts {
            registry,
            columns,
            rows,
            snapshot,
        })
    }

    fn plan(
        &self,
        database: &DatabaseIdentity,
        facts: &DecideFacts,
    ) -> Result<Decided<DecidePlan>, Failure> {
        let requests = self.requests()?;
        let naming = &self.coverage.profile.naming;
        let proposals = proposals(requests, facts);
        let mut calls = Vec::new();
        let perfect = otherwise_perfect(&proposals, facts.snapshot.now, naming);
        let decisions = self.ask(perfect, &mut calls)?;
        let once_decided = once_decided(&proposals, &facts.snapshot, naming);
        let collections = self.ask(once_decided, &mut calls)?;
        let asked = facts.snapshot.estate.collections.iter();
        let mut by_key: BTreeMap<&str, Answer> =
            asked.map(|c| c.key.as_str()).zip(collections).collect();
        let judgements = proposals.iter().zip(decisions);
        let judgements = judgements.filter_map(|(proposal, decision)| {
            Some(Judgement {
                decision,
                collection: by_key.remove(proposal.collection.key.as_str())?,
            })
        });
        let revision = self.coverage.policy.revision();
        let context = Context {
            database,
            revision: &revision,
            requests,
        };
        let plan = assess(&context, facts, judgements.collect())?;
        Ok(Decided {
            plan,
            verdicts: Some(RecordedVerdicts::new(
                &self.coverage.policy,
                revision,
                calls,
            )),
        })
    }

    fn summary(plan: &DecidePlan) -> String {
        words::summary(plan)
    }

    fn stop(plan: &DecidePlan) -> Option<Stop> {
        words::stop(plan)
    }

    fn unfinished(_plan: &DecidePlan) -> Option<Failure> {
        None
    }

    fn about(target: &DecideTarget) -> String {
        target.names.source.registry.to_string()
    }

    fn check_feasible(&self, target: &DecideTarget, _plan: &DecidePlan) -> Result<(), Failure> {
        check_rights(&target.missing_rights)
    }

    fn statements(plan: &DecidePlan) -> &[DecideStatement] {
        &plan.statements
    }

    fn tables(plan: &DecidePlan) -> Vec<LockedTable<'_>> {
        vec![LockedTable {
            oid: plan.registry.oid,
            name: &plan.registry.name,
            with_descendants: true,
        }]
    }

    fn changes_rows_of(plan: &DecidePlan) -> Vec<u32> {
        vec![plan.registry.oid]
    }

    fn database(plan: &DecidePlan) -> &DatabaseIdentity {
        &plan.database
    }

    fn digest(plan: &DecidePlan) -> Result<Digest, Failure> {
        plan.digest().map_err(|e| Failure::encoding(&e))
    }

    fn revision(plan: &DecidePlan) -> Option<&Revision> {
        Some(&plan.revision)
    }

    fn drift(planned: &DecidePlan, now: &DecidePlan) -> Vec<String> {
        planned.drift(now)
    }

    fn plan_file(plan: &DecidePlan) -> Result<String, Failure> {
        plan.to_file().map_err(|e| Failure::encoding(&e))
    }

    fn read_plan_file(text: &str) -> Result<DecidePlan, Failure> {
        Ok(DecidePlan::from_file(text)?)
    }

    async fn observe(
        &self,
        reader: Reader<'_>,
        target: &DecideTarget,
        plan: &DecidePlan,
    ) -> Result<DecideState, Failure> {
        let registry = reader.relation_by_oid(plan.registry.oid).await?;
        let keys: Vec<&str> = plan.requests.keys().collect();
        let columns = match &registry {
            Some(_) => columns(reader, &target.names).await?,
            None => None,
        };
        let rows = match (&registry, &columns) {
            (Some(registry), Some(columns)) => {
                reader
                    .decided_rows(&registry.name, &columns.key.name, &keys)
                    .await?
            }
            _ => Default::default(),
        };
        Ok(DecideState {
            changed: reader.rows_changed(plan.registry.oid).await?,
            registry,
            columns,
            rows,
        })
    }

    async fn read_again(
        &self,
        reader: Reader<'_>,
        target: &DecideTarget,
        facts: &DecideFacts,
    ) -> Result<Vec<String>, Failure> {
        // Whether a decision is the policy's concern goes by the role.
        let keys: Vec<&str> = self.requests()?.keys().collect();
        let rows = reader.registered(&target.names.source, &keys).await?;
        let moved = rows.iter().filter_map(|row| {
            let key = row.registered.key.as_deref()?;
            let known = facts.snapshot.estate.find(key)?;
            (known.role != row.registered.role)
                .then(|| format!("the governance role of the collection {key:?} changed"))
        });
        Ok(moved.collect())
    }

    fn moved(&self, _plan: &DecidePlan, before: &DecideFacts, locked: &DecideState) -> Vec<String> {
        verify::moved(before, locked)
    }

    fn verify(plan: &DecidePlan, _before: &DecideFacts, after: &DecideState) -> Vec<String> {
        verify::verify(plan, after)
    }

    fn confirm(plan: &DecidePlan, _before: &DecideFacts, now: &DecideState) -> Vec<String> {
        verify::confirm(plan, now)
    }

    fn capture(
        plan: &DecidePlan,
        after: &DecideState,
        returned: &[Returned],
    ) -> Result<DecideKeys, String> {
        let rows = returned.iter().map(|r| (r.statement, r.rows.as_slice()));
        undo::capture(plan, after, &rows.collect())
    }

    async fn traces(
        &self,
        reader: Reader<'_>,
        target: &DecideTarget,
        plan: &DecidePlan,
        keys: &DecideKeys,
    ) -> Result<Traces, Failure> {
        let state = self.observe(reader, target, plan).await?;
        let (after, before) = undo::traces(keys, &state.rows);
        // First, so that a run which had nothing to write did all of it.
        Ok(if after == keys.rows.len() {
            Traces::Done
        } else if before == keys.rows.len() {
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

fn for_report<'a>(evidence: &'a Evidence<'_, Decide>) -> report::Evidence<'a> {
    report::Evidence {
        plan: evidence.plan,
        committed: evidence.committed,
        compiled_sql_logged: evidence.previewed,
        post_commit_verified: evidence.confirmed,
        log_path: &evidence.log_path,
    }
}
