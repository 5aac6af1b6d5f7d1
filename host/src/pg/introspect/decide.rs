//! What decisions ask of the registry.

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use birth_core::ident::{Identifier, QualifiedName};
use birth_core::op::decide::facts::DecidedRows;
use birth_core::op::decide::stored::{RegistryColumn, StoredDecision};
use birth_core::op::decide::verify::RowsChanged;
use birth_core::sql::query::decide as query;

use super::{Reader, identifier};
use crate::pg::error::PgError;
use crate::pg::session::column;

impl Reader<'_> {
    /// The columns of the registry, by oid.
    pub async fn registry_columns(&self, oid: u32) -> Result<Vec<RegistryColumn>, PgError> {
        let action = "reading the registry's columns";
        self.session
            .rows(action, query::REGISTRY_COLUMNS, &[(&oid, Type::OID)])
            .await?
            .iter()
            .map(|row| {
                Ok(RegistryColumn {
                    attnum: column(row, 0)?,
                    name: identifier(action, column(row, 1)?)?,
                    r#type: column(row, 2)?,
                    takes_text: column(row, 3)?,
                    max_length: column::<Option<i32>>(row, 4)?.map(i32::cast_unsigned),
                    may_read: column(row, 5)?,
                    may_update: column(row, 6)?,
                })
            })
            .collect()
    }

    /// Why the role could not write rows of the registry, as people read it, and
    /// whether row security would hide rows of it.
    pub async fn registry_rights(&self, oid: u32) -> Result<(Vec<&'static str>, bool), PgError> {
        let row = self
            .session
            .one(
                "reading the role's rights",
                query::REGISTRY_RIGHTS,
                &[(&oid, Type::OID)],
            )
            .await?;
        let rights: [(bool, &'static str); 2] = [
            (column(&row, 0)?, "may not use the registry's schema"),
            (
                column(&row, 1)?,
                "may not lock the registry against writers, which needs UPDATE, DELETE or TRUNCATE on the whole table",
            ),
        ];
        let missing = rights.iter().filter(|(has, _)| !has);
        Ok((missing.map(|(_, what)| *what).collect(), column(&row, 2)?))
    }

    /// What is stored about some collections.
    pub async fn decided_rows(
        &self,
        registry: &QualifiedName,
        key: &Identifier,
        collections: &[&str],
    ) -> Result<DecidedRows, PgError> {
        let mut rows = DecidedRows::new();
        self.session
            .each(
                "reading what is decided",
                &query::decided_rows(registry, key),
                &[(&collections, Type::TEXT_ARRAY)],
                |row| {
                    rows.entry(column(row, 0)?).or_default().push(stored(row)?);
                    Ok(())
                },
            )
            .await?;
        Ok(rows)
    }

    /// How many rows of a table the present transaction has changed.
    pub async fn rows_changed(&self, oid: u32) -> Result<RowsChanged, PgError> {
        let action = "counting the rows this transaction changed";
        let row = self
            .session
            .one(action, query::ROWS_CHANGED, &[(&oid, Type::OID)])
            .await?;
        Ok(RowsChanged {
            inserted: column(&row, 0)?,
            updated: column(&row, 1)?,
            deleted: column(&row, 2)?,
        })
    }
}

/// The six values, after the key.
fn stored(row: &Row) -> Result<StoredDecision, PgError> {
    let mut stored = StoredDecision::default();
    for (at, value) in stored.values.iter_mut().enumerate() {
        *value = column(row, at + 1)?;
    }
    Ok(stored)
}
