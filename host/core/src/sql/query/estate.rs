//! The registry's rows, the relations that their keys may stand for, and the
//! keys that a mapping names.

use crate::estate::EstateColumns;
use crate::ident::{Identifier, QualifiedName};

/// Every row of the registry: key, role, and the schema and the table that it
/// names, NULL where it has no column for one. A key may be of any type that
/// has a text form.
#[must_use]
pub fn registry_rows(registry: &QualifiedName, columns: &EstateColumns) -> String {
    let optional = |column: &Option<Identifier>| {
        column
            .as_ref()
            .map_or_else(|| "NULL::text".to_owned(), as_text)
    };
    format!(
        "SELECT {}, {}, {}, {} FROM {}",
        as_text(&columns.key),
        as_text(&columns.role),
        optional(&columns.schema),
        optional(&columns.table),
        registry.quoted()
    )
}

/// How many rows of a mapping have each value in a column, NULL among them.
#[must_use]
pub fn mapped_keys(map: &QualifiedName, column: &Identifier) -> String {
    format!(
        "SELECT {} COLLATE \"C\", count(*) FROM {} GROUP BY 1",
        as_text(column),
        map.quoted()
    )
}

fn as_text(column: &Identifier) -> String {
    format!("{}::text", column.quoted())
}

macro_rules! relations_named {
    () => {
        "\
  SELECT c.oid, n.nspname, c.relname, c.relkind, c.relpersistence, c.relispartition, c.relowner, c.relnamespace
  FROM unnest($1::name[]) w(name) JOIN pg_class c ON c.relname = w.name
    JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND (n.nspname !~ '^pg_' OR n.nspname ~ '^pg_temp_') AND n.nspname <> 'information_schema'"
    };
}

/// The relations of some names (`$1 name[]`, each once), outside the system's
/// own schemas but with every session's temporary ones. Names are compared as
/// names: the caller leaves out what would be cut.
pub const RELATIONS_NAMED: &str = concat!(
    "SELECT f.oid, f.nspname::text, f.relname::text, f.relkind::text, f.relpersistence::text, f.relispartition FROM (",
    relations_named!(),
    ") f ORDER BY f.nspname, f.relname"
);

/// The relations of [`RELATIONS_NAMED`] with what making a trigger on them takes.
///
/// CREATE TRIGGER on a partitioned table creates it on every partition as well
/// and asks for the TRIGGER right on each; USAGE it needs of the table's own
/// schema alone, because partitions are not looked up by name.
pub const RELATIONS_TO_CHANGE: &str = concat!(
    "WITH RECURSIVE found AS (",
    relations_named!(),
    "),
below(top, oid) AS (
  SELECT f.oid, i.inhrelid FROM found f JOIN pg_inherits i ON i.inhparent = f.oid WHERE f.relkind = 'p'
  UNION ALL
  SELECT b.top, i.inhrelid FROM below b JOIN pg_inherits i ON i.inhparent = b.oid),
partitions(top, number, denied) AS (
  SELECT b.top, count(*),
         min((n.nspname || '.' || c.relname) COLLATE \"C\") FILTER (WHERE NOT has_table_privilege(c.oid, 'TRIGGER'))
  FROM below b JOIN pg_class c ON c.oid = b.oid JOIN pg_namespace n ON n.oid = c.relnamespace
  GROUP BY b.top)
SELECT f.oid, f.nspname::text, f.relname::text, f.relkind::text, f.relpersistence::text, f.relispartition,
       pg_get_userbyid(f.relowner)::text, coalesce(p.number, 0),
       CASE WHEN has_table_privilege(f.oid, 'TRIGGER') AND has_schema_privilege(f.relnamespace, 'USAGE')
            THEN p.denied ELSE f.nspname || '.' || f.relname END,
       pg_has_role(f.relowner, 'USAGE')
FROM found f LEFT JOIN partitions p ON p.top = f.oid
ORDER BY f.nspname, f.relname"
);
