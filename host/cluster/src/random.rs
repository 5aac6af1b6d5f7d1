//! Random names and passwords, from the operating system's generator.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _};

/// Returns `bytes` random bytes as lower-case hexadecimal digits.
///
/// # Errors
/// When `/dev/urandom` cannot be read.
pub(crate) fn hex(bytes: usize) -> io::Result<String> {
    let mut buffer = vec![0_u8; bytes];
    File::open("/dev/urandom")?.read_exact(&mut buffer)?;
    Ok(hex_of(&buffer))
}

/// Writes bytes as lower-case hexadecimal digits.
pub(crate) fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
