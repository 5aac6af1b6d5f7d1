//! The vocabulary of coverage: the numbers of the WIT package and the words
//! that a registry stores (B3 design, section 2).

/// The coverage a collection needs; the numbers are frozen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// `BIRTH_REQUIRED`.
    Required = 0,
    /// `BIRTH_EXEMPT_JUNCTION`.
    ExemptJunction = 1,
    /// `BIRTH_EXEMPT_LOG`.
    ExemptLog = 2,
    /// `BIRTH_EXEMPT_CACHE`.
    ExemptCache = 3,
    /// `BIRTH_DEFERRED`.
    Deferred = 4,
}

impl Status {
    /// Every status with the word that the registry stores for it (B3 design,
    /// section 2).
    pub const WORDS: [(&'static str, Self); 5] = [
        ("BIRTH_REQUIRED", Self::Required),
        ("BIRTH_EXEMPT_JUNCTION", Self::ExemptJunction),
        ("BIRTH_EXEMPT_LOG", Self::ExemptLog),
        ("BIRTH_EXEMPT_CACHE", Self::ExemptCache),
        ("BIRTH_DEFERRED", Self::Deferred),
    ];

    /// Reads a stored word, letter for letter.
    pub fn from_word(word: &str) -> Option<Self> {
        find(&Self::WORDS, word)
    }
}

/// Whether a collection is in scope; the numbers are frozen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Scope {
    /// `IN_SCOPE`.
    InScope = 0,
    /// `USER_EXCLUDED`.
    UserExcluded = 1,
    /// `FUTURE_SCOPE`.
    FutureScope = 2,
    /// `ORPHAN_REGISTRY`.
    OrphanRegistry = 3,
    /// `SYSTEM_MANAGED`.
    SystemManaged = 4,
}

impl Scope {
    /// Every scope with the word that the registry stores for it (B3 design,
    /// section 2).
    pub const WORDS: [(&'static str, Self); 5] = [
        ("IN_SCOPE", Self::InScope),
        ("USER_EXCLUDED", Self::UserExcluded),
        ("FUTURE_SCOPE", Self::FutureScope),
        ("ORPHAN_REGISTRY", Self::OrphanRegistry),
        ("SYSTEM_MANAGED", Self::SystemManaged),
    ];

    /// Reads a stored word, letter for letter.
    pub fn from_word(word: &str) -> Option<Self> {
        find(&Self::WORDS, word)
    }
}

fn find<T: Copy>(words: &[(&str, T)], word: &str) -> Option<T> {
    let mut named = words.iter().filter(|(known, _)| *known == word);
    named.next().map(|&(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_words_are_those_of_the_wit_package() {
        let wit = include_str!("../../../../wit/birth-policy/0.1/classification.wit");
        let documented: String = wit
            .lines()
            .filter_map(|line| line.strip_prefix("///"))
            .collect();
        let check = |number: u8, word: &str| {
            let pair = format!("{number} `{word}`");
            assert!(documented.contains(&pair), "{pair} in {documented}");
        };
        for (word, status) in Status::WORDS {
            check(status as u8, word);
            assert_eq!(Status::from_word(word), Some(status));
        }
        for (word, scope) in Scope::WORDS {
            check(scope as u8, word);
            assert_eq!(Scope::from_word(word), Some(scope));
        }
        assert_eq!(Status::from_word("birth_required"), None);
        assert_eq!(Scope::from_word("IN_SCOPE "), None);
    }
}
