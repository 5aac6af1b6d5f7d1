//! Reading a table of any shape that rows are written into: what it would take,
//! and what became of the rows that a run wrote. A handful of queries for any
//! number of rows.

use std::collections::BTreeSet;

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use birth_core::digest::Digest;
use birth_core::ident::{Identifier, QualifiedName};
use birth_core::record::table::{
    RecordCheck, RecordColumn, RecordForeignKey, RecordRights, Referenced, UniqueIndex,
};
use birth_core::record::{RecordInsert, RecordKeys, RecordRow, RecordTable, UniqueProbe, probes};
use birth_core::resolve::Relation;
use birth_core::sql::record as sql;

use super::error::{PgError, PgErrorKind};
use super::introspect::{Reader, identifier};
use super::session::{Parameter, column};

const ACTION: &str = "reading the table that rows are written into";

impl Reader<'_> {
    /// What is known of a table that rows are written into. Which values the
    /// tables hold that it refers to is asked by [`Reader::held_values`].
    pub async fn record_table(&self, relation: &Relation) -> Result<RecordTable, PgError> {
        let oid: Parameter<'_> = (&relation.oid, Type::OID);
        let of_table = std::slice::from_ref(&oid);
        let columns = self.session.rows(ACTION, sql::COLUMNS, of_table).await?;
        let checks = self.session.rows(ACTION, sql::CHECKS, of_table).await?;
        let indexes = self
            .session
            .rows(ACTION, sql::UNIQUE_INDEXES, of_table)
            .await?;
        let about = self.session.one(ACTION, sql::TABLE, of_table).await?;
        let keys = self
            .session
            .rows(ACTION, sql::FOREIGN_KEYS, of_table)
            .await?;
        let mut table = RecordTable {
            relation: relation.clone(),
            columns: columns
                .iter()
                .map(record_column)
                .collect::<Result<_, _>>()?,
            key: vec![],
            checks: checks.iter().map(record_check).collect::<Result<_, _>>()?,
            foreign_keys: keys.iter().map(foreign_key).collect::<Result<_, _>>()?,
            unique: indexes.iter().map(unique_index).collect::<Result<_, _>>()?,
            before_insert: column(&about, 0)?,
            rules: column(&about, 1)?,
            rights: RecordRights {
                schema: column(&about, 2)?,
                delete: column(&about, 3)?,
                row_security: column(&about, 4)?,
            },
        };
        for row in &indexes {
            if column(row, 3)? {
                table.key = names(row, 1)?;
            }
        }
        Ok(table)
    }

    /// Asks which of the wanted values of a column the tables hold that the
    /// table refers to. Nothing is asked of a column that no value is wanted for.
    pub async fn held_values(
        &self,
        table: &mut RecordTable,
        wanted: impl Fn(&Identifier) -> BTreeSet<String>,
    ) -> Result<(), PgError> {
        let action = "asking whether a referenced table holds a row's values";
        for key in &mut table.foreign_keys {
            key.holds.clear();
            let (Some(referenced), [column_of_key]) = (&key.referenced, key.columns.as_slice())
            else {
                continue;
            };
            let wanted: Vec<String> = wanted(column_of_key).into_iter().collect();
            if wanted.is_empty() {
                continue;
            }
            let text = sql::held_values(&referenced.table, &referenced.column);
            let rows = self
                .session
                .rows(action, &text, &[(&wanted, Type::TEXT_ARRAY)])
                .await?;
            let held = rows.iter().map(|row| column(row, 0));
            key.holds = held.collect::<Result<_, PgError>>()?;
        }
        Ok(())
    }

    /// The unique indexes that would refuse inserts, because a row has their
    /// values already, with the places, from 1, among those of the probe.
    pub async fn collisions(
        &self,
        table: &RecordTable,
        inserts: &[&RecordInsert],
    ) -> Result<Vec<(UniqueProbe, Vec<i64>)>, PgError> {
        let mut found = Vec::new();
        for probe in probes(table, inserts) {
            let text = sql::taken(&table.relation.name, &probe.columns);
            let values: Vec<Parameter<'_>> = probe
                .values
                .iter()
                .map(|values| (values as _, Type::TEXT_ARRAY))
                .collect();
            let rows = self
                .session
                .rows("looking for rows in a unique index", &text, &values)
                .await?;
            let places: Vec<i64> = rows
                .iter()
                .map(|row| column(row, 0))
                .collect::<Result<_, _>>()?;
            if !places.is_empty() {
                found.push((probe, places));
            }
        }
        Ok(found)
    }

    /// What became of the rows that a run wrote, in their order.
    pub async fn record_rows(&self, keys: &RecordKeys) -> Result<Vec<RecordRow>, PgError> {
        let mut out = vec![RecordRow::Gone; keys.rows.len()];
        let (Some(first), Some(relation)) = (
            keys.rows.first(),
            self.relation_by_oid(keys.table_oid).await?,
        ) else {
            return Ok(out);
        };
        let live = self.concept_columns(&[keys.table_oid]).await?;
        let is_there = |name: &Identifier| live.iter().any(|(_, c)| c.name == name.as_str());
        if !keys.columns.iter().all(|c| is_there(&c.name)) {
            out.fill(RecordRow::Changed { now: None });
            return Ok(out);
        }
        // One array for each column of the key.
        let values: Vec<Vec<&str>> = (0..first.key.len())
            .map(|i| {
                let of_rows = keys.rows.iter().filter_map(|row| row.key.get(i));
                of_rows.map(|k| k.value.as_str()).collect()
            })
            .collect();
        let values: Vec<Parameter<'_>> = values
            .iter()
            .map(|values| (values as _, Type::TEXT_ARRAY))
            .collect();
        let text = sql::rows_by_key(&relation.name, &first.key, &keys.columns);
        let action = "looking at the rows that the run wrote";
        for row in &self.session.rows(action, &text, &values).await? {
            let now = digest(action, column(row, 1)?)?;
            let place = column(row, 0)?;
            if let (Some(key), Some(state)) = (at(&keys.rows, place), at_mut(&mut out, place)) {
                *state = if key.row == now {
                    RecordRow::Unchanged
                } else {
                    RecordRow::Changed { now: Some(now) }
                };
            }
        }
        self.referred_to(keys, &relation, &values, &mut out).await?;
        Ok(out)
    }

    /// Marks the rows that rows of other tables refer to: a delete would be
    /// refused, or take those with it.
    async fn referred_to(
        &self,
        keys: &RecordKeys,
        relation: &Relation,
        values: &[Parameter<'_>],
        out: &mut [RecordRow],
    ) -> Result<(), PgError> {
        let action = "asking what refers to the rows";
        let oid: Parameter<'_> = (&keys.table_oid, Type::OID);
        let referring = self
            .session
            .rows(action, sql::REFERRING_KEYS, &[oid])
            .await?;
        let key = keys.rows.first().map_or(&[][..], |row| &row.key);
        for row in &referring {
            let by: String = column(row, 0)?;
            let (readable, reaches_out): (bool, bool) = (column(row, 5)?, column(row, 6)?);
            if !readable {
                // Where a delete is refused, the server sees to it.
                if reaches_out {
                    let by = format!("{by}, which the role may not read");
                    out.iter_mut().for_each(|state| refer(state, &by));
                }
                continue;
            }
            let other = QualifiedName::new(
                identifier(action, column(row, 1)?)?,
                identifier(action, column(row, 2)?)?,
            );
            let pairs: Vec<(Identifier, Identifier)> =
                names(row, 3)?.into_iter().zip(names(row, 4)?).collect();
            let text = sql::referred_to(&relation.name, key, &other, &pairs);
            for row in &self.session.rows(action, &text, values).await? {
                if let Some(state) = at_mut(out, column(row, 0)?) {
                    refer(state, &by);
                }
            }
        }
        Ok(())
    }
}

