//! The approvals of a file, judged: who signed what, whether that is enough, and
//! whether each follows one that stands before it.
//!
//! Whether a signature is good is found out elsewhere; here it is counted.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use super::approved::{Approval, Approvals, RollbackDecision, Signature};
use super::refusal::Refusal;
use super::set::PolicySet;
use super::trust::{Requirement, Trust};

/// What was found out about a signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Finding {
    /// It fits the statement, and the key is an allowed signer's.
    Good {
        /// Fingerprint of the key.
        key: String,
    },
    /// It is good, and the person or the key is counted already.
    Repeated {
        /// Fingerprint of the key.
        key: String,
    },
    /// It does not count.
    Bad {
        /// Why.
        why: String,
    },
    /// No trust file is named, so nobody looked.
    NotChecked,
}

/// A signature and what was found out about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Who says to have signed.
    pub by: String,
    /// What was found out.
    #[serde(flatten)]
    pub finding: Finding,
}

/// What stands behind an entry that counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Backing {
    /// The entry itself: whoever may change the file may approve.
    Unsigned,
    /// Signatures that reach the threshold of the trust file.
    Signed {
        /// By whom.
        by: Vec<String>,
        /// What was asked for, and how far it is met.
        met: String,
    },
}

impl Backing {
    /// Whether signatures stand behind it.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        matches!(self, Self::Signed { .. })
    }
}

impl fmt::Display for Backing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned => f.write_str("unsigned"),
            Self::Signed { by, .. } => write!(f, "signed by {}", by.join(" and ")),
        }
    }
}

/// An entry of the file, judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<T> {
    /// As it stands in the file.
    pub said: T,
    /// Its signatures, in the order of the file.
    pub signatures: Vec<Checked>,
    /// What stands behind it, or why it does not count.
    pub backing: Result<Backing, Refusal>,
}

/// The approvals of a file, judged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ledger {
    /// The approvals, oldest first.
    pub approved: Vec<Entry<Approval>>,
    /// The decisions to go back.
    pub rollbacks: Vec<Entry<RollbackDecision>>,
    /// What the operator trusts; none where no trust file is named.
    pub trust: Option<Trust>,
}

impl Ledger {
    /// Without a trust file: every entry counts, and none is signed.
    #[must_use]
    pub fn unsigned(approvals: Approvals) -> Self {
        fn entry<T>(said: T, signatures: &[Signature]) -> Entry<T> {
            let checked = |s: &Signature| Checked {
                by: s.by.clone(),
                finding: Finding::NotChecked,
            };
            Entry {
                signatures: signatures.iter().map(checked).collect(),
                said,
                backing: Ok(Backing::Unsigned),
            }
        }
        let approved = approvals.approved.into_iter();
        let rollbacks = approvals.rollbacks.into_iter();
        Self {
            approved: approved.map(|a| entry(a.clone(), &a.signatures)).collect(),
            rollbacks: rollbacks.map(|r| entry(r.clone(), &r.signatures)).collect(),
            trust: None,
        }
    }

    /// With a trust file: an entry counts whose signatures reach the threshold.
    /// `check` finds out about one signature over a statement.
    #[must_use]
    pub fn signed(
        approvals: Approvals,
        trust: Trust,
        check: &dyn Fn(&Signature, &Said<'_>) -> Finding,
    ) -> Self {
        let approved = approvals.approved.into_iter().map(|said| {
            let what = format!(
                "the approval of revision {} of `{}`",
                said.revision, said.name
            );
            let checked = match said.statement() {
                None => vec![],
                Some(text) => {
                    let about = Said::Approval(&said, &text);
                    counted(&said.signatures, &|s| check(s, &about))
                }
            };
            let backing = backing(&what, &checked, &trust, &trust.approve);
            Entry {
                said,
                signatures: checked,
                backing,
            }
        });
        let approved = approved.collect();
        let rollbacks = approvals.rollbacks.into_iter().map(|said| {
            let what = format!(
                "the decision to go back to revision {} of `{}`",
                said.revision, said.name
            );
            let text = said.statement();
            let about = Said::Rollback(&said, &text);
            let checked = counted(&said.signatures, &|s| check(s, &about));
            let backing = match &trust.rollback {
                Some(needed) => backing(&what, &checked, &trust, needed),
                None => Err(Refusal::Threshold {
                    what,
                    counted: "[require] of the trust file has no `rollback`, so nobody may"
                        .to_owned(),
                    rejected: vec![],
                }),
            };
            Entry {
                said,
                signatures: checked,
                backing,
            }
        });
        let rollbacks = rollbacks.collect();
        Self {
            approved,
            rollbacks,
            trust: Some(trust),
        }
    }

    /// The entries of a policy set of this name, oldest first.
    pub fn of<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Entry<Approval>> + use<'a> {
        let name = name.to_owned();
        self.approved.iter().filter(move |e| e.said.name == name)
    }

    /// The highest revision of a policy set that was approved: an older one has to
    /// answer to it.
    ///
    /// Also one whose approval does not count any more. Otherwise somebody who
    /// leaves, or a letter that changes, would bring back what it replaced. One that
    /// not enough people have signed yet decides nothing.
    #[must_use]
    pub fn newest(&self, name: &str) -> Option<&Entry<Approval>> {
        let approved = self.of(name).filter(|e| self.was_approved(e));
        approved.max_by_key(|e| e.said.revision)
    }

