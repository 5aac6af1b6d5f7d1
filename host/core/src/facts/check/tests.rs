use super::*;
use crate::catalog::relation::RelationKind;
use crate::facts::classification::CollectionFact;
use crate::facts::coverage::{CoveredFact, PolicyValues};

fn classification() -> ClassificationFacts {
    let mut facts = ClassificationFacts::default();
    facts.add_collection(&CollectionFact {
        key: "a",
        role: None,
        table: Some(("s", "a")),
        kind: RelationKind::Table,
        bits: 0,
        comment: None,
        statistics: [0; 4],
        referenced_by: 0,
    });
    facts.add_column(0, "x", "text", None, 0);
    facts.add_index(0, "i", 0, [Some(0), None].into_iter());
    facts.add_foreign_key(0, "f", ("s", "b"), 0, std::iter::once(0));
    facts.add_check(0, "c", "CHECK (x)");
    facts.add_trigger(0, "t", "s.f()", 5, 0);
    facts.finish();
    facts
}

#[test]
fn what_the_host_makes_hangs_together() {
    assert_eq!(classification().check(), Ok(()));
    assert_eq!(ClassificationFacts::default().check(), Ok(()));
    assert_eq!(ConflictFacts::default().check(), Ok(()));
    assert_eq!(CoverageFacts::new(true, 0).check(), Ok(()));
}

#[test]
fn what_does_not_is_named() {
    type Break = fn(&mut ClassificationFacts);
    let broken: [(Break, FactsError); 6] = [
        (
            |f| f.collections.key[0] = 99,
            FactsError::NotThere {
                list: "collections.key",
                number: 99,
            },
        ),
        (
            |f| f.columns.bits.clear(),
            FactsError::Length {
                list: "columns.bits",
            },
        ),
        (
            |f| f.columns.start[1] = 7,
            FactsError::Ranges {
                list: "columns.start",
            },
        ),
        (
            |f| f.indexes.column[0] = 1,
            FactsError::NotThere {
                list: "indexes.column",
                number: 1,
            },
        ),
        (
            |f| f.collections.rows.push(0),
            FactsError::Length {
                list: "collections.rows",
            },
        ),
        (
            |f| f.foreign_keys.column_start.clear(),
            FactsError::Length {
                list: "foreign-keys.column-start",
            },
        ),
    ];
    for (spoil, error) in broken {
        let mut facts = classification();
        spoil(&mut facts);
        assert_eq!(facts.check(), Err(error));
    }
}

#[test]
fn coverage_is_checked_too() {
    let mut facts = CoverageFacts::new(true, 0);
    let policy = PolicyValues::default();
    let fact = CoveredFact {
        key: "a",
        role: None,
        table: None,
        kind: RelationKind::None,
        policy: &policy,
        species_mappings: 0,
    };
    facts.add(&fact, std::iter::empty());
    assert_eq!(facts.check(), Ok(()));
    facts.collections.decided_by[0] = 8;
    let list = "collections.decided-by";
    assert_eq!(facts.check(), Err(FactsError::NotThere { list, number: 8 }));
}
