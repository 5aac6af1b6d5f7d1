//! What coverage does a collection need?
//!
//! The source is the spec's "weighted classification": governance role and
//! schema shape lead to a status, a scope and a score, and every point has a
//! reason that a person can read and dispute.
//!
//! - The role decides first, then what kind of relation there is (`gate.rs`).
//! - What is left is judged by its shape. Each piece of evidence speaks for or
//!   against one of four classes (`weigh.rs`); the class with most points wins
//!   if it has enough and leads by enough. What is not clear is deferred.
//! - Names are evidence too, but light: they lie.

use birth_sdk::classification::{Collection, Facts, Policy, Scope, Status, Verdict, answer};
use birth_sdk::{Answers, Plugin, Reasons, SettingsReader};

mod column;
mod gate;
mod kind;
mod part;
mod reason;
mod sense;
mod settings;
mod shape;
mod table;
mod tally;
mod weigh;
mod words;

pub use reason::{Class, EVIDENCE, Evidence, Reason};
pub use settings::Settings;

use shape::{Shape, Vocabulary};
use table::TableName;
use tally::Tally;
use weigh::{Subject, queue_sign, weigh};
use words::Words;

/// Reasons given for one collection, at most, unless the winner needs more.
const REASONS: usize = 8;

/// The classification policy.
#[derive(Debug)]
pub struct Classes;

impl Plugin for Classes {
    const NAME: &'static str = env!("CARGO_PKG_NAME");
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    type Reason = Reason;
    type Settings = Settings;

    fn settings(reader: &mut SettingsReader<'_>) -> Settings {
        Settings::read(reader)
    }
}

impl Policy for Classes {
    fn judge(settings: &Settings, facts: Facts<'_>) -> Answers<Reason> {
        let mut known = Vocabulary::new(facts);
        let mut scratch = Words::default();
        answer(facts, |collection, reasons| {
            gate::check(settings, collection, reasons).unwrap_or_else(|| {
                judge_shape(settings, collection, &mut known, &mut scratch, reasons)
            })
        })
    }
}

/// A governed table by its shape.
fn judge_shape<'a>(
    settings: &Settings,
    table: Collection<'a>,
    known: &mut Vocabulary,
    scratch: &mut Words,
    reasons: &mut Reasons<'_, Reason>,
) -> Verdict {
    let columns = table.columns().len();
    if columns < 2 {
        reasons.give(Reason::OneColumn).number(columns as i64);
        return in_scope(Status::Deferred, 0);
    }
    let name = table.name();
    let words = TableName::of(
        name.map_or("", |name| name.as_str()),
        &settings.hints,
        scratch,
    );
    let shape = Shape::of(table, words.head, known);
    let subject = Subject {
        table,
        name,
        words,
        shape: &shape,
        has_statistics: settings.use_statistics,
        is_copy: false,
    };
    if let Some(sign) = queue_sign(subject) {
        reasons.give(Reason::WorkQueue).text(sign);
        return in_scope(settings.queue_status, 0);
    }
    let mut tally = Tally::new(settings);
    weigh(subject, &mut tally);
    decide(settings, &tally, reasons)
}

/// The strongest class, if it has enough points and leads by enough.
fn decide(
    settings: &Settings,
    tally: &Tally<'_, '_>,
    reasons: &mut Reasons<'_, Reason>,
) -> Verdict {
    let [winner, second, ..] = tally.ranking();
    let (points, others) = (tally.points(winner), tally.points(second).max(0));
    let lead = points.saturating_sub(others);
    if points >= settings.minimum && lead >= settings.margin {
        let given = tally.give(winner, usize::MAX, reasons);
        if let Some(other) = tally.alternative(winner) {
            tally.give(other, REASONS.saturating_sub(given), reasons);
        }
        return in_scope(winner.status(), points);
    }
    if points < settings.minimum {
        reasons
            .give(Reason::TooWeak)
            .number(settings.minimum.into());
    } else {
        reasons.give(Reason::TooClose).number(lead.into());
    }
    for class in [winner, second]
        .into_iter()
        .filter(|&class| tally.points(class) > 0)
    {
        let points = tally.points(class);
        reasons.give(class.standing()).number(points.into());
    }
    let room = (REASONS - 3) / 2;
    if points > 0 {
        tally.give(winner, room, reasons);
    }
    if others > 0 {
        tally.give(second, room, reasons);
    }
    in_scope(Status::Deferred, points.max(0))
}

fn in_scope(status: Status, score: i32) -> Verdict {
    Verdict {
        status,
        scope: Scope::InScope,
        score,
    }
}
