//! A throw-away server: its life, its addresses, and how to keep it.

use std::fs;
use std::io::{self, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Component, Path, PathBuf};

use crate::account::{self, Account, AccountError};
use crate::binaries::ServerBinaries;
use crate::options::ClusterOptions;
use crate::random;
use crate::supervisor::{Answer, Shutdown, Supervisor, SupervisorError};

/// The superuser of every cluster.
const SUPERUSER: &str = "postgres";

/// The port of clusters without TCP: it only names the socket file, and every
/// cluster has a directory of its own.
const SOCKET_PORT: u16 = 5432;

/// Longest base directory: a socket's path has at most 107 bytes on Linux and
/// 103 on macOS, of which the cluster's own names take 40.
const LONGEST_BASE: usize = 60;

/// How often a TCP port that was free a moment ago may turn out to be taken.
const PORT_ATTEMPTS: u32 = 3;

/// How much of a log an error shows, in lines.
const LOG_TAIL: usize = 15;

/// Why a cluster could not be started, stopped or kept.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// No account for the server.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The supervisor could not be started, or is gone.
    #[error(transparent)]
    Supervisor(#[from] SupervisorError),
    /// The operating system gave no random bytes or no free port.
    #[error("cannot choose a name or a port for the cluster")]
    Choose(#[source] io::Error),
    /// The cluster's directory could not be made.
    #[error("cannot make the directory {} as {account}; set TMPDIR to a folder where it may write", directory.display())]
    Directory {
        /// The directory.
        directory: PathBuf,
        /// The account of the server.
        account: String,
    },
    /// `initdb` failed.
    #[error("initdb of {} failed as {account}:\n{log}", binaries.display())]
    Initialise {
        /// The folder of the programs.
        binaries: PathBuf,
        /// The account of the server.
        account: String,
        /// The end of its output.
        log: String,
    },
    /// The server did not start, or accepted no connections within a minute.
    #[error("the server of {} did not start; the end of its log:\n{log}", binaries.display())]
    Start {
        /// The folder of the programs.
        binaries: PathBuf,
        /// The end of the server's log.
        log: String,
    },
    /// A file of the options is not a plain name.
    #[error(
        "`{name}` is not a plain file name; files of a cluster go directly into its data directory"
    )]
    FileName {
        /// The name as given.
        name: String,
    },
    /// A file could not be put into the data directory.
    #[error("cannot write {}", path.display())]
    WriteFile {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

/// A running throw-away server. Dropping it, or the end of this process for
/// whatever reason, stops the server and removes its directory.
#[derive(Debug)]
pub struct Cluster {
    supervisor: Supervisor,
    binaries: ServerBinaries,
    directory: PathBuf,
    host: String,
    port: u16,
    password: String,
    pid: Option<u32>,
}

/// A server that outlives the process that started it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptCluster {
    /// libpq URL of the database `postgres`.
    pub url: String,
    /// The cluster's directory: data, log and socket.
    pub directory: PathBuf,
    /// A shell command that stops the server and removes the directory.
    pub stop_command: String,
}

