//! Every state of one trigger, and pairs of the states that matter.

use birth_sdk::testing::coverage::{Collection, Trigger};

use super::oracle::{DEFAULTS, Switches};
use super::{compare, covered, trigger};

const TABLE: u8 = 1;
const PARTITIONED: u8 = 2;
const PARTITION: u8 = 3;

fn collection(kind: u8, status: &str, triggers: Vec<Trigger>) -> Collection {
    Collection {
        kind,
        coverage_status: Some(status.to_owned()),
        exemption_reason: Some("a reason".to_owned()),
        review_owner: Some("grace".to_owned()),
        triggers,
        ..covered()
    }
}

/// Every combination of bits and modes with this `tgtype`.
fn states(trigger_type: u8) -> impl Iterator<Item = Trigger> {
    let modes = move |bits| (0..4).map(move |enabled| trigger(trigger_type, bits, enabled));
    (0..512).flat_map(modes)
}

#[test]
fn every_state_of_one_trigger() {
    for kind in [TABLE, PARTITIONED, PARTITION] {
        // What a trigger's type means does not depend on the kind.
        let types = if kind == TABLE { 0..128 } else { 4..8 };
        let all = types.len() * 512 * 4;
        let mut sum = [0, 0];
        for trigger_type in types {
            let alone = |state| collection(kind, "BIRTH_REQUIRED", vec![state]);
            let [_, covered, gaps] =
                compare(DEFAULTS, true, states(trigger_type).map(alone).collect());
            sum = [sum[0] + covered, sum[1] + gaps];
        }
        // Right are two names times two modes of type 5: as an own trigger,
        // and, where it is not a partition's below, as a clone that is marked
        // as internal or not.
        let right = if kind == PARTITIONED { 4 } else { 4 + 8 };
        assert_eq!(sum, [right, all - right], "{kind}");
    }
}

#[test]
fn every_combination_of_settings() {
    for switches in Switches::all().filter(|switches| !switches.leaves_out) {
        for kind in [TABLE, PARTITIONED, PARTITION] {
            for status in ["BIRTH_REQUIRED", "BIRTH_EXEMPT_CACHE"] {
                let alone = |state| collection(kind, status, vec![state]);
                let all = [5, 7, 17].into_iter().flat_map(states).map(alone);
                let [_, covered, gaps] = compare(switches, true, all.collect());
                assert_eq!(covered + gaps, 3 * 512 * 4);
            }
        }
    }
}

/// States in which a trigger may be met, each with every way to concern the
/// collection.
fn interesting() -> Vec<Trigger> {
    let mut states = Vec::new();
    for concern in 0..4 {
        for bits in [0, 4, 8, 12, 16, 32, 20] {
            states.push(trigger(5, concern | bits, 0));
        }
        for trigger_type in [4, 7, 17, 21, 34] {
            states.push(trigger(trigger_type, concern, 0));
        }
        for enabled in 1..4 {
            states.push(trigger(5, concern, enabled));
            states.push(trigger(5, concern | 8, enabled));
        }
    }
    states
}

#[test]
fn pairs_of_triggers_in_both_orders() {
    let states = interesting();
    let strict = Switches {
        strict: true,
        ..DEFAULTS
    };
    let lenient = Switches::all().filter(|switches| !switches.leaves_out && !switches.strict);
    for switches in lenient.chain([strict]) {
        for kind in [TABLE, PARTITIONED, PARTITION] {
            for status in ["BIRTH_REQUIRED", "BIRTH_EXEMPT_LOG"] {
                let mut pairs = Vec::new();
                for first in &states {
                    for second in &states {
                        let triggers = vec![first.clone(), second.clone()];
                        pairs.push(collection(kind, status, triggers));
                    }
                }
                compare(switches, true, pairs);
            }
        }
    }
}

/// Every partition's births count: one clone that does not fire is a gap, with
/// any number that do.
#[test]
fn one_silent_clone_among_many_triggers_is_a_gap() {
    for number in 0..6 {
        let mut triggers = vec![trigger(5, 3, 0)];
        triggers.extend((0..number).map(|_| trigger(5, 2 | 8, 0)));
        let without = collection(PARTITIONED, "BIRTH_REQUIRED", triggers.clone());
        triggers.insert(triggers.len() / 2, trigger(5, 2 | 8, 1));
        let with = collection(PARTITIONED, "BIRTH_REQUIRED", triggers);
        assert_eq!(compare(DEFAULTS, true, vec![without]), [0, 1, 0]);
        assert_eq!(compare(DEFAULTS, true, vec![with]), [0, 0, 1]);
    }
}
