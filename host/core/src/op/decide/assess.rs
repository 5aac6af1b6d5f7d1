//! Facts and verdicts to a plan. The host checks the vocabulary, the rows and
//! the columns; whether a decision is right is the policy's.

use super::facts::{DecideFacts, Proposal};
use super::plan::{DecidePlan, DecisionOn};
use super::request::{Request, Requests};
use super::statement::DecideStatement;
use super::stored::{StoredDecision, WantedDecision};
use crate::op::verdict::{AssessError, finding};
use crate::op::{DatabaseIdentity, Decision, Item, Revision};
use crate::policy::coverage::NOT_GOVERNED;
use crate::policy::verdict::{Answer, Reason, Severity};

/// Everything about a plan that is neither facts nor verdicts.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// The database.
    pub database: &'a DatabaseIdentity,
    /// The policy revision.
    pub revision: &'a Revision,
    /// What was asked for.
    pub requests: &'a Requests,
}

/// What the coverage role says of one proposal.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// Of the decision alone.
    pub decision: Answer,
    /// Of the collection once it is decided.
    pub collection: Answer,
}

/// The status of a collection with gaps; frozen by the WIT package.
const GAPS: u8 = 2;

/// What the coverage role is to be asked: the requests whose collection is
/// registered, once, in their order.
#[must_use]
pub fn proposals<'a>(requests: &Requests, facts: &'a DecideFacts) -> Vec<Proposal<'a>> {
    let proposal = |request: &Request| {
        let stored = stored(request, facts)?;
        Some(Proposal {
            collection: facts.snapshot.estate.find(&request.collection)?,
            decision: WantedDecision::new(request, &requests.by, Some(stored)),
        })
    };
    requests.decisions.iter().filter_map(proposal).collect()
}

/// The one row of a request's collection.
fn stored<'a>(request: &Request, facts: &'a DecideFacts) -> Option<&'a StoredDecision> {
    match facts.rows.get(&request.collection).map(Vec::as_slice) {
        Some([row]) => Some(row),
        _ => None,
    }
}

/// Makes the plan. The judgements are those of [`proposals`], in their order.
pub fn assess(
    context: &Context<'_>,
    facts: &DecideFacts,
    judgements: Vec<Judgement>,
) -> Result<DecidePlan, AssessError> {
    let Requests { by, decisions } = context.requests;
    let expected = proposals(context.requests, facts).len();
    let found = judgements.len();
    if found != expected {
        return Err(AssessError::Count { expected, found });
    }
    let mut judgements = judgements.into_iter();
    let mut items = Vec::with_capacity(decisions.len());
    for request in decisions {
        let before = stored(request, facts);
        let registered =
            before.filter(|_| facts.snapshot.estate.find(&request.collection).is_some());
        let after = WantedDecision::new(request, by, before);
        let (decision, reasons, left) =
            match (registered, registered.and_then(|_| judgements.next())) {
                (Some(before), Some(judgement)) => judged(facts, before, &after, judgement),
                _ => (Decision::Blocked, vec![not_one_row(request, facts)], vec![]),
            };
        items.push(Item {
            object: DecisionOn {
                collection: request.collection.clone(),
                before: registered.cloned(),
                after,
                left,
            },
            decision,
            reasons,
        });
    }
    let blocked = items.iter().any(|i| i.decision == Decision::Blocked);
    let columns = facts.columns.casts();
    let written = items
        .iter()
        .filter(|i| !blocked && i.decision == Decision::Absent);
    let statements = written
        .map(|item| DecideStatement::WriteDecision {
            registry: facts.registry.name.clone(),
            columns: columns.clone(),
            collection: item.object.collection.clone(),
            decision: item.object.after.clone(),
        })
        .collect();
    Ok(DecidePlan {
        database: context.database.clone(),
        registry: facts.registry.clone(),
        columns: facts.columns.clone(),
        revision: context.revision.clone(),
        requests: context.requests.clone(),
        items,
        statements,
    })
}

/// A collection that no decision can be stored for.
fn not_one_row(request: &Request, facts: &DecideFacts) -> Reason {
    let key = &request.collection;
    match facts.rows.get(key).map_or(0, Vec::len) {
        0 => finding(
            "COLLECTION_UNKNOWN",
            format!("the registry has no collection {key:?}; a key is written letter for letter"),
        ),
        rows => finding(
            "COLLECTION_REGISTERED_TWICE",
            format!("{rows} rows of the registry have the key {key:?}"),
        ),
    }
}

fn judged(
    facts: &DecideFacts,
    before: &StoredDecision,
    after: &WantedDecision,
    judgement: Judgement,
) -> (Decision, Vec<Reason>, Vec<Reason>) {
    let Judgement {
        decision,
        collection,
    } = judgement;
    let governed = decision.status != NOT_GOVERNED;
    let mut reasons = decision.reasons;
    reasons.extend((!governed).then(|| Reason {
        code: "NOT_GOVERNED".to_owned(),
        severity: Severity::Warning,
        message:
            "the policy does not govern the collection, so nothing goes by the decision".to_owned(),
        weight: 0,
    }));
    let too_long = after.too_long(&facts.columns).into_iter();
    reasons.extend(too_long.map(|(column, max)| {
        let message = format!("the column {column} holds at most {max} characters");
        finding("VALUE_TOO_LONG", message)
    }));
    let found = |reasons: &[Reason]| reasons.iter().any(|r| r.severity == Severity::Finding);
    if decision.status == GAPS && !found(&reasons) {
        let message = "the policy has something against the decision, and does not say what";
        reasons.push(finding("DECISION_REFUSED", message.to_owned()));
    }
    if found(&reasons) {
        return (Decision::Blocked, reasons, vec![]);
    }
    let is_new = |reason: &Reason| !reasons.iter().any(|r| r.code == reason.code);
    let left = collection
        .reasons
        .into_iter()
        .filter(|reason| reason.severity != Severity::Note && is_new(reason))
        .collect();
    let word = if before.says(after) {
        Decision::Exists
    } else {
        Decision::Absent
    };
    (word, reasons, left)
}
