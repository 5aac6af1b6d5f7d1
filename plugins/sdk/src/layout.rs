//! The check of a batch's layout, made once when the batch arrives.
//!
//! After it every view may index without asking again. It knows the rules of
//! `wit/birth-policy/0.1/types.wit` and nothing of what the lists mean.

use std::ops::Range;

use crate::text::{NO_TEXT, Texts};

/// A batch that breaks the layout: the list at fault and what is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{list}: {fault}")]
pub struct Malformed {
    /// As the WIT package names it, for example `columns.name`.
    pub list: &'static str,
    /// The first rule that does not hold.
    pub fault: Fault,
}

/// A rule of the layout that a list breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Parallel lists have the same length; start lists have one more.
    #[error("holds {found} items where {expected} are needed")]
    Length {
        /// Items in the list.
        found: usize,
        /// Items the layout asks for.
        expected: usize,
    },
    /// Starts and ends never go down, the first start is 0, the last is the
    /// number of items; text ends fall on character boundaries.
    #[error("item {item} is not a boundary that may follow the one before")]
    Boundary {
        /// Position in the list.
        item: usize,
    },
    /// A symbol or an index points outside of what it indexes.
    #[error("item {item} points outside of the batch")]
    OutOfRange {
        /// Position in the list.
        item: usize,
    },
    /// A text that must be there is not.
    #[error("item {item} has no text")]
    NoText {
        /// Position in the list.
        item: usize,
    },
    /// A kind number or a bit that this version does not define.
    #[error("item {item} is a number that this version does not define")]
    Unknown {
        /// Position in the list.
        item: usize,
    },
}

type Checked = Result<(), Malformed>;

/// Refuses `list` with `fault`.
pub(crate) fn refuse(list: &'static str, fault: Fault) -> Checked {
    Err(Malformed { list, fault })
}

/// Parallel lists have the same length.
pub(crate) fn length<T>(list: &'static str, values: &[T], expected: usize) -> Checked {
    let found = values.len();
    if found == expected {
        return Ok(());
    }
    refuse(list, Fault::Length { found, expected })
}

/// The text heap: ends never go down, fall on character boundaries, and the
/// last one is the end of the heap.
pub(crate) fn texts(texts: Texts<'_>) -> Checked {
    let mut previous = 0;
    for (item, &end) in texts.ends.iter().enumerate() {
        if end < previous || !texts.heap.is_char_boundary(end as usize) {
            return refuse("text.ends", Fault::Boundary { item });
        }
        previous = end;
    }
    if previous as usize == texts.heap.len() {
        return Ok(());
    }
    refuse(
        "text.heap",
        Fault::Length {
            found: texts.heap.len(),
            expected: previous as usize,
        },
    )
}

/// A start list: `owners + 1` values from 0 to `items` that never go down.
pub(crate) fn starts(list: &'static str, starts: &[u32], owners: usize, items: usize) -> Checked {
    length(list, starts, owners + 1)?;
    let mut previous = 0;
    for (item, &start) in starts.iter().enumerate() {
        if start < previous || (item == 0 && start != 0) {
            return refuse(list, Fault::Boundary { item });
        }
        previous = start;
    }
    if previous as usize == items {
        return Ok(());
    }
    refuse(list, Fault::Boundary { item: owners })
}

/// The range of items that `owner` owns, by a start list that was checked.
pub(crate) fn range(starts: &[u32], owner: usize) -> Range<usize> {
    starts[owner] as usize..starts[owner + 1] as usize
}

/// Symbols of texts that must be there.
pub(crate) fn required(
    list: &'static str,
    symbols: &[u32],
    items: usize,
    texts: Texts<'_>,
) -> Checked {
    optional(list, symbols, items, texts)?;
    match symbols.iter().position(|&symbol| symbol == NO_TEXT) {
        None => Ok(()),
        Some(item) => refuse(list, Fault::NoText { item }),
    }
}

/// Symbols of texts that may be absent.
pub(crate) fn optional(
    list: &'static str,
    symbols: &[u32],
    items: usize,
    texts: Texts<'_>,
) -> Checked {
    length(list, symbols, items)?;
    let known = texts.ends.len();
    let outside = |&symbol: &u32| symbol != NO_TEXT && symbol as usize >= known;
    match symbols.iter().position(outside) {
        None => Ok(()),
        Some(item) => refuse(list, Fault::OutOfRange { item }),
    }
}

