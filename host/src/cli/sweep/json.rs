//! The report for programs: one JSON document with every gap, one a line.

use std::io::{self, Write};

use serde::Serialize;

use birth_core::coverage::{Gap, Shard, SweepSummary};
use birth_core::digest::Digest;
use birth_core::outcome::{Exit, FinalResponse};

use super::json_stream::{Array, object};
use super::report::{Report, gaps};
use crate::run::failure::Failure;
use crate::run::fleet::Swept;

/// The version of the document. It grows when a field changes its meaning or
/// goes, not when one is added.
const FORMAT: u32 = 1;

#[derive(Serialize)]
struct Head<'a> {
    format: u32,
    response: &'a FinalResponse,
    #[serde(skip_serializing_if = "Option::is_none")]
    shard: Option<Shard>,
}

#[derive(Serialize)]
struct SweptTarget<'a> {
    name: &'a str,
    #[serde(flatten)]
    summary: &'a SweepSummary,
}

#[derive(Serialize)]
struct FailedTarget<'a> {
    name: &'a str,
    error: FailureDocument<'a>,
}

#[derive(Serialize)]
struct FailureDocument<'a> {
    code: &'a str,
    message: &'a str,
    next: Option<&'a str>,
    exit_code: u8,
}

#[derive(Serialize)]
struct GapDocument<'a> {
    fingerprint: Digest,
    #[serde(flatten)]
    gap: &'a Gap,
}

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let head = Head {
        format: FORMAT,
        response: &report.closing.response,
        shard: report.share,
    };
    object(out, &head, "targets", |targets| {
        report
            .targets
            .iter()
            .try_for_each(|swept| target(swept, targets))
    })?;
    writeln!(out)
}

fn target(swept: &Swept, targets: &mut Array<'_>) -> io::Result<()> {
    let summary = match &swept.result {
        Ok(summary) => summary,
        Err(failure) => return targets.push(&failed(&swept.name, failure)),
    };
    let head = SweptTarget {
        name: &swept.name,
        summary,
    };
    object(targets.next()?, &head, "gaps", |array| {
        gaps(&swept.gaps).try_for_each(|gap| {
            let gap = gap?;
            array.push(&GapDocument {
                fingerprint: gap.finding.fingerprint(),
                gap: &gap,
            })
        })
    })
}

fn failed<'a>(name: &'a str, failure: &'a Failure) -> FailedTarget<'a> {
    FailedTarget {
        name,
        error: FailureDocument {
            code: failure.code,
            message: &failure.message,
            next: failure.hint.as_deref(),
            exit_code: Exit::Failure(failure.class).code(),
        },
    }
}
