//! Opening a connection: which host, which address, plain or TLS, in libpq's
//! order.

use std::future::poll_fn;
use std::io;
use std::net::IpAddr;
use std::path::Path;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio_postgres::config::{SslMode as DriverSslMode, SslNegotiation};
use tokio_postgres::error::DbError;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{AsyncMessage, Client, Config, NoTls, SimpleQueryMessage, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::classify::{classify, detail};
use super::endpoint::Endpoint;
use super::error::{ConnectError, Failure, SettingsError};
use super::secret::Password;
use super::settings::{ConnectionSettings, SslMode, TargetSession};

/// An open connection and the task that drives it.
#[derive(Debug)]
pub struct Connection {
    /// Runs statements.
    pub client: Client,
    endpoint: Endpoint,
    encrypted: bool,
    driver: JoinHandle<()>,
}

impl Connection {
    /// The host that answered.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Whether the connection uses TLS.
    #[must_use]
    pub fn encrypted(&self) -> bool {
        self.encrypted
    }

    /// Ends the session and waits until the server has been told.
    pub async fn close(self) {
        drop(self.client);
        // The task cannot fail: it reports a broken connection by itself.
        let _ = self.driver.await;
    }
}

/// One of the two ways to use a TCP connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encryption {
    Plain,
    Tls,
}

/// The ways `sslmode` allows, in the order in which they are tried.
fn ways(mode: SslMode, endpoint: &Endpoint) -> &'static [Encryption] {
    use Encryption::{Plain, Tls};
    match (endpoint, mode) {
        // PostgreSQL has no TLS on Unix-domain sockets; the mode is ignored.
        (Endpoint::Socket { .. }, _) | (_, SslMode::Disable) => &[Plain],
        (_, SslMode::Allow) => &[Plain, Tls],
        (_, SslMode::Prefer) => &[Tls, Plain],
        (_, SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull) => &[Tls],
    }
}

