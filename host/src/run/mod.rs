//! The life of a run, from names to the final response. Generic over the
//! operation; see [`stage`] for the steps and [`operation`] for what an
//! operation has to say.

pub mod author;
pub mod carry_out;
pub mod classify;
pub mod coverage;
pub mod decide;
pub mod decisions;
pub mod facts;
pub mod failure;
pub mod fate;
pub mod findings;
pub mod fleet;
pub mod gate;
pub mod locks;
pub mod operation;
pub mod policy_diff;
pub mod record;
pub mod replay;
pub mod resolution;
mod rollback;
pub mod signal;
pub mod spool;
pub mod stage;
pub mod storage;
pub mod sweep;
pub mod triggers;
pub mod watch;
mod words;
pub mod worker;

use std::path::PathBuf;

use birth_core::sql::frame::Timeouts;

use crate::kb::Store;
use crate::pg::Session;
use crate::pg::connect::{ConnectError, ConnectionSettings};

/// A database, and how long to wait for a lock and for a statement.
#[derive(Debug)]
pub struct Access {
    /// How to connect.
    pub connection: ConnectionSettings,
    /// How long to wait for what.
    pub timeouts: Timeouts,
}

impl Access {
    /// Connects.
    pub async fn open(&self) -> Result<Session, ConnectError> {
        Session::open(&self.connection, APPLICATION, self.timeouts).await
    }
}

/// Where runs leave their traces.
#[derive(Debug)]
pub struct Stores {
    /// Where run directories are.
    pub runs: PathBuf,
    /// Takes reports and rollback keys.
    pub knowledge_base: Store,
    /// Takes logs.
    pub log_sink: Store,
}

/// Where and how runs are carried out.
#[derive(Debug)]
pub struct Environment {
    /// The database.
    pub access: Access,
    /// How often a transaction that could not get its table lock is tried again.
    pub lock_retries: u32,
    /// The traces.
    pub stores: Stores,
}

/// What other sessions of the server see of this program.
const APPLICATION: &str = concat!("birth/", env!("CARGO_PKG_VERSION"));

/// The host's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
