//! From bytes to a plugin that may be called. The order is the point: nothing
//! is done with bytes before they are compared with the pin, and nothing of a
//! component runs before its imports and exports are known.

use std::sync::{Arc, OnceLock};

use birth_core::digest::Digest;
use birth_core::policy::Role;
use birth_core::policy::verdict::Description;
use wasmtime::component::{Component, InstancePre, Linker};

use super::anatomy::Anatomy;
use super::cache::Cache;
use super::engine::PluginEngine;
use super::error::{PluginError, PluginId};
use super::limits::{Limits, Meter};

/// Bytes of a WebAssembly page.
const PAGE: u64 = 64 << 10;

/// A loaded plugin. It keeps no state between calls.
pub struct Plugin {
    pub(super) id: Arc<PluginId>,
    pub(super) engine: PluginEngine,
    pub(super) limits: Limits,
    pub(super) pre: InstancePre<Meter>,
    /// Asked for once: the same bytes describe themselves the same way.
    pub(super) description: OnceLock<Description>,
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Plugin").field(&self.id).finish()
    }
}

impl Plugin {
    /// Loads a plugin from its component's bytes, compiled or from the cache.
    /// Runs none of it.
    ///
    /// # Errors
    /// [`PluginError::PinMismatch`] before anything else; then whatever makes
    /// the component one that may not run.
    pub fn load(
        engine: &PluginEngine,
        limits: &Limits,
        cache: Option<&Cache>,
        id: PluginId,
        bytes: &[u8],
    ) -> Result<Self, PluginError> {
        let id = Arc::new(id);
        let found = Digest::of(bytes);
        if found != id.sha256 {
            return Err(PluginError::PinMismatch { plugin: id, found });
        }
        check_header(&id, bytes, limits)?;
        let custom = Anatomy::of(bytes).custom_bytes;
        if custom > limits.custom_bytes {
            let what = "bytes in custom sections";
            return Err(over(&id, what, custom, limits.custom_bytes));
        }
        let component = match cache.and_then(|cache| cache.get(engine, &found)) {
            Some(component) => component,
            None => compile(engine, cache, &id, bytes)?,
        };
        check_imports(&id, engine, &component)?;
        check_exports(&id, engine, &component)?;
        check_resources(&id, &component, limits)?;
        // The linker is empty: there is nothing that a plugin could reach.
        let pre = Linker::new(engine.inner())
            .instantiate_pre(&component)
            .map_err(|e| PluginError::Compile {
                plugin: Arc::clone(&id),
                what: format!("{e:#}"),
            })?;
        Ok(Self {
            id,
            engine: engine.clone(),
            limits: limits.clone(),
            pre,
            description: OnceLock::new(),
        })
    }

    /// Which plugin this is.
    #[must_use]
    pub fn id(&self) -> &PluginId {
        &self.id
    }
}

/// Compares the size and the eight bytes every component begins with
/// (component model, "Binary format").
fn check_header(id: &Arc<PluginId>, bytes: &[u8], limits: &Limits) -> Result<(), PluginError> {
    if bytes.len() > limits.component_bytes {
        return Err(over(
            id,
            "bytes",
            bytes.len() as u64,
            limits.component_bytes as u64,
        ));
    }
    match other_than_component(bytes) {
        None => Ok(()),
        Some(what) => Err(PluginError::NotAComponent {
            plugin: Arc::clone(id),
            what,
        }),
    }
}

/// What bytes are that are not a component by how they begin.
pub(super) fn other_than_component(bytes: &[u8]) -> Option<&'static str> {
    match bytes.get(..8) {
        Some(b"\0asm\x0d\0\x01\0") => None,
        Some(b"\0asm\x01\0\0\0") => Some("a core module"),
        Some([b'\0', b'a', b's', b'm', ..]) => Some("a WebAssembly file of an unknown version"),
        _ => Some("another kind of file"),
    }
}

fn compile(
    engine: &PluginEngine,
    cache: Option<&Cache>,
    id: &Arc<PluginId>,
    bytes: &[u8],
) -> Result<Component, PluginError> {
    let component =
        Component::from_binary(engine.inner(), bytes).map_err(|e| PluginError::Compile {
            plugin: Arc::clone(id),
            what: format!("{e:#}"),
        })?;
    if let Some(cache) = cache {
        cache.put(engine, &id.sha256, &component);
    }
    Ok(component)
}

fn check_imports(
    id: &Arc<PluginId>,
    engine: &PluginEngine,
    component: &Component,
) -> Result<(), PluginError> {
    let ty = component.component_type();
    let imports: Vec<String> = ty
        .imports(engine.inner())
        .map(|(name, _)| format!("`{name}`"))
        .collect();
    if imports.is_empty() {
        return Ok(());
    }
    Err(PluginError::HasImports {
        plugin: Arc::clone(id),
        imports,
    })
}

/// The role's interface by its full name; another version of it is called
/// that, and anything else is listed.
fn check_exports(
    id: &Arc<PluginId>,
    engine: &PluginEngine,
    component: &Component,
) -> Result<(), PluginError> {
    let ty = component.component_type();
    let exports: Vec<&str> = ty.exports(engine.inner()).map(|(name, _)| name).collect();
    let wanted = id.role.interface();
    if exports.contains(&wanted.as_str()) {
        return Ok(());
    }
    let other = |role: Role| {
        let prefix = format!("birth:policy/{}@", role.name());
        exports
            .iter()
            .find_map(|name| name.strip_prefix(prefix.as_str()).map(str::to_owned))
    };
    Err(match other(id.role) {
        Some(found) => PluginError::WrongWitVersion {
            plugin: Arc::clone(id),
            found,
        },
        None => PluginError::WrongRole {
            plugin: Arc::clone(id),
            exports: exports.iter().map(|name| format!("`{name}`")).collect(),
        },
    })
}

/// What the component declares, before an instance of it is made.
fn check_resources(
    id: &Arc<PluginId>,
    component: &Component,
    limits: &Limits,
) -> Result<(), PluginError> {
    // `None` is for components that import modules; those have been refused.
    let Some(needs) = component.resources_required() else {
        return Ok(());
    };
    let memory = needs
        .max_initial_memory_size
        .unwrap_or(0)
        .saturating_mul(PAGE);
    let table = needs.max_initial_table_size.unwrap_or(0);
    let rows: [(&'static str, u64, u64); 4] = [
        (
            "memories",
            needs.num_memories.into(),
            limits.memories.into(),
        ),
        (
            "bytes of initial memory",
            memory,
            limits.memory_bytes as u64,
        ),
        ("tables", needs.num_tables.into(), limits.tables.into()),
        (
            "initial elements in a table",
            table,
            limits.table_elements as u64,
        ),
    ];
    match rows.into_iter().find(|(_, found, limit)| found > limit) {
        Some((what, found, limit)) => Err(over(id, what, found, limit)),
        None => Ok(()),
    }
}

fn over(id: &Arc<PluginId>, what: &'static str, found: u64, limit: u64) -> PluginError {
    PluginError::OverLimit {
        plugin: Arc::clone(id),
        what,
        found,
        limit,
    }
}
