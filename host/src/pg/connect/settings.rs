//! The settings of a connection, typed and checked.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::endpoint::{Endpoint, endpoints};
use super::error::SettingsError;
use super::parameters::Parameters;
use super::passfile::{self, Lookup};
use super::secret::Password;
use super::sources::{Environment, gather, home_file};
use super::tls::{Roots, TlsSettings};

/// How much a connection is protected, as libpq's `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SslMode {
    /// No TLS.
    Disable,
    /// TLS only where the server refuses plain connections.
    Allow,
    /// TLS where the server has it; the default.
    Prefer,
    /// TLS always. With roots at hand the chain is verified too.
    Require,
    /// TLS with a chain that ends in a trusted root.
    VerifyCa,
    /// As `verify-ca`, and the certificate is for the host's name.
    VerifyFull,
}

impl SslMode {
    const ALL: [(&'static str, Self); 6] = [
        ("disable", Self::Disable),
        ("allow", Self::Allow),
        ("prefer", Self::Prefer),
        ("require", Self::Require),
        ("verify-ca", Self::VerifyCa),
        ("verify-full", Self::VerifyFull),
    ];
}

impl fmt::Display for SslMode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(_, mode)| mode == self);
        formatter.write_str(name.map_or("", |(name, _)| name))
    }
}

/// What `target_session_attrs` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TargetSession {
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    PreferStandby,
}

impl TargetSession {
    pub(super) const ALL: [(&'static str, Self); 6] = [
        ("any", Self::Any),
        ("read-write", Self::ReadWrite),
        ("read-only", Self::ReadOnly),
        ("primary", Self::Primary),
        ("standby", Self::Standby),
        ("prefer-standby", Self::PreferStandby),
    ];
}

/// Keep-alive and time-out settings of TCP; `None` means the system's default.
#[derive(Debug, Clone)]
pub(super) struct TcpSettings {
    pub(super) keepalives: bool,
    pub(super) idle: Option<Duration>,
    pub(super) interval: Option<Duration>,
    pub(super) retries: Option<u32>,
    pub(super) user_timeout: Option<Duration>,
}

/// Everything that is needed to connect. The `Debug` form hides passwords.
#[derive(Debug, Clone)]
pub struct ConnectionSettings {
    /// Hosts in the order in which they are tried, each with its password.
    pub(super) hosts: Vec<(Endpoint, Option<Password>)>,
    pub(super) user: String,
    pub(super) database: String,
    pub(super) tls: TlsSettings,
    /// Per address; `None` waits as long as the system does.
    pub(super) timeout: Option<Duration>,
    pub(super) options: Option<String>,
    pub(super) application_name: Option<String>,
    pub(super) target_session: TargetSession,
    pub(super) channel_binding: tokio_postgres::config::ChannelBinding,
    pub(super) tcp: TcpSettings,
}

impl ConnectionSettings {
    /// Hosts, user, database and `sslmode` in one line, never a password.
    #[must_use]
    pub fn describe(&self) -> String {
        let hosts: Vec<String> = self
            .hosts
            .iter()
            .map(|(endpoint, _)| endpoint.to_string())
            .collect();
        format!(
            "{}, database \"{}\", user \"{}\", sslmode={}",
            hosts.join(", "),
            self.database,
            self.user,
            self.tls.mode
        )
    }

    /// The database connected to.
    #[must_use]
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The same, with a `connect_timeout` where none was given: a server that
    /// never answers must not be waited for without end.
    #[must_use]
    pub fn with_default_timeout(mut self, timeout: Duration) -> Self {
        self.timeout.get_or_insert(timeout);
        self
    }

