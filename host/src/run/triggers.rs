//! Birth triggers (B3-A) as an operation of the lifecycle.

pub mod rollback;
mod words;

use std::collections::BTreeMap;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use birth_core::catalog::function::TriggerFunction;
use birth_core::catalog::relation::RelationKind;
use birth_core::catalog::trigger::LiveTrigger;
use birth_core::digest::Digest;
use birth_core::estate::MappedKeys;
use birth_core::ident::Identifier;
use birth_core::issue::{self, IssueConcepts, IssueDraft};
use birth_core::op::plan_file::SavedPlan as _;
use birth_core::op::triggers::assess::{Context, assess, matching, proposals};
use birth_core::op::triggers::facts::{ApprovedArtifact, TriggersFacts, conflict_batches};
use birth_core::op::triggers::plan::TriggersPlan;
use birth_core::op::triggers::report;
use birth_core::op::triggers::statement::TriggersStatement;
use birth_core::op::triggers::undo::{self, TriggersKeys};
use birth_core::op::triggers::verify::{self, TriggersState};
use birth_core::op::triggers::{LOCK_KEY, RUN_STEM, concept, family, species_issue};
use birth_core::op::{DatabaseIdentity, Revision};
use birth_core::outcome::{FailureClass, FinalResponse, Status};
use birth_core::policy::coverage::CoverageStatus;
use birth_core::profile::Profile;
use birth_core::record::{Purpose, RecordRow, RecordTable, compile, texts_for};
use birth_core::resolve::{Relation, ResolvedConcept, ResolvedFamily};
use birth_core::sql::frame::{LockedTable, TableLock};

pub use words::BATCHES_REMAIN;

use super::classify::{self, ApprovedReport, RegistryNames};
use super::failure::Failure;
use super::operation::{Decided, Evidence, Operation, ReportHeader, Stop, Traces};
use super::replay::{Question, RecordedCall, RecordedVerdicts};
use super::resolution::{self, Candidates};
use crate::pg::{Reader, Returned, Server};
use crate::plugin::set::PolicyRuntime;

/// Everything the installation of birth triggers needs besides a database.
#[derive(Debug)]
pub struct Triggers {
    /// How names are recognised and derived.
    pub profile: Profile,
    /// The schema the person named.
    pub schema: Option<String>,
    /// Decides.
    pub policy: Rc<PolicyRuntime>,
    /// The approved list; none where a run is only looked at.
    pub approved: Option<Rc<ApprovedReport>>,
    /// Statements of one transaction at most; none for all of them.
    pub batch_size: Option<usize>,
}

/// What the names resolved to.
#[derive(Debug, Serialize, Deserialize)]
pub struct TriggersTarget {
    /// The registry and its columns.
    pub registry: RegistryNames,
    /// The species map.
    pub species_map: ResolvedFamily,
    /// The collection in it.
    pub species_key: ResolvedConcept,
    /// Where births are registered.
    pub birth_registry: ResolvedFamily,
    /// The table of issues.
    pub issues: ResolvedFamily,
    /// Its columns.
    pub issue_concepts: IssueConcepts,
    /// The function.
    pub function: TriggerFunction,
    /// Locks the server has room for.
    pub lock_slots: i64,
    /// Locks held when this was asked.
    pub locks_held: i64,
}

impl Triggers {
    fn report(&self) -> Result<&ApprovedReport, Failure> {
        self.approved.as_deref().ok_or_else(|| {
            Failure::new(
                FailureClass::Internal,
                "NO_APPROVED_REPORT",
                "a run that is only looked at has no approved report",
            )
        })
    }

    /// The issues of the approved collections that have no species.
    fn unmapped(&self, approved: &ApprovedArtifact, mapped: &MappedKeys) -> Vec<IssueDraft> {
        let unmapped = approved.statuses.iter().filter(|(key, status)| {
            **status == CoverageStatus::Required && !mapped.keys.contains(*key)
        });
        unmapped
            .map(|(key, _)| species_issue(&self.profile.issue, key))
            .collect()
    }

