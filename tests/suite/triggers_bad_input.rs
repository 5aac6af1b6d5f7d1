//! Birth triggers on bad input: each is refused or excluded by name, with a
//! code, and nothing is half done.

mod artifact;
mod changes;
mod function;
mod issues;
mod mismatch;
mod names;
mod registry;
