//! Evidence that rows can be thrown away: they expire or are made again.

use super::super::part::Part;
use super::super::reason::Reason;
use super::super::shape::Key;
use super::super::table::Hint;
use super::super::tally::Tally;
use super::Subject;

/// A copy under a key has a few columns at most.
const NARROW: usize = 6;
/// Updates this many powers of two above inserts: sixteen times as many.
const FAR: u32 = 4;

/// Whether what the row holds is a copy by its name and nothing shows that
/// people keep it, so that texts and numbers are no content of its own.
pub(super) fn is_copy(subject: Subject<'_, '_>) -> bool {
    let shape = subject.shape;
    let is_named = subject.is_named(Hint::Cache) || subject.words.hints_weakly_at(Hint::Cache);
    let is_named_thing = shape.has(Part::Name) && !subject.names_a_copy();
    let is_told = is_named_thing || subject.prose().is_some();
    let is_value = shape.has(Part::Value) || shape.has(Part::Payload);
    let passes = shape.has(Part::Computed)
        || shape.has(Part::Token) && !is_told
        || shape.has(Part::Expiry) && (is_value || !is_named_thing || !shape.has(Part::Token));
    let extends_with_content = shape.key == Key::Reference && subject.contents() > 0;
    let is_wide = subject.contents() + subject.details() > NARROW;
    // Amounts beside counters are sums, and a title in a cache is a copy.
    let is_sum = shape.has(Part::Amount) && shape.has(Part::Counter);
    let is_title = subject.words.is_cache && subject.table.referenced_by() == 0;
    let is_thing = subject.prose().is_some()
        || is_named_thing && !is_title
        || shape.has(Part::Amount) && !is_sum;
    // A session that people open and close, or that was held.
    let is_held = shape.has(Part::Status) || shape.number(Part::Ran) >= 2;
    let lapses = [Part::Token, Part::Expiry, Part::Payload]
        .iter()
        .any(|&part| shape.has(part));
    let is_nothing_else = !is_thing && !extends_with_content && !is_wide && (!is_held || lapses);
    let proves = shape.has(Part::Token)
        && shape.has(Part::Expiry)
        && !shape.has(Part::Name)
        && !subject.is_told_apart_by_references();
    // What another row was worked out to, or when it was last seen, under its
    // key.
    let is_seen = shape.has(Part::Recent) && subject.contents() + subject.details() <= 1;
    let is_worked_out = (shape.has(Part::Computed) || is_seen)
        && shape.key == Key::Reference
        && !is_told
        && !shape.has(Part::Created)
        && !shape.has(Part::Status)
        && subject.table.referenced_by() == 0;
    // A subtype that has a title and can be searched is none.
    let is_search = shape.has(Part::SearchVector) && subject.thing().is_none();
    let is_derived = (subject.words.is_derived || is_search)
        && shape.key == Key::Reference
        && subject.prose().is_none();
    subject.table.is_unlogged()
        || is_derived
        || is_worked_out
        || is_named && (passes || is_nothing_else)
        || subject.words.is_made
            && (!is_told || shape.key == Key::Reference && !is_named_thing)
            && !subject.is_named(Hint::Required)
        || proves && !subject.is_named(Hint::Required)
}

