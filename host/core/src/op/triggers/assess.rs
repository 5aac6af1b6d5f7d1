//! Facts and verdicts to a plan. The host is the last guard: a verdict that
//! the facts contradict is refused here.

use std::collections::BTreeMap;

use super::facts::{Proposal, TriggersFacts, propose};
use super::plan::{ArtifactIdentity, BirthTrigger, OTHER_LOCKS, Queued, TriggersPlan};
use super::sets::{Difference, ThreeSets};
use super::statement::TriggersStatement;
use crate::catalog::trigger::PartitionTrigger;
use crate::estate::CollectionTable;
use crate::ident::{Identifier, QualifiedName};
use crate::issue::{self, IssueDraft};
use crate::op::verdict::{AssessError, finding};
use crate::op::{DatabaseIdentity, Decision, Item, Revision};
use crate::policy::artifact::{Entry, required};
use crate::policy::verdict::{Answer, Reason};
use crate::profile::{IssueValues, Naming};
use crate::record::{Purpose, compile};

/// Everything about a plan that is neither facts nor verdicts.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// The database.
    pub database: &'a DatabaseIdentity,
    /// The policy revision.
    pub revision: &'a Revision,
    /// How names are derived.
    pub naming: &'a Naming,
    /// What issues are filled with.
    pub issues: &'a IssueValues,
    /// Statements of one transaction at most; none for all of them.
    pub batch_size: Option<usize>,
}

/// The three sets and where approved and live list differ (B3-A, phase 2D).
#[derive(Debug, Clone)]
pub struct Matching {
    /// The sets.
    pub sets: ThreeSets,
    /// Approved ⊕ live, each with why.
    pub differences: Vec<Difference>,
}

/// Computes the three sets. `live` has the verdict on every collection, in the
/// estate's order.
#[must_use]
pub fn matching(facts: &TriggersFacts, live: &[Entry]) -> Matching {
    let approved = facts.approved.entries();
    let mapped = facts.mapped.keys.iter().map(String::as_str).collect();
    let sets = ThreeSets::compute(&required(&approved), &required(live), &mapped);
    let registered = |key: &str| {
        facts.estate.find(key).is_some() || facts.estate.duplicate_keys.iter().any(|k| k == key)
    };
    let differences = sets.differences(&approved, live, registered);
    Matching { sets, differences }
}

/// What will be asked of the conflict role: the collections of the target set
/// that have a table and a name for its trigger. The others are blocked by the
/// host, see [`assess`].
#[must_use]
pub fn proposals<'a>(
    facts: &'a TriggersFacts,
    matching: &Matching,
    naming: &Naming,
) -> Vec<Proposal<'a>> {
    let target = matching.sets.target.iter();
    propose(target.filter_map(|key| facts.estate.find(key)), naming)
}

