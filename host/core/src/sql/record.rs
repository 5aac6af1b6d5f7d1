//! SQL text about rows of a table of any shape: what the catalog says of the
//! table, which rows are there, and what identifies one.

use crate::ident::{Identifier, QualifiedName};
use crate::record::statement::{KeyColumn, RowColumn};
use crate::record::undo::KeyValue;

/// All columns of a table (`$1 oid`), each with the base type under its
/// domains. Its default may draw from a sequence that the role may not use; the
/// right is asked in a CASE, because it may be asked of sequences alone.
pub const COLUMNS: &str = "\
WITH RECURSIVE chain(attnum, oid, typmod, not_null, depth) AS (
  SELECT a.attnum, a.atttypid, a.atttypmod, a.attnotnull, 0
  FROM pg_attribute a WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT c.attnum, t.typbasetype, t.typtypmod, c.not_null OR t.typnotnull, c.depth + 1
  FROM chain c JOIN pg_type t ON t.oid = c.oid AND t.typtype = 'd')
SELECT a.attname::text, format_type(a.atttypid, -1), format_type(a.atttypid, a.atttypmod), b.typcategory::text, b.oid,
       b.typnamespace = 'pg_catalog'::regnamespace OR b.typtype = 'e',
       CASE WHEN b.oid IN (1042, 1043) AND c.typmod >= 4 THEN c.typmod - 4 END,
       ARRAY(SELECT e.enumlabel::text FROM pg_enum e WHERE e.enumtypid = b.oid ORDER BY e.enumsortorder),
       c.not_null,
       (a.atthasdef AND a.attgenerated = '') OR d.typdefault IS NOT NULL,
       a.attidentity <> '', a.attgenerated <> '' OR a.attidentity = 'a',
       coalesce(l.collisdeterministic, true),
       b.typsend <> 0 AND (b.typelem = 0 OR EXISTS (SELECT FROM pg_type e WHERE e.oid = b.typelem AND e.typsend <> 0)),
       has_column_privilege(a.attrelid, a.attnum, 'INSERT'), has_column_privilege(a.attrelid, a.attnum, 'UPDATE'),
       has_column_privilege(a.attrelid, a.attnum, 'SELECT'),
       (SELECT min(s.oid::regclass::text)
        FROM pg_attrdef f JOIN pg_depend p ON p.classid = 'pg_attrdef'::regclass AND p.objid = f.oid
          JOIN pg_class s ON p.refclassid = 'pg_class'::regclass AND s.oid = p.refobjid
        WHERE f.adrelid = a.attrelid AND f.adnum = a.attnum
          AND CASE s.relkind WHEN 'S' THEN NOT has_sequence_privilege(s.oid, 'USAGE, UPDATE') END)
FROM pg_attribute a
  JOIN (SELECT DISTINCT ON (attnum) * FROM chain ORDER BY attnum, depth DESC) c ON c.attnum = a.attnum
  JOIN pg_type b ON b.oid = c.oid JOIN pg_type d ON d.oid = a.atttypid
  LEFT JOIN pg_collation l ON l.oid = a.attcollation
WHERE a.attrelid = $1
ORDER BY a.attnum";

/// The CHECKs that a new row of a table (`$1 oid`) has to pass: its
/// own and those of its columns' domains. `conenforced` came with PostgreSQL
/// 18; through JSON its absence reads as NULL. Without the OFFSET, which keeps
/// the planner from joining the two, it reads all constraints of the database
/// instead of asking the index for each domain.
pub const CHECKS: &str = "\
WITH RECURSIVE chain(attname, oid) AS (
  SELECT a.attname, a.atttypid FROM pg_attribute a WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT c.attname, t.typbasetype FROM chain c JOIN pg_type t ON t.oid = c.oid AND t.typtype = 'd')
SELECT k.conname::text, pg_get_expr(k.conbin, k.conrelid),
       ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY u(attnum, position)
             JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum ORDER BY u.position),
       false
FROM pg_constraint k
WHERE k.conrelid = $1 AND k.contype = 'c' AND coalesce((to_jsonb(k) ->> 'conenforced')::bool, true)
UNION ALL
SELECT k.conname::text, pg_get_expr(k.conbin, 0), ARRAY[c.attname::text], true
FROM chain c CROSS JOIN LATERAL (
  SELECT conname, conbin FROM pg_constraint WHERE contypid = c.oid AND contype = 'c' OFFSET 0) k
