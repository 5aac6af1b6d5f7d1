//! Whether the server has room for the locks of a transaction.

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
