//! What a policy set may decide, and what it decides where it is silent.

use birth_sdk::classification::Status;
use birth_sdk::{Reason as _, Roles, SettingsReader};

use super::reason::{EVIDENCE, Reason};
use super::table::{Hint, Hints};

mod defaults;

use defaults::{BOOKKEEPING, CACHE, EXCLUDED, JUNCTION, LOG, QUEUES, REQUIRED};

/// The heaviest a piece of evidence can be, in points.
const HEAVIEST: i64 = 200;

/// What a policy set may decide.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `governed-roles`: roles whose collections are judged by their shape.
    pub(super) governed_roles: Roles,
    /// `excluded-roles`: roles whose collections a person has excluded.
    pub(super) excluded_roles: Roles,
    /// `bookkeeping-tables`: names of tables that belong to a framework.
    pub(super) bookkeeping: Vec<String>,
    /// `minimum`: points that a class needs to win.
    pub(super) minimum: i32,
    /// `margin`: points that it needs above the second.
    pub(super) margin: i32,
    /// `queue-status`: what a work queue is.
    pub(super) queue_status: Status,
    /// `use-statistics` (false): whether what the server counted of a table's rows
    /// is evidence. It changes without anybody changing a table, and a crash
    /// sets it back, so the list that people approved would change by itself.
    pub(super) use_statistics: bool,
    /// `names.…`: words that hint at a class.
    pub(super) hints: Hints,
    weights: [i32; EVIDENCE.len()],
}

impl Settings {
    /// Reads every setting; all have defaults.
    pub(super) fn read(reader: &mut SettingsReader<'_>) -> Self {
        let governed_roles = Roles::governed(reader);
        let excluded_roles = Roles::read(reader, "excluded-roles", &EXCLUDED);
        for role in governed_roles
            .iter()
            .filter(|role| excluded_roles.has_exactly(role))
        {
            reader.problem(
                "excluded-roles",
                format!("{role:?} is in governed-roles too"),
            );
        }
        Self {
            governed_roles,
            excluded_roles,
            bookkeeping: reader.texts("bookkeeping-tables", &BOOKKEEPING),
            minimum: points(reader.integer("minimum", 1..=1000, 30)),
            margin: points(reader.integer("margin", 1..=1000, 10)),
            queue_status: reader.choice("queue-status", &QUEUE, Status::Deferred),
            use_statistics: reader.truth("use-statistics", false),
            hints: hints(reader),
            weights: EVIDENCE.map(|evidence| {
                let range = match evidence.weight < 0 {
                    true => -HEAVIEST..=0,
                    false => 0..=HEAVIEST,
                };
                points(reader.integer(evidence.setting, range, i64::from(evidence.weight)))
            }),
        }
    }

    /// What a piece of evidence weighs; 0 for a reason that is none.
    pub(super) fn weight(&self, reason: Reason) -> i32 {
        self.weights
            .get(usize::from(reason.id()))
            .copied()
            .unwrap_or(0)
    }
}

/// Within the range of every setting that holds points.
fn points(value: i64) -> i32 {
    i32::try_from(value).unwrap_or(0)
}

/// Each list of words replaces the default list; no word is in two.
fn hints(reader: &mut SettingsReader<'_>) -> Hints {
    let lists: [(&'static str, &[&str], Hint); 5] = [
        ("names.required", &REQUIRED, Hint::Required),
        ("names.junction", &JUNCTION, Hint::Junction),
        ("names.log", &LOG, Hint::Log),
        ("names.cache", &CACHE, Hint::Cache),
        ("names.queue", &QUEUES, Hint::Queue),
    ];
    let mut hints = Hints::default();
    for (key, default, hint) in lists {
        let words = reader.texts(key, default);
        for word in &words {
            let is_word = !word.is_empty()
                && word
                    .chars()
                    .all(|letter| letter.is_alphanumeric() && !letter.is_uppercase());
            if !is_word {
                reader.problem(key, format!("{word:?} must be one word in lower case"));
            } else if let Some(other) = hints.exact(word).filter(|&other| other != hint) {
                reader.problem(key, format!("{word:?} hints at {} too", other.word()));
            }
        }
        hints.add(&words, hint);
    }
    hints
}

const QUEUE: [(&str, Status); 4] = [
    ("deferred", Status::Deferred),
    ("required", Status::Required),
    ("log", Status::ExemptLog),
    ("cache", Status::ExemptCache),
];
