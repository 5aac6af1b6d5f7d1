//! What the classification role is told of tables. Each query takes the
//! relations as `$1 oid[]`, 0 where a collection has none, gives their number
//! in that list first, from 1, and comes in its order.

/// Each relation's own properties, what is known of its rows, and how many
/// foreign keys of other tables point to it. Rows are counted where they are
/// stored: a partitioned table's are those of its partitions. That a relation
/// has rules or relatives is asked where they stand; `pg_class` only notes it,
/// and keeps the note until a VACUUM after the last is gone.
///
/// PostgreSQL 13 says 0 of a table that was never analysed as of an empty one:
/// without pages it is not known.
pub const COLLECTIONS: &str = "\
WITH RECURSIVE k AS (SELECT k.oid, k.at FROM unnest($1::oid[]) WITH ORDINALITY k(oid, at)),
stored(at, oid) AS (
  SELECT k.at, k.oid FROM k
  UNION ALL
  SELECT s.at, i.inhrelid FROM stored s JOIN pg_class c ON c.oid = s.oid JOIN pg_inherits i ON i.inhparent = s.oid
  WHERE c.relkind = 'p'),
rows(at, number, inserted, updated, deleted) AS (
  SELECT s.at, CASE WHEN bool_and(c.reltuples > 0 OR c.relpages > 0
                                  OR c.reltuples = 0 AND current_setting('server_version_num')::int4 >= 140000)
                    THEN sum(c.reltuples)::int8 END,
         sum(pg_stat_get_tuples_inserted(c.oid))::int8, sum(pg_stat_get_tuples_updated(c.oid))::int8,
         sum(pg_stat_get_tuples_deleted(c.oid))::int8
  FROM stored s JOIN pg_class c ON c.oid = s.oid
  WHERE c.relkind IN ('r', 'm', 'f')
  GROUP BY s.at)
SELECT k.at, c.relpersistence = 'u', c.relrowsecurity, rule.oid IS NOT NULL, above.oid IS NOT NULL,
       below.oid IS NOT NULL, extension.oid IS NOT NULL, d.description,
       rows.number, rows.inserted, rows.updated, rows.deleted, coalesce(foreign_key.number, 0)
FROM k JOIN pg_class c ON c.oid = k.oid
  LEFT JOIN rows ON rows.at = k.at
  LEFT JOIN (SELECT DISTINCT r.ev_class FROM pg_rewrite r WHERE r.rulename <> '_RETURN') rule(oid) ON rule.oid = k.oid
  LEFT JOIN (SELECT DISTINCT i.inhrelid FROM pg_inherits i) above(oid) ON above.oid = k.oid
  LEFT JOIN (SELECT DISTINCT i.inhparent FROM pg_inherits i) below(oid) ON below.oid = k.oid
  LEFT JOIN (SELECT DISTINCT p.objid FROM pg_depend p
             WHERE p.classid = 'pg_class'::regclass AND p.objsubid = 0 AND p.deptype = 'e') extension(oid)
    ON extension.oid = k.oid
  LEFT JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = k.oid AND d.objsubid = 0
  LEFT JOIN (SELECT f.confrelid, count(*) FROM pg_constraint f
             WHERE f.contype = 'f' AND f.conparentid = 0 AND f.conrelid <> f.confrelid
             GROUP BY f.confrelid) foreign_key(oid, number)
    ON foreign_key.oid = k.oid
ORDER BY k.at";

/// Columns. The length is the declared one, also of an array's elements; the
/// default's text is read without the table, which it cannot name.
pub const COLUMNS: &str = "\
SELECT k.at, a.attnum, a.attname::text, format_type(a.atttypid, NULL),
       CASE WHEN a.atttypmod < 0 THEN NULL
            WHEN a.atttypid IN (1042, 1043, 1014, 1015) THEN a.atttypmod - 4
            WHEN a.atttypid IN (1560, 1562, 1561, 1563) THEN a.atttypmod END,
       a.attnotnull, a.attgenerated <> '', a.attidentity <> '', coalesce(a.attnum = ANY (p.conkey), false),
       t.typcategory = 'A', CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, 0) END
FROM unnest($1::oid[]) WITH ORDINALITY k(oid, at)
  JOIN pg_attribute a ON a.attrelid = k.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef
  LEFT JOIN pg_constraint p ON p.conrelid = a.attrelid AND p.contype = 'p'
ORDER BY k.at, a.attnum";

/// Primary keys, unique constraints and indexes, with the numbers of their key
/// columns: 0 is an expression.
pub const INDEXES: &str = "\
SELECT k.at, c.relname::text, i.indisprimary, i.indisunique, i.indpred IS NOT NULL, i.indexprs IS NOT NULL,
       i.indisvalid, m.amname <> 'btree', (i.indkey::int2[])[0:i.indnkeyatts - 1]
FROM unnest($1::oid[]) WITH ORDINALITY k(oid, at)
  JOIN pg_index i ON i.indrelid = k.oid JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
ORDER BY k.at, c.relname";

/// Foreign keys, without the further ones that PostgreSQL keeps for the
/// partitions of what is referenced: those hang on another of the same table.
pub const FOREIGN_KEYS: &str = "\
SELECT k.at, f.conname::text, n.nspname::text, c.relname::text, f.confdeltype::text, f.conkey
FROM unnest($1::oid[]) WITH ORDINALITY k(oid, at)
  JOIN pg_constraint f ON f.conrelid = k.oid AND f.contype = 'f'
  LEFT JOIN pg_constraint parent ON parent.oid = f.conparentid
  JOIN pg_class c ON c.oid = f.confrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE parent.conrelid IS DISTINCT FROM f.conrelid
ORDER BY k.at, f.conname";

/// Checks. NOT NULL is a property of a column, although PostgreSQL 18 makes a
/// constraint of it as well.
pub const CHECKS: &str = "\
SELECT k.at, f.conname::text, pg_get_constraintdef(f.oid)
FROM unnest($1::oid[]) WITH ORDINALITY k(oid, at)
  JOIN pg_constraint f ON f.conrelid = k.oid AND f.contype = 'c'
ORDER BY k.at, f.conname";

/// Triggers that somebody made here: not PostgreSQL's own, and not the clones
/// of a partitioned parent's.
pub const TRIGGERS: &str = "\
SELECT k.at, t.tgname::text, n.nspname || '.' || p.proname, t.tgtype, t.tgenabled::text
FROM unnest($1::oid[]) WITH ORDINALITY k(oid, at)
  JOIN pg_trigger t ON t.tgrelid = k.oid AND NOT t.tgisinternal AND t.tgparentid = 0
  JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace n ON n.oid = p.pronamespace
ORDER BY k.at, t.tgname";
