//! What is known of a live table: enough to say whether it would take a row.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ident::{Identifier, QualifiedName};
use crate::resolve::Relation;

/// A column of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordColumn {
    /// Its name.
    pub name: Identifier,
    /// Its type for SQL text: qualified, quoted, and without a length, because
    /// a cast to `varchar(9)` would cut where an assignment refuses.
    pub r#type: String,
    /// Its type for people, with its length.
    pub declared: String,
    /// `pg_type.typcategory` of the base type, under all domains.
    pub category: char,
    /// `pg_type.oid` of the base type.
    pub base_type: u32,
    /// The base type is the system catalog's own, or an enum: its equality is
    /// found whatever the search path.
    pub comparable: bool,
    /// Declared limit in characters, where the type has one.
    pub max_length: Option<u32>,
    /// The labels of an enum, in its order.
    pub labels: Vec<String>,
    /// NOT NULL, of the column or of its domain.
    pub not_null: bool,
    /// Has a default, of the column or of its domain.
    pub has_default: bool,
    /// `GENERATED … AS IDENTITY`.
    pub identity: bool,
    /// `GENERATED ALWAYS AS`, identity or expression: it takes no value.
    pub computed: bool,
    /// Whether equality in its collation is equality of bytes.
    pub deterministic: bool,
    /// The type has a binary output, which does not depend on settings.
    pub binary: bool,
    /// The role may insert into it.
    pub insertable: bool,
    /// The role may update it.
    pub updatable: bool,
    /// The role may read it.
    pub readable: bool,
    /// The sequence its default draws from, where the role may not use that.
    pub forbidden_sequence: Option<String>,
}

/// A CHECK that new rows have to pass, of the table or of a column's domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordCheck {
    /// Its name.
    pub name: String,
    /// As `pg_get_expr` prints it.
    pub expression: String,
    /// The columns it reads.
    pub columns: Vec<Identifier>,
    /// It is a domain's: the expression calls the column `VALUE`.
    pub of_domain: bool,
}

/// A foreign key of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordForeignKey {
    /// Its name.
    pub name: String,
    /// Its columns.
    pub columns: Vec<Identifier>,
    /// The table it refers to.
    pub target: String,
    /// The referenced column; `None` where the role may not read it, or the key
    /// has several columns.
    pub referenced: Option<Referenced>,
    /// Those of the wanted values that the referenced column holds.
    pub holds: BTreeSet<String>,
}

/// A column that a foreign key refers to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referenced {
    /// Its table.
    pub table: QualifiedName,
    /// The column.
    pub column: Identifier,
}

/// A unique index of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UniqueIndex {
    /// Its name.
    pub name: String,
    /// Its key columns; `None` for an expression.
    pub columns: Vec<Option<Identifier>>,
    /// It has a predicate.
    pub partial: bool,
}

/// The role's rights on the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordRights {
    /// USAGE on its schema.
    pub schema: bool,
    /// DELETE, for the rollback.
    pub delete: bool,
    /// Row security would hide or refuse rows.
    pub row_security: bool,
}

/// Everything that is known of the live table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordTable {
    /// The table.
    pub relation: Relation,
    /// Its columns by `attnum`.
    pub columns: Vec<RecordColumn>,
    /// The columns of its primary key, in the key's order.
    pub key: Vec<Identifier>,
    /// CHECKs by name.
    pub checks: Vec<RecordCheck>,
    /// Foreign keys by name.
    pub foreign_keys: Vec<RecordForeignKey>,
    /// Unique indexes by name.
    pub unique: Vec<UniqueIndex>,
    /// Enabled BEFORE INSERT row triggers, which may fill, change or drop a row.
    pub before_insert: Vec<String>,
    /// Enabled INSTEAD rules on INSERT.
    pub rules: Vec<String>,
    /// The role's rights.
    pub rights: RecordRights,
}

impl RecordColumn {
    /// Whether a row that says nothing of the column gets a value there.
    #[must_use]
    pub fn fills_itself(&self) -> bool {
        self.has_default || self.identity || self.computed
    }

    /// Whether a row that says nothing of the column is refused.
    #[must_use]
    pub fn has_to_be_filled(&self) -> bool {
        self.not_null && !self.fills_itself()
    }

    /// Whether what a CHECK says of it can be proved (see `catalog::check`).
    #[must_use]
    pub fn is_provable(&self) -> bool {
        matches!(self.base_type, TEXT | VARCHAR) && self.deterministic
    }

    /// Whether it holds documents: json or jsonb.
    #[must_use]
    pub fn is_document(&self) -> bool {
        matches!(self.base_type, JSON | JSONB)
    }
}

impl RecordTable {
    /// The column of a name.
    #[must_use]
    pub fn column(&self, name: &Identifier) -> Option<&RecordColumn> {
        self.columns.iter().find(|c| c.name == *name)
    }
}

/// `pg_type.oid` of text.
pub(super) const TEXT: u32 = 25;
/// Of varchar.
pub(super) const VARCHAR: u32 = 1043;
/// Of json.
pub(super) const JSON: u32 = 114;
/// Of jsonb.
pub(super) const JSONB: u32 = 3802;
/// Of uuid.
pub(super) const UUID: u32 = 2950;
/// Of name: up to 63 bytes, cut silently.
pub(super) const NAME: u32 = 19;
/// Of `"char"`: one byte, cut silently.
pub(super) const CHAR: u32 = 18;