ORDER BY 1, 3";

/// The foreign keys of a table (`$1 oid`): name, columns, referenced table, and
/// its schema, name and column where there is one that the role may read.
pub const FOREIGN_KEYS: &str = "\
SELECT k.conname::text,
       ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY u(attnum, position)
             JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum ORDER BY u.position),
       k.confrelid::regclass::text,
       n.nspname::text, r.relname::text,
       CASE WHEN has_schema_privilege(n.oid, 'USAGE') AND has_column_privilege(r.oid, f.attnum, 'SELECT')
              AND NOT row_security_active(r.oid) THEN f.attname::text END
FROM pg_constraint k JOIN pg_class r ON r.oid = k.confrelid JOIN pg_namespace n ON n.oid = r.relnamespace
  LEFT JOIN pg_attribute f ON f.attrelid = k.confrelid AND cardinality(k.confkey) = 1 AND f.attnum = k.confkey[1]
WHERE k.conrelid = $1 AND k.contype = 'f' AND k.conparentid = 0
  AND coalesce((to_jsonb(k) ->> 'conenforced')::bool, true)
ORDER BY 1";

/// The unique indexes of a table (`$1 oid`): name, key columns with
/// NULL for an expression, whether it is partial, whether it is the primary
/// key.
pub const UNIQUE_INDEXES: &str = "\
SELECT c.relname::text,
       ARRAY(SELECT a.attname::text FROM generate_series(0, i.indnkeyatts - 1) p
             LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[p] AND a.attnum > 0 ORDER BY p),
       i.indpred IS NOT NULL, i.indisprimary
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = $1 AND i.indisunique AND i.indislive
ORDER BY 1";

/// What else decides over an insert into a table (`$1 oid`): enabled
/// BEFORE INSERT row triggers (`tgtype`: row 1, before 2, insert 4), enabled
/// INSTEAD rules on INSERT, and the role's rights.
pub const TABLE: &str = "\
SELECT ARRAY(SELECT t.tgname::text FROM pg_trigger t
             WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgtype & 7 = 7 AND t.tgenabled IN ('O', 'A') ORDER BY 1),
       ARRAY(SELECT r.rulename::text FROM pg_rewrite r
             WHERE r.ev_class = c.oid AND r.ev_type = '3' AND r.is_instead AND r.ev_enabled IN ('O', 'A') ORDER BY 1),
       has_schema_privilege(c.relnamespace, 'USAGE'), has_table_privilege(c.oid, 'DELETE'), row_security_active(c.oid)
FROM pg_class c
WHERE c.oid = $1";

/// Foreign keys that refer to a table (`$1 oid`): the table's name for
/// people, its schema and name, its columns, the referenced columns, whether
/// the role may read them, and whether a delete would change or delete rows of
/// theirs instead of being refused.
pub const REFERRING_KEYS: &str = "\
SELECT k.conrelid::regclass::text, n.nspname::text, r.relname::text,
       ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY u(attnum, position)
             JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum ORDER BY u.position),
       ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY u(attnum, position)
             JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.attnum ORDER BY u.position),
       has_schema_privilege(n.oid, 'USAGE') AND NOT row_security_active(r.oid)
         AND NOT EXISTS (SELECT FROM unnest(k.conkey) u(attnum) WHERE NOT has_column_privilege(r.oid, u.attnum, 'SELECT')),
       k.confdeltype IN ('c', 'n', 'd')
FROM pg_constraint k JOIN pg_class r ON r.oid = k.conrelid JOIN pg_namespace n ON n.oid = r.relnamespace
WHERE k.confrelid = $1 AND k.contype = 'f' AND k.conparentid = 0
  AND coalesce((to_jsonb(k) ->> 'conenforced')::bool, true)
ORDER BY 2, 3, k.conname";

/// A column of a row as text.
#[must_use]
pub fn column_text(row: &str, column: &Identifier) -> String {
    format!("{row}.{}::text", column.quoted())
}

/// A column of a primary key as text that reads back as the same value. Times
/// go through JSON, whose form of them is ISO 8601 whatever `DateStyle` says.
#[must_use]
pub fn key_text(row: &str, column: &KeyColumn) -> String {
    if column.time {
        format!("to_jsonb({row}.{}) #>> '{{}}'", column.name.quoted())
    } else {
        column_text(row, &column.name)
    }
}

