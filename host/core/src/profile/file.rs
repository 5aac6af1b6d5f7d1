//! The file form of a profile: every field may be absent.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{CollectionRules, ConceptType, FORMAT, ProfileError};
use crate::ident::LongNames;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(rename = "format")]
    _format: u32,
    #[serde(default)]
    pub(super) family: BTreeMap<String, FamilyFile>,
    #[serde(default)]
    pub(super) concept: BTreeMap<String, ConceptFile>,
    #[serde(default)]
    pub(super) naming: NamingFile,
    #[serde(default)]
    pub(super) issue: IssueFile,
    #[serde(default)]
    pub(super) health: HealthFile,
    pub(super) collections: Option<CollectionRules>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FamilyFile {
    pub(super) table: Option<String>,
    pub(super) schema: Option<String>,
    pub(super) hints: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConceptFile {
    pub(super) family: Option<String>,
    pub(super) meaning: Option<String>,
    pub(super) column: Option<String>,
    pub(super) hints: Option<Vec<String>>,
    pub(super) r#type: Option<ConceptType>,
    pub(super) identifying: Option<bool>,
    pub(super) optional: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct NamingFile {
    pub(super) check: Option<String>,
    pub(super) trigger: Option<String>,
    pub(super) trigger_function: Option<String>,
    pub(super) trigger_function_schema: Option<String>,
    pub(super) gate_schema: Option<String>,
    pub(super) gate_insert_trigger: Option<String>,
    pub(super) gate_role_trigger: Option<String>,
    pub(super) long_names: Option<LongNames>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct IssueFile {
    pub(super) species_category: Option<String>,
    pub(super) onboarding_category: Option<String>,
    pub(super) open_status: Option<String>,
    pub(super) closed: Option<Vec<String>>,
    pub(super) closed_status: Option<String>,
    pub(super) severity: Option<String>,
    pub(super) source: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct HealthFile {
    pub(super) r#type: Option<String>,
    pub(super) status: Option<String>,
    pub(super) severity: Option<String>,
    pub(super) source: Option<String>,
}

#[derive(Deserialize)]
struct FormatOnly {
    format: u32,
}

/// Reads the file form; a newer format is refused as such.
pub(super) fn read(text: &str) -> Result<File, ProfileError> {
    let FormatOnly { format } = toml::from_str(text).map_err(Box::new)?;
    if format > FORMAT {
        return Err(ProfileError::Newer { found: format });
    }
    Ok(toml::from_str(text).map_err(Box::new)?)
}
