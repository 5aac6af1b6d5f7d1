//! The host of `birth`: connection, transactions, plugins, journal, command
//! line. See `ARCHITECTURE.md` for the map and the arrows.

pub mod cli;
mod files;
pub mod journal;
pub mod kb;
pub mod pg;
pub mod plugin;
pub mod probe;
pub mod registry;
pub mod run;
pub mod trust;
