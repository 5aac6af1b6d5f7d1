//! Undoing decisions: the exact values that were there before, where a row is
//! still what the run wrote.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::facts::DecidedRows;
use super::plan::DecidePlan;
use super::statement::update;
use super::stored::{ColumnCasts, DecisionColumns, RegistryColumn, StoredDecision};
use super::verify::DecideState;
use crate::facts::conflict::WantedType;
use crate::ident::QualifiedName;
use crate::op::storage::COLUMNS;
use crate::sql::Statement;
use crate::sql::query::decide::time_of;

/// A row that a run wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecidedRow {
    /// The registry's key.
    pub collection: String,
    /// What was stored before.
    pub before: StoredDecision,
    /// What the run stored.
    pub after: StoredDecision,
}

/// The exact rows that a run wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecideKeys {
    /// `pg_class.oid` of the registry.
    pub table_oid: u32,
    /// The registry's name when the run was made, for people.
    pub table: QualifiedName,
    /// `pg_attribute.attnum` of its key.
    pub key: i16,
    /// `pg_attribute.attnum` of the policy columns, in their order: columns that
    /// were dropped and made again are others.
    pub columns: Vec<i16>,
    /// The rows, in the order of the keys.
    pub rows: Vec<DecidedRow>,
}

impl DecideKeys {
    /// The captured columns among those that the registry has now; none where
    /// one of them is gone or is not a policy column any more.
    #[must_use]
    pub fn live_columns(&self, columns: &[RegistryColumn]) -> Option<DecisionColumns> {
        let live = DecisionColumns::of(columns, |column| column.attnum == self.key)?;
        let attnums = live.policy.iter().map(|column| column.attnum);
        attnums.eq(self.columns.iter().copied()).then_some(live)
    }

    /// The registry's keys.
    pub fn collections(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().map(|row| row.collection.as_str())
    }
}

/// Takes the rows from what the statements returned: the rows of each statement
/// by its position; and from the state at the end.
///
/// # Errors
///
/// A statement that did not meet exactly one row, or a row that says something
/// else at the end than when it was written.
pub fn capture(
    plan: &DecidePlan,
    after: &DecideState,
    returned: &BTreeMap<usize, &[Vec<Option<String>>]>,
) -> Result<DecideKeys, String> {
    let rows = plan.written().enumerate().map(|(index, on)| {
        let key = &on.collection;
        let written = match returned.get(&index) {
            Some([row]) => StoredDecision {
                values: row.clone().try_into().map_err(|_| {
                    format!("the update of the collection {key:?} gave no whole row")
                })?,
            },
            rows => {
                let met = rows.map_or(0, |rows| rows.len());
                return Err(format!(
                    "the update of the collection {key:?} met {met} rows"
                ));
            }
        };
        let is_last = after
            .rows
            .get(key)
            .is_some_and(|rows| *rows == [written.clone()]);
        match &on.before {
            Some(before) if is_last && written.says(&on.after) => Ok(DecidedRow {
                collection: key.clone(),
                before: before.clone(),
                after: written,
            }),
            _ => Err(format!(
                "what is stored about the collection {key:?} is not what was decided"
            )),
        }
    });
    Ok(DecideKeys {
        table_oid: plan.registry.oid,
        table: plan.registry.name.clone(),
        key: plan.columns.key.attnum,
        columns: plan.columns.policy.iter().map(|c| c.attnum).collect(),
        rows: rows.collect::<Result<_, _>>()?,
    })
}

/// How many captured rows say what the run wrote, and how many what was there
/// before.
#[must_use]
pub fn traces(keys: &DecideKeys, rows: &DecidedRows) -> (usize, usize) {
    let says = |row: &DecidedRow, wanted: &StoredDecision| {
        let live = rows.get(&row.collection);
        live.is_some_and(|live| *live == [wanted.clone()])
    };
    let count = |pick: fn(&DecidedRow) -> &StoredDecision| {
        keys.rows.iter().filter(|row| says(row, pick(row))).count()
    };
    (count(|row| &row.after), count(|row| &row.before))
}

