//! What every plugin of a role must keep to, whatever its rules.

use serde::{Serialize, Serializer};

use super::facts::Facts;
use crate::policy::Role;
use crate::policy::coverage::CoverageStatus;
use crate::policy::verdict::{Answer, Reason, Severity};

/// A property.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Property {
    /// It describes itself within the rules of the boundary.
    Description,
    /// No settings are a complete policy.
    Defaults,
    /// A setting that it does not know is refused by name.
    UnknownSetting,
    /// A setting of the wrong type is refused by name.
    SettingType,
    /// Each subject of the corpus is answered once, by the role's vocabulary.
    EachOnce,
    /// No subjects, no answers.
    NoSubjects,
    /// The order of the subjects does not matter.
    Order,
    /// How subjects are cut into batches does not matter.
    Batches,
    /// The same question gets the same bytes for the same fuel.
    Repeatable,
    /// Hostile texts and numbers are judged like any others.
    Hostile,
    /// Verdicts keep to what the role means.
    Meaning,
}

impl Property {
    /// Every property, in the order in which they are tried.
    pub const ALL: [Self; 11] = [
        Self::Description,
        Self::Defaults,
        Self::UnknownSetting,
        Self::SettingType,
        Self::EachOnce,
        Self::NoSubjects,
        Self::Order,
        Self::Batches,
        Self::Repeatable,
        Self::Hostile,
        Self::Meaning,
    ];

    /// Its stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Description => "description",
            Self::Defaults => "defaults",
            Self::UnknownSetting => "unknown-setting",
            Self::SettingType => "setting-type",
            Self::EachOnce => "each-once",
            Self::NoSubjects => "no-subjects",
            Self::Order => "order",
            Self::Batches => "batches",
            Self::Repeatable => "repeatable",
            Self::Hostile => "hostile",
            Self::Meaning => "meaning",
        }
    }
}

impl Serialize for Property {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// The first answer that contradicts what the role means, in words. The host
/// refuses a plan over such a verdict, or could not tell people what it is
/// about.
#[must_use]
pub fn contradiction(facts: &Facts, answers: &[Answer]) -> Option<String> {
    let names = facts.names();
    let mut subjects = names.iter().zip(answers).enumerate();
    subjects.find_map(|(subject, (name, answer))| {
        let problem = match facts.role() {
            Role::Classification => classification(answer),
            Role::Conflict => conflict(facts, subject, answer),
            Role::Coverage => coverage(answer),
        };
        problem.map(|problem| format!("{name:?}: {problem}"))
    })
}

/// A class is disputed by its reasons.
fn classification(answer: &Answer) -> Option<String> {
    let word = CoverageStatus::from_number(answer.status).map_or("?", CoverageStatus::word);
    (answer.reasons.is_empty()).then(|| format!("{word} without any reason"))
}

/// What the host's own guards look at, see `op/storage/assess.rs`.
fn conflict(facts: &Facts, subject: usize, answer: &Answer) -> Option<String> {
    let Facts::Conflict(facts) = facts else {
        return None;
    };
    let (place, relation) = facts.place(subject)?;
    let relations = facts.relations();
    let kind = relations.get(relation as usize).map(|r| r.kind.0);
    let is_finding = |reason: &Reason| reason.severity == Severity::Finding;
    let problem = match answer.status {
        0 if !kind.is_some_and(|kind| kind.is_physical()) => "ABSENT on what is not a table",
        0 if place.held => "ABSENT, but something holds the name",
        1 if !place.live => "ALREADY_EXISTS_OK, but nothing is there",
        2 if !answer.reasons.iter().any(is_finding) => {
            "BLOCKED_EXISTING_CONFLICT without a reason of severity finding"
        }
        _ => return None,
    };
    Some(problem.to_owned())
}

/// A gap is a reason of severity finding; its fingerprint is made from the
/// collection's key and the reason's code.
fn coverage(answer: &Answer) -> Option<String> {
    let findings = answer.reasons.iter();
    let findings = findings.filter(|reason| reason.severity == Severity::Finding);
    let mut codes: Vec<&str> = findings.map(|reason| reason.code.as_str()).collect();
    let found = codes.len();
    codes.sort_unstable();
    codes.dedup();
    if codes.len() < found {
        return Some("the same finding twice".to_owned());
    }
    match (answer.status == 2, codes.is_empty()) {
        (true, true) => Some("GAPS without a reason of severity finding".to_owned()),
        (false, false) => Some(format!("the finding {} without GAPS", codes[0])),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
