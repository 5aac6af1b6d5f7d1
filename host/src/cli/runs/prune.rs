//! `birth runs prune`.

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use birth_core::outcome::{Exit, FailureClass, Status};

use crate::cli::Output;
use crate::cli::apply::{ask, ensure_can_ask};
use crate::cli::options::LogDirectory;
use crate::cli::output::{BOLD, DIM, GOOD, WARN, one_line, styled};
use crate::journal::prune::{Decided, Fate, Keep, Removed, decide, remove, remove_leftovers};
use crate::journal::{self, JournalError};
use crate::run::failure::Failure;

/// Remove what old runs leave behind.
///
/// Shows what would go, asks, and removes it. A run that was rolled back or that
/// changed nothing goes whole. A run that is committed and not rolled back loses
/// the record of facts and verdicts alone: its rollback keys, its log and its final
/// response stay as long as it is not rolled back, and so does the report that is
/// still to be published. A run that is not finished, and one that cannot be read,
/// stays as it is. What was removed of a run is noted beside the rest.
#[derive(Debug, Args)]
pub(super) struct Prune {
    #[command(flatten)]
    keep: KeepOptions,
    /// Remove without asking.
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    directory: LogDirectory,
}

/// Which runs stay as they are.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct KeepOptions {
    /// Keep runs that began within the last N days.
    #[arg(long, value_name = "N")]
    keep_days: Option<u32>,
    /// Keep the newest N runs.
    #[arg(long, value_name = "N")]
    keep: Option<usize>,
}

#[derive(Serialize)]
struct Document<'a> {
    command: &'static str,
    /// Whether anything was removed, and not only looked at.
    executed: bool,
    bytes: u64,
    runs: &'a [Decided],
    removed: Vec<Removed>,
    failed: Vec<Problem>,
}

#[derive(Serialize)]
struct Problem {
    run: String,
    code: &'static str,
    why: String,
}

impl Prune {
    pub(super) fn run(self, output: &Output) -> Result<Exit, Failure> {
        let now = Timestamp::now();
        let keep = match (self.keep.keep_days, self.keep.keep) {
            (Some(days), _) => Keep::Days(days, now),
            (None, count) => Keep::Newest(count.unwrap_or(usize::MAX)),
        };
        let root = self.directory.existing()?;
        let decided = decide(&journal::list(&root)?, keep);
        let bytes: u64 = decided.iter().map(|run| run.bytes).sum();
        let goes = decided.iter().any(|run| run.fate != Fate::Stays);
        // One JSON document: it is either the result or why there is none.
        if output.is_json() && goes && !self.yes {
            ensure_can_ask(output, "nothing was removed", "add --yes")?;
        }
        if !output.is_json() {
            preview(output, &decided, bytes);
        }
        let executes =
            goes && (self.yes || ask(output, "Remove this?", "nothing was removed", "add --yes")?);
        let (mut removed, mut failed) = (Vec::new(), Vec::new());
        if executes {
            remove_leftovers(&root)?;
            for run in &decided {
                // One that cannot be removed keeps no other.
                match remove(&root, run, now) {
                    Ok(done) => removed.extend(done),
                    Err(error) => failed.push((run.run.clone(), error)),
                }
            }
        }
        finish(output, &decided, executes, bytes, removed, failed)
    }
}

fn preview(output: &Output, decided: &[Decided], bytes: u64) {
    for run in decided {
        let fate = match run.fate {
            Fate::Whole => styled(WARN, "goes        "),
            Fate::Bulk => styled(BOLD, "keeps keys  "),
            Fate::Stays => styled(GOOD, "stays       "),
        };
        let size = match run.bytes {
            0 => String::new(),
            bytes => format!("{bytes} bytes, "),
        };
        output.text(format!(
            "{:<44} {fate}  {}",
            run.run,
            styled(DIM, format!("{size}{}", run.why))
        ));
    }
    let count = |fate: Fate| decided.iter().filter(|run| run.fate == fate).count();
    output.text(format!(
        "{} {} runs whole, facts and verdicts of {}; {bytes} bytes; {} stay as they are",
        styled(BOLD, "to remove:"),
        count(Fate::Whole),
        count(Fate::Bulk),
        count(Fate::Stays)
    ));
}

fn finish(
    output: &Output,
    decided: &[Decided],
    executed: bool,
    bytes: u64,
    removed: Vec<Removed>,
    failed: Vec<(String, JournalError)>,
) -> Result<Exit, Failure> {
    let exit = match failed.is_empty() {
        true => Exit::Status(Status::Pass),
        false => Exit::Failure(FailureClass::Filesystem),
    };
    if output.is_json() {
        let failed = failed.into_iter().map(|(run, error)| Problem {
            run,
            code: error.code(),
            why: error.to_string(),
        });
        output.json(&Document {
            command: "runs prune",
            executed,
            bytes,
            runs: decided,
            removed,
            failed: failed.collect(),
        })?;
        return Ok(exit);
    }
    for (run, error) in &failed {
        output.warning(&format!("{run} stays: {}", one_line(&error.to_string())));
    }
    if executed {
        let bytes: u64 = removed.iter().map(|run| run.bytes).sum();
        output.text(format!(
            "{} {} runs, {bytes} bytes",
            styled(GOOD, "removed of"),
            removed.len()
        ));
    }
    Ok(exit)
}
