//! Kinds of relation.

use serde::{Deserialize, Serialize};

/// What a name stands for. The numbers are those of `relation-kind` in the WIT
/// package and are frozen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RelationKind {
    /// No such relation.
    None = 0,
    /// An ordinary table.
    Table = 1,
    /// A partitioned table.
    PartitionedTable = 2,
    /// A partition of one.
    Partition = 3,
    /// A view.
    View = 4,
    /// A materialized view.
    MaterializedView = 5,
    /// A foreign table.
    ForeignTable = 6,
    /// A temporary table, of whatever kind.
    TemporaryTable = 7,
    /// The name fits more than one relation.
    Ambiguous = 8,
    /// An index, sequence, composite type, …
    Other = 9,
}

impl RelationKind {
    /// The kind of a number of the WIT package; none for one that is none's.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        const ALL: [RelationKind; 10] = [
            RelationKind::None,
            RelationKind::Table,
            RelationKind::PartitionedTable,
            RelationKind::Partition,
            RelationKind::View,
            RelationKind::MaterializedView,
            RelationKind::ForeignTable,
            RelationKind::TemporaryTable,
            RelationKind::Ambiguous,
            RelationKind::Other,
        ];
        ALL.get(usize::from(number)).copied()
    }

    /// Reads `pg_class.relkind`, `relpersistence` and `relispartition`
    /// (PostgreSQL manual, "pg_class").
    #[must_use]
    pub fn from_catalog(relkind: char, relpersistence: char, is_partition: bool) -> Self {
        if relpersistence == 't' {
            return Self::TemporaryTable;
        }
        match relkind {
            'r' | 'p' if is_partition => Self::Partition,
            'r' => Self::Table,
            'p' => Self::PartitionedTable,
            'v' => Self::View,
            'm' => Self::MaterializedView,
            'f' => Self::ForeignTable,
            _ => Self::Other,
        }
    }

    /// Whether rows are stored under this name: views and foreign tables are
    /// not physical tables (design, section 11 item 7).
    #[must_use]
    pub fn is_physical(self) -> bool {
        matches!(self, Self::Table | Self::PartitionedTable)
    }

    /// For people.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::None => "no relation",
            Self::Table => "a table",
            Self::PartitionedTable => "a partitioned table",
            Self::Partition => "a partition",
            Self::View => "a view",
            Self::MaterializedView => "a materialized view",
            Self::ForeignTable => "a foreign table",
            Self::TemporaryTable => "a temporary table",
            Self::Ambiguous => "ambiguous",
            Self::Other => "not a table",
        }
    }
}
