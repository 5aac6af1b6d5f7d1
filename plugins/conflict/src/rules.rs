//! When does a proposed object conflict with what is there?
//!
//! The source is B3-P, phase 1, for columns and checks. Where B3-P says
//! nothing, two principles decide:
//!
//! - What cannot be proved is blocked, never guessed.
//! - `ALREADY_EXISTS_OK` means that the live object does what the proposed one
//!   would do. The operation leaves it alone, and so does its rollback.
//!
//! A subject is blocked exactly when it has a reason of severity finding.

use birth_sdk::conflict::{Facts, Policy, Status, Trigger, answer};
use birth_sdk::{Answers, Plugin, Reasons, RelationKind, SettingsReader};

mod check;
mod column;

/// The conflict policy.
#[derive(Debug)]
pub struct Conflicts;

/// What a policy set may decide. Every default is what B3-P says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `accept-varchar` (true): `character varying` serves where text is
    /// wanted. False: only `text` does.
    pub accept_varchar: bool,
    /// `accept-not-validated` (true): a check with the same values that is
    /// `NOT VALID` counts as existing. False: it blocks.
    pub accept_not_validated: bool,
    /// `accept-unproved-neighbours` (true): another constraint on the column
    /// whose meaning could not be proved is a warning. False: it blocks.
    pub accept_unproved_neighbours: bool,
    /// `shortest-free-text` (1): a text column without a closed list of values
    /// must hold at least this many characters.
    pub shortest_free_text: u32,
}

birth_sdk::reasons! {
    /// Why a proposed object is, or is not, in conflict.
    pub enum Reason {
        /// The relation cannot carry the object.
        RelationKind = Finding "RELATION_KIND_NOT_SUPPORTED"
            "{text} is not a table or a partitioned table",
        /// A setting refuses what the reason before it says.
        NotAcceptedBySettings = Finding "NOT_ACCEPTED_BY_SETTINGS"
            "the policy set's settings do not accept this",

        /// `ctid`, `xmin` and their like.
        SystemColumn = Finding "SYSTEM_COLUMN"
            "a system column holds the name",
        /// Neither the wanted type nor one that serves as it.
        TypeDiffers = Finding "TYPE_DIFFERS"
            "the live column is of type {text}",
        /// `character varying` where text is wanted.
        Varchar = Note "TYPE_IS_VARCHAR"
            "the live column is of type {text}, which serves as text",
        /// The longest value does not fit.
        TooShort = Finding "TOO_SHORT"
            "the live column holds at most {number} characters",
        /// The user cannot write it.
        Generated = Finding "GENERATED_COLUMN"
            "the live column is generated and cannot be written",
        /// The user should not write it.
        Identity = Finding "IDENTITY_COLUMN"
            "the live column is an identity column",
        /// Equality is not equality of characters.
        Collation = Finding "NONDETERMINISTIC_COLLATION"
            "the live column's collation takes different texts for equal, so a closed list of values means something else",
        /// Inserts that do not name the column fail.
        NotNull = Warning "NOT_NULL_WITHOUT_DEFAULT"
            "the live column is NOT NULL and has no default",
        /// The parent may change it.
        Inherited = Warning "INHERITED_COLUMN"
            "the live column comes from a parent table and changes with it",

        /// A unique, foreign key, exclusion or other constraint.
        NameHeldByOther = Finding "NAME_HELD_BY_OTHER_CONSTRAINT"
            "a constraint that is not a check holds the name: {text}",
        /// A check of something else.
        NameHeldElsewhere = Finding "NAME_HELD_FOR_OTHER_COLUMN"
            "a check that is not on this column alone holds the name: {text}",
        /// Its meaning could not be established.
        Unproved = Finding "UNPROVED"
            "what the live check allows could not be proved: {text}",
        /// NULL in the list, or a condition that is always true.
        RejectsNothing = Finding "REJECTS_NOTHING"
            "the live check rejects nothing: {text}",
        /// `NOT ENFORCED`.
        NotEnforced = Finding "NOT_ENFORCED"
            "the live check is not enforced",
        /// Columns are NULL until a decision is recorded.
        RejectsNull = Finding "REJECTS_NULL"
            "the live check rejects NULL, but the column is NULL until it is decided",
        /// The headline of the two reasons that follow.
        ValuesDiffer = Finding "VALUES_DIFFER"
            "the live check allows other values: {text}",
        /// One wanted value.
        ValueMissing = Finding "VALUE_MISSING"
            "the live check does not allow '{text}'",
        /// One value that is not wanted.
        ValueExtra = Finding "VALUE_EXTRA"
            "the live check allows '{text}' too",
        /// Same values, but rows from before it were never checked.
        NotValidated = Warning "NOT_VALIDATED"
            "the live check is NOT VALID: rows from before it were not checked",
        /// `NO INHERIT`.
        NoInherit = Note "NO_INHERIT"
            "the live check is not inherited by child tables",

        /// The check could not be added.
        RowsOutside = Finding "ROWS_OUTSIDE"
            "rows with a value outside the list: {number}, for example '{text}'",
        /// The check is there and not validated.
        RowsOutsideRemain = Warning "ROWS_OUTSIDE_REMAIN"
            "rows from before the check with a value outside the list: {number}, for example '{text}'",
        /// Adding the check will find out.
        RowsUnknown = Warning "ROWS_OUTSIDE_UNKNOWN"
            "whether rows hold a value outside the list is not known",

        /// The headline of the values that follow.
        NeighbourRefuses = Finding "OTHER_CONSTRAINT_REFUSES"
            "the constraint {text} on the column refuses wanted values",
        /// One wanted value.
        NeighbourRefusesValue = Finding "OTHER_CONSTRAINT_REFUSES_VALUE"
            "'{text}' would be refused",
        /// The same, where the proposed check exists already.
        ExistingIsNarrowed = Warning "OTHER_CONSTRAINT_NARROWS"
            "the constraint {text} on the column refuses {number} of the values",
        /// The column is NULL until a decision is recorded.
        NeighbourRejectsNull = Warning "OTHER_CONSTRAINT_REJECTS_NULL"
            "the constraint {text} refuses NULL, but the column is NULL until it is decided",
        /// Its meaning could not be established.
        NeighbourUnproved = Warning "OTHER_CONSTRAINT_UNPROVED"
            "what the constraint {text} does to the column could not be proved",
        /// The same check under another name.
        EqualUnderOtherName = Note "EQUAL_UNDER_OTHER_NAME"
            "the constraint {text} does the same already",

        /// Triggers come with a later revision.
        TriggersNotJudged = Finding "TRIGGERS_NOT_JUDGED_BY_THIS_REVISION"
            "this revision of the policy does not judge triggers",
    }
}

