//! What a comparison comes to.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::digest::{Digest, DigestBuilder};
use crate::facts::describe::Subject;
use crate::op::{Decision, Revision};
use crate::policy::Role;
use crate::policy::coverage::{CoverageStatus, ScopeStatus};
use crate::policy::set::PolicySet;
use crate::policy::settings::SettingValue;
use crate::policy::verdict::{Answer, Reason, Severity};

/// What of a verdict is another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// The status.
    Status,
    /// The scope.
    Scope,
    /// Which findings there are: for coverage, which conditions fail.
    Findings,
    /// The score.
    Score,
    /// The reasons, or their words.
    Reasons,
}

impl What {
    /// For people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Scope => "scope",
            Self::Findings => "findings",
            Self::Score => "score",
            Self::Reasons => "reasons",
        }
    }

    /// Whether it is the verdict itself, and not only what stands behind it.
    #[must_use]
    pub fn is_verdict(self) -> bool {
        matches!(self, Self::Status | Self::Scope | Self::Findings)
    }

    fn between(old: &Answer, new: &Answer) -> BTreeSet<Self> {
        let differs = [
            (old.status != new.status, Self::Status),
            (old.scope != new.scope, Self::Scope),
            (findings(old) != findings(new), Self::Findings),
            (old.score != new.score, Self::Score),
            (old.reasons != new.reasons, Self::Reasons),
        ];
        let found = differs.into_iter().filter(|(differs, _)| *differs);
        found.map(|(_, what)| what).collect()
    }
}

fn findings(answer: &Answer) -> BTreeSet<&str> {
    let findings = answer.reasons.iter();
    let findings = findings.filter(|reason| reason.severity == Severity::Finding);
    findings.map(|reason| reason.code.as_str()).collect()
}

/// An answer, with its numbers in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answered {
    /// The status.
    pub status: &'static str,
    /// The scope, of roles that have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<&'static str>,
    /// The score.
    pub score: i32,
    /// Why.
    pub reasons: Vec<Reason>,
}

impl Answered {
    /// In the words of a role.
    #[must_use]
    pub fn of(role: Role, answer: Answer) -> Self {
        let (status, scope) = match role {
            Role::Classification => (
                CoverageStatus::from_number(answer.status).map(CoverageStatus::word),
                ScopeStatus::from_number(answer.scope).map(ScopeStatus::word),
            ),
            Role::Conflict => (
                Decision::from_status(answer.status).map(Decision::word),
                None,
            ),
            Role::Coverage => (
                ["NOT_GOVERNED", "COVERED", "GAPS"]
                    .get(usize::from(answer.status))
                    .copied(),
                None,
            ),
        };
        Self {
            // Answers are checked against the vocabulary before.
            status: status.unwrap_or("UNKNOWN"),
            scope,
            score: answer.score,
            reasons: answer.reasons,
        }
    }

    /// Status and scope, as one class that verdicts fall into.
    #[must_use]
    pub fn class(&self) -> String {
        match self.scope {
            Some(scope) => format!("{}, {scope}", self.status),
            None => self.status.to_owned(),
        }
    }
}

/// One verdict that is another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The role that was asked.
    pub role: Role,
    /// What it is about: `collection`, `column`, `check` or `trigger`.
    pub subject: &'static str,
    /// Its key, or its name.
    pub key: String,
    /// Its governance role as stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub governance_role: Option<String>,
    /// What of it is another.
    pub what: BTreeSet<What>,
    /// What the old set says.
    pub old: Answered,
    /// What the new set says.
    pub new: Answered,
}

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
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests state what they expect")]
    use super::*;

    fn set(roles: &[(&str, &str)]) -> PolicySet {
        let mut text = "format = 1\nname = \"p\"\nrevision = 1\nwit = \"0.1.0\"\n".to_owned();
        for (role, settings) in roles {
            let pin = Digest::of(role.as_bytes());
            text += &format!(
                "[plugin.{role}]\nfile = \"x.wasm\"\nsha256 = \"{pin}\"\n[plugin.{role}.settings]\n{settings}\n"
            );
        }
        PolicySet::parse(&text).unwrap()
    }

    fn gap(code: &str) -> Answer {
        Answer {
            status: 2,
            scope: 0,
            score: 0,
            reasons: vec![Reason {
                code: code.to_owned(),
                severity: Severity::Finding,
                message: "m".to_owned(),
                weight: 0,
            }],
        }
    }

    fn subject(key: &str) -> Subject<'_> {
        Subject {
            kind: "collection",
            key,
            role: Some("governed"),
        }
    }

    #[test]
    fn roles_and_settings_are_told_apart() {
        let old = set(&[("conflict", "a = 1\nb = 2"), ("classification", "")]);
        let new = set(&[("conflict", "a = 1\nc = 2"), ("coverage", "")]);
        let diff = PolicyDiff::new(&old, &new, |_| true);
        assert_eq!(diff.only_old, [Role::Classification].into());
        assert_eq!(diff.only_new, [Role::Coverage].into());
        assert!(!diff.is_same());
        let conflict = &diff.roles[&Role::Conflict];
        assert_eq!(conflict.compared, Compared::Asked);
        let keys: Vec<&str> = conflict.settings.iter().map(|s| s.key.as_str()).collect();
        assert_eq!(keys, ["b", "c"]);
        let same = PolicyDiff::new(&old, &old, |role| role == Role::Conflict);
        assert_eq!(same.roles[&Role::Conflict].compared, Compared::Identical);
        assert_eq!(same.roles.len(), 1);
        assert!(same.is_same());
    }

    #[test]
    fn changes_are_counted_by_class_and_role_and_are_in_the_digest() {
        let (old, new) = (set(&[("coverage", "a = 1")]), set(&[("coverage", "a = 2")]));
        let facts = Digest::of(b"facts");
        let empty = PolicyDiff::new(&old, &new, |_| true);
        let mut diff = empty.clone();
        diff.add_subjects(Role::Coverage, 3);
        let covered = Answer {
            status: 1,
            reasons: vec![],
            ..gap("A")
        };
        diff.add(Role::Coverage, subject("x"), covered, gap("A"));
        diff.add(Role::Coverage, subject("y"), gap("A"), gap("B"));
        let mut reworded = gap("A");
        reworded.reasons[0].message = "n".to_owned();
        diff.add(Role::Coverage, subject("z"), gap("A"), reworded);
        let role = &diff.roles[&Role::Coverage];
        assert_eq!(
            (role.subjects, role.verdicts_changed, role.reasons_changed),
            (3, 2, 1)
        );
        assert_eq!(role.moves["COVERED"]["GAPS"]["governed"], 1);
        assert_eq!(role.moves["GAPS"]["GAPS"]["governed"], 1);
        let counts = role.findings["A"];
        assert_eq!((counts.appears, counts.disappears), (1, 1));
        assert_eq!(role.findings["B"].appears, 1);
        let digests = [
            empty.digest(facts),
            diff.digest(facts),
            diff.digest(Digest::of(b"others")),
        ];
        assert!(digests[0] != digests[1] && digests[1] != digests[2]);
        assert_eq!(diff.clone().digest(facts), digests[1]);
    }
}
