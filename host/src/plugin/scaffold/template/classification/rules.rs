//! What coverage a collection needs, from its governance role and the shape of
//! its table. Every verdict has a reason that people can dispute, and what is not
//! clear is deferred to them.

use birth_sdk::classification::{Collection, Facts, Policy, Scope, Status, Verdict, answer};
use birth_sdk::{Answers, Plugin, Reasons, RelationKind, Roles, SettingsReader};

birth_sdk::reasons! {
    /// Why a collection is classified as it is.
    pub enum Reason {
        /// Nobody governs it.
        RoleNotGoverned = Note "ROLE_NOT_GOVERNED" "its role is none of the governed ones",
        /// It is not known what it is.
        NoTable = Finding "NO_TABLE" "there is no table for {text}",
        /// Only says what belongs together.
        LinksOnly = Note "LINKS_ONLY" "its {number} foreign keys hold all of its columns",
        /// Records what happened.
        NamedLog = Note "NAMED_LOG" "{text} is named like a record of what happened",
        /// Rows are told apart by people.
        HasKey = Note "HAS_KEY" "the table has a primary key",
        /// Rows cannot be told apart.
        NoKey = Warning "NO_KEY" "the table has no primary key, so a person has to decide",
    }
}

/// What a policy set may decide.
#[derive(Debug)]
pub struct Settings {
    /// `governed-roles`: roles whose collections need coverage.
    governed: Roles,
    /// `log-endings`: how the names of tables end that record what happened.
    log_endings: Vec<String>,
}

/// The policy.
#[derive(Debug)]
pub struct Rules;

impl Plugin for Rules {
    const NAME: &'static str = env!("CARGO_PKG_NAME");
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    type Reason = Reason;
    type Settings = Settings;

    /// Defaults must be a complete policy: without settings this is all there is.
    fn settings(reader: &mut SettingsReader<'_>) -> Settings {
        Settings {
            governed: Roles::governed(reader),
            log_endings: reader.texts("log-endings", &["_log", "_history", "_events"]),
        }
    }
}

impl Policy for Rules {
    fn judge(settings: &Settings, facts: Facts<'_>) -> Answers<Reason> {
        answer(facts, |collection, reasons| {
            let role = collection.role();
            if !role.is_some_and(|role| settings.governed.has(role.as_str())) {
                reasons.give(Reason::RoleNotGoverned);
                return Verdict {
                    status: Status::Deferred,
                    scope: Scope::FutureScope,
                    score: 0,
                };
            }
            let is_table = matches!(
                collection.kind(),
                RelationKind::Table | RelationKind::PartitionedTable
            );
            if !is_table {
                reasons.give(Reason::NoTable).text(collection.key());
                return Verdict {
                    status: Status::Deferred,
                    scope: Scope::OrphanRegistry,
                    score: 0,
                };
            }
            let (status, score) = by_shape(settings, collection, reasons);
            Verdict {
                status,
                scope: Scope::InScope,
                score,
            }
        })
    }
}

/// The class of a table, and how sure that is.
fn by_shape(
    settings: &Settings,
    collection: Collection<'_>,
    reasons: &mut Reasons<'_, Reason>,
) -> (Status, i32) {
    let links = collection.foreign_keys().len();
    if links > 1 && holds_links_only(collection) {
        reasons
            .give(Reason::LinksOnly)
            .number(links.try_into().unwrap_or(i64::MAX))
            .weight(50);
        return (Status::ExemptJunction, 50);
    }
    let is_log = |name: &str| {
        let mut endings = settings.log_endings.iter();
        endings.any(|ending| name.ends_with(ending.as_str()))
    };
    if let Some(name) = collection.name().filter(|name| is_log(name.as_str())) {
        reasons.give(Reason::NamedLog).text(name).weight(40);
        return (Status::ExemptLog, 40);
    }
    if collection.primary_key().is_some() {
        reasons.give(Reason::HasKey).weight(30);
        return (Status::Required, 30);
    }
    reasons.give(Reason::NoKey);
    (Status::Deferred, 0)
}

/// Whether every column belongs to a foreign key.
fn holds_links_only(collection: Collection<'_>) -> bool {
    collection.columns().all(|column| {
        let mut keys = collection.foreign_keys();
        keys.any(|key| key.columns().any(|of_key| of_key.name() == column.name()))
    })
}
