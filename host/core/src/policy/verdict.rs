//! What plugins answer, and whether an answer keeps the rules of the boundary.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Role;
use super::coverage::{CoverageStatus, ScopeStatus};
use crate::facts::{NO_TEXT, TextHeap};

/// How much a reason weighs with people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Explains a verdict.
    Note,
    /// Worth a person's look.
    Warning,
    /// The cause of a refusal, or a gap.
    Finding,
}

/// A reason a plugin can give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReasonKind {
    /// Stable code.
    pub code: String,
    /// How much it weighs.
    pub severity: Severity,
    /// One clause with `{text}` and `{number}` for the evidence.
    pub message: String,
}

impl ReasonKind {
    /// The message of no subject in particular.
    #[must_use]
    pub fn without_evidence(&self) -> String {
        let message = self.message.replace("{text}", "…");
        message.replace("{number}", "…")
    }
}

/// What a plugin says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// The plugin's name.
    pub name: String,
    /// The plugin's version.
    pub version: String,
    /// Its reasons; verdicts use the index.
    pub reasons: Vec<ReasonKind>,
}

/// Verdicts as they come over the boundary, unchecked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the WIT package documents each list")]
pub struct RawVerdicts {
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

/// One reason, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Stable code.
    pub code: String,
    /// How much it weighs.
    pub severity: Severity,
    /// The clause with its evidence filled in.
    pub message: String,
    /// Contribution to the score.
    pub weight: i32,
}

/// One checked answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Role-specific status.
    pub status: u8,
    /// Role-specific second status.
    pub scope: u8,
    /// Role-specific score.
    pub score: i32,
    /// Why.
    pub reasons: Vec<Reason>,
}

/// An answer that breaks the rules of the boundary.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum VerdictError {
    /// The parallel lists do not have the same length, or a range is broken.
    #[error("the answer's list `{list}` does not fit the others")]
    Layout {
        /// Which list.
        list: &'static str,
    },
    /// A subject has no answer.
    #[error("no answer for subject {subject} of {subjects}")]
    Missing {
        /// First subject without an answer.
        subject: u32,
        /// How many were asked.
        subjects: u32,
    },
    /// A subject is answered twice.
    #[error("two answers for subject {subject}")]
    Duplicate {
        /// The subject.
        subject: u32,
    },
    /// An answer for a subject that was not asked.
    #[error("an answer for subject {subject}, but only {subjects} were asked")]
    NotAsked {
        /// The subject.
        subject: u32,
        /// How many were asked.
        subjects: u32,
    },
    /// A status outside the role's vocabulary.
    #[error(
        "subject {subject} has the status number {status}, which the role `{role}` does not know"
    )]
    Status {
        /// The subject.
        subject: u32,
        /// The number.
        status: u8,
        /// The role.
        role: Role,
    },
    /// A reason id that the plugin did not describe.
    #[error("subject {subject} gives reason {kind}, but the plugin describes only {described}")]
    Reason {
        /// The subject.
        subject: u32,
        /// The id.
        kind: u16,
        /// How many are described.
        described: usize,
    },
    /// More words than anyone would read: evidence is a symbol, so a small
    /// answer can stand for a very large text.
    #[error("the reasons are longer than {limit} bytes once put in words")]
    TooLong {
        /// Limit in bytes.
        limit: usize,
    },
    /// Evidence that is not a text of the batch.
    #[error("subject {subject} gives text {symbol} as evidence, which is not in the batch")]
    Evidence {
        /// The subject.
        subject: u32,
        /// The symbol.
        symbol: u32,
    },
}

/// Bytes of words that an answer over so many subjects may come to.
fn words_limit(subjects: u32) -> usize {
    (1 << 20) + (subjects as usize).saturating_mul(4 << 10)
}

/// The last status and scope number of each role's vocabulary.
fn vocabulary(role: Role) -> (u8, u8) {
    match role {
        Role::Classification => (
            CoverageStatus::Deferred as u8,
            ScopeStatus::SystemManaged as u8,
        ),
        Role::Conflict | Role::Coverage => (2, 0),
    }
}

/// Checks an answer and turns it into words, one [`Answer`] per subject in the
/// order of the subjects.
pub fn check(
    role: Role,
    raw: &RawVerdicts,
    subjects: u32,
    description: &Description,
    text: &TextHeap,
) -> Result<Vec<Answer>, VerdictError> {
    let places = places(role, raw, subjects, description, text)?;
    let limit = words_limit(subjects);
    let mut words = 0;
    let mut answers = Vec::with_capacity(places.len());
    for (subject, place) in (0..).zip(places) {
        let answer = answer(raw, place, subject, description, text)?;
        for reason in &answer.reasons {
            words += size_of::<Reason>() + reason.code.len() + reason.message.len();
        }
        if words > limit {
            return Err(VerdictError::TooLong { limit });
        }
        answers.push(answer);
    }
    Ok(answers)
}