/// Digest of a row over some columns, made by the server. The binary form of
/// values and not their text, which would depend on `TimeZone`, `DateStyle` and
/// other settings of the session: these must not be set here, where triggers
/// and defaults of the user's run under them.
#[must_use]
pub fn row_digest(row: &str, columns: &[RowColumn]) -> String {
    let columns: Vec<String> = columns
        .iter()
        .map(|c| match c.as_text {
            true => column_text(row, &c.name),
            false => format!("{row}.{}", c.name.quoted()),
        })
        .collect();
    format!(
        "encode(sha256(record_send(ROW({}))), 'hex')",
        columns.join(", ")
    )
}

/// Whether a row has a primary key, whose values are parameters from `first` on.
#[must_use]
pub fn is_row(row: &str, key: &[KeyValue], first: usize) -> String {
    let conditions: Vec<String> = key
        .iter()
        .enumerate()
        .map(|(i, k)| {
            let (column, place) = (k.column.quoted(), first + i);
            format!("{row}.{column} = ${place}::text::{}", k.r#type)
        })
        .collect();
    conditions.join(" AND ")
}

/// Which of some values (`$1 text[]`) a column holds.
#[must_use]
pub fn held_values(table: &QualifiedName, column: &Identifier) -> String {
    format!(
        "SELECT w.value FROM unnest($1::text[]) w(value) WHERE EXISTS (SELECT FROM {} t WHERE {} = w.value)",
        table.quoted(),
        column_text("t", column)
    )
}

/// Which of some rows' values (one `text[]` for each column) are there: their
/// places, from 1.
#[must_use]
pub fn taken(table: &QualifiedName, columns: &[Identifier]) -> String {
    let conditions: Vec<String> = columns
        .iter()
        .enumerate()
        .map(|(i, column)| format!("{} = w.v{}", column_text("t", column), i + 1))
        .collect();
    format!(
        "SELECT DISTINCT w.place FROM {} JOIN {} t ON {} ORDER BY 1",
        wanted(columns.len()),
        table.quoted(),
        conditions.join(" AND ")
    )
}

/// `ROWS FROM` of so many text arrays, as `w(v1, v2, …, place)`.
pub(super) fn wanted(columns: usize) -> String {
    let arrays: Vec<String> = (1..=columns).map(|i| format!("${i}::text[]")).collect();
    let names: Vec<String> = (1..=columns).map(|i| format!("v{i}")).collect();
    format!(
        "unnest({}) WITH ORDINALITY w({}, place)",
        arrays.join(", "),
        names.join(", ")
    )
}

/// Rows by primary key (one `text[]` for each column): the place of what was
/// asked, from 1, and the row's digest over some columns.
#[must_use]
pub fn rows_by_key(table: &QualifiedName, key: &[KeyValue], columns: &[RowColumn]) -> String {
    format!(
        "SELECT w.place, {} FROM {} JOIN {} t ON {}",
        row_digest("t", columns),
        wanted(key.len()),
        table.quoted(),
        same_key(key)
    )
}

fn same_key(key: &[KeyValue]) -> String {
    let conditions: Vec<String> = key
        .iter()
        .enumerate()
        .map(|(i, k)| format!("t.{} = w.v{}::{}", k.column.quoted(), i + 1, k.r#type))
        .collect();
    conditions.join(" AND ")
}

/// Which rows by primary key (as for [`rows_by_key`]) are referred to by rows
/// of another table: their places, from 1.
#[must_use]
pub fn referred_to(
    table: &QualifiedName,
    key: &[KeyValue],
    by: &QualifiedName,
    pairs: &[(Identifier, Identifier)],
) -> String {
    let conditions: Vec<String> = pairs
        .iter()
        .map(|(own, referenced)| format!("r.{} = t.{}", own.quoted(), referenced.quoted()))
        .collect();
    format!(
        "SELECT w.place FROM {} JOIN {} t ON {} WHERE EXISTS (SELECT FROM {} r WHERE {}) ORDER BY 1",
        wanted(key.len()),
        table.quoted(),
        same_key(key),
        by.quoted(),
        conditions.join(" AND ")
    )
}
