//! Facts and verdicts to a plan. The host is the last guard: a verdict that
//! the facts contradict is refused here.

use super::facts::{ObstacleKind, StorageFacts};
use super::plan::{Proposed, StoragePlan};
use super::statement::StorageStatement;
use super::{COLUMNS, PolicyColumn, checked_columns};
use crate::ident::{Identifier, IdentifierError};
use crate::op::verdict::{AssessError, finding};
use crate::op::{DatabaseIdentity, Decision, Described as _, Item, Revision};
use crate::policy::verdict::{Answer, Reason};
use crate::profile::Naming;

/// Everything about a plan that is neither facts nor verdicts.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// The database.
    pub database: &'a DatabaseIdentity,
    /// The policy revision.
    pub revision: &'a Revision,
    /// How names are derived.
    pub naming: &'a Naming,
}

/// Makes the plan. `answers` are in the order of [`StorageFacts::batch`].
pub fn assess(
    context: &Context<'_>,
    facts: &StorageFacts,
    answers: Vec<Answer>,
) -> Result<StoragePlan, AssessError> {
    let proposals = proposals(facts, context.naming)?;
    if proposals.len() != answers.len() {
        return Err(AssessError::Count {
            expected: proposals.len(),
            found: answers.len(),
        });
    }
    let mut items = Vec::with_capacity(proposals.len());
    let mut statements = Vec::new();
    for ((object, column), answer) in proposals.into_iter().zip(answers) {
        let mut decision = guard(facts, &object, column, answer.status)?;
        let mut reasons = answer.reasons;
        let found = host_findings(facts, &object, decision);
        if !found.is_empty() {
            decision = Decision::Blocked;
            reasons.extend(found);
        }
        if decision == Decision::Absent {
            statements.push(statement(facts, &object, column)?);
        }
        items.push(Item {
            object,
            decision,
            reasons,
        });
    }
    if items.iter().any(|i| i.decision == Decision::Blocked) {
        statements.clear();
    }
    Ok(StoragePlan {
        database: context.database.clone(),
        registry: facts.registry.clone(),
        revision: context.revision.clone(),
        facts_digest: facts.digest()?,
        facts: facts.parts()?,
        items,
        statements,
    })
}

fn proposals(
    facts: &StorageFacts,
    naming: &Naming,
) -> Result<Vec<(Proposed, &'static PolicyColumn)>, IdentifierError> {
    let mut out = Vec::new();
    for column in &COLUMNS {
        out.push((
            Proposed::Column {
                name: Identifier::new(column.name)?,
            },
            column,
        ));
    }
    for column in checked_columns() {
        let name = naming.check_name(facts.registry.name.name.as_str(), column.name)?;
        out.push((
            Proposed::Check {
                name,
                column: Identifier::new(column.name)?,
            },
            column,
        ));
    }
    Ok(out)
}

fn statement(
    facts: &StorageFacts,
    object: &Proposed,
    column: &PolicyColumn,
) -> Result<StorageStatement, IdentifierError> {
    let table = facts.registry.name.clone();
    Ok(match object {
        Proposed::Column { name } => StorageStatement::AddColumn {
            table,
            column: name.clone(),
            r#type: column.wanted,
        },
        Proposed::Check { name, column: on } => StorageStatement::AddCheck {
            table,
            name: name.clone(),
            column: on.clone(),
            values: column.values.iter().map(|v| (*v).to_owned()).collect(),
        },
    })
}

/// What the conflict role is not told of, because it is not the object's own
/// place: tables that inherit from the registry, and its type. The statement
/// would fail on it, or would leave rows out.
fn host_findings(facts: &StorageFacts, object: &Proposed, decision: Decision) -> Vec<Reason> {
    let name = object.name().as_str();
    match (decision, object) {
        (Decision::Absent, _) => facts
            .obstacles
            .iter()
            .filter_map(|o| match (o.kind, object) {
                (ObstacleKind::TypedTable, Proposed::Column { .. }) => Some(finding(
                    "TYPED_TABLE",
                    format!("the registry is a table of the type {}, and gets columns through it alone", o.holder),
                )),
                (ObstacleKind::Column, Proposed::Column { .. }) if o.name == name => Some(finding(
                    "CHILD_COLUMN_IN_THE_WAY",
                    format!("{}, which inherits from the registry, has a column of that name", o.holder),
                )),
                (ObstacleKind::Constraint, Proposed::Check { .. }) if o.name == name => Some(finding(
                    "CHILD_CONSTRAINT_IN_THE_WAY",
                    format!("{}, which inherits from the registry, has a constraint of that name", o.holder),
                )),
                _ => None,
            })
            .collect(),
        (Decision::Exists, Proposed::Check { .. }) => facts
            .constraint(name)
            .filter(|live| live.leaves_out_rows)
            .map(|_| finding(
                "CHECK_NOT_INHERITED",
                "it is NO INHERIT, and does not hold for the rows of tables that inherit from the registry".to_owned(),
            ))
            .into_iter()
            .collect(),
        _ => vec![],
    }
}

/// The host's own invariants on a verdict.
fn guard(
    facts: &StorageFacts,
    object: &Proposed,
    column: &PolicyColumn,
    status: u8,
) -> Result<Decision, AssessError> {
    let contradiction = |verdict, fact| AssessError::Contradiction {
        verdict,
        kind: object.kind(),
        name: object.name().to_string(),
        fact,
    };
    let decision = Decision::from_status(status)
        .ok_or_else(|| contradiction("a status outside the vocabulary", "no such status"))?;
    let fault = match (decision, object) {
        (Decision::Absent, _) if !facts.registry.kind.is_physical() => Some("it is not a table"),
        (Decision::Absent, Proposed::Column { name }) => facts
            .column(name.as_str())
            .map(|_| "a column of that name exists"),
        (Decision::Absent, Proposed::Check { name, .. }) => facts
            .constraint(name.as_str())
            .map(|_| "a constraint of that name exists"),
        (Decision::Exists, Proposed::Column { name }) => match facts.column(name.as_str()) {
            None => Some("there is no such column"),
            Some(live) if !super::verify::column_fits(live, column) => {
                Some("its type cannot hold what the policy stores")
            }
            Some(_) => None,
        },
        (Decision::Exists, Proposed::Check { name, .. }) => match facts.constraint(name.as_str()) {
            None => Some("there is no such constraint"),
            Some(live) if !super::verify::check_allows(live, column) => {
                Some("it does not allow exactly the policy's values")
            }
            Some(_) => None,
        },
        (Decision::Blocked, _) => None,
    };
    match fault {
        Some(fact) => Err(contradiction(decision.word(), fact)),
        None => Ok(decision),
    }
}
