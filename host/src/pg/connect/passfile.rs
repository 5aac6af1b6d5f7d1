//! The password file, `~/.pgpass`.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::error::SettingsError;
use super::secret::Password;

/// What a line of the password file is matched against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lookup<'a> {
    /// The host name as given, or `localhost` for a default socket directory.
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) database: &'a str,
    pub(super) user: &'a str,
}

/// The text of the password file, or `None` where there is none to use.
///
/// As in libpq, a file that others can read is not used, with a warning: it is
/// no longer a secret.
pub(super) fn read(path: &Path) -> Result<Option<String>, SettingsError> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(SettingsError::unreadable("password file", path, error)),
    };
    if !metadata.is_file() {
        tracing::warn!(file = %path.display(), "password file is not a plain file and is not used");
        return Ok(None);
    }
    if metadata.mode() & 0o077 != 0 {
        tracing::warn!(
            file = %path.display(),
            "password file has group or world access and is not used; run chmod 0600 on it"
        );
        return Ok(None);
    }
    let text =
        fs::read(path).map_err(|error| SettingsError::unreadable("password file", path, error))?;
    // Passwords are sent as UTF-8; a line in another encoding cannot match.
    Ok(Some(String::from_utf8_lossy(&text).into_owned()))
}

/// The password of the first line that fits.
pub(super) fn find(text: &str, lookup: Lookup<'_>) -> Option<Password> {
    let port = lookup.port.to_string();
    let wanted = [lookup.host, &port, lookup.database, lookup.user];
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .find_map(|line| match_line(line, wanted))
}

fn match_line(line: &str, wanted: [&str; 4]) -> Option<Password> {
    let mut rest = line.trim_end_matches('\r');
    for value in wanted {
        let (field, after) = take_field(rest);
        // Only a bare star is a wildcard; `\*` is the name of one character.
        let star = rest.starts_with('*') && field == "*";
        if !star && field != value {
            return None;
        }
        rest = after?;
    }
    let (password, _) = take_field(rest);
    (!password.is_empty()).then(|| Password::new(password))
}

/// The field at the start of the text, unescaped, and what follows its `:`.
fn take_field(text: &str) -> (String, Option<&str>) {
    let mut field = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            ':' => return (field, Some(&text[at + 1..])),
            '\\' => match characters.next() {
                Some((_, escaped)) => field.push(escaped),
                None => field.push('\\'),
            },
            other => field.push(other),
        }
    }
    (field, None)
}
