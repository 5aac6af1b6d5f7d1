//! The estate: what the registry's keys stand for, and which of them a
//! mapping names.

use std::collections::BTreeSet;

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use birth_core::estate::{
    CollectionTable, Estate, EstateColumns, Found, MappedKeys, RegistryRow, TriggerMaking,
    names_to_look_for,
};
use birth_core::ident::Identifier;
use birth_core::profile::CollectionRules;
use birth_core::resolve::Relation;
use birth_core::sql::query::estate as query;

use super::{Reader, kind, qualified};
use crate::pg::error::PgError;
use crate::pg::session::column;

impl Reader<'_> {
    /// Every collection of the registry and the relation that its key stands
    /// for: two queries, one for the registry and one for all relations.
    pub async fn estate(
        &self,
        registry: &Relation,
        columns: &EstateColumns,
        rules: &CollectionRules,
    ) -> Result<Estate, PgError> {
        let mut rows = Vec::new();
        let text = query::registry_rows(&registry.name, columns);
        self.session
            .each("reading the registry", &text, &[], |row| {
                rows.push(registry_row(row)?);
                Ok(())
            })
            .await?;
        self.estate_of(rows, rules).await
    }

    /// The collections of some rows and the relations that their keys stand for.
    pub async fn estate_of(
        &self,
        rows: Vec<RegistryRow>,
        rules: &CollectionRules,
    ) -> Result<Estate, PgError> {
        let relations = self.relations_to_change(&names_to_look_for(&rows)).await?;
        Ok(Estate::new(rows, &relations, rules))
    }

    /// The same, without what making a trigger takes: for whoever only looks.
    pub async fn estate_to_look_at(
        &self,
        rows: Vec<RegistryRow>,
        rules: &CollectionRules,
    ) -> Result<Estate, PgError> {
        let relations = self.relations_named(&names_to_look_for(&rows)).await?;
        Ok(Estate::new(rows, &relations, rules))
    }

    /// The relations that keys of the registry may stand for, by name, with what
    /// making a trigger on them takes.
    async fn relations_to_change(&self, names: &BTreeSet<&str>) -> Result<Vec<Found>, PgError> {
        self.relations_by(query::RELATIONS_TO_CHANGE, names).await
    }

    /// The same without it: whoever only looks need not have it asked.
    pub(super) async fn relations_named(
        &self,
        names: &BTreeSet<&str>,
    ) -> Result<Vec<Found>, PgError> {
        self.relations_by(query::RELATIONS_NAMED, names).await
    }

    async fn relations_by(
        &self,
        query: &str,
        names: &BTreeSet<&str>,
    ) -> Result<Vec<Found>, PgError> {
        let names: Vec<&str> = names.iter().copied().collect();
        let mut relations = Vec::new();
        self.session
            .each(
                "looking for the tables of the collections",
                query,
                &[(&names, Type::NAME_ARRAY)],
                |row| {
                    relations.push(found(row)?);
                    Ok(())
                },
            )
            .await?;
        Ok(relations)
    }

    /// The keys that a column of a mapping names.
    pub async fn mapped_keys(
        &self,
        map: &Relation,
        key: &Identifier,
    ) -> Result<MappedKeys, PgError> {
        let mut mapped = MappedKeys::default();
        let text = query::mapped_keys(&map.name, key);
        self.session
            .each("reading the mapping", &text, &[], |row| {
                let rows = column::<i64>(row, 1)?.cast_unsigned();
                mapped.rows += rows;
                match column::<Option<String>>(row, 0)?.filter(|key| !key.is_empty()) {
                    Some(key) => {
                        mapped.keys.insert(key);
                    }
                    None => mapped.nulls += rows,
                }
                Ok(())
            })
            .await?;
        Ok(mapped)
    }
}

fn registry_row(row: &Row) -> Result<RegistryRow, PgError> {
    Ok(RegistryRow {
        key: column(row, 0)?,
        role: column(row, 1)?,
        schema: column(row, 2)?,
        table: column(row, 3)?,
    })
}

fn found(row: &Row) -> Result<Found, PgError> {
    Ok(Found {
        table: CollectionTable {
            oid: column(row, 0)?,
            name: qualified(row, 1)?,
            making: if row.len() > 6 {
                making(row)?
            } else {
                TriggerMaking::default()
            },
        },
        kind: kind(row, 3)?,
    })
}

fn making(row: &Row) -> Result<TriggerMaking, PgError> {
    Ok(TriggerMaking {
        owner: column(row, 6)?,
        // Far fewer than 2^32: each is a row of pg_class.
        partitions: column::<i64>(row, 7)? as u32,
        may_not_create: column(row, 8)?,
        may_drop: column(row, 9)?,
    })
}
