//! Three-valued predicates over one text column, held as complete tables.

use std::collections::{BTreeMap, BTreeSet};

/// SQL's truth values, in the order in which AND is the minimum and OR the maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Truth {
    False,
    Unknown,
    True,
}

impl Truth {
    pub(super) fn negated(self) -> Self {
        match self {
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
            Self::True => Self::False,
        }
    }

    fn from_bool(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

/// The two connectives of SQL's three-valued logic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Connective {
    And,
    Or,
}

impl Connective {
    /// The truth value that changes nothing, and so the value of no terms at all.
    fn neutral(self) -> Truth {
        match self {
            Self::And => Truth::True,
            Self::Or => Truth::False,
        }
    }

    fn apply(self, left: Truth, right: Truth) -> Truth {
        match self {
            Self::And => left.min(right),
            Self::Or => left.max(right),
        }
    }
}

/// What a condition is at each value it names, at every other value, and at NULL.
#[derive(Debug, Clone)]
pub(super) struct Predicate {
    at: BTreeMap<String, Truth>,
    elsewhere: Truth,
    null: Truth,
}

impl Predicate {
    /// The same for every value and for NULL.
    pub(super) fn constant(truth: Truth) -> Self {
        Self {
            at: BTreeMap::new(),
            elsewhere: truth,
            null: truth,
        }
    }

    /// `column = value`, where no value stands for NULL: unknown for every row.
    pub(super) fn equals(value: Option<String>) -> Self {
        match value {
            None => Self::constant(Truth::Unknown),
            Some(value) => Self {
                at: BTreeMap::from([(value, Truth::True)]),
                elsewhere: Truth::False,
                null: Truth::Unknown,
            },
        }
    }

    /// `column IS NULL`.
    pub(super) fn is_null() -> Self {
        Self {
            null: Truth::True,
            ..Self::constant(Truth::False)
        }
    }

    /// All terms joined by one connective. No terms give the connective's neutral
    /// value, for NULL too: PostgreSQL answers so for an empty array.
    pub(super) fn join(connective: Connective, terms: impl IntoIterator<Item = Self>) -> Self {
        let nothing = Self::constant(connective.neutral());
        terms
            .into_iter()
            .fold(nothing, |joined, term| joined.combined(connective, term))
    }

    fn combined(mut self, connective: Connective, other: Self) -> Self {
        // Skipping the neutral case keeps a long list of values linear.
        if other.elsewhere != connective.neutral() {
            for (value, truth) in &mut self.at {
                if !other.at.contains_key(value) {
                    *truth = connective.apply(*truth, other.elsewhere);
                }
            }
        }
        for (value, truth) in other.at {
            let here = self.at.entry(value).or_insert(self.elsewhere);
            *here = connective.apply(*here, truth);
        }
        self.elsewhere = connective.apply(self.elsewhere, other.elsewhere);
        self.null = connective.apply(self.null, other.null);
        self
    }

    pub(super) fn negated(self) -> Self {
        self.map(Truth::negated)
    }

    /// `… IS TRUE`, `… IS FALSE`, `… IS UNKNOWN`.
    pub(super) fn is(self, expected: Truth) -> Self {
        self.map(|truth| Truth::from_bool(truth == expected))
    }

    fn map(mut self, change: impl Fn(Truth) -> Truth) -> Self {
        for truth in self.at.values_mut() {
            *truth = change(*truth);
        }
        self.elsewhere = change(self.elsewhere);
        self.null = change(self.null);
        self
    }

    pub(super) fn rejects_null(&self) -> bool {
        self.null == Truth::False
    }

    pub(super) fn is_never_false(&self) -> bool {
        let mut all = self.at.values().chain([&self.elsewhere, &self.null]);
        all.all(|&truth| truth != Truth::False)
    }

    /// The values at which it is not false, if it is false at every value it does
    /// not name.
    pub(super) fn into_closed_list(self) -> Option<BTreeSet<String>> {
        (self.elsewhere == Truth::False).then(|| {
            let accepted = self
                .at
                .into_iter()
                .filter(|&(_, truth)| truth != Truth::False);
            accepted.map(|(value, _)| value).collect()
        })
    }
}
