//! The rules for triggers against every state of one live trigger, and pairs of
//! the states that matter.
//!
//! What is expected comes from an oracle that works on the raw numbers: the
//! wanted `tgtype` is 5, so a bit that differs from 5 is a deviation, and each
//! bit of `conflict.wit` has a row in a table. It does not use the views.

#![expect(clippy::panic, reason = "a wrong answer says which one it is")]

use birth_conflict::rules::Conflicts;
use birth_sdk::testing::conflict::{Facts, LiveTrigger, Relation, Trigger, answers};
use birth_sdk::testing::{Answer, Given};
use birth_sdk::{Setting, SettingValue};

const FUNCTION: &str = "public.fn_birth_registry_auto()";
const TABLE: u8 = 1;
const PARTITIONED_TABLE: u8 = 2;

const ABSENT: u8 = 0;
const ALREADY_EXISTS_OK: u8 = 1;
const BLOCKED: u8 = 2;

/// A bit of `tgtype` that is not as in 5, and what it makes of the trigger.
const DEVIATIONS: [(u8, &str); 7] = [
    (0x01, "TRIGGER_PER_STATEMENT"),
    (0x02, "TRIGGER_BEFORE"),
    (0x04, "TRIGGER_NOT_ON_INSERT"),
    (0x08, "TRIGGER_ON_DELETE"),
    (0x10, "TRIGGER_ON_UPDATE"),
    (0x20, "TRIGGER_ON_TRUNCATE"),
    (0x40, "TRIGGER_INSTEAD_OF"),
];

/// A bit of a live trigger that is always refused where the function is bound.
const TRAITS: [(u16, &str); 5] = [
    (8, "TRIGGER_IS_CLONE"),
    (32, "TRIGGER_HAS_WHEN"),
    (64, "TRIGGER_HAS_ARGUMENTS"),
    (128, "TRIGGER_HAS_COLUMN_LIST"),
    (256, "TRIGGER_HAS_TRANSITION_TABLES"),
];

const HOLDS_NAME: u16 = 1;
const BOUND: u16 = 2;
const INTERNAL: u16 = 4;
const CONSTRAINT: u16 = 16;

const DISABLED: u8 = 1;
const REPLICA: u8 = 2;
const ALWAYS: u8 = 3;

/// The state of a live trigger.
#[derive(Clone, Copy, Debug)]
struct State {
    tgtype: u8,
    bits: u16,
    enabled: u8,
}

/// What the settings accept.
#[derive(Clone, Copy, Debug)]
struct Accepts {
    other_name: bool,
    constraint: bool,
    always: bool,
    row_moves: bool,
}

const DEFAULTS: Accepts = Accepts {
    other_name: true,
    constraint: false,
    always: true,
    row_moves: true,
};

impl Accepts {
    fn all() -> impl Iterator<Item = Self> {
        (0..16).map(|bits| Self {
            other_name: bits & 1 != 0,
            constraint: bits & 2 != 0,
            always: bits & 4 != 0,
            row_moves: bits & 8 != 0,
        })
    }

    fn settings(self) -> Vec<Setting> {
        let given = [
            ("accept-other-trigger-name", self.other_name),
            ("accept-constraint-trigger", self.constraint),
            ("accept-always-enabled", self.always),
            ("accept-row-moves", self.row_moves),
        ];
        let setting = |(key, value): (&str, bool)| Setting {
            key: key.to_owned(),
            value: SettingValue::Truth(value),
        };
        given.into_iter().map(setting).collect()
    }
}

/// Evidence tells the live triggers apart; the rules go by the bits alone.
fn name(index: usize) -> String {
    format!("live_{index}")
}

fn function(state: State, index: usize) -> String {
    if state.bits & BOUND != 0 {
        return FUNCTION.to_owned();
    }
    format!("other.f{index}()")
}

/// Status and reasons as `CODE|text|number`, sorted.
type Expected = (u8, Vec<String>);