    /// The role connected as.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }
}

/// Finds the settings of a connection.
///
/// `argument` is a URL (`postgresql://…`), a `key=value` string or a database
/// name. `env` looks up environment variables: the `PG*` ones and `HOME`.
/// What the argument says wins over the service it or `PGSERVICE` names, the
/// service over the environment, the environment over libpq's defaults.
///
/// Reads the service file and the password file; certificates and keys are
/// read when a connection needs them.
///
/// # Errors
///
/// Any text or file that cannot be used, by name, without quoting a secret.
pub fn resolve(
    argument: Option<&str>,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<ConnectionSettings, SettingsError> {
    let parameters = gather(argument, env)?;
    let user = match parameters.get("user") {
        Some(user) => user.to_owned(),
        None => whoami::username().map_err(|error| SettingsError::NoUser(error.to_string()))?,
    };
    let database = parameters.get("dbname").unwrap_or(&user).to_owned();
    let endpoints = endpoints(&parameters)?;
    let hosts = with_passwords(endpoints, &parameters, env, &database, &user)?;
    Ok(ConnectionSettings {
        hosts,
        tls: tls(&parameters, env)?,
        timeout: timeout(&parameters)?,
        options: parameters.get("options").map(str::to_owned),
        application_name: parameters
            .get("application_name")
            .or_else(|| parameters.get("fallback_application_name"))
            .map(str::to_owned),
        target_session: choice(&parameters, "target_session_attrs", &TargetSession::ALL)?
            .unwrap_or(TargetSession::Any),
        channel_binding: channel_binding(&parameters)?,
        tcp: tcp(&parameters)?,
        user,
        database,
    })
}

/// The password for each host: the one given, else the password file's.
fn with_passwords(
    endpoints: Vec<Endpoint>,
    parameters: &Parameters,
    env: Environment<'_>,
    database: &str,
    user: &str,
) -> Result<Vec<(Endpoint, Option<Password>)>, SettingsError> {
    if let Some(password) = parameters.get("password") {
        let password = Password::new(password);
        return Ok(endpoints
            .into_iter()
            .map(|endpoint| (endpoint, Some(password.clone())))
            .collect());
    }
    let path = parameters
        .get("passfile")
        .map(PathBuf::from)
        .or_else(|| home_file(env, ".pgpass"));
    let text = match path {
        Some(path) => passfile::read(&path)?,
        None => None,
    };
    Ok(endpoints
        .into_iter()
        .map(|endpoint| {
            let lookup = Lookup {
                host: &endpoint.passfile_host(),
                port: endpoint.port(),
                database,
                user,
            };
            let password = text
                .as_deref()
                .and_then(|text| passfile::find(text, lookup));
            (endpoint, password)
        })
        .collect())
}

fn tls(parameters: &Parameters, env: Environment<'_>) -> Result<TlsSettings, SettingsError> {
    let given = choice(parameters, "sslmode", &SslMode::ALL)?;
    let system_roots = parameters.get("sslrootcert") == Some("system");
    let mode = match given {
        None if system_roots => SslMode::VerifyFull,
        None => SslMode::Prefer,
        Some(mode) => mode,
    };
    // Anyone can have a certificate from a public authority, for another host.
    if system_roots && mode != SslMode::VerifyFull {
        return Err(parameters.invalid(
            "sslmode",
            "it is too weak for sslrootcert=system; use verify-full",
        ));
    }
    let direct = choice(
        parameters,
        "sslnegotiation",
        &[("postgres", false), ("direct", true)],
    )?
    .unwrap_or(false);
    if direct && matches!(mode, SslMode::Disable | SslMode::Allow | SslMode::Prefer) {
        return Err(parameters.invalid(
            "sslnegotiation",
            format!("sslmode={mode} is too weak for it; use require or stronger"),
        ));
    }
    let roots = match parameters.get("sslrootcert") {
        Some("system") => Roots::System,
        Some(path) => Roots::File(PathBuf::from(path)),
        None => Roots::Default(home_file(env, ".postgresql/root.crt")),
    };
    let certificates = parameters.get("sslcertmode") != Some("disable");
    let path = |keyword| parameters.get(keyword).map(PathBuf::from);
    Ok(TlsSettings {
        mode,
        direct,
        roots,
        default_revocation_list: home_file(env, ".postgresql/root.crl"),
        certificate: path("sslcert").filter(|_| certificates),
        default_certificate: home_file(env, ".postgresql/postgresql.crt").filter(|_| certificates),
        key: path("sslkey").or_else(|| home_file(env, ".postgresql/postgresql.key")),
        server_name_indication: choice(parameters, "sslsni", &[("0", false), ("1", true)])?
            .unwrap_or(true),
        versions: tls_versions(parameters)?,
    })
}

/// The protocol versions between the two bounds. Older ones than 1.2 are
/// never spoken, so a lower bound below it is met, and an upper bound is not.
fn tls_versions(
    parameters: &Parameters,
) -> Result<Vec<&'static rustls::SupportedProtocolVersion>, SettingsError> {
    const MINIMUM: &str = "ssl_min_protocol_version";
    const MAXIMUM: &str = "ssl_max_protocol_version";
    let number = |keyword: &'static str, default: u8| {
        let Some(text) = parameters.get(keyword) else {
            return Ok(default);
        };
        match text.to_ascii_lowercase().as_str() {
            "tlsv1" => Ok(0),
            "tlsv1.1" => Ok(1),
            "tlsv1.2" => Ok(2),
            "tlsv1.3" => Ok(3),
            _ => Err(parameters.invalid(keyword, "TLSv1.2 or TLSv1.3 is expected")),
        }
    };
    let allowed = number(MINIMUM, 2)?..=number(MAXIMUM, 3)?;
    let versions: Vec<_> = [(3, &rustls::version::TLS13), (2, &rustls::version::TLS12)]
        .into_iter()
        .filter(|(number, _)| allowed.contains(number))
        .map(|(_, version)| version)
        .collect();
    if versions.is_empty() {
        return Err(parameters.invalid(
            MAXIMUM,
            "it leaves no version to speak; TLSv1.2 and TLSv1.3 are supported",
        ));
    }
    Ok(versions)
}

