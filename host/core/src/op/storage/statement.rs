//! The closed vocabulary of the storage operation.
//!
//! "DDL: ALTER TABLE ADD COLUMN + ADD CONSTRAINT only" (B3-P, hard
//! boundaries): there is no variant for anything else, and undoing is another
//! type (`undo::StorageUndo`).

use serde::{Deserialize, Serialize};

use crate::facts::conflict::WantedType;
use crate::ident::{Identifier, QualifiedName};
use crate::sql::{Statement, literal};

/// A statement that adds policy storage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StorageStatement {
    /// `ALTER TABLE … ADD COLUMN …`
    AddColumn {
        /// The registry.
        table: QualifiedName,
        /// The new column.
        column: Identifier,
        /// Its type.
        r#type: WantedType,
    },
    /// `ALTER TABLE … ADD CONSTRAINT … CHECK (… IN (…))`
    AddCheck {
        /// The registry.
        table: QualifiedName,
        /// The new constraint.
        name: Identifier,
        /// The column it is on.
        column: Identifier,
        /// The allowed values, in the spec's order.
        values: Vec<String>,
    },
}

impl Statement for StorageStatement {
    fn sql(&self) -> String {
        match self {
            Self::AddColumn {
                table,
                column,
                r#type,
            } => {
                let r#type = match r#type {
                    WantedType::Text => "text",
                    WantedType::Timestamptz => "timestamptz",
                };
                format!(
                    "ALTER TABLE {} ADD COLUMN {} {type}",
                    table.quoted(),
                    column.quoted()
                )
            }
            Self::AddCheck {
                table,
                name,
                column,
                values,
            } => {
                let values: Vec<String> = values.iter().map(|v| literal(v)).collect();
                format!(
                    "ALTER TABLE {} ADD CONSTRAINT {} CHECK ({} IN ({}))",
                    table.quoted(),
                    name.quoted(),
                    column.quoted(),
                    values.join(", ")
                )
            }
        }
    }
}
