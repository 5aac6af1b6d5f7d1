//! Relations by name and by oid, and the columns that concepts are looked for
//! among.

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use birth_core::resolve::{Column, Relation};
use birth_core::sql::query;

use super::{Reader, kind, qualified};
use crate::pg::error::PgError;
use crate::pg::session::column;

impl Reader<'_> {
    /// Relations by squashed name.
    pub async fn relations(&self, squashed: &[String]) -> Result<Vec<Relation>, PgError> {
        self.session
            .rows(
                "looking for the families",
                query::RELATIONS,
                &[(&squashed, Type::TEXT_ARRAY)],
            )
            .await?
            .iter()
            .map(relation)
            .collect()
    }

    /// Relations by oid, in the order of the oids; those that are gone are not
    /// among them.
    pub async fn relations_by_oid(&self, oids: &[u32]) -> Result<Vec<Relation>, PgError> {
        self.session
            .rows(
                "reading relations",
                query::RELATIONS_BY_OID,
                &[(&oids, Type::OID_ARRAY)],
            )
            .await?
            .iter()
            .map(relation)
            .collect()
    }

    /// One relation by oid.
    pub async fn relation_by_oid(&self, oid: u32) -> Result<Option<Relation>, PgError> {
        Ok(self.relations_by_oid(&[oid]).await?.pop())
    }

    /// Columns of relations, with the relation's oid, as concept resolution
    /// sees them.
    pub async fn concept_columns(&self, oids: &[u32]) -> Result<Vec<(u32, Column)>, PgError> {
        self.session
            .rows(
                "reading columns",
                query::CONCEPT_COLUMNS,
                &[(&oids, Type::OID_ARRAY)],
            )
            .await?
            .iter()
            .map(|row| {
                let category: String = column(row, 3)?;
                let resolved = Column {
                    name: column(row, 1)?,
                    r#type: column(row, 2)?,
                    category: category.chars().next().unwrap_or('X'),
                    unique: column(row, 4)?,
                };
                Ok((column(row, 0)?, resolved))
            })
            .collect()
    }
}

fn relation(row: &Row) -> Result<Relation, PgError> {
    Ok(Relation {
        oid: column(row, 0)?,
        name: qualified(row, 1)?,
        kind: kind(row, 3)?,
    })
}
