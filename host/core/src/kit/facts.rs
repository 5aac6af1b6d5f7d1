//! Facts as people write them: nested, with names, and with defaults for what a
//! case does not care about. They become the batch that crosses the boundary.
//!
//! The form is that of `birth_sdk::testing`, so that one file of cases serves
//! native tests and components.

pub mod classification;
pub mod conflict;
pub mod coverage;

use serde::Deserialize;

use crate::catalog::relation::RelationKind;
use crate::catalog::trigger::TriggerEnabled;
use crate::facts::Question;
use crate::policy::Role;

/// Facts of one call.
#[derive(Debug, Clone, PartialEq)]
pub enum Facts {
    /// Facts of the classification role.
    Classification(classification::Facts),
    /// Facts of the conflict role.
    Conflict(conflict::Facts),
    /// Facts of the coverage role.
    Coverage(coverage::Facts),
}

impl Facts {
    /// The role that judges them.
    #[must_use]
    pub fn role(&self) -> Role {
        match self {
            Self::Classification(_) => Role::Classification,
            Self::Conflict(_) => Role::Conflict,
            Self::Coverage(_) => Role::Coverage,
        }
    }

    /// What the subjects are called, in their order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        match self {
            Self::Classification(facts) => {
                facts.collections.iter().map(|c| c.key.clone()).collect()
            }
            Self::Conflict(facts) => facts.names(),
            Self::Coverage(facts) => facts.collections.iter().map(|c| c.key.clone()).collect(),
        }
    }

    /// The batch that crosses the boundary.
    #[must_use]
    pub fn batch(&self) -> Question {
        match self {
            Self::Classification(facts) => Question::Classification(facts.batch()),
            Self::Conflict(facts) => Question::Conflict(facts.batch()),
            Self::Coverage(facts) => Question::Coverage(facts.batch()),
        }
    }

    /// Facts of these subjects alone, in this order as far as the role allows
    /// one (of the conflict role columns come first, then checks, then
    /// triggers), and which subject each was here.
    #[must_use]
    pub fn select(&self, order: &[usize]) -> (Self, Vec<usize>) {
        match self {
            Self::Classification(facts) => {
                let collections = pick(&facts.collections, order);
                let picked = classification::Facts { collections };
                (Self::Classification(picked), order.to_vec())
            }
            Self::Conflict(facts) => {
                let (picked, origin) = facts.select(order);
                (Self::Conflict(picked), origin)
            }
            Self::Coverage(facts) => {
                let picked = coverage::Facts {
                    collections: pick(&facts.collections, order),
                    ..*facts
                };
                (Self::Coverage(picked), order.to_vec())
            }
        }
    }

    /// Calls `change` with every text.
    pub fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        match self {
            Self::Classification(facts) => facts.each_text(change),
            Self::Conflict(facts) => facts.each_text(change),
            Self::Coverage(facts) => facts.each_text(change),
        }
    }
}

/// The items at these places; a place that is none is left out.
fn pick<T: Clone>(items: &[T], order: &[usize]) -> Vec<T> {
    let at = |&index: &usize| items.get(index).cloned();
    order.iter().filter_map(at).collect()
}

/// A kind of relation, written as its number (see `types.wit`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u8")]
pub struct Kind(pub RelationKind);

impl Default for Kind {
    fn default() -> Self {
        Self(RelationKind::None)
    }
}

impl TryFrom<u8> for Kind {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        let kind = RelationKind::from_number(number).map(Self);
        kind.ok_or_else(|| format!("{number} is no kind of relation; kinds are 0 to 9"))
    }
}

/// When a trigger fires, written as its number (see the WIT package).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u8")]
pub struct Enabled(pub TriggerEnabled);

impl Default for Enabled {
    fn default() -> Self {
        Self(TriggerEnabled::Origin)
    }
}

impl TryFrom<u8> for Enabled {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        match number {
            0 => Ok(Self(TriggerEnabled::Origin)),
            1 => Ok(Self(TriggerEnabled::Disabled)),
            2 => Ok(Self(TriggerEnabled::Replica)),
            3 => Ok(Self(TriggerEnabled::Always)),
            _ => Err(format!(
                "{number} does not say when a trigger fires; 0 to 3 do"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_wit_package() {
        for number in 0..=9 {
            assert!(Kind::try_from(number).is_ok_and(|kind| kind.0 as u8 == number));
        }
        assert!(Kind::try_from(10).is_err());
        for number in 0..=3 {
            assert!(Enabled::try_from(number).is_ok_and(|when| when.0 as u8 == number));
        }
        assert!(Enabled::try_from(4).is_err());
    }
}
