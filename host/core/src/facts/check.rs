//! Whether facts that were read from a file hang together: parallel lists of
//! one length, ranges in order, symbols of the batch's own heap.
//!
//! Facts that the host read from a database are right by how they are made. A
//! file may say anything, and whoever shows or renames facts walks these lists.

use thiserror::Error;

use super::classification::ClassificationFacts;
use super::conflict::ConflictFacts;
use super::coverage::CoverageFacts;
use super::{NO_TEXT, TextHeap};

/// Facts that do not hang together.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FactsError {
    /// A list that is shorter or longer than those beside it.
    #[error("the list `{list}` does not fit the others")]
    Length {
        /// Which list.
        list: &'static str,
    },
    /// Starts of ranges that do not begin at 0, go backwards or end elsewhere.
    #[error("the ranges of `{list}` are not in order")]
    Ranges {
        /// Which list.
        list: &'static str,
    },
    /// A number that stands for a text, an item or nothing, and does not.
    #[error("`{list}` names number {number}, which is not there")]
    NotThere {
        /// Which list.
        list: &'static str,
        /// The number.
        number: u32,
    },
    /// The heap of texts is cut elsewhere than its texts end.
    #[error("the text heap is not cut where its texts end")]
    Heap,
}

type Checked = Result<(), FactsError>;

fn fits(list: &'static str, found: usize, wanted: usize) -> Checked {
    match found == wanted {
        true => Ok(()),
        false => Err(FactsError::Length { list }),
    }
}

/// Starts of the ranges of `owners` owners among `items` items.
fn ranges(list: &'static str, starts: &[u32], owners: usize, items: usize) -> Checked {
    fits(list, starts.len(), owners + 1)?;
    let whole = starts.first() == Some(&0)
        && starts.is_sorted()
        && starts.last().is_some_and(|last| *last as usize == items);
    match whole {
        true => Ok(()),
        false => Err(FactsError::Ranges { list }),
    }
}

fn below(list: &'static str, numbers: &[u32], limit: usize) -> Checked {
    match numbers.iter().find(|n| **n as usize >= limit) {
        Some(&number) => Err(FactsError::NotThere { list, number }),
        None => Ok(()),
    }
}

/// Symbols of texts that have to be there.
fn texts(list: &'static str, symbols: &[u32], count: usize, text: &TextHeap) -> Checked {
    fits(list, symbols.len(), count)?;
    below(list, symbols, text.len())
}

/// Symbols of texts that may be absent.
fn optional(list: &'static str, symbols: &[u32], count: usize, text: &TextHeap) -> Checked {
    fits(list, symbols.len(), count)?;
    let there = |symbol: &&u32| **symbol != NO_TEXT && **symbol as usize >= text.len();
    match symbols.iter().find(there) {
        Some(&number) => Err(FactsError::NotThere { list, number }),
        None => Ok(()),
    }
}

/// Positions among an owner's items, or none.
fn positions(list: &'static str, owners: &[u32], items: &[u32], found: &[u32]) -> Checked {
    for (range, of_owner) in owners.windows(2).zip(items.windows(2)) {
        let ([from, to], [first, end]) = (range, of_owner) else {
            continue;
        };
        let here = found.get(*from as usize..*to as usize).unwrap_or_default();
        let known = |at: &&u32| **at != u32::MAX && **at >= end - first;
        if let Some(&number) = here.iter().find(known) {
            return Err(FactsError::NotThere { list, number });
        }
    }
    Ok(())
}

/// Where the items of each owner begin, two ranges deep.
fn deep(owners: &[u32], items: &[u32]) -> Vec<u32> {
    let at = |start: &u32| items.get(*start as usize).copied().unwrap_or(0);
    owners.iter().map(at).collect()
}

impl TextHeap {
    /// Whether every text is one.
    fn check(&self) -> Checked {
        let ends = self.ends();
        let whole = ends.is_sorted()
            && ends.last().map_or(0, |end| *end as usize) == self.heap().len()
            && ends
                .iter()
                .all(|end| self.heap().is_char_boundary(*end as usize));
        match whole {
            true => Ok(()),
            false => Err(FactsError::Heap),
        }
    }
}

