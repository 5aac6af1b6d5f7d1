//! Judging collections through the policy runtime: batches are cut, lent and
//! answered in their order.

use birth_core::catalog::relation::RelationKind;
use birth_core::digest::Digest;
use birth_core::facts::classification::{Batches, ClassificationFacts, CollectionFact};
use birth_core::policy::approved::Approvals;
use birth_core::policy::set::PolicySet;
use birth_host::plugin::error::PluginError;
use birth_host::plugin::limits::Limits;
use birth_host::plugin::set::{PluginFiles, PolicyRuntime};
use cap_std::ambient_authority;
use cap_std::fs::Dir;

use super::guests;

/// A policy set with one plugin of a role.
fn runtime(role: &str, bytes: &[u8]) -> (tempfile::TempDir, PolicyRuntime) {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("plugin.wasm"), bytes).unwrap();
    let text = format!(
        "format = 1\nname = \"test\"\nrevision = 1\nwit = \"0.1.0\"\n[plugin.{role}]\n\
         file = \"plugin.wasm\"\nsha256 = \"{}\"\n",
        Digest::of(bytes)
    );
    let runtime = PolicyRuntime::open(
        PluginFiles::Directory(Dir::open_ambient_dir(root.path(), ambient_authority()).unwrap()),
        PolicySet::parse(&text).unwrap(),
        &Approvals::parse("format = 1\n").unwrap(),
        None,
        Limits::default(),
    );
    (root, runtime)
}

/// So many collections, with something in every list.
fn batches(collections: usize) -> Batches {
    let mut batches = Batches::default();
    let keys: Vec<String> = (0..collections).map(|i| format!("key {i}")).collect();
    for (i, key) in keys.iter().enumerate() {
        let n = i as u8;
        batches.add_collection(&CollectionFact {
            key,
            role: (i % 3 > 0).then_some("governed"),
            table: (i % 5 > 0).then_some(("app", key)),
            kind: RelationKind::Table,
            bits: n,
            comment: (i % 7 > 0).then_some("what it is"),
            statistics: [n, n ^ 1, n ^ 2, n ^ 3],
            referenced_by: i as u32,
        });
    }
    for (i, key) in keys.iter().enumerate() {
        let (facts, at) = batches.of(i).unwrap();
        let n = i as u32;
        facts.add_column(at, key, "integer", Some(n), 9);
        facts.add_column(at, "b", "text", None, 0);
        facts.add_index(at, "pkey", 19, [Some(1), None].into_iter());
        facts.add_foreign_key(at, "fkey", ("app", key), 3, [n % 2].into_iter());
        facts.add_check(at, "check", "CHECK (b <> '')");
        facts.add_trigger(at, "trigger", "app.touch", 19, 2);
    }
    batches.finish();
    batches
}

/// The lists in the order of the WIT package, as bytes, with their lengths.
fn lists(facts: &ClassificationFacts) -> Vec<(Vec<u8>, usize)> {
    let words = |list: &[u32]| {
        let bytes = list.iter().flat_map(|w| w.to_le_bytes()).collect();
        (bytes, list.len())
    };
    let bytes = |list: &[u8]| (list.to_vec(), list.len());
    let (c, k) = (&facts.collections, &facts.columns);
    let (i, f) = (&facts.indexes, &facts.foreign_keys);
    let (h, t) = (&facts.checks, &facts.triggers);
    vec![
        bytes(facts.text.heap().as_bytes()),
        words(facts.text.ends()),
        words(&c.key),
        words(&c.role),
        words(&c.schema),
        words(&c.name),
        bytes(&c.kind),
        bytes(&c.bits),
        words(&c.comment),
        bytes(&c.rows),
        bytes(&c.inserts),
        bytes(&c.updates),
        bytes(&c.deletes),
        words(&c.referenced_by),
        words(&k.start),
        words(&k.name),
        words(&k.r#type),
        words(&k.length),
        bytes(&k.bits),
        words(&i.start),
        words(&i.name),
        bytes(&i.bits),
        words(&i.column_start),
        words(&i.column),
        words(&f.start),
        words(&f.name),
        words(&f.referenced_schema),
        words(&f.referenced_name),
        bytes(&f.on_delete),
        words(&f.column_start),
        words(&f.column),
        words(&h.start),
        words(&h.name),
        words(&h.definition),
        words(&t.start),
        words(&t.name),
        words(&t.function),
        bytes(&t.r#type),
        bytes(&t.enabled),
    ]
}

/// What the guest below makes of the lists.
fn checksum(lists: &[(Vec<u8>, usize)]) -> i32 {
    let bytes = lists
        .iter()
        .flat_map(|(bytes, length)| bytes.iter().copied().chain([*length as u8]));
    bytes.fold(0_i32, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(i32::from(byte))
    })
}

#[test]
fn every_list_is_lent_in_its_place_and_answers_come_in_order() {
    let facts = batches(Batches::SIZE + 1);
    let found = lists(&facts.batches()[0]);
    // How many bytes an element of each list has.
    let sizes: String = found
        .iter()
        .map(|(bytes, length)| (bytes.len() / length).to_string())
        .collect();
    let (_root, runtime) = runtime("classification", &guests::sums_up(&sizes));
    let classified = runtime.judge_classification(&facts).unwrap();
    assert_eq!(classified.answers.len(), Batches::SIZE + 1);
    assert_eq!(classified.batches.len(), 2);
    for (batch, judged) in facts.batches().iter().zip(&classified.batches) {
        assert_eq!(judged.raw.score[0], checksum(&lists(batch)));
        assert!(judged.fuel > 0);
    }
    let scores: Vec<usize> = classified
        .answers
        .iter()
        .enumerate()
        .filter(|(_, answer)| answer.score != 0)
        .map(|(at, _)| at)
        .collect();
    assert_eq!(scores, [0, Batches::SIZE]);
    assert_eq!(runtime.judge_classification(&facts).unwrap(), classified);
}

#[test]
fn no_collections_need_no_answer_but_a_plugin() {
    let (_root, with) = runtime("classification", &guests::well_behaved("classification"));
    let none = with.judge_classification(&Batches::default()).unwrap();
    assert!(none.answers.is_empty() && none.batches.is_empty());
    let (_root, without) = runtime("conflict", &guests::well_behaved("conflict"));
    let error = without
        .judge_classification(&Batches::default())
        .unwrap_err();
    assert!(matches!(error, PluginError::RoleAbsent { .. }), "{error}");
}

#[test]
fn a_missing_answer_stops_it() {
    let (_root, runtime) = runtime("classification", &guests::well_behaved("classification"));
    let error = runtime.judge_classification(&batches(2)).unwrap_err();
    assert_eq!(error.code(), "PLUGIN_BAD_ANSWER", "{error}");
}
