//! From nested facts to the batch that crosses the boundary.

use super::{Column, Facts, Form, LiveColumn, LiveConstraint, LiveTrigger, Type};
use crate::facts::conflict::{
    CheckFact, ColumnFact, ConflictFacts, ConstraintFact, ConstraintForm, LiveType, TriggerFact,
    column_bits, constraint_bits,
};

impl Facts {
    /// The batch that crosses the boundary.
    #[must_use]
    pub fn batch(&self) -> ConflictFacts {
        let mut batch = ConflictFacts::default();
        for relation in self.relations().iter() {
            batch.add_relation(&relation.schema, &relation.name, relation.kind.0);
        }
        for column in &self.columns {
            batch.add_column(&column.fact());
        }
        for check in &self.checks {
            let values: Vec<&str> = check.values.iter().map(String::as_str).collect();
            let live: Vec<ConstraintFact<'_>> =
                check.live.iter().map(LiveConstraint::fact).collect();
            let fact = CheckFact {
                relation: check.relation,
                name: &check.name,
                column: &check.column,
                values: &values,
                rows_outside: (check.rows_outside >= 0).then_some(check.rows_outside),
                value_outside: check.value_outside.as_deref(),
            };
            batch.add_check(&fact, &live);
        }
        for trigger in &self.triggers {
            let live: Vec<_> = trigger.live.iter().map(LiveTrigger::fact).collect();
            let fact = TriggerFact {
                relation: trigger.relation,
                name: &trigger.name,
                function: &trigger.function,
                wanted_type: trigger.wanted_type,
            };
            batch.add_trigger(&fact, &live);
        }
        batch
    }
}

impl Column {
    fn fact(&self) -> ColumnFact<'_> {
        let live = self.live.as_ref();
        let has = |is: fn(&LiveColumn) -> bool| live.is_some_and(is);
        let bits = [
            (column_bits::NOT_NULL, has(|live| live.not_null)),
            (column_bits::DEFAULT, has(|live| live.default)),
            (column_bits::GENERATED, has(|live| live.generated)),
            (column_bits::IDENTITY, has(|live| live.identity)),
            (column_bits::INHERITED, has(|live| live.inherited)),
            (column_bits::SYSTEM, self.system_column),
            (
                column_bits::NONDETERMINISTIC,
                has(|live| live.nondeterministic_collation),
            ),
        ];
        ColumnFact {
            relation: self.relation,
            name: &self.name,
            wanted: self.wanted,
            longest_value: self.longest_value,
            live: live.map_or(LiveType::None, |live| match live.live_type {
                Type::Text => LiveType::Text,
                Type::Varchar => LiveType::Varchar,
                Type::Timestamptz => LiveType::Timestamptz,
                Type::Other => LiveType::Other,
            }),
            live_type: live.map(|live| live.type_name.as_str()),
            live_max_length: live.and_then(|live| live.max_length),
            live_bits: sum(&bits),
        }
    }
}

impl LiveConstraint {
    fn fact(&self) -> ConstraintFact<'_> {
        let bits = [
            (constraint_bits::HOLDS_NAME, self.holds_name),
            (constraint_bits::ON_COLUMN, self.on_column_alone),
            (constraint_bits::VALIDATED, self.validated),
            (constraint_bits::ENFORCED, self.enforced),
            (constraint_bits::NO_INHERIT, self.no_inherit),
            (constraint_bits::REJECTS_NULL, self.rejects_null),
        ];
        ConstraintFact {
            name: &self.name,
            form: match self.form {
                Form::Values => ConstraintForm::OneOf,
                Form::Unproved => ConstraintForm::Unproved,
                Form::RejectsNothing => ConstraintForm::RejectsNothing,
                Form::NotACheck => ConstraintForm::NotACheck,
            },
            bits: sum(&bits),
            values: self.values.iter().map(String::as_str).collect(),
            definition: &self.definition,
        }
    }
}

fn sum(bits: &[(u8, bool)]) -> u8 {
    let set = bits.iter().filter(|(_, holds)| *holds);
    set.map(|(bit, _)| bit).sum()
}