/// Checks an answer as [`check`] does, without turning it into words: the place
/// of each subject in the answer's lists, in the order of the subjects. Words are
/// most of what judging costs, and whoever compares needs few of them.
pub fn places(
    role: Role,
    raw: &RawVerdicts,
    subjects: u32,
    description: &Description,
    text: &TextHeap,
) -> Result<Vec<u32>, VerdictError> {
    const OPEN: u32 = u32::MAX;
    check_layout(raw)?;
    let (last_status, last_scope) = vocabulary(role);
    let mut places = vec![OPEN; subjects as usize];
    for (i, (place, &subject)) in (0..).zip(&raw.subject).enumerate() {
        let slot = places
            .get_mut(subject as usize)
            .ok_or(VerdictError::NotAsked { subject, subjects })?;
        if *slot != OPEN {
            return Err(VerdictError::Duplicate { subject });
        }
        let (status, scope) = (raw.status[i], raw.scope[i]);
        if status > last_status || scope > last_scope {
            let status = if status > last_status { status } else { scope };
            return Err(VerdictError::Status {
                subject,
                status,
                role,
            });
        }
        for r in raw.reason_start[i] as usize..raw.reason_start[i + 1] as usize {
            known(raw, r, subject, description)?;
            evidence(raw, r, subject, text)?;
        }
        *slot = place;
    }
    match (0..).zip(&places).find(|(_, place)| **place == OPEN) {
        Some((subject, _)) => Err(VerdictError::Missing { subject, subjects }),
        None => Ok(places),
    }
}

/// What was answered at a place, in words. The place is one that [`places`] gave.
pub fn answer(
    raw: &RawVerdicts,
    place: u32,
    subject: u32,
    description: &Description,
    text: &TextHeap,
) -> Result<Answer, VerdictError> {
    let i = place as usize;
    let range = raw.reason_start[i] as usize..raw.reason_start[i + 1] as usize;
    let reasons = range.map(|r| reason(raw, r, subject, description, text));
    Ok(Answer {
        status: raw.status[i],
        scope: raw.scope[i],
        score: raw.score[i],
        reasons: reasons.collect::<Result<_, _>>()?,
    })
}

fn check_layout(raw: &RawVerdicts) -> Result<(), VerdictError> {
    let (answers, reasons) = (raw.subject.len(), raw.reason_kind.len());
    let fits = |list, found: usize, wanted: usize| {
        (found == wanted)
            .then_some(())
            .ok_or(VerdictError::Layout { list })
    };
    fits("status", raw.status.len(), answers)?;
    fits("scope", raw.scope.len(), answers)?;
    fits("score", raw.score.len(), answers)?;
    fits("reason-start", raw.reason_start.len(), answers + 1)?;
    fits("reason-weight", raw.reason_weight.len(), reasons)?;
    fits("reason-text", raw.reason_text.len(), reasons)?;
    fits("reason-number", raw.reason_number.len(), reasons)?;
    let starts = &raw.reason_start;
    let ordered = starts.first() == Some(&0)
        && starts.last().is_some_and(|&last| last as usize == reasons)
        && starts.is_sorted();
    fits("reason-start", usize::from(ordered), 1)
}

fn known<'a>(
    raw: &RawVerdicts,
    r: usize,
    subject: u32,
    description: &'a Description,
) -> Result<&'a ReasonKind, VerdictError> {
    let kind = raw.reason_kind[r];
    let known = description.reasons.get(usize::from(kind));
    known.ok_or(VerdictError::Reason {
        subject,
        kind,
        described: description.reasons.len(),
    })
}

fn evidence<'a>(
    raw: &RawVerdicts,
    r: usize,
    subject: u32,
    text: &'a TextHeap,
) -> Result<&'a str, VerdictError> {
    let symbol = raw.reason_text[r];
    match text.get(symbol) {
        Some(text) => Ok(text),
        None if symbol == NO_TEXT => Ok("(none)"),
        None => Err(VerdictError::Evidence { subject, symbol }),
    }
}