impl Cluster {
    /// Makes a new data directory and starts a server on it; returns once the
    /// server accepts connections. Takes about a second.
    ///
    /// As root, the server runs under the account `postgres` or `nobody`.
    ///
    /// # Errors
    /// See [`ClusterError`]; nothing is left behind.
    pub fn start(
        binaries: &ServerBinaries,
        options: &ClusterOptions,
    ) -> Result<Self, ClusterError> {
        let mut attempt = 1;
        loop {
            match Self::start_once(binaries, options) {
                Err(ClusterError::Start { log, .. })
                    if options.tcp
                        && attempt < PORT_ATTEMPTS
                        && log.contains("Address already in use") =>
                {
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    fn start_once(
        binaries: &ServerBinaries,
        options: &ClusterOptions,
    ) -> Result<Self, ClusterError> {
        let account = Account::for_server()?;
        let name = random::hex(6).map_err(ClusterError::Choose)?;
        let directory =
            base_directory(&std::env::temp_dir(), &account).join(format!("birth-pg-{name}"));
        let password = match &options.password {
            Some(password) => password.clone(),
            None => random::hex(16).map_err(ClusterError::Choose)?,
        };
        let port = if options.tcp {
            free_port().map_err(ClusterError::Choose)?
        } else {
            SOCKET_PORT
        };
        let arguments: Vec<String> = options
            .server_settings(port)
            .into_iter()
            .flat_map(|(name, value)| ["-c".to_owned(), format!("{name}={value}")])
            .collect();
        let supervisor = Supervisor::spawn(
            &account,
            binaries.folder(),
            &directory,
            &password,
            &arguments,
        )?;
        let mut cluster = Self {
            supervisor,
            binaries: binaries.clone(),
            host: directory.display().to_string(),
            directory,
            port,
            password,
            pid: None,
        };
        cluster.create(&account)?;
        cluster.place_files(&account, options)?;
        cluster.launch()?;
        Ok(cluster)
    }

    /// libpq URL of a database, by the Unix socket, as the superuser.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        let (database, host, port) = (percent_encode(database), &self.host, self.port);
        format!("postgresql:///{database}?host={host}&port={port}&user={SUPERUSER}")
    }

    /// The folder of the Unix socket: libpq's `host`.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, of the socket file and of TCP.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The superuser's password.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.password
    }

    /// The postmaster's process id; `None` while the server is stopped.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.pid
    }

    /// The programs that this cluster runs on.
    #[must_use]
    pub fn binaries(&self) -> &ServerBinaries {
        &self.binaries
    }

    /// The cluster's directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The server's log.
    #[must_use]
    pub fn log_file(&self) -> PathBuf {
        self.directory.join("server.log")
    }

    /// Stops the server and returns once it has ended; its data stays.
    ///
    /// # Errors
    /// When the supervisor is gone.
    pub fn stop(&mut self, shutdown: Shutdown) -> Result<(), ClusterError> {
        let _always_succeeds: Answer = self.supervisor.stop(shutdown)?;
        self.pid = None;
        Ok(())
    }

    /// Stops the server as in a crash: open transactions are lost and the next
    /// [`restart`](Self::restart) recovers.
    ///
    /// # Errors
    /// When the supervisor is gone.
    pub fn stop_immediate(&mut self) -> Result<(), ClusterError> {
        self.stop(Shutdown::Immediate)
    }

    /// Starts the server again on the same data, socket and port, after
    /// stopping it where it still runs.
    ///
    /// # Errors
    /// When the server does not start, or the supervisor is gone.
    pub fn restart(&mut self) -> Result<(), ClusterError> {
        self.stop(Shutdown::Fast)?;
        self.launch()
    }

    /// Leaves server and directory in place for good.
    ///
    /// # Errors
    /// When the supervisor is gone.
    pub fn keep(self) -> Result<KeptCluster, ClusterError> {
        let directory = self.directory.display();
        let remove = format!("rm -rf {directory}");
        let kept = KeptCluster {
            url: self.url(SUPERUSER),
            directory: self.directory.clone(),
            stop_command: match self.pid {
                Some(pid) => {
                    format!(
                        "kill -INT {pid}; while kill -0 {pid} 2>/dev/null; do sleep 0.1; done; {remove}"
                    )
                }
                None => remove,
            },
        };
        self.supervisor.keep()?;
        Ok(kept)
    }

    fn create(&mut self, account: &Account) -> Result<(), ClusterError> {
        if self.supervisor.create()?.is_ok() {
            return Ok(());
        }
        let account = account.name().to_owned();
        Err(match tail(&self.directory.join("initdb.log")) {
            Some(log) => ClusterError::Initialise {
                binaries: self.binaries.folder().to_owned(),
                account,
                log,
            },
            None => ClusterError::Directory {
                directory: self.directory.clone(),
                account,
            },
        })
    }

    fn place_files(&self, account: &Account, options: &ClusterOptions) -> Result<(), ClusterError> {
        let hba = ("pg_hba.conf".to_owned(), options.hba_file().into_bytes());
        for (name, bytes) in options.files.iter().chain([(&hba.0, &hba.1)]) {
            let mut components = Path::new(name).components();
            let (Some(Component::Normal(_)), None) = (components.next(), components.next()) else {
                return Err(ClusterError::FileName { name: name.clone() });
            };
            let path = self.directory.join("data").join(name);
            write_private(&path, bytes, account)
                .map_err(|source| ClusterError::WriteFile { path, source })?;
        }
        Ok(())
    }

    fn launch(&mut self) -> Result<(), ClusterError> {
        let answer = self.supervisor.start()?;
        self.pid = answer.ok().and_then(|pid| pid.parse().ok());
        match self.pid {
            Some(_) => Ok(()),
            None => Err(ClusterError::Start {
                binaries: self.binaries.folder().to_owned(),
                log: tail(&self.log_file()).unwrap_or_default(),
            }),
        }
    }
}

/// The folder that clusters are made in: the temporary folder where it serves,
/// else `/tmp`. It serves when a socket's path in it is short enough and needs
/// no quoting, and when another account may make and remove its own folders.
fn base_directory(temporary: &Path, account: &Account) -> PathBuf {
    let plain = temporary.to_str().is_some_and(|text| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte))
    });
    let short = temporary.is_absolute() && temporary.as_os_str().len() <= LONGEST_BASE;
    let shared = match account {
        Account::Own => true,
        Account::Other { .. } => {
            account::open_to_all(temporary)
                && fs::metadata(temporary).is_ok_and(|metadata| metadata.mode() & 0o003 == 0o003)
        }
    };
    if plain && short && shared {
        temporary.to_owned()
    } else {
        PathBuf::from("/tmp")
    }
}

