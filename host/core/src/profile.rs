//! The deployment profile: which families and concepts there are, how to
//! recognise them, and how derived names are made.
//!
//! The built-in profile is complete; a deployment's `birth.toml` overrides
//! single fields of it.

mod file;
mod naming;
mod values;

use std::collections::BTreeMap;

use serde::Deserialize;
use thiserror::Error;

use file::{HealthFile, IssueFile, read};
pub use naming::Naming;
pub use values::{HealthValues, IssueValues};

/// The format version this host reads.
pub const FORMAT: u32 = 1;

/// The built-in profile, in the format of `birth.toml`.
pub const BUILT_IN: &str = include_str!("profile.toml");

/// How a table is recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// The exact table, when the deployment names it.
    pub table: Option<String>,
    /// The exact schema, when the deployment names it.
    pub schema: Option<String>,
    /// Names in descending order of preference; case, `_`, `-` and spaces do
    /// not count.
    pub hints: Vec<String>,
}

/// What type of column a concept can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConceptType {
    /// Text, varchar, char, citext, name, enum, uuid, a domain over one.
    TextLike,
    /// JSON, or text.
    Document,
    /// A date or timestamp.
    Time,
    /// Anything.
    Any,
}

/// How a column is recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concept {
    /// The family whose table holds it.
    pub family: String,
    /// What it is, for people.
    pub meaning: String,
    /// The exact column, when the deployment names it.
    pub column: Option<String>,
    /// Names in descending order of preference, compared like a family's.
    pub hints: Vec<String>,
    /// What type of column can be it.
    pub r#type: ConceptType,
    /// Whether being unique on its own speaks for a column.
    pub identifying: bool,
    /// Whether an operation that uses it can do without; a tie is an error
    /// either way.
    pub optional: bool,
}

/// Where the tables of collections are looked for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CollectionRules {
    /// Schemas in which a key without a schema is looked for; empty means all
    /// but the system's own and the gate's.
    #[serde(default)]
    pub schemas: Vec<String>,
    /// The gate's schema ([`Naming::gate_schema`]): the host's own, and so not
    /// searched unless it is named. A collection that is called like the queue
    /// would be ambiguous as soon as there is a gate.
    #[serde(skip)]
    pub gate_schema: String,
}

/// The profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Families by id.
    pub families: BTreeMap<String, Family>,
    /// Concepts by id.
    pub concepts: BTreeMap<String, Concept>,
    /// Naming conventions.
    pub naming: Naming,
    /// What is written into an issues table.
    pub issue: IssueValues,
    /// What is written into a table of health checks.
    pub health: HealthValues,
    /// Where the tables of collections are looked for.
    pub collections: CollectionRules,
}

/// Why a profile cannot be used.
#[derive(Debug, Error)]
pub enum ProfileError {
    /// Not TOML, or not of this form.
    #[error("the profile is not readable: {0}")]
    Syntax(#[from] Box<toml::de::Error>),
    /// Written for a newer host.
    #[error("the profile has format {found}; this host reads up to {FORMAT}: upgrade the host")]
    Newer {
        /// The format that was found.
        found: u32,
    },
    /// Overrides something that does not exist.
    #[error("the profile names the {kind} `{id}`, which no operation uses; known: {known}")]
    Unknown {
        /// `family` or `concept`.
        kind: &'static str,
        /// The id.
        id: String,
        /// The ids there are.
        known: String,
    },
    /// A pattern that cannot tell two objects apart.
    #[error(
        "naming.{setting} {pattern:?} must hold {placeholders}, or two objects would share a name"
    )]
    Pattern {
        /// The setting.
        setting: &'static str,
        /// The pattern.
        pattern: String,
        /// What it has to hold.
        placeholders: &'static str,
    },
    /// Two triggers of one table would have one name.
    #[error(
        "naming.{setting} and naming.{other} are both {pattern:?}: two triggers of the registry would share a name"
    )]
    SamePattern {
        /// The one setting.
        setting: &'static str,
        /// The other.
        other: &'static str,
        /// The pattern of both.
        pattern: String,
    },
    /// A schema that cannot be made.
    #[error(
        "naming.gate-schema {name:?} cannot be a schema of its own: PostgreSQL keeps or refuses that name"
    )]
    Schema {
        /// The name.
        name: String,
    },
    /// A value that would not do in a table of issues or of health checks.
    #[error("{section}.{setting} {problem}")]
    Value {
        /// `issue` or `health`.
        section: &'static str,
        /// The setting.
        setting: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
}

