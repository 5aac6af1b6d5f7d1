//! What reports for CI share, whatever they are about: SARIF and JUnit.

pub(super) mod junit;
pub(super) mod sarif;
