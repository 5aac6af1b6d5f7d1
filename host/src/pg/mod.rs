//! PostgreSQL: connecting, reading catalogs, transactions, and what became of
//! a commit. The only module that names `tokio_postgres`.

pub mod connect;
mod error;
mod introspect;
mod issues;
mod pipeline;
mod queue;
mod records;
mod session;
mod transaction;

pub use error::{PgError, PgErrorKind};
pub use introspect::{
    CapturedObject, CollectionPages, GateRegistry, LockHolder, Reader, Server, TableRights,
};
pub use issues::FoundIssue;
pub use pipeline::Returned;
pub use session::Session;
pub use transaction::{CommitError, ReadTransaction, Transaction, TransactionFate};

/// The oldest server this host works with: `pg_current_xact_id` and
/// `pg_xact_status(xid8)` came with PostgreSQL 13.
pub const MINIMUM_SERVER: i32 = 130_000;
