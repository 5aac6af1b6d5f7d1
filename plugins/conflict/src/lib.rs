//! The plugin of the conflict role: what proposed columns, checks and triggers
//! meet in the live schema. The rules are in [`rules`]; this file only exports
//! them as a component.

pub mod rules;

birth_sdk::export_conflict!(rules::Conflicts);
