//! The catalog queries. Each is set-based and constant in number: none runs
//! once per table. Only `pg_catalog` is asked; `information_schema` hides rows
//! from roles that do not own a table.
//!
//! What every operation asks is here; one room for each thing that only some
//! ask.

pub mod classification;
pub mod coverage;
pub mod decide;
pub mod decisions;
pub mod estate;
pub mod gate;
pub mod locks;
pub mod queue;
pub mod storage;
pub mod triggers;

/// Server, database and role: one row. The control file knows a timeline only
/// from the first checkpoint after a promotion; the name of the WAL file that
/// is being written knows it at once.
pub const SERVER: &str = "\
SELECT current_setting('server_version_num')::int4, current_setting('server_version'),
       s.system_identifier,
       CASE WHEN pg_is_in_recovery() THEN c.timeline_id
            ELSE ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::int4 END,
       d.oid, d.datname::text,
       current_user::text, pg_is_in_recovery(),
       current_setting('max_locks_per_transaction')::int8
         * (current_setting('max_connections')::int8 + current_setting('max_prepared_transactions')::int8),
       (SELECT count(*) FROM pg_locks), current_setting('default_transaction_read_only')::bool
FROM pg_control_system() s, pg_control_checkpoint() c, pg_database d
WHERE d.datname = current_database()";

/// Relations by squashed name (`$1 text[]`, see `resolve::squash`), outside
/// the system's own schemas.
pub const RELATIONS: &str = "\
SELECT c.oid, n.nspname::text, c.relname::text, c.relkind::text, c.relpersistence::text, c.relispartition
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND lower(translate(c.relname::text COLLATE \"C\", '_- ', '')) = ANY ($1)
ORDER BY n.nspname, c.relname";

/// Relations by oid (`$1 oid[]`), whatever they are called now.
pub const RELATIONS_BY_OID: &str = "\
SELECT c.oid, n.nspname::text, c.relname::text, c.relkind::text, c.relpersistence::text, c.relispartition
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = ANY ($1)
ORDER BY c.oid";

/// Columns of relations (`$1 oid[]`), as concept resolution sees them.
pub const CONCEPT_COLUMNS: &str = "\
SELECT a.attrelid, a.attname::text, format_type(a.atttypid, a.atttypmod), t.typcategory::text,
       EXISTS (SELECT FROM pg_index i
               WHERE i.indrelid = a.attrelid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
                 AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum)
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = ANY ($1) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum";

/// The transaction's id, assigned by asking, and what tells a server apart.
pub const TRANSACTION_ID: &str = "SELECT pg_current_xact_id()::text";

/// What became of a transaction (`$1 text`): committed, aborted, in progress,
/// or NULL where the server no longer knows.
pub const TRANSACTION_STATUS: &str = "SELECT pg_xact_status($1::text::xid8)";