impl Plugin for Conflicts {
    const NAME: &'static str = env!("CARGO_PKG_NAME");
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    type Reason = Reason;
    type Settings = Settings;

    fn settings(reader: &mut SettingsReader<'_>) -> Settings {
        // PostgreSQL's longest character varying.
        let shortest = reader.integer("shortest-free-text", 1..=10_485_760, 1);
        Settings {
            accept_varchar: reader.truth("accept-varchar", true),
            accept_not_validated: reader.truth("accept-not-validated", true),
            accept_unproved_neighbours: reader.truth("accept-unproved-neighbours", true),
            shortest_free_text: u32::try_from(shortest).unwrap_or(u32::MAX),
        }
    }
}

impl Policy for Conflicts {
    fn judge(settings: &Settings, facts: Facts<'_>) -> Answers<Reason> {
        answer(
            facts,
            |column, reasons| column::judge(settings, column, reasons),
            |check, reasons| check::judge(settings, check, reasons),
            refuse_trigger,
        )
    }
}

/// Triggers are refused until rules for them exist: an answer that is safe and
/// says what is the matter.
fn refuse_trigger(_trigger: Trigger<'_>, reasons: &mut Reasons<'_, Reason>) -> Status {
    reasons.give(Reason::TriggersNotJudged);
    Status::Blocked
}

/// Blocked where a finding was given, else `otherwise`.
fn unless_blocked(reasons: &Reasons<'_, Reason>, otherwise: Status) -> Status {
    if reasons.has_finding() {
        return Status::Blocked;
    }
    otherwise
}

/// Columns and checks can be added to tables and to partitioned tables. A
/// partition takes its columns from its parent, and a temporary table, a view
/// or a foreign table is no place for a registry.
fn check_relation(relation: birth_sdk::conflict::Relation<'_>, reasons: &mut Reasons<'_, Reason>) {
    match relation.kind() {
        RelationKind::Table | RelationKind::PartitionedTable => {}
        _ => {
            reasons.give(Reason::RelationKind).text(relation.name());
        }
    }
}
