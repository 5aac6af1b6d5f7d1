//! The closed vocabulary of the trigger operation.
//!
//! "DDL allowed: CREATE TRIGGER only" (B3-A, hard boundaries), and one inserted
//! issue for each collection that has no species mapping (phase 5): exactly
//! these two (design, section 11 item 9). Undoing is another type
//! (`undo::TriggersUndo`).

use serde::{Deserialize, Serialize};

use crate::ident::{Identifier, QualifiedName};
use crate::record::RecordInsert;
use crate::sql::Statement;

/// A statement that installs birth triggers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TriggersStatement {
    /// `CREATE TRIGGER … AFTER INSERT ON … FOR EACH ROW EXECUTE FUNCTION …()`
    CreateTrigger {
        /// The new trigger.
        name: Identifier,
        /// Its table.
        table: QualifiedName,
        /// The function it calls.
        function: QualifiedName,
    },
    /// `INSERT INTO … RETURNING …`: the species queue.
    QueueIssue {
        /// The issue of a collection that has no species mapping.
        insert: RecordInsert,
    },
}

impl Statement for TriggersStatement {
    fn sql(&self) -> String {
        match self {
            Self::CreateTrigger {
                name,
                table,
                function,
            } => format!(
                "CREATE TRIGGER {} AFTER INSERT ON {} FOR EACH ROW EXECUTE FUNCTION {}()",
                name.quoted(),
                table.quoted(),
                function.quoted()
            ),
            Self::QueueIssue { insert } => insert.sql(),
        }
    }

    fn parameters(&self) -> Vec<Option<String>> {
        match self {
            Self::CreateTrigger { .. } => vec![],
            Self::QueueIssue { insert } => insert.parameters(),
        }
    }

    fn returns(&self) -> bool {
        matches!(self, Self::QueueIssue { .. })
    }
}
