//! What policy authors do with a component: look at it, try it, measure it,
//! rebuild it. Nothing here knows of databases, pins or approvals, except the
//! rebuild, which compares with a pin.

pub mod bench;
pub mod cases;
pub mod kit;
pub mod rebuild;
pub mod settings;

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use birth_core::digest::Digest;
use birth_core::outcome::FailureClass;
use birth_core::policy::Role;
use birth_core::policy::verdict::Answer;

use super::failure::Failure;
use crate::plugin::anatomy::Anatomy;
use crate::plugin::limits::Limits;
use crate::plugin::load::Plugin;
use crate::plugin::recognise::{Recogniser, role_of};

/// A component that is no part of a policy set yet.
#[derive(Debug, Clone)]
pub struct Component {
    /// What it is called in messages: its file.
    pub file: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// SHA-256 of the bytes.
    pub sha256: Digest,
    /// What it is made of.
    pub anatomy: Anatomy,
}

impl Component {
    /// Reads a component's file, whatever is in it.
    ///
    /// # Errors
    /// The file cannot be read, or is larger than any plugin may be.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let limit = Limits::default().component_bytes;
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|file| file.take(limit as u64 + 1).read_to_end(&mut bytes))
            .map_err(|error| {
                Failure::new(
                    FailureClass::Filesystem,
                    "FILE_NOT_READABLE",
                    format!("the component {} cannot be read: {error}", path.display()),
                )
                .with_hint("name a component, as `birth plugin build --out FILE` writes it")
            })?;
        if bytes.len() > limit {
            return Err(Failure::new(
                FailureClass::Policy,
                "PLUGIN_OVER_LIMIT",
                format!(
                    "{} has more than {limit} bytes, which no plugin may have",
                    path.display()
                ),
            )
            .with_hint("build a smaller one with `birth plugin build`"));
        }
        Ok(Self::of(path.display().to_string(), bytes))
    }

    /// A component of bytes that are there already.
    #[must_use]
    pub fn of(file: String, bytes: Vec<u8>) -> Self {
        Self {
            file,
            sha256: Digest::of(&bytes),
            anatomy: Anatomy::of(&bytes),
            bytes,
        }
    }

    /// Its role, by what it exports.
    ///
    /// # Errors
    /// It exports no role, or several.
    pub fn role(&self) -> Result<Role, Failure> {
        Ok(role_of(&self.file, &self.bytes)?)
    }

    /// Loads it under the role it has, with an engine of its own, and compiles it
    /// anew. Runs none of it.
    ///
    /// # Errors
    /// Why it may not run.
    pub fn load(&self) -> Result<Plugin, Failure> {
        let recogniser = Recogniser::new(None, Limits::default())?;
        Ok(recogniser.load(&self.file, &self.bytes)?)
    }
}

/// The first subject that two lists of answers differ about, and how.
fn first_difference(names: &[String], one: &[Answer], other: &[Answer]) -> Option<String> {
    if one.len() != other.len() {
        return Some(format!("{} answers and {}", one.len(), other.len()));
    }
    let mut pairs = one.iter().zip(other).enumerate();
    let (subject, (one, other)) = pairs.find(|(_, (one, other))| one != other)?;
    let name = names.get(subject).map_or("?", String::as_str);
    Some(format!("{name:?} is {} and {}", shown(one), shown(other)))
}

/// An answer on one line.
fn shown(answer: &Answer) -> String {
    let reasons: Vec<String> = answer
        .reasons
        .iter()
        .map(|reason| format!("{} {:?}", reason.code, reason.message))
        .collect();
    format!(
        "status {} scope {} score {} [{}]",
        answer.status,
        answer.scope,
        answer.score,
        reasons.join(", ")
    )
}
