//! Signing: `ssh-keygen` does it, with a key file, an agent or a token. The
//! private key never comes here.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use thiserror::Error;

use birth_core::policy::statement::NAMESPACE;

/// Why there is no signature.
#[derive(Debug, Error)]
pub enum SignError {
    /// The program could not be run.
    #[error("`ssh-keygen` could not be run: {0}; install OpenSSH's client, or sign elsewhere")]
    NotRun(#[from] std::io::Error),
    /// It did not sign.
    #[error("`ssh-keygen` did not sign with {key}: {said}")]
    Refused {
        /// The key.
        key: String,
        /// What it said.
        said: String,
    },
}

/// Signs a statement; gives the armoured signature.
///
/// # Errors
/// What `ssh-keygen` said.
pub fn sign(key: &Path, statement: &str) -> Result<String, SignError> {
    // A passphrase is asked for on the terminal itself.
    let mut child = Command::new("ssh-keygen")
        .args(["-Y", "sign", "-q", "-n", NAMESPACE, "-f"])
        .arg(key)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that stopped reading says why on stderr.
        let _ = stdin.write_all(statement.as_bytes());
    }
    let output = child.wait_with_output()?;
    let armored = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if output.status.success() && !armored.is_empty() {
        return Ok(armored);
    }
    Err(SignError::Refused {
        key: key.display().to_string(),
        said: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}