/// A changed row stays one: what refers to it is of no account then.
fn refer(state: &mut RecordRow, table: &str) {
    match state {
        RecordRow::Unchanged => {
            *state = RecordRow::ReferredTo {
                by: vec![table.to_owned()],
            };
        }
        RecordRow::ReferredTo { by } => by.push(table.to_owned()),
        RecordRow::Changed { .. } | RecordRow::Gone => {}
    }
}

/// The item at a place that counts from 1, as `WITH ORDINALITY` does.
pub(super) fn at<T>(items: &[T], place: i64) -> Option<&T> {
    items.get(usize::try_from(place).ok()?.checked_sub(1)?)
}

fn at_mut<T>(items: &mut [T], place: i64) -> Option<&mut T> {
    items.get_mut(usize::try_from(place).ok()?.checked_sub(1)?)
}

fn digest(action: &str, text: &str) -> Result<Digest, PgError> {
    text.parse().map_err(|error| PgError {
        kind: PgErrorKind::Unexpected,
        action: action.to_owned(),
        message: format!("{error}"),
    })
}

fn names(row: &Row, index: usize) -> Result<Vec<Identifier>, PgError> {
    let names: Vec<Option<String>> = column(row, index)?;
    let names = names.iter().flatten();
    names.map(|name| identifier(ACTION, name)).collect()
}

