//! Unique indexes: which rows could be there already.

use std::collections::BTreeMap;

use super::problem::IssueProblem;
use super::statement::{Assignment, IssueInsert, Value};
use super::table::{IssueTable, UniqueIndex};
use crate::ident::Identifier;

/// What is asked about one unique index: does a row have these values?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UniqueProbe {
    /// The index.
    pub index: String,
    /// Its columns.
    pub columns: Vec<Identifier>,
    /// For each column the value of each insert.
    pub values: Vec<Vec<String>>,
    /// The collection of each insert.
    pub collections: Vec<String>,
}

impl UniqueProbe {
    /// The problem of the inserts at some places, from 1, whose values a row
    /// has; none where there are none.
    #[must_use]
    pub fn taken(&self, table: &IssueTable, places: &[i64]) -> Option<IssueProblem> {
        let collections: Vec<&str> = places
            .iter()
            .filter_map(|place| usize::try_from(place - 1).ok())
            .filter_map(|place| self.collections.get(place))
            .map(String::as_str)
            .collect();
        (!collections.is_empty()).then(|| IssueProblem::Unique {
            table: table.relation.name.to_string(),
            index: self.index.clone(),
            collections: collections.join(", "),
            why: "a row has the same values, and it is not an open issue of the collection",
        })
    }
}

/// The questions about unique indexes whose values the inserts give in full.
#[must_use]
pub fn probes(table: &IssueTable, inserts: &[IssueInsert]) -> Vec<UniqueProbe> {
    let Some(first) = inserts.first() else {
        return vec![];
    };
    let proved = table.unique.iter().filter(|index| !index.partial);
    proved
        .filter_map(|index| {
            let columns = given(index, &first.assignments)?;
            let values = columns
                .iter()
                .map(|column| {
                    let texts = inserts.iter().map(|insert| insert.text(column).cloned());
                    texts.collect::<Option<Vec<_>>>()
                })
                .collect::<Option<Vec<_>>>()?;
            Some(UniqueProbe {
                index: index.name.clone(),
                columns,
                values,
                collections: inserts.iter().map(|i| i.collection.clone()).collect(),
            })
        })
        .collect()
}

/// The columns of an index, where every one of them is given a text.
fn given(index: &UniqueIndex, row: &[Assignment]) -> Option<Vec<Identifier>> {
    let is_text = |column: &Identifier| {
        row.iter()
            .any(|a| a.column == *column && matches!(a.value, Value::Text(_)))
    };
    index
        .columns
        .iter()
        .map(|column| column.clone().filter(|c| is_text(c)))
        .collect()
}

/// Warns of indexes that could refuse a row, and of which that cannot be asked.
pub(super) fn unproved(table: &IssueTable, row: &[Assignment], found: &mut Vec<IssueProblem>) {
    for index in &table.unique {
        // A column that is not given has a value of its own, or NULL.
        let plain: Vec<&Identifier> = index.columns.iter().flatten().collect();
        let all_given = plain
            .iter()
            .all(|column| row.iter().any(|a| a.column == **column));
        let form = if index.partial {
            "on a part of the rows"
        } else if plain.len() < index.columns.len() {
            "on an expression"
        } else {
            continue;
        };
        if all_given {
            found.push(IssueProblem::UniqueUnproved {
                table: table.relation.name.to_string(),
                index: index.name.clone(),
                form,
            });
        }
    }
}

/// Inserts that would meet each other.
pub(super) fn among(table: &IssueTable, inserts: &[IssueInsert], found: &mut Vec<IssueProblem>) {
    for probe in probes(table, inserts) {
        let mut holders: BTreeMap<Vec<&str>, Vec<&str>> = BTreeMap::new();
        for (i, collection) in probe.collections.iter().enumerate() {
            let row = probe.values.iter().filter_map(|v| v.get(i));
            let row = row.map(String::as_str).collect();
            holders.entry(row).or_default().push(collection);
        }
        for collections in holders.values().filter(|c| c.len() > 1) {
            found.push(IssueProblem::Unique {
                table: table.relation.name.to_string(),
                index: probe.index.clone(),
                collections: collections.join(", "),
                why: "they would have the same values",
            });
        }
    }
}
