//! One failure type for everything a command can stop with.

use std::fmt;

use birth_core::op::DatabaseIdentity;
use birth_core::op::plan_file::PlanFileError;
use birth_core::op::verdict::AssessError;
use birth_core::outcome::FailureClass;
use birth_core::resolve::ResolveError;

use crate::journal::{JournalError, KeysError};
use crate::kb::StoreError;
use crate::pg::connect::ConnectError;
use crate::pg::{PgError, PgErrorKind};
use crate::plugin::error::PluginError;
use crate::plugin::recognise::RecogniseError;
use crate::trust::TrustedError;

/// The code of a lock that was not had in time.
pub const LOCK_TIMEOUT: &str = "LOCK_TIMEOUT";

/// Why a command stopped: what kind, a stable code, the message, and what the
/// person can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Decides the exit code.
    pub class: FailureClass,
    /// Stable, for scripts: the first word of `reason=`.
    pub code: &'static str,
    /// What happened, naming the object.
    pub message: String,
    /// The next step.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure of a class.
    pub fn new(class: FailureClass, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            class,
            code,
            message: message.into(),
            hint: None,
        }
    }

    /// Adds the next step.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The text after `reason=`.
    #[must_use]
    pub fn reason(&self) -> String {
        format!("{}: {}", self.code, self.message)
    }

    /// A server that takes no writes.
    pub(crate) fn read_only() -> Self {
        Self::new(
            FailureClass::Database,
            "READ_ONLY",
            "the server is a standby, or default_transaction_read_only is on",
        )
        .with_hint("connect to the primary, or lift default_transaction_read_only for this session")
    }

    /// Values that the program itself made could not be written as JSON.
    pub(crate) fn encoding(error: &serde_json::Error) -> Self {
        Self::new(FailureClass::Internal, "ENCODING_FAILED", error.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<PgError> for Failure {
    fn from(error: PgError) -> Self {
        let class = match error.kind {
            PgErrorKind::ConnectionLost => FailureClass::Connection,
            PgErrorKind::Privilege => FailureClass::Privilege,
            PgErrorKind::Missing => FailureClass::Drift,
            PgErrorKind::LockTimeout
            | PgErrorKind::Cancelled
            | PgErrorKind::ReadOnly
            | PgErrorKind::Trouble
            | PgErrorKind::Refused
            | PgErrorKind::Unexpected => FailureClass::Database,
        };
        let mut failure = Self::new(class, error.code(), error.to_string());
        failure.hint = error.hint().map(str::to_owned);
        failure
    }
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        let (class, code) = match error.failure() {
            None => (FailureClass::Configuration, "CONNECTION_SETTINGS"),
            Some(_) => (FailureClass::Connection, "CONNECTION_FAILED"),
        };
        let mut failure = Self::new(class, code, error.to_string());
        failure.hint = error.hint().map(str::to_owned);
        failure
    }
}

impl From<ResolveError> for Failure {
    fn from(error: ResolveError) -> Self {
        Self::new(FailureClass::Schema, error.code(), error.to_string()).with_hint(error.hint())
    }
}

impl Failure {
    /// A plugin that was refused or stopped.
    #[must_use]
    pub fn from_plugin(error: &PluginError) -> Self {
        let class = if error.is_misbehaviour() {
            FailureClass::Plugin
        } else {
            FailureClass::Policy
        };
        Self::new(class, error.code(), error.to_string())
    }
}

impl From<PluginError> for Failure {
    fn from(error: PluginError) -> Self {
        Self::from_plugin(&error)
    }
}

impl From<RecogniseError> for Failure {
    fn from(error: RecogniseError) -> Self {
        match error {
            RecogniseError::Refused(error) => error.into(),
            _ => Self::new(FailureClass::Policy, error.code(), error.to_string())
                .with_hint("build it with `birth plugin build`"),
        }
    }
}

impl From<TrustedError> for Failure {
    fn from(error: TrustedError) -> Self {
        let (class, code) = if error.is_reading() {
            (FailureClass::Filesystem, "FILE_NOT_READABLE")
        } else {
            (FailureClass::Policy, "TRUST_NOT_USABLE")
        };
        Self::new(class, code, error.to_string())
            .with_hint("correct the trust file that --trust or BIRTH_TRUST names: without it nothing is trusted")
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        let class = match &error {
            e if e.is_damage() => FailureClass::Artifact,
            JournalError::NoSuchRun { .. } | JournalError::NotARunId(_) => {
                FailureClass::Configuration
            }
            _ => FailureClass::Filesystem,
        };
        let mut failure = Self::new(class, error.code(), error.to_string());
        failure.hint = error.hint().map(str::to_owned);
        failure
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::new(FailureClass::Filesystem, "UPLOAD_FAILED", error.to_string())
            .with_hint("mend the store, then run `birth runs publish RUN`")
    }
}

impl From<KeysError> for Failure {
    fn from(error: KeysError) -> Self {
        Self::new(
            FailureClass::Artifact,
            "ROLLBACK_KEYS_NOT_USABLE",
            error.to_string(),
        )
        .with_hint("restore rollback-keys.json from the knowledge base")
    }
}

impl From<PlanFileError> for Failure {
    fn from(error: PlanFileError) -> Self {
        Self::new(
            FailureClass::Artifact,
            "PLAN_FILE_NOT_USABLE",
            error.to_string(),
        )
        .with_hint("make the plan again with `birth plan … --out FILE`")
    }
}

impl From<AssessError> for Failure {
    fn from(error: AssessError) -> Self {
        let (class, code) = match &error {
            AssessError::Name(_) => (FailureClass::Schema, "NAME_TOO_LONG"),
            AssessError::Encode(_) => (FailureClass::Internal, "ENCODING_FAILED"),
            AssessError::Issue(_) => (FailureClass::Schema, "ISSUE_WOULD_BE_REFUSED"),
            AssessError::Count { .. } | AssessError::Contradiction { .. } => {
                (FailureClass::Plugin, "VERDICT_CONTRADICTS_CATALOG")
            }
        };
        Self::new(class, code, error.to_string())
    }
}

/// The code of a record that belongs to another database.
pub const OTHER_DATABASE: &str = "OTHER_DATABASE";

/// The keys or the plan belong to another database.
pub fn other_database(
    what: &str,
    recorded: &DatabaseIdentity,
    found: &DatabaseIdentity,
) -> Failure {
    Failure::new(
        FailureClass::Artifact,
        OTHER_DATABASE,
        format!(
            "{what} made on the database {} (oid {}, system {}), but the connection is to {} (oid {}, system {})",
            recorded.database,
            recorded.database_oid,
            recorded.system_identifier,
            found.database,
            found.database_oid,
            found.system_identifier
        ),
    )
    .with_hint("connect to the database it belongs to")
}
