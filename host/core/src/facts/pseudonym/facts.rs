//! The facts of each role under other names: which of their texts are names,
//! which are definitions, and which are what somebody said.

use std::collections::HashMap;

use super::Pseudonyms;
use crate::facts::TextHeap;
use crate::facts::classification::ClassificationFacts;
use crate::facts::conflict::ConflictFacts;
use crate::facts::coverage::CoverageFacts;

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Name,
    Definition,
    Said,
}

/// The texts of one batch under other names.
struct Renaming<'a> {
    pseudonyms: &'a mut Pseudonyms,
    from: TextHeap,
    to: TextHeap,
    // Lookup only: the order of the new texts is the order of the lists.
    done: HashMap<(Kind, u32), u32>,
}

impl Renaming<'_> {
    fn each(&mut self, kind: Kind, symbols: &mut [u32]) {
        for symbol in symbols {
            // What stands for no text goes on doing so.
            let Some(text) = self.from.get(*symbol) else {
                continue;
            };
            let known = self.done.get(&(kind, *symbol)).copied();
            let new = known.unwrap_or_else(|| {
                let text = match kind {
                    Kind::Name => self.pseudonyms.name(text),
                    Kind::Definition => self.pseudonyms.definition(text),
                    Kind::Said => self.pseudonyms.said(text),
                };
                self.to.intern(&text)
            });
            self.done.insert((kind, *symbol), new);
            *symbol = new;
        }
    }

    fn names<const N: usize>(&mut self, lists: [&mut Vec<u32>; N]) {
        for list in lists {
            self.each(Kind::Name, list);
        }
    }

    fn end(self) -> TextHeap {
        let mut heap = self.to;
        heap.forget_index();
        heap
    }
}

impl Pseudonyms {
    fn renaming(&mut self, text: &mut TextHeap) -> Renaming<'_> {
        Renaming {
            pseudonyms: self,
            from: std::mem::take(text),
            to: TextHeap::default(),
            done: HashMap::new(),
        }
    }

    /// Facts of the classification role.
    #[must_use]
    pub fn classification(&mut self, mut facts: ClassificationFacts) -> ClassificationFacts {
        let mut renaming = self.renaming(&mut facts.text);
        let c = &mut facts.collections;
        renaming.names([&mut c.key, &mut c.role, &mut c.schema, &mut c.name]);
        renaming.each(Kind::Said, &mut c.comment);
        renaming.names([&mut facts.columns.name, &mut facts.columns.r#type]);
        renaming.names([&mut facts.indexes.name]);
        let f = &mut facts.foreign_keys;
        renaming.names([
            &mut f.name,
            &mut f.referenced_schema,
            &mut f.referenced_name,
        ]);
        renaming.names([&mut facts.checks.name]);
        renaming.each(Kind::Definition, &mut facts.checks.definition);
        renaming.names([&mut facts.triggers.name, &mut facts.triggers.function]);
        facts.text = renaming.end();
        facts
    }

    /// Facts of the coverage role.
    #[must_use]
    pub fn coverage(&mut self, mut facts: CoverageFacts) -> CoverageFacts {
        let mut renaming = self.renaming(&mut facts.text);
        let c = &mut facts.collections;
        renaming.names([&mut c.key, &mut c.role, &mut c.schema, &mut c.name]);
        renaming.names([&mut c.coverage_status, &mut c.scope_status]);
        for list in [
            &mut c.exemption_reason,
            &mut c.review_owner,
            &mut c.decided_by,
        ] {
            renaming.each(Kind::Said, list);
        }
        renaming.names([&mut facts.triggers.name, &mut facts.triggers.function]);
        facts.text = renaming.end();
        facts
    }

    /// Facts of the conflict role.
    #[must_use]
    pub fn conflict(&mut self, mut facts: ConflictFacts) -> ConflictFacts {
        let mut renaming = self.renaming(&mut facts.text);
        renaming.names([&mut facts.relations.schema, &mut facts.relations.name]);
        renaming.names([&mut facts.columns.name, &mut facts.columns.live_type]);
        let h = &mut facts.checks;
        renaming.names([
            &mut h.name,
            &mut h.column,
            &mut h.value,
            &mut h.value_outside,
        ]);
        renaming.names([&mut h.live.name, &mut h.live.value]);
        renaming.each(Kind::Definition, &mut h.live.definition);
        let t = &mut facts.triggers;
        renaming.names([&mut t.name, &mut t.function]);
        renaming.names([&mut t.live.name, &mut t.live.function]);
        facts.text = renaming.end();
        facts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::relation::RelationKind;
    use crate::facts::classification::{CollectionFact, UNKNOWN_MAGNITUDE};
    use crate::facts::coverage::{CoveredFact, PolicyValues};

    #[test]
    fn no_name_of_the_estate_is_left() {
        let mut p = Pseudonyms::new([3; 32], std::iter::empty());
        let mut facts = ClassificationFacts::default();
        facts.add_collection(&CollectionFact {
            key: "zebra_orders",
            role: Some("governed"),
            table: Some(("zebra", "zebra_orders")),
            kind: RelationKind::Table,
            bits: 0,
            comment: Some("what Zoe bought"),
            statistics: [UNKNOWN_MAGNITUDE; 4],
            referenced_by: 0,
        });
        facts.add_column(0, "zebra_id", "zebra.mood", None, 0);
        facts.add_foreign_key(0, "zebra_fk", ("zebra", "zebras"), 0, std::iter::once(0));
        facts.add_check(0, "zebra_ck", "CHECK (zebra = 'Zoe')");
        facts.add_trigger(0, "zebra_t", "zebra.zoe()", 5, 0);
        facts.finish();
        let renamed = p.classification(facts.clone());
        assert_eq!(renamed.check(), Ok(()));
        let heap = renamed.text.heap().to_lowercase();
        assert!(!heap.contains("zebra") && !heap.contains("zoe"), "{heap}");
        assert_eq!(
            renamed.subject(0).map(|s| s.key.to_owned()),
            Some(p.name("zebra_orders"))
        );
        assert_eq!(renamed.subject(0).and_then(|s| s.role), Some("governed"));
        assert_eq!(p.classification(facts), renamed);
    }

    #[test]
    fn a_decision_keeps_its_words_and_hides_who_made_it() {
        let mut p = Pseudonyms::new([3; 32], std::iter::empty());
        let policy = PolicyValues {
            status: Some("BIRTH_EXEMPT_LOG".into()),
            scope: Some("IN_SCOPE".into()),
            decided_by: Some("Zoe".into()),
            review_owner: Some(" ".into()),
            ..PolicyValues::default()
        };
        let fact = CoveredFact {
            key: "zebra",
            role: None,
            table: None,
            kind: RelationKind::None,
            policy: &policy,
            species_mappings: 0,
        };
        let mut facts = CoverageFacts::new(true, 5);
        facts.add(&fact, std::iter::empty());
        let told = p.coverage(facts).describe(0);
        assert_eq!(told["coverage_status"], "BIRTH_EXEMPT_LOG");
        assert_eq!(told["scope_status"], "IN_SCOPE");
        assert_eq!(told["review_owner"], " ");
        assert_ne!(told["decided_by"], "Zoe");
        assert_eq!(told["exemption_reason"], serde_json::Value::Null);
    }
}
