//! The plugin of the classification role: what coverage a collection needs.
//! The rules are in [`rules`]; this file only exports them as a component.

pub mod rules;

birth_sdk::export_classification!(rules::Classes);
