//! Connecting to PostgreSQL the way its users expect.
//!
//! Everything libpq reads is read here by libpq's rules: connection URLs and
//! `key=value` strings, `PG*` variables, the service file, the password file,
//! `~/.postgresql`, and every `sslmode`. [`resolve`] turns these sources into
//! [`ConnectionSettings`]; [`ConnectionSettings::connect`] opens a connection.
//!
//! This module must not run a statement of its own on a connection beyond the
//! one that `target_session_attrs` needs, must not read the process environment
//! (it is passed in), and must never put a password into a message, a `Debug`
//! form or a log line, not even when the text that holds it does not parse.
//!
//! Rules are those of the PostgreSQL manual, chapter "libpq", sections
//! "Database Connection Control Functions", "Environment Variables", "The
//! Password File", "The Connection Service File" and "SSL Support". Where this
//! module is stricter than libpq, the place says why.

mod classify;
mod conninfo;
mod endpoint;
mod error;
mod parameters;
mod passfile;
mod secret;
mod session;
mod settings;
mod sources;
#[cfg(test)]
mod tests;
mod tls;

pub use conninfo::secret_in;
pub use endpoint::Endpoint;
pub use error::{ConnectError, Failure, SettingsError, TlsReason};
pub use parameters::Origin;
pub use session::Connection;
pub use settings::{ConnectionSettings, SslMode, resolve};
