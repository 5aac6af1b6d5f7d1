//! A batch of the coverage role.

use birth_core::facts::coverage::CoverageFacts;

use super::super::coverage::exports::birth::policy::coverage as wit;
use super::size;

/// Lends it.
pub(in super::super) fn facts(facts: &CoverageFacts) -> wit::Facts<'_> {
    let CoverageFacts {
        text,
        storage_ready,
        now,
        collections,
        triggers,
    } = facts;
    wit::Facts {
        text: wit::TextHeap {
            heap: text.heap(),
            ends: text.ends(),
        },
        storage_ready: *storage_ready,
        now: *now,
        collections: wit::Collections {
            key: &collections.key,
            role: &collections.role,
            schema: &collections.schema,
            name: &collections.name,
            kind: &collections.kind,
            coverage_status: &collections.coverage_status,
            scope_status: &collections.scope_status,
            exemption_reason: &collections.exemption_reason,
            review_owner: &collections.review_owner,
            decided_at: &collections.decided_at,
            decided_by: &collections.decided_by,
            species_mappings: &collections.species_mappings,
        },
        triggers: wit::Triggers {
            start: &triggers.start,
            name: &triggers.name,
            function: &triggers.function,
            type_: &triggers.r#type,
            bits: &triggers.bits,
            enabled: &triggers.enabled,
        },
    }
}

/// Bytes that it takes in the guest's memory.
pub(in crate::plugin) fn bytes(facts: &CoverageFacts) -> usize {
    let CoverageFacts {
        text,
        collections,
        triggers,
        ..
    } = facts;
    text.heap().len()
        + size_of_val(text.ends())
        + size! {
            collections => key, role, schema, name, kind, coverage_status, scope_status,
                exemption_reason, review_owner, decided_at, decided_by, species_mappings;
            triggers => start, name, function, r#type, bits, enabled;
        }
}
