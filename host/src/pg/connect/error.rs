//! What can go wrong before and while connecting, and what to do about it.
//!
//! No message holds a password: none of these types can carry one.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::endpoint::Endpoint;
use super::parameters::Origin;
use super::settings::SslMode;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The settings are wrong, or a file they name is; nothing was sent.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The only host did not give a connection.
    #[error("cannot connect to {endpoint} as user \"{user}\", database \"{database}\": {failure}")]
    Failed {
        /// The host that was tried.
        endpoint: Endpoint,
        /// The role.
        user: String,
        /// The database.
        database: String,
        /// What happened.
        failure: Failure,
    },
    /// Several hosts were tried; none gave a connection.
    #[error(
        "cannot connect to any host as user \"{user}\", database \"{database}\": {}",
        list(failures)
    )]
    AllFailed {
        /// The role.
        user: String,
        /// The database.
        database: String,
        /// The hosts in the order in which they were tried, never empty.
        failures: Vec<(Endpoint, Failure)>,
    },
}

fn list(failures: &[(Endpoint, Failure)]) -> String {
    failures
        .iter()
        .map(|(endpoint, failure)| format!("{endpoint}: {failure}"))
        .collect::<Vec<_>>()
        .join("; ")
}

impl ConnectError {
    /// What happened at the last host tried; `None` when nothing was sent.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Settings(_) => None,
            Self::Failed { failure, .. } => Some(failure),
            Self::AllFailed { failures, .. } => failures.last().map(|(_, failure)| failure),
        }
    }

    /// The next step for the person who sees the error; `None` where the
    /// message itself says it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Settings(error) => error.hint(),
            Self::Failed { .. } | Self::AllFailed { .. } => self.failure().and_then(Failure::hint),
        }
    }
}

/// What happened at one host.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The host name has no address.
    #[error("the host name cannot be resolved: {0}")]
    Unresolved(io::Error),
    /// No server answered at the address.
    #[error("the server cannot be reached: {0}")]
    Unreachable(io::Error),
    /// `connect_timeout` passed.
    #[error("no connection within {} seconds", .0.as_secs())]
    Timeout(Duration),
    /// The server asked for a password and none was given.
    #[error("the server asks for a password and none was given")]
    PasswordMissing,
    /// The server, or the exchange with it, did not accept the role.
    #[error("authentication failed: {0}")]
    Authentication(String),
    /// The database does not exist.
    #[error("{0}")]
    DatabaseMissing(String),
    /// All connections of the server, the database or the role are taken.
    #[error("no connection is free: {0}")]
    TooManyConnections(String),
    /// The server is starting up, shutting down or recovering.
    #[error("the server does not accept connections now: {0}")]
    NotReady(String),
    /// No TLS connection, or not one that `sslmode` accepts.
    #[error("TLS failed under sslmode={sslmode}: {reason}")]
    Tls {
        /// The mode asked for.
        sslmode: SslMode,
        /// What happened.
        reason: TlsReason,
    },
    /// The server is not of the kind that `target_session_attrs` asks for.
    #[error("the server is {found}, and target_session_attrs={wanted} was asked for")]
    WrongSession {
        /// The value of `target_session_attrs`.
        wanted: &'static str,
        /// What the server is.
        found: &'static str,
    },
    /// Any other error from the server.
    #[error("the server refused the connection: {message} (SQLSTATE {sqlstate})")]
    Refused {
        /// The server's code.
        sqlstate: String,
        /// The server's message.
        message: String,
    },
    /// The connection broke, or the peer does not speak the protocol.
    #[error("the connection broke before it was established: {0}")]
    Broken(String),
}

