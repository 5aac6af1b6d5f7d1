//! Facts of the classification role: six queries for any number of tables,
//! read straight into the columns that a plugin gets.

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use birth_core::catalog::default::DefaultMeaning;
use birth_core::catalog::trigger::TriggerEnabled;
use birth_core::estate::{Collection, Estate};
use birth_core::facts::classification::{
    Batches, ClassificationFacts, CollectionFact, UNKNOWN_MAGNITUDE, collection_bits, column_bits,
    index_bits, magnitude,
};
use birth_core::sql::query::classification as query;

use super::{Reader, letter};
use crate::pg::error::{PgError, PgErrorKind};
use crate::pg::session::column;

const ACTION: &str = "reading the shape of the collections";

impl Reader<'_> {
    /// The facts of every collection of an estate, in its order.
    pub async fn classification_facts(&self, estate: &Estate) -> Result<Batches, PgError> {
        let collections = &estate.collections;
        // No relation has the oid 0.
        let oids: Vec<u32> = collections
            .iter()
            .map(|c| c.table.as_ref().map_or(0, |t| t.oid))
            .collect();
        let mut batches = Batches::default();
        let mut rest = collections.iter();
        self.each_shape(query::COLLECTIONS, &oids, |owner, row| {
            let done = collections.len() - rest.len();
            for without in rest.by_ref().take(owner.saturating_sub(done)) {
                batches.add_collection(&bare(without)?);
            }
            match rest.next() {
                Some(collection) => batches.add_collection(&with_row(collection, row)?),
                None => return Err(out_of_order()),
            }
            Ok(())
        })
        .await?;
        for without in rest {
            batches.add_collection(&bare(without)?);
        }
        let mut positions = Positions::default();
        self.each_shape(query::COLUMNS, &oids, |owner, row| {
            positions.add(owner, column(row, 1)?);
            let (facts, at) = place(&mut batches, owner)?;
            add_column(facts, at, row)
        })
        .await?;
        positions.close(oids.len());
        self.each_shape(query::INDEXES, &oids, |owner, row| {
            let (facts, at) = place(&mut batches, owner)?;
            let keys: Vec<i16> = column(row, 8)?;
            let columns = keys.into_iter().map(|key| positions.of(owner, key));
            facts.add_index(at, column(row, 1)?, bits_of_index(row)?, columns);
            Ok(())
        })
        .await?;
        self.each_shape(query::FOREIGN_KEYS, &oids, |owner, row| {
            let (facts, at) = place(&mut batches, owner)?;
            let keys: Vec<i16> = column(row, 5)?;
            let columns = keys.into_iter().filter_map(|key| positions.of(owner, key));
            let referenced = (column(row, 2)?, column(row, 3)?);
            let on_delete = on_delete(letter(row, 4)?);
            facts.add_foreign_key(at, column(row, 1)?, referenced, on_delete, columns);
            Ok(())
        })
        .await?;
        self.each_shape(query::CHECKS, &oids, |owner, row| {
            let (facts, at) = place(&mut batches, owner)?;
            facts.add_check(at, column(row, 1)?, column(row, 2)?);
            Ok(())
        })
        .await?;
        self.each_shape(query::TRIGGERS, &oids, |owner, row| {
            let (facts, at) = place(&mut batches, owner)?;
            let enabled = TriggerEnabled::from_catalog(letter(row, 4)?) as u8;
            // PostgreSQL uses seven bits of the type.
            let kind = column::<i16>(row, 3)? as u8;
            facts.add_trigger(at, column(row, 1)?, column(row, 2)?, kind, enabled);
            Ok(())
        })
        .await?;
        batches.finish();
        Ok(batches)
    }

    /// Rows of one of the queries, each with the index of its collection.
    async fn each_shape(
        &self,
        query: &str,
        oids: &[u32],
        mut take: impl FnMut(usize, &Row) -> Result<(), PgError>,
    ) -> Result<(), PgError> {
        self.session
            .each(ACTION, query, &[(&oids, Type::OID_ARRAY)], |row| {
                let number = column::<i64>(row, 0)?;
                let owner = usize::try_from(number - 1).map_err(|_| out_of_order())?;
                take(owner, row)
            })
            .await
    }
}

/// The numbers of each collection's columns, in order: what a column is counted
/// by in the catalogs, where dropped ones leave gaps.
#[derive(Default)]
struct Positions {
    start: Vec<usize>,
    attnum: Vec<i16>,
}

impl Positions {
    fn add(&mut self, owner: usize, attnum: i16) {
        self.start.resize(owner + 1, self.attnum.len());
        self.attnum.push(attnum);
    }

    fn close(&mut self, owners: usize) {
        self.start.resize(owners + 1, self.attnum.len());
    }

