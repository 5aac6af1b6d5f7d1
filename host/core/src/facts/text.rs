//! The text heap: every text of a batch once, end to end.

use std::collections::HashMap;
use std::hash::BuildHasher as _;

use serde::{Deserialize, Serialize};

/// The symbol that says "there is no text".
pub const NO_TEXT: u32 = u32::MAX;

/// Texts by symbol. Equal texts get the same symbol, in the order in which
/// they first came, so the same facts give the same bytes.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct TextHeap {
    heap: String,
    ends: Vec<u32>,
    // The symbol of each text by the text's hash, or by the next free number
    // after it where two texts have one hash. Lookup only: neither the order nor
    // the hashes reach an output. It does not hold the texts again, because many
    // batches are open while facts are read.
    #[serde(skip)]
    index: HashMap<u64, u32>,
}

impl PartialEq for TextHeap {
    fn eq(&self, other: &Self) -> bool {
        self.heap == other.heap && self.ends == other.ends
    }
}

impl TextHeap {
    /// The symbol of a text, adding it if it is new.
    pub fn intern(&mut self, text: &str) -> u32 {
        // A batch is capped far below 4 GiB before it reaches a plugin (see
        // the host's plugin limits), so neither number can wrap.
        let symbol = self.ends.len() as u32;
        let mut hash = self.index.hasher().hash_one(text);
        while let Some(&known) = self.index.get(&hash) {
            if self.get(known) == Some(text) {
                return known;
            }
            hash = hash.wrapping_add(1);
        }
        self.heap.push_str(text);
        self.ends.push(self.heap.len() as u32);
        self.index.insert(hash, symbol);
        symbol
    }

    /// The symbol of a text that may be absent.
    pub fn intern_optional(&mut self, text: Option<&str>) -> u32 {
        text.map_or(NO_TEXT, |text| self.intern(text))
    }

    /// The text of a symbol; `None` for "no text" and for a symbol that is not
    /// of this heap.
    #[must_use]
    pub fn get(&self, symbol: u32) -> Option<&str> {
        let i = symbol as usize;
        let end = *self.ends.get(i)? as usize;
        let start = if i == 0 {
            0
        } else {
            *self.ends.get(i - 1)? as usize
        };
        self.heap.get(start..end)
    }

    /// Drops what only interning needs. Texts that are interned afterwards get
    /// symbols of their own.
    pub(crate) fn forget_index(&mut self) {
        self.index = HashMap::new();
    }

    /// How many texts there are: symbols from 0 below this are valid.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no text at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The bytes, end to end.
    #[must_use]
    pub fn heap(&self) -> &str {
        &self.heap
    }

    /// Where each text ends.
    #[must_use]
    pub fn ends(&self) -> &[u32] {
        &self.ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interning_is_stable_and_reversible() {
        let mut heap = TextHeap::default();
        let a = heap.intern("a");
        let empty = heap.intern("");
        let again = heap.intern("a");
        assert_eq!((a, empty, again), (0, 1, 0));
        assert_eq!(heap.get(0), Some("a"));
        assert_eq!(heap.get(1), Some(""));
        assert_eq!(heap.get(2), None);
        assert_eq!(heap.get(NO_TEXT), None);
    }
}
