//! Unique indexes: which rows could be there already.

use std::collections::BTreeMap;

use super::problem::RecordProblem;
use super::statement::{Assignment, RecordInsert};
use super::table::RecordTable;
use crate::ident::Identifier;

/// What is asked about one unique index: does a row have these values?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UniqueProbe {
    /// The index.
    pub index: String,
    /// Its columns.
    pub columns: Vec<Identifier>,
    /// For each column the value of each insert that gives all of them.
    pub values: Vec<Vec<String>>,
    /// The place of each of those inserts.
    pub rows: Vec<usize>,
    /// What each of them is about.
    pub about: Vec<String>,
}

impl UniqueProbe {
    /// The problem of the inserts at some places, from 1, whose values a row
    /// has; none where there are none.
    #[must_use]
    pub fn taken(&self, table: &RecordTable, places: &[i64]) -> Option<RecordProblem> {
        let about: Vec<&str> = places
            .iter()
            .filter_map(|place| usize::try_from(place - 1).ok())
            .filter_map(|place| self.about.get(place))
            .map(String::as_str)
            .collect();
        (!about.is_empty()).then(|| RecordProblem::Unique {
            table: table.relation.name.to_string(),
            index: self.index.clone(),
            about: listed(&about),
            why: "a row has the same values, and it is not an open issue of the same",
        })
    }
}

/// Names for people, the first ones of many.
fn listed(names: &[&str]) -> String {
    const SHOWN: usize = 10;
    let mut text = names
        .iter()
        .take(SHOWN)
        .copied()
        .collect::<Vec<_>>()
        .join(", ");
    if let Some(more) = names.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        text += &format!(" and {more} more");
    }
    text
}

/// The questions about unique indexes whose values the inserts give in full.
#[must_use]
pub fn probes(table: &RecordTable, inserts: &[&RecordInsert]) -> Vec<UniqueProbe> {
    let proved = table.unique.iter().filter(|index| !index.partial);
    proved
        .filter_map(|index| {
            let columns: Vec<Identifier> = index.columns.iter().cloned().collect::<Option<_>>()?;
            let mut probe = UniqueProbe {
                index: index.name.clone(),
                values: vec![vec![]; columns.len()],
                columns,
                rows: vec![],
                about: vec![],
            };
            for (place, insert) in inserts.iter().enumerate() {
                let texts = probe.columns.iter().map(|column| insert.text(column));
                let Some(texts) = texts.collect::<Option<Vec<_>>>() else {
                    continue;
                };
                for (values, text) in probe.values.iter_mut().zip(texts) {
                    values.push(text.clone());
                }
                probe.rows.push(place);
                probe.about.push(insert.about.clone());
            }
            (!probe.rows.is_empty()).then_some(probe)
        })
        .collect()
}

/// Warns of indexes that could refuse a row, and of which that cannot be asked.
pub(super) fn unproved(table: &RecordTable, row: &[Assignment], found: &mut Vec<RecordProblem>) {
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
            found.push(RecordProblem::UniqueUnproved {
                table: table.relation.name.to_string(),
                index: index.name.clone(),
                form,
            });
        }
    }
}

/// Inserts that would meet each other: the first is left, and those after it
/// are refused.
pub(super) fn among(table: &RecordTable, rows: &mut [Result<RecordInsert, Vec<RecordProblem>>]) {
    let there: Vec<(usize, &RecordInsert)> = rows
        .iter()
        .enumerate()
        .filter_map(|(place, row)| Some((place, row.as_ref().ok()?)))
        .collect();
    let (places, inserts): (Vec<usize>, Vec<&RecordInsert>) = there.into_iter().unzip();
    let mut refused = Vec::new();
    for probe in probes(table, &inserts) {
        let mut holders: BTreeMap<Vec<&str>, Vec<usize>> = BTreeMap::new();
        for at in 0..probe.rows.len() {
            let row = probe.values.iter().filter_map(|v| v.get(at));
            let row = row.map(String::as_str).collect();
            holders.entry(row).or_default().push(at);
        }
        for holders in holders.values().filter(|h| h.len() > 1) {
            let about: Vec<&str> = holders
                .iter()
                .filter_map(|at| probe.about.get(*at))
                .map(String::as_str)
                .collect();
            let problem = RecordProblem::Unique {
                table: table.relation.name.to_string(),
                index: probe.index.clone(),
                about: listed(&about),
                why: "they would have the same values",
            };
            let later = holders.iter().skip(1);
            let later = later.filter_map(|at| places.get(*probe.rows.get(*at)?));
            refused.extend(later.map(|place| (*place, problem.clone())));
        }
    }
    for (place, problem) in refused {
        if let Some(row) = rows.get_mut(place) {
            *row = Err(vec![problem]);
        }
    }
}