    /// The place of a column among its collection's columns.
    fn of(&self, owner: usize, attnum: i16) -> Option<u32> {
        let range = *self.start.get(owner)?..*self.start.get(owner + 1)?;
        let at = self.attnum.get(range)?.binary_search(&attnum).ok()?;
        u32::try_from(at).ok()
    }
}

fn place(
    batches: &mut Batches,
    owner: usize,
) -> Result<(&mut ClassificationFacts, usize), PgError> {
    batches.of(owner).ok_or_else(out_of_order)
}

fn out_of_order() -> PgError {
    PgError::unexpected(ACTION, "a row for a collection that was not asked for")
}

/// A collection without a relation of its own.
fn bare(collection: &Collection) -> Result<CollectionFact<'_>, PgError> {
    match &collection.table {
        None => Ok(CollectionFact {
            key: &collection.key,
            role: collection.role.as_deref(),
            table: None,
            kind: collection.kind,
            bits: 0,
            comment: None,
            statistics: [UNKNOWN_MAGNITUDE; 4],
            referenced_by: 0,
        }),
        Some(table) => Err(PgError {
            kind: PgErrorKind::Missing,
            action: ACTION.to_owned(),
            message: format!("{} is gone since the registry was read", table.name),
        }),
    }
}

fn with_row<'a>(collection: &'a Collection, row: &'a Row) -> Result<CollectionFact<'a>, PgError> {
    let comment: Option<&str> = column(row, 7)?;
    let marks = [
        (column(row, 1)?, collection_bits::UNLOGGED),
        (column(row, 2)?, collection_bits::ROW_SECURITY),
        (column(row, 3)?, collection_bits::RULES),
        (column(row, 4)?, collection_bits::INHERITS),
        (column(row, 5)?, collection_bits::INHERITED),
        (column(row, 6)?, collection_bits::EXTENSION),
        (comment.is_some(), collection_bits::COMMENT),
    ];
    let known = |index| {
        let rows = column::<Option<i64>>(row, index)?.map(|n| u64::try_from(n).unwrap_or(0));
        Ok::<_, PgError>(rows.map_or(UNKNOWN_MAGNITUDE, magnitude))
    };
    Ok(CollectionFact {
        key: &collection.key,
        role: collection.role.as_deref(),
        table: collection
            .table
            .as_ref()
            .map(|t| (t.name.schema.as_str(), t.name.name.as_str())),
        kind: collection.kind,
        bits: bits(marks),
        comment,
        statistics: [known(8)?, known(9)?, known(10)?, known(11)?],
        referenced_by: u32::try_from(column::<i64>(row, 12)?).unwrap_or(u32::MAX),
    })
}

fn add_column(facts: &mut ClassificationFacts, at: usize, row: &Row) -> Result<(), PgError> {
    let default: Option<&str> = column(row, 10)?;
    let meaning = default.map(DefaultMeaning::of);
    let marks = [
        (column(row, 5)?, column_bits::NOT_NULL),
        (default.is_some(), column_bits::DEFAULT),
        (column(row, 6)?, column_bits::GENERATED),
        (column(row, 7)?, column_bits::IDENTITY),
        (column(row, 8)?, column_bits::PRIMARY_KEY),
        (
            meaning == Some(DefaultMeaning::Identifier) || column(row, 7)?,
            column_bits::SEQUENCE,
        ),
        (meaning == Some(DefaultMeaning::Now), column_bits::NOW),
        (column(row, 9)?, column_bits::ARRAY),
    ];
    let length = column::<Option<i32>>(row, 4)?.and_then(|n| u32::try_from(n).ok());
    facts.add_column(at, column(row, 2)?, column(row, 3)?, length, bits(marks));
    Ok(())
}

fn bits_of_index(row: &Row) -> Result<u8, PgError> {
    Ok(bits([
        (column(row, 2)?, index_bits::PRIMARY),
        (column(row, 3)?, index_bits::UNIQUE),
        (column(row, 4)?, index_bits::PARTIAL),
        (column(row, 5)?, index_bits::EXPRESSION),
        (column(row, 6)?, index_bits::VALID),
        (column(row, 7)?, index_bits::NOT_BTREE),
    ]))
}

fn bits<const N: usize>(marks: [(bool, u8); N]) -> u8 {
    marks
        .into_iter()
        .filter_map(|(holds, bit)| holds.then_some(bit))
        .fold(0, |bits, bit| bits | bit)
}

/// `pg_constraint.confdeltype` as the WIT package numbers it.
fn on_delete(letter: char) -> u8 {
    match letter {
        'r' => 1,
        'c' => 2,
        'n' => 3,
        'd' => 4,
        _ => 0,
    }
}
