//! What every plugin says of itself, and the glue between the generated
//! bindings of a world and the types of this crate.

use crate::layout::Malformed;
use crate::reasons::Reason;
use crate::settings::{Setting, SettingProblem, SettingsReader};

/// A plugin, whatever its role.
pub trait Plugin: 'static {
    /// Shown to people; conventionally the package's name.
    const NAME: &'static str;
    /// Shown to people; conventionally `env!("CARGO_PKG_VERSION")`.
    const VERSION: &'static str;
    /// The reasons it gives, see [`reasons!`](crate::reasons).
    type Reason: Reason;
    /// Its settings, read once per batch.
    type Settings;

    /// Reads every setting the plugin knows. Called with no settings too:
    /// defaults must be a complete policy.
    fn settings(reader: &mut SettingsReader<'_>) -> Self::Settings;
}

/// Why facts could not be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The settings are not valid.
    Settings(Vec<SettingProblem>),
    /// The batch breaks the layout.
    Malformed(Malformed),
}

impl From<Malformed> for Refusal {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

/// Reads the settings of `P`.
///
/// # Errors
/// Every problem that was found.
pub(crate) fn read_settings<P: Plugin>(
    given: &[Setting],
) -> Result<P::Settings, Vec<SettingProblem>> {
    let mut reader = SettingsReader::new(given);
    let settings = P::settings(&mut reader);
    let problems = reader.finish();
    if problems.is_empty() {
        return Ok(settings);
    }
    Err(problems)
}

/// Which relation a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelationKind {
    /// No such relation.
    None,
    /// An ordinary table.
    Table,
    /// The parent of partitions.
    PartitionedTable,
    /// A partition.
    Partition,
    /// A view.
    View,
    /// A materialized view.
    MaterializedView,
    /// A foreign table.
    ForeignTable,
    /// A temporary table.
    TemporaryTable,
    /// The name fits more than one relation.
    Ambiguous,
    /// Anything else.
    Other,
}

impl RelationKind {
    /// The largest number that this version of the package defines.
    pub(crate) const LAST: u8 = 9;

    pub(crate) fn from_number(number: u8) -> Self {
        match number {
            0 => Self::None,
            1 => Self::Table,
            2 => Self::PartitionedTable,
            3 => Self::Partition,
            4 => Self::View,
            5 => Self::MaterializedView,
            6 => Self::ForeignTable,
            7 => Self::TemporaryTable,
            8 => Self::Ambiguous,
            _ => Self::Other,
        }
    }
}

/// When a trigger fires: `pg_trigger.tgenabled`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TriggerEnabled {
    /// In origin and local mode, which is the default.
    Origin,
    /// Never.
    Disabled,
    /// In replica mode only.
    Replica,
    /// In every mode.
    Always,
}

impl TriggerEnabled {
    /// The largest number that this version of the package defines.
    pub(crate) const LAST: u8 = 3;

    pub(crate) fn from_number(number: u8) -> Self {
        match number {
            0 => Self::Origin,
            1 => Self::Disabled,
            2 => Self::Replica,
            _ => Self::Always,
        }
    }
}

/// Timing, level and events of a trigger: `pg_trigger.tgtype`, with the bits of
/// PostgreSQL's `catalog/pg_trigger.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TriggerType(pub u8);

impl TriggerType {
    /// `AFTER INSERT … FOR EACH ROW` and no other event.
    pub const AFTER_INSERT_ROW: Self = Self(5);

    /// Every bit that PostgreSQL defines.
    pub(crate) const KNOWN: u32 = 127;

    /// `FOR EACH ROW`, not `FOR EACH STATEMENT`.
    pub fn is_row(self) -> bool {
        self.0 & 1 != 0
    }

    /// Neither `BEFORE` nor `INSTEAD OF`.
    pub fn is_after(self) -> bool {
        !self.is_before() && !self.is_instead_of()
    }

