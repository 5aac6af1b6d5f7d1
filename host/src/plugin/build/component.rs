//! From a core module to a component, and what a component says it is.
//!
//! A component that imports anything is refused here, at the author's desk, by
//! the rule by which the host refuses it.

use birth_core::policy::Role;
use wit_component::ComponentEncoder;

use crate::plugin::anatomy::{Anatomy, PACKAGE};

/// Why a module is not a plugin.
#[derive(Debug, thiserror::Error)]
pub enum ComponentError {
    /// A plugin computes verdicts from facts and nothing else.
    #[error(
        "the plugin imports {}; a plugin must import nothing. An import comes from a \
         dependency that asks for a clock, randomness, files or output: remove it",
        .0.join(", ")
    )]
    Imports(Vec<String>),
    /// No description of a world in the module.
    #[error("the module exports no role of {PACKAGE}; is `birth_sdk::export_…!` called?")]
    NoRole,
    /// A plugin has one role.
    #[error("the module exports several roles of {PACKAGE} ({}); a plugin has one", .0.join(", "))]
    SeveralRoles(Vec<String>),
    /// The bytes are not WebAssembly.
    #[error("the module could not be read: {0}")]
    Parse(String),
    /// The encoder refuses the module.
    #[error("the module could not be made a component: {0}")]
    Encode(String),
}

/// A component with one role and no imports.
#[derive(Clone, Debug)]
pub(super) struct Component {
    pub(super) bytes: Vec<u8>,
    pub(super) world: String,
    pub(super) wit_version: String,
}

/// A component without imports that exports one role.
#[derive(Clone, Debug)]
pub(in crate::plugin) struct OfRole {
    pub(in crate::plugin) role: Role,
    pub(in crate::plugin) wit: String,
    pub(in crate::plugin) exports: Vec<String>,
}

/// The role of a component by what it exports. Nothing is validated yet.
///
/// # Errors
/// Imports, no role or several, or bytes that are not WebAssembly.
pub(in crate::plugin) fn exports_of_role(component: &[u8]) -> Result<OfRole, ComponentError> {
    let mut anatomy = read(component)?;
    refuse_imports(std::mem::take(&mut anatomy.imports))?;
    let (role, wit) = one_role(&anatomy)?;
    let wit = wit.to_owned();
    Ok(OfRole {
        role,
        wit,
        exports: anatomy.exports,
    })
}

/// Encodes a core module that carries the description of its world.
///
/// # Errors
/// Imports, no role or several, or a module that the encoder refuses.
pub(super) fn encode(module: &[u8]) -> Result<Component, ComponentError> {
    refuse_imports(read(module)?.imports)?;
    let reason = |error| ComponentError::Encode(format!("{error:#}"));
    let bytes = ComponentEncoder::default()
        .validate(true)
        .module(module)
        .and_then(|encoder| encoder.encode())
        .map_err(reason)?;
    let mut anatomy = read(&bytes)?;
    refuse_imports(std::mem::take(&mut anatomy.imports))?;
    let (role, version) = one_role(&anatomy)?;
    Ok(Component {
        // The world of each role is named after it.
        world: format!("{role}-plugin"),
        wit_version: version.to_owned(),
        bytes,
    })
}

fn one_role(anatomy: &Anatomy) -> Result<(Role, &str), ComponentError> {
    let roles: Vec<_> = anatomy.roles().collect();
    match roles.as_slice() {
        [] => Err(ComponentError::NoRole),
        [one] => Ok(*one),
        _ => {
            let names = roles.iter().map(|(role, _)| role.name().to_owned());
            Err(ComponentError::SeveralRoles(names.collect()))
        }
    }
}

fn read(bytes: &[u8]) -> Result<Anatomy, ComponentError> {
    let found = Anatomy::of(bytes);
    match found.fault {
        Some(fault) => Err(ComponentError::Parse(fault)),
        None => Ok(found),
    }
}

fn refuse_imports(imports: Vec<String>) -> Result<(), ComponentError> {
    if imports.is_empty() {
        return Ok(());
    }
    Err(ComponentError::Imports(imports))
}
