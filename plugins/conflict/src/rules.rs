//! When does a proposed object conflict with what is there?
//!
//! The source is B3-P, phase 1, for columns and checks, and B3-A, phase 3, with
//! the B3 design, revision 3, section 5, for triggers. Where they say nothing,
//! two principles decide:
//!
//! - What cannot be proved is blocked, never guessed.
//! - `ALREADY_EXISTS_OK` means that the live object does what the proposed one
//!   would do. The operation leaves it alone, and so does its rollback.
//!
//! A subject is blocked exactly when it has a reason of severity finding.

use birth_sdk::conflict::{Facts, Policy, Relation, Status, answer};
use birth_sdk::{Answers, Plugin, Reasons, RelationKind, SettingsReader, Text};

mod check;
mod column;
mod trigger;

/// The conflict policy.
#[derive(Debug)]
pub struct Conflicts;

/// What a policy set may decide. Every default is what B3-P and B3-A say.
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
    /// `accept-other-trigger-name` (true): a trigger that is bound to the
    /// function and right counts as existing whatever its name. False: it
    /// blocks.
    pub accept_other_trigger_name: bool,
    /// `accept-constraint-trigger` (false): a constraint trigger that is right
    /// otherwise blocks, because it may be deferred to the end of the
    /// transaction. True: it counts as existing and is a warning.
    pub accept_constraint_trigger: bool,
    /// `accept-always-enabled` (true): a trigger that fires for replicated rows
    /// too counts as existing and is a warning. False: it blocks, as it should
    /// where births are replicated along with the rows.
    pub accept_always_enabled: bool,
    /// `accept-row-moves` (true): a partitioned table may get or have the
    /// trigger, with a warning. False: it is blocked, as it should be where the
    /// function may not see one row twice.
    pub accept_row_moves: bool,
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

        /// Anything but `AFTER INSERT … FOR EACH ROW`.
        WantedTypeNotSupported = Finding "WANTED_TYPE_NOT_SUPPORTED"
            "only AFTER INSERT FOR EACH ROW is judged, and the wanted trigger's tgtype is {number}",
        /// By a trigger that calls another function.
        TriggerNameHeld = Finding "TRIGGER_NAME_HELD"
            "a trigger that calls {text} holds the name",
        /// The headline of the reasons that follow.
        BoundTwice = Finding "BOUND_TWICE"
            "{number} triggers call {text}, so one birth may be registered more than once",
        /// One of them.
        BoundTwiceTrigger = Finding "BOUND_TWICE_TRIGGER"
            "the trigger {text} calls the function",
        /// Verified by its function, not by its name.
        TriggerUnderOtherName = Note "TRIGGER_UNDER_OTHER_NAME"
            "the trigger that calls the function is named {text}",
        /// The row is not there yet and may be changed or skipped.
        TriggerBefore = Finding "TRIGGER_BEFORE"
            "the trigger {text} fires BEFORE, not AFTER",
        /// On views only.
        TriggerInsteadOf = Finding "TRIGGER_INSTEAD_OF"
            "the trigger {text} fires INSTEAD OF, not AFTER",
        /// The function would see no row.
        TriggerPerStatement = Finding "TRIGGER_PER_STATEMENT"
            "the trigger {text} fires FOR EACH STATEMENT, not FOR EACH ROW",
        /// A gap.
        TriggerNotOnInsert = Finding "TRIGGER_NOT_ON_INSERT"
            "the trigger {text} does not fire on INSERT",
        /// No birth.
        TriggerOnUpdate = Finding "TRIGGER_ON_UPDATE"
            "the trigger {text} fires on UPDATE",
        /// No birth.
        TriggerOnDelete = Finding "TRIGGER_ON_DELETE"
            "the trigger {text} fires on DELETE",
        /// No birth.
        TriggerOnTruncate = Finding "TRIGGER_ON_TRUNCATE"
            "the trigger {text} fires on TRUNCATE",
        /// A gap where it does not hold.
        TriggerHasWhen = Finding "TRIGGER_HAS_WHEN"
            "the trigger {text} has a WHEN condition",
        /// The function may behave differently.
        TriggerHasArguments = Finding "TRIGGER_HAS_ARGUMENTS"
            "the trigger {text} passes arguments to the function",
        /// `UPDATE OF …`.
        TriggerHasColumnList = Finding "TRIGGER_HAS_COLUMN_LIST"
            "the trigger {text} has a list of columns",
        /// `REFERENCING …`.
        TriggerHasTransitionTables = Finding "TRIGGER_HAS_TRANSITION_TABLES"
            "the trigger {text} has transition tables",
        /// It comes and goes with the parent's trigger.
        TriggerIsClone = Finding "TRIGGER_IS_CLONE"
            "the trigger {text} is a clone of a parent's trigger",
        /// `CREATE CONSTRAINT TRIGGER`.
        TriggerIsConstraint = Warning "TRIGGER_IS_CONSTRAINT"
            "the trigger {text} is a constraint trigger and may be deferred",
        /// A gap.
        TriggerDisabled = Finding "TRIGGER_DISABLED"
            "the trigger {text} is disabled: a gap",
        /// A gap.
        TriggerReplicaOnly = Finding "TRIGGER_REPLICA_ONLY"
            "the trigger {text} fires in replica mode only, not for ordinary sessions: a gap",
        /// Also where replication applies rows.
        TriggerAlways = Warning "TRIGGER_ALWAYS"
            "the trigger {text} fires in replica mode too, so for replicated rows as well",
        /// On a partitioned table.
        RowMoves = Warning "ROW_MOVES_FIRE_INSERT"
            "an UPDATE that moves a row between partitions of {text} fires AFTER INSERT on the new partition",
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
            accept_other_trigger_name: reader.truth("accept-other-trigger-name", true),
            accept_constraint_trigger: reader.truth("accept-constraint-trigger", false),
            accept_always_enabled: reader.truth("accept-always-enabled", true),
            accept_row_moves: reader.truth("accept-row-moves", true),
        }
    }
}

impl Policy for Conflicts {
    fn judge(settings: &Settings, facts: Facts<'_>) -> Answers<Reason> {
        answer(
            facts,
            |column, reasons| column::judge(settings, column, reasons),
            |check, reasons| check::judge(settings, check, reasons),
            |trigger, reasons| trigger::judge(settings, trigger, reasons),
        )
    }
}

/// Blocked where a finding was given, else `otherwise`.
fn unless_blocked(reasons: &Reasons<'_, Reason>, otherwise: Status) -> Status {
    if reasons.has_finding() {
        return Status::Blocked;
    }
    otherwise
}

/// Gives a reason that a setting may refuse, with its evidence.
fn give_accepted(
    accepted: bool,
    reason: Reason,
    evidence: Text<'_>,
    reasons: &mut Reasons<'_, Reason>,
) {
    reasons.give(reason).text(evidence);
    if !accepted {
        reasons.give(Reason::NotAcceptedBySettings);
    }
}

/// Columns, checks and triggers can be added to tables and to partitioned
/// tables. A partition takes its own from its parent, and a temporary table, a
/// view or a foreign table is no place for a registry or for births.
fn check_relation(relation: Relation<'_>, reasons: &mut Reasons<'_, Reason>) {
    match relation.kind() {
        RelationKind::Table | RelationKind::PartitionedTable => {}
        _ => {
            reasons.give(Reason::RelationKind).text(relation.name());
        }
    }
}
