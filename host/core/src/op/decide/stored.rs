//! The six policy columns of a row: as they are stored, as a decision wants
//! them, and what is known of the columns themselves.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::request::Request;
use crate::facts::conflict::WantedType;
use crate::facts::coverage::PolicyValues;
use crate::ident::Identifier;
use crate::op::storage::COLUMNS;
use crate::policy::coverage::{CoverageStatus, ScopeStatus};

/// How many policy columns there are.
pub const VALUES: usize = COLUMNS.len();

/// The six values of a row, in the order of [`COLUMNS`], each as text that
/// reads back as the same value. Times are in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StoredDecision {
    /// The values.
    pub values: [Option<String>; VALUES],
}

/// A decision to be written; its time is that of the transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedDecision {
    /// What coverage the collection needs.
    pub status: CoverageStatus,
    /// Whether it is in scope.
    pub scope: ScopeStatus,
    /// Why it is exempt.
    pub reason: Option<String>,
    /// Who decides later.
    pub owner: Option<String>,
    /// Who decided.
    pub by: String,
}

/// A column of the registry that a decision reads or writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryColumn {
    /// `pg_attribute.attnum`: never given to another column of the table.
    pub attnum: i16,
    /// Its name.
    pub name: Identifier,
    /// Its type without a length, as a cast takes it.
    pub r#type: String,
    /// Whether a text can be assigned to it as it is. An enum needs a cast.
    pub takes_text: bool,
    /// Characters that fit; none where there is no bound.
    pub max_length: Option<u32>,
    /// Whether the role may read it.
    pub may_read: bool,
    /// Whether the role may change it.
    pub may_update: bool,
}

/// The columns of the registry: its key and the six.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionColumns {
    /// The key.
    pub key: RegistryColumn,
    /// The policy columns, in the order of [`COLUMNS`].
    pub policy: [RegistryColumn; VALUES],
}

/// What a statement has to know of the columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnCasts {
    /// The key's column.
    pub key: Identifier,
    /// The key's type, so that an index on it is of use.
    pub key_type: String,
    /// The types of the policy columns that need a cast.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub casts: BTreeMap<String, String>,
}

impl StoredDecision {
    /// A value by the column's place in [`COLUMNS`].
    fn value(&self, at: usize) -> Option<&str> {
        self.values.get(at).and_then(Option::as_deref)
    }

    /// The scope that is stored, where it is a word of the vocabulary.
    #[must_use]
    pub fn scope(&self) -> Option<ScopeStatus> {
        self.value(1).and_then(ScopeStatus::from_word)
    }

    /// When it was decided.
    #[must_use]
    pub fn decided_at(&self) -> Option<&str> {
        self.value(DECIDED_AT)
    }

    /// Whether it says exactly what a decision says, at whatever time.
    #[must_use]
    pub fn says(&self, wanted: &WantedDecision) -> bool {
        let wanted = wanted.values();
        self.decided_at().is_some()
            && (0..VALUES)
                .filter(|&at| at != DECIDED_AT)
                .all(|at| self.value(at) == wanted.get(at).copied().flatten())
    }
}

/// The place of the time in [`COLUMNS`].
const DECIDED_AT: usize = 4;

impl WantedDecision {
    /// What a request comes to on a row. What does not belong to the status is
    /// not kept: a decision is whole.
    #[must_use]
    pub fn new(request: &Request, by: &str, stored: Option<&StoredDecision>) -> Self {
        let scope = request.scope.or_else(|| stored.and_then(|s| s.scope()));
        Self {
            status: request.status,
            scope: scope.unwrap_or(ScopeStatus::InScope),
            reason: request.reason.clone(),
            owner: request.owner.clone(),
            by: by.to_owned(),
        }
    }

    /// The values in the order of [`COLUMNS`]; the time is none.
    #[must_use]
    pub fn values(&self) -> [Option<&str>; VALUES] {
        [
            Some(self.status.word()),
            Some(self.scope.word()),
            self.reason.as_deref(),
            self.owner.as_deref(),
            None,
            Some(&self.by),
        ]
    }

    /// What the coverage role sees of it, decided at a time in seconds since
    /// 1970-01-01 UTC.
    #[must_use]
    pub fn facts(&self, at: i64) -> PolicyValues {
        PolicyValues {
            status: Some(self.status.word().to_owned()),
            scope: Some(self.scope.word().to_owned()),
            exemption_reason: self.reason.clone(),
            review_owner: self.owner.clone(),
            decided_at: Some(at),
            decided_by: Some(self.by.clone()),
        }
    }

    /// Values that do not fit into their columns: the column, and how many
    /// characters it holds.
    #[must_use]
    pub fn too_long<'a>(&self, columns: &'a DecisionColumns) -> Vec<(&'a Identifier, u32)> {
        let pairs = columns.policy.iter().zip(self.values());
        pairs
            .filter_map(|(column, value)| {
                let max = column.max_length?;
                let length = value?.chars().count();
                (length > max as usize).then_some((&column.name, max))
            })
            .collect()
    }
}

impl DecisionColumns {
    /// Picks the key and the six out of a registry's columns; none where one of
    /// them is not there in a form that can be written.
    #[must_use]
    pub fn of(
        columns: &[RegistryColumn],
        is_key: impl Fn(&RegistryColumn) -> bool,
    ) -> Option<Self> {
        let key = columns.iter().find(|c| is_key(c))?.clone();
        let policy: Vec<RegistryColumn> = COLUMNS
            .iter()
            .filter_map(|wanted| {
                let column = columns.iter().find(|c| c.name.as_str() == wanted.name)?;
                let is_time = column.r#type == "timestamp with time zone";
                (is_time == (wanted.wanted == WantedType::Timestamptz)).then(|| column.clone())
            })
            .collect();
        Some(Self {
            key,
            policy: policy.try_into().ok()?,
        })
    }

    /// What a statement has to know.
    #[must_use]
    pub fn casts(&self) -> ColumnCasts {
        let casts = self.policy.iter().zip(&COLUMNS);
        ColumnCasts {
            key: self.key.name.clone(),
            key_type: self.key.r#type.clone(),
            casts: casts
                .filter(|(column, wanted)| wanted.wanted == WantedType::Text && !column.takes_text)
                .map(|(column, _)| (column.name.to_string(), column.r#type.clone()))
                .collect(),
        }
    }

    /// What the role may not do with them, as people read it.
    #[must_use]
    pub fn missing_rights(&self) -> Vec<String> {
        let all = std::iter::once(&self.key).chain(&self.policy);
        let unread = all.filter(|c| !c.may_read);
        let unread = unread.map(|c| format!("may not read the column {}", c.name));
        let unwritten = self.policy.iter().filter(|c| !c.may_update);
        let unwritten = unwritten.map(|c| format!("may not change the column {}", c.name));
        unread.chain(unwritten).collect()
    }
}
