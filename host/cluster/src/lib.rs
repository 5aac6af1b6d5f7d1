//! Throw-away PostgreSQL servers, for `birth demo` and for the test-suite.
//!
//! [`ServerBinaries`] finds an installed server, or fetches a pinned build of
//! one; [`Cluster::start`] makes a data directory, starts the server and
//! removes both when it is dropped. A supervisor process does the removing, so
//! nothing is left behind even when the owner is killed with `kill -9`.
//!
//! Everything here is synchronous and speaks no PostgreSQL protocol: callers
//! connect with the client library of their choice. Nothing here touches a
//! server that it did not start.

#[cfg(not(unix))]
compile_error!("birth-cluster needs a Unix system: it relies on signals, users and Unix sockets");

mod account;
mod binaries;
mod builds;
mod cluster;
mod fetch;
mod options;
mod random;
mod scratch;
mod supervisor;

pub use account::AccountError;
pub use binaries::{BinariesError, OLDEST_MAJOR, ServerBinaries};
pub use cluster::{Cluster, ClusterError, KeptCluster};
pub use fetch::FetchError;
pub use options::ClusterOptions;
pub use scratch::ScratchDirectory;
pub use supervisor::{Shutdown, SupervisorError};
