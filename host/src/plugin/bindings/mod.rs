//! One module per released WIT version, each converting to and from the core's
//! types. Nothing outside this folder sees a generated type.

pub(super) mod v0_1;
