//! Whether a role and a server can carry an operation and its rollback through:
//! rights, and room for locks. Found out before anything is begun.

use serde::{Deserialize, Serialize};

use birth_core::ident::QualifiedName;
use birth_core::outcome::FailureClass;

use super::failure::Failure;
use crate::pg::{Server, TableRights};

/// Locks a transaction needs, and what the server has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockBudget {
    /// What it needs, estimated.
    pub needed: i64,
    /// `max_locks_per_transaction × (max_connections + max_prepared_transactions)`:
    /// the room the server promises for all transactions together.
    pub room: i64,
    /// What is held now.
    pub held: i64,
}

impl LockBudget {
    /// The budget of an `ALTER TABLE`: it locks the table and everything that
    /// inherits from it; two advisory locks come with every operation.
    #[must_use]
    pub fn of_alter_table(server: &Server, table: &TableRights) -> Self {
        Self {
            needed: 3 + table.descendants,
            room: server.lock_slots,
            held: server.locks_held,
        }
    }

    /// Whether it fits.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.needed <= self.room - self.held
    }

    /// Refuses what cannot fit, before a transaction fails half way.
    pub fn check(&self, table: &QualifiedName) -> Result<(), Failure> {
        if self.fits() {
            return Ok(());
        }
        Err(Failure::new(
            FailureClass::Database,
            "LOCK_BUDGET",
            format!(
                "altering {table} needs {} locks; the server has room for {} and holds {}",
                self.needed, self.room, self.held
            ),
        )
        .with_hint("raise max_locks_per_transaction on the server"))
    }
}

/// Why the role could not add the columns, or could not take them back again:
/// both directions need the same rights. Empty where it can.
#[must_use]
pub fn missing_rights(table: &QualifiedName, rights: &TableRights) -> Vec<Failure> {
    let refuse = |code, message: String, hint: &str| {
        Failure::new(FailureClass::Privilege, code, message).with_hint(hint)
    };
    let mut missing = Vec::new();
    if let Some(other) = &rights.not_owned {
        let below = if *other == table.to_string() {
            String::new()
        } else {
            format!(", which inherits from {table}")
        };
        missing.push(refuse(
            "NOT_THE_OWNER",
            format!(
                "the role does not own {other} (its owner is {}){below}, so it could neither add the columns nor take them back",
                rights.owner_name
            ),
            "connect as the owner or as a member of the owning role",
        ));
    }
    if !rights.select {
        missing.push(refuse(
            "MAY_NOT_READ",
            format!(
                "the role may not read {table}, so the rollback could not count the values it would drop"
            ),
            "grant it SELECT on the table and USAGE on its schema",
        ));
    } else if rights.hides_rows {
        missing.push(refuse(
            "ROWS_HIDDEN",
            format!(
                "row security hides rows of {table} from the role, so the rollback could not count the values it would drop"
            ),
            "connect as a role that row security does not hold for",
        ));
    }
    missing
}

/// Rights and locks of an operation on a table, and of its rollback.
pub fn check_feasible(
    table: &QualifiedName,
    rights: &TableRights,
    locks: &LockBudget,
) -> Result<(), Failure> {
    match missing_rights(table, rights).into_iter().next() {
        Some(failure) => Err(failure),
        None => locks.check(table),
    }
}
