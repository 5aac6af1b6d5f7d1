//! Policy sets, their digests and approvals, and what plugins answer.
//!
//! This module never runs a plugin: it says which bytes may run, and whether
//! an answer keeps the rules of the boundary.

pub mod approved;
pub mod artifact;
pub mod coverage;
pub mod description;
pub mod diff;
pub mod edit;
pub mod ledger;
pub mod reference;
pub mod refusal;
pub mod set;
pub mod settings;
pub mod standing;
pub mod statement;
pub mod trust;
pub mod verdict;

/// The WIT version this host was built with.
pub const WIT_VERSION: &str = "0.1.0";

/// The roles a plugin can have.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// What coverage a collection needs.
    Classification,
    /// What a proposed object meets in the live schema.
    Conflict,
    /// Which coverage conditions fail.
    Coverage,
}

impl Role {
    /// Every role, in the order of their names.
    pub const ALL: [Self; 3] = [Self::Classification, Self::Conflict, Self::Coverage];

    /// The role's name, as it stands in a policy set and in WIT.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Classification => "classification",
            Self::Conflict => "conflict",
            Self::Coverage => "coverage",
        }
    }

    /// The interface a plugin of this role exports, with its version.
    #[must_use]
    pub fn interface(self) -> String {
        format!("birth:policy/{}@{WIT_VERSION}", self.name())
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// The format that a file says it has; read alone, so that a newer file is called
/// newer and not broken.
fn format_of(text: &str) -> Result<u32, Box<toml::de::Error>> {
    #[derive(serde::Deserialize)]
    struct FormatOnly {
        format: std::num::NonZeroU32,
    }
    let FormatOnly { format } = toml::from_str(text)?;
    Ok(format.get())
}
