//! What the storage operation reads, and how it looks to the conflict role.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{COLUMNS, PolicyColumn, checked_columns};
use crate::catalog::check::{CheckMeaning, meaning};
use crate::digest::Digest;
use crate::facts::conflict::{
    CheckFact, ColumnFact, ConflictFacts, ConstraintFact, ConstraintForm, LiveType, column_bits,
    constraint_bits,
};
use crate::ident::{Identifier, IdentifierError};
use crate::profile::Naming;
use crate::resolve::Relation;

/// A column of the registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveColumn {
    /// `pg_attribute.attnum`; negative for system columns.
    pub attnum: i16,
    /// Its name.
    pub name: String,
    /// Its type as `format_type` prints it.
    pub r#type: String,
    /// `pg_type.oid` of the declared type: 25 is text, 1043 varchar, 1184
    /// timestamptz. A domain has an oid of its own and so is none of them.
    pub type_oid: u32,
    /// Declared limit in characters, where the type has one.
    pub max_length: Option<u32>,
    /// NOT NULL.
    pub not_null: bool,
    /// Has a default.
    pub has_default: bool,
    /// GENERATED ALWAYS AS.
    pub generated: bool,
    /// Identity column.
    pub identity: bool,
    /// Inherited from a parent table.
    pub inherited: bool,
    /// Whether equality in its collation is equality of bytes.
    pub deterministic: bool,
}

/// A constraint of the registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveConstraint {
    /// `pg_constraint.oid`.
    pub oid: u32,
    /// Its name.
    pub name: String,
    /// The expression, where it is a check.
    pub expression: Option<String>,
    /// As `pg_get_constraintdef` prints it.
    pub definition: String,
    /// The columns it is on.
    pub columns: Vec<String>,
    /// `convalidated`.
    pub validated: bool,
    /// `conenforced`; true before PostgreSQL 18.
    pub enforced: bool,
    /// `connoinherit`.
    pub no_inherit: bool,
    /// It is `NO INHERIT`, and tables inherit from the registry: their rows are
    /// the registry's rows too, and it does not hold for them.
    pub leaves_out_rows: bool,
}

/// What a proposed object comes to where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObstacleKind {
    /// The registry is a table of a type, which alone gives it columns.
    TypedTable,
    /// A table that inherits from the registry has a column of the name.
    Column,
    /// A table that inherits from the registry has a constraint of the name.
    Constraint,
}

/// Something besides the registry's own columns and constraints that is in the
/// way of `ALTER TABLE`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obstacle {
    /// What it is.
    pub kind: ObstacleKind,
    /// The name of the column or constraint; empty for a type.
    pub name: String,
    /// The table that has it, or the type.
    pub holder: String,
}

/// Rows that a check to come would refuse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowsOutside {
    /// The column.
    pub column: String,
    /// How many rows; `None` where the role may not read the table.
    pub rows: Option<i64>,
    /// The smallest such value.
    pub example: Option<String>,
}

/// Everything the storage operation knows of the live registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageFacts {
    /// The registry.
    pub registry: Relation,
    /// All its columns by attnum, and a system column only where it holds a
    /// policy column's name.
    pub columns: Vec<LiveColumn>,
    /// All its constraints by name.
    pub constraints: Vec<LiveConstraint>,
    /// Rows outside each closed list whose column exists, by column.
    pub rows_outside: Vec<RowsOutside>,
    /// What else is in the way.
    pub obstacles: Vec<Obstacle>,
}

impl LiveColumn {
    /// The type as the conflict role knows it.
    #[must_use]
    pub fn live_type(&self) -> LiveType {
        match self.type_oid {
            25 => LiveType::Text,
            1043 => LiveType::Varchar,
            1184 => LiveType::Timestamptz,
            _ => LiveType::Other,
        }
    }

    fn bits(&self) -> u8 {
        [
            (self.not_null, column_bits::NOT_NULL),
            (self.has_default, column_bits::DEFAULT),
            (self.generated, column_bits::GENERATED),
            (self.identity, column_bits::IDENTITY),
            (self.inherited, column_bits::INHERITED),
            (self.attnum < 0, column_bits::SYSTEM),
            (!self.deterministic, column_bits::NONDETERMINISTIC),
        ]
        .into_iter()
        .fold(
            0,
            |bits, (holds, bit)| if holds { bits | bit } else { bits },
        )
    }
}

impl LiveConstraint {
    /// What the constraint means for one column.
    #[must_use]
    pub fn meaning(&self, column: &str) -> Option<CheckMeaning> {
        self.expression
            .as_deref()
            .map(|expression| meaning(expression, column))
    }

    fn is_on(&self, column: &str) -> bool {
        matches!(self.columns.as_slice(), [only] if only == column)
    }
}

