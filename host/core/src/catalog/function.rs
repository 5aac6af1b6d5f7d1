//! The meaning of `pg_proc`, as far as triggers need it.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// A function that has the name of a trigger function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriggerFunction {
    /// `pg_proc.oid`.
    pub oid: u32,
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// The types of its arguments, separated by commas.
    pub arguments: String,
    /// Whether a trigger can call it: a function without arguments that
    /// returns `trigger`.
    pub fits: bool,
    /// The type it returns.
    pub returns: String,
    /// Its language.
    pub language: String,
    /// SHA-256 of its definition as PostgreSQL prints it: body, settings, owner's
    /// rights and all.
    pub definition: Digest,
    /// Whether the role may put it into a trigger: EXECUTE on it, USAGE on its
    /// schema.
    pub may_execute: bool,
}

impl TriggerFunction {
    /// `schema.name(argument types)`, as the conflict role sees it and as
    /// [`LiveTrigger::function`](super::trigger::LiveTrigger::function) has it.
    #[must_use]
    pub fn signature(&self) -> String {
        format!("{}.{}({})", self.schema, self.name, self.arguments)
    }
}