/// A statement that takes a decision back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DecideUndo {
    /// `UPDATE … SET … WHERE <key> RETURNING …`
    RestoreDecision {
        /// The registry, as it is called now.
        registry: QualifiedName,
        /// Its columns.
        columns: ColumnCasts,
        /// The registry's key.
        collection: String,
        /// What was stored before.
        before: StoredDecision,
    },
}

impl Statement for DecideUndo {
    fn sql(&self) -> String {
        let Self::RestoreDecision {
            registry, columns, ..
        } = self;
        // After the key and the columns of text.
        update(registry, columns, &time_of(COLUMNS.len() + 1))
    }

    fn parameters(&self) -> Vec<Option<String>> {
        let Self::RestoreDecision {
            collection, before, ..
        } = self;
        let of_type = |wanted| {
            let pairs = COLUMNS.iter().zip(&before.values);
            pairs
                .filter(move |(column, _)| column.wanted == wanted)
                .map(|(_, value)| value.clone())
        };
        std::iter::once(Some(collection.clone()))
            .chain(of_type(WantedType::Text))
            .chain(of_type(WantedType::Timestamptz))
            .collect()
    }

    fn returns(&self) -> bool {
        true
    }
}

/// A plan for undoing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct UndoPlan {
    /// What will run.
    pub statements: Vec<DecideUndo>,
    /// Positions of the rows that will be restored, among the keys.
    pub restored: Vec<usize>,
    /// What is not there any more.
    pub gone: Vec<String>,
    /// Rows that were changed since: they are left.
    pub left: Vec<String>,
}

/// Checks every captured row against the live database.
#[must_use]
pub fn assess(keys: &DecideKeys, live: &DecideState) -> UndoPlan {
    let mut plan = UndoPlan::default();
    let (Some(registry), Some(columns)) = (&live.registry, &live.columns) else {
        let what = match &live.registry {
            None => format!("the registry {}", keys.table),
            Some(now) => format!("the policy columns of {}", now.name),
        };
        plan.gone.push(what);
        return plan;
    };
    let columns = columns.casts();
    for (at, row) in keys.rows.iter().enumerate() {
        let key = &row.collection;
        let rows = live.rows.get(key).map_or(&[][..], Vec::as_slice);
        match rows {
            [now] if *now == row.after => {
                plan.restored.push(at);
                plan.statements.push(DecideUndo::RestoreDecision {
                    registry: registry.name.clone(),
                    columns: columns.clone(),
                    collection: key.clone(),
                    before: row.before.clone(),
                });
            }
            [now] if *now == row.before => {
                plan.gone.push(format!("the decision about {key:?}"));
            }
            [_] => plan
                .left
                .push(format!("{key:?} was decided again or changed since")),
            [] => plan.gone.push(format!("the collection {key:?}")),
            _ => plan
                .left
                .push(format!("{key:?} was registered twice since")),
        }
    }
    plan
}

/// Whether every statement met one row and left it as it was before the run.
///
/// # Errors
///
/// The first that did not.
pub fn confirm(
    keys: &DecideKeys,
    plan: &UndoPlan,
    returned: &BTreeMap<usize, &[Vec<Option<String>>]>,
) -> Result<(), String> {
    for (index, row) in restored(keys, plan).enumerate() {
        let rows = returned.get(&index).copied().unwrap_or_default();
        if !matches!(rows, [values] if *values == row.before.values) {
            return Err(format!(
                "what was stored about the collection {:?} was not restored",
                row.collection
            ));
        }
    }
    Ok(())
}

/// What is not as it was before the run; empty means verified.
#[must_use]
pub fn not_restored(keys: &DecideKeys, plan: &UndoPlan, rows: &DecidedRows) -> Vec<String> {
    restored(keys, plan)
        .filter(|row| {
            let live = rows.get(&row.collection);
            live.is_none_or(|live| *live != [row.before.clone()])
        })
        .map(|row| {
            let key = &row.collection;
            format!("what is stored about the collection {key:?} is not what was there before")
        })
        .collect()
}

fn restored<'a>(keys: &'a DecideKeys, plan: &'a UndoPlan) -> impl Iterator<Item = &'a DecidedRow> {
    plan.restored.iter().filter_map(|&at| keys.rows.get(at))
}
