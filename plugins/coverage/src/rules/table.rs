//! Condition 1: the physical table exists.

use birth_sdk::coverage::Collection;
use birth_sdk::{Reasons, RelationKind};

use super::Reason;

/// Whether a table that holds rows of its own stands behind the collection. A
/// partitioned table does through its partitions; a view or a foreign table
/// shows rows that are elsewhere, and a temporary one is gone with its session.
pub(super) fn check(collection: Collection<'_>, reasons: &mut Reasons<'_, Reason>) -> bool {
    let instead = match collection.kind() {
        RelationKind::Table | RelationKind::PartitionedTable | RelationKind::Partition => {
            return true;
        }
        RelationKind::None => Reason::TableAbsent,
        RelationKind::Ambiguous => Reason::TableAmbiguous,
        RelationKind::View => Reason::TableIsView,
        RelationKind::MaterializedView => Reason::TableIsMaterializedView,
        RelationKind::ForeignTable => Reason::TableIsForeign,
        RelationKind::TemporaryTable => Reason::TableIsTemporary,
        RelationKind::Other => Reason::TableIsOther,
    };
    let key = collection.key();
    reasons.give(Reason::TableMissing).text(key);
    let name = collection.name().unwrap_or(key);
    reasons.give(instead).text(name);
    false
}
