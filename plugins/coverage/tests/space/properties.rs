//! What must hold for any facts.

use birth_coverage::rules::Coverage;
use birth_sdk::coverage::judge as judge_batch;
use birth_sdk::testing::Answer;
use birth_sdk::testing::coverage::{Collection, Facts};

use super::oracle::{DEFAULTS, Switches};
use super::{NOW, compare, covered, found, judge, trigger};

/// Collections of many kinds, each with a key of its own.
fn mixed() -> Vec<Collection> {
    let mut all = Vec::new();
    for kind in 0..10 {
        for status in [
            None,
            Some("BIRTH_REQUIRED"),
            Some("BIRTH_EXEMPT_LOG"),
            Some("?"),
        ] {
            for enabled in 0..4 {
                let mut one = covered();
                one.key = format!("{kind} {status:?} {enabled}");
                one.role = Some(["governed", "golden"][usize::from(enabled == 3)].to_owned());
                one.kind = kind;
                one.coverage_status = status.map(str::to_owned);
                one.triggers = vec![
                    trigger(5, 2, enabled),
                    trigger(7, 3, 0),
                    trigger(5, 1, 0),
                    trigger(5, 10, 1),
                ];
                all.push(one);
            }
        }
    }
    all
}

fn facts(collections: &[Collection]) -> Facts {
    Facts {
        storage_ready: true,
        now: NOW,
        collections: collections.to_vec(),
    }
}

fn verdicts(collections: &[Collection]) -> Vec<Answer> {
    judge(DEFAULTS, &facts(collections))
}

#[test]
fn the_order_of_collections_does_not_matter() {
    let all = mixed();
    let expected = verdicts(&all);
    for shift in 0..all.len() {
        let mut rotated = all.clone();
        rotated.rotate_left(shift);
        let mut found = verdicts(&rotated);
        found.rotate_right(shift);
        assert_eq!(found, expected);
    }
    let reversed: Vec<Collection> = all.into_iter().rev().collect();
    let mut found = verdicts(&reversed);
    found.reverse();
    assert_eq!(found, expected);
}

#[test]
fn batching_does_not_matter() {
    let all = mixed();
    let expected = verdicts(&all);
    for size in [1, 2, 7, 64, all.len()] {
        let found: Vec<Answer> = all.chunks(size).flat_map(verdicts).collect();
        assert_eq!(found, expected, "{size}");
    }
}

#[test]
fn the_same_facts_get_the_same_bytes() {
    let batch = facts(&mixed()).batch();
    let settings = DEFAULTS.settings();
    let first = judge_batch::<Coverage>(&settings, &batch);
    assert!(first.is_ok());
    assert_eq!(judge_batch::<Coverage>(&settings, &batch), first);
}

/// Only the evidence may follow the order in which the host lists triggers.
#[test]
fn the_order_of_triggers_does_not_matter() {
    let codes = |collections: &[Collection]| -> Vec<(u8, Vec<&str>)> {
        let sorted = |answer: &Answer| {
            let mut codes = answer.codes();
            codes.sort_unstable();
            (answer.status, codes)
        };
        verdicts(collections).iter().map(sorted).collect()
    };
    let mut all = mixed();
    let expected = codes(&all);
    for _ in 0..4 {
        for collection in &mut all {
            collection.triggers.rotate_left(1);
        }
        assert_eq!(codes(&all), expected);
    }
    for collection in &mut all {
        collection.triggers.reverse();
    }
    assert_eq!(codes(&all), expected);
}

const HOSTILE: [&str; 15] = [
    "",
    " ",
    "'",
    "\"; DROP TABLE x; --",
    "\n\t",
    "{text}",
    "{number}",
    "日本語",
    "\u{0}",
    "\u{202e}",
    "\u{feff}",
    "BIRTH_REQUIRED\u{0}",
    "ＢＩＲＴＨ_REQUIRED",
    "NULL",
    "İ",
];

/// Every text of a collection but its role replaced.
fn with_text(text: &str) -> Collection {
    let own = || Some(text.to_owned());
    let mut one = covered();
    one.key = text.to_owned();
    one.schema = own();
    one.name = own();
    one.coverage_status = own();
    one.scope_status = own();
    one.exemption_reason = own();
    one.review_owner = own();
    one.decided_by = own();
    for trigger in &mut one.triggers {
        trigger.name = text.to_owned();
        trigger.function = text.to_owned();
    }
    one
}

#[test]
fn hostile_texts_are_texts() {
    let long = "n".repeat(1 << 20);
    for text in HOSTILE.into_iter().chain([long.as_str()]) {
        let hostile = with_text(text);
        let mut as_role = hostile.clone();
        as_role.role = Some(text.to_owned());
        let mut decided = hostile.clone();
        decided.coverage_status = Some("BIRTH_REQUIRED".to_owned());
        let mut exempt = hostile.clone();
        exempt.coverage_status = Some("BIRTH_EXEMPT_LOG".to_owned());
        for switches in Switches::all() {
            let all = [&hostile, &as_role, &decided, &exempt].map(Clone::clone);
            let [not_governed, _, _] = compare(switches, true, all.to_vec());
            assert_eq!(not_governed, 1, "{text:?}");
        }
    }
}

/// A gap stays the same gap when its table or its trigger gets another name.
#[test]
fn codes_do_not_depend_on_names() {
    for mut collection in mixed() {
        let before = verdicts(&[collection.clone()]);
        collection.schema = Some("elsewhere".to_owned());
        collection.name = Some("renamed".to_owned());
        for trigger in &mut collection.triggers {
            trigger.name.push_str(" made again");
            trigger.function = "moved.function()".to_owned();
        }
        let after = verdicts(&[collection]);
        let codes = |answers: &[Answer]| answers.iter().map(Answer::codes).collect::<Vec<_>>();
        assert_eq!(codes(&after), codes(&before));
    }
}

/// Times are any 64-bit numbers.
#[test]
fn no_time_overflows() {
    let times = [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX];
    for now in times {
        for at in times {
            let mut one = covered();
            one.decided_at = Some(at);
            let facts = Facts {
                storage_ready: true,
                now,
                collections: vec![one],
            };
            let [answer] = &judge(DEFAULTS, &facts)[..] else {
                panic!("one answer");
            };
            // The smallest number is "none" on the wire.
            let expected = match at {
                i64::MIN => vec!["WARN_DECIDED_WITHOUT_DATE||0".to_owned()],
                _ if at > now => {
                    let ahead = at.saturating_sub(now);
                    vec![format!("WARN_DECIDED_IN_THE_FUTURE||{ahead}")]
                }
                _ => Vec::new(),
            };
            let found = found(answer).reasons.into_iter();
            let found: Vec<String> = found
                .map(|line| line.replace("BIRTH_REQUIRED", ""))
                .collect();
            assert_eq!(found, expected, "{at} {now}");
        }
    }
}