/// A place to open one connection to.
#[derive(Debug)]
enum Address<'a> {
    /// An address and the name it was found for.
    Ip(IpAddr, &'a str),
    Folder(&'a Path),
}

/// A failure, or a reason to stop altogether.
enum Stop {
    Settings(SettingsError),
    Host(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Host(failure)
    }
}

impl From<SettingsError> for Stop {
    fn from(error: SettingsError) -> Self {
        Self::Settings(error)
    }
}

impl ConnectionSettings {
    /// Connects to the first host that accepts, as libpq would.
    ///
    /// `application_name` is used unless the settings name one. Needs a Tokio
    /// runtime with I/O and time; the connection's task runs on it.
    ///
    /// # Errors
    ///
    /// What went wrong at each host; [`ConnectError::hint`] has the next step.
    pub async fn connect(&self, application_name: &str) -> Result<Connection, ConnectError> {
        let passes: &[TargetSession] = match self.target_session {
            TargetSession::PreferStandby => &[TargetSession::Standby, TargetSession::Any],
            ref other => std::slice::from_ref(other),
        };
        let mut failures = Vec::new();
        for wanted in passes {
            failures.clear();
            for (endpoint, password) in &self.hosts {
                let config = self.config(endpoint, password.as_ref(), application_name);
                match self.connect_host(endpoint, &config, *wanted).await {
                    Ok(connection) => return Ok(connection),
                    Err(Stop::Settings(error)) => return Err(error.into()),
                    Err(Stop::Host(failure)) => {
                        let last = !failure.tries_next_host();
                        failures.push((endpoint.clone(), failure));
                        if last {
                            break;
                        }
                    }
                }
            }
        }
        Err(self.failed(failures))
    }

    fn failed(&self, mut failures: Vec<(Endpoint, Failure)>) -> ConnectError {
        let (user, database) = (self.user.clone(), self.database.clone());
        match failures.pop() {
            Some((endpoint, failure)) if failures.is_empty() => ConnectError::Failed {
                endpoint,
                user,
                database,
                failure,
            },
            last => {
                failures.extend(last);
                ConnectError::AllFailed {
                    user,
                    database,
                    failures,
                }
            }
        }
    }

    /// What does not depend on address and encryption.
    fn config(
        &self,
        endpoint: &Endpoint,
        password: Option<&Password>,
        application_name: &str,
    ) -> Config {
        let mut config = Config::new();
        config
            .user(&self.user)
            .dbname(&self.database)
            .application_name(self.application_name.as_deref().unwrap_or(application_name))
            .channel_binding(self.channel_binding)
            .keepalives(self.tcp.keepalives)
            .port(endpoint.port());
        if let Some(password) = password {
            config.password(password.reveal());
        }
        if let Some(options) = &self.options {
            config.options(options);
        }
        if let Some(idle) = self.tcp.idle {
            config.keepalives_idle(idle);
        }
        if let Some(interval) = self.tcp.interval {
            config.keepalives_interval(interval);
        }
        if let Some(retries) = self.tcp.retries {
            config.keepalives_retries(retries);
        }
        if let Some(timeout) = self.tcp.user_timeout {
            config.tcp_user_timeout(timeout);
        }
        config
    }

    /// Tries the addresses of one host; reports the first failure, which is
    /// that of the preferred address.
    async fn connect_host(
        &self,
        endpoint: &Endpoint,
        config: &Config,
        wanted: TargetSession,
    ) -> Result<Connection, Stop> {
        let mut first = None;
        for address in self.addresses(endpoint).await? {
            match self.connect_address(endpoint, &address, config).await {
                Ok(connection) => {
                    self.limit(check_session(&connection.client, wanted))
                        .await?;
                    return Ok(connection);
                }
                Err(Stop::Host(failure)) if failure.tries_next_host() => {
                    first.get_or_insert(failure);
                }
                Err(stop) => return Err(stop),
            }
        }
        let none = || Failure::Unresolved(io::Error::other("it has no address"));
        Err(first.unwrap_or_else(none).into())
    }

    async fn addresses<'a>(&self, endpoint: &'a Endpoint) -> Result<Vec<Address<'a>>, Failure> {
        match endpoint {
            Endpoint::Socket { folders, .. } => {
                Ok(folders.iter().map(|path| Address::Folder(path)).collect())
            }
            Endpoint::Tcp {
                host,
                address: Some(ip),
                ..
            } => Ok(vec![Address::Ip(*ip, host)]),
            Endpoint::Tcp { host, port, .. } => {
                let look_up = async {
                    let found = tokio::net::lookup_host((host.as_str(), *port)).await;
                    found.map_err(Failure::Unresolved)
                };
                let found = self.limit(look_up).await?;
                Ok(found
                    .map(|address| Address::Ip(address.ip(), host))
                    .collect())
            }
        }
    }

    /// Tries the ways that `sslmode` allows at one address.
    async fn connect_address(
        &self,
        endpoint: &Endpoint,
        address: &Address<'_>,
        config: &Config,
    ) -> Result<Connection, Stop> {
        let mut config = config.clone();
        match address {
            Address::Ip(ip, host) => config.host(*host).hostaddr(*ip),
            Address::Folder(path) => config.host_path(path),
        };
        let mut tls_failure = None;
        let mut plain_failure = None;
        for way in ways(self.tls.mode, endpoint) {
            let opened = match way {
                Encryption::Plain => self.open_plain(&mut config).await,
                Encryption::Tls => self.open_tls(&mut config).await,
            };
            match opened {
                Ok((client, driver)) => {
                    return Ok(Connection {
                        client,
                        endpoint: endpoint.clone(),
                        encrypted: *way == Encryption::Tls,
                        driver,
                    });
                }
                Err(Stop::Host(failure)) if tries_other_way(&failure) => {
                    tracing::debug!(%endpoint, ?way, %failure, "connection attempt failed");
                    match way {
                        Encryption::Plain => plain_failure = Some(failure),
                        Encryption::Tls => tls_failure = Some(failure),
                    }
                }
                Err(stop) => return Err(stop),
            }
        }
        // Of two failures, the one that tells more: the server's answer over
        // TLS, else its answer over plain text, else that there is no TLS.
        let failure = match (tls_failure, plain_failure) {
            (Some(Failure::Tls { .. }), Some(plain)) | (None, Some(plain)) => plain,
            (Some(tls), _) => tls,
            (None, None) => Failure::Broken("nothing was tried".to_owned()),
        };
        Err(failure.into())
    }

    async fn open_plain(&self, config: &mut Config) -> Result<(Client, JoinHandle<()>), Stop> {
        config
            .ssl_mode(DriverSslMode::Disable)
            .ssl_negotiation(SslNegotiation::Postgres);
        Ok(self.limit(self.open(config, NoTls)).await?)
    }

    async fn open_tls(&self, config: &mut Config) -> Result<(Client, JoinHandle<()>), Stop> {
        config
            .ssl_mode(DriverSslMode::Require)
            .ssl_negotiation(match self.tls.direct {
                true => SslNegotiation::Direct,
                false => SslNegotiation::Postgres,
            });
        let connector = MakeRustlsConnect::new(self.tls.client_config()?);
        Ok(self.limit(self.open(config, connector)).await?)
    }

    async fn open<T>(&self, config: &Config, tls: T) -> Result<(Client, JoinHandle<()>), Failure>
    where
        T: MakeTlsConnect<Socket>,
        T::Stream: Send + 'static,
    {
        let opened = config.connect(tls).await;
        let (client, connection) = opened.map_err(|error| classify(&error, self.tls.mode))?;
        Ok((client, tokio::spawn(drive(connection))))
    }

    /// Bounds one step by `connect_timeout`.
    async fn limit<T>(&self, step: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let Some(limit) = self.timeout else {
            return step.await;
        };
        match tokio::time::timeout(limit, step).await {
            Ok(result) => result,
            Err(_) => Err(Failure::Timeout(limit)),
        }
    }
}

