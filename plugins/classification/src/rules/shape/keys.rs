//! Keys and foreign keys by what their columns are.

use birth_sdk::Text;
use birth_sdk::classification::{Collection, Column, Index};

use super::super::kind::Kind;
use super::super::part::Part;
use super::super::words::Stem;
use super::{Key, LOOKED_AT, Shape, Vocabulary};

/// The columns of a unique key by what they are.
#[derive(Default)]
pub(super) struct Keys<'a> {
    pub(super) references: usize,
    pub(super) own: usize,
    pub(super) describing: usize,
    pub(super) times: usize,
    pub(super) days: usize,
    pub(super) others: usize,
    pub(super) business: Option<Text<'a>>,
    pub(super) natural: Option<Part>,
}

impl<'a> Keys<'a> {
    pub(super) fn of(
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

    pub(super) fn key(&self) -> Key {
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
pub(super) struct Declared {
    pub(super) tables: [Pointed; LOOKED_AT],
}

#[derive(Clone, Copy)]
pub(super) struct Pointed {
    pub(super) name: Stem,
    pub(super) is_own: bool,
}

impl Declared {
    pub(super) fn of(table: Collection<'_>, known: &mut Vocabulary) -> Self {
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
                        name: known.noun(name),
                        is_own,
                    };
                }
            }
        }
        Self { tables }
    }

    /// What the column at `at` points to.
    pub(super) fn table(&self, at: usize) -> Option<Pointed> {
        self.tables
            .get(at)
            .copied()
            .filter(|pointed| pointed.name != Stem::NONE)
    }
}

/// A natural key is also what it says: a code, a token.
pub(super) fn identifier_part(column: Column<'_>, known: &mut Vocabulary) -> Part {
    match known.part(column) {
        part @ (Part::Name | Part::Key | Part::Token | Part::Locale) if !column.is_identity() => {
            part
        }
        _ => Part::Identifier,
    }
}

/// The columns that tell rows apart: the primary key, or else the unique index
/// with the fewest columns.
pub(super) fn key<'a>(table: Collection<'a>) -> Option<Index<'a>> {
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
pub(super) fn own_identifier(
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
