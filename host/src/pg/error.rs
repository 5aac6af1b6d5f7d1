//! What a statement can fail with, told apart by SQLSTATE.

use std::time::Duration;

use thiserror::Error;
use tokio_postgres::error::{Severity, SqlState};

/// What kind of failure it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PgErrorKind {
    /// The connection is gone; what the server did last is not known here.
    ConnectionLost,
    /// The role lacks a right.
    Privilege,
    /// `lock_timeout` passed, or a deadlock was broken.
    LockTimeout,
    /// `statement_timeout` passed, or somebody cancelled the statement.
    Cancelled,
    /// The server is a standby or read-only.
    ReadOnly,
    /// A table or column that was there when the plan was made is not.
    Missing,
    /// The server lacks something for the moment, or asks to try again: room,
    /// memory, a serialisation, an internal error.
    Trouble,
    /// The server refused for another reason.
    Refused,
    /// An answer was not of the expected form.
    Unexpected,
}

impl PgErrorKind {
    /// Stable code for `reason=`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::ConnectionLost => "CONNECTION_LOST",
            Self::Privilege => "PRIVILEGE_MISSING",
            Self::LockTimeout => "LOCK_TIMEOUT",
            Self::Cancelled => "STATEMENT_CANCELLED",
            Self::ReadOnly => "READ_ONLY",
            Self::Missing => "OBJECT_GONE",
            Self::Trouble => "SERVER_TROUBLE",
            Self::Refused => "STATEMENT_REFUSED",
            Self::Unexpected => "UNEXPECTED_ANSWER",
        }
    }
}

/// A statement or query that failed.
#[derive(Debug, Error)]
#[error("{action}: {message}")]
pub struct PgError {
    /// What kind it was.
    pub kind: PgErrorKind,
    /// What was being done.
    pub action: String,
    /// The server's message with its detail and hint, and the SQLSTATE.
    pub message: String,
}

impl PgError {
    pub(super) fn new(action: impl Into<String>, error: &tokio_postgres::Error) -> Self {
        let action = action.into();
        let Some(db) = error.as_db_error() else {
            let kind = if error.is_closed() || is_io(error) {
                PgErrorKind::ConnectionLost
            } else {
                PgErrorKind::Unexpected
            };
            let mut message = error.to_string();
            let mut source = std::error::Error::source(error);
            while let Some(cause) = source {
                message = format!("{message}: {cause}");
                source = cause.source();
            }
            return Self {
                kind,
                action,
                message,
            };
        };
        let mut message = db.message().to_owned();
        // The detail of a violated constraint holds values of users' rows.
        let is_about_rows = db.code().code().starts_with("23");
        if let Some(detail) = db.detail().filter(|_| !is_about_rows) {
            message = format!("{message} ({detail})");
        }
        if let Some(hint) = db.hint() {
            message = format!("{message}; {hint}");
        }
        message = format!("{message} [SQLSTATE {}]", db.code().code());
        // After a FATAL or PANIC there is no session that could say more: what
        // the server did last is as open as after a broken connection.
        let ended = matches!(
            db.parsed_severity(),
            Some(Severity::Fatal | Severity::Panic)
        );
        Self {
            kind: if ended {
                PgErrorKind::ConnectionLost
            } else {
                kind(db.code())
            },
            action,
            message,
        }
    }

    pub(super) fn no_answer(action: &str, within: Duration) -> Self {
        Self {
            kind: PgErrorKind::ConnectionLost,
            action: action.to_owned(),
            message: format!("the server did not answer within {within:?}"),
        }
    }

    pub(super) fn unexpected(action: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            kind: PgErrorKind::Unexpected,
            action: action.into(),
            message: message.into(),
        }
    }

    /// Stable code for `reason=`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// The next step.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self.kind {
            PgErrorKind::ConnectionLost => Some("nothing was committed; run the command again"),
            PgErrorKind::Privilege => Some(
                "`birth doctor` shows which rights the operations need; those of worker and sweep are in docs/operations.md",
            ),
            PgErrorKind::LockTimeout => Some("try again later, or with a longer --lock-timeout"),
            PgErrorKind::Cancelled => Some("a longer --statement-timeout gives it more time"),
            PgErrorKind::ReadOnly => Some(
                "connect to the primary, or lift default_transaction_read_only for this session",
            ),
            PgErrorKind::Missing => Some("make the plan again"),
            PgErrorKind::Trouble => Some("look at the server's log, then try again"),
            PgErrorKind::Refused | PgErrorKind::Unexpected => None,
        }
    }
}

fn is_io(error: &tokio_postgres::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if cause.is::<std::io::Error>() {
            return true;
        }
        source = cause.source();
    }
    false
}

/// PostgreSQL manual, appendix A ("PostgreSQL Error Codes").
fn kind(state: &SqlState) -> PgErrorKind {
    match state.code() {
        "42501" => PgErrorKind::Privilege,
        "55P03" | "40P01" => PgErrorKind::LockTimeout,
        "57014" => PgErrorKind::Cancelled,
        "25006" => PgErrorKind::ReadOnly,
        "42P01" | "42703" | "3F000" => PgErrorKind::Missing,
        "57P01" | "57P02" | "57P03" | "57P04" | "57P05" | "25P03" | "25P04" => {
            PgErrorKind::ConnectionLost
        }
        code if code.starts_with("08") => PgErrorKind::ConnectionLost,
        code if ["40", "53", "58", "XX"]
            .iter()
            .any(|class| code.starts_with(class)) =>
        {
            PgErrorKind::Trouble
        }
        _ => PgErrorKind::Refused,
    }
}
