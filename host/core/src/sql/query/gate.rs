//! What the gate operation reads.

use crate::ident::QualifiedName;

/// A schema (`$1 text`): owner, and what the role and everybody may do in it.
pub const SCHEMA: &str = "\
SELECT n.oid, r.rolname::text, r.rolsuper, has_schema_privilege('public', n.oid, 'CREATE'),
       has_schema_privilege(n.oid, 'USAGE'), has_schema_privilege(n.oid, 'CREATE')
FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner WHERE n.nspname::text = $1";

/// What holds a name (`$2 text`) in a schema (`$1 oid`), so that no table of the
/// name can be made there: a relation of any kind, else a type. With the columns
/// of its primary key, what may refuse or change a row before it is stored, whether
/// everybody may write, and whether VACUUM may truncate it.
pub const QUEUE: &str = "\
SELECT c.oid, r.rolname::text, r.rolsuper, c.relkind::text, c.relpersistence::text, c.relispartition, c.relpersistence = 'p',
       ARRAY(SELECT a.attname::text FROM pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, position)
             JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
             WHERE i.indrelid = c.oid AND i.indisprimary ORDER BY k.position),
       ARRAY(SELECT 'the constraint ' || k.conname FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype NOT IN ('p', 'n')
             UNION ALL
             SELECT 'the index ' || x.relname FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
             WHERE i.indrelid = c.oid AND i.indisunique AND NOT i.indisprimary
             UNION ALL
             SELECT 'the trigger ' || t.tgname FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal
             UNION ALL
             SELECT 'the rule ' || w.rulename FROM pg_rewrite w WHERE w.ev_class = c.oid
             UNION ALL
             SELECT 'row security' WHERE c.relrowsecurity
             ORDER BY 1),
       has_table_privilege('public', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE'),
       coalesce((SELECT o.option_value::bool FROM pg_options_to_table(c.reloptions) o
                 WHERE o.option_name = 'vacuum_truncate'), true)
FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
WHERE c.relnamespace = $1 AND c.relname::text = $2
UNION ALL
SELECT t.oid, r.rolname::text, r.rolsuper, 'type', 'p', false, true, '{}', '{}', false, true
FROM pg_type t JOIN pg_roles r ON r.oid = t.typowner
WHERE t.typnamespace = $1 AND t.typname::text = $2 AND t.typrelid = 0";

/// The columns of the queue (`$1 oid`).
pub const QUEUE_COLUMNS: &str = "\
SELECT a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attidentity = 'a'
FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum";

/// The function without arguments of a name (`$2 text`) in a schema (`$1 oid`),
/// with the tables other than the registry (`$3 oid`) and its partitions whose
/// triggers call it.
pub const FUNCTION: &str = "\
WITH RECURSIVE tree(oid) AS (
  SELECT $3 UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree t ON i.inhparent = t.oid)
SELECT p.oid, pg_get_userbyid(p.proowner)::text, l.lanname::text, format_type(p.prorettype, NULL), p.prosecdef,
       coalesce(p.proconfig, '{}'), p.prosrc, has_function_privilege('public', p.oid, 'EXECUTE'),
       has_function_privilege(p.oid, 'EXECUTE'),
       ARRAY(SELECT DISTINCT n.nspname || '.' || c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
             JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE t.tgfoid = p.oid AND t.tgrelid NOT IN (SELECT r.oid FROM tree r) ORDER BY 1)
FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
WHERE p.pronamespace = $1 AND p.proname::text = $2 AND p.pronargs = 0";

/// What only the gate wants to know of triggers (`$1 oid[]`): the columns that
/// one depends on, by its condition or by UPDATE OF, as numbers and as quoted
/// names, the name of the new rows, the definition, and the call that ends it.
pub const TRIGGERS: &str = "\
WITH k AS (
  SELECT DISTINCT t.oid, a.attnum, quote_ident(a.attname) AS name
  FROM pg_trigger t JOIN pg_depend d ON d.classid = 'pg_trigger'::regclass AND d.objid = t.oid
    JOIN pg_attribute a ON d.refclassid = 'pg_class'::regclass AND a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
  WHERE t.oid = ANY ($1) AND d.refobjid = t.tgrelid)
SELECT t.oid,
       ARRAY(SELECT k.attnum FROM k WHERE k.oid = t.oid ORDER BY k.attnum),
       ARRAY(SELECT k.name FROM k WHERE k.oid = t.oid ORDER BY k.attnum),
       t.tgnewtable::text, pg_get_triggerdef(t.oid), format('%I.%I()', n.nspname, p.proname)
FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE t.oid = ANY ($1)";

