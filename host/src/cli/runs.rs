//! `birth runs`.

mod prune;
mod replay;

use anstyle::Style;
use clap::{Args, Subcommand};
use serde::Serialize;

use birth_core::outcome::{Exit, FailureClass, Status};

use super::Output;
use super::options::{LogDirectory, StoreOptions};
use super::output::{BAD, BOLD, GOOD, WARN, plain, styled};
use super::recover::{database_of, unknown_operation};
use crate::journal::{self, RunState, RunView, file};
use crate::run::decide::Decide;
use crate::run::decide::rollback::DecideRollback;
use crate::run::failure::Failure;
use crate::run::gate::Gate;
use crate::run::gate::rollback::GateRollback;
use crate::run::operation::Operation as _;
use crate::run::record;
use crate::run::storage::Storage;
use crate::run::storage::rollback::StorageRollback;
use crate::run::triggers::Triggers;
use crate::run::triggers::rollback::TriggersRollback;

/// Look at runs, replay their decisions, publish them again, remove old ones.
#[derive(Debug, Args)]
pub(super) struct Runs {
    #[command(subcommand)]
    command: RunsCommand,
}

#[derive(Debug, Subcommand)]
enum RunsCommand {
    /// List the runs of the log directory, oldest first.
    List {
        #[command(flatten)]
        directory: LogDirectory,
    },
    /// Show one run: its steps, its compiled statements, its final response.
    Show {
        /// The run.
        run_id: String,
        #[command(flatten)]
        directory: LogDirectory,
    },
    Replay(replay::Replay),
    Prune(prune::Prune),
    /// Hand report, rollback keys and log of a run to the stores again.
    ///
    /// For a run whose upload failed. Needs no database.
    Publish {
        /// The run.
        run_id: String,
        #[command(flatten)]
        stores: StoreOptions,
    },
}

#[derive(Serialize)]
struct Row<'a> {
    run: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    database: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none", flatten)]
    state: Option<RunState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Runs {
    pub(super) fn run(self, output: &Output) -> Result<Exit, Failure> {
        match self.command {
            RunsCommand::List { directory } => list(&directory, output),
            RunsCommand::Show { run_id, directory } => show(&run_id, &directory, output),
            RunsCommand::Replay(replay) => replay.run(output),
            RunsCommand::Prune(prune) => prune.run(output),
            RunsCommand::Publish { run_id, stores } => {
                let stores = stores.stores()?;
                let view = journal::open(&stores.runs, &run_id)?;
                let tell = |text: &str| output.progress(text);
                let status = match view.operation().map(|(name, _)| name) {
                    Some(StorageRollback::NAME) => {
                        record::publish_again::<StorageRollback>(&stores, &view, &tell)?
                    }
                    Some(Gate::NAME) => record::publish_again::<Gate>(&stores, &view, &tell)?,
                    Some(GateRollback::NAME) => {
                        record::publish_again::<GateRollback>(&stores, &view, &tell)?
                    }
                    Some(Triggers::NAME) => {
                        record::publish_again::<Triggers>(&stores, &view, &tell)?
                    }
                    Some(TriggersRollback::NAME) => {
                        record::publish_again::<TriggersRollback>(&stores, &view, &tell)?
                    }
                    Some(Decide::NAME) => record::publish_again::<Decide>(&stores, &view, &tell)?,
                    Some(DecideRollback::NAME) => {
                        record::publish_again::<DecideRollback>(&stores, &view, &tell)?
                    }
                    Some(Storage::NAME) | None => {
                        record::publish_again::<Storage>(&stores, &view, &tell)?
                    }
                    Some(other) => return Err(unknown_operation(&view.id, other)),
                };
                output.text(format!("published run {run_id}: {}", status.word()));
                Ok(Exit::Status(Status::Pass))
            }
        }
    }
}

