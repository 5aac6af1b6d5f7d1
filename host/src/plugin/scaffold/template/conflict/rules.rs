//! What a proposed object meets in the live schema: nothing (`ABSENT`, it will be
//! created), what is wanted (`ALREADY_EXISTS_OK`), or something else, which blocks
//! it and has a reason of severity finding.
//!
//! The host looks at the catalog again before it acts, and refuses a verdict that
//! contradicts it.

use std::collections::BTreeSet;

use birth_sdk::conflict::{
    Check, Column, Facts, Form, LiveConstraint, LiveTrigger, LiveType, Policy, Relation, Status,
    Trigger, WantedType, answer,
};
use birth_sdk::{Answers, Plugin, Reasons, RelationKind, SettingsReader, TriggerEnabled};

birth_sdk::reasons! {
    /// Why a proposed object is blocked.
    pub enum Reason {
        /// Nothing can be created on it.
        NotATable = Finding "NOT_A_TABLE" "{text} is not a table",
        /// PostgreSQL keeps the name for itself.
        NameReserved = Finding "NAME_RESERVED" "a system column is called {text}",
        /// It could not hold the values.
        TypeDiffers = Finding "TYPE_DIFFERS" "the live column is of the type {text}",
        /// It could not hold the longest value.
        TooShort = Finding "TOO_SHORT" "the live column holds at most {number} characters",
        /// Nobody can write it.
        Generated = Finding "GENERATED" "the live column {text} is generated",
        /// The check would fail on them.
        RowsOutside = Finding "ROWS_OUTSIDE" "{number} rows have another value, for example {text}",
        /// It allows something else, or it is not known what.
        CheckDiffers = Finding "CHECK_DIFFERS" "the live constraint is {text}",
        /// It does not register every new row.
        TriggerDiffers = Finding "TRIGGER_DIFFERS" "the live trigger {text} is another",
    }
}

/// What a policy set may decide.
#[derive(Debug)]
pub struct Settings {
    /// `accept-varchar` (true): character varying serves where text is wanted.
    accept_varchar: bool,
}

/// The policy.
#[derive(Debug)]
pub struct Rules;

impl Plugin for Rules {
    const NAME: &'static str = env!("CARGO_PKG_NAME");
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    type Reason = Reason;
    type Settings = Settings;

    /// Defaults must be a complete policy: without settings this is all there is.
    fn settings(reader: &mut SettingsReader<'_>) -> Settings {
        Settings {
            accept_varchar: reader.truth("accept-varchar", true),
        }
    }
}

impl Policy for Rules {
    fn judge(settings: &Settings, facts: Facts<'_>) -> Answers<Reason> {
        answer(
            facts,
            |subject, reasons| {
                column(settings, subject, reasons);
                let is_there = subject.live().is_some();
                verdict(subject.relation(), is_there, reasons)
            },
            |subject, reasons| {
                let holder = subject.live().find(|live| live.holds_name());
                check(subject, holder, reasons);
                verdict(subject.relation(), holder.is_some(), reasons)
            },
            |subject, reasons| {
                trigger(subject, reasons);
                let is_there = subject.live().len() > 0;
                verdict(subject.relation(), is_there, reasons)
            },
        )
    }
}

/// Blocked where anything speaks against it; else it is there, or it is not.
fn verdict(relation: Relation<'_>, is_there: bool, reasons: &mut Reasons<'_, Reason>) -> Status {
    let is_table = matches!(
        relation.kind(),
        RelationKind::Table | RelationKind::PartitionedTable
    );
    if !is_table {
        reasons.give(Reason::NotATable).text(relation.name());
    }
    match (reasons.has_finding(), is_there) {
        (true, _) => Status::Blocked,
        (false, true) => Status::AlreadyExistsOk,
        (false, false) => Status::Absent,
    }
}

fn column(settings: &Settings, column: Column<'_>, reasons: &mut Reasons<'_, Reason>) {
    if column.is_held_by_system_column() {
        reasons.give(Reason::NameReserved).text(column.name());
    }
    let Some(live) = column.live() else {
        return;
    };
    let fits = match (column.wanted(), live.live_type()) {
        (WantedType::Text, LiveType::Text)
        | (WantedType::TimestampWithTimeZone, LiveType::TimestampWithTimeZone) => true,
        (WantedType::Text, LiveType::Varchar) => settings.accept_varchar,
        _ => false,
    };
    if !fits {
        reasons
            .give(Reason::TypeDiffers)
            .optional_text(live.type_name());
    }
    if let (Some(holds), Some(longest)) = (live.max_length(), column.longest_value())
        && holds < longest
    {
        reasons.give(Reason::TooShort).number(holds.into());
    }
    if live.is_generated() {
        reasons.give(Reason::Generated).text(column.name());
    }
}

fn check(check: Check<'_>, holder: Option<LiveConstraint<'_>>, reasons: &mut Reasons<'_, Reason>) {
    if let Some(live) = holder {
        if !is_wanted(check, live) {
            reasons
                .give(Reason::CheckDiffers)
                .optional_text(live.definition());
        }
        return;
    }
    if let Some(rows) = check.rows_outside().filter(|rows| *rows > 0) {
        reasons
            .give(Reason::RowsOutside)
            .number(rows.try_into().unwrap_or(i64::MAX))
            .optional_text(check.value_outside());
    }
}

/// Whether a live constraint allows exactly the wanted values in every row.
fn is_wanted(check: Check<'_>, live: LiveConstraint<'_>) -> bool {
    let wanted: BTreeSet<&str> = check.values().map(|value| value.as_str()).collect();
    let allowed: BTreeSet<&str> = live.values().map(|value| value.as_str()).collect();
    live.form() == Form::Values
        && live.is_on_column_alone()
        && live.is_validated()
        && live.is_enforced()
        && !live.is_not_inherited_by_children()
        && !live.rejects_null()
        && wanted == allowed
}

fn trigger(trigger: Trigger<'_>, reasons: &mut Reasons<'_, Reason>) {
    let others = trigger.live().filter(|live| !registers(trigger, *live));
    for other in others {
        reasons.give(Reason::TriggerDiffers).text(other.name());
    }
    // Two that register would register every birth twice.
    for second in trigger
        .live()
        .filter(|live| registers(trigger, *live))
        .skip(1)
    {
        reasons.give(Reason::TriggerDiffers).text(second.name());
    }
}

/// Whether a live trigger does what the wanted one would do.
fn registers(trigger: Trigger<'_>, live: LiveTrigger<'_>) -> bool {
    let traits = live.traits();
    let fires = matches!(
        live.enabled(),
        TriggerEnabled::Origin | TriggerEnabled::Always
    );
    let is_plain = !traits.has_when()
        && !traits.has_arguments()
        && !traits.is_constraint_trigger()
        && !traits.is_internal();
    traits.is_bound_to_function()
        && live.trigger_type() == trigger.wanted_type()
        && is_plain
        && fires
}
