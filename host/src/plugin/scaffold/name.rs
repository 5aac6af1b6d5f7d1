//! Names of plugin crates.

use thiserror::Error;

/// A name that a crate cannot have.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NameError {
    /// Not a name as cargo and every file system take it.
    #[error(
        "{0:?} is no name for a crate: 1 to 64 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen"
    )]
    Form(String),
    /// A word of Rust, or the name of one of its libraries.
    #[error("{0:?} is a word of Rust's own, so no crate can have it as its name")]
    Reserved(String),
    /// One of the crate's dependencies has it.
    #[error("{0:?} is the name of a crate that every plugin is built with")]
    Taken(String),
}

/// Words of Rust, names of its libraries, and folders of cargo's: as the name of
/// a library they are refused, or hide what the crate's own code needs.
#[rustfmt::skip]
const RESERVED: &[&str] = &[
    "abstract", "alloc", "as", "async", "await", "become", "box", "break", "build", "con",
    "const", "continue", "core", "crate", "deps", "do", "dyn", "else", "enum", "examples",
    "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "incremental", "let",
    "loop", "macro", "match", "mod", "move", "mut", "nul", "override", "priv", "proc-macro",
    "pub", "ref", "return", "self", "static", "std", "struct", "super", "test", "trait", "true",
    "try", "type", "typeof", "union", "unsafe", "unsized", "use", "virtual", "where", "while",
    "yield",
];

/// Checks the name of a new crate against what cargo takes and what the crate is
/// built with.
///
/// # Errors
/// Why it cannot be had.
pub(super) fn check(name: &str, lock: &str) -> Result<(), NameError> {
    let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_name = (1..=64).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.chars().all(known);
    if !is_name {
        return Err(NameError::Form(name.to_owned()));
    }
    if RESERVED.contains(&name) {
        return Err(NameError::Reserved(name.to_owned()));
    }
    // Hyphens and underscores are one name to the compiler.
    let library = name.replace('-', "_");
    let mut taken = lock.lines().filter_map(|line| {
        let other = line.strip_prefix("name = \"")?.strip_suffix('"')?;
        Some(other.replace('-', "_"))
    });
    if taken.any(|other| other == library) {
        return Err(NameError::Taken(name.to_owned()));
    }
    Ok(())
}
