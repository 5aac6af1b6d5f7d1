//! Components in OCI registries, in the wasm OCI layout. This module alone
//! speaks HTTP to anybody. It must not run a component, keep one, or be asked
//! by a command that touches a database: what such a command needs has been
//! fetched before, by hand.
//!
//! What comes from a registry is believed once it hashes to a digest that was
//! known before, and never before that. No error and no log holds a password, a
//! token, or the query of a URL, which may hold one.

mod auth;
mod body;
mod challenge;
mod client;
pub mod credentials;
pub mod error;
pub mod layout;
mod origin;
mod pull;
mod push;
mod tls;
mod transport;

pub use client::{Options, Registry};
pub use origin::PlainHttp;
pub use pull::{Fetched, MANIFEST_BYTES};
