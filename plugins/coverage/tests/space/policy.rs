//! The registry's side: role, kind, the six policy columns and the species map.

use birth_sdk::testing::coverage::Collection;

use super::oracle::{DEFAULTS, Switches};
use super::{NOW, compare, covered, trigger};

const ROLES: [Option<&str>; 4] = [None, Some("golden"), Some("governed"), Some(" LOCKED ")];

const STATUSES: [Option<&str>; 9] = [
    None,
    Some(" "),
    Some("BIRTH_REQUIRED"),
    Some("BIRTH_EXEMPT_JUNCTION"),
    Some("BIRTH_EXEMPT_LOG"),
    Some("BIRTH_EXEMPT_CACHE"),
    Some("BIRTH_DEFERRED"),
    Some("birth_required"),
    Some("REQUIRED"),
];

const TEXTS: [Option<&str>; 3] = [None, Some(" \t"), Some("a text")];

const SCOPES: [Option<&str>; 3] = [None, Some("IN_SCOPE"), Some("SYSTEM_MANAGED")];

const TIMES: [Option<i64>; 3] = [None, Some(NOW), Some(NOW + 60)];

fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}

/// Every way in which `collections` may differ in one field.
fn vary<T: Copy>(
    collections: Vec<Collection>,
    values: &[T],
    set: impl Fn(&mut Collection, T),
) -> Vec<Collection> {
    let with = |(collection, value): (&Collection, T)| {
        let mut collection = collection.clone();
        set(&mut collection, value);
        collection
    };
    let pairs = |collection| values.iter().map(move |&value| (collection, value));
    collections.iter().flat_map(pairs).map(with).collect()
}

/// Every decision with every record of it.
fn decisions(from: Collection) -> Vec<Collection> {
    let mut all = vec![from];
    all = vary(all, &STATUSES, |c, word| c.coverage_status = owned(word));
    all = vary(all, &TEXTS, |c, text| c.exemption_reason = owned(text));
    all = vary(all, &TEXTS, |c, text| c.review_owner = owned(text));
    all = vary(all, &TEXTS, |c, text| c.decided_by = owned(text));
    vary(all, &TIMES, |c, at| c.decided_at = at)
}

#[test]
fn every_role_kind_and_decision() {
    let mut all = decisions(covered());
    all = vary(all, &ROLES, |c, role| c.role = owned(role));
    all = vary(all, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], |c, kind| {
        c.kind = kind
    });
    let [not_governed, covered, gaps] = compare(DEFAULTS, true, all);
    let records = 3 * 3 * 3 * 3;
    assert_eq!(not_governed, 2 * 10 * 9 * records);
    // Of the three physical kinds: required with a trigger and a species,
    // three exemptions of which one in three has a reason, deferred.
    assert_eq!(covered, 2 * 3 * (records + 3 * records / 3 + records));
    assert_eq!(gaps, 2 * 10 * 9 * records - covered);
}

#[test]
fn every_mapping_trigger_and_scope_with_and_without_storage() {
    let mut all = vec![covered()];
    all = vary(all, &STATUSES, |c, word| c.coverage_status = owned(word));
    all = vary(all, &[0, 1, 2, u32::MAX], |c, rows| {
        c.species_mappings = rows
    });
    all = vary(all, &SCOPES, |c, scope| c.scope_status = owned(scope));
    all = vary(all, &[0, 1, 2, 3, 4, 8], |c, kind| c.kind = kind);
    all = vary(all, &TEXTS, |c, text| c.exemption_reason = owned(text));
    all = vary(all, &[None, Some("orders")], |c, name| c.name = owned(name));
    all = vary(all, &[0, 1, 2], |c, number| {
        c.triggers = (0..number).map(|bit| trigger(5, 2 | bit, 0)).collect();
    });
    for switches in Switches::all() {
        for storage_ready in [false, true] {
            let counts = compare(switches, storage_ready, all.clone());
            assert_eq!(counts.iter().sum::<usize>(), all.len());
            assert_eq!(counts[0], 0);
        }
    }
}

#[test]
fn every_record_under_strict_settings() {
    let strict = Switches {
        strict: true,
        ..DEFAULTS
    };
    let [_, covered, gaps] = compare(strict, true, decisions(covered()));
    // A reason, an owner or neither, each with an actor and a time that has
    // come; and the trigger on exempt collections is refused.
    assert_eq!(covered, 3 * 3 + 3);
    assert_eq!(gaps, 9 * 81 - covered);
}

/// Words that say nothing, and decisions that were put off for long.
#[test]
fn every_record_under_the_settings_of_the_second_revision() {
    let mut all = vec![covered()];
    let texts = [None, Some("Todo "), Some("todos")];
    let times = [NOW, NOW - 172_799, NOW - 172_800, NOW - 400 * 86_400];
    all = vary(all, &STATUSES, |c, word| c.coverage_status = owned(word));
    all = vary(all, &texts, |c, text| c.exemption_reason = owned(text));
    all = vary(all, &texts, |c, text| c.review_owner = owned(text));
    all = vary(all, &texts, |c, text| c.decided_by = owned(text));
    all = vary(all, &times, |c, at| c.decided_at = Some(at));
    for switches in Switches::all().filter(|switches| switches.revised) {
        compare(switches, true, all.clone());
    }
    let revised = Switches {
        revised: true,
        ..DEFAULTS
    };
    let [_, covered, gaps] = compare(revised, true, all);
    // Required and deferred; an exemption needs a reason that says something.
    assert_eq!(covered, 2 * 108 + 3 * 36);
    assert_eq!(gaps, 9 * 108 - covered);
}

/// Without the policy columns the policy is not judged, whatever the facts say.
#[test]
fn without_storage_only_the_table_counts() {
    let [_, covered, gaps] = compare(DEFAULTS, false, decisions(covered()));
    assert_eq!((covered, gaps), (9 * 81, 0));
}
