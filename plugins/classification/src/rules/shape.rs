//! The shape of a table: its columns by the parts they play, its references and
//! what keeps rows apart. One pass over the columns, no judgement.

use birth_sdk::Text;
use birth_sdk::classification::{Collection, Column, Index};

use super::column;
use super::kind::Kind;
use super::part::Part;
use super::sense::Sense;
use super::words::Stem;

mod keys;
mod vocabulary;

use keys::{Declared, Keys, identifier_part, key, own_identifier};
use vocabulary::Moves;
pub(super) use vocabulary::Vocabulary;

/// Columns beyond this many are counted, not looked at: such a table is wide
/// enough to be clear.
const LOOKED_AT: usize = 64;
/// References beyond this many are counted, not compared.
const COMPARED: usize = 8;

/// What tells rows apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Key {
    /// There is no primary key.
    #[default]
    None,
    /// An identifier of the row's own, made or natural.
    Own,
    /// One reference: the row extends one other row.
    Reference,
    /// References and at most what describes a link.
    References,
    /// References and something else.
    Mixed,
}

/// A reference as it is compared with the table's name.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Side {
    pub(super) first: Stem,
    pub(super) last: Stem,
    /// Of the table that a foreign key points to.
    pub(super) table: Stem,
}

/// The shape of one table.
#[derive(Debug)]
pub(super) struct Shape<'a> {
    pub(super) columns: usize,
    counts: [u8; Part::COUNT],
    examples: [Option<Text<'a>>; Part::COUNT],
    parts: [Part; LOOKED_AT],
    /// The references, a polymorphic pair counted once.
    pub(super) sides: [Side; COMPARED],
    pub(super) references: usize,
    pub(super) key: Key,
    /// The name of the first column of an identifier that is not made up.
    pub(super) natural_key: Option<Part>,
    /// How many references are unique together, at most.
    pub(super) unique_references: usize,
    /// A column of a unique key that is neither reference nor identifier.
    pub(super) business_key: Option<Text<'a>>,
    /// A time is part of a unique key.
    pub(super) unique_by_time: bool,
    /// Of the type `date`, in a unique key.
    pub(super) unique_by_day: bool,
    pub(super) has_brin: bool,
    /// Rows are looked for in the order of time, alone or of each reference.
    pub(super) is_indexed_by_time: bool,
    pub(super) is_polymorphic: bool,
    pub(super) has_language: bool,
    /// References that may be NULL.
    pub(super) optional_references: usize,
    /// Two references to the same kind of row, from one and to the other.
    pub(super) is_move: bool,
    /// Points in time, of whatever meaning.
    pub(super) times: usize,
}

impl<'a> Shape<'a> {
    /// The shape of `table`, whose name ends in the noun `head`.
    pub(super) fn of(table: Collection<'a>, head: Stem, known: &mut Vocabulary) -> Self {
        let mut shape = Self {
            columns: table.columns().len(),
            counts: [0; Part::COUNT],
            examples: [None; Part::COUNT],
            parts: [Part::Plain; LOOKED_AT],
            sides: [Side::default(); COMPARED],
            references: 0,
            key: Key::None,
            natural_key: None,
            unique_references: 0,
            business_key: None,
            unique_by_time: false,
            unique_by_day: false,
            has_brin: false,
            is_indexed_by_time: false,
            is_polymorphic: false,
            has_language: false,
            optional_references: 0,
            is_move: false,
            times: 0,
        };
        known.find_prefix(table);
        let declared = Declared::of(table, known);
        let own = own_identifier(table, head, &declared, known);
        for (at, column) in table.columns().enumerate().take(LOOKED_AT) {
            let part = match own {
                Some(identifier) if identifier == at => identifier_part(column, known),
                _ => shape.read(column, at, &declared, known),
            };
            shape.parts[at] = part;
            shape.count(part, column.name());
            shape.optional_references +=
                usize::from(part == Part::Reference && !column.is_not_null());
        }
        shape.pair_types(table, head, known);
        for index in table.indexes() {
            shape.find_references(table, index, own, head, known);
        }
        shape.settle_parents();
        shape.find_move(known.moves());
        for index in table.indexes() {
            shape.read_index(table, index, own, known);
        }
        shape.settle_parties(table, known);
        shape.settle_counts(table, known);
        shape
    }

    /// How many columns play `part`.
    pub(super) fn number(&self, part: Part) -> usize {
        usize::from(self.counts[part as usize])
    }

    pub(super) fn has(&self, part: Part) -> bool {
        self.number(part) > 0
    }