impl Profile {
    /// The built-in profile.
    pub fn built_in() -> Result<Self, ProfileError> {
        let file = read(BUILT_IN)?;
        let mut profile = Self {
            families: file
                .family
                .into_iter()
                .map(|(id, f)| {
                    let hints = f.hints.unwrap_or_default();
                    (
                        id,
                        Family {
                            table: f.table,
                            schema: f.schema,
                            hints,
                        },
                    )
                })
                .collect(),
            concepts: file
                .concept
                .into_iter()
                .map(|(id, c)| {
                    let concept = Concept {
                        family: c.family.unwrap_or_default(),
                        meaning: c.meaning.unwrap_or_default(),
                        column: c.column,
                        hints: c.hints.unwrap_or_default(),
                        r#type: c.r#type.unwrap_or(ConceptType::Any),
                        identifying: c.identifying.unwrap_or(false),
                        optional: c.optional.unwrap_or(false),
                    };
                    (id, concept)
                })
                .collect(),
            naming: Naming {
                check: file.naming.check.unwrap_or_default(),
                trigger: file.naming.trigger.unwrap_or_default(),
                trigger_function: file.naming.trigger_function.unwrap_or_default(),
                trigger_function_schema: file.naming.trigger_function_schema,
                gate_schema: file.naming.gate_schema.unwrap_or_default(),
                gate_insert_trigger: file.naming.gate_insert_trigger.unwrap_or_default(),
                gate_role_trigger: file.naming.gate_role_trigger.unwrap_or_default(),
                long_names: file.naming.long_names.unwrap_or_default(),
            },
            issue: {
                let IssueFile {
                    species_category,
                    onboarding_category,
                    open_status,
                    closed,
                    closed_status,
                    severity,
                    source,
                } = file.issue;
                IssueValues {
                    species_category: species_category.unwrap_or_default(),
                    onboarding_category: onboarding_category.unwrap_or_default(),
                    open_status: open_status.unwrap_or_default(),
                    closed: closed.unwrap_or_default(),
                    closed_status: closed_status.unwrap_or_default(),
                    severity: severity.unwrap_or_default(),
                    source: source.unwrap_or_default(),
                }
            },
            health: {
                let HealthFile {
                    r#type,
                    status,
                    severity,
                    source,
                } = file.health;
                HealthValues {
                    r#type: r#type.unwrap_or_default(),
                    status: status.unwrap_or_default(),
                    severity: severity.unwrap_or_default(),
                    source: source.unwrap_or_default(),
                }
            },
            collections: file.collections.unwrap_or_default(),
        };
        profile
            .collections
            .gate_schema
            .clone_from(&profile.naming.gate_schema);
        Ok(profile)
    }

