//! Proposed objects beside what holds their place, as people read them.

use serde_json::{Value, json};

use super::{Subject, TRIGGER_BITS, at, range, text, words};
use crate::facts::conflict::ConflictFacts;

impl ConflictFacts {
    /// What a verdict about a subject is about: columns first, then checks, then
    /// triggers.
    #[must_use]
    pub fn subject(&self, index: usize) -> Option<Subject<'_>> {
        let (kind, names, place) = self.place(index)?;
        Some(Subject {
            kind,
            key: text(&self.text, names, place)?,
            role: None,
        })
    }

    fn place(&self, index: usize) -> Option<(&'static str, &[u32], usize)> {
        let (columns, checks) = (self.columns.name.len(), self.checks.name.len());
        if index < columns {
            return Some(("column", &self.columns.name, index));
        }
        if index < columns + checks {
            return Some(("check", &self.checks.name, index - columns));
        }
        let at = index - columns - checks;
        (at < self.triggers.name.len()).then_some(("trigger", &self.triggers.name, at))
    }

    /// Everything that is said of a proposed object.
    #[must_use]
    pub fn describe(&self, index: usize) -> Value {
        let heap = &self.text;
        let Some((kind, names, place)) = self.place(index) else {
            return Value::Null;
        };
        let relation = |of: &[u32]| {
            let relation = at(of, place).map_or(usize::MAX, |r| r as usize);
            let name = |symbols: &[u32]| text(heap, symbols, relation).unwrap_or("?");
            format!(
                "{}.{}",
                name(&self.relations.schema),
                name(&self.relations.name)
            )
        };
        let name = text(heap, names, place);
        match kind {
            "column" => {
                let c = &self.columns;
                json!({
                    "object": kind, "name": name, "table": relation(&c.relation),
                    "live_type": text(heap, &c.live_type, place),
                    "live_max_length": at(&c.live_max_length, place).filter(|n| *n != u32::MAX),
                    "live_bits": at(&c.live_bits, place),
                })
            }
            "check" => {
                let (c, live) = (&self.checks, &self.checks.live);
                let values = range(&c.value_start, place).map(|v| text(heap, &c.value, v));
                let there = range(&c.live_start, place).map(|l| {
                    json!({
                        "name": text(heap, &live.name, l),
                        "definition": text(heap, &live.definition, l),
                        "bits": at(&live.bits, l),
                    })
                });
                json!({
                    "object": kind, "name": name, "table": relation(&c.relation),
                    "column": text(heap, &c.column, place),
                    "values": values.collect::<Vec<_>>(),
                    "rows_outside": at(&c.rows_outside, place).filter(|rows| *rows >= 0),
                    "live": there.collect::<Vec<_>>(),
                })
            }
            _ => {
                let (t, live) = (&self.triggers, &self.triggers.live);
                let there = range(&t.live_start, place).map(|l| {
                    json!({
                        "name": text(heap, &live.name, l),
                        "function": text(heap, &live.function, l),
                        "marks": words(at(&live.bits, l).unwrap_or(0), &TRIGGER_BITS),
                    })
                });
                json!({
                    "object": kind, "name": name, "table": relation(&t.relation),
                    "function": text(heap, &t.function, place),
                    "live": there.collect::<Vec<_>>(),
                })
            }
        }
    }
}
