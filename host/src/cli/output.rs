//! Writing results and progress.

use std::fmt::Display;
use std::io::{self, Write as _};
use std::sync::OnceLock;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use birth_core::op::Decision;
use birth_core::outcome::{Exit, FailureClass, FinalResponse, Status};
use birth_core::policy::verdict::Severity;
use birth_core::text::is_hidden;

use super::Format;
use crate::run::carry_out::Closed;
use crate::run::failure::Failure;

/// Results go to stdout, everything else to stderr. A reader that closes the
/// pipe early is no error of ours.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    format: Format,
    quiet: bool,
}

pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default();
pub(super) const WARN: Style = AnsiColor::Yellow.on_default();
pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const BOLD: Style = Style::new().bold();

/// A text in a style, for a stream that drops styles where they do not belong.
pub(super) fn styled(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Text from a database or a plugin, for a terminal: characters that could move
/// the cursor, turn text around or hide it are shown as escapes.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let escape = is_hidden(c) && c != '\n';
            let shown: Vec<char> = if escape {
                c.escape_default().collect()
            } else {
                vec![c]
            };
            shown
        })
        .collect()
}

/// As [`plain`], on one line: a name must not look like a line of its own.
pub(super) fn one_line(text: &str) -> String {
    plain(text).replace('\n', "\\n")
}

impl Output {
    pub(super) fn new(format: Format, quiet: bool) -> Self {
        Self { format, quiet }
    }

    pub(super) fn format(&self) -> Format {
        self.format
    }

    pub(super) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// A line of the result. That it could not be written is said once, at the end
    /// ([`Self::end`]).
    pub(super) fn line(&self, text: impl Display) {
        if let Err(error) = writeln!(anstream::stdout(), "{text}") {
            note(error);
        }
    }

    /// Whether every line of the result was written.
    pub(super) fn end() -> Result<(), Failure> {
        if let Err(error) = anstream::stdout().flush() {
            note(error);
        }
        UNWRITTEN
            .get()
            .map_or(Ok(()), |error| Err(not_written(error)))
    }

    /// A line of the result that only people get.
    pub(super) fn text(&self, text: impl Display) {
        if !self.is_json() {
            self.line(text);
        }
    }

    /// The result as one JSON document.
    pub(super) fn json(&self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value).map_err(|e| Failure::encoding(&e))?;
        result(&format!("{text}\n"));
        Ok(())
    }

    /// The result in a form of its own, as it is.
    pub(super) fn raw(&self, text: &str) {
        result(text);
    }

    /// Progress, for people who watch.
    pub(super) fn progress(&self, text: &str) {
        if !self.quiet {
            let _ = writeln!(anstream::stderr(), "{DIM}·{DIM:#} {}", plain(text));
        }
    }

    /// What has to be seen and is no result, whoever asked for quiet.
    pub(super) fn aside(&self, text: &str) {
        let _ = writeln!(anstream::stderr(), "{}", plain(text.trim_end()));
    }

    /// Something to be seen that is no result.
    pub(super) fn warning(&self, text: &str) {
        let _ = writeln!(
            anstream::stderr(),
            "{} {}",
            styled(WARN, "warning:"),
            plain(text)
        );
    }

    /// Why a command stopped, and what to do.
    pub(super) fn failure(&self, failure: &Failure) {
        let mut stderr = anstream::stderr();
        let _ = writeln!(
            stderr,
            "{} {} {}",
            styled(BAD, "error:"),
            plain(failure.message.trim_end()),
            styled(DIM, format!("[{}]", failure.code))
        );
        if let Some(hint) = &failure.hint {
            let _ = writeln!(stderr, "{} {}", styled(BOLD, "next:"), plain(hint));
        }
        if failure.class == FailureClass::Internal {
            let _ = writeln!(
                stderr,
                "This is a fault of birth itself; please report it with the run's log."
            );
        }
    }

    /// Why a command has no result: for people on stderr, and where a program
    /// asked, as its one JSON document on stdout.
    pub(super) fn failed(&self, failure: &Failure, exit: Exit) {
        self.failure(failure);
        if self.is_json() {
            let document = serde_json::json!({
                "error": {
                    "code": failure.code,
                    "message": failure.message,
                    "next": failure.hint,
                    "exit_code": exit.code(),
                }
            });
            // The exit code says it as well, should stdout be closed.
            let _ = self.json(&document);
        }
    }

    /// How a run ended: the reason for people on stderr, the final response on
    /// stdout.
    pub(super) fn closed(&self, closed: &Closed) -> Result<(), Failure> {
        if let Some(failure) = &closed.failure {
            if closed.status == Status::Failed {
                self.failure(failure);
                if self.is_json() && failure.code == NOBODY_TO_ASK {
                    // The one JSON document is the plan, which was shown.
                    return Ok(());
                }
            } else {
                self.warning(&format!("{} [{}]", failure.message, failure.code));
                if let Some(hint) = &failure.hint {
                    self.warning(&format!("next: {hint}"));
                }
            }
        }
        self.response(&closed.response)
    }

    /// The lines that close a command.
    pub(super) fn response(&self, response: &FinalResponse) -> Result<(), Failure> {
        if self.is_json() {
            self.json(response)
        } else {
            result(&plain(&response.to_string()));
            Ok(())
        }
    }
}

/// The code of a command that has to ask and has nobody to ask.
pub(super) const NOBODY_TO_ASK: &str = "NOBODY_TO_ASK";

/// Writes what the command was run for. A reader that closed the pipe did not
/// want it; any other reason must not pass in silence.
fn result(text: &str) {
    let mut stdout = anstream::stdout();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    if let Err(error) = written {
        note(error);
    }
}

/// The first reason why a line was not written.
static UNWRITTEN: OnceLock<io::Error> = OnceLock::new();

fn note(error: io::Error) {
    if error.kind() != io::ErrorKind::BrokenPipe {
        // The first one tells more than those that follow it.
        let _ = UNWRITTEN.set(error);
    }
}

fn not_written(error: &io::Error) -> Failure {
    Failure::new(
        FailureClass::Filesystem,
        "RESULT_NOT_WRITTEN",
        format!("the result could not be written to stdout: {error}"),
    )
    .with_hint(
        "what the command did is done, whatever of the result is missing: `birth runs list` and `birth runs show` say how a run ended; a command that only reads can be run again",
    )
}

/// A decision in the operation's word for it.
pub(super) fn decision(decision: Decision, word: &str) -> String {
    let style = match decision {
        Decision::Absent => BOLD,
        Decision::Exists => GOOD,
        Decision::Blocked => BAD,
    };
    styled(style, word)
}

pub(super) fn severity(severity: Severity) -> String {
    match severity {
        Severity::Note => styled(DIM, "note"),
        Severity::Warning => styled(WARN, "warning"),
        Severity::Finding => styled(BAD, "finding"),
    }
}
