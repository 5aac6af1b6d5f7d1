//! Trigger functions, and the triggers that matter to births.

// What is known of a function. A function's own definition says everything of
// it; aggregates have none, so their source has to do.
macro_rules! functions {
    ($which:literal) => {
        concat!(
            "\
SELECT p.oid, n.nspname::text, p.proname::text, oidvectortypes(p.proargtypes),
       p.pronargs = 0 AND p.prorettype = 'trigger'::regtype, format_type(p.prorettype, NULL),
       l.lanname::text, CASE WHEN p.prokind = 'f' THEN pg_get_functiondef(p.oid) ELSE p.prosrc END,
       has_function_privilege(p.oid, 'EXECUTE') AND has_schema_privilege(p.pronamespace, 'USAGE')
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
WHERE ",
            $which,
            "
ORDER BY n.nspname, oidvectortypes(p.proargtypes) COLLATE \"C\""
        )
    };
}

/// Functions of one name (`$1 text`), outside the system's own schemas.
pub const FUNCTIONS_NAMED: &str = functions!(
    "p.proname::text = $1 AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
);

/// One function by oid (`$1 oid`), whatever it is called now.
pub const FUNCTION_BY_OID: &str = functions!("p.oid = $1");

/// Triggers of tables (`$1 oid[]`, each once) that hold the table's wanted name
/// (`$2 text[]`, in the tables' order) or call a function (`$3 oid`); and those
/// of the partitions below them that do so and were made there, or are clones
/// that call the function and do not fire for users although what they were
/// cloned from does, with the partition's schema and name. By table, the
/// table's own first.
pub const BIRTH_TRIGGERS: &str = "\
WITH RECURSIVE k AS (SELECT k.oid, k.name, k.at FROM unnest($1::oid[], $2::text[]) WITH ORDINALITY k(oid, name, at)),
below(at, oid) AS (
  SELECT k.at, i.inhrelid FROM k JOIN pg_class c ON c.oid = k.oid JOIN pg_inherits i ON i.inhparent = k.oid
  WHERE c.relkind = 'p'
  UNION ALL
  SELECT b.at, i.inhrelid FROM below b JOIN pg_inherits i ON i.inhparent = b.oid),
found(at, top, partition, oid) AS (
  SELECT k.at, k.oid, false, t.oid FROM k JOIN pg_trigger t ON t.tgrelid = k.oid
  WHERE t.tgfoid = $3 OR t.tgname::text = k.name
  UNION ALL
  SELECT k.at, k.oid, true, t.oid FROM k JOIN below b ON b.at = k.at JOIN pg_trigger t ON t.tgrelid = b.oid
  WHERE t.tgparentid = 0 AND (t.tgname::text = k.name OR t.tgfoid = $3 AND NOT t.tgisinternal)
     OR t.tgfoid = $3 AND t.tgenabled NOT IN ('O', 'A')
        AND EXISTS (SELECT FROM pg_trigger u WHERE u.oid = t.tgparentid AND u.tgenabled IN ('O', 'A')))
SELECT t.oid, t.tgrelid, t.tgname::text, t.tgfoid, n.nspname || '.' || p.proname || '(' || oidvectortypes(p.proargtypes) || ')',
       t.tgtype, t.tgenabled::text, t.tgisinternal, t.tgparentid <> 0, t.tgconstraint <> 0, t.tgqual IS NOT NULL,
       t.tgnargs > 0, cardinality(t.tgattr::int2[]) > 0, t.tgoldtable IS NOT NULL OR t.tgnewtable IS NOT NULL,
       f.top, CASE WHEN f.partition THEN s.nspname::text END, c.relname::text,
       obj_description(t.oid, 'pg_trigger') IS NOT NULL
FROM found f JOIN pg_trigger t ON t.oid = f.oid
  JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace n ON n.oid = p.pronamespace
  JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace s ON s.oid = c.relnamespace
ORDER BY f.at, f.partition, s.nspname, c.relname, t.tgname";

/// How many triggers call a function (`$1 oid`), apart from PostgreSQL's own
/// and the clones on partitions: B3-A, phase 6.
pub const BIRTH_TRIGGER_COUNT: &str = "\
SELECT count(*) FROM pg_trigger t WHERE t.tgfoid = $1 AND NOT t.tgisinternal AND t.tgparentid = 0";
