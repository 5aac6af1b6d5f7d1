//! What is read of the collections, on real servers: the relation that each
//! key stands for, the shape of each table, trigger functions and birth
//! triggers, and what reading costs.

mod cost;
mod matching;
mod shape;
mod triggers;

use std::time::Duration;

use birth_core::estate::EstateColumns;
use birth_core::ident::Identifier;
use birth_core::resolve::Relation;
use birth_core::sql::frame::Timeouts;
use birth_host::pg::connect::resolve;
use birth_host::pg::{ReadTransaction, Reader, Session};
use birth_tests::database::Database;

/// Reads in a read-only transaction as every operation does.
fn reading<T>(url: &str, read: impl AsyncFnOnce(Reader<'_>) -> T) -> T {
    let timeouts = Timeouts {
        lock: Duration::from_secs(2),
        statement: Duration::from_secs(60),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let settings = resolve(Some(url), &|_| None).unwrap();
        let session = Session::open(&settings, "birth", timeouts).await.unwrap();
        let transaction = ReadTransaction::begin(session, timeouts).await.unwrap();
        let found = read(transaction.reader()).await;
        transaction.end().await.unwrap().close().await;
        found
    })
}

/// A relation by its SQL name.
fn relation(db: &Database, name: &str) -> Relation {
    let oid = oid(db, name);
    reading(&db.url(), async |reader| {
        reader.relation_by_oid(oid).await.unwrap().unwrap()
    })
}

fn oid(db: &Database, name: &str) -> u32 {
    db.value(&format!("SELECT '{name}'::regclass::oid"))
        .parse()
        .unwrap()
}

fn identifier(name: &str) -> Identifier {
    Identifier::new(name).unwrap()
}

/// A registry with a key and a role and nothing else.
fn plain_columns() -> EstateColumns {
    EstateColumns {
        key: identifier("collection_key"),
        role: identifier("governance_role"),
        schema: None,
        table: None,
    }
}