fn expect(accepts: Accepts, relation: u8, live: &[State]) -> Expected {
    let mut reasons = Vec::new();
    let mut blocked = false;
    let bound: Vec<(usize, State)> = (0..)
        .zip(live.iter().copied())
        .filter(|(_, state)| state.bits & (BOUND | INTERNAL) == BOUND)
        .collect();

    for (index, &state) in live.iter().enumerate() {
        let is_ours = state.bits & (BOUND | INTERNAL) == BOUND;
        if state.bits & HOLDS_NAME != 0 && !is_ours {
            blocked = true;
            reasons.push(format!("TRIGGER_NAME_HELD|{}|0", function(state, index)));
        }
    }
    if bound.len() > 1 {
        blocked = true;
        reasons.push(format!("BOUND_TWICE|{FUNCTION}|{}", bound.len()));
    }
    for &(index, state) in &bound {
        let mut give = |code: &str| reasons.push(format!("{code}|{}|0", name(index)));
        if bound.len() > 1 {
            give("BOUND_TWICE_TRIGGER");
        }
        for (bit, code) in DEVIATIONS {
            if (state.tgtype ^ 5) & bit != 0 {
                give(code);
            }
        }
        for (bit, code) in TRAITS {
            if state.bits & bit != 0 {
                give(code);
            }
        }
        match state.enabled {
            DISABLED => give("TRIGGER_DISABLED"),
            REPLICA => give("TRIGGER_REPLICA_ONLY"),
            ALWAYS => give("TRIGGER_ALWAYS"),
            _ => {}
        }
        let is_constraint = state.bits & CONSTRAINT != 0;
        if is_constraint {
            give("TRIGGER_IS_CONSTRAINT");
        }
        let has_other_name = bound.len() == 1 && state.bits & HOLDS_NAME == 0;
        if has_other_name {
            give("TRIGGER_UNDER_OTHER_NAME");
        }
        let refused = [
            state.enabled == ALWAYS && !accepts.always,
            is_constraint && !accepts.constraint,
            has_other_name && !accepts.other_name,
        ];
        for _ in refused.into_iter().filter(|&refused| refused) {
            blocked = true;
            reasons.push("NOT_ACCEPTED_BY_SETTINGS||0".to_owned());
        }
        blocked |= state.tgtype != 5
            || state.bits & (8 | 32 | 64 | 128 | 256) != 0
            || state.enabled == DISABLED
            || state.enabled == REPLICA;
    }
    if relation == PARTITIONED_TABLE && !blocked {
        reasons.push("ROW_MOVES_FIRE_INSERT|relation|0".to_owned());
        if !accepts.row_moves {
            blocked = true;
            reasons.push("NOT_ACCEPTED_BY_SETTINGS||0".to_owned());
        }
    }
    reasons.sort_unstable();
    let status = match bound.len() {
        _ if blocked => BLOCKED,
        0 => ABSENT,
        _ => ALREADY_EXISTS_OK,
    };
    (status, reasons)
}

fn found(answer: &Answer) -> Expected {
    let reason = |given: &Given| {
        let text = given.text.as_deref().unwrap_or_default();
        format!("{}|{text}|{}", given.kind.code, given.number)
    };
    let mut reasons: Vec<String> = answer.reasons.iter().map(reason).collect();
    reasons.sort_unstable();
    (answer.status, reasons)
}

/// One proposed trigger with the live ones of its relation.
fn proposed(wanted_type: u8, live: &[State]) -> Trigger {
    let live_trigger = |(index, &state): (usize, &State)| LiveTrigger {
        name: name(index),
        function: function(state, index),
        trigger_type: state.tgtype,
        bits: state.bits,
        enabled: state.enabled,
    };
    Trigger {
        relation: 0,
        name: "trg_birth_relation".to_owned(),
        function: FUNCTION.to_owned(),
        wanted_type,
        live: live.iter().enumerate().map(live_trigger).collect(),
    }
}

fn judge(accepts: Accepts, kind: u8, triggers: Vec<Trigger>) -> Vec<Answer> {
    let relation = Relation {
        schema: "public".to_owned(),
        name: "relation".to_owned(),
        kind,
    };
    let facts = Facts {
        relations: vec![relation],
        triggers,
        ..Facts::default()
    };
    let judged = answers::<Conflicts>(&accepts.settings(), &facts);
    judged.unwrap_or_else(|refusal| panic!("{refusal:?}"))
}

/// Compares rules and oracle, and counts the answers of each status.
fn compare(accepts: Accepts, relation: u8, subjects: &[Vec<State>]) -> [usize; 3] {
    let triggers = subjects.iter().map(|live| proposed(5, live)).collect();
    let judged = judge(accepts, relation, triggers);
    assert_eq!(judged.len(), subjects.len());
    let mut counts = [0; 3];
    for (live, answer) in subjects.iter().zip(&judged) {
        let expected = expect(accepts, relation, live);
        assert_eq!(found(answer), expected, "{accepts:?} {relation} {live:?}");
        counts[usize::from(answer.status)] += 1;
    }
    counts
}

/// Every combination of bits and modes with these `tgtype`s.
fn states(tgtypes: &[u8]) -> Vec<State> {
    let mut states = Vec::new();
    for &tgtype in tgtypes {
        for bits in 0..512 {
            for enabled in 0..4 {
                states.push(State {
                    tgtype,
                    bits,
                    enabled,
                });
            }
        }
    }
    states
}

