//! What a policy set says otherwise than another one: every subject of the facts
//! is put to both. Writes nothing.

use std::collections::BTreeMap;

use birth_core::digest::Digest;
use birth_core::outcome::FailureClass;
use birth_core::policy::Role;
use birth_core::policy::diff::{Compared, Kinds, PolicyDiff, Side, differing};
use serde::Serialize;

use super::Access;
use super::facts::{FactsEnd, FactsFile, FactsHead, LiveFacts, Sink};
use super::failure::Failure;
use super::replay::Question;
use crate::plugin::call::Batch;
use crate::plugin::set::PolicyRuntime;

/// A comparison under way.
#[derive(Debug)]
pub struct Comparison<'a> {
    old: &'a PolicyRuntime,
    new: &'a PolicyRuntime,
    /// The reasons of one plugin among those of the other, of roles that were met.
    kinds: BTreeMap<Role, Kinds>,
    birth_triggers: usize,
    diff: PolicyDiff,
}

/// Two policy sets compared over the facts of one estate.
#[derive(Debug, Serialize)]
pub struct Difference {
    /// Where the facts are from.
    pub facts: FactsHead,
    /// Digest over the facts.
    pub facts_digest: Digest,
    /// How many of the objects that the conflict role was asked about are birth
    /// triggers; none where that role is not compared.
    pub birth_triggers: Option<usize>,
    /// What came out.
    #[serde(flatten)]
    pub diff: PolicyDiff,
    /// Digest over what came out and the facts: what an approval can name.
    pub digest: Digest,
}

/// Where facts are from.
#[derive(Debug)]
pub enum Source<'a> {
    /// A file.
    File(FactsFile),
    /// A live database.
    Live(&'a Access, LiveFacts),
}

impl<'a> Comparison<'a> {
    /// Two sets, and the roles to compare where both have them.
    ///
    /// # Errors
    /// `NO_COMMON_ROLE` where there is nothing to compare.
    pub fn new(
        old: &'a PolicyRuntime,
        new: &'a PolicyRuntime,
        roles: impl Fn(Role) -> bool,
    ) -> Result<Self, Failure> {
        let diff = PolicyDiff::new(old.set(), new.set(), roles);
        if diff.roles.is_empty() {
            return Err(no_common_role(old, new));
        }
        Ok(Self {
            old,
            new,
            kinds: BTreeMap::new(),
            birth_triggers: 0,
            diff,
        })
    }

    /// The roles that are compared.
    pub fn roles(&self) -> impl Iterator<Item = Role> {
        self.diff.roles.keys().copied()
    }

    /// Puts a batch to both sets. Facts of a role that is not compared are passed
    /// over.
    pub fn judge(&mut self, question: &Question) -> Result<(), Failure> {
        let role = question.role();
        let Some(compared) = self.diff.roles.get(&role).map(|role| role.compared) else {
            return Ok(());
        };
        self.diff.add_subjects(role, question.subjects());
        if let Question::Conflict(facts) = question {
            self.birth_triggers += facts.triggers.name.len();
        }
        if compared == Compared::Identical {
            return Ok(());
        }
        let batch = Batch::from(question);
        let (old, new) = (self.old, self.new);
        let answers = [old, new].map(|policy| policy.judge_unworded(role, batch));
        let [was, is] = answers;
        let (was, is) = (was?, is?);
        let descriptions = (old.plugin(role)?.describe()?, new.plugin(role)?.describe()?);
        let kinds = self
            .kinds
            .entry(role)
            .or_insert_with(|| Kinds::between(descriptions.0, descriptions.1));
        let sides = (
            Side {
                raw: &was.raw,
                places: &was.places,
                description: descriptions.0,
            },
            Side {
                raw: &is.raw,
                places: &is.places,
                description: descriptions.1,
            },
        );
        let found = differing(kinds, sides.0, sides.1, batch.text()).map_err(|error| {
            // Both answers were checked.
            Failure::new(
                FailureClass::Internal,
                "ANSWERS_DO_NOT_FIT",
                error.to_string(),
            )
        })?;
        for (subject, was, is) in found {
            if let Some(subject) = question.subject(subject) {
                self.diff.add(role, subject, was, is);
            }
        }
        Ok(())
    }

    /// What came out of the batches until now.
    #[must_use]
    pub fn so_far(&self) -> &PolicyDiff {
        &self.diff
    }

    /// What came out.
    #[must_use]
    pub fn end(self, facts: FactsHead, end: &FactsEnd) -> Difference {
        let asked = self.diff.roles.contains_key(&Role::Conflict);
        Difference {
            digest: self.diff.digest(end.digest),
            facts_digest: end.digest,
            birth_triggers: asked.then_some(self.birth_triggers),
            facts,
            diff: self.diff,
        }
    }
}

impl Sink for Comparison<'_> {
    fn head(&mut self, head: &FactsHead, _line: &[u8]) -> Result<(), Failure> {
        // A role without facts is not one without changes.
        let missing: Vec<&str> = self
            .roles()
            .filter(|role| !head.roles.contains(role))
            .map(Role::name)
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(Failure::new(
            FailureClass::Configuration,
            "FACTS_WITHOUT_ROLE",
            format!(
                "the facts hold nothing for the roles: {}",
                missing.join(", ")
            ),
        )
        .with_hint("export facts of these roles, or name the roles to compare with --role"))
    }

    fn batch(&mut self, question: Question, _line: &[u8]) -> Result<(), Failure> {
        self.judge(&question)
    }
}

/// Compares two policy sets over all facts of a source.
pub async fn compare(
    mut comparison: Comparison<'_>,
    source: Source<'_>,
    tell: &dyn Fn(&str),
) -> Result<Difference, Failure> {
    let (head, end) = match source {
        Source::File(file) => file.read(&mut comparison)?,
        Source::Live(access, facts) => facts.read(access, None, &mut comparison, tell).await?,
    };
    Ok(comparison.end(head, &end))
}

fn no_common_role(old: &PolicyRuntime, new: &PolicyRuntime) -> Failure {
    let roles = |policy: &PolicyRuntime| {
        let roles: Vec<&str> = policy
            .set()
            .plugins
            .keys()
            .map(|role| role.name())
            .collect();
        roles.join(", ")
    };
    let (was, is) = (old.set(), new.set());
    Failure::new(
        FailureClass::Configuration,
        "NO_COMMON_ROLE",
        format!(
            "{} revision {} has the roles {}, {} revision {} has {}: none of those to compare is in both",
            was.name,
            was.revision,
            roles(old),
            is.name,
            is.revision,
            roles(new)
        ),
    )
    .with_hint("name roles that both sets have with --role, or other sets")
}
