//! The shape of a table: its columns by the parts they play, its references and
//! what keeps rows apart. One pass over the columns, no judgement.

use birth_sdk::classification::{Collection, Column, Facts, Index};
use birth_sdk::{Memo, Text};

use super::column;
use super::kind::Kind;
use super::part::Part;
use super::sense::Sense;
use super::words::Stem;

/// Columns beyond this many are counted, not looked at: such a table is wide
/// enough to be clear.
const LOOKED_AT: usize = 64;
/// References beyond this many are counted, not compared.
const COMPARED: usize = 8;
/// A prefix up to this long is one even where only two columns share it.
const LONGEST_PREFIX: usize = 4;

/// What is remembered of the names and types of a batch.
#[derive(Debug)]
pub(super) struct Vocabulary {
    senses: Memo<Sense, fn(&str) -> Sense>,
    /// The same without the first word, for tables whose columns all share it.
    tails: Memo<Sense, fn(&str) -> Sense>,
    is_prefixed: bool,
    kinds: Memo<Kind, fn(&str) -> Kind>,
    moves: Moves,
}

impl Vocabulary {
    pub(super) fn new(facts: Facts<'_>) -> Self {
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

    /// `rv_id`, `rv_page`, `rv_at`: what all columns begin with says nothing.
    fn find_prefix(&mut self, table: Collection<'_>) {
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

    fn sense(&mut self, name: Text<'_>) -> Sense {
        match self.is_prefixed {
            true => self.tails.get(name),
            false => self.senses.get(name),
        }
    }

    fn kind(&mut self, column: Column<'_>) -> Kind {
        self.kinds.get(column.type_name())
    }

    fn part(&mut self, column: Column<'_>) -> Part {
        let (sense, kind) = (self.sense(column.name()), self.kind(column));
        column::part(sense, kind, column)
    }
}

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
        shape.pair_types(table, known);
        for index in table.indexes() {
            shape.find_references(table, index, own, head, known);
        }
        shape.settle_parents();
        shape.find_move(&known.moves);
        for index in table.indexes() {
            shape.read_index(table, index, own, known);
        }
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

    /// `target_type` beside `target_id` is half of one reference.
    fn pair_types(&mut self, table: Collection<'a>, known: &mut Vocabulary) {
        if self.references == 0 {
            return;
        }
        for (at, column) in table.columns().enumerate().take(LOOKED_AT) {
            let sense = known.sense(column.name());
            if !sense.is_type
                || self.parts[at] == Part::Reference
                || known.kind(column) == Kind::Boolean
            {
                continue;
            }
            let compared = self.references.min(COMPARED);
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

const FROM: [&str; 7] = [
    "from", "old", "source", "previous", "depuis", "von", "origin",
];
/// What is sent from one of these to another is a message.
const PEOPLE: [&str; 6] = ["user", "person", "account", "member", "customer", "contact"];
const TO: [&str; 7] = ["to", "new", "target", "next", "vers", "nach", "destination"];

/// The stems of these words.
#[derive(Debug)]
struct Moves {
    from: [Stem; FROM.len()],
    to: [Stem; TO.len()],
    people: [Stem; PEOPLE.len()],
}

/// The columns of a unique key by what they are.
#[derive(Default)]
struct Keys<'a> {
    references: usize,
    own: usize,
    describing: usize,
    times: usize,
    days: usize,
    others: usize,
    business: Option<Text<'a>>,
    natural: Option<Part>,
}

impl<'a> Keys<'a> {
    fn of(
        shape: &Shape<'a>,
        table: Collection<'a>,
        index: Index<'a>,
        own: Option<usize>,
        known: &mut Vocabulary,
    ) -> Self {
        let mut keys = Self::default();
        for column in index.columns().flatten() {
            let name = column.name();
            let at = table
                .columns()
                .position(|other| other.name() == name)
                .unwrap_or(LOOKED_AT);
            let part = shape.parts.get(at).copied().unwrap_or(Part::Plain);
            match part {
                _ if own == Some(at) => {
                    keys.own += 1;
                    keys.natural = Some(known.part(column));
                }
                Part::Identifier => keys.own += 1,
                Part::Reference | Part::Author | Part::Parent | Part::Recent => {
                    keys.references += 1
                }
                Part::Plain if shape.is_polymorphic => keys.describing += 1,
                Part::Level
                | Part::Flag
                | Part::Status
                | Part::Position
                | Part::Locale
                | Part::Retired => keys.describing += 1,
                Part::Detail if known.kind(column) == Kind::Small => keys.describing += 1,
                _ if known.kind(column) == Kind::Time => {
                    keys.times += 1;
                    keys.days += usize::from(column.type_name() == "date");
                }
                _ => {
                    keys.others += 1;
                    if matches!(
                        part,
                        Part::Name | Part::Content | Part::Key | Part::Detail | Part::Plain
                    ) {
                        keys.business.get_or_insert(name);
                    }
                }
            }
        }
        keys.others += keys.own + keys.times;
        keys
    }

    fn key(&self) -> Key {
        match (self.references, self.others) {
            (0, _) => Key::Own,
            (1, 0) if self.describing == 0 => Key::Reference,
            (1, _) if self.own == 1 => Key::Own,
            (_, 0) if self.references >= 2 => Key::References,
            _ => Key::Mixed,
        }
    }
}

/// The foreign keys by the column they start from.
struct Declared {
    tables: [Pointed; LOOKED_AT],
}

#[derive(Clone, Copy)]
struct Pointed {
    name: Stem,
    is_own: bool,
}

impl Declared {
    fn of(table: Collection<'_>, known: &mut Vocabulary) -> Self {
        let mut tables = [Pointed {
            name: Stem::NONE,
            is_own: false,
        }; LOOKED_AT];
        for foreign_key in table.foreign_keys() {
            let name = foreign_key.referenced_name();
            let is_own = table.name() == Some(name);
            for column in foreign_key.columns() {
                let start = column.name();
                let at = table.columns().position(|other| other.name() == start);
                if let Some(pointed) = at.and_then(|at| tables.get_mut(at)) {
                    *pointed = Pointed {
                        name: known.senses.get(name).last,
                        is_own,
                    };
                }
            }
        }
        Self { tables }
    }

    /// What the column at `at` points to.
    fn table(&self, at: usize) -> Option<Pointed> {
        self.tables
            .get(at)
            .copied()
            .filter(|pointed| pointed.name != Stem::NONE)
    }
}

/// A natural key is also what it says: a code, a token.
fn identifier_part(column: Column<'_>, known: &mut Vocabulary) -> Part {
    match known.part(column) {
        part @ (Part::Name | Part::Key | Part::Token | Part::Locale) if !column.is_identity() => {
            part
        }
        _ => Part::Identifier,
    }
}

/// The columns that tell rows apart: the primary key, or else the unique index
/// with the fewest columns.
fn key<'a>(table: Collection<'a>) -> Option<Index<'a>> {
    let serves = |index: &Index<'_>| {
        index.is_unique()
            && !index.is_partial()
            && !index.has_expressions()
            && !index.is_not_btree()
    };
    table.primary_key().or_else(|| {
        table
            .indexes()
            .filter(serves)
            .min_by_key(|index| index.columns().len())
    })
}

/// The column that is the row's own identifier, made or natural.
fn own_identifier(
    table: Collection<'_>,
    head: Stem,
    declared: &Declared,
    known: &mut Vocabulary,
) -> Option<usize> {
    let position = |wanted: Column<'_>| {
        table
            .columns()
            .position(|column| column.name() == wanted.name())
    };
    let Some(key) = key(table) else {
        return table
            .columns()
            .take(LOOKED_AT)
            .position(|column| known.sense(column.name()).part == Part::Identifier);
    };
    let mut keys = key.columns();
    let column = keys.next().flatten().filter(|_| key.columns().len() == 1)?;
    let at = position(column)?;
    if declared.table(at).is_some() {
        return None;
    }
    let sense = known.sense(column.name());
    let made = column.is_identity() || column.has_identifier_default();
    let points_elsewhere = sense.part == Part::Reference && sense.last != head;
    (made || !points_elsewhere).then_some(at)
}
