//! The command line: parsing, rendering, exit codes. One file per command.
//! Nothing here decides anything about a database.

mod apply;
mod approved;
mod ci;
mod classify;
mod decide;
mod decisions;
mod demo;
mod doctor;
mod facts;
mod gate;
mod operations;
mod options;
mod output;
mod plan;
mod plugin;
mod policies;
mod policy;
mod recover;
mod render;
mod rollback;
mod runs;
mod sweep;
mod verify;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};

use birth_core::outcome::{Exit, FailureClass, Status};

use crate::run::failure::Failure;
use options::{DatabaseOptions, RunOptions};
use output::Output;
use policies::PolicyOptions;

/// A policy host for PostgreSQL.
///
/// `birth` carries out governed operations on a live schema. It reads the
/// catalogs, lets sandboxed and hash-pinned plugins decide, shows every
/// statement before it runs, verifies inside the transaction, and can undo
/// exactly what it did.
///
/// Start with `birth demo`, or with `birth doctor` on your own database.
#[derive(Debug, Parser)]
#[command(
    name = "birth",
    version,
    propagate_version = true,
    max_term_width = 100
)]
#[command(after_help = EXIT_CODES)]
struct Cli {
    /// How results are written to stdout.
    #[arg(long, global = true, value_enum, default_value_t = Format::Text, env = "BIRTH_FORMAT", help_heading = "Output")]
    format: Format,
    /// Say only the result, no progress on stderr.
    #[arg(long, short, global = true, help_heading = "Output")]
    quiet: bool,
    /// How warnings and the log of `gate watch` are written to stderr.
    /// `BIRTH_LOG` says which, in tracing's filter syntax.
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text, env = "BIRTH_LOG_FORMAT", help_heading = "Output")]
    log_format: LogFormat,
    /// Colours: by default only where the stream is a terminal.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, help_heading = "Output")]
    color: Color,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs: one JSON document.
    Json,
    /// For CI: JUnit XML (sweep, policy verify).
    Junit,
    /// For code scanning: SARIF 2.1.0 (sweep, policy verify).
    Sarif,
    /// For a page or a chat (sweep, decisions, policy diff).
    Markdown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    /// For people.
    Text,
    /// For programs: one JSON document a line.
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    /// Where the stream is a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What each does stands with its options, where `--help` takes it from: a text
/// here would replace that one.
#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Demo),
    Doctor(doctor::Doctor),
    // Its options stand twice: for the draft, and for what is below it.
    Classify(Box<classify::Classify>),
    Plan(plan::Plan),
    Apply(apply::Apply),
    Verify(verify::Verify),
    Decisions(decisions::Decisions),
    Decide(decide::Decide),
    Rollback(rollback::Rollback),
    Gate(gate::Gate),
    Recover(recover::Recover),
    // Has options for many databases besides those for one.
    Sweep(Box<sweep::Sweep>),
    Runs(runs::Runs),
    Policy(policy::Policy),
    Facts(facts::Facts),
    Plugin(plugin::Plugin),
}

const EXIT_CODES: &str = "\
Exit codes:
   0  PASS, or the command did what it was asked
   1  a fault of the program itself
   2  the command line does not parse
  10  PARTIAL: committed, but something is left
  11  BLOCKED: a conflict is in the way, nothing changed
  12  LOCK_BUSY: somebody holds a lock, nothing changed
  13  UNKNOWN: the commit's outcome is not established yet; run `birth recover`
  14  POLICY_MISMATCH: the approved and the live list differ, nothing changed
  15  GAPS: coverage gaps were found (see --fail-on)
  20  options, profile or environment are not usable, or a signal stopped the run
  21  the database could not be reached, or the connection broke before COMMIT
  22  the role lacks a right
  23  schema, family or concept is missing or ambiguous
  24  pin, approval, settings, WIT version or imports: refused before running
  25  a plugin misbehaved while it ran
  26  the live database is not what was planned for
  27  a plan, journal, keys or report file is damaged, newer, or of another database
  28  a file or directory could not be read or written
  29  the server refused a statement
  30  verification found a difference
  31  a registry could not be reached, or refused";

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let matches = Cli::command().get_matches();
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    set_colors(cli.color);
    init_tracing(default_level(&cli), cli.log_format);
    let output = Output::new(cli.format, cli.quiet);
    let exit = match run(cli.command, &output) {
        Ok(exit) => match Output::end() {
            Ok(()) => exit,
            Err(failure) => {
                output.failure(&failure);
                // What was found out says more than that it could not be written.
                match exit {
                    Exit::Status(Status::Pass) => Exit::Failure(failure.class),
                    other => other,
                }
            }
        },
        Err(failure) => {
            let exit = Exit::Failure(failure.class);
            output.failed(&failure, exit);
            exit
        }
    };
    ExitCode::from(exit.code())
}

