//! Rights and locks.

/// The role's rights on a table (`$1 oid`). ALTER TABLE reaches everything that
/// inherits from it, at any depth, and needs the ownership of each: how many
/// those are, and the first that is not owned with its owner, the table itself
/// before the others. Then: USAGE on the schema with SELECT, which a query of
/// the table needs of the table alone, and whether row security would hide rows.
pub const TABLE_RIGHTS: &str = "\
WITH RECURSIVE tree(oid) AS (
  SELECT $1 UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree t ON i.inhparent = t.oid)
SELECT f.name, f.owner, (SELECT count(*) - 1 FROM tree),
       has_table_privilege(c.oid, 'SELECT') AND has_schema_privilege(c.relnamespace, 'USAGE'),
       row_security_active(c.oid), pg_get_userbyid(c.relowner)::text
FROM pg_class c LEFT JOIN LATERAL (
  SELECT n.nspname || '.' || k.relname AS name, pg_get_userbyid(k.relowner)::text AS owner
  FROM tree t JOIN pg_class k ON k.oid = t.oid JOIN pg_namespace n ON n.oid = k.relnamespace
  WHERE NOT pg_has_role(k.relowner, 'USAGE')
  ORDER BY k.oid <> $1, 1 LIMIT 1) f ON true
WHERE c.oid = $1";

/// Who holds a lock of some modes (`$2 text[]`) on tables (`$1 oid[]`) or on what
/// inherits from them, oldest transaction first, twenty at most. A prepared
/// transaction holds locks without a process; what it shares with its row of
/// `pg_prepared_xacts` is the lock on its own number; its virtual number is
/// `-1/…` on some servers only.
pub const LOCK_HOLDERS: &str = "\
WITH RECURSIVE tree(oid) AS (
  SELECT unnest($1) UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree t ON i.inhparent = t.oid)
SELECT l.pid, p.gid, coalesce(a.usename::text, p.owner::text, ''), coalesce(a.application_name, ''),
       coalesce(a.state, ''), coalesce(extract(epoch FROM now() - coalesce(a.xact_start, p.prepared))::int8, 0),
       left(string_agg(DISTINCT l.mode || CASE WHEN $1 <> ARRAY[l.relation] THEN ' on ' || l.relation::regclass ELSE '' END,
                       ', '), 500)
FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
  LEFT JOIN (pg_prepared_xacts p JOIN pg_locks x ON x.locktype = 'transactionid' AND x.transactionid = p.transaction)
    ON l.pid IS NULL AND x.pid IS NULL AND x.virtualtransaction = l.virtualtransaction
WHERE l.locktype = 'relation' AND l.relation IN (SELECT t.oid FROM tree t) AND l.granted AND l.mode = ANY ($2)
  AND l.pid IS DISTINCT FROM pg_backend_pid()
  AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
GROUP BY l.pid, l.virtualtransaction, p.gid, p.owner, p.prepared, a.usename, a.application_name, a.state, a.xact_start
ORDER BY coalesce(a.xact_start, p.prepared), l.pid, p.gid LIMIT 20";

/// Who holds an advisory lock of one key (`$1 text`).
pub const ADVISORY_HOLDERS: &str = "\
SELECT l.pid, p.gid, coalesce(a.usename::text, p.owner::text, ''), coalesce(a.application_name, ''),
       coalesce(a.state, ''), coalesce(extract(epoch FROM now() - coalesce(a.xact_start, p.prepared))::int8, 0),
       'advisory'::text
FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
  LEFT JOIN (pg_prepared_xacts p JOIN pg_locks x ON x.locktype = 'transactionid' AND x.transactionid = p.transaction)
    ON l.pid IS NULL AND x.pid IS NULL AND x.virtualtransaction = l.virtualtransaction
WHERE l.locktype = 'advisory' AND l.granted AND l.pid IS DISTINCT FROM pg_backend_pid()
  AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
  AND l.classid::int8 = (hashtext($1)::int8 >> 32) & 4294967295
  AND l.objid::int8 = hashtext($1)::int8 & 4294967295 AND l.objsubid = 1
ORDER BY l.pid, p.gid";

/// Tables of which this transaction inserted, updated or deleted rows, with how
/// many, but for some (`$1 oid[]`) and what inherits from them: what an event
/// trigger, a trigger or a rule did beside our statements. The server counts only
/// where `track_counts` is on, which stands in each row; one row is always there.
pub const ROWS_TOUCHED: &str = "\
WITH RECURSIVE allowed(oid) AS (
  SELECT unnest($1) UNION SELECT i.inhrelid FROM pg_inherits i JOIN allowed a ON i.inhparent = a.oid)
SELECT current_setting('track_counts')::bool, t.name, coalesce(t.rows, 0)
FROM (VALUES (1)) one(row) LEFT JOIN (
  SELECT s.schemaname || '.' || s.relname AS name, s.n_tup_ins + s.n_tup_upd + s.n_tup_del AS rows
  FROM pg_stat_xact_user_tables s
  WHERE s.n_tup_ins + s.n_tup_upd + s.n_tup_del > 0 AND s.relid NOT IN (SELECT a.oid FROM allowed a)) t ON true
ORDER BY 2";

/// Tables (`$1 oid[]`) that the role could not drop a trigger of, with their
/// owners: DROP TRIGGER needs the ownership of the table.
pub const NOT_OWNED: &str = "\
SELECT n.nspname || '.' || c.relname, pg_get_userbyid(c.relowner)::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = ANY ($1) AND NOT pg_has_role(c.relowner, 'USAGE')
ORDER BY 1";

/// A table (`$1 oid`), where the role may not delete rows of it.
pub const MAY_NOT_DELETE: &str = "\
SELECT n.nspname || '.' || c.relname
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = $1 AND NOT (has_table_privilege(c.oid, 'DELETE') AND has_table_privilege(c.oid, 'SELECT')
                          AND has_schema_privilege(n.oid, 'USAGE'))";

/// Functions that this transaction made or changed, as an event trigger may, but
/// for some (`$1 oid[]`).
pub const FUNCTIONS_MADE: &str = "\
SELECT p.oid::regprocedure::text FROM pg_proc p
WHERE p.xmin = pg_current_xact_id()::xid AND p.oid <> ALL ($1) ORDER BY 1";
