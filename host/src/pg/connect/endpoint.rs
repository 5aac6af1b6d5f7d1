//! The places where servers listen, out of `host`, `hostaddr` and `port`.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use super::error::SettingsError;
use super::parameters::Parameters;

const DEFAULT_PORT: u16 = 5432;

/// Where one server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// A host reached by TCP.
    Tcp {
        /// The name as given: it is looked up, and certificates are checked for it.
        host: String,
        /// The address, where one was given; then the name is not looked up.
        address: Option<IpAddr>,
        /// The port.
        port: u16,
    },
    /// A Unix-domain socket.
    Socket {
        /// The folder that was named, or the usual ones to try in turn.
        folders: Vec<PathBuf>,
        /// The port, which is part of the socket's name.
        port: u16,
    },
}

impl Endpoint {
    /// Folders in which servers make their socket unless told otherwise:
    /// Debian's and Red Hat's, then upstream's.
    const DEFAULT_FOLDERS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

    fn default_socket(port: u16) -> Self {
        Self::Socket {
            folders: Self::DEFAULT_FOLDERS.iter().map(PathBuf::from).collect(),
            port,
        }
    }

    pub(super) fn port(&self) -> u16 {
        match self {
            Self::Tcp { port, .. } | Self::Socket { port, .. } => *port,
        }
    }

    /// The name under which the password file lists this server.
    pub(super) fn passfile_host(&self) -> String {
        match self {
            Self::Tcp { host, .. } => host.clone(),
            Self::Socket { folders, .. } => match folders.as_slice() {
                [folder]
                    if !Self::DEFAULT_FOLDERS
                        .iter()
                        .any(|usual| folder.as_os_str() == *usual) =>
                {
                    folder.display().to_string()
                }
                _ => "localhost".to_owned(),
            },
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp {
                host,
                address,
                port,
            } => {
                if host.contains(':') {
                    write!(formatter, "[{host}]:{port}")?;
                } else {
                    write!(formatter, "{host}:{port}")?;
                }
                match address {
                    Some(address) if address.to_string() != *host => {
                        write!(formatter, " (at {address})")
                    }
                    _ => Ok(()),
                }
            }
            Self::Socket { folders, port } => {
                let folders: Vec<String> = folders
                    .iter()
                    .map(|folder| folder.display().to_string())
                    .collect();
                write!(
                    formatter,
                    "socket .s.PGSQL.{port} in {}",
                    folders.join(" or ")
                )
            }
        }
    }
}

/// Pairs up the lists `host`, `hostaddr` and `port`.
pub(super) fn endpoints(parameters: &Parameters) -> Result<Vec<Endpoint>, SettingsError> {
    let list = |keyword| -> Vec<&str> {
        parameters
            .get(keyword)
            .map(|text| text.split(',').map(str::trim).collect())
            .unwrap_or_default()
    };
    let (hosts, addresses, ports) = (list("host"), list("hostaddr"), list("port"));
    if !hosts.is_empty() && !addresses.is_empty() && hosts.len() != addresses.len() {
        return Err(parameters.invalid(
            "hostaddr",
            format!(
                "it lists {} addresses for {} hosts",
                addresses.len(),
                hosts.len()
            ),
        ));
    }
    let count = hosts.len().max(addresses.len()).max(1);
    if ports.len() > 1 && ports.len() != count {
        return Err(parameters.invalid(
            "port",
            format!("it lists {} ports for {count} hosts", ports.len()),
        ));
    }
    (0..count)
        .map(|index| {
            let at = |list: &[&str]| list.get(index).copied().unwrap_or_default().to_owned();
            let port = ports
                .get(index)
                .or(ports.first())
                .copied()
                .unwrap_or_default();
            let port = port_number(parameters, port)?;
            endpoint(parameters, at(&hosts), &at(&addresses), port)
        })
        .collect()
}

fn endpoint(
    parameters: &Parameters,
    host: String,
    address: &str,
    port: u16,
) -> Result<Endpoint, SettingsError> {
    if host.starts_with('@') {
        return Err(parameters.invalid(
            "host",
            "sockets in the abstract namespace are not supported; name a folder or a host",
        ));
    }
    if !address.is_empty() {
        let ip = address
            .parse::<IpAddr>()
            .map_err(|_| parameters.invalid("hostaddr", "an IPv4 or IPv6 address is expected"))?;
        // Without a name, certificates are checked for the address.
        let host = if host.is_empty() {
            address.to_owned()
        } else {
            host
        };
        return Ok(Endpoint::Tcp {
            host,
            address: Some(ip),
            port,
        });
    }
    if host.is_empty() {
        return Ok(Endpoint::default_socket(port));
    }
    if host.starts_with('/') {
        return Ok(Endpoint::Socket {
            folders: vec![PathBuf::from(host)],
            port,
        });
    }
    Ok(Endpoint::Tcp {
        host,
        address: None,
        port,
    })
}

fn port_number(parameters: &Parameters, text: &str) -> Result<u16, SettingsError> {
    if text.is_empty() {
        return Ok(DEFAULT_PORT);
    }
    match text.parse::<u16>() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(parameters.invalid("port", "a number from 1 to 65535 is expected")),
    }
}
