//! Facts of the coverage role: some collections, or all of them page by page.

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use birth_core::coverage::{CoverageRow, CoverageSnapshot, Shard};
use birth_core::estate::{EstateColumns, RegistryRow, names_to_look_for};
use birth_core::facts::coverage::PolicyValues;
use birth_core::ident::QualifiedName;
use birth_core::profile::{CollectionRules, Naming};
use birth_core::sql::query::coverage::{self as query, CoverageSource};

use super::Reader;
use crate::pg::error::PgError;
use crate::pg::session::column;

const ACTION: &str = "reading the registry";

/// The collections of a registry, page by page, out of a cursor of the reader's
/// transaction.
#[derive(Debug)]
pub struct CollectionPages<'s> {
    reader: Reader<'s>,
    /// The rows of the last key that was read: more rows of it may follow on
    /// the next page, and a key that is registered twice counts nowhere.
    held: Vec<CoverageRow>,
    done: bool,
}

impl<'s> Reader<'s> {
    /// The database's time: in seconds since 1970-01-01 UTC and as RFC 3339.
    pub async fn now(&self) -> Result<(i64, String), PgError> {
        let row = self
            .session
            .one("asking for the time", query::NOW, &[])
            .await?;
        Ok((column(&row, 0)?, column(&row, 1)?))
    }

    /// Opens a cursor over the collections, or over those of a shard.
    pub async fn collection_pages(
        self,
        source: &CoverageSource,
        shard: Option<Shard>,
    ) -> Result<CollectionPages<'s>, PgError> {
        let open = query::open_all_collections(source, shard);
        self.session.batch(ACTION, &open).await?;
        Ok(CollectionPages {
            reader: self,
            held: vec![],
            done: false,
        })
    }

    /// Opens a cursor over the rows of a registry: keys, roles and locators alone.
    pub async fn registry_pages(
        self,
        registry: &QualifiedName,
        columns: &EstateColumns,
    ) -> Result<CollectionPages<'s>, PgError> {
        let open = query::open_registry(registry, columns);
        self.session.batch(ACTION, &open).await?;
        Ok(CollectionPages {
            reader: self,
            held: vec![],
            done: false,
        })
    }

    /// The rows of the registry that have some keys.
    pub async fn registered(
        &self,
        source: &CoverageSource,
        keys: &[&str],
    ) -> Result<Vec<CoverageRow>, PgError> {
        self.coverage_rows(&query::collections(source), Some(keys))
            .await
    }

    /// What the coverage conditions ask about collections: two queries for any
    /// number of them.
    pub async fn coverage_snapshot(
        &self,
        moment: (bool, i64),
        rows: Vec<CoverageRow>,
        rules: &CollectionRules,
        (naming, function_oid): (&Naming, u32),
    ) -> Result<CoverageSnapshot, PgError> {
        let registered = rows.iter().map(|row| &row.registered);
        let relations = self.relations_named(&names_to_look_for(registered)).await?;
        let snapshot = CoverageSnapshot::new(moment, rows, &relations, rules);
        let names = snapshot.estate.trigger_names(naming);
        let tables: Vec<(u32, &str)> = names.iter().map(|(oid, n)| (*oid, n.as_str())).collect();
        let triggers = self.birth_triggers(&tables, function_oid).await?;
        Ok(snapshot.with_triggers(function_oid, triggers))
    }

    async fn coverage_rows(
        &self,
        query: &str,
        keys: Option<&[&str]>,
    ) -> Result<Vec<CoverageRow>, PgError> {
        let mut rows = Vec::new();
        let take = |row: &Row| {
            rows.push(coverage_row(row)?);
            Ok(())
        };
        match &keys {
            Some(keys) => {
                let keys = &[(keys as _, Type::TEXT_ARRAY)];
                self.session.each(ACTION, query, keys, take).await?;
            }
            None => self.session.each(ACTION, query, &[], take).await?,
        }
        Ok(rows)
    }
}

impl CollectionPages<'_> {
    /// Ends the cursor, so that another can be opened.
    pub async fn close(self) -> Result<(), PgError> {
        let close = [query::CLOSE.to_owned()];
        self.reader.session.batch(ACTION, &close).await
    }

    /// About so many more rows, all of one key together; none at the end.
    pub async fn next(&mut self, rows: usize) -> Result<Vec<CoverageRow>, PgError> {
        while !self.done {
            let fetched = self.reader.coverage_rows(&query::fetch(rows), None).await?;
            self.done = fetched.len() < rows;
            let mut page = std::mem::take(&mut self.held);
            page.extend(fetched);
            if !self.done {
                self.held = split_last_key(&mut page);
            }
            if !page.is_empty() {
                return Ok(page);
            }
        }
        Ok(vec![])
    }
}

/// Takes the rows of the last key off a page. Rows without a key are no
/// collection, so they need not stay together.
fn split_last_key(page: &mut Vec<CoverageRow>) -> Vec<CoverageRow> {
    let Some(last) = page.last().and_then(|row| row.registered.key.clone()) else {
        return vec![];
    };
    let of_others = page
        .iter()
        .rposition(|row| row.registered.key.as_ref() != Some(&last));
    page.split_off(of_others.map_or(0, |at| at + 1))
}

fn coverage_row(row: &Row) -> Result<CoverageRow, PgError> {
    Ok(CoverageRow {
        registered: RegistryRow {
            key: column(row, 0)?,
            role: column(row, 1)?,
            schema: column(row, 2)?,
            table: column(row, 3)?,
        },
        policy: PolicyValues {
            status: column(row, 4)?,
            scope: column(row, 5)?,
            exemption_reason: column(row, 6)?,
            review_owner: column(row, 7)?,
            decided_at: column(row, 8)?,
            decided_by: column(row, 9)?,
        },
        species_mappings: u32::try_from(column::<i64>(row, 10)?).unwrap_or(u32::MAX),
    })
}
