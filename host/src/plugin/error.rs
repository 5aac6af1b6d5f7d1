//! Why a plugin was refused or stopped. Every case is its own variant, names
//! the plugin by role, file and hash, and says what to do next.

use std::sync::Arc;
use std::time::Duration;

use birth_core::digest::Digest;
use birth_core::policy::description::DescriptionError;
use birth_core::policy::refusal::Refusal;
use birth_core::policy::verdict::VerdictError;
use birth_core::policy::{Role, WIT_VERSION};
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};
use thiserror::Error;

/// Which plugin: its role, its file and the SHA-256 it is pinned to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginId {
    /// Its role in the policy set.
    pub role: Role,
    /// Its file, relative to the policy set's directory.
    pub file: String,
    /// Its pin.
    pub sha256: Digest,
}

impl std::fmt::Display for PluginId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "plugin `{}` ({}, sha256 {}…)",
            self.role,
            self.file,
            self.sha256.short()
        )
    }
}

/// The call during which a plugin misbehaved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// Making an instance; runs a module's start function.
    Instantiate,
    /// `describe`.
    Describe,
    /// `check-settings`.
    CheckSettings,
    /// `judge`.
    Judge,
}

impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Instantiate => "instantiation",
            Self::Describe => "describe",
            Self::CheckSettings => "check-settings",
            Self::Judge => "judge",
        })
    }
}

/// A setting that a plugin does not accept, in its own words (shortened, and
/// without control characters).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SettingProblem {
    /// The setting's key.
    pub key: String,
    /// What is wrong with it.
    pub problem: String,
}