    /// The open issues of drafts by their collections, of which each has one
    /// draft.
    async fn open_issues(
        &self,
        reader: Reader<'_>,
        table: &RecordTable,
        concepts: &IssueConcepts,
        drafts: &[IssueDraft],
    ) -> Result<BTreeMap<String, Vec<Vec<String>>>, Failure> {
        let values = &self.profile.issue;
        let open = reader.open_issues(table, concepts, values, drafts).await?;
        let by_collection = open.into_iter().filter_map(|(place, keys)| {
            let collection = drafts.get(place)?.collection.clone()?;
            Some((collection, keys))
        });
        Ok(by_collection.collect())
    }

    fn artifact(&self) -> Result<ApprovedArtifact, Failure> {
        let artifact = &self.report()?.file.artifact;
        let (by, at) = artifact
            .approval()
            .map_or_else(Default::default, |a| (a.by.clone(), a.at.clone()));
        Ok(ApprovedArtifact {
            revision: artifact.revision().clone(),
            content: artifact.content(),
            by,
            at,
            statuses: artifact
                .entries()
                .iter()
                .map(|entry| (entry.key.clone(), entry.status))
                .collect(),
        })
    }
}

pub(super) fn by_table(live: Vec<LiveTrigger>) -> BTreeMap<u32, Vec<LiveTrigger>> {
    let mut by_table: BTreeMap<u32, Vec<LiveTrigger>> = BTreeMap::new();
    for trigger in live {
        by_table.entry(trigger.table_oid).or_default().push(trigger);
    }
    by_table
}

fn is_open(open: &BTreeMap<String, Vec<Vec<String>>>, draft: &IssueDraft) -> bool {
    let collection = draft.collection.as_ref();
    collection.is_some_and(|collection| open.contains_key(collection))
}

impl Operation for Triggers {
    const NAME: &'static str = "triggers";
    const STEM: &'static str = RUN_STEM;
    const LOCK_KEY: &'static str = LOCK_KEY;
    const TABLE_LOCK: TableLock = TableLock::ShareRowExclusive;
    type Target = TriggersTarget;
    type Facts = TriggersFacts;
    type State = TriggersState;
    type Plan = TriggersPlan;
    type Statement = TriggersStatement;
    type Keys = TriggersKeys;

    fn approval(&self) -> Option<String> {
        Some(self.policy.leave_words())
    }

    async fn discover(
        &self,
        reader: Reader<'_>,
        server: &Server,
    ) -> Result<TriggersTarget, Failure> {
        let report = self.report()?;
        report
            .file
            .check_against(&self.policy.revision(), &server.database)
            .map_err(|error| classify::unusable(&report.path, &error))?;
        let (profile, schema) = (&self.profile, self.schema.as_deref());
        let families = [
            family::REGISTRY,
            family::SPECIES_MAP,
            family::BIRTH_REGISTRY,
            family::ISSUES,
        ];
        let candidates = Candidates::read(reader, profile, schema, &families).await?;
        let registry = candidates.family(family::REGISTRY)?;
        let registry = RegistryNames::of(reader, profile, registry).await?;
        let species_map = candidates.family(family::SPECIES_MAP)?;
        let species_key =
            resolution::concept(reader, profile, concept::SPECIES_KEY, &species_map).await?;
        let birth_registry = candidates.family(family::BIRTH_REGISTRY)?;
        let issues = candidates.family(family::ISSUES)?;
        Ok(TriggersTarget {
            registry,
            species_map,
            species_key,
            birth_registry,
            issue_concepts: resolution::issue_concepts(reader, profile, &issues).await?,
            issues,
            function: resolution::function(reader, &profile.naming).await?,
            lock_slots: server.lock_slots,
            locks_held: server.locks_held,
        })
    }

