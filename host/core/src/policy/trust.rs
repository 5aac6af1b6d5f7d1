//! The trust file: who may approve, and how many of them it takes.
//!
//! It belongs to the operator, not to the policy set: whoever can change the set
//! must not be able to lower the threshold. So nothing looks for it; it is named.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use thiserror::Error;

/// The format version this host reads up to.
pub const FORMAT: u32 = 1;

/// How many people of which role it takes, by the name of the role.
pub type Requirement = BTreeMap<String, u32>;

/// What an operator trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    /// OpenSSH's file of allowed signers, relative to the trust file.
    pub allowed_signers: String,
    /// The people of each role, as principals of the allowed signers.
    pub roles: BTreeMap<String, BTreeSet<String>>,
    /// What an approval takes.
    pub approve: Requirement,
    /// What going back to an older revision takes; without it nobody may.
    pub rollback: Option<Requirement>,
    /// The lowest revision of a policy set that may be executed, whatever a list
    /// of approvals says: a list can be cut, this file is the operator's.
    pub lowest: BTreeMap<String, u32>,
}

/// Why a trust file cannot be used.
#[derive(Debug, Error)]
pub enum TrustError {
    /// Not TOML, or not of this form.
    #[error("the trust file is not readable: {0}")]
    Syntax(#[from] Box<toml::de::Error>),
    /// Written for a newer host.
    #[error("the trust file has format {found}; this host reads up to {FORMAT}: upgrade the host")]
    Newer {
        /// The format that was found.
        found: u32,
    },
    /// A requirement that nothing has to meet.
    #[error(
        "[require] {kind} asks for nobody, so everything would be approved; name a role and how many of it"
    )]
    Nobody {
        /// `approve` or `rollback`.
        kind: &'static str,
    },
    /// A role that is not there.
    #[error("[require] {kind} asks for the role `{role}`, and there is no [role.{role}]")]
    UnknownRole {
        /// `approve` or `rollback`.
        kind: &'static str,
        /// The role.
        role: String,
    },
    /// A threshold that everything or nothing meets.
    #[error(
        "[require] {kind} asks for {needed} of the role `{role}`, which has {members} members; write a number from 1 to that"
    )]
    Threshold {
        /// `approve` or `rollback`.
        kind: &'static str,
        /// The role.
        role: String,
        /// What is asked.
        needed: u32,
        /// What there is.
        members: usize,
    },
    /// The same person twice in a role.
    #[error("[role.{role}] names {person} twice; keep one")]
    Repeated {
        /// The role.
        role: String,
        /// The person.
        person: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    #[serde(rename = "format")]
    _format: u32,
    allowed_signers: String,
    #[serde(default)]
    role: BTreeMap<String, FileRole>,
    require: Require,
    #[serde(default)]
    lowest_revision: BTreeMap<String, u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRole {
    members: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Require {
    approve: Requirement,
    rollback: Option<Requirement>,
}

impl Trust {
    /// Reads a trust file.
    ///
    /// # Errors
    /// What of it cannot be used.
    pub fn parse(text: &str) -> Result<Self, TrustError> {
        let format = super::format_of(text)?;
        if format > FORMAT {
            return Err(TrustError::Newer { found: format });
        }
        let file: File = toml::from_str(text).map_err(Box::new)?;
        let mut roles = BTreeMap::new();
        for (role, FileRole { members }) in file.role {
            let mut people = BTreeSet::new();
            for person in members {
                if !people.insert(person.clone()) {
                    return Err(TrustError::Repeated { role, person });
                }
            }
            roles.insert(role, people);
        }
        let trust = Self {
            allowed_signers: file.allowed_signers,
            roles,
            approve: file.require.approve,
            rollback: file.require.rollback,
            lowest: file.lowest_revision,
        };
        trust.check("approve", &trust.approve)?;
        if let Some(rollback) = &trust.rollback {
            trust.check("rollback", rollback)?;
        }
        Ok(trust)
    }

    fn check(&self, kind: &'static str, requirement: &Requirement) -> Result<(), TrustError> {
        if requirement.is_empty() {
            return Err(TrustError::Nobody { kind });
        }
        for (role, &needed) in requirement {
            let Some(people) = self.roles.get(role) else {
                let role = role.clone();
                return Err(TrustError::UnknownRole { kind, role });
            };
            let members = people.len();
            if needed == 0 || needed as usize > members {
                return Err(TrustError::Threshold {
                    kind,
                    role: role.clone(),
                    needed,
                    members,
                });
            }
        }
        Ok(())
    }

    /// The people of all roles.
    pub fn people(&self) -> impl Iterator<Item = &str> {
        let all: BTreeSet<&str> = self.roles.values().flatten().map(String::as_str).collect();
        all.into_iter()
    }

    /// Whether somebody has a role that a requirement names.
    #[must_use]
    pub fn has_any(&self, requirement: &Requirement, person: &str) -> bool {
        let mut roles = requirement.keys().filter_map(|role| self.roles.get(role));
        roles.any(|members| members.contains(person))
    }

    /// Each role of a requirement with how many of it are among these people.
    pub(super) fn met<'a>(
        &'a self,
        requirement: &'a Requirement,
        people: &BTreeSet<&str>,
    ) -> impl Iterator<Item = Met<'a>> {
        requirement.iter().map(|(role, &needed)| Met {
            role,
            needed,
            have: self.roles.get(role).map_or(0, |members| {
                members
                    .iter()
                    .filter(|m| people.contains(m.as_str()))
                    .count()
            }),
        })
    }
}

