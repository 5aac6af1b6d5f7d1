//! Whether a policy set may be executed, and by whose leave.

use serde::Serialize;

use super::approved::{Approval, RollbackDecision};
use super::ledger::{Backing, Entry, Ledger};
use super::refusal::Refusal;
use super::set::PolicySet;
use crate::digest::Digest;

/// What is asked about a policy set, in this order: without an approval the rest
/// has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aspect {
    /// There is an entry for its digest, and it is about this set.
    Approval,
    /// Enough people signed it, where that is asked for.
    Signatures,
    /// Every approval of the set follows one of the list, and revisions go up.
    Chain,
    /// No newer revision is approved, or to go back was decided.
    Order,
}

/// One answer; none where an earlier one left nothing to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What was asked.
    pub aspect: Aspect,
    /// What was found.
    pub result: Option<Result<String, Refusal>>,
}

/// How a policy set stands to the approvals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    entry: Option<Approval>,
    backing: Option<Backing>,
    answers: Vec<Answer>,
    leave: Result<Leave, Refusal>,
}

impl Standing {
    /// Asks everything.
    #[must_use]
    pub fn of(set: &PolicySet, digest: Digest, ledger: &Ledger) -> Self {
        let entry = ledger.approved.iter().find(|e| e.said.digest == digest);
        let order = order(set, digest, ledger);
        let rollback = order.as_ref().ok().and_then(|(_, decision)| *decision);
        let approval = approval(set, digest, entry);
        let is_there = approval.is_ok();
        let answers = [
            (Aspect::Approval, Some(approval)),
            (Aspect::Signatures, entry.map(signatures)),
            (Aspect::Chain, Some(chain(set, ledger))),
            (Aspect::Order, Some(order.clone().map(|(words, _)| words))),
        ];
        let answers: Vec<Answer> = answers
            .into_iter()
            .map(|(aspect, result)| Answer {
                aspect,
                result: result.filter(|_| is_there || aspect == Aspect::Approval),
            })
            .collect();
        let mut results = answers.iter().filter_map(|a| a.result.as_ref());
        let refusal = results.find_map(|r| r.as_ref().err().cloned());
        let leave = match (refusal, entry) {
            (Some(refusal), _) => Err(refusal),
            (None, None) => Err(not_approved(set, digest)),
            (None, Some(entry)) => entry.backing.clone().map(|backing| Leave {
                approval: entry.said.clone(),
                backing,
                rollback: rollback.cloned(),
            }),
        };
        Self {
            entry: entry.map(|e| e.said.clone()),
            backing: entry
                .filter(|_| is_there)
                .and_then(|e| e.backing.clone().ok()),
            answers,
            leave,
        }
    }

    /// Every answer, in the order of the questions.
    #[must_use]
    pub fn answers(&self) -> &[Answer] {
        &self.answers
    }

    /// The entry of the set's digest, whether or not it counts.
    #[must_use]
    pub fn entry(&self) -> Option<&Approval> {
        self.entry.as_ref()
    }

    /// What stands behind its approval, be it that a newer revision is approved as
    /// well: for what compares revisions and executes none.
    #[must_use]
    pub fn backing(&self) -> Option<&Backing> {
        self.backing.as_ref()
    }

    /// By whose leave the set may be executed.
    ///
    /// # Errors
    /// The first refusal.
    pub fn leave(&self) -> Result<&Leave, &Refusal> {
        self.leave.as_ref()
    }
}

/// By whose leave a policy set is executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leave {
    /// The approval.
    pub approval: Approval,
    /// What stands behind it.
    pub backing: Backing,
    /// The decision to go back, where the revision is an older one.
    pub rollback: Option<Entry<RollbackDecision>>,
}

impl std::fmt::Display for Leave {
    /// `approved by the team, unsigned`; for headers, records and reports.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "approved by {}, {}", self.approval.by, self.backing)?;
        if let Some(back) = &self.rollback {
            write!(
                f,
                "; back from a newer revision by decision of {}",
                back.said.by
            )?;
            if let Ok(backing) = &back.backing {
                write!(f, ", {backing}")?;
            }
        }
        Ok(())
    }
}

