//! A directory that goes when its owner goes, however that happens.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::random;
use crate::supervisor::lead_a_session;

/// Waits for the end of its input, which is the end of its owner.
const SCRIPT: &str =
    "trap '' HUP INT PIPE QUIT TERM; read -r word; [ \"$word\" = keep ] || rm -rf -- \"$DIR\"";

/// A private directory of this process's own account. It is removed when this
/// is dropped, and also when the process is killed: a small shell holds the
/// other end of a pipe.
#[derive(Debug)]
pub struct ScratchDirectory {
    path: PathBuf,
    cleaner: Child,
}

impl ScratchDirectory {
    /// Makes the directory in the system's folder for temporary files.
    ///
    /// # Errors
    ///
    /// The directory cannot be made, or the shell cannot be started.
    pub fn create() -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("birth-{}", random::hex(8)?));
        // The cleaner first: there must be no moment at which the directory
        // exists and nobody would remove it.
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", SCRIPT])
            .env("DIR", &path)
            .current_dir("/")
            .stdin(Stdio::piped()) // close-on-exec: no other child keeps it open
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        lead_a_session(&mut command);
        let cleaner = command.spawn()?;
        let scratch = Self { path, cleaner };
        let mut builder = std::fs::DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&scratch.path)?;
        Ok(scratch)
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves the directory where it is.
    ///
    /// # Errors
    ///
    /// The cleaner could not be told; the directory will be removed.
    pub fn keep(mut self) -> io::Result<PathBuf> {
        if let Some(stdin) = self.cleaner.stdin.as_mut() {
            io::Write::write_all(stdin, b"keep\n")?;
        }
        Ok(self.path.clone())
    }
}

impl Drop for ScratchDirectory {
    fn drop(&mut self) {
        drop(self.cleaner.stdin.take());
        // A failed wait means that it is gone already.
        let _ = self.cleaner.wait();
    }
}
