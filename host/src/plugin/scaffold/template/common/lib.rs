//! A policy plugin of the PLUGIN_ROLE role. The rules are in [`rules`]; this file
//! only exports them as a component.

pub mod rules;

birth_sdk::export_PLUGIN_ROLE!(rules::Rules);
