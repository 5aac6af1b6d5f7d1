//! What the report on open decisions asks of the catalogs.

use std::collections::BTreeMap;

use tokio_postgres::types::Type;

use birth_core::catalog::trigger::TriggerEnabled;
use birth_core::decisions::{PhysicalTable, UserTrigger};
use birth_core::ident::{Identifier, QualifiedName};
use birth_core::profile::CollectionRules;
use birth_core::sql::query::decisions as query;

use super::{Reader, kind, letter, qualified};
use crate::pg::error::PgError;
use crate::pg::session::column;

impl Reader<'_> {
    /// Every physical table of the searched schemas, by name.
    pub async fn physical_tables(
        &self,
        rules: &CollectionRules,
    ) -> Result<Vec<PhysicalTable>, PgError> {
        let mut tables = Vec::new();
        self.session
            .each(
                "reading the tables",
                query::PHYSICAL_TABLES,
                &[
                    (&rules.schemas, Type::TEXT_ARRAY),
                    (&rules.gate_schema, Type::TEXT),
                ],
                |row| {
                    tables.push(PhysicalTable {
                        oid: column(row, 0)?,
                        name: qualified(row, 1)?,
                        kind: kind(row, 3)?,
                        extension: column(row, 6)?,
                    });
                    Ok(())
                },
            )
            .await?;
        Ok(tables)
    }

    /// The triggers that people put on tables.
    pub async fn user_triggers(
        &self,
        tables: &[u32],
        birth_function: u32,
        gate_schema: &str,
    ) -> Result<Vec<UserTrigger>, PgError> {
        let mut triggers = Vec::new();
        self.session
            .each(
                "reading the triggers of the collections",
                query::USER_TRIGGERS,
                &[
                    (&tables, Type::OID_ARRAY),
                    (&birth_function, Type::OID),
                    (&gate_schema, Type::TEXT),
                ],
                |row| {
                    triggers.push(UserTrigger {
                        table_oid: column(row, 0)?,
                        name: column(row, 1)?,
                        // PostgreSQL uses seven bits of it.
                        r#type: column::<i16>(row, 2)? as u8,
                        enabled: TriggerEnabled::from_catalog(letter(row, 3)?),
                        function: column(row, 4)?,
                        constraint: column(row, 5)?,
                        when: column(row, 6)?,
                        columns: column(row, 7)?,
                    });
                    Ok(())
                },
            )
            .await?;
        Ok(triggers)
    }

    /// What a column of the registry says of each key. Of a key that several
    /// rows have, one of them; it is no collection.
    pub async fn values_by_key(
        &self,
        registry: &QualifiedName,
        key: &Identifier,
        named: &Identifier,
    ) -> Result<BTreeMap<String, Option<String>>, PgError> {
        let mut values = BTreeMap::new();
        let text = query::by_key(registry, key, named);
        self.session
            .each("reading the registry", &text, &[], |row| {
                if let Some(key) = column::<Option<String>>(row, 0)? {
                    values.insert(key, column(row, 1)?);
                }
                Ok(())
            })
            .await?;
        Ok(values)
    }
}