/// Whether `allow` and `prefer` go on to the other way: when TLS failed, or
/// when the server rejects the role, because its rules may differ for the two.
fn tries_other_way(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::Tls { .. } | Failure::Authentication(_) | Failure::PasswordMissing
    )
}

/// Drives the connection until it ends and passes the server's notices on.
async fn drive<S>(mut connection: tokio_postgres::Connection<Socket, S>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
        match message {
            Ok(AsyncMessage::Notice(notice)) => log_notice(&notice),
            Ok(_) => {}
            Err(error) => {
                // The statement that was running reports the loss; this line
                // keeps the cause.
                tracing::debug!(cause = %detail(&error), "database connection ended");
                return;
            }
        }
    }
}

fn log_notice(notice: &DbError) {
    let (severity, message) = (notice.severity(), notice.message());
    match severity {
        "WARNING" => tracing::warn!(severity, "{message}"),
        "DEBUG" => tracing::debug!(severity, "{message}"),
        _ => tracing::info!(severity, "{message}"),
    }
}

/// Checks that the server is of the kind that `target_session_attrs` asks for.
async fn check_session(client: &Client, wanted: TargetSession) -> Result<(), Failure> {
    if wanted == TargetSession::Any {
        return Ok(());
    }
    let broken = |error: tokio_postgres::Error| Failure::Broken(detail(&error));
    let messages = client
        .simple_query(
            "SELECT pg_catalog.pg_is_in_recovery(), \
             pg_catalog.current_setting('transaction_read_only')",
        )
        .await
        .map_err(broken)?;
    let row = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let Some(row) = row else {
        return Err(Failure::Broken("the server gave no row".to_owned()));
    };
    let standby = row.get(0) == Some("t");
    let read_only = standby || row.get(1) == Some("on");
    let (fits, found) = match wanted {
        TargetSession::ReadWrite => (!read_only, "read-only"),
        TargetSession::ReadOnly => (read_only, "writable"),
        TargetSession::Primary => (!standby, "a standby"),
        TargetSession::Standby => (standby, "a primary"),
        TargetSession::Any | TargetSession::PreferStandby => (true, ""),
    };
    if fits {
        return Ok(());
    }
    let name = TargetSession::ALL.iter().find(|(_, kind)| *kind == wanted);
    Err(Failure::WrongSession {
        wanted: name.map_or("", |(name, _)| name),
        found,
    })
}