impl StorageFacts {
    /// The column of a name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&LiveColumn> {
        self.columns.iter().find(|c| c.name == name)
    }

    /// The constraint of a name.
    #[must_use]
    pub fn constraint(&self, name: &str) -> Option<&LiveConstraint> {
        self.constraints.iter().find(|c| c.name == name)
    }

    /// The closed-list columns whose present rows have to be looked at: they
    /// exist, can be compared, and no check of the proposed name has looked at
    /// every row already. One that is `NOT VALID` has not.
    #[must_use]
    pub fn columns_to_scan(&self, naming: &Naming) -> Vec<&'static PolicyColumn> {
        let table = self.registry.name.name.as_str();
        checked_columns()
            .filter(|wanted| {
                let comparable = self.column(wanted.name).is_some_and(|live| {
                    matches!(live.live_type(), LiveType::Text | LiveType::Varchar)
                });
                let held = naming
                    .check_name(table, wanted.name)
                    .is_ok_and(|name| self.constraint(name.as_str()).is_some_and(|c| c.validated));
                comparable && !held
            })
            .collect()
    }

    /// Digest of the facts. Two reads of an unchanged registry give the same.
    pub fn digest(&self) -> Result<Digest, serde_json::Error> {
        Ok(Digest::of(&serde_json::to_vec(self)?))
    }

    /// Digest of each column, constraint and count of rows, by what it is.
    pub fn parts(&self) -> Result<BTreeMap<String, Digest>, serde_json::Error> {
        fn digest(fact: &impl Serialize) -> Result<Digest, serde_json::Error> {
            Ok(Digest::of(&serde_json::to_vec(fact)?))
        }
        let mut parts = BTreeMap::new();
        for column in &self.columns {
            parts.insert(format!("the live column {}", column.name), digest(column)?);
        }
        for constraint in &self.constraints {
            let name = format!("the live constraint {}", constraint.name);
            parts.insert(name, digest(constraint)?);
        }
        for rows in &self.rows_outside {
            let name = format!("the count of rows outside the list of {}", rows.column);
            parts.insert(name, digest(rows)?);
        }
        for obstacle in &self.obstacles {
            let name = match obstacle.kind {
                ObstacleKind::TypedTable => format!("the registry's type {}", obstacle.holder),
                ObstacleKind::Column => {
                    format!("the column {} of {}", obstacle.name, obstacle.holder)
                }
                ObstacleKind::Constraint => {
                    format!("the constraint {} of {}", obstacle.name, obstacle.holder)
                }
            };
            parts.insert(name, digest(obstacle)?);
        }
        Ok(parts)
    }

    /// The facts as the conflict role gets them: six columns, then a check for
    /// each that has a closed list.
    pub fn batch(&self, naming: &Naming) -> Result<ConflictFacts, IdentifierError> {
        let mut batch = ConflictFacts::default();
        let name = &self.registry.name;
        let relation =
            batch.add_relation(name.schema.as_str(), name.name.as_str(), self.registry.kind);
        for wanted in &COLUMNS {
            let live = self.column(wanted.name);
            batch.add_column(&ColumnFact {
                relation,
                name: wanted.name,
                wanted: wanted.wanted,
                longest_value: wanted.longest_value(),
                live: live.map_or(LiveType::None, LiveColumn::live_type),
                live_type: live.map(|l| l.r#type.as_str()),
                live_max_length: live.and_then(|l| l.max_length),
                live_bits: live.map_or(0, LiveColumn::bits),
            });
        }
        for wanted in checked_columns() {
            let check = naming.check_name(name.name.as_str(), wanted.name)?;
            self.add_check(&mut batch, relation, wanted, &check);
        }
        Ok(batch)
    }

    fn add_check(
        &self,
        batch: &mut ConflictFacts,
        relation: u32,
        wanted: &PolicyColumn,
        check: &Identifier,
    ) {
        let meanings: Vec<(&LiveConstraint, Option<CheckMeaning>)> = self
            .constraints
            .iter()
            .filter(|c| {
                c.name == check.as_str() || (c.is_on(wanted.name) && c.expression.is_some())
            })
            .map(|c| (c, c.meaning(wanted.name)))
            .collect();
        let live: Vec<ConstraintFact<'_>> = meanings
            .iter()
            .map(|(c, meaning)| constraint_fact(c, meaning.as_ref(), check, wanted.name))
            .collect();
        let outside = self.rows_outside.iter().find(|r| r.column == wanted.name);
        batch.add_check(
            &CheckFact {
                relation,
                name: check.as_str(),
                column: wanted.name,
                values: wanted.values,
                rows_outside: outside.map_or(Some(0), |r| r.rows),
                value_outside: outside.and_then(|r| r.example.as_deref()),
            },
            &live,
        );
    }
}

fn constraint_fact<'a>(
    live: &'a LiveConstraint,
    meaning: Option<&'a CheckMeaning>,
    check: &Identifier,
    column: &str,
) -> ConstraintFact<'a> {
    let (form, values, rejects_null) = match meaning {
        None => (ConstraintForm::NotACheck, vec![], false),
        Some(CheckMeaning::OneOf {
            values,
            rejects_null,
        }) => (
            ConstraintForm::OneOf,
            values.iter().map(String::as_str).collect(),
            *rejects_null,
        ),
        Some(CheckMeaning::RejectsNothing) => (ConstraintForm::RejectsNothing, vec![], false),
        Some(CheckMeaning::Unproved { .. }) => (ConstraintForm::Unproved, vec![], false),
    };
    let bits = [
        (live.name == check.as_str(), constraint_bits::HOLDS_NAME),
        (live.is_on(column), constraint_bits::ON_COLUMN),
        (live.validated, constraint_bits::VALIDATED),
        (live.enforced, constraint_bits::ENFORCED),
        (live.no_inherit, constraint_bits::NO_INHERIT),
        (rejects_null, constraint_bits::REJECTS_NULL),
    ]
    .into_iter()
    .fold(
        0,
        |bits, (holds, bit)| if holds { bits | bit } else { bits },
    );
    ConstraintFact {
        name: &live.name,
        form,
        bits,
        values,
        definition: &live.definition,
    }
}
