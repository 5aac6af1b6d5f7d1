//! What reading the facts of every collection costs, against one query by hand
//! that fetches the same content.

use std::time::{Duration, Instant};

use birth_core::estate::EstateColumns;
use birth_core::ident::Identifier;
use birth_core::profile::CollectionRules;
use birth_core::sql::frame::Timeouts;
use birth_host::pg::connect::resolve;
use birth_host::pg::{ReadTransaction, Session};
use birth_tests::database::Database;
use birth_tests::measure::{Figure, median, milliseconds, ratio};

/// A row for each collection, with everything of its table in arrays.
const BY_HAND: &str = "
SELECT r.collection_key, r.governance_role, n.nspname, c.relname, c.relkind, c.relpersistence, c.relrowsecurity,
       c.relhasrules, c.relhassubclass, c.relispartition, pg_get_userbyid(c.relowner),
       has_table_privilege(c.oid, 'TRIGGER') AND has_schema_privilege(n.oid, 'USAGE'),
       obj_description(c.oid, 'pg_class'), c.reltuples, pg_stat_get_tuples_inserted(c.oid),
       pg_stat_get_tuples_updated(c.oid), pg_stat_get_tuples_deleted(c.oid), referring.number,
       columns.list, indexes.list, foreign_keys.list, checks.list, triggers.list
FROM inventory.collection_registry r
  LEFT JOIN pg_class c ON c.relname = r.collection_key AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN (
    SELECT a.attrelid, json_agg(json_build_array(a.attname, format_type(a.atttypid, NULL), a.atttypmod, a.attnotnull,
             a.attgenerated, a.attidentity, pg_get_expr(d.adbin, 0)) ORDER BY a.attnum)
    FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attnum > 0 AND NOT a.attisdropped
    GROUP BY a.attrelid) columns(oid, list) ON columns.oid = c.oid
  LEFT JOIN (
    SELECT i.indrelid, json_agg(json_build_array(ic.relname, i.indisprimary, i.indisunique, i.indpred IS NOT NULL,
             i.indexprs IS NOT NULL, i.indisvalid, m.amname, i.indkey::int2[]) ORDER BY ic.relname)
    FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid JOIN pg_am m ON m.oid = ic.relam
    GROUP BY i.indrelid) indexes(oid, list) ON indexes.oid = c.oid
  LEFT JOIN (
    SELECT f.conrelid, json_agg(json_build_array(f.conname, tn.nspname, t.relname, f.confdeltype, f.conkey) ORDER BY f.conname)
    FROM pg_constraint f JOIN pg_class t ON t.oid = f.confrelid JOIN pg_namespace tn ON tn.oid = t.relnamespace
    WHERE f.contype = 'f'
    GROUP BY f.conrelid) foreign_keys(oid, list) ON foreign_keys.oid = c.oid
  LEFT JOIN (
    SELECT k.conrelid, json_agg(json_build_array(k.conname, pg_get_constraintdef(k.oid)) ORDER BY k.conname)
    FROM pg_constraint k WHERE k.contype = 'c'
    GROUP BY k.conrelid) checks(oid, list) ON checks.oid = c.oid
  LEFT JOIN (
    SELECT t.tgrelid, json_agg(json_build_array(t.tgname, p.pronamespace::regnamespace || '.' || p.proname, t.tgtype,
             t.tgenabled) ORDER BY t.tgname)
    FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE NOT t.tgisinternal
    GROUP BY t.tgrelid) triggers(oid, list) ON triggers.oid = c.oid
  LEFT JOIN (
    SELECT f.confrelid, count(*) FROM pg_constraint f WHERE f.contype = 'f' AND f.conrelid <> f.confrelid
    GROUP BY f.confrelid) referring(oid, number) ON referring.oid = c.oid";

/// How long both take and how many statements ours are.
pub(crate) fn measure(db: &Database, size: &str, runs: usize, figures: &mut Vec<Figure>) {
    let session = db.session();
    let statements = statements(db);
    let (mut ours, mut theirs) = (vec![], vec![]);
    for _ in 0..runs {
        ours.push(read(db));
        let started = Instant::now();
        let rows = session.rows(BY_HAND).expect("rows");
        theirs.push(started.elapsed());
        assert_eq!(rows.len().to_string(), size);
    }
    let ours = median(&mut ours).unwrap_or_default();
    let theirs = median(&mut theirs).unwrap_or_default();
    figures.push(Figure {
        what: format!("catalog facts, {size} tables: {statements} queries"),
        figure: milliseconds(ours),
        baseline: format!("one query {}", milliseconds(theirs)),
        ratio: ratio(ours, theirs),
        aim: "-".into(),
    });
}

/// How many statements one reading sends, by the server's log.
fn statements(db: &Database) -> usize {
    let name = db.name();
    db.execute(&format!(
        "ALTER DATABASE {name} SET log_statement = 'all';
         ALTER DATABASE {name} SET log_parameter_max_length = 0"
    ));
    let before = db.server().log().len();
    read(db);
    let log = db.server().log();
    db.execute(&format!("ALTER DATABASE {name} RESET ALL"));
    let lines = log[before..].lines();
    lines
        .filter(|line| line.starts_with("measured|") && line.contains("LOG:  execute "))
        .count()
}

/// Reads the estate and the facts of every collection, in a session that is
/// open.
fn read(db: &Database) -> Duration {
    let timeouts = Timeouts {
        lock: Duration::from_secs(2),
        statement: Duration::from_secs(60),
    };
    let registry = db.value("SELECT 'inventory.collection_registry'::regclass::oid");
    let registry: u32 = registry.parse().expect("an oid");
    let identifier = |name| Identifier::new(name).expect("a name");
    let columns = EstateColumns {
        key: identifier("collection_key"),
        role: identifier("governance_role"),
        schema: None,
        table: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let settings = resolve(Some(&db.url()), &|_| None).expect("settings");
        let session = Session::open(&settings, "measured", timeouts);
        let session = session.await.expect("a session");
        let transaction = ReadTransaction::begin(session, timeouts).await;
        let transaction = transaction.expect("a transaction");
        let reader = transaction.reader();
        let registry = reader.relation_by_oid(registry).await.expect("an answer");
        let registry = registry.expect("the registry");
        let started = Instant::now();
        let rules = CollectionRules::default();
        let estate = reader.estate(&registry, &columns, &rules).await;
        let estate = estate.expect("the estate");
        reader.classification_facts(&estate).await.expect("facts");
        let took = started.elapsed();
        transaction.end().await.expect("an end").close().await;
        took
    })
}
