//! What the storage operation reads of the registry.

use crate::ident::{Identifier, QualifiedName};
use crate::sql::literal;

/// All columns of the registry (`$1 oid`); system columns only where one holds
/// a wanted name (`$2 text[]`).
pub const TABLE_COLUMNS: &str = "\
SELECT a.attnum, a.attname::text, format_type(a.atttypid, a.atttypmod), a.atttypid,
       CASE WHEN a.atttypid = 1043 AND a.atttypmod >= 4 THEN a.atttypmod - 4 END,
       a.attnotnull, a.atthasdef AND a.attgenerated = '', a.attgenerated <> '', a.attidentity <> '',
       a.attinhcount > 0, coalesce(l.collisdeterministic, true)
FROM pg_attribute a LEFT JOIN pg_collation l ON l.oid = a.attcollation
WHERE a.attrelid = $1 AND NOT a.attisdropped AND (a.attnum > 0 OR a.attname = ANY ($2))
ORDER BY a.attnum";

/// All constraints of the registry (`$1 oid`), the last column for those that
/// are NO INHERIT although something inherits. `conenforced` came with
/// PostgreSQL 18; through JSON its absence reads as NULL.
pub const TABLE_CONSTRAINTS: &str = "\
SELECT c.oid, c.conname::text, pg_get_expr(c.conbin, c.conrelid), pg_get_constraintdef(c.oid),
       ARRAY(SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY k(attnum, position)
             JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attnum ORDER BY k.position),
       c.convalidated, coalesce((to_jsonb(c) ->> 'conenforced')::bool, true), c.connoinherit,
       c.connoinherit AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.conrelid)
FROM pg_constraint c
WHERE c.conrelid = $1
ORDER BY c.conname, c.oid";

/// What could stop ALTER TABLE on the registry (`$1 oid`) besides the registry's
/// own columns and constraints: whether it is a table of a type, and columns
/// (`$2 text[]`) and constraints (`$3 text[]`) of proposed names on what inherits
/// from it, where the registry has none of that name.
pub const IN_THE_WAY: &str = "\
WITH RECURSIVE below(oid) AS (
  SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = $1
  UNION SELECT i.inhrelid FROM pg_inherits i JOIN below b ON i.inhparent = b.oid)
SELECT 'type'::text, ''::text, t.oid::regtype::text
FROM pg_class c JOIN pg_type t ON t.oid = c.reloftype WHERE c.oid = $1
UNION ALL
SELECT 'column', a.attname::text, n.nspname || '.' || c.relname
FROM below b JOIN pg_class c ON c.oid = b.oid JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = b.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE a.attname = ANY ($2) AND NOT EXISTS (SELECT FROM pg_attribute o WHERE o.attrelid = $1 AND o.attname = a.attname)
UNION ALL
SELECT 'check', k.conname::text, n.nspname || '.' || c.relname
FROM below b JOIN pg_class c ON c.oid = b.oid JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_constraint k ON k.conrelid = b.oid
WHERE k.conname = ANY ($3) AND NOT EXISTS (SELECT FROM pg_constraint o WHERE o.conrelid = $1 AND o.conname = k.conname)
ORDER BY 1, 2, 3";

// The columns of a table (`$1 oid`, `$2 int4[]`) and their copies in
// everything that inherits it: what `DROP COLUMN` drops. A macro, because
// `concat!` takes literals.
macro_rules! copies {
    () => {
        "\
WITH RECURSIVE copies(key, rel, attnum, attname) AS (
  SELECT a.attnum, a.attrelid, a.attnum, a.attname
  FROM pg_attribute a WHERE a.attrelid = $1 AND a.attnum = ANY ($2::int4[])
  UNION
  SELECT o.key, a.attrelid, a.attnum, a.attname
  FROM copies o JOIN pg_inherits i ON i.inhparent = o.rel
    JOIN pg_attribute a ON a.attrelid = i.inhrelid AND a.attname = o.attname AND NOT a.attislocal)"
    };
}

