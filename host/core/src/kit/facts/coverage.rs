//! Facts of the coverage role, nested.

use serde::Deserialize;

use super::{Enabled, Kind};
use crate::facts::conflict::LiveTriggerFact;
use crate::facts::coverage::{CoverageFacts, CoveredFact, PolicyValues};

/// Facts of one call.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Facts {
    /// Whether the registry has the policy columns.
    pub storage_ready: bool,
    /// When the facts were read, in seconds since 1970-01-01 UTC.
    pub now: i64,
    /// The collections to judge.
    pub collections: Vec<Collection>,
}

/// A collection; numbers and bits are those of `coverage.wit`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the WIT package documents each field")]
pub struct Collection {
    pub key: String,
    pub role: Option<String>,
    pub schema: Option<String>,
    pub name: Option<String>,
    pub kind: Kind,
    pub coverage_status: Option<String>,
    pub scope_status: Option<String>,
    pub exemption_reason: Option<String>,
    pub review_owner: Option<String>,
    pub decided_at: Option<i64>,
    pub decided_by: Option<String>,
    pub species_mappings: u32,
    pub triggers: Vec<Trigger>,
}

/// A live trigger; numbers and bits are those of the WIT package.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the WIT package documents each field")]
pub struct Trigger {
    pub name: String,
    pub function: String,
    #[serde(rename = "type")]
    pub trigger_type: u8,
    pub bits: u16,
    pub enabled: Enabled,
}

impl Facts {
    /// The batch that crosses the boundary.
    #[must_use]
    pub fn batch(&self) -> CoverageFacts {
        let mut batch = CoverageFacts::new(self.storage_ready, self.now);
        for collection in &self.collections {
            let fact = CoveredFact {
                key: &collection.key,
                role: collection.role.as_deref(),
                table: None,
                kind: collection.kind.0,
                policy: &collection.policy(),
                species_mappings: collection.species_mappings,
            };
            batch.add(&fact, collection.triggers.iter().map(Trigger::fact));
            // A case may have the one without the other.
            let (text, lists) = (&mut batch.text, &mut batch.collections);
            for (list, given) in [
                (&mut lists.schema, &collection.schema),
                (&mut lists.name, &collection.name),
            ] {
                list.pop();
                list.push(text.intern_optional(given.as_deref()));
            }
        }
        batch
    }

    pub(super) fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        for collection in &mut self.collections {
            change(&mut collection.key);
            for text in [
                &mut collection.role,
                &mut collection.schema,
                &mut collection.name,
                &mut collection.coverage_status,
                &mut collection.scope_status,
                &mut collection.exemption_reason,
                &mut collection.review_owner,
                &mut collection.decided_by,
            ] {
                text.iter_mut().for_each(&mut *change);
            }
            for trigger in &mut collection.triggers {
                trigger.each_text(change);
            }
        }
    }
}

impl Collection {
    fn policy(&self) -> PolicyValues {
        PolicyValues {
            status: self.coverage_status.clone(),
            scope: self.scope_status.clone(),
            exemption_reason: self.exemption_reason.clone(),
            review_owner: self.review_owner.clone(),
            decided_at: self.decided_at,
            decided_by: self.decided_by.clone(),
        }
    }
}

impl Trigger {
    pub(super) fn fact(&self) -> LiveTriggerFact<'_> {
        LiveTriggerFact {
            name: &self.name,
            function: &self.function,
            r#type: self.trigger_type,
            bits: self.bits,
            enabled: self.enabled.0,
        }
    }

    pub(super) fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        change(&mut self.name);
        change(&mut self.function);
    }
}
