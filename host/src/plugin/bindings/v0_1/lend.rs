//! Batches as they are lent to a guest, and how much of its memory they take.

pub(in crate::plugin) mod classification;
pub(in crate::plugin) mod conflict;
pub(in crate::plugin) mod coverage;

/// Bytes of lists.
macro_rules! size {
    ($($owner:expr => $($list:ident),+;)+) => { 0 $($(+ size_of_val($owner.$list.as_slice()))+)+ };
}
use size;
