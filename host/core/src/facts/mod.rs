//! Facts as they cross the policy boundary: columns of integers and one text
//! heap per batch. The layout is that of `wit/birth-policy/0.1`; the host's
//! bindings lend these lists to a plugin without copying them again.

pub mod check;
pub mod classification;
pub mod conflict;
pub mod coverage;
pub mod describe;
pub mod pseudonym;
pub mod question;
pub mod text;

pub use question::Question;
pub use text::{NO_TEXT, TextHeap};