impl Failure {
    /// The next step for the person who sees the failure.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Unresolved(_) => "check the spelling of the host, or name its address",
            Self::Unreachable(_) => {
                "check that the server runs and listens at this host and port, \
                 and that no firewall is in between"
            }
            Self::Timeout(_) => {
                "check host, port and firewall, or raise connect_timeout (PGCONNECT_TIMEOUT)"
            }
            Self::PasswordMissing => {
                "set PGPASSWORD, or add a line to ~/.pgpass (mode 0600): \
                 host:port:database:user:password"
            }
            Self::Authentication(_) => {
                "check user and password (PGPASSWORD, ~/.pgpass), and the lines for this user, \
                 database and host in the server's pg_hba.conf"
            }
            Self::DatabaseMissing(_) => {
                "name an existing database; `psql -l` lists them. Without a name, \
                 the user's name is taken"
            }
            Self::TooManyConnections(_) => {
                "close idle sessions or wait; superusers have reserved connections"
            }
            Self::NotReady(_) => "wait until the server has started, then run again",
            Self::Tls { reason, .. } => return reason.hint(),
            Self::WrongSession { .. } => {
                "name the host of the right server, or change target_session_attrs"
            }
            Self::Refused { .. } => return None,
            Self::Broken(_) => {
                "check that a PostgreSQL server, not another service, listens at this port, \
                 and read the server's log"
            }
        })
    }

    /// Whether the next host is tried: no server answered, or one that is not
    /// ready or not of the right kind. Beyond libpq, also after one that broke
    /// off without an answer, as proxies do whose server is down.
    pub(super) fn tries_next_host(&self) -> bool {
        match self {
            Self::Unresolved(_)
            | Self::Unreachable(_)
            | Self::Timeout(_)
            | Self::NotReady(_)
            | Self::WrongSession { .. }
            | Self::Broken(_) => true,
            Self::PasswordMissing
            | Self::Authentication(_)
            | Self::DatabaseMissing(_)
            | Self::TooManyConnections(_)
            | Self::Tls { .. }
            | Self::Refused { .. } => false,
        }
    }
}

/// Why TLS failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsReason {
    /// The server has TLS switched off.
    NotOffered,
    /// The chain ends in no certificate that is trusted.
    UnknownIssuer,
    /// The certificate is an authority's and is not itself trusted.
    AuthorityCertificate,
    /// The certificate is for another name.
    WrongName(String),
    /// The certificate is not valid now.
    Expired,
    /// The certificate is of X.509 version 1, which cannot be verified.
    OldVersion,
    /// The server refused us, in most cases for our client certificate.
    RefusedByServer(String),
    /// Anything else.
    Other(String),
}

impl fmt::Display for TlsReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOffered => formatter.write_str("the server does not offer TLS"),
            Self::UnknownIssuer => {
                formatter.write_str("the server's certificate was not issued by a trusted root")
            }
            Self::AuthorityCertificate => formatter.write_str(
                "the server's certificate is marked as an authority's and is not among the \
                 trusted ones",
            ),
            Self::WrongName(detail) => {
                write!(
                    formatter,
                    "the server's certificate is for another host: {detail}"
                )
            }
            Self::Expired => {
                formatter.write_str("the server's certificate is not valid at this time")
            }
            Self::OldVersion => formatter.write_str(
                "the server's certificate is of X.509 version 1, which cannot be verified",
            ),
            Self::RefusedByServer(detail) => {
                write!(formatter, "the server ended the handshake: {detail}")
            }
            Self::Other(detail) => formatter.write_str(detail),
        }
    }
}

impl TlsReason {
    fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::NotOffered => {
                "switch TLS on in the server (ssl = on), or, on a network you trust, \
                 use sslmode=prefer or disable"
            }
            Self::UnknownIssuer => {
                "name the certificate of the server's issuer with sslrootcert \
                 (PGSSLROOTCERT), or put it into ~/.postgresql/root.crt"
            }
            Self::AuthorityCertificate => {
                "name this very certificate with sslrootcert (PGSSLROOTCERT), or issue the \
                 server one with basicConstraints=CA:FALSE"
            }
            Self::WrongName(_) => {
                "connect by a name that the certificate lists as subject alternative name \
                 (the common name does not count), or use sslmode=verify-ca"
            }
            Self::Expired => "renew the server's certificate, or check this machine's clock",
            Self::OldVersion => {
                "issue the server's certificate with a subjectAltName extension, \
                 which makes it version 3"
            }
            Self::RefusedByServer(_) => {
                "the server may ask for a client certificate (sslcert, sslkey) or for another \
                 TLS version, and sslnegotiation=direct needs PostgreSQL 17; its log says which"
            }
            Self::Other(_) => return None,
        })
    }
}

