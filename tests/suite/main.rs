//! The one test binary: real servers, real components, the real binary.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests state what they expect"
)]

mod commit_lost;
mod estates;
mod files;
#[cfg(target_os = "linux")]
mod full_disk;
mod locks;
mod recovery;
mod walk;
