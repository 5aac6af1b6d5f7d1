//! Governance roles: how a policy set lists them, and when a stored role is one
//! of them. All plugins must agree on it, or a collection that one of them
//! judges would be skipped by another.

use crate::settings::SettingsReader;

/// Roles that need coverage where the policy set is silent (B3 design,
/// section 3).
const GOVERNED: [&str; 4] = ["governed", "locked", "law_artifact", "observed"];

/// A list of governance roles. People write roles into a registry by hand, so
/// padding and case do not tell two of them apart.
#[derive(Clone, Debug)]
pub struct Roles(Vec<String>);

impl Roles {
    /// The setting `governed-roles`: roles whose collections need coverage.
    pub fn governed(reader: &mut SettingsReader<'_>) -> Self {
        Self::read(reader, "governed-roles", &GOVERNED)
    }

    /// A setting that lists roles, each in lower case, without space around it,
    /// and not empty.
    pub fn read(reader: &mut SettingsReader<'_>, key: &'static str, default: &[&str]) -> Self {
        let roles = reader.texts(key, default);
        for role in &roles {
            if role.trim() != role || role.is_empty() || role.to_lowercase() != *role {
                reader.problem(
                    key,
                    format!(
                        "{role:?} must be in lower case, without space around it, and not empty"
                    ),
                );
            }
        }
        Self(roles)
    }

    /// Whether `stored` is one of them but for padding and case.
    pub fn has(&self, stored: &str) -> bool {
        let letters = || stored.trim().chars().flat_map(char::to_lowercase);
        self.0.iter().any(|role| letters().eq(role.chars()))
    }

    /// Whether `stored` is one of them letter for letter.
    pub fn has_exactly(&self, stored: &str) -> bool {
        self.0.iter().any(|role| role == stored)
    }

    /// In the order of the policy set.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_and_case_do_not_tell_roles_apart() {
        let roles = Roles::governed(&mut SettingsReader::new(&[]));
        for same in ["governed", " Governed\n", "LAW_ARTIFACT", "\u{a0}locked"] {
            assert!(roles.has(same), "{same:?}");
        }
        for other in [
            "",
            " ",
            "law artifact",
            "law-artifact",
            "governed2",
            "ungoverned",
        ] {
            assert!(!roles.has(other), "{other:?}");
        }
        assert!(roles.has_exactly("observed") && !roles.has_exactly("Observed"));
        assert_eq!(roles.iter().collect::<Vec<_>>(), GOVERNED);
    }
}
