//! Trigger functions, and the triggers that matter to births.

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use birth_core::catalog::function::TriggerFunction;
use birth_core::catalog::trigger::{BirthTriggers, LiveTrigger, PartitionTrigger, TriggerEnabled};
use birth_core::digest::Digest;
use birth_core::sql::query::triggers as query;

use super::{Reader, letter, qualified};
use crate::pg::error::PgError;
use crate::pg::session::column;

impl Reader<'_> {
    /// Every function of a name, by schema and arguments.
    pub async fn trigger_functions(&self, name: &str) -> Result<Vec<TriggerFunction>, PgError> {
        self.session
            .rows(
                "looking for the trigger function",
                query::FUNCTIONS_NAMED,
                &[(&name, Type::TEXT)],
            )
            .await?
            .iter()
            .map(function)
            .collect()
    }

    /// One function, whatever it is called now; none where it is gone.
    pub async fn trigger_function(&self, oid: u32) -> Result<Option<TriggerFunction>, PgError> {
        self.session
            .rows(
                "reading the trigger function",
                query::FUNCTION_BY_OID,
                &[(&oid, Type::OID)],
            )
            .await?
            .first()
            .map(function)
            .transpose()
    }

    /// The triggers that hold a table's proposed name or call the function,
    /// PostgreSQL's own among them, and what is in the way on partitions.
    /// `tables` are oids with the proposed names, each oid once.
    pub async fn birth_triggers(
        &self,
        tables: &[(u32, &str)],
        function_oid: u32,
    ) -> Result<BirthTriggers, PgError> {
        let (oids, names): (Vec<u32>, Vec<&str>) = tables.iter().copied().unzip();
        let mut triggers = BirthTriggers::default();
        self.session
            .each(
                "reading the birth triggers",
                query::BIRTH_TRIGGERS,
                &[
                    (&oids, Type::OID_ARRAY),
                    (&names, Type::TEXT_ARRAY),
                    (&function_oid, Type::OID),
                ],
                |row| {
                    let trigger = live_trigger(row)?;
                    if column::<Option<&str>>(row, 15)?.is_some() {
                        triggers.on_partitions.push(PartitionTrigger {
                            table_oid: column(row, 14)?,
                            partition: qualified(row, 15)?,
                            trigger,
                        });
                    } else {
                        triggers.live.push(trigger);
                    }
                    Ok(())
                },
            )
            .await?;
        Ok(triggers)
    }

    /// How many triggers call the function, apart from PostgreSQL's own and the
    /// clones on partitions.
    pub async fn birth_trigger_count(&self, function_oid: u32) -> Result<u64, PgError> {
        let row = self
            .session
            .one(
                "counting the birth triggers",
                query::BIRTH_TRIGGER_COUNT,
                &[(&function_oid, Type::OID)],
            )
            .await?;
        Ok(column::<i64>(&row, 0)?.cast_unsigned())
    }
}

fn function(row: &Row) -> Result<TriggerFunction, PgError> {
    Ok(TriggerFunction {
        oid: column(row, 0)?,
        schema: column(row, 1)?,
        name: column(row, 2)?,
        arguments: column(row, 3)?,
        fits: column(row, 4)?,
        returns: column(row, 5)?,
        language: column(row, 6)?,
        definition: Digest::of(column::<&str>(row, 7)?.as_bytes()),
        may_execute: column(row, 8)?,
    })
}

fn live_trigger(row: &Row) -> Result<LiveTrigger, PgError> {
    Ok(LiveTrigger {
        oid: column(row, 0)?,
        table_oid: column(row, 1)?,
        name: column(row, 2)?,
        function_oid: column(row, 3)?,
        function: column(row, 4)?,
        // PostgreSQL uses seven bits of it.
        r#type: column::<i16>(row, 5)? as u8,
        enabled: TriggerEnabled::from_catalog(letter(row, 6)?),
        internal: column(row, 7)?,
        clone: column(row, 8)?,
        constraint: column(row, 9)?,
        when: column(row, 10)?,
        arguments: column(row, 11)?,
        columns: column(row, 12)?,
        transition_tables: column(row, 13)?,
        commented: column(row, 17)?,
    })
}