/// One role of a requirement, and how far it is met.
pub(super) struct Met<'a> {
    role: &'a str,
    needed: u32,
    have: usize,
}

impl Met<'_> {
    pub(super) fn is_enough(&self) -> bool {
        self.would_be_enough(0)
    }

    /// Whether it would be, had so many more people the role.
    pub(super) fn would_be_enough(&self, more: usize) -> bool {
        self.have + more >= self.needed as usize
    }
}

impl std::fmt::Display for Met<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} {}", self.have, self.needed, self.role)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests state what they expect")]
    use super::*;

    const FILE: &str = r#"
format = 1
allowed-signers = "allowed_signers"
[role.reviewer]
members = ["ada", "bob", "cyd"]
[role.operator]
members = ["ada"]
[require]
approve = { reviewer = 2 }
rollback = { reviewer = 1, operator = 1 }
[lowest-revision]
birth = 3
"#;

    #[test]
    fn thresholds_count_the_members_of_a_role() {
        let trust = Trust::parse(FILE).unwrap();
        assert_eq!(trust.people().collect::<Vec<_>>(), ["ada", "bob", "cyd"]);
        let met = |people: &[&str], requirement: &Requirement| -> Vec<String> {
            let people = people.iter().copied().collect();
            trust
                .met(requirement, &people)
                .map(|m| format!("{m}, {}", m.is_enough()))
                .collect()
        };
        assert_eq!(
            met(&["ada", "eve"], &trust.approve),
            ["1 of 2 reviewer, false"]
        );
        assert_eq!(
            met(&["ada", "cyd"], &trust.approve),
            ["2 of 2 reviewer, true"]
        );
        let rollback = trust.rollback.as_ref().unwrap();
        assert_eq!(
            met(&["bob"], rollback),
            ["0 of 1 operator, false", "1 of 1 reviewer, true"]
        );
    }

    #[test]
    fn a_file_that_would_not_mean_what_it_says_is_refused() {
        let rows = [
            ("format = 1", "format = 2", "upgrade the host"),
            ("format = 1", "", "missing field `format`"),
            ("{ reviewer = 2 }", "{}", "asks for nobody"),
            ("{ reviewer = 2 }", "{ reviewer = 0 }", "has 3 members"),
            ("{ reviewer = 2 }", "{ reviewer = 4 }", "has 3 members"),
            ("{ reviewer = 2 }", "{ viewer = 2 }", "no [role.viewer]"),
            ("operator = 1 }", "auditor = 1 }", "no [role.auditor]"),
            ("\"bob\"", "\"ada\"", "names ada twice"),
            ("allowed-signers", "signers", "unknown field"),
            ("[lowest-revision]", "[lowest]", "unknown field"),
        ];
        for (from, to, says) in rows {
            let error = Trust::parse(&FILE.replace(from, to)).unwrap_err();
            assert!(error.to_string().contains(says), "{from} -> {to}: {error}");
        }
    }
}
