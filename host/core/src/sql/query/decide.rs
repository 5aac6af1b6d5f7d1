//! What decisions ask of the registry: its columns, and what the policy columns
//! of some rows say.

use crate::facts::conflict::WantedType;
use crate::ident::{Identifier, QualifiedName, quote};
use crate::op::storage::COLUMNS;

/// The columns of the registry (`$1 oid`): number, name, type without a length,
/// whether a text can be assigned to it, the length of `varchar` and `char`, and
/// whether the role may read and change it.
pub const REGISTRY_COLUMNS: &str = "\
SELECT a.attnum, a.attname::text, format_type(a.atttypid, -1), t.typcategory = 'S',
       CASE WHEN a.atttypid IN (1042, 1043) AND a.atttypmod >= 4 THEN a.atttypmod - 4 END,
       has_column_privilege(a.attrelid, a.attnum, 'SELECT'), has_column_privilege(a.attrelid, a.attnum, 'UPDATE')
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum";

/// Whether the role may use the registry's schema, may lock the registry
/// (`$1 oid`) against writers, which a right on some of its columns does not
/// allow, and whether row security would hide rows.
pub const REGISTRY_RIGHTS: &str = "\
SELECT has_schema_privilege(c.relnamespace, 'USAGE'),
       has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE'), row_security_active(c.oid)
FROM pg_class c WHERE c.oid = $1";

/// How many rows of a table (`$1 oid`) and of what inherits from it this
/// transaction has inserted, updated and deleted.
pub const ROWS_CHANGED: &str = "\
WITH RECURSIVE tree(oid) AS (
  SELECT $1 UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree t ON i.inhparent = t.oid)
SELECT coalesce(sum(s.n_tup_ins), 0)::int8, coalesce(sum(s.n_tup_upd), 0)::int8, coalesce(sum(s.n_tup_del), 0)::int8
FROM pg_stat_xact_user_tables s WHERE s.relid IN (SELECT t.oid FROM tree t)";

/// The key and the six policy columns of the rows that have some keys
/// (`$1 text[]`), all as text.
#[must_use]
pub fn decided_rows(registry: &QualifiedName, key: &Identifier) -> String {
    let key = format!("birth_row.{}::text", key.quoted());
    format!(
        "SELECT {key}, {} FROM {} birth_row WHERE {key} COLLATE \"C\" = ANY ($1)",
        policy_texts("birth_row"),
        registry.quoted()
    )
}

/// The policy columns of a row as text that reads back as the same values. The
/// time goes through JSON, whose form of it is ISO 8601 whatever `DateStyle`
/// says, and is in UTC whatever `TimeZone` says.
#[must_use]
pub fn policy_texts(row: &str) -> String {
    let texts = COLUMNS.iter().map(|policy| {
        let column = quote(policy.name);
        match policy.wanted {
            WantedType::Text => format!("{row}.{column}::text"),
            WantedType::Timestamptz => {
                format!("to_jsonb({row}.{column} AT TIME ZONE 'UTC') #>> '{{}}'")
            }
        }
    });
    texts.collect::<Vec<_>>().join(", ")
}

/// What [`policy_texts`] makes of a time, read back.
#[must_use]
pub fn time_of(parameter: usize) -> String {
    format!("${parameter}::text::timestamp AT TIME ZONE 'UTC'")
}
