//! `birth runs replay`.

use clap::Args;
use serde::Serialize;

use birth_core::outcome::{Exit, Status};

use crate::cli::options::LogDirectory;
use crate::cli::output::{BAD, BOLD, DIM, GOOD, WARN, one_line, styled};
use crate::cli::{Output, PolicyOptions};
use crate::journal;
use crate::run::failure::Failure;
use crate::run::replay::{Found, Known, Replays, RunReplay, replay, replay_all};

/// Decide again and compare.
///
/// Asks the recorded plugin the recorded question again and compares the
/// verdicts and the fuel. The plugin is recognised by its hash: those of every
/// approved revision that is built into this binary are known, and those of the
/// set that --policy names. Needs no database. Exits 30 where something is another,
/// and names the first subject and what changed; 27 where the record is not the one
/// that the run wrote, though nothing is another.
///
/// With --all, every run of the log directory, a line each: one that differs or
/// cannot be read hides no other. Runs that asked no plugin, and runs whose record
/// was pruned, are counted and no fault.
#[derive(Debug, Args)]
pub(super) struct Replay {
    /// The run.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    run_id: Option<String>,
    /// Every run.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    directory: LogDirectory,
    #[command(flatten)]
    policy: PolicyOptions,
}

#[derive(Serialize)]
struct Document<'a> {
    same: bool,
    #[serde(flatten)]
    replays: &'a Replays,
}

impl Replay {
    pub(super) fn run(self, output: &Output) -> Result<Exit, Failure> {
        let sets = self.policy.open_with_approved()?;
        let known = Known::new(sets.iter().map(|set| &**set));
        let root = self.directory.existing()?;
        let Some(run) = self.run_id else {
            return all(&root, &known, output);
        };
        let replayed = replay(&journal::open(&root, &run)?, &known)?;
        if output.is_json() {
            output.json(&replayed)?;
        } else {
            output.text(format!(
                "{} {} verdicts and {} units of fuel, as recorded",
                styled(GOOD, "the same:"),
                replayed.subjects,
                replayed.fuel
            ));
        }
        Ok(Exit::Status(Status::Pass))
    }
}

fn all(root: &std::path::Path, known: &Known<'_>, output: &Output) -> Result<Exit, Failure> {
    let replays = replay_all(root, known, |run| line(output, run))?;
    let class = replays.class();
    let exit = class.map_or(Exit::Status(Status::Pass), Exit::Failure);
    if output.is_json() {
        output.json(&Document {
            same: class.is_none(),
            replays: &replays,
        })?;
        return Ok(exit);
    }
    let counts: Vec<String> = replays
        .counts
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(found, count)| format!("{count} {}", word(*found).1))
        .collect();
    output.text(format!(
        "{} {} runs: {}; {} verdicts and {} units of fuel, as recorded",
        styled(BOLD, "replayed"),
        replays.runs.len(),
        match counts.is_empty() {
            true => "none".to_owned(),
            false => counts.join(", "),
        },
        replays.subjects,
        replays.fuel
    ));
    for missing in replays.missing() {
        output.text(format!("  {}", one_line(missing)));
    }
    if !replays.missing().is_empty() {
        output.text("  name the policy set of that revision with --policy");
    }
    Ok(exit)
}

fn word(found: Found) -> (anstyle::Style, &'static str) {
    match found {
        Found::Same => (GOOD, "the same"),
        Found::Differs => (BAD, "different"),
        Found::MissingPlugin => (WARN, "without the plugin"),
        Found::Failed => (BAD, "failed"),
        Found::Nothing => (DIM, "without a question"),
        Found::NotKept => (DIM, "without a record"),
    }
}

fn line(output: &Output, run: &RunReplay) {
    let (style, word) = word(run.found);
    let detail = match (run.subjects, &run.why) {
        (Some(subjects), _) => format!("{subjects} verdicts"),
        (None, Some(why)) => one_line(why),
        (None, None) => String::new(),
    };
    output.text(format!(
        "{:<44} {}  {detail}",
        run.run,
        styled(style, format!("{word:<18}"))
    ));
}