fn alone(states: &[State]) -> Vec<Vec<State>> {
    states.iter().map(|&state| vec![state]).collect()
}

fn sum(left: [usize; 3], right: [usize; 3]) -> [usize; 3] {
    [left[0] + right[0], left[1] + right[1], left[2] + right[2]]
}

#[test]
fn every_state_of_one_live_trigger() {
    for relation in [TABLE, PARTITIONED_TABLE] {
        let mut counts = [0; 3];
        for tgtype in 0..128 {
            let subjects = alone(&states(&[tgtype]));
            counts = sum(counts, compare(DEFAULTS, relation, &subjects));
        }
        // Of 512 combinations of bits 128 are of no concern (neither name nor
        // function) and 64 are internal and bound to the function only: absent,
        // whatever type (128) and mode (4). Two (the name or another) times two
        // modes (origin, always) of type 5 are all right.
        assert_eq!(counts, [(128 + 64) * 128 * 4, 2 * 2, 262_144 - 98_308]);
    }
}

#[test]
fn every_combination_of_settings() {
    let subjects = alone(&states(&[5, 7, 21]));
    for accepts in Accepts::all() {
        for relation in [TABLE, PARTITIONED_TABLE] {
            let [_, exist, _] = compare(accepts, relation, &subjects);
            let choices = |is_wide: bool| if is_wide { 2 } else { 1 };
            let names = choices(accepts.other_name);
            let expected = names * choices(accepts.constraint) * choices(accepts.always);
            let refused = relation == PARTITIONED_TABLE && !accepts.row_moves;
            assert_eq!(exist, if refused { 0 } else { expected }, "{accepts:?}");
        }
    }
}

/// States in which a live trigger may be met, each with every way to concern
/// the proposed one.
fn interesting() -> Vec<State> {
    let mut states = Vec::new();
    for concern in 0..4 {
        for trait_bits in [0, INTERNAL, 8, CONSTRAINT, 32, 256, INTERNAL | CONSTRAINT] {
            let bits = concern | trait_bits;
            states.push(State {
                tgtype: 5,
                bits,
                enabled: 0,
            });
        }
        for tgtype in [4, 7, 17, 21, 34] {
            states.push(State {
                tgtype,
                bits: concern,
                enabled: 0,
            });
        }
        for enabled in [DISABLED, REPLICA, ALWAYS] {
            states.push(State {
                tgtype: 5,
                bits: concern,
                enabled,
            });
        }
    }
    states
}

#[test]
fn pairs_of_live_triggers_in_both_orders() {
    let states = interesting();
    let mut pairs = Vec::new();
    for &first in &states {
        for &second in &states {
            pairs.push(vec![first, second]);
        }
    }
    for accepts in Accepts::all() {
        for relation in [TABLE, PARTITIONED_TABLE] {
            let counts = compare(accepts, relation, &pairs);
            assert_eq!(counts.iter().sum::<usize>(), pairs.len());
        }
    }
}

#[test]
fn two_that_are_right_are_never_accepted() {
    let right = |bits| State {
        tgtype: 5,
        bits,
        enabled: 0,
    };
    for number in 2..6 {
        let mut live = vec![right(BOUND); number];
        live[0] = right(BOUND | HOLDS_NAME);
        let counts = compare(DEFAULTS, TABLE, &[live]);
        assert_eq!(counts, [0, 0, 1]);
    }
}

#[test]
fn what_is_wanted_and_where_is_judged_before_what_is_there() {
    let right = State {
        tgtype: 5,
        bits: HOLDS_NAME | BOUND,
        enabled: 0,
    };
    for relation in 0..10 {
        let is_table = relation == TABLE || relation == PARTITIONED_TABLE;
        for wanted_type in 0..128 {
            if is_table && wanted_type == 5 {
                continue;
            }
            let mut expected = Vec::new();
            if !is_table {
                expected.push("RELATION_KIND_NOT_SUPPORTED|relation|0".to_owned());
            }
            if wanted_type != 5 {
                expected.push(format!("WANTED_TYPE_NOT_SUPPORTED||{wanted_type}"));
            }
            let same = State {
                tgtype: wanted_type,
                ..right
            };
            let triggers = vec![
                proposed(wanted_type, &[]),
                proposed(wanted_type, &[right]),
                proposed(wanted_type, &[same, right]),
            ];
            for answer in judge(DEFAULTS, relation, triggers) {
                assert_eq!(found(&answer), (BLOCKED, expected.clone()), "{relation}");
            }
        }
    }
}