/// Of the registry (`$1 oid`): the number of the role's column (`$2 text`), and
/// whether tables inherit from it that are not partitions. What the role may do:
/// its name, CREATE on the database, PL/pgSQL, the first of the registry and its
/// partitions that it may not create a trigger on, and the registry's owner where
/// it is not and does not inherit from it.
pub const REGISTRY: &str = "\
WITH RECURSIVE tree(oid) AS (
  SELECT $1 UNION ALL
  SELECT i.inhrelid FROM tree t JOIN pg_class p ON p.oid = t.oid AND p.relkind = 'p' JOIN pg_inherits i ON i.inhparent = t.oid)
SELECT (SELECT a.attnum FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname::text = $2),
       c.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid),
       current_user::text, has_database_privilege(current_database(), 'CREATE'),
       EXISTS (SELECT FROM pg_language l WHERE l.lanname = 'plpgsql' AND has_language_privilege(l.oid, 'USAGE')),
       (SELECT min((n.nspname || '.' || k.relname) COLLATE \"C\")
        FROM tree t JOIN pg_class k ON k.oid = t.oid JOIN pg_namespace n ON n.oid = k.relnamespace
        WHERE NOT has_table_privilege(k.oid, 'TRIGGER') OR k.oid = $1 AND NOT has_schema_privilege(n.oid, 'USAGE')),
       CASE WHEN NOT pg_has_role(c.relowner, 'USAGE') THEN pg_get_userbyid(c.relowner)::text END
FROM pg_class c WHERE c.oid = $1";

/// What captured objects are called now (schema `$1 oid`, queue `$2 oid`, function
/// `$3 oid`, triggers `$4 oid[]`), and the owner where the role is not and does
/// not inherit from it. Those that are gone have no row.
pub const CAPTURED: &str = "\
SELECT k.kind, k.oid, k.name, CASE WHEN NOT pg_has_role(k.owner, 'USAGE') THEN pg_get_userbyid(k.owner)::text END FROM (
SELECT 'schema'::text, n.oid, n.nspname::text, n.nspowner FROM pg_namespace n WHERE n.oid = $1
UNION ALL
SELECT 'queue', c.oid, n.nspname || '.' || c.relname, c.relowner
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $2
UNION ALL
SELECT 'function', p.oid, n.nspname || '.' || p.proname || '()', p.proowner
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.oid = $3
UNION ALL
SELECT 'trigger', t.oid, t.tgname::text, c.relowner
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE t.oid = ANY ($4)) k(kind, oid, name, owner)
ORDER BY 1, 2";

/// What else would have to go with the captured queue (`$1 oid`) and function
/// (`$2 oid`), besides the captured triggers (`$3 oid[]`) and their clones: what depends on
/// them, or on the type of the queue's rows, and is no part of them. What the run did
/// not make is 0.
pub const USES: &str = "\
WITH RECURSIVE ours(oid) AS (
  SELECT unnest($3) UNION SELECT t.oid FROM ours o JOIN pg_trigger t ON t.tgparentid = o.oid)
SELECT DISTINCT pg_describe_object(d.classid, d.objid, d.objsubid) FROM pg_depend d
WHERE d.deptype = 'n'
  AND (d.refclassid = 'pg_class'::regclass AND d.refobjid = $1
    OR d.refclassid = 'pg_type'::regclass
       AND d.refobjid IN (SELECT unnest(ARRAY[t.oid, t.typarray]) FROM pg_type t WHERE t.typrelid = $1 AND $1 <> 0)
    OR d.refclassid = 'pg_proc'::regclass AND d.refobjid = $2
       AND NOT (d.classid = 'pg_trigger'::regclass AND d.objid IN (SELECT o.oid FROM ours o)))
ORDER BY 1";

/// What is in a schema (`$1 oid`) besides the queue (`$2 oid`) with its sequence
/// and the function (`$3 oid`).
pub const OTHERS: &str = "\
SELECT pg_describe_object(d.classid, d.objid, d.objsubid) FROM pg_depend d
WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = $1 AND d.deptype = 'n'
  AND NOT (d.classid = 'pg_class'::regclass AND d.objid = $2 OR d.classid = 'pg_proc'::regclass AND d.objid = $3)
  AND NOT EXISTS (SELECT FROM pg_depend o WHERE o.classid = d.classid AND o.objid = d.objid AND o.objsubid = 0
                    AND o.refclassid = 'pg_class'::regclass AND o.refobjid = $2 AND o.deptype IN ('i', 'a'))
ORDER BY 1";

/// How many events the queue holds.
#[must_use]
pub fn count_events(queue: &QualifiedName) -> String {
    format!("SELECT count(*) FROM {}", queue.quoted())
}