    async fn read(
        &self,
        reader: Reader<'_>,
        target: &TriggersTarget,
    ) -> Result<TriggersFacts, Failure> {
        let registry = resolution::current(reader, &target.registry.registry).await?;
        let map = resolution::current(reader, &target.species_map).await?;
        let birth_registry = resolution::current(reader, &target.birth_registry).await?;
        let issues = resolution::current(reader, &target.issues).await?;
        let columns = target.registry.columns()?;
        let rules = &self.profile.collections;
        let estate = reader.estate(&registry, &columns, rules).await?;
        let classification = reader.classification_facts(&estate).await?;
        let function = reader.trigger_function(target.function.oid).await?;
        let function = function.filter(|f| f.fits).ok_or_else(|| {
            resolution::gone(&format!("the function {}", target.function.signature()))
        })?;
        let mapped = reader
            .mapped_keys(&map, &resolution::column(&target.species_key)?)
            .await?;
        let names = estate.trigger_names(&self.profile.naming);
        let tables: Vec<(u32, &str)> = names.iter().map(|(oid, n)| (*oid, n.as_str())).collect();
        let triggers = reader.birth_triggers(&tables, function.oid).await?;
        let birth_triggers = reader.birth_trigger_count(function.oid).await?;
        let approved = self.artifact()?;
        let mut drafts = self.unmapped(&approved, &mapped);
        let concepts = &target.issue_concepts;
        let values = &self.profile.issue;
        let mut issues = reader.record_table(&issues).await?;
        let rows = issue::rows(concepts, values, &drafts);
        let wanted = |column: &Identifier| texts_for(&rows, column);
        reader.held_values(&mut issues, wanted).await?;
        let open_issues = self.open_issues(reader, &issues, concepts, &drafts).await?;
        drafts.retain(|draft| !is_open(&open_issues, draft));
        let rows = issue::rows(concepts, values, &drafts);
        // Where they do not compile, the plan says why.
        let issue_collisions = match compile(&issues, &rows, Purpose::Undone).whole() {
            Ok(compiled) => {
                let inserts: Vec<_> = compiled.inserts.iter().collect();
                let collisions = reader.collisions(&issues, &inserts).await?;
                let taken = collisions.iter();
                taken
                    .filter_map(|(probe, places)| probe.taken(&issues, places))
                    .map(|problem| problem.to_string())
                    .collect()
            }
            Err(_) => vec![],
        };
        Ok(TriggersFacts {
            registry,
            birth_registry,
            function,
            estate,
            classification,
            mapped,
            approved,
            triggers: by_table(triggers.live),
            partition_triggers: triggers.on_partitions,
            birth_triggers,
            issues,
            issue_concepts: concepts.clone(),
            issue_collisions,
            open_issues,
        })
    }

    fn plan(
        &self,
        database: &DatabaseIdentity,
        facts: &TriggersFacts,
    ) -> Result<Decided<TriggersPlan>, Failure> {
        let mut calls = Vec::new();
        let classified = self.policy.judge_classification(&facts.classification)?;
        for (batch, judged) in facts
            .classification
            .batches()
            .iter()
            .zip(classified.batches)
        {
            calls.push(RecordedCall {
                question: Question::Classification(batch.clone()),
                verdicts: judged.raw,
                fuel: judged.fuel,
            });
        }
        let live = classify::entries(&facts.estate, classified.answers)?;
        let naming = &self.profile.naming;
        let matching = matching(facts, &live);
        let proposals = if matching.differences.is_empty() {
            proposals(facts, &matching, naming)
        } else {
            // Nothing will be installed: there is nothing to ask.
            vec![]
        };
        let mut answers = Vec::with_capacity(proposals.len());
        for batch in conflict_batches(&proposals, &facts.function, &facts.triggers) {
            let judged = self.policy.judge_conflict(&batch)?;
            answers.extend(judged.answers);
            calls.push(RecordedCall {
                question: Question::Conflict(batch),
                verdicts: judged.raw,
                fuel: judged.fuel,
            });
        }
        let revision = self.policy.revision();
        let context = Context {
            database,
            revision: &revision,
            naming,
            issues: &self.profile.issue,
            batch_size: self.batch_size,
        };
        let plan = assess(&context, facts, &live, matching, &proposals, answers)?;
        Ok(Decided {
            plan,
            verdicts: Some(RecordedVerdicts::new(&self.policy, revision, calls)),
        })
    }

