//! The reasons a plugin can give, declared once as a table.

/// How much a reason weighs with people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Explains a verdict.
    Note,
    /// Worth a person's look; does not change the verdict by itself.
    Warning,
    /// Is the cause of a refusal, or is a gap.
    Finding,
}

/// One row of a plugin's table of reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReasonKind {
    /// Upper-case words joined by `_`; stable across revisions of the plugin.
    pub code: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// One clause; `{text}` and `{number}` stand for the evidence.
    pub message: &'static str,
}

/// A plugin's reasons: an enum made by [`reasons!`](crate::reasons).
pub trait Reason: Copy + 'static {
    /// The table, in the order of the ids.
    const KINDS: &'static [ReasonKind];

    /// The position in [`Reason::KINDS`].
    fn id(self) -> u16;

    /// This reason's row.
    fn kind(self) -> &'static ReasonKind {
        &Self::KINDS[usize::from(self.id())]
    }
}

/// Declares the reasons of a plugin: an enum that implements
/// [`Reason`](crate::Reason). A code that is not upper-case words, or that
/// occurs twice, does not compile.
///
/// ```
/// birth_sdk::reasons! {
///     /// Why a column is refused.
///     pub enum Refused {
///         /// It is too short.
///         TooShort = Finding "TOO_SHORT" "holds at most {number} characters",
///         /// It is a varchar.
///         Varchar = Note "VARCHAR" "is a varchar",
///     }
/// }
/// use birth_sdk::Reason;
/// assert_eq!(Refused::Varchar.kind().code, "VARCHAR");
/// ```
///
/// ```compile_fail
/// birth_sdk::reasons! {
///     /// Two rows with one code.
///     pub enum Refused {
///         /// One.
///         One = Finding "SAME" "",
///         /// Two.
///         Two = Finding "SAME" "",
///     }
/// }
/// ```
#[macro_export]
macro_rules! reasons {
    (
        $(#[$about:meta])*
        $visible:vis enum $name:ident {
            $( $(#[$doc:meta])* $variant:ident = $severity:ident $code:literal $message:literal ),+ $(,)?
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $visible enum $name {
            $( $(#[$doc])* $variant, )+
        }

        impl $crate::Reason for $name {
            const KINDS: &'static [$crate::ReasonKind] = &[
                $( $crate::ReasonKind {
                    code: $code,
                    severity: $crate::Severity::$severity,
                    message: $message,
                }, )+
            ];

            fn id(self) -> u16 {
                self as u16
            }
        }

        const _: () = assert!(
            $crate::codes_are_sound(<$name as $crate::Reason>::KINDS),
            "reason codes are upper-case words joined by `_`, each used once",
        );
    };
}

/// Whether every code is made of upper-case words and occurs once.
#[doc(hidden)]
pub const fn codes_are_sound(kinds: &[ReasonKind]) -> bool {
    let mut index = 0;
    while index < kinds.len() {
        let code = kinds[index].code.as_bytes();
        if !is_upper_words(code) {
            return false;
        }
        let mut other = 0;
        while other < index {
            if same(code, kinds[other].code.as_bytes()) {
                return false;
            }
            other += 1;
        }
        index += 1;
    }
    true
}

const fn is_upper_words(code: &[u8]) -> bool {
    let mut index = 0;
    let mut word = 0;
    while index < code.len() {
        match code[index] {
            b'A'..=b'Z' | b'0'..=b'9' => word += 1,
            b'_' if word > 0 => word = 0,
            _ => return false,
        }
        index += 1;
    }
    word > 0
}

const fn same(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let mut index = 0;
    while index < left.len() {
        if left[index] != right[index] {
            return false;
        }
        index += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(codes: &[&'static str]) -> bool {
        let kinds: Vec<ReasonKind> = codes
            .iter()
            .map(|code| ReasonKind {
                code,
                severity: Severity::Note,
                message: "",
            })
            .collect();
        codes_are_sound(&kinds)
    }

    #[test]
    fn codes_are_upper_case_words_used_once() {
        assert!(sound(&["TOO_SHORT", "PG18_ONLY", "A"]));
        for wrong in ["", "_A", "A_", "A__B", "Short", "TOO-SHORT", "É"] {
            assert!(!sound(&[wrong]), "{wrong:?}");
        }
        assert!(!sound(&["A", "B", "A"]));
    }
}
