//! Support for the test-suite and the benchmarks: servers, a database per
//! test, and a driver for the real binary. Nothing here asserts.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot be set up has to fail loudly"
)]

pub mod cli;
pub mod database;
pub mod estate;
pub mod measure;
pub mod paused;
pub mod proxy;
pub mod server;
