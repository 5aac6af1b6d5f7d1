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

/// Who holds a lock on a table (`$1 oid`) or on what inherits from it, oldest
/// transaction first. A prepared transaction holds locks without a process; what
/// it shares with its row of `pg_prepared_xacts` is the lock on its own number;
/// its virtual number is `-1/…` on some servers only.
pub const LOCK_HOLDERS: &str = "\
WITH RECURSIVE tree(oid) AS (
  SELECT $1 UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree t ON i.inhparent = t.oid)
SELECT l.pid, p.gid, coalesce(a.usename::text, p.owner::text, ''), coalesce(a.application_name, ''),
       coalesce(a.state, ''), coalesce(extract(epoch FROM now() - coalesce(a.xact_start, p.prepared))::int8, 0),
       string_agg(DISTINCT l.mode || CASE WHEN l.relation <> $1 THEN ' on ' || l.relation::regclass ELSE '' END, ', ')
FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
  LEFT JOIN (pg_prepared_xacts p JOIN pg_locks x ON x.locktype = 'transactionid' AND x.transactionid = p.transaction)
    ON l.pid IS NULL AND x.pid IS NULL AND x.virtualtransaction = l.virtualtransaction
WHERE l.locktype = 'relation' AND l.relation IN (SELECT t.oid FROM tree t) AND l.granted
  AND l.pid IS DISTINCT FROM pg_backend_pid()
  AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
GROUP BY l.pid, l.virtualtransaction, p.gid, p.owner, p.prepared, a.usename, a.application_name, a.state, a.xact_start
ORDER BY coalesce(a.xact_start, p.prepared), l.pid, p.gid";

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

/// Rows of a table (`$1 oid`) that this transaction inserted, updated or
/// deleted: what an event trigger or a rule did beside our statements.
pub const ROWS_TOUCHED: &str = "\
SELECT pg_stat_get_xact_tuples_inserted($1) + pg_stat_get_xact_tuples_updated($1)
     + pg_stat_get_xact_tuples_deleted($1)";
