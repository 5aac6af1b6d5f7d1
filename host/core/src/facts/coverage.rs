//! Facts of the coverage role: collections with what is decided about them and
//! with their birth triggers.

use serde::{Deserialize, Serialize};

use super::conflict::LiveTriggerFact;
use super::text::TextHeap;
use crate::catalog::relation::RelationKind;

/// The number that stands for "no time".
pub const NO_TIME: i64 = i64::MIN;

/// One batch: what a plugin is asked in one call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CoverageFacts {
    /// Every text of the batch.
    pub text: TextHeap,
    /// Whether the registry has the policy columns.
    pub storage_ready: bool,
    /// When the facts were read, in seconds since 1970-01-01 UTC.
    pub now: i64,
    /// The collections to judge.
    pub collections: Collections,
    /// Their birth triggers.
    pub triggers: Triggers,
}

/// Collections, one element per collection in each list.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the WIT package documents each list")]
pub struct Collections {
    pub key: Vec<u32>,
    pub role: Vec<u32>,
    pub schema: Vec<u32>,
    pub name: Vec<u32>,
    pub kind: Vec<u8>,
    pub coverage_status: Vec<u32>,
    pub scope_status: Vec<u32>,
    pub exemption_reason: Vec<u32>,
    pub review_owner: Vec<u32>,
    pub decided_at: Vec<i64>,
    pub decided_by: Vec<u32>,
    pub species_mappings: Vec<u32>,
}

/// Triggers, one element per trigger in each list but `start`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the WIT package documents each list")]
pub struct Triggers {
    pub start: Vec<u32>,
    pub name: Vec<u32>,
    pub function: Vec<u32>,
    pub r#type: Vec<u8>,
    pub bits: Vec<u16>,
    pub enabled: Vec<u8>,
}

/// What the six policy columns say of a collection (B3 design, section 2).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PolicyValues {
    /// `coverage_status` as stored.
    pub status: Option<String>,
    /// `coverage_scope_status` as stored.
    pub scope: Option<String>,
    /// `coverage_exemption_reason`.
    pub exemption_reason: Option<String>,
    /// `coverage_review_owner`.
    pub review_owner: Option<String>,
    /// `coverage_decided_at`, in seconds since 1970-01-01 UTC.
    pub decided_at: Option<i64>,
    /// `coverage_decided_by`.
    pub decided_by: Option<String>,
}

/// One collection.
#[derive(Debug, Clone)]
pub struct CoveredFact<'a> {
    /// The registry's key.
    pub key: &'a str,
    /// Governance role as stored.
    pub role: Option<&'a str>,
    /// Schema and name of its table.
    pub table: Option<(&'a str, &'a str)>,
    /// What its key stands for.
    pub kind: RelationKind,
    /// What is decided about it.
    pub policy: &'a PolicyValues,
    /// Rows of the species map that name it.
    pub species_mappings: u32,
}

impl CoverageFacts {
    /// A batch without collections.
    #[must_use]
    pub fn new(storage_ready: bool, now: i64) -> Self {
        Self {
            text: TextHeap::default(),
            storage_ready,
            now,
            collections: Collections::default(),
            // Every list of starts begins with 0, also where there is no item.
            triggers: Triggers {
                start: vec![0],
                name: vec![],
                function: vec![],
                r#type: vec![],
                bits: vec![],
                enabled: vec![],
            },
        }
    }

    /// How many collections a plugin has to answer.
    #[must_use]
    pub fn subjects(&self) -> usize {
        self.collections.key.len()
    }

    /// Adds a collection with its birth triggers.
    pub fn add<'a>(
        &mut self,
        fact: &CoveredFact<'_>,
        triggers: impl Iterator<Item = LiveTriggerFact<'a>>,
    ) {
        let (text, c) = (&mut self.text, &mut self.collections);
        let policy = fact.policy;
        c.key.push(text.intern(fact.key));
        c.role.push(text.intern_optional(fact.role));
        c.schema.push(text.intern_optional(fact.table.map(|t| t.0)));
        c.name.push(text.intern_optional(fact.table.map(|t| t.1)));
        c.kind.push(fact.kind as u8);
        for (list, value) in [
            (&mut c.coverage_status, &policy.status),
            (&mut c.scope_status, &policy.scope),
            (&mut c.exemption_reason, &policy.exemption_reason),
            (&mut c.review_owner, &policy.review_owner),
            (&mut c.decided_by, &policy.decided_by),
        ] {
            list.push(text.intern_optional(value.as_deref()));
        }
        c.decided_at.push(policy.decided_at.unwrap_or(NO_TIME));
        c.species_mappings.push(fact.species_mappings);
        let t = &mut self.triggers;
        for trigger in triggers {
            t.name.push(text.intern(trigger.name));
            t.function.push(text.intern(trigger.function));
            t.r#type.push(trigger.r#type);
            t.bits.push(trigger.bits);
            t.enabled.push(trigger.enabled as u8);
        }
        t.start.push(t.name.len() as u32);
    }
}
