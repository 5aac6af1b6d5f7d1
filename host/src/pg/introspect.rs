//! Reading catalogs: a handful of queries for any number of tables. One room
//! for each thing that is read.

mod classification;
mod coverage;
mod decide;
mod decisions;
mod estate;
mod gate;
mod locks;
mod relations;
mod server;
mod storage;
mod triggers;

use tokio_postgres::Row;

use birth_core::catalog::relation::RelationKind;
use birth_core::ident::{Identifier, QualifiedName};

pub use coverage::CollectionPages;
pub use gate::{CapturedObject, GateRegistry};
pub use locks::{LockHolder, TableRights};
pub use server::Server;

use super::error::{PgError, PgErrorKind};
use super::session::{Session, column};

/// Reads in whatever transaction the session is in.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'s> {
    pub(super) session: &'s Session,
}

impl<'s> Reader<'s> {
    pub(super) fn new(session: &'s Session) -> Self {
        Self { session }
    }
}

pub(super) fn identifier(action: &str, name: &str) -> Result<Identifier, PgError> {
    Identifier::new(name).map_err(|error| PgError {
        kind: PgErrorKind::Unexpected,
        action: action.to_owned(),
        message: error.to_string(),
    })
}

/// A schema and a name, which stand at `index` and after it.
fn qualified(row: &Row, index: usize) -> Result<QualifiedName, PgError> {
    let action = "reading a relation";
    Ok(QualifiedName::new(
        identifier(action, column(row, index)?)?,
        identifier(action, column(row, index + 1)?)?,
    ))
}

/// A kind, from `relkind`, `relpersistence` and `relispartition` at `index`
/// and after it.
fn kind(row: &Row, index: usize) -> Result<RelationKind, PgError> {
    Ok(RelationKind::from_catalog(
        letter(row, index)?,
        letter(row, index + 1)?,
        column(row, index + 2)?,
    ))
}

/// A letter of the catalogs; no letter is a question mark, which means nothing
/// anywhere.
fn letter(row: &Row, index: usize) -> Result<char, PgError> {
    Ok(column::<&str>(row, index)?.chars().next().unwrap_or('?'))
}