fn timeout(parameters: &Parameters) -> Result<Option<Duration>, SettingsError> {
    // Zero and negative numbers mean to wait without limit.
    let seconds: Option<i64> = number(parameters, "connect_timeout")?;
    Ok(seconds
        .and_then(|seconds| u64::try_from(seconds).ok())
        .filter(|seconds| *seconds > 0)
        .map(Duration::from_secs))
}

fn tcp(parameters: &Parameters) -> Result<TcpSettings, SettingsError> {
    let positive = |keyword| -> Result<Option<u32>, SettingsError> {
        Ok(number::<u32>(parameters, keyword)?.filter(|value| *value > 0))
    };
    let seconds = |value: u32| Duration::from_secs(u64::from(value));
    Ok(TcpSettings {
        keepalives: number::<u32>(parameters, "keepalives")? != Some(0),
        idle: positive("keepalives_idle")?.map(seconds),
        interval: positive("keepalives_interval")?.map(seconds),
        retries: positive("keepalives_count")?,
        user_timeout: positive("tcp_user_timeout")?
            .map(|value| Duration::from_millis(u64::from(value))),
    })
}

fn channel_binding(
    parameters: &Parameters,
) -> Result<tokio_postgres::config::ChannelBinding, SettingsError> {
    use tokio_postgres::config::ChannelBinding;
    let choices = [
        ("disable", ChannelBinding::Disable),
        ("prefer", ChannelBinding::Prefer),
        ("require", ChannelBinding::Require),
    ];
    Ok(choice(parameters, "channel_binding", &choices)?.unwrap_or(ChannelBinding::Prefer))
}

/// A value out of a closed list. Unlike elsewhere, an empty value is an error:
/// a protection that was meant must not silently become the default.
fn choice<T: Copy>(
    parameters: &Parameters,
    keyword: &'static str,
    choices: &[(&str, T)],
) -> Result<Option<T>, SettingsError> {
    let Some(text) = parameters.given(keyword) else {
        return Ok(None);
    };
    match choices.iter().find(|(name, _)| *name == text) {
        Some((_, value)) => Ok(Some(*value)),
        None => {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            Err(parameters.invalid(keyword, format!("expected is one of {}", names.join(", "))))
        }
    }
}

fn number<T: FromStr>(
    parameters: &Parameters,
    keyword: &'static str,
) -> Result<Option<T>, SettingsError> {
    parameters
        .get(keyword)
        .map(|text| {
            text.trim()
                .parse()
                .map_err(|_| parameters.invalid(keyword, "a whole number is expected"))
        })
        .transpose()
}
