//! Finding the answers that differ in a batch.

use crate::facts::TextHeap;
use crate::policy::verdict::{Answer, Description, RawVerdicts, VerdictError, answer};

/// One side's answers to a batch, checked: `places` are those of
/// [`crate::policy::verdict::places`].
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// The answer as it came.
    pub raw: &'a RawVerdicts,
    /// Where the answer to each subject stands in it.
    pub places: &'a [u32],
    /// What its plugin can say.
    pub description: &'a Description,
}

/// Which reasons of one plugin are reasons of another, to the letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kinds(Vec<Option<u16>>);

impl Kinds {
    /// From the reasons of `old` to those of `new`.
    #[must_use]
    pub fn between(old: &Description, new: &Description) -> Self {
        let same = |kind| {
            let at = new.reasons.iter().position(|other| other == kind)?;
            u16::try_from(at).ok()
        };
        Self(old.reasons.iter().map(same).collect())
    }

    fn of(&self, kind: u16) -> Option<u16> {
        self.0.get(usize::from(kind)).copied().flatten()
    }
}

impl Side<'_> {
    /// The reasons of the answer at a place.
    fn reasons(&self, place: usize) -> std::ops::Range<usize> {
        self.raw.reason_start[place] as usize..self.raw.reason_start[place + 1] as usize
    }

    fn answer(&self, subject: usize, text: &TextHeap) -> Result<Answer, VerdictError> {
        // A batch's subjects are far fewer than 2^32.
        answer(
            self.raw,
            self.places[subject],
            subject as u32,
            self.description,
            text,
        )
    }
}

/// The subjects that are answered otherwise, in their order, with both answers.
///
/// # Errors
/// None for answers that were checked.
pub fn differing(
    kinds: &Kinds,
    old: Side<'_>,
    new: Side<'_>,
    text: &TextHeap,
) -> Result<Vec<(usize, Answer, Answer)>, VerdictError> {
    let mut found = Vec::new();
    for (subject, (i, j)) in old.places.iter().zip(new.places).enumerate() {
        if same(kinds, (old, *i as usize), (new, *j as usize)) {
            continue;
        }
        let answers = (old.answer(subject, text)?, new.answer(subject, text)?);
        // One text may have two symbols.
        if answers.0 != answers.1 {
            found.push((subject, answers.0, answers.1));
        }
    }
    Ok(found)
}

fn same(kinds: &Kinds, (old, i): (Side<'_>, usize), (new, j): (Side<'_>, usize)) -> bool {
    let (a, b) = (old.raw, new.raw);
    let (r, s) = (old.reasons(i), new.reasons(j));
    (a.status[i], a.scope[i], a.score[i]) == (b.status[j], b.scope[j], b.score[j])
        && r.len() == s.len()
        && r.zip(s).all(|(r, s)| {
            kinds.of(a.reason_kind[r]) == Some(b.reason_kind[s])
                && a.reason_weight[r] == b.reason_weight[s]
                && a.reason_text[r] == b.reason_text[s]
                && a.reason_number[r] == b.reason_number[s]
        })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests state what they expect")]
    use super::*;
    use crate::policy::verdict::{ReasonKind, Severity};

    fn description(codes: &[&str]) -> Description {
        let reasons = codes.iter().map(|code| ReasonKind {
            code: (*code).to_owned(),
            severity: Severity::Note,
            message: "saw {text}".to_owned(),
        });
        Description {
            name: "p".into(),
            version: "1".into(),
            reasons: reasons.collect(),
        }
    }

    /// Two subjects, answered last first, each with one reason.
    fn raw(kinds: [u16; 2], texts: [u32; 2]) -> RawVerdicts {
        RawVerdicts {
            subject: vec![1, 0],
            status: vec![2, 1],
            scope: vec![0, 0],
            score: vec![5, 4],
            reason_start: vec![0, 1, 2],
            reason_kind: kinds.to_vec(),
            reason_weight: vec![0, 0],
            reason_text: texts.to_vec(),
            reason_number: vec![0, 0],
        }
    }

    fn side<'a>(raw: &'a RawVerdicts, description: &'a Description) -> Side<'a> {
        Side {
            raw,
            places: &[1, 0],
            description,
        }
    }

    #[test]
    fn other_numbers_for_the_same_reasons_are_no_difference() {
        let (old, new) = (description(&["A", "B"]), description(&["X", "B", "A"]));
        let kinds = Kinds::between(&old, &new);
        let mut text = TextHeap::default();
        text.intern("a");
        text.intern("b");
        let (a, b) = (raw([0, 1], [0, 1]), raw([2, 1], [0, 1]));
        assert_eq!(
            differing(&kinds, side(&a, &old), side(&b, &new), &text),
            Ok(vec![])
        );
        // Another reason, and another text for the same one.
        for other in [raw([0, 1], [0, 1]), raw([2, 1], [1, 1])] {
            let found = differing(&kinds, side(&a, &old), side(&other, &new), &text).unwrap();
            assert_eq!(found.len(), 1, "{found:?}");
            assert_eq!(found[0].0, 1);
            assert_eq!(found[0].1.reasons[0].message, "saw a");
        }
        let mut score = b.clone();
        score.score[1] = 9;
        let found = differing(&kinds, side(&a, &old), side(&score, &new), &text).unwrap();
        assert_eq!((found[0].0, found[0].1.score, found[0].2.score), (0, 4, 9));
    }

    #[test]
    fn two_symbols_of_one_text_are_no_difference() {
        let known = description(&["A", "B"]);
        let kinds = Kinds::between(&known, &known);
        let mut text = TextHeap::default();
        text.intern("a");
        text.forget_index();
        text.intern("a");
        let (a, b) = (raw([0, 1], [0, 0]), raw([0, 1], [1, 0]));
        assert_eq!(
            differing(&kinds, side(&a, &known), side(&b, &known), &text),
            Ok(vec![])
        );
    }
}
