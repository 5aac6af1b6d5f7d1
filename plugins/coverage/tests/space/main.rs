//! The rules against every state that a collection can be in, as far as the
//! dimensions are small, and against what must hold for any facts.
//!
//! What is expected comes from an oracle (`oracle.rs`) that works on the raw
//! numbers and words of `coverage.wit` and uses none of the SDK's views.

#![expect(clippy::panic, reason = "a wrong answer says which one it is")]

mod oracle;
mod policy;
mod properties;
mod triggers;

use birth_coverage::rules::Coverage;
use birth_sdk::testing::Answer;
use birth_sdk::testing::coverage::{Collection, Facts, Trigger, answers};

use oracle::{Expected, Switches, expect};

const FUNCTION: &str = "public.fn_birth_registry_auto()";
const NOW: i64 = 1_000;

/// A governed table whose births are required and registered.
fn covered() -> Collection {
    Collection {
        key: "the key".to_owned(),
        role: Some("governed".to_owned()),
        schema: Some("public".to_owned()),
        name: Some("orders".to_owned()),
        kind: 1,
        coverage_status: Some("BIRTH_REQUIRED".to_owned()),
        decided_at: Some(NOW),
        decided_by: Some("ada".to_owned()),
        species_mappings: 1,
        triggers: vec![trigger(5, 3, 0)],
        ..Collection::default()
    }
}

fn trigger(trigger_type: u8, bits: u16, enabled: u8) -> Trigger {
    Trigger {
        name: format!("trigger {bits}"),
        function: FUNCTION.to_owned(),
        trigger_type,
        bits,
        enabled,
    }
}

fn judge(switches: Switches, facts: &Facts) -> Vec<Answer> {
    let judged = answers::<Coverage>(&switches.settings(), facts);
    judged.unwrap_or_else(|refusal| panic!("{refusal:?}"))
}

/// An answer as the oracle writes it.
fn found(answer: &Answer) -> Expected {
    let given = answer.reasons.iter().map(|given| {
        let text = given.text.as_deref().unwrap_or_default();
        format!("{}|{text}|{}", given.kind.code, given.number)
    });
    let mut reasons: Vec<String> = given.collect();
    reasons.sort_unstable();
    Expected {
        status: answer.status,
        reasons,
    }
}

/// Compares rules and oracle, and counts the answers of each status.
fn compare(switches: Switches, storage_ready: bool, collections: Vec<Collection>) -> [usize; 3] {
    let facts = Facts {
        storage_ready,
        now: NOW,
        collections,
    };
    let judged = judge(switches, &facts);
    assert_eq!(judged.len(), facts.collections.len());
    let mut counts = [0; 3];
    for (collection, answer) in facts.collections.iter().zip(&judged) {
        let expected = expect(switches, storage_ready, NOW, collection);
        assert_eq!(
            found(answer),
            expected,
            "{switches:?} {storage_ready} {collection:?}"
        );
        counts[usize::from(answer.status)] += 1;
    }
    counts
}