    /// Whether an approval counts, or would if those of its signatures did that do
    /// not. One that is no statement was approved before there were signatures.
    #[must_use]
    pub fn was_approved(&self, entry: &Entry<Approval>) -> bool {
        let counts = entry.backing.is_ok() || entry.said.wit.is_none();
        let Some(trust) = self.trust.as_ref().filter(|_| !counts) else {
            return true;
        };
        let people: BTreeSet<&str> = entry.signatures.iter().map(|s| s.by.as_str()).collect();
        let is_good = |s: &Checked| matches!(s.finding, Finding::Good { .. });
        let good: BTreeSet<&str> = entry
            .signatures
            .iter()
            .filter(|s| is_good(s))
            .map(|s| s.by.as_str())
            .collect();
        // Who has none of the roles today may have had any of them.
        let strangers = people
            .iter()
            .filter(|who| !trust.has_any(&trust.approve, who))
            .count();
        let would = trust
            .met(&trust.approve, &people)
            .all(|met| met.would_be_enough(strangers));
        would && (strangers > 0 || good.len() < people.len())
    }

    /// Why the chain is broken at an entry: it follows one that is not there, or its
    /// revision is not above all before it. One that is no statement says nothing of
    /// what came before, and is not asked.
    ///
    /// What only began may stand between the two, and nothing here depends on who is
    /// trusted today: a list that was whole stays so.
    #[must_use]
    pub fn link(&self, at: usize) -> Option<Refusal> {
        let said = &self.approved.get(at)?.said;
        said.wit.as_ref()?;
        let earlier = self.approved.get(..at)?.iter().map(|e| &e.said);
        let mut earlier = earlier.filter(|a| a.name == said.name);
        let not_above = earlier.clone().find(|a| a.revision >= said.revision);
        let named = said
            .previous
            .map(|digest| earlier.any(|a| a.digest == digest));
        let why = match (not_above, named) {
            (Some(other), _) if other.revision == said.revision => format!(
                "revision {} stands before it already, with the digest {}: take out the one that is not meant",
                other.revision, other.digest
            ),
            (Some(other), _) => format!(
                "it stands after revision {}, and a revision has to be higher than those before it",
                other.revision
            ),
            (None, Some(false)) => format!(
                "it says it follows {}, which is not in the list before it",
                said.previous.map_or_else(String::new, |d| d.to_string())
            ),
            (None, None | Some(true)) => return None,
        };
        Some(Refusal::Chain {
            set: said.name.clone(),
            revision: said.revision,
            why,
        })
    }

    /// Why a policy set is below what the operator allows.
    #[must_use]
    pub fn too_low(&self, set: &PolicySet) -> Option<Refusal> {
        let lowest = *self.trust.as_ref()?.lowest.get(&set.name)?;
        (set.revision < lowest).then(|| Refusal::TooLow {
            set: set.name.clone(),
            revision: set.revision,
            lowest,
        })
    }

    /// The first break in the chain of a policy set.
    #[must_use]
    pub fn broken(&self, name: &str) -> Option<Refusal> {
        let of_name = |at: &usize| self.approved.get(*at).is_some_and(|e| e.said.name == name);
        let mut places = (0..self.approved.len()).filter(of_name);
        places.find_map(|at| self.link(at))
    }
}

/// What a signature is over.
#[derive(Debug, Clone, Copy)]
pub enum Said<'a> {
    /// An approval and its statement.
    Approval(&'a Approval, &'a str),
    /// A decision to go back and its statement.
    Rollback(&'a RollbackDecision, &'a str),
}

impl Said<'_> {
    /// The bytes that were signed.
    #[must_use]
    pub fn statement(&self) -> &str {
        match self {
            Self::Approval(_, text) | Self::Rollback(_, text) => text,
        }
    }
}

/// Each signature once for a person and once for a key: neither two keys of one
/// person nor one key under two names make two people.
#[must_use]
pub fn counted(signatures: &[Signature], check: &dyn Fn(&Signature) -> Finding) -> Vec<Checked> {
    let (mut people, mut keys) = (BTreeSet::new(), BTreeSet::new());
    let once = |signature: &Signature| {
        let finding = match check(signature) {
            Finding::Good { key } => {
                let new = !people.contains(&signature.by) && !keys.contains(&key);
                if new {
                    people.insert(signature.by.clone());
                    keys.insert(key.clone());
                    Finding::Good { key }
                } else {
                    Finding::Repeated { key }
                }
            }
            other => other,
        };
        Checked {
            by: signature.by.clone(),
            finding,
        }
    };
    signatures.iter().map(once).collect()
}

fn backing(
    what: &str,
    checked: &[Checked],
    trust: &Trust,
    needed: &Requirement,
) -> Result<Backing, Refusal> {
    let good = |c: &&Checked| matches!(c.finding, Finding::Good { .. });
    let people: BTreeSet<&str> = checked.iter().filter(good).map(|c| c.by.as_str()).collect();
    let met: Vec<_> = trust.met(needed, &people).collect();
    let words: Vec<String> = met.iter().map(ToString::to_string).collect();
    let words = words.join(", ");
    if met.iter().all(|m| m.is_enough()) {
        return Ok(Backing::Signed {
            by: people.into_iter().map(str::to_owned).collect(),
            met: words,
        });
    }
    if checked.is_empty() {
        let needed: Vec<String> = needed
            .iter()
            .map(|(role, n)| format!("{n} {role}"))
            .collect();
        return Err(Refusal::Unsigned {
            what: what.to_owned(),
            needed: needed.join(" and "),
        });
    }
    let rejected = checked.iter().filter_map(|c| match &c.finding {
        Finding::Good { .. } | Finding::NotChecked => None,
        Finding::Repeated { .. } => Some(format!(
            "{}: signed already, as a person or with the same key",
            c.by
        )),
        Finding::Bad { why } => Some(format!("{}: {why}", c.by)),
    });
    Err(Refusal::Threshold {
        what: what.to_owned(),
        counted: words,
        rejected: rejected.collect(),
    })
}
