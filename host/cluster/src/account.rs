//! The system account that a server runs under.
//!
//! PostgreSQL refuses to run as root, so a privileged process hands its
//! servers to `postgres`, or to `nobody` where that account is absent.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

/// The accounts that a root process may hand a server to, best first.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// Why no account for the server could be found.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The list of accounts could not be read.
    #[error("cannot read /etc/passwd to find an account for the server")]
    Read(#[source] io::Error),
    /// Root, on a system that has none of the known accounts.
    #[error(
        "PostgreSQL does not run as root, and this system has neither an account `postgres` nor `nobody`; create one of them, or run as another user"
    )]
    Missing,
}

/// Where the server's rights come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Account {
    /// The account of this process.
    Own,
    /// Another account, because this process is root.
    Other { name: String, uid: u32, gid: u32 },
}

impl Account {
    /// The account that servers of this process run under.
    pub(crate) fn for_server() -> Result<Self, AccountError> {
        if !is_root() {
            return Ok(Self::Own);
        }
        let passwd = fs::read_to_string("/etc/passwd").map_err(AccountError::Read)?;
        UNPRIVILEGED
            .iter()
            .find_map(|name| parse_passwd(&passwd, name))
            .ok_or(AccountError::Missing)
    }

    /// Makes `command` run under this account.
    pub(crate) fn apply(&self, command: &mut Command) {
        if let Self::Other { uid, gid, .. } = self {
            command.uid(*uid).gid(*gid);
        }
    }

    /// Gives a file that this process made to this account.
    pub(crate) fn take_over(&self, path: &Path) -> io::Result<()> {
        match self {
            Self::Own => Ok(()),
            Self::Other { uid, gid, .. } => chown(path, Some(*uid), Some(*gid)),
        }
    }

    /// What to call this account in a message.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Own => "this user",
            Self::Other { name, .. } => name,
        }
    }
}

/// Whether this process has the rights of root.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Whether every user may read and enter `path` and the folders above it.
/// Folders that do not exist yet are left out: they are made readable.
pub(crate) fn open_to_all(path: &Path) -> bool {
    path.ancestors()
        .filter_map(|folder| fs::metadata(folder).ok())
        .all(|metadata| metadata.mode() & 0o005 == 0o005 || !metadata.is_dir())
}

fn parse_passwd(passwd: &str, name: &str) -> Option<Account> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next()? != name {
            return None;
        }
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        (uid != 0).then(|| Account::Other {
            name: name.to_owned(),
            uid,
            gid,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_found_by_their_whole_name() {
        let passwd = "postgres2:x:7:7::/:/bin/sh\npostgres:x:101:104:PostgreSQL,,,:/var:/bin/sh\n";
        assert_eq!(
            parse_passwd(passwd, "postgres"),
            Some(Account::Other {
                name: "postgres".to_owned(),
                uid: 101,
                gid: 104
            })
        );
        assert_eq!(parse_passwd(passwd, "nobody"), None);
    }

    #[test]
    fn an_account_with_the_rights_of_root_is_refused() {
        assert_eq!(parse_passwd("postgres:x:0:0::/:/bin/sh", "postgres"), None);
    }
}
