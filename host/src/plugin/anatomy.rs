//! What a file is made of, without compiling or running any of it: for authors,
//! for people who were given a file, and for what the host refuses by size.

use birth_core::policy::Role;
use serde::Serialize;
use wasmparser::{BinaryReaderError, Encoding, KnownCustom, Parser, Payload};

/// The package that plugins implement.
pub const PACKAGE: &str = "birth:policy";
/// How many custom sections and producers are listed; a file may have millions.
const LISTED: usize = 64;

/// What a file is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Anatomy {
    /// What it is by its first bytes.
    pub form: Form,
    /// What it asks for from outside.
    pub imports: Vec<String>,
    /// What it offers.
    pub exports: Vec<String>,
    /// Core modules within it.
    pub modules: usize,
    /// Memories that its modules define.
    pub memories: u64,
    /// Start functions: they run before any call.
    pub start_functions: usize,
    /// Custom sections, its own and its modules'; the first few.
    pub custom_sections: Vec<CustomSection>,
    /// Bytes in all of its custom sections.
    pub custom_bytes: u64,
    /// Who made it, as it says itself.
    pub producers: Vec<Producer>,
    /// Why the rest could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// What a file is by its first bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// A component.
    Component,
    /// A core module.
    Module,
    /// No WebAssembly.
    #[default]
    Other,
}

/// A custom section: no part of what the file does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CustomSection {
    /// Its name.
    pub name: String,
    /// Bytes of its content.
    pub bytes: usize,
}

/// A tool that the file says it was made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Producer {
    /// `language`, `processed-by` or `sdk`.
    pub field: String,
    /// The tool.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl Anatomy {
    /// Reads a file as far as it can be read.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut found = Self::default();
        if let Err(error) = found.read(bytes) {
            found.fault = Some(error.to_string());
        }
        found
    }

    /// The roles it exports, with the version of the boundary, in the order of
    /// the exports.
    pub fn roles(&self) -> impl Iterator<Item = (Role, &str)> {
        self.exports.iter().filter_map(|export| role(export))
    }

    fn read(&mut self, bytes: &[u8]) -> Result<(), BinaryReaderError> {
        // Modules and components nest; only the outermost one meets the host.
        let mut depth = 0_usize;
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::Version { encoding, .. } if depth == 0 => {
                    self.form = match encoding {
                        Encoding::Component => Form::Component,
                        Encoding::Module => Form::Module,
                    };
                }
                Payload::ModuleSection { .. } => {
                    self.modules += 1;
                    depth += 1;
                }
                Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ImportSection(section) if depth == 0 => {
                    for import in section.into_imports() {
                        let import = import?;
                        let name = format!("{}::{}", import.module, import.name);
                        self.imports.push(name);
                    }
                }
                Payload::ComponentImportSection(section) if depth == 0 => {
                    for import in section {
                        self.imports.push(import?.name.name.to_owned());
                    }
                }
                Payload::ComponentExportSection(section) if depth == 0 => {
                    for export in section {
                        self.exports.push(export?.name.name.to_owned());
                    }
                }
                Payload::MemorySection(section) => self.memories += u64::from(section.count()),
                Payload::StartSection { .. } | Payload::ComponentStartSection { .. } => {
                    self.start_functions += 1;
                }
                Payload::CustomSection(section) => self.custom(&section),
                _ => {}
            }
        }
        Ok(())
    }

    fn custom(&mut self, section: &wasmparser::CustomSectionReader<'_>) {
        let bytes = section.data().len();
        self.custom_bytes += bytes as u64;
        if self.custom_sections.len() < LISTED {
            let name = section.name().chars().take(200).collect();
            self.custom_sections.push(CustomSection { name, bytes });
        }
        // What the section says of itself is worth showing, never worth failing.
        if let KnownCustom::Producers(fields) = section.as_known() {
            for field in fields.into_iter().flatten() {
                for value in field.values.into_iter().flatten() {
                    let short = |text: &str| text.chars().take(200).collect::<String>();
                    let producer = Producer {
                        field: short(field.name),
                        name: short(value.name),
                        version: short(value.version),
                    };
                    let is_new = !self.producers.contains(&producer);
                    if is_new && self.producers.len() < LISTED {
                        self.producers.push(producer);
                    }
                }
            }
        }
    }
}

/// Role and version of an export such as `birth:policy/conflict@0.1.0`.
fn role(export: &str) -> Option<(Role, &str)> {
    let (interface, version) = export.split_once('@')?;
    let (package, name) = interface.split_once('/')?;
    let known = Role::ALL.into_iter().find(|role| role.name() == name)?;
    (package == PACKAGE).then_some((known, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_names_role_and_version() {
        let found = role("birth:policy/conflict@0.1.0");
        assert_eq!(found, Some((Role::Conflict, "0.1.0")));
        for other in ["birth:policy/types@0.1.0", "x:y/conflict@0.1.0", "conflict"] {
            assert_eq!(role(other), None, "{other}");
        }
    }

    #[test]
    fn what_is_no_webassembly_has_a_fault() {
        let found = Anatomy::of(b"MZ");
        assert_eq!(found.form, Form::Other);
        assert!(found.fault.is_some());
    }

    #[test]
    fn a_module_is_read_to_where_it_breaks() {
        // One import `clock.now`, then a section that is cut short.
        let module = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x02\x0d\x01\x05clock\x03now\0\0\x03\x09";
        let found = Anatomy::of(module);
        assert_eq!(found.form, Form::Module);
        assert_eq!(found.imports, ["clock::now"]);
        assert!(found.fault.is_some());
    }
}
