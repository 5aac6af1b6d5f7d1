//! The policy runtime: runs pinned plugins in a sandbox and hands back checked
//! answers. This module alone names wasmtime. It must not open a connection,
//! read a clock into a verdict, or run bytes that do not hash to their pin.
//!
//! [`set::PolicyRuntime`] is the way in: it loads the plugins of a policy set
//! as they are needed, each through [`load::Plugin::load`], which compares the
//! pin, refuses imports and other versions, and calls with a fresh store each.

pub mod anatomy;
mod bindings;
pub mod build;
pub mod cache;
pub mod call;
pub mod engine;
pub mod error;
pub mod limits;
pub mod load;
pub mod recognise;
pub mod scaffold;
pub mod set;
pub mod store;
