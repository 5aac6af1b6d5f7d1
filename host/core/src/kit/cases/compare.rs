//! Expected against found, line by line.

use serde::Serialize;

use super::{Case, Expected};
use crate::policy::verdict::Answer;

/// Where a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// In both.
    Same,
    /// Expected, and not found.
    Expected,
    /// Found, and not expected.
    Found,
}

/// A line of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Where it stands.
    pub mark: Mark,
    /// The line.
    pub text: String,
}

/// A subject that is not answered as expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Its name.
    pub subject: String,
    /// All that is expected or found of it.
    pub lines: Vec<Line>,
}

/// The subjects that are not answered as the case expects.
#[must_use]
pub fn differences(case: &Case, answers: &[Answer]) -> Vec<Difference> {
    let role = case.facts.role();
    let names = case.facts.names();
    let subjects = case.expect.len().max(answers.len());
    let mut different = Vec::new();
    for subject in 0..subjects {
        let expected = case.expect.get(subject);
        let found = answers.get(subject);
        let found = found.map(|answer| Expected::of(role, answer, expected));
        if expected == found.as_ref() {
            continue;
        }
        let name = names.get(subject).cloned();
        different.push(Difference {
            subject: name
                .unwrap_or_else(|| format!("subject {subject}, which is none of the case's")),
            lines: compare(&lines(expected), &lines(found.as_ref())),
        });
    }
    different
}

/// What is said of a subject, a line each.
fn lines(expected: Option<&Expected>) -> Vec<String> {
    let Some(expected) = expected else {
        return vec![];
    };
    let mut lines = vec![format!("status  {}", expected.status)];
    lines.extend(
        expected
            .scope
            .iter()
            .map(|scope| format!("scope   {scope}")),
    );
    lines.extend(
        expected
            .score
            .iter()
            .map(|score| format!("score   {score}")),
    );
    for (word, texts) in [
        ("reason ", &expected.reasons),
        ("message", &expected.messages),
    ] {
        let texts = texts.iter().flatten();
        lines.extend(texts.map(|text| format!("{word} {text}")));
    }
    lines
}

/// The shortest way from one list of lines to the other, by their longest
/// common subsequence. The lists are short: a few reasons.
fn compare(expected: &[String], found: &[String]) -> Vec<Line> {
    let (rows, columns) = (expected.len(), found.len());
    // common[i][j]: how many lines the ends from i and from j have in common.
    let mut common = vec![vec![0_usize; columns + 1]; rows + 1];
    for i in (0..rows).rev() {
        for j in (0..columns).rev() {
            common[i][j] = if expected[i] == found[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut lines = Vec::new();
    let mut push = |mark, text: &String| {
        lines.push(Line {
            mark,
            text: text.clone(),
        });
    };
    while i < rows || j < columns {
        if i < rows && j < columns && expected[i] == found[j] {
            push(Mark::Same, &expected[i]);
            (i, j) = (i + 1, j + 1);
        } else if j == columns || (i < rows && common[i + 1][j] >= common[i][j + 1]) {
            push(Mark::Expected, &expected[i]);
            i += 1;
        } else {
            push(Mark::Found, &found[j]);
            j += 1;
        }
    }
    lines
}
