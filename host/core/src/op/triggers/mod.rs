//! Birth triggers (B3-A): one trigger on every collection that was approved as
//! needing it, needs it live, and has a species.

pub mod sets;