/// Why a plugin was refused or stopped.
#[derive(Debug, Error)]
#[expect(
    missing_docs,
    reason = "the fields are what the messages say; `plugin` is which one"
)]
pub enum PluginError {
    /// The policy set has no plugin for a role that is needed.
    #[error(
        "the policy set `{set}` has no plugin for the role `{role}`: add [plugin.{role}] with its file and sha256"
    )]
    RoleAbsent { set: String, role: Role },
    /// The revision may not be executed, as far as approvals say.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The file cannot be read.
    #[error(
        "{plugin} cannot be read: {reason}; put the file beside the policy set or correct `file`"
    )]
    Missing {
        plugin: Arc<PluginId>,
        reason: String,
    },
    /// A component of a registry that was not fetched.
    #[error(
        "{plugin} is not in the plugin store{}; nothing is fetched here: run `birth plugin pull --policy FILE` with this policy set", store.as_ref().map(|s| format!(" {s}")).unwrap_or_default()
    )]
    NotInStore {
        plugin: Arc<PluginId>,
        store: Option<String>,
    },
    /// What the store has is not it.
    #[error("{plugin}: {what}; fetch it again with `birth plugin pull --policy FILE`")]
    StoreNotUsable {
        plugin: Arc<PluginId>,
        code: &'static str,
        what: String,
    },
    /// The bytes are not those that were pinned.
    #[error("{plugin}: the file's sha256 is {found}, the pin is {}; restore the pinned file, or review the new one and pin it", plugin.sha256)]
    PinMismatch {
        plugin: Arc<PluginId>,
        found: Digest,
    },
    /// Not a component at all.
    #[error(
        "{plugin} is not a WebAssembly component but {what}; build it with `birth plugin build`"
    )]
    NotAComponent {
        plugin: Arc<PluginId>,
        what: &'static str,
    },
    /// Not a valid component, or one that needs a feature which is off.
    #[error("{plugin} does not compile: {what}; build it with `birth plugin build`")]
    Compile { plugin: Arc<PluginId>, what: String },
    /// Asks for something from outside.
    #[error("{plugin} imports {}; a plugin may import nothing: remove what needs it and rebuild", imports.join(", "))]
    HasImports {
        plugin: Arc<PluginId>,
        imports: Vec<String>,
    },
    /// Speaks another version of the boundary.
    #[error(
        "{plugin} speaks birth:policy {found}, this host speaks {WIT_VERSION}; rebuild the plugin or use another host"
    )]
    WrongWitVersion {
        plugin: Arc<PluginId>,
        found: String,
    },
    /// Is not a plugin of the role it is pinned for.
    #[error("{plugin} does not export `{}`; it exports {}: pin it under its own role, or build it for this one", plugin.role.interface(), listed(exports))]
    WrongRole {
        plugin: Arc<PluginId>,
        exports: Vec<String>,
    },
    /// Exports the right name with other types.
    #[error("{plugin}: `{}` is not the interface of that name: {what}; build it against the released WIT package", plugin.role.interface())]
    WrongInterface { plugin: Arc<PluginId>, what: String },
    /// Declares more than a plugin may have.
    #[error("{plugin} has {found} {what}, the limit is {limit}; build a smaller one")]
    OverLimit {
        plugin: Arc<PluginId>,
        what: &'static str,
        found: u64,
        limit: u64,
    },
    /// Does not accept its settings.
    #[error("{plugin} rejects its settings: {}; correct [plugin.{}.settings]", problems_listed(problems), plugin.role)]
    SettingsRejected {
        plugin: Arc<PluginId>,
        problems: Vec<SettingProblem>,
    },
    /// The host's batch would not fit.
    #[error(
        "{plugin}: the batch of {found} bytes is over the limit of {limit}; judge fewer subjects at a time"
    )]
    BatchTooLarge {
        plugin: Arc<PluginId>,
        found: usize,
        limit: usize,
    },
    /// Calls the host's batch malformed.
    #[error(
        "{plugin} calls the batch malformed: {what}; host and plugin disagree on the layout: report it with the run's facts"
    )]
    Malformed { plugin: Arc<PluginId>, what: String },
    /// Trapped.
    #[error(
        "{plugin} trapped in {during}: {what}; the run was stopped before any write: report it to the plugin's author"
    )]
    Trapped {
        plugin: Arc<PluginId>,
        during: Call,
        what: String,
    },
    /// Used up its instruction budget.
    #[error(
        "{plugin} used up its {limit} units of fuel in {during}; the run was stopped before any write: the plugin loops, or does too much work per subject"
    )]
    OutOfFuel {
        plugin: Arc<PluginId>,
        during: Call,
        limit: u64,
    },
    /// Wanted more memory than it may have.
    #[error(
        "{plugin} wanted more than {limit} bytes of memory in {during}; the run was stopped before any write: the plugin leaks, or needs smaller batches"
    )]
    OutOfMemory {
        plugin: Arc<PluginId>,
        during: Call,
        limit: usize,
    },
    /// Ran past the wall-clock limit.
    #[error(
        "{plugin} did not finish {during} in {limit:?}; the run was stopped before any write: the plugin is too slow, or the machine is overloaded"
    )]
    DeadlineExceeded {
        plugin: Arc<PluginId>,
        during: Call,
        limit: Duration,
    },
    /// Returned too many bytes.
    #[error(
        "{plugin} answered {during} with more than {limit} bytes; the run was stopped before any write: report it to the plugin's author"
    )]
    AnswerTooLarge {
        plugin: Arc<PluginId>,
        during: Call,
        limit: usize,
    },
    /// Broke the canonical ABI: a pointer out of bounds, text that is not UTF-8.
    #[error(
        "{plugin} exchanged an unreadable value in {during}: {what}; the run was stopped before any write: report it to the plugin's author"
    )]
    Unreadable {
        plugin: Arc<PluginId>,
        during: Call,
        what: String,
    },
    /// Answered against the rules of the boundary.
    #[error(
        "{plugin} gave a wrong answer: {source}; the run was stopped before any write: report it to the plugin's author"
    )]
    BadAnswer {
        plugin: Arc<PluginId>,
        source: VerdictError,
    },
    /// Describes itself against the rules of the boundary.
    #[error("{plugin} describes itself wrongly: {source}; report it to the plugin's author")]
    BadDescription {
        plugin: Arc<PluginId>,
        source: DescriptionError,
    },
    /// The host's own engine failed.
    #[error("the plugin engine failed: {what}; no plugin was run")]
    Engine { what: String },
}

