//! Facts of the coverage role as nested structs.

use birth_bindings_coverage::exports::birth::policy::coverage as wire;
use serde::Deserialize;

use super::{Answer, Heap, read};
use crate::coverage::{Batch, Policy, judge};
use crate::text::Texts;
use crate::{Refusal, Setting};

/// A batch of facts; the fields are those of the view of the same name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are those of the view")]
pub struct Facts {
    pub storage_ready: bool,
    pub now: i64,
    pub collections: Vec<Collection>,
}

/// A collection; the fields are those of the view of the same name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are those of the view")]
pub struct Collection {
    pub key: String,
    pub role: Option<String>,
    pub schema: Option<String>,
    pub name: Option<String>,
    pub kind: u8,
    pub coverage_status: Option<String>,
    pub scope_status: Option<String>,
    pub exemption_reason: Option<String>,
    pub review_owner: Option<String>,
    pub decided_at: Option<i64>,
    pub decided_by: Option<String>,
    pub species_mappings: u32,
    pub triggers: Vec<Trigger>,
}

/// A trigger; numbers and bits are those of `coverage.wit`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are those of the view")]
pub struct Trigger {
    pub name: String,
    pub function: String,
    #[serde(rename = "type")]
    pub trigger_type: u8,
    pub bits: u16,
    pub enabled: u8,
}

/// Judges facts natively.
///
/// # Errors
/// As [`crate::coverage::judge`].
pub fn answers<P: Policy>(settings: &[Setting], facts: &Facts) -> Result<Vec<Answer>, Refusal> {
    let batch = facts.batch();
    let verdicts = judge::<P>(settings, &batch)?;
    let texts = Texts {
        heap: &batch.text.heap,
        ends: &batch.text.ends,
    };
    Ok(read::<P::Reason>(&verdicts, texts))
}

impl Facts {
    /// The batch that crosses the boundary.
    pub fn batch(&self) -> Batch {
        let mut heap = Heap::default();
        let collections = put_collections(&self.collections, &mut heap);
        let triggers = put_triggers(&self.collections, &mut heap);
        Batch {
            text: wire::TextHeap {
                heap: heap.heap,
                ends: heap.ends,
            },
            storage_ready: self.storage_ready,
            now: self.now,
            collections,
            triggers,
        }
    }
}

fn put_collections(collections: &[Collection], heap: &mut Heap) -> wire::Collections {
    let mut optional = |field: fn(&Collection) -> &Option<String>| -> Vec<u32> {
        let put = |collection| heap.put_optional(field(collection).as_deref());
        collections.iter().map(put).collect()
    };
    wire::Collections {
        role: optional(|c| &c.role),
        schema: optional(|c| &c.schema),
        name: optional(|c| &c.name),
        coverage_status: optional(|c| &c.coverage_status),
        scope_status: optional(|c| &c.scope_status),
        exemption_reason: optional(|c| &c.exemption_reason),
        review_owner: optional(|c| &c.review_owner),
        decided_by: optional(|c| &c.decided_by),
        key: collections.iter().map(|c| heap.put(&c.key)).collect(),
        kind: collections.iter().map(|c| c.kind).collect(),
        decided_at: collections
            .iter()
            .map(|c| c.decided_at.unwrap_or(i64::MIN))
            .collect(),
        species_mappings: collections.iter().map(|c| c.species_mappings).collect(),
    }
}

fn put_triggers(collections: &[Collection], heap: &mut Heap) -> wire::Triggers {
    let mut out = wire::Triggers {
        start: vec![0],
        name: Vec::new(),
        function: Vec::new(),
        type_: Vec::new(),
        bits: Vec::new(),
        enabled: Vec::new(),
    };
    for collection in collections {
        for trigger in &collection.triggers {
            out.name.push(heap.put(&trigger.name));
            out.function.push(heap.put(&trigger.function));
            out.type_.push(trigger.trigger_type);
            out.bits.push(trigger.bits);
            out.enabled.push(trigger.enabled);
        }
        out.start.push(out.name.len() as u32);
    }
    out
}
