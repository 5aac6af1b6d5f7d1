//! The functional core of `birth`.
//!
//! Everything here is a function of its arguments: no async, no I/O, no wasm,
//! no clock. Time, run ids and facts come in as values; plans, statements and
//! final responses go out as values. The `architecture` test of the host holds
//! this crate to it.

pub mod catalog;
pub mod coverage;
pub mod decisions;
pub mod digest;
pub mod estate;
pub mod facts;
pub mod health;
pub mod ident;
pub mod issue;
pub mod kit;
pub mod op;
pub mod outcome;
pub mod policy;
pub mod profile;
pub mod record;
pub mod resolve;
pub mod sql;
pub mod text;
