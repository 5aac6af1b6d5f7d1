//! What a plugin says otherwise than it did: the first subject, and what of its
//! answer is another.

use std::collections::BTreeMap;

use birth_core::policy::diff::Answered;
use birth_core::policy::verdict::{Description, RawVerdicts, Reason, answer, places};

use super::RecordedCall;
use crate::plugin::call::Batch;
use crate::plugin::call::Unworded;

/// Says what differs between a recorded answer and the one of now.
pub(super) fn of(call: &RecordedCall, now: &Unworded, description: &Description) -> String {
    let question = &call.question;
    let (role, batch) = (question.role(), Batch::from(question));
    let subjects = question.subjects();
    // Within the limit of a batch, so it fits.
    let recorded = places(
        role,
        &call.verdicts,
        subjects as u32,
        description,
        batch.text(),
    );
    let recorded = match recorded {
        Ok(recorded) => recorded,
        Err(error) => return format!("what is recorded is no answer of this plugin: {error}"),
    };
    let at = |raw: &RawVerdicts, place: u32, subject: u32| {
        let found = answer(raw, place, subject, description, batch.text());
        found.ok().map(|answer| Answered::of(role, answer))
    };
    for (subject, (was, is)) in (0..).zip(recorded.iter().zip(&now.places)) {
        let was = at(&call.verdicts, *was, subject);
        let is = at(&now.raw, *is, subject);
        if let (Some(was), Some(is)) = (was, is)
            && was != is
        {
            let named = question.subject(subject as usize);
            let named = named.map_or_else(
                || format!("subject {subject}"),
                |s| format!("{} {:?}", s.kind, s.key),
            );
            return format!("{named} {}", between(&was, &is));
        }
    }
    match now.raw == call.verdicts {
        true => format!(
            "the answers are the same, but fuel was {} and is {}",
            call.fuel, now.fuel
        ),
        false => "every answer is the same, but they come in another order".to_owned(),
    }
}

fn between(was: &Answered, is: &Answered) -> String {
    let mut parts = Vec::new();
    if was.class() != is.class() {
        parts.push(format!("was {} and is {}", was.class(), is.class()));
    }
    if was.score != is.score {
        parts.push(format!("had the score {} and has {}", was.score, is.score));
    }
    if was.reasons != is.reasons {
        let (gone, new) = (
            only(&was.reasons, &is.reasons),
            only(&is.reasons, &was.reasons),
        );
        for (word, reasons) in [("gone", gone), ("new", new)] {
            if !reasons.is_empty() {
                parts.push(format!("{word}: {}", reasons.join(", ")));
            }
        }
        if parts.is_empty() {
            parts.push("has the same reasons in another order".to_owned());
        }
    }
    parts.join("; ")
}

/// Reasons of one side that the other has less often, in words.
fn only(these: &[Reason], those: &[Reason]) -> Vec<String> {
    let word = |reason: &Reason| format!("{} ({})", reason.message, reason.code);
    let mut left: BTreeMap<String, usize> = BTreeMap::new();
    for reason in those {
        *left.entry(key(reason)).or_default() += 1;
    }
    let mut is_only = |reason: &&Reason| match left.get_mut(&key(reason)) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    };
    let mut found = Vec::new();
    for reason in these {
        if is_only(&reason) {
            found.push(word(reason));
        }
    }
    found
}

fn key(reason: &Reason) -> String {
    format!("{} {} {}", reason.code, reason.weight, reason.message)
}
