//! What is remembered of the names and types of a batch.

use birth_sdk::classification::{Collection, Column, Facts};
use birth_sdk::{Memo, Text};

use super::super::column;
use super::super::kind::Kind;
use super::super::part::Part;
use super::super::sense::Sense;
use super::super::words::Stem;

/// A prefix up to this long is one even where only two columns share it.
const LONGEST_PREFIX: usize = 4;

/// What is remembered of the names and types of a batch.
#[derive(Debug)]
pub(in super::super) struct Vocabulary {
    senses: Memo<Sense, fn(&str) -> Sense>,
    /// The same without the first word, for tables whose columns all share it.
    tails: Memo<Sense, fn(&str) -> Sense>,
    is_prefixed: bool,
    kinds: Memo<Kind, fn(&str) -> Kind>,
    moves: Moves,
}

impl Vocabulary {
    pub(in super::super) fn new(facts: Facts<'_>) -> Self {
        Self {
            senses: facts.memo(Sense::of as fn(&str) -> Sense),
            tails: facts.memo(Sense::of_tail as fn(&str) -> Sense),
            is_prefixed: false,
            kinds: facts.memo(Kind::of as fn(&str) -> Kind),
            moves: Moves {
                from: FROM.map(Stem::of),
                to: TO.map(Stem::of),
                people: PEOPLE.map(Stem::of),
            },
        }
    }

    pub(super) fn moves(&self) -> &Moves {
        &self.moves
    }

    /// `rv_id`, `rv_page`, `rv_at`: what all columns begin with says nothing.
    pub(super) fn find_prefix(&mut self, table: Collection<'_>) {
        let mut columns = table.columns();
        let first = columns.next().map(|column| column.name());
        let lead = first.map_or(Stem::NONE, |name| self.senses.get(name).lead);
        let is_short =
            first.is_some_and(|name| name.find('_').is_some_and(|end| end <= LONGEST_PREFIX));
        let is_shared = columns.len() >= 3 || is_short && columns.len() >= 1;
        self.is_prefixed = lead != Stem::NONE
            && is_shared
            && columns.all(|column| self.senses.get(column.name()).lead == lead);
    }

    pub(super) fn sense(&mut self, name: Text<'_>) -> Sense {
        match self.is_prefixed {
            true => self.tails.get(name),
            false => self.senses.get(name),
        }
    }

    pub(super) fn kind(&mut self, column: Column<'_>) -> Kind {
        self.kinds.get(column.type_name())
    }

    pub(super) fn part(&mut self, column: Column<'_>) -> Part {
        let (sense, kind) = (self.sense(column.name()), self.kind(column));
        column::part(sense, kind, column)
    }

    /// The noun that the name of a table ends in.
    pub(super) fn noun(&mut self, table: Text<'_>) -> Stem {
        self.senses.get(table).last
    }
}

const FROM: [&str; 7] = [
    "from", "old", "source", "previous", "depuis", "von", "origin",
];
/// What is sent from one of these to another is a message.
const PEOPLE: [&str; 6] = ["user", "person", "account", "member", "customer", "contact"];
const TO: [&str; 7] = ["to", "new", "target", "next", "vers", "nach", "destination"];

/// The stems of these words.
#[derive(Debug)]
pub(super) struct Moves {
    pub(super) from: [Stem; FROM.len()],
    pub(super) to: [Stem; TO.len()],
    pub(super) people: [Stem; PEOPLE.len()],
}
