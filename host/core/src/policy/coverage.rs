//! The vocabulary of coverage: what the classification role answers, what the
//! policy storage columns may hold, and what a classification report lists.
//!
//! The words are those of the B3 design, section 2; the numbers are those of
//! the WIT package (`classification.wit`) and are frozen.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Defines a closed vocabulary: numbers, words, and the way between them.
macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident, $($(#[$item_doc:meta])* $item:ident = $number:literal $word:literal,)+) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub enum $name {
            $($(#[$item_doc])* #[serde(rename = $word)] $item = $number,)+
        }

        impl $name {
            /// Every value, in the order of the numbers.
            pub const ALL: [Self; [$($number),+].len()] = [$(Self::$item),+];

            /// Every word, in the order of the numbers.
            pub const WORDS: [&'static str; Self::ALL.len()] = [$($word),+];

            /// The spec's word.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$item => $word,)+
                }
            }

            /// Reads the spec's word, letter for letter.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|value| value.word() == word)
            }

            /// Reads a number of the WIT package.
            #[must_use]
            pub fn from_number(number: u8) -> Option<Self> {
                Self::ALL.get(usize::from(number)).copied()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.word())
            }
        }
    };
}

vocabulary! {
    /// What coverage a collection needs.
    CoverageStatus,
    /// Every new row is a birth.
    Required = 0 "BIRTH_REQUIRED",
    /// Rows only say that others belong together.
    ExemptJunction = 1 "BIRTH_EXEMPT_JUNCTION",
    /// Rows record what happened.
    ExemptLog = 2 "BIRTH_EXEMPT_LOG",
    /// Rows are derived, or expire.
    ExemptCache = 3 "BIRTH_EXEMPT_CACHE",
    /// A person has to decide.
    Deferred = 4 "BIRTH_DEFERRED",
}

vocabulary! {
    /// Whether a collection is within the scope of coverage.
    ScopeStatus,
    /// Within.
    InScope = 0 "IN_SCOPE",
    /// Excluded by a person.
    UserExcluded = 1 "USER_EXCLUDED",
    /// Not yet.
    FutureScope = 2 "FUTURE_SCOPE",
    /// The registry names what is not there.
    OrphanRegistry = 3 "ORPHAN_REGISTRY",
    /// Kept by an extension or a framework.
    SystemManaged = 4 "SYSTEM_MANAGED",
}

/// The status of the coverage role for a collection that needs no coverage; frozen
/// by the WIT package (`coverage.wit`).
pub const NOT_GOVERNED: u8 = 0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_words_are_those_of_the_wit_package() {
        let wit = include_str!("../../../../wit/birth-policy/0.1/classification.wit");
        let documented: String = wit
            .lines()
            .take_while(|line| !line.starts_with("interface"))
            .filter_map(|line| line.strip_prefix("///"))
            .collect();
        let check = |number: u8, word: &str| {
            let pair = format!("{number} `{word}`");
            assert!(documented.contains(&pair), "{pair} in {documented}");
        };
        for (number, status) in (0..).zip(CoverageStatus::ALL) {
            check(number, status.word());
            assert_eq!(CoverageStatus::from_number(number), Some(status));
            assert_eq!(CoverageStatus::from_word(status.word()), Some(status));
            assert_eq!(status as u8, number);
        }
        for (number, scope) in (0..).zip(ScopeStatus::ALL) {
            check(number, scope.word());
            assert_eq!(ScopeStatus::from_number(number), Some(scope));
            assert_eq!(ScopeStatus::from_word(scope.word()), Some(scope));
            assert_eq!(scope as u8, number);
        }
        assert_eq!(CoverageStatus::from_number(5), None);
        assert_eq!(ScopeStatus::from_number(5), None);
        assert_eq!(CoverageStatus::from_word("birth_required"), None);
        assert_eq!(ScopeStatus::from_word("IN_SCOPE "), None);
    }
}
