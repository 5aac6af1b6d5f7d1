//! What a plugin may use, and the store that holds it to that.
//!
//! Fuel is the budget that decides: it is counted in executed instructions and
//! is the same on every run of the same bytes. The deadline is wall-clock time
//! and only the last guard against a budget set too generously.

use std::time::Duration;

use thiserror::Error;
use wasmtime::ResourceLimiter;

/// Limits of one call. The defaults fit a batch of 1,024 subjects many times
/// over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a component's file.
    pub component_bytes: usize,
    /// Bytes in a component's custom sections, its modules' included. They are no
    /// part of what it does: names and debugging information, or a hiding place.
    pub custom_bytes: u64,
    /// Bytes of linear memory of one guest, all its memories together.
    pub memory_bytes: usize,
    /// Linear memories of one guest.
    pub memories: u32,
    /// Tables of one guest.
    pub tables: u32,
    /// Elements of each table.
    pub table_elements: usize,
    /// Core instances of one guest.
    pub instances: usize,
    /// Fuel of every call, in Wasm instructions, roughly.
    pub fuel_base: u64,
    /// Fuel added for each subject of a batch.
    pub fuel_per_subject: u64,
    /// Wall-clock time of one call.
    pub deadline: Duration,
    /// Bytes handed to a guest in one call: facts and settings.
    pub batch_bytes: usize,
    /// Bytes taken from a guest in every call.
    pub answer_base_bytes: usize,
    /// Bytes added for each subject of a batch.
    pub answer_bytes_per_subject: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            component_bytes: 16 << 20,
            custom_bytes: 1 << 20,
            memory_bytes: 64 << 20,
            memories: 1,
            tables: 2,
            table_elements: 10_000,
            instances: 8,
            fuel_base: 100_000_000,
            fuel_per_subject: 1_000_000,
            deadline: Duration::from_secs(10),
            // Half of the guest's memory: the other half is for its answer.
            batch_bytes: 32 << 20,
            answer_base_bytes: 256 << 10,
            answer_bytes_per_subject: 4 << 10,
        }
    }
}

impl Limits {
    /// Fuel of a call over so many subjects.
    #[must_use]
    pub fn fuel(&self, subjects: u32) -> u64 {
        self.fuel_per_subject
            .saturating_mul(u64::from(subjects))
            .saturating_add(self.fuel_base)
    }

    /// Bytes that may come back from a call over so many subjects.
    #[must_use]
    pub fn answer_bytes(&self, subjects: u32) -> usize {
        self.answer_bytes_per_subject
            .saturating_mul(subjects as usize)
            .saturating_add(self.answer_base_bytes)
    }
}

/// Growth that was refused. Raised as a trap, so that a guest cannot turn it
/// into an `unreachable` that says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(super) enum GrowthRefused {
    /// Linear memory.
    #[error("memory may not grow beyond {limit} bytes")]
    Memory { limit: usize },
    /// A table.
    #[error("a table may not grow beyond {limit} elements")]
    Table { limit: usize },
}

/// The data of a store: counts what its guest takes.
#[derive(Debug)]
pub(super) struct Meter {
    limits: Limits,
    memory_bytes: usize,
}

impl Meter {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            limits: limits.clone(),
            memory_bytes: 0,
        }
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let limit = maximum.map_or(self.limits.memory_bytes, |m| {
            m.min(self.limits.memory_bytes)
        });
        let total = self
            .memory_bytes
            .saturating_add(desired.saturating_sub(current));
        if desired > limit || total > self.limits.memory_bytes {
            return Err(GrowthRefused::Memory { limit }.into());
        }
        self.memory_bytes = total;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let limit = maximum.map_or(self.limits.table_elements, |m| {
            m.min(self.limits.table_elements)
        });
        if desired > limit {
            return Err(GrowthRefused::Table { limit }.into());
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        self.limits.instances
    }

    fn tables(&self) -> usize {
        self.limits.tables as usize
    }

    fn memories(&self) -> usize {
        self.limits.memories as usize
    }
}
