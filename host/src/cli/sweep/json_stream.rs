//! JSON that is written while it is made.

use std::io::{self, Write};

use serde::Serialize;

/// Writes an object whose last field is an array of any length: the fields of
/// `head`, which has at least one, then `field` with what `fill` puts in, one
/// element a line.
pub(super) fn object(
    out: &mut dyn Write,
    head: &impl Serialize,
    field: &str,
    fill: impl FnOnce(&mut Array<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let mut text = serde_json::to_vec(head)?;
    // The closing brace of the head.
    text.pop();
    out.write_all(&text)?;
    write!(out, ",\"{field}\":[")?;
    let mut array = Array {
        out,
        is_empty: true,
    };
    fill(&mut array)?;
    out.write_all(b"\n]}")
}

/// An array that is being written.
pub(super) struct Array<'a> {
    out: &'a mut dyn Write,
    is_empty: bool,
}

impl Array<'_> {
    /// Writes an element.
    pub(super) fn push(&mut self, element: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(self.next()?, element)?;
        Ok(())
    }

    /// The place of the next element.
    pub(super) fn next(&mut self) -> io::Result<&mut dyn Write> {
        let between: &[u8] = if self.is_empty { b"\n" } else { b",\n" };
        self.is_empty = false;
        self.out.write_all(between)?;
        Ok(self.out)
    }
}
