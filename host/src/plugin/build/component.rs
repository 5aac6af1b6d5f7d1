//! From a core module to a component, and what a component says it is.
//!
//! A component that imports anything is refused here, at the author's desk, by
//! the rule by which the host refuses it.

use birth_core::policy::Role;
use wasmparser::{Parser, Payload};
use wit_component::ComponentEncoder;

/// The package that plugins implement.
const PACKAGE: &str = "birth:policy";
/// Its interfaces that are roles; the world of each is named `<role>-plugin`.
const ROLES: [&str; 3] = ["classification", "conflict", "coverage"];

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
    Parse(#[from] wasmparser::BinaryReaderError),
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
    let interface = interface(component)?;
    refuse_imports(interface.imports)?;
    let roles = roles(&interface.exports);
    let [(name, wit)] = roles.as_slice() else {
        return Err(not_one(roles));
    };
    let role = Role::ALL.into_iter().find(|role| role.name() == name);
    Ok(OfRole {
        role: role.ok_or(ComponentError::NoRole)?,
        wit: wit.clone(),
        exports: interface.exports,
    })
}

/// Encodes a core module that carries the description of its world.
///
/// # Errors
/// Imports, no role or several, or a module that the encoder refuses.
pub(super) fn encode(module: &[u8]) -> Result<Component, ComponentError> {
    refuse_imports(interface(module)?.imports)?;
    let reason = |error| ComponentError::Encode(format!("{error:#}"));
    let bytes = ComponentEncoder::default()
        .validate(true)
        .module(module)
        .and_then(|encoder| encoder.encode())
        .map_err(reason)?;
    let interface = interface(&bytes)?;
    refuse_imports(interface.imports)?;
    let roles = roles(&interface.exports);
    match roles.as_slice() {
        [(role, version)] => Ok(Component {
            world: format!("{role}-plugin"),
            wit_version: version.clone(),
            bytes,
        }),
        _ => Err(not_one(roles)),
    }
}

/// The roles among exports, with their versions.
fn roles(exports: &[String]) -> Vec<(String, String)> {
    exports.iter().filter_map(|export| role(export)).collect()
}

fn not_one(roles: Vec<(String, String)>) -> ComponentError {
    if roles.is_empty() {
        return ComponentError::NoRole;
    }
    ComponentError::SeveralRoles(roles.into_iter().map(|(role, _)| role).collect())
}

fn refuse_imports(imports: Vec<String>) -> Result<(), ComponentError> {
    if imports.is_empty() {
        return Ok(());
    }
    Err(ComponentError::Imports(imports))
}

/// Role and version of an export such as `birth:policy/conflict@0.1.0`.
fn role(export: &str) -> Option<(String, String)> {
    let (interface, version) = export.split_once('@')?;
    let (package, name) = interface.split_once('/')?;
    let known = package == PACKAGE && ROLES.contains(&name);
    known.then(|| (name.to_owned(), version.to_owned()))
}

/// The outermost imports and exports of a module or component.
#[derive(Debug, Default)]
struct Interface {
    imports: Vec<String>,
    exports: Vec<String>,
}

fn interface(bytes: &[u8]) -> Result<Interface, ComponentError> {
    let mut found = Interface::default();
    // Modules and components nest; only the outermost one meets the host.
    let mut depth = 0usize;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ImportSection(section) if depth == 0 => {
                for import in section.into_imports() {
                    let import = import?;
                    let name = format!("{}::{}", import.module, import.name);
                    found.imports.push(name);
                }
            }
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    found.imports.push(import?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    found.exports.push(export?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(found)
}
