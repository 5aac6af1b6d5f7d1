//! The plugin of the coverage role: which of the coverage conditions a
//! collection fails. The rules are in [`rules`]; this file only exports them as
//! a component.

pub mod rules;

birth_sdk::export_coverage!(rules::Coverage);