fn reason(
    raw: &RawVerdicts,
    r: usize,
    subject: u32,
    description: &Description,
    text: &TextHeap,
) -> Result<Reason, VerdictError> {
    let known = known(raw, r, subject, description)?;
    let evidence = evidence(raw, r, subject, text)?;
    Ok(Reason {
        code: known.code.clone(),
        severity: known.severity,
        message: fill(&known.message, evidence, raw.reason_number[r]),
        weight: raw.reason_weight[r],
    })
}

/// Fills a message in one pass, so that evidence which itself reads
/// `{number}` stays what it is.
fn fill(message: &str, text: &str, number: i64) -> String {
    let mut out = String::with_capacity(message.len() + text.len());
    let mut rest = message;
    while let Some(at) = rest.find('{') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("{text}") {
            out.push_str(text);
            rest = after;
        } else if let Some(after) = rest.strip_prefix("{number}") {
            out.push_str(&number.to_string());
            rest = after;
        } else {
            out.push('{');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests state what they expect")]
    use super::*;

    fn described() -> Description {
        Description {
            name: "p".into(),
            version: "1".into(),
            reasons: vec![ReasonKind {
                code: "R".into(),
                severity: Severity::Note,
                message: "saw {text}, {number} times {x}".into(),
            }],
        }
    }

    fn good() -> RawVerdicts {
        RawVerdicts {
            subject: vec![1, 0],
            status: vec![2, 0],
            scope: vec![0, 0],
            score: vec![0, 0],
            reason_start: vec![0, 1, 1],
            reason_kind: vec![0],
            reason_weight: vec![0],
            reason_text: vec![0],
            reason_number: vec![7],
        }
    }

    fn run(raw: &RawVerdicts) -> Result<Vec<Answer>, VerdictError> {
        let mut text = TextHeap::default();
        text.intern("{number}");
        check(Role::Conflict, raw, 2, &described(), &text)
    }

    #[test]
    fn answers_come_in_the_order_of_subjects_with_evidence_filled_in_once() {
        let answers = run(&good()).unwrap();
        assert_eq!(answers[0].status, 0);
        assert_eq!(answers[1].reasons[0].message, "saw {number}, 7 times {x}");
    }

    #[test]
    fn a_small_answer_cannot_stand_for_a_very_large_text() {
        let mut text = TextHeap::default();
        text.intern(&"x".repeat(100_000));
        let reasons = 11;
        let raw = RawVerdicts {
            reason_start: vec![0, reasons, reasons],
            reason_kind: vec![0; 11],
            reason_weight: vec![0; 11],
            reason_text: vec![0; 11],
            reason_number: vec![0; 11],
            ..good()
        };
        let answer = check(Role::Conflict, &raw, 2, &described(), &text);
        assert_eq!(
            answer,
            Err(VerdictError::TooLong {
                limit: (1 << 20) + (8 << 10)
            })
        );
    }

    #[test]
    fn each_broken_answer_is_its_own_error() {
        type Break = fn(&mut RawVerdicts);
        let rows: [(Break, VerdictError); 9] = [
            (|v| v.subject[0] = 0, VerdictError::Duplicate { subject: 0 }),
            (
                |v| v.subject[0] = 2,
                VerdictError::NotAsked {
                    subject: 2,
                    subjects: 2,
                },
            ),
            (
                |v| v.status[0] = 3,
                VerdictError::Status {
                    subject: 1,
                    status: 3,
                    role: Role::Conflict,
                },
            ),
            (
                |v| v.scope[0] = 1,
                VerdictError::Status {
                    subject: 1,
                    status: 1,
                    role: Role::Conflict,
                },
            ),
            (
                |v| v.reason_kind[0] = 1,
                VerdictError::Reason {
                    subject: 1,
                    kind: 1,
                    described: 1,
                },
            ),
            (
                |v| v.reason_text[0] = 1,
                VerdictError::Evidence {
                    subject: 1,
                    symbol: 1,
                },
            ),
            (|v| v.score.push(1), VerdictError::Layout { list: "score" }),
            (
                |v| v.reason_start[1] = 9,
                VerdictError::Layout {
                    list: "reason-start",
                },
            ),
            (
                |v| {
                    v.subject.pop();
                    v.status.pop();
                    v.scope.pop();
                    v.score.pop();
                    v.reason_start.pop();
                },
                VerdictError::Missing {
                    subject: 0,
                    subjects: 2,
                },
            ),
        ];
        for (break_it, expected) in rows {
            let mut raw = good();
            break_it(&mut raw);
            assert_eq!(run(&raw), Err(expected));
        }
    }
}
