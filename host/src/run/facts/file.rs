//! Facts in a file: lines of JSON, compressed with gzip. The first line says what
//! the file is and of which format, then comes a line for each batch, and the
//! last line counts and hashes those before it.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde::Deserialize;

use birth_core::outcome::FailureClass;

use super::lines::{First, KIND, Line, LineRef, Lines, encode};
use super::{FactsEnd, FactsHead, Sink};
use crate::run::failure::Failure;
use crate::run::replay::Question;

/// The format this host writes and reads.
pub const FORMAT: u32 = 1;

/// Bytes of one line: a few times what a plugin may be handed in one call, and no
/// more than fits in memory, however little of the file stands for it.
const LINE_BYTES: u64 = 256 << 20;

/// A file of facts.
#[derive(Debug, Clone)]
pub struct FactsFile {
    path: PathBuf,
}

/// Writes facts as they come.
#[derive(Debug)]
pub struct FactsWriter<W: Write> {
    out: BufWriter<GzEncoder<W>>,
    path: PathBuf,
}

impl<W: Write> FactsWriter<W> {
    /// Writes into `out`, which is `path` to people.
    pub fn new(out: W, path: &Path) -> Self {
        let compressor = GzEncoder::new(out, Compression::default());
        Self {
            // The compressor has more to do for each piece than compressing.
            out: BufWriter::with_capacity(64 * 1024, compressor),
            path: path.to_path_buf(),
        }
    }

    /// The last line.
    pub fn end(mut self, end: &FactsEnd) -> Result<W, Failure> {
        self.line(&encode(&LineRef::End(end))?)?;
        let fail = |error: io::Error| not_written(&self.path, &error);
        let compressor = self.out.into_inner().map_err(|e| fail(e.into_error()))?;
        compressor.finish().map_err(fail)
    }

    fn line(&mut self, line: &[u8]) -> Result<(), Failure> {
        if line.len() as u64 >= LINE_BYTES {
            return Err(Failure::new(
                FailureClass::Filesystem,
                "FACTS_NOT_WRITTEN",
                format!(
                    "a batch of facts takes {} bytes, and {} are read back at most",
                    line.len(),
                    LINE_BYTES
                ),
            ));
        }
        let written = self.out.write_all(line);
        written
            .and_then(|()| self.out.write_all(b"\n"))
            .map_err(|error| not_written(&self.path, &error))
    }
}

impl<W: Write> Sink for FactsWriter<W> {
    fn head(&mut self, _head: &FactsHead, line: &[u8]) -> Result<(), Failure> {
        self.line(line)
    }

    fn batch(&mut self, _question: Question, line: &[u8]) -> Result<(), Failure> {
        self.line(line)
    }
}

/// A facts file that could not be written.
pub(super) fn not_written(path: &Path, error: &io::Error) -> Failure {
    Failure::new(
        FailureClass::Filesystem,
        "FACTS_NOT_WRITTEN",
        format!("the facts cannot be written to {}: {error}", path.display()),
    )
    .with_hint("name a file in a directory that is there, writable and has room")
}

impl FactsFile {
    /// Names a file. Nothing is read yet.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads all of it, batch after batch. What a sink was given counts only when
    /// this returns: that a file is cut or was changed shows at its end.
    ///
    /// # Errors
    /// `FACTS_FILE_NOT_READABLE`, `FACTS_FILE_DAMAGED`,
    /// `FACTS_FILE_FROM_NEWER_HOST`, and whatever the sink says.
    pub fn read(&self, sink: &mut dyn Sink) -> Result<(FactsHead, FactsEnd), Failure> {
        let file = File::open(&self.path).map_err(|error| self.not_readable(&error))?;
        let mut input = BufReader::with_capacity(64 * 1024, MultiGzDecoder::new(file));
        let mut line = Vec::new();
        self.next(&mut input, &mut line)?;
        let head = self.first(&line)?;
        let mut lines = Lines::begin(&head, &line);
        sink.head(&head, &line)?;
        let end = loop {
            if !self.next(&mut input, &mut line)? {
                return Err(self.damaged("it is cut: its last line is missing"));
            }
            match serde_json::from_slice(&line).map_err(|e| self.damaged(e))? {
                Line::Batch(question) => {
                    question.check().map_err(|e| self.damaged(e))?;
                    lines.batch(&question, &line);
                    sink.batch(*question, &line)?;
                }
                Line::End(end) => break end,
            }
        };
        if self.next(&mut input, &mut line)? {
            return Err(self.damaged("something follows its last line"));
        }
        let found = lines.end(end.rows_without_key, end.duplicate_keys);
        if found != end {
            return Err(self.damaged("its content does not match its digest"));
        }
        Ok((head, end))
    }

    /// The next line without its end; none at the end of the file.
    fn next(
        &self,
        input: &mut BufReader<MultiGzDecoder<File>>,
        line: &mut Vec<u8>,
    ) -> Result<bool, Failure> {
        line.clear();
        let read = input.by_ref().take(LINE_BYTES).read_until(b'\n', line);
        match read {
            Ok(0) => Ok(false),
            Ok(_) if line.pop() == Some(b'\n') => Ok(true),
            Ok(read) if read as u64 == LINE_BYTES => {
                Err(self.damaged("a line is longer than anything this host writes"))
            }
            Ok(_) => Err(self.damaged("it is cut in the middle of a line")),
            Err(error) => Err(match error.kind() {
                io::ErrorKind::InvalidInput
                | io::ErrorKind::InvalidData
                | io::ErrorKind::UnexpectedEof => self.damaged(error),
                _ => self.not_readable(&error),
            }),
        }
    }

    fn first(&self, line: &[u8]) -> Result<FactsHead, Failure> {
        // What a newer host writes beside these two is its own affair.
        #[derive(Deserialize)]
        struct Any {}
        let first: First<Any> = serde_json::from_slice(line)
            .map_err(|_| self.damaged("it does not begin as a file of facts does"))?;
        if first.kind != KIND {
            return Err(self.damaged(format!("it is a file of {:?}", first.kind)));
        }
        if first.format > FORMAT {
            return Err(Failure::new(
                FailureClass::Artifact,
                "FACTS_FILE_FROM_NEWER_HOST",
                format!(
                    "{} has format {}; this host reads up to {FORMAT}",
                    self.path.display(),
                    first.format
                ),
            )
            .with_hint("upgrade the host, or export the facts with this one"));
        }
        let whole: First<FactsHead> =
            serde_json::from_slice(line).map_err(|error| self.damaged(error))?;
        Ok(whole.head)
    }

    fn damaged(&self, detail: impl std::fmt::Display) -> Failure {
        Failure::new(
            FailureClass::Artifact,
            "FACTS_FILE_DAMAGED",
            format!("{} is not usable: {detail}", self.path.display()),
        )
        .with_hint("export the facts again with `birth facts export`")
    }

    fn not_readable(&self, error: &io::Error) -> Failure {
        Failure::new(
            FailureClass::Filesystem,
            "FACTS_FILE_NOT_READABLE",
            format!("the facts {} cannot be read: {error}", self.path.display()),
        )
        .with_hint("name a file that `birth facts export` wrote")
    }
}

#[cfg(test)]
mod tests;
