//! Reading catalogs: a handful of queries for any number of tables.

use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use birth_core::catalog::relation::RelationKind;
use birth_core::ident::{Identifier, QualifiedName};
use birth_core::op::DatabaseIdentity;
use birth_core::op::storage::facts::{
    LiveColumn, LiveConstraint, Obstacle, ObstacleKind, RowsOutside, StorageFacts,
};
use birth_core::op::storage::undo::{StorageKeys, Uses};
use birth_core::op::storage::{COLUMNS, PolicyColumn, checked_columns};
use birth_core::profile::Naming;
use birth_core::resolve::{Column, Relation};
use birth_core::sql::query;

use super::error::{PgError, PgErrorKind};
use super::session::{Parameter, Session, column};

/// What is known of the server, the database and the role.
#[derive(Debug, Clone, Serialize)]
pub struct Server {
    /// `server_version_num`.
    pub version_number: i32,
    /// `server_version`.
    pub version: String,
    /// Which database.
    pub database: DatabaseIdentity,
    /// The role.
    pub role: String,
    /// Whether it is a standby.
    pub standby: bool,
    /// Locks the server has room for.
    pub lock_slots: i64,
    /// Locks held now.
    pub locks_held: i64,
}

/// The role's rights on a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRights {
    /// May alter the table and everything that inherits from it: is or inherits
    /// from every owner, or is a superuser.
    pub owner: bool,
    /// The first table among them that the role may not alter.
    pub not_owned: Option<String>,
    /// Who owns that one, else the table itself.
    pub owner_name: String,
    /// May read it.
    pub select: bool,
    /// Row security would hide rows from the role.
    pub hides_rows: bool,
    /// Partitions and inheriting tables below it: ALTER TABLE locks them too.
    pub descendants: i64,
}

/// Somebody who holds a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockHolder {
    /// Backend process id; none for a prepared transaction.
    pub pid: Option<i32>,
    /// Name of the prepared transaction.
    pub prepared: Option<String>,
    /// Role.
    pub user: String,
    /// `application_name`.
    pub application: String,
    /// `pg_stat_activity.state`.
    pub state: String,
    /// Age of its transaction in seconds.
    pub seconds: i64,
    /// Lock modes.
    pub modes: String,
}

impl std::fmt::Display for LockHolder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.pid, &self.prepared) {
            (Some(pid), _) => write!(f, "pid {pid}")?,
            (None, Some(name)) => write!(f, "the prepared transaction {name:?}")?,
            (None, None) => f.write_str("a prepared transaction")?,
        }
        if !self.user.is_empty() {
            write!(f, " ({}", self.user)?;
            if !self.application.is_empty() {
                write!(f, ", {}", self.application)?;
            }
            let state = match (self.pid, self.state.as_str()) {
                (None, _) => "prepared",
                (Some(_), "") => "in a state that is not visible",
                (Some(_), state) => state,
            };
            write!(f, ", {state} for {} s)", self.seconds)?;
        }
        write!(f, " holds {}", self.modes)
    }
}

/// Reads in whatever transaction the session is in.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'s> {
    pub(super) session: &'s Session,
}

impl<'s> Reader<'s> {
    pub(super) fn new(session: &'s Session) -> Self {
        Self { session }
    }

    /// Server, database and role.
    pub async fn server(&self) -> Result<Server, PgError> {
        let row = self
            .session
            .one("reading the server's version", query::SERVER, &[])
            .await?;
        Ok(Server {
            version_number: column(&row, 0)?,
            version: column(&row, 1)?,
            database: DatabaseIdentity {
                // The catalog shows the unsigned 64-bit number as a bigint.
                system_identifier: column::<i64>(&row, 2)?.cast_unsigned(),
                timeline: column::<i32>(&row, 3)?.cast_unsigned(),
                database_oid: column(&row, 4)?,
                database: column(&row, 5)?,
            },
            role: column(&row, 6)?,
            standby: column(&row, 7)?,
            lock_slots: column(&row, 8)?,
            locks_held: column(&row, 9)?,
        })
    }

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

    /// One relation by oid.
    pub async fn relation_by_oid(&self, oid: u32) -> Result<Option<Relation>, PgError> {
        self.session
            .rows(
                "reading the relation",
                query::RELATION_BY_OID,
                &[(&oid, Type::OID)],
            )
            .await?
            .first()
            .map(relation)
            .transpose()
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

    /// The role's rights on a table.
    pub async fn table_rights(&self, oid: u32) -> Result<TableRights, PgError> {
        let row = self
            .session
            .one(
                "reading the role's rights",
                query::TABLE_RIGHTS,
                &[(&oid, Type::OID)],
            )
            .await?;
        let not_owned: Option<String> = column(&row, 0)?;
        let owner_of_that: Option<String> = column(&row, 1)?;
        Ok(TableRights {
            owner: not_owned.is_none(),
            not_owned,
            owner_name: owner_of_that.map_or_else(|| column(&row, 5), Ok)?,
            descendants: column(&row, 2)?,
            select: column(&row, 3)?,
            hides_rows: column(&row, 4)?,
        })
    }

    /// Who holds locks on a table.
    pub async fn lock_holders(&self, oid: u32) -> Result<Vec<LockHolder>, PgError> {
        let rows = self
            .session
            .rows(
                "asking who holds the lock",
                query::LOCK_HOLDERS,
                &[(&oid, Type::OID)],
            )
            .await?;
        rows.iter().map(holder).collect()
    }

    /// Who holds an advisory lock.
    pub async fn advisory_holders(&self, key: &str) -> Result<Vec<LockHolder>, PgError> {
        let rows = self
            .session
            .rows(
                "asking who holds the lock",
                query::ADVISORY_HOLDERS,
                &[(&key, Type::TEXT)],
            )
            .await?;
        rows.iter().map(holder).collect()
    }

    /// How many rows of a table the present transaction changed.
    pub async fn rows_touched(&self, oid: u32) -> Result<i64, PgError> {
        let action = "counting the rows this transaction changed";
        let row = self
            .session
            .one(action, query::ROWS_TOUCHED, &[(&oid, Type::OID)])
            .await?;
        column(&row, 0)
    }

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

pub(super) fn identifier(action: &str, name: &str) -> Result<Identifier, PgError> {
    Identifier::new(name).map_err(|error| PgError {
        kind: PgErrorKind::Unexpected,
        action: action.to_owned(),
        message: error.to_string(),
    })
}

fn relation(row: &Row) -> Result<Relation, PgError> {
    let action = "reading a relation";
    let letter = |i| Ok::<_, PgError>(column::<&str>(row, i)?.chars().next().unwrap_or('?'));
    Ok(Relation {
        oid: column(row, 0)?,
        name: QualifiedName::new(
            identifier(action, column(row, 1)?)?,
            identifier(action, column(row, 2)?)?,
        ),
        kind: RelationKind::from_catalog(letter(3)?, letter(4)?, column(row, 5)?),
    })
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

fn holder(row: &Row) -> Result<LockHolder, PgError> {
    Ok(LockHolder {
        pid: column(row, 0)?,
        prepared: column(row, 1)?,
        user: column(row, 2)?,
        application: column(row, 3)?,
        state: column(row, 4)?,
        seconds: column(row, 5)?,
        modes: column(row, 6)?,
    })
}