/// Makes the plan. `answers` are those of the conflict role on `proposals`.
pub fn assess(
    context: &Context<'_>,
    facts: &TriggersFacts,
    live: &[Entry],
    matching: Matching,
    proposals: &[Proposal<'_>],
    answers: Vec<Answer>,
) -> Result<TriggersPlan, AssessError> {
    if proposals.len() != answers.len() {
        return Err(AssessError::Count {
            expected: proposals.len(),
            found: answers.len(),
        });
    }
    let shared = shared_tables(facts, &matching.sets);
    let mut items = Vec::with_capacity(proposals.len());
    for (proposal, answer) in proposals.iter().zip(answers) {
        items.push(item(facts, proposal, &shared, answer)?);
    }
    items.extend(unnamed(facts, &matching, context.naming));
    let queue: Vec<Queued> = matching
        .sets
        .species_queue
        .iter()
        .map(|key| Queued {
            collection: key.clone(),
            open: facts
                .open_issues
                .get(key)
                .and_then(|keys| keys.first())
                .cloned(),
        })
        .collect();
    let mut plan = TriggersPlan {
        database: context.database.clone(),
        registry: facts.registry.clone(),
        function: facts.function.clone(),
        revision: context.revision.clone(),
        artifact: ArtifactIdentity {
            content: facts.approved.content,
            by: facts.approved.by.clone(),
            at: facts.approved.at.clone(),
        },
        facts: facts.parts()?,
        statuses: facts
            .estate
            .collections
            .iter()
            .map(|c| c.key.clone())
            .zip(live.iter().map(|entry| entry.status))
            .collect(),
        differences: matching.differences,
        targets: matching.sets.target.len(),
        items,
        queue,
        issues: facts.issues.relation.clone(),
        birth_registry: facts.birth_registry.clone(),
        warnings: warnings(facts),
        birth_triggers: facts.birth_triggers,
        statements: vec![],
        remaining: 0,
        locks: 0,
        missing_rights: vec![],
    };
    if plan.differences.is_empty() {
        compile_statements(context, facts, &mut plan)?;
    }
    Ok(plan)
}

/// Tables that more than one collection stands for, of those that need births.
/// One without a species counts: its births would be registered as the other's.
fn shared_tables(facts: &TriggersFacts, sets: &ThreeSets) -> BTreeMap<u32, Vec<String>> {
    let mut by_table: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for key in sets.target.union(&sets.species_queue) {
        let table = facts.estate.find(key).and_then(|c| c.table.as_ref());
        if let Some(table) = table {
            by_table.entry(table.oid).or_default().push(key.clone());
        }
    }
    by_table.retain(|_, keys| keys.len() > 1);
    by_table
}

fn item(
    facts: &TriggersFacts,
    proposal: &Proposal<'_>,
    shared: &BTreeMap<u32, Vec<String>>,
    answer: Answer,
) -> Result<Item<BirthTrigger>, AssessError> {
    let live = facts.triggers_of(proposal.table.oid);
    let existing = live
        .iter()
        .find(|t| t.registers_births(facts.function.oid))
        .map(|t| t.oid);
    let mut decision = guard(facts, proposal, existing, answer.status)?;
    let mut reasons = answer.reasons;
    let found = host_findings(facts, proposal, shared);
    if !found.is_empty() {
        decision = Decision::Blocked;
        reasons.extend(found);
    }
    Ok(Item {
        object: BirthTrigger {
            collection: proposal.collection.key.clone(),
            table: relation(proposal),
            name: Some(proposal.name.clone()),
            existing: existing.filter(|_| decision == Decision::Exists),
            locks: locks(proposal.table),
        },
        decision,
        reasons,
    })
}

fn locks(table: &CollectionTable) -> i64 {
    1 + i64::from(table.making.partitions)
}

fn relation(proposal: &Proposal<'_>) -> crate::resolve::Relation {
    crate::resolve::Relation {
        oid: proposal.table.oid,
        name: proposal.table.name.clone(),
        kind: proposal.collection.kind,
    }
}

/// What the conflict role is not told of, because it is not on the table
/// itself.
fn host_findings(
    facts: &TriggersFacts,
    proposal: &Proposal<'_>,
    shared: &BTreeMap<u32, Vec<String>>,
) -> Vec<Reason> {
    let below = facts
        .partition_triggers
        .iter()
        .filter(|t| t.table_oid == proposal.table.oid)
        .filter_map(|t| on_partition(t, facts.function.oid, &proposal.name));
    let shared = shared.get(&proposal.table.oid).map(|keys| {
        finding(
            "SHARED_TABLE",
            format!(
                "more than one collection stands for the table: {}",
                keys.join(", ")
            ),
        )
    });
    let itself = (proposal.table.oid == facts.birth_registry.oid).then(|| {
        finding(
            "BIRTH_REGISTRY_ITSELF",
            "the function registers births in this very table: each would be registered as a birth, without end".to_owned(),
        )
    });
    below.chain(shared).chain(itself).collect()
}

/// What a trigger of a partition is in the way of.
fn on_partition(found: &PartitionTrigger, function_oid: u32, name: &Identifier) -> Option<Reason> {
    let (partition, trigger) = (&found.partition, &found.trigger);
    if trigger.clone {
        Some(finding(
            "PARTITION_DOES_NOT_FIRE",
            format!(
                "on the partition {partition} the trigger {} does not fire for what users write, so births there are not registered",
                trigger.name
            ),
        ))
    } else if trigger.function_oid == function_oid && !trigger.internal {
        Some(finding(
            "PARTITION_CALLS_FUNCTION",
            format!(
                "the partition {partition} has a trigger {} of its own that calls the function, which would register every birth twice",
                trigger.name
            ),
        ))
    } else if trigger.name == name.as_str() {
        Some(finding(
            "PARTITION_HOLDS_NAME",
            format!("the partition {partition} has a trigger of the name already"),
        ))
    } else {
        None
    }
}

/// Collections of the target set that no trigger could be proposed for.
fn unnamed(facts: &TriggersFacts, matching: &Matching, naming: &Naming) -> Vec<Item<BirthTrigger>> {
    let blocked = |key: &String| {
        let collection = facts.estate.find(key)?;
        let table = collection.table.as_ref()?;
        let error = naming.trigger_name(table.name.name.as_str()).err()?;
        Some(Item {
            object: BirthTrigger {
                collection: key.clone(),
                table: crate::resolve::Relation {
                    oid: table.oid,
                    name: table.name.clone(),
                    kind: collection.kind,
                },
                name: None,
                existing: None,
                locks: locks(table),
            },
            decision: Decision::Blocked,
            reasons: vec![finding(
                "TRIGGER_NAME_TOO_LONG",
                format!(
                    "{error}; `long-names = \"hash-suffix\"` under [naming] in birth.toml shortens such names"
                ),
            )],
        })
    };
    matching.sets.target.iter().filter_map(blocked).collect()
}

/// The host's own invariants on a verdict.
fn guard(
    facts: &TriggersFacts,
    proposal: &Proposal<'_>,
    existing: Option<u32>,
    status: u8,
) -> Result<Decision, AssessError> {
    let contradiction = |verdict, fact| AssessError::Contradiction {
        verdict,
        kind: "trigger",
        name: format!("{} on {}", proposal.name, proposal.table.name),
        fact,
    };
    let decision = Decision::from_status(status)
        .ok_or_else(|| contradiction("a status outside the vocabulary", "no such status"))?;
    let live = facts.triggers_of(proposal.table.oid);
    let bound = live
        .iter()
        .filter(|t| t.function_oid == facts.function.oid && !t.internal)
        .count();
    let fault = match decision {
        Decision::Absent if !proposal.collection.kind.is_physical() => Some("it is not a table"),
        Decision::Absent if live.iter().any(|t| t.name == proposal.name.as_str()) => {
            Some("a trigger of that name exists")
        }
        Decision::Absent if bound > 0 => Some("a trigger calls the function already"),
        Decision::Exists if existing.is_none() => Some("no trigger registers births"),
        Decision::Exists if bound > 1 => Some("more than one trigger calls the function"),
        Decision::Absent | Decision::Exists | Decision::Blocked => None,
    };
    match fault {
        Some(fact) => Err(contradiction(decision.word(), fact)),
        None => Ok(decision),
    }
}

fn warnings(facts: &TriggersFacts) -> Vec<String> {
    let mut out = Vec::new();
    let estate = &facts.estate;
    if !estate.duplicate_keys.is_empty() {
        out.push(format!(
            "more than one row of the registry has the key, so none counts: {}",
            some(&estate.duplicate_keys)
        ));
    }
    if estate.rows_without_key > 0 {
        out.push(format!(
            "{} rows of the registry have no key and are no collection",
            estate.rows_without_key
        ));
    }
    let unknown: Vec<&String> = facts
        .mapped
        .keys
        .iter()
        .filter(|key| estate.find(key).is_none())
        .collect();
    if !unknown.is_empty() {
        out.push(format!(
            "{} keys of the species map are not in the registry: {}",
            unknown.len(),
            some(&unknown)
        ));
    }
    out
}

/// A list for people: its first names.
fn some<T: std::fmt::Debug>(names: &[T]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|n| format!("{n:?}")).collect();
    let more = if names.len() > SHOWN { ", …" } else { "" };
    shown.join(", ") + more
}