/// Why the settings cannot be used. Nothing was sent to any server.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The argument looks like a URL but is none of PostgreSQL's.
    #[error(
        "the database argument looks like a URL but does not begin with \"postgresql://\" or \
         \"postgres://\" (its text is not shown, it may hold a password)"
    )]
    UrlScheme,
    /// A part of the URL cannot be read.
    #[error("the {part} of the connection URL cannot be read: {reason}")]
    Url {
        /// The part.
        part: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The `key=value` string cannot be read.
    #[error("the connection string cannot be read: {reason}")]
    KeyValueSyntax {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Words follow a password that are no parameter.
    #[error(
        "the connection string cannot be read: after a password comes something that is no \
         parameter; write a password with spaces as password='…'"
    )]
    UnquotedSecret,
    /// libpq has no such parameter.
    #[error("connection parameter \"{keyword}\" is unknown")]
    UnknownParameter {
        /// The keyword.
        keyword: String,
    },
    /// A parameter that would weaken the connection if it were ignored.
    #[error("connection parameter \"{keyword}\" from {origin} cannot be honoured: {reason}")]
    Unsupported {
        /// The keyword.
        keyword: &'static str,
        /// Where it was given.
        origin: Origin,
        /// Why, and what to do instead.
        reason: &'static str,
    },
    /// A value outside its range.
    #[error("connection parameter {keyword}=\"{value}\" from {origin} is invalid: {reason}")]
    InvalidValue {
        /// The keyword.
        keyword: &'static str,
        /// The value; never that of a secret.
        value: String,
        /// Where it was given.
        origin: Origin,
        /// What is expected.
        reason: String,
    },
    /// No service file has the service.
    #[error(
        "service \"{name}\" is not defined in any service file ({})",
        paths(files)
    )]
    ServiceNotFound {
        /// The service.
        name: String,
        /// The files that were looked at.
        files: Vec<PathBuf>,
    },
    /// A line of a service file cannot be read.
    #[error("line {line} of service file {} cannot be read: {reason}", file.display())]
    ServiceFile {
        /// The file.
        file: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A file cannot be used.
    #[error("{what} {} cannot be used: {reason}", path.display())]
    File {
        /// What the file is for.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// `verify-ca` or `verify-full` without anything to verify against.
    #[error("sslmode={sslmode} needs trusted root certificates and there are none")]
    NoRoots {
        /// The mode asked for.
        sslmode: SslMode,
    },
    /// `sslrootcert=system` on a machine without roots.
    #[error("sslrootcert=system finds no root certificates on this machine: {reason}")]
    NoSystemRoots {
        /// Why.
        reason: String,
    },
    /// The TLS library accepts no such configuration.
    #[error("TLS cannot be set up: {0}")]
    TlsSetup(String),
    /// There is no name to connect as.
    #[error("no user is given and the operating system's user has no name: {0}")]
    NoUser(String),
}

fn paths(files: &[PathBuf]) -> String {
    files
        .iter()
        .map(|file| file.display().to_string())
        .collect::<Vec<_>>()
        .join(", ")
}

impl SettingsError {
    pub(super) fn unreadable(what: &'static str, path: &Path, error: impl fmt::Display) -> Self {
        Self::File {
            what,
            path: path.to_owned(),
            reason: error.to_string(),
        }
    }

    /// The next step; `None` where the message itself says it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::UrlScheme | Self::Url { .. } => Some(
                "the form is postgresql://user@host:port/database?sslmode=verify-full; \
                 the password is better kept in ~/.pgpass",
            ),
            Self::KeyValueSyntax { .. } | Self::UnquotedSecret => {
                Some("the form is host=… port=… dbname=… user=…, values with spaces in '…'")
            }
            Self::UnknownParameter { .. } => {
                Some("the PostgreSQL manual lists them under \"Parameter Key Words\"")
            }
            Self::ServiceNotFound { .. } => {
                Some("check the name, or name the file with PGSERVICEFILE")
            }
            Self::NoRoots { .. } => Some(
                "name a file with sslrootcert (PGSSLROOTCERT), provide ~/.postgresql/root.crt, \
                 or use the system's roots with sslrootcert=system",
            ),
            Self::NoSystemRoots { .. } => Some(
                "install the ca-certificates package, or name a file with sslrootcert \
                 (PGSSLROOTCERT)",
            ),
            Self::NoUser(_) => Some("name the user with PGUSER or in the database argument"),
            Self::Unsupported { .. }
            | Self::InvalidValue { .. }
            | Self::ServiceFile { .. }
            | Self::File { .. }
            | Self::TlsSetup(_) => None,
        }
    }
}