    /// `BEFORE`.
    pub fn is_before(self) -> bool {
        self.0 & 2 != 0
    }

    /// `INSTEAD OF`.
    pub fn is_instead_of(self) -> bool {
        self.0 & 64 != 0
    }

    /// Fires on `INSERT`.
    pub fn on_insert(self) -> bool {
        self.0 & 4 != 0
    }

    /// Fires on `DELETE`.
    pub fn on_delete(self) -> bool {
        self.0 & 8 != 0
    }

    /// Fires on `UPDATE`.
    pub fn on_update(self) -> bool {
        self.0 & 16 != 0
    }

    /// Fires on `TRUNCATE`.
    pub fn on_truncate(self) -> bool {
        self.0 & 32 != 0
    }
}

/// What is particular to a live trigger; the roles conflict and coverage share
/// these bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TriggerTraits(pub(crate) u16);

impl TriggerTraits {
    pub(crate) const KNOWN: u32 = 511;

    /// Holds the proposed name.
    pub fn holds_name(self) -> bool {
        self.0 & 1 != 0
    }

    /// Bound to the wanted function: the same OID.
    pub fn is_bound_to_function(self) -> bool {
        self.0 & 2 != 0
    }

    /// Made by PostgreSQL for a constraint of its own.
    pub fn is_internal(self) -> bool {
        self.0 & 4 != 0
    }

    /// Clone of a trigger of the partitioned parent.
    pub fn is_clone(self) -> bool {
        self.0 & 8 != 0
    }

    /// `CREATE CONSTRAINT TRIGGER`.
    pub fn is_constraint_trigger(self) -> bool {
        self.0 & 16 != 0
    }

    /// Has a `WHEN` condition.
    pub fn has_when(self) -> bool {
        self.0 & 32 != 0
    }

    /// Passes arguments to the function.
    pub fn has_arguments(self) -> bool {
        self.0 & 64 != 0
    }

    /// `UPDATE OF` named columns.
    pub fn has_column_list(self) -> bool {
        self.0 & 128 != 0
    }

    /// `REFERENCING` transition tables.
    pub fn has_transition_tables(self) -> bool {
        self.0 & 256 != 0
    }
}

