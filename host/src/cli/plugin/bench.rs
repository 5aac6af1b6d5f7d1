//! `birth plugin bench`.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use birth_core::digest::Digest;
use birth_core::outcome::{Exit, FailureClass, Status};
use birth_core::policy::Role;

use super::source::Source;
use crate::cli::Output;
use crate::cli::output::{BAD, DIM, GOOD, one_line, styled};
use crate::run::author::bench::{Asked, Cost, Questions, RUNS, measure};
use crate::run::author::cases::CaseFile;
use crate::run::facts::FactsFile;
use crate::run::failure::Failure;

/// Measure what judging costs: fuel for each subject, and time.
///
/// Fuel counts executed instructions: it is the same on every machine and every
/// run of the same bytes, so it can be held to a limit in CI. Time is shown
/// besides, and holds for this machine and this moment.
#[derive(Debug, Args)]
pub(super) struct Bench {
    #[command(flatten)]
    source: Source,
    /// Facts to judge, as `birth facts export` wrote them. Without them and without
    /// --cases, the role's corpus.
    #[arg(long, value_name = "FILE", conflicts_with = "cases")]
    facts: Option<PathBuf>,
    /// Cases to judge; what they expect does not count here.
    #[arg(long, value_name = "FILE")]
    cases: Option<PathBuf>,
    /// Exit 30 where a subject takes more fuel than this on average, rounded up.
    #[arg(long, value_name = "N")]
    max_fuel_per_subject: Option<u64>,
}

#[derive(Serialize)]
struct Report<'a> {
    ok: bool,
    file: &'a str,
    role: Role,
    sha256: Digest,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_fuel_per_subject: Option<u64>,
    #[serde(flatten)]
    cost: &'a Cost,
}

impl Bench {
    pub(super) fn run(self, output: &Output) -> Result<Exit, Failure> {
        let component = self.source.component(output)?;
        let role = component.role()?;
        let plugin = component.load()?;
        let questions = match (self.facts, &self.cases) {
            (Some(path), _) => Questions::facts(&FactsFile::new(path), role)?,
            (None, Some(path)) => Questions::cases(&CaseFile::read(role, path)?),
            (None, None) => Questions::corpus(&plugin)?,
        };
        let cost = measure(&plugin, questions)?;
        let limit = self.max_fuel_per_subject;
        let is_over = limit.is_some_and(|limit| cost.fuel_per_subject > limit);
        if output.is_json() {
            output.json(&Report {
                ok: !is_over,
                file: &component.file,
                role,
                sha256: component.sha256,
                max_fuel_per_subject: limit,
                cost: &cost,
            })?;
        } else {
            show(&cost, output);
            if let Some(limit) = limit {
                let verdict = match is_over {
                    true => styled(BAD, format!("over the limit of {limit}")),
                    false => styled(GOOD, format!("within the limit of {limit}")),
                };
                output.text(format!("  gate      {verdict}"));
            }
        }
        Ok(match is_over {
            true => Exit::Failure(FailureClass::Verification),
            false => Exit::Status(Status::Pass),
        })
    }
}

/// Calls that people are shown.
const SHOWN: usize = 50;

fn show(cost: &Cost, output: &Output) {
    match &cost.facts {
        Asked::Corpus(digest) => output.text(format!(
            "The role's corpus: subjects {}, calls {}, digest {}",
            cost.subjects,
            cost.calls,
            digest.short()
        )),
        Asked::File(file) => output.text(format!(
            "{}: subjects {}, calls {}",
            one_line(file),
            cost.subjects,
            cost.calls
        )),
    }
    output.text(format!(
        "  fuel      {} a subject, {} in all",
        cost.fuel_per_subject, cost.fuel
    ));
    output.text(format!(
        "  time      {} ns a subject here, the fastest of {RUNS} runs",
        cost.nanoseconds_per_subject
    ));
    output.text(styled(DIM, "          fuel  subjects"));
    for scene in cost.scenes.iter().take(SHOWN) {
        output.text(format!(
            "  {:>12} for {:>4}: {}",
            scene.fuel,
            scene.subjects,
            one_line(&scene.about)
        ));
    }
    if let Some(more @ 1..) = cost.scenes.len().checked_sub(SHOWN) {
        output.text(format!(
            "  and {more} calls more; --format json has them all"
        ));
    }
}