impl PluginError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::RoleAbsent { .. } => "POLICY_ROLE_ABSENT",
            Self::Refused(refusal) => refusal.code(),
            Self::Missing { .. } => "PLUGIN_MISSING",
            Self::NotInStore { .. } => "PLUGIN_NOT_IN_STORE",
            Self::StoreNotUsable { code, .. } => code,
            Self::PinMismatch { .. } => "PLUGIN_PIN_MISMATCH",
            Self::NotAComponent { .. } => "PLUGIN_NOT_A_COMPONENT",
            Self::Compile { .. } => "PLUGIN_COMPILE",
            Self::HasImports { .. } => "PLUGIN_HAS_IMPORTS",
            Self::WrongWitVersion { .. } => "PLUGIN_WRONG_WIT_VERSION",
            Self::WrongRole { .. } => "PLUGIN_WRONG_ROLE",
            Self::WrongInterface { .. } => "PLUGIN_WRONG_INTERFACE",
            Self::OverLimit { .. } => "PLUGIN_OVER_LIMIT",
            Self::SettingsRejected { .. } => "PLUGIN_SETTINGS_REJECTED",
            Self::BatchTooLarge { .. } => "PLUGIN_BATCH_TOO_LARGE",
            Self::Malformed { .. } => "PLUGIN_BATCH_MALFORMED",
            Self::Trapped { .. } => "PLUGIN_TRAPPED",
            Self::OutOfFuel { .. } => "PLUGIN_OUT_OF_FUEL",
            Self::OutOfMemory { .. } => "PLUGIN_OUT_OF_MEMORY",
            Self::DeadlineExceeded { .. } => "PLUGIN_DEADLINE_EXCEEDED",
            Self::AnswerTooLarge { .. } => "PLUGIN_ANSWER_TOO_LARGE",
            Self::Unreadable { .. } => "PLUGIN_ANSWER_UNREADABLE",
            Self::BadAnswer { .. } => "PLUGIN_BAD_ANSWER",
            Self::BadDescription { .. } => "PLUGIN_BAD_DESCRIPTION",
            Self::Engine { .. } => "PLUGIN_ENGINE",
        }
    }

    /// True where the plugin ran and broke a rule; false where it was refused
    /// before it ran, or where the host or the policy set is at fault.
    #[must_use]
    pub fn is_misbehaviour(&self) -> bool {
        match self {
            Self::Malformed { .. }
            | Self::Trapped { .. }
            | Self::OutOfFuel { .. }
            | Self::OutOfMemory { .. }
            | Self::DeadlineExceeded { .. }
            | Self::AnswerTooLarge { .. }
            | Self::Unreadable { .. }
            | Self::BadAnswer { .. }
            | Self::BadDescription { .. } => true,
            Self::RoleAbsent { .. }
            | Self::Refused(_)
            | Self::Missing { .. }
            | Self::NotInStore { .. }
            | Self::StoreNotUsable { .. }
            | Self::PinMismatch { .. }
            | Self::NotAComponent { .. }
            | Self::Compile { .. }
            | Self::HasImports { .. }
            | Self::WrongWitVersion { .. }
            | Self::WrongRole { .. }
            | Self::WrongInterface { .. }
            | Self::OverLimit { .. }
            | Self::SettingsRejected { .. }
            | Self::BatchTooLarge { .. }
            | Self::Engine { .. } => false,
        }
    }
}

/// As `{"code": …, "message": …}`.
impl Serialize for PluginError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("PluginError", 2)?;
        out.serialize_field("code", self.code())?;
        out.serialize_field("message", &self.to_string())?;
        out.end()
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        "nothing".to_owned()
    } else {
        names.join(", ")
    }
}

fn problems_listed(problems: &[SettingProblem]) -> String {
    let items: Vec<_> = problems
        .iter()
        .map(|p| format!("`{}` {}", p.key, p.problem))
        .collect();
    if items.is_empty() {
        "it does not say why".to_owned()
    } else {
        items.join("; ")
    }
}

/// A plugin's own words, safe to print: at most 500 characters, none of them
/// a control character.
pub(super) fn in_its_words(text: &str) -> String {
    text.chars()
        .take(500)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}