impl ClassificationFacts {
    /// Whether the batch hangs together.
    ///
    /// # Errors
    /// The first list that does not.
    pub fn check(&self) -> Checked {
        let (text, c, n) = (&self.text, &self.collections, self.subjects());
        text.check()?;
        texts("collections.key", &c.key, n, text)?;
        optional("collections.role", &c.role, n, text)?;
        optional("collections.schema", &c.schema, n, text)?;
        optional("collections.name", &c.name, n, text)?;
        optional("collections.comment", &c.comment, n, text)?;
        for (list, found) in [
            ("collections.kind", c.kind.len()),
            ("collections.bits", c.bits.len()),
            ("collections.rows", c.rows.len()),
            ("collections.inserts", c.inserts.len()),
            ("collections.updates", c.updates.len()),
            ("collections.deletes", c.deletes.len()),
            ("collections.referenced-by", c.referenced_by.len()),
        ] {
            fits(list, found, n)?;
        }
        let k = &self.columns;
        let columns = k.name.len();
        ranges("columns.start", &k.start, n, columns)?;
        texts("columns.name", &k.name, columns, text)?;
        texts("columns.type", &k.r#type, columns, text)?;
        fits("columns.length", k.length.len(), columns)?;
        fits("columns.bits", k.bits.len(), columns)?;
        let i = &self.indexes;
        let indexes = i.name.len();
        ranges("indexes.start", &i.start, n, indexes)?;
        texts("indexes.name", &i.name, indexes, text)?;
        fits("indexes.bits", i.bits.len(), indexes)?;
        ranges(
            "indexes.column-start",
            &i.column_start,
            indexes,
            i.column.len(),
        )?;
        let of = deep(&i.start, &i.column_start);
        positions("indexes.column", &of, &k.start, &i.column)?;
        let f = &self.foreign_keys;
        let keys = f.name.len();
        ranges("foreign-keys.start", &f.start, n, keys)?;
        texts("foreign-keys.name", &f.name, keys, text)?;
        texts(
            "foreign-keys.referenced-schema",
            &f.referenced_schema,
            keys,
            text,
        )?;
        texts(
            "foreign-keys.referenced-name",
            &f.referenced_name,
            keys,
            text,
        )?;
        fits("foreign-keys.on-delete", f.on_delete.len(), keys)?;
        ranges(
            "foreign-keys.column-start",
            &f.column_start,
            keys,
            f.column.len(),
        )?;
        let of = deep(&f.start, &f.column_start);
        positions("foreign-keys.column", &of, &k.start, &f.column)?;
        let h = &self.checks;
        ranges("checks.start", &h.start, n, h.name.len())?;
        texts("checks.name", &h.name, h.name.len(), text)?;
        texts("checks.definition", &h.definition, h.name.len(), text)?;
        let t = &self.triggers;
        let triggers = t.name.len();
        ranges("triggers.start", &t.start, n, triggers)?;
        texts("triggers.name", &t.name, triggers, text)?;
        texts("triggers.function", &t.function, triggers, text)?;
        fits("triggers.type", t.r#type.len(), triggers)?;
        fits("triggers.enabled", t.enabled.len(), triggers)
    }
}

impl CoverageFacts {
    /// Whether the batch hangs together.
    ///
    /// # Errors
    /// The first list that does not.
    pub fn check(&self) -> Checked {
        let (text, c, n) = (&self.text, &self.collections, self.subjects());
        text.check()?;
        texts("collections.key", &c.key, n, text)?;
        for (list, symbols) in [
            ("collections.role", &c.role),
            ("collections.schema", &c.schema),
            ("collections.name", &c.name),
            ("collections.coverage-status", &c.coverage_status),
            ("collections.scope-status", &c.scope_status),
            ("collections.exemption-reason", &c.exemption_reason),
            ("collections.review-owner", &c.review_owner),
            ("collections.decided-by", &c.decided_by),
        ] {
            optional(list, symbols, n, text)?;
        }
        fits("collections.kind", c.kind.len(), n)?;
        fits("collections.decided-at", c.decided_at.len(), n)?;
        fits("collections.species-mappings", c.species_mappings.len(), n)?;
        let t = &self.triggers;
        let triggers = t.name.len();
        ranges("triggers.start", &t.start, n, triggers)?;
        texts("triggers.name", &t.name, triggers, text)?;
        texts("triggers.function", &t.function, triggers, text)?;
        fits("triggers.type", t.r#type.len(), triggers)?;
        fits("triggers.bits", t.bits.len(), triggers)?;
        fits("triggers.enabled", t.enabled.len(), triggers)
    }
}

impl ConflictFacts {
    /// Whether the batch hangs together.
    ///
    /// # Errors
    /// The first list that does not.
    pub fn check(&self) -> Checked {
        let (text, r) = (&self.text, &self.relations);
        let relations = r.name.len();
        text.check()?;
        texts("relations.schema", &r.schema, relations, text)?;
        texts("relations.name", &r.name, relations, text)?;
        fits("relations.kind", r.kind.len(), relations)?;
        let c = &self.columns;
        let columns = c.name.len();
        fits("columns.relation", c.relation.len(), columns)?;
        below("columns.relation", &c.relation, relations)?;
        texts("columns.name", &c.name, columns, text)?;
        optional("columns.live-type", &c.live_type, columns, text)?;
        for (list, found) in [
            ("columns.wanted", c.wanted.len()),
            ("columns.longest-value", c.longest_value.len()),
            ("columns.live", c.live.len()),
            ("columns.live-max-length", c.live_max_length.len()),
            ("columns.live-bits", c.live_bits.len()),
        ] {
            fits(list, found, columns)?;
        }
        self.check_checks(relations)?;
        let (t, live) = (&self.triggers, &self.triggers.live);
        let triggers = t.name.len();
        fits("triggers.relation", t.relation.len(), triggers)?;
        below("triggers.relation", &t.relation, relations)?;
        texts("triggers.name", &t.name, triggers, text)?;
        texts("triggers.function", &t.function, triggers, text)?;
        fits("triggers.wanted-type", t.wanted_type.len(), triggers)?;
        let there = live.name.len();
        ranges("triggers.live-start", &t.live_start, triggers, there)?;
        texts("live-triggers.name", &live.name, there, text)?;
        texts("live-triggers.function", &live.function, there, text)?;
        fits("live-triggers.type", live.r#type.len(), there)?;
        fits("live-triggers.bits", live.bits.len(), there)?;
        fits("live-triggers.enabled", live.enabled.len(), there)
    }

    fn check_checks(&self, relations: usize) -> Checked {
        let (text, h, live) = (&self.text, &self.checks, &self.checks.live);
        let checks = h.name.len();
        fits("checks.relation", h.relation.len(), checks)?;
        below("checks.relation", &h.relation, relations)?;
        texts("checks.name", &h.name, checks, text)?;
        texts("checks.column", &h.column, checks, text)?;
        ranges("checks.value-start", &h.value_start, checks, h.value.len())?;
        texts("checks.value", &h.value, h.value.len(), text)?;
        fits("checks.rows-outside", h.rows_outside.len(), checks)?;
        optional("checks.value-outside", &h.value_outside, checks, text)?;
        let there = live.name.len();
        ranges("checks.live-start", &h.live_start, checks, there)?;
        texts("live-constraints.name", &live.name, there, text)?;
        fits("live-constraints.form", live.form.len(), there)?;
        fits("live-constraints.bits", live.bits.len(), there)?;
        let values = live.value.len();
        ranges(
            "live-constraints.value-start",
            &live.value_start,
            there,
            values,
        )?;
        texts("live-constraints.value", &live.value, values, text)?;
        texts("live-constraints.definition", &live.definition, there, text)
    }
}

#[cfg(test)]
mod tests;
