//! The onboarding gate (B3-F): a queue, a function and two triggers that record
//! what happens to the registry. They record and do nothing else: a worker reads
//! the queue, and whatever goes wrong here never fails the user's statement.

pub mod assess;
pub mod facts;
pub mod plan;
pub mod report;
pub mod statement;
pub mod undo;
pub mod verify;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::ident::{Identifier, IdentifierError, QualifiedName};
use crate::profile::Naming;

/// The advisory lock key, in the manner of the spec's (B3-P, B3-A).
pub const LOCK_KEY: &str = "p3d_birth_b3f_onboarding_gate";

/// The stem of a run's id.
pub const RUN_STEM: &str = "p3d-birth-b3f-gate";

/// Why an event was recorded: the queue's column `cause`.
pub mod cause {
    /// A row was inserted into the registry.
    pub const INSERT: &str = "INSERT";
    /// The governance role of a row changed.
    pub const ROLE: &str = "ROLE";
}

/// What the gate's objects are called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateNames {
    /// The schema that holds queue and function, and nothing of the user's.
    pub schema: Identifier,
    /// The queue of events.
    pub queue: QualifiedName,
    /// The function that records an event.
    pub function: QualifiedName,
    /// The registry's trigger for inserted rows.
    pub insert_trigger: Identifier,
    /// The registry's trigger for changed governance roles.
    pub role_trigger: Identifier,
}

/// The table of events, in the gate's schema.
const QUEUE: &str = "event";

/// The queue, which does not depend on the registry's name.
///
/// # Errors
///
/// A schema that PostgreSQL cannot store.
pub fn queue(naming: &Naming) -> Result<QualifiedName, IdentifierError> {
    Ok(QualifiedName::new(
        Identifier::new(naming.gate_schema.as_str())?,
        Identifier::new(QUEUE)?,
    ))
}

impl GateNames {
    /// The names for a registry, by its table's name without the schema.
    ///
    /// # Errors
    ///
    /// A name that PostgreSQL cannot store.
    pub fn new(naming: &Naming, table: &str) -> Result<Self, IdentifierError> {
        let schema = Identifier::new(naming.gate_schema.as_str())?;
        let within = |name: &str| Ok(QualifiedName::new(schema.clone(), Identifier::new(name)?));
        Ok(Self {
            queue: queue(naming)?,
            function: within("record_event")?,
            insert_trigger: naming.gate_insert_trigger_name(table)?,
            role_trigger: naming.gate_role_trigger_name(table)?,
            schema,
        })
    }
}
