//! Benchmarks.
use birth_tests as _;
fn main() {}
