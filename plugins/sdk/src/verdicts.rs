//! Answers, and the reasons they carry.
//!
//! [`Answers`] has no public constructor: a role's `answer` function walks the
//! subjects of a batch and asks for each, so none is missed or answered twice.

use std::marker::PhantomData;

use crate::reasons::{Reason, Severity};
use crate::text::{NO_TEXT, Text};

/// The answers as they cross the boundary; see `types.verdicts` in the WIT
/// package for the meaning of each list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "documented where the layout is defined")]
pub struct Verdicts {
    pub subject: Vec<u32>,
    pub status: Vec<u8>,
    pub scope: Vec<u8>,
    pub score: Vec<i32>,
    pub reason_start: Vec<u32>,
    pub reason_kind: Vec<u16>,
    pub reason_weight: Vec<i32>,
    pub reason_text: Vec<u32>,
    pub reason_number: Vec<i64>,
}

/// One answer for every subject of a batch, with reasons of type `R`.
#[derive(Debug)]
pub struct Answers<R> {
    verdicts: Verdicts,
    reason: PhantomData<R>,
}

impl<R: Reason> Answers<R> {
    pub(crate) fn with_capacity(subjects: usize) -> Self {
        let mut verdicts = Verdicts {
            subject: Vec::with_capacity(subjects),
            status: Vec::with_capacity(subjects),
            scope: Vec::with_capacity(subjects),
            score: Vec::with_capacity(subjects),
            reason_start: Vec::with_capacity(subjects + 1),
            ..Verdicts::default()
        };
        verdicts.reason_start.push(0);
        Self {
            verdicts,
            reason: PhantomData,
        }
    }

    /// Answers the next subject with (status, scope, score).
    pub(crate) fn next(&mut self, answer: impl FnOnce(&mut Reasons<'_, R>) -> (u8, u8, i32)) {
        let first = self.verdicts.reason_kind.len();
        let (status, scope, score) = answer(&mut Reasons {
            verdicts: &mut self.verdicts,
            first,
            reason: PhantomData,
        });
        let verdicts = &mut self.verdicts;
        verdicts.subject.push(verdicts.status.len() as u32);
        verdicts.status.push(status);
        verdicts.scope.push(scope);
        verdicts.score.push(score);
        verdicts
            .reason_start
            .push(verdicts.reason_kind.len() as u32);
    }

    pub(crate) fn into_verdicts(self) -> Verdicts {
        self.verdicts
    }
}

/// The reasons given so far for one subject.
#[derive(Debug)]
pub struct Reasons<'a, R> {
    verdicts: &'a mut Verdicts,
    first: usize,
    reason: PhantomData<R>,
}

impl<R: Reason> Reasons<'_, R> {
    /// Gives a reason; what it returns takes the evidence.
    pub fn give(&mut self, reason: R) -> Evidence<'_> {
        self.verdicts.reason_kind.push(reason.id());
        self.verdicts.reason_weight.push(0);
        self.verdicts.reason_text.push(NO_TEXT);
        self.verdicts.reason_number.push(0);
        Evidence {
            verdicts: self.verdicts,
        }
    }

    /// Whether a reason of severity finding was given for this subject.
    pub fn has_finding(&self) -> bool {
        let given = &self.verdicts.reason_kind[self.first..];
        let is_finding = |&id: &u16| R::KINDS[usize::from(id)].severity == Severity::Finding;
        given.iter().any(is_finding)
    }

    /// The sum of the weights given for this subject; stays at the limits of
    /// the score instead of overflowing.
    pub fn weight(&self) -> i32 {
        let given = &self.verdicts.reason_weight[self.first..];
        given
            .iter()
            .fold(0, |sum, &weight| sum.saturating_add(weight))
    }
}

/// The evidence of the reason that was just given.
#[derive(Debug)]
pub struct Evidence<'a> {
    verdicts: &'a mut Verdicts,
}

impl Evidence<'_> {
    /// Stands for `{text}` in the message.
    pub fn text(self, text: Text<'_>) -> Self {
        set_last(&mut self.verdicts.reason_text, text.symbol());
        self
    }

    /// As [`Evidence::text`], where there may be none.
    pub fn optional_text(self, text: Option<Text<'_>>) -> Self {
        set_last(
            &mut self.verdicts.reason_text,
            text.map_or(NO_TEXT, Text::symbol),
        );
        self
    }

    /// Stands for `{number}` in the message.
    pub fn number(self, number: i64) -> Self {
        set_last(&mut self.verdicts.reason_number, number);
        self
    }

    /// Contribution to the score.
    pub fn weight(self, weight: i32) -> Self {
        set_last(&mut self.verdicts.reason_weight, weight);
        self
    }
}

fn set_last<T>(values: &mut [T], value: T) {
    if let Some(last) = values.last_mut() {
        *last = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Texts;

    crate::reasons! {
        /// Reasons of these tests.
        enum Why {
            /// A note.
            Small = Note "SMALL" "is {number}",
            /// A finding.
            Wrong = Finding "WRONG" "is {text}",
        }
    }

    #[test]
    fn answers_number_their_subjects_and_own_their_reasons() {
        let texts = Texts {
            heap: "ab",
            ends: &[1, 2],
        };
        let mut answers: Answers<Why> = Answers::with_capacity(3);
        answers.next(|reasons| {
            reasons.give(Why::Small).number(7).weight(2);
            assert!(!reasons.has_finding());
            reasons.give(Why::Wrong).text(texts.get(1)).weight(3);
            assert!(reasons.has_finding());
            assert_eq!(reasons.weight(), 5);
            (2, 1, 5)
        });
        answers.next(|_| (0, 0, 0));
        answers.next(|reasons| {
            reasons.give(Why::Small).optional_text(None);
            assert!(!reasons.has_finding());
            (1, 0, 0)
        });
        let expected = Verdicts {
            subject: vec![0, 1, 2],
            status: vec![2, 0, 1],
            scope: vec![1, 0, 0],
            score: vec![5, 0, 0],
            reason_start: vec![0, 2, 2, 3],
            reason_kind: vec![0, 1, 0],
            reason_weight: vec![2, 3, 0],
            reason_text: vec![NO_TEXT, 1, NO_TEXT],
            reason_number: vec![7, 0, 0],
        };
        assert_eq!(answers.into_verdicts(), expected);
    }
}
