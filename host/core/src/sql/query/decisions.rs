//! What the report on open decisions asks of the catalogs and of the registry.

use crate::ident::{Identifier, QualifiedName};

/// Every table that holds rows, partitions counted with their parent, of some
/// schemas (`$1 text[]`; empty means all but the system's) and not of the gate's
/// (`$2 text`); with the extension that it is a part of.
pub const PHYSICAL_TABLES: &str = "\
SELECT c.oid, n.nspname::text, c.relname::text, c.relkind::text, c.relpersistence::text, c.relispartition,
       (SELECT e.extname::text FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
          AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND NOT c.relispartition
  AND n.nspname::text <> $2
  AND CASE WHEN cardinality($1) > 0 THEN n.nspname::text = ANY ($1)
           ELSE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' END
ORDER BY n.nspname, c.relname";

/// Triggers of tables (`$1 oid[]`) that people made: not PostgreSQL's own, not
/// clones of a parent's, not of the birth function (`$2 oid`) and of no function
/// of the gate's schema (`$3 text`).
pub const USER_TRIGGERS: &str = "\
SELECT t.tgrelid, t.tgname::text, t.tgtype, t.tgenabled::text,
       n.nspname || '.' || p.proname || '(' || oidvectortypes(p.proargtypes) || ')',
       t.tgconstraint <> 0, t.tgqual IS NOT NULL,
       ARRAY(SELECT a.attname::text FROM unnest(t.tgattr::int2[]) WITH ORDINALITY k(attnum, position)
             JOIN pg_attribute a ON a.attrelid = t.tgrelid AND a.attnum = k.attnum ORDER BY k.position)
FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE t.tgrelid = ANY ($1) AND NOT t.tgisinternal AND t.tgparentid = 0 AND t.tgfoid <> $2 AND n.nspname::text <> $3
ORDER BY t.tgrelid, t.tgname";

/// The key of every row of the registry, and what a column says of it.
#[must_use]
pub fn by_key(registry: &QualifiedName, key: &Identifier, column: &Identifier) -> String {
    format!(
        "SELECT {}::text, {}::text FROM {}",
        key.quoted(),
        column.quoted(),
        registry.quoted()
    )
}