fn run(command: Command, output: &Output) -> Result<Exit, Failure> {
    command.check(output.format())?;
    match command {
        Command::Demo(command) => on_runtime(command.run(output)),
        Command::Doctor(command) => on_runtime(command.run(output)),
        Command::Classify(command) => on_runtime(command.run(output)),
        Command::Plan(command) => on_runtime(command.run(output)),
        Command::Apply(command) => on_runtime(command.run(output)),
        Command::Verify(command) => on_runtime(command.run(output)),
        Command::Decisions(command) => on_runtime(command.run(output)),
        Command::Decide(command) => on_runtime(command.run(output)),
        Command::Rollback(command) => on_runtime(command.run(output)),
        Command::Gate(command) => on_runtime(command.run(output)),
        Command::Recover(command) => on_runtime(command.run(output)),
        Command::Sweep(command) => on_runtime(command.run(output)),
        Command::Runs(command) => command.run(output),
        Command::Policy(command) => command.run(output),
        Command::Facts(command) => command.run(output),
        Command::Plugin(command) => command.run(output),
    }
}

impl Command {
    /// Refuses a format that the command does not write.
    fn check(&self, format: Format) -> Result<(), Failure> {
        let writes = match format {
            Format::Text | Format::Json => true,
            Format::Markdown => match self {
                Self::Sweep(_) | Self::Decisions(_) => true,
                Self::Policy(policy) => policy.is_diff(),
                _ => false,
            },
            Format::Junit | Format::Sarif => match self {
                Self::Sweep(_) => true,
                Self::Policy(policy) => policy.verifies(),
                _ => false,
            },
        };
        if writes {
            return Ok(());
        }
        let name = format.to_possible_value();
        let name = name.as_ref().map_or("", |value| value.get_name());
        Err(Failure::new(
            FailureClass::Configuration,
            "NO_SUCH_FORMAT",
            format!(
                "this command does not write --format {name}; every command writes text and json"
            ),
        )
        .with_hint("`birth sweep` has them all"))
    }
}

/// One thread is enough: the host waits for one server.
fn on_runtime<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(FailureClass::Internal, "NO_RUNTIME", error.to_string()))?;
    runtime.block_on(work)
}

fn set_colors(color: Color) {
    let choice = match color {
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::Always,
        Color::Never => anstream::ColorChoice::Never,
    };
    choice.write_global();
}

/// Nobody watches a service while it runs: its log says what it did.
fn default_level(cli: &Cli) -> &'static str {
    match &cli.command {
        _ if cli.quiet => "error",
        Command::Gate(gate) if gate.is_service() => "info",
        _ => "warn",
    }
}

/// Warnings go to stderr; `BIRTH_LOG` takes tracing's filter syntax.
fn init_tracing(default: &str, format: LogFormat) {
    let filter = tracing_subscriber::EnvFilter::try_from_env("BIRTH_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
    let ansi = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false);
    // Fails only where a subscriber is set already; then that one serves.
    let _ = match format {
        LogFormat::Text => subscriber.with_ansi(ansi).without_time().try_init(),
        LogFormat::Json => subscriber.json().flatten_event(true).try_init(),
    };
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_and_readme_list_every_exit_code() {
        let readme = include_str!("../../../README.md");
        for status in Status::ALL {
            let word = format!("`{}`", status.word());
            let row = readme
                .lines()
                .find(|line| line.starts_with(&format!("| {word} |")));
            assert!(row.is_some(), "the README misses {word}");
            // A failure's code is that of its class.
            if status != Status::Failed {
                let code = Exit::Status(status).code();
                let line = format!("{code:4}  {}", status.word());
                assert!(EXIT_CODES.contains(line.trim_start()), "help misses {line}");
                assert!(row.is_some_and(|row| row.ends_with(&format!("| {code} |"))));
            }
        }
        for class in FailureClass::ALL {
            let code = Exit::Failure(class).code();
            let line = format!("{code:4}  ");
            assert!(EXIT_CODES.contains(line.trim_start()), "help misses {code}");
            let row = format!("| {code} | {} |", class.describe());
            assert!(readme.contains(&row), "the README misses: {row}");
        }
    }
}
