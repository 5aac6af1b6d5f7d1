//! Texts of a batch, and what a rule wants to remember of each.
//!
//! A batch stores every text once and refers to it by symbol. Nothing here can
//! fail: symbols and text ends were checked when the batch arrived.

use std::fmt;
use std::ops::Deref;

/// The symbol that says that there is no text.
pub(crate) const NO_TEXT: u32 = u32::MAX;

/// The texts of one batch: a heap and the byte offset at which each text ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Texts<'a> {
    pub(crate) heap: &'a str,
    pub(crate) ends: &'a [u32],
}

impl<'a> Texts<'a> {
    /// The text behind a symbol that the layout check has found in range.
    pub(crate) fn get(self, symbol: u32) -> Text<'a> {
        let index = symbol as usize;
        let start = match index {
            0 => 0,
            _ => self.ends[index - 1] as usize,
        };
        Text {
            symbol,
            text: &self.heap[start..self.ends[index] as usize],
        }
    }

    /// As [`Texts::get`], where "no text" is allowed.
    pub(crate) fn optional(self, symbol: u32) -> Option<Text<'a>> {
        (symbol != NO_TEXT).then(|| self.get(symbol))
    }
}

/// A text of the batch. It reads as a `&str`, and it remembers its symbol, so
/// that it can be given as evidence and memoised.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    symbol: u32,
    text: &'a str,
}

impl<'a> Text<'a> {
    /// The text, for as long as the batch lives.
    pub fn as_str(self) -> &'a str {
        self.text
    }

    pub(crate) fn symbol(self) -> u32 {
        self.symbol
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        self.text
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text)
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Text<'_> {}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        self.text == other
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.text == *other
    }
}

/// What a rule wants to know of a text, computed once per text of the batch.
///
/// The same names and types recur thousands of times in a batch; asking once
/// per symbol halves the time of a judgement. Made by `Facts::memo`.
#[derive(Debug)]
pub struct Memo<T, F> {
    known: Vec<Option<T>>,
    compute: F,
}

impl<T: Copy, F: FnMut(&str) -> T> Memo<T, F> {
    pub(crate) fn new(texts: Texts<'_>, compute: F) -> Self {
        Self {
            known: vec![None; texts.ends.len()],
            compute,
        }
    }

    /// The answer for `text`, which must belong to the batch of this memo; a
    /// text of another batch is computed and not kept.
    pub fn get(&mut self, text: Text<'_>) -> T {
        match self.known.get_mut(text.symbol as usize) {
            Some(Some(known)) => *known,
            Some(empty) => *empty.insert((self.compute)(text.text)),
            None => (self.compute)(text.text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: Texts<'_> = Texts {
        heap: "idgéid2",
        ends: &[2, 5, 5, 8],
    };

    #[test]
    fn a_symbol_names_its_slice_of_the_heap() {
        let texts: Vec<&str> = (0..4).map(|symbol| TEXTS.get(symbol).as_str()).collect();
        assert_eq!(texts, ["id", "gé", "", "id2"]);
        assert!(TEXTS.optional(NO_TEXT).is_none());
        assert_eq!(TEXTS.get(0), "id");
    }

    #[test]
    fn a_memo_computes_once_per_symbol() {
        let mut calls = 0;
        let mut memo = Memo::new(TEXTS, |text| {
            calls += 1;
            text.len()
        });
        assert_eq!(memo.get(TEXTS.get(3)), 3);
        assert_eq!(memo.get(TEXTS.get(3)), 3);
        assert_eq!(memo.get(TEXTS.get(1)), 3);
        assert_eq!(calls, 2);
    }
}