    /// The built-in profile with a deployment's overrides.
    pub fn with_overrides(text: &str) -> Result<Self, ProfileError> {
        let mut profile = Self::built_in()?;
        let file = read(text)?;
        for (id, over) in file.family {
            let known = known(&profile.families);
            let family = profile.families.get_mut(&id).ok_or(ProfileError::Unknown {
                kind: "family",
                id,
                known,
            })?;
            family.table = over.table.or(family.table.take());
            family.schema = over.schema.or(family.schema.take());
            replace(&mut family.hints, over.hints);
        }
        for (id, over) in file.concept {
            let known = known(&profile.concepts);
            let concept = profile.concepts.get_mut(&id).ok_or(ProfileError::Unknown {
                kind: "concept",
                id,
                known,
            })?;
            concept.column = over.column.or(concept.column.take());
            replace(&mut concept.family, over.family);
            replace(&mut concept.meaning, over.meaning);
            replace(&mut concept.hints, over.hints);
            replace(&mut concept.r#type, over.r#type);
            replace(&mut concept.identifying, over.identifying);
            replace(&mut concept.optional, over.optional);
        }
        let naming = &mut profile.naming;
        replace(&mut naming.check, file.naming.check);
        replace(&mut naming.trigger, file.naming.trigger);
        replace(&mut naming.trigger_function, file.naming.trigger_function);
        naming.trigger_function_schema = file
            .naming
            .trigger_function_schema
            .or(naming.trigger_function_schema.take());
        replace(&mut naming.gate_schema, file.naming.gate_schema);
        replace(
            &mut naming.gate_insert_trigger,
            file.naming.gate_insert_trigger,
        );
        replace(&mut naming.gate_role_trigger, file.naming.gate_role_trigger);
        replace(&mut naming.long_names, file.naming.long_names);
        replace_issue(&mut profile.issue, file.issue);
        profile.issue.check()?;
        let health = &mut profile.health;
        replace(&mut health.r#type, file.health.r#type);
        replace(&mut health.status, file.health.status);
        replace(&mut health.severity, file.health.severity);
        replace(&mut health.source, file.health.source);
        profile.health.check()?;
        replace(&mut profile.collections, file.collections);
        let gate_schema = &profile.naming.gate_schema;
        profile.collections.gate_schema.clone_from(gate_schema);
        profile.naming.check_patterns()?;
        Ok(profile)
    }
}

fn replace_issue(issue: &mut IssueValues, file: IssueFile) {
    replace(&mut issue.species_category, file.species_category);
    replace(&mut issue.onboarding_category, file.onboarding_category);
    replace(&mut issue.open_status, file.open_status);
    replace(&mut issue.closed, file.closed);
    replace(&mut issue.severity, file.severity);
    replace(&mut issue.source, file.source);
    // Who names the closed statuses and not the one to close with means the first.
    let first = || issue.closed.first().cloned();
    let unnamed = !issue.is_closed(&issue.closed_status);
    let chosen = file.closed_status.or_else(|| first().filter(|_| unnamed));
    replace(&mut issue.closed_status, chosen);
}

fn replace<T>(slot: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *slot = value;
    }
}

fn known<T>(map: &BTreeMap<String, T>) -> String {
    map.keys()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests state what they expect")]
    use super::*;
    use crate::resolve::squash;

    #[test]
    fn built_in_is_complete() {
        let profile = Profile::built_in().unwrap();
        assert!(profile.families.values().all(|f| !f.hints.is_empty()));
        assert!(profile.concepts.values().all(|c| {
            profile.families.contains_key(&c.family) && !c.hints.is_empty() && !c.meaning.is_empty()
        }));
        assert_eq!(
            profile.naming.check_name("t", "c").unwrap().as_str(),
            "chk_t_c"
        );
        assert_eq!(
            profile.naming.trigger_name("t").unwrap().as_str(),
            "trg_birth_t"
        );
    }

    /// One column is never two concepts of one table by hints alone.
    #[test]
    fn hints_of_issues_and_health_checks_do_not_meet() {
        let profile = Profile::built_in().unwrap();
        for family in ["system_issues", "system_health_checks"] {
            let mut seen = BTreeMap::new();
            let concepts = profile.concepts.iter();
            for (id, concept) in concepts.filter(|(_, c)| c.family == family) {
                for hint in &concept.hints {
                    let other = seen.insert(squash(hint), id);
                    assert_eq!(other, None, "{hint} is a hint of {id} too");
                }
            }
            assert!(seen.len() > 100, "{family}: {}", seen.len());
        }
    }

    #[test]
    fn values_of_issues() {
        let with = |issue: &str| Profile::with_overrides(&format!("format = 1\n[issue]\n{issue}"));
        let values = with("closed = ['Erledigt']\nopen-status = 'offen'")
            .unwrap()
            .issue;
        assert!(values.is_closed("eRLEDIGT") && !values.is_closed("closed"));
        assert_eq!(values.species_category, "BIRTH_SPECIES_MAPPING");
        let built_in = Profile::built_in().unwrap().issue;
        assert!(built_in.check().is_ok() && built_in.is_closed("Resolved"));
        let named = |issue: &str| with(issue).unwrap().issue.closed_status;
        assert_eq!(named("closed = ['erledigt', 'x']"), "erledigt");
        assert_eq!(named("closed = ['x', 'Closed']"), "closed");
        assert_eq!(named("closed-status = 'Done'"), "Done");
        assert_eq!(named("closed = []"), "closed");
        for (issue, setting) in [
            ("closed-status = 'gone'", "closed-status"),
            (
                "onboarding-category = 'BIRTH_SPECIES_MAPPING'",
                "onboarding-category",
            ),
            ("onboarding-category = ''", "onboarding-category"),
            ("open-status = 'DONE'", "open-status"),
            ("species-category = ' '", "species-category"),
            ("severity = ''", "severity"),
            ("source = \"a\\u0000\"", "source"),
            ("closed = [\"\\u0000\"]", "closed"),
        ] {
            let error = with(issue).unwrap_err();
            assert!(
                matches!(error, ProfileError::Value { section: "issue", setting: s, .. } if s == setting),
                "{issue}: {error}"
            );
        }
    }

    #[test]
    fn values_of_health_checks() {
        let with = |health: &str| {
            Profile::with_overrides(&format!("format = 1\n[health]\n{health}")).map(|p| p.health)
        };
        let values = with("type = 'GAP'").unwrap();
        assert_eq!(
            (values.r#type.as_str(), values.status.as_str()),
            ("GAP", "failed")
        );
        assert!(Profile::built_in().unwrap().health.check().is_ok());
        for setting in ["type", "status", "severity", "source"] {
            let error = with(&format!("{setting} = ' '")).unwrap_err().to_string();
            assert_eq!(error, format!("health.{setting} is empty"));
        }
    }

    #[test]
    fn overrides_single_fields_and_refuses_by_name() {
        let p = Profile::with_overrides(
            "format = 1\n[family.collection_registry]\ntable = \"Inventar\"\n[concept.collection_key]\ncolumn = \"Kürzel\"\n",
        )
        .unwrap();
        assert_eq!(
            p.families["collection_registry"].table.as_deref(),
            Some("Inventar")
        );
        assert!(!p.families["collection_registry"].hints.is_empty());
        assert_eq!(
            p.concepts["collection_key"].column.as_deref(),
            Some("Kürzel")
        );
        let unknown = Profile::with_overrides("format = 1\n[family.x]\ntable = 'y'\n");
        assert!(matches!(
            unknown,
            Err(ProfileError::Unknown { kind: "family", .. })
        ));
        let newer = Profile::with_overrides("format = 2\nshape = 'x'");
        assert!(matches!(newer, Err(ProfileError::Newer { found: 2 })));
        let naming = |line: &str| Profile::with_overrides(&format!("format = 1\n[naming]\n{line}"));
        for line in [
            "check = 'chk_<column>'",
            "trigger = 'trg_birth'",
            "gate-insert-trigger = 'gate'",
            "gate-role-trigger = 'gate_role_<column>'",
        ] {
            let pattern = naming(line);
            assert!(matches!(pattern, Err(ProfileError::Pattern { .. })));
        }
        for line in [
            "trigger = 'trg_birth_gate_role_<table>'",
            "gate-insert-trigger = 'trg_birth_<table>'",
            "gate-role-trigger = 'trg_birth_gate_insert_<table>'",
        ] {
            let same = naming(line);
            assert!(matches!(same, Err(ProfileError::SamePattern { .. })));
        }
        let too_long = "g".repeat(64);
        for schema in ["", "pg_gate", "information_schema", &too_long] {
            let refused = naming(&format!("gate-schema = '{schema}'"));
            assert!(matches!(refused, Err(ProfileError::Schema { .. })));
        }
        assert_eq!(
            naming("gate-schema = 'Tor'").unwrap().naming.gate_schema,
            "Tor"
        );
    }
}