/// A TCP port of 127.0.0.1 that nobody listens on at this moment.
fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Writes a file that only the server's account may read, replacing one of the
/// same name; never through a link.
fn write_private(path: &Path, bytes: &[u8], account: &Account) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?
        .write_all(bytes)?;
    account.take_over(path)
}

/// The last lines of a log; `None` when there is none.
fn tail(log: &Path) -> Option<String> {
    let text = String::from_utf8_lossy(&fs::read(log).ok()?).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    Some(lines[lines.len().saturating_sub(LOG_TAIL)..].join("\n"))
}

/// Percent-encodes everything but unreserved characters (RFC 3986, section 2.3).
fn percent_encode(text: &str) -> String {
    text.bytes().fold(String::new(), |encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded + char::from(byte).encode_utf8(&mut [0; 4])
        } else {
            encoded + &format!("%{byte:02X}")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_urls_are_encoded() {
        assert_eq!(percent_encode("a b/ü~"), "a%20b%2F%C3%BC~");
    }

    #[test]
    fn a_temporary_folder_that_cannot_hold_a_socket_is_not_used() {
        let long = PathBuf::from(format!("/{}", "x".repeat(LONGEST_BASE)));
        assert_eq!(base_directory(&long, &Account::Own), Path::new("/tmp"));
        assert_eq!(
            base_directory(Path::new("/tmp/with,comma"), &Account::Own),
            Path::new("/tmp")
        );
        assert_eq!(
            base_directory(Path::new("/var/tmp"), &Account::Own),
            Path::new("/var/tmp")
        );
    }

    #[test]
    fn a_temporary_folder_closed_to_the_server_is_not_used() {
        let other = Account::Other {
            name: "postgres".to_owned(),
            uid: 1,
            gid: 1,
        };
        assert_eq!(base_directory(Path::new("/usr"), &other), Path::new("/tmp"));
        assert_eq!(
            base_directory(Path::new("/usr"), &Account::Own),
            Path::new("/usr")
        );
    }
}