    /// How many columns play one of `parts`.
    pub(super) fn sum(&self, parts: &[Part]) -> usize {
        parts.iter().map(|&part| self.number(part)).sum()
    }

    /// The first column that plays `part`.
    pub(super) fn example(&self, part: Part) -> Option<Text<'a>> {
        self.examples[part as usize]
    }

    /// The first column that plays the first of `parts` that any plays.
    pub(super) fn first_of(&self, parts: &[Part]) -> Option<Text<'a>> {
        parts.iter().find_map(|&part| self.example(part))
    }

    fn count(&mut self, part: Part, name: Text<'a>) {
        let count = &mut self.counts[part as usize];
        *count = count.saturating_add(1);
        self.examples[part as usize].get_or_insert(name);
    }

    fn read(
        &mut self,
        column: Column<'a>,
        at: usize,
        declared: &Declared,
        known: &mut Vocabulary,
    ) -> Part {
        let sense = known.sense(column.name());
        let kind = known.kind(column);
        self.times += usize::from(kind == Kind::Time);
        let mut part = column::part(sense, kind, column);
        if let Some(table) = declared.table(at) {
            part = match part {
                Part::Author | Part::Parent | Part::Recent | Part::Actor => part,
                _ if table.is_own => Part::Parent,
                _ => Part::Reference,
            };
            self.add_side(part, sense, table.name);
        } else {
            if part == Part::Reference && column.is_identity() {
                return Part::Identifier;
            }
            self.add_side(part, sense, Stem::NONE);
        }
        self.has_language |= sense.is_language || part == Part::Locale;
        part
    }

    fn add_side(&mut self, part: Part, sense: Sense, table: Stem) {
        if part != Part::Reference {
            return;
        }
        if let Some(side) = self.sides.get_mut(self.references) {
            *side = Side {
                first: sense.first,
                last: sense.last,
                table,
            };
        }
        self.references += 1;
    }

    /// `target_type` beside `target_id` is half of one reference, and
    /// `target_name` says nothing of this row.
    fn pair_types(&mut self, table: Collection<'a>, head: Stem, known: &mut Vocabulary) {
        if self.references == 0 {
            return;
        }
        for (at, column) in table.columns().enumerate().take(LOOKED_AT) {
            let sense = known.sense(column.name());
            let compared = self.references.min(COMPARED);
            // `product_name` beside `product_id` is what another row is called.
            let is_copied = self.parts[at] == Part::Name
                && sense.first != sense.last
                && sense.first != head
                && self.sides[..compared]
                    .iter()
                    .any(|side| side.last == sense.first);
            if is_copied {
                self.recast(at, Part::Content, column.name());
            }
            if !sense.is_type
                || self.parts[at] == Part::Reference
                || known.kind(column) == Kind::Boolean
            {
                continue;
            }
            if self.sides[..compared]
                .iter()
                .any(|side| side.first == sense.first && side.last == sense.last)
            {
                self.recast(at, Part::Plain, column.name());
                self.is_polymorphic = true;
            }
        }
    }

    /// What is indexed without a meaning of its own is most likely a reference
    /// that nobody declared; so is the name of a party in a key of several.
    /// Beside two references in such a key a name is a third side.
    fn find_references(
        &mut self,
        table: Collection<'a>,
        index: Index<'a>,
        own: Option<usize>,
        head: Stem,
        known: &mut Vocabulary,
    ) {
        let keys = index.columns().len();
        let is_shared_key = index.is_unique() && keys >= 2;
        if index.is_not_btree() || (index.is_unique() && keys == 1) {
            return;
        }
        // Two words that are unique together and all that is here.
        let is_pair = is_shared_key && keys == 2 && self.columns <= 3 && self.references == 0;
        let is_word = |part: Part| matches!(part, Part::Detail | Part::Content | Part::Level);
        let is_pair = is_pair
            && index.columns().flatten().all(|column| {
                let at = self.position(table, column);
                known.kind(column) == Kind::Text && at.is_some_and(|at| is_word(self.parts[at]))
            });
        let mut references = 0;
        for (place, column) in index.columns().enumerate().take(LOOKED_AT) {
            let Some((column, at)) =
                column.and_then(|column| Some((column, self.position(table, column)?)))
            else {
                continue;
            };
            let sense = known.sense(column.name());
            let kind = known.kind(column);
            let part = self.parts[at];
            let is_pointer =
                kind.is_pointer() && part == Part::Detail && (is_shared_key || place == 0);
            let is_author = is_shared_key && part == Part::Author;
            let is_party = is_author
                || is_pair
                || is_shared_key
                    && matches!(kind, Kind::Text | Kind::Other)
                    && (sense.is_side
                        || sense.is_party
                        || sense.coded != Stem::NONE && sense.coded != head);
            let is_new = (is_pointer || is_party)
                && part != Part::Reference
                && own != Some(at)
                && !column.is_array();
            if is_new {
                self.recast(at, Part::Reference, column.name());
                self.add_side(Part::Reference, sense, sense.coded);
            }
            references += usize::from(self.parts[at] == Part::Reference);
        }
        if is_shared_key && references >= 2 && table.referenced_by() == 0 {
            for column in index.columns().flatten() {
                let at = self.position(table, column);
                if let Some(at) =
                    at.filter(|&at| matches!(self.parts[at], Part::Name | Part::Action))
                {
                    self.recast(at, Part::Level, column.name());
                }
            }
        }
    }

    /// Where `column` stands, if it was looked at.
    fn position(&self, table: Collection<'a>, column: Column<'a>) -> Option<usize> {
        let name = column.name();
        table
            .columns()
            .take(LOOKED_AT)
            .position(|other| other.name() == name)
    }

    /// Gives the column at `at` another part.
    fn recast(&mut self, at: usize, part: Part, name: Text<'a>) {
        let before = self.parts[at];
        self.counts[before as usize] -= 1;
        if self.examples[before as usize] == Some(name) {
            self.examples[before as usize] = None;
        }
        self.parts[at] = part;
        self.count(part, name);
    }

    /// Two pointers into the table's own kind are a link between two rows of
    /// it; one is a tree.
    fn settle_parents(&mut self) {
        if self.number(Part::Parent) >= 2 && self.references == 0 {
            self.references = self.number(Part::Parent);
        }
    }

    /// Whoever holds a token that lapses gives the row no name.
    fn settle_parties(&mut self, table: Collection<'a>, known: &mut Vocabulary) {
        if !self.has(Part::Token) || !self.has(Part::Expiry) {
            return;
        }
        for (at, column) in table.columns().enumerate().take(LOOKED_AT) {
            if self.parts[at] == Part::Name && known.sense(column.name()).is_party {
                self.recast(at, Part::Detail, column.name());
            }
        }
    }

    /// Several whole numbers of a day, one of them counted, are all counts.
    fn settle_counts(&mut self, table: Collection<'a>, known: &mut Vocabulary) {
        if !self.unique_by_day || self.references == 0 || !self.has(Part::Counter) {
            return;
        }
        for (at, column) in table.columns().enumerate().take(LOOKED_AT) {
            let is_whole = matches!(known.kind(column), Kind::Small | Kind::Integer);
            if self.parts[at] == Part::Detail && is_whole {
                self.recast(at, Part::Counter, column.name());
            }
        }
    }

    /// `from_place_id` and `to_place_id`.
    fn find_move(&mut self, moves: &Moves) {
        let compared = self.references.min(COMPARED);
        let sides = &self.sides[..compared];
        self.is_move = sides.iter().any(|from| {
            moves.from.contains(&from.first)
                && !moves.people.contains(&from.last)
                && sides
                    .iter()
                    .any(|to| moves.to.contains(&to.first) && to.last == from.last)
        });
    }

    fn read_index(
        &mut self,
        table: Collection<'a>,
        index: Index<'a>,
        own: Option<usize>,
        known: &mut Vocabulary,
    ) {
        // Nothing else than BRIN says "in the order of time", but the method
        // is not among the facts; a time or a number alone under an index that
        // is not a B-tree can hardly be anything else.
        if index.is_not_btree() {
            let mut keys = index.columns();
            let only = keys.next().flatten().filter(|_| index.columns().len() == 1);
            self.has_brin |= only.is_some_and(|column| {
                !column.is_array() && matches!(known.kind(column), Kind::Time | Kind::Integer)
            });
            return;
        }
        if !index.is_unique() || index.has_expressions() {
            let last = index.columns().last().flatten();
            self.is_indexed_by_time |= last
                .is_some_and(|column| matches!(known.part(column), Part::Created | Part::Occurred));
            return;
        }
        let keys = Keys::of(self, table, index, own, known);
        if key(table).is_some_and(|key| key.name() == index.name()) {
            self.key = keys.key();
            self.natural_key = keys.natural;
        }
        if keys.others == 0 && keys.references >= 2 {
            self.unique_references = self.unique_references.max(keys.references);
        }
        self.unique_by_time |= keys.times > 0;
        self.unique_by_day |= keys.days > 0;
        if self.business_key.is_none() {
            self.business_key = keys.business;
        }
    }
}
