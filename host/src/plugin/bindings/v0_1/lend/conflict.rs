//! A batch of the conflict role.

use birth_core::facts::conflict::ConflictFacts;

use super::super::conflict::exports::birth::policy::conflict as wit;
use super::size;

/// Lends it.
pub(in super::super) fn facts(facts: &ConflictFacts) -> wit::Facts<'_> {
    let ConflictFacts {
        text,
        relations,
        columns,
        checks,
        triggers,
    } = facts;
    wit::Facts {
        text: wit::TextHeap {
            heap: text.heap(),
            ends: text.ends(),
        },
        relations: wit::Relations {
            schema: &relations.schema,
            name: &relations.name,
            kind: &relations.kind,
        },
        columns: wit::Columns {
            relation: &columns.relation,
            name: &columns.name,
            wanted: &columns.wanted,
            longest_value: &columns.longest_value,
            live: &columns.live,
            live_type: &columns.live_type,
            live_max_length: &columns.live_max_length,
            live_bits: &columns.live_bits,
        },
        checks: wit::Checks {
            relation: &checks.relation,
            name: &checks.name,
            column: &checks.column,
            value_start: &checks.value_start,
            value: &checks.value,
            rows_outside: &checks.rows_outside,
            value_outside: &checks.value_outside,
            live_start: &checks.live_start,
            live: wit::LiveConstraints {
                name: &checks.live.name,
                form: &checks.live.form,
                bits: &checks.live.bits,
                value_start: &checks.live.value_start,
                value: &checks.live.value,
                definition: &checks.live.definition,
            },
        },
        triggers: wit::Triggers {
            relation: &triggers.relation,
            name: &triggers.name,
            function: &triggers.function,
            wanted_type: &triggers.wanted_type,
            live_start: &triggers.live_start,
            live: wit::LiveTriggers {
                name: &triggers.live.name,
                function: &triggers.live.function,
                type_: &triggers.live.r#type,
                bits: &triggers.live.bits,
                enabled: &triggers.live.enabled,
            },
        },
    }
}

/// Bytes that it takes in the guest's memory.
pub(in crate::plugin) fn bytes(facts: &ConflictFacts) -> usize {
    let ConflictFacts {
        text,
        relations,
        columns,
        checks,
        triggers,
    } = facts;
    text.heap().len()
        + size_of_val(text.ends())
        + size! {
            relations => schema, name, kind;
            columns => relation, name, wanted, longest_value, live, live_type, live_max_length, live_bits;
            checks => relation, name, column, value_start, value, rows_outside, value_outside, live_start;
            checks.live => name, form, bits, value_start, value, definition;
            triggers => relation, name, function, wanted_type, live_start;
            triggers.live => name, function, r#type, bits, enabled;
        }
}