    fn summary(plan: &TriggersPlan) -> String {
        words::summary(plan)
    }

    fn stop(plan: &TriggersPlan) -> Option<Stop> {
        words::stop(plan)
    }

    fn unfinished(plan: &TriggersPlan) -> Option<Failure> {
        words::unfinished(plan)
    }

    fn about(target: &TriggersTarget) -> String {
        format!(
            "the collections of {}, calling {}",
            target.registry.registry.relation.name,
            target.function.signature()
        )
    }

    fn check_feasible(&self, target: &TriggersTarget, plan: &TriggersPlan) -> Result<(), Failure> {
        words::check_feasible(target, plan)
    }

    fn statements(plan: &TriggersPlan) -> &[TriggersStatement] {
        &plan.statements
    }

    fn tables(plan: &TriggersPlan) -> Vec<LockedTable<'_>> {
        plan.created().map(|i| locked(&i.object.table)).collect()
    }

    fn changes_rows_of(plan: &TriggersPlan) -> Vec<u32> {
        plan.changes_rows_of()
    }

    fn database(plan: &TriggersPlan) -> &DatabaseIdentity {
        &plan.database
    }

    fn digest(plan: &TriggersPlan) -> Result<Digest, Failure> {
        plan.digest().map_err(|e| Failure::encoding(&e))
    }

    fn revision(plan: &TriggersPlan) -> Option<&Revision> {
        Some(&plan.revision)
    }

    fn drift(planned: &TriggersPlan, now: &TriggersPlan) -> Vec<String> {
        planned.drift(now)
    }

    fn plan_file(plan: &TriggersPlan) -> Result<String, Failure> {
        plan.to_file().map_err(|e| Failure::encoding(&e))
    }

    fn read_plan_file(text: &str) -> Result<TriggersPlan, Failure> {
        Ok(TriggersPlan::from_file(text)?)
    }

    async fn observe(
        &self,
        reader: Reader<'_>,
        target: &TriggersTarget,
        plan: &TriggersPlan,
    ) -> Result<TriggersState, Failure> {
        let items = plan.items.iter();
        let names: BTreeMap<u32, &str> = items
            .map(|i| {
                let name = i.object.name.as_ref();
                (i.object.table.oid, name.map_or("", |n| n.as_str()))
            })
            .collect();
        observe(reader, target.function.oid, &names).await
    }

    async fn read_again(
        &self,
        reader: Reader<'_>,
        target: &TriggersTarget,
        facts: &TriggersFacts,
    ) -> Result<Vec<String>, Failure> {
        let registry = resolution::current(reader, &target.registry.registry).await?;
        let map = resolution::current(reader, &target.species_map).await?;
        let columns = target.registry.columns()?;
        let rules = &self.profile.collections;
        let estate = reader.estate(&registry, &columns, rules).await?;
        let mapped = reader
            .mapped_keys(&map, &resolution::column(&target.species_key)?)
            .await?;
        let drafts = self.unmapped(&facts.approved, &mapped);
        let (issues, concepts) = (&facts.issues, &facts.issue_concepts);
        let open = self.open_issues(reader, issues, concepts, &drafts).await?;
        let names = estate.trigger_names(&self.profile.naming);
        let tables: Vec<(u32, &str)> = names.iter().map(|(oid, n)| (*oid, n.as_str())).collect();
        let triggers = reader.birth_triggers(&tables, facts.function.oid).await?;
        let now = [
            (
                "the registry",
                (registry, estate) == (facts.registry.clone(), facts.estate.clone()),
            ),
            ("the species map", mapped == facts.mapped),
            ("the open issues", open == facts.open_issues),
            (
                "the live triggers",
                by_table(triggers.live) == facts.triggers
                    && triggers.on_partitions == facts.partition_triggers,
            ),
        ];
        let changed = now.iter().filter(|(_, same)| !same);
        Ok(changed.map(|(what, _)| format!("{what} changed")).collect())
    }

    fn moved(
        &self,
        plan: &TriggersPlan,
        _before: &TriggersFacts,
        locked: &TriggersState,
    ) -> Vec<String> {
        verify::moved(plan, locked)
    }

    fn verify(plan: &TriggersPlan, _before: &TriggersFacts, after: &TriggersState) -> Vec<String> {
        verify::verify(plan, after)
    }

    fn confirm(plan: &TriggersPlan, _before: &TriggersFacts, now: &TriggersState) -> Vec<String> {
        verify::confirm(plan, now)
    }

    fn capture(
        plan: &TriggersPlan,
        after: &TriggersState,
        returned: &[Returned],
    ) -> Result<TriggersKeys, String> {
        let rows = returned.iter().map(|r| (r.statement, r.rows.as_slice()));
        undo::capture(plan, after, &rows.collect())
    }

    async fn settle(
        &self,
        reader: Reader<'_>,
        mut keys: TriggersKeys,
    ) -> Result<TriggersKeys, Failure> {
        if let Some(issues) = keys.issues.take() {
            let rows = reader.record_rows(&issues).await?;
            let settled = issues.settled(&rows).ok_or_else(|| {
                Failure::new(
                    FailureClass::Verification,
                    "VERIFICATION_FAILED",
                    "rolled back: a queued issue is not there any more at the end of the transaction",
                )
                .with_hint("look at the triggers of the issues table")
            })?;
            keys.issues = Some(settled);
        }
        Ok(keys)
    }

    async fn traces(
        &self,
        reader: Reader<'_>,
        target: &TriggersTarget,
        plan: &TriggersPlan,
        keys: &TriggersKeys,
    ) -> Result<Traces, Failure> {
        let state = self.observe(reader, target, plan).await?;
        let triggers = keys.triggers.iter().filter(|key| {
            let live = state.triggers.get(&key.table_oid);
            live.is_some_and(|live| live.iter().any(|t| t.oid == key.oid))
        });
        let rows = rollback::issue_rows(reader, keys).await?;
        let issues = rows.iter().filter(|row| **row != RecordRow::Gone);
        let there = triggers.count() + issues.count();
        Ok(if there == keys.triggers.len() + keys.queued() {
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

/// A trigger of a partitioned table is one of its partitions too; one of any other
/// table concerns nothing that inherits from it.
fn locked(table: &Relation) -> LockedTable<'_> {
    LockedTable {
        oid: table.oid,
        name: &table.name,
        with_descendants: table.kind == RelationKind::PartitionedTable,
    }
}

/// Reads the tables, their triggers and the function.
async fn observe(
    reader: Reader<'_>,
    function_oid: u32,
    names: &BTreeMap<u32, &str>,
) -> Result<TriggersState, Failure> {
    let tables: Vec<(u32, &str)> = names.iter().map(|(oid, name)| (*oid, *name)).collect();
    let oids: Vec<u32> = names.keys().copied().collect();
    let relations = reader.relations_by_oid(&oids).await?;
    let triggers = reader.birth_triggers(&tables, function_oid).await?;
    Ok(TriggersState {
        function: reader.trigger_function(function_oid).await?,
        tables: relations.into_iter().map(|r| (r.oid, r)).collect(),
        triggers: by_table(triggers.live),
        birth_triggers: reader.birth_trigger_count(function_oid).await?,
    })
}

fn for_report<'a>(evidence: &'a Evidence<'_, Triggers>) -> report::Evidence<'a> {
    report::Evidence {
        plan: evidence.plan,
        committed: evidence.committed,
        state: evidence.state,
        compiled_sql_logged: evidence.previewed,
    }
}
