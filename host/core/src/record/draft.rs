//! A row as somebody words it: which column is to get what, before anybody has
//! asked whether the table takes it.

use std::collections::BTreeSet;

use super::statement::Value;
use crate::ident::Identifier;

/// A row that is wanted.
#[derive(Debug, Clone)]
pub struct RowDraft<'a> {
    /// What it is about, for people: a collection.
    pub about: String,
    /// What its columns are to get, in the order in which they are written.
    pub wanted: Vec<Wanted<'a>>,
    /// Columns that have a meaning and that this row has nothing for: they stay
    /// NULL. Where the table refuses that, it refuses this row and not every
    /// other.
    pub left_empty: Vec<&'a Identifier>,
    /// The columns it will be recognised by, as long as they get a text here:
    /// what is stored in them has to be what was sent.
    pub recognised: Vec<Identifier>,
}

/// A value for a concept's column.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// The concept's id.
    pub concept: &'static str,
    /// Its column.
    pub column: &'a Identifier,
    /// The value.
    pub value: Value,
    /// What a column of the type json or jsonb gets instead: the text of a
    /// document. None where such a column does not fit.
    pub document: Option<String>,
    /// Whether it is written at all.
    pub fill: Fill,
    /// May be cut to the column's length.
    pub may_be_cut: bool,
    /// The same for every row, or as good as: what is wrong with it is wrong
    /// with the whole table, and no matter of one row.
    pub of_every_row: bool,
}

/// When a column is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    /// Wherever there is the column.
    Always,
    /// Where the table has no value of its own for it.
    WithoutDefault,
    /// Where the table demands a value and has none of its own.
    Demanded,
}

impl<'a> Wanted<'a> {
    /// A text that is always written, never cut, and this row's own.
    #[must_use]
    pub fn text(concept: &'static str, column: &'a Identifier, text: impl Into<String>) -> Self {
        Self {
            concept,
            column,
            value: Value::Text(text.into()),
            document: None,
            fill: Fill::Always,
            may_be_cut: false,
            of_every_row: false,
        }
    }

    /// The time of the transaction.
    #[must_use]
    pub fn now(concept: &'static str, column: &'a Identifier, fill: Fill) -> Self {
        Self {
            value: Value::Now,
            fill,
            of_every_row: true,
            ..Self::text(concept, column, "")
        }
    }

    /// The same text for every row.
    #[must_use]
    pub fn of_every_row(self) -> Self {
        Self {
            of_every_row: true,
            ..self
        }
    }

    /// Written as `fill` says.
    #[must_use]
    pub fn fill(self, fill: Fill) -> Self {
        Self { fill, ..self }
    }

    /// Cut to the column's length, where `may` is true.
    #[must_use]
    pub fn cut_if(self, may: bool) -> Self {
        Self {
            may_be_cut: may,
            ..self
        }
    }

    /// With a document for a column of the type json or jsonb.
    #[must_use]
    pub fn document(self, document: impl Into<String>) -> Self {
        Self {
            document: Some(document.into()),
            ..self
        }
    }
}

/// The texts that drafts would put into a column: what a foreign key on it
/// would have to hold.
#[must_use]
pub fn texts_for(drafts: &[RowDraft<'_>], column: &Identifier) -> BTreeSet<String> {
    let all = drafts.iter().flat_map(|draft| &draft.wanted);
    all.filter(|wanted| wanted.column == column)
        .filter_map(|wanted| match &wanted.value {
            Value::Text(text) => Some(text.clone()),
            Value::Now => None,
        })
        .collect()
}
