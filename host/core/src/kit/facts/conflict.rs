//! Facts of the conflict role, nested.

mod layout;

use std::borrow::Cow;

use serde::Deserialize;

use super::coverage::Trigger as LiveTrigger;
use super::{Kind, pick};
use crate::catalog::relation::RelationKind;
use crate::facts::conflict::{WantedType, trigger_bits};

/// Facts of one call.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Facts {
    /// The relations that subjects name by position; where none is given there
    /// is one, the table `public.registry`.
    pub relations: Vec<Relation>,
    /// Proposed columns.
    pub columns: Vec<Column>,
    /// Proposed checks.
    pub checks: Vec<Check>,
    /// Proposed triggers.
    pub triggers: Vec<Trigger>,
}

/// A relation.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the WIT package documents each field")]
pub struct Relation {
    pub schema: String,
    pub name: String,
    pub kind: Kind,
}

/// A proposed column.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the WIT package documents each field")]
pub struct Column {
    #[serde(default)]
    pub relation: u32,
    pub name: String,
    pub wanted: WantedType,
    #[serde(default)]
    pub longest_value: u32,
    #[serde(default)]
    pub live: Option<LiveColumn>,
    /// A system column holds the name.
    #[serde(default)]
    pub system_column: bool,
}

/// The type of a live column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Type {
    Text,
    Varchar,
    Timestamptz,
    Other,
}

/// The live column that holds a proposed name.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the WIT package documents each field")]
pub struct LiveColumn {
    #[serde(rename = "type")]
    pub live_type: Type,
    pub type_name: String,
    #[serde(default)]
    pub max_length: Option<u32>,
    #[serde(default)]
    pub not_null: bool,
    #[serde(default)]
    pub default: bool,
    #[serde(default)]
    pub generated: bool,
    #[serde(default)]
    pub identity: bool,
    #[serde(default)]
    pub inherited: bool,
    #[serde(default)]
    pub nondeterministic_collation: bool,
}

/// A proposed check.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the WIT package documents each field")]
pub struct Check {
    #[serde(default)]
    pub relation: u32,
    pub name: String,
    pub column: String,
    pub values: Vec<String>,
    /// -1 is unknown.
    #[serde(default)]
    pub rows_outside: i64,
    #[serde(default)]
    pub value_outside: Option<String>,
    /// Live constraints that hold the name or constrain the column.
    #[serde(default)]
    pub live: Vec<LiveConstraint>,
}

/// What a live constraint was proved to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the WIT package documents each form")]
pub enum Form {
    Values,
    Unproved,
    RejectsNothing,
    NotACheck,
}

/// A live constraint.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the WIT package documents each field")]
pub struct LiveConstraint {
    pub name: String,
    pub form: Form,
    #[serde(default)]
    pub values: Vec<String>,
    pub definition: String,
    #[serde(default)]
    pub holds_name: bool,
    #[serde(default = "truth")]
    pub on_column_alone: bool,
    #[serde(default = "truth")]
    pub validated: bool,
    #[serde(default = "truth")]
    pub enforced: bool,
    #[serde(default)]
    pub no_inherit: bool,
    #[serde(default)]
    pub rejects_null: bool,
}

fn truth() -> bool {
    true
}

/// A proposed trigger.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the WIT package documents each field")]
pub struct Trigger {
    #[serde(default)]
    pub relation: u32,
    pub name: String,
    pub function: String,
    pub wanted_type: u8,
    /// Live triggers that hold the name or are bound to the function.
    #[serde(default)]
    pub live: Vec<LiveTrigger>,
}

/// What is in the place of a proposed object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Something holds the proposed name.
    pub held: bool,
    /// Something is there that could be the wanted object.
    pub live: bool,
}

impl Facts {
    /// The place of a subject, and its relation.
    #[must_use]
    pub fn place(&self, subject: usize) -> Option<(Place, u32)> {
        let checks = self.columns.len();
        let triggers = checks + self.checks.len();
        if let Some(column) = self.columns.get(subject) {
            let live = column.live.is_some();
            let held = live || column.system_column;
            return Some((Place { held, live }, column.relation));
        }
        if let Some(check) = self.checks.get(subject - checks) {
            let held = check.live.iter().any(|live| live.holds_name);
            return Some((Place { held, live: held }, check.relation));
        }
        let trigger = self.triggers.get(subject - triggers)?;
        let held = trigger.live.iter();
        let held = held
            .map(|live| live.bits)
            .any(|b| b & trigger_bits::HOLDS_NAME != 0);
        let live = !trigger.live.is_empty();
        Some((Place { held, live }, trigger.relation))
    }

    /// The relations, with the one that is there where none is given.
    #[must_use]
    pub fn relations(&self) -> Cow<'_, [Relation]> {
        if self.relations.is_empty() {
            return Cow::Owned(vec![Relation {
                schema: "public".to_owned(),
                name: "registry".to_owned(),
                kind: Kind(RelationKind::Table),
            }]);
        }
        Cow::Borrowed(&self.relations)
    }

    pub(super) fn names(&self) -> Vec<String> {
        let columns = self.columns.iter().map(|c| format!("column {}", c.name));
        let checks = self.checks.iter().map(|c| format!("check {}", c.name));
        let triggers = self.triggers.iter().map(|t| format!("trigger {}", t.name));
        columns.chain(checks).chain(triggers).collect()
    }

    pub(super) fn select(&self, order: &[usize]) -> (Self, Vec<usize>) {
        let checks = self.columns.len();
        let triggers = checks + self.checks.len();
        let of = |from: usize, to: usize| -> Vec<usize> {
            let within = |&&index: &&usize| (from..to).contains(&index);
            order.iter().filter(within).map(|&i| i - from).collect()
        };
        let parts = [
            of(0, checks),
            of(checks, triggers),
            of(triggers, usize::MAX),
        ];
        let picked = Self {
            relations: self.relations.clone(),
            columns: pick(&self.columns, &parts[0]),
            checks: pick(&self.checks, &parts[1]),
            triggers: pick(&self.triggers, &parts[2]),
        };
        let starts = [0, checks, triggers];
        let origin = parts.iter().zip(starts);
        let origin = origin.flat_map(|(part, start)| part.iter().map(move |i| i + start));
        (picked, origin.collect())
    }

    pub(super) fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        self.relations = self.relations().into_owned();
        for relation in &mut self.relations {
            change(&mut relation.schema);
            change(&mut relation.name);
        }
        for column in &mut self.columns {
            change(&mut column.name);
            if let Some(live) = &mut column.live {
                change(&mut live.type_name);
            }
        }
        for check in &mut self.checks {
            change(&mut check.name);
            change(&mut check.column);
            check.values.iter_mut().for_each(&mut *change);
            check.value_outside.iter_mut().for_each(&mut *change);
            for live in &mut check.live {
                change(&mut live.name);
                live.values.iter_mut().for_each(&mut *change);
                change(&mut live.definition);
            }
        }
        for trigger in &mut self.triggers {
            change(&mut trigger.name);
            change(&mut trigger.function);
            trigger.live.iter_mut().for_each(|t| t.each_text(change));
        }
    }
}
