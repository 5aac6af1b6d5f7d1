//! The process that owns a cluster's server and directory.
//!
//! A small shell script creates the directory, runs the server as its child
//! and reads commands from a pipe whose only write end this process holds. The
//! end of that pipe means that this process dropped the cluster, panicked or
//! was killed: the script then stops the server and removes the directory. One
//! path serves all of these, so the rare one is tested by the common one.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::account::Account;

const SCRIPT: &str = include_str!("supervisor.sh");

/// How a server is told to stop, see "Shutting Down the Server" in the
/// PostgreSQL manual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shutdown {
    /// Ends the sessions and writes a checkpoint.
    Fast,
    /// Ends at once, as in a crash; the next start recovers.
    Immediate,
    /// `kill -9` of the postmaster; its backends end when they notice.
    Kill,
}

impl Shutdown {
    fn signal(self) -> &'static str {
        match self {
            Self::Fast => "INT",
            Self::Immediate => "QUIT",
            Self::Kill => "KILL",
        }
    }
}

/// Why the supervisor could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum SupervisorError {
    /// The shell could not be started.
    #[error("cannot run /bin/sh as {account} to supervise the server")]
    Spawn {
        /// Whom it was to run as.
        account: String,
        /// The system's reason.
        source: io::Error,
    },
    /// The supervisor is gone, killed by someone else.
    #[error(
        "the process that supervises the server in {} has ended; end the server and remove that directory by hand",
        directory.display()
    )]
    Gone {
        /// The cluster's directory.
        directory: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

/// What the supervisor said to a command: the rest of its line, or that the
/// command failed.
pub(crate) type Answer = Result<String, CommandFailed>;

/// A command failed; the cluster's logs tell why.
#[derive(Debug)]
pub(crate) struct CommandFailed;

/// A running supervisor. Dropping it removes the cluster.
#[derive(Debug)]
pub(crate) struct Supervisor {
    directory: PathBuf,
    child: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Supervisor {
    /// Starts a supervisor for a cluster in `directory`, which must not exist.
    ///
    /// The environment starts empty: no PG* variable may steer the server, and
    /// no secret of a root process may reach another account.
    pub(crate) fn spawn(
        account: &Account,
        binaries: &Path,
        directory: &Path,
        password: &str,
        server_arguments: &[String],
    ) -> Result<Self, SupervisorError> {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", SCRIPT, "sh"])
            .args(server_arguments)
            .env_clear()
            .envs(
                ["PATH", "LD_LIBRARY_PATH"]
                    .into_iter()
                    .filter_map(|name| Some((name, std::env::var_os(name)?))),
            )
            .env("LC_ALL", "C")
            .env("TZ", "UTC") // initdb would search all time zones for the system's
            .env("DIR", directory)
            .env("BIN", binaries)
            .env("SUPERUSER_PASSWORD", password)
            .current_dir("/")
            .stdin(Stdio::piped()) // close-on-exec: no other child of this process keeps it open
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        account.apply(&mut command);
        lead_a_session(&mut command);
        let failed = |source| SupervisorError::Spawn {
            account: account.name().to_owned(),
            source,
        };
        let no_pipe = || failed(io::ErrorKind::BrokenPipe.into());
        let mut child = command.spawn().map_err(failed)?;
        let commands = child.stdin.take().ok_or_else(no_pipe)?;
        let answers = child.stdout.take().ok_or_else(no_pipe)?;
        Ok(Self {
            directory: directory.to_owned(),
            child,
            commands: Some(commands),
            answers: BufReader::new(answers),
        })
    }

    /// Makes the directory and the data directory in it.
    pub(crate) fn create(&mut self) -> Result<Answer, SupervisorError> {
        self.ask("create")
    }

    /// Starts the server; the answer is its process id.
    pub(crate) fn start(&mut self) -> Result<Answer, SupervisorError> {
        self.ask("start")
    }

    /// Stops the server and waits until it has ended.
    pub(crate) fn stop(&mut self, shutdown: Shutdown) -> Result<Answer, SupervisorError> {
        self.ask(&format!("stop {}", shutdown.signal()))
    }

    /// Ends the supervisor and leaves server and directory as they are.
    pub(crate) fn keep(mut self) -> Result<(), SupervisorError> {
        self.ask("keep").map(|_| ())
    }

    fn ask(&mut self, command: &str) -> Result<Answer, SupervisorError> {
        let answer = self
            .exchange(command)
            .map_err(|source| SupervisorError::Gone {
                directory: self.directory.clone(),
                source,
            })?;
        Ok(match answer.strip_prefix("ok") {
            Some(rest) => Ok(rest.trim().to_owned()),
            None => Err(CommandFailed),
        })
    }

    fn exchange(&mut self, command: &str) -> io::Result<String> {
        let commands = self.commands.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        commands.write_all(format!("{command}\n").as_bytes())?;
        let mut answer = String::new();
        match self.answers.read_line(&mut answer)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(answer),
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        drop(self.commands.take());
        // The script bounds its own work; a failed wait means it is gone.
        let _ = self.child.wait();
    }
}

/// A session of its own keeps the supervisor and the server out of reach of
/// Ctrl-C and of whatever ends the owner's whole process group or session.
#[expect(
    unsafe_code,
    reason = "std offers no safe way to call setsid in a child"
)]
pub(crate) fn lead_a_session(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    // SAFETY: between fork and exec only async-signal-safe calls are allowed;
    // the closure makes one system call and allocates nothing.
    unsafe {
        command.pre_exec(|| rustix::process::setsid().map(drop).map_err(io::Error::from));
    }
}
