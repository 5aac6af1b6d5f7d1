//! From drafts to statements, or why not.

use super::draft::RowDraft;
use super::fill::assignments;
use super::problem::{RecordProblem, sorted};
use super::refusal;
use super::statement::{Assignment, KeyColumn, RecordInsert, RowColumn, Value};
use super::table::{RecordColumn, RecordTable};
use super::unique;
use crate::ident::Identifier;

/// What is to become of rows, which decides over what the table and the role
/// need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A rollback takes them away again, by primary key and only while they are
    /// as they were written: the key has to be there, and all columns have to be
    /// readable.
    Undone,
    /// They stay.
    Kept,
}

/// What became of drafts, as far as the catalog tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiled {
    /// One for each draft, in the drafts' order: the insert, or what the table
    /// would refuse of this row and not of every other.
    pub rows: Vec<Result<RecordInsert, Vec<RecordProblem>>>,
    /// Why the table would refuse any row, in order, each once.
    pub problems: Vec<RecordProblem>,
    /// What may refuse rows nevertheless, in order, each once.
    pub warnings: Vec<RecordProblem>,
}

/// Inserts of all drafts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inserts {
    /// One for each draft, in the drafts' order.
    pub inserts: Vec<RecordInsert>,
    /// What may refuse them nevertheless.
    pub warnings: Vec<RecordProblem>,
}

/// Problems while they are found: those of the table, and those of the row that
/// is looked at.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) table: Vec<RecordProblem>,
    pub(super) row: Vec<RecordProblem>,
}

impl Found {
    /// A problem of the table, or of the row alone.
    pub(super) fn push(&mut self, of_table: bool, problem: RecordProblem) {
        // A warning speaks of the table, whichever row brought it up.
        if of_table || problem.is_warning() {
            self.table.push(problem);
        } else {
            self.row.push(problem);
        }
    }
}

impl Compiled {
    /// All inserts, where nothing stands against any of them.
    ///
    /// # Errors
    ///
    /// Everything that the table would refuse, in order, each once.
    pub fn whole(self) -> Result<Inserts, Vec<RecordProblem>> {
        let mut found = self.problems;
        let mut inserts = Vec::with_capacity(self.rows.len());
        for row in self.rows {
            match row {
                Ok(insert) => inserts.push(insert),
                Err(problems) => found.extend(problems),
            }
        }
        let (problems, _) = sorted(found);
        if problems.is_empty() {
            Ok(Inserts {
                inserts,
                warnings: self.warnings,
            })
        } else {
            Err(problems)
        }
    }
}

/// Compiles drafts.
///
/// Whether a row has the values of a unique index is asked of the server
/// ([`unique::probes`]).
#[must_use]
pub fn compile(table: &RecordTable, drafts: &[RowDraft<'_>], purpose: Purpose) -> Compiled {
    let mut found = Found::default();
    let mut rows = Vec::with_capacity(drafts.len());
    if drafts.is_empty() {
        return Compiled {
            rows,
            problems: vec![],
            warnings: vec![],
        };
    }
    let key = key_columns(table);
    if purpose == Purpose::Undone {
        found.table.extend(key_problems(table));
    }
    let columns = match purpose {
        Purpose::Undone => row_columns(table),
        Purpose::Kept => vec![],
    };
    let mut filled = Vec::new();
    for draft in drafts {
        let row = assignments(table, draft, &mut found);
        refusal::of_row(table, draft, &row, &mut found);
        unique::unproved(table, &row, &mut found.table);
        for assignment in &row {
            if !filled.contains(&assignment.column) {
                filled.push(assignment.column.clone());
            }
        }
        let insert = RecordInsert {
            table: table.relation.name.clone(),
            about: draft.about.clone(),
            recognised: recognised(draft, &row),
            assignments: row,
            key: key.clone(),
            columns: columns.clone(),
        };
        rows.push(match std::mem::take(&mut found.row) {
            problems if problems.is_empty() => Ok(insert),
            problems => Err(sorted(problems).0),
        });
    }
    let read = read_columns(table, drafts, purpose);
    found.table.extend(refusal::rights(table, &filled, &read));
    if purpose == Purpose::Undone && !table.rights.delete {
        found.table.push(RecordProblem::Right {
            right: "DELETE",
            object: table.relation.name.to_string(),
        });
    }
    unique::among(table, &mut rows);
    let (problems, warnings) = sorted(found.table);
    Compiled {
        rows,
        problems,
        warnings,
    }
}

/// What is stored can be compared with what was sent only where a text was.
fn recognised(draft: &RowDraft<'_>, row: &[Assignment]) -> Vec<Identifier> {
    let is_sent = |column: &&Identifier| matches!(assigned(row, column), Some(Value::Text(_)));
    draft.recognised.iter().filter(is_sent).cloned().collect()
}

/// The columns that an insert gives back, which the role has to be able to read.
fn read_columns<'t>(
    table: &'t RecordTable,
    drafts: &[RowDraft<'_>],
    purpose: Purpose,
) -> Vec<&'t RecordColumn> {
    let is_read = |column: &&RecordColumn| {
        purpose == Purpose::Undone
            || table.key.contains(&column.name)
            || drafts.iter().any(|d| d.recognised.contains(&column.name))
    };
    table.columns.iter().filter(is_read).collect()
}

pub(super) fn assigned<'a>(row: &'a [Assignment], column: &Identifier) -> Option<&'a Value> {
    row.iter().find(|a| a.column == *column).map(|a| &a.value)
}

fn row_columns(table: &RecordTable) -> Vec<RowColumn> {
    let columns = table.columns.iter().map(|c| RowColumn {
        name: c.name.clone(),
        as_text: !c.binary,
    });
    columns.collect()
}

/// The primary key of a table; also of one whose rows are only looked for.
#[must_use]
pub fn key_columns(table: &RecordTable) -> Vec<KeyColumn> {
    table
        .key
        .iter()
        .filter_map(|name| table.column(name))
        .map(|c| KeyColumn {
            name: c.name.clone(),
            r#type: c.r#type.clone(),
            time: c.category == 'D',
        })
        .collect()
}

/// Why a row could not be named exactly by its primary key.
#[must_use]
pub fn key_problems(table: &RecordTable) -> Vec<RecordProblem> {
    let name = &table.relation.name;
    if table.key.is_empty() {
        return vec![RecordProblem::NoKey {
            table: name.to_string(),
        }];
    }
    table
        .key
        .iter()
        .filter_map(|k| table.column(k))
        .filter(|c| !c.comparable)
        .map(|c| RecordProblem::KeyType {
            table: name.to_string(),
            column: c.name.to_string(),
            r#type: c.declared.clone(),
        })
        .collect()
}
