//! The rules for what a plugin says of itself. They bound what verdicts can
//! make the host print, so they are checked before any verdict is.

use std::collections::BTreeSet;

use thiserror::Error;

use super::verdict::Description;

/// Most reasons a plugin may describe.
pub const REASONS: usize = 1_024;
/// Most bytes of a plugin's name, of its version, and of a reason's code.
pub const NAME_BYTES: usize = 64;
/// Most bytes of a reason's message.
pub const MESSAGE_BYTES: usize = 500;

/// A description that breaks the rules of the boundary.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DescriptionError {
    /// The name or the version is empty, too long, or not plain.
    #[error("its {field} is not 1 to {NAME_BYTES} printable ASCII characters")]
    Name {
        /// `name` or `version`.
        field: &'static str,
    },
    /// Too many reasons.
    #[error("it describes {found} reasons, at most {REASONS} are allowed")]
    Reasons {
        /// How many.
        found: usize,
    },
    /// A code that is not upper-case words joined by `_`.
    #[error(
        "the code of reason {index} is not upper-case words joined by `_`, of at most {NAME_BYTES} characters"
    )]
    Code {
        /// Index of the reason.
        index: usize,
    },
    /// Two reasons share a code.
    #[error("it describes the reason {code} twice")]
    Duplicate {
        /// The code.
        code: String,
    },
    /// A message that is empty, too long, holds control characters, or asks
    /// for the same evidence twice.
    #[error(
        "the message of reason {index} is not 1 to {MESSAGE_BYTES} printable bytes with `{{text}}` and `{{number}}` at most once each"
    )]
    Message {
        /// Index of the reason.
        index: usize,
    },
}

impl Description {
    /// Checks the rules.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn check(&self) -> Result<(), DescriptionError> {
        for (field, text) in [("name", &self.name), ("version", &self.version)] {
            let plain = text.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
            if !plain || text.is_empty() || text.len() > NAME_BYTES {
                return Err(DescriptionError::Name { field });
            }
        }
        if self.reasons.len() > REASONS {
            return Err(DescriptionError::Reasons {
                found: self.reasons.len(),
            });
        }
        let mut codes = BTreeSet::new();
        for (index, reason) in self.reasons.iter().enumerate() {
            if !is_code(&reason.code) {
                return Err(DescriptionError::Code { index });
            }
            if !codes.insert(&reason.code) {
                return Err(DescriptionError::Duplicate {
                    code: reason.code.clone(),
                });
            }
            if !is_message(&reason.message) {
                return Err(DescriptionError::Message { index });
            }
        }
        Ok(())
    }
}

fn is_code(code: &str) -> bool {
    let word = |w: &str| {
        !w.is_empty()
            && w.bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    code.len() <= NAME_BYTES
        && code.starts_with(|c: char| c.is_ascii_uppercase())
        && code.split('_').all(word)
}

fn is_message(message: &str) -> bool {
    (1..=MESSAGE_BYTES).contains(&message.len())
        && !message.chars().any(char::is_control)
        && ["{text}", "{number}"]
            .iter()
            .all(|e| message.matches(e).count() <= 1)
}

#[cfg(test)]
mod tests {
    use super::super::verdict::{ReasonKind, Severity};
    use super::*;

    fn with(code: &str, message: &str) -> Description {
        let reason = |code: &str| ReasonKind {
            code: code.into(),
            severity: Severity::Note,
            message: message.into(),
        };
        Description {
            name: "p".into(),
            version: "1".into(),
            reasons: vec![reason("A"), reason(code)],
        }
    }

    #[test]
    fn codes_are_unique_upper_case_words() {
        assert_eq!(with("TOO_SHORT_2", "m").check(), Ok(()));
        for bad in [
            "",
            "a",
            "A_",
            "_A",
            "A__B",
            "2A",
            "A B",
            "Ä",
            &"A".repeat(65),
        ] {
            assert_eq!(
                with(bad, "m").check(),
                Err(DescriptionError::Code { index: 1 }),
                "{bad:?}"
            );
        }
        assert_eq!(
            with("A", "m").check(),
            Err(DescriptionError::Duplicate { code: "A".into() })
        );
    }

    #[test]
    fn messages_are_short_and_use_evidence_once() {
        assert_eq!(with("B", "has {text}, {number} times").check(), Ok(()));
        for bad in ["", "a\nb", "\u{1b}[31m", "{text} {text}", &"m".repeat(501)] {
            assert_eq!(
                with("B", bad).check(),
                Err(DescriptionError::Message { index: 0 })
            );
        }
    }

    #[test]
    fn names_and_numbers_are_bounded() {
        let mut d = with("B", "m");
        d.version = "1\u{7f}".into();
        assert_eq!(d.check(), Err(DescriptionError::Name { field: "version" }));
        d.name = String::new();
        assert_eq!(d.check(), Err(DescriptionError::Name { field: "name" }));
        let mut d = with("B", "m");
        d.reasons = vec![d.reasons[0].clone(); REASONS + 1];
        assert_eq!(
            d.check(),
            Err(DescriptionError::Reasons { found: REASONS + 1 })
        );
    }
}