pub(super) fn weigh<'a>(subject: Subject<'a, '_>, tally: &mut Tally<'a, '_>) {
    let shape = subject.shape;
    let is_little = subject.thing().is_none() && subject.contents() + subject.details() <= 1;
    // An invitation lapses, but people sent it.
    let is_kept = subject.is_named(Hint::Required) && !subject.table.is_unlogged();
    if let Some(expiry) = shape.example(Part::Expiry) {
        let is_kept = is_kept || shape.has(Part::Created) && shape.has(Part::Updated);
        let times = if is_little && !is_kept { 2 } else { 1 };
        tally.name_each(Reason::Expires, expiry, times);
    }
    // Also where times are whole numbers.
    let times = [Part::Expiry, Part::Created, Part::Occurred, Part::Recent];
    let is_timed = shape.times > 0 || times.iter().any(|&part| shape.has(part));
    if is_timed && !is_kept {
        // A second token, or a time at which it was asked for: for one use.
        let is_for_one_use =
            shape.number(Part::Token) > 1 || shape.has(Part::Occurred) && !shape.has(Part::Action);
        if let Some(token) = shape.example(Part::Token) {
            tally.name_each(
                Reason::HoldsToken,
                token,
                if is_for_one_use { 2 } else { 1 },
            );
        }
    }
    if subject.table.is_unlogged() {
        tally.plain(Reason::IsUnlogged);
    }
    if let Some(computed) = shape.example(Part::Computed) {
        let is_kept = shape.has(Part::Name) || shape.has(Part::Created) && shape.has(Part::Updated);
        tally.name_each(
            Reason::SaysWhenComputed,
            computed,
            if is_kept { 1 } else { 2 },
        );
    }
    weigh_copies(subject, tally);
    weigh_overwritten(subject, tally);
    if let Some(name) = subject.name.filter(|_| subject.is_named(Hint::Cache)) {
        tally.name_each(
            Reason::NamedCache,
            name,
            if subject.is_copy { 2 } else { 1 },
        );
    } else if let Some(name) = subject
        .name
        .filter(|_| subject.words.hints_weakly_at(Hint::Cache))
    {
        tally.name_each(
            Reason::NamedCacheInPart,
            name,
            if subject.is_copy { 2 } else { 1 },
        );
    }
    if shape.natural_key != Some(Part::Name) && !subject.is_copy {
        tally.name(Reason::CacheHoldsThing, subject.thing());
    }
    let referring = subject.table.referenced_by();
    if referring > 0 && !subject.is_copy {
        tally.number(Reason::CacheIsReferredTo, referring as usize);
    }
    if passes_through(subject) {
        tally.plain(Reason::RowsPassThrough);
    } else if subject
        .statistics()
        .is_some_and(|[inserts, updates, _]| updates >= inserts + FAR)
    {
        tally.plain(Reason::IsOverwritten);
    }
}

/// Copies of what is somewhere else.
fn weigh_copies<'a>(subject: Subject<'a, '_>, tally: &mut Tally<'a, '_>) {
    let shape = subject.shape;
    let keys = [
        Part::Key,
        Part::Name,
        Part::Token,
        Part::Detail,
        Part::Content,
    ];
    let is_keyed = shape.natural_key.is_some_and(|part| keys.contains(&part));
    // A session under the identifier that a browser sends.
    let is_keyed =
        is_keyed || subject.is_named(Hint::Cache) && shape.natural_key == Some(Part::Identifier);
    let is_timed = shape.times > 0 || shape.has(Part::Expiry);
    if is_keyed && is_timed && shape.columns <= NARROW && !shape.has(Part::Prose) {
        let passes = shape.has(Part::Expiry) || shape.has(Part::Computed);
        let value = shape
            .example(Part::Value)
            .filter(|_| passes || subject.is_named(Hint::Cache));
        tally.name(Reason::KeyAndBlob, shape.example(Part::Payload).or(value));
    }
    if shape.columns <= NARROW + 2 && subject.thing().is_none() {
        tally.name(Reason::IsSearchIndex, shape.example(Part::SearchVector));
    }
}

/// Counters, leases and the last time of something.
fn weigh_overwritten<'a>(subject: Subject<'a, '_>, tally: &mut Tally<'a, '_>) {
    let shape = subject.shape;
    let counters = shape.number(Part::Counter);
    let contents = subject.contents() + subject.details();
    let is_named = shape.has(Part::Name) && !subject.names_a_copy();
    let is_thing =
        is_named || subject.prose().is_some() || shape.has(Part::Amount) && !shape.unique_by_day;
    let is_bare = !is_thing
        && contents <= counters / 2
        && !shape.has(Part::Action)
        && !shape.has(Part::Token)
        && shape.number(Part::Ran) < 2;
    let is_keyed = shape.references > 0 || shape.unique_by_time || shape.has(Part::Computed);
    // A membership counts too, unless it is called a count.
    let is_count = subject.is_named(Hint::Cache) || subject.is_named(Hint::Log);
    if is_bare
        && counters > 0
        && (is_keyed || counters >= 3)
        && (is_count || !subject.is_told_apart_by_references())
    {
        tally.number(Reason::IsAggregate, counters);
    }
    let extends = shape.key == Key::Reference && !is_thing && contents <= 1;
    if (is_bare || extends) && counters == 0 && shape.references <= 1 {
        if shape.has(Part::Lock) {
            tally.name(Reason::IsLease, shape.example(Part::Lock));
        } else if shape.columns <= NARROW && shape.natural_key != Some(Part::Identifier) {
            tally.name(Reason::IsPresence, shape.example(Part::Recent));
        }
    }
}

/// Almost everything that was ever inserted is gone again.
fn passes_through(subject: Subject<'_, '_>) -> bool {
    let rows = subject.table.rows().map(super::order);
    let statistics = subject.statistics();
    statistics
        .zip(rows)
        .is_some_and(|([inserts, _, deletes], rows)| deletes >= inserts && rows + 4 <= inserts)
}
