//! What the storage operation reads of the registry.

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use birth_core::ident::{Identifier, QualifiedName};
use birth_core::op::storage::facts::{
    LiveColumn, LiveConstraint, Obstacle, ObstacleKind, RowsOutside, StorageFacts,
};
use birth_core::op::storage::undo::{StorageKeys, Uses};
use birth_core::op::storage::{COLUMNS, PolicyColumn, checked_columns};
use birth_core::profile::Naming;
use birth_core::resolve::Relation;
use birth_core::sql::query::storage as query;

use super::{Reader, identifier};
use crate::pg::error::PgError;
use crate::pg::session::{Parameter, column};

impl Reader<'_> {
    /// Everything the storage operation reads of the registry.
    pub async fn storage_facts(
        &self,
        registry: &Relation,
        naming: &Naming,
    ) -> Result<StorageFacts, PgError> {
        let names: Vec<&str> = COLUMNS.iter().map(|c| c.name).collect();
        let columns = self
            .session
            .rows(
                "reading the registry's columns",
                query::TABLE_COLUMNS,
                &[(&registry.oid, Type::OID), (&names, Type::TEXT_ARRAY)],
            )
            .await?;
        let constraints = self
            .session
            .rows(
                "reading the registry's constraints",
                query::TABLE_CONSTRAINTS,
                &[(&registry.oid, Type::OID)],
            )
            .await?;
        let mut facts = StorageFacts {
            registry: registry.clone(),
            columns: columns.iter().map(live_column).collect::<Result<_, _>>()?,
            constraints: constraints
                .iter()
                .map(live_constraint)
                .collect::<Result<_, _>>()?,
            rows_outside: vec![],
            obstacles: self.obstacles(registry, naming, &names).await?,
        };
        let scan = facts.columns_to_scan(naming);
        if scan.is_empty() {
            return Ok(facts);
        }
        // Without all rows the count is unknown, and the policy is told so.
        let rights = self.table_rights(registry.oid).await?;
        facts.rows_outside = if rights.select && !rights.hides_rows {
            self.rows_outside(&registry.name, &scan).await?
        } else {
            scan.iter()
                .map(|c| RowsOutside {
                    column: c.name.to_owned(),
                    rows: None,
                    example: None,
                })
                .collect()
        };
        Ok(facts)
    }

    async fn obstacles(
        &self,
        registry: &Relation,
        naming: &Naming,
        columns: &[&str],
    ) -> Result<Vec<Obstacle>, PgError> {
        // A name that does not fit is refused elsewhere, before it is needed.
        let checks: Vec<String> = checked_columns()
            .filter_map(|c| naming.check_name(registry.name.name.as_str(), c.name).ok())
            .map(|name| name.to_string())
            .collect();
        let action = "looking for what is in the way";
        let rows = self
            .session
            .rows(
                action,
                query::IN_THE_WAY,
                &[
                    (&registry.oid, Type::OID),
                    (&columns, Type::TEXT_ARRAY),
                    (&checks, Type::TEXT_ARRAY),
                ],
            )
            .await?;
        rows.iter()
            .map(|row| {
                let kind = match column(row, 0)? {
                    "type" => ObstacleKind::TypedTable,
                    "column" => ObstacleKind::Column,
                    _ => ObstacleKind::Constraint,
                };
                Ok(Obstacle {
                    kind,
                    name: column(row, 1)?,
                    holder: column(row, 2)?,
                })
            })
            .collect()
    }

    async fn rows_outside(
        &self,
        table: &QualifiedName,
        scan: &[&'static PolicyColumn],
    ) -> Result<Vec<RowsOutside>, PgError> {
        let action = "counting rows outside the closed lists";
        let wanted: Vec<(Identifier, &[&str])> = scan
            .iter()
            .map(|c| Ok((identifier(action, c.name)?, c.values)))
            .collect::<Result<_, PgError>>()?;
        let row = self
            .session
            .one(action, &query::rows_outside(table, &wanted), &[])
            .await?;
        scan.iter()
            .enumerate()
            .map(|(i, c)| {
                Ok(RowsOutside {
                    column: c.name.to_owned(),
                    rows: Some(column(&row, 2 * i)?),
                    example: column(&row, 2 * i + 1)?,
                })
            })
            .collect()
    }

    /// What uses the captured objects now, and what was put on them since.
    pub async fn storage_uses(
        &self,
        live: &StorageFacts,
        keys: &StorageKeys,
    ) -> Result<Uses, PgError> {
        let present: Vec<_> = keys
            .columns
            .iter()
            .filter(|k| {
                live.columns
                    .iter()
                    .any(|c| c.attnum == k.attnum && c.name == k.name.as_str())
            })
            .collect();
        let mut uses = Uses::default();
        if !present.is_empty() {
            let names: Vec<Identifier> = present.iter().map(|k| k.name.clone()).collect();
            let count = query::count_values(&live.registry.name, &names);
            let counts = self
                .session
                .one("counting rows in the columns", &count, &[])
                .await?;
            for (i, name) in names.iter().enumerate() {
                uses.values.insert(name.to_string(), column(&counts, i)?);
            }
        }
        let attnums: Vec<i32> = present.iter().map(|k| i32::from(k.attnum)).collect();
        let own: Vec<u32> = keys.checks.iter().map(|k| k.oid).collect();
        let captured: [Parameter<'_>; 3] = [
            (&live.registry.oid, Type::OID),
            (&attnums, Type::INT4_ARRAY),
            (&own, Type::OID_ARRAY),
        ];
        let action = "asking what uses the columns";
        for row in &self
            .session
            .rows(action, query::COLUMN_USES, &captured)
            .await?
        {
            let attnum: i16 = column(row, 0)?;
            if let Some(key) = present.iter().find(|k| k.attnum == attnum) {
                uses.dependents
                    .entry(key.name.to_string())
                    .or_default()
                    .push(column(row, 1)?);
            }
        }
        let action = "asking what was put on the columns";
        for row in &self
            .session
            .rows(action, query::CAPTURED_CHANGES, &captured)
            .await?
        {
            let (object, below): (String, Option<String>) = (column(row, 0)?, column(row, 1)?);
            let what: String = column(row, 2)?;
            // What the registry's column has, its copies mostly have from there.
            let from_above = uses.changes.get(&object).is_some_and(|w| w.contains(&what));
            let object = match below {
                Some(_) if from_above => continue,
                Some(table) => format!("{object} of {table}"),
                None => object,
            };
            uses.changes.entry(object).or_default().push(what);
        }
        Ok(uses)
    }

    /// The rows that hold a value in any of some columns, one JSON object
    /// each, by key.
    pub async fn export_rows(
        &self,
        table: &QualifiedName,
        key: &Identifier,
        columns: &[Identifier],
    ) -> Result<Vec<String>, PgError> {
        self.session
            .rows(
                "exporting rows",
                &query::export_rows(table, key, columns),
                &[],
            )
            .await?
            .iter()
            .map(|row| column(row, 0))
            .collect()
    }
}

fn live_column(row: &Row) -> Result<LiveColumn, PgError> {
    Ok(LiveColumn {
        attnum: column(row, 0)?,
        name: column(row, 1)?,
        r#type: column(row, 2)?,
        type_oid: column(row, 3)?,
        max_length: column::<Option<i32>>(row, 4)?.map(i32::cast_unsigned),
        not_null: column(row, 5)?,
        has_default: column(row, 6)?,
        generated: column(row, 7)?,
        identity: column(row, 8)?,
        inherited: column(row, 9)?,
        deterministic: column(row, 10)?,
    })
}

fn live_constraint(row: &Row) -> Result<LiveConstraint, PgError> {
    Ok(LiveConstraint {
        oid: column(row, 0)?,
        name: column(row, 1)?,
        expression: column(row, 2)?,
        definition: column(row, 3)?,
        columns: column(row, 4)?,
        validated: column(row, 5)?,
        enforced: column(row, 6)?,
        no_inherit: column(row, 7)?,
        leaves_out_rows: column(row, 8)?,
    })
}