fn letter(row: &Row, index: usize) -> Result<char, PgError> {
    Ok(column::<&str>(row, index)?.chars().next().unwrap_or('X'))
}

fn record_column(row: &Row) -> Result<RecordColumn, PgError> {
    Ok(RecordColumn {
        name: identifier(ACTION, column(row, 0)?)?,
        r#type: column(row, 1)?,
        declared: column(row, 2)?,
        category: letter(row, 3)?,
        base_type: column(row, 4)?,
        comparable: column(row, 5)?,
        max_length: column::<Option<i32>>(row, 6)?.map(i32::cast_unsigned),
        labels: column(row, 7)?,
        not_null: column(row, 8)?,
        has_default: column(row, 9)?,
        identity: column(row, 10)?,
        computed: column(row, 11)?,
        deterministic: column(row, 12)?,
        binary: column(row, 13)?,
        insertable: column(row, 14)?,
        updatable: column(row, 15)?,
        readable: column(row, 16)?,
        forbidden_sequence: column(row, 17)?,
    })
}

fn record_check(row: &Row) -> Result<RecordCheck, PgError> {
    Ok(RecordCheck {
        name: column(row, 0)?,
        expression: column(row, 1)?,
        columns: names(row, 2)?,
        of_domain: column(row, 3)?,
    })
}

fn foreign_key(row: &Row) -> Result<RecordForeignKey, PgError> {
    let referenced: Option<&str> = column(row, 5)?;
    let referenced = referenced.map(|name| {
        let table = QualifiedName::new(
            identifier(ACTION, column(row, 3)?)?,
            identifier(ACTION, column(row, 4)?)?,
        );
        let column = identifier(ACTION, name)?;
        Ok::<_, PgError>(Referenced { table, column })
    });
    Ok(RecordForeignKey {
        name: column(row, 0)?,
        columns: names(row, 1)?,
        target: column(row, 2)?,
        referenced: referenced.transpose()?,
        holds: BTreeSet::new(),
    })
}

fn unique_index(row: &Row) -> Result<UniqueIndex, PgError> {
    let columns: Vec<Option<String>> = column(row, 1)?;
    Ok(UniqueIndex {
        name: column(row, 0)?,
        columns: columns
            .iter()
            .map(|name| {
                name.as_ref()
                    .map(|name| identifier(ACTION, name))
                    .transpose()
            })
            .collect::<Result<_, _>>()?,
        partial: column(row, 2)?,
    })
}
