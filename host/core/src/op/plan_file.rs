//! The file form of a plan, shared by the operations: a version, the
//! operation, a digest of the content, and the statements as text for people;
//! and how two plans are compared.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{DatabaseIdentity, Described, Item, Revision};
use crate::digest::{Digest, DigestBuilder};
use crate::resolve::Relation;
use crate::sql::Statement;

/// Why a saved plan cannot be used.
#[derive(Debug, Error)]
pub enum PlanFileError {
    /// Not JSON, or not of this form.
    #[error("the plan file is damaged or not a plan: {0}")]
    Syntax(#[from] serde_json::Error),
    /// Written by a newer host.
    #[error("the plan file has format {found}; this host reads up to {known}: upgrade the host")]
    Newer {
        /// The format that was found.
        found: u32,
        /// The newest this host reads.
        known: u32,
    },
    /// A plan for something else.
    #[error("the plan file is for the operation `{found}`, not `{wanted}`")]
    Operation {
        /// What it is for.
        found: String,
        /// What it was read for.
        wanted: &'static str,
    },
    /// Changed after it was written.
    #[error(
        "the plan file is damaged: its content does not match its digest {0}; make the plan again"
    )]
    Damaged(Digest),
}

#[derive(Serialize)]
struct Saved<'a, P> {
    format: u32,
    operation: &'a str,
    /// Digest of `plan`, so that a damaged file is noticed.
    digest: Digest,
    /// The statements as text, for people. Never executed from here.
    compiled_sql: Vec<String>,
    plan: &'a P,
}

#[derive(Deserialize)]
struct Loaded<P> {
    digest: Digest,
    compiled_sql: Vec<String>,
    plan: P,
}

#[derive(Deserialize)]
struct Head {
    format: u32,
    operation: String,
}

/// The statements as text.
pub fn compiled(statements: &[impl Statement]) -> Vec<String> {
    statements.iter().map(Statement::preview).collect()
}

/// A plan that can be saved, executed from its file, and compared with one made
/// now.
pub trait SavedPlan: Serialize + DeserializeOwned + Clone {
    /// The operation's name in the file.
    const OPERATION: &'static str;
    /// The format version of the file.
    const FORMAT: u32;
    /// What it may execute.
    type Statement: Statement;

    /// What will run, in order.
    fn statements(&self) -> &[Self::Statement];
    /// The database it was made on.
    fn database_mut(&mut self) -> &mut DatabaseIdentity;
    /// Takes out what people are told and what changes nothing that will run.
    fn forget_asides(&mut self) {}

    /// Digest of the plan: the same facts, verdicts, revision and database give
    /// the same. The timeline and the database's name are left out: a failover
    /// and a rename change nothing that was planned (see
    /// [`DatabaseIdentity::is_same_database`]).
    fn digest(&self) -> Result<Digest, serde_json::Error> {
        let mut plan = self.clone();
        let database = plan.database_mut();
        database.timeline = 0;
        database.database.clear();
        plan.forget_asides();
        let body = serde_json::to_vec(&plan)?;
        let domain = format!("birth {} plan {}", Self::OPERATION, Self::FORMAT);
        Ok(DigestBuilder::new(&domain).bytes(&body).finish())
    }

    /// The file form.
    fn to_file(&self) -> Result<String, serde_json::Error> {
        let saved = Saved {
            format: Self::FORMAT,
            operation: Self::OPERATION,
            digest: self.digest()?,
            compiled_sql: compiled(self.statements()),
            plan: self,
        };
        Ok(serde_json::to_string_pretty(&saved)? + "\n")
    }

    /// Reads the file form.
    fn from_file(text: &str) -> Result<Self, PlanFileError> {
        let head: Head = serde_json::from_str(text)?;
        if head.format > Self::FORMAT {
            let (found, known) = (head.format, Self::FORMAT);
            return Err(PlanFileError::Newer { found, known });
        }
        if head.operation != Self::OPERATION {
            let (found, wanted) = (head.operation, Self::OPERATION);
            return Err(PlanFileError::Operation { found, wanted });
        }
        let loaded: Loaded<Self> = serde_json::from_str(text)?;
        let intact = loaded.plan.digest()? == loaded.digest
            && compiled(loaded.plan.statements()) == loaded.compiled_sql;
        if intact {
            Ok(loaded.plan)
        } else {
            Err(PlanFileError::Damaged(loaded.digest))
        }
    }
}

/// What differs between two revisions, for people.
pub(super) fn revision_drift(was: &Revision, now: &Revision) -> Option<String> {
    (was != now).then(|| {
        format!(
            "policy: {} revision {} ({}) is now {} revision {} ({})",
            was.name,
            was.revision,
            was.digest.short(),
            now.name,
            now.revision,
            now.digest.short()
        )
    })
}

/// What differs between two looks at the registry, for people.
pub(super) fn registry_drift(was: &Relation, now: &Relation) -> Option<String> {
    (was != now).then(|| {
        format!(
            "registry: {} (oid {}, {}) is now {} (oid {}, {})",
            was.name,
            was.oid,
            was.kind.describe(),
            now.name,
            now.oid,
            now.kind.describe()
        )
    })
}

/// What differs between the decisions of two plans, for people.
pub(super) fn items_drift<O: Described + PartialEq>(
    was: &[Item<O>],
    now: &[Item<O>],
) -> Vec<String> {
    let mut out = Vec::new();
    for item in was {
        let (kind, name) = (item.object.kind(), item.object.title());
        match now.iter().find(|i| i.object == item.object) {
            None => out.push(format!("{kind} {name}: no longer proposed")),
            Some(i) if i.decision != item.decision => out.push(format!(
                "{kind} {name}: {} is now {}",
                item.decision.word(),
                i.decision.word()
            )),
            Some(i) if i.reasons != item.reasons => {
                out.push(format!("{kind} {name}: the reasons changed"));
            }
            Some(_) => {}
        }
    }
    for item in now {
        if !was.iter().any(|i| i.object == item.object) {
            let (kind, name) = (item.object.kind(), item.object.title());
            out.push(format!("{kind} {name}: newly proposed"));
        }
    }
    out
}

/// Keys whose values differ, in order; a key that only one side has differs.
pub(super) fn changed<'a, V: PartialEq>(
    was: &'a BTreeMap<String, V>,
    now: &'a BTreeMap<String, V>,
) -> impl Iterator<Item = &'a String> {
    let keys: BTreeSet<&String> = was.keys().chain(now.keys()).collect();
    keys.into_iter().filter(|k| was.get(*k) != now.get(*k))
}