/// Implements the generated `Guest` trait of one world for every policy of the
/// role in whose module it stands, and the macro that exports one. All lists
/// are moved, none is copied.
macro_rules! export_role {
    ($bindings:ident, $role:ident) => {
        mod exported {
            use std::marker::PhantomData;

            use $bindings::exports::birth::policy::{types, $role as wire};

            use super::{Batch, Policy};
            use crate::plugin::{Plugin, Refusal, read_settings};
            use crate::reasons::{Reason, ReasonKind, Severity};
            use crate::settings::{Setting, SettingProblem, SettingValue};
            use crate::verdicts::Verdicts;

            /// A policy as its world exports it.
            #[doc(hidden)]
            #[derive(Debug)]
            pub struct Exported<P>(PhantomData<P>);

            impl<P: Policy> wire::Guest for Exported<P> {
                fn describe() -> wire::Description {
                    wire::Description {
                        name: P::NAME.to_owned(),
                        version: P::VERSION.to_owned(),
                        reasons: <P as Plugin>::Reason::KINDS.iter().map(kind).collect(),
                    }
                }

                fn check_settings(
                    given: Vec<wire::Setting>,
                ) -> Result<(), Vec<wire::SettingProblem>> {
                    let given: Vec<Setting> = given.into_iter().map(setting).collect();
                    match read_settings::<P>(&given) {
                        Ok(_) => Ok(()),
                        Err(found) => Err(problems(found)),
                    }
                }

                fn judge(
                    given: Vec<wire::Setting>,
                    batch: Batch,
                ) -> Result<wire::Verdicts, wire::PolicyError> {
                    let given: Vec<Setting> = given.into_iter().map(setting).collect();
                    match super::judge::<P>(&given, &batch) {
                        Ok(answers) => Ok(verdicts(answers)),
                        Err(Refusal::Settings(found)) => {
                            Err(wire::PolicyError::Settings(problems(found)))
                        }
                        Err(Refusal::Malformed(malformed)) => {
                            Err(wire::PolicyError::Malformed(malformed.list.to_owned()))
                        }
                    }
                }
            }

            fn kind(kind: &ReasonKind) -> types::ReasonKind {
                types::ReasonKind {
                    code: kind.code.to_owned(),
                    severity: match kind.severity {
                        Severity::Note => types::Severity::Note,
                        Severity::Warning => types::Severity::Warning,
                        Severity::Finding => types::Severity::Finding,
                    },
                    message: kind.message.to_owned(),
                }
            }

            fn setting(setting: wire::Setting) -> Setting {
                Setting {
                    key: setting.key,
                    value: match setting.value {
                        types::SettingValue::Text(value) => SettingValue::Text(value),
                        types::SettingValue::Integer(value) => SettingValue::Integer(value),
                        types::SettingValue::Truth(value) => SettingValue::Truth(value),
                        types::SettingValue::Texts(value) => SettingValue::Texts(value),
                    },
                }
            }

            fn problems(problems: Vec<SettingProblem>) -> Vec<wire::SettingProblem> {
                let one = |found: SettingProblem| wire::SettingProblem {
                    key: found.key,
                    problem: found.problem,
                };
                problems.into_iter().map(one).collect()
            }

            fn verdicts(answers: Verdicts) -> wire::Verdicts {
                wire::Verdicts {
                    subject: answers.subject,
                    status: answers.status,
                    scope: answers.scope,
                    score: answers.score,
                    reason_start: answers.reason_start,
                    reason_kind: answers.reason_kind,
                    reason_weight: answers.reason_weight,
                    reason_text: answers.reason_text,
                    reason_number: answers.reason_number,
                }
            }
        }

        #[doc(hidden)]
        pub use exported::Exported;

        /// Judges a batch as the exported component does: layout, settings,
        /// rules. Tests call it natively.
        ///
        /// # Errors
        /// A batch that breaks the layout, or settings that are not valid.
        pub fn judge<P: Policy>(
            settings: &[crate::Setting],
            batch: &Batch,
        ) -> Result<crate::Verdicts, crate::Refusal> {
            let settings =
                crate::plugin::read_settings::<P>(settings).map_err(crate::Refusal::Settings)?;
            let facts = Facts::new(batch)?;
            Ok(P::judge(&settings, facts).into_verdicts())
        }
    };
}
pub(crate) use export_role;

/// Exports a [`classification::Policy`](crate::classification::Policy) as the
/// world `classification-plugin`. Nothing is exported on other targets than
/// WebAssembly, so that several plugins can be linked into one native test.
#[macro_export]
macro_rules! export_classification {
    ($policy:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type Component = $crate::classification::Exported<$policy>;
            $crate::bindings::classification::export!(
                Component with_types_in $crate::bindings::classification
            );
        };
    };
}

/// Exports a [`conflict::Policy`](crate::conflict::Policy) as the world
/// `conflict-plugin`. Nothing is exported on other targets than WebAssembly, so
/// that several plugins can be linked into one native test.
#[macro_export]
macro_rules! export_conflict {
    ($policy:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type Component = $crate::conflict::Exported<$policy>;
            $crate::bindings::conflict::export!(
                Component with_types_in $crate::bindings::conflict
            );
        };
    };
}

/// Exports a [`coverage::Policy`](crate::coverage::Policy) as the world
/// `coverage-plugin`. Nothing is exported on other targets than WebAssembly, so
/// that several plugins can be linked into one native test.
#[macro_export]
macro_rules! export_coverage {
    ($policy:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type Component = $crate::coverage::Exported<$policy>;
            $crate::bindings::coverage::export!(
                Component with_types_in $crate::bindings::coverage
            );
        };
    };
}
