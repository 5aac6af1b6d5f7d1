//! What a comparison comes to.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::verdict::{Answered, Change, What};
use crate::digest::{Digest, DigestBuilder};
use crate::facts::describe::Subject;
use crate::op::Revision;
use crate::policy::Role;
use crate::policy::set::PolicySet;
use crate::policy::settings::SettingValue;
use crate::policy::verdict::{Answer, Severity};

/// Whether a role's verdicts were compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Compared {
    /// Both sets were asked about every subject.
    Asked,
    /// The component and the settings are the same, so every answer is: a
    /// component has nothing else to go by.
    Identical,
}

/// Which component a role has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PluginChange {
    /// In the old set.
    pub old: Digest,
    /// In the new set.
    pub new: Digest,
}

/// A setting that is another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SettingChange {
    /// Its dotted key.
    pub key: String,
    /// In the old set; none where it is not set there.
    pub old: Option<SettingValue>,
    /// In the new set.
    pub new: Option<SettingValue>,
}

/// How often a finding came and went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct FindingCounts {
    /// Subjects that only the new set finds it of.
    pub appears: u64,
    /// Subjects that only the old set finds it of.
    pub disappears: u64,
}

/// What a role comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoleDiff {
    /// Whether it was compared.
    pub compared: Compared,
    /// The component, where it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin: Option<PluginChange>,
    /// The settings that are others.
    pub settings: Vec<SettingChange>,
    /// How many subjects there are.
    pub subjects: u64,
    /// How many of them get another verdict: status, scope or findings.
    pub verdicts_changed: u64,
    /// How many get the same verdict for other reasons, or with another score.
    pub reasons_changed: u64,
    /// How many changed in what.
    pub what: BTreeMap<What, u64>,
    /// From which class to which, by governance role.
    pub moves: BTreeMap<String, BTreeMap<String, BTreeMap<String, u64>>>,
    /// Findings that came and went, by code.
    pub findings: BTreeMap<String, FindingCounts>,
}

impl RoleDiff {
    fn of(role: Role, old: &PolicySet, new: &PolicySet) -> Option<Self> {
        let (old, new) = (old.plugins.get(&role)?, new.plugins.get(&role)?);
        let keys: BTreeSet<&String> = old.settings.keys().chain(new.settings.keys()).collect();
        let settings = keys.into_iter().filter_map(|key| {
            let (was, is) = (old.settings.get(key), new.settings.get(key));
            (was != is).then(|| SettingChange {
                key: key.clone(),
                old: was.cloned(),
                new: is.cloned(),
            })
        });
        let settings: Vec<SettingChange> = settings.collect();
        let plugin = (old.sha256 != new.sha256).then_some(PluginChange {
            old: old.sha256,
            new: new.sha256,
        });
        Some(Self {
            compared: match plugin.is_none() && settings.is_empty() {
                true => Compared::Identical,
                false => Compared::Asked,
            },
            plugin,
            settings,
            subjects: 0,
            verdicts_changed: 0,
            reasons_changed: 0,
            what: BTreeMap::new(),
            moves: BTreeMap::new(),
            findings: BTreeMap::new(),
        })
    }

    fn count(&mut self, change: &Change) {
        let is_verdict = change.what.iter().any(|what| what.is_verdict());
        self.verdicts_changed += u64::from(is_verdict);
        self.reasons_changed += u64::from(!is_verdict);
        for what in &change.what {
            *self.what.entry(*what).or_default() += 1;
        }
        if is_verdict {
            let role = change.governance_role.clone().unwrap_or_default();
            let from = self.moves.entry(change.old.class()).or_default();
            let to = from.entry(change.new.class()).or_default();
            *to.entry(role).or_default() += 1;
        }
        let codes = |answered: &Answered| -> BTreeSet<String> {
            let findings = answered.reasons.iter();
            let findings = findings.filter(|reason| reason.severity == Severity::Finding);
            findings.map(|reason| reason.code.clone()).collect()
        };
        let (old, new) = (codes(&change.old), codes(&change.new));
        for code in new.difference(&old) {
            self.findings.entry(code.clone()).or_default().appears += 1;
        }
        for code in old.difference(&new) {
            self.findings.entry(code.clone()).or_default().disappears += 1;
        }
    }
}