/// Indices below `end`.
pub(crate) fn indices(list: &'static str, values: &[u32], items: usize, end: usize) -> Checked {
    length(list, values, items)?;
    match values.iter().position(|&value| value as usize >= end) {
        None => Ok(()),
        Some(item) => refuse(list, Fault::OutOfRange { item }),
    }
}

/// Numbers that this version defines: `0 ..= last`.
pub(crate) fn numbers(list: &'static str, values: &[u8], items: usize, last: u8) -> Checked {
    length(list, values, items)?;
    match values.iter().position(|&value| value > last) {
        None => Ok(()),
        Some(item) => refuse(list, Fault::Unknown { item }),
    }
}

/// Bits that this version defines, all of them in `known`.
pub(crate) fn bits<T: Copy + Into<u32>>(
    list: &'static str,
    values: &[T],
    items: usize,
    known: u32,
) -> Checked {
    length(list, values, items)?;
    match values.iter().position(|&value| value.into() & !known != 0) {
        None => Ok(()),
        Some(item) => refuse(list, Fault::Unknown { item }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(checked: Checked) -> Option<Fault> {
        checked.err().map(|malformed| malformed.fault)
    }

    #[test]
    fn a_heap_needs_rising_ends_on_characters_up_to_its_end() {
        let check = |heap, ends| fault(texts(Texts { heap, ends }));
        assert_eq!(check("", &[]), None);
        assert_eq!(check("aé", &[1, 3]), None);
        assert_eq!(check("aé", &[1, 2]), Some(Fault::Boundary { item: 1 }));
        assert_eq!(check("ab", &[2, 1]), Some(Fault::Boundary { item: 1 }));
        assert_eq!(check("ab", &[9]), Some(Fault::Boundary { item: 0 }));
        let short = Fault::Length {
            found: 2,
            expected: 1,
        };
        assert_eq!(check("ab", &[1]), Some(short));
    }

    #[test]
    fn starts_rise_from_zero_to_the_number_of_items() {
        let check = |values: &[u32], owners, items| fault(starts("x", values, owners, items));
        assert_eq!(check(&[0], 0, 0), None);
        assert_eq!(check(&[0, 2, 2, 5], 3, 5), None);
        assert!(matches!(check(&[0, 2], 2, 2), Some(Fault::Length { .. })));
        assert_eq!(check(&[1, 2], 1, 2), Some(Fault::Boundary { item: 0 }));
        assert_eq!(check(&[0, 3, 2], 2, 2), Some(Fault::Boundary { item: 2 }));
        assert_eq!(check(&[0, 2], 1, 3), Some(Fault::Boundary { item: 1 }));
        assert_eq!(
            check(&[0, u32::MAX], 1, 3),
            Some(Fault::Boundary { item: 1 })
        );
    }

    #[test]
    fn symbols_indices_numbers_and_bits_stay_in_range() {
        let two = Texts {
            heap: "ab",
            ends: &[1, 2],
        };
        assert_eq!(fault(required("x", &[0, 1], 2, two)), None);
        let missing = Some(Fault::NoText { item: 1 });
        assert_eq!(fault(required("x", &[0, NO_TEXT], 2, two)), missing);
        assert_eq!(fault(optional("x", &[0, NO_TEXT], 2, two)), None);
        let outside = Some(Fault::OutOfRange { item: 0 });
        assert_eq!(fault(optional("x", &[2], 1, two)), outside);
        assert_eq!(fault(indices("x", &[2], 1, 2)), outside);
        assert_eq!(fault(indices("x", &[1], 1, 2)), None);
        let unknown = Some(Fault::Unknown { item: 1 });
        assert_eq!(fault(numbers("x", &[4, 5], 2, 4)), unknown);
        assert_eq!(fault(bits("x", &[3u8, 4], 2, 3)), unknown);
        assert_eq!(fault(bits("x", &[256u16], 1, 511)), None);
    }

    #[test]
    fn a_refusal_names_the_list_and_the_item() {
        let refused = numbers("columns.wanted", &[7], 1, 1).map_err(|error| error.to_string());
        let said = "columns.wanted: item 0 is a number that this version does not define";
        assert_eq!(refused, Err(said.to_owned()));
    }
}