fn not_approved(set: &PolicySet, digest: Digest) -> Refusal {
    Refusal::NotApproved {
        set: set.name.clone(),
        revision: set.revision,
        digest,
    }
}

fn approval(
    set: &PolicySet,
    digest: Digest,
    entry: Option<&Entry<Approval>>,
) -> Result<String, Refusal> {
    let Some(Entry { said, .. }) = entry else {
        return Err(not_approved(set, digest));
    };
    // Of an entry that is no statement only the digest was ever meant.
    if let Some(wit) = &said.wit {
        let words = |name: &str, revision: u32, wit: &str| {
            format!("revision {revision} of `{name}` (WIT version {wit})")
        };
        let told = words(&said.name, said.revision, wit);
        let found = words(&set.name, set.revision, &set.wit);
        if told != found {
            return Err(Refusal::AnotherSet {
                digest,
                said: told,
                found,
            });
        }
    }
    Ok(format!("approved by {} at {}", said.by, said.at))
}

fn signatures(entry: &Entry<Approval>) -> Result<String, Refusal> {
    match &entry.backing {
        Ok(Backing::Signed { by, met }) => Ok(format!("{met}: {}", by.join(", "))),
        Ok(Backing::Unsigned) => Ok(match entry.signatures.len() {
            0 => "unsigned: nobody has to sign, as no trust file is named".to_owned(),
            some => format!(
                "unsigned: no trust file is named, so nobody has to sign and its {some} signatures were not checked"
            ),
        }),
        Err(refusal) => Err(refusal.clone()),
    }
}

fn chain(set: &PolicySet, ledger: &Ledger) -> Result<String, Refusal> {
    match ledger.broken(&set.name) {
        Some(refusal) => Err(refusal),
        None => {
            let all = ledger.of(&set.name).count();
            let linked = ledger
                .of(&set.name)
                .filter(|e| e.said.wit.is_some())
                .count();
            Ok(format!(
                "{all} approvals, {linked} of them say what they follow"
            ))
        }
    }
}

type Ordered<'a> = (String, Option<&'a Entry<RollbackDecision>>);

fn order<'a>(set: &PolicySet, digest: Digest, ledger: &'a Ledger) -> Result<Ordered<'a>, Refusal> {
    if let Some(refusal) = ledger.too_low(set) {
        return Err(refusal);
    }
    let newer = ledger
        .newest(&set.name)
        .filter(|newest| newest.said.revision > set.revision);
    let Some(Entry {
        said: last,
        backing,
        ..
    }) = newer
    else {
        return Ok((
            format!("no revision above {} is approved", set.revision),
            None,
        ));
    };
    let older = |more: Option<String>| Refusal::Older {
        set: set.name.clone(),
        revision: set.revision,
        last: last.revision,
        counts: backing.is_ok(),
        more,
    };
    let mut decisions = ledger.rollbacks.iter().filter(|d| d.said.digest == digest);
    let Some(decision) = decisions.clone().find(|d| d.said.from == last.digest) else {
        let lapsed = decisions.next().map(|d| {
            format!(
                "; the decision of {} was to go back from {}, and lapsed when another revision was approved",
                d.said.by, d.said.from
            )
        });
        let lost = || backing.as_ref().err().map(|refusal| format!("; {refusal}"));
        return Err(older(lapsed.or_else(lost)));
    };
    if decision.said.name != set.name || decision.said.revision != set.revision {
        return Err(older(Some(format!(
            "; the decision of {} is about revision {} of `{}`",
            decision.said.by, decision.said.revision, decision.said.name
        ))));
    }
    match &decision.backing {
        Err(refusal) => Err(older(Some(format!("; {refusal}")))),
        Ok(backing) => Ok((
            format!(
                "older than revision {}; {} decided to go back ({backing}): {}",
                last.revision, decision.said.by, decision.said.why
            ),
            Some(decision),
        )),
    }
}

#[cfg(test)]
mod tests;