/// Two policy sets compared over the same facts.
#[derive(Debug, Clone, Serialize)]
pub struct PolicyDiff {
    /// The old set.
    pub old: Revision,
    /// The new set.
    pub new: Revision,
    /// Roles that both have, and what each comes to.
    pub roles: BTreeMap<Role, RoleDiff>,
    /// Roles that only the old set has: not compared.
    pub only_old: BTreeSet<Role>,
    /// Roles that only the new set has: not compared.
    pub only_new: BTreeSet<Role>,
    /// Every verdict that is another: roles in the order of their names, subjects
    /// in the order of the facts.
    pub changes: Vec<Change>,
    #[serde(skip)]
    digest: DigestBuilder,
}

impl PolicyDiff {
    /// Two sets, of which nothing is compared yet; `asks` says which roles are
    /// to be.
    #[must_use]
    pub fn new(old: &PolicySet, new: &PolicySet, asks: impl Fn(Role) -> bool) -> Self {
        let revision = |set: &PolicySet| Revision {
            name: set.name.clone(),
            revision: set.revision,
            digest: set.digest(),
        };
        let asked = || Role::ALL.into_iter().filter(|role| asks(*role));
        let roles = asked().filter_map(|role| Some((role, RoleDiff::of(role, old, new)?)));
        let only = |set: &PolicySet, other: &PolicySet| {
            let has = |set: &PolicySet, role: &Role| set.plugins.contains_key(role);
            asked()
                .filter(|role| has(set, role) && !has(other, role))
                .collect()
        };
        let (was, is) = (revision(old), revision(new));
        Self {
            digest: DigestBuilder::new("birth policy diff 1")
                .text(&was.digest.to_string())
                .text(&is.digest.to_string()),
            roles: roles.collect(),
            only_old: only(old, new),
            only_new: only(new, old),
            changes: Vec::new(),
            old: was,
            new: is,
        }
    }

    /// Whether anything is another: a verdict, a reason, or which roles there are.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.changes.is_empty() && self.only_old.is_empty() && self.only_new.is_empty()
    }

    /// Counts subjects of a role.
    pub fn add_subjects(&mut self, role: Role, subjects: usize) {
        if let Some(diff) = self.roles.get_mut(&role) {
            diff.subjects += subjects as u64;
        }
    }

    /// Adds an answer that is another.
    pub fn add(&mut self, role: Role, subject: Subject<'_>, old: Answer, new: Answer) {
        let change = Change {
            role,
            subject: subject.kind,
            key: subject.key.to_owned(),
            governance_role: subject.role.map(str::to_owned),
            what: What::between(&old, &new),
            old: Answered::of(role, old),
            new: Answered::of(role, new),
        };
        let mut digest = std::mem::take(&mut self.digest)
            .text("change")
            .text(role.name())
            .text(change.subject)
            .text(&change.key);
        digest = match &change.governance_role {
            Some(role) => digest.text("role").text(role),
            None => digest.text("no role"),
        };
        for answered in [&change.old, &change.new] {
            digest = add_answer(digest, answered);
        }
        self.digest = digest;
        if let Some(diff) = self.roles.get_mut(&role) {
            diff.count(&change);
        }
        self.changes.push(change);
    }

    /// Digest over both revisions, every change with both answers, how many
    /// subjects each role has, which roles only one set has, and the digest of the
    /// facts: the same facts and the same sets give the same digest.
    #[must_use]
    pub fn digest(&self, facts: Digest) -> Digest {
        let mut digest = self.digest.clone().text("end");
        for (role, diff) in &self.roles {
            digest = digest.text(role.name()).text(&diff.subjects.to_string());
        }
        for (word, roles) in [("only old", &self.only_old), ("only new", &self.only_new)] {
            digest = digest.text(word).text(&roles.len().to_string());
            digest = roles.iter().fold(digest, |d, role| d.text(role.name()));
        }
        digest.text(&facts.to_string()).finish()
    }
}

fn add_answer(digest: DigestBuilder, answered: &Answered) -> DigestBuilder {
    let digest = digest
        .text(answered.status)
        .text(answered.scope.unwrap_or_default())
        .text(&answered.score.to_string())
        .text(&answered.reasons.len().to_string());
    answered.reasons.iter().fold(digest, |digest, reason| {
        let severity = match reason.severity {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Finding => "finding",
        };
        digest
            .text(&reason.code)
            .text(severity)
            .text(&reason.weight.to_string())
            .text(&reason.message)
    })
}

#[cfg(test)]
mod tests;