/// Statements in their order, cut to the batch, with what they need.
fn compile_statements(
    context: &Context<'_>,
    facts: &TriggersFacts,
    plan: &mut TriggersPlan,
) -> Result<(), AssessError> {
    let function = QualifiedName::new(
        Identifier::new(facts.function.schema.as_str())?,
        Identifier::new(facts.function.name.as_str())?,
    );
    let absent = plan.decided(Decision::Absent);
    let mut statements: Vec<TriggersStatement> = absent
        .filter_map(|i| {
            Some(TriggersStatement::CreateTrigger {
                name: i.object.name.clone()?,
                table: i.object.table.name.clone(),
                function: function.clone(),
            })
        })
        .collect();
    let queued = plan.queue.iter().filter(|q| q.open.is_none());
    let drafts: Vec<IssueDraft> = queued
        .map(|q| super::species_issue(context.issues, &q.collection))
        .collect();
    let rows = issue::rows(&facts.issue_concepts, context.issues, &drafts);
    let compiled = compile(&facts.issues, &rows, Purpose::Undone).whole();
    let compiled = compiled.map_err(|problems| {
        AssessError::Issue(problems.iter().map(ToString::to_string).collect())
    })?;
    if !facts.issue_collisions.is_empty() {
        return Err(AssessError::Issue(facts.issue_collisions.clone()));
    }
    plan.warnings
        .extend(compiled.warnings.iter().map(ToString::to_string));
    if plan.issues_are_born() && !compiled.inserts.is_empty() {
        plan.warnings.push(format!(
            "{} is a collection whose births are registered: each queued issue is one, and stays registered after a rollback",
            plan.issues.name
        ));
    }
    let inserts = compiled.inserts.into_iter();
    statements.extend(inserts.map(|insert| TriggersStatement::QueueIssue { insert }));
    let size = context.batch_size.unwrap_or(statements.len());
    plan.remaining = statements.len().saturating_sub(size);
    statements.truncate(size);
    plan.statements = statements;
    needs(facts, plan);
    Ok(())
}

fn needs(facts: &TriggersFacts, plan: &mut TriggersPlan) {
    let mut locks = OTHER_LOCKS;
    let mut missing = Vec::new();
    for item in plan.created() {
        let table = facts
            .estate
            .find(&item.object.collection)
            .and_then(|c| c.table.as_ref());
        let Some(table) = table else { continue };
        locks += item.object.locks;
        if let Some(denied) = &table.making.may_not_create {
            missing.push(format!("may not create a trigger on {denied}"));
        } else if !table.making.may_drop {
            missing.push(format!(
                "does not own {} (its owner is {}), so the rollback could not drop the trigger",
                table.name, table.making.owner
            ));
        }
    }
    if plan.created().next().is_some() && !facts.function.may_execute {
        missing.push(format!("may not execute {}", facts.function.signature()));
    }
    plan.locks = locks;
    plan.missing_rights = missing;
}