/// What else uses columns of a table (`$1 oid`, `$2 int4[]`) and would go with
/// them: indexes, statistics, constraints, views, generated columns, … One row
/// per use. `DROP COLUMN` takes the column from everything that inherits it, so
/// that is looked at as well; there it has the same name, but seldom the same
/// number. A column's own default is not counted, nor are the constraints of
/// `$3 oid[]`, what descendants inherited from them, and NOT NULL, which is a
/// property of the column ([`CAPTURED_CHANGES`]).
pub const COLUMN_USES: &str = concat!(
    copies!(),
    ",
uses(key, classid, objid, objsubid) AS (
  SELECT o.key, d.classid, d.objid, d.objsubid
  FROM copies o JOIN pg_depend d
    ON d.refclassid = 'pg_class'::regclass AND d.refobjid = o.rel AND d.refobjsubid = o.attnum
  WHERE NOT EXISTS (
      SELECT FROM pg_constraint c
      WHERE d.classid = 'pg_constraint'::regclass AND c.oid = d.objid
        AND (c.contype = 'n' OR c.oid = ANY ($3)
             OR (c.contype = 'c' AND c.coninhcount > 0 AND NOT c.conislocal
                 AND c.conname IN (SELECT p.conname FROM pg_constraint p WHERE p.oid = ANY ($3)))))
    AND NOT (d.classid = 'pg_attrdef'::regclass
             AND EXISTS (SELECT FROM pg_attrdef f WHERE f.oid = d.objid AND f.adrelid = o.rel AND f.adnum = o.attnum))
  UNION
  SELECT o.key, 'pg_class'::regclass, o.rel, 0
  FROM copies o JOIN pg_partitioned_table t ON t.partrelid = o.rel AND o.attnum = ANY (t.partattrs))
SELECT u.key::int2, pg_describe_object(u.classid, u.objid, u.objsubid)
FROM uses u ORDER BY 1, 2"
);

/// What was put on columns (`$1 oid`, `$2 int4[]`), on their copies in
/// descendants, and on constraints (`$3 oid[]`) that a newly added one does not
/// have: the object, the descendant, and what it now has. The table's own rows
/// come first.
pub const CAPTURED_CHANGES: &str = concat!(
    copies!(),
    "
SELECT 'column ' || a.attname, CASE WHEN o.rel <> $1 THEN o.rel::regclass::text END, w.what
FROM copies o JOIN pg_attribute a ON a.attrelid = o.rel AND a.attnum = o.attnum
  JOIN pg_type t ON t.oid = a.atttypid,
LATERAL (VALUES
  (a.atthasdef, 'has a default'),
  (a.attnotnull, 'is NOT NULL'),
  (a.attidentity <> '', 'is an identity column'),
  (col_description(a.attrelid, a.attnum) IS NOT NULL, 'has a comment'),
  (a.attacl IS NOT NULL, 'has its own privileges'),
  (a.attcollation <> t.typcollation, 'has another collation'),
  (a.attstorage <> t.typstorage, 'is stored in another way'),
  (a.attoptions IS NOT NULL OR coalesce(a.attstattarget, -1) >= 0, 'has its own statistics settings'),
  (EXISTS (SELECT FROM pg_seclabel l WHERE l.classoid = 'pg_class'::regclass AND l.objoid = a.attrelid
              AND l.objsubid = a.attnum), 'has a security label')
) w(holds, what)
WHERE w.holds
UNION ALL
SELECT 'check ' || c.conname, NULL, 'has a comment'
FROM pg_constraint c WHERE c.oid = ANY ($3) AND obj_description(c.oid, 'pg_constraint') IS NOT NULL
ORDER BY 2 NULLS FIRST, 1, 3"
);

/// How many rows hold a value in each column, in the columns' order.
#[must_use]
pub fn count_values(table: &QualifiedName, columns: &[Identifier]) -> String {
    let counts: Vec<String> = columns
        .iter()
        .map(|c| format!("count({})", c.quoted()))
        .collect();
    format!("SELECT {} FROM {}", counts.join(", "), table.quoted())
}

/// Rows outside closed lists: for each column a count and the smallest such
/// value, in the columns' order.
#[must_use]
pub fn rows_outside(table: &QualifiedName, columns: &[(Identifier, &[&str])]) -> String {
    let items: Vec<String> = columns
        .iter()
        .map(|(column, values)| {
            let column = column.quoted();
            let values: Vec<String> = values.iter().map(|v| literal(v)).collect();
            let outside = format!("{column}::text NOT IN ({})", values.join(", "));
            format!(
                "count(*) FILTER (WHERE {outside}), min({column}::text COLLATE \"C\") FILTER (WHERE {outside})"
            )
        })
        .collect();
    format!("SELECT {} FROM {}", items.join(", "), table.quoted())
}

/// Rows that hold a value in any of some columns, as one JSON object each, in
/// the order of the key column. For the export before a rollback.
#[must_use]
pub fn export_rows(table: &QualifiedName, key: &Identifier, columns: &[Identifier]) -> String {
    let pairs: Vec<String> = std::iter::once(key)
        .chain(columns)
        .map(|c| format!("{}, {}", literal(c.as_str()), c.quoted()))
        .collect();
    let any: Vec<String> = columns
        .iter()
        .map(|c| format!("{} IS NOT NULL", c.quoted()))
        .collect();
    format!(
        "SELECT jsonb_build_object({})::text FROM {} WHERE {} ORDER BY {}",
        pairs.join(", "),
        table.quoted(),
        any.join(" OR "),
        key.quoted()
    )
}