fn list(directory: &LogDirectory, output: &Output) -> Result<Exit, Failure> {
    let runs = journal::list(&directory.path()?)?;
    let rows: Vec<Row<'_>> = runs.iter().map(|(id, view)| row(id, view)).collect();
    if output.is_json() {
        output.json(&rows)?;
        return Ok(Exit::Status(Status::Pass));
    }
    if rows.is_empty() {
        output.text("no runs yet");
    }
    for row in &rows {
        let state = match (&row.state, &row.error) {
            (Some(state), _) if row.operation.is_none() => state_text(*state),
            (Some(state), _) => padded(*state),
            (None, Some(error)) => styled(BAD, plain(error)),
            (None, None) => String::new(),
        };
        let of = row.of.map_or_else(String::new, |of| format!(" of {of}"));
        let mut line = format!("{:<44} {state}", row.run);
        // A run that ended early has neither.
        if let Some(operation) = row.operation {
            line = format!("{line}  {operation}{of}");
        }
        if let Some(database) = row.database {
            line = format!("{line}  {}", plain(database));
        }
        output.text(line);
    }
    Ok(Exit::Status(Status::Pass))
}

fn row<'a>(id: &'a str, view: &'a Result<RunView, journal::JournalError>) -> Row<'a> {
    let empty = Row {
        run: id,
        operation: None,
        of: None,
        database: None,
        state: None,
        error: None,
    };
    match view {
        Ok(view) => Row {
            operation: view.operation().map(|(name, _)| name),
            of: view.operation().and_then(|(_, of)| of),
            database: database_of(view).map(|d| d.database.as_str()),
            state: Some(view.state),
            ..empty
        },
        Err(error) => Row {
            error: Some(error.to_string()),
            ..empty
        },
    }
}

fn state_text(state: RunState) -> String {
    let (style, word) = state_word(state);
    styled(style, word)
}

/// As wide as the longest state, where more follows on the line.
fn padded(state: RunState) -> String {
    let (style, word) = state_word(state);
    styled(style, format!("{word:<11}"))
}

fn state_word(state: RunState) -> (Style, &'static str) {
    match state {
        RunState::Running => (WARN, "running"),
        RunState::Interrupted => (BAD, "interrupted"),
        RunState::Closed(status) => {
            let style = match status {
                Status::Pass => GOOD,
                Status::Partial
                | Status::Blocked
                | Status::LockBusy
                | Status::PolicyMismatch
                | Status::Gaps => WARN,
                Status::Failed | Status::Unknown => BAD,
            };
            (style, status.word())
        }
    }
}

fn show(run_id: &str, directory: &LogDirectory, output: &Output) -> Result<Exit, Failure> {
    let view = journal::open(&directory.path()?, run_id)?;
    let compiled = view.read(file::COMPILED)?;
    if output.is_json() {
        output.json(&serde_json::json!({
            "run": view.id,
            "directory": view.path,
            "state": view.state,
            "events": view.events,
            "compiled_sql": compiled,
        }))?;
        return Ok(Exit::Status(Status::Pass));
    }
    output.text(format!(
        "{} {}",
        styled(BOLD, &view.id),
        state_text(view.state)
    ));
    output.text(format!("  {}", view.path.display()));
    for stamped in &view.events {
        let said = match &stamped.event {
            journal::Event::Planned {
                approval: Some(words),
                ..
            } => format!("  {}", plain(words)),
            _ => String::new(),
        };
        let name = stamped.event.name();
        output.text(format!("  {}  {name}{said}", stamped.at));
    }
    if let Some(compiled) = compiled {
        output.text(format!("\n{}", styled(BOLD, "Compiled statements")));
        output.text(plain(compiled.trim_end()));
    }
    if let Some((_, _, response)) = view.closing() {
        output.text(format!("\n{}", styled(BOLD, "Final response")));
        output.text(plain(response.trim_end()));
    }
    if view.events.is_empty() {
        return Err(Failure::new(
            FailureClass::Artifact,
            "RUN_EMPTY",
            format!("run {run_id} ended before its first step"),
        ));
    }
    Ok(Exit::Status(Status::Pass))
}
